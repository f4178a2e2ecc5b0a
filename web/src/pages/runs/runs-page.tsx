/** Runs: filters that stand in the address, states as they change, and ending several at once. */
import { ActionIcon, Button, NativeSelect } from "@mantine/core";
import { createLazyRoute, getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useMayAnywhere } from "#web/api/access.ts";
import { ActionButton, allowedBy } from "#web/components/action-button.tsx";
import { DataTable, type Column } from "#web/components/data-table.tsx";
import { FilterField } from "#web/components/filter-field.tsx";
import { Page } from "#web/components/page.tsx";
import { renderDuration } from "#web/components/render-time.ts";
import { part } from "#web/components/part.tsx";
import { runAddress, ShortRunLink } from "#web/components/run-link.tsx";
import { SavedFilters } from "#web/components/saved-filters.tsx";
import { StateMark, stateText, type MarkedState } from "#web/components/state-mark.tsx";
import { EmptyState } from "#web/components/states.tsx";
import { Ago, useNow } from "#web/components/time.tsx";
import { WhyButton } from "#web/components/why-button.tsx";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { runsTexts } from "#web/i18n/texts/runs.ts";
import { renderNumber, type Text, type Translate } from "#web/i18n/text.ts";
import { useLanguage, useText } from "#web/i18n/language.ts";
import { navigationTexts } from "#web/i18n/texts/shell.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { testTexts } from "#web/i18n/texts/access.ts";
import { ActOnRuns, type ActRequest } from "#web/pages/runs/act-on-runs.tsx";
import { RowChoice } from "#web/components/row-choice.tsx";
import { cancelPermission, createPermission } from "#web/components/run-queries.ts";
import { runResults, runStates, spans, type RunsSearch } from "#web/pages/runs/route.ts";
import { useRuns, type Run, type Runs } from "#web/pages/runs/use-runs.ts";
import classes from "#web/pages/runs/runs.module.css";

const RunExplanation = part(() => import("#web/pages/runs/run-explanation.tsx").then((module) => module.RunExplanation));

const pageRoute = getRouteApi("/runs");

const Took = ({ run }: { readonly run: Run }): React.ReactElement => {
  const now = useNow();
  const language = useLanguage();
  if (run.startedAt === null) return <span className="soft">–</span>;
  const end = run.endedAt === null ? now : Date.parse(run.endedAt);
  return <>{renderDuration(Math.max(0, end - Date.parse(run.startedAt)), language)}</>;
};

/** What ended is told by its result, what has not by its state. */
const stateOf = (run: Run): MarkedState => run.result ?? run.state;
const isActive = (run: Run): boolean => run.state !== "ended";

/** Of more than so many the filter is to be narrowed first: nobody repeats a year by a slip. */
const mostAgain = 2000;

/** Allowed unless one of them may not; the question is then about that one. */
const refusalAmong = (
  runs: readonly Run[],
  permission: string,
): Pick<React.ComponentProps<typeof ActionButton>, "allowed" | "question"> => {
  for (const { job, may } of runs) {
    const hint = may?.[permission];
    if (hint?.effect === "deny")
      return { allowed: { allowed: false, reason: hint.message, isEngines: true }, question: { permission, on: job, controller: "main" } };
  }
  return { allowed: { allowed: true } };
};

const Counts = ({
  counts,
  search,
  onChange,
}: {
  readonly counts: Runs["counts"];
  readonly search: RunsSearch;
  readonly onChange: (change: Partial<RunsSearch>) => void;
}): React.ReactElement | null => {
  const t = useText();
  const language = useLanguage();
  if (counts === null) return null;
  const states = runStates.filter((state) => state !== "ended" && (counts.states[state] ?? 0) > 0);
  const results = runResults.filter((result) => (counts.results[result] ?? 0) > 0);
  return (
    <ul className={classes.counts} aria-label={t(runsTexts.counts)}>
      {[
        ...states.map((state) => ({
          mark: state as MarkedState,
          count: counts.states[state] ?? 0,
          pressed: search.state === state,
          to: { state },
        })),
        ...results.map((result) => ({
          mark: result as MarkedState,
          count: counts.results[result] ?? 0,
          pressed: search.result === result,
          to: { result },
        })),
      ].map(({ mark, count, pressed, to }) => (
        <li key={mark}>
          <button
            type="button"
            className={classes.count}
            aria-pressed={pressed}
            onClick={() => onChange(pressed ? { state: undefined, result: undefined } : { state: undefined, result: undefined, ...to })}
          >
            <b>{renderNumber(language, count)}</b> <StateMark state={mark} />
          </button>
        </li>
      ))}
    </ul>
  );
};

const sinceTexts = { "1h": runsTexts.lastHour, "24h": runsTexts.lastDay, "7d": runsTexts.lastWeek } as const;

/** The filters in words, for a dialog that acts on what they leave. */
const filterWords = (search: RunsSearch, t: Translate): readonly string[] => {
  const named = (text: Text, value: string | undefined): string[] => (value === undefined ? [] : [`${t(text)}: ${value}`]);
  return [
    ...named(runsTexts.searched, search.q),
    ...named(wordTexts.state, search.state === undefined ? undefined : t(stateText(search.state))),
    ...named(testTexts.result, search.result === undefined ? undefined : t(stateText(search.result))),
    ...named(runsTexts.since, search.since === undefined ? undefined : t(sinceTexts[search.since])),
    ...named(runsTexts.folder, search.folder),
    ...named(wordTexts.node, search.node),
    ...named(wordTexts.job, search.job),
    ...named(runsTexts.submission, search.submission),
    ...named(wordTexts.submitter, search.submitter),
  ];
};

const Filters = ({
  search,
  onChange,
}: {
  readonly search: RunsSearch;
  readonly onChange: (change: Partial<RunsSearch>) => void;
}): React.ReactElement => {
  const t = useText();
  const given = (value: string): string | undefined => (value === "" ? undefined : value);
  const fixed = [
    ["job", search.job, t(runsTexts.onlyJob, { job: search.job ?? "" })],
    ["submission", search.submission, t(runsTexts.onlySubmission)],
    ["submitter", search.submitter, t(runsTexts.onlySubmitter, { name: search.submitter ?? "" })],
  ] as const;
  return (
    <>
      <FilterField
        first
        inside
        label={t(runsTexts.search)}
        value={search.q ?? ""}
        width={260}
        maxLength={200}
        onApply={(q) => onChange({ q: given(q) })}
      />
      <NativeSelect
        size="xs"
        aria-label={t(runsTexts.since)}
        value={search.since ?? ""}
        data={[
          { value: "", label: t(runsTexts.anyTime) },
          { value: "1h", label: t(runsTexts.lastHour) },
          { value: "24h", label: t(runsTexts.lastDay) },
          { value: "7d", label: t(runsTexts.lastWeek) },
        ]}
        onChange={(event) => onChange({ since: spans.find((span) => span === event.currentTarget.value) })}
      />
      <FilterField
        inside
        label={t(runsTexts.folder)}
        value={search.folder ?? ""}
        width={150}
        maxLength={512}
        onApply={(folder) => onChange({ folder: given(folder === "" || folder.startsWith("/") ? folder : `/${folder}`) })}
      />
      <FilterField
        inside
        label={t(wordTexts.node)}
        value={search.node ?? ""}
        width={150}
        maxLength={100}
        onApply={(node) => onChange({ node: given(node) })}
      />
      {fixed.map(([name, value, words]) =>
        value === undefined ? null : (
          <span key={name} className={classes.chip}>
            {words}
            <ActionIcon
              size="xs"
              variant="subtle"
              color="gray"
              aria-label={t(runsTexts.removeFilter, { filter: words })}
              onClick={() => onChange({ [name]: undefined })}
            >
              <span aria-hidden="true">✕</span>
            </ActionIcon>
          </span>
        ),
      )}
    </>
  );
};

const RunsPage = (): React.ReactElement => {
  const t = useText();
  const search = pageRoute.useSearch();
  const navigate = pageRoute.useNavigate();
  const goTo = useNavigate();
  const { filter, list, counts, fresh, showFresh } = useRuns(search);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [explained, setExplained] = useState<Run | null>(null);
  const [asked, setAsked] = useState<ActRequest | null>(null);
  const mayCancel = allowedBy(useMayAnywhere(cancelPermission));
  const mayCreate = allowedBy(useMayAnywhere(createPermission));
  const change = (changed: Partial<RunsSearch>): void => {
    const next = Object.fromEntries(Object.entries({ ...search, ...changed }).filter(([, value]) => value !== undefined));
    void navigate({ search: next, replace: true });
  };
  const chosen = list.rows.filter((run) => selected.has(run.id));
  const chosenActive = chosen.filter(isActive);
  const toggle = (run: Run, on: boolean): void => {
    const next = new Set(selected);
    if (on) next.add(run.id);
    else next.delete(run.id);
    setSelected(next);
  };
  const isFiltered = Object.keys(search).length > 0;
  // As the manager counts, not as many as are loaded.
  const underWay = runStates.reduce((sum, state) => sum + (state === "ended" ? 0 : (counts?.states[state] ?? 0)), 0);
  const matching = list.total ?? 0;
  const words = filterWords(search, t);

  const columns: readonly Column<Run>[] = [
    {
      id: "select",
      header: <span className="visually-hidden">{t(runsTexts.choose)}</span>,
      width: 36,
      cell: (run) => (
        <RowChoice label={t(runsTexts.select, { job: run.job })} checked={selected.has(run.id)} onChange={(on) => toggle(run, on)} />
      ),
    },
    { id: "job", header: t(wordTexts.job), main: true, share: 2.4, cell: (run) => <ShortRunLink run={run} /> },
    { id: "state", header: t(wordTexts.state), width: 140, cell: (run) => <StateMark state={stateOf(run)} /> },
    { id: "submitter", header: t(wordTexts.submitter), from: 900, cell: (run) => run.submitter.name },
    { id: "node", header: t(wordTexts.node), from: 720, share: 1.6, cell: (run) => run.node },
    {
      id: "runAs",
      header: t(runsTexts.runAs),
      from: 1080,
      cell: (run) => (run.runAs === null ? <span className="soft">–</span> : <code>{run.runAs}</code>),
    },
    { id: "queued", header: t(wordTexts.queued), from: 560, width: 120, cell: (run) => <Ago at={run.queuedAt} /> },
    { id: "took", header: t(runsTexts.took), from: 820, width: 100, align: "right", cell: (run) => <Took run={run} /> },
    {
      id: "why",
      header: <span className="visually-hidden">{t(commonTexts.why)}</span>,
      width: 44,
      from: 480,
      cell: (run) => <WhyButton subject={run.job} onClick={() => setExplained(run)} />,
    },
  ];
  return (
    <Page
      title={t(navigationTexts.runs)}
      about={t(runsTexts.about)}
      fill
      actions={
        <SavedFilters page="runs" current={{ ...search }} onChoose={(filters) => void navigate({ search: filters as RunsSearch })} />
      }
      toolbar={<Filters search={search} onChange={change} />}
    >
      <div className={classes.body}>
        <Counts counts={counts} search={search} onChange={change} />
        {fresh > 0 || list.rows.length > 0 ? (
          <div className={classes.counts}>
            {fresh > 0 ? (
              <Button size="compact-xs" variant="light" onClick={showFresh}>
                {t(runsTexts.newRuns, { count: fresh })}
              </Button>
            ) : null}
            {list.rows.some(isActive) ? (
              <Button
                size="compact-xs"
                variant="default"
                onClick={() => setSelected(new Set(list.rows.filter(isActive).map(({ id }) => id)))}
              >
                {t(runsTexts.selectActive)}
              </Button>
            ) : null}
            {list.rows.length > 0 ? (
              <Button size="compact-xs" variant="default" onClick={() => setSelected(new Set(list.rows.map(({ id }) => id)))}>
                {t(runsTexts.selectLoaded)}
              </Button>
            ) : null}
            {chosen.length > 0 ? (
              <>
                <Button size="compact-xs" variant="default" onClick={() => setSelected(new Set())}>
                  {t(runsTexts.selectNone)}
                </Button>
                {chosenActive.length > 0 ? (
                  <ActionButton
                    size="compact-xs"
                    {...refusalAmong(chosenActive, cancelPermission)}
                    onClick={() => setAsked({ act: "cancel", kind: "chosen", runs: chosenActive })}
                  >
                    {t(runsTexts.cancelSelected, { count: chosenActive.length })}
                  </ActionButton>
                ) : null}
                <ActionButton
                  size="compact-xs"
                  {...refusalAmong(chosen, createPermission)}
                  onClick={() => setAsked({ act: "again", kind: "chosen", runs: chosen })}
                >
                  {t(runsTexts.againSelected, { count: chosen.length })}
                </ActionButton>
              </>
            ) : null}
            {underWay > 0 ? (
              <ActionButton
                size="compact-xs"
                allowed={mayCancel}
                question={{ permission: cancelPermission, controller: "main" }}
                onClick={() => setAsked({ act: "cancel", kind: "all", count: underWay, filter, words })}
              >
                {t(isFiltered ? runsTexts.cancelMatching : runsTexts.cancelAll, { count: underWay })}
              </ActionButton>
            ) : null}
            {isFiltered && matching > 0 ? (
              <ActionButton
                size="compact-xs"
                allowed={
                  mayCreate?.allowed === true && matching > mostAgain
                    ? { allowed: false, reason: t(runsTexts.againTooMany, { count: mostAgain }) }
                    : mayCreate
                }
                question={{ permission: createPermission, controller: "main" }}
                onClick={() => setAsked({ act: "again", kind: "all", count: matching, filter, words })}
              >
                {t(runsTexts.againMatching, { count: matching })}
              </ActionButton>
            ) : null}
          </div>
        ) : null}
        <DataTable
          label={t(navigationTexts.runs)}
          columns={columns}
          list={list}
          rowId={(run) => run.id}
          narrowLine={(run) => `${run.submitter.name} · ${run.node}`}
          onOpen={(run) => void goTo({ to: runAddress(run.id) })}
          empty={
            <EmptyState title={t(runsTexts.empty)} hint={t(runsTexts.emptyHint)} action={<Link to="/jobs">{t(runsTexts.toJobs)}</Link>} />
          }
          {...(isFiltered ? { onClearFilters: () => void navigate({ search: {} }) } : {})}
        />
      </div>
      {explained === null ? null : (
        <RunExplanation run={explained} onClose={() => setExplained(null)} options={{ onFail: () => setExplained(null) }} />
      )}
      <ActOnRuns
        request={asked}
        onClose={() => setAsked(null)}
        onDone={(act, kept) => {
          setSelected(new Set(kept));
          // What was submitted again is new, and newest first is where one looks for it.
          if (act === "again") showFresh();
        }}
      />
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/runs")({ component: RunsPage });
