/** Roles in the form that JS7's cockpit exports and imports; the way back is `import-js7.ts`. What that product does not know is left out and named. */
import { renderGrant, toSos } from "#access/permission-spelling.ts";
import type { Role } from "#access/question.ts";

export interface Js7Export {
  /** JSON, in the order given. */
  readonly text: string;
  /** One sentence for everything that is not in it. */
  readonly left: readonly string[];
}

export const exportJs7 = (roles: readonly Pick<Role, "name" | "scopes">[]): Js7Export => {
  const left: string[] = [];
  const entries = roles.map((role) => {
    const controllers = role.scopes.map((scope) => ({
      controllerId: scope.controller === "default" ? "" : scope.controller,
      permissions: scope.permissions.flatMap((grant) => {
        const theirs = toSos(grant.permission);
        if (theirs !== null) return [{ permissionPath: theirs, excluded: grant.denied }];
        left.push(`role \`${role.name}\`: \`${renderGrant(grant)}\` has no counterpart there`);
        return [];
      }),
      folders: scope.folders.map(({ path, recursive }) => ({ folder: path, recursive })),
    }));
    return [role.name, { controllers }] as const;
  });
  return { text: `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`, left };
};
