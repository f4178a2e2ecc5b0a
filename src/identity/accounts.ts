/**
 * Accounts of the product's own services: made, edited, copied, disabled, reset, deleted (D65-D68, D30-D32). Whether the
 * caller may do it is asked before, by who offers it; here stand the rules that hold for everybody.
 */
import { newId } from "#kernel/ids.ts";
import { fail, problem, ProblemError } from "#kernel/problem.ts";
import type { Result } from "#kernel/result.ts";
import type { Writer } from "#store/store.ts";
import { pageAccounts, type AccountFilter, type AccountPage, type AccountPlace } from "#identity/account-list.ts";
import {
  assignRoles,
  findAccountById,
  findAccountByKey,
  findAccountNames,
  loadAccountNames,
  loadAccounts,
  type Account,
  type AccountRow,
} from "#identity/account-store.ts";
import type { ChangeOptions } from "#identity/confirmation.ts";
import { accessIdOf, changePolicy, type Doer, type IdentityContext } from "#identity/identity-context.ts";
import { initialPasswordExpiry, makeInitialPassword } from "#identity/initial-password.ts";
import { clearFailures } from "#identity/failure-store.ts";
import { beginChange } from "#identity/policy-guard.ts";
import { findRoleByName, rolesOfSubject } from "#identity/role-store.ts";
import { readAccountName, readGroupName } from "#identity/rules/account-name.ts";
import { initialServiceName } from "#identity/rules/identity-settings.ts";
import type { Notice } from "#identity/rules/notice.ts";
import { checkNewPassword } from "#identity/rules/password-rules.ts";
import { revisionConflict } from "#identity/rules/revision-check.ts";
import { folderNotices, liftedDenials } from "#identity/rules/role-rules.ts";
import { deleteSessionsOf } from "#identity/session-store.ts";

/** What may be changed about an account; what is absent stays. */
export interface AccountChange {
  readonly name?: string;
  /** Empty: the initial password (D30). */
  readonly password?: string;
  /** With a password: it must be changed at the next login. Always so with the initial password (D32). */
  readonly mustChangePassword?: boolean;
  /** Names of roles of the account's service; a role left out is uncoupled (D68). */
  readonly roles?: readonly string[];
  readonly groups?: readonly string[];
  readonly disabled?: boolean;
}

export interface AccountInput extends AccountChange {
  readonly name: string;
  readonly service?: string;
  /** No password at all, not even an initial one: nobody signs in with it until a password is reset. For accounts that come from elsewhere in numbers. */
  readonly withoutPassword?: boolean;
}

export interface AccountOutcome {
  readonly account: Account;
  /** A random initial password, to be shown once; null where none was made. Never logged or stored. */
  readonly initialPassword: string | null;
  readonly notices: readonly Notice[];
}

export interface Accounts {
  listAccounts(): Promise<readonly Account[]>;
  /** One page of those asked for, and how many they are. */
  pageAccounts(filter: AccountFilter, page: { readonly limit: number; readonly after: AccountPlace | null }): Promise<AccountPage>;
  /** Throws `identity.account-not-found`. */
  getAccount(id: string): Promise<Account>;
  /** By name, in the fold of names; null: none. */
  findAccount(name: string, service?: string): Promise<Account | null>;
  /** Names by access ID; what is no account today is left out. For at most some hundred at once. */
  namesOf(accessIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Accounts whose name begins so, at most `limit`. */
  findAccountNames(prefix: string, limit: number): ReturnType<typeof findAccountNames>;
  createAccount(actor: Doer, input: AccountInput, options?: ChangeOptions): Promise<AccountOutcome>;
  /** Disabling, and a password set by someone else, end the account's sessions. */
  editAccount(actor: Doer, id: string, change: AccountChange, options?: ChangeOptions): Promise<AccountOutcome>;
  /** A new account with the same roles and groups and an initial password of its own (D66). */
  copyAccount(actor: Doer, id: string, name: string): Promise<AccountOutcome>;
  deleteAccount(actor: Doer, id: string, options?: ChangeOptions): Promise<void>;
  /** Replaces the password by the initial one and ends all sessions (D31, D32). */
  resetPassword(actor: Doer, id: string): Promise<AccountOutcome>;
  /** Makes or edits the account that a definition describes: roles, groups and state become exactly those. */
  applyAccount(
    actor: Doer,
    definition: {
      readonly service: string;
      readonly name: string;
      readonly roles: readonly string[];
      readonly groups: readonly string[];
      readonly disabled: boolean;
      /** Where it is made. */
      readonly withoutPassword?: boolean;
    },
    options?: ChangeOptions,
  ): Promise<AccountOutcome>;
  /** Exactly these roles for `os:<uid>` (S11). */
  setOsRoles(actor: Doer, uid: number, roles: readonly string[], options?: ChangeOptions): Promise<readonly Notice[]>;
  /** The operating-system accounts that hold roles here. */
  listOsAccounts(): Promise<readonly { readonly accessId: string; readonly roles: readonly string[] }[]>;
}

const valueOf = <T>(read: Result<T>): T => {
  if (!read.ok) throw new ProblemError(read.problem);
  return read.value;
};

interface ReadyPassword {
  readonly hash: string;
  readonly initial: boolean;
  /** To be shown once. */
  readonly shown: string | null;
}

export const openAccounts = (context: IdentityContext): Accounts => {
  const { store, clock, settings, hasher, realm } = context;

  const noAccount = (): never => fail("identity.account-not-found", "there is no such account");

  const roleIdsOf = async (tx: Writer, service: string, names: readonly string[]): Promise<readonly string[]> => {
    const ids: string[] = [];
    for (const name of names)
      ids.push(
        (await findRoleByName(tx, service, name))?.id ??
          fail(
            "identity.role-not-found",
            `there is no role \`${name.slice(0, 128).replaceAll(/\p{Cc}/gu, "?")}\` in service \`${service}\``,
          ),
      );
    return ids;
  };

  const groupsFrom = (groups: readonly string[]): string =>
    JSON.stringify([...new Set(groups.map((group) => valueOf(readGroupName(group))))]);

  /** Hashed before the transaction: nothing inside one may wait for a slot. */
  const readyPassword = async (password: string | undefined, accountName: string): Promise<ReadyPassword> => {
    if (password === undefined || password === "") {
      const initial = makeInitialPassword(settings);
      return {
        hash: await hasher.inSlot((hashing) => hashing.hash(initial.password)),
        initial: true,
        shown: initial.generated ? initial.password : null,
      };
    }
    const checked = valueOf(checkNewPassword(password, { minimumLength: settings.minimumPasswordLength, accountName }));
    return { hash: await hasher.inSlot((hashing) => hashing.hash(checked)), initial: false, shown: null };
  };

  const passwordColumns = (
    ready: ReadyPassword,
    nameKey: string,
    mustChange: boolean,
  ): Pick<AccountRow, "password_hash" | "must_change" | "password_expires_at"> => ({
    password_hash: ready.hash,
    must_change: ready.initial || mustChange ? 1 : 0,
    password_expires_at: ready.initial ? initialPasswordExpiry(settings, nameKey, clock.nowMs()) : null,
  });

  const loadOne = async (tx: Writer, id: string): Promise<Account> => (await loadAccounts(tx, realm.name, [id]))[0] ?? noAccount();

  const requireFreeName = async (tx: Writer, service: string, nameKey: string, id: string | null): Promise<void> => {
    const other = await findAccountByKey(tx, service, nameKey);
    if (other !== undefined && other.id !== id)
      fail("identity.name-taken", `an account \`${other.name}\` exists already; names that differ only in case are the same`);
  };

  const createAccount: Accounts["createAccount"] = async (actor, input, options = {}) => {
    const service = input.service ?? initialServiceName;
    if (service !== initialServiceName)
      fail("input.invalid-value", `there is no identity service of that name whose accounts are kept here`, {
        hint: `leave the service out: it is \`${initialServiceName}\``,
      });
    const { name, nameKey } = valueOf(readAccountName(input.name, "local"));
    const groups = groupsFrom(input.groups ?? []);
    const ready = input.withoutPassword === true ? null : await readyPassword(input.password, name);
    const nowMs = clock.nowMs();
    const id = newId("acc", nowMs);
    const accessId = accessIdOf(realm.name, id);
    const detail = { name, service, roles: [...(input.roles ?? [])], initial: ready?.initial === true };
    return await changePolicy(context, { actor: actor.accessId, action: "account.create", object: `account:${id}`, detail }, async (tx) => {
      const end = await beginChange(context, tx, actor, { subjects: [accessId] });
      await requireFreeName(tx, service, nameKey, null);
      const roleIds = await roleIdsOf(tx, service, input.roles ?? []);
      const columns =
        ready === null
          ? { password_hash: null, must_change: 0, password_expires_at: null }
          : passwordColumns(ready, nameKey, input.mustChangePassword === true);
      await tx
        .insertInto("accounts")
        .values({
          id,
          service,
          name,
          name_key: nameKey,
          ...columns,
          disabled: input.disabled === true ? 1 : 0,
          groups,
          created_at: nowMs,
          last_login_at: null,
          revision: 1,
        })
        .execute();
      await assignRoles(tx, accessId, roleIds);
      const notices = await end(folderNotices(name, [], await rolesOfSubject(tx, accessId)), options);
      return { result: { account: await loadOne(tx, id), initialPassword: ready?.shown ?? null, notices } };
    });
  };

  const editAccount: Accounts["editAccount"] = async (actor, id, change, options = {}) => {
    const found = (await findAccountById(store.read, id)) ?? noAccount();
    const named =
      change.name === undefined ? { name: found.name, nameKey: found.name_key } : valueOf(readAccountName(change.name, "local"));
    if (change.password !== undefined && actor.accountId === id)
      fail("identity.wrong-current-password", "your own password is changed with the current one", {
        hint: "change it in your profile, or with `behalf login`",
      });
    const ready = change.password === undefined ? null : await readyPassword(change.password, named.name);
    const groups = change.groups === undefined ? null : groupsFrom(change.groups);
    const changed = Object.keys(change).filter((key) => change[key as keyof AccountChange] !== undefined);
    const detail = {
      name: found.name,
      changed,
      ...(change.roles === undefined ? {} : { roles: [...change.roles] }),
      ...(change.disabled === undefined ? {} : { disabled: change.disabled }),
    };
    return await changePolicy(context, { actor: actor.accessId, action: "account.edit", object: `account:${id}`, detail }, async (tx) => {
      const end = await beginChange(context, tx, actor, { subjects: [accessIdOf(realm.name, id)] });
      const row = (await findAccountById(tx, id)) ?? noAccount();
      const conflict = revisionConflict(`account \`${row.name}\``, row.revision, options.revision ?? null);
      if (conflict !== null) throw new ProblemError(conflict);
      const before = await loadOne(tx, id);
      const hadRoles = await rolesOfSubject(tx, before.accessId);
      await requireFreeName(tx, row.service, named.nameKey, id);
      await tx
        .updateTable("accounts")
        .set({
          // A renaming that came between the two reads is not undone.
          ...(change.name === undefined ? {} : { name: named.name, name_key: named.nameKey }),
          ...(ready === null ? {} : passwordColumns(ready, named.nameKey, change.mustChangePassword === true)),
          ...(ready === null && change.mustChangePassword !== undefined ? { must_change: change.mustChangePassword ? 1 : 0 } : {}),
          ...(groups === null ? {} : { groups }),
          ...(change.disabled === undefined ? {} : { disabled: change.disabled ? 1 : 0 }),
          revision: row.revision + 1,
        })
        .where("id", "=", id)
        .execute();
      if (change.roles !== undefined) await assignRoles(tx, before.accessId, await roleIdsOf(tx, row.service, change.roles));
      const sessionsEnded = change.disabled === true || ready !== null ? await deleteSessionsOf(tx, id) : 0;
      if (change.name !== undefined || ready !== null) await clearFailures(tx, `account:${row.service}/${row.name_key}`);
      const hasRoles = await rolesOfSubject(tx, before.accessId);
      const notices = await end([...folderNotices(row.name, hadRoles, hasRoles), ...liftedDenials(row.name, hadRoles, hasRoles)], options);
      return { result: { account: await loadOne(tx, id), initialPassword: ready?.shown ?? null, notices }, detail: { sessionsEnded } };
    });
  };

  const deleteAccount: Accounts["deleteAccount"] = async (actor, id, options = {}) => {
    const found = (await findAccountById(store.read, id)) ?? noAccount();
    await changePolicy(
      context,
      { actor: actor.accessId, action: "account.delete", object: `account:${id}`, detail: { name: found.name, service: found.service } },
      async (tx) => {
        const end = await beginChange(context, tx, actor, { subjects: [accessIdOf(realm.name, id)] });
        const row = (await findAccountById(tx, id)) ?? noAccount();
        const conflict = revisionConflict(`account \`${row.name}\``, row.revision, options.revision ?? null);
        if (conflict !== null) throw new ProblemError(conflict);
        const accessId = accessIdOf(realm.name, id);
        await assignRoles(tx, accessId, []);
        const sessionsEnded = await deleteSessionsOf(tx, id);
        await clearFailures(tx, `account:${row.service}/${row.name_key}`);
        await tx.deleteFrom("accounts").where("id", "=", id).execute();
        await end([], options);
        return { result: undefined, detail: { sessionsEnded } };
      },
    );
  };

  const resetPassword: Accounts["resetPassword"] = async (actor, id) => {
    const found = (await findAccountById(store.read, id)) ?? noAccount();
    if (actor.accountId === id)
      fail("identity.wrong-current-password", "your own password is changed, not reset", {
        hint: "change it in your profile, or with `behalf login`",
      });
    const ready = await readyPassword(undefined, found.name);
    return await changePolicy(
      context,
      { actor: actor.accessId, action: "account.reset-password", object: `account:${id}`, detail: { name: found.name } },
      async (tx) => {
        const row = (await findAccountById(tx, id)) ?? noAccount();
        await tx
          .updateTable("accounts")
          .set({ ...passwordColumns(ready, row.name_key, true), revision: row.revision + 1 })
          .where("id", "=", id)
          .execute();
        const sessionsEnded = await deleteSessionsOf(tx, id);
        await clearFailures(tx, `account:${row.service}/${row.name_key}`);
        return { result: { account: await loadOne(tx, id), initialPassword: ready.shown, notices: [] }, detail: { sessionsEnded } };
      },
    );
  };

  const findAccount: Accounts["findAccount"] = async (name, service = initialServiceName) => {
    const read = readAccountName(name, "local");
    const row = read.ok ? await findAccountByKey(store.read, service, read.value.nameKey) : undefined;
    return row === undefined ? null : ((await loadAccounts(store.read, realm.name, [row.id]))[0] ?? null);
  };

  const getAccount = async (id: string): Promise<Account> => (await loadAccounts(store.read, realm.name, [id]))[0] ?? noAccount();

  return {
    listAccounts: () => loadAccounts(store.read, realm.name),
    pageAccounts: (filter, page) => pageAccounts(store.read, realm.name, filter, page),
    getAccount,
    findAccount,
    namesOf: (accessIds) => loadAccountNames(store.read, realm.name, accessIds),
    findAccountNames: (prefix, limit) => findAccountNames(store.read, prefix, limit),
    createAccount,
    editAccount,
    copyAccount: async (actor, id, name) => {
      const source = await getAccount(id);
      return await createAccount(actor, {
        name,
        service: source.service,
        roles: source.roles.map((role) => role.name),
        groups: source.groups,
      });
    },
    deleteAccount,
    resetPassword,
    applyAccount: async (actor, definition, options = {}) => {
      const existing = await findAccount(definition.name, definition.service);
      const { name, service, roles, groups, disabled, withoutPassword = false } = definition;
      return existing === null
        ? await createAccount(actor, { name, service, roles, groups, disabled, withoutPassword }, options)
        : await editAccount(actor, existing.id, { ...(name === existing.name ? {} : { name }), roles, groups, disabled }, options);
    },
    setOsRoles: async (actor, uid, roles, options = {}) => {
      const subject = `os:${uid}`;
      if (!Number.isInteger(uid) || uid < 0 || uid > 4_294_967_295)
        throw new ProblemError(problem("input.invalid-value", "a uid is a whole number from 0 to 4294967295"));
      return await changePolicy(
        context,
        { actor: actor.accessId, action: "account.edit", object: `account:${subject}`, detail: { roles: [...roles] } },
        async (tx) => {
          const end = await beginChange(context, tx, actor, { subjects: [subject] });
          const hadRoles = await rolesOfSubject(tx, subject);
          await assignRoles(tx, subject, await roleIdsOf(tx, initialServiceName, roles));
          const hasRoles = await rolesOfSubject(tx, subject);
          return {
            result: await end([...folderNotices(subject, hadRoles, hasRoles), ...liftedDenials(subject, hadRoles, hasRoles)], options),
          };
        },
      );
    },
    listOsAccounts: async () => {
      const rows = await store.read
        .selectFrom("role_assignments")
        .innerJoin("roles", "roles.id", "role_assignments.role_id")
        .select(["role_assignments.subject", "roles.name"])
        .where("role_assignments.subject", "like", "os:%")
        .orderBy("roles.id")
        .execute();
      return [...Map.groupBy(rows, (row) => row.subject)].map(([accessId, held]) => ({ accessId, roles: held.map((row) => row.name) }));
    },
  };
};
