/** Host accounts by name, and whether they can read the program: what `--manager-account` and `--agent-account` need (S12). */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { installationRoot } from "#kernel/installation.ts";
import { fail } from "#kernel/problem.ts";
import type { PartAccount } from "#supervise/part.ts";

/** Looks an account up in the host's databases; fails with `up.no-such-account`. */
export const findHostAccount = (name: string): PartAccount => {
  const answer = spawnSync("getent", ["passwd", "--", name], { encoding: "utf8" });
  const [user, , uid, gid] = (answer.stdout ?? "").trim().split(":");
  if (answer.status !== 0 || user === undefined || uid === undefined || gid === undefined) {
    return fail("up.no-such-account", `the host has no account \`${name}\``, {
      hint: `create it: useradd --system --no-create-home --shell /usr/sbin/nologin ${name}`,
    });
  }
  return { name: user, uid: Number(uid), gid: Number(gid) };
};

/** Fails when the account cannot read the program's code or run its Node (a clone below a private home, S12). */
export const checkCanReadCode = (account: PartAccount): void => {
  for (const path of [join(installationRoot, "package.json"), join(installationRoot, "node_modules"), process.execPath]) {
    const seen = spawnSync("setpriv", [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups", "--", "test", "-r", path]);
    if (seen.status !== 0) {
      fail("up.unreadable-code", `the account \`${account.name}\` cannot read \`${path}\``, {
        hint: "put the checkout where that account can read it, e.g. /opt/behalf, or leave the account option out",
      });
    }
  }
};

/** The account an option names, checked; null when the option was not given. */
export const resolveAccount = (name: string | null, flag: string): PartAccount | null => {
  if (name === null) return null;
  if (process.getuid?.() !== 0) fail("up.needs-root", `\`${flag}\` needs root: only root can start a part under another account`);
  const account = findHostAccount(name);
  checkCanReadCode(account);
  return account;
};
