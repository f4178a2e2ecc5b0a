/**
 * Where the next run will be: a control group out of the lanes, and, while little runs, one that already has a process waiting in it for the run to
 * come (`start-setpriv.ts`), which spares a single run the 6-14 ms that joining takes on an idle host. What does not belong here: starting.
 */
import type { Starter } from "#launch/linux/starter.ts";
import type { Lane, Lanes } from "#launch/linux/tree/lanes.ts";
import type { Place } from "#launch/process-port.ts";

export interface Places {
  /** Null: there are no control groups. Throws where none can be made. */
  reserve(): Place | null;
  /** The `cgroup.procs` of a reserved place, for the one start there. */
  enter(place: Place | null): number | null;
  /** A run has started: what helps the next one can be done now. Never throws. */
  lookAhead(): void;
  /** The run is gone, or was not started. Rejects when its group cannot be emptied. */
  giveBack(place: Place | null): Promise<void>;
  close(): void;
}

/** With more runs than this at once, groups are joined all the time, and a waiting process would only be one exec more. */
const mostRunsToPrepareBeside = 1;

export const noPlaces: Places = {
  reserve: () => null,
  enter: () => null,
  lookAhead: () => undefined,
  giveBack: () => Promise.resolve(),
  close: () => undefined,
};

/** `prepares`: whether processes may wait for runs. */
export const openPlaces = (lanes: Lanes, starter: Starter, prepares: boolean): Places => {
  const used = new Map<string, Lane>();
  /** Those with a process that waits, reserved or not. */
  const prepared = new Set<Lane>();
  let next: Lane | null = null;
  let isClosed = false;

  const giveUp = (lane: Lane): void => {
    prepared.delete(lane);
    if (next === lane) next = null;
  };

  const lookAhead = (): void => {
    if (!prepares || isClosed || next !== null || used.size > mostRunsToPrepareBeside) return;
    let lane: Lane;
    try {
      lane = lanes.take();
    } catch {
      // INVARIANT: never throws. The run that asks for it is going on already; the next one will say what is wrong.
      return;
    }
    next = lane;
    prepared.add(lane);
    starter.prepare(lane.procs).catch(() => {
      // Reserved meanwhile, it is started there directly.
      const isFree = next === lane;
      giveUp(lane);
      if (isFree) lanes.giveBack(lane).catch(() => undefined);
    });
  };

  return {
    reserve: () => {
      const lane = next ?? lanes.take();
      next = null;
      used.set(lane.path, lane);
      return { cgroup: lane.path };
    },
    enter: (place) => {
      const lane = place === null ? undefined : used.get(place.cgroup);
      if (lane === undefined) return null;
      prepared.delete(lane);
      return lane.procs;
    },
    lookAhead,
    giveBack: async (place) => {
      const lane = place === null ? undefined : used.get(place.cgroup);
      if (lane === undefined) return;
      used.delete(lane.path);
      if (prepared.has(lane)) {
        giveUp(lane);
        await starter.dismiss(lane.procs);
      }
      await lanes.giveBack(lane);
      lookAhead();
    },
    close: () => {
      isClosed = true;
      lanes.close();
    },
  };
};
