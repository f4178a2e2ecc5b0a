import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { RunView } from "#cli/run-view.ts";
import { callLauncher } from "#cli/launcher-client.ts";
import { dataLayout } from "#kernel/data-layout.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { makeDataFolder, removeFolder, runCli, startInstance, type TestInstance } from "#test/fixtures/instance.ts";

const root = join(import.meta.dirname, "..", "..");
const entry = join(root, "bin", "behalf.js");
const ip = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"].find((path) => existsSync(path));
const names = { manager: `bhf-m-${process.pid}`, one: `bhf-1-${process.pid}`, two: `bhf-2-${process.pid}` };

const quiet = (...args: string[]): boolean => ip !== undefined && spawnSync(ip, args, { stdio: "ignore" }).status === 0;

/** Three hosts on one machine: a network namespace each, joined by a bridge in the manager's. */
const makeNetworks = (): boolean => {
  const { manager, one, two } = names;
  if (!quiet("netns", "add", manager)) return false;
  const inManager = (...args: string[]): boolean => quiet("-n", manager, ...args);
  let made =
    inManager("link", "set", "lo", "up") &&
    inManager("link", "add", "br0", "type", "bridge") &&
    inManager("addr", "add", "10.99.7.1/24", "dev", "br0") &&
    inManager("link", "set", "br0", "up");
  for (const [index, host] of [one, two].entries()) {
    made =
      made &&
      quiet("netns", "add", host) &&
      quiet("-n", manager, "link", "add", `v${index}`, "type", "veth", "peer", "name", "eth0", "netns", host) &&
      inManager("link", "set", `v${index}`, "master", "br0") &&
      inManager("link", "set", `v${index}`, "up") &&
      quiet("-n", host, "link", "set", "lo", "up") &&
      quiet("-n", host, "addr", "add", `10.99.7.${index + 2}/24`, "dev", "eth0") &&
      quiet("-n", host, "link", "set", "eth0", "up");
  }
  return made;
};
const removeNetworks = (): void => {
  for (const host of Object.values(names)) quiet("netns", "del", host);
};

const networks = process.getuid?.() === 0 && ip !== undefined && makeNetworks();

suite("2.7: agents on other machines", { skip: networks ? false : "needs root and network namespaces (iproute2)" }, () => {
  let behalf: TestInstance;
  const folders: string[] = [];
  const nodes: ChildProcess[] = [];
  before(async () => {
    // The manager's namespace has its own loopback: the instance is started inside it, the sockets are files and reach everywhere.
    behalf = await startInstance({ netns: names.manager, args: ["--agent-host", "10.99.7.1", "--no-example"] });
  });
  after(async () => {
    for (const node of nodes) node.kill("SIGINT");
    await Promise.all(
      nodes.map((node) => (node.exitCode === null ? new Promise((resolve) => node.once("exit", resolve)) : Promise.resolve())),
    );
    await behalf?.stop();
    for (const folder of folders) removeFolder(folder);
    if (behalf !== undefined) removeFolder(join(behalf.dataFolder, ".."));
    removeNetworks();
  });

  const inNamespace = (
    host: string,
    args: readonly string[],
    input: string,
  ): Promise<{ code: number | null; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const child = spawn(ip ?? "ip", ["netns", "exec", host, process.execPath, "--disable-warning=ExperimentalWarning", entry, ...args], {
        stdio: ["pipe", "pipe", "pipe"],
        env: { PATH: process.env["PATH"] ?? "", HOME: "/root" },
      });
      let stdout = "";
      let stderr = "";
      child.stdout.on("data", (piece: Buffer) => (stdout += String(piece)));
      child.stderr.on("data", (piece: Buffer) => (stderr += String(piece)));
      child.on("close", (code) => resolve({ code, stdout, stderr }));
      child.stdin.end(input);
    });

  const join2 = async (name: string, host: string): Promise<string> => {
    const folder = makeDataFolder();
    folders.push(folder);
    const data = join(folder, "data");
    const { token } = await behalf.json<{ token: string }>(["node", "invite", name]);
    const joined = await inNamespace(
      host,
      ["--data", data, "node", "join", "--manager", behalf.agentListener, "--name", name, "--token-file", "-", "--operator", "os:0"],
      `${token}\n`,
    );
    assert.equal(joined.code, 0, joined.stderr);
    const again = await inNamespace(
      host,
      ["--data", `${data}-again`, "node", "join", "--manager", behalf.agentListener, "--name", name, "--token-file", "-"],
      `${token}\n`,
    );
    assert.notEqual(again.code, 0, "S8: a join token works once");
    assert.ok(!existsSync(dataLayout(`${data}-again`).launcher.trust), "S8: a refused join writes nothing");
    const child = spawn(
      ip ?? "ip",
      ["netns", "exec", host, process.execPath, "--disable-warning=ExperimentalWarning", entry, "--data", data, "node", "up"],
      { stdio: ["ignore", "pipe", "pipe"], env: { PATH: process.env["PATH"] ?? "", HOME: "/root" } },
    );
    nodes.push(child);
    await eventually(
      `${name} online`,
      () => behalf.api.call<{ online: boolean }>("GET", `/api/v1/nodes/${name}`),
      (node) => node.online,
    );
    return data;
  };

  test("2.7, S8: two nodes join over mutual TLS from their own networks and run jobs as their own accounts", async () => {
    const one = await join2("ledger-1", names.one);
    const two = await join2("ledger-2", names.two);
    for (const [data, user] of [
      [one, "nobody"],
      [two, "daemon"],
    ] as const) {
      await callLauncher(dataLayout(data).launcher.adminSocket, {
        type: "credential-set",
        entry: {
          key: "run_as_ledger",
          user,
          allow: { folders: ["/finance"], submitters: ["authenticated"] },
          allowNologin: true,
          noNewPrivileges: false,
        },
      });
    }
    await behalf.cli(["apply", "-f", "-"], {
      input:
        "kind: Job\npath: /finance/close\nrequires: operator\nrun: { shell: id -un; ip -4 -o addr show dev eth0 || hostname -I }\nas: { credential: run_as_ledger }\non: [ledger-1, ledger-2]\n",
    });
    const told = await behalf.cli(["run", "/finance/close", "--wait", "--json"]);
    const { runs } = JSON.parse(told.stdout) as { runs: RunView[] };
    const byNode = new Map(runs.map((run) => [run.node, run]));
    assert.equal(byNode.get("ledger-1")?.runAs, "nobody", told.stdout);
    assert.equal(byNode.get("ledger-1")?.result, "succeeded", told.stdout);
    // uid 1 is a system account: the second node's policy does not name it, so that node refuses, whatever the first did (B33a, S7).
    assert.equal(byNode.get("ledger-2")?.result, "refused");
    const log = await behalf.cli(["runs", "log", byNode.get("ledger-1")?.id ?? ""]);
    assert.match(log.stdout, /^nobody$/m);
  });

  test("B12, B13: each node asks its own table: a submitter without a role there is refused by the node", async () => {
    const table = await callLauncher<{ table: { entries: unknown[] } }>(dataLayout(join(folders[0] ?? "", "data")).launcher.adminSocket, {
      type: "table-show",
    });
    assert.equal(table.table.entries.length, 1);
    await callLauncher(dataLayout(join(folders[0] ?? "", "data")).launcher.adminSocket, {
      type: "table-set",
      table: { version: 1, entries: [{ subject: "os:0", roles: ["monitor"] }] },
    });
    const told = await behalf.cli(["run", "/finance/close", "--on", "ledger-1", "--wait", "--json"]);
    const run = (JSON.parse(told.stdout) as { runs: RunView[] }).runs[0];
    assert.equal(run?.result, "refused");
    assert.ok(
      run?.verdicts.some((verdict) => verdict.part === "where" && verdict.effect === "deny"),
      told.stdout,
    );
    assert.match(run?.outcome?.launchProblem?.hint ?? "", /behalf node table grant/);
  });

  test("2.7: an offline node keeps its runs queued, and they run when it comes back", async () => {
    await callLauncher(dataLayout(join(folders[0] ?? "", "data")).launcher.adminSocket, {
      type: "table-set",
      table: { version: 1, entries: [{ subject: "os:0", roles: ["operator"] }] },
    });
    const cut = quiet("-n", names.manager, "link", "set", "v0", "down");
    assert.ok(cut);
    await eventually(
      "ledger-1 offline",
      () => behalf.api.call<{ online: boolean }>("GET", "/api/v1/nodes/ledger-1"),
      (node) => !node.online,
      30_000,
    );
    const { runs } = await behalf.json<{ runs: { id: string }[] }>(["run", "/finance/close", "--on", "ledger-1"]);
    const id = runs[0]?.id ?? "";
    assert.equal((await behalf.api.call<RunView>("GET", `/api/v1/runs/${id}`)).state, "queued");
    quiet("-n", names.manager, "link", "set", "v0", "up");
    const ended = await eventually(
      "ended",
      () => behalf.api.call<RunView>("GET", `/api/v1/runs/${id}`),
      (run) => run.state === "ended",
      40_000,
    );
    assert.equal(ended.result, "succeeded", JSON.stringify(ended));
  });

  test("S9: revoking a node cuts its live connection, and its name joins again only after that", async () => {
    const told = await behalf.cli(["node", "invite", "ledger-2", "--json"]);
    assert.notEqual(told.code, 0, "an existing name is not invited again");
    await behalf.json(["node", "revoke", "ledger-2"]);
    const online = async (): Promise<boolean> =>
      (await behalf.api.call<{ items: { name: string; online: boolean }[] }>("GET", "/api/v1/nodes")).items.some(
        (node) => node.name === "ledger-2" && node.online,
      );
    await eventually("cut", online, (yes) => !yes);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal(await online(), false, "a revoked node does not come back");
    const log = readFileSync(join(folders[1] ?? "", "data", "agent", "agent.log"), "utf8");
    assert.match(log, /"code":"nodes\.refused-by-manager","hint":"[^"]*behalf node invite/, "its administrator can read why");
    await behalf.json(["node", "invite", "ledger-2"]);
  });

  test("S9: the agents' listener serves no user API, and the browser's port knows nothing of joining", async () => {
    const answer = await inNamespace(names.one, ["--url", `https://${behalf.agentListener}`, "whoami"], "");
    assert.notEqual(answer.code, 0);
    const told = await runCli(["--url", behalf.url, "whoami"], { env: {} });
    assert.notEqual(told.code, 0);
  });
});
