/** What a shadow entry says about an account that nobody logs in to with a password (O4). Pure. */
import type { OsAccount } from "#launch/rules/os-account.ts";

export interface ShadowEntry {
  readonly password: string;
  /** Days since 1970; -1: not set. */
  readonly lastChangeDay: number;
  readonly maxDays: number;
  readonly inactiveDays: number;
  readonly expireDay: number;
}

/** Hashes have a method (`$6$…`, `_…`) or are 13 characters of traditional crypt. */
const looksLikeHash = (text: string): boolean => /^[$_]./.test(text) || /^[./0-9A-Za-z]{13}$/.test(text);

/** `!` or `*` alone is the normal service account; `!` before a hash is an account that someone locked. */
export const judgeShadow = (entry: ShadowEntry, today: number): OsAccount["state"] => {
  if (entry.expireDay >= 0 && today >= entry.expireDay) return "expired";
  const passwordAges = entry.lastChangeDay > 0 && entry.maxDays >= 0 && entry.inactiveDays >= 0;
  if (passwordAges && looksLikeHash(entry.password) && today > entry.lastChangeDay + entry.maxDays + entry.inactiveDays) return "expired";
  const bare = entry.password.replace(/^!+/, "");
  return bare !== entry.password && looksLikeHash(bare) ? "locked" : "usable";
};
