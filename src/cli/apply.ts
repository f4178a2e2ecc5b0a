/** `behalf apply -f FILE…`: definitions from YAML, all or nothing. */
import { readFileSync } from "node:fs";
import { fail } from "#kernel/problem.ts";
import type { AddCommand } from "#cli/command.ts";
import { renderTable } from "#cli/output.ts";

interface ApplyAnswer {
  readonly results: readonly {
    readonly kind: string;
    readonly name: string;
    readonly change: string;
    readonly revision: number | null;
    readonly notices: readonly string[];
    readonly oneTimePassword: string | null;
  }[];
  readonly notices: readonly { readonly text: string }[];
}

const maxStandardInputBytes = 1024 * 1024;

export const readStandardInput = async (): Promise<string> => {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of process.stdin) {
    bytes += (piece as Buffer).length;
    if (bytes > maxStandardInputBytes) fail("input.too-large", "standard input holds more than 1 MiB");
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces).toString("utf8");
};

/** The text of a file, or of standard input for `-`. */
export const readInput = async (path: string): Promise<string> => {
  if (path === "-") return readStandardInput();
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return fail("cli.unreadable-file", `the file \`${path}\` cannot be read`, { cause: error });
  }
};

const between = "\n---\n";
const linesIn = (text: string): number => text.split("\n").length - 1;

/** The documents of several files as one text, and where each file begins in it. */
export const joinFiles = async (
  paths: readonly string[],
): Promise<{ readonly documents: string; readonly files: readonly { readonly name: string; readonly line: number }[] }> => {
  const texts: string[] = [];
  const files: { name: string; line: number }[] = [];
  let line = 1;
  for (const path of paths) {
    const text = await readInput(path);
    texts.push(text);
    files.push({ name: path === "-" ? "standard input" : path.slice(-500), line });
    line += linesIn(text) + linesIn(between);
  }
  return { documents: texts.join(between), files };
};

const collect = (value: string, before: string[]): string[] => [...before, value];

export const addApplyCommand: AddCommand = (program, act) => {
  program
    .command("apply")
    .description("create or change what YAML documents define; all of them or none")
    .requiredOption("-f, --file <file>", "a file of YAML documents, `-` for standard input; may be given several times", collect, [])
    .option("--confirm", "go on although a change takes or widens access in a way that was asked back about")
    .option("--dry-run", "check everything and say what would change, but change nothing")
    .action(
      act(async ({ api, output }, options: { file: string[]; dryRun?: boolean; confirm?: boolean }) => {
        const answer = await api().call<ApplyAnswer>("POST", "/api/v1/definitions", {
          ...(await joinFiles(options.file)),
          dryRun: options.dryRun === true,
          confirm: options.confirm === true,
        });
        if (output.json) return output.printJson(answer);
        output.print(
          renderTable(
            output,
            ["kind", "name", "change", "revision"],
            answer.results.map((one) => [
              one.kind,
              one.name,
              options.dryRun === true ? `would be ${one.change}` : one.change,
              String(one.revision ?? "-"),
            ]),
            "no documents",
          ),
        );
        for (const one of answer.results) {
          if (one.oneTimePassword !== null)
            output.print(`one-time password of ${one.name}: ${output.paint("bold", one.oneTimePassword)}   shown only now`);
        }
        for (const one of answer.results)
          for (const notice of one.notices) output.note(`${output.paint("yellow", "note")}: ${one.name}: ${notice}`);
        for (const { text } of answer.notices) output.note(`${output.paint("yellow", "note")}: ${text}`);
      }),
    );
};
