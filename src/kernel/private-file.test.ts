import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readPrivateFile, writePrivateFile } from "#kernel/private-file.ts";
import { ProblemError } from "#kernel/problem.ts";
import { makeFifo } from "#launch/linux/libc.ts";
import { eventually } from "#test/fixtures/eventually.ts";

const needsRoot = process.getuid?.() === 0 ? false : "only root can give files to another account";
const other = { uid: 4711, gid: 4712 };

const makeFolder = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), "behalf-file-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

/** Puts a link in place of `path`, over and over, as the owner of the folder could. */
const swapper = `
  import { renameSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
  const [path, target, sign] = process.argv.slice(1);
  for (let turn = 0; ; turn += 1) {
    const made = path + ".swap";
    try { unlinkSync(made); } catch {}
    symlinkSync(target, made);
    renameSync(made, path);
    if (turn === 0) writeFileSync(sign, "");
  }`;

test(
  "S12: a file that is given away is the new owner's, and nothing else is, whatever its owner puts in its place",
  { skip: needsRoot },
  async (t) => {
    const folder = makeFolder(t);
    chmodSync(folder, 0o711);
    const theirs = join(folder, "theirs");
    mkdirSync(theirs);
    chownSync(theirs, other.uid, other.gid);
    const ours = join(folder, "ours");
    writeFileSync(ours, "root's");
    const path = join(theirs, "agent.json");
    const sign = join(theirs, "sign");
    const attacker = spawn(process.execPath, ["--input-type=module", "-e", swapper, path, ours, sign], {
      ...other,
      stdio: ["ignore", "ignore", "inherit"],
    });
    const ended = once(attacker, "exit");
    t.after(() => attacker.kill("SIGKILL"));
    await eventually("links are put in its place", () => existsSync(sign), Boolean);
    for (let turn = 0; turn < 300; turn += 1) writePrivateFile(path, "{}", { owner: other });
    attacker.kill("SIGKILL");
    await ended;
    assert.equal(statSync(ours).uid, 0);
    assert.equal(readFileSync(ours, "utf8"), "root's");
    writePrivateFile(path, "{}", { owner: other });
    assert.deepEqual([statSync(path).uid, statSync(path).gid, statSync(path).mode & 0o777], [other.uid, other.gid, 0o600]);
  },
);

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof ProblemError) return `${error.problem.code}: ${error.problem.message}; ${error.problem.hint}`;
    throw error;
  }
  return "nothing was refused";
};

test("O10: a link, a pipe and a folder in place of a private file are refused, and nobody is waited for", (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, "file"), "text", { mode: 0o600 });
  symlinkSync(join(folder, "file"), join(folder, "link"));
  makeFifo(join(folder, "pipe"), 0o600);
  mkdirSync(join(folder, "folder"), { mode: 0o700 });
  for (const name of ["link", "pipe", "folder"])
    assert.match(
      codeOf(() => readPrivateFile(join(folder, name))),
      /^files\.unsafe: /,
      name,
    );
  assert.equal(readPrivateFile(join(folder, "file"))?.toString("utf8"), "text");
  assert.equal(readPrivateFile(join(folder, "missing")), null);
});

test("K2: a file of another account is told from one that is no plain file", { skip: needsRoot }, (t) => {
  const folder = makeFolder(t);
  const file = join(folder, "it's a key");
  writeFileSync(file, "text", { mode: 0o600 });
  chownSync(folder, other.uid, other.gid);
  process.seteuid?.(other.uid);
  try {
    const told = codeOf(() => readPrivateFile(file));
    assert.match(told, /^files\.unsafe: `.*it's a key` cannot be read by this account \(uid 4711\); .*chown -R 4711 /);
  } finally {
    process.seteuid?.(0);
  }
});
