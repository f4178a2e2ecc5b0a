/** Why somebody may or may not do something: the whole tree, evaluated anew from today's roles, never read from a cache. */
import { z } from "zod";
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { leafOf, permissionNodes } from "#access/permissions.ts";
import { nearestPermission } from "#access/permission-spelling.ts";
import { fail, type Because } from "#kernel/problem.ts";
import { line } from "#manager/routes/fields.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";
import type { Principal } from "#identity/principal.ts";
import { authorise } from "#manager/web/guard.ts";

interface BecauseJson {
  rule: string;
  text: string;
  facts?: Record<string, string | number | boolean | null> | undefined;
  children?: BecauseJson[] | undefined;
}

export const becauseSchema: z.ZodType<BecauseJson> = z
  .object({
    rule: z.string(),
    text: z.string(),
    facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
    get children() {
      return z.array(becauseSchema).optional();
    },
  })
  .meta({ id: "Because" });

export const becauseJson = (because: Because): BecauseJson => ({
  rule: because.rule,
  text: because.text,
  ...(because.facts === undefined ? {} : { facts: { ...because.facts } }),
  ...(because.children === undefined ? {} : { children: because.children.map(becauseJson) }),
});

/** By access ID, `os:<uid>` or account name; null: unknown or disabled. */
const findPrincipal = async (identity: Services["identity"], actor: string): Promise<Principal | null> => {
  if (/^(?:os|user):/.test(actor)) return await identity.principalOf(actor);
  const account = await identity.findAccount(actor);
  return account === null ? null : await identity.principalOf(account.accessId);
};

export const explainRoutes = ({ identity }: Services): Route[] => [
  route({
    method: "POST",
    url: "/api/v1/explain",
    summary: "Explain a permission question",
    question: { self: "explains the caller's own access; about others it asks `manager:explain:others`" },
    body: z.strictObject({
      actor: line(300).min(1).optional().describe("account name, access ID or `os:<uid>`; absent: the caller"),
      permission: line(200).min(1),
      on: line(1024).min(1).optional().describe("folder or object path"),
      controller: line(100).min(1).optional(),
    }),
    answer: z.object({
      question: z.object({ actor: z.string(), permission: z.string(), on: z.string().nullable(), controller: z.string().nullable() }),
      actor: z.object({ accessId: z.string(), name: z.string(), roles: z.array(z.object({ service: z.string(), name: z.string() })) }),
      effect: z.enum(["permit", "deny"]),
      because: becauseSchema,
      hint: z.string().nullable().describe("the smallest change that would flip a refusal"),
    }),
    handle: async ({ caller, body }) => {
      const own = body.actor === undefined || body.actor === caller.principal.accessId || body.actor === caller.principal.name;
      if (!own) authorise(caller.principal, "manager:explain:others", {});
      if (leafOf(body.permission) === undefined && !permissionNodes.some((node) => node.permission === body.permission)) {
        const near = nearestPermission(body.permission);
        fail("input.invalid-value", `there is no permission \`${body.permission}\``, {
          at: { path: "permission" },
          ...(near === null ? {} : { hint: `did you mean \`${near}\`?` }),
        });
      }
      const principal = own ? caller.principal : await findPrincipal(identity, body.actor ?? "");
      if (principal === null) return fail("identity.account-not-found", `there is no account \`${body.actor ?? ""}\``);
      const access = compileAccess({ accessId: principal.accessId, name: principal.name, roles: principal.roles });
      const verdict = decide(
        {
          permission: body.permission,
          trace: true,
          ...(body.on === undefined ? {} : { path: body.on }),
          ...(body.controller === undefined ? {} : { controller: body.controller }),
        },
        access,
      );
      return {
        question: { actor: principal.name, permission: body.permission, on: body.on ?? null, controller: body.controller ?? null },
        actor: {
          accessId: principal.accessId,
          name: principal.name,
          roles: principal.roles.map(({ service, name }) => ({ service, name })),
        },
        effect: verdict.effect,
        because: becauseJson(verdict.because),
        hint: verdict.effect === "permit" ? null : verdict.problem.hint,
      };
    },
  }),
];
