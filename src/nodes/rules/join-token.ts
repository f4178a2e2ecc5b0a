/**
 * The join token as people carry it (S8): `bhfj_` and base64url of version, 32 random bytes, the SHA-256 of the CA's certificate, and the address of the
 * agent listener. So the node knows whom it talks to before it says anything. Pure; the random bytes are an argument.
 */
import { problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";

export interface JoinToken {
  /** 32 bytes in hex. */
  readonly secret: string;
  /** SHA-256 of the CA certificate's DER, hex. */
  readonly caFingerprint: string;
  /** `host:port`. */
  readonly address: string;
}

const prefix = "bhfj_";
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const hex64 = /^[0-9a-f]{64}$/;
const addressPattern = /^(?:\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]{1,253}):\d{1,5}$/;

const encode = (bytes: readonly number[]): string => {
  let encoded = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const left = bytes.length - index;
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    for (let at = 0; at < Math.min(left, 3) + 1; at += 1) encoded += alphabet.charAt((group >> (18 - 6 * at)) & 63);
  }
  return encoded;
};

const decode = (encoded: string): readonly number[] | null => {
  const bytes: number[] = [];
  let held = 0;
  let bits = 0;
  for (const character of encoded) {
    const value = alphabet.indexOf(character);
    if (value < 0) return null;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 0xff);
    }
  }
  return encode(bytes) === encoded ? bytes : null;
};

const bytesOf = (hex: string): readonly number[] =>
  Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16));
const hexOf = (bytes: readonly number[]): string => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** The text of a token. */
export const renderJoinToken = (token: JoinToken): string =>
  prefix +
  encode([
    1,
    ...bytesOf(token.secret),
    ...bytesOf(token.caFingerprint),
    ...Array.from(token.address, (character) => character.charCodeAt(0) & 0x7f),
  ]);

/** Reads a token. The problem never holds any of it. */
export const readJoinToken = (given: string): Result<JoinToken> => {
  const bytes = given.startsWith(prefix) && given.length <= 600 ? decode(given.slice(prefix.length)) : null;
  if (bytes === null || bytes[0] !== 1 || bytes.length < 68) return refuse(problem("nodes.bad-token", "the text is not a join token"));
  const address = bytes
    .slice(65)
    .map((byte) => String.fromCharCode(byte))
    .join("");
  if (!addressPattern.test(address)) return refuse(problem("nodes.bad-token", "the text is not a join token"));
  return ok({ secret: hexOf(bytes.slice(1, 33)), caFingerprint: hexOf(bytes.slice(33, 65)), address });
};

/** Whether a text may stand in a token as address. */
export const isListenerAddress = (address: string): boolean => addressPattern.test(address);

/** Whether a text is a SHA-256 in hex. */
export const isFingerprint = (fingerprint: string): boolean => hex64.test(fingerprint);
