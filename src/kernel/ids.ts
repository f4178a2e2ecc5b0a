/**
 * Identifiers: `<kind>_<26 characters>`, time-ordered (48 bits of milliseconds, 80 random bits, Crockford base 32, lower
 * case), so that they sort by creation in every store under the C collation.
 */
import { randomFillSync } from "node:crypto";

export type IdKind = "run" | "sub" | "acc" | "ses" | "rol" | "nod" | "job" | "tok" | "inv" | "rlm" | "err" | "jrn" | "wrt" | "wit";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const pool = Buffer.allocUnsafe(4096);
let used = pool.length;

const take = (bytes: number): Buffer => {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.subarray(used - bytes, used);
};

/** A new id of the kind. `nowMs` orders it. */
export const newId = (kind: IdKind, nowMs: number): string => {
  let time = "";
  let rest = Math.max(0, Math.floor(nowMs));
  for (let index = 0; index < 10; index += 1) {
    time = alphabet.charAt(rest % 32) + time;
    rest = Math.floor(rest / 32);
  }
  let random = "";
  for (const byte of take(16)) random += alphabet.charAt(byte & 31);
  return `${kind}_${time}${random}`;
};

const idPattern = /^[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}$/;

/** Whether the text is an id of that kind. */
export const isId = (kind: IdKind, text: string): boolean => idPattern.test(text) && text.startsWith(`${kind}_`);
