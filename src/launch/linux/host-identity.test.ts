/** What a job is, looked at from inside the job and from /proc (O1, O2, O5, O6, O9). */
import { after, before, suite, test } from "node:test";
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { administer, accountsImpossible, addTestAccount, removeTestAccount, type TestAccount } from "#test/fixtures/accounts.ts";
import { openTestHost } from "#test/fixtures/process-host.ts";

const impossible = accountsImpossible();

suite("a job's identity", { skip: impossible ?? false }, () => {
  let target: TestAccount;
  before(() => {
    target = addTestAccount("who", { extraGroups: 2 });
  });
  after(() => removeTestAccount(target));

  test("2.2: a job runs with uid, gid and supplementary groups of the account, by number, and none of the launcher's", async (t) => {
    const { account, run } = await openTestHost(t);
    const who = await account(target.name);
    assert.equal(who.groups.length, 3);
    const { stdout, exit } = await run(who, "grep -E '^(Uid|Gid|Groups):' /proc/self/status");
    assert.equal(exit.startProblem, null);
    const four = (id: number): string => `${id}\t${id}\t${id}\t${id}`;
    assert.equal(
      stdout,
      `Uid:\t${four(target.uid)}\nGid:\t${four(target.gid)}\nGroups:\t${[...who.groups].sort((a, b) => a - b).join(" ")} \n`,
    );
  });

  test("2.2: HOME, USER, LOGNAME and SHELL are the account's, umask and working directory as asked, the process group is its own", async (t) => {
    const { account, run } = await openTestHost(t);
    const who = await account(target.name);
    const { stdout } = await run(who, `echo "$HOME $USER $LOGNAME $SHELL"; umask; pwd; cut -d' ' -f5,6 /proc/$$/stat; echo $$`, {
      umask: "027",
      workingDirectory: "/usr",
    });
    const [names, umask, directory, group, pid] = stdout.split("\n");
    assert.equal(names, `${target.home} ${target.name} ${target.name} /bin/sh`);
    assert.equal(umask, "0027");
    assert.equal(directory, "/usr");
    assert.equal(group, `${pid} ${pid}`);
  });

  test("O6: the environment is exactly the documented variables, whatever the launcher has", async (t) => {
    process.env["NODE_OPTIONS_X"] = "1";
    process.env["BEHALF_DATABASE_URL"] = "postgres://secret";
    t.after(() => {
      delete process.env["NODE_OPTIONS_X"];
      delete process.env["BEHALF_DATABASE_URL"];
    });
    const { account, run } = await openTestHost(t);
    const { stdout } = await run(
      await account(target.name),
      { kind: "program", file: "/usr/bin/env", args: ["-0"] },
      { environment: { BEHALF_ATTEMPT: "1", GREETING: 'it\'s "me"\n$HOME `id` \\ é' } },
    );
    const names = Object.fromEntries(
      stdout
        .split("\0")
        .filter(Boolean)
        .map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
    );
    assert.deepEqual(Object.keys(names).sort(), [
      "BEHALF_ATTEMPT",
      "BEHALF_RUN_ID",
      "GREETING",
      "HOME",
      "LOGNAME",
      "PATH",
      "PWD",
      "SHELL",
      "TMPDIR",
      "USER",
    ]);
    assert.equal(names["GREETING"], 'it\'s "me"\n$HOME `id` \\ é');
    assert.equal(names["PATH"], "/usr/local/bin:/usr/bin:/bin");
  });

  test("O5: exactly the descriptors 0, 1 and 2; 0 is /dev/null", async (t) => {
    const { account, run } = await openTestHost(t);
    const { stdout } = await run(await account(target.name), { kind: "program", file: "/bin/ls", args: ["-l", "/proc/self/fd"] });
    const lines = stdout.split("\n").filter((line) => line.includes("->"));
    assert.deepEqual(
      lines.map((line) => / (\d+) ->/.exec(line)?.[1]),
      ["0", "1", "2", "3"],
      stdout,
    );
    assert.match(lines[0] ?? "", /-> \/dev\/null$/);
    assert.match(lines[3] ?? "", /-> \/proc\/\d+\/fd$/);
  });

  test("O5: no capabilities, default signal mask and dispositions, core size 0, default nice and oom score, own session without terminal", async (t) => {
    const { account, run } = await openTestHost(t);
    process.on("SIGUSR2", () => undefined);
    t.after(() => process.removeAllListeners("SIGUSR2"));
    const { stdout } = await run(await account(target.name), {
      kind: "program",
      file: "/bin/sh",
      args: ["-c", "cat /proc/self/status /proc/self/oom_score_adj /proc/self/limits; cut -d' ' -f6,7,19 /proc/$$/stat; echo $$"],
    });
    for (const name of ["CapInh", "CapPrm", "CapEff", "CapAmb", "SigBlk", "SigIgn", "SigCgt"])
      assert.match(stdout, new RegExp(`^${name}:\\t0{16}$`, "m"));
    assert.doesNotMatch(stdout, /^CapBnd:\t0{16}$/m);
    assert.match(stdout, /^NoNewPrivs:\t0$/m);
    assert.match(stdout, /^0$/m);
    assert.match(stdout, /^Max core file size +0 +0 /m);
    const [session, pid] = stdout.trimEnd().split("\n").slice(-2);
    assert.equal(session, `${pid} 0 0`);
  });

  test("O5: a new session keyring, neither the launcher's nor that of another run", async (t) => {
    if (!existsSync("/proc/keys") && !existsSync("/proc/key-users")) return t.skip("the kernel has no keyrings");
    const { account, run } = await openTestHost(t);
    const who = await account(target.name);
    const [keyctl, addKey] = process.arch === "x64" ? [250, 248] : [219, 217];
    // perl changes what it passes: literals must be in variables.
    const script = `/usr/bin/perl -e 'my ($t, $d, $p) = ("user", "behalf-test", "x"); print syscall(${keyctl}, 0, -3, 0), " ", syscall(${keyctl}, 10, -3, $t, $d, 0), " ", syscall(${addKey}, $t, $d, $p, 1, -3), "\n"'`;
    const first = (await run(who, script)).stdout.trim().split(" ").map(Number);
    const second = (await run(who, script)).stdout.trim().split(" ").map(Number);
    if (Number.isNaN(first[0])) return t.skip("needs perl to look at keyrings");
    assert.ok((first[0] ?? -1) > 0, "a keyring of its own");
    assert.ok((first[2] ?? -1) > 0, "the job can use it");
    assert.notEqual(first[0], second[0]);
    assert.equal(second[1], -1, "a key of an earlier run is not found");
    assert.ok(!readFileSync("/proc/keys", "utf8").includes("behalf-test"), "it is not in the launcher's keyring");
  });

  test("O5: no_new_privs is off by default and on where the entry asks for it", async (t) => {
    const { account, run } = await openTestHost(t);
    const { stdout } = await run(await account(target.name), "grep NoNewPrivs /proc/self/status", { noNewPrivileges: true });
    assert.equal(stdout, "NoNewPrivs:\t1\n");
  });

  test("O1: LD_PRELOAD, PATH and ENV of a job touch neither setpriv nor the prelude's shell", async (t) => {
    const { account, run, folder } = await openTestHost(t);
    const trap = join(folder, "trap");
    mkdirSync(trap);
    chmodSync(trap, 0o755);
    for (const name of ["setpriv", "sh", "cat", "mkdir"])
      writeFileSync(join(trap, name), `#!/bin/sh\nid -u >>${trap}/log\n`, { mode: 0o755 });
    writeFileSync(join(trap, "env.sh"), `id -u >>${trap}/log\n`);
    writeFileSync(join(trap, "log"), "", { mode: 0o666 });
    chmodSync(join(trap, "log"), 0o666);
    // A preloaded library that cannot be loaded is reported by the loader of every program that sees the variable.
    const { stderr, stdout } = await run(await account(target.name), "command -v setpriv; /bin/true", {
      environment: {
        PATH: `${trap}:/usr/bin:/bin`,
        LD_PRELOAD: join(trap, "no-such.so"),
        ENV: join(trap, "env.sh"),
        BASH_ENV: join(trap, "env.sh"),
        LD_LIBRARY_PATH: trap,
      },
    });
    assert.equal(stdout, `${trap}/setpriv\n`, "the job itself has them");
    assert.equal(stderr.match(/no-such\.so/g)?.length, 1, `only /bin/true saw it: ${stderr}`);
    assert.equal(readFileSync(join(trap, "log"), "utf8"), "");
  });

  test("O1: nothing of a job shows in the process list", async (t) => {
    const { account, start } = await openTestHost(t);
    const running = await start(await account(target.name), "echo up; sleep 30 # planted-in-script", {
      environment: { PLANTED: "planted-value" },
    });
    await running.seen("up");
    const line = readFileSync(`/proc/${running.held.record.pid}/cmdline`, "utf8");
    assert.doesNotMatch(line, /planted/);
    await running.held.killTree();
    await running.held.exited;
    await running.held.release();
  });

  test("O1: a script of 300 kB and an environment of 1 MB arrive whole", async (t) => {
    const { account, run } = await openTestHost(t);
    const who = await account(target.name);
    const text = `x='${"0123456789".repeat(30_000)}'; echo \${#x}`;
    const environment = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`BIG_${index}`, "y".repeat(100_000)]));
    const { stdout, stderr, exit } = await run(who, `${text}; env | grep -c ^BIG_`, { environment });
    assert.equal(stdout, "300000\n10\n", stderr);
    assert.equal(exit.exitCode, 0);
  });

  test("O2: unknown names, digits and a name service that does not know are told apart", async (t) => {
    const { host } = await openTestHost(t);
    const missing = await host.resolveAccount("bhf-no-such-account");
    assert.equal(missing.ok ? "" : missing.problem.code, "launch.unknown-account");
    const digits = await host.resolveAccount("1000");
    assert.equal(digits.ok ? "" : digits.problem.code, "launch.bad-user-name");
  });

  test("O4: a service account without a password is usable; `!` before a hash is locked; a past day is expired; nologin is told", async (t) => {
    const { host } = await openTestHost(t);
    const state = async (name: string) => {
      const found = await host.resolveAccount(name);
      assert.ok(found.ok);
      return found.value;
    };
    const plain = addTestAccount("plain");
    const locked = addTestAccount("locked");
    const expired = addTestAccount("expired", { shell: "/usr/sbin/nologin" });
    t.after(() => [plain, locked, expired].forEach(removeTestAccount));
    administer("/usr/sbin/usermod", "--password", "$6$salt$abcdefghijklmnopqrstuvwxyz", locked.name);
    administer("/usr/sbin/usermod", "--lock", locked.name);
    administer("/usr/bin/chage", "--expiredate", "2020-01-01", expired.name);
    assert.equal((await state(plain.name)).state, "usable");
    assert.equal((await state(locked.name)).state, "locked");
    assert.equal((await state(expired.name)).state, "expired");
    assert.equal((await state(expired.name)).nologin, true);
    assert.equal((await state(plain.name)).nologin, false);
  });

  test("O9: the TMPDIR is the run's own, empty, 0700; afterwards nothing of it is left, and links in it lead the removal nowhere", async (t) => {
    const { account, run, folder } = await openTestHost(t);
    const who = await account(target.name);
    const precious = mkdtempSync("/tmp/bhf-precious-");
    t.after(() => rmSync(precious, { recursive: true }));
    writeFileSync(join(precious, "file"), "keep");
    const script = `stat -c '%a %u' "$TMPDIR"; ls -A "$TMPDIR" | wc -l; mkdir -p "$TMPDIR/a/b"; echo x >"$TMPDIR/a/b/c"; ln -s ${precious} "$TMPDIR/a/link"; chmod 000 "$TMPDIR/a/b"; echo "$TMPDIR"`;
    const first = await run(who, script);
    assert.match(first.stdout, new RegExp(`^700 ${target.uid}\n0\n`));
    const path = first.stdout.trim().split("\n")[2] ?? "";
    assert.equal(existsSync(path), false, "removed with what was in it");
    assert.equal(readFileSync(join(precious, "file"), "utf8"), "keep");
    const other = addTestAccount("other");
    t.after(() => removeTestAccount(other));
    const second = await run(who, `echo "$TMPDIR"`);
    const foreign = await run(await account(other.name), `echo "$TMPDIR"; ls -d ${join(folder, "tmp/jobs")}/*`);
    assert.notEqual(foreign.stdout.split("\n")[0], second.stdout.trim(), "never shared between accounts");
    assert.match(foreign.stderr, /No such file|cannot access|Permission denied/, "the folder cannot be listed");
    assert.ok(readdirSync(join(folder, "tmp/jobs")).every((name) => readdirSync(join(folder, "tmp/jobs", name)).length === 0));
  });

  test("O9: a TMPDIR that became a link or changed its mode is not used again", async (t) => {
    const { account, run } = await openTestHost(t);
    const who = await account(target.name);
    const first = await run(who, `chmod 777 "$TMPDIR"; echo "$TMPDIR"`);
    const second = await run(who, `stat -c %a "$TMPDIR"; echo "$TMPDIR"`);
    assert.match(second.stdout, /^700\n/);
    assert.notEqual(second.stdout.split("\n")[1], first.stdout.trim());
  });

  for (const umask of [0o000, 0o077]) {
    test(`O10: modes are set explicitly, under umask ${umask.toString(8).padStart(3, "0")}`, async (t) => {
      const before = process.umask(umask);
      t.after(() => process.umask(before));
      const { account, start, fifoFolder, folder } = await openTestHost(t);
      const running = await start(
        await account(target.name),
        `echo x >/dev/stderr; umask; touch "$TMPDIR/f"; stat -c %a "$TMPDIR" "$TMPDIR/f"; sleep 30`,
      );
      await running.seen("644");
      const mode = (path: string): string => (statSync(path).mode & 0o7777).toString(8);
      assert.equal(mode(fifoFolder), "700");
      assert.equal(mode(join(folder, "tmp")), "711");
      assert.equal(mode(join(folder, "tmp/jobs")), "711");
      for (const name of readdirSync(fifoFolder)) assert.equal(mode(join(fifoFolder, name)), name.endsWith(".script") ? "444" : "622");
      await running.held.killTree();
      await running.held.exited;
      const { stdout, stderr } = await running.output.then((out) => ({ stdout: out.stdout.toString(), stderr: out.stderr.toString() }));
      assert.equal(stdout, "0022\n700\n644\n");
      assert.equal(stderr, "x\n");
      await running.held.release();
    });
  }

  test("S7: an account whose home does not exist starts in /", async (t) => {
    const homeless = addTestAccount("homeless", { home: false });
    t.after(() => removeTestAccount(homeless));
    const { account, run } = await openTestHost(t);
    assert.equal((await run(await account(homeless.name), "pwd")).stdout, "/\n");
  });

  test("O10: a pipe's name that is a link or file of somebody else is replaced, never followed", async (t) => {
    const { account, host, spec, fifoFolder, folder } = await openTestHost(t);
    const wanted = spec(await account(target.name), "echo hello");
    const victim = join(folder, "victim");
    writeFileSync(victim, "keep");
    symlinkSync(victim, join(fifoFolder, `${wanted.run}-1.out`));
    const started = await host.start(wanted);
    assert.ok(started.ok);
    started.value.stdout.resume();
    started.value.stderr.resume();
    await started.value.exited;
    await started.value.release();
    assert.equal(readFileSync(victim, "utf8"), "keep");
  });
});

test("O5: nothing odd that the launcher itself was started with reaches a job", { skip: impossible ?? false }, (t) => {
  const folder = mkdtempSync("/tmp/bhf-leak-");
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(import.meta.dirname, "../../../test/fixtures/programs/leak-check.ts");
  // A descriptor that is not close-on-exec, an ignored signal, core dumps, another oom score, niceness and processor, capabilities to inherit.
  const odd = `exec 7</etc/hostname; trap '' INT QUIT; ulimit -c unlimited; echo 300 >/proc/self/oom_score_adj; exec /usr/bin/nice -n 7 /usr/bin/taskset -c 0 /usr/bin/setpriv --inh-caps=+net_raw,+kill --ambient-caps=+net_raw -- "$0" "$1" "$2"`;
  const done = spawnSync("/bin/sh", ["-c", odd, process.execPath, file, folder], {
    encoding: "utf8",
    env: { PATH: "/usr/bin:/bin", BHF_PLANTED: "x" },
  });
  assert.equal(done.status, 0, done.stderr);
  const seen = JSON.parse(done.stdout) as { descriptors: string; status: string; environment: string };
  assert.equal(seen.descriptors, "0\n1\n2\n3\n");
  for (const name of ["CapInh", "CapPrm", "CapEff", "CapAmb", "SigBlk", "SigIgn"])
    assert.match(seen.status, new RegExp(`^${name}:\\t0{16}$`, "m"), name);
  assert.match(seen.status, /^Max core file size +0 +0 /m);
  assert.match(seen.status, /^oom 0$/m);
  assert.match(seen.status, /^nice 0$/m);
  const cpus = /^Cpus_allowed_list:\t(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  assert.match(seen.status, new RegExp(`^Cpus_allowed_list:\\t${cpus}$`, "m"));
  assert.doesNotMatch(seen.environment, /PLANTED|NODE|npm/);
});
