/**
 * Where a line is in a scroll area that may stand for more lines than a browser can measure: beyond some 17 million pixels browsers stop, a
 * log does not. Up to a limit one pixel is one pixel; above it the bar is scaled, and wheel and keys still move by lines. Pure.
 */
export const rowHeight = 20;
/** Highest content, pixels: well below what the least of the browsers can. */
export const mostPixels = 8_000_000;

export interface ScrollFacts {
  /** Lines. */
  readonly total: number;
  /** Height of what is seen, pixels. */
  readonly viewport: number;
}

export const contentHeight = ({ total, viewport }: ScrollFacts): number => Math.max(viewport, Math.min(total * rowHeight, mostPixels));

/** The first line that can stand at the top, fractions included. */
export const lastTop = ({ total, viewport }: ScrollFacts): number => Math.max(0, total - viewport / rowHeight);

/** From the bar to the line at the top (0 = line 1), fractions included. */
export const topAt = (scrollTop: number, facts: ScrollFacts): number => {
  const range = contentHeight(facts) - facts.viewport;
  return range <= 0 ? 0 : Math.min(lastTop(facts), Math.max(0, (scrollTop / range) * lastTop(facts)));
};

/** From the line at the top to the bar. */
export const scrollOf = (top: number, facts: ScrollFacts): number => {
  const most = lastTop(facts);
  return most === 0 ? 0 : (Math.min(most, Math.max(0, top)) / most) * (contentHeight(facts) - facts.viewport);
};

/** Whether the bar is finer than a line is high: then moves by lines are made here and not by the browser. */
export const isScaled = ({ total }: ScrollFacts): boolean => total * rowHeight > mostPixels;

/** `5` or `5-9`, as the address has it; null: no lines. Either order. */
export const readLines = (text: string | undefined): { readonly from: number; readonly to: number } | null => {
  const match = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(text ?? "");
  if (match === null) return null;
  const one = Number(match[1]);
  const other = Number(match[2] ?? match[1]);
  return one < 1 || other < 1 ? null : { from: Math.min(one, other), to: Math.max(one, other) };
};

export const renderLines = (from: number, to: number): string =>
  from === to ? String(from) : `${Math.min(from, to)}-${Math.max(from, to)}`;
