/** The few words in which the two stores' table definitions differ. */
export interface SqlDialect {
  readonly kind: "sqlite" | "postgres";
  /** Text that compares bytewise. */
  readonly text: string;
  /** 64 bits. */
  readonly integer: string;
  /** What ends a `create table`. */
  readonly tableEnd: string;
}

export const dialects: Readonly<Record<"sqlite" | "postgres", SqlDialect>> = {
  // Strict: SQLite would otherwise keep any value in any column.
  sqlite: { kind: "sqlite", text: "text", integer: "integer", tableEnd: " strict" },
  postgres: { kind: "postgres", text: 'text collate "C"', integer: "bigint", tableEnd: "" },
};
