/** What was stolen opens nothing: a copy of the database, and the token of an order. */
import assert from "node:assert/strict";
import { sql } from "kysely";
import { request } from "node:https";
import { test } from "node:test";
import { mintDelegationToken } from "#proof/delegation-token.ts";
import { sampleOrder } from "#test/fixtures/launch-order.ts";
import { addNodeRecord, goodPassword, startManager, type ManagerWorld } from "#test/fixtures/manager.ts";
import { send } from "#test/fixtures/http.ts";

/** Every text in every table, and every text within the JSON among them. */
const textsIn = async (world: ManagerWorld): Promise<ReadonlySet<string>> => {
  const { read } = world.manager.services.store;
  const { rows: tables } = await sql<{ name: string }>`select name from sqlite_master where type = 'table'`.execute(read);
  const found = new Set<string>();
  const add = (value: unknown): void => {
    if (typeof value === "string") {
      found.add(value);
      if (/^[[{]/.test(value)) {
        try {
          add(JSON.parse(value));
        } catch {
          // Text that only looks like it.
        }
      }
    } else if (Array.isArray(value)) value.forEach(add);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(add);
  };
  for (const { name } of tables)
    for (const row of (await sql.raw(`select * from ${name}`).execute(read)).rows) Object.values(row as object).forEach(add);
  return found;
};

test("W3, S8: no text in the database is accepted as a session, a cookie, a password or a join token", async (t) => {
  const world = await startManager(t);
  const admin = await world.person("ann", { permissions: ["manager", "controller"] });
  const browser = await world.browser("ann");
  const invited = await world.owner.ask({ method: "POST", path: "/api/v1/nodes/invitations", body: { name: "ledger-1" } });
  assert.equal(invited.status, 201);
  assert.equal((await admin.ask({ path: "/api/v1/jobs" })).status, 200, "the session is alive");
  const texts = [...(await textsIn(world))].filter((text) => text.length >= 8 && text.length <= 4096);
  assert.ok(texts.length > 100, `${texts.length} texts`);
  assert.ok(
    texts.some((text) => text.startsWith("$argon2id$")) && texts.some((text) => /^[0-9a-f]{64}$/.test(text)),
    "the hashes are among them",
  );
  const wanted = {
    method: "POST",
    path: "/api/v1/roles",
    body: { definition: { kind: "Role", name: "stolen", permissions: ["manager"] } },
  };
  const cookieName = browser.cookie.split("=")[0] ?? "";
  const harmless = (text: string): string => encodeURIComponent(text).slice(0, 4000);
  for (const text of texts) {
    const printable = /^[\x21-\x7e]+$/.test(text) ? text : harmless(text);
    const ways: Record<string, string>[] = [
      { authorization: `Bearer ${printable}` },
      {
        cookie: `${cookieName}=${harmless(text)}`,
        "x-behalf-csrf": printable,
        origin: `http://localhost:${world.port}`,
        "sec-fetch-site": "same-origin",
      },
    ];
    for (const headers of ways) assert.ok([401, 403].includes((await send(world.tcp, { ...wanted, headers })).status), text.slice(0, 60));
  }
  assert.equal((await world.owner.ask({ path: "/api/v1/roles?limit=200" })).text.includes("stolen"), false);
  // The same ways let the real ones in.
  const real = { ...browser.headers, origin: `http://localhost:${world.port}`, "sec-fetch-site": "same-origin" };
  for (const headers of [admin.headers, real]) assert.equal((await send(world.tcp, { path: "/api/v1/jobs", headers })).status, 200);
  // A hash is no password, and the stored form of a join token is none.
  const hash = texts.find((text) => text.startsWith("$argon2id$")) ?? "";
  assert.equal(
    (await send(world.tcp, { method: "POST", path: "/api/v1/sessions", body: { account: "ann", password: hash, kind: "cli" } })).status,
    401,
  );
  for (const token of texts.filter((text) => /^[0-9a-f]{64}$/.test(text)))
    await assert.rejects(
      world.manager.services.nodes.handleJoin({ token, nodeName: "ledger-1", csr: "x", launcherPublicKey: "A".repeat(43) }),
      /token is unknown/,
    );
  assert.notEqual(goodPassword, hash);
});

/** Asks the agents' listener without a certificate. */
const askListener = (world: ManagerWorld, path: string, headers: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const [host = "", port = ""] = world.manager.agentListener.split(":");
    // The test is about what is asked, not about who answers.
    const asked = request({ host, port, path, headers, rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on("upgrade", () => resolve(101));
    asked.on("error", reject);
    asked.end();
  });

test("S1: whoever carries an order's token reads no output with it: no route, stream or listener takes it", async (t) => {
  const world = await startManager(t);
  await addNodeRecord(world.manager.services.store, "local");
  const job = 'kind: Job\npath: /jobs/a\nrun: { shell: "true" }\nas: agent\non: [local]\n';
  assert.equal((await world.owner.ask({ method: "POST", path: "/api/v1/definitions", body: { documents: job } })).status, 200);
  const run = (await world.owner.ask({ method: "POST", path: "/api/v1/submissions", body: { job: "/jobs/a" } })).json.runs[0].id as string;
  const { keyRing, realm } = world.manager.services;
  const iat = Math.floor(Date.now() / 1000);
  const token = mintDelegationToken(
    sampleOrder({ run, iat, exp: iat + 300, authTime: iat, realm: { id: realm.id, name: realm.name, epoch: keyRing.keys().realm.epoch } }),
    keyRing.keys().delegation,
  );
  const browser = await (async () => {
    await world.person("ann", { permissions: [] });
    return world.browser("ann");
  })();
  const cookieName = browser.cookie.split("=")[0] ?? "";
  const paths = ["", "/log", "/events", "/output", "/explain"].map((part) => `/api/v1/runs/${run}${part}`);
  for (const path of [...paths, "/api/v1/runs", "/api/v1/nodes"]) {
    for (const [how, sent] of [
      ["bearer", { path, headers: { authorization: `Bearer ${token}` } }],
      [
        "cookie",
        { path, headers: { cookie: `${cookieName}=${token}`, origin: `http://localhost:${world.port}`, "sec-fetch-site": "same-origin" } },
      ],
      ["query", { path: `${path}?token=${token}&access_token=${token}` }],
    ] as const) {
      const { status } = await send(world.tcp, sent);
      // A route that is not there says so before it asks who is there; none answers 200. An oversized header is a bad request.
      assert.ok([400, 401, 404, 414, 431].includes(status), `${how} ${path}: ${status}`);
    }
    assert.equal((await world.owner.ask({ path: "/api/v1/runs" })).status, 200);
  }
  const upgrade = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  assert.equal(await askListener(world, "/agent", { authorization: `Bearer ${token.slice(0, 4000)}`, ...upgrade }), 403);
  assert.equal(await askListener(world, `/api/v1/runs/${run}/log`, { authorization: `Bearer ${token.slice(0, 4000)}` }), 404);
});
