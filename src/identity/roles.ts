/**
 * Roles: made, edited, duplicated, renamed, deleted (D70-D74, D86). Who may do it is asked before, by who offers it; what a permission allows
 * is the engine's (`access/`). INVARIANT: order is kept, that of roles and that of the entries in one.
 */
import { newId } from "#kernel/ids.ts";
import { fail, problem, ProblemError } from "#kernel/problem.ts";
import type { Role, RoleScope } from "#access/question.ts";
import { tidyRole } from "#access/tidy-role.ts";
import type { Writer } from "#store/store.ts";
import type { ChangeOptions } from "#identity/confirmation.ts";
import { changePolicy, type Doer, type IdentityContext } from "#identity/identity-context.ts";
import { beginChange } from "#identity/policy-guard.ts";
import { effectNotices, holdingsOf } from "#identity/role-effects.ts";
import { countHolders, findRole, findRoleByName, holdersOf, loadRoles, type StoredRole } from "#identity/role-store.ts";
import { readRoleName } from "#identity/rules/account-name.ts";
import { initialServiceName } from "#identity/rules/identity-settings.ts";
import { notice, toConfirm, type Notice } from "#identity/rules/notice.ts";
import { revisionConflict } from "#identity/rules/revision-check.ts";
import { folderDenialNotices, isEmptyRole, unassignedFolderNotices } from "#identity/rules/role-rules.ts";
import { readScopes, renderScopes } from "#identity/rules/role-scopes.ts";

export interface RoleInput {
  readonly name: string;
  readonly service?: string;
  readonly scopes: readonly RoleScope[];
}

export interface RoleOptions extends ChangeOptions {
  /** The editing session goes on: a role that is empty now is kept until `removeEmptyRoles` (D73). */
  readonly keepEmpty?: boolean;
}

export interface RoleOutcome {
  /** Null: nothing was left in it, and it was removed (D73). */
  readonly role: StoredRole | null;
  readonly notices: readonly Notice[];
}

export interface Roles {
  listRoles(): Promise<readonly StoredRole[]>;
  /** Throws `identity.role-not-found`. */
  getRole(id: string): Promise<StoredRole>;
  findRole(name: string, service?: string): Promise<StoredRole | null>;
  /** Access IDs that hold the role. */
  holdersOf(roleId: string): Promise<readonly string[]>;
  /** How many hold each role; a role that nobody holds is absent. */
  countHolders(): Promise<ReadonlyMap<string, number>>;
  createRole(actor: Doer, input: RoleInput, options?: RoleOptions): Promise<RoleOutcome>;
  /** Renames, or replaces the scopes, or both. References are by id, so a new name changes nothing else (E5). */
  editRole(
    actor: Doer,
    id: string,
    change: { readonly name?: string; readonly scopes?: readonly RoleScope[] },
    options?: RoleOptions,
  ): Promise<RoleOutcome>;
  /** Under another name, or into another identity service. */
  duplicateRole(actor: Doer, id: string, name: string, service?: string): Promise<RoleOutcome>;
  deleteRole(actor: Doer, id: string, options?: ChangeOptions): Promise<readonly Notice[]>;
  /** Ends an editing session: removes the roles that have neither a permission nor a folder (D73). */
  removeEmptyRoles(actor: Doer): Promise<readonly Notice[]>;
  /** Makes or edits the role that a definition describes. */
  applyRole(
    actor: Doer,
    definition: { readonly service: string; readonly name: string; readonly scopes: readonly RoleScope[] },
    options?: RoleOptions,
  ): Promise<RoleOutcome>;
}

export const openRoles = (context: IdentityContext): Roles => {
  const { store, clock } = context;
  let lastIdMs = 0;

  /** Ids order roles: two made in the same millisecond must not change places. */
  const newRoleId = (): string => {
    lastIdMs = Math.max(clock.nowMs(), lastIdMs + 1);
    return newId("rol", lastIdMs);
  };

  const noRole = (): never => fail("identity.role-not-found", "there is no such role");

  const checkedName = (text: string): string => {
    const read = readRoleName(text);
    if (!read.ok) throw new ProblemError(read.problem);
    return read.value.name;
  };

  const checkedScopes = (name: string, scopes: readonly RoleScope[]): readonly RoleScope[] => {
    if (new Set(scopes.map((scope) => scope.controller)).size !== scopes.length)
      throw new ProblemError(problem("input.invalid-value", `role \`${name}\` names a controller twice`));
    const read = readScopes(renderScopes(scopes));
    if (!read.ok) throw new ProblemError(read.problem);
    return read.value;
  };

  /** What is kept of the role (D73, D86), and what is to be said or confirmed about it (E5). */
  const settle = (
    role: Role,
    keepEmpty: boolean,
  ): { readonly scopes: readonly RoleScope[]; readonly removed: boolean; readonly notices: readonly Notice[] } => {
    const tidied = tidyRole(role);
    const removed = tidied.role === null && !keepEmpty;
    const said = removed || tidied.role !== null ? tidied.notices : tidied.notices.slice(0, -1);
    return {
      scopes: tidied.role?.scopes ?? [],
      removed,
      notices: [
        ...(tidied.widens === null ? [] : [toConfirm("role.removal-widens", tidied.widens.message)]),
        ...said.map((text) => notice("role.tidied", text)),
      ],
    };
  };

  const requireFreeName = async (tx: Writer, service: string, name: string, id: string | null): Promise<void> => {
    const other = await findRoleByName(tx, service, name);
    if (other !== null && other.id !== id)
      fail("identity.name-taken", `a role \`${other.name}\` exists already; names that differ only in case are the same`);
  };

  const createRole: Roles["createRole"] = async (actor, input, options = {}) => {
    const service = input.service ?? initialServiceName;
    if (service !== initialServiceName)
      fail("input.invalid-value", "there is no identity service of that name whose roles are kept here", {
        hint: `leave the service out: it is \`${initialServiceName}\``,
      });
    const name = checkedName(input.name);
    const id = newRoleId();
    const {
      scopes,
      removed,
      notices: tidying,
    } = settle({ id, service, name, scopes: checkedScopes(name, input.scopes) }, options.keepEmpty === true);
    if (removed)
      fail("input.missing-field", `role \`${name}\` has neither a permission nor a folder`, {
        hint: "give it at least one permission or folder: an empty role is not kept",
      });
    return await changePolicy(
      context,
      { actor: actor.accessId, action: "role.create", object: `role:${id}`, detail: { name, service, scopes } },
      async (tx) => {
        const end = await beginChange(context, tx, actor, { roles: [id] });
        await requireFreeName(tx, service, name, null);
        await tx
          .insertInto("roles")
          .values({ id, service, name, scopes: JSON.stringify(scopes), revision: 1, updated_at: clock.nowMs(), updated_by: actor.accessId })
          .execute();
        const notices = await end([...tidying, ...folderDenialNotices(name, scopes), ...unassignedFolderNotices(name, scopes, 0)], options);
        return { result: { role: (await findRole(tx, id)) ?? noRole(), notices } };
      },
    );
  };

  const editRole: Roles["editRole"] = async (actor, id, change, options = {}) => {
    const found = (await findRole(store.read, id)) ?? noRole();
    const newName = change.name === undefined ? null : checkedName(change.name);
    const newScopes = change.scopes === undefined ? null : checkedScopes(newName ?? found.name, change.scopes);
    const detail = {
      name: found.name,
      ...(newName === null ? {} : { newName }),
      ...(newScopes === null ? {} : { before: found.scopes, scopes: newScopes }),
    };
    return await changePolicy(context, { actor: actor.accessId, action: "role.edit", object: `role:${id}`, detail }, async (tx) => {
      const end = await beginChange(context, tx, actor, { roles: [id] });
      const role = (await findRole(tx, id)) ?? noRole();
      const conflict = revisionConflict(`role \`${role.name}\``, role.revision, options.revision ?? null);
      if (conflict !== null) throw new ProblemError(conflict);
      const name = newName ?? role.name;
      const {
        scopes,
        removed,
        notices: tidying,
      } = settle({ id, service: role.service, name, scopes: newScopes ?? role.scopes }, options.keepEmpty === true || newScopes === null);
      await requireFreeName(tx, role.service, name, id);
      const holdings = await holdingsOf(tx, id);
      if (removed) {
        await tx.deleteFrom("role_assignments").where("role_id", "=", id).execute();
        await tx.deleteFrom("roles").where("id", "=", id).execute();
      } else {
        const columns = {
          name,
          scopes: JSON.stringify(scopes),
          revision: role.revision + 1,
          updated_at: clock.nowMs(),
          updated_by: actor.accessId,
        };
        await tx.updateTable("roles").set(columns).where("id", "=", id).execute();
      }
      const effects = effectNotices(holdings, (roles) =>
        removed ? roles.filter((one) => one.id !== id) : roles.map((one) => (one.id === id ? { ...one, scopes } : one)),
      );
      const own: Notice[] = [
        ...(newScopes === null ? [] : tidying),
        // E5: a removal that nobody asked for must not widen anything silently.
        ...(removed ? effects.map((one) => ({ ...one, confirm: one.rule === "folders.opened" || one.rule === "denial.lifted" })) : effects),
        ...(removed ? [] : [...folderDenialNotices(name, scopes), ...unassignedFolderNotices(name, scopes, holdings.size)]),
      ];
      const notices = await end(own, options);
      return { result: { role: removed ? null : ((await findRole(tx, id)) ?? noRole()), notices }, detail: { removed } };
    });
  };

  return {
    listRoles: () => loadRoles(store.read),
    getRole: async (id) => (await findRole(store.read, id)) ?? noRole(),
    findRole: (name, service = initialServiceName) => findRoleByName(store.read, service, name),
    holdersOf: (roleId) => holdersOf(store.read, roleId),
    countHolders: () => countHolders(store.read),
    createRole,
    editRole,
    duplicateRole: async (actor, id, name, service) => {
      const source = (await findRole(store.read, id)) ?? noRole();
      return await createRole(
        actor,
        { name, service: service ?? source.service, scopes: source.scopes },
        { keepEmpty: isEmptyRole(source.scopes) },
      );
    },
    deleteRole: async (actor, id, options = {}) => {
      const found = (await findRole(store.read, id)) ?? noRole();
      return await changePolicy(
        context,
        {
          actor: actor.accessId,
          action: "role.delete",
          object: `role:${id}`,
          detail: { name: found.name, service: found.service, scopes: found.scopes },
        },
        async (tx) => {
          const end = await beginChange(context, tx, actor, { roles: [id] });
          const role = (await findRole(tx, id)) ?? noRole();
          const conflict = revisionConflict(`role \`${role.name}\``, role.revision, options.revision ?? null);
          if (conflict !== null) throw new ProblemError(conflict);
          const holdings = await holdingsOf(tx, id);
          await tx.deleteFrom("role_assignments").where("role_id", "=", id).execute();
          await tx.deleteFrom("roles").where("id", "=", id).execute();
          return {
            result: await end(
              effectNotices(holdings, (roles) => roles.filter((one) => one.id !== id)),
              options,
            ),
          };
        },
      );
    },
    removeEmptyRoles: async (actor) => {
      const empty = (await loadRoles(store.read)).filter((role) => isEmptyRole(role.scopes));
      if (empty.length === 0) return [];
      return await changePolicy(
        context,
        { actor: actor.accessId, action: "role.remove-empty", object: "roles", detail: { names: empty.map((role) => role.name) } },
        async (tx) => {
          const end = await beginChange(context, tx, actor, { roles: empty.map((role) => role.id) });
          const removed: Notice[] = [];
          for (const { id } of empty) {
            const role = await findRole(tx, id);
            // Someone may have filled it meanwhile.
            if (role === null || !isEmptyRole(role.scopes)) continue;
            await tx.deleteFrom("role_assignments").where("role_id", "=", id).execute();
            await tx.deleteFrom("roles").where("id", "=", id).execute();
            removed.push(...settle(role, false).notices);
          }
          return { result: await end(removed, {}) };
        },
      );
    },
    applyRole: async (actor, definition, options = {}) => {
      const existing = await findRoleByName(store.read, definition.service, definition.name);
      // D73: what would be removed at once is not made, so that applying the same definition again comes to the same.
      if (existing === null && isEmptyRole(checkedScopes(definition.name, definition.scopes)) && options.keepEmpty !== true)
        return {
          role: null,
          notices: [
            notice("role.tidied", `role \`${checkedName(definition.name)}\` is not made: it has neither a permission nor a folder`),
          ],
        };
      if (existing === null) return await createRole(actor, definition, options);
      return await editRole(
        actor,
        existing.id,
        { ...(definition.name === existing.name ? {} : { name: definition.name }), scopes: definition.scopes },
        options,
      );
    },
  };
};
