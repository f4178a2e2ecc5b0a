/**
 * The one table of the cockpit: cursor-paged and virtualised, so that 100,000 rows scroll like forty, walked with the keyboard row by
 * row, its count honest about what is loaded. A column that needs more room than there is goes; what it said moves below the first one.
 */
import { defaultRangeExtractor, useVirtualizer, type Range } from "@tanstack/react-virtual";
import { Fragment, memo, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Button } from "@mantine/core";
import { stateTexts, tableTexts, commonTexts } from "#web/i18n/texts/common.ts";
import { useLanguage, useText } from "#web/i18n/language.ts";
import { EmptyState, LoadingState, ProblemState } from "#web/components/states.tsx";
import { renderLocal } from "#web/components/render-time.ts";
import type { List } from "#web/components/use-list.ts";
import { likelySize, useSize, type Size } from "#web/components/use-size.ts";
import classes from "#web/components/data-table.module.css";

export interface Column<T> {
  readonly id: string;
  readonly header: React.ReactNode;
  readonly cell: (row: T) => React.ReactNode;
  /** Pixels; absent: shares what is left. */
  readonly width?: number;
  /** Its part of what is left; absent: 1. */
  readonly share?: number;
  /** Shown only where the table is at least so many pixels wide. */
  readonly from?: number;
  readonly align?: "right";
  /** The second line stands below this one; absent everywhere: below the first. */
  readonly main?: true;
}

export interface DataTableProps<T> {
  /** What the table is called for those who hear it. */
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly list: List<T>;
  readonly rowId: (row: T) => string;
  /** A second line below the first cell, where columns had to go. */
  readonly narrowLine?: (row: T) => React.ReactNode;
  /** Enter, or a click beside links and buttons. */
  readonly onOpen?: (row: T) => void;
  /** Id of the row that is shown beside the table. */
  readonly openId?: string | null;
  /** In place of rows, where there are none at all. */
  readonly empty?: React.ReactNode;
  /** Filters are set: "nothing matches" instead of "nothing here". */
  readonly onClearFilters?: (() => void) | undefined;
}

const rowHeight = 34;
/** Where there is little room a column of a word or two takes no more than those need: the rest is the name's. */
const narrowColumnPx = 124;
const tallRowHeight = 54;
/** Below this width the second line is shown. */
const narrowPx = 640;
/** The next page is asked for when so many rows or fewer lie below what is seen. */
const ahead = 60;

const nextIndex = (key: string, index: number, count: number, page: number): number | null => {
  const last = count - 1;
  switch (key) {
    case "ArrowDown":
    case "j":
      return Math.min(last, index + 1);
    case "ArrowUp":
    case "k":
      return Math.max(0, index - 1);
    case "PageDown":
      return Math.min(last, index + page);
    case "PageUp":
      return Math.max(0, index - page);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
};

/** How wide each column is; what has no width of its own shares what is left. */
const widthsOf = <T,>(columns: readonly Column<T>[], main: number, whole: number, narrow: boolean): readonly (number | undefined)[] => {
  const own = columns.map(({ width }, place) =>
    width === undefined || !narrow || place === main ? width : Math.min(width, narrowColumnPx),
  );
  const left = Math.max(
    0,
    own.reduce<number>((rest, width) => rest - (width ?? 0), whole),
  );
  const shares = columns.reduce((sum, { width, share = 1 }) => sum + (width === undefined ? share : 0), 0);
  return columns.map(({ share = 1 }, place) => own[place] ?? (whole === 0 ? undefined : (left * share) / shares));
};

/** What is cut off is told by the browser's own hint. Said when it is pointed at: measuring every cell beforehand would cost a layout. */
const tellWhatIsCut = ({ target }: React.PointerEvent): void => {
  const cell = (target as Element).closest<HTMLElement>(`.${classes.cell}, .${classes.second}, td, th`);
  if (cell === null) return;
  if (cell.scrollWidth > cell.clientWidth) cell.title = cell.textContent;
  else cell.removeAttribute("title");
};

const isControl = (target: EventTarget, row: Element): boolean => {
  const control = (target as Element).closest("a, button, input, select, textarea, label");
  return control !== null && row.contains(control);
};

interface RowProps<T> {
  readonly row: T;
  readonly index: number;
  readonly columns: readonly Column<T>[];
  readonly height: number;
  /** Place of the column that has the second line. */
  readonly main: number;
  readonly isCurrent: boolean;
  /** Null: no row is shown beside the table. */
  readonly isOpen: boolean | null;
  /** Undefined: there is room for all columns. */
  readonly narrowLine: ((row: T) => React.ReactNode) | undefined;
  readonly onOpen: ((row: T) => void) | undefined;
  readonly onActive: (index: number) => void;
}

const PlainRow = <T,>({ row, index, columns, height, main, isCurrent, isOpen, narrowLine, onOpen, onActive }: RowProps<T>) => (
  <tr
    data-index={index}
    aria-rowindex={index + 2}
    aria-selected={isOpen ?? undefined}
    tabIndex={isCurrent ? 0 : -1}
    data-opens={onOpen !== undefined}
    style={{ height }}
    onFocus={() => onActive(index)}
    onClick={(event) => {
      if (onOpen !== undefined && !isControl(event.target, event.currentTarget) && getSelection()?.isCollapsed !== false) onOpen(row);
    }}
  >
    {columns.map((column, place) => (
      <td key={column.id} data-align={column.align}>
        {narrowLine !== undefined && place === main ? (
          <>
            <div className={classes.cell}>{column.cell(row)}</div>
            <div className={classes.second}>{narrowLine(row)}</div>
          </>
        ) : (
          column.cell(row)
        )}
      </td>
    ))}
  </tr>
);
/** Remembered, so that scrolling draws only what comes into sight. */
const Row = memo(PlainRow) as typeof PlainRow;

/** Sizes of the tables as they were last, by what they are called: what is drawn before a table can be measured goes by them. */
const sizes = new Map<string, Size>();
let lastSize: Size | null = null;
/** Of a table that was never there: as any other was. */
const likely = (label: string): Size => sizes.get(label) ?? lastSize ?? likelySize();

export function DataTable<T>(props: DataTableProps<T>): React.ReactElement {
  const { label, list, rowId, onOpen, openId = null, narrowLine } = props;
  const t = useText();
  const scroller = useRef<HTMLDivElement>(null);
  const { ref: sizeRef, width } = useSize(() => likely(label));
  const [active, setActive] = useState(0);
  /** Index of the row that is to get the focus once it is there: a render that was under way before may still show another as the current one. */
  const wantsFocus = useRef<number | null>(null);
  const { rows } = list;
  const narrow = narrowLine !== undefined && width > 0 && width < narrowPx;
  const height = narrow ? tallRowHeight : rowHeight;
  const hasRoom = ({ from }: Column<T>): boolean => from === undefined || width === 0 || width >= from;
  const room = props.columns.map(hasRoom).join();
  const columns = useMemo(
    () => props.columns.filter(hasRoom),
    // As long as the same columns have room they stay the same, whatever the width: else each measuring would draw every row once more.
    // oxlint-disable-next-line react/exhaustive-deps, react/exhaustive-effect-dependencies, react/memo-dependencies
    [props.columns, room],
  );

  const main = Math.max(
    0,
    columns.findIndex((column) => column.main === true),
  );
  const widths = useMemo(() => widthsOf(columns, main, width, narrow), [columns, main, width, narrow]);
  const current = Math.min(active, Math.max(0, rows.length - 1));
  // The row with the focus stays in the document wherever one scrolls: without it the focus, and the keys with it, would be lost.
  const rangeExtractor = useCallback(
    (range: Range): number[] =>
      [...new Set([...defaultRangeExtractor(range), ...(current < range.count ? [current] : [])])].sort((a, b) => a - b),
    [current],
  );
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    initialRect: likely(label),
    // Rows beyond what is seen cost as much as those that are: 12 each way took 18 ms of processor time a frame, 5 take 12.
    overscan: 5,
    rangeExtractor,
  });
  const measured = useRef(height);
  useEffect(() => {
    if (measured.current === height) return;
    measured.current = height;
    virtual.measure();
  }, [virtual, height]);
  useEffect(() => {
    // As the list of rows has measured it: asking the element again would have it laid out again.
    const height = virtual.scrollRect?.height ?? 0;
    if (width === 0 || height === 0) return;
    lastSize = { width, height };
    sizes.set(label, lastSize);
  }, [label, width, virtual]);
  const items = virtual.getVirtualItems();
  const lastSeen = virtual.range?.endIndex ?? 0;
  const { hasMore, isLoadingMore, loadMore, error } = list;
  useEffect(() => {
    if (hasMore && !isLoadingMore && error === null && rows.length > 0 && lastSeen >= rows.length - ahead) loadMore();
  }, [hasMore, isLoadingMore, loadMore, error, rows.length, lastSeen]);
  useEffect(() => {
    if (wantsFocus.current === null) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${wantsFocus.current}"]`);
    if (row === null || row === undefined) return;
    wantsFocus.current = null;
    row.focus({ preventScroll: true });
  });

  if (list.isPending) return <LoadingState />;
  if (rows.length === 0) {
    if (list.error !== null) return <ProblemState error={list.error} retry={list.reload} />;
    if (props.onClearFilters !== undefined)
      return (
        <EmptyState
          title={t(tableTexts.noMatch)}
          action={
            <Button size="xs" variant="default" onClick={props.onClearFilters}>
              {t(tableTexts.clearFilters)}
            </Button>
          }
        />
      );
    return <>{props.empty ?? <EmptyState title={t(tableTexts.noRows)} />}</>;
  }

  const goTo = (index: number): void => {
    wantsFocus.current = index;
    setActive(index);
    virtual.scrollToIndex(index);
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const row = (event.target as Element).closest("[data-index]");
    if (row === null || event.altKey || event.ctrlKey || event.metaKey) return;
    const next = nextIndex(
      event.key,
      current,
      rows.length,
      Math.max(1, Math.floor((scroller.current?.clientHeight ?? height) / height) - 2),
    );
    if (next !== null) {
      event.preventDefault();
      goTo(next);
    } else if (event.key === "Enter" && event.target === row && onOpen !== undefined) {
      const chosen = rows[current];
      if (chosen !== undefined) onOpen(chosen);
    }
  };
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);

  return (
    <div className={classes.frame}>
      <div ref={scroller} className={classes.scroller} onKeyDown={onKeyDown} onPointerOver={tellWhatIsCut}>
        <div ref={sizeRef}>
          <table
            role="grid"
            aria-label={label}
            aria-rowcount={list.total === null ? -1 : list.total + 1}
            aria-colcount={columns.length}
            className={classes.table}
          >
            <colgroup>
              {columns.map((column, place) => (
                <col key={column.id} style={{ width: widths[place] }} />
              ))}
            </colgroup>
            <thead>
              <tr aria-rowindex={1}>
                {columns.map((column) => (
                  <th key={column.id} scope="col" data-align={column.align}>
                    {column.header}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {items.map((item, position) => {
                const row = rows[item.index];
                const gap = item.start - (items[position - 1]?.end ?? 0);
                if (row === undefined) return null;
                const id = rowId(row);
                return (
                  <Fragment key={id}>
                    {gap > 0 ? <tr aria-hidden="true" style={{ height: gap }} /> : null}
                    <Row
                      row={row}
                      index={item.index}
                      columns={columns}
                      height={height}
                      main={main}
                      isCurrent={item.index === current}
                      isOpen={openId === null ? null : id === openId}
                      narrowLine={narrow ? narrowLine : undefined}
                      onOpen={onOpen}
                      onActive={setActive}
                    />
                  </Fragment>
                );
              })}
              {after > 0 ? <tr aria-hidden="true" style={{ height: after }} /> : null}
            </tbody>
          </table>
        </div>
      </div>
      <Foot list={list} />
    </div>
  );
}

const Foot = <T,>({ list }: { readonly list: List<T> }): React.ReactElement => {
  const t = useText();
  const language = useLanguage();
  const loaded = list.rows.length;
  const count = list.hasMore
    ? list.total === null
      ? t(tableTexts.countMore, { count: loaded })
      : t(tableTexts.countOf, { loaded, total: list.total })
    : t(tableTexts.countAll, { count: loaded });
  return (
    <div className={classes.foot}>
      <span role="status">{list.isLoadingMore ? t(tableTexts.loadingMore) : count}</span>
      {list.error === null ? null : (
        <span className={classes.failed}>
          {list.hasMore && list.isLoadingMore
            ? t(tableTexts.moreFailed)
            : t(stateTexts.stale, { time: renderLocal(new Date(list.updatedAtMs).toISOString(), language) })}
          <Button size="compact-xs" variant="default" onClick={list.hasMore ? list.loadMore : list.reload}>
            {t(commonTexts.retry)}
          </Button>
        </span>
      )}
    </div>
  );
};
