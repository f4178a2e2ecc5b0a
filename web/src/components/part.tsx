/**
 * A part of a page whose code comes when it is wanted. Where it cannot come the page stays, with what is typed on it: the part is left out, that is
 * said, and the next time it is tried again. The library's own `lazy` took the whole frame away, and never tried again.
 */
import { useEffect, useEffectEvent, useState } from "react";
import { unreachable } from "#web/api/api-problem.ts";
import { notifyProblem } from "#web/components/notify.ts";

export interface PartOptions {
  readonly whileLoading?: React.ReactNode;
  readonly onFail?: () => void;
}

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
    const onFailed = useEffectEvent((thrown: unknown) => {
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
          if (!isGone) onFailed(thrown);
        },
      );
      return () => {
        isGone = true;
      };
    }, [Loaded]);
    return Loaded === null ? (options.whileLoading ?? null) : <Loaded {...(props as unknown as P)} />;
  };
};
