import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { Courier } from "#agent/courier.ts";
import { OfferJournal } from "#agent/offer-journal.ts";
import { silentLog } from "#kernel/log.ts";
import type { FromAgent, KnownRun, ToLauncher } from "#link/messages.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { factsOf } from "#test/fixtures/speaking-node.ts";

const node = { id: "nod_a", name: "local", keyThumbprint: "t" };
const run = "run_00000000000000000000000000";

interface Ends {
  readonly courier: Courier;
  readonly path: string;
  readonly toController: FromAgent[];
  readonly toLauncher: ToLauncher[];
  readonly controller: { send(message: FromAgent): void; bufferedBytes: number };
  launcherComes(runs?: readonly KnownRun[]): void;
  /** The journal has written what it was given. */
  written(): Promise<void>;
  /** The same journal in a new process. */
  again(): Promise<Ends>;
}

const begin = async (t: TestContext, path = join(mkdtempSync(join(tmpdir(), "bhf-cou-")), "journal")): Promise<Ends> => {
  const journal = await OfferJournal.open(path, silentLog);
  t.after(async () => {
    await journal.close();
    rmSync(join(path, ".."), { recursive: true, force: true });
  });
  const adds: Promise<void>[] = [];
  const add = journal.add.bind(journal);
  journal.add = (offer) => {
    const added = add(offer);
    adds.push(added);
    return added;
  };
  const courier = new Courier({ journal, log: silentLog, node, factsWithoutLauncher: factsOf("") });
  const toController: FromAgent[] = [];
  const toLauncher: ToLauncher[] = [];
  return {
    courier,
    path,
    toController,
    toLauncher,
    controller: { send: (message) => void toController.push(message), bufferedBytes: 0 },
    launcherComes: (runs = []) =>
      courier.launcherUp(
        { send: (message) => toLauncher.push(message) > 0 },
        { type: "hello-ok", id: 0, node, facts: factsOf("jrn_a"), runs },
      ),
    written: async () => {
      await Promise.all(adds);
      await new Promise((resolve) => setImmediate(resolve));
    },
    again: async () => {
      await journal.close();
      return begin(t, path);
    },
  };
};
const types = (messages: readonly { readonly type: string }[]): string => messages.map((message) => message.type).join(" ");

test("2.8: an offer is accepted only once it is durable, and an accepted one outlives the agent", async (t) => {
  const ends = await begin(t);
  ends.courier.controllerUp(ends.controller);
  ends.courier.fromController({ type: "offer", run, attempt: 1, token: "tok" });
  assert.equal(types(ends.toController), "hello");
  await ends.written();
  assert.equal(types(ends.toController), "hello accepted");
  const later = await ends.again();
  later.courier.controllerUp(later.controller);
  assert.deepEqual((later.toController[0] as Extract<FromAgent, { type: "hello" }>).runs, [
    { run, attempt: 1, state: "accepted", logBytes: 0 },
  ]);
  later.launcherComes();
  assert.deepEqual(later.toLauncher, [{ type: "start", run, attempt: 1, token: "tok" }]);
});

test("2.8: a report says when the launcher is away, and is made again when it comes and goes", async (t) => {
  const ends = await begin(t);
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

test("2.8: an offer whose connection was replaced while it was written is dropped: the newer one was told that it is not here", async (t) => {
  const ends = await begin(t);
  ends.launcherComes();
  ends.courier.controllerUp(ends.controller);
  ends.courier.fromController({ type: "offer", run, attempt: 1, token: "tok" });
  ends.courier.controllerDown();
  const second: FromAgent[] = [];
  ends.courier.controllerUp({ send: (message) => void second.push(message), bufferedBytes: 0 });
  await ends.written();
  assert.equal(types(second), "hello");
  assert.equal(types(ends.toLauncher), "");
  assert.equal((await ends.again()).courier.runCount, 0);
});

test("2.3: a cancel that comes while the offer is being written, or the launcher is away, follows the start", async (t) => {
  const ends = await begin(t);
  ends.courier.controllerUp(ends.controller);
  ends.launcherComes();
  ends.courier.fromController({ type: "offer", run, attempt: 1, token: "tok" });
  ends.courier.fromController({ type: "cancel", run, attempt: 1, by: "os:1", reason: "r" });
  await ends.written();
  assert.equal(types(ends.toLauncher), "start cancel");
  ends.courier.launcherDown();
  ends.courier.fromController({ type: "cancel", run, attempt: 1, by: "os:1", reason: "r" });
  ends.toLauncher.length = 0;
  ends.launcherComes();
  assert.equal(types(ends.toLauncher), "start cancel");
});

test("2.8: an outcome is sent on every connection until it is acknowledged; then the launcher is told, and the run is forgotten", async (t) => {
  const ends = await begin(t);
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

test("2.8: outcomes go out in the order in which the launcher signed them", async (t) => {
  const ends = await begin(t);
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

test("2.3: a log is sent from where the controller says, one piece at a time, and not while the connection is full", async (t) => {
  const ends = await begin(t);
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

test("2.8: a log that the launcher no longer has is told once", async (t) => {
  const ends = await begin(t);
  ends.launcherComes([{ run, attempt: 1, state: "ended", logBytes: 10 }]);
  ends.courier.controllerUp(ends.controller);
  ends.courier.fromLauncher({ type: "outcome", run, attempt: 1, receipt: "jws", logInline: false }, Buffer.alloc(0));
  ends.courier.fromController({ type: "log-position", run, attempt: 1, offset: 0 });
  const asked = ends.toLauncher[0];
  assert.ok(asked?.type === "read-log");
  ends.courier.fromLauncher({ type: "log", id: asked.id, run, attempt: 1, offset: 0, logBytes: 0, missing: true }, Buffer.alloc(0));
  assert.equal(types(ends.toController), "hello outcome log-missing");
});
