import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Verdict } from "#access/verdict.ts";
import type { LaunchOrder, NodeRole } from "#proof/launch-order.ts";
import { nodeRoles } from "#proof/read-launch-order.ts";
import { closedTable, decideWhere, readNodeTable, type NodeTable, type NodeTableEntry } from "#nodes/rules/node-table.ts";
import { roleIncludes } from "#nodes/rules/node-roles.ts";
import { readNodeTrust, type NodeTrust } from "#nodes/rules/node-trust.ts";
import { sampleOrder } from "#test/fixtures/launch-order.ts";

const trust: NodeTrust = {
  version: 1,
  node: { id: "nod_01", name: "ledger-1" },
  realm: { id: "rlm_01", name: "corp", epoch: 1 },
  rootKey: `${"A".repeat(42)}E`,
  rotationSerial: 0,
  issuers: [{ kid: "k1", key: `${"A".repeat(42)}E` }],
};
const table = (...entries: NodeTableEntry[]): NodeTable => ({ version: 1, entries });
const john = "user:corp/acc_john";
const orderOf = (accessId: string, requires: NodeRole = "operator", groups: readonly string[] = []): LaunchOrder =>
  sampleOrder({ submitter: { accessId, name: "john", groups }, requires });

const ruleOf = (verdict: Verdict): string => `${verdict.effect} ${verdict.because.rule}`;
const permits = (verdict: Verdict): void => assert.equal(verdict.effect, "permit", verdict.because.text);

test("B10: administrator includes configurator, operator and monitor but not auditor; configurator and operator include monitor only", () => {
  const matrix = Object.fromEntries(nodeRoles.map((held) => [held, nodeRoles.filter((required) => roleIncludes(held, required))]));
  assert.deepEqual(matrix, {
    monitor: ["monitor"],
    configurator: ["monitor", "configurator"],
    operator: ["monitor", "operator"],
    administrator: ["monitor", "configurator", "operator", "administrator"],
    auditor: ["auditor"],
  });
  for (const held of nodeRoles)
    for (const required of nodeRoles)
      assert.equal(
        decideWhere(orderOf(john, required), trust, table({ subject: john, roles: [held] })).effect === "permit",
        roleIncludes(held, required),
        `${held} where ${required} is asked`,
      );
});

test("B18/B22: a submitter whom the node's table names with the role may run there, and the verdict names the entry", () => {
  const verdict = decideWhere(
    orderOf(john),
    trust,
    table({ subject: "user:corp/acc_other", roles: ["administrator"] }, { subject: john, roles: ["operator"] }),
  );
  assert.equal(ruleOf(verdict), "permit where.table");
  assert.equal(verdict.because.text, "the table of node `ledger-1` gives `user:corp/acc_john` the role `operator`");
  assert.deepEqual(verdict.because.facts, {
    node: "ledger-1",
    submitter: john,
    submitterName: "john",
    requires: "operator",
    subject: john,
    role: "operator",
  });
});

test("B19/B23: a submitter whom this node's table does not name may not run there, and the hint is the exact command", () => {
  const verdict = decideWhere(orderOf(john), trust, table({ subject: "user:corp/acc_other", roles: ["administrator"] }));
  assert.equal(ruleOf(verdict), "deny where.not-in-table");
  assert.ok(verdict.effect === "deny");
  assert.equal(verdict.problem.code, "nodes.role-missing");
  assert.equal(
    verdict.problem.message,
    "the job needs the role `operator` on node `ledger-1`, whose table gives `john` (`user:corp/acc_john`) none",
  );
  assert.equal(verdict.problem.hint, "on the node: behalf node table grant user:corp/acc_john operator");
  assert.equal(verdict.problem.because, verdict.because);
});

test("B19: a role that does not include the required one is told apart, with what is held", () => {
  const verdict = decideWhere(orderOf(john), trust, table({ subject: john, roles: ["configurator", "auditor"] }));
  assert.equal(ruleOf(verdict), "deny where.role-missing");
  assert.match(verdict.because.text, /gives `john` \(`user:corp\/acc_john`\) only `configurator`, `auditor`$/);
});

test("B12/B13: each node decides by its own table: administrator here is nobody there", () => {
  const user1 = "user:corp/user1";
  const user2 = "user:corp/user2";
  const one = table({ subject: user1, roles: ["administrator"] });
  const two = table({ subject: user2, roles: ["configurator"] });
  permits(decideWhere(orderOf(user1, "administrator"), trust, one));
  assert.equal(ruleOf(decideWhere(orderOf(user1, "monitor"), trust, two)), "deny where.not-in-table");
  permits(decideWhere(orderOf(user2, "monitor"), trust, two));
  assert.equal(ruleOf(decideWhere(orderOf(user2, "operator"), trust, two)), "deny where.role-missing");
  assert.equal(ruleOf(decideWhere(orderOf(user2, "monitor"), trust, one)), "deny where.not-in-table");
});

test("S6: a table starts closed: nobody has a role", () => {
  for (const requires of nodeRoles)
    assert.equal(ruleOf(decideWhere(orderOf(john, requires), trust, closedTable)), "deny where.closed-table");
});

test("B22: groups and `authenticated` give roles; groups of the actor or equal names do not", () => {
  permits(decideWhere(orderOf(john, "operator", ["finance"]), trust, table({ subject: "group:finance", roles: ["operator"] })));
  permits(decideWhere(orderOf(john), trust, table({ subject: "authenticated", roles: ["operator"] })));
  permits(decideWhere(orderOf("os:1000"), trust, table({ subject: "authenticated", roles: ["operator"] })));
  permits(decideWhere(orderOf("os:1000"), trust, table({ subject: "os:1000", roles: ["administrator"] })));
  assert.equal(
    decideWhere(orderOf(john, "operator", ["finance"]), trust, table({ subject: "group:financ", roles: ["operator"] })).effect,
    "deny",
  );
  assert.equal(
    decideWhere(orderOf(john, "operator", ["authenticated", "os:1000"]), trust, table({ subject: "os:1000", roles: ["operator"] })).effect,
    "deny",
  );
  assert.equal(decideWhere(orderOf("os:10001"), trust, table({ subject: "os:1000", roles: ["operator"] })).effect, "deny");
  const order = sampleOrder({
    submitter: { accessId: john, name: "john", groups: [] },
    actor: { accessId: "user:corp/boss", name: "boss", groups: ["finance"] },
  });
  assert.equal(
    decideWhere(order, trust, table({ subject: "group:finance", roles: ["operator"] }, { subject: "user:corp/boss", roles: ["operator"] }))
      .effect,
    "deny",
  );
});

test("B24: an identity of another realm gets nothing, even by a group, `authenticated` or its own name in the table", () => {
  const open = table(
    { subject: "authenticated", roles: ["administrator"] },
    { subject: "group:finance", roles: ["administrator"] },
    { subject: "user:other/acc_john", roles: ["administrator"] },
  );
  assert.equal(ruleOf(decideWhere(orderOf("user:other/acc_john", "monitor", ["finance"]), trust, open)), "deny where.foreign-realm");
  assert.equal(ruleOf(decideWhere(orderOf("john", "monitor"), trust, open)), "deny where.foreign-realm");
  const order = orderOf(john, "monitor");
  assert.equal(ruleOf(decideWhere({ ...order, realm: { ...order.realm, id: "rlm_02" } }, trust, open)), "deny where.foreign-realm");
  assert.equal(ruleOf(decideWhere({ ...order, node: { ...order.node, id: "nod_02" } }, trust, open)), "deny where.foreign-node");
});

test("B10: an entry more never takes a permit away, and the hint's command always flips a refusal", () => {
  const role = fc.constantFrom(...nodeRoles);
  const subject = fc.constantFrom(john, "user:corp/acc_other", "authenticated", "group:a", "group:b", "os:5");
  const entries = fc.array(fc.record({ subject, roles: fc.array(role, { maxLength: 3 }) }), { maxLength: 6 });
  fc.assert(
    fc.property(
      entries,
      fc.record({ subject, roles: fc.array(role, { maxLength: 3 }) }),
      role,
      fc.subarray(["a", "b"]),
      (some, more, requires, groups) => {
        const order = orderOf(john, requires, groups);
        const before = decideWhere(order, trust, table(...some));
        if (before.effect === "permit") permits(decideWhere(order, trust, table(...some, more)));
        else {
          const [, granted = "", grantedRole = ""] = /table grant (\S+) (\S+)$/.exec(before.problem.hint) ?? [];
          permits(decideWhere(order, trust, table(...some, { subject: granted, roles: [grantedRole as NodeRole] })));
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("S6: tables and trust are read strictly", () => {
  assert.equal(readNodeTable(table({ subject: john, roles: ["operator"] }, { subject: "group:Domain Users", roles: [] })).ok, true);
  for (const bad of [
    null,
    {},
    { version: 2, entries: [] },
    { version: 1, entries: {} },
    { version: 1, entries: [], open: true },
    { version: 1, entries: [{ subject: john }] },
    { version: 1, entries: [{ subject: john, roles: ["root"] }] },
    { version: 1, entries: [{ subject: "john", roles: ["operator"] }] },
    { version: 1, entries: [{ subject: "everyone", roles: ["operator"] }] },
    { version: 1, entries: [{ subject: "group:", roles: ["operator"] }] },
    { version: 1, entries: [{ subject: "os:root", roles: ["operator"] }] },
    { version: 1, entries: [{ subject: john, roles: ["operator"], deny: true }] },
  ])
    assert.equal(readNodeTable(bad).ok, false, JSON.stringify(bad));
  assert.equal(readNodeTrust(trust).ok, true);
  for (const bad of [
    null,
    { ...trust, rootKey: "x" },
    { ...trust, issuers: [{ kid: "k" }] },
    { ...trust, extra: 1 },
    { ...trust, realm: { id: "rlm_01", name: "corp" } },
    { ...trust, rotationSerial: -1 },
  ])
    assert.equal(readNodeTrust(bad).ok, false, JSON.stringify(bad));
});
