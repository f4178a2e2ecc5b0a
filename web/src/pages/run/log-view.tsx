/**
 * The output of a run as it is written: follows at the end, stands still when somebody scrolls, finds over the whole log. Only the lines
 * that are seen are drawn; where they are, `log-scroll.ts` says. Colours are the sixteen of a terminal, in the page's own shades.
 */
import { ActionIcon, Button, Menu, NumberInput, TextInput } from "@mantine/core";
import { memo, useEffect, useEffectEvent, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import { send } from "#web/api/call.ts";
import { notify, notifyProblem } from "#web/components/notify.ts";
import { EmptyState, LoadingState, ProblemState } from "#web/components/states.tsx";
import { renderUtc } from "#web/components/render-time.ts";
import { useSize } from "#web/components/use-size.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { logTexts } from "#web/i18n/texts/log.ts";
import { useText } from "#web/i18n/language.ts";
import { shellTexts } from "#web/i18n/texts/shell.ts";
import { isPlain, markFound, parseAnsi } from "#web/pages/run/ansi.ts";
import { contentHeight, isScaled, lastTop, readLines, renderLines, rowHeight, scrollOf, topAt } from "#web/pages/run/log-scroll.ts";
import { LogStore, type LogLine } from "#web/pages/run/log-store.ts";
import { useLogFind } from "#web/pages/run/use-log-find.ts";
import classes from "#web/pages/run/log-view.module.css";

const LineText = ({ line, wanted }: { readonly line: LogLine; readonly wanted: string }): React.ReactNode => {
  const pieces = markFound(parseAnsi(line.text), wanted);
  const [only] = pieces;
  // Most lines are plain: a text needs no element of its own.
  if (only === undefined || (pieces.length === 1 && isPlain(only))) return only?.text ?? "";
  return pieces.map(({ text, fg, bg, bold, dim, italic, underline, found }, index) => {
    const attributes = {
      "data-fg": fg ?? undefined,
      "data-bg": bg ?? undefined,
      "data-bold": bold || undefined,
      "data-dim": dim || undefined,
      "data-italic": italic || undefined,
      "data-underline": underline || undefined,
    };
    return found ? (
      // oxlint-disable-next-line react/no-array-index-key -- the pieces of one text, in order
      <mark key={index} {...attributes}>
        {text}
      </mark>
    ) : (
      // oxlint-disable-next-line react/no-array-index-key
      <span key={index} {...attributes}>
        {text}
      </span>
    );
  });
};

interface RowProps {
  readonly number: number;
  /** Undefined: on its way. */
  readonly line: LogLine | undefined;
  readonly digits: number;
  readonly isChosen: boolean;
  readonly isCurrent: boolean;
  readonly wanted: string;
}

/** Remembered, so that scrolling by a few lines draws those few. */
const Row = memo(({ number, line, digits, isChosen, isCurrent, wanted }: RowProps): React.ReactElement => {
  const t = useText();
  return (
    <div className={classes.row} data-stream={line?.stream} data-chosen={isChosen || undefined} data-current={isCurrent || undefined}>
      <button
        type="button"
        tabIndex={-1}
        className={classes.number}
        style={{ width: `${digits + 2}ch` }}
        aria-label={t(logTexts.line, { line: number })}
        aria-pressed={isChosen}
        title={line === undefined ? undefined : renderUtc(line.at)}
        data-line={number}
      >
        {number}
      </button>
      <span className={classes.stream} aria-hidden={line?.stream === "stdout" || undefined}>
        {line?.stream === "stderr" ? t(logTexts.stderr) : line?.stream === "notice" ? t(logTexts.notice) : ""}
      </span>
      <span className={classes.text}>
        {line === undefined ? <span className={classes.missing}>…</span> : <LineText line={line} wanted={wanted} />}
      </span>
    </div>
  );
});

interface Scroller {
  readonly top: number;
  readonly following: boolean;
}

export interface LogViewProps {
  /** Stays the same for as long as the view is there. */
  readonly runId: string;
  /** The run writes no more, as the page knows it. */
  readonly hasEnded: boolean;
  /** `5-9` from the address. */
  readonly chosen: string | undefined;
  readonly onChoose: (lines: string | undefined) => void;
  readonly find: string;
  readonly onFind: (text: string) => void;
}

/** Of the one run that the view was made for. */
const useLogStore = (runId: string): LogStore => {
  const [store] = useState(() => new LogStore(runId));
  useEffect(() => {
    void store.open();
    return () => store.close();
  }, [store]);
  useSyncExternalStore(store.subscribe, store.version);
  return store;
};

export const LogView = ({ runId, hasEnded, chosen, onChoose, find, onFind }: LogViewProps): React.ReactElement => {
  const t = useText();
  const store = useLogStore(runId);
  const scroller = useRef<HTMLDivElement | null>(null);
  const { ref: sizeRef, height: viewport } = useSize();
  const range = readLines(chosen);
  const [{ top, following }, setScroller] = useState<Scroller>({ top: 0, following: range === null });
  const [seenTotal, setSeenTotal] = useState(0);
  const [wanted, setWanted] = useState(find);
  const search = useLogFind(runId, find, store.total);
  const facts = { total: store.total, viewport };
  /** Where we put the bar last: what the browser tells of it afterwards is no move of the reader. */
  const placed = useRef(-1);

  const moveTo = (wantedTop: number, follows: boolean): void => {
    const element = scroller.current;
    if (element === null) return;
    const next = Math.min(lastTop(facts), Math.max(0, wantedTop));
    element.scrollTop = scrollOf(next, facts);
    // As the browser has it: it may allow less while the size of the view is not known here yet.
    placed.current = element.scrollTop;
    setScroller({ top: next, following: follows });
  };
  const goTo = (line: number): void => {
    moveTo(line - 1 - Math.floor(viewport / rowHeight / 3), false);
  };

  const holdEnd = useEffectEvent(() => moveTo(lastTop(facts), true));
  // At the end, the end is held; elsewhere nothing moves by itself.
  useLayoutEffect(() => {
    if (following) holdEnd();
    // Whenever there are more lines or more room.
    // oxlint-disable-next-line react/exhaustive-deps, react/exhaustive-effect-dependencies
  }, [following, store.total, viewport]);
  const started = useRef(false);
  const begin = useEffectEvent(() => {
    // What stands there when the log is opened is not new.
    setSeenTotal(store.total);
    if (range !== null) goTo(range.from);
  });
  useEffect(() => {
    if (started.current || !store.loaded || viewport === 0) return;
    // Lines that are linked to may still be counted.
    if (range !== null && store.total < range.from && !store.complete) return;
    started.current = true;
    begin();
  });
  if (following && seenTotal !== store.total) setSeenTotal(store.total);

  const rows = Math.ceil(viewport / rowHeight) + 1;
  const first = Math.floor(top) + 1;
  const last = Math.min(store.total, first + rows);
  useEffect(() => {
    if (store.total > 0 && viewport > 0) store.want(first, last);
  });

  const onScroll = (): void => {
    const element = scroller.current;
    if (element === null) return;
    const at = element.scrollTop;
    if (Math.abs(at - placed.current) < 1.5) return;
    const moved = topAt(at, facts);
    placed.current = at;
    setScroller({ top: moved, following: moved >= lastTop(facts) - 0.5 && !hasEnded });
  };
  /** Where the wheel has got to since the last picture: it may turn several times before the next. */
  const aimed = useRef<number | null>(null);
  const onFrame = useEffectEvent(() => {
    const next = aimed.current;
    aimed.current = null;
    if (next !== null) moveTo(next, next >= lastTop(facts) - 0.5);
  });
  const onWheel = useEffectEvent((event: WheelEvent): void => {
    if (event.ctrlKey || event.deltaY === 0 || !isScaled(facts)) return;
    event.preventDefault();
    const pixels = event.deltaMode === 1 ? event.deltaY * rowHeight : event.deltaMode === 2 ? event.deltaY * viewport : event.deltaY;
    if (aimed.current === null) requestAnimationFrame(() => onFrame());
    aimed.current = Math.min(lastTop(facts), Math.max(0, (aimed.current ?? top) + pixels / rowHeight));
  });
  useEffect(() => {
    const element = scroller.current;
    const turn = (event: WheelEvent): void => onWheel(event);
    // A listener that may keep the browser from scrolling cannot be given through React.
    element?.addEventListener("wheel", turn, { passive: false });
    return () => element?.removeEventListener("wheel", turn);
  }, []);
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(viewport / rowHeight) - 1);
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, " ": page };
    const next =
      event.key === "Home"
        ? 0
        : event.key === "End"
          ? lastTop(facts)
          : steps[event.key] === undefined
            ? null
            : top + (steps[event.key] ?? 0);
    if (next === null) return;
    event.preventDefault();
    moveTo(next, next >= lastTop(facts) - 0.01 && !hasEnded);
  };

  const choose = (line: number, extend: boolean): void => {
    if (!extend || range === null) onChoose(range?.from === line && range.to === line ? undefined : String(line));
    else onChoose(line < range.from ? renderLines(line, range.to) : renderLines(range.from, line));
  };
  const download = async (stream: "stdout" | "stderr" | undefined): Promise<void> => {
    try {
      const address = `/api/v1/runs/${runId}/log${stream === undefined ? "" : `?stream=${stream}`}`;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await (await send("GET", address, { background: false })).blob());
      link.download = `${runId}${stream === undefined ? "" : `.${stream}`}.log`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    } catch (error) {
      notifyProblem(error);
    }
  };
  const copyLink = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(location.href);
      notify({ tone: "good", title: t(commonTexts.copied) });
    } catch (error) {
      notifyProblem(error);
    }
  };

  const fresh = following ? 0 : store.total - seenTotal;
  const step = (by: number): void => {
    const line = search.step(by);
    if (line !== null) goTo(line);
  };
  // The first match comes to the reader; where the address that he came with names lines, those were meant.
  const hasAsked = useRef(false);
  const showFirst = useEffectEvent(() => {
    if (range === null || hasAsked.current) step(1);
  });
  const hasFirst = search.lines.length > 0 && search.at === null;
  useEffect(() => {
    if (hasFirst) showFirst();
  }, [hasFirst]);
  const digits = Math.max(3, String(store.total).length);

  return (
    <div className={classes.log}>
      <div className={classes.tools}>
        <form
          className={classes.find}
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            hasAsked.current = true;
            if (wanted === find) step(1);
            else onFind(wanted);
          }}
        >
          <TextInput
            size="xs"
            aria-label={t(logTexts.find)}
            placeholder={t(logTexts.find)}
            value={wanted}
            maxLength={200}
            data-log-find
            onChange={(event) => setWanted(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && event.shiftKey) {
                event.preventDefault();
                step(-1);
              }
              if (event.key === "Escape" && wanted !== "") {
                event.stopPropagation();
                setWanted("");
                onFind("");
              }
            }}
          />
          <ActionIcon
            size="md"
            variant="default"
            aria-label={t(logTexts.findPrevious)}
            disabled={search.lines.length === 0}
            onClick={() => step(-1)}
          >
            <span aria-hidden="true">↑</span>
          </ActionIcon>
          <ActionIcon
            size="md"
            variant="default"
            aria-label={t(logTexts.findNext)}
            disabled={search.lines.length === 0}
            onClick={() => step(1)}
          >
            <span aria-hidden="true">↓</span>
          </ActionIcon>
          <span role="status" className={classes.found}>
            {find === ""
              ? ""
              : search.searchingFrom !== null && search.lines.length === 0
                ? t(logTexts.searching, { line: search.searchingFrom })
                : search.lines.length === 0
                  ? t(logTexts.foundNone)
                  : search.at === null
                    ? t(logTexts.lines, { count: search.lines.length })
                    : t(search.more ? logTexts.foundMore : logTexts.foundAt, { at: search.at + 1, total: search.lines.length })}
          </span>
        </form>
        <span className={classes.grow} />
        <NumberInput
          size="xs"
          className={classes.goTo}
          aria-label={t(logTexts.goToLine)}
          placeholder={t(logTexts.goToLine)}
          min={1}
          max={Math.max(1, store.total)}
          allowDecimal={false}
          hideControls
          onKeyDown={(event) => {
            const line = Number(event.currentTarget.value.replaceAll(/\D/g, ""));
            if (event.key !== "Enter" || line < 1) return;
            onChoose(String(Math.min(line, store.total)));
            goTo(Math.min(line, store.total));
          }}
        />
        {range === null ? null : (
          <Button size="xs" variant="default" onClick={() => void copyLink()}>
            {range.from === range.to
              ? t(logTexts.linkLine, { line: String(range.from) })
              : t(logTexts.linkLines, { lines: renderLines(range.from, range.to) })}
          </Button>
        )}
        {hasEnded ? null : (
          <Button
            size="xs"
            variant={following ? "light" : "default"}
            aria-pressed={following}
            onClick={() => (following ? setScroller({ top, following: false }) : moveTo(lastTop(facts), true))}
          >
            {t(following ? logTexts.following : logTexts.follow)}
          </Button>
        )}
        <Menu position="bottom-end">
          <Menu.Target>
            <Button size="xs" variant="default">
              {t(logTexts.download)}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => void download(undefined)}>{t(logTexts.downloadAll)}</Menu.Item>
            <Menu.Item onClick={() => void download("stdout")}>{t(logTexts.downloadOut)}</Menu.Item>
            <Menu.Item onClick={() => void download("stderr")}>{t(logTexts.downloadErr)}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      <div ref={sizeRef} className={classes.frame}>
        {store.problem !== null && store.total === 0 ? (
          <ProblemState error={store.problem} retry={() => void store.open()} />
        ) : !store.loaded ? (
          <LoadingState />
        ) : store.total === 0 ? (
          <EmptyState
            title={t(hasEnded || store.ended ? logTexts.nothing : logTexts.notYet)}
            hint={hasEnded || store.ended ? undefined : t(logTexts.waits)}
          />
        ) : null}
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- it scrolls by lines, which only it can */}
        <div
          ref={scroller}
          className={classes.scroller}
          role="log"
          aria-live="off"
          aria-label={t(logTexts.title)}
          aria-describedby="log-keys"
          // A region that scrolls must be reachable with the keyboard.
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          tabIndex={store.total === 0 ? -1 : 0}
          hidden={store.total === 0}
          onScroll={onScroll}
          onKeyDown={onKeyDown}
          onClick={(event) => {
            const line = (event.target as Element).closest<HTMLElement>("[data-line]")?.dataset["line"];
            if (line !== undefined) choose(Number(line), event.shiftKey);
          }}
        >
          <div style={{ height: contentHeight(facts) }}>
            <div className={classes.window} style={{ height: viewport }}>
              <div style={{ transform: `translateY(${-(top % 1) * rowHeight}px)` }}>
                {Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => {
                  const number = first + index;
                  return (
                    <Row
                      // A row that has left is used again for the next that comes: making elements takes longer than changing their text.
                      key={number % (rows + 1)}
                      number={number}
                      line={store.line(number)}
                      digits={digits}
                      isChosen={range !== null && number >= range.from && number <= range.to}
                      isCurrent={search.current === number}
                      wanted={find}
                    />
                  );
                })}
              </div>
            </div>
          </div>
        </div>
        {fresh > 0 ? (
          <Button className={classes.fresh} size="xs" onClick={() => moveTo(lastTop(facts), true)}>
            {t(logTexts.newLines, { count: fresh })} ↓
          </Button>
        ) : null}
      </div>
      <div className={classes.foot}>
        <span role="status">
          {store.complete ? t(logTexts.lines, { count: store.total }) : t(logTexts.counting, { count: store.total })}
          {" · "}
          {hasEnded
            ? t(logTexts.ended)
            : store.stream === "live"
              ? t(shellTexts.live)
              : store.stream === "offline"
                ? t(logTexts.offline)
                : ""}
        </span>
        <span id="log-keys" className={classes.keys}>
          {t(logTexts.keys)}
        </span>
      </div>
    </div>
  );
};
