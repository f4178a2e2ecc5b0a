/** `behalf runs list|count|show|log|cancel|again`. */
import type { Command } from "commander";
import { fail } from "#kernel/problem.ts";
import { pipeline } from "node:stream/promises";
import type { AddCommand } from "#cli/command.ts";
import { ExitCode } from "#cli/exit-code.ts";
import { followLog } from "#cli/follow-log.ts";
import { actOnRuns, chosenRuns, type RunCounts } from "#cli/many-runs.ts";
import { plainText, renderTable, renderTime, terminalText } from "#cli/output.ts";
import { describeResult, waitForRun, type RunView } from "#cli/run-view.ts";
import { Transform } from "node:stream";

interface RunPage {
  readonly items: readonly RunView[];
  readonly nextCursor: string | null;
}

const forTerminal = (): Transform => {
  const text = terminalText();
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, text.write(chunk));
    },
    flush(done) {
      done(null, text.end());
    },
  });
};

const filters = ["search", "job", "folder", "state", "result", "node"] as const;

const withFilters = (command: Command): Command =>
  command
    .option("--search <text>", "only where job, node, people, account, comment or id contain this text")
    .option("--job <path>", "only of this job")
    .option("--folder <path>", "only of jobs in this folder or below")
    .option("--state <state>", "queued, offered, accepted, running or ended; active: any but ended")
    .option("--result <result>", "succeeded, failed, timed-out, cancelled, refused or unknown; several are separated by commas")
    .option("--node <name>", "only on this node");

/** What says which runs an act is about. */
interface ChoiceOptions extends Readonly<Partial<Record<(typeof filters)[number], string>>> {
  readonly all?: boolean;
  readonly confirm?: boolean;
}
const withChoice = (command: Command): Command =>
  withFilters(command)
    .option("--all", "all that you may see, where nothing else is said")
    .option("--confirm", "do it to all that the filter finds; without it you are told how many they are");

const queryOf = (options: object, names: readonly string[]): URLSearchParams => {
  const query = new URLSearchParams();
  for (const name of names) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (typeof value === "string") query.set(name === "search" ? "q" : name, value);
  }
  return query;
};

export const addRunsCommands: AddCommand = (program, act) => {
  const runs = program.command("runs").description("what ran, runs and waits");

  withFilters(runs.command("list").description("runs, newest first"))
    .option("--limit <n>", "at most so many", "20")
    .option("--cursor <cursor>", "go on where an earlier answer ended")
    .action(
      act(async ({ api, output }, options: Record<string, string | undefined>) => {
        const query = queryOf(options, [...filters, "limit", "cursor"]);
        const page = await api().call<RunPage>("GET", `/api/v1/runs?${query.toString()}`);
        if (output.json) return output.printJson(page);
        const colour = (run: RunView): string => run.result ?? run.state;
        output.print(
          renderTable(
            output,
            ["run", "job", "node", "result", "run as", "submitter", "queued"],
            page.items.map((run) => [
              run.id,
              run.job,
              run.node,
              colour(run),
              run.runAs ?? "-",
              run.submitter.name,
              renderTime(run.queuedAt),
            ]),
            "no runs",
          ),
        );
        if (page.nextCursor !== null) output.note(output.paint("dim", `more: --cursor ${page.nextCursor}`));
      }),
    );

  withFilters(runs.command("count").description("how many of the runs that you may see are in which state, and ended how")).action(
    act(async ({ api, output }, options: Record<string, string | undefined>) => {
      const counts = await api().call<RunCounts>("GET", `/api/v1/runs/counts?${queryOf(options, filters).toString()}`);
      if (output.json) return output.printJson(counts);
      const rows = Object.entries({ ...counts.states, ...counts.results }).filter(([, runs]) => runs > 0);
      output.print(
        renderTable(
          output,
          ["state or result", "runs"],
          [...rows.map(([name, many]) => [name, String(many)]), ["total", String(counts.total)]],
          "",
        ),
      );
    }),
  );

  runs
    .command("show")
    .description("one run: who, may, where, as whom, and how it ended")
    .argument("<run>", "run id")
    .action(
      act(async ({ api, output }, id: string) => {
        const run = await api().call<RunView>("GET", `/api/v1/runs/${encodeURIComponent(id)}`);
        if (output.json) return output.printJson(run);
        const line = (label: string, value: string): void => output.print(`  ${output.paint("dim", label.padEnd(11))} ${plainText(value)}`);
        output.print(output.paint("bold", `${run.id}  ${plainText(run.job)} (revision ${run.jobRevision})`));
        line("state", run.state);
        line("submitter", `${run.submitter.name} (${run.submitter.accessId})`);
        if (run.actor.accessId !== run.submitter.accessId) line("actor", `${run.actor.name} (${run.actor.accessId})`);
        line("node", run.node);
        line("run as", run.runAs ?? "-");
        line("queued", renderTime(run.queuedAt));
        line("started", renderTime(run.startedAt));
        line("ended", renderTime(run.endedAt));
        line("output", `${run.logBytes} bytes${run.outcome?.output.truncated === true ? ", truncated" : ""}`);
        if (run.state === "ended") output.print(`  ${describeResult(output, run)}`);
        output.print(output.paint("dim", `  the whole chain: behalf explain run ${run.id}`));
      }),
    );

  runs
    .command("log")
    .description("a run's output")
    .argument("<run>", "run id")
    .option("-f, --follow", "go on showing what is written until the run has ended")
    .option("--stream <name>", "only stdout or only stderr")
    .action(
      act(async ({ api, output }, id: string, options: { follow?: boolean; stream?: "stdout" | "stderr" }) => {
        const client = api();
        const run = encodeURIComponent(id);
        if (options.follow === true) {
          await followLog(client, run, { offset: 0, show: options.stream ?? "all" });
          const ended = await waitForRun(client, run, output);
          output.note(describeResult(output, ended));
          return;
        }
        if (output.json) return output.printJson(await client.call("GET", `/api/v1/runs/${run}/log/frames`));
        const answer = await client.open(`/api/v1/runs/${run}/log${options.stream === undefined ? "" : `?stream=${options.stream}`}`);
        await (process.stdout.isTTY
          ? pipeline(answer, forTerminal(), process.stdout, { end: false })
          : pipeline(answer, process.stdout, { end: false }));
      }),
    );

  withChoice(
    runs
      .command("cancel")
      .description("stop runs: a queued one at once, a running one by SIGTERM, its grace time, then SIGKILL")
      .argument("[run...]", "run ids; or those under way that a filter finds"),
  )
    .option("--reason <text>", "why, kept with the run", "")
    .option("-w, --wait", "wait until it has ended; of one run")
    .action(
      act(async ({ api, output }, ids: string[], options: ChoiceOptions & { reason: string; wait?: boolean }) => {
        const client = api();
        const [id] = ids;
        if (id === undefined || ids.length > 1) {
          if (options.wait === true) fail("cli.usage", "`--wait` waits for one run");
          const chosen = chosenRuns(ids, queryOf(options, filters), options, { state: "active" });
          return await actOnRuns(client, output, "cancel", chosen, { reason: options.reason });
        }
        chosenRuns(ids, queryOf(options, filters), options);
        const run = await client.call<RunView>("POST", `/api/v1/runs/${encodeURIComponent(id)}/cancel`, { reason: options.reason });
        const shown = options.wait === true ? await waitForRun(client, id, output) : run;
        if (output.json) output.printJson(shown);
        else output.print(shown.state === "ended" ? describeResult(output, shown) : `${id} is being cancelled`);
        if (options.wait === true && shown.result !== "cancelled") throw new ExitCode(1);
      }),
    );

  withChoice(
    runs
      .command("again")
      .description("submit runs again, with their arguments and for their nodes; decided with today's facts")
      .argument("[run...]", "run ids; or those that a filter finds"),
  )
    .option("--comment <text>", "why, kept with the submissions")
    .action(
      act(async ({ api, output }, ids: string[], options: ChoiceOptions & { comment?: string }) => {
        const more = options.comment === undefined ? {} : { comment: options.comment };
        await actOnRuns(api(), output, "again", chosenRuns(ids, queryOf(options, filters), options), more);
      }),
    );
};
