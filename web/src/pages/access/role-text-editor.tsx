/** The role as text (D81), in step with the tree: what reads well becomes a step, what does not is marked with its line and changes nothing. */
import { useEffect, useEffectEvent, useMemo, useState } from "react";
import { isSameDraft } from "#access/role-draft-diff.ts";
import { draftOf, type DraftStep, type RoleDraft } from "#access/role-draft.ts";
import { readRoleText, renderRoleText } from "#identity/rules/role-text.ts";
import type { Problem } from "#kernel/problem.ts";
import type { CodeProblem } from "#web/components/code-editor.tsx";
import { Sentence } from "#web/components/engine-text.tsx";
import { LazyCodeEditor } from "#web/components/lazy-code-editor.tsx";
import { roleTexts } from "#web/i18n/texts/access.ts";
import { useText } from "#web/i18n/language.ts";
import classes from "#web/pages/access/access.module.css";

/** As long as somebody types on, it is one step. */
const pauseMs = 500;

const marksOf = (problem: Problem): readonly CodeProblem[] =>
  [problem, ...(problem.also ?? [])].map(({ message, hint, at }) => ({
    line: at?.line ?? 1,
    ...(at?.column === undefined ? {} : { column: at.column }),
    message: `${message}. ${hint}`,
    severity: "error",
  }));

export interface RoleTextEditorProps {
  readonly draft: RoleDraft;
  readonly readOnly: boolean;
  readonly onStep: (step: DraftStep) => boolean;
}

export const RoleTextEditor = ({ draft, readOnly, onStep }: RoleTextEditorProps): React.ReactElement => {
  const t = useText();
  /** What was typed, and the draft that it was typed for; null: nothing that the draft does not say itself. */
  const [typed, setTyped] = useState<{ readonly text: string; readonly draft: RoleDraft } | null>(null);
  const isMine = typed !== null && isSameDraft(typed.draft, draft);
  const text = isMine ? typed.text : renderRoleText(draft);
  const read = useMemo(() => readRoleText(text), [text]);
  const isElsewhere = read.ok && read.value.service !== draft.service;
  const problems = useMemo((): readonly CodeProblem[] => {
    if (!read.ok) return marksOf(read.problem);
    return isElsewhere ? [{ line: 1, message: t(roleTexts.otherService, { service: draft.service }), severity: "error" }] : [];
  }, [read, isElsewhere, draft.service, t]);
  const take = useEffectEvent((next: RoleDraft): void => {
    if (onStep({ step: "replace", draft: { name: next.name, scopes: next.scopes } }))
      setTyped((now) => (now === null ? null : { text: now.text, draft: next }));
  });
  useEffect(() => {
    if (!isMine || !read.ok || isElsewhere) return undefined;
    const next = draftOf({ ...read.value, service: draft.service });
    if (isSameDraft(next, draft)) return undefined;
    const timer = setTimeout(() => take(next), pauseMs);
    return () => clearTimeout(timer);
  }, [isMine, read, isElsewhere, draft]);
  return (
    <div className={classes.textEditor}>
      <LazyCodeEditor
        label={t(roleTexts.text)}
        value={text}
        problems={problems}
        {...(readOnly ? {} : { onChange: (next: string) => setTyped((now) => (next === text && !isMine ? now : { text: next, draft })) })}
      />
      <p role="status" className={problems.length === 0 ? "visually-hidden" : classes.textProblem}>
        {problems.length === 0 ? t(roleTexts.textInStep) : t(roleTexts.textProblem, { line: problems[0]?.line ?? 1 })}
        {problems.length === 0 ? null : <> {isElsewhere ? problems[0]?.message : <Sentence text={problems[0]?.message ?? ""} />}</>}
      </p>
    </div>
  );
};
