/** The two warnings before a session ends. Loaded when the first is due. */
import { Button, Group, Modal } from "@mantine/core";
import type { Activity } from "#web/app/activity.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { shellTexts } from "#web/i18n/texts/shell.ts";
import { useText } from "#web/i18n/language.ts";

export interface SessionWarningProps {
  readonly warning: Extract<Activity, { readonly kind: "idle-warning" | "expiry-warning" }>;
  readonly onStay: () => void;
  readonly onDismiss: () => void;
}

export const SessionWarning = ({ warning, onStay, onDismiss }: SessionWarningProps): React.ReactElement => {
  const t = useText();
  return warning.kind === "idle-warning" ? (
    <Modal opened onClose={onStay} title={t(shellTexts.idleTitle)} centered withCloseButton={false}>
      <p role="timer">{t(shellTexts.idleText, { count: warning.secondsLeft })}</p>
      <Group justify="flex-end">
        <Button onClick={onStay} data-autofocus>
          {t(shellTexts.idleStay)}
        </Button>
      </Group>
    </Modal>
  ) : (
    <Modal opened onClose={onDismiss} title={t(shellTexts.expiryTitle)} centered closeButtonProps={{ "aria-label": t(commonTexts.close) }}>
      {t(shellTexts.expiryText, { count: warning.minutesLeft })}
    </Modal>
  );
};
