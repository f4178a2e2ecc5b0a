import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { buildProgram } from "#cli/program.ts";
import { everyCommand } from "#test/fixtures/commands.ts";
import { cliEntry, runCli } from "#test/fixtures/instance.ts";

test("2.10: every command and option has a description, and none takes a secret as an argument", () => {
  for (const { path, command } of everyCommand(buildProgram(), ["behalf"])) {
    assert.ok(command.description().length > 5, path);
    for (const option of command.options) {
      assert.ok(option.description.length > 5, `${path} ${option.flags}`);
      assert.doesNotMatch(option.flags, /--(password|token|secret)(?!-)\b/, path);
    }
  }
});

test("2.10: exit codes: 2 usage, 6 unreachable; problems are code, message and hint on stderr, or JSON on stdout", async () => {
  const folder = mkdtempSync(join(tmpdir(), "behalf-cli-"));
  const usage = await runCli(["runs", "lst"], {});
  assert.equal(usage.code, 2);
  assert.match(usage.stderr, /^cli\.usage: .*\n {2}hint: /);
  const away = await runCli(["--data", folder, "runs", "list"]);
  assert.equal(away.code, 6);
  assert.match(away.stderr, /cli\.unreachable/);
  const json = await runCli(["--data", folder, "runs", "list", "--json"]);
  assert.equal((JSON.parse(json.stdout) as { problem: { code: string } }).problem.code, "cli.unreachable");
  assert.equal(json.stderr, "");
  const bad = await runCli(["--url", "http://user:secret-Tz5@localhost:1", "whoami"]);
  assert.equal(bad.code, 2);
  assert.doesNotMatch(bad.stderr + bad.stdout, /secret-Tz5/);
  rmSync(folder, { recursive: true });
});

test("2.10: a file that is not UTF-8 is refused with its line, from standard input too, and never changed on its way", async () => {
  const folder = mkdtempSync(join(tmpdir(), "behalf-cli-"));
  const file = join(folder, "job.yaml");
  const bytes = Buffer.from('kind: Job\npath: /a/b\nrun: { shell: "echo caf\xE9" }\n', "latin1");
  writeFileSync(file, bytes);
  const told = await runCli(["--data", folder, "apply", "-f", file]);
  assert.equal(told.code, 2);
  assert.match(
    told.stderr,
    /^cli\.unreadable-file: the file `.*job\.yaml` is not UTF-8 text \(line 3, column 1\)\n {2}hint: save it as UTF-8/,
  );
  const piped = spawnSync(process.execPath, [cliEntry, "--data", folder, "apply", "-f", "-"], { input: bytes, encoding: "utf8" });
  assert.equal(piped.status, 2);
  assert.match(piped.stderr, /standard input is not UTF-8 text/);
  writeFileSync(file, Buffer.from("\uFEFFkind: Job\n# caf\u00E9\n"));
  assert.match((await runCli(["--data", folder, "apply", "-f", file])).stderr, /cli\.unreachable/);
  rmSync(folder, { recursive: true });
});

test(
  "2.10: completion for bash knows the commands of a level",
  { skip: existsSync("/bin/bash") ? false : "bash is not installed" },
  async () => {
    const { stdout, code } = await runCli(["completion", "bash"]);
    assert.equal(code, 0);
    const { script } = JSON.parse((await runCli(["completion", "bash", "--json"])).stdout) as { script: string };
    assert.equal(script.trimEnd(), stdout.trimEnd());
    const folder = mkdtempSync(join(tmpdir(), "behalf-completion-"));
    writeFileSync(join(folder, "c"), stdout);
    /** What bash would offer; names come from a stand-in for the manager. */
    const complete = (line: string, names = ""): string[] =>
      spawnSync(
        "/bin/bash",
        [
          "-c",
          `. "$0"; behalf() { printf '%s\\n' "$*" >> "$0.asked"; [ -z "$NAMES" ] || printf '%s\\n' "$NAMES"; }; COMP_LINE=$1; COMP_POINT=\${#1}; _behalf; printf '%s\\n' "\${COMPREPLY[@]}"`,
          join(folder, "c"),
          line,
        ],
        { encoding: "utf8", cwd: folder, env: { NAMES: names } },
      )
        .stdout.trim()
        .split("\n");
    assert.deepEqual(complete("behalf runs c"), ["count", "cancel"]);
    assert.ok(complete("behalf cred").includes("credential"));
    assert.ok(complete("behalf run --fol").includes("--follow"));
    assert.deepEqual(complete("behalf run /fin", "/finance/close books"), ["/finance/close\\ books"]);
    assert.deepEqual(complete("behalf run $(touch", "$(touch x)"), ["\\$\\(touch\\ x\\)"], "a name is never run");
    assert.ok(!existsSync(join(folder, "x")));
    assert.deepEqual(complete("behalf explain --permission controller:runs:cr", "controller:runs:create"), ["create"]);
    assert.deepEqual(complete("behalf get roles ", "administrator\nclerk"), ["administrator", "clerk"]);
    assert.deepEqual(readFileSync(join(folder, "c.asked"), "utf8").trim().split("\n").slice(-4), [
      "complete job --may controller:runs:create -- /fin",
      "complete job --may controller:runs:create -- $(touch",
      "complete permission -- controller:runs:cr",
      "complete role --",
    ]);
    rmSync(folder, { recursive: true });
  },
);

test("2.3: a character that comes in two pieces is one on a terminal; one that never ends is shown as unreadable", async () => {
  const { terminalText } = await import("#cli/output.ts");
  const text = terminalText();
  const whole = Buffer.from("\u00E9\u{1F600}\u001B[31m!");
  assert.equal(
    [...whole].map((byte) => text.write(Buffer.of(byte))).join(""),
    "\u00E9\u{1F600}[31m!",
    "an escape alone is gone, and harmless",
  );
  assert.equal(text.write(Buffer.of(0xc3)) + text.end(), "\uFFFD");
});

test("W5: what comes from outside loses its control sequences before a terminal sees it", async () => {
  const { plainText } = await import("#cli/output.ts");
  assert.equal(
    plainText("a\u001B[31mb\u001B[0m\u001B]0;title\u0007c\u001B]8;;http://x\u001B\\link\u001B]8;;\u001B\\\u202Ed\u0000\n\te"),
    "abclinkd\n\te",
  );
});
