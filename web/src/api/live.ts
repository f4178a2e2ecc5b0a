/**
 * One stream of changes for the whole cockpit (`GET /api/v1/events`): a session may hold eight, and one is enough. Lists that are shown
 * are asked for again when it says so; a page that wants more listens with `useLiveEvents`.
 */
import { useEffect, useEffectEvent, useSyncExternalStore } from "react";
import type { QueryClient, QueryKey } from "@tanstack/react-query";
import type { ServerEvent } from "#web/api/event-reader.ts";
import { followStream, type StreamState } from "#web/api/follow.ts";
import type { Schemas } from "#web/api/generated.ts";
import { createStore } from "#web/api/small-store.ts";

export type LiveEvent =
  | { readonly event: "run"; readonly data: Schemas["RunSummary"] }
  | { readonly event: "nodes" }
  /** Something was missed: load lists again. */
  | { readonly event: "resync" };

/** `none`: the account may not follow runs, so there is no stream. */
const liveState = createStore<StreamState | "none">("connecting");
/** When a change of any run was heard last. */
let runChangedAtMs = Number.NEGATIVE_INFINITY;
/** An answer may be on its way while the change is told: it may be from before all the same. */
const onTheWayMs = 1000;

/** Whether what was asked about runs at this time may lack a change that was told before the page that shows it was there to hear. */
export const isOvertaken = (queryKey: QueryKey, updatedAtMs: number): boolean =>
  (queryKey[0] === "runs" || queryKey[0] === "run") && updatedAtMs < runChangedAtMs + onTheWayMs;

const listeners = new Set<(event: LiveEvent) => void>();

/** Begins following; the answer ends it. */
export const startLive = (queries: QueryClient): (() => void) => {
  const ended = new AbortController();
  liveState.set("connecting");
  void followStream("/api/v1/events", {
    signal: ended.signal,
    onState: liveState.set,
    onRefused: () => liveState.set("none"),
    onEvent: (event: ServerEvent) => {
      const live = event as unknown as LiveEvent;
      if (live.event === "run") runChangedAtMs = Date.now();
      if (live.event === "nodes") void queries.invalidateQueries({ queryKey: ["nodes"] });
      if (live.event === "resync") void queries.invalidateQueries();
      for (const listener of listeners) listener(live);
    },
  });
  return () => ended.abort();
};

export const useLiveState = (): StreamState | "none" => useSyncExternalStore(liveState.subscribe, liveState.get);

/** Hears every event while the component is shown. */
export const useLiveEvents = (listener: (event: LiveEvent) => void): void => {
  const heard = useEffectEvent(listener);
  useEffect(() => {
    const hear = (event: LiveEvent): void => heard(event);
    listeners.add(hear);
    return () => void listeners.delete(hear);
  }, []);
};
