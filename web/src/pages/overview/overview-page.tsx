/** What runs, what failed, what is mine, how the nodes are: each part by itself, as far as the account may see. */
import { SegmentedControl } from "@mantine/core";
import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi, Link } from "@tanstack/react-router";
import { useMemo, useRef } from "react";
import { useAccess, useMayAnywhere } from "#web/api/access.ts";
import type { Schemas } from "#web/api/generated.ts";
import { useLiveEvents } from "#web/api/live.ts";
import { statusQuery } from "#web/api/status.ts";
import { Chart, type ChartSeries } from "#web/components/chart.tsx";
import { nodeState } from "#web/components/node-state.ts";
import { Sentence } from "#web/components/engine-text.tsx";
import { Page, Section } from "#web/components/page.tsx";
import { RunLink } from "#web/components/run-link.tsx";
import { renderDuration } from "#web/components/render-time.ts";
import { StateMark } from "#web/components/state-mark.tsx";
import { Loaded } from "#web/components/states.tsx";
import { Ago } from "#web/components/time.tsx";
import { useText } from "#web/i18n/language.ts";
import { renderNumber, type Language } from "#web/i18n/text.ts";
import { overviewTexts } from "#web/i18n/texts/overview.ts";
import { navigationTexts } from "#web/i18n/texts/shell.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import {
  dayCountsQuery,
  failuresQuery,
  mineQuery,
  nodesQuery,
  nowCountsQuery,
  often,
  seriesQuery,
  underWayQuery,
} from "#web/pages/overview/overview-queries.ts";
import { spans } from "#web/pages/overview/route.ts";
import classes from "#web/pages/overview/overview.module.css";

type Run = Schemas["RunSummary"];

const Tile = ({
  name,
  tone,
  children,
}: {
  readonly name: string;
  readonly tone?: string;
  readonly children: React.ReactNode;
}): React.ReactElement => (
  <div className={classes.tile}>
    <dt>{name}</dt>
    <dd data-tone={tone}>{children}</dd>
  </div>
);

const Tiles = ({ seesRuns, seesNodes }: { readonly seesRuns: boolean; readonly seesNodes: boolean }): React.ReactElement => {
  const t = useText();
  const now = useQuery({ ...nowCountsQuery, enabled: seesRuns }).data;
  const day = useQuery({ ...dayCountsQuery, enabled: seesRuns }).data;
  const nodes = useQuery(nodesQuery).data?.items;
  const failed = day === undefined ? undefined : day.failed + day["timed-out"] + day.refused + day.unknown;
  return (
    <dl className={classes.tiles} data-expected={seesRuns || seesNodes}>
      {now === undefined ? null : (
        <>
          <Tile name={t(overviewTexts.running)} {...(now.running > 0 ? { tone: "live" } : {})}>
            {now.running}
          </Tile>
          <Tile name={t(overviewTexts.waiting)}>{now.queued + now.offered + now.accepted}</Tile>
        </>
      )}
      {day === undefined || failed === undefined ? null : (
        <>
          <Tile name={t(overviewTexts.failedDay)} {...(failed > 0 ? { tone: "bad" } : {})}>
            {failed}
          </Tile>
          <Tile name={t(overviewTexts.succeededDay)}>{day.succeeded}</Tile>
        </>
      )}
      {nodes === undefined ? null : (
        <Tile name={t(overviewTexts.nodesOnline)} {...(nodes.some((node) => !node.online) ? { tone: "warn" } : {})}>
          {t(overviewTexts.ofTotal, { count: nodes.filter((node) => node.online).length, total: nodes.length })}
        </Tile>
      )}
    </dl>
  );
};

/** What the manager says of itself; what a node does is told with its name. */
const Warning = ({ text }: { readonly text: string }): React.ReactElement => {
  const [, node, words] = /^([\w.-]+): (.+)$/.exec(text) ?? [];
  return node === undefined || words === undefined ? (
    <Sentence text={text} />
  ) : (
    <>
      {node}: <Sentence text={words} />
    </>
  );
};

const Attention = (): React.ReactElement | null => {
  const t = useText();
  const status = useQuery({ ...statusQuery, ...often }).data;
  const nodes = useQuery(nodesQuery).data?.items ?? [];
  if (status === undefined) return null;
  const lines: readonly (readonly [key: string, text: React.ReactNode])[] = [
    ...status.parts
      .filter(({ state }) => state === "degraded")
      .map(({ name }) => [`part ${name}`, t(overviewTexts.degraded, { part: name })] as const),
    ...nodes
      .filter((node) => nodeState(node) === "offline")
      .map((node) => [`offline ${node.id}`, t(overviewTexts.nodeOffline, { node: node.name })] as const),
    ...nodes
      .filter((node) => nodeState(node) === "degraded")
      .map((node) => [`launcher ${node.id}`, t(overviewTexts.launcherGone, { node: node.name })] as const),
    ...(status.separation === "none"
      ? [
          [
            "separation",
            <span key="separation">
              {t(overviewTexts.separation)} <span className="soft">{t(overviewTexts.separationHint)}</span>
            </span>,
          ] as const,
        ]
      : []),
    ...status.warnings.map((warning) => [warning, <Warning key={warning} text={warning} />] as const),
  ];
  return (
    <Section title={t(overviewTexts.attention)}>
      {lines.length === 0 ? (
        <p className={classes.none}>{t(overviewTexts.nothingWrong)}</p>
      ) : (
        <ul className={classes.lines}>
          {lines.map(([key, text]) => (
            <li key={key}>{text}</li>
          ))}
        </ul>
      )}
    </Section>
  );
};

const Runs = ({ query, none }: { readonly query: UseQueryResult<readonly Run[]>; readonly none: React.ReactNode }): React.ReactElement => {
  const t = useText();
  return (
    <Loaded query={query}>
      {(runs) =>
        runs.length === 0 ? (
          <p className={classes.none}>{none}</p>
        ) : (
          <ul className={classes.runs}>
            {runs.map((run) => (
              <li key={run.id}>
                <span className={classes.job}>
                  <RunLink run={run} />
                  <span className="soft"> {t(overviewTexts.forWhom, { name: run.submitter.name, node: run.node })}</span>
                </span>
                <StateMark state={run.result ?? run.state} />
                <span className={classes.when}>
                  <Ago at={run.endedAt ?? run.startedAt ?? run.queuedAt} />
                </span>
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
};

const spanTexts = {
  "1h": overviewTexts.span1h,
  "24h": overviewTexts.span24h,
  "7d": overviewTexts.span7d,
  "30d": overviewTexts.span30d,
} as const;

const renderCount = (value: number, language: Language): string => (Number.isInteger(value) ? renderNumber(language, value) : "");

const pageRoute = getRouteApi("/");

const Charts = (): React.ReactElement => {
  const t = useText();
  const { span = "24h" } = pageRoute.useSearch();
  const navigate = pageRoute.useNavigate();
  const query = useQuery(seriesQuery(span));
  const slices = query.data?.slices;
  const at = useMemo(() => slices?.map((slice) => Date.parse(slice.at)) ?? [], [slices]);
  const counts = useMemo((): readonly ChartSeries[] => {
    const of = (pick: (slice: NonNullable<typeof slices>[number]) => number): readonly number[] => slices?.map(pick) ?? [];
    const bad = ({ results }: NonNullable<typeof slices>[number]): number =>
      results.failed + results["timed-out"] + results.refused + results.unknown;
    return [
      { label: t(overviewTexts.failed), colour: "--bad", kind: "bars", values: of(bad) },
      { label: t(commonTexts.stateSucceeded), colour: "--good", kind: "bars", values: of(({ results }) => results.succeeded) },
      {
        label: t(overviewTexts.other),
        colour: "--soft",
        kind: "bars",
        values: of((slice) => slice.runs - bad(slice) - slice.results.succeeded),
      },
    ];
  }, [slices, t]);
  const waits = useMemo(
    (): readonly ChartSeries[] => [
      { label: t(overviewTexts.mean), colour: "--accent", kind: "line", values: slices?.map(({ meanWaitMs }) => meanWaitMs) ?? [] },
      { label: t(overviewTexts.longest), colour: "--warn", kind: "bars", values: slices?.map(({ longestWaitMs }) => longestWaitMs) ?? [] },
    ],
    [slices, t],
  );
  const choice = (
    <SegmentedControl
      size="xs"
      aria-label={t(overviewTexts.span)}
      value={span}
      onChange={(chosen) => void navigate({ search: chosen === "24h" ? {} : { span: chosen }, replace: true })}
      data={spans.map((value) => ({ value, label: t(spanTexts[value]) }))}
    />
  );
  const empty = slices?.every(({ runs }) => runs === 0) === true;
  return (
    <>
      <Section title={t(navigationTexts.runs)} aside={choice}>
        <Loaded query={query}>
          {() =>
            empty ? (
              <p className={classes.none}>{t(overviewTexts.noRuns)}</p>
            ) : (
              <Chart label={t(navigationTexts.runs)} at={at} series={counts} render={renderCount} timeHeader={t(wordTexts.queued)} />
            )
          }
        </Loaded>
      </Section>
      <Section title={t(overviewTexts.waitingTime)}>
        <Loaded query={query}>
          {() =>
            empty ? (
              <p className={classes.none}>{t(overviewTexts.noRuns)}</p>
            ) : (
              <Chart label={t(overviewTexts.waitingTime)} at={at} series={waits} render={renderDuration} timeHeader={t(wordTexts.queued)} />
            )
          }
        </Loaded>
      </Section>
    </>
  );
};

const Nodes = (): React.ReactElement => {
  const t = useText();
  const query = useQuery(nodesQuery);
  return (
    <Section title={t(navigationTexts.nodes)}>
      <Loaded query={query}>
        {({ items }) => (
          <ul className={classes.runs}>
            {items.map((node) => (
              <li key={node.id}>
                <span className={classes.job}>
                  <Link to="/nodes/$node" params={{ node: node.name }}>
                    {node.name}
                  </Link>
                  {node.facts?.defaultJobAccount === null || node.facts === null ? null : (
                    <span className="soft"> {t(overviewTexts.runsAs, { account: node.facts.defaultJobAccount })}</span>
                  )}
                </span>
                <StateMark state={nodeState(node)} />
                <span className={classes.when}>{node.lastSeenAt === null ? "" : <Ago at={node.lastSeenAt} />}</span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Section>
  );
};

/** Changes come in bursts; the counts are asked for once a burst. */
const settleMs = 400;
const viewRunsPermission = "controller:runs:view";

const OverviewPage = (): React.ReactElement => {
  const t = useText();
  const me = useAccess()?.actor.accessId;
  const queries = useQueryClient();
  const pending = useRef<ReturnType<typeof setTimeout> | null>(null);
  useLiveEvents(({ event }) => {
    if (event !== "run" || pending.current !== null) return;
    pending.current = setTimeout(() => {
      pending.current = null;
      void queries.invalidateQueries({ queryKey: ["runs", "counts"] });
      void queries.invalidateQueries({ queryKey: ["runs", "overview"] });
      void queries.invalidateQueries({ queryKey: ["runs", "series"] });
    }, settleMs);
  });
  // Who may see no run at all is told so once, not in every part.
  const seesRuns = useMayAnywhere(viewRunsPermission)?.effect !== "deny";
  const seesNodes = useMayAnywhere("manager:nodes:view")?.effect !== "deny";
  const underWay = useQuery({ ...underWayQuery, enabled: seesRuns });
  const failures = useQuery({ ...failuresQuery, enabled: seesRuns });
  const mine = useQuery({ ...mineQuery(me ?? ""), enabled: seesRuns && me !== undefined });
  const refused = useQuery({ ...seriesQuery("24h"), enabled: !seesRuns });
  const states = useQuery({ ...nowCountsQuery, enabled: seesRuns }).data;
  const isNew = states !== undefined && Object.values(states).every((count) => count === 0);
  return (
    <Page title={t(navigationTexts.overview)}>
      <Tiles seesRuns={seesRuns} seesNodes={seesNodes} />
      <Attention />
      {seesRuns ? (
        <div className={classes.charts}>
          <Charts />
        </div>
      ) : null}
      <div className={classes.columns}>
        {seesRuns ? null : (
          <Section title={t(navigationTexts.runs)}>
            <Loaded query={refused}>{() => null}</Loaded>
          </Section>
        )}
        {!seesRuns ? null : (
          <>
            <Section title={t(overviewTexts.now)}>
              <Runs
                query={underWay}
                none={
                  <>
                    {t(overviewTexts.nowNone)}
                    {isNew ? (
                      <>
                        {" "}
                        {t(overviewTexts.firstRun)} <code>behalf run /examples/whoami</code>
                      </>
                    ) : null}
                  </>
                }
              />
            </Section>
            <Section title={t(overviewTexts.recentFailures)}>
              <Runs query={failures} none={t(overviewTexts.noFailures)} />
            </Section>
            <Section title={t(overviewTexts.mine)}>
              <Runs query={mine} none={t(overviewTexts.mineNone)} />
            </Section>
          </>
        )}
        <Nodes />
      </div>
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/")({ component: OverviewPage });
