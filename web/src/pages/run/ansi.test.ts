import assert from "node:assert/strict";
import { test } from "node:test";
import { markFound, parseAnsi } from "#web/pages/run/ansi.ts";

const esc = "\u001b";
const shown = (line: string): string[] =>
  parseAnsi(line).map(
    ({ text, fg, bg, bold, dim, italic, underline }) =>
      `${text}|${[fg ?? "", bg ?? "", bold ? "b" : "", dim ? "d" : "", italic ? "i" : "", underline ? "u" : ""].join(",")}`,
  );

test("4.3: colours and weight become segments, and end where the job ends them", () => {
  assert.deepEqual(shown(`${esc}[1;31mbad${esc}[0m good ${esc}[92mok${esc}[39m.`), [
    "bad|1,,b,,,",
    " good |,,,,,",
    "ok|10,,,,,",
    ".|,,,,,",
  ]);
  assert.deepEqual(shown(`${esc}[38;5;196mred${esc}[48;2;0;0;250mblue${esc}[m`), ["red|9,,,,,", "blue|9,12,,,,"]);
  assert.deepEqual(shown(`${esc}[38;5mrest`), ["rest|0,,,,,"]);
});

test("W5: what else a terminal would act on is left out: links keep their text, titles and cursor moves vanish", () => {
  assert.deepEqual(shown(`see ${esc}]8;;https://evil.example/\u0007here${esc}]8;;\u0007.`), ["see |,,,,,", "here|,,,,,", ".|,,,,,"]);
  assert.deepEqual(shown(`${esc}]8;;https://evil.example/${esc}\\here${esc}]8;;${esc}\\`), ["here|,,,,,"]);
  assert.deepEqual(shown(`${esc}]0;title\u0007${esc}[2J${esc}[10;5Ha\u0008\u0000b${esc}`), ["ab|,,,,,"]);
  assert.deepEqual(shown(`${esc}]8;;never closed`), []);
  assert.deepEqual(shown("10 %\r50 %\r100 %\r"), ["100 %|,,,,,"]);
});

test("W9: a line of nothing but beginnings of sequences takes no longer than any other", () => {
  const text = `${esc}[`.repeat(4000);
  assert.ok(parseAnsi(text).length <= 4000);
  assert.ok(parseAnsi(`${esc}]`.repeat(4000)).length <= 4000);
});

test("4.3: what is found is marked across colours, A-Z in either case", () => {
  const marked = markFound(parseAnsi(`a ${esc}[31mFo${esc}[0mO foo`), "foo");
  assert.deepEqual(
    marked.map(({ text, found }) => `${text}${found ? "*" : ""}`),
    ["a ", "Fo*", "O*", " ", "foo*"],
  );
  assert.deepEqual(
    markFound(parseAnsi("foofoo"), "foo").map(({ text, found }) => `${text}${found ? "*" : ""}`),
    ["foo*", "foo*"],
  );
});
