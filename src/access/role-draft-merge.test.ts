import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { applyStep, newDraft, type DraftStep, type RoleDraft } from "#access/role-draft.ts";
import { isSameDraft } from "#access/role-draft-diff.ts";
import { mergeDrafts, type DisputedValue, type DraftMerge } from "#access/role-draft-merge.ts";
import { renderGrant } from "#access/permission-spelling.ts";
import { renderFolder } from "#access/folders.ts";
import { afterSteps, arbitraryDraft, arbitraryStep } from "#test/worlds/arbitrary-drafts.ts";

const runs = { numRuns: 1000 };
const did = (draft: RoleDraft, ...steps: readonly DraftStep[]): RoleDraft => {
  let next = draft;
  for (const step of steps) {
    const done = applyStep(next, step);
    assert.ok(done.ok);
    next = done.value;
  }
  return next;
};
const grant = (permission: string, scope = "default"): DraftStep => ({ step: "grant", scope, permission });
const deny = (permission: string, scope = "default"): DraftStep => ({ step: "deny", scope, permission });
const folder = (path: string, recursive = true): DraftStep => ({ step: "add-folder", scope: "default", path, recursive });
const textsOf = (draft: RoleDraft): string[] =>
  draft.scopes.flatMap((scope) => [
    ...scope.permissions.map((one) => `${scope.controller} ${renderGrant(one)}`),
    ...scope.folders.map((one) => `${scope.controller} ${renderFolder(one.path, one.recursive)}`),
  ]);
/** One text per thing that is disputed, for short tests. */
const shown = (value: DisputedValue): string =>
  value.is === "name"
    ? value.name
    : value.is === "permission"
      ? `${value.granted ? "+" : ""}${value.denied ? "-" : ""}`
      : value.is === "folder"
        ? value.reach
        : value.folders.join(", ");
const disputed = (merge: DraftMerge): string[][] =>
  merge.conflicts.map(({ what, base, mine, theirs }) => [Object.values(what).join(" "), shown(base), shown(mine), shown(theirs)]);

const base = did(newDraft("LOCAL", "clerk"), grant("manager:view"), grant("controller:runs"), deny("controller:runs:cancel"));

test("3.7: what only one changed is taken from him, what both changed alike is taken once", () => {
  const mine = did(base, grant("controller:jobs:view"), folder("/finance"), {
    step: "clear",
    scope: "default",
    permission: "manager:view",
  });
  const theirs = did(
    base,
    grant("controller:jobs:view"),
    { step: "add-controller", controller: "main" },
    grant("controller:restart", "main"),
  );
  const { merged, conflicts } = mergeDrafts(base, mine, theirs);
  assert.deepEqual(conflicts, []);
  assert.deepEqual(textsOf(merged), [
    "default controller:runs",
    "default -controller:runs:cancel",
    "default controller:jobs:view",
    "default /finance/*",
    "main controller:restart",
  ]);
});

test("3.7: what both changed differently is a conflict, kept as it was until somebody chooses", () => {
  const mine = did(base, deny("controller:runs"), { step: "rename", name: "keeper" });
  const theirs = did(base, { step: "clear", scope: "default", permission: "controller:runs" }, { step: "rename", name: "teller" });
  const merge = mergeDrafts(base, mine, theirs);
  assert.deepEqual(disputed(merge), [
    ["name", "clerk", "keeper", "teller"],
    ["permission controller:runs default", "+", "-", ""],
  ]);
  assert.deepEqual([merge.merged.name, textsOf(merge.merged)], ["clerk", textsOf(base)]);
  const settled = mergeDrafts(base, mine, theirs, { name: "theirs", "permission default controller:runs": "mine" });
  assert.deepEqual([settled.conflicts, settled.merged.name, textsOf(settled.merged)[1]], [[], "teller", "default -controller:runs"]);
  const half = mergeDrafts(base, mine, theirs, { name: "mine" });
  assert.deepEqual([half.merged.name, half.conflicts.length], ["keeper", 1]);
});

test("E1: two who limit a role that reached every folder would together reach more than either meant: a person chooses", () => {
  const mine = did(base, folder("/a"));
  const theirs = did(base, folder("/b"));
  const merge = mergeDrafts(base, mine, theirs);
  assert.deepEqual(disputed(merge), [["folders default", "", "/a/*", "/b/*"]]);
  assert.deepEqual(textsOf(mergeDrafts(base, mine, theirs, { "folders default": "mine" }).merged), textsOf(mine));
});

test("E1: two who each remove one of two folders would together open every folder: a person chooses", () => {
  const limited = did(base, folder("/a"), folder("/b"));
  const without = (path: string): RoleDraft => did(limited, { step: "remove-folder", scope: "default", path });
  assert.deepEqual(disputed(mergeDrafts(limited, without("/a"), without("/b"))), [["folders default", "/a/*, /b/*", "/b/*", "/a/*"]]);
  // Whether anything is left may hang on what is chosen about the last one.
  const wider = did(limited, { step: "remove-folder", scope: "default", path: "/a" }, folder("/b", false));
  assert.equal(mergeDrafts(limited, without("/b"), wider).conflicts[0]?.what.about, "folders");
  // One opens every folder while the other adds one: the addition alone would limit again.
  const open = did(without("/a"), { step: "remove-folder", scope: "default", path: "/b" });
  assert.equal(mergeDrafts(limited, open, did(limited, folder("/c"))).conflicts.length, 1);
});

test("E1: where a limit stands anyway, folders of both are united", () => {
  const limited = did(base, folder("/a"));
  const merge = mergeDrafts(limited, did(limited, folder("/b")), did(limited, folder("/c", false)));
  assert.deepEqual(
    [merge.conflicts, textsOf(merge.merged).filter((text) => text.includes("/"))],
    [[], ["default /a/*", "default /b/*", "default /c"]],
  );
  const differs = mergeDrafts(limited, did(limited, folder("/b")), did(limited, folder("/b", false)));
  assert.deepEqual(disputed(differs), [["folder /b default", "none", "below", "alone"]]);
});

test("E1: where choosing single folders could leave none, the whole list is chosen, and no new question comes after", () => {
  const two = did(base, folder("/a", false), folder("/b", false));
  const without = (draft: RoleDraft, path: string): RoleDraft => did(draft, { step: "remove-folder", scope: "default", path });
  const theirs = did(without(without(two, "/a"), "/b"), folder("/a"));
  const merge = mergeDrafts(two, without(two, "/a"), theirs);
  assert.deepEqual(
    merge.conflicts.map(({ key }) => key),
    ["folders default"],
  );
  assert.deepEqual(mergeDrafts(two, without(two, "/a"), theirs, { "folders default": "mine" }).conflicts, []);
});

test("D86: a controller's part that one removes and the other fills stays for what is new in it", () => {
  const withMain = did(base, { step: "add-controller", controller: "main" }, grant("controller:restart", "main"));
  const mine = did(withMain, { step: "remove-controller", controller: "main" });
  const merge = mergeDrafts(withMain, mine, did(withMain, deny("controller:terminate", "main")));
  assert.deepEqual(
    [merge.conflicts, textsOf(merge.merged).filter((text) => text.startsWith("main"))],
    [[], ["main -controller:terminate"]],
  );
});

test("3.7: order is kept: one's own where only one changed it", () => {
  const mine = did(base, { step: "move-permission", scope: "default", from: 2, to: 0 });
  const theirs = did(base, grant("controller:jobs:view"));
  assert.deepEqual(textsOf(mergeDrafts(base, mine, theirs).merged), [
    "default -controller:runs:cancel",
    "default manager:view",
    "default controller:runs",
    "default controller:jobs:view",
  ]);
});

const steps = fc.array(arbitraryStep, { maxLength: 4 });

test("3.7: merging equal changes has no conflict, and merging nothing takes the other's change as it is", () => {
  fc.assert(
    fc.property(arbitraryDraft, steps, (draft, list) => {
      const changed = afterSteps(draft, list);
      assert.deepEqual(mergeDrafts(draft, changed, changed), { merged: changed, conflicts: [] });
      for (const [left, right] of [
        [draft, changed],
        [changed, draft],
      ] as const) {
        const merge = mergeDrafts(draft, left, right);
        assert.deepEqual([merge.conflicts, isSameDraft(merge.merged, changed)], [[], true]);
      }
    }),
    runs,
  );
});

test("3.7: a merge is the same whoever is who; every conflict can be settled, and then each has what was chosen", () => {
  fc.assert(
    fc.property(arbitraryDraft, steps, steps, fc.constantFrom("mine" as const, "theirs" as const), (draft, left, right, side) => {
      const mine = afterSteps(draft, left);
      const theirs = afterSteps(draft, right);
      const merge = mergeDrafts(draft, mine, theirs);
      const swapped = mergeDrafts(draft, theirs, mine);
      assert.deepEqual(swapped.merged, merge.merged);
      assert.deepEqual(
        new Set(
          swapped.conflicts.map(({ key, mine: theirWords, theirs: myWords, ...rest }) =>
            JSON.stringify({ key, myWords, theirWords, ...rest }),
          ),
        ),
        new Set(
          merge.conflicts.map(({ key, mine: myWords, theirs: theirWords, ...rest }) =>
            JSON.stringify({ key, myWords, theirWords, ...rest }),
          ),
        ),
      );
      const settled = mergeDrafts(draft, mine, theirs, Object.fromEntries(merge.conflicts.map(({ key }) => [key, side])));
      assert.deepEqual(settled.conflicts, []);
      // Without overlap it is one's change on top of the other's, in either order.
      if (merge.conflicts.length > 0) return;
      const [was, my, their, all] = [draft, mine, theirs, merge.merged].map((one) => textsOf(one).toSorted());
      assert.ok(was !== undefined && my !== undefined && their !== undefined && all !== undefined);
      /** `onto` with what changed from `was` to `is`. */
      const patched = (onto: readonly string[], is: readonly string[]): string[] =>
        [
          ...new Set([...onto.filter((text) => is.includes(text) || !was.includes(text)), ...is.filter((text) => !was.includes(text))]),
        ].toSorted();
      assert.deepEqual(all, patched(their, my));
      assert.deepEqual(all, patched(my, their));
    }),
    runs,
  );
});
