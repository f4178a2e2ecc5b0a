/**
 * What a what-if costs over HTTP: 10,000 recorded submissions and as many that were refused, of 1,000 accounts with 5 of 200 roles each, over 2,000 jobs; a role that 25 of them
 * hold is narrowed to a folder, then one that all of them hold. Run alone with `npm run bench -- what-if`.
 */
import { median, type Measured } from "#test/bench/measured.ts";
import { startManager, type ManagerWorld } from "#test/fixtures/manager.ts";

const accounts = 1000;
const roles = 200;
const jobs = 2000;
const submissions = 10_000;
const rowsPerInsert = 500;

const jobPath = (index: number): string => `/division-${index % 7}/team-${index % 53}/job-${index}`;
const roleId = (index: number): string => `rol_bench${String(index).padStart(21, "0")}`;
const accountId = (index: number): string => `acc_bench${String(index).padStart(21, "0")}`;

const scopes = (index: number): string =>
  JSON.stringify([
    {
      controller: "default",
      permissions: ["manager:view", ...(index % 2 === 0 ? ["controller:runs"] : ["controller:jobs:view", "manager:inventory:view"])].map(
        (permission) => ({ permission, denied: false }),
      ),
      folders: index % 4 === 0 ? [{ path: `/division-${index % 7}`, recursive: true }] : [],
    },
  ]);

/** The rows, as a year of use would have left them; written at once. */
const fill = async ({ manager }: ManagerWorld): Promise<void> => {
  const { store, realm } = manager.services;
  const nowMs = Date.now();
  const slices = <T>(count: number, make: (index: number) => T): T[][] => {
    const rows = Array.from({ length: count }, (_, index) => make(index));
    return Array.from({ length: Math.ceil(count / rowsPerInsert) }, (_, at) => rows.slice(at * rowsPerInsert, (at + 1) * rowsPerInsert));
  };
  const roleRow = (index: number) => ({
    id: roleId(index),
    service: "LOCAL-INITIAL",
    name: `bench-role-${index}`,
    scopes: scopes(index),
    revision: 1,
    updated_at: nowMs,
    updated_by: "os:0",
  });
  const accountRow = (index: number) => ({
    id: accountId(index),
    service: "LOCAL-INITIAL",
    name: `bench-${index}`,
    name_key: `bench-${index}`,
    password_hash: null,
    must_change: 0,
    password_expires_at: null,
    disabled: 0,
    groups: "[]",
    created_at: nowMs,
    last_login_at: null,
    revision: 1,
  });
  const definition = (path: string): string => JSON.stringify({ path, as: { kind: "agent" } });
  await store.write(async (tx) => {
    await tx
      .insertInto("roles")
      .values([...Array.from({ length: roles }, (_, index) => roleRow(index)), { ...roleRow(roles), name: "bench-everybody" }])
      .execute();
    for (const rows of slices(accounts, accountRow)) await tx.insertInto("accounts").values(rows).execute();
    for (const rows of slices(accounts * 5, (index) => ({
      subject: `user:${realm.name}/${accountId(index % accounts)}`,
      role_id: index < accounts ? roleId(roles) : roleId((index * 7 + Math.floor(index / accounts) * 31) % roles),
    })))
      await tx
        .insertInto("role_assignments")
        .values(rows)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    for (const rows of slices(jobs, (index) => ({
      path: jobPath(index),
      folder: jobPath(index).slice(0, jobPath(index).lastIndexOf("/")),
      revision: 1,
      deleted: 0,
      updated_at: nowMs,
      author: `user:${realm.name}/${accountId(index % accounts)}`,
    })))
      await tx.insertInto("jobs").values(rows).execute();
    for (const rows of slices(jobs, (index) => ({
      path: jobPath(index),
      revision: 1,
      definition: definition(jobPath(index)),
      source: "",
      author: `user:${realm.name}/${accountId(index % accounts)}`,
      author_name: `bench-${index % accounts}`,
      created_at: nowMs,
    })))
      await tx.insertInto("job_revisions").values(rows).execute();
    for (const rows of slices(submissions, (index) => ({
      id: `sub_bench${String(index).padStart(21, "0")}`,
      job_path: jobPath((index * 13) % jobs),
      job_revision: 1,
      controller: "main",
      arguments: "{}",
      submitter: `user:${realm.name}/${accountId((index * 17) % accounts)}`,
      submitter_name: `bench-${(index * 17) % accounts}`,
      submitter_claim: "{}",
      actor: "os:0",
      actor_name: "os:0",
      verdicts: "[]",
      comment: null,
      created_at: nowMs - index * 1000,
    })))
      await tx.insertInto("submissions").values(rows).execute();
    // No links of a chain: this record is not verified.
    for (const rows of slices(submissions, (index) => ({
      writer: "wrt_bench",
      sequence: index + 1,
      previous: "",
      hash: "",
      at: nowMs - index * 1000,
      actor: `user:${realm.name}/${accountId((index * 11) % accounts)}`,
      action: "runs.create",
      object: jobPath((index * 19) % jobs),
      phase: "refused",
      opened: null,
      detail: JSON.stringify({ code: "access.denied", controller: "main", submitterName: `bench-${(index * 11) % accounts}` }),
    })))
      await tx.insertInto("audit").values(rows).execute();
  });
};

/** Processor time of this process, which asks and answers: other work on the machine does not count. Node's threads do, so it is no less than the time on an idle one. */
const cpuMs = (): number => {
  const used = process.cpuUsage();
  return (used.user + used.system) / 1000;
};

export const benchWhatIf = async ({ repetitions }: { readonly repetitions: number }): Promise<Measured[]> => {
  const afters: (() => unknown)[] = [];
  try {
    const world = await startManager({ after: (fn) => void afters.push(fn as () => unknown) });
    await fill(world);
    const measured: Measured[] = [];
    for (const [name, role] of [
      ["what-if, a role of some accounts", 0],
      ["what-if, a role of every account", roles],
    ] as const) {
      const times: number[] = [];
      const walls: number[] = [];
      let detail: Record<string, number> = {};
      for (let round = 0; round < repetitions + 1; round += 1) {
        const startedAt = performance.now();
        const startedCpu = cpuMs();
        const answer = await world.owner.ask({
          method: "POST",
          path: "/api/v1/what-if",
          body: {
            edits: [{ role: roleId(role), scopes: [{ permissions: ["manager:view", "controller:runs"], folders: ["/division-1/*"] }] }],
          },
        });
        times.push(cpuMs() - startedCpu);
        walls.push(performance.now() - startedAt);
        if (answer.status !== 200) throw new Error(answer.text);
        detail = {
          compared: answer.json.submissions.compared,
          otherwise: answer.json.submissions.otherwiseTotal,
          accounts: answer.json.totals.accounts,
        };
      }
      const value = median(times.slice(1));
      measured.push({
        name: `${name}, ${submissions} submissions and as many refused`,
        value,
        unit: "ms",
        goal: "<= 1000",
        met: value <= 1000,
        detail: { ...detail, "by the clock": median(walls.slice(1)) },
      });
    }
    return measured;
  } finally {
    for (const after of afters) await after();
  }
};
