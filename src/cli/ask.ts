/** Asks a person: a line, a secret without echo, or a secret from standard input. Secrets never come from the command line. */
import { createInterface } from "node:readline";
import { fail } from "#kernel/problem.ts";

/** The first line of standard input (a pipe), without its line break. */
export const readSecretLine = async (): Promise<string> => {
  let text = "";
  for await (const piece of process.stdin) {
    text += String(piece);
    if (text.includes("\n")) break;
    if (text.length > 16_384) return fail("cli.usage", "standard input holds more than one secret");
  }
  process.stdin.destroy();
  return (text.split("\n")[0] ?? "").replace(/\r$/, "");
};

/** Asks on the terminal; `secret` turns the echo off. Without a terminal: the first line of standard input. */
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
