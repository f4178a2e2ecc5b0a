/** Reads the titles of all tests as text, for the tests that hold documents to them. A title made from parts (`${…}`) is given as it is written. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");
const pattern = /(?<![.\w])(?:t\.)?(?:test|on[A-Z]\w*)\(\s*(?:"((?:[^"\\\n]|\\.)+)"|`((?:[^`\\]|\\.)+)`)/g;

export interface TestTitle {
  readonly file: string;
  readonly title: string;
}

/** Every title of a test, with its file. */
export const testTitles = (): TestTitle[] =>
  globSync(["src/**/*.test.ts", "test/**/*.test.ts"], { cwd: root })
    .toSorted()
    .flatMap((file) =>
      [...readFileSync(join(root, file), "utf8").matchAll(pattern)].map(([, plain, made]) => ({ file, title: plain ?? made ?? "" })),
    );
