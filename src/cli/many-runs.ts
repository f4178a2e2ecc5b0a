/** Acts of `behalf runs` on many runs: those named, or all that a filter finds, page by page; what could not be done is told run by run. */
import type { ApiClient } from "#cli/api-client.ts";
import { ExitCode } from "#cli/exit-code.ts";
import { renderTable, type Output } from "#cli/output.ts";
import { fail } from "#kernel/problem.ts";

/** How many runs a filter finds, by state and result, and of which jobs. */
export interface RunCounts {
  readonly total: number;
  readonly states: Readonly<Record<string, number>>;
  readonly results: Readonly<Record<string, number>>;
  readonly jobs: number;
  readonly mostOf: readonly { readonly job: string; readonly runs: number }[];
}

interface Done {
  readonly run: string;
  readonly job: string | null;
  readonly node: string | null;
  readonly state?: "ended" | "cancelling" | null;
  readonly again?: { readonly submission: string; readonly run: string } | null;
  readonly problem: { readonly code: string; readonly message: string } | null;
}

/** Which are meant: named, or found by a filter. */
export type Chosen =
  | { readonly runs: readonly string[] }
  | { readonly filter: Readonly<Record<string, string>>; readonly confirmed: boolean };

const perPage = 200;
const atOnce = 500;

/** All of a page at a time, with progress where a person watches. */
const actOn = async (
  client: ApiClient,
  output: Output,
  act: "cancel" | "again",
  chosen: Chosen,
  more: object,
  total: number,
): Promise<readonly Done[]> => {
  const done: Done[] = [];
  const ask = async (body: object): Promise<string | null> => {
    const page = await client.call<{ items: Done[]; nextCursor: string | null }>("POST", `/api/v1/runs/${act}`, { ...body, ...more });
    done.push(...page.items);
    output.progress(`${done.length} of ${total}`);
    return page.nextCursor;
  };
  if ("runs" in chosen)
    for (let from = 0; from < chosen.runs.length; from += atOnce) await ask({ runs: chosen.runs.slice(from, from + atOnce) });
  else {
    const { filter } = chosen;
    for (let cursor = await ask({ filter, limit: perPage }); cursor !== null;) cursor = await ask({ filter, limit: perPage, cursor });
  }
  output.progress(null);
  return done;
};

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** Asks what the filter finds; without `--confirm` that is all, and told as what would be done. */
const confirmedCount = async (
  client: ApiClient,
  { filter, confirmed }: Extract<Chosen, { filter: unknown }>,
  verb: string,
): Promise<number> => {
  const { total, jobs, mostOf } = await client.call<RunCounts>("GET", `/api/v1/runs/counts?${new URLSearchParams(filter).toString()}`);
  if (confirmed || total === 0) return total;
  const named = mostOf.slice(0, 3).map(({ job, runs }) => `\`${job}\` (${runs})`);
  if (jobs > named.length) named.push(`${jobs - named.length} more`);
  return fail("cli.usage", `this would ${verb} ${counted(total, "run")} of ${counted(jobs, "job")}: ${named.join(", ")}`, {
    hint: "add `--confirm` to do it, or narrow it; `behalf runs list` with the same options shows them",
  });
};

/** Which runs an act is about: ids, or a filter, which must be given as such. */
export const chosenRuns = (
  ids: readonly string[],
  filter: URLSearchParams,
  options: { readonly all?: boolean; readonly confirm?: boolean },
  /** Of the filter, where it says nothing else. */
  standing: Readonly<Record<string, string>> = {},
): Chosen => {
  if (ids.length > 0) {
    if (filter.size > 0 || options.all === true) fail("cli.usage", "runs are named or found by a filter, not both");
    return { runs: ids };
  }
  if (filter.size === 0 && options.all !== true)
    fail("cli.usage", "which runs?", { hint: "name them, give a filter such as `--job PATH`, or `--all`" });
  // What is queued from now on is not meant.
  return { filter: { ...standing, ...Object.fromEntries(filter), before: new Date().toISOString() }, confirmed: options.confirm === true };
};

/** Does it, tells what was done and what was not; throws `ExitCode` 1 where something was refused. */
export const actOnRuns = async (
  client: ApiClient,
  output: Output,
  act: "cancel" | "again",
  chosen: Chosen,
  more: object,
): Promise<void> => {
  const verb = act === "cancel" ? "cancel" : "run again";
  const total = "runs" in chosen ? chosen.runs.length : await confirmedCount(client, chosen, verb);
  const done = total === 0 ? [] : await actOn(client, output, act, chosen, more, total);
  // Ended by itself in the meantime: what was wanted.
  const refused = done.filter(({ problem }) => problem !== null && (act === "again" || problem.code !== "runs.already-ended"));
  if (output.json) output.printJson({ items: done });
  else {
    if (act === "again" && done.some(({ again }) => again !== null))
      output.print(
        renderTable(
          output,
          ["run again", "as", "job", "node"],
          done.flatMap(({ run, job, node, again }) => (again ? [[run, again.run, job ?? "-", node ?? "-"]] : [])),
          "",
        ),
      );
    if (act === "cancel") {
      const ended = done.filter(({ state }) => state === "ended").length;
      const cancelling = done.filter(({ state }) => state === "cancelling").length;
      output.print(`${counted(ended, "run")} ended at once, ${counted(cancelling, "run")} being cancelled`);
    } else if (done.length === 0) output.print("no runs");
    if (refused.length > 0)
      output.print(
        renderTable(
          output,
          ["not done", "job", "node", "why"],
          refused.map(({ run, job, node, problem }) => [run, job ?? "-", node ?? "-", `${problem?.code ?? ""}: ${problem?.message ?? ""}`]),
          "",
        ),
      );
  }
  if (refused.length > 0) throw new ExitCode(1);
};
