import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test, type TestContext } from "node:test";
import { ProblemError } from "#kernel/problem.ts";
import { generateSigningKey, keyThumbprint } from "#proof/keys.ts";
import { makeCertificateRequest } from "#nodes/certificate-request.ts";
import type { JoinRequest } from "#nodes/enrolment.ts";
import { readJoinToken } from "#nodes/rules/join-token.ts";
import { sharedPostgres, whyNoPostgres } from "#test/fixtures/postgres.ts";
import { openRealmWorld, type RealmWorld } from "#test/fixtures/realm-world.ts";

const withCode = (code: string) => (error: unknown) => error instanceof ProblemError && error.problem.code === code;
const requestFor = async (token: string, nodeName: string): Promise<JoinRequest> => ({
  token,
  nodeName,
  csr: makeCertificateRequest(nodeName).csrPem,
  launcherPublicKey: generateSigningKey().publicKey,
});
const admin = "user:corp/acc_admin";

const stores: readonly (readonly [string, (t: TestContext) => Promise<RealmWorld | null>])[] = [
  ["SQLite", (t) => openRealmWorld(t)],
  [
    "PostgreSQL",
    async (t) => {
      const why = whyNoPostgres();
      if (why !== null) {
        t.skip(why);
        return null;
      }
      const server = await sharedPostgres();
      return openRealmWorld(t, { url: () => server.makeDatabase() });
    },
  ],
];

for (const [name, open] of stores) {
  test(`S8: on ${name} an invitation is stored hashed, works once, for its name, and admits the node with the manager's labels`, async (t) => {
    const world = await open(t);
    if (world === null) return;
    const { nodes, store, keys } = world;
    const invitation = await nodes.invite(admin, { name: "ledger-1", labels: { site: "vienna" } });
    const token = readJoinToken(invitation.token);
    assert.ok(token.ok);
    assert.equal(token.value.caFingerprint, keys.ca.fingerprint);
    assert.equal(token.value.address, world.address);
    for (const table of ["invitations", "audit"] as const) {
      const rows = JSON.stringify(await store.read.selectFrom(table).selectAll().execute());
      assert.equal(rows.includes(invitation.token) || rows.includes(token.value.secret), false, table);
    }

    const request = await requestFor(invitation.token, "ledger-1");
    await assert.rejects(nodes.handleJoin({ ...request, nodeName: "ledger-2" }), withCode("nodes.bad-token"));
    await assert.rejects(nodes.handleJoin({ ...request, csr: "no request" }), withCode("nodes.bad-request"));
    await assert.rejects(nodes.handleJoin({ ...request, token: `${request.token.slice(0, -1)}_` }), withCode("nodes.bad-token"));
    const answer = await nodes.handleJoin(request);
    assert.deepEqual(answer.trust.issuers, [{ kid: keys.delegation.kid, key: keys.delegation.publicKey }]);
    assert.equal(answer.trust.rootKey, keys.root.publicKey);

    const node = await nodes.get("ledger-1");
    assert.equal(node?.id, answer.trust.node.id);
    assert.equal(node?.active, true);
    assert.deepEqual(node?.labels, { site: "vienna" });
    assert.equal(node?.keyThumbprint, keyThumbprint(request.launcherPublicKey));
    const certificate = new X509Certificate(answer.certificate);
    assert.equal((await nodes.nodeByCertificate(certificate.fingerprint256))?.id, node?.id);
    assert.equal(certificate.subjectAltName, `URI:behalf://${keys.realm.id}/agent/${answer.trust.node.id}`);
    assert.equal(nodes.nodeIdOf(`behalf://${keys.realm.id}/agent/${answer.trust.node.id}`), answer.trust.node.id);
    assert.equal(nodes.nodeIdOf(`behalf://rlm_other/agent/${answer.trust.node.id}`), null);
    assert.equal(nodes.nodeIdOf(`behalf://${keys.realm.id}/manager`), null);

    await assert.rejects(nodes.handleJoin(await requestFor(invitation.token, "ledger-1")), withCode("nodes.bad-token"), "used");
    const actions = await store.read
      .selectFrom("audit")
      .select(["actor", "action", "object", "phase"])
      .where("action", "like", "nodes.%")
      .orderBy("sequence")
      .execute();
    assert.deepEqual(
      actions.map((row) => `${row.actor} ${row.action} ${row.object} ${row.phase}`),
      [
        `${admin} nodes.invite ledger-1 opened`,
        `${admin} nodes.invite ledger-1 completed`,
        "part:join nodes.join-refused ledger-1 noted",
        "part:join nodes.join-refused unknown noted",
        "node:ledger-1 nodes.join ledger-1 opened",
        "node:ledger-1 nodes.join ledger-1 completed",
        "part:join nodes.join-refused ledger-1 noted",
      ],
    );
  });

  test(`S8: on ${name} ten requests with one token at the same time admit one node`, async (t) => {
    const world = await open(t);
    if (world === null) return;
    const { token } = await world.nodes.invite(admin, { name: "ledger-1" });
    const requests = await Promise.all(Array.from({ length: 10 }, () => requestFor(token, "ledger-1")));
    const settled = await Promise.allSettled(requests.map((request) => world.nodes.handleJoin(request)));
    assert.equal(settled.filter((one) => one.status === "fulfilled").length, 1);
    for (const one of settled) if (one.status === "rejected") assert.ok(withCode("nodes.bad-token")(one.reason), String(one.reason));
    assert.equal((await world.nodes.list({ revoked: true }, null)).nodes.length, 1);
  });

  test(`S8: on ${name} an invitation ends after an hour, and a newer one for the name replaces it`, async (t) => {
    const world = await open(t);
    if (world === null) return;
    const { nodes } = world;
    const first = await nodes.invite(admin, { name: "ledger-1" });
    const second = await nodes.invite(admin, { name: "ledger-1" });
    await assert.rejects(nodes.handleJoin(await requestFor(first.token, "ledger-1")), withCode("nodes.bad-token"), "replaced");
    world.advance(3_600_000);
    await assert.rejects(nodes.handleJoin(await requestFor(second.token, "ledger-1")), withCode("nodes.bad-token"), "expired");
    const third = await nodes.invite(admin, { name: "ledger-1" });
    world.advance(3_599_000);
    assert.ok(await nodes.handleJoin(await requestFor(third.token, "ledger-1")));
  });

  test(`S8: on ${name} a name joins again only after it was revoked, as another node; a launcher key serves one node`, async (t) => {
    const world = await open(t);
    if (world === null) return;
    const { nodes } = world;
    const first = await nodes.invite(admin, { name: "ledger-1" });
    const request = await requestFor(first.token, "ledger-1");
    const joined = await nodes.handleJoin(request);
    await assert.rejects(nodes.invite(admin, { name: "ledger-1" }), withCode("nodes.name-taken"));
    const other = await nodes.invite(admin, { name: "ledger-2" });
    await assert.rejects(
      nodes.handleJoin({ ...(await requestFor(other.token, "ledger-2")), launcherPublicKey: request.launcherPublicKey }),
      withCode("nodes.key-in-use"),
    );

    const cut: string[] = [];
    nodes.onRevoked((node) => cut.push(node.id));
    await nodes.revoke(admin, "ledger-1");
    assert.deepEqual(cut, [joined.trust.node.id]);
    await assert.rejects(nodes.revoke(admin, "ledger-1"), withCode("nodes.not-found"));
    assert.equal(await nodes.exists("ledger-1"), false);
    assert.equal((await nodes.find(joined.trust.node.id))?.active, false);
    await assert.rejects(nodes.renewCertificate(joined.trust.node.id, request.csr), withCode("nodes.not-found"));

    const again = await nodes.invite(admin, { name: "ledger-1" });
    const rejoined = await nodes.handleJoin({
      ...(await requestFor(again.token, "ledger-1")),
      launcherPublicKey: request.launcherPublicKey,
    });
    assert.notEqual(rejoined.trust.node.id, joined.trust.node.id);
    assert.deepEqual(
      (await nodes.list({}, null)).nodes.map((node) => node.id),
      [rejoined.trust.node.id],
    );
    const page = await nodes.list({ revoked: true }, null, 1);
    assert.equal(page.nodes.length, 1);
    assert.equal((await nodes.list({ revoked: true }, page.next, 1)).nodes.length, 1);
  });
}

test("S8: a bad name, bad labels and a bad request change nothing", async (t) => {
  const { nodes, store } = await openRealmWorld(t);
  await assert.rejects(nodes.invite(admin, { name: "../x" }), withCode("nodes.bad-name"));
  await assert.rejects(nodes.invite(admin, { name: "a", labels: { "A B": "x" } }), withCode("input.invalid-value"));
  for (const body of [null, [], {}, { token: "x" }, { token: 1, nodeName: "a", csr: "c", launcherPublicKey: "k" }])
    await assert.rejects(nodes.handleJoin(body), withCode("nodes.bad-request"));
  assert.deepEqual(await store.read.selectFrom("invitations").selectAll().execute(), []);
});

test("S9: a renewed certificate replaces the old one once it was used, and only one that was issued last", async (t) => {
  const { nodes } = await openRealmWorld(t);
  const { token } = await nodes.invite(admin, { name: "a" });
  const request = await requestFor(token, "a");
  const { certificate, trust } = await nodes.handleJoin(request);
  const renewed = new X509Certificate(await nodes.renewCertificate(trust.node.id, makeCertificateRequest("a").csrPem));
  const printOf = (one: X509Certificate): string => one.fingerprint256.replaceAll(":", "").toLowerCase();
  const present = printOf(new X509Certificate(certificate));
  const prints = async (): Promise<(string | null | undefined)[]> => {
    const node = await nodes.find(trust.node.id);
    return [node?.certificateFingerprint, node?.nextCertificateFingerprint];
  };
  assert.deepEqual(await prints(), [present, printOf(renewed)], "the present one stays good");
  const last = new X509Certificate(await nodes.renewCertificate(trust.node.id, makeCertificateRequest("a").csrPem));
  assert.equal(await nodes.certificateUsed(trust.node.id, printOf(renewed)), false, "an earlier one that was never used");
  assert.equal(await nodes.certificateUsed(trust.node.id, printOf(last)), true);
  assert.equal(await nodes.certificateUsed(trust.node.id, printOf(last)), false, "once");
  assert.deepEqual(await prints(), [printOf(last), null]);
  assert.equal(last.subject, new X509Certificate(certificate).subject);
  assert.equal(last.subjectAltName, new X509Certificate(certificate).subjectAltName, "the same node, whatever the request says");
  assert.equal(await nodes.nodeByCertificate(new X509Certificate(certificate).fingerprint256), null);
  await nodes.renewCertificate(trust.node.id, makeCertificateRequest("a").csrPem);
  const waiting = (await nodes.find(trust.node.id))?.nextCertificateFingerprint ?? "";
  await nodes.revoke(admin, "a");
  assert.equal(await nodes.certificateUsed(trust.node.id, waiting), false, "revoked, both");
  await assert.rejects(nodes.renewCertificate(trust.node.id, makeCertificateRequest("a").csrPem), withCode("nodes.not-found"));
});
