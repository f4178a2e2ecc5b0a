/** Keeps what is not saved from being lost to a click: asks before another page, and lets the browser ask before the tab goes. */
import { Button, Group, Modal } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { useDialog } from "#web/components/use-dialog.ts";
import { commonTexts, confirmTexts } from "#web/i18n/texts/common.ts";
import { useText } from "#web/i18n/language.ts";

/** `samePage`: search parameters of the same address may change without asking. */
export const UnsavedGuard = ({ dirty }: { readonly dirty: boolean }): React.ReactElement | null => {
  const t = useText();
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && current.pathname !== next.pathname,
    enableBeforeUnload: () => dirty,
    withResolver: true,
  });
  const { turn, opened } = useDialog(blocker.status === "blocked");
  if (turn === 0) return null;
  return (
    <Modal
      key={turn}
      opened={opened}
      onClose={() => blocker.reset?.()}
      title={t(confirmTexts.unsavedTitle)}
      closeButtonProps={{ "aria-label": t(commonTexts.close) }}
      centered
    >
      <p>{t(confirmTexts.unsavedText)}</p>
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={() => blocker.proceed?.()}>
          {t(confirmTexts.leave)}
        </Button>
        <Button onClick={() => blocker.reset?.()} data-autofocus>
          {t(confirmTexts.stay)}
        </Button>
      </Group>
    </Modal>
  );
};
