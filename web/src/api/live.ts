/**
 * One stream of changes for the whole cockpit (`GET /api/v1/events`): a session may hold eight, and one is enough. Lists that are shown
 * are asked for again when it says so; a page that wants more listens with `useLiveEvents`.
 */
import { useEffect, useEffectEvent, useSyncExternalStore } from "react";
import type { QueryClient } from "@tanstack/react-query";
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
