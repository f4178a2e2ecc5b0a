/** Every route, swept: as nobody, with a wrong credential, without permissions, from another folder; and the golden list and description. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { allRoutes } from "#manager/routes/all-routes.ts";
import { openApiPath } from "#manager/open-api.ts";
import type { Route } from "#manager/route.ts";
import { compareGolden } from "#test/fixtures/golden.ts";
import { open, send, type Answer } from "#test/fixtures/http.ts";
import { addNodeRecord, startManager, type ManagerWorld, type Person } from "#test/fixtures/manager.ts";

const job = (path: string, as = "agent"): string => `kind: Job\npath: ${path}\nrun: { shell: "true" }\nas: ${as}\non: [local]\n`;

describe("routes", () => {
  let world: ManagerWorld;
  let routes: readonly Route[];
  let runId = "";
  let submissionId = "";
  let accountId = "";
  let roleId = "";
  const afters: (() => unknown)[] = [];

  before(async () => {
    world = await startManager({ after: (fn) => void afters.push(fn as () => unknown) });
    routes = allRoutes(world.manager.services);
    const { owner, manager } = world;
    // A node that has joined, as its record: runs for it wait.
    await addNodeRecord(manager.services.store, "local");
    const applied = await owner.ask({
      method: "POST",
      path: "/api/v1/definitions",
      body: { documents: [job("/finance/close"), job("/sales/report")].join("---\n") },
    });
    assert.equal(applied.status, 200, applied.text);
    const submitted = await owner.ask({ method: "POST", path: "/api/v1/submissions", body: { job: "/finance/close" } });
    assert.equal(submitted.status, 201, submitted.text);
    runId = submitted.json.runs[0].id;
    submissionId = submitted.json.id;
    await world.person("victim", { permissions: [] });
    accountId = (await owner.ask({ path: "/api/v1/accounts/victim" })).json.id;
    roleId = (await owner.ask({ path: "/api/v1/roles/role-of-victim" })).json.id;
  });
  after(async () => {
    for (const fn of afters) await fn();
  });

  /** The route's address with things that are really there. */
  const address = (one: Route): string =>
    one.url
      .replace("/jobs/*", "/jobs/finance/close")
      .replace("/runs/:id", `/runs/${runId}`)
      .replace("/submissions/:id", `/submissions/${submissionId}`)
      .replace("/sessions/:id", "/sessions/ses_00000000000000000000000000")
      .replace(":account/:role", "victim/role-of-victim")
      .replace(":account", accountId)
      .replace(":role", roleId)
      .replace(":uid", "4242")
      .replace(":node", "local");

  /** Asks the route with a body that would pass; reads no stream to its end. */
  const ask = async (one: Route, target: Person["target"], headers: Record<string, string>): Promise<Pick<Answer, "status" | "json">> => {
    const sent = {
      method: one.method,
      path: address(one),
      headers,
      ...(one.method === "GET" || one.method === "DELETE" ? {} : { body: {} }),
    };
    if (one.produces !== "text/event-stream") return await send(target, sent);
    const stopped = new AbortController();
    const response = await open(target, sent, stopped.signal);
    const status = response.statusCode ?? 0;
    if (status !== 200) {
      const pieces: Buffer[] = [];
      for await (const piece of response) pieces.push(piece as Buffer);
      return { status, json: JSON.parse(Buffer.concat(pieces).toString()) };
    }
    response.on("error", () => {});
    stopped.abort();
    return { status, json: null };
  };

  const isPublic = (one: Route): boolean => "public" in one.question;
  const name = (one: Route): string => `${one.method} ${one.url}`;

  test("2.10: the OpenAPI document describes exactly the routes there are", async () => {
    const document = (await send(world.tcp, { path: "/api/openapi.json" })).json as {
      openapi: string;
      paths: Record<string, Record<string, unknown>>;
    };
    assert.equal(document.openapi, "3.1.0");
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const declared = routes.map((one) => `${one.method} ${openApiPath(one.url)}`);
    assert.deepEqual(described.toSorted(), declared.toSorted());
    assert.ok(declared.length > 40);
  });

  test("2.12: the OpenAPI document that is served is the golden one", async () => {
    const document = (await send(world.tcp, { path: "/api/openapi.json" })).json as { info: { version: string } };
    document.info.version = "0.0.0";
    compareGolden("test/golden/openapi.json", `${JSON.stringify(document, null, 2)}\n`);
  });

  test("2.12: as nobody, every route but the public ones answers 401 and nothing else", async () => {
    for (const one of routes.filter((route) => !isPublic(route))) {
      const answer = await ask(one, world.tcp, {});
      assert.equal(answer.status, 401, name(one));
      assert.equal(answer.json.code, "identity.not-signed-in", name(one));
    }
  });

  test("2.12: with a wrong credential of any kind, every route but the public ones answers 401", async () => {
    const wrong: Record<string, string>[] = [
      { authorization: `Bearer bhs_${"x".repeat(43)}` },
      { authorization: "Bearer " },
      { authorization: "Basic cm9vdDpyb290" },
      { cookie: `behalf=bhs_${"x".repeat(43)}`, "x-behalf-csrf": "x".repeat(43) },
    ];
    for (const one of routes.filter((route) => !isPublic(route))) {
      for (const headers of wrong)
        assert.equal((await ask(one, world.tcp, headers)).status, 401, `${name(one)} ${JSON.stringify(headers)}`);
    }
  });

  test("2.12: without permissions, every route that asks a question refuses before it looks at the body", async () => {
    const eve = await world.person("eve", { permissions: ["-controller", "-manager:administration", "-manager:inventory"] });
    for (const one of routes) {
      if (!("may" in one.question) || one.question.may === "manager:view") continue;
      const answer = await ask(one, eve.target, { ...eve.headers });
      assert.ok(answer.status === 403 || answer.status === 404, `${name(one)} answered ${answer.status}`);
      assert.ok(!["input.missing-field", "input.wrong-type"].includes(answer.json.code), name(one));
      assert.notEqual(answer.json.code, "input.unknown-route", name(one));
    }
  });

  test("D92: from another folder, nothing of /finance exists: not the job, not its runs, not its submission", async () => {
    const sal = await world.person("sal", {
      permissions: ["manager:inventory", "manager:credentials", "controller"],
      folders: ["/sales/*"],
    });
    for (const one of routes) {
      if (!("may" in one.question) || one.question.about === undefined) continue;
      const answer = await ask(one, sal.target, { ...sal.headers });
      assert.equal(answer.status, 404, name(one));
      // Not to be known and not to be there are one answer.
      const absent = await send(sal.target, {
        method: one.method,
        path: address(one)
          .replace("finance/close", "finance/nothing")
          .replace(runId, "run_00000000000000000000000000")
          .replace(submissionId, "sub_00000000000000000000000000"),
        headers: sal.headers,
        ...(one.method === "POST" ? { body: {} } : {}),
      });
      const same = ({ code, title, status, hint }: Record<string, unknown>): object => ({ code, title, status, hint });
      assert.deepEqual(same(answer.json), same(absent.json), name(one));
    }
    const jobs = await sal.ask({ path: "/api/v1/jobs" });
    assert.deepEqual(
      jobs.json.items.map((item: { path: string }) => item.path),
      ["/sales/report"],
    );
    for (const path of ["/api/v1/runs", "/api/v1/submissions"]) assert.deepEqual((await sal.ask({ path })).json.items, [], path);
    const submit = await sal.ask({ method: "POST", path: "/api/v1/submissions", body: { job: "/finance/close" } });
    assert.deepEqual([submit.status, submit.json.code], [404, "jobs.not-found"]);
    const batch = await sal.ask({
      method: "POST",
      path: "/api/v1/submissions",
      body: { items: [{ job: "/sales/report" }, { job: "/finance/close" }] },
    });
    assert.equal(batch.status, 404);
    assert.deepEqual((await sal.ask({ path: "/api/v1/runs" })).json.items, [], "nothing of a refused batch is stored");
    const write = await sal.ask({ method: "POST", path: "/api/v1/definitions", body: { documents: job("/finance/mine") } });
    assert.equal(write.status, 403);
  });

  test("E11: allowed to see but not to act is 403, with the rule; allowed to act without seeing is possible", async () => {
    const viewer = await world.person("vic", { permissions: ["controller:runs:view", "controller:jobs:view"] });
    const run = await viewer.ask({ path: `/api/v1/runs/${runId}` });
    assert.equal(run.status, 200);
    assert.equal(run.json.allowed.cancel.allowed, false);
    assert.match(run.json.allowed.cancel.reason, /controller:runs:cancel/);
    const cancel = await viewer.ask({ method: "POST", path: `/api/v1/runs/${runId}/cancel`, body: {} });
    assert.deepEqual([cancel.status, cancel.json.code, cancel.json.because.rule], [403, "access.denied", "may.not-granted"]);
    const log = await viewer.ask({ path: `/api/v1/runs/${runId}/log` });
    assert.equal(log.status, 403);
    const canceller = await world.person("cam", { permissions: ["controller:runs:cancel"] });
    assert.equal((await canceller.ask({ path: `/api/v1/runs/${runId}` })).status, 403);
  });

  test("S6: saving a job that names a key needs the permission to use keys on that folder", async () => {
    const author = await world.person("aut", { permissions: ["manager:inventory:manage"] });
    const body = { documents: job("/finance/keyed", "{ credential: run_as_ledger }") };
    const refused = await author.ask({ method: "POST", path: "/api/v1/definitions", body });
    assert.equal(refused.status, 403);
    assert.match(refused.json.detail, /manager:credentials:use/);
    assert.equal(
      (await author.ask({ method: "POST", path: "/api/v1/definitions", body: { documents: job("/finance/plain") } })).status,
      200,
    );
    const user = await world.person("use", {
      permissions: ["manager:inventory:manage", "manager:credentials:use"],
      folders: ["/finance/*"],
    });
    assert.equal((await user.ask({ method: "POST", path: "/api/v1/definitions", body })).status, 200);
  });

  test("2.5: explaining oneself is open to everybody, explaining others needs its own permission", async () => {
    const body = { permission: "controller:runs:create", on: "/finance", actor: "victim" };
    const ann = await world.person("ann", { permissions: [] });
    assert.equal((await ann.ask({ method: "POST", path: "/api/v1/explain", body })).status, 403);
    const own = await ann.ask({ method: "POST", path: "/api/v1/explain", body: { ...body, actor: "ann" } });
    assert.equal(own.json.effect, "deny");
    assert.ok(own.json.because.children.length > 0, "the whole tree is evaluated");
    assert.ok(own.json.hint.length > 0);
    const others = await world.owner.ask({ method: "POST", path: "/api/v1/explain", body });
    assert.deepEqual(others.json.question, { actor: "victim", permission: "controller:runs:create", on: "/finance", controller: null });
    const near = await ann.ask({ method: "POST", path: "/api/v1/explain", body: { permission: "controller:runs:creat" } });
    assert.match(near.json.hint, /controller:runs:create/);
  });

  test("2.10: lists page by cursor without gaps, and a made-up cursor is a problem", async () => {
    for (let index = 0; index < 12; index += 1)
      await world.owner.ask({ method: "POST", path: "/api/v1/submissions", body: { job: "/sales/report", comment: `number ${index}` } });
    const all = (await world.owner.ask({ path: "/api/v1/runs?limit=200" })).json.items.map((run: { id: string }) => run.id) as string[];
    const paged: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: Answer = await world.owner.ask({ path: `/api/v1/runs?limit=5${cursor === "" ? "" : `&cursor=${cursor}`}` });
      paged.push(...(page.json.items as { id: string }[]).map((run) => run.id));
      cursor = page.json.nextCursor as string | null;
    }
    assert.deepEqual(paged, all);
    for (const bad of ["nonsense", Buffer.from('["x"]').toString("base64url"), Buffer.from("[1]").toString("base64url")])
      assert.equal((await world.owner.ask({ path: `/api/v1/runs?cursor=${bad}` })).status, 400, bad);
  });

  test("D88: runs over time count what the reader may see, and no more", async () => {
    const sales = await world.person("sol", { permissions: ["controller:runs:view"], folders: ["/sales/*"] });
    type Series = { slices: { at: string; runs: number; results: Record<string, number>; meanWaitMs: number | null }[]; sliceMs: number };
    const totals = async (person: Person, span: string): Promise<number> => {
      const answer = await person.ask({ path: `/api/v1/runs/series?span=${span}` });
      assert.equal(answer.status, 200, answer.text);
      const { slices, sliceMs } = answer.json as Series;
      assert.ok(slices.every((slice, index) => Date.parse(slice.at) === Date.parse(slices[0]?.at ?? "") + index * sliceMs));
      assert.ok(
        slices.every((slice) => slice.meanWaitMs === null),
        "none has started",
      );
      return slices.reduce((sum, slice) => sum + slice.runs, 0);
    };
    for (const span of ["1h", "24h", "7d", "30d"]) {
      for (const person of [world.owner, sales])
        assert.equal(await totals(person, span), (await person.ask({ path: "/api/v1/runs/counts" })).json.total, `${person.name} ${span}`);
    }
    assert.ok((await totals(world.owner, "24h")) > (await totals(sales, "24h")), "the others' runs are not counted");
    assert.equal((await sales.ask({ path: "/api/v1/runs/series?span=1y" })).status, 422);
  });

  test("E4: a list asks about each entry by itself: a folder held at another controller shows nothing of this one", async () => {
    const definition = {
      kind: "Role",
      name: "east",
      permissions: ["manager:view", "controller:runs:view", "controller:jobs:view"],
      folders: ["/sales/*"],
      controllers: { east: { permissions: ["controller:runs:cancel"], folders: ["/finance/*"] } },
    };
    assert.equal((await world.owner.ask({ method: "POST", path: "/api/v1/roles", body: { definition, confirm: true } })).status, 201);
    const eve = await world.person("eastern", { permissions: [] });
    assert.equal(
      (await world.owner.ask({ method: "PUT", path: "/api/v1/accounts/eastern", body: { roles: ["east"], confirm: true } })).status,
      200,
    );
    for (const path of ["/api/v1/runs?limit=200", "/api/v1/submissions?limit=200"]) {
      const jobs = ((await eve.ask({ path })).json.items as { job: string }[]).map((one) => one.job);
      assert.deepEqual([...new Set(jobs)], ["/sales/report"], path);
    }
  });

  test("2.10: a reader of one folder among many gets full pages of it", async () => {
    const sales = await world.person("sue", { permissions: ["controller:runs:view"], folders: ["/sales/*"] });
    const page = await sales.ask({ path: "/api/v1/runs?limit=5" });
    assert.equal(page.json.items.length, 5);
    assert.ok(page.json.items.every((run: { job: string }) => run.job === "/sales/report"));
  });

  test("bad input: whatever stands in address, query or body, no route fails inside, and each refusal is a problem with code and hint", async () => {
    const parameters = ["%00", "..%2f..%2fetc", "%E2%80%AE", "%F0%28", "__proto__", "-1", "a".repeat(5000)];
    const document = (await send(world.tcp, { path: "/api/openapi.json" })).json as {
      paths: Record<string, Record<string, { parameters?: { name: string; in: string }[] }>>;
    };
    const queriesOf = (one: Route): string[] =>
      (document.paths[openApiPath(one.url)]?.["get"]?.parameters ?? [])
        .filter((parameter) => parameter.in === "query")
        .flatMap(({ name: field }) => ["%00", "-1", "1e99", "%25_", "x".repeat(4000), `1&${field}=2`].map((value) => `${field}=${value}`));
    const json = { "content-type": "application/json" };
    const bodies = [
      "{",
      "null",
      "[]",
      '{"__proto__":{}}',
      '{"a":1,"a":2}',
      '{"a":"\\u0000"}',
      '{"a":"\\ud800"}',
      '{"no-such-field":1}',
      "[".repeat(200),
    ];
    const at = (one: Route, value: string): string => one.url.replaceAll(/:\w+|\*/g, value);
    for (const one of routes.filter((route) => route.produces !== "text/event-stream")) {
      const asked: { path: string; body?: string }[] =
        one.method === "GET"
          ? [
              ...parameters.map((value) => ({ path: at(one, value) })),
              ...queriesOf(one).map((query) => ({ path: `${address(one)}?${query}` })),
            ]
          : [
              ...parameters.map((value) => ({ path: at(one, value), ...(one.method === "DELETE" ? {} : { body: '{"no-such-field":1}' }) })),
              ...(one.method === "DELETE" ? [] : bodies.map((body) => ({ path: at(one, "none"), body }))),
            ].filter(({ path, body }) => path !== one.url || body !== undefined);
      for (const { path, body } of asked) {
        const answer = await world.owner.ask({ method: one.method, path, ...(body === undefined ? {} : { body, headers: json }) });
        const told = `${one.method} ${path.slice(0, 120)} ${body ?? ""}: ${answer.text.slice(0, 300)}`;
        assert.ok(answer.status < 500, told);
        if (answer.status < 400) continue;
        assert.match(answer.headers["content-type"] ?? "", /^application\/problem\+json/, told);
        assert.ok(typeof answer.json.code === "string" && answer.json.hint.length > 10, told);
        assert.doesNotMatch(answer.text, /node_modules|\.ts:\d/, told);
      }
    }
  });
});
