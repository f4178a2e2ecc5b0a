/** `POST /what-if`: what a draft of the policy would change, before anything is changed. */
import { z } from "zod";
import { renderRegion } from "#access/simulate.ts";
import type { Role } from "#access/question.ts";
import type { Account } from "#identity/account-store.ts";
import type { Principal } from "#identity/principal.ts";
import type { Notice } from "#identity/rules/notice.ts";
import { readScopes } from "#identity/rules/role-scopes.ts";
import { isId } from "#kernel/ids.ts";
import { fail, ProblemError } from "#kernel/problem.ts";
import { noticeSchema, noticesJson } from "#manager/routes/accounts.ts";
import type { Applied, Rooms } from "#manager/apply-definitions.ts";
import { readDefinitions } from "#manager/read-definitions.ts";
import { documentsField, filesField } from "#manager/routes/definitions.ts";
import { becauseJson, becauseSchema } from "#manager/routes/explain.ts";
import { instant, isoOf, line } from "#manager/routes/fields.ts";
import { testResultSchema, testResultsJson } from "#manager/routes/policy-tests.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";
import { authorise } from "#manager/web/guard.ts";
import { whatIf, type FolderLine, type HolderLine } from "#manager/what-if.ts";

const names = z.array(line(1024).min(1)).max(200);
const scope = z.strictObject({
  controller: line(64).min(1).default("default"),
  permissions: z.array(line(200).min(1)).max(1000).default([]),
  folders: z
    .array(z.union([z.string().max(1024), z.strictObject({ path: z.string().max(1024), recursive: z.boolean() })]))
    .max(1000)
    .default([]),
});

const roleEdit = z.strictObject({
  role: line(1024).min(1).describe("role id or name"),
  scopes: z.array(scope).max(201).describe("none: the role would be removed"),
});
const accountEdit = z
  .strictObject({
    account: line(1024).min(1).describe("account id, name, access ID or `os:<uid>`"),
    roles: names.optional().describe("exactly these"),
    disabled: z.boolean().optional(),
  })
  .refine((edit) => edit.roles !== undefined || edit.disabled !== undefined);
const deletion = z.strictObject({ delete: z.enum(["Role", "Account", "PolicyTest"]), name: line(1024).min(1) });
const edit = z.union([roleEdit, accountEdit, deletion]);
type Edit = z.output<typeof edit>;

const sure = { confirm: true } as const;
const applied = (
  kind: Applied["kind"],
  name: string,
  change: Applied["change"],
  revision: number | null,
  notices: readonly Notice[] = [],
): Applied => ({ kind, name, change, revision, notices: notices.map((one) => one.text), oneTimePassword: null });

const roleIn = async (rooms: Rooms, given: string): Promise<Role> =>
  isId("rol", given)
    ? await rooms.roles.getRole(given)
    : ((await rooms.roles.findRole(given)) ?? fail("identity.role-not-found", `there is no role \`${given}\``));

const accountIn = async (rooms: Rooms, given: string): Promise<Account> => {
  const id = given.startsWith("user:") ? given.slice(given.lastIndexOf("/") + 1) : given;
  return isId("acc", id)
    ? await rooms.accounts.getAccount(id)
    : ((await rooms.accounts.findAccount(id)) ?? fail("identity.account-not-found", `there is no account \`${given}\``));
};

const tryRole = async (rooms: Rooms, principal: Principal, { role: given, scopes }: z.output<typeof roleEdit>): Promise<Applied> => {
  const role = await roleIn(rooms, given);
  const read = readScopes(
    scopes.map(({ controller, permissions, folders }) => ({
      controller,
      permissions,
      folders: folders.map((one) => (typeof one === "string" ? { path: one, recursive: false } : one)),
    })),
  );
  if (!read.ok) throw new ProblemError(read.problem);
  const outcome = await rooms.roles.editRole(principal, role.id, { scopes: read.value }, sure);
  return applied("Role", role.name, outcome.role === null ? "removed" : "changed", outcome.role?.revision ?? null, outcome.notices);
};

const tryAccount = async (
  rooms: Rooms,
  principal: Principal,
  { account: given, roles, disabled }: z.output<typeof accountEdit>,
): Promise<Applied> => {
  const uid = /^os:(\d{1,10})$/.exec(given)?.[1];
  if (uid !== undefined) {
    if (disabled !== undefined || roles === undefined)
      return fail("input.invalid-value", "an account of the operating system is not disabled here", {
        hint: "take its roles away instead",
      });
    await rooms.accounts.setOsRoles(principal, Number(uid), roles, sure);
    return applied("Account", given, "changed", null);
  }
  const account = await accountIn(rooms, given);
  const change = { ...(roles === undefined ? {} : { roles }), ...(disabled === undefined ? {} : { disabled }) };
  const outcome = await rooms.accounts.editAccount(principal, account.id, change, sure);
  return applied("Account", account.name, "changed", outcome.account.revision);
};

const tryDeletion = async (rooms: Rooms, principal: Principal, { delete: kind, name }: z.output<typeof deletion>): Promise<Applied> => {
  if (kind === "Role") {
    const role = await roleIn(rooms, name);
    await rooms.roles.deleteRole(principal, role.id, sure);
    return applied(kind, role.name, "deleted", null);
  }
  if (kind === "Account") {
    const account = await accountIn(rooms, name);
    await rooms.accounts.deleteAccount(principal, account.id, sure);
    return applied(kind, account.name, "deleted", null);
  }
  await rooms.policyTests.deletePolicyTest(principal, name);
  return applied(kind, name, "deleted", null);
};

const tryEdits =
  (principal: Principal, edits: readonly Edit[]) =>
  async (rooms: Rooms): Promise<readonly Applied[]> => {
    const results: Applied[] = [];
    for (const one of edits)
      results.push(
        "role" in one
          ? await tryRole(rooms, principal, one)
          : "account" in one
            ? await tryAccount(rooms, principal, one)
            : await tryDeletion(rooms, principal, one),
      );
    return results;
  };

const actions = { created: "create", changed: "edit", unchanged: "none", removed: "delete", deleted: "delete" } as const;

const lineSchema = z.object({
  accessId: z.string(),
  name: z.string(),
  permission: z.string().describe("a permission, or a branch that changes as a whole"),
  controller: z.string().nullable().describe("null: in general, and for every controller but `exceptControllers`"),
  exceptControllers: z.array(z.string()),
  folders: z
    .array(z.string())
    .nullable()
    .describe("`/a` the folder, `/a/*` with everything below it, `/a/*/*` what is below its subfolders; null: everywhere"),
  exceptFolders: z.array(z.string()).describe("cut out of `folders`; a longer path decides over a shorter one"),
});

const lineJson = ({ accessId, name, change }: HolderLine): z.input<typeof lineSchema> => {
  const region = renderRegion(change.region);
  return {
    accessId,
    name,
    permission: change.permission,
    controller: change.controller,
    exceptControllers: [...change.exceptControllers],
    folders: region === null ? null : [...region.folders],
    exceptFolders: region === null ? [] : [...region.except],
  };
};

const whoSchema = z.array(z.object({ accessId: z.string(), name: z.string(), permissions: z.array(z.string()) }));
const whoJson = (who: FolderLine["gains"]): z.input<typeof whoSchema> => who.map((one) => ({ ...one, permissions: [...one.permissions] }));

const answer = z.object({
  changes: z.array(
    z.object({
      kind: z.enum(["Job", "Role", "Account", "PolicyTest"]),
      name: z.string(),
      action: z.enum(["create", "edit", "delete", "none"]),
      revision: z.int().nullable(),
      notices: z.array(z.string()),
    }),
  ),
  gains: z.array(lineSchema),
  losses: z.array(lineSchema),
  totals: z.object({
    accounts: z.int().describe("whose access changes"),
    gains: z.int(),
    losses: z.int(),
    uncompared: z.int().describe("whose roles change but were too many to compare"),
  }),
  folders: z
    .array(z.object({ folder: z.string(), jobs: z.int(), gains: whoSchema, losses: whoSchema }))
    .describe("folders with jobs that the caller may see"),
  submissions: z.object({
    days: z.int(),
    compared: z.int(),
    otherwiseTotal: z.int(),
    otherwise: z.array(
      z.object({
        id: z.string().nullable().describe("null: it was refused and has no submission"),
        job: z.string(),
        submitter: z.object({ accessId: z.string(), name: z.string() }),
        at: instant,
        before: z.enum(["permit", "deny"]),
        after: z.enum(["permit", "deny"]),
        because: becauseSchema,
      }),
    ),
  }),
  guards: z
    .array(z.object({ code: z.string(), message: z.string(), hint: z.string(), confirm: z.boolean() }))
    .describe("what keeps it from landing; with `confirm` only until it is confirmed"),
  tests: z.array(testResultSchema).describe("the policy tests on the draft; a failing one keeps it from landing"),
  notices: z.array(noticeSchema),
});

export const whatIfRoutes = (services: Services): Route[] => [
  route({
    method: "POST",
    url: "/api/v1/what-if",
    summary: "Compare a draft of the policy with today; nothing is changed",
    question: {
      may: "manager:administration:accounts:view",
      refined: "`manager:explain:others` as well, what each document of a job needs, and which jobs and submissions the caller may see",
    },
    body: z
      .strictObject({
        documents: documentsField.optional().describe("YAML as `POST /definitions` takes it"),
        files: filesField,
        edits: z.array(edit).min(1).max(100).optional().describe("further changes, after the documents, in their order"),
        days: z.int().min(0).max(366).default(30).describe("submissions of so many days are decided again"),
      })
      .refine((body) => body.documents !== undefined || body.edits !== undefined, { path: ["documents"] }),
    answer,
    handle: async ({ caller, body }) => {
      const { principal } = caller;
      authorise(principal, "manager:explain:others", {});
      const { documents, files } = body;
      const definitions = documents === undefined ? [] : readDefinitions(principal, { documents, files }, { isOnlyTried: true });
      const found = await whatIf(services, principal, { definitions, edits: tryEdits(principal, body.edits ?? []) }, body.days);
      return {
        changes: found.changes.map(({ kind, name, change, revision, notices }) => ({
          kind,
          name,
          action: actions[change],
          revision,
          notices: [...notices],
        })),
        gains: found.gains.map(lineJson),
        losses: found.losses.map(lineJson),
        totals: found.totals,
        folders: found.folders.map((one) => ({ ...one, gains: whoJson(one.gains), losses: whoJson(one.losses) })),
        submissions: {
          days: body.days,
          compared: found.submissions.compared,
          otherwiseTotal: found.submissions.otherwiseTotal,
          otherwise: found.submissions.otherwise.map(({ submission, before, after, because }) => ({
            id: submission.id,
            job: submission.job,
            submitter: { accessId: submission.submitter, name: submission.submitterName },
            at: isoOf(submission.createdAtMs),
            before,
            after,
            because: becauseJson(because),
          })),
        },
        guards: found.guards.map((guard) => ({ ...guard })),
        tests: testResultsJson(found.tests),
        notices: noticesJson(found.notices),
      };
    },
  }),
];
