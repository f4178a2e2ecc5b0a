import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { decodeLogFrames, maxLogChunkBytes } from "#link/log-format.ts";
import { silentLog } from "#kernel/log.ts";
import { openRunLog, readLogFrames, resumeRunLog, type RunLogOptions } from "#launcher/run-log.ts";

const options = (t: TestContext, limitBytes = 1e9): RunLogOptions & { grown: number[] } => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-log-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const grown: number[] = [];
  return {
    path: join(folder, "log"),
    limitBytes,
    nowMs: () => 1_700_000_000_000,
    log: silentLog,
    onGrown: (bytes) => grown.push(bytes),
    grown,
  };
};

/** A real process whose two streams are kept. */
const keepOutputOf = async (log: ReturnType<typeof openRunLog>, script: string): Promise<void> => {
  const child = spawn("/bin/sh", ["-c", script], { stdio: ["ignore", "pipe", "pipe"] });
  await Promise.all([log.keep("stdout", child.stdout as unknown as Socket), log.keep("stderr", child.stderr as unknown as Socket)]);
};

const contentOf = (path: string): { stdout: Buffer; stderr: Buffer; notices: string; frames: number } => {
  const { chunks, rest, damaged } = decodeLogFrames(readFileSync(path), 0);
  assert.equal(rest, 0);
  assert.equal(damaged, false);
  const of = (stream: string): Buffer => Buffer.concat(chunks.filter((chunk) => chunk.stream === stream).map((chunk) => chunk.bytes));
  return { stdout: of("stdout"), stderr: of("stderr"), notices: of("notice").toString(), frames: chunks.length };
};

test("2.3: both streams are kept apart, any bytes and half a character included, and the hash is that of the file", async (t) => {
  const at = options(t);
  const log = openRunLog(at);
  await keepOutputOf(log, String.raw`printf 'a\000\377\303'; printf 'err' >&2; printf '\244 done'`);
  const kept = await log.finish();
  const content = contentOf(at.path);
  assert.deepEqual(content.stdout, Buffer.from([0x61, 0x00, 0xff, 0xc3, 0xa4, ...Buffer.from(" done")]));
  assert.equal(content.stderr.toString(), "err");
  assert.equal(kept.writtenBytes, content.stdout.length + 3);
  assert.equal(kept.truncated, false);
  assert.equal(kept.logBytes, statSync(at.path).size);
  assert.equal(statSync(at.path).mode & 0o777, 0o600);
  assert.equal(kept.sha256, createHash("sha256").update(readFileSync(at.path)).digest("hex"));
  assert.equal(at.grown.at(-1), kept.logBytes);
});

test("2.3: a run without output has no file and the hash of nothing", async (t) => {
  const at = options(t);
  const log = openRunLog(at);
  await keepOutputOf(log, "true");
  const kept = await log.finish();
  assert.deepEqual(kept, { logBytes: 0, writtenBytes: 0, truncated: false, sha256: createHash("sha256").digest("hex") });
  assert.equal(existsSync(at.path), false);
});

test("2.3: beyond the limit the log says so, keeps exactly the limit and goes on counting", async (t) => {
  const at = options(t, 100_000);
  const log = openRunLog(at);
  await keepOutputOf(log, "head -c 300000 /dev/zero; echo late >&2");
  const kept = await log.finish();
  const content = contentOf(at.path);
  assert.equal(content.stdout.length + content.stderr.length, 100_000);
  assert.equal(kept.writtenBytes, 300_005);
  assert.equal(kept.truncated, true);
  assert.match(content.notices, /^behalf: the output limit of 100 kB is reached/);
  assert.equal(content.notices.match(/behalf:/g)?.length, 1);
});

test("2.3: 200 MB and one line of 50 MB are kept whole without growing memory (slow)", async (t) => {
  const at = options(t);
  const log = openRunLog(at);
  const before = process.memoryUsage().rss;
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
  await keepOutputOf(log, "head -c 50000000 /dev/zero | tr '\\0' x; echo; head -c 150000000 /dev/zero");
  clearInterval(watch);
  const kept = await log.finish();
  assert.equal(kept.writtenBytes, 200_000_001);
  assert.equal(kept.truncated, false);
  assert.equal(kept.logBytes, statSync(at.path).size);
  const hash = createHash("sha256").update(readFileSync(at.path)).digest("hex");
  assert.equal(kept.sha256, hash);
  assert.ok(peak - before < 60e6, `grew by ${peak - before} bytes`);
});

test("2.3: a reader gets whole frames from any frame's offset and never a part of one", async (t) => {
  const at = options(t);
  const log = openRunLog(at);
  await keepOutputOf(log, "head -c 200000 /dev/zero; sleep 0.02; echo end >&2");
  const kept = await log.finish();
  let offset = 0;
  let content = 0;
  let reads = 0;
  while (offset < kept.logBytes) {
    const bytes = await readLogFrames(at.path, offset, 1, kept.logBytes);
    assert.ok(bytes !== null && bytes.length > 0);
    const decoded = decodeLogFrames(bytes, offset);
    assert.equal(decoded.rest, 0);
    for (const chunk of decoded.chunks) {
      assert.ok(chunk.bytes.length <= maxLogChunkBytes);
      content += chunk.bytes.length;
    }
    offset += bytes.length;
    reads += 1;
  }
  assert.equal(content, 200_004);
  assert.ok(reads > 1);
  assert.equal(await readLogFrames(`${at.path}-none`, 0, 10, 100), null);
});

test("2.8: a log left by a killed launcher is cut at its last whole frame, hashed again and continued", async (t) => {
  const at = options(t, 1000);
  const first = openRunLog(at);
  await keepOutputOf(first, "echo one");
  await first.finish();
  appendFileSync(at.path, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 99, 1, 2]));
  const second = await resumeRunLog(at);
  second.notice("behalf: the launcher was started again");
  await keepOutputOf(second, "echo two; head -c 2000 /dev/zero");
  const kept = await second.finish();
  const content = contentOf(at.path);
  assert.equal(content.stdout.subarray(0, 8).toString(), "one\ntwo\n");
  assert.equal(content.stdout.length, 1000);
  assert.equal(kept.truncated, true);
  assert.equal(kept.sha256, createHash("sha256").update(readFileSync(at.path)).digest("hex"));
  const third = await resumeRunLog(at);
  assert.equal((await third.finish()).truncated, true);
  const none = await resumeRunLog({ ...at, path: `${at.path}-none` });
  assert.equal((await none.finish()).logBytes, 0);
});

test("2.8: on a full disk the run's output is counted, the file ends at a whole frame, and the outcome says truncated", async (t) => {
  if (!existsSync("/dev/full")) return t.skip("this machine has no /dev/full");
  const log = openRunLog({ ...options(t), path: "/dev/full" });
  await keepOutputOf(log, "head -c 500000 /dev/zero");
  const kept = await log.finish();
  assert.equal(kept.writtenBytes, 500_000);
  assert.equal(kept.truncated, true);
  assert.equal(kept.logBytes, 0);
});
