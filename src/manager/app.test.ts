import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "#kernel/clock.ts";
import { silentLog } from "#kernel/log.ts";
import { buildApp } from "#manager/app.ts";
import { route, type Route, type RouteQuestion } from "#manager/route.ts";

const app = (question: RouteQuestion | undefined): Promise<unknown> => {
  const declared = route({ method: "GET", url: "/api/v1/x", summary: "x", question: { public: "a test" }, handle: async () => undefined });
  const routes: Route[] = [{ ...declared, question: question as RouteQuestion }];
  return buildApp({
    routes,
    authentication: { sessionOf: async () => null, osPrincipal: async () => null },
    log: silentLog,
    clock: systemClock,
    version: "0",
    tls: false,
  });
};

test("2.5: the app does not start with a route that names no question", async () => {
  await assert.rejects(app(undefined), /names no question/);
});

test("2.5: the app does not start with a route that asks for a permission that is none", async () => {
  await assert.rejects(app({ may: "controller:runs:creat" }), /no leaf of the permission tree/);
  await assert.rejects(app({ may: "controller:runs" }), /no leaf of the permission tree/);
  await assert.rejects(app({ may: "controller:runs:view", or: ["manager"] }), /no leaf of the permission tree/);
});

test("2.5: a route that says why it needs no question starts", async () => {
  await ((await app({ public: "a test" })) as { close(): Promise<void> }).close();
});
