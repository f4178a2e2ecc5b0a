/** Renewal of the agent's certificate over its live connection, with certificates that live minutes instead of years. */
import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { WebSocket } from "ws";
import { openAgentCertificate, type AgentCertificate } from "#agent/certificate.ts";
import { readAgentFiles } from "#agent/agent-files.ts";
import { silentLog } from "#kernel/log.ts";
import { dataLayout, type DataLayout } from "#kernel/data-layout.ts";
import { makeCertificateRequest } from "#nodes/certificate-request.ts";
import { agentLifeMs, issueAgent, makeCa } from "#nodes/internal-ca.ts";
import { jobOf, openControllerWorld, starter, type ControllerWorld } from "#test/fixtures/controller-world.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { NodeProcesses } from "#test/fixtures/node-processes.ts";
import { SpeakingNode } from "#test/fixtures/speaking-node.ts";

const minute = 60_000;
const printOf = (pem: string | Buffer): string => new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase();

/** A manager whose certificates for agents live 20 minutes until `longer` is called. */
const worldOf = async (t: TestContext): Promise<{ folder: string; world: ControllerWorld; longer(): void }> => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-rnw-"));
  chmodSync(folder, 0o711);
  let lifeMs = 20 * minute;
  const world = await openControllerWorld({
    dataFolder: join(folder, "m"),
    settings: { pollMs: 200 },
    agentCertificateLifeMs: () => lifeMs,
  });
  t.after(async () => {
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, world, longer: () => (lifeMs = agentLifeMs) };
};

/** Status with which the listener answers a pair: `open`, or why not. */
const dial = (world: ControllerWorld, pair: { key: string | Buffer; cert: string | Buffer; ca: Buffer }): Promise<string> =>
  new Promise((resolve) => {
    const socket = new WebSocket(`wss://${world.listenerAddress}/agent`, pair);
    socket.once("open", () => {
      socket.terminate();
      resolve("open");
    });
    socket.once("error", (error) => resolve(error.message));
  });

test("S9: an agent renews its certificate over its connection, while a job runs, and the launcher's trust is not touched", async (t) => {
  const { folder, world, longer } = await worldOf(t);
  const node = await NodeProcesses.join(world, join(folder, "n"), "local");
  t.after(() => node.stop());
  const { agent, launcher } = node.layout;
  const before = { key: readFileSync(agent.key), cert: readFileSync(agent.certificate), ca: readFileSync(agent.ca) };
  const trust = readFileSync(launcher.trust);
  longer();
  await world.saveJob(jobOf("/jobs/a", "sleep 2; echo done"));
  const [run] = await world.submit("/jobs/a", "local");
  node.start("launcher");
  node.start("agent");
  await eventually(
    "the renewed certificate is the only one",
    async () => [printOf(readFileSync(agent.certificate)), existsSync(agent.nextCertificate), existsSync(agent.nextKey)] as const,
    ([print, ...next]) => print !== printOf(before.cert) && !next.includes(true),
  );
  const record = await eventually(
    "the manager knows that it is used",
    () => world.nodes.get("local"),
    (found) => found?.nextCertificateFingerprint === null && found.certificateFingerprint !== printOf(before.cert),
  );
  assert.equal(record?.certificateFingerprint, printOf(readFileSync(agent.certificate)));
  assert.match(await dial(world, before), /403/, "the old one is worth nothing now");
  const row = await eventually(
    "the run ended",
    () => world.run(run ?? ""),
    (found) => found.state === "ended",
  );
  assert.equal(row.result, "succeeded");
  assert.equal(row.attempt, 1);
  assert.deepEqual(readFileSync(launcher.trust), trust);
  assert.notDeepEqual(readFileSync(agent.key), before.key, "a new key pair");
  const acts = await world.auditActions("local");
  assert.equal(acts.filter((action) => action === "nodes.renew").length, 2, "once: opened and completed");
  assert.equal(acts.filter((action) => action === "nodes.certificate-used").length, 1);
  // A new start uses it, and asks for nothing: two years are left.
  await node.end("agent", "SIGKILL");
  node.start("agent");
  await eventually(
    "the agent is back",
    async () => world.controller.nodes().length,
    (count) => count === 1,
  );
  assert.equal((await world.auditActions("local")).filter((action) => action === "nodes.renew").length, 2);
});

test("S9: the old certificate stays good until the new one is used; asking often is not answered; revoking ends both", async (t) => {
  const { folder, world } = await worldOf(t);
  const node = await SpeakingNode.join(world, join(folder, "n"), "local");
  t.after(() => node.cut());
  const { ca, ...old } = node.tls();
  await node.connect();
  node.hello();
  await node.hear("welcome");
  const ask = async (name = "local"): Promise<{ key: string; cert: string; ca: Buffer }> => {
    const { keyPem, csrPem } = makeCertificateRequest(name);
    node.say({ type: "renew", csr: csrPem });
    return { key: keyPem, cert: (await node.hear("renewed")).certificate, ca };
  };
  const first = await ask("another-node");
  const names = new X509Certificate(first.cert);
  assert.equal(names.subject, "CN=local", "whatever the request says");
  assert.ok(names.subjectAltName?.endsWith(`/${node.id}`));
  const second = await ask();
  assert.equal(await dial(world, { ...old, ca }), "open");
  assert.match(await dial(world, first), /403/, "one that was replaced before it was used");
  assert.equal(await dial(world, { ...old, ca }), "open", "still");
  assert.equal(await dial(world, second), "open");
  assert.match(await dial(world, { ...old, ca }), /403/);

  writeFileSync(node.layout.agent.key, second.key, { mode: 0o600 });
  writeFileSync(node.layout.agent.certificate, second.cert, { mode: 0o600 });
  await node.connect();
  node.hello();
  await node.hear("welcome");
  node.say({ type: "renew", csr: "not a request" });
  assert.ok(await node.hearsNo("renewed"));
  node.say({ type: "renew", csr: makeCertificateRequest("local").csrPem });
  assert.ok(await node.hearsNo("renewed"), "a fourth within a minute");
  assert.ok(node.isConnected);
  assert.equal(await dial(world, second), "open");
  await world.nodes.revoke(starter, "local");
  assert.match(await dial(world, second), /403/);
});

interface Place {
  readonly agent: DataLayout["agent"];
  readonly certificate: AgentCertificate;
  open(): AgentCertificate;
  /** What the manager would sign. */
  sign(csrPem: string, more?: { nodeId?: string; nowMs?: number }): Promise<string>;
  readonly world: ControllerWorld;
}

const place = async (t: TestContext): Promise<Place> => {
  const { folder, world, longer } = await worldOf(t);
  const node = await SpeakingNode.join(world, join(folder, "n"), "local");
  longer();
  const { agent } = dataLayout(join(folder, "n"));
  const open = (): AgentCertificate => openAgentCertificate(agent, readAgentFiles(agent), silentLog, Date.now);
  return {
    agent,
    world,
    open,
    certificate: open(),
    sign: (csrPem, more = {}) =>
      issueAgent(world.keys.ca, { realmId: world.keys.realm.id, nodeId: node.id, nodeName: "local", csrPem, nowMs: Date.now(), ...more }),
  };
};

test("S9: a certificate that is for another key, of another authority, for another node or ended is refused by the agent", async (t) => {
  const { agent, certificate, sign, world } = await place(t);
  assert.equal(certificate.take(await sign(makeCertificateRequest("local").csrPem)), false, "none was asked for");
  const csr = certificate.request() ?? assert.fail();
  assert.equal(certificate.request(), null, "asked for once");
  const { id, name } = world.keys.realm;
  const stranger = await makeCa(id, name, Date.now());
  const config = readAgentFiles(agent);
  for (const [why, pem] of [
    ["another key", await sign(makeCertificateRequest("local").csrPem)],
    [
      "another authority",
      await issueAgent(stranger, { realmId: id, nodeId: config.node.id, nodeName: "local", csrPem: csr, nowMs: Date.now() }),
    ],
    ["another node", await sign(csr, { nodeId: "nod_other" })],
    ["ended", await sign(csr, { nowMs: Date.now() - 2 * agentLifeMs })],
    ["no certificate", "x"],
  ] as const) {
    assert.equal(certificate.take(pem), false, why);
    assert.equal(existsSync(agent.nextCertificate), false, why);
  }
  assert.equal(certificate.take(await sign(csr)), true);
});

test("S9: a crash at any step of a renewal leaves a pair that fits, and the next start goes on", async (t) => {
  const { agent, certificate, open, sign } = await place(t);
  const pair = (one: AgentCertificate): { key: string; print: string } => {
    const { key, certificate: pem } = one.credentials();
    assert.ok(new X509Certificate(pem).checkPrivateKey(createPrivateKey(key)), "key and certificate fit");
    return { key: String(key), print: printOf(String(pem)) };
  };
  const old = pair(certificate);
  // Asked, and killed before the answer: the present pair, and it asks again.
  assert.notEqual(certificate.request(), null);
  let again = open();
  assert.deepEqual(pair(again), old);
  const csr = again.request() ?? assert.fail();
  const renewed = await sign(csr);
  assert.ok(again.take(renewed));
  // Kept, and killed before it was used: the next start tries the new pair, then the old one, then the new one.
  again = open();
  assert.deepEqual([pair(again).print, pair(again), pair(again).print], [printOf(renewed), old, printOf(renewed)]);
  // Killed between the two renames, as the disk kept either.
  const saved = { key: readFileSync(agent.key), nextKey: readFileSync(agent.nextKey), certificate: readFileSync(agent.certificate) };
  copyFileSync(agent.nextKey, agent.key);
  rmSync(agent.nextKey);
  assert.equal(pair(open()).print, printOf(renewed));
  assert.equal(existsSync(agent.nextCertificate), false);
  writeFileSync(agent.key, saved.key, { mode: 0o600 });
  writeFileSync(agent.nextKey, saved.nextKey, { mode: 0o600 });
  assert.equal(pair(open()).print, printOf(renewed));
  assert.equal(existsSync(agent.nextKey), false);
  // The manager does not know the new one (its database came back): the old one was let in, and the new one is forgotten.
  writeFileSync(agent.key, saved.key, { mode: 0o600 });
  writeFileSync(agent.certificate, saved.certificate, { mode: 0o600 });
  writeFileSync(agent.nextKey, saved.nextKey, { mode: 0o600 });
  writeFileSync(agent.nextCertificate, renewed, { mode: 0o600 });
  again = open();
  again.credentials();
  assert.deepEqual(pair(again), old);
  again.welcomed();
  assert.equal(existsSync(agent.nextCertificate), false);
  assert.notEqual(again.request(), null);
});
