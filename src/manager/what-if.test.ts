/** What-if, guards and policy tests over HTTP: what they say is what then happens, and asking changes nothing. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Answer } from "#test/fixtures/http.ts";
import { addNodeRecord, startManager, type ManagerWorld, type Person } from "#test/fixtures/manager.ts";
import { sharedPostgres, whyNoPostgres } from "#test/fixtures/postgres.ts";

interface Line {
  readonly name: string;
  readonly permission: string;
  readonly folders: readonly string[] | null;
  readonly exceptFolders: readonly string[];
}
const told = (lines: readonly Line[]): string[] =>
  lines.map((one) =>
    [one.name, one.permission, ...(one.folders ?? ["everywhere"]), ...one.exceptFolders.map((text) => `but ${text}`)].join(" "),
  );

for (const store of ["SQLite", "PostgreSQL"] as const)
  describe(`what-if (${store})`, { skip: store === "PostgreSQL" ? (whyNoPostgres() ?? false) : false }, () => {
    let world: ManagerWorld;
    let clerk: Person;
    const afters: (() => unknown)[] = [];
    const post = (path: string, body: object, person: Person = world.owner): Promise<Answer> =>
      person.ask({ method: "POST", path: `/api/v1/${path}`, body });
    const apply = (documents: string, more: object = {}): Promise<Answer> => post("definitions", { documents, ...more });
    const whatIf = (body: object, person?: Person): Promise<Answer> => post("what-if", body, person);
    /** Everything that a change could leave behind; what was refused is in the audit. */
    const everything = async (refused = false): Promise<string> => {
      const { read } = world.manager.services.store;
      const tables = [
        "accounts",
        "roles",
        "role_assignments",
        "policy_tests",
        "jobs",
        "job_revisions",
        "sessions",
        "audit",
        "meta",
      ] as const;
      const rows: unknown[] = [];
      for (const table of tables) if (!refused || table !== "audit") rows.push(await read.selectFrom(table).selectAll().execute());
      // Looking at a session feeds its idle time.
      return JSON.stringify(rows).replaceAll(/"seen_at":\d+/g, '"seen_at":0');
    };
    const narrowed =
      "kind: Role\nname: role-of-clerk\npermissions: [manager:view, controller:runs, controller:jobs:view]\nfolders: [/other/*]\n";

    before(async () => {
      world = await startManager(
        { after: (fn) => void afters.push(fn as () => unknown) },
        store === "PostgreSQL" ? { database: (await sharedPostgres()).makeDatabase() } : {},
      );
      await addNodeRecord(world.manager.services.store, "n1");
      clerk = await world.person("clerk", {
        permissions: ["controller:runs", "controller:jobs:view", "manager:inventory"],
        folders: ["/finance/*"],
      });
      const job = (path: string): string => `kind: Job\npath: ${path}\nrun: { shell: id }\non: [n1]\n`;
      assert.equal((await apply([job("/finance/close"), job("/hr/pay")].join("---\n"))).status, 200);
      for (const person of [clerk, world.owner])
        assert.equal((await post("submissions", { items: [{ job: "/finance/close" }, { job: "/finance/close" }] }, person)).status, 201);
      assert.equal((await post("submissions", { job: "/hr/pay" })).status, 201);
    });
    after(async () => {
      for (const fn of afters) await fn();
    });

    test("3.5: a draft says who gains and loses what, where, and which submissions would be decided otherwise; nothing is changed", async () => {
      const before = await everything();
      const found = await whatIf({ documents: narrowed });
      assert.equal(found.status, 200, found.text);
      assert.deepEqual(
        found.json.changes.map((one: { kind: string; name: string; action: string }) => [one.kind, one.name, one.action]),
        [["Role", "role-of-clerk", "edit"]],
      );
      assert.deepEqual(told(found.json.losses), [
        "clerk manager:inventory /finance/*",
        "clerk controller:jobs:view /finance/*",
        "clerk controller:runs /finance/*",
      ]);
      assert.deepEqual(told(found.json.gains), ["clerk controller:jobs:view /other/*", "clerk controller:runs /other/*"]);
      assert.deepEqual(found.json.totals, { accounts: 1, gains: 2, losses: 3, uncompared: 0 });
      assert.deepEqual(
        found.json.folders.map((one: { folder: string; jobs: number; losses: { permissions: string[] }[] }) => [
          one.folder,
          one.jobs,
          one.losses[0]?.permissions,
        ]),
        [["/finance", 1, ["manager:inventory", "controller:jobs:view", "controller:runs"]]],
      );
      const { submissions } = found.json;
      assert.deepEqual([submissions.days, submissions.compared, submissions.otherwiseTotal], [30, 5, 2]);
      for (const one of submissions.otherwise) {
        assert.deepEqual([one.job, one.submitter.name, one.before, one.after], ["/finance/close", "clerk", "permit", "deny"]);
        assert.deepEqual(one.because.rule, "may.folder");
      }
      assert.equal((await whatIf({ documents: narrowed, days: 0 })).json.submissions.compared, 0);
      assert.equal(await everything(), before);
    });

    test("3.5: whom only a policy test names gains and loses nothing by a draft, and his submissions are decided as before", async () => {
      const bystander = await world.person("bystander", { permissions: ["controller:runs"], folders: ["/finance/*"] });
      assert.equal((await post("submissions", { job: "/finance/close" }, bystander)).status, 201);
      const kept = "kind: PolicyTest\nname: bystanding\ncases: [bystander may controller:runs:create on /finance/x]\n";
      assert.equal((await apply(kept)).status, 200);
      const found = (await whatIf({ documents: narrowed })).json;
      assert.equal(found.tests[0].cases[0].passed, true);
      assert.equal(found.totals.accounts, 1);
      assert.deepEqual([...new Set([...found.gains, ...found.losses].map(({ name }: Line) => name))], ["clerk"]);
      assert.deepEqual([...new Set(found.submissions.otherwise.map((one: { submitter: Line }) => one.submitter.name))], ["clerk"]);
      assert.equal((await world.owner.ask({ method: "DELETE", path: "/api/v1/policy-tests/bystanding" })).status, 204);
    });

    test("3.5: what it said is what happens once the draft is applied, and the other way round", async () => {
      const may = async (path: string): Promise<string> =>
        (await post("explain", { actor: "clerk", permission: "controller:runs:create", on: path, controller: "main" })).json.effect;
      assert.deepEqual([await may("/finance/x"), await may("/other/x")], ["permit", "deny"]);
      const role = (await world.owner.ask({ path: "/api/v1/roles/role-of-clerk" })).json;
      assert.equal((await apply(narrowed)).status, 200);
      assert.deepEqual([await may("/finance/x"), await may("/other/x")], ["deny", "permit"]);
      const back = await whatIf({ documents: role.yaml });
      assert.deepEqual(
        back.json.submissions.otherwise.map((one: { before: string; after: string }) => [one.before, one.after]),
        [
          ["deny", "permit"],
          ["deny", "permit"],
        ],
      );
      assert.equal((await apply(role.yaml)).status, 200);
      const again = await whatIf({ documents: role.yaml });
      assert.deepEqual([again.json.changes[0].action, again.json.totals.accounts], ["none", 0]);
    });

    test("3.5: a draft is also an edited role, an assignment, an account, a deletion", async () => {
      const before = await everything();
      const role = (await world.owner.ask({ path: "/api/v1/roles/role-of-clerk" })).json;
      const scopes = [
        { permissions: ["manager:view", "controller:runs", "-controller:runs:cancel"], folders: ["/finance/*"] },
        { controller: "main", permissions: ["controller:restart"] },
      ];
      const edited = await whatIf({ edits: [{ role: role.id, scopes }] });
      assert.deepEqual(told(edited.json.losses), [
        "clerk manager:inventory /finance/*",
        "clerk controller:jobs:view /finance/*",
        "clerk controller:runs:cancel /finance/*",
      ]);
      assert.deepEqual(
        edited.json.gains.map((one: { permission: string; controller: string }) => [one.permission, one.controller]),
        [["controller:restart", "main"]],
      );
      const assigned = await whatIf({ edits: [{ account: "clerk", roles: ["role-of-clerk", "business_user"] }] });
      assert.ok(told(assigned.json.gains).includes("clerk controller:view everywhere"));
      for (const edit of [
        { account: "clerk", disabled: true },
        { delete: "Account", name: "clerk" },
        { delete: "Role", name: role.id },
      ]) {
        const gone = await whatIf({ edits: [edit] });
        assert.deepEqual(told(gone.json.losses), [
          "clerk manager:view everywhere",
          "clerk manager:inventory /finance/*",
          "clerk controller:jobs:view /finance/*",
          "clerk controller:runs /finance/*",
        ]);
      }
      const both = await whatIf({
        documents: "kind: Role\nname: draftrole\npermissions: [manager:nodes:view]\n",
        edits: [
          { account: "os:4711", roles: ["draftrole"] },
          { account: "clerk", roles: ["draftrole"] },
        ],
      });
      assert.deepEqual(told(both.json.gains), ["clerk manager:nodes:view everywhere", "os:4711 manager:nodes:view everywhere"]);
      assert.equal((await whatIf({ edits: [{ account: "nobody-here", roles: [] }] })).status, 404);
      assert.equal((await whatIf({ edits: [{ delete: "PolicyTest", name: "none" }] })).status, 404);
      assert.equal(await everything(), before);
    });

    test("D73: a role that a draft leaves empty is removed in it, with the notice and the losses; applying says and does the same", async () => {
      const before = await everything();
      const empty = "kind: Role\nname: role-of-clerk\n";
      const removal = "role `role-of-clerk` is deleted: it has neither a permission nor a folder";
      for (const draft of [
        { documents: empty },
        { edits: [{ role: "role-of-clerk", scopes: [] }] },
        { edits: [{ role: "role-of-clerk", scopes: [{ permissions: [], folders: [] }] }] },
      ]) {
        const found = await whatIf(draft);
        assert.equal(found.status, 200, found.text);
        const [change] = found.json.changes;
        assert.deepEqual([change.name, change.action, change.revision], ["role-of-clerk", "delete", null]);
        assert.ok(change.notices.includes(removal), change.notices.join("; "));
        assert.ok(told(found.json.losses).includes("clerk controller:runs /finance/*"), told(found.json.losses).join("; "));
        assert.deepEqual(found.json.gains, []);
      }
      const never = "kind: Role\nname: nothing-yet\n";
      const unmade = await whatIf({ documents: never });
      assert.deepEqual(
        unmade.json.changes.map((one: { action: string; notices: string[] }) => [one.action, ...one.notices]),
        [["none", "role `nothing-yet` is not made: it has neither a permission nor a folder"]],
      );
      assert.equal(await everything(), before);
      const passing = "kind: Role\nname: passing\npermissions: [manager:view]\n";
      assert.equal((await apply(passing)).json.results[0].change, "created");
      for (const change of ["removed", "unchanged"])
        assert.equal((await apply("kind: Role\nname: passing\n")).json.results[0].change, change, "again it comes to the same");
      assert.equal((await world.owner.ask({ path: "/api/v1/roles/passing" })).status, 404);
    });

    test("W7: it needs the permissions to see accounts and to ask about others, and shows no job or submission that the caller may not see", async () => {
      const looker = await world.person("looker", { permissions: ["manager:administration:accounts:view"] });
      const asker = await world.person("asker", { permissions: ["manager:explain:others"] });
      for (const person of [looker, asker, clerk])
        for (const path of ["what-if", "policy-tests/run"])
          assert.equal((await post(path, { documents: narrowed }, person)).status, 403, `${person.name} ${path}`);
      const both = await world.person("both", {
        permissions: ["manager:administration:accounts:view", "manager:explain:others", "controller:runs:view", "controller:jobs:view"],
        folders: ["/hr/*"],
      });
      const found = await whatIf({ documents: narrowed }, both);
      assert.equal(found.status, 200, found.text);
      assert.deepEqual([found.json.submissions.compared, found.json.submissions.otherwise, found.json.folders], [1, [], []]);
      assert.equal(found.json.losses.length, 3);
      const job = await whatIf({ documents: "kind: Job\npath: /hr/new\nrun: { shell: id }\n" }, both);
      assert.deepEqual([job.status, job.json.code], [403, "access.denied"]);
      // To try is not to be allowed to do.
      assert.equal((await post("definitions", { documents: narrowed }, both)).status, 403);
    });

    test("3.5: the guards: a lock-out, oneself and an orphaned job are said before, and hold for the apply", async () => {
      const before = await everything();
      const locked = await whatIf({ documents: "kind: Role\nname: administrator\npermissions: [manager:view, controller]\n" });
      assert.deepEqual(
        locked.json.guards.map((one: { code: string; confirm: boolean }) => [one.code, one.confirm]),
        [
          ["identity.last-administrator", false],
          ["self.loses-administration", true],
        ],
      );
      const orphaned = await whatIf({
        documents: "kind: Role\nname: administrator\npermissions: [manager, controller, -controller:runs:create]\n",
      });
      const guards = orphaned.json.guards as { code: string; message: string; confirm: boolean }[];
      const owner = `os:${process.getuid?.()}`;
      assert.deepEqual(
        guards.map((one) => `${one.code} ${one.confirm} ${one.message}`),
        [
          `job.author-may-not-run true \`${owner}\` saved \`/finance/close\`, \`/hr/pay\` and could no longer run them`,
          "job.without-runner true nobody could run `/hr/pay` any more",
        ],
      );
      assert.equal(await everything(), before);
      const refused = await apply("kind: Role\nname: administrator\npermissions: [manager, controller, -controller:runs:create]\n");
      assert.deepEqual([refused.status, refused.json.code, refused.json.also.length], [409, "identity.confirmation-needed", 1]);
      assert.equal((await world.owner.ask({ path: "/api/v1/roles/administrator" })).json.revision, 1);
    });

    test("W7: a guard names the jobs that one may know of, and counts the others", async () => {
      const keeper = await world.person("keeper", {
        permissions: ["manager:administration:accounts", "manager:explain:others", "controller:jobs:view"],
        folders: ["/hr/*"],
      });
      const documents = "kind: Role\nname: administrator\npermissions: [manager, controller, -controller:runs:create]\n";
      const told = ((await whatIf({ documents }, keeper)).json.guards as { message: string }[]).map((one) => one.message);
      const owner = `os:${process.getuid?.()}`;
      assert.deepEqual(told, [
        `\`${owner}\` saved \`/hr/pay\` and 1 more and could no longer run them`,
        "nobody could run `/hr/pay` any more",
      ]);
      const refused = await post("definitions", { documents }, keeper);
      assert.equal(refused.json.code, "identity.confirmation-needed");
      assert.doesNotMatch(refused.text, /finance/);
    });

    test("3.5: of an apply only the end counts: its steps may pass through what would be refused by itself", async () => {
      const swap = `kind: Role
name: administrator
permissions: [manager, controller, -manager:administration:accounts:manage]
---
kind: Role
name: keeper
permissions: [manager, controller]
---
kind: Account
name: root
roles: [keeper]
`;
      const found = await whatIf({ documents: swap });
      assert.deepEqual(
        found.json.guards.map((one: { code: string }) => one.code),
        ["self.loses-administration"],
      );
    });

    test("3.6: tests come with the policy, hold it, and are shown, run and deleted by who may", async () => {
      const documents = `kind: PolicyTest
name: closing
description: who closes the books
cases:
  - clerk may controller:runs:create on /finance/close-books
  - { actor: clerk, mayNot: controller:runs:create, on: /hr/pay, because: may.folder }
`;
      assert.equal((await apply(documents)).json.results[0].change, "created");
      assert.equal((await apply(documents)).json.results[0].change, "unchanged");
      const shown = (await world.owner.ask({ path: "/api/v1/policy-tests/Closing" })).json;
      assert.deepEqual([shown.cases, shown.revision], [2, 1]);
      assert.equal((await apply(shown.yaml)).json.results[0].change, "unchanged");
      assert.equal((await world.owner.ask({ path: "/api/v1/policy-tests" })).json.items.length, 1);
      assert.equal((await world.owner.ask({ path: "/api/v1/policy-tests/nothing" })).status, 404);
      const run = await post("policy-tests/run", {});
      assert.deepEqual([run.json.passed, run.json.failed, run.json.tests[0].cases.length], [true, 0, 2]);

      const before = await everything(true);
      for (const attempt of [
        () => apply(narrowed, { confirm: true }),
        () => apply(narrowed, { confirm: true, dryRun: true }),
        () =>
          world.owner.ask({
            method: "PUT",
            path: "/api/v1/roles/role-of-clerk",
            body: { definition: { kind: "Role", name: "role-of-clerk", permissions: ["manager:view"] }, confirm: true },
          }),
        () => world.owner.ask({ method: "DELETE", path: "/api/v1/roles/role-of-clerk?confirm=true" }),
        () => world.owner.ask({ method: "DELETE", path: "/api/v1/accounts/clerk?confirm=true" }),
        () => world.owner.ask({ method: "DELETE", path: "/api/v1/assignments/clerk/role-of-clerk?confirm=true" }),
        () => post("accounts/clerk/disable?confirm=true", {}),
        () => world.owner.ask({ method: "PUT", path: "/api/v1/accounts/clerk", body: { roles: [], confirm: true } }),
      ]) {
        const refused = await attempt();
        assert.deepEqual([refused.status, refused.json.code], [409, "policy.test-failed"], refused.text);
      }
      assert.equal(await everything(true), before);

      const tried = await whatIf({ documents: narrowed });
      assert.deepEqual(
        tried.json.tests[0].cases.map((one: { passed: boolean; outcome: string }) => [one.passed, one.outcome]),
        [
          [false, "decided-otherwise"],
          [true, "as-expected"],
        ],
      );
      assert.equal(tried.json.tests[0].cases[0].because.facts.effect, "deny");
      assert.match(tried.json.tests[0].cases[0].change, /add the folder `\/finance`/);
      const draft = await post("policy-tests/run", { documents: narrowed });
      assert.deepEqual([draft.json.passed, draft.json.failed], [false, 1]);
      // An administrator may change the test in the same apply; a draft may bring its own.
      const changed = `${narrowed}---\nkind: PolicyTest\nname: closing\ncases: [clerk may controller:runs:create on /other/x]\n`;
      assert.equal((await post("policy-tests/run", { documents: changed })).json.passed, true);
      assert.equal((await apply(changed, { dryRun: true })).status, 200);

      const looker = await world.person("looker2", { permissions: ["manager:administration:accounts:view"] });
      assert.equal((await looker.ask({ path: "/api/v1/policy-tests" })).status, 200);
      assert.equal((await looker.ask({ method: "DELETE", path: "/api/v1/policy-tests/closing" })).status, 403);
      assert.equal((await post("definitions", { documents }, looker)).status, 403);
      assert.equal((await clerk.ask({ path: "/api/v1/policy-tests" })).status, 403);
      assert.equal((await world.owner.ask({ method: "DELETE", path: "/api/v1/policy-tests/closing" })).status, 204);
      assert.equal((await world.owner.ask({ method: "DELETE", path: "/api/v1/policy-tests/closing" })).status, 404);
    });

    test("3.6: a wrong document names the case with its place, and a test that does not hold is not stored", async () => {
      const wrong = await apply(
        "kind: PolicyTest\nname: odd\ncases:\n  - clerk may controller:runs:creat on /a/b\n  - { actor: clerk, may: controller:view, on: /a/b }\n  - { actor: clerk, roles: [x], may: controller:view }\n",
      );
      assert.equal(wrong.status, 422);
      assert.deepEqual(
        [wrong.json, ...wrong.json.also].map((one: { code: string; at: { line: number; path: string } }) => [
          one.code,
          one.at.line,
          one.at.path,
        ]),
        [
          ["access.unknown-permission", 4, "cases.0"],
          ["input.invalid-value", 5, "cases.1.on"],
          ["input.invalid-value", 6, "cases.2.actor"],
        ],
      );
      const failing = await apply("kind: PolicyTest\nname: odd\ncases: [ghost may controller:view, clerk may controller:view]\n");
      assert.deepEqual([failing.status, failing.json.code, failing.json.also.length], [409, "policy.test-failed", 1]);
      assert.match(failing.json.detail, /there is no account `ghost`/);
      assert.equal((await world.owner.ask({ path: "/api/v1/policy-tests/odd" })).status, 404);
    });

    test("3.5, W7: a submission that was refused is decided again, for those who may see runs of a job that is there", async () => {
      const watcher = await world.person("watcher", { permissions: ["controller:jobs:view"], folders: ["/finance/*", "/hr/*"] });
      for (const job of ["/finance/close", "/finance/close", "/finance/nothing", "/elsewhere/job"])
        assert.ok([403, 404].includes((await post("submissions", { job }, watcher)).status), job);
      // Who may see no job learns nothing about any, and is recorded all the same.
      const outsider = await world.person("outsider", { permissions: [] });
      const answers: Answer[] = [];
      const large = { job: "/finance/large", arguments: { A: "x".repeat(20_000) } };
      for (const body of [{ job: "/finance/close" }, { job: "/finance/nothing" }, { job: 7 }, {}, { items: [{ job: "/hr/pay" }] }, large])
        answers.push(await post("submissions", body, outsider));
      for (const { status, json } of answers)
        assert.deepEqual([status, json.code, json.detail], [403, "access.denied", answers[0]?.json.detail], "whatever is asked for");
      const draft = {
        documents:
          "kind: Role\nname: role-of-watcher\npermissions: [manager:view, controller:jobs:view, controller:runs]\nfolders: [/finance/*, /elsewhere/*]\n",
      };
      const of = (found: Answer): unknown[] =>
        found.json.submissions.otherwise.map(
          (one: { id: string | null; job: string; submitter: { name: string }; before: string; after: string }) => [
            one.id,
            one.job,
            one.submitter.name,
            one.before,
            one.after,
          ],
        );
      assert.deepEqual(of(await whatIf(draft)), [[null, "/finance/close", "watcher", "deny", "permit"]], "a repeat is one record");
      const outsiders = { documents: "kind: Role\nname: role-of-outsider\npermissions: [manager:view, controller:runs]\n" };
      assert.deepEqual(
        of(await whatIf(outsiders)),
        ["/hr/pay", "/finance/close"].map((job) => [null, job, "outsider", "deny", "permit"]),
      );
      const records = (await world.owner.ask({ path: "/api/v1/audit?action=runs.create&phase=refused" })).json.items;
      const own = records.filter((one: { actor: string }) => one.actor.includes("user:") && !one.actor.includes("os:"));
      assert.ok(
        own.some(
          (one: { object: string; detail: { code: string } }) => one.object === "/elsewhere/job" && one.detail.code === "jobs.not-found",
        ),
      );
      const ofOutsider = records.filter((one: { detail: { submitterName?: string } }) => one.detail.submitterName === "outsider");
      assert.deepEqual(ofOutsider.map((one: { object: string }) => one.object).toSorted(), [
        "/finance/close",
        "/finance/nothing",
        "/hr/pay",
      ]);
      const elsewhere = await world.person("hr-reader", {
        permissions: ["manager:administration:accounts:view", "manager:explain:others", "controller:runs:view"],
        folders: ["/hr/*"],
      });
      assert.deepEqual(of(await whatIf(draft, elsewhere)), []);
      assert.deepEqual((await whatIf(draft, elsewhere)).json.submissions.otherwiseTotal, 0);
      // SECURITY: no account fills the record with its refusals.
      const asked = Array.from({ length: 40 }, (_, index) => `/finance/made-up-${index}`);
      for (const job of asked) for (const person of [watcher, outsider]) await post("submissions", { job }, person);
      const recorded = (await world.owner.ask({ path: "/api/v1/audit?action=runs.create&phase=refused&limit=200" })).json.items;
      for (const name of ["watcher", "outsider"])
        assert.equal(recorded.filter((one: { detail: { submitterName?: string } }) => one.detail.submitterName === name).length, 30, name);
      assert.equal((await world.owner.ask({ method: "POST", path: "/api/v1/audit/verify", body: {} })).json.ok, true);
    });

    test("W9: many at once are answered or told to come again, and one that fails leaves no place taken", async () => {
      const statuses = await Promise.all(
        Array.from({ length: 24 }, async (_, index) => {
          const found = await whatIf(index % 3 === 0 ? { edits: [{ account: "nobody-here", roles: [] }] } : { documents: narrowed });
          if (found.status === 503) assert.equal(found.json.code, "general.overloaded");
          return found.status;
        }),
      );
      assert.ok(statuses.includes(200) && statuses.every((status) => [200, 404, 503].includes(status)), statuses.join(" "));
      for (let round = 0; round < 6; round += 1) assert.equal((await whatIf({ documents: narrowed })).status, 200);
    });

    test("W9: what is too much is refused before anything is tried", async () => {
      for (const body of [
        {},
        { documents: "x".repeat(1024 * 1024 + 1) },
        { edits: [] },
        { edits: Array.from({ length: 101 }, () => ({ account: "clerk", disabled: true })) },
        { edits: [{ account: "clerk" }] },
        { edits: [{ role: "r", scopes: [{ permissions: Array.from({ length: 1001 }, () => "manager:view") }] }] },
        { documents: narrowed, days: 367 },
        { documents: narrowed, days: -1 },
        { documents: narrowed, more: 1 },
      ])
        assert.ok([413, 422].includes((await whatIf(body)).status), JSON.stringify(body).slice(0, 80));
      const cases = Array.from({ length: 501 }, () => "- clerk may manager:view").join("\n");
      assert.equal((await apply(`kind: PolicyTest\nname: big\ncases:\n${cases}\n`)).json.code, "input.too-large");
    });
  });
