/**
 * The hooks between a request and its handler, in this order: where it comes from (W2), who it is, whether that session may
 * reach this route (W3), its CSRF token (W2), and the route's literal question (W8: before the body is read or validated).
 * Every refusal is a problem. What is decided stands in `access/`; what a session is, in `identity/`.
 */
import type { FastifyRequest } from "fastify";
import type { Principal } from "#identity/principal.ts";
import { decide } from "#access/decide.ts";
import type { Verdict } from "#access/verdict.ts";
import { fail, problem, ProblemError, type Problem } from "#kernel/problem.ts";
import type { Caller, RouteQuestion, Target } from "#manager/route.ts";
import { channelOf } from "#manager/web/channel.ts";
import { checkOrigin, csrfHeader } from "#manager/web/same-origin.ts";

/** A live session as the hooks need it. */
export interface OpenSession {
  readonly id: string;
  readonly kind: "browser" | "cli";
  readonly mustChangePassword: boolean;
  readonly principal: Principal;
  readonly expiresAtMs: number;
  readonly idleEndsAtMs: number;
  /** Compares in constant time. */
  readonly csrfMatches: (token: string) => boolean;
}

/** What the hooks need of the identity room. */
export interface Authentication {
  /** `feed`: this request shows that somebody is there; polling and streams do not (W3). Null: unknown, ended, expired or disabled. */
  readonly sessionOf: (token: string, options: { readonly feed: boolean }) => Promise<OpenSession | null>;
  readonly osPrincipal: (uid: number) => Promise<Principal | null>;
}

/** Header of requests that a page repeats by itself: they do not keep a session alive (W3). */
export const backgroundHeader = "x-behalf-background";

/** The session cookie's name; with TLS a `__Host-` one, which no other host or port can set (W2). */
export const sessionCookieName = (tls: boolean): string => (tls ? "__Host-behalf" : "behalf");

const tokenPattern = /^[\w.~+/=-]{16,200}$/;

const bearerToken = (request: FastifyRequest): string | null => {
  const header = request.headers.authorization;
  if (header === undefined) return null;
  const [scheme, token = ""] = header.split(" ");
  return scheme?.toLowerCase() === "bearer" && tokenPattern.test(token)
    ? token
    : fail("identity.not-signed-in", "the authorization header holds no bearer token");
};

/** The session cookie of a request, if any. */
export const cookieToken = (request: FastifyRequest, tls: boolean): string | null => {
  const token = request.cookies[sessionCookieName(tls)];
  return token !== undefined && tokenPattern.test(token) ? token : null;
};

const notSignedIn = (): never => fail("identity.not-signed-in", "nobody is signed in");

const openSession = async (authentication: Authentication, token: string, feed: boolean): Promise<OpenSession> =>
  (await authentication.sessionOf(token, { feed })) ??
  fail("identity.not-signed-in", "the session has ended", { hint: "sign in again with `behalf login`" });

const callerOf = (session: OpenSession, address: string): Caller => ({
  principal: session.principal,
  session: {
    id: session.id,
    kind: session.kind,
    mustChangePassword: session.mustChangePassword,
    expiresAtMs: session.expiresAtMs,
    idleEndsAtMs: session.idleEndsAtMs,
  },
  address,
});

/** Who is calling. Throws `identity.not-signed-in`, `manager.csrf`. */
export const authenticate = async (
  authentication: Authentication,
  request: FastifyRequest,
  options: { readonly stream: boolean },
): Promise<Caller> => {
  const channel = channelOf(request.raw.socket);
  if (channel === null) return notSignedIn();
  const feed = !options.stream && request.headers[backgroundHeader] === undefined;
  const bearer = bearerToken(request);
  if (bearer !== null) {
    const session = await openSession(authentication, bearer, feed);
    // SECURITY: a browser's session is opened by its cookie with the CSRF token, and in no other way (W2; test "W2").
    if (session.kind !== "cli") return notSignedIn();
    return callerOf(session, channel.kind === "tcp" ? channel.address : "socket");
  }
  if (channel.kind === "local") {
    const principal = await authentication.osPrincipal(channel.peer.uid);
    if (principal === null)
      return fail("identity.not-signed-in", `the account with uid ${channel.peer.uid} is not known here`, {
        hint: "sign in with `behalf login`, or run the command as the account that started this instance",
      });
    return { principal, session: null, address: "socket" };
  }
  const cookie = cookieToken(request, channel.tls);
  if (cookie === null) return notSignedIn();
  const session = await openSession(authentication, cookie, feed);
  const given = request.headers[csrfHeader];
  // SECURITY: a cookie alone proves nothing: every authenticated call carries the token, GET and streams too (W2; test "W2").
  if (session.kind !== "browser" || typeof given !== "string" || !session.csrfMatches(given))
    return fail("manager.csrf", "the request does not carry the session's CSRF token");
  return callerOf(session, channel.address);
};

/** Origin rules for a browser's request over TCP. */
export const checkSource = (request: FastifyRequest): void => {
  const channel = channelOf(request.raw.socket);
  if (channel === null) return notSignedIn();
  if (channel.kind !== "tcp") return;
  const checked = checkOrigin(request.headers, channel.tls);
  if (!checked.ok) throw new ProblemError(checked.problem);
};

const plainlyMissing = (): Problem => problem("access.not-found", "there is nothing here under that name");

/** Asks one literal question; throws what refuses it: 404 for what the principal may not know of, else 403 (E11). */
export const authorise = (principal: Principal, permission: string, target: Target, missing: () => Problem = plainlyMissing): Verdict => {
  const verdict = decide({ permission, ...target }, principal.access);
  if (verdict.effect === "permit") return verdict;
  if (verdict.problem.code === "access.not-found") throw new ProblemError(missing());
  throw new ProblemError(verdict.problem.because === undefined ? { ...verdict.problem, because: verdict.because } : verdict.problem);
};

const isHeldSomewhere = ({ access }: Principal, permission: string): boolean =>
  [undefined, ...access.controllers.keys()].some((controller) => {
    const verdict = decide({ permission, ...(controller === undefined ? {} : { controller }) }, access);
    return verdict.effect === "permit" || verdict.because.rule === "may.folder-missing";
  });

/**
 * The coarse question, where only the body names the object: is the permission held on any folder at all? The use-case asks again about each
 * object. It lets nothing happen by itself; it keeps bodies of the unprivileged from being read (W8).
 */
const authoriseSomewhere = (principal: Principal, permissions: readonly [string, ...string[]]): void => {
  if (!permissions.some((permission) => isHeldSomewhere(principal, permission))) authorise(principal, permissions[0], {});
};

/** Everything before the body is read. Null: a public route. */
export const admit = async (
  authentication: Authentication,
  request: FastifyRequest,
  question: RouteQuestion,
  options: { readonly stream: boolean; readonly refused?: (caller: Caller, refusal: Problem) => Promise<void> },
): Promise<Caller | null> => {
  if ("public" in question) {
    // Navigation to the page and reading what is public anyway is exempt; signing in is not (login CSRF).
    if (request.method !== "GET") checkSource(request);
    return null;
  }
  checkSource(request);
  const caller = await authenticate(authentication, request, options);
  if (caller.session?.mustChangePassword === true && !("self" in question && question.whileForced === true)) {
    fail("identity.password-change-due", "the password must be changed before anything else", {
      hint: "change it on the page at `/`, or with `behalf login`",
    });
  }
  if ("self" in question) return caller;
  if (question.about === undefined) {
    try {
      authoriseSomewhere(caller.principal, [question.may, ...(question.or ?? [])]);
    } catch (error) {
      if (error instanceof ProblemError) await options.refused?.(caller, error.problem);
      throw error;
    }
    return caller;
  }
  const missing = (): Problem => question.missing?.(request) ?? plainlyMissing();
  const target = await question.about(request);
  if (target === null) throw new ProblemError(missing());
  authorise(caller.principal, question.may, target, missing);
  return caller;
};
