/**
 * The cockpit as people have it: a real Chromium at a real `behalf up`. First load, the way from page to page, live output and long logs,
 * each beside the least that the same browser on the same machine can do in the same run: a page of one heading, one click, one stream.
 *
 * Instants are those of frames that were painted: what is "seen" was in the document when a frame was drawn, and that frame is through.
 */
import { spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Page } from "playwright-core";
import type { RunView } from "#cli/run-view.ts";
import { exampleAccount, startCockpit, whyNoBrowser, type CockpitWorld } from "#test/fixtures/cockpit.ts";
import { addManyRuns } from "#test/fixtures/many-runs.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { median, type Measured } from "#test/bench/measured.ts";

const lineCount = 1_000_000;
/** Says the instant of each line, nanoseconds since 1970. */
const speakingShell = "while :; do date +%s%N; sleep 0.2; done";
const jobs = `kind: Job
path: /examples/long
run: { shell: "seq -f 'line %.0f of a log, with as many words as a line of a log has' 1000001 2000000" }
as: { credential: example }
on: [local]
---
kind: Job
path: /examples/speak
run: { shell: "${speakingShell}" }
as: { credential: example }
on: [local]
timeout: 1h
grace: 1s
`;

/** What a page measures by; known before its own code runs. */
const inPage = `
  globalThis.benchPainted = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(performance.now());
    port2.postMessage(0);
  }));
  globalThis.benchSeen = async (isThere) => {
    for (const begin = performance.now(); ; ) {
      const at = await benchPainted();
      if (isThere()) return at;
      if (at - begin > 20_000) throw new Error("not seen within a minute: " + String(isThere) + " at " + location.pathname + ": " + document.body.innerText.slice(0, 2000) + " … " + document.body.innerText.slice(-500));
    }
  };
  globalThis.benchHeading = () => document.querySelector("h1")?.textContent ?? "";
  globalThis.benchLoading = () => [...document.querySelectorAll("[role=status]")].some((one) => /^Loading/.test(one.textContent));
`;

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

/** Pages of a server that does nothing else: what the browser itself needs. */
const startPeer = async (): Promise<{ url: string; close: () => void }> => {
  const page = `<!doctype html><meta charset="utf-8"><title>peer</title><h1>Peer</h1><button>Go</button><p></p>
    <div id="log" style="height: 400px; overflow: auto"><div style="height: 8000000px"></div></div>
    <script>
      document.querySelector("button").onclick = () => { document.querySelector("h1").textContent = "Other"; };
      if (location.hash === "#stream") new EventSource("/stream").onmessage = ({ data }) => { document.querySelector("p").append(data + "\\n"); };
    </script>`;
  const server = createServer((request, reply) => {
    if (request.url !== "/stream") return void reply.setHeader("content-type", "text/html").end(page);
    reply.setHeader("content-type", "text/event-stream");
    const speaker = spawn("/bin/sh", ["-c", speakingShell], { stdio: ["ignore", "pipe", "ignore"] });
    speaker.stdout.on("data", (bytes: Buffer) => {
      for (const line of bytes.toString("utf8").trim().split("\n")) reply.write(`data: ${line}\n\n`);
    });
    reply.on("close", () => speaker.kill());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => (server.closeAllConnections(), server.close()) };
};

/** Milliseconds from the start of the navigation until the page shows what `isThere` looks for. */
const loadMs = async (page: Page, address: string, isThere: string): Promise<number> => {
  await page.goto(address, { waitUntil: "commit" });
  return Number(await page.evaluate(`benchSeen(() => ${isThere})`));
};

/** A window of its own with an empty cache; `signedIn`: with the cookies of this page. */
const freshPage = async (world: CockpitWorld, signedIn: Page | null, width = 1280): Promise<Page> => {
  const context = await world.browser.newContext({
    viewport: { width, height: 800 },
    ...(signedIn === null ? {} : { storageState: await signedIn.context().storageState() }),
  });
  await context.addInitScript(inPage);
  return await context.newPage();
};

const overviewIsThere = `benchHeading() === "Overview" && !benchLoading() && document.querySelectorAll("main canvas").length === 2 && document.querySelector("main a[href^='/nodes/']") !== null`;

const firstLoad = async (world: CockpitWorld, signedIn: Page, peer: string, repetitions: number): Promise<Measured[]> => {
  const scripts = new Set<string>();
  const oursMs: number[] = [];
  const peerMs: number[] = [];
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    const bare = await freshPage(world, null);
    peerMs.push(await loadMs(bare, peer, `benchHeading() === "Peer"`));
    await bare.context().close();
    const page = await freshPage(world, signedIn);
    page.on("request", (request) => {
      const { pathname } = new URL(request.url());
      if (pathname.endsWith(".js")) scripts.add(pathname);
    });
    oursMs.push(await loadMs(page, `${world.instance.url}/`, overviewIsThere));
    await page.context().close();
  }
  const dist = join(import.meta.dirname, "..", "..", "web", "dist");
  const bytes = [...scripts].reduce((sum, path) => sum + statSync(join(dist, `${path}.gz`)).size, 0);
  return [
    {
      name: "first load of the overview, JavaScript",
      value: bytes / 1000,
      unit: "KB gzip",
      goal: "<= 220",
      met: bytes <= 220_000,
      detail: { files: scripts.size },
    },
    {
      name: "first load of the overview until it shows its charts and nodes, nothing cached",
      value: median(oursMs),
      unit: "ms",
      goal: "none",
      met: true,
      detail: { slowestMs: Math.max(...oursMs), pageOfOneHeadingMs: median(peerMs), times: median(oursMs) / median(peerMs) },
    },
  ];
};

/** Where people go from the navigation, and what they open from a list. */
const entries = ["Jobs", "Runs", "Nodes", "Access", "Accounts", "Audit", "Settings", "Profile", "Overview"];
const openings: readonly (readonly [from: string, link: string])[] = [
  ["/jobs", "a[href^='/jobs/']"],
  ["/runs", "a[href^='/runs/']"],
  ["/nodes", "a[href^='/nodes/']"],
  ["/access", "a[href^='/access/roles/']"],
  ["/accounts", "a[href^='/accounts/']"],
];

/**
 * Hovered as long as a hand needs to press; then from the press until the page is there as its reader judges it: its heading and all that it
 * shows, with its data, are painted, and nothing says that it loads.
 */
const changeMs = async (page: Page, selector: string): Promise<number> => {
  const link = page.locator(selector).first();
  await link.hover();
  await new Promise((resolve) => setTimeout(resolve, 200));
  await page.evaluate(`{
    const before = benchHeading();
    globalThis.benchChange = new Promise((done) => addEventListener("click", (event) => {
      void benchSeen(() => benchHeading() !== before && benchHeading() !== "" && !benchLoading())
        .then((at) => done(at - event.timeStamp));
    }, { capture: true, once: true }));
    // Not the promise: it would be waited for.
    void 0;
  }`);
  await link.click();
  return Number(await page.evaluate("benchChange"));
};

const changes = async (world: CockpitWorld, signedIn: Page, peer: string, repetitions: number): Promise<Measured[]> => {
  const bare = await freshPage(world, null);
  const bareMs: number[] = [];
  for (let repetition = 0; repetition < 10; repetition += 1) {
    await bare.goto(peer);
    bareMs.push(await changeMs(bare, "button"));
  }
  await bare.context().close();
  const found: Record<"first" | "again", { readonly way: string; readonly ms: number }[]> = { first: [], again: [] };
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    // A window that has been nowhere yet: the code of each page has to come in time. Then the same ways in the same window.
    const page = await freshPage(world, signedIn);
    await loadMs(page, `${world.instance.url}/`, overviewIsThere);
    for (const visit of ["first", "again"] as const) {
      for (const entry of entries) found[visit].push({ way: entry, ms: await changeMs(page, `nav a:has-text("${entry}")`) });
      for (const [from, link] of openings) {
        await changeMs(page, `nav a[href='${from}']`);
        await page.locator(`main ${link}`).first().waitFor();
        found[visit].push({ way: `${from} ${link}`, ms: await changeMs(page, `main ${link}`) });
      }
    }
    await page.context().close();
  }
  const measured = (visit: "first" | "again", name: string): Measured => {
    const all = found[visit].map(({ ms }) => ms);
    const slowest = found[visit].toSorted((a, b) => b.ms - a.ms)[0];
    return {
      name: `way from page to page, hovered before, ${name}, 95th percentile of ${all.length}`,
      value: percentile(all, 0.95),
      unit: "ms",
      goal: "<= 100",
      met: percentile(all, 0.95) <= 100,
      detail: {
        median: median(all),
        slowest: slowest?.ms ?? Number.NaN,
        slowestWay: slowest?.way ?? "",
        oneClickOnAPageOfOneHeading: median(bareMs),
        times: median(all) / median(bareMs),
      },
    };
  };
  return [measured("first", "for the first time in a window"), measured("again", "again in it")];
};

/** For each line that says its own instant: how long it took to be seen, milliseconds. */
const untilSeen = async (page: Page, region: string, lines: number): Promise<number[]> =>
  (await page.evaluate(`(async () => {
    const known = new Set();
    const found = [];
    // What is there already when the looking begins tells nothing.
    for (let isFirst = true; found.length < ${lines}; isFirst = false) {
      const at = performance.timeOrigin + await benchPainted();
      const region = document.querySelector(${JSON.stringify(region)});
      for (const one of [region, ...(region?.querySelectorAll("span") ?? [])])
        for (const text of one === null || one.firstElementChild !== null ? [] : one.textContent.trim().split("\\n")) {
          if (!/^1\\d{18}$/.test(text) || known.has(text)) continue;
          known.add(text);
          if (!isFirst) found.push(at - Number(text.slice(0, 13)) - Number(text.slice(13)) / 1e6);
        }
    }
    return found;
  })()`)) as number[];

const liveOutput = async (world: CockpitWorld, signedIn: Page, peer: string, lines: number): Promise<Measured> => {
  const { api, url } = world.instance;
  const bare = await freshPage(world, null);
  await bare.goto(`${peer}#stream`);
  await eventually(
    "the peer speaks",
    () => bare.locator("p").textContent(),
    (text) => (text ?? "").length > 100,
  );
  const bareMs = await untilSeen(bare, "p", lines);
  await bare.context().close();
  const { runs } = await api.call<{ runs: { id: string }[] }>("POST", "/api/v1/submissions", { job: "/examples/speak" });
  const page = await freshPage(world, signedIn);
  await page.goto(`${url}/runs/${runs[0]?.id ?? ""}`);
  await eventually(
    "the run speaks",
    () => page.getByRole("log").textContent(),
    (text) => (text ?? "").length > 200,
  );
  const ms = await untilSeen(page, "[role=log]", lines);
  await page.context().close();
  await api.call("POST", `/api/v1/runs/${runs[0]?.id ?? ""}/cancel`, {});
  return {
    name: `live output from written to seen, 95th percentile of ${lines} lines`,
    value: percentile(ms, 0.95),
    unit: "ms",
    goal: "<= 200",
    met: percentile(ms, 0.95) <= 200,
    detail: { median: median(ms), slowest: Math.max(...ms), oneStreamIntoAPageOfOneHeading: median(bareMs) },
  };
};

/** The longest frame while what scrolls is wheeled, paged and dragged through, milliseconds; `keys`: what has the keyboard. */
const longestFrameMs = async (
  page: Page,
  selector: string,
  keys = selector,
): Promise<{ longest: number; frames: number; longFrames: number }> => {
  const box = await page.locator(selector).boundingBox();
  if (box === null) throw new Error(`${selector} is not there`);
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.evaluate(`{
    globalThis.benchFrames = [];
    globalThis.benchRolling = true;
    let before = performance.now();
    const each = (at) => { benchFrames.push(at - before); before = at; if (benchRolling) requestAnimationFrame(each); };
    requestAnimationFrame((at) => { before = at; requestAnimationFrame(each); });
  }`);
  for (let step = 0; step < 40; step += 1) await page.mouse.wheel(0, 800);
  await page.locator(keys).focus();
  for (let step = 0; step < 20; step += 1) await page.keyboard.press("PageDown");
  // The bar dragged from one end to the other.
  await page.evaluate(`(async () => {
    const element = document.querySelector(${JSON.stringify(selector)});
    for (let step = 0; step <= 60; step += 1) {
      element.scrollTop = (element.scrollHeight * step) / 60;
      await new Promise((done) => requestAnimationFrame(done));
    }
  })()`);
  const frames = (await page.evaluate("benchRolling = false, benchFrames")) as number[];
  return { longest: Math.max(...frames), frames: frames.length, longFrames: frames.filter((ms) => ms > 50).length };
};

const longLog = async (world: CockpitWorld, signedIn: Page, peer: string, repetitions: number): Promise<Measured[]> => {
  const { instance } = world;
  const isThere = `/line 2000000 of a log/.test(document.querySelector("[role=log]")?.textContent ?? "")`;
  const coldMs: number[] = [];
  const freshMs: number[] = [];
  const warmMs: number[] = [];
  const rawMs: number[] = [];
  const bareMs: number[] = [];
  let bytes = 0;
  const bare = await freshPage(world, null);
  const page = await freshPage(world, signedIn);
  await loadMs(page, `${instance.url}/`, overviewIsThere);
  const example = await instance.api.call<{ items: { id: string }[] }>("GET", "/api/v1/runs?limit=1");
  await loadMs(page, `${instance.url}/runs/${example.items[0]?.id ?? ""}`, `!benchLoading()`);
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    const submitted = await instance.api.call<{ runs: { id: string }[] }>("POST", "/api/v1/submissions", { job: "/examples/long" });
    const run = submitted.runs[0]?.id ?? "";
    await eventually(
      "the long run has ended",
      () => instance.api.call<RunView>("GET", `/api/v1/runs/${run}`),
      ({ state }) => state === "ended",
      120_000,
    );
    const file = join(instance.layout.manager.logs, run.slice(4, 10), `${run}.log`);
    bytes = statSync(file).size;
    const begin = performance.now();
    let breaks = 0;
    const whole = readFileSync(file);
    for (let at = whole.indexOf(10); at !== -1; at = whole.indexOf(10, at + 1)) breaks += 1;
    rawMs.push(performance.now() - begin);
    if (breaks < lineCount) throw new Error(`the log has ${breaks} lines`);
    // The browser has the code; nobody has opened this log yet. Then once more; then by a manager that has just started.
    freshMs.push(await loadMs(page, `${instance.url}/runs/${run}`, isThere));
    warmMs.push(await loadMs(page, `${instance.url}/runs/${run}`, isThere));
    await world.stop();
    await world.start();
    bareMs.push(await loadMs(bare, peer, `benchHeading() === "Peer"`));
    coldMs.push(await loadMs(page, `${instance.url}/runs/${run}`, isThere));
  }
  const detail = {
    megabytes: bytes / 1e6,
    readingAndSplittingTheFileMs: median(rawMs),
    pageOfOneHeadingMs: median(bareMs),
  };
  const opened = (name: string, times: readonly number[]): Measured => ({
    name: `a log of 1,000,000 lines opens, ${name}`,
    value: median(times),
    unit: "ms",
    goal: "<= 1000",
    met: median(times) <= 1000,
    detail: { slowestMs: Math.max(...times), ...detail },
  });

  await bare.goto(peer);
  const bareFrames = await longestFrameMs(bare, "#log");
  await bare.context().close();
  const list = await instance.api.call<{ items: { id: string }[] }>("GET", "/api/v1/runs?job=/examples/long&limit=1");
  await loadMs(
    page,
    `${instance.url}/runs/${list.items[0]?.id ?? ""}?lines=1-2`,
    `/line 1000001 of/.test(document.querySelector("[role=log]")?.textContent ?? "")`,
  );
  const frames = await longestFrameMs(page, "[role=log]");
  await loadMs(page, `${instance.url}/runs`, `document.querySelector("[role=grid] tr[data-index]") !== null && !benchLoading()`);
  const listFrames = await longestFrameMs(page, "div:has(> div > [role=grid])", "[role=grid] tr[tabindex='0']");
  await page.context().close();
  return [
    opened("never opened before", freshMs),
    opened("by a manager that has just started", coldMs),
    opened("again", warmMs),
    {
      name: "longest frame while scrolling through it",
      value: frames.longest,
      unit: "ms",
      goal: "<= 50",
      met: frames.longest <= 50,
      detail: { frames: frames.frames, framesOver50Ms: frames.longFrames, longestFrameOfAnEmptyAreaOfThatHeight: bareFrames.longest },
    },
    {
      name: "longest frame while scrolling through the list of runs",
      value: listFrames.longest,
      unit: "ms",
      goal: "<= 50",
      met: listFrames.longest <= 50,
      detail: { frames: listFrames.frames, framesOver50Ms: listFrames.longFrames },
    },
  ];
};

/** Skipped where there is no browser. */
export const benchCockpit = async (options: { repetitions: number; tell: (text: string) => void }): Promise<Measured[]> => {
  const { repetitions, tell } = options;
  const why = whyNoBrowser();
  if (why !== null) {
    tell(`cockpit: skipped, ${why}`);
    return [];
  }
  const ends: (() => unknown)[] = [];
  const peer = await startPeer();
  try {
    const world = await startCockpit(
      { after: (end) => void ends.push(end as () => unknown), passed: true, diagnostic: tell },
      { args: [], prepare: (layout) => addManyRuns(layout.manager.database, 1000) },
    );
    ends.unshift(() => world.browser.close());
    tell(`cockpit, as an administrator, jobs as ${exampleAccount}`);
    await world.instance.api.call("POST", "/api/v1/definitions", { documents: jobs });
    const granted = await world.instance.cli(["node", "table", "grant", "authenticated", "operator"]);
    if (granted.code !== 0) throw new Error(granted.stderr);
    await world.account("ann", null, ["administrator"]);
    const signedIn = await world.persona("ann");
    const found: Measured[] = [];
    tell("cockpit: first load");
    found.push(...(await firstLoad(world, signedIn, peer.url, repetitions * 2)));
    tell("cockpit: from page to page");
    found.push(...(await changes(world, signedIn, peer.url, repetitions)));
    tell("cockpit: live output");
    found.push(await liveOutput(world, signedIn, peer.url, repetitions * 10));
    tell("cockpit: long logs");
    found.push(...(await longLog(world, signedIn, peer.url, repetitions)));
    return found;
  } finally {
    for (const end of ends.toReversed()) await end();
    peer.close();
  }
};
