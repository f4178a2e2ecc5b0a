/**
 * The highest time this node has seen (S4). A clock that went back would make old tokens valid and forgotten replay keys useful, so
 * everything is refused until it is right again. Persisted coarsely: no run waits for it.
 */
import { problem, type Problem } from "#kernel/problem.ts";
import { readPrivateFile, writePrivateFile } from "#kernel/private-file.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Log } from "#kernel/log.ts";
import { shellWord } from "#kernel/shell-word.ts";

const persistEveryMs = 10_000;

export interface TimeFloor {
  /** Null: the clock can be believed. */
  check(): Problem | null;
  /** Highest instant seen, milliseconds since 1970. */
  readonly highestMs: number;
  persist(): void;
}

export interface TimeFloorOptions {
  readonly path: string;
  /** Highest instant known from elsewhere, such as the journal. */
  readonly atLeastMs: number;
  readonly skewMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** The persisted time; null when this node never kept one. A file that is no time counts as damage: `NaN`. */
export const readPersistedTime = (path: string): number | null => {
  const bytes = readPrivateFile(path);
  if (bytes === null) return null;
  const text = bytes.toString("latin1").trim();
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
};

export const openTimeFloor = (options: TimeFloorOptions): TimeFloor => {
  const { path, clock, skewMs, log } = options;
  const found = readPersistedTime(path) ?? 0;
  let persistedMs = Number.isNaN(found) ? 0 : found;
  let highestMs = Math.max(persistedMs, options.atLeastMs);
  const persist = (): void => {
    try {
      writePrivateFile(path, `${Math.floor(highestMs)}\n`);
    } catch (error) {
      log.warn({ error }, "highest time seen could not be persisted");
    }
    // Also after a failure: a full disk must not cost one attempt per run.
    persistedMs = highestMs;
  };
  return {
    get highestMs() {
      return highestMs;
    },
    persist,
    check: () => {
      const nowMs = clock.nowMs();
      if (nowMs < highestMs - skewMs)
        return problem(
          "launch.clock-went-back",
          `this node's clock shows \`${new Date(nowMs).toISOString()}\`, but it has already been \`${new Date(highestMs).toISOString()}\` here: nothing is started`,
          {
            hint: `set the clock (\`timedatectl\`); if it had been wrong before and is right now: stop the launcher, \`rm ${shellWord(path)}\`, start it again`,
          },
        );
      highestMs = Math.max(highestMs, nowMs);
      if (highestMs - persistedMs >= persistEveryMs) persist();
      return null;
    },
  };
};
