/**
 * What is typed and not saved, in the tab's own storage: it survives a reload, and a session that ends while one types. It goes when its page is
 * left, and with signing out (`api/local.ts`).
 */
import { useEffect } from "react";
import { writeTab } from "#web/api/local.ts";
import { session } from "#web/api/session.ts";

/** SECURITY: drafts are by account: whoever signs in next in this tab does not find another's. */
export const draftKey = (kind: string, name: string): string => {
  const now = session.get();
  return `behalf.${kind}.${now.kind === "signed-in" ? now.name : ""}.${name}`;
};

/** Null: nothing to keep. */
export const useTabDraft = (key: string, draft: string | null): void => {
  useEffect(() => writeTab(key, draft), [key, draft]);
  useEffect(
    () => () => {
      // A session that ended takes the page away too; then the draft waits for its owner to come back.
      if (session.get().kind === "signed-in") writeTab(key, null);
    },
    [key],
  );
};
