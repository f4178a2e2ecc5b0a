/** The status page in a real browser: signing in with the forced first change, looking at runs live, on a wide and a narrow screen. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { endRun } from "#jobs/dispatch-store.ts";
import { encodeLogFrame } from "#link/log-format.ts";
import { addNodeRecord, startManager } from "#test/fixtures/manager.ts";

const browserPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));
const axe = readFileSync(join(import.meta.dirname, "..", "..", "..", "node_modules", "axe-core", "axe.min.js"), "utf8");

test(
  "2.10: the page signs in, forces the first change, shows nodes and runs live, and loads nothing from elsewhere",
  { timeout: 60_000 },
  async (t) => {
    if (browserPath === undefined) return t.skip("no Chromium on this machine");
    const world = await startManager(t);
    const { services } = world.manager;
    await addNodeRecord(services.store, "local");
    await world.owner.ask({
      method: "POST",
      path: "/api/v1/definitions",
      body: { documents: 'kind: Job\npath: /finance/<b>close\nrun: { shell: "id" }\non: [local]\n'.replace("<b>", "") },
    });
    const submitted = await world.owner.ask({ method: "POST", path: "/api/v1/submissions", body: { job: "/finance/close" } });
    const run = submitted.json.runs[0].id as string;
    const say = async (stream: "stdout" | "stderr", text: string): Promise<void> => {
      const { logs } = services.controller;
      await logs.append(run, await logs.size(run), encodeLogFrame(stream, Date.now(), Buffer.from(text)));
    };
    await say("stdout", "first line <img src=x onerror=alert(1)>\n\u001b[31mred\u001b[0m\n");

    const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
    t.after(() => browser.close());
    const context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
    const page = await context.newPage();
    const requests: string[] = [];
    const errors: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) errors.push(message.text());
    });
    const url = `http://localhost:${world.port}/`;
    await page.goto(url);
    await page.getByLabel("Account").fill("root");
    await page.getByLabel("Password").fill("wrong password");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("Unknown account or wrong password").waitFor();
    await page.getByLabel("Password").fill(world.manager.firstPassword?.password ?? "");
    // The delay after a failure grows by account: the second try waits for its end.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await page.keyboard.press("Enter");
    await page.getByLabel("New password", { exact: true }).fill("a long enough passphrase");
    await page.getByLabel("New password again").fill("something else entirely");
    await page.getByRole("button", { name: "Set password" }).click();
    await page.getByText("The two new passwords differ").waitFor();
    await page.getByLabel("New password", { exact: true }).fill("a long enough passphrase");
    await page.getByLabel("New password again").fill("a long enough passphrase");
    await page.getByRole("button", { name: "Set password" }).click();

    await page.getByRole("row", { name: /local/ }).first().waitFor();
    const output = page.getByRole("log");
    await output.getByText("first line <img src=x onerror=alert(1)>").waitFor();
    assert.ok((await output.textContent())?.includes("\nred\n"), "terminal colours are left out");
    await say("stderr", "live line\n");
    await output.getByText("live line").waitFor();
    await services.store.write(async (tx) => {
      await tx.updateTable("runs").set({ state: "running", attempt: 1 }).where("id", "=", run).execute();
      await endRun(tx, {
        id: run,
        attempt: 1,
        result: "succeeded",
        startedAt: Date.now(),
        endedAt: Date.now(),
        outcome: null,
        receipt: null,
        runAs: "nobody",
        exitCode: 0,
        logBytes: 1,
      });
    });
    services.feed.runChanged(run);
    await page.locator("#detail-state").getByText("succeeded").waitFor();
    await page.locator("#runs").getByText("succeeded").waitFor();

    const more = await world.owner.ask({ method: "POST", path: "/api/v1/submissions", body: { job: "/finance/close" } });
    await page.locator(`[data-run="${more.json.runs[0].id as string}"]`).waitFor();
    await page.locator(`[data-run="${more.json.runs[0].id as string}"]`).focus();
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.evaluate("document.activeElement.dataset.run"), run, "arrow keys go through the runs");
    await page.keyboard.press("Enter");

    for (const [width, scheme] of [
      [1200, "light"],
      [1200, "dark"],
      [360, "light"],
      [360, "dark"],
    ] as const) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme: scheme });
      await page.waitForTimeout(100);
      assert.ok(Number(await page.evaluate("document.documentElement.scrollWidth")) <= width, `nothing is wider than ${width}`);
      const found = (await page.evaluate(`${axe}; axe.run()`)) as { violations: { id: string; nodes: { html: string }[] }[] };
      assert.deepEqual(
        found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 100)).join(" | ")}`),
        [],
        `${width} ${scheme}`,
      );
    }
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    assert.deepEqual(
      requests.filter((request) => !request.startsWith(url) && !request.startsWith("data:") && !request.startsWith("blob:")),
      [],
    );
    assert.deepEqual(errors, []);
  },
);
