/** How the cockpit is served: one document at every page's address under a fresh nonce, its files compressed and kept for good, nothing else. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { chooseCoding, loadCockpitFiles } from "#manager/cockpit/cockpit-files.ts";
import { newNonce, renderCockpit, renderNotBuilt } from "#manager/cockpit/render.ts";
import { send } from "#test/fixtures/http.ts";
import { goodPassword, startManager } from "#test/fixtures/manager.ts";

const navigation = { accept: "text/html,application/xhtml+xml", "sec-fetch-dest": "document", "sec-fetch-mode": "navigate" };

test("W5: the document allows exactly its own scripts and styles, by a nonce that never repeats", async (t) => {
  const world = await startManager(t);
  const pages = await Promise.all(["/", "/nodes"].map((path) => send(world.tcp, { path, headers: navigation })));
  const nonces = pages.map((page) => {
    assert.equal(page.status, 200, "built by `node scripts/setup.mjs`");
    const policy = page.headers["content-security-policy"] as string;
    const [, nonce = ""] = /script-src 'nonce-([^']+)'/.exec(policy) ?? [];
    assert.ok(policy.includes(`style-src 'nonce-${nonce}';`));
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    assert.equal(page.headers["cache-control"], "no-store");
    assert.equal(page.headers["x-frame-options"], "DENY");
    for (const [tag] of page.text.matchAll(/<script\b[^>]*>/g)) assert.ok(tag.includes(` nonce="${nonce}"`), tag);
    assert.doesNotMatch(page.text, /<script(?![^>]*(?:\ssrc="|type="application\/json"))/, "no inline code");
    assert.doesNotMatch(page.text, /\sstyle=|\son[a-z]+=|(?:src|href)="http|__BEHALF/);
    return nonce;
  });
  assert.equal(new Set(nonces).size, 2);
});

test("4.6: an address of a page survives a reload; what is no page is told so, and is no document", async (t) => {
  const world = await startManager(t);
  for (const path of ["/nodes", "/runs/run_1?tab=log", "/no/such/page"]) {
    const page = await send(world.tcp, { path, headers: navigation });
    assert.equal(page.status, 200, path);
    assert.match(page.headers["content-type"] as string, /^text\/html/);
  }
  for (const [path, headers] of [
    ["/api/v1/nothing", navigation],
    ["/api", navigation],
    ["/assets/nothing.js", navigation],
    ["/favicon.ico", { accept: "image/*", "sec-fetch-dest": "image" }],
    ["/nodes", { accept: "application/json" }],
  ] as const) {
    const answer = await send(world.tcp, { path, headers });
    assert.equal(answer.status, 404, path);
    assert.equal(answer.json.code, "input.unknown-route");
  }
});

test("4.6: of a build that another has replaced since this manager began, a file is not there, and no failure", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-cockpit-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "assets"));
  writeFileSync(join(folder, "index.html"), "");
  writeFileSync(join(folder, "assets", "old.js"), "1");
  const file = loadCockpitFiles(folder)?.assets.get("old.js");
  const there = await file?.open("identity");
  assert.equal((await there?.toArray())?.join(""), "1");
  rmSync(join(folder, "assets", "old.js"));
  assert.equal(await file?.open("identity"), null);
});

test("W5: hashed files are kept for good, compressed as the reader accepts, and nothing outside the build is ever opened", async (t) => {
  const world = await startManager(t);
  const page = await send(world.tcp, { path: "/", headers: navigation });
  const [, script = ""] = /src="(\/assets\/[^"]+\.js)"/.exec(page.text) ?? [];
  for (const [accepted, coding] of [
    ["br, gzip", "br"],
    ["gzip, br;q=0", "gzip"],
    ["", undefined],
  ] as const) {
    const file = await send(world.tcp, { path: script, headers: { "accept-encoding": accepted } });
    assert.equal(file.status, 200);
    assert.equal(file.headers["content-encoding"], coding);
    assert.match(file.headers["content-type"] as string, /^text\/javascript/);
    assert.equal(file.headers["cache-control"], "public, max-age=31536000, immutable");
    assert.equal(file.headers["x-content-type-options"], "nosniff");
    assert.equal(file.headers["vary"], "accept-encoding");
  }
  for (const path of ["/assets/..%2findex.html", "/assets/%2e%2e%2fmanifest.json", "/assets/../manifest.json", `${script}.br`, "/assets/"])
    assert.equal((await send(world.tcp, { path })).status, 404, path);
});

test("W5: what an account or realm is called is text in the document, never markup", () => {
  const name = "</script><img src=x onerror=alert(1)>$&'\"\u2028";
  const index = '<title>__BEHALF_TITLE__</title><script nonce="__BEHALF_NONCE__" type="application/json">__BEHALF_START__</script>';
  const page = renderCockpit(index, { realm: name, version: "1", session: { name, csrf: "c", mustChangePassword: false } }, "n");
  assert.ok(!page.includes("<img") && page.match(/<\/script>/g)?.length === 1);
  const [, json = ""] = /json">(.*)<\/script>/.exec(page) ?? [];
  assert.equal((JSON.parse(json) as { realm: string }).realm, name);
  assert.ok(!renderNotBuilt({ realm: name, version: "1" }, newNonce()).includes("<img"));
});

test("W2: the document brings the CSRF token of its own session only, and none without a browser's session", async (t) => {
  const world = await startManager(t);
  await world.person("ann", { permissions: [] });
  const ann = await world.browser("ann");
  const start = (text: string): { session: { csrf: string; name: string } | null } =>
    JSON.parse(/id="start"[^>]*>([^<]*)</.exec(text)?.[1] ?? "null") as never;
  const own = start((await send(world.tcp, { path: "/", headers: { ...navigation, cookie: ann.cookie } })).text);
  assert.deepEqual(own.session, { name: "ann", csrf: ann.csrf, mustChangePassword: false });
  assert.equal(start((await send(world.tcp, { path: "/", headers: navigation })).text).session, null);
  const cli = await send(world.tcp, {
    method: "POST",
    path: "/api/v1/sessions",
    body: { account: "ann", password: goodPassword, kind: "cli" },
  });
  const withCli = await send(world.tcp, { path: "/", headers: { ...navigation, cookie: `behalf=${cli.json.token as string}` } });
  assert.equal(start(withCli.text).session, null);
});

test("2.10: without a build there is a page that says so and how to help it", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-cockpit-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  assert.equal(loadCockpitFiles(folder), null);
  assert.match(renderNotBuilt({ realm: "corp", version: "1" }, "n"), /node scripts\/setup\.mjs/);
  mkdirSync(join(folder, "assets"));
  writeFileSync(join(folder, "index.html"), "<p>");
  writeFileSync(join(folder, "assets", "a.js"), "1");
  writeFileSync(join(folder, "assets", "a.js.gz"), "2");
  writeFileSync(join(folder, "assets", "b.exe"), "3");
  const files = loadCockpitFiles(folder);
  assert.deepEqual([...(files?.assets.keys() ?? [])], ["a.js"]);
  const file = files?.assets.get("a.js");
  assert.ok(file !== undefined);
  assert.equal(chooseCoding(file, "br, gzip"), "gzip");
  assert.equal(chooseCoding(file, "*"), "gzip");
  assert.equal(chooseCoding(file, "gzip;q=0"), "identity");
  assert.equal(chooseCoding(file, undefined), "identity");
});
