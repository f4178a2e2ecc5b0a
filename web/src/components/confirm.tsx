/** Before what cannot be undone: the dialog names the object and the effect, and its button says what it does. */
import { Button, Group, Modal, TextInput } from "@mantine/core";

import { useState } from "react";
import { ApiProblem } from "#web/api/api-problem.ts";
import { Sentence } from "#web/components/engine-text.tsx";
import { ProblemNote } from "#web/components/states.tsx";
import { useDialog } from "#web/components/use-dialog.ts";
import { commonTexts, confirmTexts } from "#web/i18n/texts/common.ts";
import { useAct } from "#web/components/use-act.ts";
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
  /** The verb of the other button, where "Cancel" would be what is asked about. */
  readonly dismiss?: string;
  /** Must be typed first; for what takes others along. */
  readonly typed?: string;
  /** Fields that the act needs. */
  readonly children?: React.ReactNode;
  /** False: the fields are not complete. */
  readonly ready?: boolean;
  /** Nothing is lost by it: the button is not red. */
  readonly mild?: boolean;
  /** `sure`: what the manager wants confirmed was shown and read. */
  readonly act: (sure: boolean) => Promise<unknown>;
}

const needsConfirmation = "identity.confirmation-needed";

/** What the change brings with it beyond what was asked. */
const Brings = ({ problem }: { readonly problem: ApiProblem }): React.ReactElement => {
  const t = useText();
  return (
    <div role="alert">
      <p>{t(confirmTexts.brings)}</p>
      <ul>
        {[...new Set([problem.message, ...problem.further.map(({ message }) => message)])].map((text) => (
          <li key={text}>
            <Sentence text={text} />
          </li>
        ))}
      </ul>
    </div>
  );
};

export const ConfirmDialog = (props: ConfirmDialogProps): React.ReactElement | null => {
  const { turn, opened } = useDialog(props.opened);
  return turn === 0 ? null : <MadeDialog key={turn} {...props} opened={opened} />;
};

const MadeDialog = (props: ConfirmDialogProps): React.ReactElement => {
  const { opened, onClose, title, effect, action, dismiss, typed, children, ready = true, mild = false, act } = props;
  const t = useText();
  const [text, setText] = useState("");
  const acting = useAct({
    mutationFn: act,
    onSuccess: () => {
      setText("");
      onClose();
    },
  });
  const brings = acting.error instanceof ApiProblem && acting.error.code === needsConfirmation ? acting.error : null;
  const incomplete = !ready || (typed !== undefined && text !== typed);
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
          if (opened && !incomplete && !acting.isPending) acting.mutate(brings !== null);
        }}
      >
        <div>{effect}</div>
        {children}
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
        {brings === null ? <ProblemNote error={acting.error} /> : <Brings problem={brings} />}
        <Group justify="flex-end" mt="md" gap="xs">
          <Button variant="default" onClick={close}>
            {dismiss ?? t(commonTexts.cancel)}
          </Button>
          <Button type="submit" color={mild && brings === null ? "blue" : "red.9"} loading={acting.isPending} disabled={incomplete}>
            {brings === null ? action : t(confirmTexts.actSure, { action })}
          </Button>
        </Group>
      </form>
    </Modal>
  );
};
