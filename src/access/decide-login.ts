/** D78, D93, E6: who may sign in, with the two refusals kept apart; and D20: whose menu has the administration. */
import type { CompiledAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { permissionLeaves } from "#access/permissions.ts";
import type { Verdict } from "#access/verdict.ts";
import { problem } from "#kernel/problem.ts";

/** The permission that signing in asks for, in the default scope. */
export const loginPermission = "manager:view";

/** Whether the account may sign in: it needs a role, and among its roles `manager:view` or an ancestor of it. */
export const decideLogin = (access: CompiledAccess): Verdict => {
  const verdict = decide({ permission: loginPermission }, access);
  if (verdict.effect === "permit" || access.unreadable !== null) return verdict;
  const refusal =
    access.actor.roles.length === 0
      ? problem("access.no-role", "login denied: no role assignment found", { because: verdict.because })
      : problem("access.no-permission", "login denied: no permission assignment found", { because: verdict.because });
  return { effect: "deny", problem: refusal, because: verdict.because };
};

const administration: readonly string[] = permissionLeaves
  .map((leaf) => leaf.permission)
  .filter((name) => name.startsWith("manager:administration:"));

/** D20: the administration menu is offered to accounts that hold at least one permission of `manager:administration`. */
export const decideAdministration = (access: CompiledAccess): Verdict => {
  let verdict = decide({ permission: "manager:administration:accounts:view" }, access);
  for (const permission of administration) {
    if (verdict.effect === "permit") return verdict;
    const next = decide({ permission }, access);
    if (next.effect === "permit") verdict = next;
  }
  return verdict;
};
