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

/** What a shell offers for a line that ends where the cursor is; names come from a stand-in for the manager, which notes what it was asked. */
type Complete = (line: string, names?: string) => string[];

const shells: readonly (readonly [shell: string, script: string])[] = [
  [
    "bash",
    `. "$1"; behalf() { printf '%s\\n' "$*" >> "$FILE.asked"; [ -z "$NAMES" ] || printf '%s\\n' "$NAMES"; }; set -- "$1" "$2"; COMP_LINE=$2; COMP_POINT=\${#2}; _behalf; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  [
    "zsh",
    `compdef() { :; }; compadd() { [[ $1 != -- ]] || shift; local w; for w in "$@"; do [[ $w != \${words[CURRENT]}* ]] || print -r -- $w; done; }; _files() { print -rl -- \${words[CURRENT]}*(N); }; behalf() { print -r -- "$*" >> "$FILE.asked"; [[ -z $NAMES ]] || print -r -- "$NAMES"; }; FILE=$1; . "$1"; words=(\${(z)2}); [[ $2 != *' ' ]] || words+=(""); CURRENT=\${#words}; _behalf`,
  ],
  ["fish", `function behalf; echo $argv >> "$FILE.asked"; test -z "$NAMES"; or echo $NAMES; end; source $argv[1]; complete -C $argv[2]`],
];

for (const [shell, script] of shells) {
  const path = [`/bin/${shell}`, `/usr/bin/${shell}`].find(existsSync);
  test(
    `2.10: completion for ${shell} offers commands, kinds, names and options where they belong, and files only where one is meant`,
    { skip: path === undefined ? `${shell} is not installed` : false },
    async (t) => {
      const told = await runCli(["completion", shell, "--json"]);
      const folder = mkdtempSync(join(tmpdir(), "behalf-completion-"));
      t.after(() => rmSync(folder, { recursive: true }));
      const file = join(folder, "c");
      writeFileSync(file, (JSON.parse(told.stdout) as { script: string }).script);
      writeFileSync(join(folder, "jobs.yaml"), "");
      const complete: Complete = (line, names = "") => {
        const words = shell === "fish" ? ["--no-config", "-c", script, file, line] : ["-c", script, shell, file, line];
        const done = spawnSync(path ?? "", words, {
          encoding: "utf8",
          cwd: folder,
          env: { NAMES: names, FILE: file, HOME: folder, PATH: "/usr/bin:/bin" },
        });
        assert.equal(done.stderr, "");
        return done.stdout
          .split("\n")
          .map((text) => text.split("\t")[0] ?? "")
          .filter((text) => text !== "")
          .toSorted();
      };
      assert.deepEqual(complete("behalf runs c"), ["cancel", "count"]);
      assert.ok(complete("behalf cred").includes("credential"));
      assert.deepEqual(complete("behalf get "), ["accounts", "jobs", "nodes", "policytests", "roles"]);
      assert.deepEqual(complete("behalf get ro"), ["roles"]);
      assert.deepEqual(complete("behalf get roles ", "clerk"), ["clerk"]);
      assert.deepEqual(complete("behalf get --folder /fin roles ", "clerk"), ["clerk"]);
      assert.deepEqual(complete("behalf explain --permission controller:runs:cr", "controller:runs:create").length, 1);
      assert.deepEqual(complete("behalf get jobs --fol"), ["--folder"]);
      assert.deepEqual(complete("behalf runs list --js"), ["--json"]);
      assert.deepEqual(complete("behalf whoami "), [], "no files");
      assert.deepEqual(complete("behalf get jobs "), [], "no files, where nobody may see a job");
      assert.deepEqual(complete("behalf node invite "), []);
      for (const line of ["behalf apply -f ", "behalf apply --file jo", "behalf import roles jo"])
        assert.ok(complete(line).includes("jobs.yaml"), line);
      const asked = readFileSync(`${file}.asked`, "utf8").trim().split("\n");
      assert.ok(
        asked.some((line) => /^complete role -- ?$/.test(line)),
        asked.join("\n"),
      );
      assert.ok(asked.includes("complete permission -- controller:runs:cr"));
      if (shell !== "bash") return;
      assert.deepEqual(complete("behalf run /fin", "/finance/close books"), ["/finance/close\\ books"]);
      assert.deepEqual(complete("behalf run $(touch", "$(touch x)"), ["\\$\\(touch\\ x\\)"], "a name is never run");
      assert.ok(!existsSync(join(folder, "x")));
      assert.deepEqual(complete("behalf explain --permission controller:runs:cr", "controller:runs:create"), ["create"]);
      assert.ok(readFileSync(`${file}.asked`, "utf8").includes("complete job --may controller:runs:create -- /fin\n"));
    },
  );
}

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
