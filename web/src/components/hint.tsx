/**
 * A line of text beside what it explains, on hover and on focus; Escape puts it away (WCAG 1.4.13). Its own few lines: the library's
 * tooltip brings a positioning engine of 18 KB that nothing else on a first page needs.
 */
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import classes from "#web/components/hint.module.css";

export interface HintProps {
  readonly label: string;
  readonly children: React.ReactNode;
}

const openMs = 200;
/** Long enough to move the pointer onto the hint itself. */
const closeMs = 120;
const gapPx = 6;
const edgePx = 8;

export const Hint = ({ label, children }: HintProps): React.ReactElement => {
  const anchor = useRef<HTMLSpanElement>(null);
  const shown = useRef<HTMLSpanElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [open, setOpen] = useState(false);
  const later = (next: boolean, ms: number): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setOpen(next), ms);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    if (!open) return undefined;
    const close = (event: KeyboardEvent): void => {
      if (event.key === "Escape") setOpen(false);
    };
    addEventListener("keydown", close);
    return () => removeEventListener("keydown", close);
  }, [open]);
  useLayoutEffect(() => {
    const hint = shown.current;
    if (!open || hint === null) return;
    // What is explained may have no box of its own width (a line of text): its own first child has one.
    const target = (anchor.current?.firstElementChild ?? anchor.current)?.getBoundingClientRect();
    if (target === undefined) return;
    hint.showPopover();
    const { width, height } = hint.getBoundingClientRect();
    const below = target.bottom + gapPx;
    const top = below + height > innerHeight - edgePx ? target.top - gapPx - height : below;
    hint.style.left = `${Math.max(edgePx, Math.min(target.left + target.width / 2 - width / 2, innerWidth - width - edgePx))}px`;
    hint.style.top = `${Math.max(edgePx, top)}px`;
  }, [open]);
  return (
    <span
      ref={anchor}
      className={classes.anchor}
      onMouseEnter={() => later(true, openMs)}
      onMouseLeave={() => later(false, closeMs)}
      onFocus={() => later(true, 0)}
      onBlur={() => later(false, 0)}
    >
      {children}
      {open ? (
        <span ref={shown} role="tooltip" popover="manual" className={classes.hint}>
          {label}
        </span>
      ) : null}
    </span>
  );
};
