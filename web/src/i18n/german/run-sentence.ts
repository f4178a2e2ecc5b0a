/** A whole run in one sentence. */
import type { ToldRun } from "#web/i18n/told.ts";

const waiting = { queued: "wartet auf", offered: "ist angeboten dem", accepted: "ist angenommen von" } as const;

/** `why`: the German reason of a refusal; empty: none is known. */
export const runSentence = (run: ToldRun, why: string): string => {
  const behalf = `im Auftrag von ${run.submitter.name}`;
  const as = run.runAs === null ? "" : ` als ${run.runAs}`;
  const because = why === "" ? "" : `: ${why}`;
  switch (run.result) {
    case null:
      return run.state === "running"
        ? `${run.job} läuft auf ${run.node}${as} ${behalf}`
        : run.state === "ended"
          ? `${run.job} ist beendet auf ${run.node} ${behalf}`
          : `${run.job} ${waiting[run.state]} Knoten ${run.node} ${behalf}`;
    case "refused":
      return `${run.job} wurde auf ${run.node} ${behalf} abgelehnt${because}`;
    case "cancelled":
      return `${run.job} wurde auf ${run.node}${as} ${behalf} abgebrochen`;
    case "timed-out":
      return `${run.job} lief auf ${run.node}${as} ${behalf} und überschritt seine Zeit`;
    case "unknown":
      return `${run.job} wurde auf ${run.node} ${behalf} gestartet, und sein Ende ließ sich nicht feststellen`;
    case "failed":
      return `${run.job} lief auf ${run.node}${as} ${behalf} und schlug fehl${run.exitCode === null ? because : ` mit Exitcode ${run.exitCode}`}`;
    case "succeeded":
      return `${run.job} lief auf ${run.node}${as} ${behalf} und war erfolgreich`;
  }
};
