/**
 * Permissions as people and other products spell them: reading a definition's text, near matches, and the source product's
 * `sos:products:…` names. What does not belong here: the tree itself (`permissions.ts`).
 */
import type { Grant } from "#access/question.ts";
import { leafOf, permissionLeaves, permissionNodeOf, permissionNodes } from "#access/permissions.ts";
import { problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";

const longestText = 200;

/** Edits between two texts; `limit` or more is reported as `limit`. */
const editDistance = (left: string, right: string, limit: number): number => {
  if (Math.abs(left.length - right.length) >= limit) return limit;
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    let smallest = row;
    for (let column = 1; column <= right.length; column += 1) {
      const change = left.charCodeAt(row - 1) === right.charCodeAt(column - 1) ? 0 : 1;
      const cost = Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (previous[column - 1] ?? 0) + change);
      current.push(cost);
      if (cost < smallest) smallest = cost;
    }
    if (smallest >= limit) return limit;
    previous = current;
  }
  return Math.min(previous[right.length] ?? limit, limit);
};

const nearestOf = (text: string, names: readonly string[]): string | null => {
  let best: string | null = null;
  let bestDistance = Math.max(3, Math.ceil(text.length / 3));
  for (const name of names) {
    const distance = editDistance(text, name, bestDistance);
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  if (best !== null) return best;
  const lastSegments = text.slice(text.lastIndexOf(":") + 1);
  return names.find((name) => lastSegments !== "" && name.endsWith(`:${lastSegments}`)) ?? null;
};

const allNames: readonly string[] = permissionNodes.map((node) => node.permission);
const leafNames: readonly string[] = permissionLeaves.map((leaf) => leaf.permission);

/** The permission that was probably meant, or null where nothing is near. */
export const nearestPermission = (text: string): string | null => {
  const wanted = text.trim().toLowerCase().replace(/^-/, "").slice(0, longestText);
  if (wanted === "") return null;
  if (permissionNodeOf(wanted) !== undefined) return wanted;
  const translated = fromSos(wanted);
  if (translated.ok) return translated.value[0] ?? null;
  return nearestOf(wanted.replace(/^behalf:/, ""), allNames);
};

const unknownPermission = (text: string): Result<never> => {
  const near = nearestPermission(text);
  return refuse(
    problem(
      "access.unknown-permission",
      `there is no permission \`${text.slice(0, longestText)}\``,
      near === null ? {} : { hint: `did you mean \`${near}\`?` },
    ),
  );
};

/** D77: reads one entry of a definition, `controller:runs` or `-controller:runs:cancel`. Unknown permissions are problems with the nearest match. */
export const readGrant = (text: string): Result<Grant> => {
  const denied = text.startsWith("-");
  const permission = denied ? text.slice(1) : text;
  return permissionNodeOf(permission) === undefined ? unknownPermission(permission) : ok({ permission, denied });
};

/** The text of one entry, as definitions and explanations show it. */
export const renderGrant = (grant: Grant): string =>
  grant.denied && !grant.permission.startsWith("-") ? `-${grant.permission}` : grant.permission;

/** E6: questions name leaves. For surfaces that take a permission from people. */
export const readLeaf = (text: string): Result<string> => {
  if (leafOf(text) !== undefined) return ok(text);
  if (permissionNodeOf(text) === undefined) return unknownPermission(text);
  const below = leafNames.filter((name) => name.startsWith(`${text}:`));
  return refuse(
    problem("access.not-a-leaf", `\`${text}\` is a branch of the permission tree: a question names one permission`, {
      hint: `ask for one of ${below
        .slice(0, 6)
        .map((name) => `\`${name}\``)
        .join(", ")}${below.length > 6 ? ", …" : ""}`,
    }),
  );
};

const sosRoot = "sos:products";
const signIn = "manager:view";

const theirs = (ours: string): string =>
  ours
    .replace(/^manager/, `${sosRoot}:joc`)
    .replace(/^controller:runs/, "controller:orders")
    .replace(/^controller:jobs/, "controller:workflows")
    .replace(/^controller/, `${sosRoot}:controller`);

const sosNames: ReadonlyMap<string, string> = new Map(
  permissionNodes
    .filter((node) => permissionLeaves.slice(node.firstLeaf, node.afterLastLeaf).some((leaf) => !leaf.own))
    .map((node) => [theirs(node.permission), node.permission]),
);

/** D78 names these three as what a login needed there; who held one of them or an ancestor could sign in. */
const sosLoginNames: readonly string[] = [`${sosRoot}:joc:administration:controllers:view`, `${sosRoot}:controller:view`];

/**
 * Our permissions for one text of the source product; a leading `-` is kept. A grant that let its holder sign in there brings
 * `manager:view` along (E6). `sos:products` is the whole tree.
 */
export const fromSos = (text: string): Result<readonly string[]> => {
  const denied = text.startsWith("-");
  const sign = denied ? "-" : "";
  const plain = text
    .slice(sign.length)
    .trim()
    .replace(/(?::\*)+$/, "")
    .replace(/^(sos:products:joc):adminstration(?=:|$)/, "$1:administration")
    .replace(/^(sos:products:joc:administration):controller(?=:|$)/, "$1:controllers");
  if (plain === "sos" || plain === sosRoot) return ok([`${sign}manager`, `${sign}controller`]);
  const ours = sosNames.get(plain);
  if (ours === undefined) {
    const near = nearestOf(plain.slice(0, longestText), [...sosNames.keys()]);
    return refuse(
      problem(
        "access.unknown-permission",
        `there is no counterpart of \`${text.slice(0, longestText)}\``,
        near === null ? {} : { hint: `did you mean \`${near}\`?` },
      ),
    );
  }
  const bringsLogin = !denied && ours !== "manager" && sosLoginNames.some((name) => name === plain || name.startsWith(`${plain}:`));
  return ok(bringsLogin ? [ours, signIn] : [`${sign}${ours}`]);
};

/** The source product's spelling; null for what only this product has. */
export const toSos = (permission: string): string | null => {
  const sign = permission.startsWith("-") ? "-" : "";
  const plain = theirs(permission.slice(sign.length));
  return sosNames.has(plain) ? `${sign}${plain}` : null;
};
