import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { RunView } from "#cli/run-view.ts";
import { addTestAccount, removeTestAccount, type TestAccount } from "#test/fixtures/accounts.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { cliEntry, removeFolder, startInstance, type TestInstance } from "#test/fixtures/instance.ts";

const asRoot = process.getuid?.() === 0;

suite(
  "2.1, 2.2: started by an ordinary user",
  { skip: asRoot ? false : "needs root to make the accounts (every other suite runs as the ordinary user here)" },
  () => {
    let owner: TestAccount;
    let target: TestAccount;
    let behalf: TestInstance;
    const sudoers = `/etc/sudoers.d/behalf-test-${process.pid}`;
    before(async () => {
      owner = addTestAccount("owner");
      target = addTestAccount("target");
      behalf = await startInstance({ as: { uid: owner.uid, gid: owner.gid, home: owner.home } });
    });
    after(async () => {
      await behalf?.stop();
      rmSync(sudoers, { force: true });
      if (behalf !== undefined) removeFolder(join(behalf.dataFolder, ".."));
      removeTestAccount(owner);
      removeTestAccount(target);
    });

    /** What `behalf up` shows a person. */
    const shownAtStart = async (): Promise<string> => {
      const child = spawn(process.execPath, [cliEntry, "up", "--data", behalf.dataFolder, "--port", "0", "--agent-port", "0"], {
        stdio: ["ignore", "pipe", "ignore"],
        env: { PATH: process.env["PATH"], HOME: owner.home },
        uid: owner.uid,
        gid: owner.gid,
      });
      const ended = once(child, "exit");
      let shown = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (shown += text));
      await eventually(
        "ready",
        () => shown,
        (text) => text.includes("ready in"),
      );
      child.kill("SIGINT");
      await ended;
      return shown;
    };

    const run = async (path: string): Promise<RunView> => {
      const told = await behalf.cli(["run", path, "--wait", "--json"]);
      const found = (JSON.parse(told.stdout) as { runs: RunView[] }).runs[0];
      assert.ok(found !== undefined, told.stdout + told.stderr);
      return found;
    };

    test("S7: the default job account is oneself; the example ran as the starter", () => {
      assert.equal(behalf.example?.result, "succeeded");
      assert.equal(behalf.example?.runAs, owner.user);
    });

    test("S7: that this is the account of Behalf itself is said at the start, by the node, by doctor and in the list", async () => {
      await behalf.stop();
      assert.match(await shownAtStart(), /jobs +with `as: agent` run as bhf-.*, Behalf's own account: such a job can read its keys/);
      behalf = await startInstance({ dataFolder: behalf.dataFolder, as: owner });
      const { facts } = await behalf.json<{ facts: { warnings: string[] } }>(["get", "nodes", "local"]);
      const isSaid = (text: string): boolean => text.includes(`names \`${owner.user}\` (uid ${owner.uid}), an account of Behalf itself`);
      assert.ok(facts.warnings.some(isSaid), facts.warnings.join());
      const doctor = await behalf.cli(["doctor"]);
      assert.equal(doctor.stdout.split("\n").filter(isSaid).length, 2, doctor.stdout);
      assert.match((await behalf.cli(["node", "list"])).stdout, new RegExp(`${owner.user} \\(Behalf's own\\)`));
    });

    test(
      "2.2: where sudo does not allow it, the hint is the exact sudoers line; with that line it works",
      { skip: existsSync("/usr/bin/sudo") ? false : "sudo is not installed" },
      async () => {
        const set = await behalf.cli([
          "credential",
          "set",
          "other",
          "--user",
          target.user,
          "--folder",
          "/examples",
          "--submitter",
          "authenticated",
        ]);
        assert.equal(set.code, 0, set.stderr);
        await behalf.cli(["apply", "-f", "-"], {
          input:
            "kind: Job\npath: /examples/other\nrequires: operator\nrun: { shell: 'id -un; id -u' }\nas: { credential: other }\non: [local]\n",
        });
        const refused = await run("/examples/other");
        assert.equal(refused.result, "refused", JSON.stringify(refused.outcome));
        const hint = refused.outcome?.launchProblem?.hint ?? "";
        const line = /: ([^`]*NOPASSWD[^`]*)$/.exec(hint)?.[1] ?? "";
        assert.match(line, new RegExp(`^${owner.user} ALL=\\(${target.user}\\)`), hint);
        assert.doesNotMatch(line, /NOPASSWD:\s*ALL/);
        writeFileSync(sudoers, `${line}\n`, { mode: 0o440 });
        const worked = await run("/examples/other");
        assert.equal(worked.result, "succeeded", JSON.stringify(worked.outcome));
        assert.equal(worked.runAs, target.user);
        const log = await behalf.cli(["runs", "log", worked.id]);
        assert.equal(log.stdout, `${target.user}\n${target.uid}\n`);
      },
    );
  },
);
