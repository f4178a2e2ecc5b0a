/** Policy tests: what must stay allowed and refused, whoever edits the roles. Listed, run, and opened to be edited. */

import { createLazyRoute, Link, useNavigate } from "@tanstack/react-router";
import { useMay, useMayAnywhere } from "#web/api/access.ts";
import { call } from "#web/api/call.ts";
import type { Schemas } from "#web/api/generated.ts";
import { ActionButton, allowedBy } from "#web/components/action-button.tsx";
import { DataTable, type Column } from "#web/components/data-table.tsx";
import { Page, Section } from "#web/components/page.tsx";
import { PolicyTestCases } from "#web/components/policy-test-cases.tsx";
import { EmptyState, ProblemNote } from "#web/components/states.tsx";
import { Ago } from "#web/components/time.tsx";
import { useList } from "#web/components/use-list.ts";
import { accessTexts, testTexts, whatIfTexts } from "#web/i18n/texts/access.ts";
import { useAct } from "#web/components/use-act.ts";
import { useText } from "#web/i18n/language.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { policyTestsQuery } from "#web/pages/access/queries.ts";
import { AccessTabs } from "#web/pages/access/tabs.tsx";
import classes from "#web/pages/access/access.module.css";

type PolicyTest = Schemas["PolicyTest"];

const explainOthers = "manager:explain:others";
const manageAccounts = "manager:administration:accounts:manage";

const TestsPage = (): React.ReactElement => {
  const t = useText();
  const navigate = useNavigate();
  const mayRun = allowedBy(useMayAnywhere(explainOthers));
  const mayChange = allowedBy(useMay({ permission: manageAccounts }));
  const list = useList<PolicyTest>(policyTestsQuery);
  const running = useAct({ mutationFn: () => call("POST /api/v1/policy-tests/run", { body: {} }) });
  const results = new Map(running.data?.tests.map((test) => [test.name, test]));
  const failing = running.data?.tests.filter((test) => !test.passed) ?? [];
  const columns: readonly Column<PolicyTest>[] = [
    {
      id: "name",
      header: t(testTexts.name),
      cell: (test) => (
        <Link to="/access/tests/$test" params={{ test: test.name }}>
          {test.name}
        </Link>
      ),
    },
    { id: "cases", header: t(testTexts.cases), from: 420, width: 80, align: "right", cell: (test) => test.cases },
    {
      id: "result",
      header: t(testTexts.result),
      width: 150,
      cell: (test) => {
        const result = results.get(test.name);
        if (result === undefined) return <span className="soft">{t(testTexts.notRun)}</span>;
        return (
          <span className={result.passed ? classes.good : classes.bad}>
            <span aria-hidden="true">{result.passed ? "✓ " : "✕ "}</span>
            {t(result.passed ? whatIfTexts.passed : commonTexts.stateFailed)}
          </span>
        );
      },
    },
    { id: "description", header: t(wordTexts.description), from: 720, cell: (test) => test.description ?? "" },
    { id: "changed", header: t(wordTexts.changed), from: 620, width: 130, cell: (test) => <Ago at={test.updatedAt} /> },
  ];
  return (
    <Page
      title={t(accessTexts.tests)}
      about={t(testTexts.about)}
      parts={<AccessTabs />}
      fill
      actions={
        <>
          <ActionButton
            allowed={running.isPending ? null : mayRun}
            question={{ permission: explainOthers }}
            onClick={() => running.mutate()}
          >
            {t(testTexts.runAll)}
          </ActionButton>
          <ActionButton
            variant="filled"
            allowed={mayChange}
            question={{ permission: manageAccounts }}
            onClick={() => void navigate({ to: "/access/new-test" })}
          >
            {t(testTexts.newTest)}
          </ActionButton>
        </>
      }
    >
      <ProblemNote error={running.error} />
      {running.data === undefined ? null : (
        <p role="status" className={classes.told}>
          {running.data.passed
            ? t(testTexts.allPass, { count: running.data.tests.length })
            : t(testTexts.someFail, { count: running.data.failed, tests: running.data.tests.length })}
        </p>
      )}
      <DataTable
        label={t(accessTexts.tests)}
        columns={columns}
        list={list}
        rowId={(test) => test.name}
        narrowLine={(test) => test.description ?? ""}
        onOpen={(test) => void navigate({ to: "/access/tests/$test", params: { test: test.name } })}
        empty={<EmptyState title={t(testTexts.empty)} hint={t(testTexts.emptyHint)} />}
      />
      {failing.length === 0 ? null : (
        <Section title={t(testTexts.failures)}>
          <div className={classes.failures}>
            {failing.map((test) => (
              <PolicyTestCases key={test.name} result={test} />
            ))}
          </div>
        </Section>
      )}
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/access/tests")({ component: TestsPage });
