/** Before what cannot be undone: the dialog names the object and the effect, and its button says what it does. */
import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ProblemNote } from "#web/components/states.tsx";
import { commonTexts, confirmTexts } from "#web/i18n/texts/common.ts";
import { useText } from "#web/i18n/language.ts";

export interface ConfirmDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** `Revoke node ledger-1?` */
  readonly title: string;
  /** What happens then, to whom. */
  readonly effect: React.ReactNode;
  /** The verb of the button. */
  readonly action: string;
  /** Must be typed first; for what takes others along. */
  readonly typed?: string;
  readonly act: () => Promise<unknown>;
}

export const ConfirmDialog = ({ opened, onClose, title, effect, action, typed, act }: ConfirmDialogProps): React.ReactElement => {
  const t = useText();
  const [text, setText] = useState("");
  const acting = useMutation({
    mutationFn: act,
    onSuccess: () => {
      setText("");
      onClose();
    },
  });
  const close = (): void => {
    acting.reset();
    setText("");
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ "aria-label": t(commonTexts.close) }} centered>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === undefined || text === typed) acting.mutate();
        }}
      >
        <div>{effect}</div>
        {typed === undefined ? null : (
          <TextInput
            mt="sm"
            label={t(confirmTexts.typeName, { name: typed })}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
        )}
        <ProblemNote error={acting.error} />
        <Group justify="flex-end" mt="md" gap="xs">
          <Button variant="default" onClick={close}>
            {t(commonTexts.cancel)}
          </Button>
          <Button type="submit" color="red.9" loading={acting.isPending} disabled={typed !== undefined && text !== typed}>
            {action}
          </Button>
        </Group>
      </form>
    </Modal>
  );
};
