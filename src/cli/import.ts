/** `behalf import FORMAT FILE`: roles and accounts of another product or instance, all or nothing, with a report of what was not carried over. */
import type { Command } from "commander";
import { readInput } from "#cli/apply.ts";
import type { AddCommand } from "#cli/command.ts";
import { ExitCode } from "#cli/exit-code.ts";
import { renderProblem, renderTable } from "#cli/output.ts";
import { tellNotices } from "#cli/role.ts";
import { fail, type Problem } from "#kernel/problem.ts";

interface ImportAnswer {
  readonly results: readonly {
    readonly kind: string;
    readonly name: string;
    readonly change: string;
    readonly line: number;
    readonly notices: readonly string[];
  }[];
  readonly report: readonly {
    readonly outcome: "changed" | "left";
    readonly item: string;
    readonly text: string;
    readonly line: number;
    readonly hint: string | null;
  }[];
  readonly problems: readonly Problem[];
  readonly notices: readonly { readonly text: string; readonly confirm: boolean }[];
}

interface Options {
  readonly dryRun?: boolean;
  readonly confirm?: boolean;
  readonly existing: string;
  readonly controller?: string[];
}

const collect = (value: string, before: string[]): string[] => [...before, value];

/** `OLD=new-name` pairs. */
const controllersOf = (pairs: readonly string[]): Record<string, string> => {
  const controllers: Record<string, string> = {};
  for (const pair of pairs) {
    const at = pair.lastIndexOf("=");
    if (at <= 0 || at === pair.length - 1)
      fail("cli.usage", `\`${pair}\` does not name two controllers`, { hint: "give it as `--controller OLD=new-name`" });
    controllers[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return controllers;
};

const formats = [
  ["roles", "roles as `behalf role export` and `behalf get roles -o yaml` write them", false],
  ["js7-roles", "roles as JS7 exports them (JSON)", true],
  ["shiro", "users, roles and folders of a `shiro.ini`", true],
] as const;

export const addImportCommands: AddCommand = (program, act) => {
  const command: Command = program
    .command("import")
    .description("bring roles and accounts from elsewhere; all of them or none")
    .addHelpText("after", "\nBegin with --dry-run: it shows what would be made and what would not be carried over, each with its line.");

  for (const [format, sentence, hasControllers] of formats) {
    const sub = command
      .command(format)
      .description(sentence)
      .argument("<file>", "the file, `-` for standard input")
      .option("--dry-run", "say what would be done and what would not be carried over, but change nothing")
      .option("--confirm", "go on although a change takes or widens access in a way that was asked back about")
      .option("--existing <choice>", "what becomes of those that are here and differ: refuse, keep or replace", "refuse");
    if (hasControllers) sub.option("--controller <old=new>", "how a controller of the file is called here; several times", collect, []);
    sub.action(
      act(async ({ api, output }, file: string, options: Options) => {
        if (!["refuse", "keep", "replace"].includes(options.existing))
          fail("cli.usage", `there is no choice \`${options.existing}\``, { hint: "one of: refuse, keep, replace" });
        const dryRun = options.dryRun === true;
        const answer = await api().call<ImportAnswer>("POST", "/api/v1/import", {
          format,
          text: await readInput(file),
          file: file === "-" ? null : file,
          dryRun,
          confirm: options.confirm === true,
          existing: options.existing,
          controllers: controllersOf(options.controller ?? []),
        });
        if (output.json) output.printJson(answer);
        else {
          output.print(
            renderTable(
              output,
              ["line", "kind", "name", "change"],
              answer.results.map((one) => [String(one.line), one.kind, one.name, dryRun ? `would be ${one.change}` : one.change]),
              answer.problems.length === 0 ? "nothing to import" : "nothing would be imported",
            ),
          );
          if (answer.report.length > 0)
            output.print(
              `\n${renderTable(
                output,
                ["line", "", "what", "why"],
                answer.report.map((one) => [
                  String(one.line),
                  one.outcome === "left" ? "left out" : "changed",
                  one.item,
                  one.hint === null ? one.text : `${one.text} (${one.hint})`,
                ]),
                "",
              )}`,
            );
          for (const one of answer.results)
            tellNotices(
              output,
              one.notices.map((text) => ({ text: `${one.name}: ${text}` })),
            );
          tellNotices(
            output,
            answer.notices.map(({ text, confirm }) => ({ text: confirm ? `${text} (to be confirmed)` : text })),
          );
          for (const one of answer.problems) process.stderr.write(`${renderProblem(output, one)}\n`);
        }
        if (answer.problems.length > 0) throw new ExitCode(1);
      }),
    );
  }
};
