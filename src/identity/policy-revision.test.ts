import assert from "node:assert/strict";
import { test } from "node:test";
import { openPolicyRevision } from "#identity/policy-revision.ts";
import { identityWorld, onBothStores } from "#test/fixtures/identity.ts";

onBothStores("2.5: every change raises the revision by one, also from several managers at once", async (t, kind) => {
  const { store, clock } = await identityWorld(t, kind);
  const [one, two] = [openPolicyRevision(store, clock), openPolicyRevision(store, clock)];
  const before = await one.current();
  await Promise.all(Array.from({ length: 10 }, (_, index) => store.write((tx) => (index % 2 === 0 ? one : two).raise(tx))));
  for (const revision of [one, two]) {
    revision.changed();
    assert.equal(await revision.current(), before + 10);
  }
});

test("2.5: the revision is looked up at most every 250 ms, and at once after an own change", async (t) => {
  const { store, clock } = await identityWorld(t);
  const revision = openPolicyRevision(store, clock);
  const before = await revision.current();
  await store.write((tx) => revision.raise(tx));
  clock.advance(249);
  assert.equal(await revision.current(), before);
  clock.advance(1);
  assert.equal(await revision.current(), before + 1);
  await store.write((tx) => revision.raise(tx));
  revision.changed();
  assert.equal(await revision.current(), before + 2);
});

test("2.5: a look that began before a change and ends after it does not hide the change", async (t) => {
  const { store, clock } = await identityWorld(t);
  let openGate = (): void => {};
  let gate: Promise<void> = Promise.resolve();
  // The real store, whose answers arrive late.
  const late = store.read.withPlugin({ transformQuery: ({ node }) => node, transformResult: async ({ result }) => (await gate, result) });
  const revision = openPolicyRevision({ ...store, read: late }, clock);
  const before = await revision.current();
  clock.advance(1000);
  gate = new Promise((resolve) => {
    openGate = resolve;
  });
  const looking = revision.current();
  await store.write((tx) => revision.raise(tx));
  revision.changed();
  openGate();
  await looking;
  assert.equal(await revision.current(), before + 1);
});
