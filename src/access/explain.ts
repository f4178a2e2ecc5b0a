/**
 * Why: the proof tree of an answer, evaluated anew from what the roles say each time it is asked for. It has the verdict, what decided it,
 * what nearly did, and the smallest change that would flip it. What does not belong here: the compiled access (never read).
 *
 * It speaks of the actor's own roles and the path he named, never of whether an object exists (W7). Asking about another
 * account needs `manager:explain:others`; the surface asks for it.
 */
import { gatherFindings, isLimited, type Findings } from "#access/findings.ts";
import { eachBelow, positionsBeginning, type FolderFinder } from "#access/folder-finder.ts";
import { folderAbove, holds, isBelow, renderFolder, withoutFolderMark } from "#access/folders.ts";
import { scopeWords } from "#access/may-rules.ts";
import type { Actor, Question, Role } from "#access/question.ts";
import type { FoundFolder, FoundPermission } from "#access/role-entries.ts";
import { smallestChange, type SmallestChange } from "#access/smallest-change.ts";
import type { Because } from "#kernel/problem.ts";

const mostShown = 5;

/** What the reader of an explanation may be told beyond the answer itself. */
export interface ExplainOptions {
  /** Where an entry of a role was written, e.g. `roles.yaml:14`; null: not known, or not for this reader. */
  readonly sourceOf?: (role: Role, scope: string, entry: string) => string | null;
  /** Whether the reader may know of a folder; where he may not, entries for it are counted and not named. */
  readonly knowsFolder?: (path: string) => boolean;
}

/** An entry of a role that took part in an answer. */
export interface Deciding {
  readonly kind: "grant" | "denial" | "folder";
  readonly role: Role;
  /** `default` or a controller. */
  readonly scope: string;
  /** `controller:runs`, `-controller:runs:cancel` or `/finance/*`. */
  readonly entry: string;
  readonly source: string | null;
}

/** The whole answer to a question, as data and as its tree of reasons. */
export interface Explanation {
  readonly because: Because;
  /** The grant or denial that decided; null: none did. */
  readonly decidedBy: Deciding | null;
  /** The folder entry that let it through; null: folders did not matter, or none did. */
  readonly folder: Deciding | null;
  readonly change: SmallestChange;
}

const withSource = (
  facts: NonNullable<Because["facts"]>,
  found: FoundPermission | FoundFolder,
  sourceOf: NonNullable<ExplainOptions["sourceOf"]>,
): NonNullable<Because["facts"]> => {
  const entry = "path" in found ? found.path : `${found.denied ? "-" : ""}${found.text}`;
  const source = sourceOf(found.role, found.scope, entry);
  return source === null ? facts : { ...facts, source };
};

/** What is the same in every explanation is made once for an entry, which is of one role object, and cannot be changed. */
const permissionReason = (found: FoundPermission, { sourceOf }: ExplainOptions): Because => {
  const reason = (found.reason ??= Object.freeze({
    rule: found.denied ? "may.denial" : "may.grant",
    text: `role \`${found.role.name}\` ${found.denied ? "denies" : "grants"} \`${found.text}\` for ${scopeWords(found.scope)}`,
    facts: Object.freeze({ role: found.role.name, service: found.role.service, scope: found.scope, permission: found.text }),
  }));
  return sourceOf === undefined ? reason : { ...reason, facts: withSource(reason.facts ?? {}, found, sourceOf) };
};

const folderReason = (rule: string, found: FoundFolder, ends: string, { sourceOf }: ExplainOptions): Because => {
  const facts = (found.facts ??= Object.freeze({
    role: found.role.name,
    service: found.role.service,
    scope: found.scope,
    folder: renderFolder(found.path, found.recursive),
  }));
  found.words ??= `folder \`${renderFolder(found.path, found.recursive)}\` of role \`${found.role.name}\` for ${scopeWords(found.scope)} `;
  return { rule, text: found.words + ends, facts: sourceOf === undefined ? facts : withSource(facts, found, sourceOf) };
};

const moreOf = (count: number, what: "denials" | "grants" | "folders" | "near misses"): Because => ({
  rule: "may.more",
  text: `and ${count} more ${what}`,
  facts: { count, what },
});

/** The first few in words, and how many more there are. */
const showCapped = <T>(shown: Because[], list: readonly T[], what: Parameters<typeof moreOf>[1], render: (item: T) => Because): void => {
  let count = 0;
  for (const item of list) {
    if (count === mostShown) {
      shown.push(moreOf(list.length - mostShown, what));
      return;
    }
    shown.push(render(item));
    count += 1;
  }
};

const permissionPart = (question: Question, findings: Findings, options: ExplainOptions): Because => {
  const { denials, grants } = findings;
  const scopes = findings.controller === null ? "for all controllers" : `for all controllers and for controller \`${findings.controller}\``;
  const text =
    denials.length > 0
      ? `\`${question.permission}\` is denied ${scopes}: a denial in any role beats every grant`
      : grants.length > 0
        ? `\`${question.permission}\` is granted ${scopes} and nothing denies it`
        : `nothing grants \`${question.permission}\` ${scopes}`;
  const children: Because[] = [];
  const render = (found: FoundPermission): Because => permissionReason(found, options);
  showCapped(children, denials, "denials", render);
  showCapped(children, grants, "grants", render);
  const facts = { asked: question.permission, controller: findings.controller, denials: denials.length, grants: grants.length };
  return { rule: "may.permission", text, facts, children };
};

const folderPart = (question: Question, findings: Findings, options: ExplainOptions): Because => {
  const part = (why: string, text: string, count = 0): Because => ({
    rule: "may.folders",
    text,
    facts: { why, path: question.path ?? null, count },
  });
  if (question.path === undefined)
    return findings.leaf?.object === null
      ? part("no-object", "asked without an object, so folders do not matter")
      : part("none-named", "no object was named");
  if (!isLimited(findings)) return part("unlimited", "no role limits the folders, so every folder is held");
  if (findings.holding.length > 0) {
    const children: Because[] = [];
    const ends = `holds \`${question.path}\``;
    showCapped(children, findings.holding, "folders", (found) => folderReason("may.folder-entry", found, ends, options));
    return { ...part("held", `\`${question.path}\` is in a folder of the roles`, findings.holding.length), children };
  }
  const count = findings.there?.folders.entries.length ?? 0;
  const where = count === 1 ? "not in the one folder" : `in none of the ${count} folders`;
  return part("outside", `\`${question.path}\` is ${where} to which the roles limit this account`, count);
};

const nearGrant = (found: FoundPermission, question: Question, options: ExplainOptions): Because => ({
  rule: "may.near-miss",
  text:
    found.depth === 0
      ? `role \`${found.role.name}\` has \`${found.text}\`, which is not in the permission tree and grants nothing`
      : `role \`${found.role.name}\` grants \`${found.text}\`, which does not include \`${question.permission}\``,
  facts: { ...permissionReason(found, options).facts, why: found.depth === 0 ? "not-in-tree" : "other", asked: question.permission },
});

const elsewhereGrant = (found: FoundPermission, options: ExplainOptions): Because => {
  const { text, facts } = permissionReason(found, options);
  return { rule: "may.near-miss", text: `${text} only`, facts: { ...facts, why: found.denied ? "denied-elsewhere" : "elsewhere" } };
};

const missWords = {
  "not-recursive": "is not recursive",
  "same-letters": "only begins with the same letters",
  below: "lies below it",
  beside: "lies beside it",
  replaced: "is replaced by the controller's own entry for that folder",
  "other-controller": "counts for that controller only",
} as const;
type MissReason = keyof typeof missWords;

/** A folder that nearly holds the path, and why it does not. */
type FolderMiss = readonly [found: FoundFolder, why: MissReason];

/** Why a folder entry that counts and begins the path does not hold it. */
const whyNotBeginning = (found: FoundFolder, path: string): MissReason =>
  !found.recursive && isBelow(path, found.path) ? "not-recursive" : "same-letters";

/** Entries that count, none of which holds the path: those that are near, in the order of the roles. */
const missesThatCount = (folders: FolderFinder, path: string): FolderMiss[] => {
  const misses: { readonly position: number; readonly found: FoundFolder; readonly why: MissReason }[] = [];
  const miss = (position: number, why: MissReason | null): void => {
    const found = folders.entries[position];
    if (found !== undefined) misses.push({ position, found, why: why ?? whyNotBeginning(found, path) });
  };
  for (const position of positionsBeginning(folders, path)) miss(position, null);
  const above = folderAbove(path);
  if (above === "/") {
    if (path !== "/") eachBelow(folders, path, (position) => miss(position, "below"));
  } else
    eachBelow(folders, above, (position, other) => {
      if (isBelow(other, path)) miss(position, "below");
      else if (!path.startsWith(other) && !other.includes("/", above.length + 1)) miss(position, "beside");
    });
  if (misses.length > 1) misses.sort((left, right) => left.position - right.position);
  return misses.map(({ found, why }): FolderMiss => [found, why]);
};

/** Entries that would hold the path if they counted. */
const addUncounted = (misses: FolderMiss[], folders: FolderFinder, asked: string, why: MissReason): void => {
  if (folders.entries.length === 0) return;
  for (const position of positionsBeginning(folders, withoutFolderMark(asked)).toSorted((left, right) => left - right)) {
    const found = folders.entries[position];
    if (found !== undefined && holds(found, asked)) misses.push([found, why]);
  }
};

const noMisses: readonly FolderMiss[] = Object.freeze([]);

const folderMisses = ({ path: asked, there, holding }: Findings): readonly FolderMiss[] => {
  if (asked === null || there === null || holding.length > 0 || there.folders.entries.length === 0) return noMisses;
  const misses = missesThatCount(there.folders, withoutFolderMark(asked));
  addUncounted(misses, there.replaced, asked, "replaced");
  addUncounted(misses, there.foldersElsewhere, asked, "other-controller");
  return misses;
};

const folderMiss = ([found, why]: FolderMiss, options: ExplainOptions): Because => {
  const { rule, text, facts } = folderReason("may.near-miss", found, missWords[why], options);
  return { rule, text, facts: { ...facts, why } };
};

/** What nearly decided otherwise: the first few in words, and how many more there are. */
const nearMisses = (question: Question, findings: Findings, options: ExplainOptions): Because[] => {
  const { elsewhere, near } = findings;
  const all = folderMisses(findings);
  const { knowsFolder } = options;
  const told = knowsFolder === undefined ? all : all.filter(([found]) => knowsFolder(found.path));
  const untold = all.length - told.length;
  const count = elsewhere.length + near.length + told.length + (untold === 0 ? 0 : 1);
  const shown: Because[] = [];
  for (let index = 0; index < elsewhere.length && shown.length < mostShown; index += 1) {
    const found = elsewhere[index];
    if (found !== undefined) shown.push(elsewhereGrant(found, options));
  }
  for (let index = 0; index < near.length && shown.length < mostShown; index += 1) {
    const found = near[index];
    if (found !== undefined) shown.push(nearGrant(found, question, options));
  }
  for (let index = 0; index < told.length && shown.length < mostShown; index += 1) {
    const miss = told[index];
    if (miss !== undefined) shown.push(folderMiss(miss, options));
  }
  if (untold > 0 && shown.length < mostShown)
    shown.push({ rule: "may.not-told", text: `and ${untold} folders that you may not know of`, facts: { count: untold } });
  if (count > mostShown) shown.push(moreOf(count - mostShown, "near misses"));
  return shown;
};

const sentence = (question: Question, actor: Actor, findings: Findings): string => {
  const place =
    (question.path === undefined ? "" : ` on \`${question.path}\``) +
    (question.controller === undefined ? "" : ` of controller \`${question.controller}\``);
  const asked = `\`${actor.name}\` ${findings.rule === "may.granted" ? "may" : "may not"} \`${question.permission}\`${place}`;
  switch (findings.rule) {
    case "may.granted":
      return `${asked}: ${findings.grants[0] === undefined ? "" : permissionReason(findings.grants[0], {}).text}`;
    case "may.denied":
      return `${asked}: ${findings.denials[0] === undefined ? "" : permissionReason(findings.denials[0], {}).text}`;
    case "may.not-granted":
      return `${asked}: ${["no role is assigned", "its one role does not grant it"][actor.roles.length] ?? `none of the ${actor.roles.length} roles grants it`}`;
    case "may.folder":
      return `${asked}: Access denied for folder: ${withoutFolderMark(question.path ?? "")}`;
    case "may.folder-missing":
      return `${asked}: it is asked on an object in a folder, and none was named`;
    case "may.folder-malformed":
      return `${asked}: that is not a path`;
    case "may.unknown-permission":
      return `${asked}: that is not a single permission of the tree`;
    case "may.policy-unreadable":
      return `${asked}: ${findings.unreadable ?? "the policy cannot be read"}`;
  }
};

const decidingOf = (found: FoundPermission | FoundFolder | undefined, options: ExplainOptions): Deciding | null => {
  if (found === undefined) return null;
  const { role, scope } = found;
  const entry = "path" in found ? found.path : `${found.denied ? "-" : ""}${found.text}`;
  const source = options.sourceOf?.(role, scope, entry) ?? null;
  return "path" in found
    ? { kind: "folder", entry: renderFolder(found.path, found.recursive), role, scope, source }
    : { kind: found.denied ? "denial" : "grant", entry, role, scope, source };
};

/** What stands below the answer: what speaks for and against it, what nearly decided, what would flip it. */
const partsOf = (
  question: Question,
  actor: Actor,
  findings: Findings,
  options: ExplainOptions,
): { readonly children: readonly Because[]; readonly change: SmallestChange } => {
  const children: Because[] = [];
  if (findings.leaf !== null && findings.unreadable === null) {
    children.push(permissionPart(question, findings, options), folderPart(question, findings, options));
    const misses = nearMisses(question, findings, options);
    if (misses.length > 0) children.push({ rule: "may.near-misses", text: "what nearly decided otherwise", children: misses });
  }
  const change = smallestChange(question, actor, findings);
  children.push({
    rule: "may.smallest-change",
    text:
      change.changes.length === 0
        ? change.text
        : `${change.text}; ${change.byActor ? "this account itself" : `an account with \`${change.needs}\``} can do this`,
    facts: { needs: change.needs, byActor: change.byActor, changes: change.changes.length },
  });
  return { children, change };
};

/** The whole answer, evaluated anew. `because.facts.effect` is `permit` or `deny`; its rule is the one that `decide` names. */
export const explainWhole = (question: Question, actor: Actor, options: ExplainOptions = {}): Explanation => {
  const findings = gatherFindings(question, actor);
  const decider = findings.rule === "may.denied" ? findings.denials[0] : findings.rule === "may.granted" ? findings.grants[0] : undefined;
  const folder = findings.rule === "may.granted" ? findings.holding[0] : undefined;
  const { children, change } = partsOf(question, actor, findings, options);
  const because: Because = {
    rule: findings.rule,
    text: sentence(question, actor, findings),
    facts: {
      effect: findings.rule === "may.granted" ? "permit" : "deny",
      actor: actor.accessId,
      asked: question.permission,
      path: question.path ?? null,
      controller: question.controller ?? null,
      role: decider?.role.name ?? null,
      service: decider?.role.service ?? null,
      scope: decider?.scope ?? null,
      permission: decider?.text ?? null,
      folder: folder === undefined ? null : renderFolder(folder.path, folder.recursive),
      folderRole: folder?.role.name ?? null,
      folderScope: folder?.scope ?? null,
      // Counted only where they could be read (E12).
      roles: findings.rule === "may.not-granted" ? actor.roles.length : null,
      why: findings.unreadable,
    },
    children,
  };
  return { because, decidedBy: decidingOf(decider, options), folder: decidingOf(folder, options), change };
};

/** The tree of reasons alone. */
export const explain = (question: Question, actor: Actor): Because => explainWhole(question, actor).because;

/** What stands below the answer, for a verdict that has its own words already. */
export const explainParts = (question: Question, actor: Actor): readonly Because[] =>
  partsOf(question, actor, gatherFindings(question, actor), {}).children;
