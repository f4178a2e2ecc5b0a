/**
 * Why: the proof tree of an answer, evaluated anew from the roles each time it is asked for. It has the verdict, what decided it,
 * what nearly did, and the smallest change that would flip it. What does not belong here: the compiled cache (never read).
 *
 * It speaks of the actor's own roles and the path he named, never of whether an object exists (W7). Asking about another
 * account needs `manager:explain:others`; the surface asks for it.
 */
import { gatherFindings, type Findings, type FoundFolder, type FoundPermission } from "#access/findings.ts";
import { folderAbove, renderFolder, withoutFolderMark } from "#access/folders.ts";
import { scopeWords } from "#access/may-rules.ts";
import type { Actor, Question } from "#access/question.ts";
import { smallestChange } from "#access/smallest-change.ts";
import type { Because } from "#kernel/problem.ts";

const mostShown = 5;

const permissionReason = (found: FoundPermission): Because => ({
  rule: found.denied ? "may.denial" : "may.grant",
  text: `role \`${found.role.name}\` ${found.denied ? "denies" : "grants"} \`${found.text}\` for ${scopeWords(found.scope)}`,
  facts: { role: found.role.name, service: found.role.service, scope: found.scope, permission: found.text },
});

const folderReason = (rule: string, found: FoundFolder, ends: string): Because => ({
  rule,
  text: `folder \`${renderFolder(found.path, found.recursive)}\` of role \`${found.role.name}\` for ${scopeWords(found.scope)} ${ends}`,
  facts: { role: found.role.name, service: found.role.service, scope: found.scope, folder: renderFolder(found.path, found.recursive) },
});

const capped = (list: readonly Because[], what: string): Because[] =>
  list.length <= mostShown
    ? [...list]
    : [...list.slice(0, mostShown), { rule: "may.more", text: `and ${list.length - mostShown} more ${what}` }];

const permissionPart = (question: Question, findings: Findings): Because => {
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
    children: [...capped(denials.map(permissionReason), "denials"), ...capped(grants.map(permissionReason), "grants")],
  };
};

const folderPart = (question: Question, findings: Findings): Because => {
  const rule = "may.folders";
  if (question.path === undefined)
    return { rule, text: findings.leaf?.object === null ? "asked without an object, so folders do not matter" : "no object was named" };
  if (findings.folders.length === 0) return { rule, text: "no role limits the folders, so every folder is held" };
  if (findings.holding.length > 0)
    return {
      rule,
      text: `\`${question.path}\` is in a folder of the roles`,
      children: capped(
        findings.holding.map((found) => folderReason("may.folder-entry", found, `holds \`${question.path}\``)),
        "folders",
      ),
    };
  return { rule, text: `\`${question.path}\` is in none of the ${findings.folders.length} folders to which the roles limit this account` };
};

const permissionMisses = (question: Question, findings: Findings): Because[] => {
  const misses: Because[] = findings.elsewhere.map((found) => ({
    ...permissionReason(found),
    rule: "may.near-miss",
    text: `role \`${found.role.name}\` ${found.denied ? "denies" : "grants"} \`${found.text}\` for ${scopeWords(found.scope)} only`,
  }));
  if (findings.grants.length > 0) return misses;
  const branch = question.permission.slice(0, question.permission.lastIndexOf(":") + 1);
  for (const found of findings.otherPermissions) {
    if (found.denied) continue;
    if (found.depth === 0)
      misses.push({
        ...permissionReason(found),
        rule: "may.near-miss",
        text: `role \`${found.role.name}\` has \`${found.text}\`, which is not in the permission tree and grants nothing`,
      });
    else if (found.text.startsWith(branch))
      misses.push({
        ...permissionReason(found),
        rule: "may.near-miss",
        text: `role \`${found.role.name}\` grants \`${found.text}\`, which does not include \`${question.permission}\``,
      });
  }
  return misses;
};

const folderMisses = (findings: Findings): Because[] => {
  if (findings.path === null || findings.folders.length === 0 || findings.holding.length > 0) return [];
  const path = withoutFolderMark(findings.path);
  const misses: Because[] = [];
  for (const found of findings.folders) {
    if (!found.recursive && (found.path === "/" || path.startsWith(`${found.path}/`)))
      misses.push(folderReason("may.near-miss", found, "is not recursive"));
    else if (found.path !== "/" && path.startsWith(found.path))
      misses.push(folderReason("may.near-miss", found, "only begins with the same letters"));
    else if (found.path.startsWith(`${path}/`)) misses.push(folderReason("may.near-miss", found, "lies below it"));
    else if (folderAbove(found.path) === folderAbove(path) && folderAbove(path) !== "/")
      misses.push(folderReason("may.near-miss", found, "lies beside it"));
  }
  for (const found of findings.replaced)
    misses.push(folderReason("may.near-miss", found, "is replaced by the controller's own entry for that folder"));
  for (const found of findings.foldersElsewhere)
    if (path === found.path || path.startsWith(`${found.path === "/" ? "" : found.path}/`))
      misses.push(folderReason("may.near-miss", found, "counts for that controller only"));
  return misses;
};

const sentence = (question: Question, actor: Actor, findings: Findings): string => {
  const place =
    (question.path === undefined ? "" : ` on \`${question.path}\``) +
    (question.controller === undefined ? "" : ` of controller \`${question.controller}\``);
  const asked = `\`${actor.name}\` ${findings.rule === "may.granted" ? "may" : "may not"} \`${question.permission}\`${place}`;
  switch (findings.rule) {
    case "may.granted":
      return `${asked}: ${findings.grants[0] === undefined ? "" : permissionReason(findings.grants[0]).text}`;
    case "may.denied":
      return `${asked}: ${findings.denials[0] === undefined ? "" : permissionReason(findings.denials[0]).text}`;
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

/** The whole reason of the answer to a question. `facts.effect` is `permit` or `deny`; the rule is the one that `decide` names. */
export const explain = (question: Question, actor: Actor): Because => {
  const findings = gatherFindings(question, actor);
  const decider = findings.rule === "may.denied" ? findings.denials[0] : findings.rule === "may.granted" ? findings.grants[0] : undefined;
  const folder = findings.rule === "may.granted" ? findings.holding[0] : undefined;
  const children: Because[] = [];
  if (findings.leaf !== null && findings.unreadable === null) {
    children.push(permissionPart(question, findings), folderPart(question, findings));
    const misses = [...permissionMisses(question, findings), ...folderMisses(findings)];
    if (misses.length > 0)
      children.push({ rule: "may.near-misses", text: "what nearly decided otherwise", children: capped(misses, "near misses") });
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
  return {
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
};
