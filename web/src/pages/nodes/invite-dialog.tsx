/** Inviting a node: its name, then a token that is shown this once and lives in this dialog only. */
import { Button, Group, Modal, Textarea, TextInput } from "@mantine/core";

import { useState } from "react";
import { call } from "#web/api/call.ts";
import type { Operations } from "#web/api/generated.ts";
import { Copyable } from "#web/components/copyable.tsx";
import { ProblemNote } from "#web/components/states.tsx";
import { Instant } from "#web/components/time.tsx";
import { useAct } from "#web/components/use-act.ts";
import { useText } from "#web/i18n/language.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { inviteTexts, nodesTexts } from "#web/i18n/texts/nodes.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { readPairs } from "#web/components/read-pairs.ts";

type Invitation = Operations["POST /api/v1/nodes/invitations"]["answer"];

const Made = ({ invitation, onClose }: { readonly invitation: Invitation; readonly onClose: () => void }): React.ReactElement => {
  const t = useText();
  return (
    <>
      <p>
        {t(inviteTexts.once)} <Instant at={invitation.expiresAt} />.
      </p>
      <Copyable text={invitation.token} label={t(inviteTexts.token)} />
      <p>{t(inviteTexts.onNode)}</p>
      <Copyable text={`behalf node join --manager ${invitation.address} --name ${invitation.nodeName} --token-file -`} />
      <Copyable text="behalf node up" />
      <Group justify="flex-end" mt="md">
        <Button onClick={onClose} data-autofocus>
          {t(inviteTexts.done)}
        </Button>
      </Group>
    </>
  );
};

export const InviteDialog = ({ onClose }: { readonly onClose: () => void }): React.ReactElement => {
  const t = useText();
  const [name, setName] = useState("");
  const [text, setText] = useState("");
  const labels = readPairs(text);
  const inviting = useAct({
    mutationFn: (given: Readonly<Record<string, string>>) =>
      call("POST /api/v1/nodes/invitations", { body: { name: name.trim(), labels: given } }),
  });
  const title = inviting.data === undefined ? t(nodesTexts.invite) : t(inviteTexts.madeTitle, { node: inviting.data.nodeName });
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size="lg"
      // A click beside it would throw away a token that is not shown again.
      closeOnClickOutside={inviting.data === undefined}
      closeButtonProps={{ "aria-label": t(commonTexts.close) }}
    >
      {inviting.data === undefined ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (labels.ok && name.trim() !== "" && !inviting.isPending) inviting.mutate(labels.pairs);
          }}
        >
          <TextInput
            label={t(inviteTexts.name)}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
          <Textarea
            mt="sm"
            label={t(wordTexts.labels)}
            description={t(inviteTexts.labelsHint)}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            error={labels.ok ? null : t(inviteTexts.badLabel, { line: labels.line })}
            rows={3}
            spellCheck={false}
          />
          <ProblemNote error={inviting.error} />
          <Group justify="flex-end" mt="md" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t(commonTexts.cancel)}
            </Button>
            <Button type="submit" loading={inviting.isPending} disabled={name.trim() === ""}>
              {t(inviteTexts.make)}
            </Button>
          </Group>
        </form>
      ) : (
        <Made invitation={inviting.data} onClose={onClose} />
      )}
    </Modal>
  );
};
