import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { journalLine, openJournal, readJournalRecords } from "#link/journal.ts";
import { silentLog } from "#kernel/log.ts";
import { ProblemError } from "#kernel/problem.ts";

const options = { log: silentLog };

const folder = (t: TestContext): string => {
  const path = mkdtempSync(join(tmpdir(), "bhf-journal-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

test("2.8: records come back in order after reopening, many at once share few writes, and the file is private", async (t) => {
  const path = join(folder(t), "journal");
  const journal = await openJournal(path, options);
  assert.equal(journal.created, true);
  await Promise.all(Array.from({ length: 500 }, (_, index) => journal.append({ index, text: "ä\u2028\n\ud800" })));
  journal.appendLazily({ index: 500 });
  await journal.close();
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const again = await openJournal(path, options);
  assert.equal(again.created, false);
  assert.equal(again.damaged, false);
  assert.deepEqual(
    again.records.map((record) => (record as { index: number }).index),
    Array.from({ length: 501 }, (_, index) => index),
  );
  again.forgetRecords();
  assert.equal(again.records.length, 0);
  assert.equal(again.sizeBytes, statSync(path).size);
  await again.close();
});

test("2.8: what need not outlive the host is in the file when it is told, in its place among the others", async (t) => {
  const path = join(folder(t), "journal");
  const journal = await openJournal(path, options);
  const inFile = (): number[] => {
    const found: number[] = [];
    readJournalRecords(path, (record) => found.push((record as { n: number }).n));
    return found;
  };
  await journal.appendUnsynced({ n: 1 });
  assert.deepEqual(inFile(), [1], "without a close: it outlives this process");
  const both = [journal.append({ n: 2 }), journal.appendUnsynced({ n: 3 }), journal.append({ n: 4 })];
  await both[0];
  await both[2];
  assert.deepEqual(inFile(), [1, 2, 3, 4]);
  const unsynced = journal.appendUnsynced({ n: 5 });
  const rewritten = journal.rewrite([{ n: 10 }]);
  const after = journal.appendUnsynced({ n: 11 });
  await Promise.all([unsynced, rewritten, after]);
  assert.deepEqual(inFile(), [10, 11]);
  await journal.close();
  await assert.rejects(journal.appendUnsynced({ n: 12 }), /closed/);
});

test("2.8: an unfinished last line is cut at every possible length and is no damage", async (t) => {
  const path = join(folder(t), "journal");
  const first = journalLine({ n: 1 });
  const second = journalLine({ n: 2, text: "漢字" });
  const secondBytes = Buffer.from(second);
  for (let length = 0; length < secondBytes.length; length += 1) {
    writeFileSync(path, Buffer.concat([Buffer.from(first), secondBytes.subarray(0, length)]), { mode: 0o600 });
    const journal = await openJournal(path, options);
    assert.equal(journal.damaged, false, `cut at ${length}`);
    assert.deepEqual(journal.records, [{ n: 1 }]);
    await journal.append({ n: 3 });
    await journal.close();
    const again = await openJournal(path, options);
    assert.deepEqual(again.records, [{ n: 1 }, { n: 3 }]);
    await again.close();
  }
});

test("2.8: any altered byte before the last newline is damage; the other records stay readable", async (t) => {
  const path = join(folder(t), "journal");
  const lines = [1, 2, 3].map((n) => journalLine({ n, text: "some text" }));
  const whole = Buffer.from(lines.join(""));
  for (let at = 0; at < whole.length - 1; at += 1) {
    const altered = Buffer.from(whole);
    altered[at] = (altered[at] ?? 0) ^ 0x01;
    writeFileSync(path, altered, { mode: 0o600 });
    const journal = await openJournal(path, options);
    assert.equal(journal.damaged, true, `byte ${at}`);
    assert.ok(journal.records.length >= 1);
    await journal.close();
  }
});

test("S4: damage stays visible until the owner rewrites, also after appends; the damaged file is kept", async (t) => {
  const path = join(folder(t), "journal");
  const good = journalLine({ n: 1 });
  writeFileSync(path, `${good}deadbeef 9 {"n":"x"}\n`, { mode: 0o600 });
  const journal = await openJournal(path, options);
  await journal.append({ n: 2 });
  await journal.close();
  const second = await openJournal(path, options);
  assert.equal(second.damaged, true);
  assert.deepEqual(second.records, [{ n: 1 }, { n: 2 }]);
  await second.rewrite([{ n: 1 }, { n: 2 }, { recovered: true }]);
  assert.equal(second.damaged, false);
  await second.append({ n: 3 });
  await second.close();
  const third = await openJournal(path, options);
  assert.equal(third.damaged, false);
  assert.deepEqual(third.records, [{ n: 1 }, { n: 2 }, { recovered: true }, { n: 3 }]);
  await third.close();
  assert.ok(readFileSync(`${path}.damaged`, "utf8").includes("deadbeef"));
});

test("2.8: a rewrite keeps what was appended after it was asked for, and settles what was appended before", async (t) => {
  const path = join(folder(t), "journal");
  const journal = await openJournal(path, options);
  const settled = await Promise.allSettled([
    journal.append({ n: 1 }),
    journal.append({ n: 2 }),
    journal.rewrite([{ n: 2 }]),
    journal.append({ n: 3 }),
  ]);
  assert.deepEqual(
    settled.map(({ status }) => status),
    ["fulfilled", "fulfilled", "fulfilled", "fulfilled"],
  );
  await journal.close();
  const again = await openJournal(path, options);
  assert.deepEqual(again.records, [{ n: 2 }, { n: 3 }]);
  assert.equal(existsSync(`${path}.new`), false);
  await again.close();
});

test("2.8: a line beyond the limit is damage, does not grow memory without bound, and the next line is read", async (t) => {
  const path = join(folder(t), "journal");
  writeFileSync(path, "", { mode: 0o600 });
  for (let index = 0; index < 9; index += 1) appendFileSync(path, Buffer.alloc(1024 * 1024, 0x61));
  appendFileSync(path, `\n${journalLine({ n: 1 })}`);
  const seen: unknown[] = [];
  const journal = await openJournal(path, { log: silentLog, onRecord: (record) => seen.push(record) });
  assert.equal(journal.damaged, true);
  assert.deepEqual(seen, [{ n: 1 }]);
  assert.deepEqual(journal.records, []);
  await journal.close();
});

test("O10: links and files that others can read are refused", async (t) => {
  const at = folder(t);
  writeFileSync(join(at, "real"), "", { mode: 0o600 });
  symlinkSync(join(at, "real"), join(at, "link"));
  const unsafe = (error: unknown): boolean => error instanceof ProblemError && error.problem.code === "files.unsafe";
  await assert.rejects(openJournal(join(at, "link"), options), unsafe);
  chmodSync(join(at, "real"), 0o640);
  await assert.rejects(openJournal(join(at, "real"), options), unsafe);
});

test("K1: a journal is readable without opening it for writing", async (t) => {
  const path = join(folder(t), "journal");
  const journal = await openJournal(path, options);
  await journal.append({ n: 1 });
  await journal.append({ n: 2 });
  truncateSync(path, statSync(path).size - 3);
  const seen: unknown[] = [];
  assert.equal(readJournalRecords(path, (record) => seen.push(record)).damaged, false);
  assert.deepEqual(seen, [{ n: 1 }]);
  await journal.close();
});
