import assert from "node:assert/strict";
import { chmodSync, chownSync, linkSync, lstatSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ProblemError } from "#kernel/problem.ts";
import { makePartFolder } from "#supervise/part-folder.ts";

const needsRoot = process.getuid?.() === 0 ? false : "only root can give folders to another account";
const first = { uid: 4711, gid: 4712 };
const second = { uid: 4713, gid: 4714 };

interface Made {
  readonly folder: string;
  readonly outside: string;
  readonly names: readonly string[];
}

const makeFolder = (t: TestContext): Made => {
  const base = mkdtempSync(join(tmpdir(), "behalf-part-"));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  const outside = join(base, "outside");
  writeFileSync(outside, "not of the part", { mode: 0o600 });
  const folder = join(base, "manager");
  makePartFolder(folder, null);
  mkdirSync(join(folder, "logs", "deep"), { recursive: true, mode: 0o755 });
  writeFileSync(join(folder, "behalf.db"), "", { mode: 0o600 });
  writeFileSync(join(folder, "logs", "deep", "run.log"), "", { mode: 0o600 });
  symlinkSync(outside, join(folder, "logs", "link"));
  return { folder, outside, names: [".", "behalf.db", "logs", "logs/deep", "logs/deep/run.log", "logs/link"] };
};

const ownersOf = ({ folder, names }: Made): readonly number[] => [...new Set(names.map((name) => lstatSync(join(folder, name)).uid))];

test("S12: a part's folder changes hands with everything in it, from root, from account to account, and back", { skip: needsRoot }, (t) => {
  const made = makeFolder(t);
  for (const owner of [first, second, null, first]) {
    makePartFolder(made.folder, owner);
    assert.deepEqual(ownersOf(made), [owner?.uid ?? 0]);
    assert.equal(statSync(made.folder).mode & 0o777, 0o700);
    assert.equal(statSync(made.outside).uid, 0, "what a link leads to is not given away");
  }
});

test("S12: a change of hands that was cut short is finished at the next start", { skip: needsRoot }, (t) => {
  for (const [before, after] of [
    [null, first],
    [first, second],
    [first, null],
  ] as const) {
    const made = makeFolder(t);
    makePartFolder(made.folder, before);
    // As after a kill between two files: the folder is root's, and shut.
    chownSync(made.folder, 0, 0);
    chownSync(join(made.folder, "logs"), 0, 0);
    makePartFolder(made.folder, after);
    assert.deepEqual(ownersOf(made), [after?.uid ?? 0]);
  }
});

test("S12: a folder that was given away without its content gets it", { skip: needsRoot }, (t) => {
  const made = makeFolder(t);
  chownSync(made.folder, first.uid, first.gid);
  makePartFolder(made.folder, first);
  assert.deepEqual(ownersOf(made), [first.uid]);
});

test("S12: a file that has a second name elsewhere is not given away, and the folder stays shut", { skip: needsRoot }, (t) => {
  const made = makeFolder(t);
  makePartFolder(made.folder, first);
  chmodSync(join(made.folder, "logs"), 0o777);
  linkSync(made.outside, join(made.folder, "logs", "mine"));
  assert.throws(
    () => makePartFolder(made.folder, second),
    (error) => error instanceof ProblemError && error.problem.code === "files.unsafe" && /second name/.test(error.problem.message),
  );
  assert.equal(statSync(made.outside).uid, 0);
  for (const name of [".", "logs"]) {
    const { uid, mode } = statSync(join(made.folder, name));
    assert.deepEqual([uid, mode & 0o777], [0, 0o700], name);
  }
});
