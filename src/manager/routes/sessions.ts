/** Signing in and out, one's own sessions and password. What a session is and when it ends: `identity/`. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { listLogins } from "#audit/list-logins.ts";
import { isoOf, idOf, instant } from "#manager/routes/fields.ts";
import { fail } from "#kernel/problem.ts";
import { route, type Caller, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";
import { channelOf } from "#manager/web/channel.ts";
import { cookieToken, sessionCookieName } from "#manager/web/guard.ts";
import type { Identity } from "#identity/open-identity.ts";
import type { Principal } from "#identity/principal.ts";
import { csrfTokenOf, type NewSession } from "#identity/session-store.ts";

const who = z.object({
  accessId: z.string(),
  name: z.string(),
  service: z.string(),
  roles: z.array(z.string()),
  groups: z.array(z.string()),
});

const sessionAnswer = z
  .object({
    account: who,
    sessionId: z.string(),
    kind: z.enum(["browser", "cli"]),
    mustChangePassword: z.boolean().describe("only `POST /password` and signing out are open until it is changed"),
    expiresAt: instant,
    csrf: z.string().nullable().describe("for header `x-behalf-csrf` of browser sessions"),
    token: z.string().optional().describe("bearer token of CLI sessions, shown this once; browsers get an HttpOnly cookie instead"),
  })
  .meta({ id: "NewSession" });

/** As `access/question.ts` has it. */
const ownRole = z
  .object({
    id: z.string(),
    service: z.string(),
    name: z.string(),
    scopes: z.array(
      z.object({
        controller: z.string(),
        permissions: z.array(z.object({ permission: z.string(), denied: z.boolean() })),
        folders: z.array(z.object({ path: z.string(), recursive: z.boolean() })),
      }),
    ),
  })
  .meta({ id: "OwnRole" });

/** May be empty: that is a failed login as any other (`*none`). */
const account = z.string().max(256);
const password = z.string().min(1).max(1024);

const isTls = (request: FastifyRequest): boolean => {
  const channel = channelOf(request.raw.socket);
  return channel?.kind === "tcp" && channel.tls;
};

const addressOf = (request: FastifyRequest): string => {
  const channel = channelOf(request.raw.socket);
  return channel?.kind === "tcp" ? channel.address : "socket";
};

const setCookie = (request: FastifyRequest, reply: FastifyReply, token: string | null): void => {
  const tls = isTls(request);
  const options = { httpOnly: true, sameSite: "strict", path: "/", secure: tls } as const;
  // No expiry: the cookie goes with the browser, the session's own limits stand in the database.
  void (token === null ? reply.clearCookie(sessionCookieName(tls), options) : reply.setCookie(sessionCookieName(tls), token, options));
};

const whoIs = (principal: Principal): z.input<typeof who> => ({
  accessId: principal.accessId,
  name: principal.name,
  service: principal.service,
  roles: principal.roles.map((role) => role.name),
  groups: [...principal.groups],
});

const answerSession = async (
  identity: Identity,
  request: FastifyRequest,
  reply: FastifyReply,
  session: NewSession,
): Promise<z.input<typeof sessionAnswer>> => {
  const opened = await identity.sessionOf(session.token, { feed: false });
  if (opened === null) return fail("identity.not-signed-in", "the session ended as soon as it began", { hint: "sign in again" });
  if (session.kind === "browser") setCookie(request, reply, session.token);
  return {
    account: whoIs(opened.principal),
    sessionId: session.sessionId,
    kind: session.kind,
    mustChangePassword: session.mustChangePassword,
    expiresAt: isoOf(session.expiresAtMs),
    csrf: session.csrfToken,
    ...(session.kind === "cli" ? { token: session.token } : {}),
  };
};

const sessionIdOf = (caller: Caller): string =>
  caller.session?.id ??
  fail("identity.session-not-found", "the local socket has no session", {
    hint: "nothing needs to be ended: the socket acts as the account of the operating system",
  });

const sessionView = z.object({
  id: z.string(),
  kind: z.enum(["browser", "cli"]),
  client: z.string(),
  current: z.boolean(),
  createdAt: instant,
  seenAt: instant,
  expiresAt: instant,
});

const mostLogins = 20;

export const sessionRoutes = ({ identity, streams, realm, store, clock }: Services): Route[] => [
  route({
    method: "POST",
    url: "/api/v1/sessions",
    summary: "Sign in",
    question: { public: "this is where one signs in" },
    body: z.strictObject({ account, password, kind: z.enum(["browser", "cli"]) }),
    answer: sessionAnswer,
    status: 201,
    handle: async ({ body, request, reply }) => {
      const previous = cookieToken(request, isTls(request));
      const held = previous === null ? null : await identity.sessionOf(previous, { feed: false });
      const session = await identity.login({
        account: body.account,
        password: body.password,
        kind: body.kind,
        client: { address: addressOf(request), program: request.headers["user-agent"] ?? "" },
        previousSessionId: body.kind === "browser" ? (held?.id ?? null) : null,
      });
      if (held !== null && body.kind === "browser") streams.endSession(held.id);
      return await answerSession(identity, request, reply, session);
    },
  }),
  route({
    method: "GET",
    url: "/api/v1/sessions/current",
    summary: "Who is signed in",
    question: { self: "shows the caller himself" },
    answer: z.object({
      principal: who.extend({ amr: z.array(z.string()).describe("how the caller proved himself: `pwd`, `os`") }),
      realm: z.string(),
      session: z
        .object({
          id: z.string(),
          kind: z.enum(["browser", "cli"]),
          expiresAt: instant.describe("however much it is used"),
          idleEndsAt: instant.describe("unless it is used before; requests with `x-behalf-background` and streams are not use"),
          mustChangePassword: z.boolean(),
          now: instant.describe("by the manager's clock, for whoever counts down by another"),
        })
        .nullable()
        .describe("null on the local socket"),
      csrf: z.string().nullable(),
    }),
    handle: async ({ caller, request }) => {
      const { principal, session } = caller;
      const cookie = cookieToken(request, isTls(request));
      return {
        principal: { ...whoIs(principal), amr: [...principal.amr] },
        realm: realm.name,
        session:
          session === null
            ? null
            : {
                id: session.id,
                kind: session.kind,
                expiresAt: isoOf(session.expiresAtMs),
                idleEndsAt: isoOf(session.idleEndsAtMs),
                mustChangePassword: session.mustChangePassword,
                now: isoOf(clock.nowMs()),
              },
        csrf: session?.kind === "browser" && cookie !== null ? csrfTokenOf(cookie) : null,
      };
    },
  }),
  route({
    method: "GET",
    url: "/api/v1/sessions/current/access",
    summary: "What the caller's own roles hold, to preview decisions with the same rules",
    question: { self: "shows the caller's own roles with their permissions and folders" },
    answer: z.object({ accessId: z.string(), name: z.string(), roles: z.array(ownRole) }),
    handle: async ({ caller }) => {
      const { accessId, name, roles } = caller.principal;
      return {
        accessId,
        name,
        roles: roles.map((role) => ({
          id: role.id,
          service: role.service,
          name: role.name,
          scopes: role.scopes.map((scope) => ({
            controller: scope.controller,
            permissions: scope.permissions.map(({ permission, denied }) => ({ permission, denied })),
            folders: scope.folders.map(({ path, recursive }) => ({ path, recursive })),
          })),
        })),
      };
    },
  }),
  route({
    method: "DELETE",
    url: "/api/v1/sessions/current",
    summary: "Sign out",
    question: { self: "ends the caller's own session, or all of the caller's own", whileForced: true },
    query: z.object({ everywhere: z.enum(["true", "false"]).default("false").describe("all sessions of the account") }),
    answer: z.object({ ended: z.int() }),
    handle: async ({ caller, query, request, reply }) => {
      const id = sessionIdOf(caller);
      let ended = 1;
      if (query.everywhere === "true") ended = await identity.logoutEverywhere(caller.principal);
      else await identity.logout(id);
      streams.endSession(id);
      await streams.recheckAll();
      if (caller.session?.kind === "browser") setCookie(request, reply, null);
      return { ended };
    },
  }),
  route({
    method: "GET",
    url: "/api/v1/sessions",
    summary: "One's own sessions",
    question: { self: "lists the caller's own sessions" },
    answer: z.object({ items: z.array(sessionView) }),
    handle: async ({ caller }) => {
      const { accountId } = caller.principal;
      const sessions = accountId === null ? [] : await identity.listSessions(accountId);
      return {
        items: sessions.map((one) => ({
          id: one.id,
          kind: one.kind,
          client: one.client,
          current: one.id === caller.session?.id,
          createdAt: isoOf(one.createdAtMs),
          seenAt: isoOf(one.seenAtMs),
          expiresAt: isoOf(one.expiresAtMs),
        })),
      };
    },
  }),
  route({
    method: "GET",
    url: "/api/v1/sessions/logins",
    summary: "One's own latest sign-ins, and failed ones under one's name",
    question: { self: "shows the sign-ins of the caller's own account" },
    answer: z.object({
      items: z.array(
        z.object({
          at: instant,
          succeeded: z.boolean(),
          client: z.string().describe("address and program"),
          current: z.boolean().describe("the session that asks"),
        }),
      ),
    }),
    handle: async ({ caller }) => ({
      items: (await listLogins(store.read, caller.principal, mostLogins)).map(({ atMs, sessionId, ...login }) => ({
        at: isoOf(atMs),
        ...login,
        current: sessionId !== null && sessionId === caller.session?.id,
      })),
    }),
  }),
  route({
    method: "DELETE",
    url: "/api/v1/sessions/:id",
    summary: "End one of one's own sessions",
    question: { self: "ends a session of the caller's own account only" },
    params: z.object({ id: idOf("ses") }),
    handle: async ({ caller, params }) => {
      const { accountId } = caller.principal;
      const mine = accountId === null ? [] : await identity.listSessions(accountId);
      if (!mine.some((one) => one.id === params.id)) fail("identity.session-not-found", "there is no such session of this account");
      await identity.endSession(caller.principal, params.id);
      streams.endSession(params.id);
      return undefined;
    },
  }),
  route({
    method: "POST",
    url: "/api/v1/password",
    summary: "Change one's own password",
    question: { self: "changes the caller's own password", whileForced: true },
    body: z.strictObject({ current: password.nullable().describe("null after signing in with a one-time password"), new: password }),
    answer: sessionAnswer,
    handle: async ({ caller, body, request, reply }) => {
      const id = sessionIdOf(caller);
      const session = await identity.changePassword({ sessionId: id, current: body.current, next: body.new });
      await streams.recheckAll();
      return await answerSession(identity, request, reply, session);
    },
  }),
];
