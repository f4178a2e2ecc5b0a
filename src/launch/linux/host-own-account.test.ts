/** A launcher that is an ordinary account runs jobs as itself without sudo, held by process group. As root: `host-sudo.test.ts` starts such a one. */
import { test } from "node:test";
import assert from "node:assert/strict";
import { userInfo } from "node:os";
import { openTestHost } from "#test/fixtures/process-host.ts";

const skip =
  process.platform !== "linux"
    ? "Linux only"
    : process.getuid?.() === 0
      ? "needs an ordinary account; as root `host-sudo.test.ts` covers it"
      : false;

test("2.2: an ordinary account's own jobs start, end and are killed whole", { skip }, async (t) => {
  const { host, account, run, start } = await openTestHost(t);
  assert.equal(host.switching, "sudo");
  const self = await account(userInfo().username);
  const done = await run(self, `id -u; ls /proc/self/fd; stat -c %a "$TMPDIR"; echo x >/dev/stderr; exit 3`);
  assert.equal(done.exit.startProblem, null, done.stderr);
  assert.equal(done.exit.exitCode, 3);
  assert.equal(done.stdout, `${self.uid}\n0\n1\n2\n3\n700\n`);
  assert.equal(done.stderr, "x\n");
  assert.equal(done.held.record.tree, "group");
  const running = await start(self, "setsid sleep 74 & echo up; wait");
  await running.seen("up");
  assert.ok((await running.held.killTree()) >= 2);
  assert.equal((await running.held.exited).signal, "SIGKILL");
  await running.held.release();
});
