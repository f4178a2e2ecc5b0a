import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { writeTogether } from "#link/write-together.ts";

/** A stream that notes what reaches it, call by call. */
const noted = () => {
  const calls: string[][] = [];
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      calls.push([chunk.toString()]);
      done();
    },
    writev: (chunks, done) => {
      calls.push(chunks.map(({ chunk }) => (chunk as Buffer).toString()));
      done();
    },
  });
  const together = writeTogether(stream);
  const send = (text: string): void => {
    together.hold();
    stream.write(text);
  };
  return { calls, send, together };
};

test("2.8: what is sent in one go is written at once, in its order, and what comes later later", async () => {
  const { calls, send } = noted();
  send("a");
  send("b");
  assert.deepEqual(calls, []);
  await Promise.resolve();
  send("c");
  await Promise.resolve();
  assert.deepEqual(calls, [["a", "b"], ["c"]]);
});

test("2.8: what is held leaves before an end", () => {
  const { calls, send, together } = noted();
  send("a");
  together.release();
  assert.deepEqual(calls, [["a"]]);
});
