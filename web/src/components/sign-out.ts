/** Leaving: this session or all of the account. */
import { call } from "#web/api/call.ts";
import { forgetTab } from "#web/api/local.ts";
import { session, tellOtherTabs } from "#web/api/session.ts";

/** Throws when the manager did not end it: then it is still there, and saying otherwise would be a lie. */
export const signOut = async (everywhere: boolean): Promise<void> => {
  await call("DELETE /api/v1/sessions/current", { query: { everywhere: everywhere ? "true" : "false" } });
  forgetTab();
  tellOtherTabs("signed-out");
  session.set({ kind: "signed-out", ended: false });
};
