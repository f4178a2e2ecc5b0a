/**
 * `npm run bench`: the cockpit, the bundles and the compiled code are made first, as after `npm ci`; every speed and size goal, as a ratio against a peer or a physical limit measured in the same run. Prints a table and
 * writes `.cache/bench.json`. `-- decide`, `-- what-if`, `-- end-to-end`, `-- starts`, `-- cockpit`: only that part. `-- --quick`: fewer repetitions. `-- --long`: also 50,000 runs.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { benchDecide, type DecideFigure } from "#test/bench/decide.ts";
import type { Measured } from "#test/bench/measured.ts";

const args = process.argv.slice(2);
const quick = args.includes("--quick");
const parts = args.filter((word) => !word.startsWith("--"));
const wants = (part: string): boolean => parts.length === 0 || parts.includes(part);
const tell = (text: string): void => void process.stderr.write(`bench: ${text}\n`);

/** A rate of checks, or the time of one piece of work. */
const asMeasured = ({ name, perSecond, medianMs, goal }: DecideFigure): Measured => {
  if (medianMs !== undefined && goal?.atMostMs !== undefined)
    return { name, value: medianMs, unit: "ms", goal: `<= ${goal.atMostMs}`, met: medianMs <= goal.atMostMs };
  const wanted = goal?.perSecond ?? 0;
  return {
    name,
    value: perSecond,
    unit: "/s",
    goal: wanted === 0 ? "none" : `>= ${wanted.toLocaleString("en")}`,
    met: perSecond >= wanted,
  };
};

const found: Measured[] = [];
if (wants("decide")) {
  tell("decide");
  found.push(...benchDecide().map(asMeasured));
}
if (wants("what-if")) {
  tell("what-if");
  const { benchWhatIf } = await import("#test/bench/what-if.ts");
  found.push(...(await benchWhatIf({ repetitions: quick ? 3 : 7 })));
}
if (wants("end-to-end")) {
  if (process.getuid?.() === 0) {
    const { benchEndToEnd } = await import("#test/bench/end-to-end.ts");
    found.push(...(await benchEndToEnd({ repetitions: quick ? 1 : 5, runs: quick ? 500 : 1000, long: args.includes("--long"), tell })));
  } else tell("end to end: skipped, needs root to run jobs as another account");
}

if (wants("starts")) {
  const { benchStarts } = await import("#test/bench/end-to-end.ts");
  found.push(...(await benchStarts({ repetitions: quick ? 3 : 9, tell })));
}

if (wants("cockpit")) {
  const { benchCockpit } = await import("#test/bench/cockpit.ts");
  found.push(...(await benchCockpit({ repetitions: quick ? 2 : 5, tell })));
}

const render = (value: number): string => (Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en") : value.toFixed(2));
const width = Math.max(...found.map((one) => one.name.length));
for (const one of found) {
  process.stdout.write(
    `${one.met ? "✔" : "✘"} ${one.name.padEnd(width)}  ${render(one.value).padStart(12)} ${one.unit}  (goal ${one.goal})\n`,
  );
  if (one.detail !== undefined)
    process.stdout.write(
      `  ${Object.entries(one.detail)
        .map(([name, value]) => `${name} ${typeof value === "number" ? render(value) : value}`)
        .join(", ")}\n`,
    );
}
const folder = join(import.meta.dirname, "..", "..", ".cache");
mkdirSync(folder, { recursive: true });
writeFileSync(
  join(folder, "bench.json"),
  `${JSON.stringify({ node: process.version, kernel: release(), processors: cpus().length, measured: found }, null, 2)}\n`,
);
process.exit(found.every((one) => one.met) ? 0 : 1);
