import assert from "node:assert/strict";
import { chmodSync, linkSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLog } from "#kernel/log.ts";
import { ProblemError } from "#kernel/problem.ts";
import { makeFifo } from "#launch/linux/libc.ts";
import { Part } from "#supervise/part.ts";

test("S12: a log in a part's own folder that is another file, a link or a pipe is neither written nor given away, and not waited for", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "behalf-log-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const other = join(folder, "other");
  writeFileSync(other, "kept", { mode: 0o640 });
  linkSync(other, join(folder, "second-name.log"));
  symlinkSync(other, join(folder, "link.log"));
  makeFifo(join(folder, "pipe.log"), 0o600);
  chmodSync(other, 0o640);
  for (const name of ["second-name.log", "link.log", "pipe.log"]) {
    const part = new Part(
      {
        name: "agent",
        nodeFlags: [],
        args: [],
        account: { name: "other", uid: 4711, gid: 4712 },
        logFile: join(folder, name),
        cacheFolder: folder,
        environment: {},
      },
      { log: silentLog, onRecord: () => assert.fail("it was started") },
    );
    assert.throws(
      () => part.start(),
      (error) => error instanceof ProblemError && error.problem.code === "files.unsafe",
      name,
    );
  }
  assert.deepEqual([statSync(other).uid, statSync(other).mode & 0o777, statSync(other).size], [process.getuid?.(), 0o640, 4]);
});
