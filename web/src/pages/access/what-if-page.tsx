/** A draft of the policy as text, compared with today: nothing is changed until it is applied. */
import { NumberInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useMay, useMayAnywhere } from "#web/api/access.ts";
import { asProblem } from "#web/api/api-problem.ts";
import { call } from "#web/api/call.ts";
import { readTab, writeTab } from "#web/api/local.ts";
import { session } from "#web/api/session.ts";
import { ActionButton, allowedBy, type Allowed } from "#web/components/action-button.tsx";
import { problemMarks } from "#web/components/problem-marks.ts";
import { ConfirmDialog } from "#web/components/confirm.tsx";
import { LazyCodeEditor } from "#web/components/lazy-code-editor.tsx";
import { notify } from "#web/components/notify.ts";
import { OneTimePasswords, type OneTimePassword } from "#web/components/one-time-passwords.tsx";
import { Page, Section } from "#web/components/page.tsx";
import { policyChanged } from "#web/components/policy-changed.ts";
import { ProblemNote } from "#web/components/states.tsx";
import { isKeptOff, WhatIfAnswer, type WhatIf } from "#web/components/what-if-answer.tsx";
import { accessTexts, whatIfTexts } from "#web/i18n/texts/access.ts";
import { useAct } from "#web/components/use-act.ts";
import { useText } from "#web/i18n/language.ts";
import { AccessTabs } from "#web/pages/access/tabs.tsx";
import { Words } from "#web/components/words.tsx";
import classes from "#web/pages/access/access.module.css";

const pageRoute = getRouteApi("/access/what-if");
const explainOthers = "manager:explain:others";
const manageAccounts = "manager:administration:accounts:manage";
const standardDays = 30;

const draftKey = (): string => {
  const now = session.get();
  return `behalf.what-if.${now.kind === "signed-in" ? now.name : ""}`;
};

const WhatIfPage = (): React.ReactElement => {
  const t = useText();
  const { days = standardDays } = pageRoute.useSearch();
  const navigate = pageRoute.useNavigate();
  const queries = useQueryClient();
  const [key] = useState(draftKey);
  const [documents, setDocuments] = useState(() => readTab(key) ?? "");
  useEffect(() => writeTab(key, documents === "" ? null : documents), [key, documents]);
  const [applying, setApplying] = useState(false);
  const [passwords, setPasswords] = useState<readonly OneTimePassword[]>([]);
  const allowed = allowedBy(useMayAnywhere(explainOthers));
  const mayApply = allowedBy(useMay({ permission: manageAccounts }));
  const comparing = useAct({
    mutationFn: async (asked: { readonly documents: string; readonly days: number }): Promise<{ documents: string; found: WhatIf }> => ({
      documents: asked.documents,
      found: await call("POST /api/v1/what-if", { body: asked }),
    }),
  });
  const answer = comparing.data?.documents === documents ? comparing.data.found : null;
  const toCompare: Allowed | null =
    allowed?.allowed === true && documents.trim() === "" ? { allowed: false, reason: t(whatIfTexts.writeFirst) } : allowed;
  const toApply: Allowed | null =
    mayApply?.allowed !== true
      ? mayApply
      : answer === null
        ? { allowed: false, reason: t(whatIfTexts.compareFirst) }
        : isKeptOff(answer)
          ? { allowed: false, reason: t(whatIfTexts.keptOff) }
          : mayApply;
  return (
    <Page
      title={t(accessTexts.whatIf)}
      about={<Words text={t(whatIfTexts.about)} />}
      parts={<AccessTabs />}
      actions={
        <>
          <ActionButton
            variant="filled"
            allowed={comparing.isPending ? null : toCompare}
            {...(allowed?.allowed === false ? { question: { permission: explainOthers } } : {})}
            onClick={() => comparing.mutate({ documents, days })}
          >
            {t(whatIfTexts.compare)}
          </ActionButton>
          <ActionButton
            allowed={toApply}
            {...(mayApply?.allowed === false ? { question: { permission: manageAccounts } } : {})}
            onClick={() => setApplying(true)}
          >
            {t(whatIfTexts.applyDraft)}
          </ActionButton>
        </>
      }
    >
      <div className={classes.columnsWide}>
        <Section title={t(whatIfTexts.draft)} aside={t(whatIfTexts.draftAbout)}>
          <div className={classes.tall}>
            <LazyCodeEditor
              label={t(whatIfTexts.draft)}
              value={documents}
              onChange={setDocuments}
              problems={
                comparing.error === null || comparing.variables?.documents !== documents ? [] : problemMarks(asProblem(comparing.error))
              }
            />
          </div>
          <NumberInput
            size="xs"
            mt="sm"
            maw={220}
            label={t(whatIfTexts.days)}
            min={0}
            max={366}
            allowDecimal={false}
            value={days}
            onChange={(value) => {
              const next = Number(value);
              if (Number.isInteger(next) && next >= 0 && next <= 366)
                void navigate({ search: next === standardDays ? {} : { days: next }, replace: true });
            }}
          />
        </Section>
        <Section title={t(whatIfTexts.answer)}>
          <ProblemNote error={comparing.error} />
          {answer === null ? (
            comparing.error === null ? (
              <p className="soft">{t(comparing.data === undefined ? whatIfTexts.notAsked : whatIfTexts.outdated)}</p>
            ) : null
          ) : (
            <WhatIfAnswer answer={answer} changes />
          )}
        </Section>
      </div>
      <ConfirmDialog
        opened={applying}
        onClose={() => setApplying(false)}
        title={t(whatIfTexts.applyTitle)}
        effect={t(whatIfTexts.applyEffect, { count: answer?.totals.accounts ?? 0 })}
        action={t(whatIfTexts.applyDraft)}
        act={async (sure) => {
          const { results } = await call("POST /api/v1/definitions", { body: { documents, confirm: sure } });
          setPasswords(
            results.flatMap(({ name, oneTimePassword }) =>
              oneTimePassword === null ? [] : [{ account: name, password: oneTimePassword }],
            ),
          );
          setDocuments("");
          comparing.reset();
          notify({ tone: "good", title: t(whatIfTexts.applied) });
          await policyChanged(queries);
        }}
      />
      <OneTimePasswords passwords={passwords} onClose={() => setPasswords([])} />
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/access/what-if")({ component: WhatIfPage });
