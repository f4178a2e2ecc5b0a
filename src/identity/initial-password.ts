/** The password that an account gets when nobody chose one (D30-D32), and the one-time password of `root` (S13). */
import { randomBytes } from "node:crypto";
import type { IdentitySettings } from "#identity/rules/identity-settings.ts";
import { madePasswordAlphabet } from "#identity/rules/password-rules.ts";

/** A random password in groups of five: at least 100 bits, and at least as long as the minimum asks. */
export const randomPassword = (minimumLength: number): string => {
  const groups = Math.max(4, Math.ceil((minimumLength + 1) / 6));
  return Array.from({ length: groups }, () => Array.from(randomBytes(5), (byte) => madePasswordAlphabet.charAt(byte & 31)).join("")).join(
    "-",
  );
};

export interface InitialPassword {
  readonly password: string;
  /** Random, to be shown once; else it is the one from the settings, which administrators know. */
  readonly generated: boolean;
}

export const makeInitialPassword = (settings: IdentitySettings): InitialPassword =>
  settings.initialPassword === null
    ? { password: randomPassword(settings.minimumPasswordLength), generated: true }
    : { password: settings.initialPassword, generated: false };

/** When an initial password given now dies. The administrator's own is short-lived (S13). */
export const initialPasswordExpiry = (settings: IdentitySettings, nameKey: string, nowMs: number): number =>
  nowMs + (nameKey === "root" ? settings.rootPasswordLifeMs : settings.initialPasswordLifeMs);
