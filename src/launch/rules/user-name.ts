/**
 * User names that may stand in a credential entry (A17, A19, A37, A58, A59): the same list of characters on every operating system, because it
 * guards against command injection. What does not belong here: whether the host has the account. Pure.
 */
import { problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";

const allowed = /^[\p{L}\p{Nd}_.\-, @]+$/u;
const maxLength = 256;

/** In a message a name must not carry control characters or be endless. */
export const showUserName = (user: string): string => user.slice(0, 64).replaceAll(/[\p{C}`]/gu, "?");

/** Refuses what A58 refuses, `DOMAIN\user` with the form that works (A19, A37), and all-digit names, which tools take for numbers (O2). */
export const checkUserName = (user: string): Result<string> => {
  if (user === "")
    return refuse(
      problem("launch.bad-user-name", "the user name is empty", { hint: "give the name of an account of the node, e.g. `svc-ledger`" }),
    );
  const shown = showUserName(user);
  const backslash = user.indexOf("\\");
  if (backslash >= 0) {
    const upn = showUserName(`${user.slice(backslash + 1)}@${user.slice(0, backslash)}`);
    return refuse(
      problem("launch.bad-user-name", `unsupported character in user name: \`${shown}\``, {
        hint: `\`DOMAIN\\user\` is not supported; write the user principal name: \`${upn}\``,
      }),
    );
  }
  if (user.length > maxLength || !allowed.test(user)) {
    return refuse(
      problem("launch.bad-user-name", `unsupported character in user name: \`${shown}\``, {
        hint: "allowed are letters, digits, space and `_ . - , @`; write domain users as `user@DOMAIN`",
      }),
    );
  }
  if (/^\p{Nd}+$/u.test(user)) {
    return refuse(
      problem("launch.bad-user-name", `the user name \`${shown}\` has digits only and would be taken for a number`, {
        hint: "give the account a name with a letter",
      }),
    );
  }
  return ok(user);
};

const folded = (user: string): string => user.normalize("NFC").toLowerCase();

/** Names compare without case, beyond ASCII too (A59). For Windows and for finding two entries that mean the same; Linux accounts compare by uid. */
export const isSameUserName = (left: string, right: string): boolean => folded(left) === folded(right);

/** The part after the first `@`; null when there is none (A59). */
export const domainOf = (user: string): string | null => {
  const at = user.indexOf("@");
  return at < 0 ? null : user.slice(at + 1);
};
