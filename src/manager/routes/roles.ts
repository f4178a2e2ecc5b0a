/** Roles: bundles of permissions, denials and folders. The rules: `identity/roles.ts`; what a permission means: `access/`. */
import { z } from "zod";
import { decide } from "#access/decide.ts";
import { permissionLeaves, permissionNodes } from "#access/permissions.ts";
import { isId } from "#kernel/ids.ts";
import { fail, ProblemError } from "#kernel/problem.ts";
import { confirmed, confirmQuery, noticeSchema, noticesJson } from "#manager/routes/accounts.ts";
import { count, cursor, instant, isoOf, line, pageAfter, pageOf, searched } from "#manager/routes/fields.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";
import { readRole, roleSchema, type RoleDefinition } from "#identity/schema.ts";
import type { StoredRole } from "#identity/role-store.ts";
import { accountNameKey } from "#identity/rules/account-name.ts";
import { renderRole, renderRoleText } from "#identity/rules/role-text.ts";
import { compileAccess } from "#access/compile.ts";

const view = { may: "manager:administration:accounts:view" } as const;
const manage = { may: "manager:administration:accounts:manage" } as const;

const roleAnswer = z
  .object({
    id: z.string(),
    service: z.string(),
    name: z.string(),
    revision: z.int(),
    updatedAt: instant,
    updatedBy: z.string(),
    definition: z.record(z.string(), z.unknown()),
    yaml: z.string().describe("the definition as `behalf apply` takes it"),
  })
  .meta({ id: "Role" });

const roleJson = (role: StoredRole): z.input<typeof roleAnswer> => ({
  id: role.id,
  service: role.service,
  name: role.name,
  revision: role.revision,
  updatedAt: isoOf(role.updatedAtMs),
  updatedBy: role.updatedBy,
  definition: renderRole(role),
  yaml: renderRoleText(role),
});

const outcomeSchema = z.object({
  role: roleAnswer.nullable().describe("null: nothing was left in it, and it was removed"),
  notices: z.array(noticeSchema),
});

const definition = (document: unknown): RoleDefinition => {
  const read = readRole(document);
  if (!read.ok) throw new ProblemError(read.problem);
  return read.value;
};

const options = z.object({
  confirm: z.boolean().default(false),
  keepEmpty: z.boolean().default(false),
  revision: z.int().min(0).nullable().default(null),
});
const byName = z.object({ role: line(1024).min(1).describe("role id or name") });

/** A role by id or by name. */
const roleOf = async (identity: Services["identity"], given: string): Promise<StoredRole> =>
  isId("rol", given)
    ? await identity.getRole(given)
    : ((await identity.findRole(given)) ?? fail("identity.role-not-found", `there is no role \`${given}\``));

export const roleRoutes = ({ identity, streams }: Services): Route[] => [
  route({
    method: "GET",
    url: "/api/v1/permissions",
    summary: "The permission tree",
    question: { self: "the same for everybody; it describes the product" },
    answer: z.object({ items: z.array(z.object({ permission: z.string(), leaf: z.boolean(), meaning: z.string() })) }),
    handle: async () => ({
      items: permissionNodes.map((node) => ({ permission: node.permission, leaf: node.children.length === 0, meaning: node.meaning })),
    }),
  }),
  route({
    method: "GET",
    url: "/api/v1/roles",
    summary: "List roles",
    question: view,
    query: z.object({ q: searched.describe("only roles whose name contains this text"), limit: count(1, 200, 100), cursor }),
    answer: pageOf(roleAnswer.extend({ holderCount: z.int().describe("how many accounts hold it, those of the operating system too") })),
    handle: async ({ query }) => {
      const holders = await identity.countHolders();
      const text = query.q === undefined ? "" : accountNameKey(query.q);
      return pageAfter(
        (await identity.listRoles()).filter((role) => accountNameKey(role.name).includes(text)),
        query,
        (role) => role.id,
        (role) => ({ ...roleJson(role), holderCount: holders.get(role.id) ?? 0 }),
      );
    },
  }),
  route({
    method: "POST",
    url: "/api/v1/roles",
    summary: "Create a role",
    question: manage,
    body: z.strictObject({ definition: roleSchema, ...options.shape }),
    answer: outcomeSchema,
    status: 201,
    handle: async ({ caller, body }) => {
      const outcome = await identity.createRole(caller.principal, definition(body.definition), {
        confirm: body.confirm,
        keepEmpty: body.keepEmpty,
      });
      return { role: outcome.role === null ? null : roleJson(outcome.role), notices: noticesJson(outcome.notices) };
    },
  }),
  route({
    method: "GET",
    url: "/api/v1/roles/:role",
    summary: "Show a role and who holds it",
    question: view,
    params: byName,
    answer: roleAnswer.extend({ holders: z.array(z.string()) }),
    handle: async ({ params }) => {
      const role = await roleOf(identity, params.role);
      return { ...roleJson(role), holders: [...(await identity.holdersOf(role.id))] };
    },
  }),
  route({
    method: "PUT",
    url: "/api/v1/roles/:role",
    summary: "Replace a role's definition",
    question: manage,
    params: byName,
    body: z.strictObject({ definition: roleSchema, ...options.shape }),
    answer: outcomeSchema,
    handle: async ({ caller, params, body }) => {
      const { name, scopes } = definition(body.definition);
      const outcome = await identity.editRole(
        caller.principal,
        (await roleOf(identity, params.role)).id,
        { name, scopes },
        { confirm: body.confirm, keepEmpty: body.keepEmpty, revision: body.revision },
      );
      await streams.recheckAll();
      return { role: outcome.role === null ? null : roleJson(outcome.role), notices: noticesJson(outcome.notices) };
    },
  }),
  route({
    method: "POST",
    url: "/api/v1/roles/:role/duplicate",
    summary: "Copy a role under another name",
    question: manage,
    params: byName,
    body: z.strictObject({
      name: line(1024).min(1),
      service: line(128).min(1).optional().describe("the identity service that gets the copy; without it that of the role"),
    }),
    answer: outcomeSchema,
    status: 201,
    handle: async ({ caller, params, body }) => {
      const outcome = await identity.duplicateRole(caller.principal, (await roleOf(identity, params.role)).id, body.name, body.service);
      return { role: outcome.role === null ? null : roleJson(outcome.role), notices: noticesJson(outcome.notices) };
    },
  }),
  route({
    method: "DELETE",
    url: "/api/v1/roles/:role",
    summary: "Delete a role",
    question: manage,
    params: byName,
    query: confirmQuery,
    answer: z.object({ notices: z.array(noticeSchema) }),
    handle: async ({ caller, params, query }) => {
      const notices = await identity.deleteRole(caller.principal, (await roleOf(identity, params.role)).id, confirmed(query));
      await streams.recheckAll();
      return { notices: noticesJson(notices) };
    },
  }),
  route({
    method: "POST",
    url: "/api/v1/roles/remove-empty",
    summary: "End an editing session: remove the roles that are empty",
    question: manage,
    answer: z.object({ notices: z.array(noticeSchema) }),
    handle: async ({ caller }) => ({ notices: noticesJson(await identity.removeEmptyRoles(caller.principal)) }),
  }),
  route({
    method: "GET",
    url: "/api/v1/access-matrix",
    summary: "Which role grants which permission, each role by itself",
    question: view,
    query: z.object({ controller: line(64).min(1).optional() }),
    answer: z.object({
      permissions: z.array(z.string()),
      roles: z.array(z.object({ service: z.string(), name: z.string(), cells: z.array(z.enum(["granted", "denied", "none"])) })),
    }),
    handle: async ({ query }) => {
      const roles = await identity.listRoles();
      return {
        permissions: permissionLeaves.map((leaf) => leaf.permission),
        roles: roles.map((role) => {
          // Folders are left out: the matrix says what, not where.
          const bare = { ...role, scopes: role.scopes.map((scope) => ({ ...scope, folders: [] })) };
          const access = compileAccess({ accessId: `role:${role.id}`, name: role.name, roles: [bare] });
          const cells = permissionLeaves.map((leaf) => {
            const verdict = decide(
              { permission: leaf.permission, path: "/", ...(query.controller === undefined ? {} : { controller: query.controller }) },
              access,
            );
            return verdict.effect === "permit"
              ? ("granted" as const)
              : verdict.because.rule === "may.denied"
                ? ("denied" as const)
                : ("none" as const);
          });
          return { service: role.service, name: role.name, cells };
        }),
      };
    },
  }),
];
