/** What everybody may read of himself: his roles as the preview takes them, his sign-ins, how long his session has. */
import assert from "node:assert/strict";
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import type { Actor } from "#access/question.ts";
import { goodPassword, startManager } from "#test/fixtures/manager.ts";
import { send } from "#test/fixtures/http.ts";
import { onBothStores } from "#test/fixtures/stores.ts";

onBothStores("E4: what the caller's own roles hold decides in the browser as it does here, and shows nobody else's", async (given, t) => {
  const world = await startManager(t, { database: given.url });
  const ann = await world.person("ann", { permissions: ["controller:runs", "-controller:runs:cancel"], folders: ["/finance/*", "/sales"] });
  await world.person("bob", { permissions: ["manager:nodes:view"] });
  const own = await ann.ask({ path: "/api/v1/sessions/current/access" });
  assert.equal(own.status, 200, own.text);
  const actor = own.json as Actor;
  assert.deepEqual(
    actor.roles.map((role) => role.name),
    ["role-of-ann"],
  );
  const access = compileAccess(actor);
  for (const permission of ["controller:runs:view", "controller:runs:cancel", "controller:jobs:view"]) {
    for (const path of ["/finance/close", "/sales/report", "/sales/deep/report", "/other/job"]) {
      const here = decide({ permission, path }, access);
      const there = (await ann.ask({ method: "POST", path: "/api/v1/explain", body: { permission, on: path } })).json;
      assert.deepEqual(
        [here.effect, here.because.rule, here.because.text],
        [there.effect, there.because.rule, there.because.text],
        `${permission} ${path}`,
      );
    }
  }
  assert.equal((await send(world.tcp, { path: "/api/v1/sessions/current/access" })).status, 401);
});

onBothStores("W3: everybody sees his own sign-ins and the failed ones under his name, and no others", async (given, t) => {
  const world = await startManager(t, { database: given.url });
  const ann = await world.person("ann", { permissions: [] });
  await world.person("bob", { permissions: [] });
  const fail = await send(world.tcp, {
    method: "POST",
    path: "/api/v1/sessions",
    body: { account: "ann", password: "a wrong one", kind: "cli" },
  });
  assert.equal(fail.status, 401);
  await send(world.tcp, {
    method: "POST",
    path: "/api/v1/sessions",
    body: { account: "ann", password: goodPassword, kind: "browser" },
    headers: { "user-agent": "elsewhere/1" },
  });
  const { items } = (await ann.ask({ path: "/api/v1/sessions/logins" })).json as {
    items: { succeeded: boolean; client: string; current: boolean }[];
  };
  assert.deepEqual(
    items.map(({ succeeded, current }) => [succeeded, current]),
    [
      [true, false],
      [false, false],
      [true, true],
    ],
  );
  assert.match(items[0]?.client ?? "", /elsewhere\/1$/);
  assert.ok(!JSON.stringify(items).includes("a wrong one"));
});

onBothStores("W3: a session tells when it ends for want of use, and looking in the background does not move that", async (given, t) => {
  const world = await startManager(t, { database: given.url, identitySettings: { sessionIdleMs: 6_000 } });
  await world.person("ann", { permissions: [] });
  const ann = await world.browser("ann");
  const endsAt = async (headers: Record<string, string>): Promise<number> =>
    Date.parse((await ann.ask({ path: "/api/v1/sessions/current", headers })).json.session.idleEndsAt as string);
  const { session } = (await ann.ask({ path: "/api/v1/sessions/current", headers: { "x-behalf-background": "1" } })).json;
  assert.ok(Date.parse(session.now as string) < Date.parse(session.idleEndsAt as string));
  const background = { "x-behalf-background": "1" };
  const first = await endsAt(background);
  // The stored instant is renewed when it is a sixtieth of the idle time old.
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.equal(await endsAt(background), first);
  const used = await endsAt({});
  assert.ok(used > first);
  assert.equal(await endsAt(background), used);
});
