import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { eventually } from "#test/fixtures/eventually.ts";
import { removeFolder, runCli, startInstance } from "#test/fixtures/instance.ts";

const asRoot = process.getuid?.() === 0;

/** Command lines and environments of the instance's own processes, as other programs could read them. */
const processTexts = (pids: readonly number[]): string => pids.map((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8")).join("\n");

suite("2.11: planted secrets stay where they belong", { skip: asRoot ? false : "needs root to read every file of the instance" }, () => {
  test("2.11, A6: a password, a session token, a join token and what was typed wrongly are in no file, log, answer or process list", async () => {
    const behalf = await startInstance();
    const secrets = new Map<string, string>();
    const first = behalf.firstAccount?.oneTimePassword ?? "";
    secrets.set("one-time password", first);
    const typed = "typed-wrongly-Zq7vK2";
    secrets.set("mistyped password", typed);
    const chosen = "chosen-by-root-Xw93Lm";
    secrets.set("chosen password", chosen);
    const home = join(behalf.dataFolder, "..", "home");
    const env = { HOME: home, XDG_CONFIG_HOME: home };

    const wrong = await runCli(["--url", behalf.url, "login", "root"], { input: `${typed}\n`, env });
    assert.equal(wrong.code, 3, wrong.stderr);
    const answers = [wrong.stdout, wrong.stderr];
    await eventually(
      "the delay after a failure is over",
      () => runCli(["--url", behalf.url, "login", "root", "--json"], { input: `${first}\n`, env }),
      (told) => told.code === 0,
    );
    const changed = await runCli(["--url", behalf.url, "password"], { input: `${first}\n${chosen}\n`, env });
    assert.equal(changed.code, 0, changed.stderr);
    answers.push(changed.stdout, changed.stderr);
    const saved = readFileSync(join(home, "behalf", "logins.json"), "utf8");
    const token = Object.values(JSON.parse(saved) as Record<string, string>)[0] ?? "";
    assert.ok(token.length >= 43, saved);
    secrets.set("bearer token", token);
    const me = await runCli(["--url", behalf.url, "whoami", "--json"], { env });
    assert.equal(me.code, 0, me.stderr);
    answers.push(me.stdout);
    const { token: joinToken } = await behalf.json<{ token: string }>(["node", "invite", "elsewhere"]);
    secrets.set("join token", joinToken);
    const yaml =
      "kind: Job\npath: /examples/bad\nrun: { shell: 42 }\nas: { credential: example, password: in-the-document-Hh8 }\non: [local]\n";
    secrets.set("secret in a refused document", "in-the-document-Hh8");
    const refused = await behalf.cli(["apply", "-f", "-", "--json"], { input: yaml });
    assert.equal(refused.code, 2, refused.stdout);
    answers.push(refused.stdout, refused.stderr);
    const audit = await behalf.cli(["audit", "list", "--limit", "200", "--json"]);
    answers.push(audit.stdout);
    const running = processTexts([behalf.supervisor.pid ?? 0, behalf.pidOf("manager"), behalf.pidOf("agent"), behalf.pidOf("launcher")]);
    await behalf.stop();

    for (const [name, secret] of secrets) {
      assert.ok(secret.length > 8, name);
      const found = spawnSync("grep", ["-rlFa", "--", secret, behalf.dataFolder], { encoding: "utf8" });
      assert.equal(found.stdout, "", `${name} is in ${found.stdout}`);
      for (const answer of answers) assert.ok(!answer.includes(secret), `${name} came back in an answer`);
      assert.ok(!running.includes(secret), `${name} is in a process list`);
    }
    // The check can fail: something that must be there is found the same way.
    assert.notEqual(spawnSync("grep", ["-rlFa", "--", "/examples/whoami", behalf.dataFolder], { encoding: "utf8" }).stdout, "");
    assert.ok(readdirSync(behalf.layout.manager.keys).length > 0);
    removeFolder(join(behalf.dataFolder, ".."));
  });
});
