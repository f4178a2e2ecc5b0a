/**
 * Ending several runs: those that were chosen, or all under way that match the filter. Each is decided and recorded by itself; what could
 * not be ended is told with its reason.
 */
import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useState } from "react";
import { asProblem } from "#web/api/api-problem.ts";
import { call } from "#web/api/call.ts";
import { ConfirmDialog } from "#web/components/confirm.tsx";
import { notify } from "#web/components/notify.ts";
import { Words } from "#web/components/words.tsx";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { runsTexts } from "#web/i18n/texts/runs.ts";
import { useText } from "#web/i18n/language.ts";
import { runStates } from "#web/pages/runs/route.ts";
import { cancelPermission, type RunsFilter } from "#web/pages/runs/queries.ts";
import type { Run } from "#web/pages/runs/use-runs.ts";
import classes from "#web/pages/runs/runs.module.css";

/** Of more than these the newest are ended; the dialog says so. */
const mostAtOnce = 2000;
const perPage = 200;
const parallel = 4;
/** Of more than so many the number is typed first. */
const typedFrom = 20;
const mostNamed = 10;

/** In the order that runs pass through: one that goes on meanwhile is met again, not missed. */
export const activeStates = runStates.filter((state) => state !== "ended");

/** What is under way and matches, as it is now. */
const runsUnderWay = async (filter: RunsFilter): Promise<readonly Run[]> => {
  const found = new Map<string, Run>();
  for (const state of filter.state === undefined ? activeStates : [filter.state]) {
    let cursor: string | undefined;
    do {
      const page: { readonly items: readonly Run[]; readonly nextCursor: string | null } = await call("GET /api/v1/runs", {
        query: { ...filter, state, may: cancelPermission, limit: perPage, ...(cursor === undefined ? {} : { cursor }) },
      });
      for (const run of page.items) found.set(run.id, run);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined && found.size < mostAtOnce);
  }
  return [...found.values()].slice(0, mostAtOnce);
};

interface Kept {
  readonly run: Run;
  readonly why: string;
}

/** Ends them a few at a time. What may not be ended is not tried: the list has said so. */
const cancelEach = async (runs: readonly Run[], reason: string, onDone: () => void): Promise<readonly Kept[]> => {
  const kept: Kept[] = [];
  const queue = [...runs];
  const worker = async (): Promise<void> => {
    for (let run = queue.shift(); run !== undefined; run = queue.shift()) {
      const hint = run.may?.[cancelPermission];
      if (hint?.effect === "deny") kept.push({ run, why: hint.message });
      else
        try {
          await call("POST /api/v1/runs/{id}/cancel", { path: { id: run.id }, body: { reason } });
        } catch (error) {
          const { code, message } = asProblem(error);
          // Ended by itself in the meantime: what was wanted.
          if (code !== "runs.already-ended") kept.push({ run, why: message });
        }
      onDone();
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return kept;
};

/** What was not ended, by reason. */
const KeptRuns = ({ kept, count, onClose }: { readonly kept: readonly Kept[]; readonly count: number; readonly onClose: () => void }) => {
  const t = useText();
  const reasons = Map.groupBy(kept, ({ why }) => why);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(runsTexts.cancelPartly, { failed: kept.length, count })}
      closeButtonProps={{ "aria-label": t(commonTexts.close) }}
      centered
      size="lg"
    >
      {[...reasons].map(([why, runs]) => (
        <section key={why} className={classes.reason}>
          <p lang="en">
            <Words text={why} />
          </p>
          <ul className={classes.list}>
            {runs.slice(0, mostNamed).map(({ run }) => (
              <li key={run.id}>
                {run.job} · {run.node}
              </li>
            ))}
          </ul>
          {runs.length > mostNamed ? <p>{t(runsTexts.cancelMore, { count: runs.length - mostNamed })}</p> : null}
        </section>
      ))}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t(commonTexts.close)}
        </Button>
      </Group>
    </Modal>
  );
};

/** What is to be ended. */
export type CancelRequest =
  | { readonly kind: "chosen"; readonly runs: readonly Run[] }
  | { readonly kind: "all"; readonly count: number; readonly filter: RunsFilter; readonly words: readonly string[] };

export const CancelRuns = ({
  request,
  onClose,
  onKept,
}: {
  /** Null: nobody asked. */
  readonly request: CancelRequest | null;
  readonly onClose: () => void;
  /** Those that could not be ended stay chosen. */
  readonly onKept: (runs: readonly Run[]) => void;
}): React.ReactElement | null => {
  const t = useText();
  const [reason, setReason] = useState("");
  const [progress, setProgress] = useState<{ readonly done: number; readonly count: number } | null>(null);
  const [report, setReport] = useState<{ readonly kept: readonly Kept[]; readonly count: number } | null>(null);
  if (report !== null) return <KeptRuns {...report} onClose={() => setReport(null)} />;
  if (request === null) return null;
  const count = request.kind === "all" ? request.count : request.runs.length;
  const act = async (): Promise<void> => {
    try {
      const runs = request.kind === "all" ? await runsUnderWay(request.filter) : request.runs;
      let done = 0;
      setProgress({ done, count: runs.length });
      const kept = await cancelEach(runs, reason, () => setProgress({ done: (done += 1), count: runs.length }));
      setReason("");
      onKept(kept.map(({ run }) => run));
      if (kept.length > 0) setReport({ kept, count: runs.length });
      if (runs.length > kept.length) notify({ tone: "good", title: t(runsTexts.cancelDone, { count: runs.length - kept.length }) });
    } finally {
      setProgress(null);
    }
  };
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t(request.kind === "all" ? runsTexts.cancelAllTitle : runsTexts.cancelTitle, { count })}
      action={t(runsTexts.cancelAct)}
      dismiss={t(runsTexts.letGoOn)}
      {...(request.kind === "all" && count > typedFrom ? { typed: String(count) } : {})}
      effect={
        <>
          {request.kind === "all" ? (
            <>
              <p>{request.words.length === 0 ? t(runsTexts.cancelAllSeen) : t(runsTexts.cancelAllMatching)}</p>
              <ul className={classes.list}>
                {request.words.map((words) => (
                  <li key={words}>{words}</li>
                ))}
              </ul>
              {count > mostAtOnce ? <p>{t(runsTexts.cancelNewest, { count: mostAtOnce })}</p> : null}
            </>
          ) : (
            <>
              <ul className={classes.list}>
                {request.runs.slice(0, mostNamed).map((run) => (
                  <li key={run.id}>
                    {run.job} · {run.node}
                  </li>
                ))}
              </ul>
              {count > mostNamed ? <p>{t(runsTexts.cancelMore, { count: count - mostNamed })}</p> : null}
            </>
          )}
          <p>{t(runsTexts.cancelEffect)}</p>
          <TextInput
            mt="sm"
            label={t(runsTexts.keep)}
            value={reason}
            maxLength={500}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          {progress === null ? null : <p role="status">{t(runsTexts.cancelProgress, progress)}</p>}
        </>
      }
      act={act}
    />
  );
};
