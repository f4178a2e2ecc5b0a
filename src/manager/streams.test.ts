/** Live streams: output with resume by offset, state changes, and the rules that every stream keeps (W4). */
import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { after, before, describe, test } from "node:test";
import { endRun } from "#jobs/dispatch-store.ts";
import { encodeLogFrame, type LogStream } from "#link/log-format.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { events, open, type StreamedEvent } from "#test/fixtures/http.ts";
import { sampleOutcome } from "#test/fixtures/launch-order.ts";
import { addNodeRecord, startManager, type ManagerWorld, type Person } from "#test/fixtures/manager.ts";

describe("streams", () => {
  let world: ManagerWorld;
  const afters: (() => unknown)[] = [];

  before(async () => {
    world = await startManager(
      { after: (fn) => void afters.push(fn as () => unknown) },
      { streamOptions: { recheckMs: 30_000, heartbeatMs: 100, perSession: 3 } },
    );
    await addNodeRecord(world.manager.services.store, "local");
    const documents = ["/finance/close", "/sales/report"]
      .map((path) => `kind: Job\npath: ${path}\nrun: { shell: "true" }\non: [local]\n`)
      .join("---\n");
    assert.equal((await world.owner.ask({ method: "POST", path: "/api/v1/definitions", body: { documents } })).status, 200);
  });
  after(async () => {
    for (const fn of afters) await fn();
  });

  const submit = async (job = "/finance/close"): Promise<string> =>
    (await world.owner.ask({ method: "POST", path: "/api/v1/submissions", body: { job } })).json.runs[0].id as string;

  /** What the controller does with output and with an outcome. */
  const write = async (run: string, stream: LogStream, text: string | Buffer): Promise<void> => {
    const { logs } = world.manager.services.controller;
    await logs.append(run, await logs.size(run), encodeLogFrame(stream, Date.now(), Buffer.from(text as string)));
  };
  const end = async (run: string): Promise<void> => {
    const { store, controller, feed } = world.manager.services;
    await store.write(async (tx) => {
      await tx.updateTable("runs").set({ state: "running", attempt: 1 }).where("id", "=", run).execute();
      await endRun(tx, {
        id: run,
        attempt: 1,
        result: "succeeded",
        acceptedAt: null,
        startedAt: 1,
        endedAt: Date.now(),
        outcome: JSON.stringify(sampleOutcome()),
        receipt: null,
        runAs: "nobody",
        exitCode: 0,
        logBytes: await controller.logs.size(run),
      });
    });
    feed.runChanged(run);
  };

  const follow = async (
    person: Person,
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ response: IncomingMessage; next: () => Promise<StreamedEvent | null>; stop: () => Promise<unknown> }> => {
    const { streams } = world.manager.services;
    const stopped = new AbortController();
    const response = await open(person.target, { path, headers: { ...person.headers, ...headers } }, stopped.signal);
    response.on("error", () => {});
    const read = events(response);
    return {
      response,
      next: async () => {
        try {
          const found = await read.next();
          return found.done === true ? null : found.value;
        } catch {
          return null;
        }
      },
      stop: () => {
        const left = Math.max(0, streams.count - 1);
        stopped.abort();
        return eventually(
          "the manager has seen that the stream ended",
          () => streams.count,
          (count) => count <= left,
        );
      },
    };
  };

  test("2.10: output is streamed as it is written, any bytes, stdout and stderr told apart, until the run has ended", async () => {
    const run = await submit();
    await write(run, "stdout", "before\n");
    const stream = await follow(world.owner, `/api/v1/runs/${run}/log/stream`);
    assert.match(stream.response.headers["content-type"] ?? "", /^text\/event-stream/);
    assert.equal(stream.response.headers["cache-control"], "no-store");
    assert.equal((await stream.next())?.data.text, "before\n");
    await write(run, "stderr", "während\n");
    const second = await stream.next();
    assert.deepEqual([second?.event, second?.data.stream, second?.data.text], ["log", "stderr", "während\n"]);
    await write(run, "stdout", Buffer.from([0xc3]));
    assert.equal((await stream.next())?.data.base64, "ww==");
    await write(run, "notice", "the last");
    await end(run);
    assert.equal((await stream.next())?.data.stream, "notice");
    const last = await stream.next();
    assert.deepEqual([last?.event, last?.data.result], ["end", "succeeded"]);
    assert.equal((await stream.next())?.event, "closed");
    assert.equal(await stream.next(), null);
  });

  test("2.10: a broken stream goes on behind the last event that was received, by Last-Event-ID or by offset, nothing twice, nothing lost", async () => {
    const run = await submit();
    for (let index = 0; index < 30; index += 1) await write(run, index % 2 === 0 ? "stdout" : "stderr", `line ${index}\n`);
    await end(run);
    const lines: string[] = [];
    let lastId = "";
    for (let tries = 0; tries < 40 && lines.at(-1) !== "end"; tries += 1) {
      const useHeader = tries % 2 === 0;
      const stream = await follow(
        world.owner,
        `/api/v1/runs/${run}/log/stream${!useHeader && lastId !== "" ? `?offset=${lastId}` : ""}`,
        useHeader && lastId !== "" ? { "last-event-id": lastId } : {},
      );
      for (let taken = 0; taken < 3; taken += 1) {
        const event = await stream.next();
        if (event?.event === "end") {
          lines.push("end");
          break;
        }
        lines.push(event?.data.text as string);
        lastId = event?.id ?? "";
      }
      await stream.stop();
    }
    assert.deepEqual(lines, [...Array.from({ length: 30 }, (_, index) => `line ${index}\n`), "end"]);
  });

  test("2.10: an offset or event id that was never given out is a problem", async () => {
    const run = await submit();
    await write(run, "stdout", "hello hello hello");
    for (const [path, headers] of [
      [`/api/v1/runs/${run}/log/stream?offset=3`, {}],
      [`/api/v1/runs/${run}/log/stream?offset=999999`, {}],
      [`/api/v1/runs/${run}/log/stream`, { "last-event-id": "7x" }],
      [`/api/v1/runs/${run}/log/frames?offset=3`, {}],
      [`/api/v1/runs/${run}/log?offset=3`, {}],
      [`/api/v1/runs/${run}/log/stream?offset=-1`, {}],
    ] as const) {
      const answer = await world.owner.ask({ path, headers });
      assert.equal(answer.status, 422, path);
      assert.equal(answer.json.code, "input.invalid-value");
    }
  });

  test("W5: a log to save is text as an attachment, never a page", async () => {
    const run = await submit();
    await write(run, "stdout", "<script>alert(1)</script>\n");
    await write(run, "stderr", "oh\n");
    const whole = await world.owner.ask({ path: `/api/v1/runs/${run}/log` });
    assert.equal(whole.text, "<script>alert(1)</script>\noh\n");
    assert.match(whole.headers["content-type"] ?? "", /^text\/plain/);
    assert.equal(whole.headers["content-disposition"], `attachment; filename="${run}.log"`);
    assert.equal(whole.headers["x-content-type-options"], "nosniff");
    assert.equal((await world.owner.ask({ path: `/api/v1/runs/${run}/log?stream=stderr` })).text, "oh\n");
    const frames = await world.owner.ask({ path: `/api/v1/runs/${run}/log/frames?limit=1` });
    assert.equal(frames.json.items.length, 2);
    assert.equal(frames.json.ended, false);
  });

  test("2.10: a run's changes are told until it has ended, and a waiting reader sees them at once", async () => {
    const run = await submit();
    const stream = await follow(world.owner, `/api/v1/runs/${run}/events`);
    assert.equal((await stream.next())?.data.state, "queued");
    await end(run);
    const last = await stream.next();
    assert.deepEqual([last?.event, last?.data.state, last?.data.runAs], ["run", "ended", "nobody"]);
    assert.equal((await stream.next())?.event, "closed");
  });

  test("D92: the stream of all runs tells of visible ones only", async () => {
    const sal = await world.person("sal", { permissions: ["controller:runs:view"], folders: ["/sales/*"] });
    const stream = await follow(sal, "/api/v1/events");
    await submit("/finance/close");
    const mine = await submit("/sales/report");
    const event = await stream.next();
    assert.deepEqual([event?.event, event?.data.id], ["run", mine]);
    await stream.stop();
  });

  test("2.10: who comes back to the stream of all runs is told to load his list again", async () => {
    const stream = await follow(world.owner, "/api/v1/events", { "last-event-id": "1" });
    assert.equal((await stream.next())?.event, "resync");
    await stream.stop();
  });

  test("W4: signing out ends the session's streams at once", async () => {
    await world.person("lou", { permissions: ["controller:runs"] });
    const lou = await world.browser("lou");
    const other = await world.browser("lou");
    const run = await submit();
    const stream = await follow(lou, `/api/v1/runs/${run}/log/stream`);
    const stays = await follow(other, `/api/v1/runs/${run}/log/stream`);
    // Making the account has itself changed the policy; the look that follows must not be what ends the stream.
    await new Promise((resolve) => setTimeout(resolve, 1300));
    assert.equal((await lou.ask({ method: "DELETE", path: "/api/v1/sessions/current" })).status, 200);
    const last = await stream.next();
    assert.deepEqual([last?.event, last?.data.reason], ["closed", "identity.not-signed-in"]);
    assert.equal(await stream.next(), null);
    await write(run, "stdout", "still here");
    assert.equal((await stays.next())?.data.text, "still here");
    await stays.stop();
  });

  test("W4: a change of roles ends the streams that it forbids, and no others", async () => {
    const eve = await world.person("eve", { permissions: ["controller:runs"] });
    const run = await submit();
    const log = await follow(eve, `/api/v1/runs/${run}/log/stream`);
    const state = await follow(eve, `/api/v1/runs/${run}/events`);
    assert.equal((await state.next())?.data.state, "queued");
    const definition = { kind: "Role", name: "role-of-eve", permissions: ["manager:view", "controller:runs:view"] };
    assert.equal(
      (await world.owner.ask({ method: "PUT", path: "/api/v1/roles/role-of-eve", body: { definition, confirm: true } })).status,
      200,
    );
    assert.deepEqual((await log.next())?.data, { reason: "access.denied" });
    await end(run);
    assert.equal((await state.next())?.data.state, "ended");
  });

  test("W4: a change that another manager makes is noticed by deciding again on time", async () => {
    const quick = await startManager({ after: (fn) => void afters.push(fn as () => unknown) }, { streamOptions: { recheckMs: 300 } });
    const don = await quick.person("don", { permissions: ["controller:runs"] });
    const stream = await follow(don, "/api/v1/events");
    // Behind the back of this process, as another manager on the same database would do it.
    await quick.manager.services.store.write(async (tx) => {
      await tx.updateTable("accounts").set({ disabled: 1 }).where("name", "=", "don").execute();
    });
    assert.deepEqual((await stream.next())?.data, { reason: "identity.not-signed-in" });
  });

  test("W4: a session has a limited number of streams; closing one makes room", async () => {
    const max = await world.person("max", { permissions: ["controller:runs"] });
    const opened = [];
    for (let index = 0; index < 3; index += 1) opened.push(await follow(max, "/api/v1/events"));
    const refused = await max.ask({ path: "/api/v1/events" });
    assert.deepEqual([refused.status, refused.json.code], [429, "manager.too-many-streams"]);
    await opened.shift()?.stop();
    const again = await follow(max, "/api/v1/events");
    assert.equal(again.response.statusCode, 200);
    for (const one of [...opened, again]) await one.stop();
  });

  test("W4: a slow reader is waited for: the manager's memory does not grow with a log nobody reads", async () => {
    const run = await submit();
    const chunk = "x".repeat(60_000);
    for (let index = 0; index < 300; index += 1) await write(run, "stdout", chunk);
    const stream = await follow(world.owner, `/api/v1/runs/${run}/log/stream`);
    stream.response.pause();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const { pendingBytes } = world.manager.services.streams;
    assert.ok(pendingBytes < 1024 * 1024, `${pendingBytes} bytes are held while 18 MB wait in the file`);
    await stream.stop();
  });

  test("W4: a quiet stream is kept alive by comments", async () => {
    const run = await submit();
    const stopped = new AbortController();
    const response = await open(world.owner.target, { path: `/api/v1/runs/${run}/log/stream` }, stopped.signal);
    response.on("error", () => {});
    response.setEncoding("utf8");
    let text = "";
    for await (const piece of response) {
      text += piece as string;
      if (text.includes(": alive")) break;
    }
    stopped.abort();
    assert.ok(text.includes(": alive"));
  });
});
