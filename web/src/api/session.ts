/**
 * Who is signed in, as this page knows it. SECURITY: the session's token is a cookie that no script can read; the CSRF token lives in
 * this variable only, never in an address or in storage (W2, W3).
 */
import type { Schemas } from "#web/api/generated.ts";
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

let rotating = false;

/** The manager no longer knows the session that had this CSRF token. */
export const sessionEnded = (csrf: string | null): void => {
  if (!rotating && csrf !== null && csrfToken() === csrf) session.set({ kind: "signed-out", ended: true });
};

/** Another tab has signed in anew: the cookie is another session's. */
export const sessionReplaced = (csrf: string | null): void => {
  if (!rotating && csrf !== null && csrfToken() === csrf) session.set({ kind: "replaced" });
};

/** Takes over a session that has just begun or has got a new id (W3). */
export const enterSession = (opened: Schemas["NewSession"]): void => {
  const { name } = opened.account;
  session.set({ kind: opened.mustChangePassword ? "password-due" : "signed-in", name, csrf: opened.csrf ?? "" });
  tellOtherTabs("replaced");
};

/** While this is under way the session gets a new id: what is refused meanwhile to the old one says nothing. */
export const whileRotating = async (work: () => Promise<Schemas["NewSession"]>): Promise<void> => {
  rotating = true;
  try {
    enterSession(await work());
  } finally {
    rotating = false;
  }
};
