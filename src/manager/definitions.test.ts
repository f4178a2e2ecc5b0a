/** Definitions over HTTP: all or none, every mistake with its place, who may write where. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Answer } from "#test/fixtures/http.ts";
import { goodPassword, startManager, type ManagerWorld, type Person } from "#test/fixtures/manager.ts";
import { send } from "#test/fixtures/http.ts";
import { sharedPostgres, whyNoPostgres } from "#test/fixtures/postgres.ts";

for (const store of ["SQLite", "PostgreSQL"] as const)
  describe(`definitions (${store})`, { skip: store === "PostgreSQL" ? (whyNoPostgres() ?? false) : false }, () => {
    let world: ManagerWorld;
    const afters: (() => unknown)[] = [];
    before(async () => {
      world = await startManager(
        { after: (fn) => void afters.push(fn as () => unknown) },
        store === "PostgreSQL" ? { database: (await sharedPostgres()).makeDatabase() } : {},
      );
    });
    after(async () => {
      for (const fn of afters) await fn();
    });
    const apply = (documents: string, more: object = {}, person: Person = world.owner): Promise<Answer> =>
      person.ask({ method: "POST", path: "/api/v1/definitions", body: { documents, ...more } });
    const paths = async (): Promise<string[]> =>
      ((await world.owner.ask({ path: "/api/v1/jobs" })).json.items as { path: string }[]).map((job) => job.path);

    test("2.3: jobs, roles and accounts come together in one answer, in the order given, and again change nothing", async () => {
      const documents = `kind: Account
name: clerk
roles: [finance-operator]
groups: [finance]
---
kind: Role
name: finance-operator
permissions: [manager:view, controller:runs, controller:jobs:view]
folders: [/finance/*]
---
kind: Job
path: /finance/close-books
title: Close the books
run: { shell: "id" }
`;
      const first = await apply(documents);
      assert.equal(first.status, 200, first.text);
      assert.deepEqual(
        first.json.results.map((one: { kind: string; name: string; change: string }) => [one.kind, one.name, one.change]),
        [
          ["Account", "clerk", "created"],
          ["Role", "finance-operator", "created"],
          ["Job", "/finance/close-books", "created"],
        ],
      );
      const password = first.json.results[0].oneTimePassword as string;
      const login = await send(world.tcp, { method: "POST", path: "/api/v1/sessions", body: { account: "clerk", password, kind: "cli" } });
      assert.equal(login.status, 201, "the new account can sign in at once, with today's roles");
      const again = await apply(documents);
      assert.deepEqual(
        again.json.results.map((one: { change: string; oneTimePassword: unknown }) => [one.change, one.oneTimePassword]),
        [
          ["unchanged", null],
          ["unchanged", null],
          ["unchanged", null],
        ],
      );
      const job = await world.owner.ask({ path: "/api/v1/jobs/finance/close-books" });
      assert.equal(job.json.revision, 1);
      const role = await world.owner.ask({ path: "/api/v1/roles/finance-operator" });
      assert.deepEqual(
        (await apply([job.json.yaml, role.json.yaml].join("---\n"))).json.results.map((one: { change: string }) => one.change),
        ["unchanged", "unchanged"],
      );
    });

    test("2.3: all or none: one bad document among good ones, and nothing of any kind is stored", async () => {
      const before = await paths();
      const good = 'kind: Job\npath: /new/one\nrun: { shell: "id" }\n';
      const role = "kind: Role\nname: newrole\npermissions: [controller:runs:view]\n";
      for (const bad of [
        "kind: Account\nname: somebody\nroles: [no-such-role]\n",
        'kind: Job\npath: /new/two\nrun: { shell: "id" }\nas: submitter\n',
        "kind: Role\nname: odd\npermissions: [controller:dance]\n",
        "kind: Elephant\n",
      ]) {
        const answer = await apply([good, role, bad].join("---\n"));
        assert.ok(answer.status >= 400, bad);
        assert.deepEqual(await paths(), before, bad);
        assert.equal((await world.owner.ask({ path: "/api/v1/roles/newrole" })).status, 404, bad);
      }
      const conflict = await apply([role, good].join("---\n"), { expectedRevisions: { "/new/one": 3 } });
      assert.equal(conflict.json.code, "jobs.revision-conflict");
      assert.equal(
        (await world.owner.ask({ path: "/api/v1/roles/newrole" })).status,
        404,
        "the role of a refused transaction is gone with it",
      );
    });

    test("2.3: a dry run checks everything, says what would change, and changes nothing", async () => {
      const before = await paths();
      const documents =
        "kind: Role\nname: dryrole\npermissions: [controller:runs:view]\n---\nkind: Account\nname: dryone\nroles: [dryrole]\n---\nkind: Job\npath: /dry/job\nrun: { shell: id }\n";
      const answer = await apply(documents, { dryRun: true });
      assert.deepEqual(
        answer.json.results.map((one: { change: string; oneTimePassword: unknown }) => [one.change, one.oneTimePassword]),
        [
          ["created", null],
          ["created", null],
          ["created", null],
        ],
      );
      assert.deepEqual(await paths(), before);
      assert.equal((await world.owner.ask({ path: "/api/v1/accounts/dryone" })).status, 404);
      assert.equal((await apply("kind: Account\nname: dryone\nroles: [nothing]\n", { dryRun: true })).json.code, "identity.role-not-found");
    });

    test("2.3: mistakes come all at once, each with document, line and column", async () => {
      const answer = await apply(`kind: Job
path: /a/b
run: { shell: id }
timeut: 5m
---
kind: Role
name: r
permissions: [controller:runs:veiw]
`);
      assert.equal(answer.status, 422);
      const all = [answer.json, ...(answer.json.also as { code: string; at: object }[])];
      assert.deepEqual(
        all.map((one: { at: { document: number; line: number } }) => [one.at.document, one.at.line]),
        [
          [answer.json.at.document, 4],
          [answer.json.at.document + 1, 8],
        ],
      );
      assert.ok(all.every((one: { at: { column: number } }) => one.at.column > 0));
    });

    test("2.3: hostile YAML is refused with its place: malformed, cyclic, duplicate keys, tags, prototypes, too many", async () => {
      const tries = [
        "kind: [",
        "a: &x [*x]\n",
        "kind: Job\nkind: Job\n",
        "kind: !!js/function x\n",
        "kind: Job\n__proto__: {}\n",
        "a: \u0000\n",
        `${"a: ".repeat(100)}x`,
        "kind: Job\n---\n".repeat(600),
      ];
      for (const text of tries) {
        const answer = await apply(text);
        assert.ok([413, 422].includes(answer.status), `${JSON.stringify(text.slice(0, 30))} ${answer.text}`);
        assert.match(answer.json.code, /^input\./);
      }
      for (const path of [
        "/../etc",
        "/a//b",
        "a/b",
        "/a/\u0000",
        "/a/\u200bb",
        "/\u0440\u0430y",
        "/a/",
        "/e\u0301",
        "/" + "x".repeat(600),
      ]) {
        const answer = await apply(`kind: Job\npath: ${JSON.stringify(path)}\nrun: { shell: id }\n`);
        assert.equal(answer.status, 422, JSON.stringify(path));
      }
    });

    test("W8: who may not write there is refused before the document is judged", async () => {
      const sal = await world.person("sal", { permissions: ["manager:inventory:manage"], folders: ["/sales/*"] });
      const elsewhere = await apply("kind: Job\npath: /finance/x\nrun: nonsense\nbad: true\n", {}, sal);
      assert.deepEqual([elsewhere.status, elsewhere.json.code], [403, "access.denied"]);
      const role = await apply("kind: Role\nname: mine\npermissions: [nonsense]\n", {}, sal);
      assert.equal(role.status, 403);
      assert.equal((await apply("kind: Job\npath: /sales/x\nrun: nonsense\n", {}, sal)).status, 422);
      assert.equal((await apply("kind: Job\npath: /sales/x\nrun: { shell: id }\n", {}, sal)).status, 200);
    });

    test("E5: a change that would take the last administrator away is refused, also inside a batch", async () => {
      const answer = await apply(
        "kind: Role\nname: administrator\npermissions: [manager:view]\n---\nkind: Job\npath: /last/one\nrun: { shell: id }\n",
        { confirm: true },
      );
      assert.deepEqual([answer.status, answer.json.code], [409, "identity.last-administrator"]);
      assert.equal((await paths()).includes("/last/one"), false);
    });

    test("2.11: what was applied is in the record, opened before and completed after, and the record is intact", async () => {
      await apply(
        'kind: Job\npath: /audit/one\nrun: { shell: "id" }\n---\nkind: Role\nname: audited\npermissions: [controller:runs:view]\n',
      );
      const page = await world.owner.ask({ path: "/api/v1/audit?limit=20" });
      const seen = (page.json.items as { action: string; phase: string; object: string }[]).map((one) => `${one.action} ${one.phase}`);
      for (const wanted of ["definitions.apply opened", "definitions.apply completed", "jobs.apply noted", "role.create noted"])
        assert.ok(seen.includes(wanted), `${wanted} in ${seen.join(", ")}`);
      const verified = await world.owner.ask({ method: "POST", path: "/api/v1/audit/verify", body: {} });
      assert.deepEqual([verified.json.ok, verified.json.findings], [true, []]);
      const head = await world.owner.ask({ path: "/api/v1/audit/head" });
      const wrong = await world.owner.ask({ method: "POST", path: "/api/v1/audit/verify", body: { head: { ...head.json, sequence: 2 } } });
      assert.equal(wrong.json.ok, false);
    });

    test("W9, K1: a node's journal of any size comes in pages of at most 1 MiB, is verified as a whole, and is nobody else's", async () => {
      const ask = (path: string, body: object, as = world.owner) => as.ask({ method: "POST", path: `/api/v1/audit/${path}`, body });
      const { id } = (await ask("witnesses", { node: { id: "nod_x", name: "x" }, publicKey: "A".repeat(43) })).json;
      const receipts = Array.from({ length: 300 }, (_, index) => `${index}.${"x".repeat(3000)}`);
      assert.equal(
        (await ask(`witnesses/${id}/receipts`, { after: 0, receipts: [...receipts, ...receipts] })).json.code,
        "input.too-large",
      );
      for (let page = 0; page < 3; page += 1)
        assert.equal((await ask(`witnesses/${id}/receipts`, { after: page * 300, receipts })).json.receipts, (page + 1) * 300);
      const other = await world.person("verifier", { permissions: ["manager:auditlog:verify"] });
      for (const [path, body] of [
        [`witnesses/${id}/receipts`, { after: 900, receipts: ["x"] }],
        ["verify", { witness: id }],
      ] as const)
        assert.deepEqual((await ask(path, body, other)).json.code, "audit.witness-not-found");
      const found = (await ask("verify", { witness: id })).json;
      assert.equal(found.receipts, 900);
      assert.equal(found.ok, false);
      const kinds = new Set((found.findings as { kind: string }[]).map((finding) => finding.kind));
      assert.ok(kinds.has("node-key") && kinds.has("bad-receipt"), [...kinds].join(", "));
      assert.equal(found.furtherFindings > 600, true);
      assert.equal((await ask("verify", { witness: id })).json.code, "audit.witness-not-found", "used up");
    });

    test("2.3: two authors at once: one wins, the other gets a revision conflict, nothing is lost", async () => {
      const job = (text: string): string => `kind: Job\npath: /race/job\nrun: { shell: "${text}" }\n`;
      await apply(job("0"));
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) => apply(job(`by ${index}`), { expectedRevisions: { "/race/job": 1 } })),
      );
      assert.deepEqual(
        answers.map((answer) => answer.status).toSorted((a, b) => a - b),
        [200, ...Array.from({ length: 7 }, () => 409)],
      );
      assert.equal((await world.owner.ask({ path: "/api/v1/jobs/race/job" })).json.revision, 2);
    });

    test("2.6: a reset password is shown once, not kept by anything in between, and ends the sessions", async () => {
      const ann = await world.person("ann", { permissions: [] });
      const reset = await world.owner.ask({ method: "POST", path: "/api/v1/accounts/ann/reset-password", body: {} });
      assert.equal(reset.headers["cache-control"], "no-store");
      assert.ok(reset.json.oneTimePassword.length >= 12);
      assert.equal((await ann.ask({ path: "/api/v1/sessions/current" })).status, 401);
      const audit = await world.owner.ask({ path: "/api/v1/audit?action=account.*&limit=100" });
      assert.equal(audit.text.includes(reset.json.oneTimePassword), false);
      assert.equal(audit.text.includes(goodPassword), false);
    });
  });
