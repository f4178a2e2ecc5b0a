/**
 * How commands speak: tables and sentences for people, one JSON document with `--json`, colours only on a terminal. Whatever
 * comes from outside (names, messages, job output) loses its control sequences before a terminal sees it (W5).
 */
import { StringDecoder } from "node:string_decoder";
import { problemCodes } from "#kernel/problem-codes.ts";
import type { Because, Problem } from "#kernel/problem.ts";

export interface Output {
  readonly json: boolean;
  readonly colour: boolean;
  /** Whether a person watches: progress lines are shown on stderr. */
  readonly interactive: boolean;
  /** One line (or block) of the answer, on stdout. */
  print(text: string): void;
  /** The machine's answer, on stdout. */
  printJson(value: unknown): void;
  /** A word beside the answer, on stderr; silent with `--json`. */
  note(text: string): void;
  /** A line that replaces itself while something is waited for; only where a person watches. */
  progress(text: string | null): void;
  paint(style: Style, text: string): string;
}

type Style = "bold" | "dim" | "green" | "red" | "yellow" | "blue";
const codes: Readonly<Record<Style, number>> = { bold: 1, dim: 2, green: 32, red: 31, yellow: 33, blue: 34 };

/** Removes escape sequences and control characters but keeps line breaks and tabs. */
export const plainText = (text: string): string =>
  text
    .replace(/\u001B(?:\][^\u0007\u001B]*(?:\u0007|\u001B\\)|[PX^_][^\u001B]*\u001B\\|\[[0-?]*[ -/]*[@-~]|[ -/]*[0-~])/g, "")
    .replace(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, "");

/** A stream's bytes as text for a terminal: whole characters, also of one that comes in two pieces, and no control sequences (W5). */
export interface TerminalText {
  write(bytes: Buffer): string;
  /** What is left of a character that did not come to its end. */
  end(): string;
}

export const terminalText = (): TerminalText => {
  const decoder = new StringDecoder("utf8");
  return { write: (bytes) => plainText(decoder.write(bytes)), end: () => plainText(decoder.end()) };
};

export const createOutput = (options: { json: boolean; noColour: boolean }): Output => {
  const colour =
    !options.json &&
    !options.noColour &&
    process.stdout.isTTY === true &&
    process.env["NO_COLOR"] === undefined &&
    process.env["TERM"] !== "dumb";
  const interactive = !options.json && process.stderr.isTTY === true;
  let progressShown = false;
  const clear = (): void => {
    if (progressShown) process.stderr.write("\r\u001B[K");
    progressShown = false;
  };
  return {
    json: options.json,
    colour,
    interactive,
    print: (text) => {
      clear();
      process.stdout.write(`${text}\n`);
    },
    printJson: (value) => {
      clear();
      process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    note: (text) => {
      clear();
      if (!options.json) process.stderr.write(`${text}\n`);
    },
    progress: (text) => {
      if (!interactive) return;
      clear();
      if (text === null) return;
      process.stderr.write(text.slice(0, Math.max(20, (process.stderr.columns ?? 80) - 1)));
      progressShown = true;
    },
    paint: (style, text) => (colour ? `\u001B[${codes[style]}m${text}\u001B[0m` : text),
  };
};

// Wide characters take two columns; combining ones none. Enough for names in tables.
const columnsOf = (text: string): number => {
  let columns = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (/\p{M}/u.test(character)) continue;
    columns +=
      (point >= 0x1100 && point <= 0x115f) ||
      (point >= 0x2e80 && point <= 0xa4cf) ||
      (point >= 0xac00 && point <= 0xd7a3) ||
      (point >= 0xf900 && point <= 0xfaff) ||
      (point >= 0xff00 && point <= 0xff60) ||
      point >= 0x1f300
        ? 2
        : 1;
  }
  return columns;
};

/** A table with a head; no rows give the sentence `empty`. */
export const renderTable = (output: Output, head: readonly string[], rows: readonly (readonly string[])[], empty: string): string => {
  if (rows.length === 0) return empty;
  const clean = rows.map((row) => row.map((cell) => plainText(cell).replaceAll(/\s*\n\s*/g, " ")));
  const widths = head.map((title, index) => Math.max(columnsOf(title), ...clean.map((row) => columnsOf(row[index] ?? ""))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => cell + " ".repeat(index === cells.length - 1 ? 0 : (widths[index] ?? 0) - columnsOf(cell)))
      .join("  ")
      .trimEnd();
  return [output.paint("dim", line(head.map((title) => title.toUpperCase()))), ...clean.map((row) => line(row))].join("\n");
};

/** Instants for people: local time, to the second. */
export const renderTime = (instant: string | number | null): string => {
  if (instant === null) return "-";
  const date = new Date(instant);
  const pad = (value: number): string => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
};

const renderBecause = (because: Because, depth: number): string[] => [
  `${"  ".repeat(depth)}${depth === 0 ? "because" : "-"} ${plainText(because.text)} (${because.rule})`,
  ...(because.children ?? []).flatMap((child) => renderBecause(child, depth + 1)),
];

/** A problem as text: code and message, where, why, what to do. */
export const renderProblem = (output: Pick<Output, "paint">, shown: Problem): string => {
  const { file, document, line, column, path } = shown.at ?? {};
  const places = [
    ...(file === undefined ? [] : [file]),
    ...(document === undefined ? [] : [`document ${document}`]),
    ...(line === undefined ? [] : [`line ${line}, column ${column ?? 1}`]),
    ...(path === undefined ? [] : [`at \`${path}\``]),
  ];
  const place = places.length === 0 ? "" : ` (${places.join(", ")})`;
  const lines = [`${output.paint("red", shown.code)}: ${plainText(shown.message)}${plainText(place)}`];
  if (shown.because !== undefined) lines.push(...renderBecause(shown.because, 0).map((line) => `  ${line}`));
  lines.push(`  hint: ${plainText(shown.hint)}`);
  for (const further of shown.also ?? [])
    lines.push(
      ...renderProblem(output, further)
        .split("\n")
        .map((line) => `  ${line}`),
    );
  return lines.join("\n");
};

/** The exit code that a problem gives its command. */
export const exitCodeOf = (shown: Problem): number => problemCodes[shown.code].exit;
