/** Imports and exports over HTTP and the command line: all or none, a report with lines, the same doors as `apply`. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { send, type Answer } from "#test/fixtures/http.ts";
import { cliEntry, type Told } from "#test/fixtures/instance.ts";
import { startManager, type ManagerWorld, type Person } from "#test/fixtures/manager.ts";
import { sharedPostgres, whyNoPostgres } from "#test/fixtures/postgres.ts";

const fixture = (name: string): string => readFileSync(join("test", "fixtures", "imports", name), "utf8");
/** The file without what blocks it: `two words`, and names that every instance has already. */
const shiroText = fixture("shiro.ini").replaceAll("business_user", "teller").replaceAll("root", "headmaster");
const js7Text = fixture("js7-roles.json").replaceAll("business_user", "teller");

for (const store of ["SQLite", "PostgreSQL"] as const)
  describe(`import (${store})`, { skip: store === "PostgreSQL" ? (whyNoPostgres() ?? false) : false }, () => {
    let world: ManagerWorld;
    const afters: (() => unknown)[] = [];
    const start = async (): Promise<void> => {
      world = await startManager(
        { after: (fn) => void afters.push(fn as () => unknown) },
        store === "PostgreSQL" ? { database: (await sharedPostgres()).makeDatabase() } : {},
      );
    };
    before(start);
    after(async () => {
      for (const fn of afters) await fn();
    });
    const bring = (format: string, text: string, more: object = {}, person: Person = world.owner): Promise<Answer> =>
      person.ask({ method: "POST", path: "/api/v1/import", body: { format, text, dryRun: false, ...more } });
    const names = async (kind: "roles" | "accounts"): Promise<string[]> =>
      ((await world.owner.ask({ path: `/api/v1/${kind}?limit=200` })).json.items as { name: string }[]).map(({ name }) => name);
    const cli = (args: readonly string[], input = ""): Promise<Told> =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", cliEntry, "--data", world.layout.root, ...args], {
          stdio: ["pipe", "pipe", "pipe"],
          env: { PATH: process.env["PATH"], HOME: world.layout.root },
        });
        let stdout = "";
        let stderr = "";
        child.stdout.on("data", (data) => (stdout += data));
        child.stderr.on("data", (data) => (stderr += data));
        child.on("error", reject);
        child.on("close", (code) => resolve({ code, stdout, stderr }));
        child.stdin.end(input);
      });
    const may = async (actor: string, permission: string, on: string | null, controller?: string): Promise<string> => {
      const answer = await world.owner.ask({
        method: "POST",
        path: "/api/v1/explain",
        body: { actor, permission, ...(on === null ? {} : { on }), ...(controller === undefined ? {} : { controller }) },
      });
      assert.equal(answer.status, 200, answer.text);
      return answer.json.effect as string;
    };

    test("3.8: a dry run is the default; it says what would be made and what not, and changes nothing", async () => {
      const before = [await names("roles"), await names("accounts")];
      const answer = await world.owner.ask({ method: "POST", path: "/api/v1/import", body: { format: "shiro", text: shiroText } });
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(
        answer.json.results.map(
          (one: { kind: string; name: string; change: string; line: number }) => `${one.line} ${one.kind} ${one.name} ${one.change}`,
        ),
        [
          "27 Role all created",
          "28 Role teller created",
          "34 Role finance-operator created",
          "39 Role auditor created",
          "40 Role night-shift created",
          "41 Role deployer created",
          "17 Account headmaster created",
          "18 Account close-clerk created",
          "19 Account auditor created",
          "20 Account night created",
          "24 Account deployer created",
        ],
      );
      assert.equal(answer.json.dryRun, true);
      assert.ok(answer.json.report.length > 20);
      assert.ok(!answer.text.includes("planted"));
      assert.deepEqual([await names("roles"), await names("accounts")], before);
    });

    test("3.8: who may not change accounts learns nothing, dry run or not, before the text is looked at", async () => {
      const viewer = await world.person("viewer", { permissions: ["manager:administration:accounts:view", "manager:inventory"] });
      for (const path of ["/api/v1/import", "/api/v1/roles/import"])
        for (const dryRun of [true, false])
          assert.equal((await viewer.ask({ method: "POST", path, body: { format: "nonsense", text: "[", dryRun } })).status, 403);
      assert.equal((await viewer.ask({ path: "/api/v1/roles/export" })).status, 200);
      const clerk = await world.person("clerk", { permissions: ["controller:runs"] });
      assert.equal((await clerk.ask({ path: "/api/v1/roles/export" })).status, 403);
      assert.equal((await send(world.tcp, { path: "/api/v1/roles/export" })).status, 401);
    });

    test("3.8: with any problem nothing is applied; a dry run shows the report with all of them", async () => {
      const before = [await names("roles"), await names("accounts")];
      const text =
        "[users]\nzoe = x, fine\n[roles]\nfine = sos:products:controller:view\nbad = sos:products, -sos:products:joc_cockpit:order\n";
      const refused = await bring("shiro", text);
      assert.deepEqual([refused.status, refused.json.code, refused.json.at.line], [422, "input.invalid-value", 5]);
      const tried = await bring("shiro", text, { dryRun: true });
      assert.deepEqual([tried.status, tried.json.results, tried.json.problems[0].at.line], [200, [], 5]);
      assert.equal((await bring("js7-roles", js7Text)).status, 422, "the controller has no name here");
      for (const [format, broken] of [
        ["js7-roles", "{"],
        ["js7-roles", '{"a":1,"a":2}'],
        ["js7-roles", '{"__proto__":{"controllers":[]}}'],
        ["js7-roles", "a: &x [*x]"],
        ["js7-roles", "[".repeat(100_000)],
        ["shiro", "[roles\n"],
        ["roles", "kind: Account\nname: x\n"],
        ["roles", "kind: Role\nname: x\npermissions: [controller:run]\n"],
      ] as const) {
        const answer = await bring(format, broken);
        assert.ok([400, 413, 422].includes(answer.status), `${broken.slice(0, 30)}: ${answer.text}`);
        assert.ok((answer.json.at?.line ?? 0) >= 1, answer.text);
      }
      assert.equal((await bring("shiro", "x".repeat(1024 * 1024 + 1))).status, 413);
      assert.deepEqual([await names("roles"), await names("accounts")], before);
    });

    test("3.8: what is imported decides as the source did, accounts have no password, and the act is in the record", async () => {
      const answer = await bring("shiro", shiroText, { file: "old/shiro.ini" });
      assert.equal(answer.status, 200, answer.text);
      assert.ok(
        answer.json.results.every(
          (one: { change: string; oneTimePassword: unknown }) => one.change === "created" && one.oneTimePassword === null,
        ),
      );
      for (const [actor, permission, on, controller, effect] of [
        ["close-clerk", "controller:runs:create", "/finance/close-books", undefined, "permit"],
        ["close-clerk", "controller:switch_over", null, undefined, "deny"],
        ["close-clerk", "controller:runs:create", "/hr/pay", undefined, "deny"],
        ["close-clerk", "controller:runs:create", "/shared/x", undefined, "permit"],
        ["close-clerk", "controller:runs:create", "/shared/deep/x", undefined, "deny"],
        ["night", "controller:runs:create", "/any/where", "night", "permit"],
        ["night", "controller:runs:cancel", "/any/where", "night", "deny"],
        ["night", "controller:runs:create", "/any/where", undefined, "deny"],
        ["auditor", "manager:auditlog:view", null, undefined, "permit"],
        ["auditor", "controller:runs:view", "/archive/x", undefined, "deny"],
        ["deployer", "controller:deployment:deploy", "/any/where", undefined, "permit"],
        ["deployer", "controller:restart", null, undefined, "deny"],
        ["headmaster", "manager:administration:accounts:manage", null, undefined, "permit"],
      ] as const)
        assert.equal(await may(actor, permission, on, controller), effect, `${actor} ${permission} ${on} ${controller}`);
      const why = await world.owner.ask({
        method: "POST",
        path: "/api/v1/explain",
        body: { actor: "close-clerk", permission: "controller:switch_over" },
      });
      assert.match(why.text, /"source":"old\/shiro.ini:34"/, "an explanation names the line of the file");
      assert.equal((await world.manager.services.identity.findAccount("close-clerk"))?.hasPassword, false);
      const login = (password: string): Promise<Answer> =>
        send(world.tcp, { method: "POST", path: "/api/v1/sessions", body: { account: "close-clerk", password, kind: "cli" } });
      for (const password of ["planted-plain-password", "", "x"]) assert.notEqual((await login(password)).status, 201);
      const reset = await world.owner.ask({ method: "POST", path: "/api/v1/accounts/close-clerk/reset-password", body: {} });
      assert.equal(reset.status, 200, reset.text);
      const audit = await world.owner.ask({ path: "/api/v1/audit?action=definitions.import&limit=20" });
      assert.ok(audit.text.includes("definitions.import") && audit.text.includes("shiro"), audit.text.slice(0, 300));
      assert.ok(!audit.text.includes("planted"));
      // Again: everything is here and the same.
      const again = await bring("shiro", shiroText);
      assert.ok(
        again.json.results.every((one: { change: string }) => one.change === "unchanged"),
        again.text,
      );
    });

    test("3.8: what is here already and differs is refused, kept or replaced as asked; what the file does not speak of stays", async () => {
      await world.owner.ask({
        method: "POST",
        path: "/api/v1/accounts",
        body: { name: "ines", roles: ["business_user"], groups: ["finance"] },
      });
      const text =
        "[users]\nines = x, api_user, mine\n[roles]\napi_user = sos:products:controller:view\nmine = sos:products:controller:orders:view\n";
      const refused = await bring("shiro", text);
      assert.deepEqual([refused.status, refused.json.code, refused.json.also.length], [409, "identity.name-taken", 1]);
      assert.match(refused.json.hint, /--existing keep/);
      const kept = await bring("shiro", text, { existing: "keep" });
      assert.deepEqual(
        kept.json.results.map((one: { name: string; change: string }) => `${one.name} ${one.change}`),
        ["mine created"],
      );
      const ines = async (): Promise<unknown> => {
        const { json } = await world.owner.ask({ path: "/api/v1/accounts/ines" });
        return [json.roles, json.groups];
      };
      assert.deepEqual(await ines(), [["business_user"], ["finance"]]);
      const replaced = await bring("shiro", text, { existing: "replace", confirm: true });
      assert.equal(replaced.status, 200, replaced.text);
      assert.deepEqual(await ines(), [["api_user", "mine"], ["finance"]]);
      assert.deepEqual((await world.owner.ask({ path: "/api/v1/roles/api_user" })).json.definition.permissions, [
        "controller:view",
        "manager:view",
      ]);
    });

    test("3.8: an import cannot take the last administrator away, and what must be confirmed is asked back", async () => {
      const lost = await bring("shiro", "[users]\nroot = x, administrator\n[roles]\nadministrator = sos:products:controller:view\n", {
        existing: "replace",
        confirm: true,
      });
      assert.deepEqual([lost.status, lost.json.code], [409, "identity.last-administrator"]);
      const boss = await world.person("boss", { permissions: ["manager:administration:accounts"] });
      const less = "kind: Role\nname: role-of-boss\npermissions: [manager:view]\n";
      const asked = await bring("roles", less, { existing: "replace" }, boss);
      assert.deepEqual([asked.status, asked.json.code], [409, "identity.confirmation-needed"]);
      const told = await bring("roles", less, { existing: "replace", dryRun: true }, boss);
      assert.ok(
        told.json.notices.some((one: { confirm: boolean }) => one.confirm),
        told.text,
      );
      assert.equal((await bring("roles", less, { existing: "replace", confirm: true }, boss)).status, 200);
      assert.equal((await bring("roles", less, {}, boss)).status, 403);
    });

    test("3.2: roles are exported and imported again: the same roles in the same order, in both forms", async () => {
      const export1 = await world.owner.ask({ path: "/api/v1/roles/export?names=finance-operator,night-shift" });
      assert.equal(export1.json.text.match(/^name: (.*)$/gm)?.join(), "name: finance-operator,name: night-shift");
      const other = export1.json.text.replaceAll("finance-operator", "copy-a").replaceAll("night-shift", "copy-b") as string;
      const yaml = await world.owner.ask({
        method: "POST",
        path: "/api/v1/roles/import",
        body: { format: "yaml", text: other, dryRun: false },
      });
      assert.deepEqual(
        yaml.json.results.map((one: { name: string; change: string }) => `${one.name} ${one.change}`),
        ["copy-a created", "copy-b created"],
      );
      const roles = await names("roles");
      assert.deepEqual(roles.slice(-2), ["copy-a", "copy-b"]);
      const js7 = await world.owner.ask({ path: "/api/v1/roles/export?format=js7&names=copy-a,copy-b,business_user" });
      assert.ok(js7.json.left.some((text: string) => text.includes("manager:view")));
      const back = await world.owner.ask({
        method: "POST",
        path: "/api/v1/roles/import",
        body: { format: "js7", text: js7.json.text.replaceAll("copy-", "third-").replaceAll("business_user", "looker"), dryRun: false },
      });
      assert.equal(back.status, 200, back.text);
      const definition = async (name: string): Promise<unknown> => {
        const { name: _name, ...rest } = (await world.owner.ask({ path: `/api/v1/roles/${name}` })).json.definition;
        return { ...rest, permissions: (rest.permissions as string[]).toSorted() };
      };
      assert.deepEqual(await definition("third-a"), await definition("copy-a"));
      assert.deepEqual(await definition("third-b"), await definition("copy-b"));
      assert.equal((await world.owner.ask({ path: "/api/v1/roles/export?names=nobody" })).status, 404);
    });

    test("3.2: a role is duplicated; another identity service that there is not is refused with what is possible", async () => {
      const ask = (body: object): Promise<Answer> => world.owner.ask({ method: "POST", path: "/api/v1/roles/teller/duplicate", body });
      assert.equal((await ask({ name: "teller-2" })).status, 201);
      const refused = await ask({ name: "teller-3", service: "CORP" });
      assert.deepEqual([refused.status, refused.json.hint], [422, "leave the service out: it is `LOCAL-INITIAL`"]);
    });

    test("3.8: on the command line: dry run, report, problems with exit code, import, export, duplicate, rename", async () => {
      const file = join(world.layout.root, "roles.json");
      writeFileSync(file, js7Text.replaceAll("close-books", "closer").replaceAll('"teller"', '"cashier"'));
      const blocked = await cli(["import", "js7-roles", file, "--dry-run"]);
      assert.equal(blocked.code, 1, blocked.stderr);
      assert.match(blocked.stdout, /nothing would be imported/);
      assert.match(blocked.stderr, /controller `Night_Controller` cannot have that name here \(line 20, column 25\)/);
      const named = ["--controller", "Night_Controller=night"];
      const tried = await cli(["import", "js7-roles", file, "--dry-run", ...named]);
      assert.equal(tried.code, 0, tried.stderr);
      assert.match(tried.stdout, /^2 +Role +closer +would be created$/m);
      assert.match(tried.stdout, /^33 +left out +sos:products:controller:ordersview +role `cashier`: there is no such permission$/m);
      assert.ok(!(await names("roles")).includes("closer"));
      assert.equal((await cli(["import", "js7-roles", file, ...named])).code, 0);
      assert.ok((await names("roles")).includes("closer"));
      const taken = await cli(["import", "shiro", "-"], "[roles]\ncloser = sos:products\n");
      assert.deepEqual([taken.code, /identity.name-taken/.test(taken.stderr)], [5, true]);
      const exported = await cli(["role", "export", "closer", "--format", "js7"]);
      assert.equal(JSON.parse(exported.stdout).closer.controllers[1].controllerId, "night");
      assert.match(exported.stderr, /`manager:view` has no counterpart there/);
      assert.match((await cli(["role", "duplicate", "closer", "closer-2"])).stdout, /closer-2 is a copy of closer/);
      assert.match((await cli(["role", "rename", "closer-2", "closer-3"])).stdout, /closer-2 is closer-3 now/);
      const yaml = await cli(["role", "export", "closer-3"]);
      const unchanged = await cli(["import", "roles", "-", "--json"], yaml.stdout);
      assert.equal(JSON.parse(unchanged.stdout).results[0].change, "unchanged");
      assert.equal((await cli(["import", "shiro", "-", "--existing", "perhaps"], "x")).code, 2);
      assert.equal((await cli(["import", "shiro", "-", "--controller", "x"], "x")).code, 2);
    });
  });
