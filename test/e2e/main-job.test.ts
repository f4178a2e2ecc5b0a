import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { RunView } from "#cli/run-view.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { removeFolder, startInstance, type TestInstance } from "#test/fixtures/instance.ts";

const asRoot = process.getuid?.() === 0;

interface Submission {
  readonly id: string;
  readonly runs: readonly RunView[];
}

suite("2.1-2.5: the main job on a fresh `behalf up`", { skip: asRoot ? false : "needs root to run jobs as another account" }, () => {
  let behalf: TestInstance;
  before(async () => {
    behalf = await startInstance();
  });
  after(async () => {
    await behalf.stop();
    removeFolder(join(behalf.dataFolder, ".."));
  });

  const apply = async (yaml: string): Promise<void> => {
    const told = await behalf.cli(["apply", "-f", "-"], { input: yaml });
    assert.equal(told.code, 0, told.stderr);
  };
  const runAndWait = async (job: string, ...more: string[]): Promise<RunView> => {
    const told = await behalf.cli(["run", job, "--wait", "--json", ...more]);
    const submission = JSON.parse(told.stdout) as Submission;
    const run = submission.runs[0];
    assert.ok(run !== undefined, told.stdout + told.stderr);
    return run;
  };
  const logOf = async (run: string): Promise<string> => (await behalf.cli(["runs", "log", run])).stdout;

  test("2.1: the first start ran /examples/whoami as another account", async () => {
    assert.equal(behalf.example?.result, "succeeded");
    assert.equal(behalf.example?.runAs, "nobody");
    const text = await logOf(behalf.example?.run ?? "");
    assert.match(text, /uid=65534\(nobody\) gid=65534\(nogroup\)/);
    assert.match(text, /on behalf of os:0/);
  });

  test("S13: the one-time password is shown once and is in no file of the data folder", async () => {
    const password = behalf.firstAccount?.oneTimePassword ?? "";
    assert.ok(password.length >= 12);
    const { spawnSync } = await import("node:child_process");
    const found = spawnSync("grep", ["-rlF", "--", password, behalf.dataFolder], { encoding: "utf8" });
    assert.equal(found.stdout, "");
    assert.equal(found.status, 1);
  });

  test("S11: the starter needs no login step and is seen as `os:<uid>`", async () => {
    const me = await behalf.json<{ principal: { accessId: string; amr: string[] } }>(["whoami"]);
    assert.equal(me.principal.accessId, "os:0");
    assert.deepEqual(me.principal.amr, ["os"]);
  });

  test("2.5: `explain run` prints who, may, where and as whom", async () => {
    const told = await behalf.cli(["explain", "run", behalf.example?.run ?? ""]);
    assert.equal(told.code, 0, told.stderr);
    for (const word of ["who", "may", "where", "as whom"]) assert.match(told.stdout, new RegExp(`✔ ${word}\\s`), told.stdout);
    assert.match(told.stdout, /nobody/);
    assert.match(told.stdout, /example/);
  });

  test("2.3: parameters arrive as environment and are never spliced into the shell's text", async () => {
    await apply(`kind: Job
path: /examples/greet
requires: operator
parameters:
  name: { type: string, required: true }
  times: { type: integer, default: 2, allowed: [1, 2, 3] }
run: { shell: 'printf "%s|%s|%s\\n" "$name" "$times" "$BEHALF_ARG_name"' }
as: { credential: example }
on: [local]
`);
    const hostile = '$(touch /tmp/behalf-spliced); "`id`" \'; echo x';
    const run = await runAndWait("/examples/greet", "--arg", `name=${hostile}`);
    assert.equal(run.result, "succeeded", JSON.stringify(run.outcome));
    assert.equal(await logOf(run.id), `${hostile}|2|${hostile}\n`);
    assert.throws(() => statSync("/tmp/behalf-spliced"));
    for (const [args, code] of [
      [["--arg", "name=x", "--arg", "times=9"], "jobs."],
      [[], "jobs."],
      [["--arg", "name=x", "--arg", "unknown=1"], "jobs."],
    ] as const) {
      const told = await behalf.cli(["run", "/examples/greet", ...args, "--json"]);
      assert.equal(told.code, 2, told.stdout);
      assert.ok((JSON.parse(told.stdout) as { problem: { code: string } }).problem.code.startsWith(code), told.stdout);
    }
  });

  test("A35, A36: a key that the node does not have refuses the run and names the key; nothing is started", async () => {
    await apply(
      "kind: Job\npath: /examples/missing-key\nrequires: operator\nrun: { shell: 'echo started' }\nas: { credential: no_such_key }\non: [local]\n",
    );
    const run = await runAndWait("/examples/missing-key");
    assert.equal(run.result, "refused");
    assert.equal(run.outcome?.started, false);
    assert.match(run.outcome?.launchProblem?.message ?? "", /no_such_key/);
    assert.equal(await logOf(run.id), "");
    const told = await behalf.cli(["explain", "run", run.id]);
    assert.match(told.stdout, /✘ as whom/);
  });

  test("2.2: `as: submitter` and `as: { group }` are refused as not yet supported, on apply", async () => {
    for (const as of ["submitter", "{ group: staff }"]) {
      const told = await behalf.cli(["apply", "-f", "-", "--json"], {
        input: `kind: Job\npath: /examples/later\nrun: { shell: id }\nas: ${as}\non: [local]\n`,
      });
      assert.equal((JSON.parse(told.stdout) as { problem: { code: string } }).problem.code, "general.not-supported", told.stdout);
    }
  });

  test("A35: an entry for an account that is not there is taken, with a warning and the command that looks again", async () => {
    const set = [
      "credential",
      "set",
      "for-later",
      "--user",
      "nobody-has-this-name",
      "--folder",
      "/examples",
      "--submitter",
      "authenticated",
    ];
    const told = await behalf.cli(set);
    assert.deepEqual([told.code, told.stdout], [0, "for-later runs as nobody-has-this-name\n"]);
    assert.match(
      told.stderr,
      /^warning: no run can use it at present: the host has no account `nobody-has-this-name`.*\n  hint: .*getent passwd/,
    );
    assert.match(told.stderr, /look again with: behalf credential test for-later\n$/);
    const { problems } = await behalf.json<{ problems: { code: string }[] }>(set);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ["launch.unknown-account"],
    );
    assert.equal((await behalf.cli(["credential", "delete", "for-later"])).code, 0);
  });

  test("S7: `as: agent` is refused while the node has no default job account, with the command that sets one", async () => {
    await apply("kind: Job\npath: /examples/as-agent\nrequires: operator\nrun: { shell: id }\nas: agent\non: [local]\n");
    const run = await runAndWait("/examples/as-agent");
    assert.equal(run.result, "refused");
    assert.match(run.outcome?.launchProblem?.hint ?? "", /behalf node policy set/);
  });

  test("2.3: timeout ends the whole tree, also a descendant with its own session, and is told apart", async () => {
    // Other tests have jobs that sleep under the same account.
    const mark = `300.${process.pid}`;
    await apply(`kind: Job
path: /examples/slow
requires: operator
run: { shell: "setsid sleep ${mark} & trap '' TERM; echo begun; sleep ${mark} & wait; wait" }
as: { credential: example }
on: [local]
timeout: 3s
grace: 1s
`);
    const run = await runAndWait("/examples/slow");
    assert.equal(run.result, "timed-out");
    assert.equal(run.outcome?.timedOut, true);
    assert.equal(run.outcome?.forced, true);
    const { spawnSync } = await import("node:child_process");
    const left = spawnSync("pgrep", ["-u", "nobody", "-f", `sleep ${mark}`], { encoding: "utf8" }).stdout;
    assert.equal(left, "", `left over: ${left}`);
  });

  test("2.3: cancel stops a running job; queued on an unknown node is refused at submission", async () => {
    await apply(
      "kind: Job\npath: /examples/long\nrequires: operator\nrun: { shell: 'echo begun; exec sleep 300' }\nas: { credential: example }\non: [local]\ngrace: 2s\n",
    );
    const submission = await behalf.json<Submission>(["run", "/examples/long"]);
    const id = submission.runs[0]?.id ?? "";
    await eventually(
      "running",
      () => behalf.api.call<RunView>("GET", `/api/v1/runs/${id}`),
      (run) => run.state === "running",
    );
    const told = await behalf.cli(["runs", "cancel", id, "--reason", "enough", "--wait", "--json"]);
    assert.equal(told.code, 0, told.stdout + told.stderr);
    const ended = JSON.parse(told.stdout) as RunView;
    assert.equal(ended.result, "cancelled");
    assert.deepEqual(ended.outcome?.cancelled, { by: "os:0", reason: "enough" });
    const unknown = await behalf.cli(["run", "/examples/long", "--on", "nowhere", "--json"]);
    assert.notEqual(unknown.code, 0);
    assert.match(unknown.stdout, /nowhere/);
  });

  test("2.3: exit codes are judged by successExitCodes, program + arguments need no shell", async () => {
    await apply(`kind: Job
path: /examples/three
requires: operator
run: { program: /bin/sh, args: ["-c", "exit 3"] }
as: { credential: example }
on: [local]
successExitCodes: ["0", "2..4"]
---
kind: Job
path: /examples/five
requires: operator
run: { program: /bin/sh, args: ["-c", "exit 5"] }
as: { credential: example }
on: [local]
`);
    assert.equal((await runAndWait("/examples/three")).result, "succeeded");
    const five = await runAndWait("/examples/five");
    assert.equal(five.result, "failed");
    assert.equal(five.exitCode, 5);
  });

  test("W8: the same idempotency key gives the same submission, another body is refused", async () => {
    const one = await behalf.json<Submission>(["run", "/examples/whoami", "--idempotency-key", "k1"]);
    const two = await behalf.json<Submission>(["run", "/examples/whoami", "--idempotency-key", "k1"]);
    assert.equal(one.id, two.id);
    const other = await behalf.cli(["run", "/examples/greet", "--arg", "name=x", "--idempotency-key", "k1", "--json"]);
    assert.notEqual(other.code, 0);
    assert.match(other.stdout, /jobs\.idempotency/);
  });

  test("2.5: a denied principal gets the chain of the denial, and `explain` agrees with the door", async () => {
    await apply(`kind: Role
name: viewer
permissions: [manager:view, controller:runs:view]
folders: [/examples]
---
kind: Account
name: viola
roles: [viewer]
`);
    const told = await behalf.cli(["explain", "--actor", "viola", "--permission", "controller:runs:create", "--on", "/examples/whoami"]);
    assert.equal(told.code, 3, told.stdout + told.stderr);
    assert.match(told.stdout, /denied/);
    const allowed = await behalf.cli(["explain", "--actor", "viola", "--permission", "controller:runs:view", "--on", "/examples/whoami"]);
    assert.equal(allowed.code, 0, allowed.stdout + allowed.stderr);
  });

  test("2.11: the audit chain verifies, also against the node's own journal", async () => {
    const alone = await behalf.cli(["audit", "verify"]);
    assert.equal(alone.code, 0, alone.stdout + alone.stderr);
    const journal = await behalf.cli(["node", "journal"]);
    assert.equal(journal.code, 0, journal.stderr);
    const file = join(behalf.dataFolder, "..", "journal.txt");
    const { writeFileSync } = await import("node:fs");
    writeFileSync(file, journal.stdout);
    const against = await behalf.cli(["audit", "verify", "--against", file]);
    assert.equal(against.code, 0, against.stdout + against.stderr);
  });

  test("A6, K2: key files and stores are private, whatever the umask", () => {
    for (const path of [
      behalf.layout.launcher.key,
      behalf.layout.launcher.credentials,
      behalf.layout.launcher.policy,
      behalf.layout.manager.database,
      behalf.layout.agent.key,
    ]) {
      assert.equal(statSync(path).mode & 0o077, 0, path);
    }
  });

  test("2.10: tables for people have no colours in a pipe, `--json` everywhere is JSON", async () => {
    const table = await behalf.cli(["runs", "list"]);
    assert.equal(table.code, 0);
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(table.stdout, /\u001B/);
    assert.match(table.stdout, /^RUN\s+JOB\s+NODE/);
    for (const words of [
      ["runs", "list"],
      ["get", "jobs"],
      ["get", "nodes"],
      ["get", "roles"],
      ["get", "accounts"],
      ["audit", "list"],
      ["credential", "list"],
      ["node", "table", "show"],
      ["doctor"],
    ]) {
      const told = await behalf.cli([...words, "--json"]);
      assert.doesNotThrow(() => JSON.parse(told.stdout) as unknown, `${words.join(" ")}: ${told.stdout}${told.stderr}`);
    }
    assert.ok(readFileSync(behalf.layout.manager.instanceFile, "utf8").length > 0);
  });
});
