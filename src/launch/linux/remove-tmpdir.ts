/** Removes the TMPDIR of a run with whatever is in it, as its account (SECURITY: see `private-tmp.ts`). */
import { closeSync, openSync } from "node:fs";
import { quoteForShell } from "#launch/linux/prelude.ts";
import { removeEmptyTmp } from "#launch/linux/private-tmp.ts";
import { runAsAccount } from "#launch/linux/setpriv-command.ts";
import { runScriptBySudo } from "#launch/linux/sudo-command.ts";
import type { OsAccount } from "#launch/rules/os-account.ts";

/** Whether this process reaches the account by sudo only: it is neither root nor that account itself. */
export const isThroughSudo = (uid: number): boolean => process.getuid?.() !== 0 && uid !== process.getuid?.();

/** Removes the TMPDIR of a run, its content as the account (SECURITY: see `private-tmp.ts`). */
export const removeTmpdir = async (path: string, account: Pick<OsAccount, "user" | "uid" | "gid">): Promise<void> => {
  if (removeEmptyTmp(path)) return;
  const script = `chmod -R u+rwX -- ${quoteForShell(path)} 2>/dev/null; exec rm -rf -- ${quoteForShell(path)}`;
  if (isThroughSudo(account.uid)) {
    await runScriptBySudo(account.user, `PATH=/usr/bin:/bin; ${script}\n`);
    return;
  }
  const nullDevice = openSync("/dev/null", "r+");
  try {
    const removing: OsAccount = { ...account, groups: [account.gid], home: "/", shell: "/bin/sh", state: "usable", nologin: false };
    await runAsAccount(removing, ["/bin/sh", "-c", `PATH=/usr/bin:/bin; ${script}`], nullDevice);
  } finally {
    closeSync(nullDevice);
  }
  // The account cannot remove the folder itself from ours; empty now, it is ours to remove.
  if (!removeEmptyTmp(path)) throw new Error(`\`${path}\` could not be emptied`);
};
