/** The prelude in the shells that a node may have as /bin/sh: quoting, proofs, and how a start and a job's failure are told apart. */
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { userInfo } from "node:os";
import * as fc from "fast-check";
import { closeOnExecEverything } from "#launch/linux/libc.ts";
import { readOwnGroups } from "#launch/linux/process-facts.ts";
import { quoteForShell, readStatus, renderPrelude, type PreludeSpec } from "#launch/linux/prelude.ts";
import { anyText } from "#test/fixtures/any-text.ts";

const shells = [
  { name: "dash", command: ["/usr/bin/dash"] },
  { name: "bash --posix", command: ["/bin/bash", "--posix"] },
  { name: "busybox sh", command: ["/bin/busybox", "sh"] },
] as const;

closeOnExecEverything();
const own = userInfo();
const ownGroups = readOwnGroups();

const specOf = (more: Partial<PreludeSpec>): PreludeSpec => ({
  run: "run_x",
  account: {
    user: own.username,
    uid: own.uid,
    gid: own.gid,
    groups: ownGroups,
    home: "/",
    shell: "/bin/sh",
    state: "usable",
    nologin: false,
  },
  program: { kind: "shell", text: ":" },
  environment: {},
  workingDirectory: "/",
  umask: null,
  noNewPrivileges: false,
  tmpdir: "/tmp",
  maxProcesses: 100_000,
  resetsOomScore: false,
  channels: { kind: "descriptors", joinsCgroup: false },
  ...more,
});

/** As the host does it: text at 3, status at 4. */
const runPrelude = (command: readonly string[], spec: PreludeSpec) => {
  const folder = mkdtempSync("/tmp/bhf-prelude-");
  try {
    writeFileSync(join(folder, "text"), renderPrelude(spec), { mode: 0o644 });
    writeFileSync(join(folder, "status"), "");
    const text = openSync(join(folder, "text"), "r");
    const status = openSync(join(folder, "status"), "a");
    spawnSync("/bin/chmod", ["755", folder]);
    const [file, ...args] = [
      "/usr/bin/setpriv",
      "--inh-caps=-all",
      "--ambient-caps=-all",
      ...command,
      "-c",
      ". /dev/fd/3",
      "behalf",
    ] as const;
    const done = spawnSync(file, args, { env: {}, stdio: ["ignore", "pipe", "pipe", text, status] });
    closeSync(text);
    closeSync(status);
    return {
      exitCode: done.status,
      signal: done.signal,
      stdout: done.stdout.toString(),
      stderr: done.stderr.toString(),
      status: readFileSync(join(folder, "status"), "utf8"),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test("O1: whatever a text holds, quoting makes it one word of the shell", () => {
  fc.assert(
    fc.property(fc.array(anyText(30), { minLength: 1, maxLength: 20 }), (given) => {
      const texts = given.map((text) => text.replaceAll("\0", "").toWellFormed());
      const done = spawnSync("/bin/sh", ["-c", `printf '%s\\001' ${texts.map(quoteForShell).join(" ")}`], { env: {} });
      assert.deepEqual(done.stdout.toString(), texts.map((text) => `${text}\u0001`).join(""));
    }),
    { numRuns: 60 },
  );
});

test("O7: the status text is read by its words; what it does not say did not happen", () => {
  assert.deepEqual(readStatus("started\n"), { began: true, word: "started", number: null });
  assert.deepEqual(readStatus("started\nexec 127\n"), { began: false, word: "exec", number: 127 });
  assert.deepEqual(readStatus("identity\n"), { began: false, word: "identity", number: null });
  assert.deepEqual(readStatus(""), { began: false, word: null, number: null });
  assert.deepEqual(readStatus("pid 12\n"), { began: false, word: null, number: null });
});

for (const shell of shells) {
  suite(`the prelude in ${shell.name}`, { skip: existsSync(shell.command[0]) ? false : `${shell.command[0]} is not installed` }, () => {
    const run = (more: Partial<PreludeSpec>) => runPrelude(shell.command, specOf(more));

    test("O7: a job's own exit code stays its own, also 1, 125, 126 and 127", () => {
      for (const code of [0, 1, 2, 125, 126, 127, 255]) {
        const done = run({ program: { kind: "shell", text: `exit ${code}` } });
        assert.equal(done.exitCode, code, done.stderr);
        assert.equal(done.status, "started\n");
      }
      const done = run({ program: { kind: "program", file: "/bin/sh", args: ["-c", "exit 127"] } });
      assert.equal(done.exitCode, 127);
      assert.equal(done.status, "started\n");
    });

    test("O7: a program that cannot be executed did not begin, and why", () => {
      const missing = readStatus(run({ program: { kind: "program", file: "/no/such/program", args: [] } }).status);
      assert.deepEqual(missing, { began: false, word: "exec", number: 127 });
      const forbidden = readStatus(run({ program: { kind: "program", file: "/etc/passwd", args: [] } }).status);
      assert.deepEqual(forbidden, { began: false, word: "exec", number: 126 });
    });

    test("O7: a working directory that cannot be entered did not begin", () => {
      const done = run({ workingDirectory: "/no/such/directory", program: { kind: "shell", text: "echo ran" } });
      assert.equal(done.stdout, "");
      assert.equal(readStatus(done.status).word, "directory");
    });

    test("O6: every value arrives as it is, in shell text and in a program, and nothing else is set", () => {
      const environment = { ODD: 'it\'s\n$HOME `id` "x" \\ é ', EMPTY: "", _U: "-n", IFS: "x", PS4: "$(id)" };
      const done = run({ environment, program: { kind: "program", file: "/usr/bin/env", args: ["-0"] } });
      const found = Object.fromEntries(
        done.stdout
          .split("\0")
          .filter(Boolean)
          .map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
      );
      // bash tells each program its path, and how deep it is.
      delete found["_"];
      delete found["SHLVL"];
      assert.deepEqual(
        found,
        {
          ...environment,
          HOME: "/",
          USER: own.username,
          LOGNAME: own.username,
          SHELL: "/bin/sh",
          TMPDIR: "/tmp",
          BEHALF_RUN_ID: "run_x",
          PWD: "/",
          PATH: found["PATH"],
        },
        done.stderr,
      );
    });

    test("O6: arguments arrive as they are", () => {
      const args = ["", " a  b ", "'", "--", "-n", "$(id)", "*", "\n"];
      const done = run({ program: { kind: "program", file: "/usr/bin/printf", args: ["%s|", ...args] } });
      assert.equal(done.stdout, args.map((arg) => `${arg}|`).join(""));
    });

    test("O5: the job sees neither the text nor the status file, and no variable or function of the prelude", () => {
      const done = run({ program: { kind: "program", file: "/bin/ls", args: ["/proc/self/fd"] } });
      assert.equal(done.stdout, "0\n1\n2\n3\n");
      const shellDone = run({ program: { kind: "shell", text: `ls /proc/self/fd; echo "[$k$v$u$g$s$i$p$e$a$n]" "$0" $#` } });
      assert.equal(shellDone.stdout, "0\n1\n2\n3\n[] behalf 0\n");
    });

    test("O7: shell text with a syntax error began and failed by itself, at its own line", () => {
      const done = run({ program: { kind: "shell", text: "echo one\necho two\nif then\n" } });
      assert.equal(done.status, "started\n");
      assert.notEqual(done.exitCode, 0);
    });

    test("O2: another uid, group list or gid than expected stops before anything of the job", () => {
      const base = specOf({}).account;
      for (const account of [
        { ...base, uid: base.uid + 1 },
        { ...base, gid: base.gid + 1 },
        { ...base, groups: [...base.groups, 4242] },
      ]) {
        const done = run({ account, environment: { X: "y" }, program: { kind: "shell", text: "echo ran" } });
        assert.equal(done.stdout, "");
        assert.equal(readStatus(done.status).word, "identity", done.stderr);
      }
      assert.equal(readStatus(run({ noNewPrivileges: true }).status).word, "identity");
    });

    test("O5: the umask is the job's, core dumps are off, the oom score is put back", () => {
      const done = run({
        umask: "077",
        resetsOomScore: true,
        program: { kind: "shell", text: "umask; ulimit -c; cat /proc/self/oom_score_adj" },
      });
      assert.equal(done.stdout, "0077\n0\n0\n");
    });
  });
}

test(
  "O2, O5: a capability that was kept stops before anything of the job",
  { skip: process.getuid?.() === 0 ? false : "needs root" },
  () => {
    const folder = mkdtempSync("/tmp/bhf-prelude-");
    try {
      const account = { ...specOf({}).account, uid: 65_534, gid: 65_534, groups: [65_534] };
      writeFileSync(join(folder, "text"), renderPrelude(specOf({ account, program: { kind: "shell", text: "echo ran" } })));
      writeFileSync(join(folder, "status"), "");
      spawnSync("/bin/chmod", ["755", folder]);
      const run = (caps: readonly string[]) => {
        const text = openSync(join(folder, "text"), "r");
        const status = openSync(join(folder, "status"), "w");
        const done = spawnSync(
          "/usr/bin/setpriv",
          ["--reuid=65534", "--regid=65534", "--groups=65534", ...caps, "--", "/bin/sh", "-c", ". /dev/fd/3"],
          { env: {}, stdio: ["ignore", "pipe", "pipe", text, status] },
        );
        closeSync(text);
        closeSync(status);
        return { stdout: done.stdout.toString(), word: readStatus(readFileSync(join(folder, "status"), "utf8")).word };
      };
      assert.deepEqual(run(["--inh-caps=-all"]), { stdout: "ran\n", word: "started" });
      assert.deepEqual(run(["--inh-caps=+net_raw"]), { stdout: "", word: "identity" });
      assert.deepEqual(run(["--inh-caps=+net_raw", "--ambient-caps=+net_raw"]), { stdout: "", word: "identity" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test(
  "O2, O5: capabilities that a shell has of itself stop before anything of the job",
  { skip: process.getuid?.() === 0 && existsSync("/usr/sbin/setcap") ? false : "needs root and setcap" },
  (t) => {
    const folder = mkdtempSync("/tmp/bhf-prelude-");
    t.after(() => rmSync(folder, { recursive: true }));
    const account = { ...specOf({}).account, uid: 65_534, gid: 65_534, groups: [65_534] };
    writeFileSync(join(folder, "text"), renderPrelude(specOf({ account, program: { kind: "shell", text: "echo ran" } })));
    spawnSync("/bin/sh", ["-c", `chmod 755 ${folder}; cp /bin/sh ${folder}/sh; setcap cap_net_raw+ep ${folder}/sh; : >${folder}/status`]);
    const run = (capable: string) => {
      const done = spawnSync(
        "/bin/sh",
        [
          "-c",
          `exec 3<${folder}/text 4>${folder}/status; exec /usr/bin/setpriv --reuid=65534 --regid=65534 --groups=65534 --inh-caps=-all -- ${capable} -c '. /dev/fd/3'`,
        ],
        { env: { PATH: "/usr/bin:/bin:/usr/sbin" } },
      );
      return { stdout: done.stdout.toString(), word: readStatus(readFileSync(join(folder, "status"), "utf8")).word };
    };
    assert.deepEqual(run("/bin/sh"), { stdout: "ran\n", word: "started" });
    assert.deepEqual(run(`${folder}/sh`), { stdout: "", word: "identity" });
  },
);
