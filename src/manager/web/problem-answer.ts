/**
 * Turns whatever was thrown into `application/problem+json` (RFC 9457). Known problems keep their code, text and hint; wrong
 * input becomes `input.*` with its paths; everything else is `general.internal` with an id only, its cause in the log (W7).
 */
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Log } from "#kernel/log.ts";
import type { Clock } from "#kernel/clock.ts";
import { newId } from "#kernel/ids.ts";
import { problem, ProblemError, type Because, type Problem } from "#kernel/problem.ts";
import { problemCodeEntry } from "#kernel/problem-codes.ts";
import { maxBodyBytes } from "#manager/web/json-body.ts";

/** Rule and sentence of the deciding rule; the facts below it stay with whoever may ask to explain (W7). */
export const filteredBecause = (because: Because): Because => ({ rule: because.rule, text: because.text });

/** The body of an answer that reports a problem. */
export const problemBody = (reported: Problem, instance: string): Record<string, unknown> => {
  const entry = problemCodeEntry(reported.code);
  return {
    type: `/problems/${reported.code}`,
    code: reported.code,
    title: entry.title,
    status: entry.status,
    detail: reported.message,
    hint: reported.hint,
    instance,
    ...(reported.at === undefined ? {} : { at: reported.at }),
    ...(reported.also === undefined
      ? {}
      : {
          also: reported.also.map((one) => ({
            code: one.code,
            message: one.message,
            hint: one.hint,
            ...(one.at === undefined ? {} : { at: one.at }),
          })),
        }),
    ...(reported.because === undefined ? {} : { because: filteredBecause(reported.because) }),
  };
};

export const problemSchema = z
  .object({
    type: z.string(),
    code: z.string().describe("stable problem code, listed in docs/problems.md"),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    hint: z.string().describe("what to do next"),
    instance: z.string().describe("id of this answer; the manager's log has it"),
    at: z.object({ file: z.string(), document: z.int(), line: z.int(), column: z.int(), path: z.string() }).partial().optional(),
    also: z.array(z.record(z.string(), z.unknown())).optional(),
    because: z.object({ rule: z.string(), text: z.string() }).optional(),
  })
  .meta({ id: "Problem" });

const pathText = (path: readonly PropertyKey[]): string =>
  path.map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part).slice(0, 80)}`)).join("");

const article = (noun: string): string => (/^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`);

const issueProblem = (issue: z.core.$ZodIssue): Problem => {
  const path = pathText(issue.path);
  const where = path === "" ? "the request" : `\`${path}\``;
  const at = path === "" ? {} : { at: { path } };
  switch (issue.code) {
    case "unrecognized_keys": {
      const key = (issue.keys[0] ?? "").slice(0, 80);
      return problem("input.unknown-field", `${where} has no field \`${key}\``, { at: { path: path === "" ? key : `${path}.${key}` } });
    }
    case "invalid_type":
      // Zod reports an absent field as the wrong type `undefined`; its `input` is not kept, the message tells.
      return issue.message.includes("received undefined")
        ? problem("input.missing-field", `${where} is missing`, at)
        : problem("input.wrong-type", `${where} is not ${article(issue.expected)}`, at);
    case "invalid_value":
      return problem("input.invalid-value", `${where} is none of ${issue.values.map((value) => `\`${String(value)}\``).join(", ")}`, at);
    case "too_big":
      return problem("input.invalid-value", `${where} is longer or larger than ${String(issue.maximum)}`, at);
    case "too_small":
      return problem("input.invalid-value", `${where} is shorter or smaller than ${String(issue.minimum)}`, at);
    default:
      return problem("input.invalid-value", `${where} is not a valid value`, at);
  }
};

/** Wrong input as one problem with the others in `also`. Values are never repeated: they may be secrets (W7). */
export const inputProblem = (error: z.core.$ZodError): Problem => {
  const [first, ...others] = error.issues.slice(0, 21).map(issueProblem);
  if (first === undefined) return problem("input.invalid-value", "the request is not valid");
  return others.length === 0 ? first : { ...first, also: others };
};

/** No store keeps NUL; a body that holds one is refused where it is read. */
export const nulProblem = (query: unknown): Problem | null => {
  const [name] = Object.entries(query ?? {}).find(([, value]) => [value].flat().some((text) => String(text).includes("\0"))) ?? [];
  return name === undefined
    ? null
    : problem("input.invalid-value", `\`${name.slice(0, 80)}\` contains NUL`, { at: { path: name.slice(0, 80) } });
};

const frameworkProblem = (error: FastifyError): Problem | null => {
  switch (error.code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return problem("input.too-large", `the body is larger than ${maxBodyBytes} bytes`);
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return problem("input.wrong-content-type", "the body is not sent as `application/json`");
    case "FST_ERR_BAD_URL":
      return problem("input.unknown-route", "the address cannot be read");
    case "FST_ERR_MAX_PARAM_LENGTH":
      return problem("input.unknown-route", "a part of the address is longer than anything that it could name");
    case "FST_ERR_REOPENED_CLOSE_SERVER":
    case "FST_ERR_REQ_FILE_NOT_FOUND":
      return problem("general.overloaded", "the manager is stopping");
    default:
      return null;
  }
};

/** The problem to report for anything thrown; logs what stays private. */
export const toProblem = (thrown: unknown, log: Log, instance: string): Problem => {
  if (thrown instanceof ProblemError) {
    if (thrown.cause !== undefined) log.warn({ instance, code: thrown.problem.code, cause: thrown.cause }, "problem with a private cause");
    return thrown.problem;
  }
  const known = thrown instanceof Error ? frameworkProblem(thrown as FastifyError) : null;
  if (known !== null) return known;
  log.error({ instance, err: thrown }, "request failed");
  return problem("general.internal", "something went wrong inside the manager");
};

/** Answers with a problem. */
export const sendProblem = (reply: FastifyReply, reported: Problem, instance: string): FastifyReply => {
  const { status } = problemCodeEntry(reported.code);
  if (reported.retryAfterSeconds !== undefined) void reply.header("retry-after", String(reported.retryAfterSeconds));
  if (status === 401) void reply.header("www-authenticate", 'Bearer realm="behalf"');
  return reply
    .code(status)
    .header("content-type", "application/problem+json; charset=utf-8")
    .serializer(JSON.stringify)
    .send(problemBody(reported, instance));
};

/** The error handler of the app. */
export const problemHandler =
  (log: Log, clock: Clock) =>
  (thrown: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const instance = newId("err", clock.nowMs());
    return sendProblem(reply, toProblem(thrown, log, instance), instance);
  };
