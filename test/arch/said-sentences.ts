/** What the sources say when they refuse: the literal messages and hints of every `problem(…)` and `fail(…)`, without their values. */
import { readFileSync } from "node:fs";
import { isNode, parse, walk, type SyntaxNode } from "#test/arch/syntax.ts";

const node = (value: unknown): SyntaxNode | null => (isNode(value) ? value : null);
const nodes = (value: unknown): readonly SyntaxNode[] => (Array.isArray(value) ? value.filter(isNode) : []);

/** Stands for a part that only the running program knows and that is in no backticks. */
export const unknownPart = "\u0001";

/** The texts that an expression may come to; a value in backticks is empty, any other unknown part is `unknownPart`. */
const textsOf = (expression: SyntaxNode | null): readonly string[] => {
  switch (expression?.type) {
    case "Literal":
      return typeof expression["value"] === "string" ? [expression["value"]] : [unknownPart];
    case "ConditionalExpression":
      return [...textsOf(node(expression["consequent"])), ...textsOf(node(expression["alternate"]))];
    case "TemplateLiteral": {
      const quasis = nodes(expression["quasis"]).map((quasi) => String((quasi["value"] as { cooked?: string }).cooked ?? ""));
      let texts: readonly string[] = [quasis[0] ?? ""];
      for (const [index, part] of nodes(expression["expressions"]).entries()) {
        const isQuoted = (texts[0] ?? "").split("`").length % 2 === 0;
        const values = isQuoted ? [""] : textsOf(part);
        texts = texts.flatMap((text) => values.map((value) => `${text}${value}${quasis[index + 1] ?? ""}`));
      }
      return texts;
    }
    default:
      return [unknownPart];
  }
};

export interface Said {
  readonly file: string;
  readonly code: string;
  readonly kind: "message" | "hint";
  readonly text: string;
}

const propertyOf = (object: SyntaxNode | null, name: string): readonly SyntaxNode[] => {
  if (object === null) return [];
  return [...walk(object)]
    .filter((one) => one.type === "Property" && (one["key"] as SyntaxNode)["name"] === name)
    .flatMap((one) => node(one["value"]) ?? []);
};

/** Who says something, and which of its arguments that is; hints stand in an object, or after the message. */
const speakers: Readonly<Record<string, number>> = {
  problem: 1,
  fail: 1,
  notice: 1,
  note: 2,
  toConfirm: 1,
  invalid: 1,
  malformed: 1,
  forbidden: 1,
  bad: 1,
  unusable: 1,
  refine: 1,
  wrong: 0,
  add: 2,
  failed: 3,
};

/** `problem`, or the last part of `z.string().refine`. */
const nameOf = (callee: SyntaxNode): string => String(callee["name"] ?? node(callee["property"])?.["name"]);

/** Whatever a file says in its own words. */
export const saidIn = (file: string, path: string): readonly Said[] => {
  const said: Said[] = [];
  for (const call of walk(parse(path, readFileSync(path, "utf8")))) {
    // What is wrong with the record: `{ kind, text }`.
    if (call.type === "ObjectExpression" && file.startsWith("src/audit/"))
      for (const found of nodes(call["properties"]).filter((one) => (one["key"] as SyntaxNode | undefined)?.["name"] === "text"))
        for (const text of textsOf(node(found["value"]))) said.push({ file, code: "", kind: "message", text });
    const at = call.type === "CallExpression" ? speakers[nameOf(call["callee"] as SyntaxNode)] : undefined;
    if (at === undefined) continue;
    const given = nodes(call["arguments"]);
    const options = given[at + 1] ?? null;
    const code =
      given
        .slice(0, at)
        .map(({ value }) => String(value))
        .find((value) => /^[a-z-]+\.[a-z-]+$/.test(value)) ?? "";
    for (const text of textsOf(given[at] ?? null)) said.push({ file, code, kind: "message", text });
    const hints = options?.type === "ObjectExpression" ? propertyOf(options, "hint") : options === null ? [] : [options];
    for (const hint of hints) for (const text of textsOf(hint)) said.push({ file, code, kind: "hint", text });
  }
  return said.filter(({ text }) => text !== unknownPart);
};
