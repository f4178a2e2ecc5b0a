/** Instants: local time to read, how long ago at a glance, UTC on hover and for whoever copies it. */
import { useSyncExternalStore } from "react";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { useLanguage, useText } from "#web/i18n/language.ts";
import { Hint } from "#web/components/hint.tsx";
import { createStore } from "#web/api/small-store.ts";
import { renderAgo, renderLocal, renderUtc } from "#web/components/render-time.ts";

const now = createStore(Date.now());
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;
const tickMs = 5000;
/** One clock for all instants on the page; it stands still while none is shown. */
const watchClock = (listener: () => void): (() => void) => {
  const stop = now.subscribe(listener);
  watchers += 1;
  if (watchers === 1) timer = setInterval(() => now.set(Date.now()), tickMs);
  return () => {
    stop();
    watchers -= 1;
    if (watchers === 0) clearInterval(timer);
  };
};

/** Whoever is drawn first sets the clock that stood still: set once all are there, it would draw each of them again. */
const look = (): number => {
  if (watchers === 0 && Math.abs(Date.now() - now.get()) >= tickMs) now.set(Date.now());
  return now.get();
};

export const useNow = (): number => useSyncExternalStore(watchClock, look);

const Hover = ({ at, children }: { readonly at: string; readonly children: React.ReactElement }): React.ReactElement => {
  const t = useText();
  const language = useLanguage();
  return <Hint label={t(commonTexts.inUtc, { local: renderLocal(at, language), utc: renderUtc(at) })}>{children}</Hint>;
};

/** `3 min ago`. */
export const Ago = ({ at }: { readonly at: string }): React.ReactElement => {
  const language = useLanguage();
  const nowMs = useNow();
  return (
    <Hover at={at}>
      <time dateTime={at}>{renderAgo(Date.parse(at), nowMs, language)}</time>
    </Hover>
  );
};

/** Date and time. */
export const Instant = ({ at }: { readonly at: string }): React.ReactElement => {
  const language = useLanguage();
  return (
    <Hover at={at}>
      <time dateTime={at}>{renderLocal(at, language)}</time>
    </Hover>
  );
};
