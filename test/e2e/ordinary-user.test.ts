import assert from "node:assert/strict";
import { existsSync, writeFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { RunView } from "#cli/run-view.ts";
import { addTestAccount, removeTestAccount, type TestAccount } from "#test/fixtures/accounts.ts";
import { removeFolder, startInstance, type TestInstance } from "#test/fixtures/instance.ts";

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
