/**
 * What a check costs: 200 roles of 20 grants and denials, 1,000 accounts with 5 roles each, folders and two controllers; then whether it
 * stays flat as roles and folders grow, what a trace costs, and what compiling costs. Run alone with `node test/bench/decide.ts`.
 */
import { compileAccess, type CompiledAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { permissionLeaves, permissionNodes } from "#access/permissions.ts";
import type { Actor, FolderGrant, Grant, Question, Role } from "#access/question.ts";

export interface DecideFigure {
  readonly name: string;
  readonly perSecond: number;
  /** Where the figure is a time per piece of work and not a rate of checks. */
  readonly medianMs?: number;
  readonly goal?: { readonly perSecond?: number; readonly atMostMs?: number };
}

/** The same numbers in every run. */
const sequence = (seed: number): ((below: number) => number) => {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) % below;
  };
};

const branches = permissionNodes.filter((node) => node.children.length > 0 && node.depth > 1).map((node) => node.permission);
const leaves = permissionLeaves.map((leaf) => leaf.permission);
const pick = (next: (below: number) => number, from: readonly string[]): string => from[next(from.length)] ?? "";

const grantsOf = (next: (below: number) => number, count: number): Grant[] =>
  Array.from({ length: count }, (_, index) => ({
    permission: index % 4 === 0 ? pick(next, branches) : pick(next, leaves),
    denied: index % 20 === 19,
  }));

const folderName = (index: number): string => `/division-${index % 17}/team-${index % 257}/project-${index}`;

const roleOf = (next: (below: number) => number, index: number, folders: readonly FolderGrant[]): Role => ({
  id: `rol_${index}`,
  service: "LOCAL",
  name: `role-${index}`,
  scopes: [
    { controller: "default", permissions: grantsOf(next, 16), folders },
    { controller: index % 2 === 0 ? "main" : "north", permissions: grantsOf(next, 4), folders: [] },
  ],
});

const actorOf = (index: number, roles: readonly Role[]): Actor => ({ accessId: `user:bench/${index}`, name: `account-${index}`, roles });

/** As read from a store or a request: joined texts are ropes inside the engine of JavaScript, and slower to read. */
const asStored = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const medianOf = (values: readonly number[]): number => values.toSorted((left, right) => left - right)[values.length >> 1] ?? 0;

/** Checks per second: the median of several rounds of about a tenth of a second. */
const rateOf = (work: (round: number) => number): number => {
  let checks = 0;
  const rates: number[] = [];
  for (let round = 0; round < 9; round += 1) {
    checks = 0;
    const started = performance.now();
    while (performance.now() - started < 100) checks += work(round);
    rates.push((checks / (performance.now() - started)) * 1000);
  }
  return Math.round(medianOf(rates.slice(2)));
};

let kept = 0;
const askAll = (accesses: readonly CompiledAccess[], questions: readonly Question[]): number => {
  let at = 0;
  for (const question of questions) {
    const access = accesses[at];
    at = at + 1 === accesses.length ? 0 : at + 1;
    if (access !== undefined && decide(question, access).effect === "permit") kept += 1;
  }
  return questions.length;
};

const questionsFor = (count: number, folders: number, trace: boolean): Question[] => {
  const next = sequence(7);
  return asStored(
    Array.from({ length: count }, (_, index) => ({
      permission: pick(next, leaves),
      path: `${folderName(next(folders))}/job-${index % 100}`,
      controller: index % 3 === 0 ? "north" : "main",
      ...(trace ? { trace } : {}),
    })),
  );
};

const timeOf = (work: () => void): number => {
  const times: number[] = [];
  for (let round = 0; round < 15; round += 1) {
    const started = performance.now();
    work();
    times.push(performance.now() - started);
  }
  return medianOf(times);
};

/** One actor whose pool has `folders` entries and whose `roles` roles all grant something. */
const grown = (roles: number, folders: number): Actor => {
  const next = sequence(roles + folders);
  const perRole = Math.ceil(folders / roles);
  const list = Array.from({ length: roles }, (_, index) => {
    const own = Array.from({ length: Math.max(0, Math.min(perRole, folders - index * perRole)) }, (__, at) => ({
      path: folderName(index * perRole + at),
      recursive: true,
    }));
    const role = roleOf(next, index, own);
    return { ...role, scopes: role.scopes.map((scope) => ({ ...scope, permissions: scope.permissions.filter((grant) => !grant.denied) })) };
  });
  return actorOf(0, asStored(list));
};

/** Runs every measurement; about 12 seconds. */
export const benchDecide = (): DecideFigure[] => {
  const next = sequence(1);
  const roles = Array.from({ length: 200 }, (_, index) =>
    roleOf(
      next,
      index,
      index % 3 === 0 ? [] : Array.from({ length: 10 }, () => ({ path: folderName(next(500)), recursive: next(4) !== 0 })),
    ),
  );
  const actors = Array.from({ length: 1000 }, (_, index) =>
    actorOf(
      index,
      Array.from({ length: 5 }, () => roles[next(roles.length)]).filter((role) => role !== undefined),
    ),
  );
  const accesses = actors.map(compileAccess);
  const figures: DecideFigure[] = [];
  const questions = questionsFor(10_000, 500, false);
  const main = rateOf(() => askAll(accesses, questions));
  figures.push({
    name: "decide: 200 roles x 20 grants, 1,000 accounts x 5 roles, folders and denials",
    perSecond: main,
    goal: { perSecond: 1_000_000 },
  });

  for (const count of [10, 100, 1000, 10_000]) {
    const access = [compileAccess(grown(count, 100))];
    const asked = questionsFor(1000, 100, false);
    figures.push({
      name: `decide: one account with ${count} roles, 100 folders`,
      perSecond: rateOf(() => askAll(access, asked)),
      goal: { perSecond: 2_000_000 },
    });
  }
  for (const count of [100, 1000, 10_000, 100_000]) {
    const access = [compileAccess(grown(10, count))];
    const asked = questionsFor(1000, count, false);
    figures.push({
      name: `decide: one account with 10 roles, ${count} folders`,
      perSecond: rateOf(() => askAll(access, asked)),
      goal: { perSecond: 2_000_000 },
    });
  }

  const traced = questionsFor(1000, 500, true);
  figures.push({ name: "decide with the trace on", perSecond: rateOf(() => askAll(accesses, traced)), goal: { perSecond: 100_000 } });

  const compileMs = timeOf(() => {
    for (const actor of actors.slice(0, 200)) compileAccess(actor);
  });
  figures.push({
    name: "compile: an account with 5 roles",
    perSecond: Math.round((200 / compileMs) * 1000),
    medianMs: compileMs / 200,
    goal: { atMostMs: 1 },
  });
  const many = grown(10_000, 100);
  const manyMs = timeOf(() => void compileAccess(many));
  figures.push({ name: "compile: an account with 10,000 roles", perSecond: Math.round(1000 / manyMs), medianMs: manyMs });
  if (kept < 0) throw new Error("unreachable");
  return figures;
};

if (import.meta.main) {
  for (const figure of benchDecide()) {
    const time = figure.medianMs === undefined ? "" : `  ${figure.medianMs.toFixed(3)} ms each`;
    const goal =
      figure.goal?.perSecond === undefined
        ? figure.goal?.atMostMs === undefined
          ? ""
          : `  (goal <= ${figure.goal.atMostMs} ms)`
        : `  (goal >= ${figure.goal.perSecond.toLocaleString("en")})`;
    console.log(`${figure.name.padEnd(82)} ${figure.perSecond.toLocaleString("en").padStart(12)}/s${time}${goal}`);
  }
}
