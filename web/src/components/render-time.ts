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

export const renderDuration = (ms: number): string => {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 90_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 5_400_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`;
};

export const renderBytes = (bytes: number): string => {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1_048_576 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1_048_576).toFixed(1)} MiB`;
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
