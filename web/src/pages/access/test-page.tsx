/** One policy test as text: run as it is written here, saved, deleted. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useMay, useMayAnywhere } from "#web/api/access.ts";
import { asProblem } from "#web/api/api-problem.ts";
import { call } from "#web/api/call.ts";
import { ActionButton, allowedBy, type Allowed } from "#web/components/action-button.tsx";
import { ConfirmDialog } from "#web/components/confirm.tsx";
import { LazyCodeEditor } from "#web/components/lazy-code-editor.tsx";
import { notify } from "#web/components/notify.ts";
import { Page, Section } from "#web/components/page.tsx";
import { policyChanged } from "#web/components/policy-changed.ts";
import { PolicyTestCases } from "#web/components/policy-test-cases.tsx";
import { problemMarks } from "#web/components/problem-marks.ts";
import { Loaded, ProblemNote } from "#web/components/states.tsx";
import { UnsavedGuard } from "#web/components/unsaved-guard.tsx";
import { accessTexts, roleTexts, testTexts } from "#web/i18n/texts/access.ts";
import { useAct } from "#web/components/use-act.ts";
import { useText } from "#web/i18n/language.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { AccessTabs } from "#web/pages/access/tabs.tsx";
import classes from "#web/pages/access/access.module.css";

const pageRoute = getRouteApi("/access/tests/$test");
const explainOthers = "manager:explain:others";
const manageAccounts = "manager:administration:accounts:manage";

/** Every form that a case may have; whoever writes the first one starts from it. */
const template = `kind: PolicyTest
name: closing
description: Who closes the books
cases:
  - close-clerk may controller:runs:create on /finance/close-books
  - close-clerk may not controller:runs:create on /hr/payroll
  - role closer may not manager:administration:accounts:manage
`;

const TestEditor = ({ name, stored }: { readonly name: string | null; readonly stored: string }): React.ReactElement => {
  const t = useText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [text, setText] = useState(stored);
  const [deleting, setDeleting] = useState(false);
  const mayRun = allowedBy(useMayAnywhere(explainOthers));
  const mayChange = allowedBy(useMay({ permission: manageAccounts }));
  const running = useAct({ mutationFn: (documents: string) => call("POST /api/v1/policy-tests/run", { body: { documents } }) });
  const saving = useAct({
    mutationFn: async (documents: string) => {
      // What else stands in the text is for the what-if page, which shows what it comes to.
      const { results } = await call("POST /api/v1/definitions", { body: { documents, dryRun: true } });
      if (results.some((one) => one.kind !== "PolicyTest")) throw new Error(t(testTexts.testsOnly));
      return await call("POST /api/v1/definitions", { body: { documents } });
    },
    onSuccess: async ({ results }) => {
      notify({ tone: "good", title: t(testTexts.saved) });
      await policyChanged(queries);
      const saved = results.find((one) => one.kind === "PolicyTest")?.name;
      await navigate(
        saved === undefined ? { to: "/access/tests" } : { to: "/access/tests/$test", params: { test: saved }, ignoreBlocker: true },
      );
    },
  });
  const error = saving.error ?? running.error;
  const readOnly = mayChange?.allowed !== true;
  const toSave: Allowed | null =
    mayChange?.allowed === true && text === stored && name !== null ? { allowed: false, reason: t(roleTexts.nothingToSave) } : mayChange;
  const shown = running.data?.tests.filter((test) => name === null || test.name === name || !test.passed) ?? [];
  return (
    <Page
      title={name === null ? t(testTexts.newTest) : t(testTexts.test, { name })}
      parts={<AccessTabs within="/access/tests" />}
      actions={
        <>
          <ActionButton
            allowed={running.isPending ? null : mayRun}
            question={{ permission: explainOthers }}
            onClick={() => running.mutate(text)}
          >
            {t(testTexts.runDraft)}
          </ActionButton>
          {name === null ? null : (
            <ActionButton allowed={mayChange} question={{ permission: manageAccounts }} onClick={() => setDeleting(true)}>
              {t(wordTexts.delete)}
            </ActionButton>
          )}
          <ActionButton
            variant="filled"
            allowed={saving.isPending ? null : toSave}
            {...(readOnly ? { question: { permission: manageAccounts } } : {})}
            onClick={() => saving.mutate(text)}
          >
            {t(testTexts.save)}
          </ActionButton>
        </>
      }
    >
      <UnsavedGuard dirty={text !== stored && !saving.isPending && !saving.isSuccess} />
      <div className={classes.columnsWide}>
        <Section title={t(testTexts.text)}>
          <div className={classes.tall}>
            <LazyCodeEditor
              label={t(testTexts.text)}
              value={text}
              problems={error === null ? [] : problemMarks(asProblem(error))}
              {...(readOnly ? {} : { onChange: setText })}
            />
          </div>
        </Section>
        <Section title={t(testTexts.result)}>
          <ProblemNote error={error} />
          <p role="status" className="soft">
            {running.data === undefined
              ? t(testTexts.notRun)
              : running.data.passed
                ? t(testTexts.allPass, { count: running.data.tests.length })
                : t(testTexts.someFail, { count: running.data.failed, tests: running.data.tests.length })}
          </p>
          {shown.map((test) => (
            <PolicyTestCases key={test.name} result={test} />
          ))}
        </Section>
      </div>
      {name === null ? null : (
        <ConfirmDialog
          opened={deleting}
          onClose={() => setDeleting(false)}
          title={t(testTexts.deleteTitle, { name })}
          effect={t(testTexts.deleteEffect)}
          action={t(wordTexts.delete)}
          act={async () => {
            await call("DELETE /api/v1/policy-tests/{test}", { path: { test: name } });
            await policyChanged(queries);
            await navigate({ to: "/access/tests", ignoreBlocker: true });
          }}
        />
      )}
    </Page>
  );
};

const TestPage = (): React.ReactElement => {
  const t = useText();
  const { test } = pageRoute.useParams();
  const query = useQuery({
    queryKey: ["policy-tests", "one", test],
    queryFn: ({ signal }) => call("GET /api/v1/policy-tests/{test}", { path: { test } }, { signal }),
  });
  if (query.data !== undefined) return <TestEditor key={`${test} ${query.data.revision}`} name={test} stored={query.data.yaml} />;
  return (
    <Page title={t(accessTexts.tests)} parts={<AccessTabs within="/access/tests" />}>
      <Loaded query={query}>{() => null}</Loaded>
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/access/tests/$test")({ component: TestPage });

const NewTestPage = (): React.ReactElement => <TestEditor name={null} stored={template} />;

export const lazyNewRoute = createLazyRoute("/access/new-test")({ component: NewTestPage });
