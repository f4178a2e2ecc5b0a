/** What a page will show is asked for when its link is pointed at, so that it is there with the page. */
import assert from "node:assert/strict";
import { eventually } from "#test/fixtures/eventually.ts";
import { onCockpit } from "#test/fixtures/cockpit.ts";

onCockpit("4.8: pointing at a job asks for it and for its last runs, before anybody opens it", async ({ persona }) => {
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

/** What each page of the navigation shows at first, as an administrator has it. */
const shownBy: Readonly<Record<string, readonly string[]>> = {
  Jobs: ["/api/v1/folders", "/api/v1/jobs"],
  Runs: ["/api/v1/runs", "/api/v1/runs/counts"],
  Nodes: ["/api/v1/nodes"],
  Access: ["/api/v1/roles"],
  Accounts: ["/api/v1/accounts", "/api/v1/roles"],
  Audit: ["/api/v1/audit", "/api/v1/audit/chain"],
  Settings: ["/api/v1/realm", "/api/v1/settings", "/api/v1/status"],
  Profile: ["/api/v1/sessions", "/api/v1/sessions/current", "/api/v1/sessions/logins"],
};

onCockpit(
  "4.8: pointing at or focusing a link of the navigation asks for what its page shows, which then asks for nothing again",
  async ({ persona }) => {
    const page = await persona("ann", "/new-job");
    await page.getByRole("heading", { level: 1 }).waitFor();
    const asked = new Set<string>();
    const answered = new Set<string>();
    page.on("request", (request) => void asked.add(new URL(request.url()).pathname));
    page.on("requestfinished", (request) => void answered.add(new URL(request.url()).pathname));
    const navigation = page.getByRole("navigation", { name: "Pages" });
    for (const [name, wanted] of Object.entries(shownBy)) {
      asked.clear();
      answered.clear();
      const link = navigation.getByRole("link", { name });
      if (name === "Audit") await link.focus();
      else await link.hover();
      await eventually(
        `the manager has answered what ${name} shows`,
        () => Promise.resolve(wanted.filter((path) => !answered.has(path))),
        (missing) => missing.length === 0,
      );
      asked.clear();
      await link.click();
      await page.getByRole("heading", { level: 1, name }).waitFor();
      assert.deepEqual(
        wanted.filter((path) => asked.has(path)),
        [],
        `${name} asks again`,
      );
    }
  },
);

onCockpit("4.8: what changed after it was asked for ahead is not missing from the page", async ({ persona, instance }) => {
  const page = await persona("ann", "/");
  await page.getByText("Live").waitFor();
  const requestTo = (path: string): Promise<unknown> =>
    page.waitForEvent("requestfinished", (request) => new URL(request.url()).pathname === path && request.url().includes("limit=200"));
  const listed = requestTo("/api/v1/runs");
  const link = page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Runs" });
  await link.hover();
  await listed;
  // The overview asks again when it hears of a run: then the stream has told of it.
  const heard = page.waitForRequest((request) => new URL(request.url()).pathname === "/api/v1/runs/series");
  await instance.api.call("POST", "/api/v1/submissions", { job: "/examples/whoami" });
  await heard;
  await link.click();
  await page.getByRole("heading", { level: 1, name: "Runs" }).waitFor();
  await page.getByRole("main").getByRole("link", { name: "/examples/whoami" }).first().waitFor();
});

onCockpit("4.8: what an account may not see is not asked for ahead", async ({ account, persona }) => {
  await account("eve", { permissions: ["manager:view", "manager:administration:settings:view"] });
  const page = await persona("eve", "/profile");
  await page.getByRole("heading", { level: 1, name: "Profile" }).waitFor();
  const asked = new Set<string>();
  page.on("request", (request) => void asked.add(new URL(request.url()).pathname));
  const navigation = page.getByRole("navigation", { name: "Pages" });
  for (const [name, path] of [
    ["Overview", "/api/v1/status"],
    ["Settings", "/api/v1/settings"],
  ] as const) {
    const answered = page.waitForResponse((response) => new URL(response.url()).pathname === path);
    await navigation.getByRole("link", { name }).hover();
    await answered;
  }
  assert.ok(asked.has("/api/v1/settings") && asked.has("/api/v1/status"));
  assert.deepEqual(
    [...asked].filter((path) => path.startsWith("/api/v1/runs") || path === "/api/v1/nodes" || path === "/api/v1/realm"),
    [],
  );
});
