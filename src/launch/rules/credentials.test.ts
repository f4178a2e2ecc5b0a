import { test } from "node:test";
import assert from "node:assert/strict";
import { readCredentialEntry, readNodePolicy } from "#launch/rules/credentials.ts";

const entry = {
  key: "run_as_jobuser",
  user: "jobuser",
  allow: { folders: ["/finance"], submitters: ["group:clerks"] },
  allowNologin: false,
  noNewPrivileges: false,
};
const policy = {
  version: 1,
  namedUids: [],
  defaultJobAccount: null,
  accounts: [{ user: "svc", folders: ["/"], roles: ["operator"] }],
  exclusive: "none",
};

const codeOf = (read: { ok: boolean; problem?: { code: string } }): string => (read.ok ? "ok" : (read.problem?.code ?? ""));

test("A6, A9, A16: an entry maps a key to a user name, and has no field for a password", () => {
  assert.deepEqual(readCredentialEntry(entry), { ok: true, value: entry });
  assert.equal(codeOf(readCredentialEntry({ ...entry, password: "x" })), "launch.bad-credential");
});

test("E9: a folder with `/*` at its end is the folder, here as in a role; another `*` would match nothing and is refused", () => {
  const read = (folders: string[]) => {
    const given = readCredentialEntry({ ...entry, allow: { folders, submitters: [] } });
    return given.ok ? given.value.allow.folders : given.problem.code;
  };
  assert.deepEqual(read(["/*", "/finance/*", "/finance"]), ["/", "/finance", "/finance"]);
  for (const folder of ["/fin*", "/*/close", "/finance/**"]) assert.equal(read([folder]), "launch.bad-credential", folder);
  const ruled = readNodePolicy({ ...policy, accounts: [{ user: "svc", folders: ["/finance/*"], roles: ["operator"] }] });
  assert.deepEqual(ruled.ok && ruled.value.accounts.map(({ folders }) => folders), [["/finance"]]);
  assert.equal(codeOf(readNodePolicy({ ...policy, accounts: [{ user: "svc", folders: ["/f*"], roles: [] }] })), "launch.bad-policy");
});

test("S6: what an entry allows is spelt exactly: folders from the root, known forms of submitters", () => {
  assert.equal(codeOf(readCredentialEntry({ ...entry, allow: { folders: [], submitters: [] } })), "ok");
  for (const folder of ["finance", "/finance/", "//", "/a//b", "/a\nb", "", "/a/../b", "/..", "/./a"])
    assert.equal(codeOf(readCredentialEntry({ ...entry, allow: { folders: [folder], submitters: [] } })), "launch.bad-credential", folder);
  for (const submitter of ["", "everyone", "group:", "alice", "user:"])
    assert.equal(
      codeOf(readCredentialEntry({ ...entry, allow: { folders: [], submitters: [submitter] } })),
      "launch.bad-credential",
      submitter,
    );
  for (const submitter of ["authenticated", "group:clerks", "user:corp/acc_1", "os:1000"])
    assert.equal(codeOf(readCredentialEntry({ ...entry, allow: { folders: [], submitters: [submitter] } })), "ok", submitter);
});

test("A33: keys are plain names", () => {
  for (const key of ["", "-x", " a", "a b", "a'b", "a\u0000", "x".repeat(200)])
    assert.equal(codeOf(readCredentialEntry({ ...entry, key })), "launch.bad-credential", key);
  for (const key of ["run_as_jobuser", "Schlüssel.1", "host:port", "a@b"])
    assert.equal(codeOf(readCredentialEntry({ ...entry, key })), "ok", key);
});

test("A37, A58: a user name that no account can have is refused when it is set", () => {
  assert.equal(codeOf(readCredentialEntry({ ...entry, user: "DOMAIN\\user" })), "launch.bad-user-name");
  assert.equal(codeOf(readNodePolicy({ ...policy, defaultJobAccount: "0" })), "launch.bad-user-name");
  assert.equal(codeOf(readNodePolicy({ ...policy, accounts: [{ user: "a%", folders: [], roles: [] }] })), "launch.bad-user-name");
});

test("S6, S7: a policy with anything unknown is refused as a whole", () => {
  assert.deepEqual(readNodePolicy(policy), { ok: true, value: policy });
  for (const wrong of [
    null,
    [],
    {},
    { ...policy, version: 2 },
    { ...policy, namedUids: ["0"] },
    { ...policy, namedUids: [-1] },
    { ...policy, namedUids: [4_294_967_296] },
    { ...policy, extra: 1 },
    { ...policy, exclusive: "all" },
  ]) {
    assert.equal(codeOf(readNodePolicy(wrong)), "launch.bad-policy", JSON.stringify(wrong));
  }
});
