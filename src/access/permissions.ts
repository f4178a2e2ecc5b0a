/**
 * The permission tree: every permission there is, one line of meaning each, and the order that makes a branch a contiguous range
 * of leaves (so a grant is a range, never a text comparison per check). What belongs here: the registry and look-ups by exact
 * spelling. What does not: other spellings and near matches (`permission-spelling.ts`), who holds what (`compile.ts`).
 */
import type { Obligation } from "#access/verdict.ts";

/** What kind of object in a folder a leaf acts on; null: no object in a folder (settings, accounts, nodes). */
export type ObjectKind = "job" | "calendar" | "documentation" | "lock" | "noticeboard" | "transfer";

/** One bit for each kind, so that a set of kinds is a number. */
export const objectBits: Readonly<Record<ObjectKind, number>> = {
  job: 1,
  calendar: 2,
  documentation: 4,
  lock: 8,
  noticeboard: 16,
  transfer: 32,
};

/** A permission that questions name (E6). */
export interface PermissionLeaf {
  readonly permission: string;
  readonly meaning: string;
  /** Position among all leaves in tree order. */
  readonly index: number;
  readonly object: ObjectKind | null;
  /** E4: `manager:…` is decided in the default scope only. */
  readonly defaultScopeOnly: boolean;
  /** What a permit of this leaf obliges the caller to: acts are recorded, looks are not. */
  readonly obligations: readonly Obligation[];
  /** No counterpart in the 52 permissions of the source product. */
  readonly own: boolean;
}

/** A branch or leaf of the tree. Its leaves are `permissionLeaves[firstLeaf]` up to, not including, `afterLastLeaf`. */
export interface PermissionNode {
  readonly permission: string;
  readonly segment: string;
  readonly meaning: string;
  /** Number of segments. */
  readonly depth: number;
  readonly firstLeaf: number;
  readonly afterLastLeaf: number;
  readonly children: readonly PermissionNode[];
}

type Row = readonly [permission: string, mode: "look" | "act", object: ObjectKind | null, meaning: string, own?: "own"];

const rows: readonly Row[] = [
  ["manager:view", "look", null, "sign in and see the manager's start page", "own"],
  ["manager:get_log", "look", null, "read the manager's own log"],
  ["manager:administration:accounts:view", "look", null, "see identity services, accounts, roles, sessions and the blocklist"],
  ["manager:administration:accounts:manage", "act", null, "change identity services, accounts, roles, sessions and the blocklist"],
  ["manager:administration:certificates:view", "look", null, "see the certificates and keys of the instance"],
  ["manager:administration:certificates:manage", "act", null, "import, create and remove certificates and keys"],
  ["manager:administration:controllers:view", "look", null, "see the registered controllers"],
  ["manager:administration:controllers:manage", "act", null, "register, change and remove controllers"],
  ["manager:administration:customization:view", "look", null, "see customised views"],
  ["manager:administration:customization:manage", "act", null, "change one's customised views"],
  ["manager:administration:customization:share", "act", null, "share customised views with others"],
  ["manager:administration:settings:view", "look", null, "see the manager's settings"],
  ["manager:administration:settings:manage", "act", null, "change the manager's settings"],
  ["manager:auditlog:view", "look", null, "read the audit log"],
  ["manager:auditlog:verify", "look", null, "verify the audit log's chain", "own"],
  ["manager:calendars:view", "look", "calendar", "see calendars"],
  ["manager:cluster:manage", "act", null, "switch over and restart the managers of a cluster"],
  ["manager:credentials:view", "look", "job", "see which credential keys exist for a folder, never their secrets", "own"],
  ["manager:credentials:manage", "act", "job", "change which credential keys a folder offers", "own"],
  ["manager:credentials:use", "act", "job", "name a credential key in a job of the folder", "own"],
  ["manager:dailyplan:view", "look", "job", "see the daily plan"],
  ["manager:dailyplan:manage", "act", "job", "change the daily plan"],
  ["manager:documentations:view", "look", "documentation", "read documentation"],
  ["manager:documentations:manage", "act", "documentation", "change documentation"],
  ["manager:encipherment:encrypt", "act", null, "encrypt a value for a node"],
  ["manager:explain:others", "look", null, "ask why another account may or may not do something", "own"],
  ["manager:filetransfer:view", "look", "transfer", "see file transfers"],
  ["manager:filetransfer:manage", "act", "transfer", "repeat and change file transfers"],
  ["manager:inventory:view", "look", "job", "read definitions"],
  ["manager:inventory:manage", "act", "job", "write and delete definitions"],
  ["manager:inventory:deploy", "act", "job", "make definitions take effect"],
  ["manager:nodes:view", "look", null, "see nodes and their state", "own"],
  ["manager:nodes:manage", "act", null, "invite, change and revoke nodes", "own"],
  ["manager:notification:view", "look", null, "see notifications and their settings"],
  ["manager:notification:manage", "act", null, "change notification settings"],
  ["manager:others:view", "look", null, "see what other accounts keep for themselves"],
  ["manager:others:manage", "act", null, "change what other accounts keep for themselves"],
  ["manager:process_servers:view", "look", null, "see process servers and their pools", "own"],
  ["manager:process_servers:manage", "act", null, "change, connect, refresh and validate process servers", "own"],
  ["manager:reports:view", "look", null, "read reports"],
  ["manager:reports:manage", "act", null, "create and delete reports"],
  ["manager:trusts:view", "look", null, "see realms and which realms are trusted", "own"],
  ["manager:trusts:manage", "act", null, "change which realms are trusted", "own"],
  ["controller:view", "look", null, "see the controller and its state"],
  ["controller:restart", "act", null, "restart the controller"],
  ["controller:terminate", "act", null, "stop the controller"],
  ["controller:switch_over", "act", null, "hand the active role to the standby controller"],
  ["controller:get_log", "look", null, "read the controller's own log"],
  ["controller:agents:view", "look", null, "see the agents attached to the controller"],
  ["controller:deployment:view", "look", "job", "see what is deployed to the controller"],
  ["controller:deployment:deploy", "act", "job", "deploy definitions to the controller"],
  ["controller:jobs:view", "look", "job", "see the jobs of the controller"],
  ["controller:locks:view", "look", "lock", "see locks"],
  ["controller:noticeboards:view", "look", "noticeboard", "see notice boards"],
  ["controller:noticeboards:post", "act", "noticeboard", "post a notice"],
  ["controller:noticeboards:delete", "act", "noticeboard", "delete a notice"],
  ["controller:runs:view", "look", "job", "see runs and their outcome"],
  ["controller:runs:log", "look", "job", "read the output of runs", "own"],
  ["controller:runs:create", "act", "job", "submit a job"],
  ["controller:runs:cancel", "act", "job", "cancel runs"],
  ["controller:runs:modify", "act", "job", "change arguments and start times of waiting runs"],
  ["controller:runs:suspend_resume", "act", "job", "suspend and resume runs"],
  ["controller:runs:resume_failed", "act", "job", "resume failed runs"],
  ["controller:runs:confirm", "act", "job", "answer a run that waits for a confirmation"],
  ["controller:runs:manage_positions", "act", "job", "let a run start or go on at another position"],
];

const branchMeanings: Readonly<Record<string, string>> = {
  manager: "everything of the manager",
  "manager:administration": "everything in the administration menu",
  "manager:administration:accounts": "identity services, accounts and roles",
  "manager:administration:certificates": "certificates and keys of the instance",
  "manager:administration:controllers": "registration of controllers",
  "manager:administration:customization": "customised views",
  "manager:administration:settings": "settings of the manager",
  "manager:auditlog": "the audit log",
  "manager:calendars": "calendars",
  "manager:cluster": "the cluster of managers",
  "manager:credentials": "credential keys (their secrets stay on the nodes)",
  "manager:dailyplan": "the daily plan",
  "manager:documentations": "documentation",
  "manager:encipherment": "encryption of values",
  "manager:explain": "explanations of decisions",
  "manager:filetransfer": "file transfers",
  "manager:inventory": "definitions of jobs and other objects",
  "manager:nodes": "nodes",
  "manager:notification": "notifications",
  "manager:others": "what other accounts keep for themselves",
  "manager:process_servers": "process servers",
  "manager:reports": "reports",
  "manager:trusts": "realms and trust between them",
  controller: "everything of a controller",
  "controller:agents": "agents attached to the controller",
  "controller:deployment": "deployment to the controller",
  "controller:jobs": "jobs of the controller",
  "controller:locks": "locks",
  "controller:noticeboards": "notice boards",
  "controller:runs": "runs and submissions",
};

const recorded: readonly Obligation[] = Object.freeze([Object.freeze({ kind: "audit" as const })]);
const unrecorded: readonly Obligation[] = Object.freeze([]);

/** Every leaf in tree order. */
export const permissionLeaves: readonly PermissionLeaf[] = rows.map(([permission, mode, object, meaning, own], index) =>
  Object.freeze({
    permission,
    meaning,
    index,
    object,
    defaultScopeOnly: permission.startsWith("manager:"),
    obligations: mode === "act" ? recorded : unrecorded,
    own: own === "own",
  }),
);

const leavesByName: ReadonlyMap<string, PermissionLeaf> = new Map(permissionLeaves.map((leaf) => [leaf.permission, leaf]));

const branchesFrom = (firstLeaf: number, afterLastLeaf: number, depth: number): PermissionNode[] => {
  const found: PermissionNode[] = [];
  let start = firstLeaf;
  while (start < afterLastLeaf) {
    const segments = permissionLeaves[start]?.permission.split(":") ?? [];
    const permission = segments.slice(0, depth).join(":");
    const isBelow = (leaf: PermissionLeaf | undefined): boolean => leaf?.permission.startsWith(`${permission}:`) ?? false;
    let end = start + 1;
    while (end < afterLastLeaf && isBelow(permissionLeaves[end])) end += 1;
    const isLeaf = segments.length === depth;
    found.push({
      permission,
      segment: segments[depth - 1] ?? "",
      meaning: (isLeaf ? permissionLeaves[start]?.meaning : branchMeanings[permission]) ?? "",
      depth,
      firstLeaf: start,
      afterLastLeaf: end,
      children: isLeaf ? [] : branchesFrom(start, end, depth + 1),
    });
    start = end;
  }
  return found;
};

/** The whole tree; its roots are `manager` and `controller`. */
export const permissionTree: readonly PermissionNode[] = branchesFrom(0, permissionLeaves.length, 1);

const flatten = (nodes: readonly PermissionNode[]): PermissionNode[] => nodes.flatMap((node) => [node, ...flatten(node.children)]);

/** Every branch and leaf in tree order. */
export const permissionNodes: readonly PermissionNode[] = flatten(permissionTree);
const nodesByName: ReadonlyMap<string, PermissionNode> = new Map(permissionNodes.map((node) => [node.permission, node]));

/** The leaf of exactly this name, or undefined. */
export const leafOf = (permission: string): PermissionLeaf | undefined => leavesByName.get(permission);

/** The branch or leaf of exactly this name, or undefined. */
export const permissionNodeOf = (permission: string): PermissionNode | undefined => nodesByName.get(permission);

/** One line of what a permission means, or null where there is no such permission. */
export const describePermission = (permission: string): string | null => nodesByName.get(permission)?.meaning ?? null;

/** The nearest ancestor (or the permission itself) that is in the tree; null: not even its first segment is (E12). */
export const nearestKnownAncestor = (permission: string): PermissionNode | null => {
  let text = permission;
  for (;;) {
    const node = nodesByName.get(text);
    if (node !== undefined) return node;
    const colon = text.lastIndexOf(":");
    if (colon < 0) return null;
    text = text.slice(0, colon);
  }
};

/** D75, D96: whether `held` is `asked` or an ancestor of it, by whole segments. */
export const covers = (held: string, asked: string): boolean =>
  asked === held || (asked.length > held.length && asked.charCodeAt(held.length) === 58 /* : */ && asked.startsWith(held));
