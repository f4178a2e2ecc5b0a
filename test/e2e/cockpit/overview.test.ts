/** The overview: what it says is mine is asked of the manager, however much else there is. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { startCockpit, whyNoBrowser } from "#test/fixtures/cockpit.ts";
import { addManyRuns } from "#test/fixtures/many-runs.ts";

test(
  "4.1: a run of mine that failed is shown although hundreds of mine succeeded since; one of others is not",
  { timeout: 300_000 },
  async (t) => {
    const why = whyNoBrowser();
    if (why !== null) return t.skip(why);
    const { account, persona, instance } = await startCockpit(t, { prepare: (layout) => addManyRuns(layout.manager.database, 300) });
    await account("ann", null, ["administrator"]);
    const { accessId } = await instance.api.call<{ accessId: string }>("GET", "/api/v1/accounts/ann");
    const database = new DatabaseSync(instance.layout.manager.database, { timeout: 5000 });
    const [oldest, second] = database.prepare("select id from runs order by queued_at limit 2").all() as { id: string }[];
    database.prepare("update runs set submitter = ?, result = 'succeeded'").run(accessId);
    database.prepare("update runs set result = 'failed' where id in (?, ?)").run(oldest?.id ?? "", second?.id ?? "");
    database.prepare("update runs set submitter = 'os:12345' where id = ?").run(second?.id ?? "");
    database.close();
    const page = await persona("ann");
    const shown = async (name: string): Promise<(string | null)[]> => {
      const links = page.getByRole("region", { name }).getByRole("link");
      await links.first().waitFor();
      return await Promise.all((await links.all()).map((link) => link.getAttribute("href")));
    };
    assert.deepEqual(await shown("Mine: under way or failed"), [`/runs/${oldest?.id}`]);
    assert.deepEqual(await shown("Latest failures"), [`/runs/${second?.id}`, `/runs/${oldest?.id}`]);
  },
);
