/** What a page will show is asked for when its link is pointed at, so that it is there with the page. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startCockpit, whyNoBrowser } from "#test/fixtures/cockpit.ts";

test("4.8: pointing at a job asks for it and for its last runs, before anybody opens it", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona } = await startCockpit(t);
  await account("ann", null, ["administrator"]);
  const page = await persona("ann", "/jobs");
  const asked: string[] = [];
  page.on("request", (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (pathname === "/api/v1/jobs/examples/whoami" || (pathname === "/api/v1/runs" && searchParams.get("job") === "/examples/whoami"))
      asked.push(pathname);
  });
  const link = page
    .getByRole("main")
    .getByRole("link", { name: /whoami/ })
    .first();
  const answered = page.waitForResponse(
    (response) => new URL(response.url()).pathname === "/api/v1/runs" && response.url().includes("whoami"),
  );
  await link.hover();
  await answered;
  assert.deepEqual(asked, ["/api/v1/jobs/examples/whoami", "/api/v1/runs"]);

  await link.click();
  await page.getByRole("heading", { level: 1, name: "/examples/whoami" }).waitFor();
  await page.getByRole("region", { name: "Last runs" }).getByRole("link").first().waitFor();
});
