import assert from "node:assert/strict";
import { test } from "node:test";
import { lineLog, namesSecret, redact } from "#kernel/log.ts";
import { ProblemError, problem } from "#kernel/problem.ts";

const collect = (): {
  readonly lines: () => Record<string, unknown>[];
  readonly text: () => string;
  readonly write: (text: string) => void;
} => {
  let all = "";
  return {
    text: () => all,
    lines: () =>
      all
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    write: (text) => (all += text),
  };
};

const planted = "planted-secret-7d1f";

test("2.11: a log line is one JSON object with time, level, part and message", () => {
  const sink = collect();
  const log = lineLog("launcher", sink, { nowMs: () => 0 }).child({ node: "ledger-1" });
  log.info({ run: "run_1", attempt: 2 }, "a run\nstarted");
  log.debug({}, "not written at level info");
  assert.deepEqual(sink.lines(), [
    {
      at: "1970-01-01T00:00:00.000Z",
      level: "info",
      part: "launcher",
      node: "ledger-1",
      run: "run_1",
      attempt: 2,
      message: "a run\nstarted",
    },
  ]);
  assert.equal(sink.text().split("\n").length, 2);
});

test("2.11: a secret is removed by the name of its key at any depth, in lists, maps, errors and causes", () => {
  const sink = collect();
  const log = lineLog("agent", sink);
  const names = [
    "password",
    "newPassword",
    "PASSPHRASE",
    "token",
    "joinToken",
    "clientSecret",
    "authorization",
    "Cookie",
    "set-cookie",
    "csrf",
    "x-csrf-token",
    "sealed",
    "privateKey",
    "private_key",
    "signingKey",
    "privatePem",
    "keyMaterial",
    "bearer",
    "otp",
  ];
  for (const name of names) {
    log.error({ [name]: planted }, name);
    log.error({ a: [{ b: new Map([[name, { deeper: planted }]]) }] }, name);
  }
  log.error({ error: new Error("outer", { cause: Object.assign(new Error("inner"), { token: planted }) }) }, "x");
  log.error(new ProblemError(problem("general.internal", "m"), { cause: { password: planted } }), "x");
  log.error(
    { text: `-----BEGIN PRIVATE KEY-----\n${planted}\n-----END PRIVATE KEY-----`, bytes: Buffer.from(planted) },
    `-----BEGIN PRIVATE KEY-----${planted}`,
  );
  assert.equal(sink.text().includes(planted), false);
  for (const name of ["tokenId", "token_expires_at", "tokenHash", "keyThumbprint", "key", "credentialKey", "run", "passed", "sessionCount"])
    assert.equal(namesSecret(name), false, name);
});

test("2.11: what is logged is bounded, and what cannot be logged never throws", () => {
  const sink = collect();
  const log = lineLog("agent", sink);
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  log.info(
    { cyclic, wide: Array.from({ length: 5000 }, () => "x".repeat(5000)), nothing: undefined, big: 1n, not: Number.NaN },
    "y".repeat(100_000),
  );
  log.info(
    {
      get broken(): never {
        throw new Error("getter");
      },
    },
    "after",
  );
  for (const line of sink.text().trimEnd().split("\n")) assert.ok(line.length < 40_000);
  assert.equal((redact({ text: "\ud800" }) as { text: string }).text, "\ufffd");
  const failing = lineLog("agent", {
    write: () => {
      throw new Error("disk full");
    },
  });
  failing.error({}, "not thrown");
});
