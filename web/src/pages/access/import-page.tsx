/** Roles and accounts from elsewhere: this product's YAML, JS7's JSON, `shiro.ini`. First what would be done and what cannot be carried over, then all of it or nothing. */
import { FileButton, Button, Select, Textarea } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { createLazyRoute } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "#web/api/access.ts";
import { asProblem } from "#web/api/api-problem.ts";
import { call } from "#web/api/call.ts";
import type { Operations } from "#web/api/generated.ts";
import { ActionButton, allowedBy, type Allowed } from "#web/components/action-button.tsx";
import { ConfirmDialog } from "#web/components/confirm.tsx";
import { HintText, Sentence } from "#web/components/engine-text.tsx";
import { LazyCodeEditor } from "#web/components/lazy-code-editor.tsx";
import { notify, notifyProblem } from "#web/components/notify.ts";
import { Page, Section } from "#web/components/page.tsx";
import { policyChanged } from "#web/components/policy-changed.ts";
import { problemMarks } from "#web/components/problem-marks.ts";
import { readPairs } from "#web/components/read-pairs.ts";
import { ProblemNote } from "#web/components/states.tsx";
import { logTexts } from "#web/i18n/texts/log.ts";
import { importTexts, whatIfTexts } from "#web/i18n/texts/access.ts";
import { useAct } from "#web/components/use-act.ts";
import { useText } from "#web/i18n/language.ts";
import { AccessTabs } from "#web/pages/access/tabs.tsx";
import classes from "#web/pages/access/access.module.css";

type Asked = Operations["POST /api/v1/import"]["body"];
type Outcome = Operations["POST /api/v1/import"]["answer"];

const manageAccounts = "manager:administration:accounts:manage";
/** As much as the manager takes. */
const mostBytes = 1024 * 1024;
const changeWords = {
  created: whatIfTexts.create,
  changed: whatIfTexts.edit,
  unchanged: whatIfTexts.none,
  removed: whatIfTexts.delete,
  deleted: whatIfTexts.delete,
} as const;

const Report = ({ outcome }: { readonly outcome: Outcome }): React.ReactElement => {
  const t = useText();
  return (
    <>
      {outcome.problems.length === 0 ? null : (
        <ul className={classes.plain} aria-label={t(importTexts.problems)}>
          {outcome.problems.map((one) => (
            <li key={`${one.at.line ?? ""} ${one.message}`} className={classes.bad}>
              {one.at.line === undefined ? "" : `${t(logTexts.line, { line: String(one.at.line) })}: `}
              <Sentence text={one.message} />. <HintText code={one.code} hint={one.hint} />
            </li>
          ))}
        </ul>
      )}
      <ul className={classes.plain} aria-label={t(importTexts.outcome)}>
        {outcome.results.map((one) => (
          <li key={`${one.kind} ${one.name}`}>
            {one.kind} <strong>{one.name}</strong> · {t(changeWords[one.change])}
          </li>
        ))}
      </ul>
      <h3 className={classes.small}>{t(importTexts.report, { count: outcome.report.length })}</h3>
      <ul className={classes.plain} aria-label={t(importTexts.reportTitle)}>
        {outcome.report.map((one) => (
          <li key={`${one.line} ${one.item} ${one.text}`}>
            {t(logTexts.line, { line: String(one.line) })}: <code>{one.item}</code>{" "}
            <Sentence text={one.hint === null ? one.text : `${one.text}. ${one.hint}`} />
          </li>
        ))}
      </ul>
      {outcome.notices.length === 0 ? null : (
        <ul className={classes.plain} aria-label={t(whatIfTexts.notices)}>
          {[...new Set(outcome.notices.map(({ text }) => text))].map((text) => (
            <li key={text}>
              <Sentence text={text} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
};

const ImportPage = (): React.ReactElement => {
  const t = useText();
  const queries = useQueryClient();
  const [format, setFormat] = useState<Asked["format"]>("roles");
  const [existing, setExisting] = useState<NonNullable<Asked["existing"]>>("refuse");
  const [text, setText] = useState("");
  const [names, setNames] = useState("");
  const [applying, setApplying] = useState(false);
  const allowed = allowedBy(useMay({ permission: manageAccounts }));
  // Only another product has controllers of its own.
  const controllers = readPairs(format === "roles" ? "" : names);
  const asked: Asked = { format, existing, text, ...(controllers.ok ? { controllers: controllers.pairs } : {}) };
  const key = JSON.stringify(asked);
  const trying = useAct({
    mutationFn: async (body: Asked) => ({
      key: JSON.stringify(body),
      outcome: await call("POST /api/v1/import", { body: { ...body, dryRun: true } }),
    }),
  });
  const outcome = trying.data?.key === key ? trying.data.outcome : null;
  const unreadable = controllers.ok ? null : t(importTexts.controllersWrong, { line: controllers.line });
  const notYet = unreadable ?? (text.trim() === "" ? t(importTexts.empty) : null);
  const toTry: Allowed | null = allowed?.allowed === true && notYet !== null ? { allowed: false, reason: notYet } : allowed;
  const toApply: Allowed | null =
    allowed?.allowed !== true
      ? allowed
      : outcome === null
        ? { allowed: false, reason: t(importTexts.tryFirst) }
        : outcome.problems.length > 0
          ? { allowed: false, reason: t(importTexts.hasProblems) }
          : allowed;
  const take = async (file: File | null): Promise<void> => {
    if (file === null) return;
    if (file.size > mostBytes) return notify({ tone: "bad", title: t(importTexts.tooLarge) });
    const content = await file.text();
    setText(content);
    setFormat(file.name.endsWith(".ini") ? "shiro" : file.name.endsWith(".json") ? "js7-roles" : "roles");
  };
  return (
    <Page
      title={t(importTexts.title)}
      about={t(importTexts.about)}
      parts={<AccessTabs within="/access" />}
      actions={
        <>
          <ActionButton
            variant="filled"
            allowed={trying.isPending ? null : toTry}
            {...(allowed?.allowed === false ? { question: { permission: manageAccounts } } : {})}
            onClick={() => trying.mutate(asked)}
          >
            {t(importTexts.dryRun)}
          </ActionButton>
          <ActionButton
            allowed={toApply}
            {...(allowed?.allowed === false ? { question: { permission: manageAccounts } } : {})}
            onClick={() => setApplying(true)}
          >
            {t(importTexts.title)}
          </ActionButton>
        </>
      }
    >
      <div className={classes.columnsWide}>
        <Section title={t(importTexts.source)}>
          <div className={classes.adding}>
            <Select
              size="xs"
              label={t(importTexts.format)}
              allowDeselect={false}
              data={[
                { value: "roles", label: t(importTexts.formatYaml) },
                { value: "js7-roles", label: t(importTexts.formatJs7) },
                { value: "shiro", label: t(importTexts.formatShiro) },
              ]}
              value={format}
              onChange={(value) => setFormat(value === "js7-roles" || value === "shiro" ? value : "roles")}
            />
            <Select
              size="xs"
              label={t(importTexts.existing)}
              allowDeselect={false}
              data={[
                { value: "refuse", label: t(importTexts.existingRefuse) },
                { value: "keep", label: t(importTexts.existingKeep) },
                { value: "replace", label: t(importTexts.existingReplace) },
              ]}
              value={existing}
              onChange={(value) => setExisting(value === "keep" || value === "replace" ? value : "refuse")}
            />
            <FileButton accept=".yaml,.yml,.json,.ini" onChange={(file) => void take(file).catch(notifyProblem)}>
              {(props) => (
                <Button {...props} size="xs" variant="default">
                  {t(importTexts.file)}
                </Button>
              )}
            </FileButton>
          </div>
          {format === "roles" ? null : (
            <Textarea
              size="xs"
              mt="xs"
              autosize
              minRows={1}
              maxRows={6}
              label={t(importTexts.controllers)}
              description={t(importTexts.controllersHint)}
              value={names}
              maxLength={4000}
              spellCheck={false}
              error={unreadable}
              onChange={(event) => setNames(event.currentTarget.value)}
            />
          )}
          <div className={`${classes.tall} ${classes.below}`}>
            <LazyCodeEditor
              label={t(importTexts.source)}
              value={text}
              onChange={setText}
              problems={trying.error === null ? [] : problemMarks(asProblem(trying.error))}
            />
          </div>
        </Section>
        <Section title={t(importTexts.outcome)}>
          <ProblemNote error={trying.error} />
          {outcome === null ? <p className="soft">{t(importTexts.notTried)}</p> : <Report outcome={outcome} />}
        </Section>
      </div>
      <ConfirmDialog
        opened={applying}
        onClose={() => setApplying(false)}
        title={t(importTexts.applyTitle)}
        effect={t(importTexts.applyEffect, { count: outcome?.results.length ?? 0 })}
        action={t(importTexts.title)}
        act={async (sure) => {
          await call("POST /api/v1/import", { body: { ...asked, dryRun: false, confirm: sure } });
          setText("");
          trying.reset();
          notify({ tone: "good", title: t(importTexts.applied) });
          await policyChanged(queries);
        }}
      />
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/access/import")({ component: ImportPage });
