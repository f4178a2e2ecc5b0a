/** Every world asked of the engine itself: `decide`, `explain` and the naive second implementation agree with it and with each other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { decideLogin } from "#access/decide-login.ts";
import { explain } from "#access/explain.ts";
import { folderVisibility } from "#access/may-know.ts";
import { leafOf } from "#access/permissions.ts";
import { loadWorlds } from "#test/worlds/load-worlds.ts";
import { naiveMay } from "#test/worlds/naive-may.ts";

const worlds = loadWorlds();

test("D75-D99, E1-E12: there are at least 40 worlds", () => {
  assert.ok(worlds.length >= 40, `only ${worlds.length}`);
});

for (const world of worlds) {
  test(`${world.rules.join(", ")}: ${world.title} (${world.file})`, () => {
    for (const { actor, question, expect } of world.questions) {
      const label = `${world.file}: ${expect.who} ${expect.may}${expect.on === undefined ? "" : ` on ${expect.on}`}${expect.controller === undefined ? "" : ` of ${expect.controller}`}`;
      const verdict = decide(question, compileAccess(actor));
      assert.equal(verdict.effect, expect.expect, `${label}: ${verdict.because.text}`);
      assert.equal(verdict.because.rule, expect.rule, label);
      if (verdict.effect === "deny") {
        assert.equal(verdict.problem.code, expect.problem ?? "access.denied", label);
        if (expect.says !== undefined) assert.ok(verdict.problem.message.includes(expect.says), `${label}: ${verdict.problem.message}`);
      }
      const facts = verdict.because.facts ?? {};
      if (expect.role !== undefined) assert.equal(facts["role"], expect.role, label);
      if (expect.scope !== undefined) assert.equal(facts["scope"], expect.scope, label);
      if (expect.permission !== undefined) assert.equal(facts["permission"], expect.permission, label);
      if (expect.folder !== undefined) assert.equal(facts["folder"], expect.folder, label);

      const tree = explain(question, actor);
      assert.equal(tree.rule, verdict.because.rule, `${label}: explain`);
      assert.equal(tree.facts?.["effect"], verdict.effect, `${label}: explain`);
      for (const fact of ["role", "service", "scope", "permission", "folder", "folderRole", "folderScope"])
        assert.equal(tree.facts?.[fact], facts[fact], `${label}: explain names another ${fact}`);
      if (leafOf(question.permission) !== undefined) assert.equal(naiveMay(question, actor), verdict.effect, `${label}: naive`);
    }
    for (const { actor, expect } of world.logins) {
      const verdict = decideLogin(compileAccess(actor));
      assert.equal(verdict.effect, expect.expect, `${world.file}: login of ${expect.who}`);
      if (verdict.effect === "deny") {
        assert.equal(verdict.problem.code, expect.problem, `${world.file}: login of ${expect.who}`);
        if (expect.says !== undefined) assert.equal(verdict.problem.message, expect.says);
      }
    }
    for (const { actor, expect } of world.shows) {
      assert.equal(
        folderVisibility(expect.folder, compileAccess(actor), expect.controller),
        expect.expect,
        `${world.file}: ${expect.who} sees ${expect.folder}`,
      );
    }
  });
}
