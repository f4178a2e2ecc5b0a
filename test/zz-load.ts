import { startManager } from "#test/fixtures/manager.ts";
import { loadPolicy } from "#identity/policy-snapshot.ts";
import { findLockOut } from "#identity/administrator-guard.ts";
const afters: (() => unknown)[] = [];
const world = await startManager({ after: (fn) => void afters.push(fn as () => unknown) });
const { store, realm } = world.manager.services;
const N = 100_000;
await store.write(async (tx) => {
  const sc = JSON.stringify([{ controller: "default", permissions: [{ permission: "controller:runs", denied: false }], folders: [] }]);
  await tx.insertInto("roles").values(Array.from({ length: 200 }, (_, i) => ({ id: `rol_b${String(i).padStart(25,"0")}`, service: "LOCAL-INITIAL", name: `r${i}`, scopes: sc, revision: 1, updated_at: 1, updated_by: "x" }))).execute();
  for (let at = 0; at < N; at += 500) {
    await tx.insertInto("accounts").values(Array.from({ length: 500 }, (_, k) => ({ id: `acc_b${String(at + k).padStart(25,"0")}`, service: "LOCAL-INITIAL", name: `b${at + k}`, name_key: `b${at + k}`, password_hash: null, must_change: 0, password_expires_at: null, disabled: 0, groups: "[]", created_at: 1, last_login_at: null, revision: 1 }))).execute();
    await tx.insertInto("role_assignments").values(Array.from({ length: 2500 }, (_, k) => ({ subject: `user:${realm.name}/acc_b${String(at + (k / 5 | 0)).padStart(25,"0")}`, role_id: `rol_b${String(((at + (k / 5 | 0)) * 7 + (k % 5) * 31) % 200).padStart(25,"0")}` }))).execute();
  }
});
for (let i = 0; i < 3; i++) { const c = process.cpuUsage(); const t = performance.now(); const p = await loadPolicy(store.read, realm.name); const u = process.cpuUsage(c); console.log("loadPolicy", (performance.now() - t).toFixed(0), "ms, cpu", ((u.user + u.system) / 1000).toFixed(0), p.holders.size); }
for (let i = 0; i < 2; i++) { const c = process.cpuUsage(); const t = performance.now(); await store.read.transaction; await store.write((tx) => findLockOut(tx, realm.name)); const u = process.cpuUsage(c); console.log("findLockOut", (performance.now() - t).toFixed(0), "ms, cpu", ((u.user + u.system) / 1000).toFixed(0)); }
for (let i = 0; i < 3; i++) { const c = process.cpuUsage(); const t = performance.now(); const r = await world.owner.ask({ method: "PUT", path: "/api/v1/accounts/b5", body: { groups: [`g${i}`] } }); const u = process.cpuUsage(c); console.log("edit account", r.status, (performance.now() - t).toFixed(0), "ms, cpu", ((u.user + u.system) / 1000).toFixed(0)); }
for (const fn of afters) await fn();
