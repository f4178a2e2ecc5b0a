/** `behalf explain`: the chain of a run, the answer to "may A do P on PATH", or everyone who may, in plain words. */
import type { Because } from "#kernel/problem.ts";
import type { VerdictRecord } from "#proof/launch-order.ts";
import { fail, ProblemError } from "#kernel/problem.ts";
import { readYamlDocuments } from "#kernel/yaml-documents.ts";
import type { ApiClient } from "#cli/api-client.ts";
import { readInput } from "#cli/apply.ts";
import type { AddCommand } from "#cli/command.ts";
import { ExitCode } from "#cli/exit-code.ts";
import { plainText, type Output } from "#cli/output.ts";
import { printWhoCan } from "#cli/who-can.ts";

interface RunExplanation {
  readonly run: string;
  readonly job: string;
  readonly node: string;
  readonly result: string | null;
  readonly sentence: string;
  readonly verdicts: readonly (VerdictRecord & { readonly unsigned?: true })[];
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
  readonly change: {
    readonly text: string;
    readonly needs: string;
    readonly byWhom: { readonly accounts: readonly { readonly name: string }[]; readonly more: boolean } | null;
  };
}

interface Options {
  readonly actor?: string;
  readonly permission?: string;
  readonly on?: string;
  readonly controller?: string;
  readonly file?: string;
  readonly whoCan?: string;
  readonly limit?: string;
}

/** What the API takes in one call. */
const mostQuestions = 100;

const labels: Readonly<Record<VerdictRecord["part"], string>> = { who: "who", may: "may", where: "where", "as-whom": "as whom" };

const printTree = (output: Output, because: Because, depth: number): void => {
  const source = because.facts?.["source"];
  const written = typeof source === "string" ? ` (${source})` : "";
  output.print(`${"  ".repeat(depth)}${plainText(because.text + written)} ${output.paint("dim", because.rule)}`);
  for (const child of because.children ?? []) printTree(output, child, depth + 1);
};

const headline = (output: Output, { question, effect }: PermissionExplanation): string => {
  const place = (question.on === null ? "" : ` on ${question.on}`) + (question.controller === null ? "" : ` of ${question.controller}`);
  const word = effect === "permit" ? output.paint("green", "permitted") : output.paint("red", "denied");
  return `${word}: ${plainText(`${question.actor} ${question.permission}${place}`)}`;
};

const printExplanation = (output: Output, answer: PermissionExplanation): void => {
  output.print(headline(output, answer));
  printTree(output, answer.because, 1);
  if (answer.hint !== null) output.print(`  hint: ${plainText(answer.hint)}`);
  const { byWhom } = answer.change;
  if (byWhom === null) return;
  const names = [...byWhom.accounts.map(({ name }) => name), ...(byWhom.more ? ["…"] : [])].join(", ");
  output.print(`  who can change it: ${plainText(names === "" ? `nobody holds ${answer.change.needs}` : names)}`);
};

/** Where a node's table refused: who holds the role that was missing, as far as the caller may know. */
const printAdmitted = async (api: ApiClient, output: Output, { facts }: VerdictRecord): Promise<void> => {
  const { node, requires } = facts ?? {};
  if (typeof node !== "string" || typeof requires !== "string") return;
  const path = `/api/v1/nodes/${encodeURIComponent(node)}/table?role=${encodeURIComponent(requires)}`;
  let table: { entries: { subject: string; name: string | null }[]; total: number; isCut: boolean; reported: boolean };
  try {
    table = await api.call("GET", path);
  } catch (error) {
    // Nodes are not for everybody's eyes, and a node may be gone.
    if (error instanceof ProblemError) return;
    throw error;
  }
  if (!table.reported) return;
  const unnamed = table.total - table.entries.length;
  const names = [
    ...table.entries.map(({ subject, name }) => name ?? subject),
    ...(unnamed > 0 ? [`${unnamed} that you may not see`] : []),
    ...(table.isCut ? ["…"] : []),
  ];
  output.print(`  who can, by the table of ${plainText(node)}: ${plainText(names.join(", ") || "nobody")}`);
};

const explainRun = async (api: ApiClient, output: Output, id: string): Promise<void> => {
  const chain = await api.call<RunExplanation>("GET", `/api/v1/runs/${encodeURIComponent(id)}/explain`);
  if (output.json) return output.printJson(chain);
  output.print(output.paint("bold", plainText(chain.sentence)));
  for (const verdict of chain.verdicts) {
    const mark = verdict.effect === "permit" ? output.paint("green", "✔") : output.paint("red", "✘");
    output.print(`  ${mark} ${labels[verdict.part].padEnd(8)} ${plainText(verdict.text)}  ${output.paint("dim", verdict.rule)}`);
    if (verdict.part === "where" && verdict.effect === "deny") await printAdmitted(api, output, verdict);
  }
  if (chain.verdicts.some(({ unsigned }) => unsigned === true))
    output.print(output.paint("dim", "  where and as whom are what the node says: its signed receipt comes when the run has ended"));
};

/** The questions of a file: each document one question, or a list of them. */
const readQuestions = (text: string): object[] => {
  const documents = readYamlDocuments(text);
  if (!documents.ok) throw new ProblemError(documents.problem);
  const questions = documents.value.flatMap(({ value }) => (Array.isArray(value) ? (value as unknown[]) : [value]));
  if (questions.length === 0 || questions.some((one) => typeof one !== "object" || one === null))
    fail("cli.usage", "the file holds no questions", {
      hint: "write each as `{ actor: anna, permission: controller:runs:create, on: /finance/close, controller: main }`",
    });
  return questions as object[];
};

const explainAll = async (api: ApiClient, output: Output, questions: readonly object[]): Promise<readonly PermissionExplanation[]> => {
  const items: PermissionExplanation[] = [];
  for (let from = 0; from < questions.length; from += mostQuestions) {
    const body = { questions: questions.slice(from, from + mostQuestions) };
    items.push(...(await api.call<{ items: PermissionExplanation[] }>("POST", "/api/v1/explain", body)).items);
  }
  if (output.json) output.printJson({ items });
  else
    for (const item of items) {
      output.print(headline(output, item));
      output.print(`  ${plainText(item.because.text)} ${output.paint("dim", item.because.rule)}`);
      if (item.hint !== null) output.print(`  hint: ${plainText(item.hint)}`);
    }
  return items;
};

export const addExplainCommand: AddCommand = (program, act) => {
  program
    .command("explain")
    .description(
      "why a run was allowed or refused, whether an actor may do something, or who may\n  behalf explain run RUN\n  behalf explain --actor ACTOR --permission PERMISSION --on PATH\n  behalf explain --who-can PERMISSION --on PATH",
    )
    .argument("[what]", "`run`")
    .argument("[id]", "run id")
    .option("--actor <id>", "account name or access ID; without it: yourself")
    .option("--permission <permission>", "a permission, e.g. controller:runs:create")
    .option("--who-can <permission>", "every account that may, instead of one actor")
    .option("--on <path>", "folder or object path")
    .option("--controller <name>", "controller asked about")
    .option("--limit <n>", "with --who-can: how many are shown (100)")
    .option("-f, --file <file>", "many questions as YAML, each with actor, permission, on and controller; `-` for standard input")
    .action(
      act(async ({ api, output }, what: string | undefined, id: string | undefined, options: Options) => {
        if (what !== undefined) {
          if (what !== "run" || id === undefined)
            fail("cli.usage", "explain what?", { hint: "behalf explain run RUN, or behalf explain --actor A --permission P --on PATH" });
          return explainRun(api(), output, id ?? "");
        }
        const { file, whoCan, limit, ...question } = options;
        if (whoCan !== undefined) {
          if (file !== undefined || question.actor !== undefined || question.permission !== undefined)
            fail("cli.usage", "`--who-can` asks about everybody, with the permission behind it", {
              hint: "behalf explain --who-can controller:runs:create --on /finance/close-books",
            });
          return printWhoCan(api(), output, { ...question, whoCan, ...(limit === undefined ? {} : { limit }) });
        }
        if (file !== undefined) {
          const answers = await explainAll(api(), output, readQuestions(await readInput(file)));
          if (answers.some((answer) => answer.effect === "deny")) throw new ExitCode(3);
          return;
        }
        if (question.permission === undefined)
          fail("cli.usage", "which permission?", {
            hint: "behalf explain --actor ACTOR --permission controller:runs:create --on /finance",
          });
        const answer = await api().call<PermissionExplanation>("POST", "/api/v1/explain", question);
        if (output.json) output.printJson(answer);
        else printExplanation(output, answer);
        if (answer.effect === "deny") throw new ExitCode(3);
      }),
    );
};
