// The status page in the browser: signs in, reads the public API, follows events and output. Plain JavaScript, as it is served.
// What belongs here: showing. What does not: deciding; an act that is not allowed comes with its reason from the API.
(() => {
  "use strict";
  const start = JSON.parse(document.getElementById("start").textContent);
  const api = "/api/v1";
  const byId = (id) => document.getElementById(id);

  const el = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "onclick") made.addEventListener("click", value);
      else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : String(value));
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  };

  const call = async (method, path, body, options = {}) => {
    const headers = {};
    if (body !== undefined || method !== "GET") headers["content-type"] = "application/json";
    if (start.csrf !== null) headers["x-behalf-csrf"] = start.csrf;
    if (options.background) headers["x-behalf-background"] = "1";
    if (options.lastEventId !== undefined && options.lastEventId !== null) headers["last-event-id"] = String(options.lastEventId);
    const answer = await fetch(api + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: options.signal,
      credentials: "same-origin",
    });
    if (answer.ok) return options.raw ? answer : answer.status === 204 ? null : answer.json();
    const problem = await answer
      .json()
      .catch(() => ({ code: "general.internal", detail: `the manager answered ${answer.status}`, hint: "" }));
    if (answer.status === 401 && start.csrf !== null) location.reload();
    throw Object.assign(new Error(problem.detail), { problem });
  };

  // --- at the door ----------------------------------------------------------------------------------------------
  const showWrong = (form, problem) => {
    const line = form.querySelector(".wrong");
    line.replaceChildren(
      problem.detail.charAt(0).toUpperCase() + problem.detail.slice(1) + ".",
      problem.hint ? el("span", { class: "hint" }, problem.hint) : "",
    );
  };
  const door = (id, act) => {
    const form = byId(id);
    if (form === null) return;
    form.querySelector("input:not([hidden])").focus();
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      button.disabled = true;
      try {
        await act(Object.fromEntries(new FormData(form)));
        location.reload();
      } catch (error) {
        showWrong(form, error.problem ?? { detail: "the manager cannot be reached", hint: "is it still running?" });
        const first = form.querySelector("input[type=password]");
        first.select();
        first.focus();
      } finally {
        button.disabled = false;
      }
    });
  };
  door("sign-in", ({ account, password }) => call("POST", "/sessions", { account, password, kind: "browser" }));
  door("change-password", ({ next, again }) => {
    if (next !== again)
      throw Object.assign(new Error(), { problem: { detail: "the two new passwords differ", hint: "type the new password twice" } });
    return call("POST", "/password", { current: null, new: next });
  });
  byId("sign-out")?.addEventListener("click", async () => {
    await call("DELETE", "/sessions/current").catch(() => {});
    location.reload();
  });
  if (byId("runs") === null) return;

  // --- words ----------------------------------------------------------------------------------------------------
  const signs = {
    queued: ["idle", "·", "queued"],
    offered: ["idle", "·", "offered"],
    accepted: ["idle", "·", "accepted"],
    running: ["live", "●", "running"],
    succeeded: ["good", "✓", "succeeded"],
    failed: ["bad", "✕", "failed"],
    "timed-out": ["bad", "◷", "timed out"],
    cancelled: ["warn", "■", "cancelled"],
    refused: ["bad", "⊘", "refused"],
    unknown: ["warn", "?", "unknown"],
    online: ["good", "✓", "online"],
    offline: ["warn", "?", "offline"],
    revoked: ["bad", "⊘", "revoked"],
  };
  const stateOf = (word) => {
    const [tone, sign, text] = signs[word] ?? ["idle", "·", word];
    return el("span", { class: `state ${tone}` }, el("span", { class: "sign", "aria-hidden": "true" }, sign), text);
  };
  const ago = (at) => {
    const seconds = Math.max(0, Math.round((Date.now() - Date.parse(at)) / 1000));
    if (seconds < 5) return "just now";
    if (seconds < 90) return `${seconds} s ago`;
    if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
    return seconds < 129600 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86400)} d ago`;
  };
  const since = (at) => (at === null ? "never" : el("time", { datetime: at, title: new Date(at).toLocaleString() }, ago(at)));
  const lasting = (ms) =>
    ms < 1000
      ? `${Math.round(ms)} ms`
      : ms < 90000
        ? `${(ms / 1000).toFixed(1)} s`
        : `${Math.floor(ms / 60000)} min ${Math.round((ms % 60000) / 1000)} s`;
  const bytes = (count) =>
    count < 1024 ? `${count} B` : count < 1048576 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / 1048576).toFixed(1)} MiB`;
  setInterval(() => {
    for (const time of document.querySelectorAll("time")) time.textContent = ago(time.dateTime);
  }, 10000);

  // --- nodes ----------------------------------------------------------------------------------------------------
  const showNodes = async () => {
    const rows = byId("nodes").tBodies[0];
    try {
      const { items } = await call("GET", "/nodes", undefined, { background: true });
      rows.replaceChildren(
        ...items.map((node) => {
          const facts = node.facts;
          const account =
            facts === null
              ? el("span", { class: "dim" }, "not reported yet")
              : facts.defaultJobAccount === null
                ? el("span", { class: "dim" }, "named credentials only")
                : el("span", {}, el("code", {}, facts.defaultJobAccount), el("span", { class: "dim" }, " by default"));
          const keys =
            facts === null || facts.credentialKeys.length === 0
              ? ""
              : ` · ${facts.credentialKeys.length} credential ${facts.credentialKeys.length === 1 ? "key" : "keys"}`;
          return el(
            "tr",
            {},
            el("td", {}, el("strong", {}, node.name), ...(facts?.warnings ?? []).map((warning) => el("div", { class: "dim" }, warning))),
            el("td", { class: "tight" }, stateOf(node.state === "revoked" ? "revoked" : node.online ? "online" : "offline")),
            el("td", {}, account, el("span", { class: "dim" }, keys)),
            el("td", { class: "wide dim" }, facts === null ? "" : `${facts.switching}, ${facts.tree}`),
            el("td", { class: "tight wide dim" }, since(node.lastSeenAt)),
          );
        }),
      );
      byId("nodes").hidden = items.length === 0;
      byId("nodes-empty").hidden = items.length > 0;
      byId("nodes-empty").textContent = "No node has joined yet. Invite one with: behalf node invite NAME";
      byId("nodes-note").textContent = items.length === 0 ? "" : `${items.filter((node) => node.online).length} of ${items.length} online`;
    } catch (error) {
      byId("nodes").hidden = true;
      byId("nodes-empty").hidden = false;
      byId("nodes-empty").textContent =
        error.problem?.status === 403 ? "Your roles do not show nodes." : "The nodes cannot be read at the moment.";
    }
  };
  const showStatus = async () => {
    const status = await call("GET", "/status", undefined, { background: true }).catch(() => null);
    const none = status?.separation === "none";
    byId("separation").hidden = !none;
    if (none)
      byId("separation").replaceChildren(
        el(
          "p",
          {},
          el("strong", {}, "Separation: none. "),
          "Manager, agent and launcher share one account, so they are not protected from each other.",
        ),
        el("p", {}, "Start as root with --manager-account and --agent-account to separate them."),
      );
  };

  // --- runs -----------------------------------------------------------------------------------------------------
  const known = new Map();
  let chosen = location.hash.startsWith("#run_") ? location.hash.slice(1) : null;
  const most = 40;
  const drawRuns = () => {
    const runs = [...known.values()].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, most);
    for (const id of known.keys()) if (!runs.some((run) => run.id === id)) known.delete(id);
    const focused = document.activeElement?.dataset?.run;
    byId("runs").tBodies[0].replaceChildren(
      ...runs.map((run) =>
        el(
          "tr",
          { class: run.id === chosen ? "chosen" : "" },
          el(
            "td",
            {},
            el(
              "button",
              {
                type: "button",
                class: "plain",
                "data-run": run.id,
                "aria-current": run.id === chosen ? "true" : null,
                onclick: () => choose(run.id),
              },
              run.job,
            ),
            el("div", { class: "dim" }, `for ${run.submitter.name}`),
          ),
          el("td", { class: "tight" }, stateOf(run.result ?? run.state)),
          el("td", { class: "wide dim" }, run.node),
          el("td", { class: "tight dim" }, since(run.queuedAt)),
        ),
      ),
    );
    if (focused) document.querySelector(`[data-run="${focused}"]`)?.focus();
    byId("runs").hidden = runs.length === 0;
    byId("runs-empty").hidden = runs.length > 0;
    byId("runs-empty").textContent = "No run yet. Start one with: behalf run /examples/whoami";
  };
  byId("runs").addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const buttons = [...byId("runs").querySelectorAll("[data-run]")];
    const next = buttons[buttons.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  });
  const loadRuns = async () => {
    try {
      const { items } = await call("GET", `/runs?limit=${most}`, undefined, { background: true });
      known.clear();
      for (const run of items) known.set(run.id, run);
      drawRuns();
    } catch (error) {
      byId("runs-empty").textContent =
        error.problem?.status === 403 ? "Your roles do not show runs." : "The runs cannot be read at the moment.";
    }
  };

  // --- streams --------------------------------------------------------------------------------------------------
  const follow = async (path, signal, onEvent) => {
    let lastEventId = null;
    for (let wait = 500; !signal.aborted; wait = Math.min(wait * 2, 15000)) {
      try {
        const answer = await call("GET", path, undefined, { raw: true, background: true, signal, lastEventId });
        const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        let pending = "";
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          wait = 500;
          const blocks = (pending + value).split("\n\n");
          pending = blocks.pop();
          for (const block of blocks) {
            const fields = {};
            for (const line of block.split("\n")) {
              const at = line.indexOf(": ");
              if (at > 0) fields[line.slice(0, at)] = line.slice(at + 2);
            }
            if (fields.event === undefined) continue;
            if (fields.id !== undefined) lastEventId = fields.id;
            const data = JSON.parse(fields.data ?? "null");
            if (fields.event === "closed" && data.reason === "identity.not-signed-in") return location.reload();
            if (onEvent(fields.event, data) === "stop") return undefined;
          }
        }
      } catch (error) {
        if (signal.aborted || error.problem?.status === 403 || error.problem?.status === 404) return undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    return undefined;
  };

  // --- one run --------------------------------------------------------------------------------------------------
  let current = null;
  // Colours, cursor movement and links of a terminal mean nothing here (W5).
  const controls =
    /\u001b(?:\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;
  const mostOutput = 400000;
  const decoderOf = () => ({ stdout: new TextDecoder(), stderr: new TextDecoder(), notice: new TextDecoder() });
  const append = (view, chunk) => {
    const raw =
      chunk.base64 === undefined
        ? new TextEncoder().encode(chunk.text)
        : Uint8Array.from(atob(chunk.base64), (character) => character.charCodeAt(0));
    const text = view.decoders[chunk.stream].decode(raw, { stream: true }).replaceAll("\r\n", "\n").replace(controls, "");
    const box = byId("output");
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    box.append(el("span", { class: chunk.stream }, text));
    view.length += text.length;
    while (view.length > mostOutput && box.childNodes.length > 1) {
      view.length -= box.firstChild.textContent.length;
      box.firstChild.remove();
      view.cut = true;
    }
    if (atEnd) box.scrollTop = box.scrollHeight;
    view.bytes = chunk.nextOffset;
    byId("output-note").textContent = view.cut ? "Only the end is shown; “Save output” has all of it." : "";
  };
  const fact = (name, ...value) => [el("dt", {}, name), el("dd", {}, ...value)];
  const parts = { who: "who", may: "may", where: "where", "as-whom": "as whom" };
  // Who and may are decided again when a run is offered; the second time is worth a line only where it says something else.
  const chainOf = (verdicts) =>
    verdicts.filter(
      (verdict, index) =>
        verdict.effect === "deny" ||
        verdict.part === "where" ||
        verdict.part === "as-whom" ||
        verdicts.findIndex((other) => other.part === verdict.part) === index,
    );
  const words = (text) => text.split("`").map((part, index) => (index % 2 === 1 ? el("code", {}, part) : part));
  const showDetail = (run) => {
    byId("detail-title").textContent = run.job;
    byId("detail-id").textContent = run.id;
    byId("detail-state").replaceChildren(stateOf(run.result ?? run.state));
    const outcome = run.outcome;
    const ranAs = outcome?.runAs;
    byId("detail-facts").replaceChildren(
      ...fact("On behalf of", run.submitter.name),
      ...fact("Node", run.node),
      ...(ranAs
        ? fact(
            "Ran as",
            el("code", {}, ranAs.user),
            el("span", { class: "dim" }, ` uid ${ranAs.uid}, gid ${ranAs.gid}${ranAs.credentialKey ? `, key ${ranAs.credentialKey}` : ""}`),
          )
        : []),
      ...fact("Queued", since(run.queuedAt)),
      ...(run.startedAt ? fact("Started", since(run.startedAt)) : []),
      ...(outcome && outcome.durationMs !== null ? fact("Took", lasting(outcome.durationMs)) : []),
      ...(outcome && outcome.exitCode !== null ? fact("Exit code", String(outcome.exitCode)) : []),
      ...(outcome?.signal ? fact("Signal", outcome.signal) : []),
      ...(outcome?.launchProblem
        ? fact("Problem", outcome.launchProblem.message, el("div", { class: "dim" }, outcome.launchProblem.hint))
        : []),
      ...(outcome?.output.truncated ? fact("Output", `cut at its limit; the job wrote ${bytes(outcome.output.writtenBytes)}`) : []),
    );
    byId("detail-chain").replaceChildren(
      ...chainOf(run.verdicts).map((verdict) =>
        el(
          "li",
          {},
          el(
            "span",
            {
              class: `state ${verdict.effect === "permit" ? "good" : "bad"}`,
              role: "img",
              "aria-label": verdict.effect === "permit" ? "allowed" : "refused",
            },
            verdict.effect === "permit" ? "✓" : "✕",
          ),
          el("span", { class: "part" }, parts[verdict.part] ?? verdict.part),
          el("span", {}, ...words(verdict.text), " ", el("span", { class: "rule" }, verdict.rule)),
        ),
      ),
    );
    byId("detail-chain").hidden = run.verdicts.length === 0;
    const cancel = byId("cancel-run");
    cancel.hidden = run.state === "ended";
    cancel.disabled = !run.allowed.cancel.allowed || run.cancelRequested !== null;
    cancel.title = run.cancelRequested !== null ? "is being cancelled" : (run.allowed.cancel.reason ?? "");
    byId("save-log").disabled = !run.allowed.log.allowed;
    byId("save-log").title = run.allowed.log.reason ?? "";
    byId("detail-empty").hidden = true;
    byId("detail-body").hidden = false;
  };
  const refresh = async (view) => {
    const run = await call("GET", `/runs/${view.id}`, undefined, { background: true });
    if (current !== view) return;
    view.run = run;
    known.set(run.id, run);
    showDetail(run);
    drawRuns();
  };
  const choose = async (id) => {
    current?.stop.abort();
    const view = { id, stop: new AbortController(), decoders: decoderOf(), length: 0, bytes: 0, cut: false, run: null };
    current = view;
    chosen = id;
    history.replaceState(null, "", `#${id}`);
    byId("output").replaceChildren();
    byId("output-note").textContent = "";
    drawRuns();
    try {
      await refresh(view);
      if (!view.run.allowed.log.allowed) {
        byId("output-note").textContent = view.run.allowed.log.reason ?? "Your roles do not show output.";
        return;
      }
      await follow(`/runs/${id}/log/stream`, view.stop.signal, (event, data) => {
        if (event === "log") append(view, data);
        if (event === "restart") {
          byId("output").replaceChildren();
          view.decoders = decoderOf();
          view.length = 0;
          view.cut = false;
        }
        if (event === "end") {
          if (view.length === 0) byId("output-note").textContent = "The run wrote nothing.";
          refresh(view).catch(() => {});
          return "stop";
        }
        return undefined;
      });
    } catch (error) {
      if (current === view) {
        byId("detail-empty").hidden = false;
        byId("detail-body").hidden = true;
        byId("detail-empty").textContent = error.problem?.detail ?? "The run cannot be read at the moment.";
      }
    }
  };
  byId("cancel-run").addEventListener("click", async () => {
    const view = current;
    try {
      await call("POST", `/runs/${view.id}/cancel`, {});
      await refresh(view);
    } catch (error) {
      byId("output-note").textContent = error.problem?.detail ?? "The run could not be cancelled.";
    }
  });
  byId("save-log").addEventListener("click", async () => {
    const answer = await call("GET", `/runs/${current.id}/log`, undefined, { raw: true });
    const url = URL.createObjectURL(await answer.blob());
    el("a", { href: url, download: `${current.id}.log` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  });

  // --- begin ----------------------------------------------------------------------------------------------------
  void showStatus();
  void showNodes();
  setInterval(() => {
    if (!document.hidden) void showNodes();
  }, 10000);
  void loadRuns().then(() => {
    const first = chosen ?? [...known.keys()].reduce((newest, id) => (id > newest ? id : newest), "");
    if (first) void choose(first);
    let redraw = null;
    void follow("/events", new AbortController().signal, (event, data) => {
      if (event === "resync") void loadRuns();
      if (event === "nodes") void showNodes();
      if (event !== "run") return;
      known.set(data.id, data);
      redraw ??= setTimeout(() => {
        redraw = null;
        drawRuns();
      }, 150);
      if (current?.id === data.id && current.run !== null && (current.run.state !== data.state || current.run.result !== data.result))
        void refresh(current).catch(() => {});
      if (current === null) void choose(data.id);
    });
  });
})();
