/** The frame around every page: navigation, live state, palette, account. It decides nothing; the entries ask `#access`. */
import { Button } from "@mantine/core";
import { Link, Outlet, useNavigate, useRouter } from "@tanstack/react-router";
import { onBackOrForward } from "#web/app/back-or-forward.ts";
import { useEffect, useId, useRef, useState, useSyncExternalStore } from "react";
import { mayAnywhere, useAccess } from "#web/api/access.ts";
import { startLive, useLiveState } from "#web/api/live.ts";
import { queryClient } from "#web/api/query-client.ts";
import { realm, session } from "#web/api/session.ts";
import { navigation, type NavigationEntry } from "#web/app/pages.ts";
import { part } from "#web/components/part.tsx";
import { beginTypedAhead, takeTypedAhead } from "#web/app/typed-ahead.ts";
import { SessionWatch } from "#web/app/session-watch.tsx";
import { meaningOf } from "#web/app/shortcuts.ts";
import { closeExplain, explained } from "#web/components/explain.ts";
import { useSaid } from "#web/components/engine-text.tsx";
import { Hint } from "#web/components/hint.tsx";
import { Icon } from "#web/components/icon.tsx";
import { useText } from "#web/i18n/language.ts";
import { shellTexts, shortcutTexts } from "#web/i18n/texts/shell.ts";
import type { CompiledAccess } from "#access/compile.ts";
import { Words } from "#web/components/words.tsx";
import classes from "#web/app/shell.module.css";

const AccountMenu = part(() => import("#web/app/account-menu.tsx").then((module) => module.AccountMenu));
const Palette = part(() => import("#web/app/palette.tsx").then((module) => module.Palette));
const ShortcutSheet = part(() => import("#web/app/shortcut-sheet.tsx").then((module) => module.ShortcutSheet));
const ExplainPanel = part(() => import("#web/components/explain-panel.tsx").then((module) => module.ExplainPanel));

const awaitPageMs = 1500;

/** Absent: the account may not know of it. */
const entryState = (entry: NavigationEntry, access: CompiledAccess | null): "open" | "absent" | { readonly reason: string } => {
  if (entry.may.length === 0 || access === null) return "open";
  const verdicts = entry.may.map((permission) => mayAnywhere(permission, access));
  if (verdicts.some((verdict) => verdict.effect === "permit")) return "open";
  const refusal = verdicts.find((verdict) => verdict.effect === "deny" && verdict.problem.code !== "access.not-found");
  return refusal?.effect === "deny" ? { reason: refusal.problem.message } : "absent";
};

const Entry = ({ entry, onGo }: { readonly entry: NavigationEntry; readonly onGo: () => void }): React.ReactElement | null => {
  const t = useText();
  const access = useAccess();
  const reasonId = useId();
  const state = entryState(entry, access);
  const said = useSaid();
  if (state === "absent") return null;
  const content = (
    <>
      <Icon name={entry.icon} />
      {t(entry.text)}
    </>
  );
  if (state !== "open") {
    const { text, lang } = said(state.reason);
    return (
      <li>
        <Hint label={text} lang={lang}>
          <span role="link" aria-disabled="true" tabIndex={0} className={classes.entry} data-refused aria-describedby={reasonId}>
            {content}
            <span className={classes.lock}>
              <Icon name="lock" size={13} />
            </span>
          </span>
        </Hint>
        <span id={reasonId} className="visually-hidden" lang={lang}>
          <Words text={text} />
        </span>
      </li>
    );
  }
  return (
    <li>
      <Link
        to={entry.to}
        className={classes.entry}
        activeProps={{ "aria-current": "page" }}
        activeOptions={{ exact: entry.to === "/", includeSearch: false }}
        onClick={onGo}
      >
        {content}
      </Link>
    </li>
  );
};

const LiveMark = (): React.ReactElement | null => {
  const t = useText();
  const state = useLiveState();
  if (state === "none") return null;
  const [text, hint] =
    state === "live"
      ? [t(shellTexts.live), t(shellTexts.liveHint)]
      : state === "connecting"
        ? [t(shellTexts.connecting), t(shellTexts.connecting)]
        : [t(shellTexts.offline), t(shellTexts.offlineHint)];
  return (
    <Hint label={hint}>
      <span className={classes.live} data-state={state} role="status">
        <span aria-hidden="true">{state === "live" ? "●" : state === "connecting" ? "○" : "▲"}</span> {text}
      </span>
    </Hint>
  );
};

/** The menu behind the account's name; its code comes when somebody reaches for it. */
const AccountButton = ({ openSheet }: { readonly openSheet: () => void }): React.ReactElement => {
  const t = useText();
  const [wanted, setWanted] = useState(false);
  const state = useSyncExternalStore(session.subscribe, session.get);
  const name = state.kind === "signed-in" ? state.name : "";
  const button = (
    <Button
      variant="subtle"
      color="gray"
      size="compact-sm"
      className={classes.account}
      aria-haspopup="menu"
      aria-label={t(shellTexts.account, { name })}
      onClick={() => setWanted(true)}
    >
      {name}
    </Button>
  );
  return wanted ? (
    <AccountMenu openSheet={openSheet} name={name} options={{ whileLoading: button, onFail: () => setWanted(false) }} />
  ) : (
    button
  );
};

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export const Shell = (): React.ReactElement => {
  const t = useText();
  const navigate = useNavigate();
  const [menuOpen, setMenuOpen] = useState(false);
  const [opened, setOpened] = useState<"palette" | "sheet" | null>(null);
  const question = useSyncExternalStore(explained.subscribe, explained.get);
  const [everExplained, setEverExplained] = useState(false);
  if (question !== null && !everExplained) setEverExplained(true);
  const close = (): void => setOpened(null);
  const main = useRef<HTMLElement>(null);
  const scrolled = useRef(false);

  useEffect(() => startLive(queryClient), []);
  const router = useRouter();
  useEffect(() => {
    const stops = [
      onBackOrForward(router.history, () => setOpened(null)),
      // As one goes, not when one has arrived: a menu that was opened while a page was still loading stays open.
      router.subscribe("onBeforeLoad", ({ pathChanged }) => {
        if (pathChanged) setMenuOpen(false);
      }),
      router.subscribe("onResolved", ({ pathChanged }) => {
        if (!pathChanged) return;
        // Only where somebody has scrolled: asking costs the new page a layout of its own, before it is complete.
        if (scrolled.current) main.current?.scrollTo(0, 0);
        scrolled.current = false;
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [router]);
  useEffect(() => {
    let awaitingUntilMs = 0;
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing) return;
      const facts = { key: event.key, ctrlOrMeta: event.ctrlKey || event.metaKey, alt: event.altKey, typing: isTyping(event.target) };
      const meaning = meaningOf(facts, performance.now() < awaitingUntilMs);
      awaitingUntilMs = meaning.kind === "await-page" ? performance.now() + awaitPageMs : 0;
      if (meaning.kind === "nothing" || meaning.kind === "await-page") return;
      // A dialog that is open has the keyboard to itself.
      if (document.querySelector("[role=dialog][aria-modal=true]") !== null && meaning.kind !== "palette") return;
      if (meaning.kind === "palette" && document.querySelector("[role=dialog][aria-modal=true]") === null) beginTypedAhead();
      if (meaning.kind === "palette" || meaning.kind === "sheet") setOpened(meaning.kind);
      if (meaning.kind === "filter") {
        const field = main.current?.querySelector<HTMLElement>("[data-page-filter]");
        if (field === null || field === undefined) return;
        field.focus();
      }
      if (meaning.kind === "page") {
        const entry = navigation.find(({ key }) => key === meaning.key);
        if (entry === undefined) return;
        void navigate({ to: entry.to });
      }
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [navigate]);

  return (
    <div className={classes.shell} data-menu={menuOpen}>
      <a href="#main" className={classes.skip}>
        {t(shellTexts.skip)}
      </a>
      <header className={classes.bar}>
        <button
          type="button"
          className={classes.menuButton}
          aria-expanded={menuOpen}
          aria-label={t(menuOpen ? shellTexts.closeMenu : shellTexts.openMenu)}
          onClick={() => setMenuOpen(!menuOpen)}
        >
          <Icon name="menu" />
        </button>
        <Link to="/" className={classes.brand}>
          <Icon name="mark" size={20} /> Behalf
        </Link>
        <span className={classes.realm}>{realm}</span>
        <button type="button" className={classes.search} aria-keyshortcuts="Control+K" onClick={() => setOpened("palette")}>
          <Icon name="search" size={15} />
          <span className={classes.searchText}>{t(shellTexts.search)}</span>
          <kbd className={classes.searchKey} aria-hidden="true">
            {t(shortcutTexts.keyControl)} K
          </kbd>
        </button>
        <LiveMark />
        <AccountButton openSheet={() => setOpened("sheet")} />
      </header>
      <nav className={classes.navigation} aria-label={t(shellTexts.navigation)}>
        <ul>
          {navigation.map((entry) => (
            <Entry key={entry.to} entry={entry} onGo={() => setMenuOpen(false)} />
          ))}
        </ul>
      </nav>
      <main
        ref={main}
        id="main"
        tabIndex={-1}
        className={classes.main}
        onScroll={() => {
          scrolled.current = true;
        }}
      >
        <Outlet />
      </main>
      <SessionWatch />
      {opened === "palette" ? (
        <Palette onClose={close} openSheet={() => setOpened("sheet")} options={{ onFail: () => (takeTypedAhead(), close()) }} />
      ) : null}
      {opened === "sheet" ? <ShortcutSheet onClose={close} options={{ onFail: close }} /> : null}
      {everExplained ? <ExplainPanel options={{ onFail: () => (closeExplain(), setEverExplained(false)) }} /> : null}
    </div>
  );
};
