/**
 * What the editor's tree shows of a draft (D79-D84): each permission's state in one part of the role, and where it comes from. What does not
 * belong here: what other roles of an account grant or deny, and folders.
 *
 * INVARIANT: a leaf is shown as granted exactly where the engine would permit it to someone with this role alone (`role-draft-tree.test.ts`).
 */
import {
  covers,
  nearestKnownAncestor,
  permissionNodeOf,
  permissionNodes,
  permissionLeaves,
  type PermissionNode,
} from "#access/permissions.ts";
import { scopeOf, type RoleDraft } from "#access/role-draft.ts";
import type { Grant } from "#access/question.ts";

export type PermissionState = "unassigned" | "granted" | "inherited-grant" | "denied" | "inherited-denial";

export interface TreeRow {
  readonly permission: string;
  readonly segment: string;
  readonly meaning: string;
  /** From 1. */
  readonly depth: number;
  readonly isLeaf: boolean;
  readonly state: PermissionState;
  /** The entry of exactly this permission in the part that is shown; it may be overruled (`state`). */
  readonly own: "granted" | "denied" | null;
  /** What decides, where that is not the entry itself. */
  readonly from: { readonly scope: string; readonly permission: string } | null;
  /** D80: whether there is an entry here to be switched between granted and denied. */
  readonly canSwitch: boolean;
  /** False: decided for all controllers only (E4), so this part can say nothing about it. */
  readonly applies: boolean;
  /** Of the leaves that this row stands for, how many are granted in the end. */
  readonly grantedLeaves: number;
  readonly leaves: number;
}

interface Entry {
  readonly scope: string;
  /** As the role writes it. */
  readonly text: string;
  /** What it reaches: null everything (E12: an unknown denial without any known ancestor). */
  readonly reach: string | null;
}

const reaches = (entry: Entry, permission: string): boolean => entry.reach === null || covers(entry.reach, permission);

const collect = (scope: string, permissions: readonly Grant[], grants: Entry[], denials: Entry[]): void => {
  for (const grant of permissions) {
    const minus = grant.permission.startsWith("-");
    const permission = minus ? grant.permission.slice(1) : grant.permission;
    if (grant.denied || minus) denials.push({ scope, text: permission, reach: nearestKnownAncestor(permission)?.permission ?? null });
    else if (permissionNodeOf(permission) !== undefined) grants.push({ scope, text: permission, reach: permission });
  }
};

/** The nearest one: what stands on the longest name decides, and of those the part that is shown. */
const nearest = (entries: readonly Entry[], permission: string, scope: string): Entry | null => {
  let best: Entry | null = null;
  for (const entry of entries) {
    if (!reaches(entry, permission)) continue;
    const longer = (entry.reach?.length ?? 0) - (best?.reach?.length ?? 0);
    if (best === null || longer > 0 || (longer === 0 && entry.scope === scope && best.scope !== scope)) best = entry;
  }
  return best;
};

/** Every branch and leaf in tree order, as the part of the draft for `scope` (`default`, or a controller) has it. */
export const treeOf = (draft: RoleDraft, scope: string): readonly TreeRow[] => {
  const here = scopeOf(draft, scope)?.permissions ?? [];
  const general = scopeOf(draft, "default")?.permissions ?? [];
  const grants: Entry[] = [];
  const denials: Entry[] = [];
  collect("default", general, grants, denials);
  const generalGrants = [...grants];
  const generalDenials = [...denials];
  if (scope !== "default") collect(scope, here, grants, denials);

  const inForce = (permission: string, defaultOnly: boolean): { denial: Entry | null; grant: Entry | null } => ({
    denial: nearest(defaultOnly ? generalDenials : denials, permission, scope),
    grant: nearest(defaultOnly ? generalGrants : grants, permission, scope),
  });
  const isGranted = permissionLeaves.map((leaf) => {
    const { denial, grant } = inForce(leaf.permission, leaf.defaultScopeOnly);
    return denial === null && grant !== null;
  });

  const rowOf = (node: PermissionNode): TreeRow => {
    const defaultOnly = permissionLeaves[node.firstLeaf]?.defaultScopeOnly === true;
    const applies = scope === "default" || !defaultOnly;
    const entries = here.filter((one) => one.permission === node.permission);
    const own = entries.some((one) => one.denied) ? "denied" : entries.length > 0 ? "granted" : null;
    const { denial, grant } = inForce(node.permission, defaultOnly);
    const isOwn = (entry: Entry | null): boolean => applies && entry !== null && entry.scope === scope && entry.text === node.permission;
    const decides = denial ?? grant;
    const state: PermissionState =
      denial !== null
        ? isOwn(denial)
          ? "denied"
          : "inherited-denial"
        : grant === null
          ? "unassigned"
          : isOwn(grant)
            ? "granted"
            : "inherited-grant";
    return {
      permission: node.permission,
      segment: node.segment,
      meaning: node.meaning,
      depth: node.depth,
      isLeaf: node.children.length === 0,
      state,
      own,
      from: decides === null || isOwn(decides) ? null : { scope: decides.scope, permission: decides.text },
      canSwitch: own !== null,
      applies,
      grantedLeaves: isGranted.slice(node.firstLeaf, node.afterLastLeaf).filter(Boolean).length,
      leaves: node.afterLastLeaf - node.firstLeaf,
    };
  };
  return permissionNodes.map(rowOf);
};
