/**
 * The HTTP application: Fastify with its parser, its hooks, its error handler and the declared routes. It opens no port
 * (`listen.ts`), knows no use-case (`routes/`), and adds no route that does not name its question (`route.ts`).
 */
import cookie from "@fastify/cookie";
import swagger from "@fastify/swagger";
import { createHash } from "node:crypto";
import fastify, { type FastifyContextConfig, type FastifyInstance, type FastifyRequest } from "fastify";
import { jsonSchemaTransform, jsonSchemaTransformObject, serializerCompiler } from "fastify-type-provider-zod";
import type { z } from "zod";
import { leafOf } from "#access/permissions.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Log } from "#kernel/log.ts";
import { newId } from "#kernel/ids.ts";
import { problem, ProblemError, type Problem } from "#kernel/problem.ts";
import { describeQuestion, type Caller, type Route, type RouteQuestion } from "#manager/route.ts";
import { admit, type Authentication } from "#manager/web/guard.ts";
import { maxBodyBytes, readJsonBody, readSmallBody } from "#manager/web/json-body.ts";
import { inputProblem, nulProblem, problemHandler, problemSchema, sendProblem, toProblem } from "#manager/web/problem-answer.ts";
import { securityHeaders } from "#manager/web/security-headers.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Set by the hooks; null on public routes. */
    caller: Caller | null;
    /** SHA-256 (hex) of the body's bytes, for idempotency keys (W8). */
    bodyHash: string;
  }
  interface FastifyContextConfig {
    question?: RouteQuestion;
    stream?: boolean;
    /** Hears what was refused before its body was read. */
    refused?: (body: unknown, caller: Caller, refusal: Problem) => Promise<void>;
  }
}

export interface AppOptions {
  readonly routes: readonly Route[];
  readonly authentication: Authentication;
  readonly log: Log;
  readonly clock: Clock;
  readonly version: string;
  /** Whether the TCP listener speaks TLS; decides `Strict-Transport-Security`. */
  readonly tls: boolean;
}

const emptyHash = createHash("sha256").digest("hex");

const responseSchemas = (one: Route): Record<string, unknown> => {
  const failure = { description: "a problem", content: { "application/problem+json": { schema: problemSchema } } };
  if (one.answer !== undefined) return { [one.status ?? 200]: one.answer, default: failure };
  return { default: failure };
};

const security = (question: RouteQuestion): object => ("public" in question ? { security: [] } : {});

const noQuestion = (method: unknown, url: string): Error =>
  new Error(`route ${String(method)} ${url} names no question: declare it with route()`);

const hearing = ({ body, refused }: Route): Pick<FastifyContextConfig, "refused"> =>
  body === undefined || refused === undefined
    ? {}
    : {
        refused: async (given, caller, refusal) => {
          const read = body.safeParse(given);
          if (read.success) await refused({ body: read.data, caller, refusal });
        },
      };

const register = (app: FastifyInstance, one: Route): void => {
  // The type forbids it; whoever gets past the type does not get past the start.
  if ((one.question as RouteQuestion | undefined) === undefined) throw noQuestion(one.method, one.url);
  const stream = one.produces === "text/event-stream";
  app.route({
    method: one.method,
    url: one.url,
    config: { question: one.question, stream, ...hearing(one) },
    schema: {
      summary: one.summary,
      description: `Question: ${describeQuestion(one.question)}.`,
      tags: [one.url.split("/")[3] ?? "page"],
      ...security(one.question),
      ...(one.produces === undefined ? {} : { produces: [one.produces] }),
      ...(one.params === undefined ? {} : { params: one.params }),
      ...(one.query === undefined ? {} : { querystring: one.query }),
      ...(one.body === undefined ? {} : { body: one.body }),
      response: responseSchemas(one),
    },
    handler: async (request, reply) => {
      const answer: unknown = await one.handle({
        params: request.params,
        query: request.query,
        body: request.body,
        caller: request.caller,
        request,
        reply,
      });
      if (reply.sent || answer === reply) return reply;
      if (one.answer === undefined && one.produces === undefined) return reply.code(204).send();
      return reply.code(one.status ?? 200).send(answer);
    },
  });
};

const addHooks = (app: FastifyInstance, options: AppOptions): void => {
  app.decorateRequest("caller", null);
  app.decorateRequest("bodyHash", emptyHash);
  const headers = securityHeaders({ tls: options.tls });
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(headers);
    const { question, stream, refused } = request.routeOptions.config;
    const hear = async (caller: Caller, refusal: Problem): Promise<void> => {
      const body = isJson(request) ? await readSmallBody(request.raw) : null;
      if (body !== null) await refused?.(body, caller, refusal);
    };
    // Undefined only where no route matched; `onRoute` below keeps routes without a question out.
    if (question !== undefined)
      request.caller = await admit(options.authentication, request, question, {
        stream: stream === true,
        ...(refused === undefined ? {} : { refused: hear }),
      });
  });
  app.addHook("preParsing", async (request, _reply, payload) => {
    if (request.method !== "GET" && request.is404 === false && !isJson(request)) {
      throw new ProblemError(problem("input.wrong-content-type", "the request is not sent as `application/json`"));
    }
    return payload;
  });
  app.addHook("onRoute", (declared) => {
    const question = declared.config?.question;
    for (const permission of question !== undefined && "may" in question ? [question.may, ...(question.or ?? [])] : []) {
      if (leafOf(permission) === undefined)
        throw new Error(`route ${declared.url} asks \`${permission}\`, which is no leaf of the permission tree`);
    }
    if (question === undefined) throw noQuestion(declared.method, declared.url);
  });
  app.addHook("onResponse", async (request, reply) => {
    const path = request.url.split("?")[0];
    options.log.debug(
      {
        method: request.method,
        path,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        by: request.caller?.principal.accessId ?? null,
      },
      "request",
    );
  });
};

/** DELETE without a body needs no content type; everything that can change something does (W2). */
const isJson = (request: FastifyRequest): boolean => {
  const type = request.headers["content-type"];
  if (type === undefined)
    return (
      request.method === "DELETE" &&
      (request.headers["content-length"] ?? "0") === "0" &&
      request.headers["transfer-encoding"] === undefined
    );
  return (type.split(";")[0] ?? "").trim().toLowerCase() === "application/json";
};

/** Builds the app; `ready()` has been awaited. */
export const buildApp = async (options: AppOptions): Promise<FastifyInstance> => {
  const app = fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 4096 },
    frameworkErrors: (error, _request, reply) => {
      const instance = newId("err", options.clock.nowMs());
      void reply.headers(securityHeaders({ tls: options.tls }));
      void sendProblem(reply, toProblem(error, options.log, instance), instance);
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    const bytes = body as Buffer;
    const read = readJsonBody(bytes);
    if (!read.ok) return done(new ProblemError(read.problem));
    request.bodyHash = createHash("sha256").update(bytes).digest("hex");
    return done(null, read.value);
  });
  app.setValidatorCompiler(({ schema, httpPart }) => (data: unknown) => {
    const nul = httpPart === "querystring" ? nulProblem(data) : null;
    if (nul !== null) return { error: new ProblemError(nul) };
    const parsed = (schema as z.ZodType).safeParse(data);
    return parsed.success ? { value: parsed.data } : { error: new ProblemError(inputProblem(parsed.error)) };
  });
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(problemHandler(options.log, options.clock));
  app.setNotFoundHandler((request, reply) => {
    const path = (request.url.split("?")[0] ?? "").slice(0, 200);
    return sendProblem(
      reply,
      problem("input.unknown-route", `there is no \`${request.method} ${path}\``),
      newId("err", options.clock.nowMs()),
    );
  });
  await app.register(cookie, { hook: "onRequest" });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Behalf", version: options.version, description: "The manager's API. Errors are `application/problem+json`." },
      components: {
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer" },
          session: { type: "apiKey", in: "cookie", name: "behalf", description: "with the session's token in header `x-behalf-csrf`" },
        },
      },
      security: [{ bearer: [] }, { session: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  addHooks(app, options);
  for (const one of options.routes) register(app, one);
  await app.ready();
  return app;
};
