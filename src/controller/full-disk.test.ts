import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { jobOf, openControllerWorld } from "#test/fixtures/controller-world.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { outputOf, SpeakingNode } from "#test/fixtures/speaking-node.ts";

const fill = (path: string): void => {
  const descriptor = openSync(path, "w");
  try {
    for (const size of [65_536, 4096, 512]) {
      const piece = Buffer.alloc(size, "f");
      try {
        for (;;) writeSync(descriptor, piece);
      } catch {
        // Full for pieces of this size.
      }
    }
  } finally {
    closeSync(descriptor);
  }
};

test("O3: a full disk at the manager loses nothing: output and outcome wait at the node and are taken once there is room", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-full-"));
  const disk = join(folder, "disk");
  mkdirSync(disk);
  if (process.getuid?.() !== 0 || spawnSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", disk]).status !== 0) {
    rmSync(folder, { recursive: true });
    return t.skip("needs root and the right to mount a small disk");
  }
  const world = await openControllerWorld({ dataFolder: join(disk, "m"), settings: { pollMs: 200, logFloorBytes: 1024 * 1024 } });
  const node = await SpeakingNode.join(world, join(folder, "n"), "local");
  t.after(async () => {
    rmSync(join(disk, "filler"), { force: true });
    await node.cut();
    await world.close();
    spawnSync("umount", [disk]);
    rmSync(folder, { recursive: true, force: true });
  });
  await world.saveJob(jobOf("/jobs/a", "true"));
  await node.connect();
  node.hello();
  const [run] = await world.submit("/jobs/a", "local");
  const offer = await node.hear("offer");
  assert.equal(world.controller.admission(), null);

  fill(join(disk, "filler"));
  const log = Buffer.alloc(300_000, "o");
  node.say({ type: "log", run: offer.run, attempt: 1, offset: 0 }, log.subarray(0, 150_000));
  node.say({ type: "log", run: offer.run, attempt: 1, offset: 150_000 }, log.subarray(150_000));
  node.tell(offer, node.receipt(offer, { output: outputOf(log) }));
  assert.ok(await node.hearsNo("outcome-ack", 1500));
  assert.notEqual((await world.run(run ?? "")).state, "ended");
  await eventually(
    "nothing more is admitted",
    () => world.controller.admission()?.code,
    (code) => code === "controller.disk-low",
  );

  rmSync(join(disk, "filler"));
  // The node is asked for what is missing, as often as needed.
  const row = await eventually(
    "the run ended",
    () => {
      for (const asked of node.received.splice(0))
        if (asked.type === "log-position")
          node.say({ type: "log", run: offer.run, attempt: 1, offset: asked.offset }, log.subarray(asked.offset));
      return world.run(run ?? "");
    },
    ({ state }) => state === "ended",
  );
  assert.deepEqual([row.state, row.result, row.log_bytes], ["ended", "succeeded", log.length]);
  assert.ok(readFileSync(world.controller.logs.path(run ?? "")).equals(log));
});
