/**
 * Where the definitions of roles came from, kept with the revision that a document made: an edit by any other way raises the revision,
 * and what was kept then no longer speaks of the role. Who may be told is asked above.
 */
import type { Reader, Writer } from "#store/store.ts";
import type { SourceEntry } from "#identity/rules/role-source.ts";

export interface RoleSource {
  /** As the command line named it; null: the documents came without a name. */
  readonly file: string | null;
  /** Where the role's document begins in it, from 1. */
  readonly line: number;
  readonly entries: readonly SourceEntry[];
}

/** A kept source, its lines by scope and entry with a space between. */
export interface KeptSource extends Pick<RoleSource, "file" | "line"> {
  readonly lines: ReadonlyMap<string, number>;
}

/** Who wrote the role as it stands, and where its document is, if it came from one. */
export interface RoleOrigin {
  readonly revision: number;
  readonly editedBy: string;
  /** Name of that account; null: not an account, or it is gone. */
  readonly editorName: string | null;
  readonly editedAtMs: number;
  readonly source: KeptSource | null;
}

/** Keeps where the present revision of a role came from. */
export const saveRoleSource = async (tx: Writer, roleId: string, revision: number, source: RoleSource): Promise<void> => {
  const columns = { revision, file: source.file, line: source.line, entries: JSON.stringify(source.entries) };
  await tx
    .insertInto("role_sources")
    .values({ role_id: roleId, ...columns })
    .onConflict((conflict) => conflict.column("role_id").doUpdateSet(columns))
    .execute();
};

const linesOf = (entries: readonly SourceEntry[]): ReadonlyMap<string, number> =>
  new Map(entries.map(({ controller, entry, line }) => [`${controller} ${entry}`, line]));

/** The origins of the roles, by id. */
export const loadRoleOrigins = async (read: Reader, roleIds: readonly string[]): Promise<ReadonlyMap<string, RoleOrigin>> => {
  if (roleIds.length === 0) return new Map();
  const rows = await read
    .selectFrom("roles")
    .leftJoin("role_sources", (join) =>
      join.onRef("role_sources.role_id", "=", "roles.id").onRef("role_sources.revision", "=", "roles.revision"),
    )
    .select(["roles.id", "roles.revision", "roles.updated_by", "roles.updated_at", "role_sources.file", "role_sources.line", "entries"])
    .where("roles.id", "in", roleIds)
    .execute();
  const accountIdOf = (accessId: string): string => accessId.slice(accessId.lastIndexOf("/") + 1);
  const editors = [...new Set(rows.map((row) => accountIdOf(row.updated_by)))];
  const named = await read.selectFrom("accounts").select(["id", "name"]).where("id", "in", editors).execute();
  const names = new Map(named.map(({ id, name }) => [id, name]));
  return new Map(
    rows.map((row) => [
      row.id,
      {
        revision: row.revision,
        editedBy: row.updated_by,
        editorName: names.get(accountIdOf(row.updated_by)) ?? null,
        editedAtMs: row.updated_at,
        source:
          row.line === null || row.entries === null
            ? null
            : { file: row.file, line: row.line, lines: linesOf(JSON.parse(row.entries) as readonly SourceEntry[]) },
      },
    ]),
  );
};
