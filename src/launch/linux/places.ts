/**
 * Where the next run will be: a control group out of the lanes, and, while little runs, one that already has a process waiting in it for the run to
 * come (`start-setpriv.ts`), which spares a single run the 6-14 ms that joining takes on an idle host. What does not belong here: starting.
 */
import { dismissProgram, type PreparedProgram } from "#launch/linux/start-setpriv.ts";
import type { Starter } from "#launch/linux/starter.ts";
import type { Lane, Lanes } from "#launch/linux/tree/lanes.ts";
import type { Place } from "#launch/process-port.ts";

/** How a reserved place is entered, once: as the process that waits in it (null: it could not be made), else by its `cgroup.procs`. */
export interface Entry {
  readonly procs: number | null;
  readonly prepared: Promise<PreparedProgram | null> | null;
}

export interface Places {
  /** Null: there are no control groups. Throws where none can be made. */
  reserve(): Place | null;
  /** The process that waits there is the caller's from now on. */
  enter(place: Place | null): Entry;
  /** A run has started: what helps the next one can be done soon. Never throws. */
  lookAhead(): void;
  /** The run is gone, or was not started. Rejects when its group cannot be emptied. */
  giveBack(place: Place | null): Promise<void>;
  /** Ends what waits. */
  close(): Promise<void>;
}

/** With more runs than this at once, groups are joined all the time, and a waiting process would only be one exec more. */
const mostRunsToPrepareBeside = 1;
/** A process that is made while a run starts takes the processor from it: 0.5 ms of it (measured). A run that ends sooner looks ahead itself. */
const lookAheadAfterMs = 20;

const nowhere: Entry = { procs: null, prepared: null };

export const noPlaces: Places = {
  reserve: () => null,
  enter: () => nowhere,
  lookAhead: () => undefined,
  giveBack: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** `prepares`: whether processes may wait for runs. */
export const openPlaces = (lanes: Lanes, starter: Starter, prepares: boolean): Places => {
  const used = new Map<string, Lane>();
  /** Those with a process that waits, reserved or not. */
  const prepared = new Map<Lane, Promise<PreparedProgram | null>>();
  let next: Lane | null = null;
  let timer: NodeJS.Timeout | null = null;
  let isClosed = false;

  const dismiss = async (lane: Lane): Promise<void> => {
    const waiting = await prepared.get(lane);
    if (prepared.delete(lane) && waiting !== undefined && waiting !== null) dismissProgram(waiting);
  };

  const prepareNext = (): void => {
    if (!prepares || isClosed || next !== null || used.size > mostRunsToPrepareBeside) return;
    let lane: Lane;
    try {
      lane = lanes.take();
    } catch {
      // INVARIANT: never throws. The run that asks for it is going on already; the next one will say what is wrong.
      return;
    }
    next = lane;
    prepared.set(
      lane,
      // The lane stays the next one: a run is started there directly.
      starter.prepare(lane.procs).catch(() => null),
    );
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
      if (lane === undefined) return nowhere;
      const waiting = prepared.get(lane) ?? null;
      prepared.delete(lane);
      return { procs: lane.procs, prepared: waiting };
    },
    lookAhead: () => {
      timer ??= setTimeout(() => {
        timer = null;
        prepareNext();
      }, lookAheadAfterMs).unref();
    },
    giveBack: async (place) => {
      const lane = place === null ? undefined : used.get(place.cgroup);
      if (lane === undefined) return;
      used.delete(lane.path);
      await dismiss(lane);
      await lanes.giveBack(lane);
      prepareNext();
    },
    close: async () => {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
      const waiting = next;
      next = null;
      await Promise.all([...prepared.keys()].map(dismiss));
      if (waiting !== null) await lanes.giveBack(waiting);
      lanes.close();
    },
  };
};
