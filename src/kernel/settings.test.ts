import assert from "node:assert/strict";
import { test } from "node:test";
import { readSettings, settingsOf, settingTable, settingVariable } from "#kernel/settings.ts";

const read = (from: Partial<Parameters<typeof readSettings>[0]>): ReturnType<typeof readSettings> =>
  readSettings({ flags: {}, env: {}, ...from });
const values = (from: Partial<Parameters<typeof readSettings>[0]>): Record<string, unknown> => {
  const found = read(from);
  assert.ok(found.ok, found.ok ? "" : found.problem.message);
  return { ...found.value.values };
};

test("2.10: a setting comes from its flag, else the environment, else the file, else its default", () => {
  assert.equal(values({})["port"], 4900);
  assert.equal(values({ file: { port: 1 } })["port"], 1);
  assert.equal(values({ file: { port: 1 }, env: { BEHALF_PORT: "2" } })["port"], 2);
  assert.equal(values({ file: { port: 1 }, env: { BEHALF_PORT: "2" }, flags: { port: "3" } })["port"], 3);
  const found = read({ env: { BEHALF_PORT: "2" } });
  assert.equal(found.ok && found.value.sources["port"], "environment");
  assert.equal(found.ok && found.value.sources["host"], "default");
});

test("D27: durations have units, and a bare number is a problem that names the setting", () => {
  assert.equal(values({})["session-idle"], 15 * 60_000);
  assert.equal(values({ env: { BEHALF_SESSION_IDLE: "90s" } })["session-idle"], 90_000);
  const found = read({ env: { BEHALF_SESSION_IDLE: "90" } });
  assert.ok(!found.ok);
  assert.match(found.problem.message, /BEHALF_SESSION_IDLE/);
});

test("2.10: every wrong setting is reported at once", () => {
  const found = read({ flags: { port: "70000", tls: "maybe" }, file: { colour: "red" } });
  assert.ok(!found.ok);
  assert.equal(1 + (found.problem.also?.length ?? 0), 3);
});

test("K2: a database URL with a password is refused as a flag and repeated nowhere", () => {
  const found = read({ flags: { "database-url": "postgres://behalf:hunter2@db/behalf" } });
  assert.ok(!found.ok);
  assert.equal(JSON.stringify(found).includes("hunter2"), false);
  assert.match(found.problem.hint, /BEHALF_DATABASE_URL/);
  assert.equal(
    values({ env: { BEHALF_DATABASE_URL: "postgres://behalf:hunter2@db/behalf" } })["database-url"],
    "postgres://behalf:hunter2@db/behalf",
  );
});

test("2.10: names are unique and every setting belongs to a command", () => {
  assert.equal(new Set(settingTable.map((setting) => settingVariable(setting.name))).size, settingTable.length);
  assert.ok(settingsOf("manager").length > 10);
  for (const setting of settingTable) assert.ok(setting.parts.length > 0, setting.name);
});
