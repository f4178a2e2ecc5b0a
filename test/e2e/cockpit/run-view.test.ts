/** A run while it goes on and afterwards: on whose behalf, where and as whom, each with its why. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { exampleAccount, whyNoBrowser } from "#test/fixtures/cockpit.ts";
import { operator, startJobs } from "#test/fixtures/cockpit-jobs.ts";

test(
  "4.3: while a run goes on its header says where and as whom with the node's why, and that it is not signed yet",
  { timeout: 300_000 },
  async (t) => {
    const why = whyNoBrowser();
    if (why !== null) return t.skip(why);
    const { account, persona, instance } = await startJobs(t);
    await account("ann", operator);
    const run = (await instance.json<{ runs: { id: string }[] }>(["run", "/examples/books/wait"])).runs[0]?.id ?? "";
    const page = await persona("ann", `/runs/${run}`);
    const chain = page.getByRole("region", { name: "On whose behalf" });
    const link = (title: string) => chain.getByRole("listitem").filter({ has: page.getByText(title, { exact: true }) });
    const whom = link("Run as").filter({ hasText: exampleAccount });
    await whom.getByText("So says the node.").waitFor();
    assert.match((await whom.textContent()) ?? "", /✓/);
    const where = link("Node").filter({ hasText: "local" });
    await where.getByText("So says the node.").waitFor();
    await page.getByText(`/examples/books/wait runs on local as ${exampleAccount} on behalf of`).waitFor();
    const told = (await instance.cli(["explain", "run", run])).stdout;
    assert.match(told, /✔ where/);
    assert.match(told, /✔ as whom/);
    assert.match(told, /its signed receipt comes when the run has ended/);
    await instance.cli(["runs", "cancel", run, "--wait"]);
    await page.getByText("The run has ended").first().waitFor();
    assert.equal(await chain.getByText("So says the node.").count(), 0);
    const signed = (await instance.cli(["explain", "run", run])).stdout;
    assert.match(signed, /✔ as whom/);
    assert.doesNotMatch(signed, /signed receipt/);
  },
);
