/**
 * What a terminal would show of a line: colours and weight (SGR) become segments; everything else a terminal acts on is left out, links
 * (OSC 8) too: their text stays (W5). Each line begins plain, because a page shows lines from anywhere. Pure.
 */
export interface Segment {
  readonly text: string;
  /** 0-15: the eight colours and their bright ones; null: as the page. */
  readonly fg: number | null;
  readonly bg: number | null;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
}

type Style = Omit<Segment, "text">;
const plain: Style = { fg: null, bg: null, bold: false, dim: false, italic: false, underline: false };

/** Control sequences (CSI … final), operating-system commands (OSC … BEL or ST) and the like, lone escapes; bounded by the line's length. */
// oxlint-disable-next-line no-control-regex
const sequence =
  /\u001b\[([0-?]*)[ -/]*([@-~])|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]?|\u009b([0-?]*)[ -/]*([@-~])/g;
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;

// oxlint-disable-next-line no-control-regex
const anyControl = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/;

/** The nearest of the sixteen, so that what a job colours is readable on both themes. */
const nearestOf = (red: number, green: number, blue: number): number => {
  const top = Math.max(red, green, blue);
  const low = Math.min(red, green, blue);
  if (top - low < 40) return top < 64 ? 0 : top < 128 ? 8 : top < 208 ? 7 : 15;
  const on = (value: number): number => (value - low > (top - low) / 2 ? 1 : 0);
  return on(red) + 2 * on(green) + 4 * on(blue) + (top > 170 ? 8 : 0);
};

const ofPalette = (index: number): number => {
  if (index < 16) return index;
  if (index >= 232) return nearestOf(8 + (index - 232) * 10, 8 + (index - 232) * 10, 8 + (index - 232) * 10);
  const level = (value: number): number => (value === 0 ? 0 : 55 + value * 40);
  const cube = index - 16;
  return nearestOf(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
};

/** The colour that `38` or `48` takes from the codes behind it, and how many they are. */
const extended = (codes: readonly number[], at: number): { readonly colour: number | null; readonly taken: number } => {
  if (codes[at + 1] === 5) return { colour: ofPalette(Math.min(255, codes[at + 2] ?? 0)), taken: 2 };
  if (codes[at + 1] === 2) return { colour: nearestOf(codes[at + 2] ?? 0, codes[at + 3] ?? 0, codes[at + 4] ?? 0), taken: 4 };
  return { colour: null, taken: 0 };
};

const styled = (style: Style, parameters: string): Style => {
  const codes = parameters.split(/[;:]/).map((code) => Number(code === "" ? 0 : code));
  let next = style;
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 0) next = plain;
    else if (code === 1) next = { ...next, bold: true };
    else if (code === 2) next = { ...next, dim: true };
    else if (code === 3) next = { ...next, italic: true };
    else if (code === 4) next = { ...next, underline: true };
    else if (code === 22) next = { ...next, bold: false, dim: false };
    else if (code === 23) next = { ...next, italic: false };
    else if (code === 24) next = { ...next, underline: false };
    else if (code >= 30 && code <= 37) next = { ...next, fg: code - 30 };
    else if (code >= 90 && code <= 97) next = { ...next, fg: code - 82 };
    else if (code === 39) next = { ...next, fg: null };
    else if (code >= 40 && code <= 47) next = { ...next, bg: code - 40 };
    else if (code >= 100 && code <= 107) next = { ...next, bg: code - 92 };
    else if (code === 49) next = { ...next, bg: null };
    else if (code === 38 || code === 48) {
      const { colour, taken } = extended(codes, at);
      at += taken;
      if (colour !== null) next = code === 38 ? { ...next, fg: colour } : { ...next, bg: colour };
    }
  }
  return next;
};

/** A carriage return goes back to the line's beginning: what was written last is seen. */
const lastWritten = (line: string): string => {
  if (!line.includes("\r")) return line;
  const parts = line.split("\r");
  return parts.findLast((part) => part !== "") ?? "";
};

export const parseAnsi = (line: string): readonly Segment[] => {
  const text = lastWritten(line);
  // As most lines are: nothing that a terminal would act on.
  if (!anyControl.test(text)) return text === "" ? [] : [{ ...plain, text }];
  const segments: Segment[] = [];
  let style = plain;
  const add = (piece: string): void => {
    const clean = piece.replaceAll(control, "");
    if (clean !== "") segments.push({ ...style, text: clean });
  };
  let at = 0;
  for (const match of text.matchAll(sequence)) {
    add(text.slice(at, match.index));
    at = match.index + match[0].length;
    const final = match[2] ?? match[4];
    if (final === "m") style = styled(style, match[1] ?? match[3] ?? "");
  }
  add(text.slice(at));
  return segments;
};

export interface Marked extends Segment {
  readonly found: boolean;
}

/** Nothing of it differs from the page's own text. */
export const isPlain = ({ fg, bg, bold, dim, italic, underline, found }: Marked): boolean =>
  fg === null && bg === null && !bold && !dim && !italic && !underline && !found;

const lowerAscii = (text: string): string => text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** The same segments, cut where what is looked for begins and ends. */
export const markFound = (segments: readonly Segment[], wanted: string): readonly Marked[] => {
  if (wanted === "") return segments.map((segment) => ({ ...segment, found: false }));
  const whole = lowerAscii(segments.map(({ text }) => text).join(""));
  const needle = lowerAscii(wanted);
  const cuts: number[] = [];
  for (let at = whole.indexOf(needle); at !== -1; at = whole.indexOf(needle, at + needle.length)) cuts.push(at, at + needle.length);
  const marked: Marked[] = [];
  let begin = 0;
  for (const segment of segments) {
    const end = begin + segment.text.length;
    let from = begin;
    while (from < end) {
      const passed = cuts.findIndex((cut) => cut > from);
      const to = Math.min(end, passed === -1 ? end : (cuts[passed] ?? end));
      marked.push({ ...segment, text: segment.text.slice(from - begin, to - begin), found: passed % 2 === 1 });
      from = to;
    }
    begin = end;
  }
  return marked;
};
