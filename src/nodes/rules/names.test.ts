import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { readAgentConfig } from "#nodes/rules/agent-config.ts";
import { readJoinToken, renderJoinToken } from "#nodes/rules/join-token.ts";
import { readLabels, readNodeName } from "#nodes/rules/node-name.ts";
import { agentUri, managerUri, readPartName } from "#nodes/rules/part-names.ts";

test("S8: a join token carries secret, CA fingerprint and address, and nothing else is one", () => {
  const hex = fc
    .array(fc.integer({ min: 0, max: 255 }), { minLength: 32, maxLength: 32 })
    .map((bytes) => Buffer.from(bytes).toString("hex"));
  fc.assert(
    fc.property(
      hex,
      hex,
      fc.constantFrom("manager.example:4901", "127.0.0.1:4901", "[::1]:1", `${"a".repeat(253)}:65535`),
      (secret, caFingerprint, address) => {
        const token = renderJoinToken({ secret, caFingerprint, address });
        assert.match(token, /^bhfj_[A-Za-z0-9_-]+$/);
        assert.deepEqual(readJoinToken(token), { ok: true, value: { secret, caFingerprint, address } });
        assert.equal(Buffer.from(token.slice(5), "base64url").toString("base64url"), token.slice(5));
      },
    ),
    { numRuns: 60 },
  );
  const good = renderJoinToken({ secret: "a".repeat(64), caFingerprint: "b".repeat(64), address: "h:1" });
  for (const bad of [
    "",
    "bhfj_",
    good.slice(1),
    good.slice(0, 60),
    `${good}!`,
    `${good} `,
    `x${good}`,
    "bhfj_".padEnd(2000, "A"),
    renderJoinToken({ secret: "a".repeat(64), caFingerprint: "b".repeat(64), address: "h:1/../" }),
  ]) {
    const read = readJoinToken(bad);
    assert.ok(!read.ok, bad);
    assert.equal(read.problem.message, "the text is not a join token");
  }
});

test("S9: the part's role and id stand in a URI that nothing else can imitate", () => {
  assert.deepEqual(readPartName(agentUri("rlm_1", "nod_2")), { role: "agent", realmId: "rlm_1", nodeId: "nod_2" });
  assert.deepEqual(readPartName(managerUri("rlm_1")), { role: "manager", realmId: "rlm_1" });
  for (const bad of [
    "",
    "behalf://rlm_1",
    "behalf://rlm_1/agent",
    "behalf://rlm_1/agent/",
    "behalf://rlm_1/agent/a/b",
    "behalf://rlm_1/manager/x",
    "https://rlm_1/manager",
    "behalf://rlm_1/MANAGER",
    " behalf://rlm_1/manager",
    "behalf://rlm_1/agent/nod_2\n",
  ])
    assert.equal(readPartName(bad), null, JSON.stringify(bad));
});

test("S8: node names have one spelling; labels are bounded", () => {
  for (const name of ["local", "ledger-1", "a", "a.b_c", "x".repeat(63)]) assert.equal(readNodeName(name).ok, true, name);
  for (const name of ["", "Ledger", "-a", "a-", ".a", "a b", "a/b", "х1", "x".repeat(64), "a\n", null, 7])
    assert.equal(readNodeName(name).ok, false, String(name));
  assert.equal(readLabels({ site: "Vienna", "net/zone": "" }).ok, true);
  for (const labels of [{ Site: "x" }, { a: 1 }, JSON.parse('{"__proto__":"x"}') as object, { a: "x".repeat(256) }, []])
    assert.equal(readLabels(labels).ok, false);
});

test("S8: the agent's configuration is read strictly", () => {
  const config = { version: 1, node: { id: "nod_1", name: "a" }, realm: { id: "rlm_1", name: "corp" }, controllers: ["h:1", "[::1]:4901"] };
  assert.equal(readAgentConfig(config).ok, true);
  for (const bad of [{ ...config, controllers: ["http://h:1"] }, { ...config, controllers: ["h"] }, { ...config, token: "x" }, {}])
    assert.equal(readAgentConfig(bad).ok, false);
});
