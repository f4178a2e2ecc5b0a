/** What the manager offers to programs and people, as committed texts: made from the declarations alone, with no manager running. */
import { test } from "node:test";
import { buildProgram } from "#cli/program.ts";
import { systemClock } from "#kernel/clock.ts";
import { buildApp } from "#manager/app.ts";
import { openApiOf } from "#manager/open-api.ts";
import { describeQuestion, type Route } from "#manager/route.ts";
import { allRoutes } from "#manager/routes/all-routes.ts";
import { everyCommand } from "#test/fixtures/commands.ts";
import { compareGolden } from "#test/fixtures/golden.ts";

/** Routes are only declared here: their rooms can be named, and whoever uses one fails. */
const unopened: never = new Proxy(() => undefined, {
  get: (_, name) => (name === Symbol.toPrimitive ? undefined : unopened),
  apply: () => {
    throw new Error("a route used a room while it was declared");
  },
}) as never;

const routes: readonly Route[] = allRoutes(unopened);

test("2.12: the routes and their questions are the golden list", () => {
  const lines = routes.map((one) => `${one.method.padEnd(6)} ${one.url.padEnd(48)} ${describeQuestion(one.question)}`);
  compareGolden("test/golden/routes.txt", `${lines.toSorted((a, b) => (a.slice(7) < b.slice(7) ? -1 : 1)).join("\n")}\n`);
});

test("2.12: the OpenAPI document of the declared routes is the golden one", async () => {
  const app = await buildApp({ routes, authentication: unopened, log: unopened, clock: systemClock, version: "0.0.0", tls: false });
  compareGolden("test/golden/openapi.json", `${JSON.stringify(openApiOf(app, routes), null, 2)}\n`);
  await app.close();
});

test("2.10: the help of every command is a committed text", () => {
  const texts = everyCommand(buildProgram(), ["behalf"]).map(
    ({ path, command }) => `### ${path}\n\n${command.helpInformation().trimEnd()}\n`,
  );
  compareGolden("test/golden/cli-help.txt", texts.join("\n"));
});
