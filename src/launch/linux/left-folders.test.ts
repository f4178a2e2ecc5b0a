import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { silentLog } from "#kernel/log.ts";
import { leftFolderName, markFolder, removeLeftFolders } from "#launch/linux/left-folders.ts";
import { makeTmpFolders } from "#launch/linux/private-tmp.ts";

const asRoot = process.getuid?.() === 0;

interface Place {
  readonly base: string;
  /** Makes what a launcher on `data` makes; answers its folder for TMPDIRs and the one for pipes. */
  make(data: string): { launcher: string; tmp: string; pipes: string };
  remove(): Promise<readonly string[]>;
}

const place = (t: TestContext): Place => {
  const root = mkdtempSync(join(tmpdir(), "bhf-left-"));
  chmodSync(root, 0o711);
  const base = join(root, "base");
  mkdirSync(base);
  chmodSync(base, 0o1777);
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return {
    base,
    make: (data) => {
      const launcher = join(root, data, "launcher");
      mkdirSync(launcher, { recursive: true });
      const tmp = join(base, leftFolderName("tmp", launcher));
      makeTmpFolders(tmp, "setpriv");
      markFolder(tmp, launcher);
      const pipes = join(base, leftFolderName("pipes", join(launcher, "fifos")));
      mkdirSync(pipes, { mode: 0o700 });
      markFolder(pipes, join(launcher, "fifos"));
      return { launcher, tmp, pipes };
    },
    remove: () => removeLeftFolders({ bases: [base, join(base, "no-such")], log: silentLog }),
  };
};
const deleteData = (launcher: string): void => rmSync(join(launcher, ".."), { recursive: true });

test("O9, O10: what a deleted data folder left outside of it is removed, with what jobs left in it, and nothing of another one", async (t) => {
  const { base, make, remove } = place(t);
  const [left, kept] = [make("left"), make("kept")];
  assert.deepEqual(await remove(), [], "both data folders are there");
  const job = join(left.tmp, "jobs", "65534-1");
  mkdirSync(join(job, "deep"), { recursive: true });
  writeFileSync(join(job, "deep", "file"), "x");
  const outside = join(base, "..", "precious");
  writeFileSync(outside, "x");
  symlinkSync(outside, join(job, "link"));
  symlinkSync(join(kept.tmp, "jobs"), join(job, "deep", "link"));
  if (asRoot) for (const path of [job, join(job, "deep"), join(job, "deep", "file")]) chownSync(path, 65_534, 65_534);
  writeFileSync(join(left.tmp, "status", "run-1"), "");
  writeFileSync(join(left.pipes, "run-1.out"), "");
  deleteData(left.launcher);
  assert.deepEqual([...(await remove())].toSorted(), [left.tmp, left.pipes].toSorted());
  assert.deepEqual(readdirSync(base).length, 2);
  assert.ok(existsSync(join(kept.tmp, "jobs")) && existsSync(kept.pipes) && existsSync(outside));
  assert.deepEqual(await remove(), []);
});

test("O9: what a process still uses stays: its TMPDIR, an open file, its working directory, or a launcher that outlives its data folder", async (t) => {
  const { make, remove } = place(t);
  const wait = ["-e", "setInterval(() => {}, 1000); process.stdout.write('x')"];
  type Made = ReturnType<typeof make>;
  const holding = (path: string): ChildProcess => {
    writeFileSync(path, "");
    const descriptor = openSync(path, "r");
    const child = spawn(process.execPath, wait, { stdio: ["ignore", "pipe", "ignore", descriptor] });
    closeSync(descriptor);
    return child;
  };
  const uses: readonly (readonly [name: string, use: (made: Made) => ChildProcess, kept: readonly (keyof Made)[]])[] = [
    ["tmpdir", ({ tmp }) => spawn(process.execPath, wait, { env: { TMPDIR: join(tmp, "jobs", "1-1") } }), ["tmp"]],
    ["cwd", ({ tmp }) => spawn(process.execPath, wait, { cwd: join(tmp, "jobs") }), ["tmp"]],
    ["open", ({ pipes }) => holding(join(pipes, "run-1.out")), ["pipes"]],
    ["launcher", ({ launcher }) => holding(join(launcher, "lock")), ["tmp", "pipes"]],
  ];
  for (const [name, use, kept] of uses) {
    const made = make(name);
    const child = use(made);
    t.after(() => child.kill("SIGKILL"));
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    deleteData(made.launcher);
    await remove();
    assert.deepEqual(
      (["tmp", "pipes"] as const).filter((kind) => existsSync(made[kind])),
      kept,
      name,
    );
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    assert.equal((await remove()).length, kept.length, name);
  }
});

test("O10: links, folders of others, without or with a false mark, of another view of the file system, or of unknown content stay", async (t) => {
  const { base, make, remove } = place(t);
  const stay: string[] = [];
  const one = (name: string): ReturnType<typeof make> => {
    const made = make(name);
    deleteData(made.launcher);
    rmSync(made.pipes, { recursive: true });
    stay.push(made.tmp);
    return made;
  };
  const linked = one("linked");
  renameSync(linked.tmp, join(base, "elsewhere"));
  symlinkSync(join(base, "elsewhere"), linked.tmp);
  rmSync(join(one("unmarked").tmp, ".belongs-to"));
  const marked = join(one("link-as-mark").tmp, ".belongs-to");
  renameSync(marked, join(base, "mark"));
  symlinkSync(join(base, "mark"), marked);
  const false1 = one("of-another-path");
  writeFileSync(join(false1.tmp, ".belongs-to"), readFileSync(join(base, "mark")));
  const elsewhere = one("another-container");
  const told = JSON.parse(readFileSync(join(elsewhere.tmp, ".belongs-to"), "utf8")) as object;
  writeFileSync(join(elsewhere.tmp, ".belongs-to"), JSON.stringify({ ...told, mounts: "mnt:[1]" }));
  writeFileSync(join(one("with-more").tmp, "jobs.txt"), "not ours");
  if (asRoot) chownSync(one("of-others").tmp, 65_534, 65_534);
  for (const text of ["", "{", "null", '{"path":1}', "x".repeat(10_000)])
    writeFileSync(join(one(`mark ${text.slice(0, 9)}`.replaceAll(/\W/g, "_")).tmp, ".belongs-to"), text);
  const removed = await remove();
  assert.deepEqual(removed, []);
  for (const path of stay) assert.ok(existsSync(path) || existsSync(`${path}.gone`), path);
});

test("O9: a removal that was cut short is finished by the next one; a data folder that came back keeps its own", async (t) => {
  const { make, remove } = place(t);
  const cut = make("cut");
  deleteData(cut.launcher);
  renameSync(cut.tmp, `${cut.tmp}.gone`);
  rmSync(join(`${cut.tmp}.gone`, "jobs"), { recursive: true });
  assert.deepEqual([...(await remove())].toSorted(), [`${cut.tmp}.gone`, cut.pipes].toSorted());
  // Deleted and made anew at the same path.
  const back = make("back");
  deleteData(back.launcher);
  mkdirSync(back.launcher, { recursive: true });
  assert.deepEqual(await remove(), []);
  assert.ok(existsSync(back.tmp) && existsSync(back.pipes));
});
