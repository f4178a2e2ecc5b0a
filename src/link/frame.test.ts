import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeFrame, encodeFrame, FrameError, FrameReader, maxFrameBytes } from "#link/frame.ts";

interface Named {
  readonly type: string;
  readonly index: number;
}

test("2.8: frames come out as they went in, however the bytes are cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 40 }),
      (payloads, cuts) => {
        const stream = Buffer.concat(payloads.map((payload, index) => encodeFrame({ type: "x", index }, Buffer.from(payload))));
        const reader = new FrameReader<Named>();
        const got: { index: number; payload: string }[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const size = cuts[turn % cuts.length] ?? 1;
          for (const { header, payload } of reader.push(Buffer.from(stream.subarray(at, at + size))))
            got.push({ index: header.index, payload: payload.toString("hex") });
          at += size;
        }
        assert.deepEqual(
          got,
          payloads.map((payload, index) => ({ index, payload: Buffer.from(payload).toString("hex") })),
        );
      },
    ),
    { numRuns: 200 },
  );
});

test("S11: a frame beyond the limit, a header beyond its frame and a header that is no object are errors of the peer", () => {
  const tooLarge = Buffer.alloc(4);
  tooLarge.writeUInt32BE(maxFrameBytes + 1);
  assert.throws(() => new FrameReader().push(tooLarge), FrameError);
  const lying = encodeFrame({ type: "x" });
  lying.writeUInt32BE(10_000, 4);
  assert.throws(() => decodeFrame(lying), FrameError);
  for (const json of ["[]", "null", '"x"', "{", '{"type":1}']) {
    const body = Buffer.from(json);
    const frame = Buffer.alloc(8 + body.length);
    frame.writeUInt32BE(4 + body.length, 0);
    frame.writeUInt32BE(body.length, 4);
    body.copy(frame, 8);
    assert.throws(() => decodeFrame(frame), FrameError, json);
  }
  assert.throws(() => decodeFrame(encodeFrame({ type: "x" }).subarray(0, 9)), FrameError);
});
