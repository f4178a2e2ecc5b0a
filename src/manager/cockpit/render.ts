/**
 * The cockpit's document for one answer: the built one with this answer's nonce and what the cockpit must know before it can ask
 * (W5). It loads nothing from elsewhere. Everything else comes from the API that everybody uses.
 */
import { randomBytes } from "node:crypto";

/** What the cockpit knows when it arrives. */
export interface CockpitStart {
  readonly realm: string;
  readonly version: string;
  /** Null: nobody is signed in. */
  readonly session: { readonly name: string; readonly csrf: string; readonly mustChangePassword: boolean } | null;
}

/** As `web/vite.config.ts` and `web/index.html` write them. */
const nonceMark = "__BEHALF_NONCE__";
const startMark = "__BEHALF_START__";
const titleMark = "__BEHALF_TITLE__";

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character] ?? "");

/** A fresh nonce for one answer. */
export const newNonce = (): string => randomBytes(18).toString("base64");

/** SECURITY: the start data is JSON inside a script element that nothing executes: no `<` may end it early. */
const startJson = (start: CockpitStart): string =>
  JSON.stringify(start).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");

/** The whole document. Replacements are functions: a `$` in a name must stay a `$`. */
export const renderCockpit = (index: string, start: CockpitStart, nonce: string): string =>
  index
    .replaceAll(nonceMark, () => nonce)
    .replace(titleMark, () => escapeHtml(`Behalf · ${start.realm}`))
    .replace(startMark, () => startJson(start));

/** What people see where the cockpit was never built: what is wrong and the command that helps, in place of a blank page. */
export const renderNotBuilt = (start: Pick<CockpitStart, "realm" | "version">, nonce: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(`Behalf · ${start.realm}`)}</title>
<style nonce="${nonce}">
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 12vh auto; padding: 0 1.5rem; }
code { font-family: ui-monospace, monospace; }
</style>
</head>
<body>
<h1>The cockpit is not built</h1>
<p>This manager (version ${escapeHtml(start.version)}) runs, and its API and command line work. The files of its cockpit are missing.</p>
<p>Build them in the folder of the product and load this page again:</p>
<p><code>node scripts/setup.mjs</code></p>
</body>
</html>
`;
