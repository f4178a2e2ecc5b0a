/**
 * The smallest change of the roles that would flip an answer, as data (so that a test can apply it) and in words, and what an
 * account needs to make it. What does not belong here: making the change.
 */
import { isHeldByDefault, isLimited, type Findings } from "#access/findings.ts";
import { folderOf, renderFolder } from "#access/folders.ts";
import { roleKeeper, scopeWords } from "#access/may-rules.ts";
import type { Actor, Question, Role } from "#access/question.ts";

export type Change =
  | {
      readonly kind: "add-permission" | "add-denial" | "remove-permission" | "remove-denial";
      readonly role: Role;
      readonly scope: string;
      readonly permission: string;
    }
  | { readonly kind: "add-folder"; readonly role: Role; readonly scope: string; readonly path: string; readonly recursive: boolean }
  | { readonly kind: "assign-role"; readonly permission: string };

export interface SmallestChange {
  /** Empty: no change of the roles flips it. */
  readonly changes: readonly Change[];
  /** One plain sentence. */
  readonly text: string;
  /** The permission that an account needs to make the change. */
  readonly needs: string;
  /** Whether the actor could make it himself. */
  readonly byActor: boolean;
}

/** A change in one plain sentence. */
export const changeWords = (change: Change): string => {
  if (change.kind === "assign-role") return `assign a role that grants \`${change.permission}\``;
  const place = `role \`${change.role.name}\` for ${scopeWords(change.scope)}`;
  switch (change.kind) {
    case "add-permission":
      return `add \`${change.permission}\` to ${place}`;
    case "add-denial":
      return `add the denial \`-${change.permission}\` to ${place}`;
    case "remove-permission":
      return `remove \`${change.permission}\` from ${place}`;
    case "remove-denial":
      return `remove the denial \`-${change.permission}\` from ${place}`;
    case "add-folder":
      return `add the folder \`${renderFolder(change.path, change.recursive)}\` to ${place}`;
  }
};

/** The role that is nearest to granting it: one that grants a neighbour, else the first. */
const roleToExtend = (findings: Findings, actor: Actor): Role | null => findings.neighbour ?? actor.roles[0] ?? null;

/** D86: a controller's part of a role is only kept with a permission, so a folder goes there only if one stands there. */
const scopeForFolder = (role: Role, controller: string | null): string =>
  controller !== null && role.scopes.some((scope) => scope.controller === controller && scope.permissions.length > 0)
    ? controller
    : "default";

const toPermit = (question: Question, actor: Actor, findings: Findings): Change[] => {
  const changes: Change[] = findings.denials.map((found) => ({
    kind: "remove-denial",
    role: found.role,
    scope: found.scope,
    permission: found.text,
  }));
  const scope = findings.controller ?? "default";
  if (findings.grants.length === 0) {
    const role = roleToExtend(findings, actor);
    if (role === null) return [{ kind: "assign-role", permission: question.permission }];
    changes.push({ kind: "add-permission", role, scope, permission: question.permission });
  }
  if (findings.path !== null && isLimited(findings) && findings.holding.length === 0) {
    const role = findings.grants[0]?.role ?? roleToExtend(findings, actor);
    if (role !== null)
      changes.push({
        kind: "add-folder",
        role,
        scope: scopeForFolder(role, findings.controller),
        path: folderOf(findings.path),
        recursive: false,
      });
  }
  return changes;
};

const toDeny = (question: Question, findings: Findings): Change[] => {
  const only = findings.grants[0];
  if (only === undefined) return [];
  if (findings.grants.length === 1 && only.text === question.permission)
    return [{ kind: "remove-permission", role: only.role, scope: only.scope, permission: only.text }];
  return [{ kind: "add-denial", role: only.role, scope: findings.controller ?? "default", permission: question.permission }];
};

/** The smallest change that flips the answer to the question. */
export const smallestChange = (question: Question, actor: Actor, findings: Findings): SmallestChange => {
  const answer = (changes: readonly Change[], text: string): SmallestChange => ({
    changes,
    text,
    needs: roleKeeper,
    byActor: isHeldByDefault(roleKeeper, actor),
  });
  switch (findings.rule) {
    case "may.policy-unreadable":
      return answer([], `repair the roles of the account: ${findings.unreadable ?? "they cannot be read"}`);
    case "may.unknown-permission":
      return answer([], "ask for a single permission of the tree");
    case "may.folder-missing":
      return answer([], "name the path of the object");
    case "may.folder-malformed":
      return answer([], "write the path as `/finance/close-books`");
    default: {
      const changes = findings.rule === "may.granted" ? toDeny(question, findings) : toPermit(question, actor, findings);
      return answer(changes, changes.map(changeWords).join(", and "));
    }
  }
};
