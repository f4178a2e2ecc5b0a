/**
 * What saving a draft comes to, when only this role changes: who of its holders gains and loses what, and what the editor says beforehand (D73, D86, D89,
 * E1, E3, E5). What does not belong here: changes of several things together, recorded submissions and guards (`manager/what-if.ts` has them).
 */
import type { Holder, Policy } from "#access/policy.ts";
import type { Role } from "#access/question.ts";
import type { RoleDraft } from "#access/role-draft.ts";
import { simulate, type HolderDifference } from "#access/simulate.ts";
import { tidyRole } from "#access/tidy-role.ts";
import { notice, toConfirm, type Notice } from "#identity/rules/notice.ts";
import { folderDenialNotices, folderNotices, liftedDenials, unassignedFolderNotices } from "#identity/rules/role-rules.ts";

export interface DraftEffects {
  /** The role as it would be kept: without controllers that have no permission (D86). Null: nothing is left in it, and it would be removed (D73). */
  readonly role: Role | null;
  /** Holders for whom some question is answered otherwise, by name. */
  readonly changed: readonly HolderDifference[];
  /** Holders beyond what is compared at once; how it changes for them is not said. */
  readonly uncompared: number;
  readonly notices: readonly Notice[];
}

/** Nobody reads more notices about people than these. */
const mostHolders = 100;

/**
 * Compares the stored role with the draft. `holders` are those of the role, each with all the roles that he has; of a role that is not stored yet
 * (`stored` null) there are none.
 */
export const effectsOf = (draft: RoleDraft, stored: Role | null, holders: readonly Holder[]): DraftEffects => {
  const drafted: Role = { id: stored?.id ?? "new", service: draft.service, name: draft.name, scopes: draft.scopes };
  const tidied = tidyRole(drafted);
  const role = tidied.role;
  const next = (roles: readonly Role[]): readonly Role[] =>
    roles.flatMap((one) => (one.id !== stored?.id ? [one] : role === null ? [] : [role]));
  const policyOf = (of: (holder: Holder) => Holder): Policy => {
    const all = holders.map(of);
    return {
      holders: new Map(all.map((holder) => [holder.accessId, holder])),
      roles: new Map(all.flatMap((holder) => holder.roles.map((one) => [one.id, one] as const))),
    };
  };
  const { changed, uncompared } = simulate(
    policyOf((holder) => holder),
    policyOf((holder) => ({ ...holder, roles: next(holder.roles) })),
  );
  const about = holders.slice(0, mostHolders).flatMap((holder) => {
    const after = next(holder.roles);
    return [...folderNotices(holder.name, holder.roles, after), ...liftedDenials(holder.name, holder.roles, after)];
  });
  return {
    role,
    changed,
    uncompared,
    notices: [
      ...(tidied.widens === null ? [] : [toConfirm("role.removal-widens", tidied.widens.message)]),
      ...tidied.notices.map((text) => notice("role.tidied", text)),
      // E5: a removal that nobody asked for must not widen anything silently.
      ...about.map((one) =>
        role === null && (one.rule === "folders.opened" || one.rule === "denial.lifted") ? { ...one, confirm: true } : one,
      ),
      ...(role === null
        ? []
        : [...folderDenialNotices(role.name, role.scopes), ...unassignedFolderNotices(role.name, role.scopes, holders.length)]),
    ],
  };
};
