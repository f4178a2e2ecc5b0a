/**
 * The strict readers of what is signed: launch order, outcome and receipt. Every field, its type and its limit; nothing unknown; no absent field. What
 * belongs here: form. What does not: whether the order is meant for this node or still valid (`delegation-token.ts`).
 */
import { type Result } from "#kernel/result.ts";
import { flag, integer, list, nullable, object, oneOf, readShape, record, text, variant, optional, type Shape } from "#kernel/shape.ts";
import type { LaunchOrder, NodeRole, Outcome, PrincipalClaim, Receipt, VerdictRecord } from "#proof/launch-order.ts";

/** The roles of a node (B10), least first; `auditor` stands apart. */
export const nodeRoles = ["monitor", "configurator", "operator", "administrator", "auditor"] as const satisfies readonly NodeRole[];

/** Bytes of program text, arguments and environment are limited by the whole token; these are the limits of single values. */
export const orderLimits = {
  shellText: 1024 * 1024,
  /** Linux refuses one argument or environment string beyond 128 KiB (MAX_ARG_STRLEN). */
  argument: 128 * 1024 - 1,
  arguments: 4096,
  environment: 1000,
  groups: 2000,
} as const;

const maxInstant = 8_640_000_000_000;
const seconds = integer(0, maxInstant);
const digest = text({ min: 64, max: 64, pattern: /^[0-9a-f]{64}$/, expected: "a SHA-256 in hex" });
const thumbprint = text({ min: 43, max: 43, pattern: /^[A-Za-z0-9_-]{43}$/, expected: "a SHA-256 in base64url" });
const id = text({ min: 1, max: 100, pattern: /^[A-Za-z0-9_.:-]+$/, expected: "an id" });
// Names come from people and directories: any script, no control characters, not blank at the ends.
// oxlint-disable-next-line no-control-regex
const name = text({ min: 1, max: 255, pattern: /^[^\u0000-\u001f\u007f-\u009f]+$/, expected: "without control characters" });
const accessId = text({
  min: 1,
  max: 512,
  pattern: /^(?:user:[^\s/]+\/\S+|os:\d{1,10})$/,
  expected: "an access ID such as `user:realm/id` or `os:1000`",
});
// oxlint-disable-next-line no-control-regex
/** As jobs are called: whole segments. A node's allow lists compare these, so `/finance/../hr` must not pass for something in `/finance` (S6). */
const jobPath = text({
  min: 1,
  max: 4096,
  pattern: /^(?:\/(?!\.{1,2}(?:\/|$))[^/\p{C}]+)+$/u,
  expected: "the path of a job, without `.`, `..` and empty segments",
});
const path = text({ min: 1, max: 4096, pattern: /^\/[^\u0000-\u001f\u007f]*$/, expected: "an absolute path" });
const variableName = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;
const variables = record(variableName, "a variable name", text({ max: orderLimits.argument }), orderLimits.environment);

const principalClaim: Shape<PrincipalClaim> = object({ accessId, name, groups: list(name, orderLimits.groups) });

const auditHead = object({ writer: id, sequence: integer(0, Number.MAX_SAFE_INTEGER), hash: digest });

const launchOrder: Shape<LaunchOrder> = object({
  version: oneOf(1),
  realm: object({ id, name, epoch: integer(0, 1_000_000_000) }),
  node: object({ id, name, keyThumbprint: thumbprint }),
  run: id,
  attempt: integer(1, 1_000_000),
  submission: id,
  job: object({ path: jobPath, revision: integer(1, 1_000_000_000), author: name }),
  program: variant("kind", {
    shell: object({ kind: oneOf("shell"), text: text({ min: 1, max: orderLimits.shellText }) }),
    program: object({
      kind: oneOf("program"),
      file: text({ min: 1, max: 4096 }),
      args: list(text({ max: orderLimits.argument }), orderLimits.arguments),
    }),
  }),
  arguments: variables,
  environment: variables,
  workingDirectory: nullable(path),
  umask: nullable(text({ min: 3, max: 4, pattern: /^0?[0-7]{3}$/, expected: "octal such as `027`" })),
  as: variant("kind", {
    credential: object({ kind: oneOf("credential"), key: text({ min: 1, max: 255 }), loadProfile: flag }),
    agent: object({ kind: oneOf("agent") }),
  }),
  requires: oneOf(...nodeRoles),
  limits: object({
    timeoutMs: nullable(integer(1, 10 * 365 * 86_400_000)),
    graceMs: integer(0, 86_400_000),
    outputBytes: integer(0, Number.MAX_SAFE_INTEGER),
  }),
  submitter: principalClaim,
  actor: principalClaim,
  amr: list(text({ min: 1, max: 64 }), 20),
  authTime: seconds,
  auditHead,
  iat: seconds,
  exp: seconds,
});

const instant = text({ min: 20, max: 40, pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/, expected: "an ISO instant in UTC" });
const longText = text({ max: 8192 });
const fact: Shape<string | number | boolean | null> = (value, at, faults) => {
  if (value === null || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) return value;
  return longText(value, at, faults);
};

const verdictOf = (part: Shape<VerdictRecord["part"]>, effect: Shape<VerdictRecord["effect"]>): Shape<VerdictRecord> =>
  object({
    part,
    question: longText,
    effect,
    rule: text({ min: 1, max: 200 }),
    text: longText,
    facts: optional(record(/^[A-Za-z][A-Za-z0-9_-]{0,99}$/, "a fact's name", fact, 100)),
    decidedAt: instant,
  });
const verdictRecord = verdictOf(oneOf("who", "may", "where", "as-whom"), oneOf("permit", "deny"));
/** What a node decided about something that it has started. */
export const nodeVerdict = verdictOf(oneOf("where", "as-whom"), oneOf("permit"));

const count = integer(0, Number.MAX_SAFE_INTEGER);
const osId = integer(0, 4_294_967_295);
const signalName = text({ min: 1, max: 32, pattern: /^SIG[A-Z0-9+]+$/, expected: "a signal's name" });

const outcome: Shape<Outcome> = object({
  started: flag,
  startedAt: nullable(instant),
  endedAt: instant,
  durationMs: nullable(integer(0, Number.MAX_SAFE_INTEGER)),
  exitCode: nullable(integer(0, 4_294_967_295)),
  signal: nullable(signalName),
  timedOut: flag,
  cancelled: nullable(object({ by: text({ max: 1024 }), reason: longText })),
  forced: flag,
  leftovers: count,
  exitUnknown: flag,
  launchProblem: nullable(object({ code: text({ min: 1, max: 100 }), message: longText, hint: longText })),
  output: object({ logBytes: count, writtenBytes: count, truncated: flag, sha256: digest }),
  runAs: nullable(
    object({
      user: text({ min: 1, max: 255 }),
      uid: osId,
      gid: osId,
      groups: list(osId, 65_536),
      credentialKey: nullable(text({ min: 1, max: 255 })),
    }),
  ),
  tree: nullable(oneOf("cgroup", "group", "sudo")),
  verdicts: list(verdictRecord, 100),
});

const receipt: Shape<Receipt> = object({
  version: oneOf(1),
  kind: oneOf("outcome"),
  node: object({ id, keyThumbprint: thumbprint }),
  run: id,
  attempt: integer(1, 1_000_000),
  orderDigest: digest,
  outcome,
  auditHead: nullable(auditHead),
  sequence: count,
  previous: text({ max: 64, pattern: /^(?:[0-9a-f]{64})?$/, expected: "a SHA-256 in hex, or empty for the first" }),
  iat: seconds,
});

/** Reads a launch order strictly; the result is a copy that holds nothing else. */
export const readLaunchOrder = (value: unknown): Result<LaunchOrder> => readShape(launchOrder, value, "the launch order");

/** Reads an outcome strictly. */
export const readOutcome = (value: unknown): Result<Outcome> => readShape(outcome, value, "the outcome");

/** Reads a receipt strictly. */
export const readReceipt = (value: unknown): Result<Receipt> => readShape(receipt, value, "the receipt");
