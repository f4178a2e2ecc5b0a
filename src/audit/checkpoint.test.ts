import assert from "node:assert/strict";
import { appendFileSync, chmodSync, readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { findLostCheckpoint } from "#audit/restored-database.ts";
import { ProblemError } from "#kernel/problem.ts";
import { publicKeyFromRaw } from "#proof/keys.ts";
import { fill, openOnSqlite, tamper } from "#test/fixtures/audit-world.ts";

test("K1: checkpoints go to a 0600 file outside the database; a torn last line is cut, a forged one is found", async (t) => {
  const world = await openOnSqlite(t);
  if (world === null) return;
  await fill(world, 3);
  await world.trail.checkpoint();
  await world.trail.checkpoint();
  const lines = (): string[] =>
    readFileSync(world.file, "utf8")
      .split("\n")
      .filter((line) => line !== "");
  assert.equal(lines().length, 2, "one at the start, one for the new head, none for the same head again");
  assert.equal(statSync(world.file).mode & 0o777, 0o600);
  appendFileSync(world.file, "eyJhbGciOi");
  assert.deepEqual(await world.kinds(), []);
  await fill(world, 1);
  await world.trail.checkpoint();
  assert.equal(lines().length, 3);
  assert.deepEqual(await world.kinds(), []);
  appendFileSync(world.file, "eyJhbGciOi.x.y\n");
  assert.deepEqual(await world.kinds(), ["bad-checkpoint"]);
  chmodSync(world.file, 0o644);
  await fill(world, 1);
  await assert.rejects(world.trail.checkpoint(), (error) => error instanceof ProblemError && error.problem.code === "files.unsafe");
});

test("K2: a database that lacks what the checkpoint file names was restored or replaced", async (t) => {
  const world = await openOnSqlite(t);
  if (world === null) return;
  const key = publicKeyFromRaw(world.publicKey);
  await fill(world, 3);
  await world.restart();
  assert.equal(await findLostCheckpoint(world.store.read, world.file, key), null);
  assert.equal(await findLostCheckpoint(world.store.read, `${world.file}.none`, key), null);
  const { writer } = world.trail.head();
  await tamper(world, (tx) => tx.deleteFrom("audit").where("writer", "=", writer).execute());
  assert.equal((await findLostCheckpoint(world.store.read, world.file, key))?.writer, writer);
});
