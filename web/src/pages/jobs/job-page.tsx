/** One job: what it does, as whom and where, its last runs, its versions, and running, editing and deleting it. */
import { Anchor } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useMemo, useState } from "react";
import { call } from "#web/api/call.ts";
import type { Schemas } from "#web/api/generated.ts";
import { useLiveEvents } from "#web/api/live.ts";
import { ActionButton, allowedByHint, type Allowed } from "#web/components/action-button.tsx";
import { useCommands } from "#web/components/commands.ts";
import { ConfirmDialog } from "#web/components/confirm.tsx";
import { jobParams } from "#web/components/job-link.tsx";
import { LazyCodeDiff } from "#web/components/lazy-code-diff.tsx";
import { LazyCodeEditor } from "#web/components/lazy-code-editor.tsx";
import { LazyRunDialog } from "#web/components/lazy-run-dialog.tsx";
import { notify } from "#web/components/notify.ts";
import { Facts, Page, Section } from "#web/components/page.tsx";
import { runAddress } from "#web/components/run-link.tsx";
import { StateMark } from "#web/components/state-mark.tsx";
import { Loaded, LoadingState, ProblemState } from "#web/components/states.tsx";
import { Ago } from "#web/components/time.tsx";
import { createPermission } from "#web/components/run-queries.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { jobTexts } from "#web/i18n/texts/jobs.ts";
import type { Translate } from "#web/i18n/text.ts";
import { opensDialog, useCloseDialog } from "#web/components/use-address-dialog.ts";
import { useText } from "#web/i18n/language.ts";
import { runDialogTexts } from "#web/i18n/texts/run-dialog.ts";
import { navigationTexts } from "#web/i18n/texts/shell.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { jobQuery, managePermission, runsOfJobQuery, viewRunsPermission } from "#web/pages/jobs/queries.ts";
import classes from "#web/pages/jobs/job.module.css";

type Job = Schemas["Job"];
type Definition = Readonly<Record<string, unknown>>;

const pageRoute = getRouteApi("/jobs/$");

const hinted = (job: Job, permission: string): Allowed | null => allowedByHint(job.may?.[permission]);

const credentialOf = (definition: Definition): string | null => {
  const as = definition["as"];
  return typeof as === "object" && as !== null ? String((as as { credential?: unknown }).credential ?? "") : null;
};
const identityWords = (definition: Definition, t: Translate): string => {
  const key = credentialOf(definition);
  return key === null ? t(wordTexts.asAgent) : t(jobTexts.asKey, { key });
};

interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  readonly required?: boolean;
  readonly default?: string;
  readonly allowed?: readonly string[];
}

const DefinitionFacts = ({ job }: { readonly job: Job }): React.ReactElement => {
  const t = useText();
  const { definition } = job;
  const nodes = (definition["on"] ?? []) as readonly string[];
  const parameters = (definition["parameters"] ?? []) as readonly Parameter[];
  return (
    <Section title={t(jobTexts.definition)} aside={t(wordTexts.revisionOf, { revision: String(job.revision) })}>
      <Facts
        facts={[
          [t(jobTexts.asWhom), <strong key="as">{identityWords(definition, t)}</strong>],
          [t(navigationTexts.nodes), nodes.length === 0 ? t(jobTexts.nodesNone) : nodes.join(", ")],
          [t(jobTexts.requires), <code key="requires">{String(definition["requires"] ?? "")}</code>],
          [t(jobTexts.timeout), definition["timeout"] === undefined ? t(commonTexts.none) : String(definition["timeout"])],
          [t(jobTexts.restartable), t(definition["restartable"] === true ? commonTexts.yes : commonTexts.no)],
        ]}
      />
      {parameters.length === 0 ? null : (
        <>
          <h3>{t(wordTexts.parameters)}</h3>
          <ul className={classes.rows}>
            {parameters.map((one) => (
              <li key={one.name}>
                <code>{one.name}</code>
                <span className="soft">
                  {[
                    one.type,
                    ...(one.required === true ? [t(jobTexts.required)] : []),
                    ...(one.default === undefined ? [] : [t(jobTexts.defaults, { value: one.default })]),
                    ...(one.allowed === undefined ? [] : [t(jobTexts.oneOf, { values: one.allowed.join(", ") })]),
                  ].join(" · ")}
                </span>
                {one.description === undefined ? null : <span className={classes.grow}>{one.description}</span>}
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>{t(wordTexts.yaml)}</h3>
      {/* As high as its lines, unless they are many. */}
      <div style={{ height: `min(56vh, ${(job.source ?? job.yaml).split("\n").length * 20 + 24}px)` }}>
        <LazyCodeEditor label={t(wordTexts.yaml)} value={job.source ?? job.yaml} />
      </div>
    </Section>
  );
};

const RecentRuns = ({ job }: { readonly job: Job }): React.ReactElement => {
  const t = useText();
  const queries = useQueryClient();
  const allowed = hinted(job, viewRunsPermission);
  const asked = runsOfJobQuery(job.path);
  const query = useQuery({ ...asked, enabled: allowed?.allowed === true });
  useLiveEvents((event) => {
    if (event.event === "run" && event.data.job === job.path) void queries.invalidateQueries({ queryKey: asked.queryKey });
  });
  return (
    <Section
      title={t(jobTexts.recent)}
      aside={
        allowed?.allowed === false ? undefined : (
          <Link to="/runs" search={{ job: job.path }}>
            {t(jobTexts.allRuns)}
          </Link>
        )
      }
    >
      {allowed?.allowed === false ? (
        <p className="soft">{t(jobTexts.runsHidden)}</p>
      ) : (
        <Loaded query={query}>
          {({ items }) =>
            items.length === 0 ? (
              <p className="soft">{t(jobTexts.recentNone)}</p>
            ) : (
              <ul className={classes.rows}>
                {items.map((run) => (
                  <li key={run.id}>
                    <Link to={runAddress(run.id)}>
                      <StateMark state={run.result ?? run.state} />
                    </Link>
                    <span className={classes.grow}>
                      {run.submitter.name} · {run.node}
                    </span>
                    <span className="soft">
                      <Ago at={run.queuedAt} />
                    </span>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      )}
    </Section>
  );
};

const Comparison = ({ job, revision }: { readonly job: Job; readonly revision: number }): React.ReactElement => {
  const t = useText();
  const navigate = pageRoute.useNavigate();
  const query = useQuery({
    queryKey: ["job", job.path, "revision", revision],
    queryFn: ({ signal }) => call("GET /api/v1/jobs/{*}", { path: { "*": job.path.slice(1) }, query: { revision } }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const title = t(jobTexts.comparing, { from: String(revision), to: String(job.revision) });
  return (
    <Section
      title={t(jobTexts.comparison)}
      aside={
        <Anchor component="button" type="button" onClick={() => void navigate({ search: {}, replace: true })}>
          {t(jobTexts.closeCompare)}
        </Anchor>
      }
    >
      <Loaded query={query}>
        {(then) => {
          const from = identityWords(then.definition, t);
          const to = identityWords(job.definition, t);
          return (
            <>
              <p>{title}</p>
              {from === to ? null : <p className={classes.warning}>{t(jobTexts.identityChanged, { from, to })}</p>}
              {then.yaml === job.yaml ? <p>{t(jobTexts.same)}</p> : <LazyCodeDiff label={title} before={then.yaml} after={job.yaml} />}
            </>
          );
        }}
      </Loaded>
    </Section>
  );
};

const showComparison = (element: HTMLElement | null): void => element?.scrollIntoView({ block: "start" });

const Versions = ({ job }: { readonly job: Job }): React.ReactElement => {
  const t = useText();
  return (
    <Section title={t(jobTexts.versions)}>
      <ul className={classes.rows}>
        {job.revisions.slice(0, 200).map((one) => (
          <li key={one.revision}>
            <span>{t(wordTexts.revisionOf, { revision: String(one.revision) })}</span>
            <span className={classes.grow}>{one.authorName}</span>
            <span className="soft">
              <Ago at={one.createdAt} />
            </span>
            {one.revision === job.revision ? (
              <span className="soft">{t(jobTexts.current)}</span>
            ) : (
              <Link to="." search={{ compare: one.revision }} replace>
                {t(jobTexts.compare)}
              </Link>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
};

const JobView = ({ job }: { readonly job: Job }): React.ReactElement => {
  const t = useText();
  const search = pageRoute.useSearch();
  const navigate = pageRoute.useNavigate();
  const goTo = useNavigate();
  const queries = useQueryClient();
  const [deleting, setDeleting] = useState(false);
  const close = useCloseDialog();
  const run = hinted(job, createPermission);
  const manage = hinted(job, managePermission);
  const openRun = (): void => {
    if (run?.allowed === true) void navigate({ search: { ...search, run: true }, state: opensDialog });
  };
  const onRunKey = useEffectEvent(openRun);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { target } = event;
      if (event.key !== "r" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))) return;
      if (document.querySelector("[role=dialog]") !== null) return;
      event.preventDefault();
      onRunKey();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  useCommands(
    useMemo(
      () =>
        run?.allowed === true
          ? [
              {
                id: "run job",
                text: t(runDialogTexts.title, { job: job.path }),
                run: () => void navigate({ search: { run: true }, state: opensDialog }),
              },
            ]
          : [],
      [run?.allowed, t, navigate, job.path],
    ),
  );
  return (
    <Page
      title={job.path}
      about={job.title ?? undefined}
      actions={
        <>
          <ActionButton
            variant="filled"
            allowed={run}
            question={{ permission: createPermission, on: job.path, controller: "main" }}
            onClick={openRun}
          >
            {t(wordTexts.run)}
          </ActionButton>
          <ActionButton
            allowed={manage}
            question={{ permission: managePermission, on: job.path }}
            onClick={() => void goTo({ to: "/edit-job/$", params: jobParams(job.path) })}
          >
            {t(wordTexts.edit)}
          </ActionButton>
          <ActionButton
            allowed={manage}
            question={{ permission: managePermission, on: job.path }}
            onClick={() => void goTo({ to: "/new-job", search: { from: job.path } })}
          >
            {t(wordTexts.duplicate)}
          </ActionButton>
          <ActionButton allowed={manage} question={{ permission: managePermission, on: job.path }} onClick={() => setDeleting(true)}>
            {t(wordTexts.delete)}
          </ActionButton>
        </>
      }
    >
      {search.compare === undefined ? null : (
        // Two texts beside each other need the whole width; it is above, where whoever asked for it below is taken.
        <div key={search.compare} ref={showComparison}>
          <Comparison job={job} revision={search.compare} />
        </div>
      )}
      <div className={classes.columns}>
        <div className={classes.column}>
          <DefinitionFacts job={job} />
        </div>
        <div className={classes.column}>
          <RecentRuns job={job} />
          <Versions job={job} />
        </div>
      </div>
      <ConfirmDialog
        opened={deleting}
        onClose={() => setDeleting(false)}
        title={t(jobTexts.deleteTitle, { job: job.path })}
        effect={<p>{t(jobTexts.deleteEffect)}</p>}
        action={t(wordTexts.delete)}
        typed={job.path}
        act={async () => {
          await call("DELETE /api/v1/jobs/{*}", { path: { "*": job.path.slice(1) }, query: { expectedRevision: job.revision } });
          notify({ tone: "good", title: t(jobTexts.deleted, { job: job.path }) });
          await queries.invalidateQueries({ queryKey: ["jobs"] });
          queries.removeQueries({ queryKey: ["job", job.path] });
          await goTo({ to: "/jobs" });
        }}
      />
      {search.run === true && run?.allowed === true ? (
        <LazyRunDialog request={{ job: job.path }} onClose={() => close(() => void navigate({ search: {}, replace: true }))} />
      ) : null}
    </Page>
  );
};

const JobPage = (): React.ReactElement => {
  const path = `/${pageRoute.useParams()._splat ?? ""}`;
  const query = useQuery(jobQuery(path));
  if (query.data !== undefined) return <JobView key={path} job={query.data} />;
  return (
    <Page title={path}>{query.isError ? <ProblemState error={query.error} retry={() => void query.refetch()} /> : <LoadingState />}</Page>
  );
};

export const lazyRoute = createLazyRoute("/jobs/$")({ component: JobPage });
