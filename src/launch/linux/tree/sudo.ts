/**
 * Holds a run that was started through sudo: its processes belong to another account, so that every signal must be sent by a helper that
 * sudo starts as that account (O8). The helper finds them by session and by the environment marker; what cleared its environment and made
 * its own session escapes here. Documented in `docs/crash-semantics.md`.
 */
import { listProcesses, readProcessUid, isDead } from "#launch/linux/process-facts.ts";
import { runScriptBySudo } from "#launch/linux/sudo-command.ts";
import { quoteForShell } from "#launch/linux/prelude.ts";
import type { HeldTree } from "#launch/linux/tree/held-tree.ts";

export interface SudoRun {
  readonly run: string;
  readonly user: string;
  readonly uid: number;
  /** Session of sudo itself, which its command shares; 0: not known. */
  readonly sessionId: number;
}

/** Finds the account's own processes of the run: `found` has their pids. Only the account may read their environment. */
const finder = (target: SudoRun): string => `
find_run() {
  found=; main=
  for f in /proc/[0-9]*/stat; do
    { read -r line <"$f"; } 2>/dev/null || continue
    pid=\${line%% *}; line=\${line##*) }
    set -- $line
    [ "$1" = Z ] && continue
    [ "$pid" = $$ ] && continue
    [ "$2" = ${target.sessionId} ] && main=$pid
    if [ ${target.sessionId} -gt 0 ] && [ "$4" = ${target.sessionId} ] && [ -O "/proc/$pid" ]; then found="$found $pid"; continue; fi
    [ -O "/proc/$pid" ] || continue
    /bin/grep -qszx -- ${quoteForShell(`BEHALF_RUN_ID=${target.run}`)} "/proc/$pid/environ" 2>/dev/null && found="$found $pid"
  done
}
`;

const signalScript = (target: SudoRun, signal: number): string =>
  `${finder(target)}find_run\nfor pid in $found; do kill -${signal} "$pid" 2>/dev/null; done\n:\n`;

// What multiplies is stopped before it is killed; not sudo's own child, with which sudo would stop for ever.
const killScript = (target: SudoRun): string => `${finder(target)}
seen=' '; count=0; round=0
while [ $round -lt 20 ]; do
  find_run; fresh=
  for pid in $found; do
    case $seen in *" $pid "*) ;; *) seen="$seen$pid "; count=$((count + 1)); fresh=1; [ "$pid" = "$main" ] || kill -STOP "$pid" 2>/dev/null;; esac
  done
  [ -z "$fresh" ] && break
  round=$((round + 1))
done
round=0
while [ $round -lt 50 ]; do
  find_run
  [ -z "$found" ] && break
  for pid in $found; do kill -KILL "$pid" 2>/dev/null; done
  round=$((round + 1))
done
echo "count $count"
`;

export const holdBySudo = (target: SudoRun): HeldTree => {
  const ofAccount = () => listProcesses().filter((facts) => !isDead(facts) && readProcessUid(facts.pid) === target.uid);
  const inSession = (): number[] =>
    target.sessionId === 0
      ? []
      : ofAccount()
          .filter((facts) => facts.sessionId === target.sessionId)
          .map((facts) => facts.pid);
  return {
    members: inSession,
    isEmpty: () => inSession().length === 0,
    signalAll: async (signal) => {
      await runScriptBySudo(target.user, signalScript(target, signal));
    },
    kill: async () => {
      // Spares the helper: where the account has no process at all, the run has none.
      if (ofAccount().length === 0) return 0;
      const answer = await runScriptBySudo(target.user, killScript(target));
      const found = /^count (\d+)$/m.exec(answer.stdout);
      return found === null ? 0 : Number(found[1]);
    },
    remove: () => Promise.resolve(),
  };
};
