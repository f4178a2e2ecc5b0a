/** Pieces of schemas that several routes share: ids, paths, pages, instants. */
import { z } from "zod";
import type { IdKind } from "#kernel/ids.ts";
import { problem, ProblemError } from "#kernel/problem.ts";

/** An instant as the API writes it: ISO 8601, UTC, milliseconds. */
export const instant = z.iso.datetime().describe("ISO 8601, UTC");
export const isoOf = (ms: number): string => new Date(ms).toISOString();
export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : isoOf(ms));

export const idOf = (kind: IdKind): z.ZodString => z.string().regex(new RegExp(`^${kind}_[0-9a-hjkmnp-tv-z]{26}$`));

/** Text of one line that people typed: no control characters, bounded. */
export const line = (max: number): z.ZodString =>
  z
    .string()
    .max(max)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u);

/** What somebody looks for in a list: literal text (W9). */
export const searched = line(200).min(1).optional();

/** A query parameter that is a whole number. */
export const count = (min: number, max: number, standard: number): z.ZodDefault<z.ZodCoercedNumber> =>
  z.coerce.number().int().min(min).max(max).default(standard);

export const cursor = z
  .string()
  .max(400)
  .regex(/^[\w-]+$/)
  .optional()
  .describe("`nextCursor` of the page before");

/** A page of a list, its cursor being null on the last one. */
export const pageOf = <T extends z.ZodType>(item: T): z.ZodObject<{ items: z.ZodArray<T>; nextCursor: z.ZodNullable<z.ZodString> }> =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable().describe("null on the last page") });

/** A cursor is opaque: it holds the last item's sort values and no authority; every page is decided anew. */
export const encodeCursor = (values: readonly (string | number)[]): string => Buffer.from(JSON.stringify(values)).toString("base64url");

export const decodeCursor = (text: string | undefined, kinds: readonly ("string" | "number")[]): readonly (string | number)[] | null => {
  if (text === undefined) return null;
  try {
    const values: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    // One store takes no text with NUL, and no list has one.
    const fits = (value: unknown, index: number): boolean => typeof value === kinds[index] && !String(value).includes("\0");
    if (Array.isArray(values) && values.length === kinds.length && values.every(fits)) return values as (string | number)[];
  } catch {
    // falls through: not one of ours
  }
  throw new ProblemError(
    problem("input.invalid-value", "`cursor` is not one that this list gave", {
      at: { path: "cursor" },
      hint: "start again without `cursor`",
    }),
  );
};

/** A page of a list that is in memory anyway: what follows the item that the cursor names. */
export const pageAfter = <T, J>(
  all: readonly T[],
  query: { readonly limit: number; readonly cursor?: string | undefined },
  keyOf: (item: T) => string,
  render: (item: T) => J,
): { items: J[]; nextCursor: string | null } => {
  const after = decodeCursor(query.cursor, ["string"]);
  const from = after === null ? 0 : all.findIndex((item) => keyOf(item) === after[0]) + 1;
  const items = all.slice(from, from + query.limit);
  const last = items.at(-1);
  return {
    items: items.map(render),
    nextCursor: last !== undefined && from + items.length < all.length ? encodeCursor([keyOf(last)]) : null,
  };
};
