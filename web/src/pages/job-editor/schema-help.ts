/**
 * Help while a definition is typed, from its JSON schema: which fields may stand where the cursor is, which values a field takes, and what it
 * means. Reads the text by its indentation, so that it helps while the text is not yet whole. Pure.
 */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
}

export interface TextPlace {
  /** Names of the maps above the cursor. `-`: an entry of a list. */
  readonly path: readonly string[];
  /** A name is being typed, or the value of this name. */
  readonly key: string | null;
  /** Where what is being typed begins. */
  readonly from: number;
}

const indentOf = (line: string): number => line.length - line.trimStart().length;

/** Where the position is. */
export const placeAt = (text: string, position: number): TextPlace => {
  const before = text.slice(0, position);
  const lineBegin = before.lastIndexOf("\n") + 1;
  const line = before.slice(lineBegin);
  const bare = line.replace(/^\s*(?:- +)*/, "");
  const path: string[] = [];
  let indent = line.length - bare.length;
  if (/^\s*- /.test(line)) path.unshift("-");
  let own = indentOf(line);
  const lines = text.slice(0, lineBegin).split("\n").slice(0, -1);
  let limit = path.length > 0 ? own + 1 : indent;
  for (let at = lines.length - 1; at >= 0 && limit > 0; at -= 1) {
    const above = lines[at] ?? "";
    if (above.trim() === "" || above.trim().startsWith("#")) continue;
    own = indentOf(above);
    const item = /^\s*- /.test(above);
    const name = /^\s*(?:- +)*([\w.-]+):/.exec(above)?.[1];
    const nameIndent = above.length - above.replace(/^\s*(?:- +)*/, "").length;
    if (nameIndent < limit && name !== undefined && !(item && nameIndent >= limit)) {
      path.unshift(name);
      limit = nameIndent;
    }
    if (item && own < limit && limit > own) {
      path.unshift("-");
      limit = own + 1;
      indent = own;
    }
  }
  const value = /^([\w.-]+):\s+(\S*)$/.exec(bare) ?? /^([\w.-]+):\s*()$/.exec(bare);
  if (value !== null) return { path, key: value[1] ?? null, from: position - (value[2] ?? "").length };
  const flow = /[{,]\s*([\w.-]*)$/.exec(bare);
  const inside = /^([\w.-]+):\s*[{[]/.exec(bare)?.[1];
  if (flow !== null && inside !== undefined) return { path: [...path, inside], key: null, from: position - (flow[1] ?? "").length };
  return { path, key: null, from: position - (/[\w.-]*$/.exec(bare)?.[0].length ?? 0) };
};

/** Every schema that may hold at a place: of alternatives all. */
const alternatives = (schema: JsonSchema): readonly JsonSchema[] =>
  schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(alternatives);

const below = (schema: JsonSchema, step: string): readonly JsonSchema[] =>
  alternatives(schema).flatMap((one) => {
    if (step === "-") return one.items === undefined ? [] : [one.items];
    const found = one.properties?.[step];
    if (found !== undefined) return [found];
    return typeof one.additionalProperties === "object" ? [one.additionalProperties] : [];
  });

export const schemasAt = (schema: JsonSchema, path: readonly string[]): readonly JsonSchema[] =>
  path.reduce<readonly JsonSchema[]>((now, step) => now.flatMap((one) => below(one, step)), [schema]).flatMap(alternatives);

export interface Offer {
  readonly label: string;
  readonly detail: string;
  readonly isField: boolean;
}

/** What may be typed at a place. */
export const offersAt = (schema: JsonSchema, place: TextPlace): readonly Offer[] => {
  const offers = new Map<string, Offer>();
  if (place.key === null) {
    for (const one of schemasAt(schema, place.path))
      for (const [name, field] of Object.entries(one.properties ?? {}))
        offers.set(name, { label: name, detail: field.description ?? "", isField: true });
    return [...offers.values()];
  }
  for (const one of schemasAt(schema, [...place.path, place.key])) {
    const values = one.enum ?? (one.const === undefined ? (one.type === "boolean" ? [true, false] : []) : [one.const]);
    for (const value of values) offers.set(String(value), { label: String(value), detail: "", isField: false });
  }
  return [...offers.values()];
};

/** What the field means, for whoever points at it; null: nothing is known. */
export const meaningAt = (schema: JsonSchema, text: string, position: number): string | null => {
  const begin = text.lastIndexOf("\n", position - 1) + 1;
  const end = text.indexOf("\n", position) === -1 ? text.length : text.indexOf("\n", position);
  const line = text.slice(begin, end);
  const name = /^\s*(?:- +)*([\w.-]+):/.exec(line);
  if (name === null || position - begin > name[0].length) return null;
  const { path } = placeAt(text, begin + name[0].length - 1 - (name[1] ?? "").length);
  const field = name[1] ?? "";
  const [found] = path
    .reduce<readonly JsonSchema[]>((now, step) => now.flatMap((one) => below(one, step)), [schema])
    .flatMap((one) => below(one, field));
  return found?.description ?? null;
};
