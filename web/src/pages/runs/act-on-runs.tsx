/**
 * Ending several runs, or submitting them again: those that were chosen, or all that match the filter. The manager decides and records each by
 * itself, a page at a time; what could not be done is told run by run, with why.
 */
import { Anchor, Button, Group, Modal, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { call } from "#web/api/call.ts";
import type { Schemas } from "#web/api/generated.ts";
import { ConfirmDialog } from "#web/components/confirm.tsx";
import { explain, useExplaining } from "#web/components/explain.ts";
import { notify } from "#web/components/notify.ts";
import { RunLink } from "#web/components/run-link.tsx";
import { idempotencyKeyOf } from "#web/components/run-request.ts";
import { Loaded } from "#web/components/states.tsx";
import { HintText, Sentence } from "#web/components/engine-text.tsx";
import { cancelPermission, createPermission } from "#web/components/run-queries.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { runsTexts } from "#web/i18n/texts/runs.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { renderNumber, type Text } from "#web/i18n/text.ts";
import { useLanguage, useText } from "#web/i18n/language.ts";
import { runCountsQuery, type RunsFilter } from "#web/pages/runs/queries.ts";
import type { Run } from "#web/pages/runs/use-runs.ts";
import classes from "#web/pages/runs/runs.module.css";

type Act = "cancel" | "again";

/** What is to be done, and with which runs. */
export type ActRequest = { readonly act: Act } & (
  | { readonly kind: "chosen"; readonly runs: readonly Run[] }
  | { readonly kind: "all"; readonly count: number; readonly filter: RunsFilter; readonly words: readonly string[] }
);

/** One request: little enough for the progress to move. */
const perPage = 200;
/** Of more than so many the number is typed first. */
const typedFrom = 20;
const mostNamed = 10;

const permissions: Readonly<Record<Act, string>> = { cancel: cancelPermission, again: createPermission };

const words = {
  cancel: {
    title: runsTexts.cancelTitle,
    allTitle: runsTexts.cancelAllTitle,
    seen: runsTexts.cancelAllSeen,
    matching: runsTexts.cancelAllMatching,
    effect: runsTexts.cancelEffect,
    action: runsTexts.cancelAct,
    reason: runsTexts.keep,
    done: runsTexts.cancelDone,
    partly: runsTexts.cancelPartly,
  },
  again: {
    title: runsTexts.againTitle,
    allTitle: runsTexts.againTitle,
    seen: runsTexts.againAllMatching,
    matching: runsTexts.againAllMatching,
    effect: runsTexts.againEffect,
    action: runsTexts.againAct,
    reason: wordTexts.comment,
    done: runsTexts.againDone,
    partly: runsTexts.againPartly,
  },
} as const satisfies Readonly<Record<Act, Readonly<Record<string, Text>>>>;

type Done = Pick<Run, "id"> & {
  readonly job: string | null;
  readonly node: string | null;
  readonly problem: { readonly code: string; readonly message: string; readonly hint: string } | null;
};
interface Page {
  readonly done: readonly Done[];
  readonly next: string | null;
}

type Choice = { readonly runs: string[] } | { readonly filter: RunsFilter; readonly limit: number; readonly cursor?: string };

/** One request. Of one dialog the same request is done once, however often it is sent (W8). */
const post = async (act: Act, choice: Choice, why: string, dialog: string): Promise<Page> => {
  const { items, nextCursor } =
    act === "cancel"
      ? await call("POST /api/v1/runs/cancel", { body: { ...choice, reason: why } })
      : await call(
          "POST /api/v1/runs/again",
          { body: { ...choice, ...(why === "" ? {} : { comment: why }) } },
          { headers: { "idempotency-key": idempotencyKeyOf(dialog, JSON.stringify([choice, why])) } },
        );
  return { done: items.map(({ run, job, node, problem }) => ({ id: run, job, node, problem })), next: nextCursor };
};

/** A page after the other, until all are done or `isStopped`. */
const actOn = async (
  request: ActRequest & { readonly before: string },
  why: string,
  dialog: string,
  isStopped: () => boolean,
  onPage: (done: number) => void,
): Promise<readonly Done[]> => {
  const all: Done[] = [];
  const take = async (choice: Choice): Promise<string | null> => {
    const { done, next } = await post(request.act, choice, why, dialog);
    all.push(...done);
    onPage(all.length);
    return isStopped() ? null : next;
  };
  if (request.kind === "all") {
    const choice = { filter: { ...request.filter, before: request.before }, limit: perPage };
    for (let cursor = await take(choice); cursor !== null;) cursor = await take({ ...choice, cursor });
  } else
    for (let from = 0; from < request.runs.length && !isStopped(); from += perPage)
      await take({ runs: request.runs.slice(from, from + perPage).map(({ id }) => id) });
  return all;
};

/** Ended by itself in the meantime: what was wanted. */
const isKept = (act: Act, { problem }: Done): boolean => problem !== null && (act === "again" || problem.code !== "runs.already-ended");

interface Report {
  readonly act: Act;
  readonly kept: readonly Done[];
  readonly count: number;
}

/** What was not done, by reason. */
/** As long as systems take two clicks for one. */
const doubleClickMs = 500;

const KeptRuns = ({ act, kept, count, onClose }: Report & { readonly onClose: () => void }): React.ReactElement => {
  const t = useText();
  const explaining = useExplaining();
  // It comes where the button was: the second half of a double click is not meant to end what nobody has read.
  const [openedAtMs] = useState(() => performance.now());
  const close = (): void => {
    if (performance.now() - openedAtMs > doubleClickMs) onClose();
  };
  return (
    <Modal
      opened
      onClose={close}
      closeOnClickOutside={false}
      title={t(words[act].partly, { failed: kept.length, count })}
      closeButtonProps={{ "aria-label": t(commonTexts.close) }}
      closeOnEscape={!explaining}
      trapFocus={!explaining}
      centered
      size="lg"
    >
      {[...Map.groupBy(kept, ({ problem }) => problem?.message ?? "")].map(([why, runs]) => {
        const [first] = runs;
        return (
          <section key={why} className={classes.reason}>
            <p>
              <Sentence text={why} />
            </p>
            <p className="soft">
              <HintText code={first?.problem?.code ?? ""} hint={first?.problem?.hint ?? ""} />
            </p>
            {first?.problem?.code.startsWith("access.") === true ? (
              <p>
                <Anchor
                  component="button"
                  type="button"
                  aria-label={t(commonTexts.whyOf, { subject: first.job ?? first.id })}
                  onClick={() => explain({ permission: permissions[act], on: first.job ?? undefined, controller: "main" })}
                >
                  {t(commonTexts.why)}
                </Anchor>
              </p>
            ) : null}
            <ul className={classes.list}>
              {runs.slice(0, mostNamed).map((run) => (
                <li key={run.id}>
                  {run.job === null ? <code>{run.id}</code> : <RunLink run={{ id: run.id, job: run.job }} />}
                  {run.node === null ? null : ` · ${run.node}`}
                </li>
              ))}
            </ul>
            {runs.length > mostNamed ? <p>{t(runsTexts.more, { count: runs.length - mostNamed })}</p> : null}
          </section>
        );
      })}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={close} data-autofocus>
          {t(commonTexts.close)}
        </Button>
      </Group>
    </Modal>
  );
};

type Counts = Pick<Schemas["RunCounts"], "total" | "jobs" | "mostOf">;

const countsOf = (runs: readonly Run[]): Counts => {
  const jobs = Map.groupBy(runs, ({ job }) => job);
  const mostOf = [...jobs].map(([job, of]) => ({ job, runs: of.length })).toSorted((one, other) => other.runs - one.runs);
  return { total: runs.length, jobs: jobs.size, mostOf: mostOf.slice(0, mostNamed) };
};

/** How many of which jobs. */
const Jobs = ({ counts }: { readonly counts: Counts }): React.ReactElement => {
  const t = useText();
  const language = useLanguage();
  return (
    <>
      <p>{t(runsTexts.ofJobs, { count: counts.jobs })}</p>
      <ul className={classes.list}>
        {counts.mostOf.map(({ job, runs }) => (
          <li key={job}>
            {job} × {renderNumber(language, runs)}
          </li>
        ))}
      </ul>
      {counts.jobs > counts.mostOf.length ? <p>{t(runsTexts.moreJobs, { count: counts.jobs - counts.mostOf.length })}</p> : null}
    </>
  );
};

const Asking = ({
  request,
  onClose,
  onDone,
}: {
  readonly request: ActRequest;
  readonly onClose: () => void;
  readonly onDone: (report: Report) => void;
}): React.ReactElement => {
  const t = useText();
  const { act } = request;
  const [why, setWhy] = useState("");
  const [progress, setProgress] = useState<{ readonly done: number; readonly count: number } | null>(null);
  // What comes after the question is not meant by it.
  const [before] = useState(() => new Date().toISOString());
  const [dialog] = useState(() => crypto.randomUUID());
  const stopped = useRef(false);
  const filter =
    request.kind === "all"
      ? { ...request.filter, before, ...(act === "cancel" ? { state: request.filter.state ?? ("active" as const) } : {}) }
      : {};
  const query = useQuery({ ...runCountsQuery(filter), enabled: request.kind === "all" });
  const counts = request.kind === "all" ? query.data : countsOf(request.runs);
  const count = counts?.total ?? (request.kind === "all" ? request.count : 0);
  const perform = async (): Promise<void> => {
    try {
      setProgress({ done: 0, count });
      const done = await actOn(
        { ...request, before },
        why,
        dialog,
        () => stopped.current,
        (so) => setProgress({ done: so, count }),
      );
      onDone({ act, kept: done.filter((one) => isKept(act, one)), count: done.length });
    } finally {
      setProgress(null);
    }
  };
  const { title, allTitle, seen, matching, effect, action, reason } = words[act];
  return (
    <ConfirmDialog
      opened
      onClose={() => {
        // What is asked for already goes on; nothing more is asked for.
        stopped.current = true;
        onClose();
      }}
      title={t(request.kind === "all" ? allTitle : title, { count })}
      action={t(action)}
      {...(progress !== null ? { dismiss: t(runsTexts.stop) } : act === "cancel" ? { dismiss: t(runsTexts.letGoOn) } : {})}
      mild={act === "again"}
      ready={counts !== undefined && count > 0}
      {...(request.kind === "all" && count > typedFrom ? { typed: String(count) } : {})}
      effect={
        <>
          {request.kind === "all" ? (
            <>
              <p>{t(request.words.length === 0 ? seen : matching)}</p>
              <ul className={classes.list}>
                {request.words.map((filterWords) => (
                  <li key={filterWords}>{filterWords}</li>
                ))}
              </ul>
              <Loaded query={query}>{(found) => <Jobs counts={found} />}</Loaded>
            </>
          ) : (
            <Jobs counts={countsOf(request.runs)} />
          )}
          <p>{t(effect)}</p>
          <TextInput mt="sm" label={t(reason)} value={why} maxLength={500} onChange={(event) => setWhy(event.currentTarget.value)} />
          {progress === null ? null : <p role="status">{t(runsTexts.progress, progress)}</p>}
        </>
      }
      act={perform}
    />
  );
};

export const ActOnRuns = ({
  request,
  onClose,
  onDone,
}: {
  /** Null: nobody asked. */
  readonly request: ActRequest | null;
  readonly onClose: () => void;
  /** It is done; those with which it could not be done stay chosen. */
  readonly onDone: (act: Act, kept: readonly string[]) => void;
}): React.ReactElement | null => {
  const t = useText();
  const [report, setReport] = useState<Report | null>(null);
  if (report !== null) return <KeptRuns {...report} onClose={() => setReport(null)} />;
  if (request === null) return null;
  return (
    <Asking
      request={request}
      onClose={onClose}
      onDone={(told) => {
        const { act, kept, count } = told;
        onDone(
          act,
          kept.map(({ id }) => id),
        );
        if (kept.length > 0) setReport(told);
        if (count > kept.length) notify({ tone: "good", title: t(words[act].done, { count: count - kept.length }) });
      }}
    />
  );
};
