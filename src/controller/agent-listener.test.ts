import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { WebSocket } from "ws";
import { makeCertificateRequest } from "#nodes/certificate-request.ts";
import { certificateFingerprint, issueAgent, issueServer, makeCa } from "#nodes/internal-ca.ts";
import { createJoinLimit } from "#controller/join-limit.ts";
import { encodeFrame } from "#link/frame.ts";
import { openControllerWorld, starter, type ControllerWorld } from "#test/fixtures/controller-world.ts";
import { SpeakingNode } from "#test/fixtures/speaking-node.ts";

const open = async (t: TestContext): Promise<{ world: ControllerWorld; node: SpeakingNode; ca: Buffer }> => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-lst-"));
  const world = await openControllerWorld({ dataFolder: join(folder, "m") });
  const node = await SpeakingNode.join(world, join(folder, "n"), "local");
  t.after(async () => {
    await node.cut();
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { world, node, ca: readFileSync(node.layout.agent.ca) };
};

/** `open`, or why not. */
const dial = (world: ControllerWorld, tls: object, path = "/agent"): Promise<string> =>
  new Promise((resolve) => {
    const socket = new WebSocket(`wss://${world.listenerAddress}${path}`, { ...tls, perMessageDeflate: false });
    socket.once("open", () => {
      socket.terminate();
      resolve("open");
    });
    socket.once("error", (error) => resolve(error.message));
  });

interface Answer {
  readonly status: number;
  readonly body: { readonly code?: string };
  readonly headers: Record<string, unknown>;
}

const ask = (
  world: ControllerWorld,
  ca: Buffer,
  options: { readonly method: string; readonly path: string; readonly body?: string; readonly type?: string; readonly tls?: object },
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const [host, port] = world.listenerAddress.split(":");
    const asked = request(
      {
        host,
        port,
        ca,
        ...options.tls,
        method: options.method,
        path: options.path,
        agent: false,
        headers: { "content-type": options.type ?? "application/json", cookie: "session=x" },
      },
      (response) => {
        let text = "";
        response.on("data", (piece: Buffer) => (text += piece.toString("utf8")));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            body: JSON.parse(text === "" ? "{}" : text) as Answer["body"],
            headers: response.headers,
          }),
        );
      },
    );
    asked.on("error", reject);
    asked.end(options.body);
  });

test("S9: only the current certificate of an active node, from the internal CA and in an agent's role, is let in", async (t) => {
  const { world, node, ca } = await open(t);
  const { realm } = world.keys;
  const nowMs = Date.now();
  assert.equal(await dial(world, node.tls()), "open");

  assert.match(await dial(world, { ca }), /403/, "no certificate");

  const otherCa = await makeCa(realm.id, realm.name, nowMs);
  const { keyPem, csrPem } = makeCertificateRequest("local");
  const foreign = await issueAgent(otherCa, { realmId: realm.id, nodeId: node.id, nodeName: "local", csrPem, nowMs });
  assert.match(await dial(world, { ca, key: keyPem, cert: foreign }), /403/, "the right names from another CA");

  const again = await issueAgent(world.keys.ca, { realmId: realm.id, nodeId: node.id, nodeName: "local", csrPem, nowMs });
  assert.match(await dial(world, { ca, key: keyPem, cert: again }), /403/, "the right CA, but not the node's current certificate");

  const unknown = await issueAgent(world.keys.ca, { realmId: realm.id, nodeId: "nod_unknown", nodeName: "local", csrPem, nowMs });
  assert.match(await dial(world, { ca, key: keyPem, cert: unknown }), /403/, "a node that is not known");

  const otherRealm = await issueAgent(world.keys.ca, { realmId: "rlm_other", nodeId: node.id, nodeName: "local", csrPem, nowMs });
  assert.match(await dial(world, { ca, key: keyPem, cert: otherRealm }), /403/, "another realm");

  const expired = await issueAgent(world.keys.ca, {
    realmId: realm.id,
    nodeId: node.id,
    nodeName: "local",
    csrPem,
    nowMs: nowMs - 3 * 365 * 86_400_000,
  });
  assert.match(await dial(world, { ca, key: keyPem, cert: expired }), /403/, "expired");

  const server = await issueServer(world.keys.ca, { realmId: realm.id, hosts: ["localhost"], nowMs });
  assert.match(await dial(world, { ca, key: server.keyPem, cert: server.certificatePem }), /403/, "the listener's own certificate");

  // Even where the store knew its fingerprint: the chain comes first.
  const current = (await world.nodes.find(node.id))?.certificateFingerprint ?? "";
  const expect = (fingerprint: string) =>
    world.store.write((tx) => tx.updateTable("nodes").set({ certificate_fingerprint: fingerprint }).where("id", "=", node.id).execute());
  for (const cert of [foreign, expired]) {
    await expect(certificateFingerprint(cert));
    assert.match(await dial(world, { ca, key: keyPem, cert }), /403/, "the current fingerprint without a valid chain");
  }
  await expect(current);

  assert.match(await dial(world, node.tls(), "/api/v1/runs"), /404/, "another path");
  await world.nodes.revoke(starter, "local");
  assert.match(await dial(world, node.tls()), /403/, "revoked");
});

test("S9: the listener serves no user API, with or without a certificate", async (t) => {
  const { world, node, ca } = await open(t);
  for (const tls of [{}, node.tls()]) {
    for (const [method, path] of [
      ["GET", "/"],
      ["GET", "/api/v1/runs"],
      ["POST", "/api/v1/submissions"],
      ["GET", "/join"],
      ["POST", "/join/"],
      ["GET", "/agent"],
    ] as const) {
      const answer = await ask(world, ca, { method, path, tls });
      assert.equal(answer.status, 404, `${method} ${path}`);
      assert.equal(answer.body.code, "input.unknown-route");
      assert.equal(answer.headers["set-cookie"], undefined);
    }
  }
});

test("S8: a join is JSON, bounded, and refused without a good token; nothing is told about why", async (t) => {
  const { world, ca } = await open(t);
  const join = (body: string, type?: string) =>
    ask(world, ca, { method: "POST", path: "/join", body, ...(type === undefined ? {} : { type }) });
  assert.equal((await join("{}", "text/plain")).body.code, "input.wrong-content-type");
  assert.equal((await join("{")).body.code, "input.malformed-json");
  assert.equal((await join(JSON.stringify({ x: "y".repeat(70_000) }))).status, 413);
  const refused = await join(JSON.stringify({ token: "bhf1.wrong", nodeName: "other", csr: "", launcherPublicKey: "" }));
  assert.ok(refused.status >= 400 && refused.status < 500, JSON.stringify(refused.body));
});

test("S8: attempts to join are limited per address", async (t) => {
  const { world, ca } = await open(t);
  const codes: (string | undefined)[] = [];
  for (let turn = 0; turn < 14; turn += 1) codes.push((await ask(world, ca, { method: "POST", path: "/join", body: "{" })).body.code);
  assert.ok(codes.includes("controller.join-limited"));
  assert.equal(codes[0], "input.malformed-json");
  const limit = createJoinLimit(2, 100);
  assert.deepEqual(
    [limit.take("a", 0), limit.take("a", 0), limit.take("a", 0), limit.take("b", 0), limit.take("a", 30_000), limit.take("a", 30_000)],
    [true, true, false, true, true, false],
  );
  const all = createJoinLimit(10, 3);
  assert.deepEqual(
    ["a", "b", "c", "d"].map((address) => all.take(address, 0)),
    [true, true, true, false],
  );
});

test("S9: an agent that breaks the protocol is cut, and one that speaks for another launcher as well", async (t) => {
  const { world, node } = await open(t);
  const cutBy = async (say: (socket: WebSocket) => void): Promise<void> => {
    const socket = new WebSocket(`wss://${world.listenerAddress}/agent`, node.tls());
    await new Promise((resolve) => socket.once("open", resolve));
    const closed = new Promise((resolve) => socket.once("close", resolve));
    say(socket);
    await closed;
  };
  await cutBy((socket) => socket.send("text"));
  await cutBy((socket) => socket.send(Buffer.from("not a frame")));
  await cutBy((socket) => socket.send(encodeFrame({ type: "shutdown" })));
  await cutBy((socket) => socket.send(encodeFrame({ type: "accepted", run: "run_00000000000000000000000000", attempt: 1 })));
  await cutBy((socket) => socket.send(encodeFrame({ type: "accepted", run: "../../etc/passwd", attempt: 1 })));
  await node.connect();
  node.say({
    type: "hello",
    protocol: 1,
    node: { id: node.id, name: "local", keyThumbprint: "another" },
    facts: (await import("#test/fixtures/speaking-node.ts")).factsOf("jrn_a"),
    runs: [],
  });
  await node.hear("goodbye");
  assert.equal(world.controller.nodes().length, 0);
});

test("S9: plain text and half-open connections do not disturb the listener", async (t) => {
  const { world, node } = await open(t);
  const [, port] = world.listenerAddress.split(":");
  const plain = connect(Number(port), "127.0.0.1");
  plain.on("error", () => {});
  plain.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const silent = connect(Number(port), "127.0.0.1");
  silent.on("error", () => {});
  assert.equal(await dial(world, node.tls()), "open");
  plain.destroy();
  silent.destroy();
});

test("2.1: a port that is taken is a clear problem", async (t) => {
  const { world } = await open(t);
  const folder = mkdtempSync(join(tmpdir(), "bhf-lst-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await assert.rejects(openControllerWorld({ dataFolder: join(folder, "m"), port: world.controller.port }), /controller\.port-taken/);
});
