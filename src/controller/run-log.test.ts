import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { newId } from "#kernel/ids.ts";
import { silentLog } from "#kernel/log.ts";
import { lineIndexPath, nextLineIndexPath } from "#link/log-format.ts";
import { grownStepBytes, openRunLogs, type RunLogs } from "#controller/run-log.ts";

const open = async (t: TestContext, floorBytes = 0): Promise<{ logs: RunLogs; folder: string }> => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-logs-"));
  const logs = await openRunLogs({ folder: join(folder, "logs"), floorBytes, checkEveryMs: 60_000 }, silentLog);
  t.after(async () => {
    await logs.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { logs, folder };
};
const run = (): string => newId("run", Date.now());
const bytes = (text: string): Buffer => Buffer.from(text);
const sha256 = (data: string): string => createHash("sha256").update(data).digest("hex");

test("2.8: output is appended by offset: never a gap, and what is there already is passed over", async (t) => {
  const { logs } = await open(t);
  const id = run();
  assert.deepEqual(await logs.append(id, 0, bytes("hello")), { size: 5, gap: false });
  assert.deepEqual(await logs.append(id, 7, bytes("x")), { size: 5, gap: true });
  assert.deepEqual(await logs.append(id, 2, bytes("llo wo")), { size: 8, gap: false });
  assert.deepEqual(await logs.append(id, 0, bytes("he")), { size: 8, gap: false });
  assert.deepEqual(await logs.digest(id), { bytes: 8, sha256: sha256("hello wo") });
  await logs.seal(id);
  assert.equal(readFileSync(logs.path(id), "utf8"), "hello wo");
});

test("O10: a log file is 0600 below 0700 folders, whatever the umask", async (t) => {
  const before = process.umask(0);
  t.after(() => process.umask(before));
  const { logs, folder } = await open(t);
  const id = run();
  await logs.append(id, 0, bytes("a"));
  assert.equal(statSync(logs.path(id)).mode & 0o777, 0o600);
  assert.equal(statSync(join(logs.path(id), "..")).mode & 0o777, 0o700);
  assert.equal(statSync(join(folder, "logs")).mode & 0o777, 0o700);
});

test("2.8: a log goes on after a restart, and its digest covers the bytes of before", async (t) => {
  const { logs, folder } = await open(t);
  const id = run();
  await logs.append(id, 0, bytes("before "));
  await logs.close();
  const later = await openRunLogs({ folder: join(folder, "logs"), floorBytes: 0, checkEveryMs: 60_000 }, silentLog);
  t.after(() => later.close());
  assert.equal(await later.size(id), 7);
  await later.append(id, 7, bytes("after"));
  assert.deepEqual(await later.digest(id), { bytes: 12, sha256: sha256("before after") });
});

test("4.8: whoever prepares a log hears when it is whole, and what he keeps beside it goes with it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-logs-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const heard: (readonly [string, number])[] = [];
  const settings = { folder, floorBytes: 0, checkEveryMs: 60_000, onSealed: (id: string, size: number) => void heard.push([id, size]) };
  const logs = await openRunLogs(settings, silentLog);
  const id = run();
  await logs.append(id, 0, bytes("whole"));
  assert.deepEqual(heard, []);
  await logs.seal(id);
  assert.deepEqual(heard, [[id, 5]]);
  writeFileSync(lineIndexPath(logs.path(id)), "{}");
  await logs.remove(id);
  assert.deepEqual(readdirSync(folder), []);
  await logs.close();
});

test("4.8: of a log that is still written is told in steps, also after a restart; one that is emptied loses what was kept beside it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-logs-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const heard: number[] = [];
  const settings = { folder, floorBytes: 0, checkEveryMs: 60_000, onLarge: (_run: string, size: number) => void heard.push(size) };
  const logs = await openRunLogs(settings, silentLog);
  const id = run();
  const half = Buffer.alloc(grownStepBytes / 2, "x");
  for (let at = 0; at < 5; at += 1) await logs.append(id, at * half.length, half);
  assert.deepEqual(heard, [grownStepBytes, 2 * grownStepBytes]);
  await logs.append(run(), 0, bytes("small"));
  assert.equal(heard.length, 2);
  await logs.close();
  const later = await openRunLogs(settings, silentLog);
  await later.append(id, 5 * half.length, bytes("more"));
  assert.deepEqual(heard.slice(2), [5 * half.length + 4], "what was told before a restart may not have been heard");
  for (const beside of [lineIndexPath(later.path(id)), nextLineIndexPath(later.path(id))]) writeFileSync(beside, "{}");
  await later.reset(id);
  assert.equal(heard.at(-1), -1);
  assert.deepEqual(
    readdirSync(join(later.path(id), "..")).filter((name) => name.startsWith(id)),
    [`${id}.log`],
  );
  await later.close();
});

test("2.3: listeners hear each growth and a new beginning", async (t) => {
  const { logs } = await open(t);
  const id = run();
  const heard: number[] = [];
  const stop = logs.onGrown(id, (size) => heard.push(size));
  await logs.append(id, 0, bytes("ab"));
  await logs.append(id, 1, bytes("b"));
  await logs.append(id, 2, bytes("c"));
  await logs.reset(id);
  stop();
  await logs.append(id, 0, bytes("z"));
  assert.deepEqual(heard, [2, 3, -1]);
  assert.deepEqual(await logs.digest(id), { bytes: 1, sha256: sha256("z") });
});

test("2.3: retention removes a log; one that is not there is fine, and has size 0", async (t) => {
  const { logs } = await open(t);
  const id = run();
  await logs.append(id, 0, bytes("a"));
  await logs.remove(id);
  await logs.remove(id);
  assert.equal(await logs.size(id), 0);
  await logs.reset(id);
  assert.equal(await logs.size(id), 0);
});

test("2.8: more logs than files may be open at once", async (t) => {
  const { logs } = await open(t);
  const ids = Array.from({ length: 300 }, run);
  await Promise.all(ids.map((id) => logs.append(id, 0, bytes("first "))));
  await Promise.all(ids.map((id) => logs.append(id, 6, bytes(id))));
  for (const id of ids) assert.equal((await logs.digest(id)).sha256, sha256(`first ${id}`));
});

test("O3: below the floor nothing new is admitted", async (t) => {
  const { logs } = await open(t, Number.MAX_SAFE_INTEGER);
  assert.equal(logs.admission()?.code, "controller.disk-low");
  const { logs: other } = await open(t, 0);
  assert.equal(other.admission(), null);
});

test("2.8: bytes that were cut from the file outside are noticed by the digest", async (t) => {
  const { logs } = await open(t);
  const id = run();
  await logs.append(id, 0, bytes("hello"));
  await logs.seal(id);
  truncateSync(logs.path(id), 3);
  assert.deepEqual(await logs.digest(id), { bytes: 3, sha256: sha256("hel") });
});
