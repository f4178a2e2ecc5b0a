/** Watches the session's end beside whatever page is shown: renews it silently while somebody is there, warns before it ends. */
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { call } from "#web/api/call.ts";
import { csrfToken, sessionEnded } from "#web/api/session.ts";
import { part } from "#web/components/part.tsx";
import { whatNow, type Activity, type Seen } from "#web/app/activity.ts";

const SessionWarning = part(() => import("#web/app/session-warning.tsx").then((module) => module.SessionWarning));

const quiet: Activity = { kind: "quiet" };
const tickMs = 1000;

export const SessionWatch = (): React.ReactElement | null => {
  const [shown, setShown] = useState<Activity>(quiet);
  const seen = useRef<Seen | null>(null);
  const busy = useRef(false);
  const warned = useRef(false);

  const ask = useEffectEvent(async (use: boolean): Promise<void> => {
    busy.current = true;
    const nowMs = Date.now();
    try {
      const { session } = await call("GET /api/v1/sessions/current", {}, { background: !use });
      if (session === null) return;
      // The manager's clock may go otherwise than this browser's: only what is left counts.
      const aheadMs = Date.parse(session.now) - Date.now();
      seen.current = {
        usedAtMs: nowMs,
        expiryDismissed: false,
        ...seen.current,
        ends: { idleEndsAtMs: Date.parse(session.idleEndsAt) - aheadMs, expiresAtMs: Date.parse(session.expiresAt) - aheadMs },
        renewedAtMs: use ? nowMs : (seen.current?.renewedAtMs ?? nowMs),
        lookedAtMs: nowMs,
      };
    } catch {
      // Ended: `call` has noticed. Not reachable: asked again at the next tick that wants it.
      if (seen.current !== null) seen.current = { ...seen.current, lookedAtMs: nowMs };
    } finally {
      busy.current = false;
    }
  });

  useEffect(() => {
    void ask(false);
    const use = (): void => {
      // While the warning is shown only its button counts: a nudged mouse is nobody.
      if (seen.current !== null && !warned.current) seen.current = { ...seen.current, usedAtMs: Date.now() };
    };
    const timer = setInterval(() => {
      if (seen.current === null || busy.current) return;
      const nowMs = Date.now();
      const now = whatNow(seen.current, nowMs);
      if (now.kind === "renew") void ask(true);
      else if (now.kind === "look") {
        if (nowMs > seen.current.ends.idleEndsAtMs + 5000) sessionEnded(csrfToken());
        else void ask(false);
      } else {
        warned.current = now.kind === "idle-warning";
        setShown(now);
      }
    }, tickMs);
    const kinds = ["keydown", "pointerdown", "pointermove", "wheel"] as const;
    for (const kind of kinds) addEventListener(kind, use, { passive: true, capture: true });
    return () => {
      clearInterval(timer);
      for (const kind of kinds) removeEventListener(kind, use, { capture: true });
    };
  }, []);

  const stay = (): void => {
    // As any other use: the next tick renews.
    if (seen.current !== null) seen.current = { ...seen.current, usedAtMs: Date.now() };
    warned.current = false;
    setShown(quiet);
  };
  const dismissExpiry = (): void => {
    if (seen.current !== null) seen.current = { ...seen.current, expiryDismissed: true };
    setShown(quiet);
  };
  if (shown.kind !== "idle-warning" && shown.kind !== "expiry-warning") return null;
  return <SessionWarning warning={shown} onStay={stay} onDismiss={dismissExpiry} />;
};
