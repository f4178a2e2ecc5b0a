import assert from "node:assert/strict";
import { test } from "node:test";
import { listAudit } from "#audit/list-audit.ts";
import { auditStores, fill } from "#test/fixtures/audit-world.ts";

for (const [name, make] of auditStores) {
  test(`2.11: on ${name} the record is read newest first, page by page, with filters`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    await fill(world, 25);
    await world.trail.note({ actor: "os:7", action: "runs.create", object: "run_1" });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof listAudit>> = await listAudit(world.store.read, {}, cursor, 10);
      seen.push(...page.records.map((record) => `${record.writer}/${record.sequence}`));
      cursor = page.next;
    } while (cursor !== null);
    assert.equal(seen.length, 27);
    assert.equal(new Set(seen).size, 27);
    assert.ok(seen[0]?.endsWith("/27"));
    const count = async (filter: Parameters<typeof listAudit>[1]): Promise<number> =>
      (await listAudit(world.store.read, filter, null, 100)).records.length;
    assert.equal(await count({ actors: ["os:7"] }), 1);
    assert.equal(await count({ actors: ["os:7", "nobody"] }), 1);
    assert.equal(await count({ action: "jobs.*" }), 25);
    assert.equal(await count({ action: "jobs.apply", object: "/demo/job-3" }), 1);
    assert.equal(await count({ phase: "opened" }), 0);
    assert.equal(await count({ fromMs: 0, toMs: 1_800_000_000_001 }), 0);
    await assert.rejects(listAudit(world.store.read, {}, "1; drop table audit", 10), /cursor/);
  });
}
