/** Who can, through the door and the command line: complete, in pages, agreeing with `explain`, and naming nobody to those who may not know. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { onBothStores, type StoreCase } from "#test/fixtures/stores.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { runCli } from "#test/fixtures/instance.ts";
import { startManager, type ManagerWorld } from "#test/fixtures/manager.ts";

interface Item {
  readonly accessId: string;
  readonly name: string;
  readonly service: string;
  readonly disabled: boolean;
  readonly because: { readonly rule: string; readonly text: string };
}

const url = "/api/v1/who-can";
const create = { permission: "controller:runs:create", on: "/finance/close-books" };

const withRole = async (world: ManagerWorld, name: string, role: object): Promise<void> => {
  const definition = { kind: "Role", name, ...role };
  const made = await world.owner.ask({ method: "POST", path: "/api/v1/roles", body: { definition, confirm: true } });
  assert.equal(made.status, 201, made.text);
};

const withAccount = async (world: ManagerWorld, name: string, roles: readonly string[], more: object = {}): Promise<void> => {
  const body = { name, roles, confirm: true, ...more };
  const made = await world.owner.ask({ method: "POST", path: "/api/v1/accounts", body });
  assert.equal(made.status, 201, made.text);
};

const edit = async (world: ManagerWorld, name: string, change: object): Promise<void> => {
  const edited = await world.owner.ask({ method: "PUT", path: `/api/v1/accounts/${name}`, body: { ...change, confirm: true } });
  assert.equal(edited.status, 200, edited.text);
};

const namesOf = (items: readonly Item[]): string[] => items.map((item) => item.name);

const open = async (given: StoreCase, t: TestContext): Promise<ManagerWorld> => {
  const world = await startManager(t, { database: given.url });
  await withRole(world, "runner", { permissions: ["manager:view", "controller:runs"] });
  await withRole(world, "finance-only", { permissions: ["manager:view"], folders: ["/finance/*"] });
  await withRole(world, "sales-only", { permissions: ["manager:view"], folders: ["/sales/*"] });
  await withRole(world, "no-starts", { permissions: ["manager:view", "-controller:runs:create"] });
  await withRole(world, "north", {
    permissions: ["manager:view"],
    controllers: { north: { permissions: ["controller:runs:create"], folders: ["/finance"] } },
  });
  await withAccount(world, "ann", ["runner"]);
  await withAccount(world, "bob", ["runner", "finance-only"]);
  await withAccount(world, "carl", ["runner", "sales-only"]);
  await withAccount(world, "dora", ["runner", "no-starts"]);
  await withAccount(world, "Emil", ["north"]);
  await withAccount(world, "fay", ["runner"]);
  await withAccount(world, "zo\u00eb", ["runner", "sales-only", "finance-only"]);
  await withAccount(world, "roleless", []);
  await edit(world, "fay", { disabled: true });
  await world.manager.services.identity.setOsRoles({ accessId: "os:0" }, 4321, ["runner"]);
  return world;
};

onBothStores(
  "3.4: who can names every account and `os:<uid>` that may, counts the disabled apart, and agrees with explain",
  async (given, t) => {
    const world = await open(given, t);
    const me = `os:${process.getuid?.() ?? 0}`;
    const always = ["root", me, "os:4321"];
    for (const [body, expected] of [
      [create, ["ann", "bob", "zo\u00eb", ...always]],
      [{ ...create, controller: "north" }, ["ann", "bob", "Emil", "zo\u00eb", ...always]],
      [{ ...create, on: "/finance/eu/close", controller: "north" }, ["ann", "bob", "zo\u00eb", ...always]],
      [{ ...create, on: "/sales/report" }, ["ann", "carl", "zo\u00eb", ...always]],
    ] as const) {
      const answer = await world.owner.ask({ method: "POST", path: url, body });
      assert.equal(answer.status, 200, answer.text);
      const items = answer.json.items as Item[];
      const sorted = (names: readonly string[]): string[] => [...new Set(names)].toSorted();
      assert.deepEqual(sorted(namesOf(items)), sorted(expected));
      assert.deepEqual(
        [answer.json.total, answer.json.disabledTotal, answer.json.named, answer.json.nextCursor],
        [items.length, 1, true, null],
      );
      for (const name of [...namesOf(items), "carl", "dora", "Emil", "roleless", "bob"]) {
        const explained = await world.owner.ask({ method: "POST", path: "/api/v1/explain", body: { ...body, actor: name } });
        assert.equal(explained.json.effect === "permit", namesOf(items).includes(name), `${name} ${JSON.stringify(body)}`);
        const shown = items.find((item) => item.name === name);
        if (shown !== undefined)
          assert.deepEqual([shown.because.rule, shown.because.text], [explained.json.because.rule, explained.json.because.text]);
      }
      assert.deepEqual(
        items.map((item) => [item.disabled, item.service]),
        items.map((item) => [false, item.accessId.startsWith("os:") ? "OS" : "LOCAL-INITIAL"]),
      );
    }
  },
);

onBothStores("3.4: who can is answered anew after every change", async (given, t) => {
  const world = await open(given, t);
  const ask = async (): Promise<[string[], number]> => {
    const answer = await world.owner.ask({ method: "POST", path: url, body: create });
    assert.equal(answer.json.total, answer.json.items.length);
    return [
      namesOf(answer.json.items as Item[]).filter((name) => name !== "root" && !name.startsWith("os:")),
      answer.json.disabledTotal as number,
    ];
  };
  assert.deepEqual(await ask(), [["ann", "bob", "zo\u00eb"], 1]);
  await edit(world, "ann", { disabled: true });
  assert.deepEqual(await ask(), [["bob", "zo\u00eb"], 2]);
  await edit(world, "carl", { roles: ["runner"] });
  assert.deepEqual(await ask(), [["bob", "carl", "zo\u00eb"], 2]);
  await edit(world, "bob", { name: "robert" });
  assert.deepEqual(await ask(), [["carl", "robert", "zo\u00eb"], 2]);
  // E12: a role that cannot be read denies everything of whoever holds it, and spoils no other answer.
  const { store, identityContext } = world.manager.services;
  await store.write(async (tx) => {
    await identityContext.policy.raise(tx);
    await tx.updateTable("roles").set({ scopes: "{" }).where("name", "=", "finance-only").execute();
  });
  // A change behind the use-cases is one by another manager: it is seen after at most 250 ms.
  await eventually("the broken role is known", ask, ([names]) => names.length === 1);
  assert.deepEqual(await ask(), [["carl"], 2]);
});

onBothStores("3.4: pages of who can have neither gaps nor repetitions, also where the last one shown is gone", async (given, t) => {
  const world = await open(given, t);
  for (let index = 0; index < 5; index += 1) await withAccount(world, `extra-${index}`, ["runner"]);
  const whole = (await world.owner.ask({ method: "POST", path: url, body: create })).json;
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const body: object = { ...create, limit: 2, ...(cursor === null ? {} : { cursor }) };
    const page = (await world.owner.ask({ method: "POST", path: url, body })).json;
    assert.ok((page.items as Item[]).length <= 2);
    seen.push(...namesOf(page.items as Item[]));
    cursor = page.nextCursor as string | null;
    if (seen.at(-1) === "extra-0") {
      const gone = await world.owner.ask({ method: "DELETE", path: "/api/v1/accounts/extra-0?confirm=true" });
      assert.ok(gone.status < 300, gone.text);
    }
  } while (cursor !== null);
  assert.deepEqual(seen, namesOf(whole.items as Item[]));
  for (const bad of ["nonsense", Buffer.from('["x"]').toString("base64url")])
    assert.equal(
      (await world.owner.ask({ method: "POST", path: url, body: { ...create, cursor: bad } })).json.code,
      "input.invalid-value",
      bad,
    );
});

onBothStores("W7: who can is for those who may explain others, and names accounts only to those who may see them", async (given, t) => {
  const world = await open(given, t);
  const plain = await world.person("plain", { permissions: ["controller:runs"] });
  assert.equal((await plain.ask({ method: "POST", path: url, body: create })).status, 403);
  const counting = await world.person("counting", { permissions: ["manager:explain:others"] });
  const counted = (await counting.ask({ method: "POST", path: url, body: create })).json;
  const named = (await world.owner.ask({ method: "POST", path: url, body: create })).json;
  assert.deepEqual(counted.items, []);
  assert.deepEqual([counted.named, counted.total, counted.disabledTotal, counted.nextCursor], [false, named.total, 1, null]);
  assert.doesNotMatch(JSON.stringify(counted), /ann|bob|zo/);
  const limited = await world.person("limited", {
    permissions: ["manager:explain:others", "manager:administration:accounts:view"],
    folders: ["/sales/*"],
  });
  assert.ok((await limited.ask({ method: "POST", path: url, body: create })).status >= 403);
  const sales = await limited.ask({ method: "POST", path: url, body: { ...create, on: "/sales/report" } });
  assert.ok(namesOf(sales.json.items as Item[]).includes("carl"));
});

onBothStores("3.4: a question that has no answer is a problem with a hint", async (given, t) => {
  const world = await open(given, t);
  for (const [body, code, hint] of [
    [{ ...create, permission: "controller:runs:creat" }, "input.invalid-value", /controller:runs:create/],
    [{ ...create, permission: "controller:runs" }, "input.invalid-value", /controller:runs:view/],
    [{ permission: create.permission }, "input.missing-field", /path/],
    [{ ...create, on: "finance" }, "input.invalid-value", /\/finance/],
    [{ ...create, on: "/a/../b" }, "input.invalid-value", /\/finance/],
  ] as const) {
    const answer = await world.owner.ask({ method: "POST", path: url, body });
    assert.ok([400, 422].includes(answer.status), answer.text);
    assert.deepEqual([answer.json.code, hint.test(answer.json.hint as string)], [code, true], answer.text);
  }
  for (const wrong of [{ limit: 0 }, { limit: 1001 }, { limit: 1.5 }, { on: "x".repeat(2000) }, { also: 1 }, { permission: undefined }])
    assert.ok((await world.owner.ask({ method: "POST", path: url, body: { ...create, ...wrong } })).status >= 400, JSON.stringify(wrong));
  const free = await world.owner.ask({ method: "POST", path: url, body: { permission: "manager:explain:others" } });
  assert.deepEqual([free.status, free.json.total], [200, 2]);
});

onBothStores("3.4: `behalf explain --who-can` answers as a table, as JSON, and in as many pages as it takes", async (given, t) => {
  const world = await open(given, t);
  const cli = async (...words: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> =>
    await runCli(["--data", world.layout.root, "explain", ...words]);
  const asked = ["--who-can", create.permission, "--on", create.on];
  const table = await cli(...asked);
  assert.equal(table.code, 0, table.stderr);
  assert.match(table.stdout, /^6 accounts may controller:runs:create on \/finance\/close-books$/m);
  assert.match(table.stdout, /^ACCOUNT +SERVICE +BECAUSE$/m);
  assert.match(
    table.stdout,
    /^bob +LOCAL-INITIAL +role `runner` grants `controller:runs` .*folder `\/finance\/\*` of role `finance-only`/m,
  );
  assert.match(table.stdout, /1 account more could, but is disabled/);
  const few = await cli(...asked, "--limit", "2");
  assert.match(few.stdout, /2 shown; more with `--limit 6`/);
  const north = await cli(...asked, "--controller", "north", "--json");
  assert.ok(namesOf((JSON.parse(north.stdout) as { items: Item[] }).items).includes("Emil"));
  const wrong = await cli(...asked, "--actor", "ann");
  assert.equal(wrong.code, 2);
  assert.match((await cli("--who-can", "controller:runs:creat", "--on", "/x")).stderr, /did you mean `controller:runs:create`/);
  assert.equal((await cli(...asked, "--limit", "none")).code, 2);
});
