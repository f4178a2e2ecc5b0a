/** One run: on whose behalf it runs and why, how it went, what it wrote, and what may be done about it. */
import { Anchor, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { useMay } from "#web/api/access.ts";
import { call } from "#web/api/call.ts";
import type { Schemas } from "#web/api/generated.ts";
import { useLiveEvents } from "#web/api/live.ts";
import { ActionButton, allowedByHint, type Allowed } from "#web/components/action-button.tsx";
import { useCommands } from "#web/components/commands.ts";
import { phaseTexts } from "#web/components/audit-phase.ts";
import { ConfirmDialog } from "#web/components/confirm.tsx";
import { explain } from "#web/components/explain.ts";
import { JobLink } from "#web/components/job-link.tsx";
import { WhoMayThere } from "#web/components/node-admits.tsx";
import { LazyRunDialog } from "#web/components/lazy-run-dialog.tsx";
import { Facts, Page, Section } from "#web/components/page.tsx";
import { renderDuration } from "#web/components/render-time.ts";
import { cancelPermission, createPermission, explanationQuery } from "#web/components/run-queries.ts";
import { StateMark } from "#web/components/state-mark.tsx";
import { EmptyState, Loaded, ProblemState } from "#web/components/states.tsx";
import { Instant } from "#web/components/time.tsx";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { runTexts } from "#web/i18n/texts/run.ts";
import { opensDialog, useCloseDialog } from "#web/components/use-address-dialog.ts";
import { useLanguage, useText } from "#web/i18n/language.ts";
import { navigationTexts } from "#web/i18n/texts/shell.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { LogView } from "#web/pages/run/log-view.tsx";
import { outcomeWords } from "#web/pages/run/outcome.ts";
import { Words } from "#web/components/words.tsx";
import { HintText, ReasonText, Sentence } from "#web/components/engine-text.tsx";
import { RunSentence, whyNotStarted } from "#web/components/run-sentence.tsx";
import { useEngineWords } from "#web/i18n/engine-words.ts";
import { recordsOfRunQuery, runQuery, viewAuditPermission } from "#web/pages/run/queries.ts";
import classes from "#web/pages/run/run.module.css";

type Run = Schemas["Run"];
type Verdict = Schemas["Verdict"];

const pageRoute = getRouteApi("/runs/$id");

const hinted = (run: Run, permission: string): Allowed | null => allowedByHint(run.may?.[permission]);

const Why = ({ verdict, state }: { readonly verdict: Verdict | undefined; readonly state: Run["state"] }): React.ReactElement => {
  const t = useText();
  if (verdict === undefined)
    return (
      <p className={classes.why}>
        {t(state === "ended" ? runTexts.notReached : state === "running" ? runTexts.toldSoon : runTexts.notDecided)}
      </p>
    );
  return (
    <>
      <p className={classes.why} data-effect={verdict.effect}>
        <span aria-hidden="true">{verdict.effect === "permit" ? "✓" : "⊘"}</span> <ReasonText reason={verdict} />
      </p>
      {verdict.unsigned === true ? (
        <p className={`soft ${classes.why}`}>{t(state === "ended" ? runTexts.neverSigned : runTexts.unsigned)}</p>
      ) : null}
    </>
  );
};

const Chain = ({ run }: { readonly run: Run }): React.ReactElement => {
  const t = useText();
  const last = (part: Verdict["part"]): Verdict | undefined => run.verdicts.findLast((verdict) => verdict.part === part);
  const links = [
    [t(wordTexts.submitter), run.submitter.name, last("who")],
    [t(wordTexts.may), createPermission, last("may")],
    [t(wordTexts.node), run.node, last("where")],
    [t(runTexts.asWhom), run.runAs ?? "–", last("as-whom")],
  ] as const;
  return (
    <Section title={t(runTexts.chain)}>
      <ol className={classes.chain}>
        {links.map(([title, name, verdict], index) => (
          <li key={title} className={classes.link}>
            <span>{title}</span>
            <span className={classes.name}>
              {index === 1 ? (
                <Anchor
                  component="button"
                  type="button"
                  aria-label={t(commonTexts.whyOf, { subject: createPermission })}
                  onClick={() =>
                    explain({ permission: createPermission, on: run.job, controller: run.controller, actor: run.submitter.accessId })
                  }
                >
                  {name}
                </Anchor>
              ) : (
                name
              )}
              {index === 0 && run.submitter.accessId !== name ? <span className={classes.id}>{run.submitter.accessId}</span> : null}
            </span>
            <Why verdict={verdict} state={run.state} />
            <WhoMayThere verdict={verdict} />
            {index === 0 ? (
              <>
                <span className={`soft ${classes.further}`}>{t(wordTexts.actor)}</span>
                <span className={classes.further}>
                  {run.actor.accessId === run.submitter.accessId ? t(runTexts.sameActor) : run.actor.name}
                </span>
              </>
            ) : null}
          </li>
        ))}
      </ol>
      <details className={classes.details}>
        <summary>{t(wordTexts.howDecided)}</summary>
        <ul>
          {run.verdicts.map((verdict) => (
            <li key={`${verdict.part} ${verdict.rule} ${verdict.decidedAt}`}>
              <Instant at={verdict.decidedAt} /> <Sentence text={verdict.question} />: <ReasonText reason={verdict} />{" "}
              <code className="soft">{verdict.rule}</code>
            </li>
          ))}
        </ul>
      </details>
    </Section>
  );
};

/** The time each second, while something goes on. */
const useSecond = (isOn: boolean): number => {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isOn) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isOn]);
  return now;
};

const Timeline = ({ run }: { readonly run: Run }): React.ReactElement => {
  const t = useText();
  const now = new Date(useSecond(run.endedAt === null)).toISOString();
  const language = useLanguage();
  const between = (from: string, to: string): string => renderDuration(Math.max(0, Date.parse(to) - Date.parse(from)), language);
  const { queuedAt, offeredAt, acceptedAt, startedAt, endedAt } = run;
  return (
    <Section title={t(runTexts.timeline)} aside={run.attempt > 1 ? t(runTexts.attempt, { count: run.attempt }) : undefined}>
      <ol className={classes.timeline}>
        <li>
          {t(wordTexts.queued)} <Instant at={queuedAt} />
        </li>
        {offeredAt === null ? null : (
          <li>
            {t(runTexts.offered)} <Instant at={offeredAt} />{" "}
            <span className={classes.duration}>{t(runTexts.waited, { time: between(queuedAt, offeredAt) })}</span>
          </li>
        )}
        {acceptedAt === null ? null : (
          <li>
            {t(runTexts.accepted)} <Instant at={acceptedAt} />{" "}
            <span className={classes.duration}>{t(runTexts.onTheWay, { time: between(offeredAt ?? queuedAt, acceptedAt) })}</span>
          </li>
        )}
        {startedAt === null ? null : (
          <li>
            {t(wordTexts.started)} <Instant at={startedAt} />{" "}
            <span className={classes.duration}>
              {t(runTexts.beforeStart, { time: between(acceptedAt ?? offeredAt ?? queuedAt, startedAt) })}
            </span>
          </li>
        )}
        {endedAt === null ? (
          <li data-now>
            <StateMark state={run.state} />{" "}
            <span className={classes.duration}>
              {startedAt === null
                ? t(runTexts.waited, { time: between(queuedAt, now) })
                : t(runTexts.ran, { time: between(startedAt, now) })}
            </span>
          </li>
        ) : (
          <li>
            {t(runTexts.ended)} <Instant at={endedAt} />{" "}
            <span className={classes.duration}>
              {startedAt === null ? t(runTexts.endedUnstarted) : t(runTexts.ran, { time: between(startedAt, endedAt) })}
            </span>
          </li>
        )}
      </ol>
    </Section>
  );
};

/** Why nothing of the job ran, and what to do about it. */
const NotStarted = ({
  problem,
  verdicts,
}: {
  readonly problem: NonNullable<NonNullable<Run["outcome"]>["launchProblem"]>;
  readonly verdicts: readonly Verdict[];
}): React.ReactElement => {
  const words = useEngineWords();
  const why = words === null ? null : whyNotStarted(words, verdicts, problem);
  return (
    <>
      <p className={classes.why} data-effect="deny" lang={why === null ? "en" : undefined}>
        <Words text={why ?? problem.message} />
      </p>
      <p className="soft">
        <HintText code={problem.code} hint={problem.hint} />
      </p>
    </>
  );
};

const OutcomeFacts = ({ run }: { readonly run: Run }): React.ReactElement => {
  const t = useText();
  const language = useLanguage();
  const { outcome } = run;
  if (outcome === null)
    return (
      <Section title={t(runTexts.outcome)}>
        <p className="soft">{run.state === "ended" ? t(runTexts.notStarted) : t(runTexts.noOutcome)}</p>
      </Section>
    );
  const { launchProblem } = outcome;
  return (
    <Section title={t(runTexts.outcome)} aside={<StateMark state={run.result ?? run.state} />}>
      {launchProblem === null ? null : (
        <div>
          <NotStarted problem={launchProblem} verdicts={run.verdicts} />
          <p className="soft">
            <code>{launchProblem.code}</code>
          </p>
        </div>
      )}
      <ul className={classes.words}>
        {outcomeWords(outcome, t, language).map((words) => (
          <li key={words}>{words}</li>
        ))}
      </ul>
      {outcome.output.writtenBytes === 0 ? null : (
        <details className={classes.details}>
          <summary>{t(runTexts.digest)}</summary>
          <code className={classes.arguments}>{outcome.output.sha256}</code>
        </details>
      )}
    </Section>
  );
};

const Audit = ({ run }: { readonly run: Run }): React.ReactElement | null => {
  const t = useText();
  const verdict = useMay({ permission: viewAuditPermission, path: run.job });
  const query = useQuery({
    ...recordsOfRunQuery(run),
    enabled: verdict?.effect === "permit",
  });
  // Who may not read the record at all is told so once, on its page.
  if (verdict === null || verdict.effect === "deny") return null;
  return (
    <Section title={t(navigationTexts.audit)}>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="soft">{t(runTexts.auditNone)}</p>
          ) : (
            <ul className={classes.records}>
              {items.map((record) => (
                <li key={`${record.writer} ${record.sequence}`}>
                  <span>
                    <code>{record.action}</code> {t(phaseTexts[record.phase])}
                  </span>
                  <span className="soft" title={record.actor}>
                    {record.actorName ?? record.actor}
                  </span>
                  <span className="soft">
                    <Instant at={record.at} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  );
};

const RunFacts = ({ run }: { readonly run: Run }): React.ReactElement => {
  const t = useText();
  const given = Object.entries(run.arguments);
  return (
    <Section title={t(runTexts.facts)}>
      <Facts
        facts={[
          [t(wordTexts.id), <code key="id">{run.id}</code>],
          [t(wordTexts.job), <JobLink key="job" path={run.job} />],
          [t(wordTexts.revision), run.jobRevision],
          [t(wordTexts.controller), run.controller],
          ...(run.comment === null ? [] : [[t(wordTexts.comment), run.comment] as const]),
          [
            t(wordTexts.arguments),
            given.length === 0 ? (
              t(commonTexts.none)
            ) : (
              <code key="arguments" className={classes.arguments}>
                {given.map(([name, value]) => `${name}=${value}`).join("\n")}
              </code>
            ),
          ],
        ]}
      />
      <p>
        <Link to="/runs" search={{ submission: run.submission }}>
          {t(runTexts.sameSubmission)}
        </Link>
      </p>
    </Section>
  );
};

const RunView = ({ run }: { readonly run: Run }): React.ReactElement => {
  const t = useText();
  const queries = useQueryClient();
  const search = pageRoute.useSearch();
  const navigate = pageRoute.useNavigate();
  const [asking, setAsking] = useState(false);
  const close = useCloseDialog();
  const [reason, setReason] = useState("");
  const explanation = useQuery(explanationQuery(run));
  const change = (changed: Partial<typeof search>): void => {
    const next = Object.fromEntries(Object.entries({ ...search, ...changed }).filter(([, value]) => value !== undefined));
    void navigate({ search: next, replace: true });
  };
  const isActive = run.state !== "ended";
  const endedItself = !isActive && run.cancelRequested === null;
  const again = hinted(run, createPermission);
  const cancel = hinted(run, cancelPermission);
  useCommands(
    useMemo(
      () =>
        again?.allowed === true
          ? [{ id: "run again", text: t(runTexts.again), run: () => void navigate({ search: { again: true }, state: opensDialog }) }]
          : [],
      [again?.allowed, t, navigate],
    ),
  );
  return (
    <Page
      title={run.job}
      about={
        <span className={classes.stateLine}>
          <StateMark state={run.result ?? run.state} />
          {explanation.data === undefined ? null : (
            <RunSentence
              run={run}
              sentence={explanation.data.sentence}
              verdicts={run.verdicts}
              problem={run.outcome?.launchProblem ?? null}
            />
          )}
          {isActive && run.cancelRequested !== null ? <span>{t(runTexts.cancelling, { name: run.cancelRequested.by })}</span> : null}
        </span>
      }
      fill
      actions={
        <>
          {isActive ? (
            <ActionButton
              allowed={cancel}
              question={{ permission: cancelPermission, on: run.job, controller: run.controller }}
              onClick={() => setAsking(true)}
            >
              {t(runTexts.cancel)}
            </ActionButton>
          ) : null}
          <ActionButton
            allowed={again}
            question={{ permission: createPermission, on: run.job, controller: run.controller }}
            onClick={() => void navigate({ search: { ...search, again: true }, state: opensDialog })}
          >
            {t(runTexts.again)}
          </ActionButton>
          <JobLink path={run.job}>{t(runTexts.openJob)}</JobLink>
        </>
      }
    >
      <div className={classes.layout}>
        <div className={classes.side}>
          <Chain run={run} />
          <Timeline run={run} />
          <OutcomeFacts run={run} />
          <RunFacts run={run} />
          <Audit run={run} />
        </div>
        <div className={classes.main}>
          {run.allowed.log.allowed ? (
            <LogView
              key={run.id}
              runId={run.id}
              hasEnded={!isActive}
              chosen={search.lines}
              onChoose={(lines) => change({ lines })}
              find={search.find ?? ""}
              onFind={(find) => change({ find: find === "" ? undefined : find })}
            />
          ) : (
            <EmptyState
              title={t(runTexts.logHidden)}
              hint={<Sentence text={run.allowed.log.reason ?? ""} />}
              action={
                <Anchor
                  component="button"
                  type="button"
                  onClick={() => explain({ permission: "controller:runs:log", on: run.job, controller: run.controller })}
                >
                  {t(commonTexts.why)}
                </Anchor>
              }
            />
          )}
        </div>
      </div>
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={t(runTexts.cancelTitle, { job: run.job })}
        action={t(runTexts.cancel)}
        dismiss={t(endedItself ? commonTexts.close : runTexts.keepRunning)}
        ready={!endedItself}
        effect={
          <>
            {endedItself ? (
              <p role="status">{t(runTexts.cancelEnded)}</p>
            ) : (
              <p>{t(run.state === "queued" ? runTexts.cancelQueued : runTexts.cancelRunning, { node: run.node })}</p>
            )}
            <TextInput
              mt="sm"
              label={t(runTexts.reason)}
              value={reason}
              maxLength={500}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
          </>
        }
        act={async () => {
          await call("POST /api/v1/runs/{id}/cancel", { path: { id: run.id }, body: { reason } });
          await queries.invalidateQueries({ queryKey: ["run", run.id] });
        }}
      />
      {search.again === true && again?.allowed === true ? (
        <LazyRunDialog
          request={{ job: run.job, arguments: run.arguments, on: [run.node] }}
          onClose={() => close(() => change({ again: undefined }))}
        />
      ) : null}
    </Page>
  );
};

const RunPage = (): React.ReactElement => {
  const { id } = pageRoute.useParams();
  const queries = useQueryClient();
  const query = useQuery({
    ...runQuery(id),
    // The stream tells of changes; this is for when it cannot.
    refetchInterval: ({ state }) => (state.data?.state === "ended" ? false : 10_000),
  });
  useLiveEvents((event) => {
    if (event.event === "run" && event.data.id === id) void queries.invalidateQueries({ queryKey: ["run", id], exact: true });
  });
  if (query.data !== undefined) return <RunView run={query.data} />;
  return (
    <Page title={id}>
      {query.isError ? (
        <ProblemState error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Loaded query={query}>{() => null}</Loaded>
      )}
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/runs/$id")({ component: RunPage });
