/** A launcher that is an ordinary account: everything through sudo, with a real sudoers file (2.2, O8). Needs root to make the accounts. */
import { after, before, suite, test } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { accountsImpossible, addTestAccount, removeTestAccount, type TestAccount } from "#test/fixtures/accounts.ts";
import { sudoersLine } from "#launch/linux/sudo-command.ts";

const program = join(import.meta.dirname, "../../../test/fixtures/programs/sudo-launcher.ts");
const canOthersRead = (): boolean =>
  spawnSync("/usr/bin/setpriv", [
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    process.execPath,
    "--eval",
    `require("node:fs").accessSync(${JSON.stringify(program)})`,
  ]).status === 0;

const impossible =
  accountsImpossible() ??
  (existsSync("/usr/bin/sudo") ? null : "sudo is not installed") ??
  (canOthersRead() ? null : "the checkout or its Node cannot be read by other accounts");

interface Brief {
  readonly exit: {
    readonly exitCode: number | null;
    readonly signal: string | null;
    readonly startProblem: { readonly code: string; readonly message: string; readonly hint: string } | null;
  };
  readonly stdout: string;
  readonly stderr: string;
}

suite("a launcher without privileges", { skip: impossible ?? false }, () => {
  let launcher: TestAccount;
  let target: TestAccount;
  let sudoers: string;
  const folders: string[] = [];
  before(() => {
    launcher = addTestAccount("launcher");
    target = addTestAccount("target", { extraGroups: 1 });
    sudoers = `/etc/sudoers.d/${launcher.name}`;
  });
  after(() => {
    rmSync(sudoers, { force: true });
    removeTestAccount(launcher);
    removeTestAccount(target);
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  const runAsLauncher = () => {
    const folder = mkdtempSync("/tmp/bhf-host-");
    folders.push(folder);
    chownSync(folder, launcher.uid, launcher.gid);
    chmodSync(folder, 0o711);
    const done = spawnSync(
      "/usr/bin/setpriv",
      [
        `--reuid=${launcher.uid}`,
        `--regid=${launcher.gid}`,
        "--init-groups",
        "--inh-caps=-all",
        "--",
        process.execPath,
        program,
        folder,
        target.name,
      ],
      {
        encoding: "utf8",
        env: { HOME: launcher.home, PATH: "/usr/bin:/bin", NODE_PLANTED: "x" },
        cwd: "/",
        timeout: 120_000,
      },
    );
    assert.equal(done.status, 0, done.stderr);
    return { seen: JSON.parse(done.stdout) as Record<string, unknown>, folder };
  };

  test("2.2: where sudo does not allow it, nothing runs, and the hint is the exact sudoers line", () => {
    const { seen } = runAsLauncher();
    const { exit, stdout } = seen["identity"] as Brief;
    assert.equal(stdout, "");
    assert.equal(exit.startProblem?.code, "launch.sudo-not-allowed");
    assert.match(
      exit.startProblem?.hint ?? "",
      new RegExp(`${launcher.name} ALL=\\(${target.name}\\) NOPASSWD: /usr/bin/env -i /bin/sh /dev/stdin$`),
    );
    assert.doesNotMatch(exit.startProblem?.hint ?? "", /NOPASSWD: ALL/);
    assert.equal((seen["own"] as Brief).stdout.split("\n")[0], launcher.name, "its own account needs no sudo");
  });

  test("2.2: with that line a job runs as the account, and its whole tree can be killed", async (t) => {
    writeFileSync(sudoers, `${sudoersLine(launcher.name, target.name)}\n`, { mode: 0o440 });
    assert.equal(spawnSync("/usr/sbin/visudo", ["-cf", sudoers]).status, 0);
    const { seen, folder } = runAsLauncher();
    const brief = (name: string): Brief => seen[name] as Brief;

    await t.test("2.2: uid, gid, groups, umask, directory and account variables", () => {
      const { stdout, exit } = brief("identity");
      assert.equal(exit.startProblem, null);
      const who = seen["who"] as { groups: number[] };
      const four = (id: number): string => `${id}\t${id}\t${id}\t${id}`;
      assert.equal(
        stdout,
        `Uid:\t${four(target.uid)}\nGid:\t${four(target.gid)}\nGroups:\t${who.groups.join(" ")} \nCapInh:\t0000000000000000\nCapEff:\t0000000000000000\n0027\n/usr\n${target.home} ${target.name} ${target.name} /bin/sh\n`,
      );
      assert.equal(seen["switching"], "sudo");
      assert.equal(seen["tree"], "sudo");
    });
    await t.test("O6: no variable of sudo or of the launcher", () => {
      const names = brief("environment")
        .stdout.trim()
        .split("\n")
        .map((line) => line.split("=")[0])
        .sort();
      assert.deepEqual(names, ["A", "BEHALF_RUN_ID", "HOME", "LOGNAME", "PATH", "PWD", "SHELL", "TMPDIR", "USER"]);
    });
    await t.test("O3, O5: exactly descriptors 0, 1 and 2, and /dev/stderr can be opened", () => {
      assert.equal(brief("descriptors").stdout, "0\n1\n2\n3\n");
      assert.equal(brief("descriptors").stderr, "x\n");
    });
    await t.test("O9: a private TMPDIR that is gone afterwards", () => {
      const [mode, path] = brief("tmpdir").stdout.trim().split("\n");
      assert.equal(mode, `700 ${target.uid}`);
      assert.equal(existsSync(path ?? ""), false);
      assert.deepEqual(
        readdirSync(join(folder, "tmp/jobs")).filter((name) => name.startsWith("run_")),
        [],
      );
      assert.deepEqual(readdirSync(join(folder, "tmp/status")), []);
    });
    await t.test("O7: start and job failure are told apart", () => {
      assert.equal(brief("missing").exit.startProblem?.code, "launch.program-not-found");
      assert.deepEqual([brief("code").exit.exitCode, brief("code").exit.startProblem], [126, null]);
      assert.deepEqual([brief("signal").exit.signal, brief("signal").exit.startProblem], ["SIGTERM", null]);
      assert.equal((seen["nnp"] as { ok: boolean }).ok, false);
    });
    await t.test("O1: a script of 300 kB", () => assert.equal(brief("large").stdout, "300000\n"));
    await t.test("O8: SIGTERM, SIGKILL of the whole tree and leftovers go through the same sudoers line", () => {
      assert.equal((seen["term"] as { exitCode: number }).exitCode, 9);
      assert.equal(seen["termOutput"], "up\nstopped\n");
      assert.equal(seen["before"], 3);
      assert.equal((seen["killed"] as { signal: string }).signal, "SIGKILL");
      assert.equal(seen["after"], 0);
      assert.equal(seen["leftovers"], 1);
      assert.equal(seen["end"], 0);
    });
    assert.deepEqual(seen["logged"], []);
  });
});
