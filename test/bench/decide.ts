/**
 * What a check costs: 200 roles of 20 grants and denials, 1,000 accounts with 5 roles each, folders and two controllers; then whether it
 * stays flat as roles and folders grow, what a trace costs, and what compiling costs. Run alone with `node test/bench/decide.ts`.
 */
import { compileAccess, type CompiledAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { covers, permissionLeaves, permissionNodes } from "#access/permissions.ts";
import { whoCan } from "#access/who-can.ts";
import type { Actor, FolderGrant, Grant, Question, Role } from "#access/question.ts";
import type { Because } from "#kernel/problem.ts";

export interface DecideFigure {
  readonly name: string;
  readonly perSecond: number;
  /** Where the figure is a time per piece of work and not a rate of checks. */
  readonly medianMs?: number;
  readonly goal?: { readonly perSecond?: number; readonly atMostMs?: number };
}

/** The same numbers in every run. */
export const sequence = (seed: number): ((below: number) => number) => {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) % below;
  };
};

export const branches = permissionNodes.filter((node) => node.children.length > 0 && node.depth > 1).map((node) => node.permission);
export const leaves = permissionLeaves.map((leaf) => leaf.permission);
export const pick = (next: (below: number) => number, from: readonly string[]): string => from[next(from.length)] ?? "";

export const grantsOf = (next: (below: number) => number, count: number): Grant[] =>
  Array.from({ length: count }, (_, index) => ({
    permission: index % 4 === 0 ? pick(next, branches) : pick(next, leaves),
    denied: index % 20 === 19,
  }));

export const folderName = (index: number): string => `/division-${index % 17}/team-${index % 257}/project-${index}`;

const roleOf = (next: (below: number) => number, index: number, folders: readonly FolderGrant[]): Role => ({
  id: `rol_${index}`,
  service: "LOCAL",
  name: `role-${index}`,
  scopes: [
    { controller: "default", permissions: grantsOf(next, 16), folders },
    { controller: index % 2 === 0 ? "main" : "north", permissions: grantsOf(next, 4), folders: [] },
  ],
});

export const actorOf = (index: number, roles: readonly Role[]): Actor => ({
  accessId: `user:bench/${index}`,
  name: `account-${index}`,
  roles,
});

/** As read from a store or a request: joined texts are ropes inside the engine of JavaScript, and slower to read. */
export const asStored = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const medianOf = (values: readonly number[]): number => values.toSorted((left, right) => left - right)[values.length >> 1] ?? 0;

/** Milliseconds of processor time of this thread: other work on the machine does not count. */
const cpuMs = (): number => {
  const used = process.threadCpuUsage();
  return (used.user + used.system) / 1000;
};

/** Checks per second of one core: the median of several rounds of about a tenth of a second. */
export const rateOf = (work: () => number): number => {
  const rates: number[] = [];
  for (let round = 0; round < 11; round += 1) {
    let checks = 0;
    const started = cpuMs();
    while (cpuMs() - started < 100) checks += work();
    rates.push((checks / (cpuMs() - started)) * 1000);
  }
  return Math.round(medianOf(rates.slice(2)));
};

interface Asked {
  /** Asked in turn. */
  readonly accesses: readonly CompiledAccess[];
  readonly questions: readonly Question[];
}

let permits = 0;
let letters = 0;
/** Reads every text of a proof tree, since one that nobody reads might never be made. */
const readTree = (because: Because): void => {
  letters += because.text.length;
  for (const child of because.children ?? []) readTree(child);
};
const askAll = ({ accesses, questions }: Asked): number => {
  let at = 0;
  for (const question of questions) {
    const access = accesses[at];
    at = at + 1 === accesses.length ? 0 : at + 1;
    if (access === undefined) continue;
    const verdict = decide(question, access);
    if (verdict.effect === "permit") permits += 1;
    if (question.trace === true) readTree(verdict.because);
  }
  return questions.length;
};

/** Half of the questions are about a folder and a permission of the account's roles, half about any. */
const questionsFor = (actors: readonly Actor[], count: number, folders: number, trace = false): Asked => {
  const next = sequence(7);
  const own = actors.map((actor) => {
    const scopes = actor.roles.flatMap((role) => role.scopes);
    const granted = leaves.filter((leaf) =>
      scopes.some((scope) => scope.permissions.some((grant) => !grant.denied && covers(grant.permission, leaf))),
    );
    return { granted, paths: scopes.flatMap((scope) => scope.folders.map((folder) => folder.path)) };
  });
  const questions = Array.from({ length: count }, (_, index): Question => {
    const at = index % actors.length;
    const isOwn = next(2) === 0;
    const paths = own[at]?.paths ?? [];
    const folder = isOwn && paths.length > 0 ? pick(next, paths) : folderName(next(folders));
    return {
      permission: pick(next, isOwn ? (own[at]?.granted ?? leaves) : leaves),
      path: `${folder}/job-${index % 100}`,
      controller: index % 3 === 0 ? "north" : "main",
      ...(trace ? { trace } : {}),
    };
  });
  return { accesses: actors.map((actor) => compileAccess(actor)), questions: asStored(questions) };
};

const timeOf = (work: () => void): number => {
  const times: number[] = [];
  for (let round = 0; round < 15; round += 1) {
    const started = cpuMs();
    work();
    times.push(cpuMs() - started);
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

/** Each round another role of the account is another object with one grant more, as it comes from the store after an edit. */
const afterChangeMs = (all: Actor, held: number): number => {
  let actor: Actor = { ...all, roles: all.roles.slice(0, held) };
  let access = compileAccess(actor);
  const next = sequence(3);
  const times: number[] = [];
  // The processor's clock ticks in hundredths of a second in some places, so that a round is several changes.
  for (let round = 0; round < 15; round += 1) {
    const changes = Array.from({ length: 40 }, () => {
      const at = next(held);
      const edited = structuredClone(actor.roles[at]);
      if (edited === undefined) return actor;
      const grant = { permission: pick(next, leaves), denied: false };
      const scopes = edited.scopes.map((scope, index) => (index === 0 ? { ...scope, permissions: [...scope.permissions, grant] } : scope));
      actor = { ...actor, roles: actor.roles.with(at, { ...edited, scopes }) };
      return actor;
    });
    const started = cpuMs();
    for (const changed of changes) access = compileAccess(changed, access);
    times.push((cpuMs() - started) / changes.length);
  }
  return medianOf(times);
};

/** Each account holds 5 of the roles, so that nearly all sets of roles are different. The first question about a role reads it; it is counted. */
const whoCanFigures = (): DecideFigure[] => {
  const next = sequence(11);
  const folders = (): FolderGrant[] => Array.from({ length: 10 }, () => ({ path: folderName(next(500)), recursive: next(4) !== 0 }));
  return [200, 10_000].map((count) => {
    const roles = asStored(Array.from({ length: count }, (_, index) => roleOf(next, index, index % 3 === 0 ? [] : folders())));
    const holders = asStored(
      Array.from({ length: 100_000 }, (_, index) => ({
        accessId: `user:bench/${index}`,
        roleIds: Array.from({ length: 5 }, () => `rol_${next(count)}`),
      })),
    );
    let found = 0;
    let asked = 0;
    const ms = timeOf(() => {
      const question = { permission: pick(next, leaves), path: `${folderName(next(500))}/job`, controller: "main" };
      found += whoCan(question, holders, roles).length;
      asked += 1;
    });
    return {
      name: `who can: 100,000 accounts with 5 of ${count.toLocaleString("en")} roles each (${Math.round(found / asked)} may)`,
      perSecond: Math.round(1000 / ms),
      medianMs: ms,
      goal: { atMostMs: 200 },
    };
  });
};

/** Runs every measurement; about 15 seconds. */
export const benchDecide = (): DecideFigure[] => {
  const next = sequence(1);
  const folders = (): FolderGrant[] => Array.from({ length: 10 }, () => ({ path: folderName(next(500)), recursive: next(4) !== 0 }));
  const roles = asStored(Array.from({ length: 200 }, (_, index) => roleOf(next, index, index % 3 === 0 ? [] : folders())));
  const actors = Array.from({ length: 1000 }, (_, index) => {
    const held = Array.from({ length: 5 }, () => roles[next(roles.length)]).filter((role) => role !== undefined);
    return actorOf(index, held);
  });
  const figures: DecideFigure[] = [];
  const questions = questionsFor(actors, 10_000, 500);
  permits = 0;
  askAll(questions);
  const share = Math.round(permits / 100);
  figures.push({
    name: `decide: 200 roles x 20 grants, 1,000 accounts x 5 roles, folders and denials, ${share} % permits`,
    perSecond: rateOf(() => askAll(questions)),
    goal: { perSecond: 1_000_000 },
  });
  for (const count of [10, 100, 1000, 10_000]) {
    const asked = questionsFor([grown(count, 100)], 1000, 100);
    figures.push({
      name: `decide: one account with ${count} roles, 100 folders`,
      perSecond: rateOf(() => askAll(asked)),
      goal: { perSecond: 2_000_000 },
    });
  }
  for (const count of [100, 1000, 10_000, 100_000]) {
    const asked = questionsFor([grown(10, count)], 1000, count);
    figures.push({
      name: `decide: one account with 10 roles, ${count} folders`,
      perSecond: rateOf(() => askAll(asked)),
      goal: { perSecond: 2_000_000 },
    });
  }
  const traced = questionsFor(actors, 1000, 500, true);
  figures.push({ name: "decide with the trace on, all of it read", perSecond: rateOf(() => askAll(traced)), goal: { perSecond: 100_000 } });

  const some = actors.slice(0, 200);
  const compileMs = timeOf(() => {
    for (const actor of some) compileAccess(actor);
  });
  figures.push({
    name: "compile: an account with 5 roles",
    perSecond: Math.round((some.length / compileMs) * 1000),
    medianMs: compileMs / some.length,
    goal: { atMostMs: 1 },
  });
  const many = grown(10_000, 100);
  const manyMs = timeOf(() => void compileAccess(many));
  figures.push({ name: "compile: an account with 10,000 roles, all anew", perSecond: Math.round(1000 / manyMs), medianMs: manyMs });
  for (const [what, folders, held] of [
    ["holds all of them", 100, 10_000],
    ["holds all of them, a folder in each", 10_000, 10_000],
    ["holds 5 of them", 100, 5],
  ] as const) {
    const ms = afterChangeMs(grown(10_000, folders), held);
    figures.push({
      name: `compile after a change of 1 of 10,000 roles, the account ${what}`,
      perSecond: Math.round(1000 / ms),
      medianMs: ms,
      goal: { atMostMs: 1 },
    });
  }
  figures.push(...whoCanFigures());
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
    console.log(`${figure.name.padEnd(96)} ${figure.perSecond.toLocaleString("en").padStart(12)}/s${time}${goal}`);
  }
}
