import assert from "node:assert/strict";
import { accessSync, constants, openSync } from "node:fs";
import { test } from "node:test";
import { problem, ProblemError } from "#kernel/problem.ts";
import { managerLog } from "#manager/manager-log.ts";

test("2.11: the manager's log is JSON lines without secrets, in children and errors too", () => {
  const lines: string[] = [];
  const log = managerLog("info", { write: (text) => void lines.push(text) });
  log.info({ account: "ann", password: "hunter2", nested: { token: "hunter2" } }, "signed in");
  log
    .child({ room: "controller", sessionKey: "hunter2" })
    .warn({ err: new ProblemError(problem("general.internal", "broken"), { cause: { secret: "hunter2" } }) }, "failed");
  log.debug({}, "not written at this level");
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    records.map(({ level, part, message }) => [level, part, message]),
    [
      ["info", "manager", "signed in"],
      ["warn", "manager", "failed"],
    ],
  );
  assert.equal(records[0]?.["account"], "ann");
  assert.equal(records[1]?.["room"], "controller");
  assert.equal((records[1]?.["err"] as { code?: string } | undefined)?.code, "general.internal");
  assert.equal(lines.join("").includes("hunter2"), false);
});

const canWrite = (path: string): boolean => {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

test(
  "O3: a log that cannot be written ends nothing",
  { skip: canWrite("/dev/full") ? false : "/dev/full cannot be written here" },
  async () => {
    const log = managerLog("info", openSync("/dev/full", "w"));
    for (let line = 0; line < 3000; line += 1) log.error({ line, text: "x".repeat(1000) }, "a full disk");
    await new Promise((resolve) => setImmediate(resolve));
    log.info({}, "still here");
  },
);
