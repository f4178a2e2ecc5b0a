import "reflect-metadata";
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { createServer as createTlsServer, connect } from "node:tls";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { dataLayout, type DataLayout } from "#kernel/data-layout.ts";
import { ProblemError } from "#kernel/problem.ts";
import { joinNode } from "#nodes/join.ts";
import type { ManagerKeys } from "#nodes/manager-keys.ts";
import { readAgentConfig } from "#nodes/rules/agent-config.ts";
import { readJoinToken, renderJoinToken } from "#nodes/rules/join-token.ts";
import { closedTable, readNodeTable } from "#nodes/rules/node-table.ts";
import { readNodeTrust } from "#nodes/rules/node-trust.ts";
import { openRealmWorld } from "#test/fixtures/realm-world.ts";

const withCode = (code: string) => (error: unknown) => error instanceof ProblemError && error.problem.code === code;
const layoutOf = (t: TestContext): DataLayout => {
  const root = mkdtempSync(join(tmpdir(), "bhf-join-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return dataLayout(root);
};
const json = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
const admin = "os:1000";

/** Asks the listener who it thinks we are. */
const who = (
  address: string,
  tls: { readonly key?: string; readonly cert?: string; readonly ca: string },
): Promise<{ authorized: boolean; why: string; subject: string | null }> =>
  new Promise((resolve, reject) => {
    const [host = "", port = ""] = address.split(":");
    const outgoing = httpsRequest({ host, port, path: "/who", agent: false, ...tls }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve(JSON.parse(text) as { authorized: boolean; why: string; subject: string | null }));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });

/** A server certificate of the realm's CA under any URI name, as the product never makes one. */
const serverCertificate = async (keys: ManagerKeys, uri: string): Promise<{ readonly keyPem: string; readonly certificatePem: string }> => {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const pair = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: "01",
    subject: "CN=impostor",
    issuer: new X509Certificate(keys.ca.certificatePem).subjectName,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 600_000),
    publicKey: pair.publicKey,
    signingKey: await webcrypto.subtle.importKey("pkcs8", PemConverter.decodeFirst(keys.ca.keyPem), algorithm, false, ["sign"]),
    signingAlgorithm: algorithm,
    extensions: [
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth], true),
      new SubjectAlternativeNameExtension([
        { type: "ip", value: "127.0.0.1" },
        { type: "url", value: uri },
      ]),
    ],
  });
  return {
    keyPem: PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", pair.privateKey), "PRIVATE KEY"),
    certificatePem: `${certificate.toString("pem")}\n`,
  };
};

test("S5/S8: joining writes each part's files into its own folder, private, and the certificate opens the listener", async (t) => {
  const world = await openRealmWorld(t);
  const layout = layoutOf(t);
  const { token } = await world.nodes.invite(admin, { name: "ledger-1" });
  const joined = await joinNode({
    layout,
    managerAddress: world.address,
    nodeName: "ledger-1",
    token,
    table: [{ subject: "os:1000", roles: ["operator"] }],
    policy: { defaultJobAccount: "nobody", namedUids: [] },
  });
  assert.equal(joined.realm.id, world.keys.realm.id);
  assert.equal(joined.keyThumbprint, (await world.nodes.get("ledger-1"))?.keyThumbprint);

  assert.deepEqual(readdirSync(layout.launcher.folder).toSorted(), ["node.key", "policy.json", "table.json", "trust.json"]);
  assert.deepEqual(readdirSync(layout.agent.folder).toSorted(), ["agent.crt", "agent.json", "agent.key", "ca.crt"]);
  for (const folder of [layout.launcher.folder, layout.agent.folder]) {
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  }
  const trust = readNodeTrust(json(layout.launcher.trust));
  assert.ok(trust.ok);
  assert.deepEqual(trust.value.issuers, [{ kid: world.keys.delegation.kid, key: world.keys.delegation.publicKey }]);
  assert.deepEqual(readNodeTable(json(layout.launcher.table)), {
    ok: true,
    value: { version: 1, entries: [{ subject: "os:1000", roles: ["operator"] }] },
  });
  assert.deepEqual(json(layout.launcher.policy), {
    version: 1,
    namedUids: [],
    defaultJobAccount: "nobody",
    accounts: [],
    exclusive: "none",
  });
  const config = readAgentConfig(json(layout.agent.config));
  assert.ok(config.ok);
  assert.deepEqual(config.value.controllers, [world.address]);
  const agentText = readdirSync(layout.agent.folder)
    .map((name) => readFileSync(join(layout.agent.folder, name), "utf8"))
    .join();
  assert.equal(
    agentText.includes(token) || agentText.includes(world.keys.delegation.publicKey),
    false,
    "nothing of token or trust in the agent's folder",
  );

  const read = (path: string): string => readFileSync(path, "utf8");
  const seen = await who(world.address, { key: read(layout.agent.key), cert: read(layout.agent.certificate), ca: read(layout.agent.ca) });
  assert.deepEqual(seen, { authorized: true, why: "", subject: `URI:behalf://${world.keys.realm.id}/agent/${joined.node.id}` });
  assert.equal((await who(world.address, { ca: read(layout.agent.ca) })).authorized, false);
});

test("S6: without options the table is closed and there is no default job account; an existing table and key are kept", async (t) => {
  const world = await openRealmWorld(t);
  const layout = layoutOf(t);
  const first = await world.nodes.invite(admin, { name: "a" });
  await joinNode({ layout, nodeName: "a", token: first.token });
  assert.deepEqual(json(layout.launcher.table), closedTable);
  assert.equal((json(layout.launcher.policy) as { defaultJobAccount: unknown }).defaultJobAccount, null);

  const key = readFileSync(layout.launcher.key, "utf8");
  await world.nodes.revoke(admin, "a");
  rmSync(layout.launcher.trust);
  const second = await world.nodes.invite(admin, { name: "a" });
  await joinNode({ layout, nodeName: "a", token: second.token, table: [{ subject: "authenticated", roles: ["administrator"] }] });
  assert.deepEqual(json(layout.launcher.table), closedTable);
  assert.equal(readFileSync(layout.launcher.key, "utf8"), key);
});

test("S8: joining twice is a clear problem and changes nothing", async (t) => {
  const world = await openRealmWorld(t);
  const layout = layoutOf(t);
  const { token } = await world.nodes.invite(admin, { name: "a" });
  await joinNode({ layout, nodeName: "a", token });
  const before = readFileSync(layout.launcher.trust, "utf8");
  await assert.rejects(joinNode({ layout, nodeName: "a", token }), withCode("nodes.already-joined"));
  assert.equal(readFileSync(layout.launcher.trust, "utf8"), before);
});

test("S8: a manager with another CA than the token's is refused before anything is sent", async (t) => {
  const world = await openRealmWorld(t);
  const stranger = await openRealmWorld(t);
  const layout = layoutOf(t);
  const { token } = await world.nodes.invite(admin, { name: "a" });
  await assert.rejects(joinNode({ layout, managerAddress: stranger.address, nodeName: "a", token }), withCode("nodes.wrong-manager"));
  assert.equal(stranger.connections(), 1);
  assert.deepEqual(stranger.requests, []);
  const read = readJoinToken(token);
  assert.ok(read.ok);
  const altered = renderJoinToken({ ...read.value, caFingerprint: stranger.keys.ca.fingerprint });
  await assert.rejects(joinNode({ layout, managerAddress: world.address, nodeName: "a", token: altered }), withCode("nodes.wrong-manager"));
  assert.deepEqual(world.requests, []);
  assert.deepEqual(readdirSync(layout.root), []);
});

test("S8: who only shows the pinned CA in its chain, or holds an agent's certificate of it, gets no token", async (t) => {
  const world = await openRealmWorld(t);
  const stranger = await openRealmWorld(t);
  const agent = layoutOf(t);
  const first = await world.nodes.invite(admin, { name: "rogue" });
  await joinNode({ layout: agent, nodeName: "rogue", token: first.token });
  const { token } = await world.nodes.invite(admin, { name: "a" });
  const received: string[] = [];
  const misissued = await serverCertificate(world.keys, `behalf://${world.keys.realm.id}/agent/nod_1`);
  const impostors = [
    // A certificate of another CA, with the right CA's certificate appended.
    { key: stranger.tls.key, cert: stranger.tls.cert + world.keys.ca.certificatePem },
    // A real certificate of the right CA, but an agent's.
    { key: readFileSync(agent.agent.key, "utf8"), cert: readFileSync(agent.agent.certificate, "utf8") + world.keys.ca.certificatePem },
    // A server's certificate of the right CA for the right address, but in another role.
    { key: misissued.keyPem, cert: misissued.certificatePem + world.keys.ca.certificatePem },
  ];
  for (const impostor of impostors) {
    const server = createServer(impostor, (request, response) => {
      request.on("data", (chunk: Buffer) => received.push(chunk.toString()));
      response.end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const layout = layoutOf(t);
    await assert.rejects(
      joinNode({ layout, managerAddress: `127.0.0.1:${(server.address() as AddressInfo).port}`, nodeName: "a", token }),
      withCode("nodes.wrong-manager"),
    );
    assert.deepEqual(readdirSync(layout.root), []);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  assert.deepEqual(received, []);
});

test("S9: a server's certificate does not open the listener as a client, and an agent's does not serve", async (t) => {
  const world = await openRealmWorld(t);
  const layout = layoutOf(t);
  const { token } = await world.nodes.invite(admin, { name: "a" });
  await joinNode({ layout, nodeName: "a", token });
  const asClient = await who(world.address, { key: world.tls.key, cert: world.tls.cert, ca: world.tls.ca });
  assert.equal(asClient.authorized, false);
  assert.match(asClient.why, /INVALID_PURPOSE|purpose/i);

  const server = createTlsServer({ key: readFileSync(layout.agent.key), cert: readFileSync(layout.agent.certificate) });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const refused = await new Promise<string>((resolve) => {
    const socket = connect(
      { host: "127.0.0.1", port: (server.address() as AddressInfo).port, ca: world.tls.ca, checkServerIdentity: () => undefined },
      () => resolve("connected"),
    );
    socket.on("secureConnect", () => socket.destroy());
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
  await new Promise((resolve) => server.close(resolve));
  assert.match(refused, /INVALID_PURPOSE/);
});

test("S8: whatever goes wrong half-way, nothing is written", async (t) => {
  const world = await openRealmWorld(t);
  const layout = layoutOf(t);
  const { token } = await world.nodes.invite(admin, { name: "a" });
  await assert.rejects(joinNode({ layout, nodeName: "b", token }), withCode("nodes.bad-token"));
  await assert.rejects(joinNode({ layout, nodeName: "A", token }), withCode("nodes.bad-name"));
  await assert.rejects(joinNode({ layout, nodeName: "a", token: "bhfj_nonsense" }), withCode("nodes.bad-token"));
  await assert.rejects(joinNode({ layout, nodeName: "a", token, managerAddress: "no address" }), withCode("input.invalid-value"));
  await assert.rejects(joinNode({ layout, nodeName: "a", token, managerAddress: "127.0.0.1:1" }), withCode("nodes.cannot-reach"));
  await assert.rejects(
    joinNode({ layout, nodeName: "a", token, table: [{ subject: "everybody", roles: ["operator"] }] }),
    withCode("input.invalid-value"),
  );
  assert.deepEqual(readdirSync(layout.root), []);

  // The agent's folder cannot be made: a file stands in its place.
  writeFileSync(layout.agent.folder, "");
  await assert.rejects(joinNode({ layout, nodeName: "a", token }));
  assert.equal(existsSync(layout.launcher.trust), false);
  assert.equal(existsSync(layout.launcher.key), false);
});

test("S5: as root the two folders can belong to two accounts", async (t) => {
  if (process.getuid?.() !== 0) return t.skip("only root can give files to another account");
  const world = await openRealmWorld(t);
  const layout = layoutOf(t);
  const { token } = await world.nodes.invite(admin, { name: "a" });
  await joinNode({ layout, nodeName: "a", token, agentOwner: { uid: 4711, gid: 4712 } });
  for (const path of [layout.agent.folder, layout.agent.key, layout.agent.certificate, layout.agent.config, layout.agent.ca])
    assert.deepEqual([statSync(path).uid, statSync(path).gid], [4711, 4712], path);
  for (const path of [layout.launcher.folder, layout.launcher.key, layout.launcher.trust, layout.launcher.table])
    assert.equal(statSync(path).uid, 0, path);
});
