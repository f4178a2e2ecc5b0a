/**
 * A part of a page whose code comes when it is wanted. Where it cannot come the page stays, with what is typed on it: the part is left out and that
 * is said. The library's own `lazy` took the whole frame away. Wanted again with the manager back, the browser may still hold that the code could not
 * be had (Chromium does, of what it was told to load ahead): then the page is loaded anew, which asks first where something is unsaved.
 */
import { useEffect, useEffectEvent, useState } from "react";
import { unreachable } from "#web/api/api-problem.ts";
import { call } from "#web/api/call.ts";
import { useLiveState } from "#web/api/live.ts";
import { notifyProblem } from "#web/components/notify.ts";

export interface PartOptions {
  readonly whileLoading?: React.ReactNode;
  readonly onFail?: () => void;
}

/** Not sooner after the page was loaded: what fails then again would be loaded anew without end. */
const anewAfterMs = 5000;

const isThere = (): Promise<boolean> =>
  call("GET /api/v1/sessions/current", {}, { background: true }).then(
    () => true,
    () => false,
  );

/** The bundler takes a style that did not come for one that did, as long as its element is there. */
const forgetStyle = (thrown: unknown): void => {
  const address = /preload CSS for (\S+)/.exec(thrown instanceof Error ? thrown.message : "")?.[1];
  if (address === undefined) return;
  for (const link of document.querySelectorAll<HTMLLinkElement>("link[rel=stylesheet]"))
    if (link.href === new URL(address, location.href).href) link.remove();
};

/** `quiet`: what would be said cannot be shown without it. */
export const part = <P extends object>(
  load: () => Promise<React.ComponentType<P>>,
  { quiet = false }: { readonly quiet?: boolean } = {},
) => {
  let code: React.ComponentType<P> | null = null;
  return function Part({ options = {}, ...props }: P & { readonly options?: PartOptions }): React.ReactNode {
    const [Loaded, setLoaded] = useState(() => code);
    const isLive = useLiveState() === "live";
    const onFailed = useEffectEvent(async (thrown: unknown) => {
      // Asked, since that the manager is away is noticed a moment later.
      if (performance.now() > anewAfterMs && (await isThere())) {
        location.reload();
        return;
      }
      forgetStyle(thrown);
      if (!quiet) notifyProblem(unreachable());
      options.onFail?.();
    });
    useEffect(() => {
      if (Loaded !== null) return undefined;
      let isGone = false;
      void load().then(
        (came) => {
          code = came;
          if (!isGone) setLoaded(() => came);
        },
        (thrown: unknown) => {
          if (!isGone) void onFailed(thrown);
        },
      );
      return () => {
        isGone = true;
      };
    }, [Loaded, isLive]);
    return Loaded === null ? (options.whileLoading ?? null) : <Loaded {...(props as unknown as P)} />;
  };
};
