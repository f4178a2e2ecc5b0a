/** Accounts over HTTP as administrators see them: the list and its search, sessions, failed logins, and how many hold a role. */
import assert from "node:assert/strict";
import { goodPassword, startManager } from "#test/fixtures/manager.ts";
import { send } from "#test/fixtures/http.ts";
import { onBothStores } from "#test/fixtures/stores.ts";

interface Named {
  readonly name: string;
}
const namesOf = (items: readonly Named[]): string[] => items.map(({ name }) => name).toSorted();

onBothStores("4.4: accounts are found by name, group, role and state, and counted on all pages", async ({ url }, t) => {
  const world = await startManager(t, { database: url });
  const { owner } = world;
  await owner.ask({
    method: "POST",
    path: "/api/v1/roles",
    body: { definition: { kind: "Role", name: "clerk", permissions: ["manager:view"] } },
  });
  for (const body of [
    { name: "Ärne", password: goodPassword, mustChangePassword: false, groups: ["finance"] },
    { name: "bea", password: goodPassword, mustChangePassword: false, roles: ["clerk"] },
    { name: "carl_100", roles: ["clerk"], disabled: true },
  ])
    assert.equal((await owner.ask({ method: "POST", path: "/api/v1/accounts", body: { ...body, confirm: true } })).status, 201);
  const found = async (query: string): Promise<string[]> => {
    const answer = await owner.ask({ path: `/api/v1/accounts?${query}` });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.total, answer.json.items.length);
    return namesOf(answer.json.items as Named[]);
  };
  assert.deepEqual(await found("q=%C3%84RNE"), ["Ärne"], "names are compared by their fold");
  assert.deepEqual(await found("q=inanc"), ["Ärne"]);
  assert.deepEqual(await found("q=_1"), ["carl_100"], "the text is literal (W9)");
  assert.deepEqual(await found("q=%25"), []);
  assert.deepEqual(await found("role=clerk"), ["bea", "carl_100"]);
  assert.deepEqual(await found("role=clerk&state=disabled"), ["carl_100"]);
  assert.deepEqual(await found("state=enabled&role=clerk"), ["bea"]);
  assert.deepEqual(await found("state=password-due&role=clerk"), ["carl_100"]);
  assert.deepEqual(await found("state=never-signed-in&q=bea"), ["bea"]);
  assert.equal((await owner.ask({ path: "/api/v1/accounts?state=other" })).status, 422);
  const page = await owner.ask({ path: "/api/v1/accounts?limit=1&role=clerk" });
  assert.deepEqual([page.json.items.length, page.json.total], [1, 2]);
  const next = await owner.ask({ path: `/api/v1/accounts?limit=1&role=clerk&cursor=${page.json.nextCursor}` });
  assert.deepEqual([next.json.items.length, next.json.nextCursor], [1, null]);

  const roles = await owner.ask({ path: "/api/v1/roles" });
  const clerk = (roles.json.items as { name: string; holderCount: number }[]).find(({ name }) => name === "clerk");
  const searched = await owner.ask({ path: "/api/v1/roles?q=CLER" });
  assert.deepEqual(namesOf(searched.json.items as Named[]), ["clerk"]);
  assert.equal(clerk?.holderCount, 2, "D73: a list says who would lose by it");
});

onBothStores("4.4: an administrator ends one session of an account, and only of that account", async ({ url }, t) => {
  const world = await startManager(t, { database: url });
  const ann = await world.person("ann", { permissions: [] });
  const eve = await world.person("eve", { permissions: ["manager:administration:accounts:view"] });
  const sessionsOf = async (name: string): Promise<string[]> =>
    ((await world.owner.ask({ path: `/api/v1/accounts/${name}/sessions` })).json.items as { id: string }[]).map(({ id }) => id);
  const [ofAnn] = await sessionsOf("ann");
  const [ofEve] = await sessionsOf("eve");
  const end = (account: string, session = "", person = world.owner): Promise<{ status: number }> =>
    person.ask({ method: "DELETE", path: `/api/v1/accounts/${account}/sessions/${session}` });
  assert.equal((await end("ann", ofAnn, eve)).status, 403);
  assert.equal((await end("ann", ofEve)).status, 404, "it is another account's");
  assert.equal((await end("ann", "ses_no")).status, 422);
  assert.equal((await eve.ask({ path: "/api/v1/sessions/current" })).status, 200);
  assert.equal((await end("ann", ofAnn)).status, 204);
  assert.equal((await end("ann", ofAnn)).status, 404, "twice");
  assert.equal((await ann.ask({ path: "/api/v1/sessions/current" })).status, 401);
  const records = await world.owner.ask({ path: `/api/v1/audit?action=session.end&object=session:${ofAnn}` });
  assert.equal(records.json.items.length, 2, "opened and completed");
});

onBothStores("4.4: failed logins say when, under which name and from where, and hold no secret", async ({ url }, t) => {
  const world = await startManager(t, { database: url });
  await world.person("ann", { permissions: [] });
  const eve = await world.person("eve", { permissions: ["manager:administration:accounts:view"] });
  const signIn = (account: string, password: string): Promise<{ status: number }> =>
    send(world.tcp, { method: "POST", path: "/api/v1/sessions", body: { account, password, kind: "cli" } });
  const secret = "s3cret typed here";
  assert.equal((await signIn("ann", secret)).status, 401);
  assert.equal((await signIn("nobody", secret)).status, 401);
  assert.equal((await signIn(`${secret}\u0007`, secret)).status, 401);
  assert.equal((await signIn("", secret)).status, 401);
  const all = await eve.ask({ path: "/api/v1/failed-logins" });
  assert.equal(all.status, 200, all.text);
  assert.deepEqual(
    (all.json.items as { account: string; code: string; kind: string }[]).map(({ account, code, kind }) => [account, code, kind]),
    [
      ["*none", "identity.wrong-credentials", "cli"],
      ["*invalid", "identity.wrong-credentials", "cli"],
      ["nobody", "identity.wrong-credentials", "cli"],
      ["ann", "identity.wrong-credentials", "cli"],
    ],
  );
  assert.match((all.json.items as { client: string }[])[0]?.client ?? "", /^127\.0\.0\.1/);
  assert.ok(!all.text.includes(secret));
  const ofAnn = await eve.ask({ path: "/api/v1/failed-logins?account=ann&limit=1" });
  assert.deepEqual(
    (ofAnn.json.items as { account: string }[]).map(({ account }) => account),
    ["ann"],
  );
  const first = await eve.ask({ path: "/api/v1/failed-logins?limit=2" });
  const rest = await eve.ask({ path: `/api/v1/failed-logins?limit=2&cursor=${first.json.nextCursor}` });
  assert.deepEqual([first.json.items.length, rest.json.items.length, rest.json.nextCursor], [2, 2, null]);
  const sam = await world.person("sam", { permissions: ["manager:auditlog:view"] });
  assert.ok([403, 404].includes((await sam.ask({ path: "/api/v1/failed-logins" })).status));
});
