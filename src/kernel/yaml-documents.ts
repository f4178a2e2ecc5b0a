/**
 * YAML as people write it, read strictly (W9): YAML 1.2 core, many documents, bounded in every direction. Values are plain copies without
 * shared parts; objects have no prototype. Problems carry document, line and column and never the text around them (W7).
 * Not here: what the documents mean.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseAllDocuments,
  type Alias,
  type Document,
  type ErrorCode,
  type Node,
  type Pair,
} from "yaml";
import { ProblemError, problem, type Problem } from "#kernel/problem.ts";
import type { ProblemCode } from "#kernel/problem-codes.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";

export interface YamlPosition {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

export interface YamlDocument {
  /** From 1, empty documents counted. */
  readonly index: number;
  readonly value: unknown;
  /** The document's own text, comments included. */
  readonly source: string;
  /** Where the entry at the path stands, or the nearest one above it that exists. */
  locate(path: readonly (string | number)[]): YamlPosition;
}

export const yamlLimits = { bytes: 1024 * 1024, depth: 64, aliases: 50, documents: 500, values: 100_000, pieces: 500_000 } as const;

/**
 * The steps of a problem's path, `controllers.eu.west.permissions[3]` or `…permissions.3`, within the value it is about: field names may hold dots,
 * so the longest field that fits is taken. Ends where the value has nothing of that name.
 */
export const stepsTo = (value: unknown, path: string): readonly (string | number)[] => {
  const steps: (string | number)[] = [];
  let inside = value;
  let rest = path.replaceAll(/\[(\d+)\]/g, ".$1");
  while (rest !== "" && typeof inside === "object" && inside !== null) {
    rest = rest.replace(/^\./, "");
    const fits = (name: string): boolean => rest === name || rest.startsWith(`${name}.`);
    const name = Object.keys(inside)
      .filter(fits)
      .reduce<string | null>((longest, one) => (longest !== null && longest.length >= one.length ? longest : one), null);
    if (name === null) break;
    steps.push(Array.isArray(inside) ? Number(name) : name);
    inside = (inside as Record<string, unknown>)[name];
    rest = rest.slice(name.length);
  }
  return steps;
};

/** Names that mean something to JavaScript's objects; no definition needs them. */
const forbiddenNames = new Set(["__proto__", "constructor", "prototype"]);
// oxlint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u0084\u0086-\u009F\uFFFE\uFFFF]/;
const halfCharacter = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;
const coreTags = new Set(["!", ...["str", "int", "float", "bool", "null", "map", "seq"].map((name) => `tag:yaml.org,2002:${name}`)]);

const syntaxMessages: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_ALIAS: "an alias is malformed",
  BAD_DIRECTIVE: "a directive is not allowed here",
  BAD_DQ_ESCAPE: "a double-quoted text has an invalid escape",
  BAD_INDENT: "the indentation does not fit what is above",
  BAD_PROP_ORDER: "anchors and tags must stand before the value",
  BAD_SCALAR_START: "a plain value cannot start with this character: quote it",
  BLOCK_AS_IMPLICIT_KEY: "a mapping cannot start here: quote a value that contains `: `",
  BLOCK_IN_FLOW: "a block cannot stand inside brackets",
  MISSING_CHAR: "a character is missing here: a closing quote, a bracket, a comma or a colon",
  MULTILINE_IMPLICIT_KEY: "a field name must be on one line",
  MULTIPLE_ANCHORS: "a value can have one anchor only",
  MULTIPLE_DOCS: "documents must be separated by `---`",
  MULTIPLE_TAGS: "a value can have one tag only",
  NON_STRING_KEY: "a field name must be text",
  TAB_AS_INDENT: "a tab cannot indent: use spaces",
  TAG_RESOLVE_FAILED: "tags are not allowed",
  UNEXPECTED_TOKEN: "this is not expected here",
};

const forbidden = (code: ProblemCode, message: string, at: NonNullable<Problem["at"]>): never => {
  throw new ProblemError(problem(code, message, { at }));
};

/** Looks at the pieces of the text before any tree is built: a tree of endless brackets would take the parser's time. */
const checkShape = (text: string, lines: LineCounter): void => {
  let flow = 0;
  let onLine = 0;
  let documents = 1;
  let offset = 0;
  let pieces = 0;
  let aliases = 0;
  let scalar = false;
  const at = (): NonNullable<Problem["at"]> => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  for (const piece of new Lexer().lex(text)) {
    pieces += 1;
    if (pieces > yamlLimits.pieces) forbidden("input.too-large", "the text has too many parts", at());
    if (scalar) scalar = false;
    else if (piece === "\u001F") {
      scalar = true;
      continue;
    } else if (piece === "\u0002" || piece === "\u0018") continue;
    else if (piece === "[" || piece === "{") flow += 1;
    else if (piece === "]" || piece === "}") flow = Math.max(0, flow - 1);
    else if (piece === "-" || piece === "?") onLine += 1;
    else if (piece === "---") documents += 1;
    else if (piece === "\n" || piece === "\r\n") onLine = 0;
    else if (piece.startsWith("*")) aliases += 1;
    if (aliases > yamlLimits.aliases) forbidden("input.too-large", `there are more than ${yamlLimits.aliases} aliases`, at());
    if (flow + onLine > yamlLimits.depth)
      forbidden("input.too-large", `the document is nested deeper than ${yamlLimits.depth} levels`, at());
    if (documents > yamlLimits.documents + 1) forbidden("input.too-large", `there are more than ${yamlLimits.documents} documents`, at());
    offset += piece.length;
  }
};

/** Reads one document's nodes into plain values. */
class DocumentReader {
  readonly #document: Document.Parsed;
  readonly #index: number;
  readonly #lines: LineCounter;
  readonly #anchors = new Map<string, Node>();
  readonly #open = new Set<Node>();
  readonly #budget: { values: number };

  constructor(document: Document.Parsed, index: number, lines: LineCounter, budget: { values: number }) {
    this.#document = document;
    this.#index = index;
    this.#lines = lines;
    this.#budget = budget;
  }

  position(offset: number): YamlPosition {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  #refuse(code: ProblemCode, message: string, node: Node | null | undefined): never {
    return forbidden(code, message, { document: this.#index, ...this.position(node?.range?.[0] ?? this.#document.range[0]) });
  }

  read(): unknown {
    return this.#read(this.#document.contents, 1, false);
  }

  #read(node: Node | null, depth: number, copied: boolean): unknown {
    if (node === null) return null;
    if (depth > yamlLimits.depth) this.#refuse("input.too-large", `the document is nested deeper than ${yamlLimits.depth} levels`, node);
    this.#budget.values -= 1;
    if (this.#budget.values < 0)
      this.#refuse("input.too-large", `there are more than ${yamlLimits.values} values, aliases counted as often as they are used`, node);
    if (isAlias(node)) return this.#readAlias(node, depth);
    if (!copied && "anchor" in node && typeof node.anchor === "string") this.#anchors.set(node.anchor, node);
    if (node.tag !== undefined && !coreTags.has(node.tag)) this.#refuse("input.malformed-yaml", "tags are not allowed", node);
    if (isScalar(node)) return this.#checked(node.value, node);
    this.#open.add(node);
    const value = isMap(node)
      ? this.#readMap(node.items as Pair<Node, Node | null>[], depth, copied)
      : isSeq(node)
        ? node.items.map((item) => this.#read(item as Node | null, depth + 1, copied))
        : null;
    this.#open.delete(node);
    return value;
  }

  #readAlias(alias: Alias, depth: number): unknown {
    const target =
      this.#anchors.get(alias.source) ??
      this.#refuse("input.malformed-yaml", "an alias names an anchor that does not stand before it", alias);
    if (this.#open.has(target)) this.#refuse("input.malformed-yaml", "an alias stands inside what it repeats", alias);
    return this.#read(target, depth, true);
  }

  #readMap(items: readonly Pair<Node, Node | null>[], depth: number, copied: boolean): Record<string, unknown> {
    const value: Record<string, unknown> = Object.create(null);
    for (const { key, value: item } of items) {
      if (!isScalar(key) || (key.tag !== undefined && !coreTags.has(key.tag)))
        this.#refuse("input.malformed-yaml", "a field name must be plain text", key);
      const name =
        key.value === null
          ? this.#refuse("input.malformed-yaml", "a field has no name", key)
          : String(this.#checked(key.source ?? key.value, key));
      if (!copied && typeof key.anchor === "string") this.#anchors.set(key.anchor, key);
      if (forbiddenNames.has(name)) this.#refuse("input.forbidden-name", `the field name \`${name}\` is not allowed`, key);
      if (name === "<<") this.#refuse("input.malformed-yaml", "merge keys are not allowed", key);
      if (name in value) this.#refuse("input.malformed-yaml", "the same field stands here a second time", key);
      value[name] = this.#read(item, depth + 1, copied);
    }
    return value;
  }

  #checked(value: unknown, node: Node): unknown {
    if (typeof value === "string") {
      if (controlCharacter.test(value)) this.#refuse("input.invalid-value", "a text contains a control character", node);
      if (!value.isWellFormed()) this.#refuse("input.invalid-value", "a text contains half of a character", node);
    } else if (typeof value === "number") {
      if (!Number.isFinite(value)) this.#refuse("input.invalid-value", "a number must be finite: quote it if it is text", node);
      if (Number.isInteger(value) && !Number.isSafeInteger(value))
        this.#refuse("input.invalid-value", "an integer is too large to be kept exactly: quote it if it is text", node);
      if (Object.is(value, -0)) return 0;
    } else if (typeof value !== "boolean" && value !== null && value !== undefined)
      this.#refuse("input.malformed-yaml", "a value is of a kind that is not allowed", node);
    return value ?? null;
  }

  locate(path: readonly (string | number)[]): YamlPosition {
    let node: Node | null = this.#document.contents;
    let offset = node?.range?.[0] ?? this.#document.range[0];
    for (const step of path) {
      if (isAlias(node)) node = this.#anchors.get(node.source) ?? null;
      if (isMap(node)) {
        const pair: Pair<Node, Node | null> | undefined = (node.items as Pair<Node, Node | null>[]).find(
          ({ key }) => isScalar(key) && String(key.source ?? key.value) === String(step),
        );
        if (pair === undefined) break;
        offset = pair.key.range?.[0] ?? offset;
        node = pair.value;
      } else if (isSeq(node)) {
        const item = node.items[Number(step)] as Node | null | undefined;
        if (item === undefined) break;
        node = item;
        offset = item?.range?.[0] ?? offset;
      } else break;
    }
    return this.position(offset);
  }
}

/** Bytes in UTF-8, counted by hand: this file runs in browsers too. */
const byteLength = (text: string): number => {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    // Each half of a pair has two of its four bytes.
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return bytes;
};

const readAll = (text: string): readonly YamlDocument[] => {
  if (text.length > yamlLimits.bytes || byteLength(text) > yamlLimits.bytes)
    throw new ProblemError(problem("input.too-large", "the text is larger than 1 MiB", { hint: "apply it in several parts" }));
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines.addNewLine(at + 1);
  const control = controlCharacter.exec(text);
  const wrongAt = control?.index ?? halfCharacter.exec(text)?.index;
  if (wrongAt !== undefined) {
    const { line, col } = lines.linePos(wrongAt);
    forbidden(
      "input.malformed-yaml",
      control === null ? "the text contains half of a character" : "the text contains a control character",
      { line, column: col },
    );
  }
  checkShape(text, lines);
  // `uniqueKeys` of the parser compares each key with each: the reader does it in one pass.
  const parsed = parseAllDocuments(text, {
    version: "1.2",
    schema: "core",
    uniqueKeys: false,
    merge: false,
    strict: true,
    prettyErrors: false,
    customTags: [],
    resolveKnownTags: false,
    logLevel: "silent",
    keepSourceTokens: false,
  });
  const found = "empty" in parsed ? [] : parsed;
  if (found.length > yamlLimits.documents)
    throw new ProblemError(problem("input.too-large", `there are more than ${yamlLimits.documents} documents`));
  const budget = { values: yamlLimits.values };
  const documents: YamlDocument[] = [];
  let start = 0;
  for (const [number, document] of found.entries()) {
    const index = number + 1;
    const reader = new DocumentReader(document, index, lines, budget);
    const wrong = [...document.errors, ...document.warnings].toSorted((left, right) => left.pos[0] - right.pos[0]);
    if (wrong.length > 0) {
      const [firstProblem, ...others] = wrong.map((error) =>
        problem("input.malformed-yaml", syntaxMessages[error.code] ?? "the text is not valid YAML", {
          at: { document: index, ...reader.position(error.pos[0]) },
        }),
      );
      if (firstProblem !== undefined)
        throw new ProblemError({ ...firstProblem, ...(others.length === 0 ? {} : { also: others.slice(0, 19) }) });
    }
    if (document.directives.yaml.explicit === true && document.directives.yaml.version !== "1.2")
      forbidden("input.malformed-yaml", "only YAML 1.2 is read", { document: index, ...reader.position(document.range[0]) });
    // The line that parts it from the one before is nobody's.
    const source = text.slice(start, document.range[2]).replace(/^(?:[ \t]*\r?\n)*---[ \t]*\r?\n/, "");
    start = document.range[2];
    const value = reader.read();
    if (value !== null) documents.push({ index, value, source, locate: (path) => reader.locate(path) });
  }
  return documents;
};

/** Reads a stream of documents; empty ones are left out. */
export const readYamlDocuments = (text: string): Result<readonly YamlDocument[]> => {
  try {
    return ok(readAll(text));
  } catch (error) {
    if (error instanceof ProblemError) return refuse(error.problem);
    // The parser's own recursion met something that no limit named.
    return refuse(problem("input.malformed-yaml", "the text is not valid YAML"));
  }
};
