import assert from "node:assert/strict";
import { test } from "node:test";
import { createEventReader } from "#web/api/event-reader.ts";

test("4.3: events arrive whole in whatever pieces their bytes come, comments are left out", () => {
  const whole = ': open\n\nid: 7\nevent: log\ndata: {"text":"a: b"}\n\n: alive\n\nevent: run\ndata: {"id":1}\n\nevent: half\nda';
  const expected = [
    { id: "7", event: "log", data: { text: "a: b" } },
    { id: null, event: "run", data: { id: 1 } },
  ];
  assert.deepEqual(createEventReader()(whole), expected);
  const read = createEventReader();
  assert.deepEqual(
    [...whole].flatMap((piece) => read(piece)),
    expected,
  );
});
