import assert from "node:assert/strict";
import { test } from "node:test";
import { leafOf } from "#access/permissions.ts";
import { questionOfRecord } from "#web/pages/audit/question-of-record.ts";

const ask = (action: string, object: string, detail: unknown = {}, actor = "user:corp/acc_1"): ReturnType<typeof questionOfRecord> =>
  questionOfRecord({ actor, action, object, detail });

test("4.5: an act of the record leads to its literal question, with its object or not at all", () => {
  assert.deepEqual(ask("runs.create", "/finance/close"), {
    permission: "controller:runs:create",
    actor: "user:corp/acc_1",
    on: "/finance/close",
  });
  assert.deepEqual(ask("runs.cancel", "run_1", { job: "/finance/close" }), {
    permission: "controller:runs:cancel",
    actor: "user:corp/acc_1",
    on: "/finance/close",
  });
  assert.equal(ask("runs.cancel", "run_1"), null, "without its job the answer would be about something else");
  assert.deepEqual(ask("role.edit", "role:x"), { permission: "manager:administration:accounts:manage", actor: "user:corp/acc_1" });
  assert.equal(ask("account.change-password", "account:x"), null, "everybody's own");
  assert.equal(ask("runs.end", "run_1", {}, "part:controller"), null, "nobody was asked");
  for (const [action, object] of [
    ["nodes.revoke", "node:x"],
    ["jobs.apply", "/a/b"],
    ["audit.verify", "audit"],
    ["realm.rotate-key", "realm"],
    ["session.login", "session:x"],
  ] as const)
    assert.ok(leafOf(ask(action, object)?.permission ?? "") !== undefined, action);
});
