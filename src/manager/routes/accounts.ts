/** Accounts, their roles, sessions and passwords, and roles given to accounts of the operating system. The rules: `identity/accounts.ts`. */
import { z } from "zod";
import { stringify as renderYaml } from "yaml";
import {
  count,
  cursor,
  idOf,
  instant,
  isoOf,
  isoOrNull,
  line,
  decodeCursor,
  encodeCursor,
  pageOf,
  searched,
} from "#manager/routes/fields.ts";
import { listAudit } from "#audit/list-audit.ts";
import type { AuditRecord } from "#audit/record.ts";
import { isId } from "#kernel/ids.ts";
import { fail } from "#kernel/problem.ts";
import { renderAccount } from "#identity/schema.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";
import { accountStates, type AccountPlace } from "#identity/account-list.ts";
import type { Account } from "#identity/account-store.ts";
import type { AccountOutcome } from "#identity/accounts.ts";
import type { Principal } from "#identity/principal.ts";
import { loginFailedAction } from "#identity/login.ts";
import type { Notice } from "#identity/rules/notice.ts";

const view = { may: "manager:administration:accounts:view" } as const;
const manage = { may: "manager:administration:accounts:manage" } as const;

const accountSchema = z
  .object({
    id: z.string(),
    accessId: z.string(),
    service: z.string(),
    name: z.string(),
    roles: z.array(z.string()),
    groups: z.array(z.string()),
    disabled: z.boolean(),
    mustChangePassword: z.boolean(),
    passwordExpiresAt: instant.nullable().describe("when an unused one-time password dies"),
    createdAt: instant,
    lastLoginAt: instant.nullable(),
    revision: z.int(),
    yaml: z.string().describe("as `behalf apply` takes it; passwords are no part of it"),
  })
  .meta({ id: "Account" });

export const noticeSchema = z.object({
  rule: z.string(),
  text: z.string(),
  confirm: z.boolean().describe("refused until it is repeated with `confirm`"),
});
export const noticesJson = (notices: readonly Notice[]): z.input<typeof noticeSchema>[] =>
  notices.map(({ rule, text, confirm }) => ({ rule, text, confirm }));

const outcomeSchema = z.object({
  account: accountSchema,
  oneTimePassword: z.string().nullable().describe("shown this once; must be changed at the first sign-in"),
  notices: z.array(noticeSchema),
});

const accountJson = (account: Account): z.input<typeof accountSchema> => ({
  id: account.id,
  accessId: account.accessId,
  service: account.service,
  name: account.name,
  roles: account.roles.map((role) => role.name),
  groups: [...account.groups],
  disabled: account.disabled,
  mustChangePassword: account.mustChangePassword,
  passwordExpiresAt: isoOrNull(account.passwordExpiresAtMs),
  createdAt: isoOf(account.createdAtMs),
  lastLoginAt: isoOrNull(account.lastLoginAtMs),
  revision: account.revision,
  yaml: renderYaml(renderAccount(account)),
});

const outcomeJson = (outcome: AccountOutcome): z.input<typeof outcomeSchema> => ({
  account: accountJson(outcome.account),
  oneTimePassword: outcome.initialPassword,
  notices: noticesJson(outcome.notices),
});

const names = (max: number): z.ZodArray<z.ZodString> => z.array(line(1024).min(1)).max(max);
const password = z.string().min(1).max(1024);
const confirm = z.boolean().default(false).describe("the caller has seen what the change brings with it");
const revision = z.int().min(0).nullable().default(null).describe("revision from which the change was made; null: whatever is there");
const byName = z.object({ account: line(1024).min(1).describe("account id or name") });

const accountObject = "account:";

/** An account by id or by name. */
const accountOf = async (identity: Services["identity"], given: string): Promise<Account> =>
  isId("acc", given)
    ? await identity.getAccount(given)
    : ((await identity.findAccount(given)) ?? fail("identity.account-not-found", `there is no account \`${given}\``));

export const confirmQuery = z.object({
  confirm: z.enum(["true", "false"]).default("false"),
  revision: z.coerce.number().int().min(0).optional(),
});
export const confirmed = (query: {
  confirm: "true" | "false";
  revision?: number | undefined;
}): { confirm: boolean; revision: number | null } => ({
  confirm: query.confirm === "true",
  revision: query.revision ?? null,
});

const assignmentSchema = z.object({ accessId: z.string(), roles: z.array(z.string()), notices: z.array(noticeSchema) });

/** Changes the roles of an account or of `os:<uid>`. */
const assign = async (
  identity: Services["identity"],
  actor: Principal,
  given: string,
  change: (roles: readonly string[]) => readonly string[],
  sure: boolean,
): Promise<z.input<typeof assignmentSchema>> => {
  const uid = /^os:(\d{1,10})$/.exec(given)?.[1];
  if (uid !== undefined) {
    const before = (await identity.listOsAccounts()).find((one) => one.accessId === given)?.roles ?? [];
    const after = change(before);
    const notices = await identity.setOsRoles(actor, Number(uid), after, { confirm: sure });
    return { accessId: given, roles: [...after], notices: noticesJson(notices) };
  }
  const name = given.startsWith("user:") ? given.slice(given.lastIndexOf("/") + 1) : given;
  const account = await accountOf(identity, name);
  const outcome = await identity.editAccount(
    actor,
    account.id,
    { roles: change(account.roles.map((role) => role.name)) },
    { confirm: sure, revision: account.revision },
  );
  return { accessId: account.accessId, roles: outcome.account.roles.map((role) => role.name), notices: noticesJson(outcome.notices) };
};

const failedLoginSchema = z.object({
  at: instant,
  account: z
    .string()
    .describe("the name that was given; `*none` where none was, `*invalid` where it cannot be an account's and is not recorded"),
  code: z.string().describe("why it was refused"),
  kind: z.enum(["browser", "cli"]),
  client: z.string().describe("address and program"),
});

/** SECURITY: the record holds no password, and no name that could be one typed into the wrong field (`identity/login.ts`). */
const failedLoginJson = ({ at, object, detail }: AuditRecord): z.input<typeof failedLoginSchema> => {
  const { code, kind, client } = JSON.parse(detail) as { code: string; kind: "browser" | "cli"; client: string };
  return { at: isoOf(at), account: object.slice(accountObject.length), code, kind, client };
};

export const accountRoutes = ({ identity, streams, store, clock }: Services): Route[] => [
  route({
    method: "GET",
    url: "/api/v1/accounts",
    summary: "List accounts",
    question: view,
    query: z.object({
      q: searched.describe("only accounts whose name or groups contain this text"),
      role: line(1024).min(1).optional().describe("only holders of the role with this name"),
      state: z.enum(accountStates).optional(),
      limit: count(1, 200, 100),
      cursor,
    }),
    answer: pageOf(accountSchema).extend({
      total: z.int().describe("on all pages"),
      osAccounts: z
        .array(z.object({ accessId: z.string(), roles: z.array(z.string()) }))
        .describe("accounts of the operating system that hold roles here"),
    }),
    handle: async ({ query }) => {
      const { q, role, state, limit } = query;
      const after = decodeCursor(query.cursor, ["string", "string"]);
      const page = await identity.pageAccounts({ q, role, state }, { limit, after: after as AccountPlace | null });
      return {
        items: page.accounts.map(accountJson),
        nextCursor: page.next === null ? null : encodeCursor(page.next),
        total: page.total,
        osAccounts: (await identity.listOsAccounts()).map(({ accessId, roles }) => ({ accessId, roles: [...roles] })),
      };
    },
  }),
  route({
    method: "POST",
    url: "/api/v1/accounts",
    summary: "Create an account",
    question: manage,
    body: z.strictObject({
      name: line(1024).min(1),
      password: password.optional().describe("absent: a one-time password, shown in the answer"),
      mustChangePassword: z.boolean().default(true),
      roles: names(200).default([]),
      groups: names(200).default([]),
      disabled: z.boolean().default(false),
      confirm,
    }),
    answer: outcomeSchema,
    status: 201,
    handle: async ({ caller, body: { confirm: sure, password: given, ...input } }) =>
      outcomeJson(
        await identity.createAccount(
          caller.principal,
          { ...input, ...(given === undefined ? {} : { password: given }) },
          { confirm: sure },
        ),
      ),
  }),
  route({
    method: "GET",
    url: "/api/v1/accounts/:account",
    summary: "Show an account",
    question: view,
    params: byName,
    answer: accountSchema,
    handle: async ({ params }) => accountJson(await accountOf(identity, params.account)),
  }),
  route({
    method: "PUT",
    url: "/api/v1/accounts/:account",
    summary: "Change an account; what is absent stays",
    question: manage,
    params: byName,
    body: z.strictObject({
      name: line(1024).min(1).optional(),
      password: password.optional(),
      mustChangePassword: z.boolean().optional(),
      roles: names(200).optional(),
      groups: names(200).optional(),
      disabled: z.boolean().optional(),
      confirm,
      revision,
    }),
    answer: outcomeSchema,
    handle: async ({ caller, params, body: { confirm: sure, revision: from, ...change } }) => {
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      const outcome = await identity.editAccount(caller.principal, (await accountOf(identity, params.account)).id, given, {
        confirm: sure,
        revision: from,
      });
      await streams.recheckAll();
      return outcomeJson(outcome);
    },
  }),
  route({
    method: "DELETE",
    url: "/api/v1/accounts/:account",
    summary: "Delete an account",
    question: manage,
    params: byName,
    query: confirmQuery,
    handle: async ({ caller, params, query }) => {
      await identity.deleteAccount(caller.principal, (await accountOf(identity, params.account)).id, confirmed(query));
      await streams.recheckAll();
      return undefined;
    },
  }),
  route({
    method: "POST",
    url: "/api/v1/accounts/:account/reset-password",
    summary: "Replace the password by a one-time password and end all sessions",
    question: manage,
    params: byName,
    answer: outcomeSchema,
    handle: async ({ caller, params }) => {
      const outcome = await identity.resetPassword(caller.principal, (await accountOf(identity, params.account)).id);
      await streams.recheckAll();
      return outcomeJson(outcome);
    },
  }),
  ...(["disable", "enable"] as const).map((verb) =>
    route({
      method: "POST",
      url: `/api/v1/accounts/:account/${verb}`,
      summary: verb === "disable" ? "Disable an account and end its sessions" : "Let a disabled account sign in again",
      question: manage,
      params: byName,
      query: confirmQuery,
      answer: outcomeSchema,
      handle: async ({ caller, params, query }) => {
        const account = await accountOf(identity, params.account);
        const outcome = await identity.editAccount(caller.principal, account.id, { disabled: verb === "disable" }, confirmed(query));
        await streams.recheckAll();
        return outcomeJson(outcome);
      },
    }),
  ),
  route({
    method: "GET",
    url: "/api/v1/accounts/:account/sessions",
    summary: "Sessions of an account",
    question: view,
    params: byName,
    answer: z.object({
      items: z.array(
        z.object({
          id: z.string(),
          kind: z.enum(["browser", "cli"]),
          client: z.string(),
          createdAt: instant,
          seenAt: instant,
          expiresAt: instant,
          remainingMs: z.int(),
        }),
      ),
    }),
    handle: async ({ params }) => {
      const account = await accountOf(identity, params.account);
      const sessions = await identity.listSessions(account.id);
      return {
        items: sessions.map((one) => ({
          id: one.id,
          kind: one.kind,
          client: one.client,
          createdAt: isoOf(one.createdAtMs),
          seenAt: isoOf(one.seenAtMs),
          expiresAt: isoOf(one.expiresAtMs),
          remainingMs: Math.max(0, one.expiresAtMs - clock.nowMs()),
        })),
      };
    },
  }),
  route({
    method: "DELETE",
    url: "/api/v1/accounts/:account/sessions",
    summary: "End all sessions of an account",
    question: manage,
    params: byName,
    answer: z.object({ ended: z.int() }),
    handle: async ({ caller, params }) => {
      const ended = await identity.endSessionsOf(caller.principal, (await accountOf(identity, params.account)).id);
      await streams.recheckAll();
      return { ended };
    },
  }),
  route({
    method: "DELETE",
    url: "/api/v1/accounts/:account/sessions/:session",
    summary: "End one session of an account",
    question: manage,
    params: byName.extend({ session: idOf("ses") }),
    handle: async ({ caller, params }) => {
      const account = await accountOf(identity, params.account);
      if (!(await identity.listSessions(account.id)).some((one) => one.id === params.session))
        fail("identity.session-not-found", "there is no such session of this account");
      await identity.endSession(caller.principal, params.session);
      streams.endSession(params.session);
      return undefined;
    },
  }),
  route({
    method: "GET",
    url: "/api/v1/failed-logins",
    summary: "Logins that were refused, newest first",
    question: view,
    query: z.object({
      account: line(1024)
        .min(1)
        .optional()
        .describe("only those under this account name; `*none`: no name was given; `*invalid`: the name given cannot be one"),
      limit: count(1, 200, 100),
      cursor: z.string().max(200).optional(),
    }),
    answer: pageOf(failedLoginSchema),
    handle: async ({ query }) => {
      const filter = {
        action: loginFailedAction,
        ...(query.account === undefined ? {} : { object: `${accountObject}${query.account}` }),
      };
      const { records, next } = await listAudit(store.read, filter, query.cursor ?? null, query.limit);
      return { items: records.map(failedLoginJson), nextCursor: next };
    },
  }),
  route({
    method: "POST",
    url: "/api/v1/assignments",
    summary: "Give a role to an account",
    question: manage,
    body: z.strictObject({
      account: line(1024).min(1).describe("account name, access ID or `os:<uid>`"),
      role: line(1024).min(1),
      confirm,
    }),
    answer: assignmentSchema,
    status: 201,
    handle: async ({ caller, body }) => {
      const answer = await assign(
        identity,
        caller.principal,
        body.account,
        (roles) => (roles.includes(body.role) ? roles : [...roles, body.role]),
        body.confirm,
      );
      await streams.recheckAll();
      return answer;
    },
  }),
  route({
    method: "DELETE",
    url: "/api/v1/assignments/:account/:role",
    summary: "Take a role from an account; the role stays",
    question: manage,
    params: z.object({ account: line(1024).min(1), role: line(1024).min(1) }),
    query: confirmQuery,
    answer: assignmentSchema,
    handle: async ({ caller, params, query }) => {
      const answer = await assign(
        identity,
        caller.principal,
        params.account,
        (roles) => roles.filter((role) => role !== params.role),
        query.confirm === "true",
      );
      await streams.recheckAll();
      return answer;
    },
  }),
  route({
    method: "PUT",
    url: "/api/v1/os-accounts/:uid",
    summary: "Give an account of the operating system exactly these roles",
    question: manage,
    params: z.object({ uid: z.coerce.number().int().min(0).max(4_294_967_295) }),
    body: z.strictObject({ roles: names(200), confirm }),
    answer: assignmentSchema,
    handle: async ({ caller, params, body }) => {
      const notices = await identity.setOsRoles(caller.principal, params.uid, body.roles, { confirm: body.confirm });
      await streams.recheckAll();
      return { accessId: `os:${params.uid}`, roles: body.roles, notices: noticesJson(notices) };
    },
  }),
];
