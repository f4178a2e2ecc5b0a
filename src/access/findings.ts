/**
 * What speaks for and against an answer, gathered from what the roles say: plain lists, no answer remembered. `explain`
 * and `smallestChange` read it. What does not belong here: the words.
 */
import { entriesFor, entriesOfActor, leafEntries, type ControllerEntries, type LeafEntries } from "#access/actor-entries.ts";
import { positionsBeginning } from "#access/folder-finder.ts";
import { comparablePath, holds, withoutFolderMark } from "#access/folders.ts";
import type { MayRule } from "#access/may-rules.ts";
import { leafOf, type PermissionLeaf } from "#access/permissions.ts";
import type { Actor, Question } from "#access/question.ts";
import type { FoundFolder } from "#access/role-entries.ts";
import { compareRoles } from "#access/role-order.ts";

export interface Findings extends LeafEntries {
  readonly rule: MayRule;
  readonly leaf: PermissionLeaf | null;
  readonly unreadable: string | null;
  /** The controller whose scopes count beside the default ones; null: none (E4). */
  readonly controller: string | null;
  /** The asked path in comparable form; null: none, or not a path. */
  readonly path: string | null;
  /** The folder entries of the roles; null: nothing was gathered. */
  readonly there: ControllerEntries | null;
  /** Folder entries that count and hold the path, nearest first. */
  readonly holding: readonly FoundFolder[];
}

/** Whether the roles limit the folders (E1). */
export const isLimited = ({ there }: Pick<Findings, "there">): boolean => there !== null && there.folders.entries.length > 0;

const byNearness = (left: FoundFolder, right: FoundFolder): number => {
  if (left.path.length !== right.path.length) return right.path.length - left.path.length;
  if (left.recursive !== right.recursive) return left.recursive ? -1 : 1;
  return compareRoles(left.role, right.role);
};

/** Whether a permission that needs no object is held in the default scope. */
export const isHeldByDefault = (permission: string, actor: Actor): boolean => {
  const leaf = leafOf(permission);
  if (leaf === undefined) return false;
  const entries = entriesOfActor(actor);
  if (entries.unreadable !== null) return false;
  const { grants, denials } = leafEntries(entries, null, leaf);
  return grants.length > 0 && denials.length === 0;
};

const holdingOf = ({ folders }: ControllerEntries, path: string): FoundFolder[] => {
  const holding: FoundFolder[] = [];
  for (const position of positionsBeginning(folders, withoutFolderMark(path))) {
    const found = folders.entries[position];
    if (found !== undefined && holds(found, path)) holding.push(found);
  }
  return holding.length > 1 ? holding.sort(byNearness) : holding;
};

const nothing: Omit<Findings, "rule" | "leaf" | "unreadable" | "controller"> = {
  path: null,
  grants: [],
  denials: [],
  elsewhere: [],
  near: [],
  neighbour: null,
  there: null,
  holding: [],
};

/** Gathers what the roles say to a question. */
export const gatherFindings = (question: Question, actor: Actor): Findings => {
  const entries = entriesOfActor(actor);
  const { unreadable } = entries;
  const leaf = leafOf(question.permission) ?? null;
  const controller = leaf?.defaultScopeOnly === true || question.controller === "default" ? null : (question.controller ?? null);
  if (unreadable !== null) return { ...nothing, rule: "may.policy-unreadable", leaf, unreadable, controller };
  if (leaf === null) return { ...nothing, rule: "may.unknown-permission", leaf, unreadable, controller };

  const there = entriesFor(entries, controller);
  const { grants, denials, elsewhere, near, neighbour } = leafEntries(entries, controller, leaf);
  const path = question.path === undefined ? null : comparablePath(question.path);
  const holding = path === null ? [] : holdingOf(there, path);

  const rule: MayRule =
    denials.length > 0
      ? "may.denied"
      : grants.length === 0
        ? "may.not-granted"
        : question.path === undefined
          ? leaf.object === null
            ? "may.granted"
            : "may.folder-missing"
          : path === null
            ? "may.folder-malformed"
            : isLimited({ there }) && holding.length === 0
              ? "may.folder"
              : "may.granted";
  return { rule, leaf, unreadable, controller, path, grants, denials, elsewhere, near, neighbour, there, holding };
};
