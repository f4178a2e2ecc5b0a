/**
 * The status page as one document: markup, its one style and its one script under fresh nonces (W5). It loads nothing from
 * elsewhere. What it shows comes from the API that everybody else uses; here only the frame is written.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PageNonces } from "#manager/web/security-headers.ts";

/** What the page knows when it arrives. */
export interface PageStart {
  readonly realm: string;
  readonly version: string;
  /** Null: nobody is signed in. */
  readonly session: { readonly name: string; readonly csrf: string; readonly mustChangePassword: boolean } | null;
}

const style = readFileSync(join(import.meta.dirname, "style.css"), "utf8");
const script = readFileSync(join(import.meta.dirname, "client.js"), "utf8");

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character] ?? "");

const mark = `<svg class="mark" viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"><circle cx="8" cy="7" r="3.2"/><path d="M2.5 19c.4-4 2.6-6 5.5-6 1.6 0 3 .6 4 1.8"/><path d="M13 17.5h8M18 14l3.5 3.5L18 21"/></svg>`;
const icon = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#2f7fd1" stroke-width="2" stroke-linecap="round"><circle cx="8" cy="7" r="3.2"/><path d="M2.5 19c.4-4 2.6-6 5.5-6 1.6 0 3 .6 4 1.8M13 17.5h8M18 14l3.5 3.5L18 21"/></svg>`)}`;

const signIn = `
<section class="sheet door" aria-labelledby="door-title">
  <h2 id="door-title">Sign in</h2>
  <p id="door-note">The first account is <code>root</code>; its one-time password was printed when this instance first started.</p>
  <form id="sign-in" autocomplete="on">
    <label>Account <input name="account" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="256"></label>
    <label>Password <input name="password" type="password" autocomplete="current-password" required maxlength="1024"></label>
    <p class="wrong" role="alert"></p>
    <button class="primary" type="submit">Sign in</button>
  </form>
</section>`;

const changePassword = (name: string): string => `
<section class="sheet door" aria-labelledby="door-title">
  <h2 id="door-title">Choose a new password</h2>
  <p>The password you signed in with was for one use. A long phrase is better than a short mix of signs.</p>
  <form id="change-password" autocomplete="on">
    <input type="text" autocomplete="username" value="${escapeHtml(name)}" hidden>
    <label>New password <input name="next" type="password" autocomplete="new-password" required maxlength="1024"></label>
    <label>New password again <input name="again" type="password" autocomplete="new-password" required maxlength="1024"></label>
    <p class="wrong" role="alert"></p>
    <button class="primary" type="submit">Set password</button>
  </form>
</section>`;

const overview = `
<div class="stack">
  <div class="banner" id="separation" role="note" hidden></div>
  <section class="sheet" aria-labelledby="nodes-title">
    <div class="head"><h2 id="nodes-title">Nodes</h2><span class="note" id="nodes-note"></span></div>
    <div class="scroll"><table aria-labelledby="nodes-title" id="nodes" hidden>
      <thead><tr><th scope="col">Node</th><th scope="col" class="tight">Health</th><th scope="col">Runs jobs as</th><th scope="col" class="wide">How</th><th scope="col" class="tight wide">Seen</th></tr></thead><tbody></tbody>
    </table></div>
    <p class="empty" id="nodes-empty">Loading…</p>
  </section>
  <div class="split">
    <section class="sheet" aria-labelledby="runs-title">
      <div class="head"><h2 id="runs-title">Latest runs</h2><span class="note" id="runs-note" aria-live="polite"></span></div>
      <div class="scroll"><table aria-labelledby="runs-title" id="runs" hidden>
        <thead><tr><th scope="col">Job</th><th scope="col" class="tight">State</th><th scope="col" class="wide">Node</th><th scope="col" class="tight">Queued</th></tr></thead><tbody></tbody>
      </table></div>
      <p class="empty" id="runs-empty">Loading…</p>
    </section>
    <section class="sheet detail" aria-labelledby="detail-title" id="detail">
      <div class="head"><h2 id="detail-title">Run</h2><span class="note mono" id="detail-id"></span><span class="right" id="detail-state"></span></div>
      <p class="empty" id="detail-empty">Choose a run to see on whose behalf it ran, why it was allowed, and its output.</p>
      <div id="detail-body" hidden>
        <dl class="facts" id="detail-facts"></dl>
        <ol class="chain" id="detail-chain" aria-label="Why it was allowed or refused"></ol>
        <pre class="output" id="output" tabindex="0" role="log" aria-live="off" aria-label="Output of the run"></pre>
        <div class="foot"><span id="output-note"></span><span class="right"><button type="button" id="save-log">Save output</button><button type="button" id="cancel-run">Cancel run</button></span></div>
      </div>
    </section>
  </div>
</div>`;

/** Fresh nonces for one answer. */
export const newNonces = (): PageNonces => ({ style: randomBytes(18).toString("base64"), script: randomBytes(18).toString("base64") });

/** The whole document. */
export const renderPage = (start: PageStart, nonces: PageNonces): string => {
  const { session } = start;
  const body = session === null ? signIn : session.mustChangePassword ? changePassword(session.name) : overview;
  const who =
    session === null
      ? ""
      : `<div class="who"><span class="name" title="signed in as">${escapeHtml(session.name)}</span><button type="button" id="sign-out">Sign out</button></div>`;
  const data = JSON.stringify({ csrf: session?.csrf ?? null, name: session?.name ?? null }).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${session === null ? "Sign in · " : ""}Behalf · ${escapeHtml(start.realm)}</title>
<link rel="icon" href="${icon}">
<style nonce="${nonces.style}">
${style}</style>
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header>${mark}<h1>Behalf</h1><span class="realm" title="realm and version">${escapeHtml(start.realm)} · ${escapeHtml(start.version)}</span>${who}</header>
<main id="main" tabindex="-1">
<noscript><div class="banner" role="note"><p>This page needs JavaScript. The command line does not: <code>behalf runs list</code>.</p></div></noscript>
${body}
</main>
<script type="application/json" id="start">${data}</script>
<script nonce="${nonces.script}">
${script}</script>
</body>
</html>
`;
};
