/**
 * The inverse question: of many accounts, who may do this, here? Each role is looked at once and becomes a few bits; an account is its
 * roles' bits put together, so that 100,000 accounts cost what their assignments cost, however many different sets of roles they hold.
 * What does not belong here: the reason for one account (`decide`), and which accounts there are.
 *
 * INVARIANT: agrees with `decide` everywhere (`who-can.test.ts`, over random and all written worlds). A role that cannot be read, or that is
 * not known, denies everything of whoever holds it, as there (E12).
 */
import { comparablePath, holds, isBelow, withoutFolderMark } from "#access/folders.ts";
import { leafOf, type PermissionLeaf } from "#access/permissions.ts";
import type { FolderGrant, Question, Role } from "#access/question.ts";
import { emptyPart, partOfRole, type ScopePart } from "#access/role-part.ts";

/** Whoever holds roles, by their ids. */
export interface RoleHolder {
  readonly roleIds: readonly string[];
}

const grants = 1;
const denies = 2;
/** Has a folder at all, so that not every path is held (E1). */
const limits = 4;
/** Has a folder that holds the path, whatever the other roles say. */
const holdsPath = 8;

/** What a role says to one question. */
interface RoleSays {
  readonly flags: number;
  /** Folders for all controllers that hold the path, and the controller's own on the way to it. */
  readonly general: readonly string[];
  readonly own: readonly string[];
}

const everythingDenied: RoleSays = { flags: denies, general: [], own: [] };

const scopesThatCount = (role: Role, leaf: PermissionLeaf, question: Question): readonly [general: ScopePart, own: ScopePart] | null => {
  const parts = partOfRole(role);
  if (typeof parts === "string") return null;
  const { controller } = question;
  const hasOwn = controller !== undefined && controller !== "default" && !leaf.defaultScopeOnly;
  return [parts.get("default") ?? emptyPart, hasOwn ? (parts.get(controller) ?? emptyPart) : emptyPart];
};

const isOnTheWay = (entry: FolderGrant, path: string): boolean => {
  const object = withoutFolderMark(path);
  return entry.path === object || isBelow(object, entry.path);
};

const whatRoleSays = (role: Role, leaf: PermissionLeaf, question: Question, path: string | null): RoleSays => {
  const scopes = scopesThatCount(role, leaf, question);
  if (scopes === null) return everythingDenied;
  const [general, own] = scopes;
  let flags = 0;
  for (const part of scopes) {
    if (part.grants[leaf.index] !== null) flags |= grants;
    if (part.denials[leaf.index] !== null) flags |= denies;
    if (part.folders.length > 0) flags |= limits;
  }
  if (path === null) return { flags, general: [], own: [] };
  if (own.folders.some((entry) => holds(entry, path))) flags |= holdsPath;
  return {
    flags,
    general: general.folders.filter((entry) => holds(entry, path)).map((entry) => entry.path),
    own: own.folders.filter((entry) => isOnTheWay(entry, path)).map((entry) => entry.path),
  };
};

const bitsOf = (paths: readonly string[], contested: readonly string[], words: number): Int32Array => {
  const bits = new Int32Array(words);
  for (const path of paths) {
    const index = contested.indexOf(path);
    if (index >= 0) bits[index >> 5] = (bits[index >> 5] ?? 0) | (1 << (index & 31));
  }
  return bits;
};

/** A role's answer as bits. The last two speak of folders that some role has for all controllers and some role for this one (D98). */
interface RoleBits {
  readonly flags: number;
  readonly general: Int32Array;
  readonly own: Int32Array;
}

const asBits = (says: readonly RoleSays[]): readonly RoleBits[] => {
  const owned = new Set(says.flatMap((one) => one.own));
  const contested = [...new Set(says.flatMap((one) => one.general.filter((path) => owned.has(path))))];
  const words = Math.ceil(contested.length / 32);
  return says.map((one) => ({
    flags: one.general.some((path) => !owned.has(path)) ? one.flags | holdsPath : one.flags,
    general: bitsOf(one.general, contested, words),
    own: bitsOf(one.own, contested, words),
  }));
};

/** D98: a folder for all controllers counts where no role of the account has its own entry for it at this controller. */
const holdsContested = (held: readonly (RoleBits | undefined)[]): boolean => {
  const words = held[0]?.general.length ?? 0;
  for (let word = 0; word < words; word += 1) {
    let general = 0;
    let own = 0;
    for (const role of held) {
      general |= role?.general[word] ?? 0;
      own |= role?.own[word] ?? 0;
    }
    if ((general & ~own) !== 0) return true;
  }
  return false;
};

/** Those who may, in the order given. The question names a leaf; who asks about anything else gets nobody. */
export const whoCan = <H extends RoleHolder>(question: Question, holders: Iterable<H>, roles: readonly Role[]): H[] => {
  const leaf = leafOf(question.permission);
  const path = question.path === undefined ? null : comparablePath(question.path);
  if (leaf === undefined) return [];
  if (path === null && (question.path !== undefined || leaf.object !== null)) return [];
  const bits = asBits(roles.map((role) => whatRoleSays(role, leaf, question, path)));
  const byId = new Map<string, RoleBits>();
  for (const [index, role] of roles.entries()) {
    const own = bits[index];
    // E12: a role without a readable id is nobody's; whoever holds an id that is not here is denied.
    if (own !== undefined && typeof role?.id === "string") byId.set(role.id, own);
  }
  const may: H[] = [];
  for (const holder of holders) {
    let flags = 0;
    for (const id of holder.roleIds) flags |= byId.get(id)?.flags ?? denies;
    if ((flags & (grants | denies)) !== grants) continue;
    if (path === null || (flags & limits) === 0 || (flags & holdsPath) !== 0 || holdsContested(holder.roleIds.map((id) => byId.get(id))))
      may.push(holder);
  }
  return may;
};
