/**
 * Who is signed in, as this page knows it. SECURITY: the session's token is a cookie that no script can read; the CSRF token lives in
 * this variable only, never in an address or in storage (W2, W3).
 */
import { createStore } from "#web/api/small-store.ts";

/** What the document brought along (`src/manager/cockpit/render.ts`). */
interface Start {
  readonly realm: string;
  readonly version: string;
  readonly session: { readonly name: string; readonly csrf: string; readonly mustChangePassword: boolean } | null;
}

const start = JSON.parse(document.getElementById("start")?.textContent ?? "null") as Start | null;

export const realm = start?.realm ?? "";
export const productVersion = start?.version ?? "";

export type SessionState =
  | { readonly kind: "signed-in"; readonly name: string; readonly csrf: string }
  /** Only the password can be changed (W3). */
  | { readonly kind: "password-due"; readonly name: string; readonly csrf: string }
  /** `ended`: it was signed in until it idled out, expired or was ended elsewhere. */
  | { readonly kind: "signed-out"; readonly ended: boolean }
  /** Another tab has signed in anew; this page holds a token that counts no more. */
  | { readonly kind: "replaced" };

const first: SessionState =
  start === null || start.session === null
    ? { kind: "signed-out", ended: false }
    : {
        kind: start.session.mustChangePassword ? "password-due" : "signed-in",
        name: start.session.name,
        csrf: start.session.csrf,
      };

export const session = createStore<SessionState>(first);

export const csrfToken = (): string | null => {
  const now = session.get();
  return now.kind === "signed-in" || now.kind === "password-due" ? now.csrf : null;
};

type Told = "signed-out" | "replaced";
/** Other tabs of this browser share the cookie, so they hear what becomes of it. */
const channel = new BroadcastChannel("behalf.session");
channel.addEventListener("message", ({ data }: MessageEvent<Told>) => {
  if (data === "signed-out" && csrfToken() !== null) session.set({ kind: "signed-out", ended: true });
  if (data === "replaced" && session.get().kind !== "replaced") session.set({ kind: "replaced" });
});

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel reaches this origin only
export const tellOtherTabs = (what: Told): void => channel.postMessage(what);

/** The manager no longer knows the session. */
export const sessionEnded = (): void => {
  if (csrfToken() !== null) session.set({ kind: "signed-out", ended: true });
};
