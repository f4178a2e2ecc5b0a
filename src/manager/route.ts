/**
 * How a route is declared. Every route names its literal question, or says why it needs none: a declaration without one does
 * not compile, and the app refuses to start with a route that was registered past this helper. The list of declared routes
 * feeds the golden file, the OpenAPI document and the sweep that asks every route as nobody, as a stranger and from another folder.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { Principal } from "#identity/principal.ts";
import type { Problem } from "#kernel/problem.ts";

/** What a question is about: a folder or object path, on a controller. */
export interface Target {
  readonly path?: string;
  readonly controller?: string;
}

export type RouteQuestion =
  /** Answers anybody; the text says why that is right. */
  | { readonly public: string }
  /** Answers every signed-in principal about himself only; the text says what. `whileForced`: also a session that must change its password first (W3: two routes). */
  | { readonly self: string; readonly whileForced?: true }
  | {
      /** A leaf of the permission tree; the app refuses to start with anything else. */
      readonly may: string;
      /** Any of these will do as well, where the body decides which is asked (`refined`). */
      readonly or?: readonly string[];
      /** What it is about, from the URL. Null: no such object. Absent: the question has no object, or the body names it and the use-case asks again. */
      readonly about?: (request: FastifyRequest) => Promise<Target | null> | Target | null;
      /** The answer for an object that is not there *and* for one that the caller may not know of: they must be the same. */
      readonly missing?: (request: FastifyRequest) => Problem;
      /** Why the body decides which object is meant, where `about` is absent although objects have folders. */
      readonly refined?: string;
    };

/** Who is calling, as the hooks found out. */
export interface Caller {
  readonly principal: Principal;
  /** Null on the local socket without a token: `os:<uid>`. */
  readonly session: {
    readonly id: string;
    readonly kind: "browser" | "cli";
    readonly mustChangePassword: boolean;
    readonly expiresAtMs: number;
    readonly idleEndsAtMs: number;
  } | null;
  /** For audit and rate limits: the peer's address or `socket`. */
  readonly address: string;
}

type Input<S> = S extends z.ZodType ? z.output<S> : undefined;
type Answer<S> = S extends z.ZodType ? z.input<S> : undefined;
type CallerOf<Q> = Q extends { readonly public: string } ? Caller | null : Caller;

export interface RouteSpec<
  Q extends RouteQuestion,
  P extends z.ZodType | undefined,
  S extends z.ZodType | undefined,
  B extends z.ZodType | undefined,
  A extends z.ZodType | undefined,
> {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly url: string;
  readonly summary: string;
  readonly question: Q;
  readonly params?: P;
  readonly query?: S;
  readonly body?: B;
  /** The answer's schema; absent: 204, or what `produces` says. */
  readonly answer?: A;
  readonly status?: 200 | 201 | 202;
  /** Content type of an answer that is not JSON. */
  readonly produces?: "text/plain" | "text/event-stream" | "text/html" | "application/octet-stream";
  /** Hears a small body that passes although its question was refused before anybody looked at it; for the record alone, the refusal stands. */
  readonly refused?: (input: { readonly body: Input<B>; readonly caller: Caller; readonly refusal: Problem }) => Promise<void>;
  /** Request headers that mean something to this route. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly handle: (input: {
    readonly params: Input<P>;
    readonly query: Input<S>;
    readonly body: Input<B>;
    readonly caller: CallerOf<Q>;
    readonly request: FastifyRequest;
    readonly reply: FastifyReply;
  }) => Promise<Answer<A> | FastifyReply>;
}

/** A declared route, its types erased. */
export type Route = RouteSpec<RouteQuestion, z.ZodType | undefined, z.ZodType | undefined, z.ZodType | undefined, z.ZodType | undefined>;

/** Declares a route. */
export const route = <
  const Q extends RouteQuestion,
  P extends z.ZodType | undefined = undefined,
  S extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  A extends z.ZodType | undefined = undefined,
>(
  spec: RouteSpec<Q, P, S, B, A>,
): Route => spec;

/** One line of the golden list: method, address, question. */
export const describeQuestion = (question: RouteQuestion): string => {
  if ("public" in question) return `public (${question.public})`;
  if ("self" in question) return `self${question.whileForced === true ? ", also while a password change is due" : ""} (${question.self})`;
  const about = question.about === undefined ? "" : ", about the object";
  return `may ${[question.may, ...(question.or ?? [])].join(" or ")}${about}${question.refined === undefined ? "" : `, asked again: ${question.refined}`}`;
};
