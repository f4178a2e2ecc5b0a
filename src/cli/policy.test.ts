/** `apply --dry-run` and `policy test` as people run them, against a real manager. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { runCli } from "#test/fixtures/instance.ts";
import { addNodeRecord, startManager, type ManagerWorld } from "#test/fixtures/manager.ts";

describe("policy on the command line", () => {
  const afters: (() => unknown)[] = [];
  const folder = mkdtempSync(join(tmpdir(), "bhf-cli-policy-"));
  let world: ManagerWorld;
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const cli = (...words: string[]): ReturnType<typeof runCli> => runCli(["--data", folder, ...words]);
  const closer = (folders: string): string =>
    `kind: Role\nname: role-of-clerk\npermissions: [manager:view, controller:runs]\nfolders: [${folders}]\n`;
  const closing =
    "kind: PolicyTest\nname: closing\ncases:\n  - clerk may controller:runs:create on /finance/close\n  - clerk may not controller:runs:create on /hr/pay\n";

  before(async () => {
    world = await startManager({ after: (fn) => void afters.push(fn as () => unknown) }, { folder });
    await addNodeRecord(world.manager.services.store, "n1");
    const clerk = await world.person("clerk", { permissions: ["controller:runs"], folders: ["/finance/*"] });
    await cli("apply", "-f", file("job.yaml", "kind: Job\npath: /finance/close\nrun: { shell: id }\non: [n1]\n"));
    assert.equal((await clerk.ask({ method: "POST", path: "/api/v1/submissions", body: { job: "/finance/close" } })).status, 201);
  });
  after(async () => {
    for (const fn of afters) await fn();
    rmSync(folder, { recursive: true, force: true });
  });

  test("3.5: a dry run shows who gains and loses what and which submissions, asks for the confirmation, and changes nothing", async () => {
    const draft = file("narrow.yaml", closer("/other/*"));
    const shown = await cli("apply", "-f", draft, "--dry-run", "--days", "7");
    assert.equal(shown.code, 0, shown.stderr);
    assert.match(shown.stdout, /Role +role-of-clerk +would be changed/);
    assert.match(shown.stdout, /GAINS +PERMISSION +FOLDERS +CONTROLLERS\nclerk +controller:runs +\/other\/\* +all/);
    assert.match(shown.stdout, /LOSES .*\nclerk +controller:runs +\/finance\/\* +all/);
    assert.match(shown.stdout, /submissions of the last 7 days: 1 decided again, 1 otherwise/);
    assert.match(shown.stdout, /\/finance\/close +clerk .* permit -> deny +/);
    const json = JSON.parse((await cli("apply", "-f", draft, "--dry-run", "--json")).stdout);
    assert.deepEqual([json.dryRun, json.refusal, json.results[0].change, json.whatIf.submissions.days], [true, null, "changed", 30]);

    const own = file("own.yaml", "kind: Role\nname: administrator\npermissions: [manager, controller, -controller:runs:create]\n");
    const asked = await cli("apply", "-f", own, "--dry-run");
    assert.equal(asked.code, 5);
    assert.match(asked.stdout, /to be confirmed: `os:\d+` saved `\/finance\/close` and could no longer run it/);
    assert.match(asked.stderr, /^identity\.confirmation-needed: /);
    const confirmed = await cli("apply", "-f", own, "--dry-run", "--confirm");
    assert.equal(confirmed.code, 0);
    assert.equal((await world.owner.ask({ path: "/api/v1/roles/administrator" })).json.revision, 1);
    assert.equal((await cli("apply", "-f", draft, "--dry-run", "--days", "many")).code, 2);
  });

  test("3.5: without permission to ask about others a dry run still says what would change and what would refuse it", async () => {
    const author = await world.person("author", { permissions: ["manager:inventory"], folders: ["/finance/*"] });
    const draft = file("job2.yaml", "kind: Job\npath: /finance/two\nrun: { shell: id }\n");
    const token = author.headers["authorization"]?.replace("Bearer ", "") ?? "";
    const shown = await runCli(["--url", `http://localhost:${world.port}`, "apply", "-f", draft, "--dry-run"], {
      env: { BEHALF_TOKEN: token },
    });
    assert.equal(shown.code, 0, shown.stderr);
    assert.match(shown.stdout, /Job +\/finance\/two +would be created/);
    assert.doesNotMatch(shown.stdout, /gains/i);
  });

  test("3.6: policy test ends with 1 where a test fails, and says what was decided, by what, and what would mend it", async () => {
    assert.match((await cli("policy", "test")).stdout, /no policy tests/);
    const tests = file("tests.yaml", closing);
    assert.equal((await cli("policy", "test", "-f", tests)).code, 0, "those of a file, before they are stored");
    assert.equal((await cli("apply", "-f", tests)).code, 0);
    const passed = await cli("policy", "test");
    assert.deepEqual([passed.code, passed.stdout], [0, "✔ closing (2)\n"]);
    assert.match((await cli("get", "policytests")).stdout, /closing +2 +1 +-/);
    assert.equal((await cli("get", "policytest", "closing", "-o", "yaml")).stdout, closing);

    const draft = file("draft.yaml", closer("/hr/*"));
    const failed = await cli("policy", "test", "-f", draft);
    assert.equal(failed.code, 1);
    assert.match(failed.stdout, /✘ closing \(2 of 2 fail\)/);
    assert.match(failed.stdout, /clerk may controller:runs:create on \/finance\/close .*\n.*Access denied for folder: \/finance\/close/);
    assert.match(failed.stdout, /clerk may controller:runs:create on \/finance\/close \S*\/tests\.yaml:4\n/);
    assert.match(failed.stdout, /clerk may not controller:runs:create on \/hr\/pay \S*\/tests\.yaml:5\n/);
    assert.match(failed.stdout, /would hold if: add the folder `\/finance` to role `role-of-clerk`/);
    const json = JSON.parse((await cli("policy", "test", "-f", draft, "--json")).stdout);
    assert.deepEqual([json.passed, json.failed], [false, 2]);
    assert.equal(json.tests[0].cases[1].source, `${tests}:5`);
    const other = file("moved.yaml", `# elsewhere\n${closing}`);
    assert.match((await cli("apply", "-f", other)).stdout, /unchanged/, "only written somewhere else");
    const moved = JSON.parse((await cli("policy", "test", "-f", draft, "--json")).stdout);
    assert.equal(moved.tests[0].cases[1].source, `${other}:6`);
    assert.equal((await cli("policy", "test", "nothing")).code, 4);

    const refused = await cli("apply", "-f", draft);
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /^policy\.test-failed: policy test `closing` would fail \(\S*\/moved\.yaml:5\): `clerk may controller:runs:create on \/finance\/close`/,
    );
    const dry = await cli("apply", "-f", draft, "--dry-run");
    assert.equal(dry.code, 1);
    assert.match(dry.stdout, /✘ closing/);
    assert.match(dry.stderr, /policy\.test-failed/);
    assert.equal(
      (
        await cli(
          "apply",
          "-f",
          draft,
          "-f",
          file("new.yaml", closing.replaceAll("close", "x").replace("may not", "may").replace("/finance/x", "/hr/x")),
        )
      ).code,
      0,
    );
    assert.equal((await cli("delete", "policytest", "closing")).code, 0);
    assert.equal((await cli("delete", "policytest", "closing")).code, 4);
  });
});
