/**
 * Accounts page by page, filtered and counted in the store: there may be 100,000. Only a search reads more than its page, since groups have no
 * fold of their own there: those rows come in pieces, and between them others get their turn. Who may list accounts is asked above.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { sql, type SelectQueryBuilder } from "kysely";
import { groupsOf, loadAccounts, type Account } from "#identity/account-store.ts";
import { accessIdOf } from "#identity/identity-context.ts";
import { comparePlaces } from "#identity/roster.ts";
import { accountNameKey } from "#identity/rules/account-name.ts";
import { escapeLike } from "#store/escape-like.ts";
import type { Reader } from "#store/store.ts";
import type { Tables } from "#store/tables.ts";

export const accountStates = ["enabled", "disabled", "password-due", "never-signed-in"] as const;

/** What is asked for; absent: all. */
export interface AccountFilter {
  /** Part of a name or of a group's name, in the fold of names. */
  readonly q?: string | undefined;
  /** Exact. */
  readonly role?: string | undefined;
  readonly state?: (typeof accountStates)[number] | undefined;
}

/** Where the list goes on: behind this account. */
export type AccountPlace = readonly [service: string, nameKey: string];

export interface AccountPage {
  readonly accounts: readonly Account[];
  /** Null: this was the last page. */
  readonly next: AccountPlace | null;
  /** On all pages. */
  readonly total: number;
}

const rowsAtOnce = 5000;

type Wanted = SelectQueryBuilder<Tables, "accounts", object>;

const behind = (query: Wanted, [service, nameKey]: AccountPlace): Wanted =>
  query.where(sql<boolean>`(service, name_key) > (${service}, ${nameKey})`);

/** What the store can tell; of a search every row that may fit. */
const wantedOf = async (read: Reader, realmName: string, { q, role, state }: AccountFilter): Promise<Wanted | null> => {
  let query: Wanted = read.selectFrom("accounts");
  if (state === "enabled" || state === "disabled") query = query.where("disabled", state === "enabled" ? "=" : "!=", 0);
  if (state === "password-due") query = query.where("must_change", "!=", 0);
  if (state === "never-signed-in") query = query.where("last_login_at", "is", null);
  if (role !== undefined) {
    const roles = await read.selectFrom("roles").select("id").where("name", "=", role).execute();
    if (roles.length === 0) return null;
    const ids = sql.join(roles.map(({ id }) => id));
    const from = sql.lit(accessIdOf(realmName, "").length + 1);
    query = query.where(sql<boolean>`id in (select substr(subject, ${from}) from role_assignments where role_id in (${ids}))`);
  }
  if (q !== undefined) {
    const pattern = `%${escapeLike(accountNameKey(q))}%`;
    query = query.where(sql<boolean>`(name_key like ${pattern} escape '!' or groups <> '[]')`);
  }
  return query;
};

interface Found {
  /** Of the page and of one more, in order. */
  readonly rows: readonly { readonly id: string; readonly service: string; readonly name_key: string }[];
  readonly total: number;
}

const findPlain = async (wanted: Wanted, limit: number, after: AccountPlace | null): Promise<Found> => {
  const page = after === null ? wanted : behind(wanted, after);
  const rows = await page
    .select(["id", "service", "name_key"])
    .orderBy("service")
    .orderBy("name_key")
    .limit(limit + 1)
    .execute();
  const { count } = await wanted.select((of) => of.fn.countAll<number | string>().as("count")).executeTakeFirstOrThrow();
  return { rows, total: Number(count) };
};

const findSearched = async (wanted: Wanted, typed: string, limit: number, after: AccountPlace | null): Promise<Found> => {
  const text = accountNameKey(typed);
  const found: Found["rows"][number][] = [];
  let total = 0;
  for (let place: AccountPlace = ["", ""]; ;) {
    const rows = await behind(wanted, place)
      .select(["id", "service", "name_key", "groups"])
      .orderBy("service")
      .orderBy("name_key")
      .limit(rowsAtOnce)
      .execute();
    for (const row of rows) {
      if (!row.name_key.includes(text) && !groupsOf(row).some((group) => accountNameKey(group).includes(text))) continue;
      total += 1;
      const isBehind = after === null || comparePlaces([0, row.service, row.name_key], [0, ...after]) > 0;
      if (isBehind && found.length <= limit) found.push(row);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < rowsAtOnce) return { rows: found, total };
    place = [last.service, last.name_key];
    await nextTurn();
  }
};

/** One page, by service and name. */
export const pageAccounts = async (
  read: Reader,
  realmName: string,
  filter: AccountFilter,
  { limit, after }: { readonly limit: number; readonly after: AccountPlace | null },
): Promise<AccountPage> => {
  const wanted = await wantedOf(read, realmName, filter);
  if (wanted === null) return { accounts: [], next: null, total: 0 };
  const { rows, total } =
    filter.q === undefined ? await findPlain(wanted, limit, after) : await findSearched(wanted, filter.q, limit, after);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    accounts: await loadAccounts(
      read,
      realmName,
      shown.map(({ id }) => id),
    ),
    next: rows.length > limit && last !== undefined ? [last.service, last.name_key] : null,
    total,
  };
};
