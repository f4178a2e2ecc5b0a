import assert from "node:assert/strict";
import { test } from "node:test";
import { Courier } from "#agent/courier.ts";
import { silentLog } from "#kernel/log.ts";
import type { FromAgent, KnownRun, ToLauncher } from "#link/messages.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { factsOf } from "#test/fixtures/speaking-node.ts";

const node = { id: "nod_a", name: "local", keyThumbprint: "t" };
const run = "run_00000000000000000000000000";

interface Ends {
  readonly courier: Courier;
  readonly toController: FromAgent[];
  readonly toLauncher: ToLauncher[];
  readonly controller: { send(message: FromAgent): void; bufferedBytes: number };
  launcherComes(runs?: readonly KnownRun[]): void;
}

const begin = (): Ends => {
  const courier = new Courier({ log: silentLog, node, factsWithoutLauncher: factsOf("") });
  const toController: FromAgent[] = [];
  const toLauncher: ToLauncher[] = [];
  return {
    courier,
    toController,
    toLauncher,
    controller: { send: (message) => void toController.push(message), bufferedBytes: 0 },
    launcherComes: (runs = []) =>
      courier.launcherUp(
        { send: (message) => toLauncher.push(message) > 0 },
        { type: "hello-ok", id: 0, node, facts: factsOf("jrn_a"), runs },
      ),
  };
};
const told = (message: FromAgent | undefined): readonly KnownRun[] =>
  message?.type === "hello" ? message.runs : assert.fail("not a report");
const types = (messages: readonly { readonly type: string }[]): string => messages.map((message) => message.type).join(" ");

test("2.8, S3: an offer is handed on at once and is in every report; it is accepted once the launcher has it in its journal", () => {
  const ends = begin();
  ends.courier.controllerUp(ends.controller);
  ends.launcherComes();
  ends.courier.fromController({ type: "offer", run, attempt: 1, token: "tok" });
  assert.deepEqual(ends.toLauncher, [{ type: "start", run, attempt: 1, token: "tok" }]);
  assert.equal(types(ends.toController), "hello hello");
  // The same offer again, as after a report that crossed it.
  ends.courier.fromController({ type: "offer", run, attempt: 1, token: "tok" });
  assert.equal(types(ends.toLauncher), "start");
  ends.courier.controllerDown();
  ends.courier.controllerUp(ends.controller);
  assert.deepEqual(told(ends.toController.at(-1)), [{ run, attempt: 1, state: "accepted", logBytes: 0 }]);
  ends.courier.fromLauncher({ type: "state", run, attempt: 1, state: "starting", at: "", pid: null }, Buffer.alloc(0));
  assert.equal(types(ends.toController), "hello hello hello accepted");
});

test("2.8: an offer that comes while the launcher is away is kept for it", () => {
  const ends = begin();
  ends.courier.controllerUp(ends.controller);
  ends.courier.fromController({ type: "offer", run, attempt: 1, token: "tok" });
  assert.equal(types(ends.toLauncher), "");
  ends.launcherComes();
  assert.deepEqual(ends.toLauncher, [{ type: "start", run, attempt: 1, token: "tok" }]);
  assert.deepEqual(told(ends.toController.at(-1)), [{ run, attempt: 1, state: "accepted", logBytes: 0 }]);
});

test("2.8: a report says when the launcher is away, and is made again when it comes and goes", () => {
  const ends = begin();
  ends.courier.controllerUp(ends.controller);
  ends.launcherComes([{ run, attempt: 2, state: "running", logBytes: 7 }]);
  ends.courier.launcherDown();
  const hellos = ends.toController as Extract<FromAgent, { type: "hello" }>[];
  assert.deepEqual(
    hellos.map((hello) => hello.facts.journalId),
    ["", "jrn_a", ""],
  );
  assert.deepEqual(hellos[1]?.runs, [{ run, attempt: 2, state: "running", logBytes: 7 }]);
  assert.equal(hellos[2]?.facts.warnings.length, 1);
});

test("2.3: a cancel follows the start, also while the launcher is away", () => {
  const ends = begin();
  ends.courier.controllerUp(ends.controller);
  ends.launcherComes();
  ends.courier.fromController({ type: "offer", run, attempt: 1, token: "tok" });
  ends.courier.fromController({ type: "cancel", run, attempt: 1, by: "os:1", reason: "r" });
  assert.equal(types(ends.toLauncher), "start cancel");
  ends.courier.launcherDown();
  ends.courier.fromController({ type: "cancel", run, attempt: 1, by: "os:1", reason: "r" });
  ends.toLauncher.length = 0;
  ends.launcherComes();
  assert.equal(types(ends.toLauncher), "start cancel");
});

test("4.3: what the launcher decided is passed on while the run goes on, and again on every connection until it has ended", () => {
  const ends = begin();
  ends.launcherComes([{ run, attempt: 1, state: "running", logBytes: 0 }]);
  ends.courier.controllerUp(ends.controller);
  assert.equal(types(ends.toController), "hello");
  const decided = { runAs: "nobody", verdicts: [] };
  ends.courier.fromLauncher({ type: "state", run, attempt: 1, state: "running", at: "then", pid: 7, decided }, Buffer.alloc(0));
  assert.deepEqual(ends.toController.at(-1), { type: "state", run, attempt: 1, state: "running", at: "then", decided });
  ends.courier.controllerDown();
  ends.courier.controllerUp(ends.controller);
  assert.equal(types(ends.toController), "hello state hello state");
  assert.deepEqual(ends.toController.at(-1), ends.toController[1]);
  ends.courier.fromLauncher({ type: "outcome", run, attempt: 1, receipt: "jws", logInline: true }, Buffer.alloc(0));
  ends.courier.controllerDown();
  ends.courier.controllerUp(ends.controller);
  assert.equal(types(ends.toController), "hello state hello state outcome hello outcome");
});

test("2.8: an outcome is sent on every connection until it is acknowledged; then the launcher is told, and the run is forgotten", () => {
  const ends = begin();
  ends.launcherComes();
  ends.courier.fromLauncher({ type: "outcome", run, attempt: 1, receipt: "jws", logInline: true }, Buffer.from("log"));
  ends.courier.controllerUp(ends.controller);
  ends.courier.controllerDown();
  ends.courier.controllerUp(ends.controller);
  assert.equal(types(ends.toController), "hello outcome hello outcome");
  ends.courier.launcherDown();
  ends.courier.fromController({ type: "outcome-ack", run, attempt: 1 });
  assert.equal(ends.courier.runCount, 0);
  ends.toLauncher.length = 0;
  ends.launcherComes([{ run, attempt: 1, state: "ended", logBytes: 3 }]);
  assert.deepEqual(ends.toLauncher, [{ type: "acknowledge", run, attempt: 1 }]);
  assert.equal(ends.courier.runCount, 0);
});

test("2.8: outcomes go out in the order in which the launcher signed them", () => {
  const ends = begin();
  ends.launcherComes();
  for (const receipt of ["b", "a", "c"])
    ends.courier.fromLauncher(
      { type: "outcome", run: `run_${receipt.repeat(26)}`, attempt: 1, receipt, logInline: false },
      Buffer.alloc(0),
    );
  ends.courier.controllerUp(ends.controller);
  assert.deepEqual(
    ends.toController.flatMap((message) => (message.type === "outcome" ? [message.receipt] : [])),
    ["b", "a", "c"],
  );
});

test("2.3: a log is sent from where the controller says, one piece at a time, and not while the connection is full", async () => {
  const ends = begin();
  ends.launcherComes([{ run, attempt: 1, state: "running", logBytes: 10 }]);
  ends.courier.controllerUp(ends.controller);
  assert.equal(types(ends.toLauncher), "", "not before the controller has said where");
  ends.courier.fromController({ type: "log-position", run, attempt: 1, offset: 4 });
  const asked = ends.toLauncher[0];
  assert.ok(asked?.type === "read-log" && asked.offset === 4);
  ends.courier.fromLauncher({ type: "log", id: asked.id, run, attempt: 1, offset: 4, logBytes: 10, missing: false }, Buffer.from("456"));
  assert.deepEqual(ends.toController.at(-1), { type: "log", run, attempt: 1, offset: 4 });
  ends.controller.bufferedBytes = 50_000_000;
  const next = ends.toLauncher[1];
  assert.ok(next?.type === "read-log" && next.offset === 7);
  ends.courier.fromLauncher({ type: "log", id: next.id, run, attempt: 1, offset: 7, logBytes: 20, missing: false }, Buffer.from("789"));
  assert.equal(ends.toLauncher.length, 2, "held back");
  ends.controller.bufferedBytes = 0;
  await eventually(
    "it goes on",
    () => ends.toLauncher.length,
    (count) => count === 3,
  );
});

test("2.8: a log that the launcher no longer has is told once", () => {
  const ends = begin();
  ends.launcherComes([{ run, attempt: 1, state: "ended", logBytes: 10 }]);
  ends.courier.controllerUp(ends.controller);
  ends.courier.fromLauncher({ type: "outcome", run, attempt: 1, receipt: "jws", logInline: false }, Buffer.alloc(0));
  ends.courier.fromController({ type: "log-position", run, attempt: 1, offset: 0 });
  const asked = ends.toLauncher[0];
  assert.ok(asked?.type === "read-log");
  ends.courier.fromLauncher({ type: "log", id: asked.id, run, attempt: 1, offset: 0, logBytes: 0, missing: true }, Buffer.alloc(0));
  assert.equal(types(ends.toController), "hello outcome log-missing");
});
