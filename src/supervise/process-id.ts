/** Names a process so that a recycled pid is never mistaken for it: pid, start time in ticks since boot, and boot id. */
import { readFileSync } from "node:fs";

export interface ProcessId {
  readonly pid: number;
  readonly startTicks: string;
  readonly bootId: string;
}

const bootId = (): string => {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "unknown";
  }
};

/** The id of a running process; null when there is none (or it is a zombie). */
export const processIdOf = (pid: number): ProcessId | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name is in parentheses and may hold anything; what follows the last one is fixed.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return null;
    return { pid, startTicks: fields[19] ?? "", bootId: bootId() };
  } catch {
    return null;
  }
};

/** Whether that very process still runs. */
export const isAlive = (id: ProcessId): boolean => {
  const found = processIdOf(id.pid);
  return found !== null && found.startTicks === id.startTicks && found.bootId === id.bootId;
};
