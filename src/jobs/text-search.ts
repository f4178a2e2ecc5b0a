/**
 * Literal search in columns (W9): what was typed is looked for as it stands, without patterns. The letters A-Z match in either case, in
 * both stores alike.
 */
import { sql, type Expression, type SqlBool } from "kysely";
import { escapeLike } from "#store/escape-like.ts";

const lowerAscii = (text: string): string => text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** Whether any of the texts contains what was typed. */
export const anyContains = (texts: readonly Expression<unknown>[], typed: string): Expression<SqlBool> => {
  const pattern = `%${escapeLike(lowerAscii(typed.normalize("NFC")))}%`;
  return sql<SqlBool>`(${sql.join(
    texts.map((text) => sql<SqlBool>`lower(${text}) like ${pattern} escape '!'`),
    sql` or `,
  )})`;
};
