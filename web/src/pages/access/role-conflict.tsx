/** Somebody else saved the role meanwhile: what he changed, what I changed, and a choice where both changed the same thing (`access/role-draft-merge.ts`). */
import { Button, Radio } from "@mantine/core";
import { useState } from "react";
import { rebaseHistory, type DraftHistory } from "#access/role-draft-history.ts";
import { mergeDrafts, type DraftChoices } from "#access/role-draft-merge.ts";
import type { RoleDraft } from "#access/role-draft.ts";
import { Section } from "#web/components/page.tsx";
import { roleTexts } from "#web/i18n/texts/access.ts";
import { useText } from "#web/i18n/language.ts";
import { Words } from "#web/components/words.tsx";
import { disputedWords, valueWords } from "#web/pages/access/draft-words.ts";
import { DraftChanges } from "#web/pages/access/draft-changes.tsx";
import classes from "#web/pages/access/access.module.css";

export interface RoleConflictProps {
  readonly history: DraftHistory;
  readonly theirs: RoleDraft;
  readonly stored: { readonly id: string; readonly revision: number };
  readonly onMerged: (history: DraftHistory) => void;
}

export const RoleConflict = ({ history, theirs, stored, onMerged }: RoleConflictProps): React.ReactElement => {
  const t = useText();
  const [choices, setChoices] = useState<DraftChoices>({});
  const { base, current: mine } = history;
  const disputed = mergeDrafts(base, mine, theirs).conflicts;
  const { merged, conflicts } = mergeDrafts(base, mine, theirs, choices);
  return (
    <Section title={t(roleTexts.conflict)}>
      <p role="alert">{t(roleTexts.conflictText, { revision: stored.revision, base: history.revision ?? 0 })}</p>
      <div className={classes.columns}>
        <div>
          <h3 className={classes.small}>{t(roleTexts.theirChanges)}</h3>
          <DraftChanges from={base} to={theirs} />
        </div>
        <div>
          <h3 className={classes.small}>{t(roleTexts.myChanges)}</h3>
          <DraftChanges from={base} to={mine} />
        </div>
      </div>
      {disputed.map((conflict) => (
        <Radio.Group
          key={conflict.key}
          mt="sm"
          label={<Words text={t(roleTexts.disputed, { what: disputedWords(conflict.what, t), base: valueWords(conflict.base, t) })} />}
          value={choices[conflict.key] ?? null}
          onChange={(value) => setChoices({ ...choices, [conflict.key]: value === "mine" ? "mine" : "theirs" })}
        >
          <Radio size="xs" mt={4} value="mine" label={<Words text={t(roleTexts.takeMine, { value: valueWords(conflict.mine, t) })} />} />
          <Radio
            size="xs"
            mt={4}
            value="theirs"
            label={<Words text={t(roleTexts.takeTheirs, { value: valueWords(conflict.theirs, t) })} />}
          />
        </Radio.Group>
      ))}
      <h3 className={classes.small}>{t(roleTexts.mergedChanges)}</h3>
      <DraftChanges from={theirs} to={merged} />
      <Button
        size="xs"
        mt="sm"
        disabled={conflicts.length > 0}
        onClick={() => onMerged(rebaseHistory(history, theirs, stored, { draft: merged, key: "merge" }))}
      >
        {conflicts.length > 0 ? t(roleTexts.choicesLeft, { count: conflicts.length }) : t(roleTexts.takeIn)}
      </Button>
    </Section>
  );
};
