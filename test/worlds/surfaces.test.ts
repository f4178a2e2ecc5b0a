/**
 * Every world asked through the outer surfaces of a real manager, on both stores: HTTP and the command line answer what the world expects,
 * for the reason that it names. All worlds stand side by side in one policy, so that none can borrow from another unnoticed.
 */
import assert from "node:assert/strict";
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { comparablePath } from "#access/folders.ts";
import { leafOf, permissionNodeOf } from "#access/permissions.ts";
import { runCli } from "#test/fixtures/instance.ts";
import { send } from "#test/fixtures/http.ts";
import { addNodeRecord, goodPassword, startManager, type ManagerWorld } from "#test/fixtures/manager.ts";
import { assignStored, changeStoredPolicy, insertRole } from "#test/fixtures/policy.ts";
import { onBothStores } from "#test/fixtures/stores.ts";
import { loadWorlds, type World, type WorldQuestion } from "#test/worlds/load-worlds.ts";

const worlds = loadWorlds();

/** Ids and names that say which world they are of. A space sorts before every letter, so roles of a world keep their order (E7). */
const digits = (number: number, length: number): string => String(number).padStart(length, "0");
const roleId = (world: number, role: number): string => `rol_${digits(world, 13)}${digits(role, 13)}`;
const roleName = (world: number, name: string): string => `${name} ${world}`;
const accountId = (world: number, actor: number): string => `acc_${digits(world, 13)}${digits(actor, 13)}`;
const accountName = (world: number, name: string): string => `${name}.w${world}`;
const accessIdOf = (world: number, actor: number): string => `user:corp/${accountId(world, actor)}`;

const actorIndex = (world: World, name: string): number => world.actors.findIndex((actor) => actor.name === name);

/** Stores every world's roles, accounts and assignments as they stand, unknown permissions and all. */
const storeWorlds = async (world: ManagerWorld): Promise<void> => {
  const made = await world.owner.ask({
    method: "POST",
    path: "/api/v1/accounts",
    body: { name: "pattern", password: goodPassword, mustChangePassword: false },
  });
  assert.equal(made.status, 201, made.text);
  await changeStoredPolicy(world, async (tx) => {
    const pattern = await tx.selectFrom("accounts").selectAll().where("name", "=", "pattern").executeTakeFirstOrThrow();
    for (const [number, { roles, actors }] of worlds.entries()) {
      const ids = new Map(roles.map((role, index) => [role, roleId(number, index)]));
      for (const [role, id] of ids) await insertRole(tx, id, { ...role, name: roleName(number, role.name) });
      for (const [index, actor] of actors.entries()) {
        const name = accountName(number, actor.name);
        await tx
          .insertInto("accounts")
          .values({ ...pattern, id: accountId(number, index), name, name_key: name })
          .execute();
        await assignStored(
          tx,
          accessIdOf(number, index),
          actor.roles.map((role) => ids.get(role) ?? ""),
        );
      }
    }
  });
};

interface Asked {
  readonly label: string;
  readonly number: number;
  readonly expect: WorldQuestion["expect"];
  readonly body: { readonly actor: string; readonly permission: string; readonly on?: string; readonly controller?: string };
}

const asked: readonly Asked[] = worlds.flatMap((world, number) =>
  world.questions.map(({ question, expect }) => ({
    label: `${world.file}: ${expect.who} ${expect.may} ${expect.on ?? ""} ${expect.controller ?? ""}`,
    number,
    expect,
    body: {
      actor: accessIdOf(number, actorIndex(world, expect.who)),
      permission: question.permission,
      ...(question.path === undefined ? {} : { on: question.path }),
      ...(question.controller === undefined ? {} : { controller: question.controller }),
    },
  })),
);
/** What the API reads as a question; anything else is a problem of the request. */
const isQuestion = ({ body }: Asked): boolean => permissionNodeOf(body.permission) !== undefined && body.on !== "";
const askable = asked.filter(isQuestion);

interface Answered {
  readonly effect: string;
  readonly because: { readonly rule: string; readonly facts?: Readonly<Record<string, unknown>> };
  readonly decidedBy: { readonly role: string; readonly scope: string; readonly entry: string; readonly kind: string } | null;
  readonly folder: { readonly entry: string } | null;
}

const check = (surface: string, { label, number, expect }: Asked, answer: Answered | undefined): void => {
  const where = `${surface}: ${label}`;
  assert.ok(answer !== undefined, where);
  assert.equal(answer.effect, expect.expect, where);
  assert.equal(answer.because.rule, expect.rule, where);
  if (expect.role !== undefined) assert.equal(answer.decidedBy?.role, roleName(number, expect.role), where);
  if (expect.scope !== undefined) assert.equal(answer.decidedBy?.scope, expect.scope, where);
  if (expect.permission !== undefined)
    assert.equal(answer.decidedBy?.entry, `${answer.decidedBy?.kind === "denial" ? "-" : ""}${expect.permission}`, where);
  if (expect.folder !== undefined) assert.equal(answer.folder?.entry, expect.folder, where);
  assert.equal(answer.decidedBy === null, !["may.granted", "may.denied"].includes(expect.rule), where);
};

onBothStores("3, D75-D99, E1-E12: every world answers the same through HTTP and the command line", async (given, t) => {
  const world = await startManager(t, { database: given.url });
  await storeWorlds(world);
  assert.ok(askable.length > 200, String(askable.length));

  const overHttp: Answered[] = [];
  for (let from = 0; from < askable.length; from += 100) {
    const body = { questions: askable.slice(from, from + 100).map((one) => one.body) };
    const answer = await world.owner.ask({ method: "POST", path: "/api/v1/explain", body });
    assert.equal(answer.status, 200, answer.text);
    overHttp.push(...(answer.json.items as Answered[]));
  }
  for (const [index, one] of askable.entries()) check("HTTP", one, overHttp[index]);

  for (const one of asked.filter((other) => !isQuestion(other))) {
    const answer = await world.owner.ask({ method: "POST", path: "/api/v1/explain", body: one.body });
    assert.equal(answer.status, 422, one.label);
  }

  const cli = ["--data", world.layout.root, "explain"];
  const many = await runCli([...cli, "-f", "-", "--json"], { input: JSON.stringify(askable.map((one) => one.body)) });
  assert.equal(many.code, 3, many.stderr);
  const onCommandLine = (JSON.parse(many.stdout) as { items: Answered[] }).items;
  assert.deepEqual(onCommandLine, overHttp, "both surfaces give the same answers");

  for (const effect of ["permit", "deny"] as const) {
    const one = askable.find(({ expect }) => expect.expect === effect && expect.on !== undefined && expect.controller !== undefined);
    assert.ok(one !== undefined);
    const { actor, permission, on = "", controller = "" } = one.body;
    const single = await runCli([...cli, "--actor", actor, "--permission", permission, "--on", on, "--controller", controller, "--json"]);
    assert.equal(single.code, effect === "permit" ? 0 : 3, single.stderr);
    check("command line", one, JSON.parse(single.stdout) as Answered);
  }
});

/** Whether who-can takes it: a single permission, and a path where it is about objects. */
const isAnswerable = ({ body: { permission, on } }: Asked): boolean =>
  leafOf(permission) !== undefined && (on === undefined ? leafOf(permission)?.object === null : comparablePath(on) !== null);

onBothStores("3.4: who can is the inverse of every world's answers, through HTTP and the command line", async (given, t) => {
  const world = await startManager(t, { database: given.url });
  await storeWorlds(world);
  const everybody = worlds.flatMap(({ actors }, number) =>
    actors.map((actor, index) => ({ accessId: accessIdOf(number, index), access: compileAccess(actor) })),
  );
  const ofWorlds = new Set(everybody.map(({ accessId }) => accessId));
  const questions = Map.groupBy(askable.filter(isAnswerable), ({ body: { actor: _actor, ...question } }) => JSON.stringify(question));
  assert.ok(questions.size > 60, String(questions.size));
  for (const [text, group] of questions) {
    const { permission, on, controller } = JSON.parse(text) as Omit<Asked["body"], "actor">;
    const asking = { permission, ...(on === undefined ? {} : { path: on }), ...(controller === undefined ? {} : { controller }) };
    const expected = everybody.filter(({ access }) => decide(asking, access).effect === "permit").map(({ accessId }) => accessId);
    const answer = await world.owner.ask({ method: "POST", path: "/api/v1/who-can", body: { ...JSON.parse(text), limit: 1000 } });
    assert.equal(answer.status, 200, `${text}: ${answer.text}`);
    const found = (answer.json.items as { accessId: string }[]).map(({ accessId }) => accessId);
    assert.equal(answer.json.total, found.length, text);
    assert.deepEqual(found.filter((one) => ofWorlds.has(one)).toSorted(), expected.toSorted(), text);
    for (const { label, body, expect } of group) assert.equal(found.includes(body.actor), expect.expect === "permit", label);
  }
  const [text = ""] = [...questions.keys()].filter((one) => one.includes('"on"') && one.includes('"controller"'));
  const { permission, on = "", controller = "" } = JSON.parse(text) as Asked["body"];
  const args = [
    "--data",
    world.layout.root,
    "explain",
    "--who-can",
    permission,
    "--on",
    on,
    "--controller",
    controller,
    "--limit",
    "1000",
    "--json",
  ];
  const told = await runCli(args);
  const body = { permission, on, controller, limit: 1000 };
  const same = await world.owner.ask({ method: "POST", path: "/api/v1/who-can", body });
  assert.deepEqual(JSON.parse(told.stdout), same.json, told.stderr);
});

onBothStores("D78, D93: every world's sign-ins are what it says, with the two refusals apart", async (given, t) => {
  const world = await startManager(t, { database: given.url });
  await storeWorlds(world);
  for (const [number, { file, logins }] of worlds.entries())
    for (const { expect } of logins) {
      const body = { account: accountName(number, expect.who), password: goodPassword, kind: "cli" };
      const answer = await send(world.tcp, { method: "POST", path: "/api/v1/sessions", body });
      const label = `${file}: ${expect.who}: ${answer.text}`;
      assert.equal(answer.status === 201 ? "permit" : "deny", expect.expect, label);
      if (expect.problem !== undefined) assert.equal(answer.json.code, expect.problem, label);
      if (expect.says !== undefined) assert.equal(answer.json.detail, expect.says, label);
    }
});

/** A queued run of this job at this controller, whether or not there is such a job. */
const runAt = async ({ manager }: ManagerWorld, pattern: string, number: number, job: string, controller: string): Promise<string> => {
  const id = `run_${digits(number, 26)}`;
  await manager.services.store.write(async (tx) => {
    const run = await tx.selectFrom("runs").selectAll().where("id", "=", pattern).executeTakeFirstOrThrow();
    await tx
      .insertInto("runs")
      .values({ ...run, id, job_path: job, folder: job.slice(0, Math.max(1, job.lastIndexOf("/"))), controller })
      .execute();
  });
  return id;
};

/** From now on the account holds the roles of the other one. */
const holdRolesOf = (world: ManagerWorld, accessId: string, other: string): Promise<void> =>
  changeStoredPolicy(world, async (tx) => {
    const roles = await tx.selectFrom("role_assignments").select("role_id").where("subject", "=", other).execute();
    await assignStored(
      tx,
      accessId,
      roles.map((row) => row.role_id),
    );
  });

onBothStores("E11: every world's questions about runs are answered so at the door itself", async (given, t) => {
  const world = await startManager(t, { database: given.url });
  await storeWorlds(world);
  await addNodeRecord(world.manager.services.store, "local");
  const documents = 'kind: Job\npath: /pattern\nrun: { shell: "true" }\nas: agent\non: [local]\n';
  assert.equal((await world.owner.ask({ method: "POST", path: "/api/v1/definitions", body: { documents } })).status, 200);
  const pattern = await world.owner.ask({ method: "POST", path: "/api/v1/submissions", body: { job: "/pattern" } });
  const sam = await world.person("sam", { permissions: [] });
  const accessId = (await world.owner.ask({ path: "/api/v1/accounts/sam" })).json.accessId as string;
  const met: Record<number, number> = { 200: 0, 403: 0, 404: 0 };
  let held = "";
  for (const [number, one] of askable.entries()) {
    const { permission, on, controller, actor } = one.body;
    const isAtTheDoor = permission === "controller:runs:view" || permission === "controller:runs:cancel";
    if (!isAtTheDoor || on === undefined || on.endsWith("/") || !on.startsWith("/") || controller === undefined) continue;
    if (held !== actor) await holdRolesOf(world, accessId, actor);
    held = actor;
    const run = await runAt(world, pattern.json.runs[0].id as string, number, on, controller);
    const found =
      permission === "controller:runs:view"
        ? await sam.ask({ path: `/api/v1/runs/${run}` })
        : await sam.ask({ method: "POST", path: `/api/v1/runs/${run}/cancel`, body: {} });
    const status = one.expect.expect === "permit" ? 200 : one.expect.problem === "access.not-found" ? 404 : 403;
    met[status] = (met[status] ?? 0) + 1;
    assert.equal(found.status, status, `${one.label}: ${found.text}`);
  }
  assert.ok(
    [200, 403, 404].every((status) => (met[status] ?? 0) > 1),
    JSON.stringify(met),
  );
});
