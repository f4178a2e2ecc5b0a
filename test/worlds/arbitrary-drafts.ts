/** Random role drafts and steps for fast-check: few names, so that changes of two people meet often. */
import * as fc from "fast-check";
import { applyStep, draftOf, type DraftStep, type RoleDraft } from "#access/role-draft.ts";
import { arbitraryActor } from "#test/worlds/arbitrary-worlds.ts";

/** Records as code makes them, never without a prototype. */
const plain = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> => fc.record(model, { noNullPrototype: true });

const permission = fc.constantFrom(
  "controller",
  "controller:runs",
  "controller:runs:view",
  "controller:runs:cancel",
  "controller:restart",
  "manager",
  "manager:view",
  "manager:inventory:view",
);
const scope = fc.constantFrom("default", "default", "main", "other");
const path = fc.constantFrom("/a", "/a/b", "/b", "/");

const entry = plain({ permission, denied: fc.boolean() });
const folder = plain({ path, recursive: fc.boolean() });

export const arbitraryDraft: fc.Arbitrary<RoleDraft> = fc
  .record({
    name: fc.constantFrom("clerk", "keeper"),
    scopes: fc.array(
      plain({
        controller: fc.constantFrom("default", "main", "other"),
        permissions: fc.array(entry, { maxLength: 4 }),
        folders: fc.array(folder, { maxLength: 3 }),
      }),
      { maxLength: 3 },
    ),
  })
  .map((role) => draftOf({ service: "LOCAL", ...role }));

/** Roles as they may be stored: unknown permissions and odd controllers too. */
export const arbitraryStoredDraft: fc.Arbitrary<RoleDraft> = arbitraryActor.map((actor) =>
  draftOf(structuredClone(actor.roles[0] ?? { service: "LOCAL", name: "r", scopes: [] })),
);

export const arbitraryStep: fc.Arbitrary<DraftStep> = fc.oneof(
  plain({ step: fc.constantFrom("grant" as const, "deny" as const), scope, permission }),
  plain({ step: fc.constantFrom("switch" as const, "clear" as const), scope, permission }),
  plain({ step: fc.constant("add-folder" as const), scope, path, recursive: fc.boolean() }),
  plain({ step: fc.constant("remove-folder" as const), scope, path }),
  plain({
    step: fc.constantFrom("add-controller" as const, "remove-controller" as const),
    controller: fc.constantFrom("main", "other", "third", "default", "No Name"),
  }),
  plain({ step: fc.constantFrom("move-permission" as const, "move-folder" as const), scope, from: fc.nat(4), to: fc.nat(4) }),
  plain({ step: fc.constant("rename" as const), name: fc.constantFrom("clerk", "keeper", "third", "not a name") }),
  plain({ step: fc.constant("replace" as const), draft: arbitraryDraft, why: fc.constant("edit as text") }),
);

/** The draft after those steps that can be done. */
export const afterSteps = (draft: RoleDraft, steps: readonly DraftStep[]): RoleDraft => {
  let next = draft;
  for (const step of steps) {
    const done = applyStep(next, step);
    if (done.ok) next = done.value;
  }
  return next;
};
