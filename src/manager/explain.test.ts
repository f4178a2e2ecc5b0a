/** Explanations over HTTP: source lines, who can change it, several questions at once, and what a reader is told. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "#test/fixtures/instance.ts";
import { startManager, type ManagerWorld, type Person } from "#test/fixtures/manager.ts";
import { onBothStores } from "#test/fixtures/stores.ts";

const roles = `# who works with finance
kind: Role
name: clerk
permissions:
  - controller:runs
  - -controller:runs:cancel
folders:
  - /finance/*
controllers:
  eu.main: { permissions: ["controller:view"] }
`;
const people = `kind: Role
name: helper
permissions: [manager:view]
---
kind: Account
name: ann
roles: [clerk, helper]
`;

const apply = (world: ManagerWorld, documents: string, files: readonly object[] = [], more: object = {}) =>
  world.owner.ask({ method: "POST", path: "/api/v1/definitions", body: { documents, files, confirm: true, ...more } });
const explain = async (person: Person, body: object) => {
  const answer = await person.ask({ method: "POST", path: "/api/v1/explain", body });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
};
const cancel = { actor: "ann", permission: "controller:runs:cancel", on: "/finance/close" };
const view = { ...cancel, permission: "controller:runs:view" };

onBothStores("3.4: the deciding entry has its file and line, until the role is edited otherwise", async (given, t) => {
  const world = await startManager(t, { database: given.url });
  const documents = `${roles}\n---\n${people}`;
  const files = [
    { name: "roles.yaml", line: 1 },
    { name: "people.yaml", line: roles.split("\n").length - 1 + 3 },
  ];
  assert.equal((await apply(world, documents, files)).status, 200);
  const denied = await explain(world.owner, cancel);
  assert.deepEqual(denied.decidedBy, {
    kind: "denial",
    role: "clerk",
    service: "LOCAL-INITIAL",
    scope: "default",
    entry: "-controller:runs:cancel",
    source: "roles.yaml:6",
  });
  assert.equal(denied.folder, null);
  const permitted = await explain(world.owner, view);
  assert.equal(permitted.decidedBy.source, "roles.yaml:5");
  assert.deepEqual([permitted.folder.entry, permitted.folder.source], ["/finance/*", "roles.yaml:8"]);
  const other = await explain(world.owner, { actor: "ann", permission: "manager:view" });
  assert.equal(other.decidedBy.source, "people.yaml:3");
  const there = await explain(world.owner, { actor: "ann", permission: "controller:view", controller: "eu.main" });
  assert.equal(there.decidedBy.source, "roles.yaml:10");

  const moved = await apply(world, `\n\n${roles}`, [{ name: "moved.yaml", line: 1 }]);
  assert.deepEqual([moved.json.results[0].change, moved.json.results[0].revision], ["unchanged", 1]);
  assert.equal((await explain(world.owner, cancel)).decidedBy.source, "moved.yaml:8");
  assert.equal((await apply(world, roles)).status, 200);
  assert.match((await explain(world.owner, cancel)).decidedBy.source, /^line 6 of what was applied at \d{4}-/);

  const before = (await explain(world.owner, cancel)).decidedBy.source as string;
  assert.equal((await apply(world, roles.replace("controller:runs\n", "controller\n"), files, { dryRun: true })).status, 200);
  assert.equal((await explain(world.owner, cancel)).decidedBy.source, before, "a dry run keeps nothing");
  const definition = (await world.owner.ask({ path: "/api/v1/roles/clerk" })).json.definition as object;
  const body = { definition: { ...definition, folders: ["/finance/*", "/hr/*"] }, confirm: true };
  assert.equal((await world.owner.ask({ method: "PUT", path: "/api/v1/roles/clerk", body })).status, 200);
  assert.match((await explain(world.owner, cancel)).decidedBy.source, /^edited by os:\d+ at \d{4}-/);
});

onBothStores("3.4: the smallest change names who can make it, to those who may know accounts", async (given, t) => {
  const world = await startManager(t, { database: given.url });
  assert.equal((await apply(world, `${roles}\n---\n${people}`)).status, 200);
  const chief = await world.person("chief", { permissions: ["manager:administration:accounts:manage"] });
  await world.person("gone", { permissions: ["manager:administration:accounts:manage"] });
  await world.owner.ask({ method: "POST", path: "/api/v1/accounts/gone/disable?confirm=true", body: {} });
  await world.person("denied", { permissions: ["manager:administration", "-manager:administration:accounts:manage"] });
  const { change } = await explain(world.owner, cancel);
  assert.equal(change.text, "remove the denial `-controller:runs:cancel` from role `clerk` for all controllers");
  assert.deepEqual(change.steps, [
    {
      kind: "remove-denial",
      text: change.text,
      role: "clerk",
      service: "LOCAL-INITIAL",
      scope: "default",
      entry: "-controller:runs:cancel",
    },
  ]);
  assert.equal(change.needs, "manager:administration:accounts:manage");
  assert.deepEqual(
    change.byWhom.accounts.map((one: { name: string }) => one.name),
    ["chief", `os:${process.getuid?.()}`, "root"],
    "neither the disabled one nor the one who is denied it",
  );
  assert.equal(change.byWhom.more, false);
  const own = await explain(chief, { permission: "controller:runs:cancel", on: "/finance/close" });
  assert.deepEqual([own.change.byActor, own.change.byWhom], [true, null], "manage does not imply view (E6)");
  const unprivileged = await world.person("una", { permissions: ["controller:runs:view", "-controller:runs:cancel"] });
  const told = await explain(unprivileged, { permission: "controller:runs:cancel", on: "/finance/close" });
  assert.deepEqual([told.decidedBy.role, told.decidedBy.source, told.change.byWhom], ["role-of-una", null, null]);
  assert.ok(!JSON.stringify(told).includes("chief"));
  assert.equal(
    (await explain(world.owner, { actor: "ann", permission: "controller:runs" })).change.byWhom,
    null,
    "no change of roles makes it a leaf",
  );
});

onBothStores("3.4: a disabled account can do nothing, whatever its roles say, and the explanation says both", async (given, t) => {
  const world = await startManager(t, { database: given.url });
  assert.equal((await apply(world, `${roles}\n---\n${people}`)).status, 200);
  assert.equal((await world.owner.ask({ method: "POST", path: "/api/v1/accounts/ann/disable?confirm=true", body: {} })).status, 200);
  const told = await explain(world.owner, view);
  assert.deepEqual([told.effect, told.because.rule, told.because.children[0].rule], ["deny", "who.disabled", "may.granted"]);
  assert.equal(told.hint, "enable it with `behalf account enable ann`");
  assert.deepEqual([told.change.text, told.change.steps], [told.hint, []]);
  assert.ok(told.change.byWhom.accounts.length > 0);
});

onBothStores("3.4: an explanation is read from the store each time, never from what is kept", async (given, t) => {
  const world = await startManager(t, { database: given.url });
  assert.equal((await apply(world, `${roles}\n---\n${people}`)).status, 200);
  assert.equal((await explain(world.owner, view)).effect, "permit");
  const { store } = world.manager.services;
  // Behind the back of every revision that tells caches to look again.
  await store.write((tx) => tx.updateTable("roles").set({ scopes: "[]" }).where("name", "=", "clerk").execute());
  assert.equal((await explain(world.owner, view)).effect, "deny");
});

onBothStores("3.4: several questions in one call, in their order, all or none", async (given, t) => {
  const world = await startManager(t, { database: given.url });
  assert.equal((await apply(world, `${roles}\n---\n${people}`)).status, 200);
  const several = await explain(world.owner, { questions: [cancel, view, { permission: "manager:view" }] });
  assert.deepEqual(
    several.items.map((item: { effect: string; actor: { name: string } }) => `${item.actor.name} ${item.effect}`),
    ["ann deny", "ann permit", `os:${process.getuid?.()} permit`],
  );
  assert.deepEqual(several.items[0], await explain(world.owner, cancel), "the single form answers the same");
  const send = (body: object) => world.owner.ask({ method: "POST", path: "/api/v1/explain", body });
  const wrong = await send({ questions: [cancel, { permission: "controller:runs:creat" }] });
  assert.deepEqual([wrong.status, wrong.json.at.path], [422, "questions.1.permission"]);
  assert.match(wrong.json.hint, /controller:runs:create/);
  const unknown = await send({ questions: [{ ...cancel, actor: "nobody-here" }] });
  assert.deepEqual([unknown.status, unknown.json.code], [404, "identity.account-not-found"]);
  assert.equal((await send({ questions: Array.from({ length: 100 }, () => view) })).status, 200);
  for (const body of [
    { questions: [] },
    { questions: Array.from({ length: 101 }, () => view) },
    { ...view, questions: [view] },
    { actor: "ann", questions: [view] },
    {},
    { on: "/finance" },
  ])
    assert.equal((await send(body)).status, 422, JSON.stringify(body).slice(0, 80));
  const plain = await world.person("pia", { permissions: [] });
  const refused = await plain.ask({
    method: "POST",
    path: "/api/v1/explain",
    body: { questions: [{ permission: "manager:view" }, cancel] },
  });
  assert.equal(refused.status, 403);
});

onBothStores("W7: who explains others within folders learns nothing of other folders", async (given, t) => {
  const world = await startManager(t, { database: given.url });
  const wide = `kind: Role\nname: wide\npermissions: [controller:runs]\nfolders: [/finance/eu/north, /finance/eu/secret-project/*, /hr/*]\n`;
  assert.equal((await apply(world, `${wide}---\nkind: Account\nname: ben\nroles: [wide]\n`)).status, 200);
  const helper = await world.person("hal", { permissions: ["manager:explain:others"], folders: ["/finance/eu/south/*"] });
  const asked = { actor: "ben", permission: "controller:runs:view" };
  const told = await explain(helper, { ...asked, on: "/finance/eu/south/" });
  assert.equal(told.effect, "deny");
  assert.ok(!JSON.stringify(told).includes("secret-project"), JSON.stringify(told, null, 1));
  assert.match(JSON.stringify(told), /and 2 folders that you may not know of/);
  const whole = await explain(world.owner, { ...asked, on: "/finance/eu/south/" });
  assert.match(JSON.stringify(whole), /secret-project/);
  for (const on of ["/hr/x", "/finance/eu/secret-project/x"])
    assert.equal((await helper.ask({ method: "POST", path: "/api/v1/explain", body: { ...asked, on } })).status, 404, on);
});

onBothStores("3.1: an unknown permission is a problem with the nearest match, in its file, line and column", async (given, t) => {
  const world = await startManager(t, { database: given.url });
  const second = `kind: Role\nname: typo\ncontrollers:\n  eu.main:\n    permissions:\n      - controller:runs\n      - -controller:runs:cancle\n`;
  const documents = `${roles}\n---\n${second}`;
  const files = [
    { name: "roles.yaml", line: 1 },
    { name: "typo.yaml", line: roles.split("\n").length - 1 + 3 },
  ];
  const refused = await apply(world, documents, files);
  assert.deepEqual([refused.status, refused.json.code], [422, "access.unknown-permission"]);
  assert.deepEqual(refused.json.at, { file: "typo.yaml", line: 7, column: 9, path: "controllers.eu.main.permissions.1" });
  assert.match(refused.json.hint, /`controller:runs:cancel`/);
  const alone = await apply(world, second);
  assert.deepEqual(alone.json.at, { document: 1, line: 7, column: 9, path: "controllers.eu.main.permissions.1" });
  const broken = await apply(world, `${roles}\n---\nkind: [Role\n`, files);
  assert.deepEqual([broken.json.at.file, broken.json.code], ["typo.yaml", "input.malformed-yaml"]);
});

onBothStores("3.4: the command line tells file, line and who can change it, and asks many questions from a file", async (given, t) => {
  const world = await startManager(t, { database: given.url });
  const folder = mkdtempSync(join(tmpdir(), "bhf-explain-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [one, two, asked] = [join(folder, "roles.yaml"), join(folder, "people.yaml"), join(folder, "questions.yaml")];
  writeFileSync(one, roles);
  writeFileSync(two, people);
  writeFileSync(asked, `- ${JSON.stringify(cancel)}\n---\n${JSON.stringify(view)}\n`);
  const cli = (...args: string[]) => runCli(["--data", world.layout.root, ...args]);
  const applied = await cli("apply", "-f", one, "-f", two, "--confirm");
  assert.equal(applied.code, 0, applied.stderr);
  const told = await cli("explain", "--actor", "ann", "--permission", "controller:runs:cancel", "--on", "/finance/close");
  assert.equal(told.code, 3, told.stderr);
  assert.match(told.stdout, /^denied: ann controller:runs:cancel on \/finance\/close$/m);
  assert.ok(told.stdout.includes(`for all controllers (${one}:6) may.denial`), told.stdout);
  assert.match(told.stdout, /who can change it: os:\d+, root$/m);
  const single = await cli("explain", "--actor", "ann", "--permission", "manager:view", "--json");
  assert.equal(single.code, 0);
  assert.equal(JSON.parse(single.stdout).decidedBy.source, `${two}:3`);
  const many = await cli("explain", "-f", asked, "--json");
  assert.equal(many.code, 3);
  assert.deepEqual(
    (JSON.parse(many.stdout) as { items: { effect: string }[] }).items.map((item) => item.effect),
    ["deny", "permit"],
  );
  assert.equal((await cli("explain", "-f", one)).code, 2, "fields that a question has not");
  writeFileSync(two, people.replace("manager:view", "manager:veiw"));
  const wrong = await cli("apply", "-f", one, "-f", two, "--confirm");
  assert.ok(wrong.stderr.includes(`(${two}, line 3, column 15, at \`permissions.0\`)`), wrong.stderr);
});
