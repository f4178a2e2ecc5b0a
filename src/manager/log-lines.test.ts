import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import * as fc from "fast-check";
import { encodeLogFrame, lineIndexPath, nextLineIndexPath, type LogStream } from "#link/log-format.ts";
import { defaultBudgetBytes, keptEveryBytes, keptFromBytes, LogLines, type LogLine } from "#manager/log-lines.ts";
import { longestLine } from "#manager/log-walk.ts";

type Frame = readonly [stream: LogStream, text: string | Buffer];

const encoded = (frames: readonly Frame[], atMs = 1): Buffer =>
  Buffer.concat(frames.map(([stream, text], index) => encodeLogFrame(stream, atMs + index, Buffer.from(text as string))));

const world = (t: Pick<TestContext, "after">, budgetBytes?: number): { lines: LogLines; path: string } => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-lines-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return { lines: new LogLines((run) => join(folder, `${run}.log`), budgetBytes), path: join(folder, "r.log") };
};

const shown = (items: readonly LogLine[]): string[] =>
  items.map(({ line, stream, text, cut }) => `${line} ${stream} ${text}${cut ? " …" : ""}`);

test("4.3: lines follow each other whatever the frames were; the other stream ends a line, and what is not finished is shown", async (t) => {
  const { lines, path } = world(t);
  writeFileSync(
    path,
    encoded([
      ["stdout", "one\ntw"],
      ["stdout", "o\r\nthr"],
      ["stderr", "bad\n"],
      ["stdout", "ee\n\nlast"],
    ]),
  );
  const all = await lines.read("r", 1, 100);
  assert.deepEqual(shown(all.items), [
    "1 stdout one",
    "2 stdout two",
    "3 stdout thr …",
    "4 stderr bad",
    "5 stdout ee",
    "6 stdout ",
    "7 stdout last …",
  ]);
  assert.deepEqual([all.total, all.complete], [7, true]);
  assert.deepEqual(shown((await lines.read("r", null, 2)).items), ["6 stdout ", "7 stdout last …"]);
  assert.deepEqual(shown((await lines.read("r", 3, 2)).items), ["3 stdout thr …", "4 stderr bad"]);
  assert.deepEqual((await lines.read("r", 8, 2)).items, []);
  assert.deepEqual(await lines.read("none", null, 2), { items: [], total: 0, complete: true });
});

test("4.3: a log that grows keeps its line numbers; a new attempt begins at line 1", async (t) => {
  const { lines, path } = world(t);
  writeFileSync(path, encoded([["stdout", "a\nb"]]));
  assert.deepEqual(shown((await lines.read("r", null, 9)).items), ["1 stdout a", "2 stdout b …"]);
  appendFileSync(path, encoded([["stdout", "b\nc\n"]]));
  assert.deepEqual(shown((await lines.read("r", null, 9)).items), ["1 stdout a", "2 stdout bb", "3 stdout c"]);
  truncateSync(path, 0);
  appendFileSync(path, encoded([["stdout", "again\n".repeat(20)]], 99));
  const anew = await lines.read("r", 1, 2);
  assert.deepEqual(shown(anew.items), ["1 stdout again", "2 stdout again"]);
  assert.equal(anew.total, 20);
});

test("4.3: a line without end is cut at whole characters, and memory stays bounded", async (t) => {
  const { lines, path } = world(t);
  const long = "ä".repeat(longestLine);
  writeFileSync(path, encoded([["stdout", `x${long}\nend\n`]]));
  const all = await lines.read("r", 1, 100);
  assert.equal(all.items.map(({ text }) => text).join(""), `x${long}end`);
  assert.equal(all.total, 4);
  assert.ok(all.items.every(({ text }) => Buffer.byteLength(text) <= longestLine && !text.includes("\ufffd")));
});

test("4.3: lines from anywhere are those of reading from the beginning, however the output was cut into frames", async (t) => {
  const text = fc.string({ unit: fc.constantFrom("a", "\n", "B", "ß", "\u0000") });
  const frame = fc.tuple(fc.constantFrom<LogStream>("stdout", "stderr"), text);
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 40 }), fc.nat(60), fc.nat(10), async (frames, from, count) => {
      const { lines, path } = world({ after: t.after.bind(t) });
      writeFileSync(path, encoded(frames));
      // The plain rule, said once more: each stream's text in order, split where the stream changes and after each line break.
      const expected: string[] = [];
      let open: LogStream | null = null;
      for (const [stream, content] of frames) {
        for (const piece of content.split(/(?<=\n)/)) {
          if (piece === "") continue;
          if (open === stream) expected.push(`${expected.pop() ?? ""}${piece}`);
          else expected.push(`${stream} ${piece}`);
          open = piece.endsWith("\n") ? null : stream;
        }
      }
      const all = (await lines.read("r", 1, 10_000)).items.map((one) => `${one.stream} ${one.text}${one.cut ? "" : "\n"}`);
      // A lone frame boundary inside of a two-byte character cannot come from `encoded`, so texts compare as they are.
      assert.deepEqual(all, expected);
      assert.deepEqual(
        (await lines.read("r", from + 1, count)).items.map(({ line }) => line),
        expected.slice(from, from + count).map((_, index) => from + 1 + index),
      );
      const found = await lines.find("r", "ab", 1, 10_000);
      assert.deepEqual(
        found.lines,
        expected.flatMap((one, index) => (one.slice(7).toLowerCase().includes("ab") ? [index + 1] : [])),
      );
    }),
    { numRuns: 60 },
  );
});

test("4.3: any line of a log of 300,000 lines in frames of every size, by index, also where a request may look at little only", async (t) => {
  const { lines, path } = world(t);
  const all = Buffer.from(Array.from({ length: 300_000 }, (_, index) => `line ${index + 1}\n`).join(""));
  const frames: Buffer[] = [];
  for (let at = 0, size = 1; at < all.length; at += size, size = (size * 7 + 13) % 60_000 || 1)
    frames.push(encodeLogFrame("stdout", 5, all.subarray(at, at + Math.min(size, all.length - at))));
  writeFileSync(path, Buffer.concat(frames));
  for (const line of [1, 255, 256, 257, 123_456, 299_999]) {
    const piece = await lines.read("r", line, 2);
    assert.deepEqual(
      piece.items.map((one) => one.text),
      [`line ${line}`, `line ${line + 1}`],
    );
    assert.equal(piece.total, 300_000);
  }
  assert.deepEqual(await lines.find("r", "LINE 29999", 1, 3), { lines: [29_999, 299_990, 299_991], next: 299_992, total: 300_000 });
  assert.deepEqual(await lines.find("r", "no such text", 1, 3), { lines: [], next: null, total: 300_000 });

  const little = new LogLines(() => path, 1024 * 1024);
  const totals: number[] = [];
  for (let piece = await little.read("r", null, 1); ; piece = await little.read("r", null, 1)) {
    totals.push(piece.total);
    if (piece.complete) break;
    assert.ok(totals.length < 50);
  }
  assert.ok(totals.length > 1 && totals.at(-1) === 300_000, String(totals));
  let next: number | null = 1;
  const found: number[] = [];
  for (let asked = 0; next !== null; asked += 1) {
    const piece = await little.find("r", "line 300000", next, 10);
    found.push(...piece.lines);
    assert.ok(piece.next === null || piece.next > next);
    next = piece.next;
    assert.ok(asked < 50);
  }
  assert.deepEqual(found, [300_000]);
});

test("4.3: what is no frame ends the log; what stands before it is shown", async (t) => {
  const { lines, path } = world(t);
  writeFileSync(path, Buffer.concat([encoded([["stdout", "good\nhalf"]]), Buffer.from("this is no frame at all, is it")]));
  const all = await lines.read("r", 1, 10);
  assert.deepEqual(shown(all.items), ["1 stdout good", "2 stdout half …"]);
  assert.equal(all.complete, true);
});

test("4.8: what is known of a large log is kept beside it, used by the next manager, and never for another log", async (t) => {
  const { lines, path } = world(t);
  const numbers = Array.from({ length: 400_000 }, (_, index) => index + 1);
  const text = (of: readonly number[]): Buffer => Buffer.from(of.map((number) => `line ${number}\n`).join(""));
  const framed = (all: Buffer, atMs: number): Buffer =>
    Buffer.concat(
      Array.from({ length: Math.ceil(all.length / 60_000) }, (_, index) =>
        encodeLogFrame("stdout", atMs, all.subarray(index * 60_000, (index + 1) * 60_000)),
      ),
    );
  const log = framed(text(numbers), 5);
  assert.ok(log.length > keptFromBytes);
  writeFileSync(path, log);
  const before = await lines.read("r", 300_000, 3);
  await lines.keep("r");
  const kept = lineIndexPath(path);
  assert.equal(statSync(kept).mode & 0o777, 0o600);

  // One step of looking could not find line 300,000: what was kept did.
  const next = new LogLines(() => path, 1);
  assert.deepEqual(await next.read("r", 300_000, 3), before);
  assert.equal((await new LogLines(() => path, 1).read("r", null, 1)).items[0]?.text, "line 400000");

  // It grows after all; or it begins anew with as many bytes.
  appendFileSync(path, encoded([["stderr", "more"]]));
  assert.equal((await new LogLines(() => path).read("r", null, 1)).total, 400_001);
  writeFileSync(path, framed(text(numbers.toReversed()), 6));
  assert.equal((await new LogLines(() => path).read("r", 300_000, 1)).items[0]?.text, "line 100001");
  writeFileSync(path, log);
  for (const torn of ["", "{", "null", "[]", readFileSync(kept, "utf8").replace('"marks":[', '"marks":[-1,'), "x".repeat(100)]) {
    writeFileSync(kept, torn);
    assert.deepEqual(await new LogLines(() => path).read("r", 300_000, 3), before, torn.slice(0, 20));
  }
  writeFileSync(path, encoded([["stdout", "small\n"]]));
  rmSync(kept);
  await lines.keep("r");
  assert.equal(existsSync(kept), false);
  await lines.keep("none");
});

test("4.8: while a log is written its lines are known, and a manager that is killed leaves what the next one goes on from", async (t) => {
  const { lines, path } = world(t);
  const line = `${"x".repeat(4000)}\n`;
  const block = Buffer.concat(Array.from({ length: 256 }, () => encodeLogFrame("stdout", 5, Buffer.from(line.repeat(14)))));
  const perBlock = 256 * 14;
  const kept = lineIndexPath(path);
  writeFileSync(path, "");
  let blocks = 0;
  const grow = async (by: number): Promise<void> => {
    for (let at = 0; at < by; at += 1) appendFileSync(path, block);
    blocks += by;
    await lines.follow("r");
  };
  await grow(1);
  assert.equal(existsSync(kept), false, "not at every step");
  while (statSync(path).size < keptEveryBytes) await grow(1);
  const known = blocks * perBlock;
  assert.equal(statSync(kept).mode & 0o777, 0o600);
  await grow(1);
  assert.equal((JSON.parse(readFileSync(kept, "utf8")) as { lines: number }).lines, known);
  appendFileSync(path, encoded([["stderr", "the end"]]));
  // The next one may look at a step only: it goes on where the one before had kept, past a file that was half written.
  writeFileSync(nextLineIndexPath(path), "{");
  const next = new LogLines(() => path, 2 * block.length);
  const last = await next.read("r", null, 1);
  assert.deepEqual(shown(last.items), [`${blocks * perBlock + 1} stderr the end …`]);
  assert.equal(last.complete, true);
  assert.equal((await next.read("r", known + 3, 1)).items[0]?.text.length, 4000);
  await next.keep("r");
  assert.equal(existsSync(nextLineIndexPath(path)), false);
  assert.equal((await new LogLines(() => path, 1).read("r", null, 1)).total, blocks * perBlock + 1);
  // After a power failure the log may be shorter than what was kept of it.
  truncateSync(path, block.length);
  assert.equal((await new LogLines(() => path).read("r", null, 1)).total, perBlock);
  // Emptied, and as long again with another content that begins alike.
  writeFileSync(
    path,
    Buffer.concat([encodeLogFrame("stdout", 5, Buffer.from("ab\n".repeat(14 * 1334).slice(0, line.length * 14))), block]),
  );
  lines.forget("r");
  rmSync(kept);
  assert.equal((await lines.read("r", 1, 1)).items[0]?.text, "ab");
});

test("4.3: however long a log is, as many places of it are known, and its lines are found by them", async (t) => {
  const { path } = world(t);
  const frames = Array.from({ length: 303 }, (_, index) =>
    encodeLogFrame("stdout", 5, Buffer.from(Array.from({ length: 100 }, (_, line) => `${index * 100 + line + 1}\n`).join(""))),
  );
  writeFileSync(path, Buffer.concat(frames));
  const few = new LogLines(() => path, defaultBudgetBytes, 3);
  for (const line of [1, 256, 257, 12_345, 30_000]) assert.equal((await few.read("r", line, 1)).items[0]?.text, String(line));
  assert.deepEqual((await few.find("r", "29999", 1, 9)).lines, [29_999]);
});

test(
  "4.3, 2.8: a log that is emptied while it is looked at ends the look, and what was known of it is forgotten",
  { timeout: 60_000 },
  async (t) => {
    const { lines, path } = world(t);
    const block = encoded(Array.from({ length: 16 }, () => ["stdout", "x".repeat(63 * 1024)] as const));
    for (const emptied of [0, 1, 2, 3, 5, 8, 13, 21]) {
      writeFileSync(path, "");
      for (let at = 0; at < 40; at += 1) appendFileSync(path, block);
      const looks = [lines.read("r", null, 1), lines.find("r", "y", 1, 5), lines.keep("r"), lines.follow("r")];
      for (let turn = 0; turn < emptied; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      truncateSync(path, 0);
      appendFileSync(path, encoded([["stderr", "again\n"]], 7));
      await Promise.all(looks);
      const found = await lines.read("r", 1, 5);
      assert.deepEqual([shown(found.items), found.total, found.complete], [["1 stderr again"], 1, true]);
    }
  },
);
