/** Durations with units (`90s`, `10m`, `1h30m`, `500ms`), as in definitions, settings and flags. */
const factors: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const whole = /^(?:\d+(?:ms|s|m|h|d))+$/;
const part = /(\d+)(ms|s|m|h|d)/g;

/** Milliseconds of a duration text; null when the text is not one or is beyond 10 years. */
export const parseDuration = (text: string): number | null => {
  if (text.length > 40 || !whole.test(text)) return null;
  let total = 0;
  for (const [, digits, unit] of text.matchAll(part)) total += Number(digits) * (factors[unit ?? ""] ?? Number.NaN);
  return Number.isSafeInteger(total) && total <= 10 * 365 * 86_400_000 ? total : null;
};

/** The shortest text of a duration: `90000` -> `1m30s`. */
export const renderDuration = (durationMs: number): string => {
  if (!Number.isFinite(durationMs) || durationMs < 0) return String(durationMs);
  if (durationMs === 0) return "0s";
  let rest = Math.round(durationMs);
  let text = "";
  for (const unit of ["d", "h", "m", "s", "ms"]) {
    const factor = factors[unit] ?? 1;
    if (rest >= factor) {
      text += `${Math.floor(rest / factor)}${unit}`;
      rest %= factor;
    }
  }
  return text;
};
