/** Asks a person: a line, a secret without echo, or, without a terminal, the next line of standard input. Secrets never come from the command line. */
import { createInterface } from "node:readline";
import { fail } from "#kernel/problem.ts";

const maxPipedBytes = 64 * 1024;
let piped: Promise<string[]> | null = null;

/** The lines of standard input, read once; each question takes the next one. */
const readPiped = async (): Promise<string[]> => {
  let text = "";
  for await (const piece of process.stdin.setEncoding("utf8")) {
    text += String(piece);
    if (text.length > maxPipedBytes) return fail("cli.usage", "standard input holds more than the answers to the questions");
  }
  return text.split("\n").map((line) => line.replace(/\r$/, ""));
};

/** The next line of standard input (a pipe), without its line break; empty when there is none. */
export const readSecretLine = async (): Promise<string> => {
  piped ??= readPiped();
  return (await piped).shift() ?? "";
};

/** Asks on the terminal; `secret` turns the echo off. Without a terminal: the next line of standard input. */
export const ask = (question: string, options: { secret: boolean }): Promise<string> => {
  if (!process.stdin.isTTY) return readSecretLine();
  return new Promise((resolve) => {
    const terminal = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
    if (options.secret) {
      const muted = terminal as unknown as { _writeToOutput: (text: string) => void };
      muted._writeToOutput = (text) => {
        if (text.includes(question)) process.stderr.write(question);
      };
    }
    terminal.on("SIGINT", () => {
      process.stderr.write("\n");
      process.exit(130);
    });
    terminal.question(question, (answer) => {
      terminal.close();
      if (options.secret) process.stderr.write("\n");
      resolve(answer);
    });
  });
};
