/**
 * What if: two policies compared, in terms people read. For everyone whose access changes: which permissions he gains and loses, collapsed to
 * branches where a whole branch changes, on which controllers and in which folders. What does not belong here: applying a change, and who
 * may see the answer.
 *
 * INVARIANT: a question is reported as gained or lost exactly where `decide` answers it otherwise (simulate.test.ts). The engine itself is
 * asked: per permission and controller once, and per folder at the points between which an answer cannot change.
 */
import type { CompiledAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { folderAbove, isBelow } from "#access/folders.ts";
import { permissionLeaves, permissionTree, type PermissionLeaf, type PermissionNode } from "#access/permissions.ts";
import { openAccessBook, type AccessBook, type Holder, type Policy } from "#access/policy.ts";
import { whatIsUnreadable } from "#access/policy-shape.ts";
import type { Actor, Role } from "#access/question.ts";

/** One piece of the folder tree, from `path` on; a longer path decides over a shorter one. */
export interface RegionPart {
  readonly path: string;
  /**
   * `all`: the folder and everything below it. `folder`: the folder and the objects directly in it. `deeper`: what is below its subfolders and
   * these themselves. `object`: the object of this path alone.
   */
  readonly reach: "all" | "folder" | "deeper" | "object";
  /** Whether it belongs to the region; false cuts it out of a wider part. */
  readonly holds: boolean;
}

/** Where in the folders something changes. Null: everywhere, or the permission is not about objects in folders. */
export type Region = readonly RegionPart[] | null;

/** A permission, leaf or branch, that an account gains or loses. */
export interface AccessChange {
  readonly permission: string;
  /** Null: in general, and for every controller but `exceptControllers`. */
  readonly controller: string | null;
  readonly exceptControllers: readonly string[];
  readonly region: Region;
}

export interface AccessDifference {
  readonly gains: readonly AccessChange[];
  readonly losses: readonly AccessChange[];
}

export interface HolderDifference extends AccessDifference {
  readonly accessId: string;
  readonly name: string;
}

export interface Simulation {
  /** Everyone for whom some question is answered otherwise, by name. */
  readonly changed: readonly HolderDifference[];
  /** Whose roles changed beyond the limit of what is compared; how, is not said. */
  readonly uncompared: number;
  /** Null: unknown or disabled. */
  before(accessId: string): CompiledAccess | null;
  after(accessId: string): CompiledAccess | null;
}

interface Side {
  readonly roles: readonly Role[];
  /** Null: may do nothing. */
  readonly access: CompiledAccess | null;
}

/** What is true of a folder, and so of every path that has no folder of the list nearer above it. */
interface Point {
  readonly path: string;
  readonly object: boolean;
  readonly here: boolean;
  readonly deeper: boolean;
}

/** A name that is in no definition: control characters are refused there, and this one is past them. */
const anyName = "\uFFFFany";

const joined = (folder: string, name: string): string => (folder === "/" ? `/${name}` : `${folder}/${name}`);

const readable = (side: Side): readonly Role[] =>
  whatIsUnreadable({ accessId: "", name: "", roles: side.roles } satisfies Actor) === null ? side.roles : [];

const controllersOf = (sides: readonly Side[]): readonly string[] =>
  [...new Set(sides.flatMap((side) => readable(side).flatMap((role) => role.scopes.map((scope) => scope.controller))))].filter(
    (controller) => controller !== "default",
  );

/** Every folder that an entry of the scopes that count names. */
const entriesFor = (sides: readonly Side[], controller: string | null): readonly string[] =>
  sides.flatMap((side) =>
    readable(side).flatMap((role) =>
      role.scopes
        .filter((scope) => scope.controller === "default" || scope.controller === controller)
        .flatMap((scope) => scope.folders.map((folder) => folder.path)),
    ),
  );

/** In the order of a tree, so that what is above comes first and what is below follows it at once. */
const inTreeOrder = (paths: readonly string[]): readonly string[] =>
  [...new Set(paths)]
    .map((path) => ({ path, key: path === "/" ? "" : path.replaceAll("/", "\0") }))
    .toSorted((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0))
    .map(({ path }) => path);

const ask = (access: CompiledAccess | null, permission: string, controller: string | null, path?: string): boolean =>
  access !== null &&
  decide({ permission, ...(path === undefined ? {} : { path }), ...(controller === null ? {} : { controller }) }, access).effect ===
    "permit";

interface Held {
  /** By `PermissionLeaf.index`. */
  readonly leaves: readonly boolean[];
  readonly points: readonly Point[];
}

const asFolder = (path: string): string => (path === "/" ? "/" : `${path}/`);

const heldBy = (side: Side, folders: readonly string[], controller: string | null): Held => {
  const { access } = side;
  // A folder that the side holds: its own first entry, or any where it has none (E1). Folders hold alike for every permission.
  const held = asFolder(entriesFor([side], controller)[0] ?? "/");
  const leaves = permissionLeaves.map(
    // E4: what is decided in the default scope only is compared there; its folders are not those of the controller.
    (leaf) =>
      (controller === null || !leaf.defaultScopeOnly) && ask(access, leaf.permission, controller, leaf.object === null ? undefined : held),
  );
  const teller = permissionLeaves.find((leaf) => leaf.object !== null && leaves[leaf.index] === true);
  const at = (path: string): boolean => teller !== undefined && ask(access, teller.permission, controller, path);
  const points = folders.map((path): Point => ({
    path,
    object: path !== "/" && at(path),
    here: at(asFolder(path)),
    deeper: at(`${joined(path, anyName)}/`),
  }));
  return { leaves, points };
};

/** The places where `has` holds and `had` did not; null: nowhere at all. */
const regionBetween = (had: readonly Point[] | null, has: readonly Point[]): readonly RegionPart[] | null => {
  const parts: RegionPart[] = [];
  const above: { readonly path: string; readonly here: boolean; readonly deeper: boolean }[] = [];
  let isEmpty = true;
  has.forEach((point, index) => {
    const before = had?.[index];
    const { path } = point;
    const object = point.object && before?.object !== true;
    const here = point.here && before?.here !== true;
    const deeper = point.deeper && before?.deeper !== true;
    if (object || here || deeper) isEmpty = false;
    while (above.length > 0 && !isBelow(path, above.at(-1)?.path ?? "")) above.pop();
    const nearest = above.at(-1);
    above.push({ path, here, deeper });
    // What was said already, above: only what differs from it is said again.
    const said = nearest?.deeper ?? false;
    const saidOfObject = nearest?.path === folderAbove(path) ? nearest.here : said;
    if (here === deeper) {
      if (here !== said) parts.push({ path, reach: "all", holds: here });
    } else {
      if (here !== said) parts.push({ path, reach: "folder", holds: here });
      if (deeper !== said) parts.push({ path, reach: "deeper", holds: deeper });
    }
    if (path !== "/" && object !== (here === said ? saidOfObject : here)) parts.push({ path, reach: "object", holds: object });
  });
  return isEmpty ? null : parts;
};

const everywhere: readonly RegionPart[] = [{ path: "/", reach: "all", holds: true }];
const textOf = (parts: readonly RegionPart[]): string => parts.map(({ path, reach, holds }) => `${path}\t${reach}\t${holds}`).join("\n");
const everywhereText = textOf(everywhere);

/** A leaf's part of the answer for one controller: the region's text, or "" where nothing changes. */
type Cells = readonly string[];

/** What changes from one side to the other on one controller, one text per leaf. */
const cellsOf = (from: Held, to: Held, regions: Map<string, readonly RegionPart[]>): Cells => {
  const made = new Map<boolean, string>();
  const regionOf = (had: boolean): string => {
    const before = made.get(had);
    if (before !== undefined) return before;
    const parts = regionBetween(had ? from.points : null, to.points);
    const text = parts === null ? "" : textOf(parts);
    if (parts !== null) regions.set(text, parts);
    made.set(had, text);
    return text;
  };
  return permissionLeaves.map((leaf) => {
    const had = from.leaves[leaf.index] === true;
    if (to.leaves[leaf.index] !== true) return "";
    if (leaf.object === null) return had ? "" : everywhereText;
    return regionOf(had);
  });
};

/** What belongs together in one line: the same place on the same controllers. */
interface Group {
  readonly controller: string | null;
  readonly exceptControllers: readonly string[];
  readonly region: string;
  readonly leaves: Set<number>;
}

const groupsOf = (general: Cells, own: ReadonlyMap<string, Cells>): readonly Group[] => {
  const groups = new Map<string, Group>();
  const add = (leaf: PermissionLeaf, controller: string | null, exceptControllers: readonly string[], region: string): void => {
    const key = JSON.stringify([controller, exceptControllers, region]);
    const group = groups.get(key) ?? { controller, exceptControllers, region, leaves: new Set<number>() };
    group.leaves.add(leaf.index);
    groups.set(key, group);
  };
  for (const leaf of permissionLeaves) {
    const inGeneral = general[leaf.index] ?? "";
    const others = leaf.defaultScopeOnly
      ? []
      : [...own].flatMap(([controller, cells]) => {
          const cell = cells[leaf.index] ?? "";
          return cell === inGeneral ? [] : [{ controller, cell }];
        });
    if (inGeneral !== "")
      add(
        leaf,
        null,
        others.map(({ controller }) => controller),
        inGeneral,
      );
    for (const { controller, cell } of others) if (cell !== "") add(leaf, controller, [], cell);
  }
  return [...groups.values()];
};

const isWhole = (node: PermissionNode, leaves: ReadonlySet<number>): boolean => {
  for (let leaf = node.firstLeaf; leaf < node.afterLastLeaf; leaf += 1) if (!leaves.has(leaf)) return false;
  return true;
};

/** A branch of one leaf says less than the leaf. */
const widestNodes = (nodes: readonly PermissionNode[], leaves: ReadonlySet<number>): PermissionNode[] =>
  nodes.flatMap((node) => (isWhole(node, leaves) && node.children.length !== 1 ? [node] : widestNodes(node.children, leaves)));

const leavesOf = (node: PermissionNode): readonly PermissionLeaf[] => permissionLeaves.slice(node.firstLeaf, node.afterLastLeaf);

/** One line per widest branch. A permission without objects joins the branch it belongs to: the folders of that mean nothing to it. */
const changesOf = (groups: readonly Group[], regions: ReadonlyMap<string, readonly RegionPart[]>): readonly AccessChange[] => {
  const lines: { readonly at: number; readonly change: AccessChange }[] = [];
  const places = Map.groupBy(groups, (group) => JSON.stringify([group.controller, group.exceptControllers]));
  for (const [first, ...others] of places.values()) {
    if (first === undefined) continue;
    const together = [first, ...others];
    const { controller, exceptControllers } = first;
    const isBare = (leaf: number): boolean => permissionLeaves[leaf]?.object === null;
    const bare = new Set(together.flatMap((group) => [...group.leaves].filter(isBare)));
    const add = (nodes: readonly PermissionNode[], region: Region): void => {
      for (const node of nodes) {
        lines.push({ at: node.firstLeaf, change: { permission: node.permission, controller, exceptControllers, region } });
        for (const leaf of leavesOf(node)) bare.delete(leaf.index);
      }
    };
    for (const group of together) {
      const own = new Set([...group.leaves].filter((leaf) => !isBare(leaf)));
      const nodes = widestNodes(permissionTree, new Set([...own, ...bare])).filter((node) =>
        leavesOf(node).some((leaf) => own.has(leaf.index)),
      );
      add(nodes, group.region === everywhereText ? null : (regions.get(group.region) ?? everywhere));
    }
    add(widestNodes(permissionTree, bare), null);
  }
  return lines.toSorted((left, right) => left.at - right.at).map(({ change }) => change);
};

const differenceOf = (from: Side, to: Side): AccessDifference => {
  const sides = [from, to];
  const regions = new Map([[everywhereText, everywhere]]);
  const compare = (controller: string | null): { readonly gains: Cells; readonly losses: Cells } => {
    const folders = inTreeOrder(["/", ...entriesFor(sides, controller)]);
    const before = heldBy(from, folders, controller);
    const after = heldBy(to, folders, controller);
    return { gains: cellsOf(before, after, regions), losses: cellsOf(after, before, regions) };
  };
  const general = compare(null);
  const own = new Map(controllersOf(sides).map((controller) => [controller, compare(controller)]));
  const answer = (which: "gains" | "losses"): readonly AccessChange[] =>
    changesOf(groupsOf(general[which], new Map([...own].map(([controller, cells]) => [controller, cells[which]]))), regions);
  return { gains: answer("gains"), losses: answer("losses") };
};

const sideOf = (holder: Holder | undefined, book: AccessBook): Side => {
  const access = holder === undefined ? null : book.accessOf(holder);
  return { roles: holder === undefined || access === null ? [] : holder.roles, access };
};

const byName = (left: { name: string; accessId: string }, right: { name: string; accessId: string }): number =>
  left.name < right.name ? -1 : left.name > right.name ? 1 : left.accessId < right.accessId ? -1 : 1;

/** A pair of role sets takes about a millisecond. */
const mostPairs = 1000;

interface SimulateOptions {
  readonly book?: AccessBook;
  /** Pairs of role sets. */
  readonly most?: number;
}

/** Compares two policies, giving way after each pair of role sets. Whose roles change in the same way is compared once. */
export function* simulateInSteps(
  before: Policy,
  after: Policy,
  { book = openAccessBook(), most = mostPairs }: SimulateOptions = {},
): Generator<undefined, Simulation, undefined> {
  const differences = new Map<string, AccessDifference>();
  const keyOf = (holder: Holder | undefined): string => (holder?.enabled === true ? book.keyOf(holder) : "");
  const changed: HolderDifference[] = [];
  let uncompared = 0;
  for (const accessId of new Set([...before.holders.keys(), ...after.holders.keys()])) {
    const was = before.holders.get(accessId);
    const is = after.holders.get(accessId);
    const from = keyOf(was);
    const to = keyOf(is);
    if (from === to) continue;
    const key = `${from}>${to}`;
    if (!differences.has(key) && differences.size >= most) {
      uncompared += 1;
      continue;
    }
    let found = differences.get(key);
    if (found === undefined) {
      found = differenceOf(sideOf(was, book), sideOf(is, book));
      differences.set(key, found);
      yield;
    }
    if (found.gains.length + found.losses.length > 0) changed.push({ accessId, name: (is ?? was)?.name ?? accessId, ...found });
  }
  const accessIn =
    (policy: Policy) =>
    (accessId: string): CompiledAccess | null => {
      const holder = policy.holders.get(accessId);
      return holder === undefined ? null : book.accessOf(holder);
    };
  return { changed: changed.toSorted(byName), uncompared, before: accessIn(before), after: accessIn(after) };
}

/** Compares two policies at once. */
export const simulate = (before: Policy, after: Policy, options: SimulateOptions = {}): Simulation => {
  const steps = simulateInSteps(before, after, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
};

/** How definitions and people write a region: what is in it, and what is cut out of that again. Null: no limit. */
export const renderRegion = (region: Region): { readonly folders: readonly string[]; readonly except: readonly string[] } | null => {
  if (region === null) return null;
  const below = (path: string): string => joined(path, "*");
  const text = ({ path, reach }: RegionPart): string =>
    reach === "all" ? below(path) : reach === "folder" ? path : reach === "deeper" ? `${below(path)}/*` : `${path} (the object alone)`;
  return { folders: region.filter((part) => part.holds).map(text), except: region.filter((part) => !part.holds).map(text) };
};

/** Whether a question's path, in comparable form, is in the region: the nearest part that speaks of it decides. */
export const isInRegion = (region: Region, asked: string): boolean => {
  if (region === null) return true;
  const isFolder = asked.length > 1 && asked.endsWith("/");
  const path = isFolder ? asked.slice(0, -1) : asked;
  let nearest: RegionPart | null = null;
  for (const part of region) {
    const isOwn = path === part.path;
    const isDirect = !isFolder && !isOwn && isBelow(path, part.path) && folderAbove(path) === part.path;
    const speaks =
      part.reach === "object"
        ? isOwn && !isFolder
        : part.reach === "folder"
          ? isOwn || isDirect
          : part.reach === "deeper"
            ? isBelow(path, part.path) && !isDirect
            : isOwn || isBelow(path, part.path);
    if (speaks && (nearest === null || part.path.length >= nearest.path.length)) nearest = part;
  }
  return nearest?.holds ?? false;
};
