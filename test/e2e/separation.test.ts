import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { accountsImpossible, addTestAccount, removeTestAccount, type TestAccount } from "#test/fixtures/accounts.ts";
import { removeFolder, startInstance, type TestInstance } from "#test/fixtures/instance.ts";

interface Status {
  readonly separation: string;
}
interface Node {
  readonly facts: { readonly separation: string; readonly launcherAccount: string; readonly agentAccount: string };
}

const uidOf = (pid: number): number => Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN);

suite("S12: parts under accounts of their own", { skip: accountsImpossible() ?? false }, () => {
  let manager: TestAccount;
  let agent: TestAccount;
  let caller: TestAccount;
  let behalf: TestInstance;
  const separated = (dataFolder?: string): Promise<TestInstance> =>
    startInstance({
      args: ["--manager-account", manager.name, "--agent-account", agent.name],
      // As sudo tells who called it.
      env: { SUDO_UID: String(caller.uid) },
      ...(dataFolder === undefined ? {} : { dataFolder }),
    });
  before(async () => {
    manager = addTestAccount("manager", { home: false });
    agent = addTestAccount("agent", { home: false });
    caller = addTestAccount("caller", { home: false });
    behalf = await separated();
  });
  after(async () => {
    await behalf.stop();
    removeFolder(join(behalf.dataFolder, ".."));
    for (const account of [manager, agent, caller]) removeTestAccount(account);
  });

  /** What belongs to each part alone. */
  const privateFiles = (): { readonly manager: string[]; readonly agent: string[]; readonly launcher: string[] } => {
    const { manager: ofManager, agent: ofAgent, launcher: ofLauncher } = behalf.layout;
    return {
      manager: [ofManager.folder, ofManager.database, ofManager.keys, ofManager.socket],
      agent: [ofAgent.folder, ofAgent.key],
      launcher: [ofLauncher.trust, ofLauncher.key, ofLauncher.credentials, ofLauncher.journal, ofLauncher.adminSocket],
    };
  };
  const readableBy = (uid: number, gid: number, files: readonly string[]): string[] => {
    for (const file of files) assert.ok(existsSync(file), `${file} does not exist`);
    return files.filter((file) => spawnSync("test", ["-r", file], { uid, gid }).status === 0);
  };

  test("S12: manager, agent and launcher run under three accounts, and every surface says so", async () => {
    assert.deepEqual(
      [uidOf(behalf.pidOf("manager")), uidOf(behalf.pidOf("agent")), uidOf(behalf.pidOf("launcher"))],
      [manager.uid, agent.uid, 0],
    );
    assert.equal((await behalf.api.call<Status>("GET", "/api/v1/status")).separation, "accounts");
    const { facts } = await behalf.api.call<Node>("GET", "/api/v1/nodes/local");
    assert.deepEqual([facts.separation, facts.launcherAccount, facts.agentAccount], ["accounts", "root", agent.name]);
    assert.equal(behalf.example?.runAs, "nobody");
  });

  test("S12: the agent's account reads nothing of manager and launcher, the manager's nothing of agent and launcher", () => {
    const files = privateFiles();
    assert.deepEqual(readableBy(agent.uid, agent.gid, [...files.manager, ...files.launcher]), []);
    assert.deepEqual(readableBy(manager.uid, manager.gid, [...files.agent, ...files.launcher]), []);
    // Each can read its own: the question above is a real one.
    assert.equal(readableBy(agent.uid, agent.gid, files.agent).length, files.agent.length);
    assert.equal(statSync(behalf.layout.manager.keys).uid, manager.uid);
  });

  test("S12: a job reads nothing of manager, agent and launcher, and reaches none of their sockets", async () => {
    const files = privateFiles();
    const targets = [...files.manager, ...files.agent, ...files.launcher, behalf.layout.launcher.socket];
    const shell = targets.map((file) => `test -r '${file}' -o -w '${file}' && echo 'reached ${file}'`).join("\n");
    const yaml = JSON.stringify({
      kind: "Job",
      path: "/examples/look",
      requires: "operator",
      run: { shell: `${shell}\necho looked` },
      as: { credential: "example" },
      on: ["local"],
    });
    const told = await behalf.cli(["apply", "-f", "-"], { input: yaml });
    assert.equal(told.code, 0, told.stderr);
    const ran = await behalf.cli(["run", "/examples/look", "--follow"]);
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal(ran.stdout, "looked\n");
  });

  test("S7: the accounts of manager and agent, and whoever called sudo, are no run identities", async () => {
    for (const { name } of [manager, agent, caller]) {
      const set = await behalf.cli(["credential", "set", "own", "--user", name, "--folder", "/examples", "--submitter", "authenticated"]);
      assert.equal(set.code, 0, set.stderr);
      const tried = await behalf.cli(["credential", "test", "own"]);
      assert.match(tried.stderr, /^launch\.own-account: account `bhf-.* runs Behalf itself/, name);
    }
    assert.equal((await behalf.cli(["credential", "delete", "own"])).code, 0);
  });

  test("S12: an instance is joined under one account and separated again at any start, and keeps what it has", async () => {
    const { dataFolder } = behalf;
    const runs = async (): Promise<number> => (await behalf.api.call<{ items: unknown[] }>("GET", "/api/v1/runs")).items.length;
    const kept = await runs();
    assert.ok(kept > 0);
    const ran = async (): Promise<void> => {
      const told = await behalf.cli(["run", "/examples/whoami", "--wait"]);
      assert.equal(told.code, 0, told.stderr);
    };
    await behalf.stop();
    behalf = await startInstance({ dataFolder });
    await ran();
    assert.equal(statSync(behalf.layout.manager.database).uid, 0);
    await behalf.stop();
    behalf = await separated(dataFolder);
    await ran();
    assert.equal(await runs(), kept + 2);
    const { manager: ofManager, agent: ofAgent } = behalf.layout;
    assert.deepEqual(
      [ofManager.database, ofManager.keys, ofAgent.key, ofAgent.config].map((file) => statSync(file).uid),
      [manager.uid, manager.uid, agent.uid, agent.uid],
    );
  });
});

test("S12: under one account every surface says `separation: none`", async () => {
  const behalf = await startInstance({ args: ["--no-example"] });
  try {
    assert.equal((await behalf.api.call<Status>("GET", "/api/v1/status")).separation, "none");
    assert.equal((await behalf.api.call<Node>("GET", "/api/v1/nodes/local")).facts.separation, "none");
    assert.match((await behalf.cli(["doctor"])).stdout, /separation: none \(all parts under one account\)/);
  } finally {
    await behalf.stop();
    removeFolder(join(behalf.dataFolder, ".."));
  }
});
