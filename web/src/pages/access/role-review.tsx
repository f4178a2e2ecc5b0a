/** Before a role is saved: what changes in it, and what that means for people, tests and the lock-out guard. */
import { Button, Checkbox, Group, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { RoleDraft } from "#access/role-draft.ts";
import { renderRoleText } from "#identity/rules/role-text.ts";
import { mayAnywhere, useAccess } from "#web/api/access.ts";
import { call } from "#web/api/call.ts";
import { LoadingState, ProblemNote } from "#web/components/states.tsx";
import { isKeptOff, mustConfirm, WhatIfAnswer } from "#web/components/what-if-answer.tsx";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { roleTexts } from "#web/i18n/texts/access.ts";
import { useText } from "#web/i18n/language.ts";
import { DraftChanges } from "#web/pages/access/draft-changes.tsx";
import { whatIfOf } from "#web/pages/access/roles.ts";
import classes from "#web/pages/access/access.module.css";

export interface RoleReviewProps {
  readonly roleId: string | null;
  readonly base: RoleDraft;
  readonly draft: RoleDraft;
  readonly saving: boolean;
  readonly error: unknown;
  readonly onSave: (sure: boolean) => void;
  readonly onClose: () => void;
}

const explainOthers = "manager:explain:others";

export const RoleReview = ({ roleId, base, draft, saving, error, onSave, onClose }: RoleReviewProps): React.ReactElement => {
  const t = useText();
  const access = useAccess();
  const [sure, setSure] = useState(false);
  const mayLook = access !== null && mayAnywhere(explainOthers, access).effect === "permit";
  const documents = renderRoleText(draft);
  const query = useQuery({
    queryKey: ["what-if", roleId, documents],
    enabled: mayLook,
    staleTime: 0,
    gcTime: 0,
    queryFn: ({ signal }) => call("POST /api/v1/what-if", { body: whatIfOf(roleId, draft, documents) }, { signal, background: true }),
  });
  const answer = query.data;
  const keptOff = answer !== undefined && isKeptOff(answer);
  // Where the consequences cannot be shown, whoever saves says that he knows.
  const asks = answer === undefined ? !mayLook || query.isError : mustConfirm(answer);
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t(roleTexts.review, { name: draft.name })}
      closeButtonProps={{ "aria-label": t(commonTexts.close) }}
    >
      <h3 className={classes.small}>{t(roleTexts.changes)}</h3>
      <DraftChanges from={base} to={draft} />
      <h3 className={classes.small}>{t(roleTexts.consequences)}</h3>
      {access === null || query.isLoading ? <LoadingState /> : null}
      {access !== null && !mayLook ? <p>{t(roleTexts.consequencesHidden, { permission: explainOthers })}</p> : null}
      {/* What keeps a draft from being compared keeps it from being saved as well, and is told by the manager. */}
      <ProblemNote error={query.error} />
      {answer === undefined ? null : <WhatIfAnswer answer={answer} />}
      <ProblemNote error={error} />
      {asks ? <Checkbox mt="md" size="sm" label={t(roleTexts.sure)} checked={sure} onChange={() => setSure(!sure)} /> : null}
      <Group justify="flex-end" mt="md" gap="xs">
        <Button variant="default" onClick={onClose}>
          {t(roleTexts.editOn)}
        </Button>
        <Button loading={saving} disabled={keptOff || (asks && !sure) || (mayLook && query.isLoading)} onClick={() => onSave(asks && sure)}>
          {t(roleTexts.saveRole)}
        </Button>
      </Group>
    </Modal>
  );
};
