/** How large an element is inside: known before it is painted for the first time, so that what depends on it is drawn once, and followed from then on. */
import { useCallback, useState } from "react";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** `guess`: what it will probably be; what is drawn before it can be measured goes by that. */
export const useSize = (guess: () => Size = () => ({ width: 0, height: 0 })) => {
  const [size, setSize] = useState(guess);
  const ref = useCallback((element: HTMLElement | null) => {
    if (element === null) return undefined;
    const measure = (): void => {
      const { clientWidth: width, clientHeight: height } = element;
      setSize((before) => (before.width === width && before.height === height ? before : { width, height }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, ...size };
};

/** Of a table that was never there: what the window leaves beside the navigation, and below the heading. */
export const likelySize = (): Size => ({
  width: Math.max(0, innerWidth - (innerWidth > 760 ? 240 : 40)),
  height: Math.max(0, innerHeight - 200),
});
