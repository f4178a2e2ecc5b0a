import assert from "node:assert/strict";
import {
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileProblemOf } from "#kernel/file-problem.ts";

test("2.8: what the system says of a file is a problem with its path, why, and a command", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "behalf file "));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "file"), "");
  mkdirSync(join(folder, "folder"));
  symlinkSync("file", join(folder, "link"));
  chmodSync(folder, 0o755);
  const told = (work: () => unknown): string => {
    try {
      work();
    } catch (error) {
      const found = fileProblemOf(error);
      assert.ok(found !== null, String(error));
      assert.doesNotMatch(`${found.message} ${found.hint}`, /\n|at .*\.ts/);
      return `${found.code}: ${found.message}; ${found.hint}`;
    }
    return "nothing";
  };
  const at = (name: string): string => join(folder, name);
  assert.match(
    told(() => mkdirSync(at("file/below"))),
    /^files\.unusable: `.*file\/below` cannot be used: a file is where a folder should be; .*ls -ld '.*behalf file /,
  );
  assert.match(
    told(() => openSync(at("folder"), "w")),
    /folder` cannot be used: a folder is where a file should be/,
  );
  assert.match(
    told(() => closeSync(openSync(at("link"), constants.O_RDONLY | constants.O_NOFOLLOW))),
    /link` cannot be used: a link is there/,
  );
  if (process.getuid?.() !== 0) return;
  process.seteuid?.(4711);
  try {
    assert.match(
      told(() => writeFileSync(at("new"), "")),
      /new` cannot be used: this account may not use it; .*chown -R 4711 '/,
    );
    assert.match(
      told(() => chmodSync(folder, 0o700)),
      /cannot be used: it belongs to another account; /,
    );
  } finally {
    process.seteuid?.(0);
  }
});

test("what is no failure of a file stays what it is", () => {
  for (const error of [new Error("other"), Object.assign(new Error("x"), { code: "EACCES", syscall: "listen" }), null, "text"])
    assert.equal(fileProblemOf(error), null);
  try {
    readFileSync("/nowhere/at/all");
  } catch (error) {
    assert.equal(fileProblemOf(error), null, "that a file is missing has a meaning of its own each time");
  }
});
