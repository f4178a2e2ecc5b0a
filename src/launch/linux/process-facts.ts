/**
 * What /proc says about processes. Numbers and texts only; who belongs to which run is decided in `tree/`. A process that is gone is
 * null, never an error.
 */
import { readFileSync, readdirSync, statSync } from "node:fs";

export interface ProcessFacts {
  readonly pid: number;
  readonly state: string;
  readonly parentPid: number;
  readonly groupId: number;
  readonly sessionId: number;
  /** Clock ticks since boot, as text: may exceed 2^53 in theory, and is only compared. */
  readonly startTicks: string;
}

/** Names this boot; a pid of another boot means nothing (O8). */
export const readBootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/** Facts of one process; null when it is gone. */
export const readProcess = (pid: number): ProcessFacts | null => {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return null;
  }
  // The name in parentheses may hold anything, parentheses and spaces too.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const startTicks = fields[19];
  if (startTicks === undefined) return null;
  return {
    pid,
    state: fields[0] ?? "?",
    parentPid: Number(fields[1]),
    groupId: Number(fields[2]),
    sessionId: Number(fields[3]),
    startTicks,
  };
};

/** Ended, but not yet collected by its parent. */
export const isDead = (facts: ProcessFacts): boolean => facts.state === "Z" || facts.state === "X";

/** Real uid of a process; null when it is gone. */
export const readProcessUid = (pid: number): number | null => {
  try {
    const found = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
    return found === null ? null : Number(found[1]);
  } catch {
    return null;
  }
};

/** Owner of /proc/PID: the effective uid, cheaper than `readProcessUid`; 0 for processes that are not dumpable. */
export const readProcessOwner = (pid: number): number | null => {
  try {
    return statSync(`/proc/${pid}`).uid;
  } catch {
    return null;
  }
};

/** Whether the environment that the process was started with has exactly this entry. False where it may not be read. */
export const hasEnvironmentEntry = (pid: number, entry: string): boolean => {
  try {
    const text = readFileSync(`/proc/${pid}/environ`, "utf8");
    return text.startsWith(`${entry}\0`) || text.includes(`\0${entry}\0`);
  } catch {
    return false;
  }
};

/** Value of a variable in the environment that the process was started with; null where it has none or may not be read. */
export const readEnvironmentEntry = (pid: number, name: string): string | null => {
  try {
    const found = readFileSync(`/proc/${pid}/environ`, "utf8")
      .split("\0")
      .find((entry) => entry.startsWith(`${name}=`));
    return found === undefined ? null : found.slice(name.length + 1);
  } catch {
    return null;
  }
};

/** All processes that can be seen. */
export const listProcesses = (): ProcessFacts[] => {
  const found: ProcessFacts[] = [];
  for (const name of readdirSync("/proc")) {
    const first = name.charCodeAt(0);
    if (first < 48 || first > 57) continue;
    const facts = readProcess(Number(name));
    if (facts !== null) found.push(facts);
  }
  return found;
};

/** Children of this process, of all its threads; null where the kernel does not list them. */
export const listOwnChildren = (): number[] | null => {
  const found: number[] = [];
  try {
    for (const thread of readdirSync("/proc/self/task")) {
      const text = readFileSync(`/proc/self/task/${thread}/children`, "latin1");
      for (const pid of text.split(" ")) if (pid !== "") found.push(Number(pid));
    }
  } catch {
    return null;
  }
  return found;
};

/** Supplementary groups of this very process as the kernel has them (Node's own list adds the effective group). */
export const readOwnGroups = (): number[] => {
  const found = /^Groups:([ \t\d]*)$/m.exec(readFileSync("/proc/self/status", "latin1"));
  return (found?.[1] ?? "")
    .trim()
    .split(/\s+/)
    .filter((text) => text !== "")
    .map(Number);
};
