import assert from "node:assert/strict";
import { test } from "node:test";
import { keepKeyAfterExpiryMs, maxUnbelieved, RunBook, type Replay } from "#launcher/run-book.ts";
import type { EndedRecord, LauncherRecord, StartingRecord } from "#launcher/run-records.ts";

const starting = (run: string, attempt: number, tokenDigest: string, expMs = 300_000): StartingRecord => ({
  kind: "starting",
  run,
  attempt,
  tokenDigest,
  expMs,
  atMs: 1000,
  order: {
    digest: "d",
    submitter: "os:1",
    limits: { timeoutMs: null, graceMs: 0, outputBytes: 0 },
    auditHead: { writer: "w", sequence: 0, hash: "h" },
    runAs: null,
    verdicts: [],
  },
});
const ended = (run: string, attempt: number, tokenDigest: string, change: Partial<EndedRecord> = {}): EndedRecord => ({
  kind: "ended",
  run,
  attempt,
  tokenDigest,
  expMs: 300_000,
  atMs: 2000,
  verified: true,
  started: true,
  exitUnknown: false,
  sequence: 1,
  receipt: "r",
  logBytes: 0,
  ...change,
});
const bookOf = (...records: LauncherRecord[]): RunBook => {
  const book = new RunBook();
  for (const record of records) book.apply(record);
  return book;
};
const kindOf = (replay: Replay): string => (replay.kind === "conflict" ? replay.why : replay.kind);

test("S3: the same bytes find the recorded state through the whole life of a run, other bytes for the same attempt never start", () => {
  const book = new RunBook();
  assert.equal(kindOf(book.replay("r", 1, "a")), "new");
  book.apply(starting("r", 1, "a"));
  assert.equal(kindOf(book.replay("r", 1, "a")), "open");
  assert.equal(kindOf(book.replay("r", 1, "b")), "other-bytes");
  book.apply(ended("r", 1, "a"));
  assert.equal(kindOf(book.replay("r", 1, "a")), "ended");
  assert.equal(kindOf(book.replay("r", 1, "b")), "other-bytes");
  book.apply({ kind: "acknowledged", run: "r", attempt: 1 });
  assert.equal(kindOf(book.replay("r", 1, "a")), "confirmed");
  assert.equal(kindOf(book.replay("r", 1, "b")), "other-bytes");
});

test("S3: a run that was started never starts under a higher attempt, unless its end was not seen; one that was refused may", () => {
  assert.equal(kindOf(bookOf(starting("r", 1, "a")).replay("r", 2, "b")), "earlier-attempt-open");
  assert.equal(kindOf(bookOf(starting("r", 1, "a"), ended("r", 1, "a")).replay("r", 2, "b")), "earlier-attempt-ran");
  assert.equal(kindOf(bookOf(starting("r", 1, "a"), ended("r", 1, "a", { exitUnknown: true })).replay("r", 2, "b")), "new");
  assert.equal(kindOf(bookOf(ended("r", 1, "a", { started: false })).replay("r", 2, "b")), "new");
  assert.equal(kindOf(bookOf(ended("r", 2, "b", { started: false })).replay("r", 1, "a")), "later-attempt");
});

test("S3: a refusal of unbelieved bytes blocks these bytes for good, but not the run, nor what is known of its earlier attempts", () => {
  const book = bookOf(starting("r", 1, "a"), ended("r", 1, "a"), ended("r", 2, "forged", { verified: false, started: false, sequence: 2 }));
  assert.equal(kindOf(book.replay("r", 2, "forged")), "ended");
  assert.equal(kindOf(book.replay("r", 2, "right")), "earlier-attempt-ran");
  book.apply({ kind: "acknowledged", run: "r", attempt: 2 });
  assert.equal(kindOf(book.replay("r", 2, "forged")), "confirmed");
  const other = bookOf(ended("r", 1, "forged", { verified: false, started: false }));
  assert.equal(kindOf(other.replay("r", 1, "right")), "new");
});

test("S3: replay keys are kept until their token is long expired, then dropped", () => {
  const book = bookOf(starting("r", 1, "a"), ended("r", 1, "a"), { kind: "acknowledged", run: "r", attempt: 1 });
  book.forgetExpired(300_000 + keepKeyAfterExpiryMs);
  assert.equal(kindOf(book.replay("r", 1, "a")), "confirmed");
  book.forgetExpired(300_001 + keepKeyAfterExpiryMs);
  assert.equal(kindOf(book.replay("r", 1, "a")), "new");
  const unconfirmed = bookOf(starting("r", 1, "a"), ended("r", 1, "a"));
  unconfirmed.forgetExpired(1e12);
  assert.equal(kindOf(unconfirmed.replay("r", 1, "a")), "ended");
});

test("2.8: a book written anew answers every question as before", () => {
  const book = bookOf(
    { kind: "journal", id: "jrn_1", atMs: 5, refuseIssuedUpToMs: 7 },
    starting("open", 1, "a"),
    {
      kind: "running",
      run: "open",
      attempt: 1,
      atMs: 9000,
      monotonicMs: 3,
      process: { run: "open", attempt: 1, pid: 1, startTicks: "1", bootId: "b", uid: 1, tree: "group", cgroup: null },
    },
    { kind: "stopping", run: "open", attempt: 1, timedOut: true, cancelled: null },
    starting("ended", 1, "b"),
    ended("ended", 1, "b", { sequence: 4, receipt: "four" }),
    starting("acked", 2, "c"),
    ended("acked", 2, "c", { sequence: 5, receipt: "five" }),
    { kind: "acknowledged", run: "acked", attempt: 2 },
    ended("bad", 1, "x", { verified: false, started: false, sequence: 6, receipt: "six" }),
  );
  const again = bookOf(...(JSON.parse(JSON.stringify([...book.records()])) as LauncherRecord[]));
  assert.deepEqual([...again.records()], [...book.records()]);
  for (const [run, attempt, digest] of [
    ["open", 1, "a"],
    ["open", 2, "z"],
    ["ended", 1, "b"],
    ["ended", 2, "z"],
    ["acked", 2, "c"],
    ["acked", 1, "q"],
    ["acked", 3, "q"],
    ["bad", 1, "x"],
    ["bad", 1, "y"],
  ] as const)
    assert.equal(kindOf(again.replay(run, attempt, digest)), kindOf(book.replay(run, attempt, digest)), `${run} ${attempt} ${digest}`);
  assert.equal(again.sequence, 6);
  assert.equal(again.previous, book.previous);
  assert.equal(again.latestMs, 9000);
  assert.deepEqual(again.open.get("open.1")?.stopping?.timedOut, true);
});

test("S3: refusals of unbelieved tokens are bounded", () => {
  const book = new RunBook();
  for (let index = 0; index < maxUnbelieved; index += 1) book.apply(ended("r", 1, `t${index}`, { verified: false, started: false }));
  assert.equal(book.mayRememberUnbelieved(), false);
  book.apply({ kind: "acknowledged", run: "r", attempt: 1 });
  book.forgetExpired(1e12);
  assert.equal(book.mayRememberUnbelieved(), true);
});
