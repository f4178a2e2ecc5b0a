import { test } from "node:test";
import assert from "node:assert/strict";
import { problem } from "#kernel/problem.ts";
import { ok, refuse } from "#kernel/result.ts";
import { decideAsWhom, folderOfJob, type AsWhomFacts } from "#launch/rules/run-identity.ts";
import type { CredentialEntry, NodePolicy } from "#launch/rules/credentials.ts";
import type { OsAccount } from "#launch/rules/os-account.ts";

const account: OsAccount = {
  user: "svc-ledger",
  uid: 1500,
  gid: 1500,
  groups: [1500],
  home: "/",
  shell: "/bin/sh",
  state: "usable",
  nologin: false,
};
const entry: CredentialEntry = {
  key: "run_as_ledger",
  user: "svc-ledger",
  allow: { folders: ["/finance"], submitters: ["user:corp/acc_1", "group:clerks"] },
  allowNologin: false,
  noNewPrivileges: false,
};
const policy: NodePolicy = { version: 1, namedUids: [], defaultJobAccount: null, accounts: [], exclusive: "none" };
const facts: AsWhomFacts = {
  order: {
    as: { kind: "credential", key: "run_as_ledger", loadProfile: false },
    job: { path: "/finance/close/books", revision: 1, author: "user:corp/acc_9" },
    submitter: { accessId: "user:corp/acc_1", name: "close-clerk", groups: [] },
  },
  credentials: [entry],
  policy,
  heldRoles: ["operator"],
  account: ok(account),
  policyUids: new Map(),
  minimumUid: 1000,
  partUids: [],
  nologinNotice: null,
};

const decide = (more: Partial<AsWhomFacts> = {}) => decideAsWhom({ ...facts, ...more });
/** Rule and code of a refusal; the hint for those who look closer. */
const refusal = (more: Partial<AsWhomFacts>): { rule: string; code: string; message: string; hint: string } => {
  const { verdict, runAs } = decide(more);
  assert.equal(verdict.effect, "deny");
  assert.equal(runAs, null);
  assert.equal(verdict.because.text, verdict.problem.message);
  return { rule: verdict.because.rule, code: verdict.problem.code, message: verdict.problem.message, hint: verdict.problem.hint };
};
const agent: AsWhomFacts["order"] = { ...facts.order, as: { kind: "agent" } };
const withAccount = (more: Partial<OsAccount>): Partial<AsWhomFacts> => ({ account: ok({ ...account, ...more }) });

test("2.2, A8, A33: a key that names a usable account and allows folder and submitter permits, with its facts", () => {
  const { verdict, runAs } = decide();
  assert.equal(verdict.effect, "permit");
  assert.equal(verdict.because.rule, "as-whom.credential");
  assert.deepEqual(verdict.because.facts, {
    as: "credential",
    key: "run_as_ledger",
    folder: "/finance/close",
    submitter: "user:corp/acc_1",
    user: "svc-ledger",
    uid: 1500,
    gid: 1500,
  });
  assert.deepEqual(runAs, { account, entry });
});

test("A35, A36: a missing key is named in the message, and the hint has the command", () => {
  const found = refusal({ credentials: [] });
  assert.deepEqual([found.rule, found.code], ["as-whom.no-such-key", "launch.no-such-key"]);
  assert.match(found.message, /no entry named `run_as_ledger`/);
  assert.match(found.hint, /behalf credential set run_as_ledger --user ACCOUNT --folder \/finance\/close --submitter ACCESS_ID/);
});

test("S6: an empty allow list means nobody; folder and submitter must both match", () => {
  assert.equal(refusal({ credentials: [{ ...entry, allow: { folders: [], submitters: [] } }] }).code, "launch.folder-not-allowed");
  assert.equal(refusal({ credentials: [{ ...entry, allow: { folders: ["/"], submitters: [] } }] }).code, "launch.submitter-not-allowed");
  assert.equal(
    refusal({ credentials: [{ ...entry, allow: { folders: ["/fin", "/finance/closed", "/other"], submitters: ["authenticated"] } }] }).code,
    "launch.folder-not-allowed",
  );
  const submitter = refusal({
    order: { ...facts.order, submitter: { accessId: "user:other/acc_1", name: "close-clerk", groups: ["clerk"] } },
  });
  assert.deepEqual([submitter.rule, submitter.code], ["as-whom.submitter", "launch.submitter-not-allowed"]);
  assert.match(
    submitter.hint,
    /behalf credential set run_as_ledger --user svc-ledger --folder \/finance --submitter user:corp\/acc_1 --submitter group:clerks --submitter user:other\/acc_1$/,
  );
});

test("S6: groups, `authenticated` and the root folder allow as they say", () => {
  const stranger = { ...facts.order, submitter: { accessId: "user:corp/acc_2", name: "x", groups: ["clerks"] } };
  assert.equal(decide({ order: stranger }).verdict.effect, "permit");
  assert.equal(decide({ credentials: [{ ...entry, allow: { folders: ["/"], submitters: ["authenticated"] } }] }).verdict.effect, "permit");
  assert.equal(folderOfJob("/top"), "/");
  assert.equal(folderOfJob("/a/b/c"), "/a/b");
});

test("S7: root, the numbers for nobody, system uids and Behalf's own accounts are refused by number, whatever their name is", () => {
  for (const uid of [0, 65_535, 4_294_967_295, 1, 999]) {
    const found = refusal(withAccount({ uid }));
    assert.deepEqual([found.rule, found.code], ["as-whom.system-account", "launch.system-account"], String(uid));
    assert.match(found.hint, new RegExp(`add ${uid} to \`namedUids\``));
  }
  assert.equal(refusal({ partUids: [1500] }).code, "launch.own-account");
  assert.equal(decide({ ...withAccount({ uid: 500 }), minimumUid: 500 }).verdict.effect, "permit");
});

test("S7: the node's policy can name such a uid", () => {
  for (const uid of [0, 999, 1500])
    assert.equal(decide({ ...withAccount({ uid }), partUids: [1500], policy: { ...policy, namedUids: [uid] } }).verdict.effect, "permit");
});

test("S7: `as: agent` is the node's default job account, by the same rules; without one it is refused", () => {
  const none = refusal({ order: agent });
  assert.deepEqual([none.rule, none.code], ["as-whom.no-default-account", "launch.no-default-account"]);
  const named = { ...policy, defaultJobAccount: "svc-ledger" };
  assert.equal(decide({ order: agent, policy: named }).verdict.because.rule, "as-whom.agent");
  assert.equal(refusal({ order: agent, policy: named, ...withAccount({ uid: 0 }) }).code, "launch.system-account");
  assert.equal(refusal({ order: agent, policy: named, partUids: [1500] }).code, "launch.own-account");
});

test("2.4: policy rules narrow by account, folder and node role, and compare uids", () => {
  const rule = { user: "ledger-alias", folders: ["/finance"], roles: ["operator" as const] };
  const narrowed = { ...policy, accounts: [rule] };
  const policyUids = new Map([["ledger-alias", 1500]]);
  assert.equal(decide({ policy: narrowed, policyUids }).verdict.effect, "permit");
  assert.equal(refusal({ policy: narrowed, policyUids: new Map() }).code, "launch.policy-refuses-account");
  assert.equal(refusal({ policy: narrowed, policyUids: new Map([["ledger-alias", 1501]]) }).code, "launch.policy-refuses-account");
  assert.match(refusal({ policy: narrowed, policyUids, heldRoles: ["administrator"] }).message, /asks for the role `operator`/);
  assert.equal(
    refusal({ policy: { ...policy, accounts: [{ ...rule, folders: ["/other"] }] }, policyUids }).code,
    "launch.policy-refuses-account",
  );
});

test("2.2: unknown, locked, expired and nologin accounts each have their own code and the exact remedy", () => {
  const unknown = refusal({ account: refuse(problem("launch.unknown-account", "the host has no account `svc-ledger`")) });
  assert.equal(unknown.code, "launch.unknown-account");
  assert.match(unknown.message, /`run_as_ledger`/);
  assert.match(refusal(withAccount({ state: "locked" })).hint, /usermod --unlock -- svc-ledger/);
  assert.match(refusal(withAccount({ state: "expired" })).hint, /chage --expiredate -1 -- svc-ledger/);
  const nologin = refusal(withAccount({ nologin: true, shell: "/usr/sbin/nologin" }));
  assert.equal(nologin.code, "launch.account-nologin");
  assert.match(nologin.hint, /behalf credential set run_as_ledger .*--allow-nologin$/);
  assert.equal(decide({ ...withAccount({ nologin: true }), credentials: [{ ...entry, allowNologin: true }] }).verdict.effect, "permit");
});

test("S6: a test of an entry asks everything but who may use it, and its hints never widen the entry", () => {
  const test: Partial<AsWhomFacts> = {
    order: { ...facts.order, job: { ...facts.order.job, path: "/" }, submitter: { accessId: "os:0", name: "test", groups: [] } },
    isTest: true,
  };
  assert.equal(decide(test).verdict.effect, "permit");
  assert.equal(refusal({ ...test, isTest: false }).code, "launch.folder-not-allowed");
  assert.equal(refusal({ ...test, ...withAccount({ uid: 0 }) }).code, "launch.system-account");
  assert.equal(refusal({ ...test, nologinNotice: "maintenance" }).code, "launch.node-nologin");
  assert.equal(
    refusal({ ...test, ...withAccount({ nologin: true }) }).hint,
    "on the node: behalf credential set run_as_ledger --user svc-ledger --folder /finance --submitter user:corp/acc_1 --submitter group:clerks --allow-nologin",
  );
  assert.match(refusal({ ...test, credentials: [] }).hint, /--folder FOLDER --submitter ACCESS_ID$/);
});

test("2.4: a test of an entry says where the policy leaves its account no job at all", () => {
  const rule = { user: "svc-ledger", folders: ["/finance/close"], roles: ["operator"] as const };
  const test = (accounts: NodePolicy["accounts"], folders = entry.allow.folders): Partial<AsWhomFacts> => ({
    order: { ...facts.order, job: { ...facts.order.job, path: "/" } },
    credentials: [{ ...entry, allow: { ...entry.allow, folders } }],
    policy: { ...policy, accounts },
    policyUids: new Map([["svc-ledger", 1500]]),
    heldRoles: [],
    isTest: true,
  });
  // Above, at and below the entry's own folder some job can have it.
  for (const folder of ["/", "/finance", "/finance/close"])
    assert.equal(decide(test([{ ...rule, folders: [folder] }])).verdict.effect, "permit", folder);
  assert.equal(decide(test([rule], [])).verdict.effect, "permit", "an entry for nobody is asked about without its folders");
  const nowhere = refusal(test([{ ...rule, user: "somebody-else" }]));
  assert.equal(nowhere.code, "launch.policy-refuses-account");
  assert.match(nowhere.message, /refuses account `svc-ledger`: no rule names the account$/);
  assert.match(nowhere.hint, /\{"user":"svc-ledger","folders":\["\/finance"\],"roles":\["operator"\]\}$/);
  assert.match(refusal(test([{ ...rule, folders: ["/hr"] }])).message, /no rule names the account for `\/finance`$/);
  assert.match(refusal(test([{ ...rule, roles: [] }])).message, /its rule names no role$/);
});

test("S7: a default job account that the host does not know is told as that, with the policy as the place to correct it", () => {
  const order = { ...facts.order, as: { kind: "agent" } as const };
  const account = refuse(problem("launch.unknown-account", "the host has no account `gone`"));
  const unknown = refusal({ order, account, policy: { ...policy, defaultJobAccount: "gone" } });
  assert.equal(unknown.message, "the host has no account `gone`, the node's default job account");
  assert.match(unknown.hint, /`defaultJobAccount` with `behalf node policy set`; `getent passwd -- gone`/);
});

test("O4: /etc/nologin refuses new runs", () => {
  assert.equal(refusal({ nologinNotice: "maintenance" }).code, "launch.node-nologin");
});

test("S6: somebody who may not use a key learns nothing about its account", () => {
  const found = refusal({
    credentials: [{ ...entry, allow: { folders: ["/other"], submitters: [] } }],
    account: refuse(problem("launch.unknown-account", "secret fact")),
  });
  assert.equal(found.code, "launch.folder-not-allowed");
  assert.doesNotMatch(JSON.stringify(found.message), /secret fact/);
});

test("S6: an account that nobody looked up, or a bad name, is never a permit", () => {
  assert.equal(refusal({ account: null }).code, "launch.account-lookup-failed");
  assert.equal(refusal({ credentials: [{ ...entry, user: "0" }] }).code, "launch.bad-user-name");
});
