/** Lines of a run's output over HTTP: pages, search, the live stream, and who gets none of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { appendFileSync, existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { newId } from "#kernel/ids.ts";
import { grownStepBytes } from "#controller/run-log.ts";
import { encodeLogFrame, lineIndexPath } from "#link/log-format.ts";
import { keptEveryBytes } from "#manager/log-lines.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { events, open, type StreamedEvent } from "#test/fixtures/http.ts";
import { addNodeRecord, startManager } from "#test/fixtures/manager.ts";

const frame = (text: string, stream: "stdout" | "stderr" = "stdout"): Buffer =>
  encodeLogFrame(stream, 1_700_000_000_000, Buffer.from(text));

test("4.3: lines from anywhere, literal search over all of them, newest lines live; nothing without `controller:runs:log`", async (t) => {
  const world = await startManager(t);
  const { owner, manager } = world;
  await addNodeRecord(manager.services.store, "local");
  const documents = "kind: Job\npath: /finance/close\nrun: { shell: 'true' }\non: [local]\n";
  await owner.ask({ method: "POST", path: "/api/v1/definitions", body: { documents } });
  const run = (await owner.ask({ method: "POST", path: "/api/v1/submissions", body: { job: "/finance/close" } })).json.runs[0].id as string;
  const { logs } = manager.services.controller;
  const text = Array.from({ length: 500 }, (_, index) => `line ${index + 1}\n`).join("");
  let { size } = await logs.append(run, 0, Buffer.concat([frame(text), frame("100% (a|b)* done\n", "stderr")]));

  const last = await owner.ask({ path: `/api/v1/runs/${run}/log/lines?limit=2` });
  assert.deepEqual(last.json, {
    items: [
      { line: 500, stream: "stdout", at: "2023-11-14T22:13:20.000Z", text: "line 500", cut: false },
      { line: 501, stream: "stderr", at: "2023-11-14T22:13:20.000Z", text: "100% (a|b)* done", cut: false },
    ],
    total: 501,
    complete: true,
    ended: false,
  });
  const middle = await owner.ask({ path: `/api/v1/runs/${run}/log/lines?from=250&limit=1` });
  assert.equal(middle.json.items[0].text, "line 250");
  // W9: what looks like a pattern is looked for as it stands.
  for (const [q, lines] of [
    ["(A|B)*", [501]],
    ["line 25", [25, 250, 251, 252, 253, 254, 255, 256, 257, 258, 259]],
    ["%", [501]],
    [".*", []],
  ] as const)
    assert.deepEqual((await owner.ask({ path: `/api/v1/runs/${run}/log/find?q=${encodeURIComponent(q)}` })).json.lines, lines, q);
  for (const bad of ["lines?from=0", "lines?limit=5000", "find?q=", `find?q=${"x".repeat(201)}`, "find?q=%00", "lines/stream?known=-1"])
    assert.equal((await owner.ask({ path: `/api/v1/runs/${run}/log/${bad}` })).status, 422, bad);

  const viewer = await world.person("vic", { permissions: ["controller:runs:view"] });
  const stranger = await world.person("sal", { permissions: ["controller"], folders: ["/sales/*"] });
  assert.equal((await viewer.ask({ path: `/api/v1/runs/${run}/log` })).status, 403);
  assert.equal((await stranger.ask({ path: `/api/v1/runs/${run}/log` })).status, 404);
  for (const path of ["lines", "find?q=line", "lines/stream"]) {
    assert.equal((await viewer.ask({ path: `/api/v1/runs/${run}/log/${path}` })).status, 403, path);
    assert.equal((await stranger.ask({ path: `/api/v1/runs/${run}/log/${path}` })).status, 404, path);
  }

  const stopped = new AbortController();
  const response = await open(owner.target, { path: `/api/v1/runs/${run}/log/lines/stream?known=501` }, stopped.signal);
  const heard: StreamedEvent[] = [];
  const reading = (async () => {
    for await (const event of events(response)) heard.push(event);
  })();
  const hears = (done: () => boolean): Promise<unknown> => eventually("it is heard", () => heard.slice(-3), done);
  const newest = (): string => heard.flatMap(({ data }) => (data.items ?? []) as { text: string }[]).at(-1)?.text ?? "";
  ({ size } = await logs.append(run, size, frame("half")));
  await hears(() => newest() === "half");
  ({ size } = await logs.append(run, size, frame(" and whole\n")));
  await hears(() => newest() === "half and whole");
  // Far more than a page shows: the newest come, the number tells of the others.
  await logs.append(run, size, frame(text));
  await hears(() => newest() === "line 500");
  const told = heard.at(-1);
  assert.deepEqual([told?.data.total, told?.data.items.length], [1002, 200]);
  await logs.reset(run);
  await logs.append(run, 0, frame("again\n"));
  await hears(() => heard.some(({ event }) => event === "restart") && newest() === "again");
  assert.equal((await owner.ask({ method: "POST", path: `/api/v1/runs/${run}/cancel`, body: {} })).status, 200);
  await reading;
  assert.deepEqual(
    heard.slice(-2).map(({ event, data }) => [event, data.result ?? data.reason]),
    [
      ["end", "cancelled"],
      ["closed", "end"],
    ],
  );
});

test("4.8: a manager keeps the lines of a large log while it is written, and knows nothing more of one that was emptied", async (t) => {
  const world = await startManager(t);
  const { logs } = world.manager.services.controller;
  const run = newId("run", Date.now());
  const block = Buffer.concat(Array.from({ length: 64 }, () => frame(`${"x".repeat(1023)}\n`.repeat(63))));
  let size = 0;
  while (size < keptEveryBytes + grownStepBytes) ({ size } = await logs.append(run, size, block));
  const kept = lineIndexPath(logs.path(run));
  await eventually(
    "it is kept",
    () => existsSync(kept),
    (exists) => exists,
  );
  const known = (JSON.parse(readFileSync(kept, "utf8")) as { lines: number; size: number }) ?? assert.fail();
  assert.ok(known.size >= keptEveryBytes && known.lines * 1024 <= known.size, JSON.stringify([known.lines, known.size]));
  await logs.reset(run);
  assert.equal(existsSync(kept), false);
  // What a reader has looked at is forgotten too: the next one begins alike, is as long, and has other lines.
  const { logLines } = world.manager.services;
  await logs.append(run, 0, block);
  assert.equal((await logLines.read(run, 1, 1)).total, 64 * 63);
  await logs.reset(run);
  await logs.append(run, 0, Buffer.concat([frame(`${"y".repeat(63 * 1024 - 1)}\n`), block]));
  assert.equal((await logLines.read(run, 1, 1)).total, 8 + 64 * 63);
});

test("2.3: output is saved as a text attachment, stream by stream; whoever breaks off leaves no open file", async (t) => {
  const world = await startManager(t);
  const { owner, manager } = world;
  await addNodeRecord(manager.services.store, "local");
  const documents = "kind: Job\npath: /finance/close\nrun: { shell: 'true' }\non: [local]\n";
  await owner.ask({ method: "POST", path: "/api/v1/definitions", body: { documents } });
  const run = (await owner.ask({ method: "POST", path: "/api/v1/submissions", body: { job: "/finance/close" } })).json.runs[0].id as string;
  const { logs } = manager.services.controller;
  const { size } = await logs.append(run, 0, Buffer.concat([frame("<b>out</b>\n"), frame("err\n", "stderr")]));
  for (const [query, name, text] of [
    ["", `${run}.log`, "<b>out</b>\nerr\n"],
    ["?stream=stdout", `${run}.stdout.log`, "<b>out</b>\n"],
    ["?stream=stderr", `${run}.stderr.log`, "err\n"],
  ] as const) {
    const answer = await owner.ask({ path: `/api/v1/runs/${run}/log${query}` });
    assert.equal(answer.text, text);
    assert.equal(answer.headers["content-disposition"], `attachment; filename="${name}"`);
    assert.equal(answer.headers["content-type"], "text/plain; charset=utf-8");
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
  }

  const path = logs.path(run);
  const many = frame("x".repeat(16 * 1024));
  await logs.append(run, size, Buffer.concat(Array.from({ length: 200 }, () => many)));
  for (let step = 0; step < 20; step += 1) appendFileSync(path, Buffer.concat(Array.from({ length: 200 }, () => many)));
  const openNow = (): number =>
    readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path;
      } catch {
        return false;
      }
    }).length;
  // Whoever writes it has it open as well.
  const before = openNow();
  const stopped = new AbortController();
  const response = await open(owner.target, { path: `/api/v1/runs/${run}/log` }, stopped.signal);
  await eventually("the log is being read", openNow, (count) => count > before);
  response.on("error", () => {});
  stopped.abort();
  await eventually("the log is closed again", openNow, (count) => count === before);
});
