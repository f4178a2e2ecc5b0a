/**
 * Reads what an agent sends. The certificate says which node it is, nothing says that it is honest: every field has a type, a form and a limit
 * before anything looks at it. What does not belong here: what follows from a message.
 */
import { flag, integer, list, nullable, object, oneOf, optional, readShape, text, variant, type Shape } from "#kernel/shape.ts";
import type { Result } from "#kernel/result.ts";
import type { FromAgent, KnownRun, NodeDecision, NodeFacts, ToldPolicy, ToldTable } from "#link/messages.ts";
import { nodeRole, nodeSubject } from "#nodes/rules/node-table.ts";
import { nodeVerdict } from "#proof/read-launch-order.ts";

const runId = text({ max: 30, pattern: /^run_[0-9a-hjkmnp-tv-z]{26}$/, expected: "the id of a run" });
const attempt = integer(1, 1_000_000);
const offset = integer(0, Number.MAX_SAFE_INTEGER);
const instant = text({ max: 40, pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/, expected: "an instant" });
const name = text({ max: 256 });

const policy: Shape<ToldPolicy> = object({
  namedUids: list(integer(0, 4_294_967_295), 1000),
  accounts: list(object({ user: name, folders: list(text({ max: 1024 }), 1000), roles: list(text({ max: 100 }), 5) }), 1000),
  exclusive: oneOf("none", "submitter"),
  isCut: flag,
});

const table: Shape<ToldTable> = object({
  entries: list(object({ subject: nodeSubject, roles: list(nodeRole, 5) }), 1000),
  isCut: flag,
});

const facts: Shape<NodeFacts> = object({
  launcherAccount: name,
  agentAccount: name,
  defaultJobAccount: nullable(name),
  switching: oneOf("setpriv", "sudo"),
  tree: oneOf("cgroup", "group", "sudo"),
  separation: oneOf("none", "accounts"),
  policy: optional(nullable(policy)),
  table: optional(nullable(table)),
  credentialKeys: list(name, 10_000),
  unusableKeys: optional(
    list(object({ key: name, code: text({ max: 100, pattern: /^[a-z0-9.-]+$/, expected: "the code of a problem" }) }), 10_000),
  ),
  journalId: text({ max: 100 }),
  rotationSerial: optional(offset),
  version: name,
  platform: name,
  warnings: list(text({ max: 4096 }), 100),
});

const knownRun: Shape<KnownRun> = object({
  run: runId,
  attempt,
  state: oneOf("accepted", "starting", "running", "ended", "refused"),
  logBytes: offset,
});

/** SECURITY: a courier could say anything here, but nothing about who and may, and nothing that is not words for people (`agent-message.test.ts`). */
const decided: Shape<NodeDecision> = object({ runAs: text({ min: 1, max: 255 }), verdicts: list(nodeVerdict, 10) });

const fromAgent: Shape<FromAgent> = variant("type", {
  hello: object({
    type: oneOf("hello"),
    protocol: oneOf(1),
    node: object({ id: name, name, keyThumbprint: name }),
    facts,
    runs: list(knownRun, 100_000),
  }),
  accepted: object({ type: oneOf("accepted"), run: runId, attempt }),
  state: object({
    type: oneOf("state"),
    run: runId,
    attempt,
    state: oneOf("starting", "running"),
    at: instant,
    decided: optional(decided),
  }),
  log: object({ type: oneOf("log"), run: runId, attempt, offset }),
  "log-missing": object({ type: oneOf("log-missing"), run: runId, attempt, offset }),
  outcome: object({ type: oneOf("outcome"), run: runId, attempt, receipt: text({ max: 1024 * 1024 }), logInline: flag }),
  facts: object({ type: oneOf("facts"), facts }),
  renew: object({ type: oneOf("renew"), csr: text({ min: 1, max: 8192 }) }),
});

/** The message, or why it is none. */
export const readAgentMessage = (value: unknown): Result<FromAgent> => readShape(fromAgent, value, "the agent's message");
