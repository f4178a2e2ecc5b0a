/** A run while it goes on and afterwards: on whose behalf, where and as whom, each with its why. */
import assert from "node:assert/strict";
import { exampleAccount } from "#test/fixtures/cockpit.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { gateOf } from "#test/fixtures/gate.ts";
import { onJobs } from "#test/fixtures/cockpit-jobs.ts";

onJobs(
  "4.3: while a run goes on its header says where and as whom with the node's why, and that it is not signed yet",
  async ({ persona, instance }) => {
    const run = (await instance.json<{ runs: { id: string }[] }>(["run", "/examples/books/wait"])).runs[0]?.id ?? "";
    const page = await persona("ann", `/runs/${run}`);
    const chain = page.getByRole("region", { name: "On whose behalf" });
    const link = (title: string) => chain.getByRole("listitem").filter({ has: page.getByText(title, { exact: true }) });
    const whom = link("Run as").filter({ hasText: exampleAccount });
    await whom.getByText("So says the node").waitFor();
    assert.match((await whom.textContent()) ?? "", /✓/);
    const where = link("Node").filter({ hasText: "local" });
    await where.getByText("So says the node").waitFor();
    await page.getByText(`/examples/books/wait runs on local as ${exampleAccount} on behalf of`).waitFor();
    const told = (await instance.cli(["explain", "run", run])).stdout;
    assert.match(told, /✔ where/);
    assert.match(told, /✔ as whom/);
    assert.match(told, /its signed receipt comes when the run has ended/);
    await instance.cli(["runs", "cancel", run, "--wait"]);
    await page.getByText("The run has ended").first().waitFor();
    assert.equal(await chain.getByText("So says the node").count(), 0);
    const signed = (await instance.cli(["explain", "run", run])).stdout;
    assert.match(signed, /✔ as whom/);
    assert.doesNotMatch(signed, /signed receipt/);
  },
);

onJobs(
  "4.3: a run that ends by itself while its cancelling is asked about says so; a search goes to its first match although lines are chosen",
  async ({ persona, instance }, t) => {
    const gate = gateOf(t);
    const documents = `kind: Job
path: /examples/gated
run:
  shell: |
    seq -f 'number %.0f' 400
    ${gate.wait}
as: { credential: example }
on: [local]
`;
    await instance.api.call("POST", "/api/v1/definitions", { documents });
    const run = (await instance.json<{ runs: { id: string }[] }>(["run", "/examples/gated"])).runs[0]?.id ?? "";
    const page = await persona("ann", `/runs/${run}?lines=300-301`);
    const log = page.getByRole("log", { name: "Output" });
    await log.getByText("number 300", { exact: true }).waitFor();
    const find = page.getByRole("textbox", { name: "Find in the output" });
    await find.fill("number 12");
    await find.press("Enter");
    await page.getByText("1 of 11 lines").waitFor();
    await log.getByText("number 12", { exact: true }).waitFor();

    await page.getByRole("button", { name: "Cancel run", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Cancel the run of /examples/gated?" });
    await dialog.getByText("get SIGTERM").waitFor();
    gate.open();
    await dialog.getByText("It has ended by itself in the meantime").waitFor();
    await dialog.getByRole("button", { name: "Cancel run", disabled: true }).waitFor();
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await dialog.waitFor({ state: "detached" });
    await page.getByText(/on behalf of .* and succeeded/).waitFor();
  },
);

onJobs(
  "4.3: the manager is killed while output is followed: that is said, and nothing of it is missing afterwards",
  async ({ persona, instance }) => {
    const run = (await instance.json<{ runs: { id: string }[] }>(["run", "/examples/talk"])).runs[0]?.id ?? "";
    const page = await persona("ann", `/runs/${run}`);
    const log = page.getByRole("log", { name: "Output" });
    const said = async (): Promise<readonly number[]> =>
      (await log.getByText(/^said \d+$/).allTextContents()).map((text) => Number(text.slice("said ".length)));
    await eventually("it is followed", said, (lines) => lines.length > 5);
    process.kill(instance.pidOf("manager"), "SIGKILL");
    await page.getByText("Not live: the manager cannot be reached").waitFor();
    const before = (await said()).at(-1) ?? 0;
    await eventually("it is followed again", said, (lines) => (lines.at(-1) ?? 0) > before + 40);
    await page.getByRole("button", { name: "Following", pressed: true }).waitFor();
    const lines = await said();
    assert.deepEqual(
      lines,
      lines.map((_, index) => (lines[0] ?? 0) + index),
    );
    await instance.cli(["runs", "cancel", run]);
  },
);
