/**
 * A line of text beside what it explains, on hover and on focus; Escape puts it away (WCAG 1.4.13). Its own few lines: the library's
 * tooltip brings a positioning engine of 18 KB that nothing else on a first page needs.
 */
import { useEffect, useEffectEvent, useLayoutEffect, useRef, useState } from "react";
import { Words } from "#web/components/words.tsx";
import classes from "#web/components/hint.module.css";

export interface HintProps {
  readonly label: string;
  /** Of the label, where it is not the page's. */
  readonly lang?: string | undefined;
  readonly children: React.ReactNode;
}

const openMs = 200;
/** Long enough to move the pointer onto the hint itself. */
const closeMs = 120;
const gapPx = 6;
const edgePx = 8;

interface OpenHintProps {
  readonly label: string;
  readonly lang: string | undefined;
  readonly anchor: HTMLElement;
  readonly onEscape: () => void;
}

/** The hint itself, while it is open: a page has a hundred that are not. */
const OpenHint = ({ label, lang, anchor, onEscape }: OpenHintProps): React.ReactElement => {
  const shown = useRef<HTMLSpanElement>(null);
  const escaped = useEffectEvent(onEscape);
  useEffect(() => {
    const close = (event: KeyboardEvent): void => {
      if (event.key === "Escape") escaped();
    };
    addEventListener("keydown", close);
    return () => removeEventListener("keydown", close);
  }, []);
  useLayoutEffect(() => {
    const hint = shown.current;
    if (hint === null) return;
    // What is explained may have no box of its own width (a line of text): its own first child has one.
    const target = (anchor.firstElementChild ?? anchor).getBoundingClientRect();
    hint.showPopover();
    const { width, height } = hint.getBoundingClientRect();
    const below = target.bottom + gapPx;
    const top = below + height > innerHeight - edgePx ? target.top - gapPx - height : below;
    hint.style.left = `${Math.max(edgePx, Math.min(target.left + target.width / 2 - width / 2, innerWidth - width - edgePx))}px`;
    hint.style.top = `${Math.max(edgePx, top)}px`;
  }, [anchor]);
  return (
    <span ref={shown} role="tooltip" popover="manual" lang={lang} className={classes.hint}>
      <Words text={label} />
    </span>
  );
};

export const Hint = ({ label, lang, children }: HintProps): React.ReactElement => {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [openAt, setOpenAt] = useState<HTMLElement | null>(null);
  const later = (anchor: HTMLElement | null, ms: number): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setOpenAt(anchor), ms);
  };
  return (
    <span
      className={classes.anchor}
      onMouseEnter={(event) => later(event.currentTarget, openMs)}
      onMouseLeave={() => later(null, closeMs)}
      onFocus={(event) => later(event.currentTarget, 0)}
      onBlur={() => later(null, 0)}
    >
      {children}
      {openAt === null ? null : <OpenHint label={label} lang={lang} anchor={openAt} onEscape={() => setOpenAt(null)} />}
    </span>
  );
};
