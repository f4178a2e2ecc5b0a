/** The output of a run: followed, stood still, searched, linked, and never trusted. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { eventually } from "#test/fixtures/eventually.ts";
import { onJobs } from "#test/fixtures/cockpit-jobs.ts";

const lineCount = 300_000;

onJobs(
  "4.3: output is followed at the end, stands still when somebody scrolls, and says how much is new",
  async ({ persona, instance }) => {
    const run = (await instance.json<{ runs: { id: string }[] }>(["run", "/examples/talk"])).runs[0]?.id ?? "";
    const page = await persona("ann", `/runs/${run}`, { height: 600 });
    const log = page.getByRole("log", { name: "Output" });
    const newest = async (): Promise<number> =>
      Math.max(0, ...(await log.getByText(/^said \d+$/).allTextContents()).map((text) => Number(text.slice("said ".length))));
    await eventually("more than fits is said", newest, (line) => line > 60);
    await page.getByRole("button", { name: "Following", pressed: true }).waitFor();
    await log.focus();
    await page.keyboard.press("PageUp");
    await page.getByRole("button", { name: "Follow", exact: true, pressed: false }).waitFor();
    const first = await log
      .getByRole("button", { name: /^Line \d+$/ })
      .first()
      .textContent();
    await page.getByRole("button", { name: /[1-9]\d* new lines/ }).waitFor();
    assert.equal(
      await log
        .getByRole("button", { name: /^Line \d+$/ })
        .first()
        .textContent(),
      first,
      "what is read stands still",
    );
    await page.getByRole("button", { name: /new lines/ }).click();
    await page.getByRole("button", { name: "Following", pressed: true }).waitFor();
    const followed = await newest();
    await eventually("what is said now is seen", newest, (line) => line > followed + 20);
    await instance.cli(["runs", "cancel", run]);
    await page.getByText("cancelled it").first().waitFor();
    await page.getByText("The run has ended").first().waitFor();
  },
);

onJobs(
  "4.3: any line of a long log by link, text found over all of it, both streams told apart, links of a job dropped",
  async ({ persona, instance }) => {
    const documents = `kind: Job
path: /examples/long
run: { shell: "seq -f 'number %.0f' ${lineCount}; echo the last words >&2" }
as: { credential: example }
on: [local]
`;
    await instance.api.call("POST", "/api/v1/definitions", { documents });
    const run = (await instance.json<{ runs: { id: string }[] }>(["run", "/examples/long", "--wait"])).runs[0]?.id ?? "";
    const page = await persona("ann", `/runs/${run}?lines=123456-123457`);
    const log = page.getByRole("log", { name: "Output" });
    await log.getByText("number 123456", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Copy link to lines 123456-123457" }).waitFor();
    await page.getByText("300,001 lines").waitFor();
    await page.getByText("Taken over by the node").waitFor();
    await log.focus();
    await page.keyboard.press("End");
    await log.getByText("the last words").waitFor();
    assert.equal(await log.getByText("stderr", { exact: true }).count(), 1);
    await page.keyboard.press("Home");
    await log.getByText("number 1", { exact: true }).waitFor();

    // Dragged from one end to the other: nothing is asked for twice at a time, and what was only passed is not waited for.
    let asking = 0;
    let askedAtOnce = 0;
    let asked = 0;
    const isLines = (request: { url: () => string }): boolean => new URL(request.url()).pathname.endsWith("/log/lines");
    page.on("request", (request) => {
      if (!isLines(request)) return;
      asked += 1;
      asking += 1;
      askedAtOnce = Math.max(askedAtOnce, asking);
    });
    for (const event of ["requestfinished", "requestfailed"] as const)
      page.on(event as "requestfinished", (request) => {
        if (isLines(request)) asking -= 1;
      });
    const steps = 120;
    await log.evaluate(`(async (element) => {
      for (let step = 0; step <= ${steps}; step += 1) {
        element.scrollTop = (element.scrollHeight * step) / ${steps};
        await new Promise((done) => requestAnimationFrame(done));
      }
    })(document.querySelector("[role=log]"))`);
    await log.getByText("the last words").waitFor();
    assert.equal(askedAtOnce, 1);
    assert.ok(asked <= steps, `${asked} questions in ${steps} steps`);
    await page.keyboard.press("Home");
    await log.getByText("number 1", { exact: true }).waitFor();

    await page.getByRole("button", { name: "Line 5", exact: true }).click();
    await page.getByRole("button", { name: "Line 8", exact: true }).click({ modifiers: ["Shift"] });
    await eventually(
      "the address names the lines",
      async () => new URL(page.url()).search,
      (search) => search === "?lines=5-8",
    );
    await page.getByRole("button", { name: "Line 5", exact: true }).click();
    await page.getByRole("button", { name: "Line 5", exact: true }).click();

    const find = page.getByRole("textbox", { name: "Find in the output" });
    await find.fill("NUMBER 29999");
    await find.press("Enter");
    await page.getByText(/ of 11 lines/).waitFor();
    await find.press("Enter");
    await find.fill("(last|words)");
    await find.press("Enter");
    await page.getByText("no line has it").waitFor();
    await find.fill("last words");
    await find.press("Enter");
    await page.getByText("1 of 1 lines").waitFor();
    await log.getByText("last words").first().waitFor();
    // Sharing the address shares the search.
    assert.match(page.url(), /find=last/);

    // Without lines in the address it opens at its end, also when the run is over.
    await page.goto(`${instance.url}/runs/${run}`);
    await log.getByText("the last words").waitFor();

    // W5: what a terminal would make a link stays text.
    const close = (await instance.json<{ runs: { id: string }[] }>(["run", "/examples/books/close", "--arg", "MONTH=1", "--wait"])).runs[0]
      ?.id;
    await page.goto(`${instance.url}/runs/${close}`);
    await log.getByText("a link").waitFor();
    assert.equal(await log.getByRole("link").count(), 0);
    assert.equal(await log.locator("[data-fg='2']").textContent(), "green");
    // Asked for with the session's token, which no link can carry (W2); the browser keeps what came, and the page stays where it is.
    const save = async (of: string, what: string): Promise<{ readonly name: string; readonly text: string }> => {
      await page.goto(`${instance.url}/runs/${of}`);
      const downloading = page.waitForEvent("download");
      await page.getByRole("button", { name: "Download" }).click();
      await page.getByRole("menuitem", { name: what }).click();
      const file = await downloading;
      assert.equal(new URL(file.url()).protocol, "blob:");
      assert.equal(new URL(page.url()).pathname, `/runs/${of}`);
      return { name: file.suggestedFilename(), text: readFileSync(await file.path(), "utf8") };
    };
    assert.deepEqual(await save(close ?? "", "stderr only"), { name: `${close}.stderr.log`, text: "three entries late\n" });
    const whole = await save(run, "Everything");
    assert.equal(whole.name, `${run}.log`);
    const lines = whole.text.split("\n");
    assert.deepEqual([lines.length, lines[0], lines.at(-2)], [lineCount + 2, "number 1", "the last words"]);
    assert.deepEqual(await save(run, "stderr only"), { name: `${run}.stderr.log`, text: "the last words\n" });
  },
);

onJobs(
  "4.5: who may see a run but not its output is told so, and who may not know of it gets nothing",
  async ({ account, persona, instance }) => {
    await account("vic", { permissions: ["controller:runs:view", "controller:jobs:view"] });
    await account("sal", { permissions: ["controller"], folders: ["/sales/*"] });
    const run = (await instance.json<{ runs: { id: string }[] }>(["run", "/examples/books/wait"])).runs[0]?.id ?? "";
    const page = await persona("vic", `/runs/${run}`);
    await page.getByText("Your roles do not show the output.").waitFor();
    const cancel = page.getByRole("button", { name: "Cancel run", exact: true });
    assert.equal(await cancel.getAttribute("aria-disabled"), "true");
    await page.getByRole("button", { name: "Why? Cancel run" }).click();
    await page.getByRole("dialog", { name: "Why" }).getByText("refused").waitFor();
    await page.getByRole("dialog", { name: "Why" }).getByText("Would flip if").waitFor();
    const stranger = await persona("sal", `/runs/${run}`);
    await stranger.getByText("There is nothing here that you may see").waitFor();
    assert.equal(await stranger.getByText("/examples/books/wait").count(), 0);
  },
);
