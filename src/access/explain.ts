/**
 * Why: the proof tree of an answer, evaluated anew from the roles each time it is asked for. It has the verdict, what decided it,
 * what nearly did, and the smallest change that would flip it. What does not belong here: the compiled cache (never read).
 *
 * It speaks of the actor's own roles and the path he named, never of whether an object exists (W7). Asking about another
 * account needs `manager:explain:others`; the surface asks for it.
 */
import { gatherFindings, type Findings } from "#access/findings.ts";
import { folderAbove, isBelow, renderFolder, withoutFolderMark } from "#access/folders.ts";
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

const isKnownFolder = (found: FoundFolder, { knowsFolder }: ExplainOptions): boolean =>
  knowsFolder === undefined || knowsFolder(found.path);

const sourceFacts = (found: FoundPermission | FoundFolder, { sourceOf }: ExplainOptions): { readonly source?: string } => {
  const entry = "path" in found ? found.path : `${found.denied ? "-" : ""}${found.text}`;
  const source = sourceOf?.(found.role, found.scope, entry) ?? null;
  return source === null ? {} : { source };
};

const permissionReason = (found: FoundPermission, options: ExplainOptions): Because => ({
  rule: found.denied ? "may.denial" : "may.grant",
  text: `role \`${found.role.name}\` ${found.denied ? "denies" : "grants"} \`${found.text}\` for ${scopeWords(found.scope)}`,
  facts: {
    role: found.role.name,
    service: found.role.service,
    scope: found.scope,
    permission: found.text,
    ...sourceFacts(found, options),
  },
});

const folderReason = (rule: string, found: FoundFolder, ends: string, options: ExplainOptions): Because => ({
  rule,
  text: `folder \`${renderFolder(found.path, found.recursive)}\` of role \`${found.role.name}\` for ${scopeWords(found.scope)} ${ends}`,
  facts: {
    role: found.role.name,
    service: found.role.service,
    scope: found.scope,
    folder: renderFolder(found.path, found.recursive),
    ...sourceFacts(found, options),
  },
});

/** The first few in words, and how many more there are. */
const capped = <T>(list: readonly T[], what: string, render: (item: T) => Because): Because[] => {
  const shown = list.slice(0, mostShown).map(render);
  if (list.length > mostShown) shown.push({ rule: "may.more", text: `and ${list.length - mostShown} more ${what}` });
  return shown;
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
  return {
    rule: "may.permission",
    text,
    children: [
      ...capped(denials, "denials", (found) => permissionReason(found, options)),
      ...capped(grants, "grants", (found) => permissionReason(found, options)),
    ],
  };
};

const folderPart = (question: Question, findings: Findings, options: ExplainOptions): Because => {
  const rule = "may.folders";
  if (question.path === undefined)
    return { rule, text: findings.leaf?.object === null ? "asked without an object, so folders do not matter" : "no object was named" };
  if (findings.folders.length === 0) return { rule, text: "no role limits the folders, so every folder is held" };
  if (findings.holding.length > 0)
    return {
      rule,
      text: `\`${question.path}\` is in a folder of the roles`,
      children: capped(findings.holding, "folders", (found) =>
        folderReason("may.folder-entry", found, `holds \`${question.path}\``, options),
      ),
    };
  return { rule, text: `\`${question.path}\` is in none of the ${findings.folders.length} folders to which the roles limit this account` };
};

/** A reason that is put into words only where it is shown. */
type Miss = () => Because;

const permissionMisses = (question: Question, findings: Findings, options: ExplainOptions): Miss[] => {
  const miss =
    (found: FoundPermission, ends: string): Miss =>
    () => ({
      ...permissionReason(found, options),
      rule: "may.near-miss",
      text: `role \`${found.role.name}\` ${ends}`,
    });
  const misses = findings.elsewhere.map((found) =>
    miss(found, `${found.denied ? "denies" : "grants"} \`${found.text}\` for ${scopeWords(found.scope)} only`),
  );
  if (findings.grants.length > 0) return misses;
  const branch = question.permission.slice(0, question.permission.lastIndexOf(":") + 1);
  for (const found of findings.otherPermissions) {
    if (found.denied) continue;
    if (found.depth === 0) misses.push(miss(found, `has \`${found.text}\`, which is not in the permission tree and grants nothing`));
    else if (found.text.startsWith(branch))
      misses.push(miss(found, `grants \`${found.text}\`, which does not include \`${question.permission}\``));
  }
  return misses;
};

/** Why a folder entry that counts does not hold the path, which lies in the folder `above`; null: it is not even near. */
const missOf = (found: FoundFolder, path: string, above: string): string | null => {
  if (!found.recursive && isBelow(path, found.path)) return "is not recursive";
  if (found.path !== "/" && path.startsWith(found.path)) return "only begins with the same letters";
  if (path !== "/" && isBelow(found.path, path)) return "lies below it";
  const isBeside = above !== "/" && isBelow(found.path, above) && !found.path.includes("/", above.length + 1);
  return isBeside ? "lies beside it" : null;
};

const folderMisses = (findings: Findings, options: ExplainOptions): Miss[] => {
  if (findings.path === null || findings.folders.length === 0 || findings.holding.length > 0) return [];
  const path = withoutFolderMark(findings.path);
  const misses: (readonly [FoundFolder, string])[] = [];
  const above = folderAbove(path);
  for (const found of findings.folders) {
    const why = missOf(found, path, above);
    if (why !== null) misses.push([found, why]);
  }
  for (const found of findings.replaced) misses.push([found, "is replaced by the controller's own entry for that folder"]);
  for (const found of findings.foldersElsewhere)
    if (path === found.path || path.startsWith(`${found.path === "/" ? "" : found.path}/`))
      misses.push([found, "counts for that controller only"]);
  const told = misses.filter(([found]) => isKnownFolder(found, options));
  const kept = misses.length - told.length;
  return [
    ...told.map(
      ([found, why]): Miss =>
        () =>
          folderReason("may.near-miss", found, why, options),
    ),
    ...(kept === 0 ? [] : [() => ({ rule: "may.not-told", text: `and ${kept} folders that you may not know of` })]),
  ];
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
      return `${asked}: ${actor.roles.length === 0 ? "no role is assigned" : `none of the ${actor.roles.length} roles grants it`}`;
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
  const common = { role: found.role, scope: found.scope, source: sourceFacts(found, options).source ?? null };
  return "path" in found
    ? { kind: "folder", entry: renderFolder(found.path, found.recursive), ...common }
    : { kind: found.denied ? "denial" : "grant", entry: `${found.denied ? "-" : ""}${found.text}`, ...common };
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
    const misses = [...permissionMisses(question, findings, options), ...folderMisses(findings, options)];
    if (misses.length > 0)
      children.push({
        rule: "may.near-misses",
        text: "what nearly decided otherwise",
        children: capped(misses, "near misses", (miss) => miss()),
      });
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
