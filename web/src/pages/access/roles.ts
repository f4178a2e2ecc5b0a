/** Roles as the API gives them, and what the editor and the lists make of them. */
import { draftOf, type RoleDraft } from "#access/role-draft.ts";
import { renderRole, readRoleText } from "#identity/rules/role-text.ts";
import { renderScopes } from "#identity/rules/role-scopes.ts";
import type { Operations, Schemas } from "#web/api/generated.ts";

export type RoleAnswer = Schemas["Role"];
type WhatIfBody = Operations["POST /api/v1/what-if"]["body"];
export type Definition = Operations["PUT /api/v1/roles/{role}"]["body"]["definition"];

/** Roles that were read, by the answer they came in: reading YAML takes a millisecond or two, and each is asked for several times. */
const drafts = new WeakMap<object, RoleDraft | null>();

/** Null: it holds what this cockpit cannot read, such as a permission of a newer manager. */
export const draftOfAnswer = (role: Pick<RoleAnswer, "yaml">): RoleDraft | null => {
  const known = drafts.get(role);
  if (known !== undefined) return known;
  const read = readRoleText(role.yaml);
  const draft = read.ok ? draftOf(read.value) : null;
  drafts.set(role, draft);
  return draft;
};

export const definitionOf = (draft: RoleDraft): Definition => renderRole(draft) as unknown as Definition;

/** What compares the draft with today. */
export const whatIfOf = (roleId: string | null, draft: RoleDraft, documents: string): WhatIfBody =>
  roleId === null
    ? { documents }
    : {
        edits: [
          {
            role: roleId,
            scopes: renderScopes(draft.scopes).map(({ controller, permissions, folders }) => ({ controller, permissions, folders })),
          },
        ],
      };
