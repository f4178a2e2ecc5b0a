/** `behalf explain`: the chain of a run, or the answer to "may A do P on PATH", in plain words. */
import type { Because } from "#kernel/problem.ts";
import type { VerdictRecord } from "#proof/launch-order.ts";
import { fail } from "#kernel/problem.ts";
import type { AddCommand } from "#cli/command.ts";
import { ExitCode } from "#cli/exit-code.ts";
import { plainText, type Output } from "#cli/output.ts";

interface RunExplanation {
  readonly run: string;
  readonly job: string;
  readonly node: string;
  readonly result: string | null;
  readonly sentence: string;
  readonly verdicts: readonly VerdictRecord[];
}

interface PermissionExplanation {
  readonly question: {
    readonly actor: string;
    readonly permission: string;
    readonly on: string | null;
    readonly controller: string | null;
  };
  readonly effect: "permit" | "deny";
  readonly because: Because;
  readonly hint: string | null;
}

const labels: Readonly<Record<VerdictRecord["part"], string>> = { who: "who", may: "may", where: "where", "as-whom": "as whom" };

const printTree = (output: Output, because: Because, depth: number): void => {
  output.print(`${"  ".repeat(depth)}${plainText(because.text)} ${output.paint("dim", because.rule)}`);
  for (const child of because.children ?? []) printTree(output, child, depth + 1);
};

export const addExplainCommand: AddCommand = (program, act) => {
  program
    .command("explain")
    .description(
      "why a run was allowed or refused, or whether an actor may do something\n  behalf explain run RUN\n  behalf explain --actor ACTOR --permission PERMISSION --on PATH",
    )
    .argument("[what]", "`run`")
    .argument("[id]", "run id")
    .option("--actor <id>", "account name or access ID; without it: yourself")
    .option("--permission <permission>", "a permission, e.g. controller:runs:create")
    .option("--on <path>", "folder or object path")
    .option("--controller <name>", "controller asked about")
    .action(
      act(
        async (
          { api, output },
          what: string | undefined,
          id: string | undefined,
          options: { actor?: string; permission?: string; on?: string; controller?: string },
        ) => {
          if (what !== undefined) {
            if (what !== "run" || id === undefined)
              fail("cli.usage", "explain what?", { hint: "behalf explain run RUN, or behalf explain --actor A --permission P --on PATH" });
            const chain = await api().call<RunExplanation>("GET", `/api/v1/runs/${encodeURIComponent(id ?? "")}/explain`);
            if (output.json) return output.printJson(chain);
            output.print(output.paint("bold", plainText(chain.sentence)));
            for (const verdict of chain.verdicts) {
              const mark = verdict.effect === "permit" ? output.paint("green", "✔") : output.paint("red", "✘");
              output.print(`  ${mark} ${labels[verdict.part].padEnd(8)} ${plainText(verdict.text)}  ${output.paint("dim", verdict.rule)}`);
            }
            return;
          }
          if (options.permission === undefined)
            fail("cli.usage", "which permission?", {
              hint: "behalf explain --actor ACTOR --permission controller:runs:create --on /finance",
            });
          const answer = await api().call<PermissionExplanation>("POST", "/api/v1/explain", {
            permission: options.permission,
            ...(options.actor === undefined ? {} : { actor: options.actor }),
            ...(options.on === undefined ? {} : { on: options.on }),
            ...(options.controller === undefined ? {} : { controller: options.controller }),
          });
          if (output.json) output.printJson(answer);
          else {
            const { question } = answer;
            const place = question.on === null ? "" : ` on ${question.on}`;
            output.print(
              `${answer.effect === "permit" ? output.paint("green", "permitted") : output.paint("red", "denied")}: ${plainText(`${question.actor} ${question.permission}${place}`)}`,
            );
            printTree(output, answer.because, 1);
            if (answer.hint !== null) output.print(`  hint: ${plainText(answer.hint)}`);
          }
          if (answer.effect === "deny") throw new ExitCode(3);
        },
      ),
    );
};
