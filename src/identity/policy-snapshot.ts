/**
 * Reads the policy at one instant, whole or only those whom somebody asks about, and captures what a change touches as it was before. What two
 * of them mean is `access/simulate.ts`.
 */
import type { Holder, Policy } from "#access/policy.ts";
import type { Role } from "#access/question.ts";
import { isId } from "#kernel/ids.ts";
import type { Reader, Writer } from "#store/store.ts";
import { accessIdOf } from "#identity/identity-context.ts";
import { loadRoles } from "#identity/role-store.ts";
import { accountNameKey } from "#identity/rules/account-name.ts";

type Source = Reader | Writer;
type Roles = ReadonlyMap<string, Role>;

/** Values of one statement; below every limit of both stores. */
const mostValues = 1000;

const inSlices = async <T>(values: readonly string[], read: (slice: string[]) => Promise<readonly T[]>): Promise<T[]> => {
  const found: T[] = [];
  for (let from = 0; from < values.length; from += mostValues) found.push(...(await read(values.slice(from, from + mostValues))));
  return found;
};

const loadRolesById = async (source: Source): Promise<Roles> =>
  new Map((await loadRoles(source)).map(({ id, service, name, scopes }) => [id, { id, service, name, scopes }]));

interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly name_key: string;
  readonly disabled: number;
}
interface AssignmentRow {
  readonly subject: string;
  readonly role_id: string;
}

const holdersFrom = (
  realmName: string,
  accounts: readonly AccountRow[],
  assignments: readonly AssignmentRow[],
  roles: Roles,
): Map<string, Holder> => {
  const bySubject = Map.groupBy(assignments, (row) => row.subject);
  const rolesOf = (accessId: string): readonly Role[] => (bySubject.get(accessId) ?? []).flatMap((row) => roles.get(row.role_id) ?? []);
  const holders = new Map<string, Holder>();
  for (const { id, name, name_key: nameKey, disabled } of accounts) {
    const accessId = accessIdOf(realmName, id);
    holders.set(accessId, { accessId, name, nameKey, enabled: disabled === 0, roles: rolesOf(accessId) });
  }
  for (const accessId of bySubject.keys())
    if (accessId.startsWith("os:"))
      holders.set(accessId, { accessId, name: accessId, nameKey: accessId, enabled: true, roles: rolesOf(accessId) });
  return holders;
};

/** Everyone. */
export const loadPolicy = async (source: Source, realmName: string): Promise<Policy> => {
  const roles = await loadRolesById(source);
  const accounts = await source.selectFrom("accounts").select(["id", "name", "name_key", "disabled"]).orderBy("id").execute();
  const assignments = await source.selectFrom("role_assignments").selectAll().orderBy("subject").orderBy("role_id").execute();
  return { holders: holdersFrom(realmName, accounts, assignments, roles), roles };
};

/** Those of these access IDs who are there. */
const loadHolders = async (source: Source, realmName: string, subjects: Iterable<string>, roles: Roles): Promise<Map<string, Holder>> => {
  const wanted = [...new Set(subjects)];
  const ids = wanted.flatMap((subject) => {
    const id = subject.slice(subject.lastIndexOf("/") + 1);
    return isId("acc", id) && subject === accessIdOf(realmName, id) ? [id] : [];
  });
  const accounts = await inSlices(ids, (slice) =>
    source.selectFrom("accounts").select(["id", "name", "name_key", "disabled"]).where("id", "in", slice).execute(),
  );
  const assignments = await inSlices(wanted, (slice) =>
    source.selectFrom("role_assignments").selectAll().where("subject", "in", slice).orderBy("subject").orderBy("role_id").execute(),
  );
  return holdersFrom(realmName, accounts, assignments, roles);
};

const subjectsWithRoles = async (source: Source, roleIds: readonly string[]): Promise<readonly string[]> =>
  (
    await inSlices(roleIds, (slice) =>
      source.selectFrom("role_assignments").select("subject").distinct().where("role_id", "in", slice).execute(),
    )
  ).map((row) => row.subject);

/** Access IDs of these names, access IDs and `os:<uid>`. */
const subjectsNamed = async (source: Source, realmName: string, names: readonly string[]): Promise<readonly string[]> => {
  const direct = names.filter((name) => /^(?:os|user):/.test(name));
  const keys = [...new Set(names.filter((name) => !direct.includes(name)).map(accountNameKey))];
  const rows = await inSlices(keys, (slice) => source.selectFrom("accounts").select("id").where("name_key", "in", slice).execute());
  return [...direct, ...rows.map((row) => accessIdOf(realmName, row.id))];
};

/** The policy as far as these people go, and every role. */
export const loadPolicyOf = async (source: Source, realmName: string, names: readonly string[]): Promise<Policy> => {
  const roles = await loadRolesById(source);
  return { roles, holders: await loadHolders(source, realmName, await subjectsNamed(source, realmName, names), roles) };
};

/** What a change, or one step of it, is about to write. */
export interface Touched {
  /** Access IDs whose account or roles change. */
  readonly subjects?: readonly string[];
  /** Ids of roles that change. */
  readonly roles?: readonly string[];
}

/**
 * The policy before and after a change, as far as the change goes: whoever it does not touch may the same on both sides, and is left out.
 *
 * INVARIANT: what is about to be written is named before it is written. Steps may follow each other: who was not touched by
 * an earlier one holds no role that it changed, so he is still as he was at the beginning.
 */
export class PolicyCapture {
  readonly #realmName: string;
  readonly #actor: string;
  readonly #subjects = new Set<string>();
  readonly #before = new Map<string, Holder>();
  #roles: Roles | null = null;

  /** The one who makes the change is always looked at. */
  constructor(realmName: string, actor: string) {
    this.#realmName = realmName;
    this.#actor = actor;
  }

  async touch(tx: Writer, { subjects = [], roles = [] }: Touched): Promise<void> {
    this.#roles ??= await loadRolesById(tx);
    const all = [this.#actor, ...subjects, ...(await subjectsWithRoles(tx, roles))];
    const news = all.filter((subject) => !this.#subjects.has(subject));
    for (const [accessId, holder] of await loadHolders(tx, this.#realmName, news, this.#roles)) this.#before.set(accessId, holder);
    for (const subject of news) this.#subjects.add(subject);
  }

  before(): Policy {
    return { holders: this.#before, roles: this.#roles ?? new Map() };
  }

  /**
   * As it is now: as far as the change goes, and `tested`, which has also those whom `names` name.
   *
   * INVARIANT: whoever only a name brings in is not in `after`: he is not in `before` either, and would seem to gain all that he holds.
   */
  async after(tx: Writer, names: readonly string[]): Promise<{ readonly after: Policy; readonly tested: Policy }> {
    const roles = await loadRolesById(tx);
    const subjects = [...this.#subjects, ...(await subjectsNamed(tx, this.#realmName, names))];
    const holders = await loadHolders(tx, this.#realmName, subjects, roles);
    const touched = new Map([...holders].filter(([accessId]) => this.#subjects.has(accessId)));
    return { after: { holders: touched, roles }, tested: { holders, roles } };
  }
}
