import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync, appendFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { encodeLogFrame } from "#link/log-format.ts";
import { checkedPiece, chunkJson, LogFiles } from "#manager/log-file.ts";
import { ProblemError } from "#kernel/problem.ts";

const world = (t: TestContext): { files: LogFiles; path: string; folder: string } => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-log-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return { files: new LogFiles((run) => join(folder, `${run}.log`)), path: join(folder, "r.log"), folder };
};

const text = async (pieces: AsyncGenerator<Buffer>): Promise<string> => {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all).toString("latin1");
};

test("2.3: a log is read frame by frame from any offset that an answer gave, stdout and stderr told apart", async (t) => {
  const { files, path } = world(t);
  writeFileSync(
    path,
    Buffer.concat([
      encodeLogFrame("stdout", 1, Buffer.from("one\n")),
      encodeLogFrame("stderr", 2, Buffer.from("two\n")),
      encodeLogFrame("stdout", 3, Buffer.from("three\n")),
    ]),
  );
  const all = await files.read("r", 0);
  assert.deepEqual(
    all.chunks.map((chunk) => [chunk.stream, chunk.bytes.toString()]),
    [
      ["stdout", "one\n"],
      ["stderr", "two\n"],
      ["stdout", "three\n"],
    ],
  );
  assert.equal(all.atEnd, true);
  const [first] = all.chunks;
  const rest = await files.read("r", first?.nextOffset ?? -1);
  assert.deepEqual(rest.chunks, all.chunks.slice(1));
  assert.equal(await text(files.content("r", { offset: 0 })), "one\ntwo\nthree\n");
  assert.equal(await text(files.content("r", { offset: 0, stream: "stderr" })), "two\n");
});

test("2.3: a frame that is still being written waits for its rest", async (t) => {
  const { files, path } = world(t);
  const frame = encodeLogFrame("stdout", 1, Buffer.from("whole"));
  const next = encodeLogFrame("stdout", 2, Buffer.from("later"));
  writeFileSync(path, Buffer.concat([frame, next.subarray(0, 7)]));
  const before = await files.read("r", 0);
  assert.equal(before.chunks.length, 1);
  assert.equal(before.atEnd, true);
  appendFileSync(path, next.subarray(7));
  const after = await files.read("r", before.nextOffset);
  assert.equal(after.chunks[0]?.bytes.toString(), "later");
});

test("2.3: a log of any size is read in bounded pieces and arrives whole", async (t) => {
  const { files, path } = world(t);
  const chunk = Buffer.alloc(64 * 1024, "x");
  writeFileSync(path, Buffer.concat(Array.from({ length: 40 }, (_, index) => encodeLogFrame("stdout", index, chunk))));
  let largest = 0;
  let total = 0;
  for await (const piece of files.content("r", { offset: 0 })) {
    largest = Math.max(largest, piece.length);
    total += piece.length;
  }
  assert.equal(total, 40 * chunk.length);
  assert.ok(largest <= 256 * 1024, `a piece of ${largest} bytes`);
});

test("2.3: an offset that is no frame's beginning is refused, so that a job's own bytes never pass for frames", async (t) => {
  const { files, path } = world(t);
  writeFileSync(path, encodeLogFrame("stdout", 1, Buffer.from("hello, this is long enough")));
  assert.throws(() => checkedPiece({ chunks: [], nextOffset: 5, atEnd: false, damaged: true }, 5), ProblemError);
  const inside = await files.read("r", 12);
  assert.equal(inside.damaged, true);
  await assert.rejects(
    files.read("r", 1_000_000),
    (error: unknown) => error instanceof ProblemError && error.problem.code === "input.invalid-value",
  );
});

test("2.3: any bytes survive as JSON: text where they are UTF-8, else base64", () => {
  const common = { offset: 0, nextOffset: 1, stream: "stdout", atMs: 0 } as const;
  assert.equal(chunkJson({ ...common, bytes: Buffer.from("ü\0\n") }).text, "ü\0\n");
  assert.equal(chunkJson({ ...common, bytes: Buffer.from([0xef, 0xbb, 0xbf, 0x61]) }).text, "\ufeffa");
  assert.equal(chunkJson({ ...common, bytes: Buffer.from([0xc3]) }).base64, "ww==");
});

test("O10: a link in the place of a log is not followed", async (t) => {
  const { files, path, folder } = world(t);
  writeFileSync(join(folder, "target"), encodeLogFrame("stdout", 1, Buffer.from("secret")));
  symlinkSync(join(folder, "target"), path);
  await assert.rejects(files.read("r", 0), { code: "ELOOP" });
});

test("2.3: a log that is not there (yet, or no longer) is empty", async (t) => {
  const { files } = world(t);
  assert.equal(await files.size("r"), null);
  assert.deepEqual((await files.read("r", 0)).chunks, []);
});
