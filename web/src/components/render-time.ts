/** How instants and durations are written. Pure: the clock is an argument. */
import type { Language } from "#web/i18n/text.ts";

const relative: Readonly<Record<Language, Intl.RelativeTimeFormat>> = {
  en: new Intl.RelativeTimeFormat("en", { numeric: "always", style: "narrow" }),
  de: new Intl.RelativeTimeFormat("de", { numeric: "always", style: "short" }),
};
const justNow: Readonly<Record<Language, string>> = { en: "just now", de: "gerade eben" };
const local: Readonly<Record<Language, Intl.DateTimeFormat>> = {
  en: new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" }),
  de: new Intl.DateTimeFormat("de-DE", { dateStyle: "medium", timeStyle: "medium" }),
};

const steps: readonly (readonly [underSeconds: number, unit: Intl.RelativeTimeFormatUnit, seconds: number])[] = [
  [90, "second", 1],
  [5400, "minute", 60],
  [129_600, "hour", 3600],
  [Number.POSITIVE_INFINITY, "day", 86_400],
];

export const renderAgo = (atMs: number, nowMs: number, language: Language): string => {
  const seconds = (nowMs - atMs) / 1000;
  if (Math.abs(seconds) < 5) return justNow[language];
  const [, unit, size] = steps.find(([under]) => Math.abs(seconds) < under) ?? ["", "day", 86_400];
  return relative[language].format(-Math.round(seconds / size), unit);
};

const clockTime: Readonly<Record<Language, Intl.DateTimeFormat>> = {
  en: new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }),
  de: new Intl.DateTimeFormat("de-DE", { hour: "2-digit", minute: "2-digit" }),
};
const dayOfMonth: Readonly<Record<Language, Intl.DateTimeFormat>> = {
  en: new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" }),
  de: new Intl.DateTimeFormat("de-DE", { day: "numeric", month: "short" }),
};

/** At the axis of a chart whose ticks are so far apart: the time of day, or the day where one begins. */
export const renderTick = (atSeconds: number, stepSeconds: number, language: Language): string => {
  const at = new Date(atSeconds * 1000);
  return stepSeconds >= 86_400 || (at.getHours() === 0 && at.getMinutes() === 0)
    ? dayOfMonth[language].format(at)
    : clockTime[language].format(at);
};

export const renderLocal = (at: string, language: Language): string => local[language].format(new Date(at));

/** `2026-03-01 09:30:12`. */
export const renderUtc = (at: string): string => new Date(at).toISOString().slice(0, 19).replace("T", " ");

const oneDigit: Readonly<Record<Language, Intl.NumberFormat>> = {
  en: new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
  de: new Intl.NumberFormat("de", { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
};

export const renderDuration = (ms: number, language: Language): string => {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 89_950) return `${oneDigit[language].format(ms / 1000)} s`;
  // Rounded before it is divided: 60 s are a minute, not `1 min 60 s`.
  const seconds = Math.round(ms / 1000);
  if (seconds < 5400) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(ms / 60_000);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

export const renderBytes = (bytes: number, language: Language): string => {
  if (bytes < 1024) return `${bytes} B`;
  const [size, unit] = bytes < 1024 ** 2 ? [1024, "KiB"] : bytes < 1024 ** 3 ? [1024 ** 2, "MiB"] : [1024 ** 3, "GiB"];
  return `${oneDigit[language].format(bytes / Number(size))} ${unit}`;
};

const two = (value: number): string => String(value).padStart(2, "0");

/** For an input of kind `datetime-local`: local time to the minute. */
export const inputInstant = (iso: string): string => {
  const at = new Date(iso);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
};

/** What such an input says, as ISO 8601 in UTC; undefined where it says nothing. */
export const outputInstant = (local: string): string | undefined => {
  const ms = Date.parse(local);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
};
