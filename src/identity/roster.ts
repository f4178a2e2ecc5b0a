/**
 * Everyone who holds roles, with their ids, read once per policy revision and in small pieces: there may be 100,000 accounts, and the embedded
 * store answers on this thread. What does not belong here: who of them may do what (`access/who-can.ts`).
 *
 * SECURITY: as with principals, the revision is looked up for each question and before the facts are read, so a kept roster is
 * never older than its revision says.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { sql } from "kysely";
import type { Role } from "#access/question.ts";
import { accessIdOf, type IdentityContext } from "#identity/identity-context.ts";
import { osServiceName } from "#identity/resolve-principal.ts";
import type { RoleMemory } from "#identity/role-memory.ts";
import type { RoleContent } from "#identity/role-store.ts";

export interface RosterEntry {
  readonly accessId: string;
  readonly name: string;
  /** Accounts stand in the order of service and name, `os:<uid>` after them. */
  readonly place: readonly [rank: number, service: string, nameKey: string];
  readonly service: string;
  readonly disabled: boolean;
  readonly roleIds: readonly string[];
}

export interface Roster {
  readonly entries: readonly RosterEntry[];
  readonly roles: ReadonlyMap<string, Role>;
}

export interface RosterReader {
  /** Whoever holds a role, disabled accounts too. */
  roster(): Promise<Roster>;
}

const rowsAtOnce = 5000;
/** Pages follow each other within seconds; after that the memory is worth more. */
const keptMs = 60_000;

/** As both stores order text: by bytes. */
const compareText = (left: string, right: string): number => (left === right ? 0 : Buffer.compare(Buffer.from(left), Buffer.from(right)));

export const comparePlaces = (left: RosterEntry["place"], right: RosterEntry["place"]): number =>
  left[0] - right[0] || compareText(left[1], right[1]) || compareText(left[2], right[2]);

export const openRosterReader = ({ store, realm, policy }: IdentityContext, memory: RoleMemory): RosterReader => {
  let kept: { readonly revision: number; readonly roster: Promise<Roster> } | null = null;
  let forgetting: NodeJS.Timeout | null = null;

  /** Role ids by access ID; one text for each id, however many hold it. */
  const loadAssignments = async (): Promise<Map<string, string[]>> => {
    const held = new Map<string, string[]>();
    const texts = new Map<string, string>();
    for (let subject = "", roleId = ""; ;) {
      const rows = await store.read
        .selectFrom("role_assignments")
        .select(["subject", "role_id"])
        .where(sql<boolean>`(subject, role_id) > (${subject}, ${roleId})`)
        .orderBy("subject")
        .orderBy("role_id")
        .limit(rowsAtOnce)
        .execute();
      for (const row of rows) {
        const id = texts.get(row.role_id) ?? row.role_id;
        texts.set(id, id);
        const list = held.get(row.subject);
        if (list === undefined) held.set(row.subject, [id]);
        else list.push(id);
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < rowsAtOnce) return held;
      subject = last.subject;
      roleId = last.role_id;
      await nextTurn();
    }
  };

  const loadAccounts = async (held: ReadonlyMap<string, readonly string[]>): Promise<RosterEntry[]> => {
    const entries: RosterEntry[] = [];
    for (let service = "", nameKey = ""; ;) {
      const rows = await store.read
        .selectFrom("accounts")
        .select(["id", "service", "name", "name_key", "disabled"])
        .where(sql<boolean>`(service, name_key) > (${service}, ${nameKey})`)
        .orderBy("service")
        .orderBy("name_key")
        .limit(rowsAtOnce)
        .execute();
      for (const row of rows) {
        const accessId = accessIdOf(realm.name, row.id);
        const roleIds = held.get(accessId);
        if (roleIds === undefined) continue;
        const place = [0, row.service, row.name_key] as const;
        entries.push({ accessId, name: row.name, place, service: row.service, disabled: row.disabled !== 0, roleIds });
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < rowsAtOnce) return entries;
      service = last.service;
      nameKey = last.name_key;
      await nextTurn();
    }
  };

  /** E12: a role that cannot be read stays in the roster as one, and denies everything of whoever holds it. */
  const readOrBroken = (row: RoleContent): Role => {
    try {
      return memory.roleOf(row);
    } catch {
      return { id: row.id, service: row.service, name: row.name, scopes: null as never };
    }
  };

  const load = async (): Promise<Roster> => {
    const held = await loadAssignments();
    const entries = await loadAccounts(held);
    for (const [accessId, roleIds] of held)
      if (accessId.startsWith("os:"))
        entries.push({ accessId, name: accessId, place: [1, osServiceName, accessId], service: osServiceName, disabled: false, roleIds });
    const rows = await store.read.selectFrom("roles").select(["id", "service", "name", "scopes"]).orderBy("id").execute();
    return { entries, roles: new Map(rows.map((row) => [row.id, readOrBroken(row)])) };
  };

  return {
    roster: async () => {
      const revision = await policy.current();
      if (kept?.revision !== revision) {
        const made = { revision, roster: load() };
        kept = made;
        // What failed is not kept.
        made.roster.catch(() => {
          if (kept === made) kept = null;
        });
      }
      if (forgetting !== null) clearTimeout(forgetting);
      forgetting = setTimeout(() => {
        kept = null;
      }, keptMs);
      forgetting.unref();
      return await kept.roster;
    },
  };
};
