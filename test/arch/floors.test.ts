import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compareGolden } from "#test/fixtures/golden.ts";
import { closureOf, cockpitFiles, importsOf, sourceFiles } from "#test/arch/imports.ts";
import { bundleCode, bundledParts } from "../../scripts/bundle.ts";

/** A file imports only from lower floors; on floor 4 the rooms meet only through each other's `rules/` and `ports.ts`. */
const floors: Readonly<Record<string, number>> = {
  kernel: 0,
  access: 1,
  proof: 1,
  store: 2,
  link: 2,
  audit: 3,
  identity: 4,
  nodes: 4,
  launch: 4,
  jobs: 4,
  manager: 5,
  controller: 5,
  agent: 5,
  launcher: 5,
  supervise: 6,
  cli: 6,
};

const roomOf = (file: string): string => file.split("/")[1] ?? "";
const isRule = (file: string): boolean => file.split("/")[2] === "rules";
const floorOf = (file: string): number => (isRule(file) ? 1 : (floors[roomOf(file)] ?? Number.NaN));

/** Whether `from` may import `to`, and why not. */
const breach = (from: string, to: string, typeOnly: boolean): string | null => {
  if (roomOf(from) === roomOf(to) && !isRule(from)) return null;
  if (isRule(from) && isRule(to)) return null;
  if (isRule(from))
    return ["kernel", "access", "proof"].includes(roomOf(to)) ? null : "rules import only kernel, access, proof and other rules";
  if (isRule(to)) return floorOf(from) >= 1 ? null : "kernel imports nothing";
  const fromFloor = floorOf(from);
  const toFloor = floorOf(to);
  if (Number.isNaN(toFloor)) return "unknown room";
  if (toFloor < fromFloor) return null;
  if (fromFloor === 4 && toFloor === 4 && (to.endsWith("/ports.ts") || (typeOnly && to === "src/identity/principal.ts"))) return null;
  if (fromFloor === 5 && from.startsWith("src/manager/") && to === "src/controller/open-controller.ts") return null;
  if (fromFloor === 6 && toFloor === 6) return null;
  return `floor ${fromFloor} may not import floor ${toFloor}`;
};

test("2.12: every import goes to a lower floor, rooms of one floor meet only through rules and ports", () => {
  const breaches: string[] = [];
  for (const file of sourceFiles()) {
    for (const found of importsOf(file)) {
      if (!found.own) continue;
      const why = breach(file, found.target, found.typeOnly);
      if (why !== null) breaches.push(`${file} -> ${found.target}: ${why}`);
      if (!existsSync(found.target)) breaches.push(`${file} -> ${found.target}: no such file`);
    }
  }
  assert.deepEqual(breaches, []);
});

test("2.12: the rule that keeps the floors tells a breach", () => {
  assert.equal(breach("src/jobs/submit.ts", "src/store/store.ts", false), null);
  assert.match(breach("src/store/open.ts", "src/jobs/submit.ts", false) ?? "", /floor 2 may not import floor 4/);
  assert.match(breach("src/jobs/submit.ts", "src/identity/sessions.ts", false) ?? "", /floor 4/);
  assert.equal(breach("src/jobs/submit.ts", "src/nodes/rules/node-table.ts", false), null);
  assert.match(breach("src/jobs/rules/judge.ts", "src/store/store.ts", false) ?? "", /rules import only/);
});

test("2.12: kernel imports no other room", () => {
  const strangers = sourceFiles()
    .filter((file) => roomOf(file) === "kernel")
    .flatMap((file) => importsOf(file).filter((found) => found.own && roomOf(found.target) !== "kernel"));
  assert.deepEqual(strangers, []);
});

/** The cockpit's own floors: `web/src/ROOM/…`. Pages do not know of each other. */
const cockpitFloors: Readonly<Record<string, number>> = { api: 0, i18n: 1, components: 2, pages: 3, app: 4 };
const cockpitRoom = (file: string): string => file.split("/")[2] ?? "";

const cockpitBreach = (from: string, to: string): string | null => {
  if (to.startsWith("src/"))
    return roomOf(to) === "kernel" || roomOf(to) === "access" || isRule(to) ? null : "the cockpit imports kernel, access and rules only";
  const fromFloor = cockpitFloors[cockpitRoom(from)] ?? Number.NaN;
  const toFloor = cockpitFloors[cockpitRoom(to)] ?? Number.NaN;
  if (Number.isNaN(fromFloor) || Number.isNaN(toFloor)) return "unknown room of the cockpit";
  if (toFloor > fromFloor) return `room ${cockpitRoom(from)} may not import room ${cockpitRoom(to)}`;
  const page = (file: string): string => file.split("/")[3] ?? "";
  if (fromFloor === 3 && toFloor === 3 && page(from) !== page(to) && page(to) !== "parent.ts") return "pages do not import each other";
  return null;
};

test("2.12: the cockpit imports kernel, access and rules of the server, its own rooms downwards, and no page another", () => {
  const breaches: string[] = [];
  for (const file of cockpitFiles()) {
    for (const found of importsOf(file)) {
      if (!found.own) continue;
      const why = cockpitBreach(file, found.target);
      if (why !== null) breaches.push(`${file} -> ${found.target}: ${why}`);
    }
  }
  assert.deepEqual(breaches, []);
  assert.match(cockpitBreach("web/src/pages/nodes/nodes-page.tsx", "src/store/store.ts") ?? "", /kernel, access and rules only/);
  assert.match(cockpitBreach("web/src/components/page.tsx", "web/src/app/shell.tsx") ?? "", /may not import/);
  assert.match(cockpitBreach("web/src/pages/nodes/nodes-page.tsx", "web/src/pages/overview/route.ts") ?? "", /pages do not/);
});

test("2.12: no server room imports the cockpit", () => {
  const breaches = sourceFiles().filter((file) => importsOf(file).some((found) => found.own && found.target.startsWith("web/")));
  assert.deepEqual(breaches, []);
});

test("S12: what the launcher loads is a short, committed list: no zod, no jose, no HTTP, no database", () => {
  const closure = closureOf("src/launcher/main.ts");
  const allowed = ["kernel", "access", "proof", "link", "launch", "launcher"];
  const strangers = closure.files.filter((file) => !allowed.includes(roomOf(file)) && !isRule(file));
  assert.deepEqual(strangers, []);
  assert.deepEqual(
    closure.packages.filter((name) => !name.startsWith("node:")),
    ["koffi"],
  );
  compareGolden("test/golden/launcher-closure.txt", `${[...closure.files, ...closure.packages].join("\n")}\n`);
});

test("S12: the launcher's bundle is made of the files of that list, of no package, and its thread's file lies beside it", async () => {
  const { files, paths } = await bundleCode(join(import.meta.dirname, "..", ".."), bundledParts.launcher);
  assert.deepEqual(
    // A file of types alone leaves nothing.
    closureOf("src/launcher/main.ts").files.filter((file) => !paths.includes(file)),
    [],
  );
  assert.deepEqual(
    paths.filter((path) => !closureOf("src/launcher/main.ts").files.includes(path)),
    [],
  );
  assert.deepEqual(Object.keys(files), ["launcher.js", "starter-thread.js"]);
  assert.match(files["launcher.js"] ?? "", /new URL\("\.\/starter-thread\.js", import\.meta\.url\)/);
});

test("2.12: which packages each room loads is a committed list", () => {
  const rooms = new Map<string, Set<string>>();
  for (const file of [...sourceFiles(), ...cockpitFiles()]) {
    const room = file.startsWith("web/") ? `web/${cockpitRoom(file)}` : roomOf(file);
    const packages = rooms.get(room) ?? new Set<string>();
    rooms.set(room, packages);
    for (const found of importsOf(file))
      if (!found.own && !found.target.startsWith("node:")) packages.add(found.typeOnly ? `${found.target} (types)` : found.target);
  }
  const text = [...rooms]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([room, packages]) => `${room}: ${[...packages].toSorted().join(", ")}`);
  compareGolden("test/golden/room-packages.txt", `${text.join("\n")}\n`);
});
