/**
 * Which passwords are accepted (D30, D33, D34): long enough, not empty, not the account's name; no character classes. What does not
 * belong here: hashing.
 */
import { problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import { accountNameKey } from "#identity/rules/account-name.ts";
import { codePoints, utf8Bytes } from "#identity/rules/text-measure.ts";

/** Longer input is refused before it is hashed. */
export const longestPasswordBytes = 1024;

/** Letters of passwords that the product makes. Without i, l, o, u: they are read aloud and typed off a screen. */
export const madePasswordAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";

const madePassword = new RegExp(`^[${madePasswordAlphabet}]{5}(?:-[${madePasswordAlphabet}]{5}){3,}$`, "i");

/**
 * Whether a text could be a password that the product made. SECURITY: a one-time password is forgotten at its first use (S13), so that a forced change
 * can tell by the form alone that it is given once more, by which whoever made or carried it would know the lasting one.
 */
export const couldBeMade = (text: string): boolean => madePassword.test(text);

/** The form in which a password is hashed and compared: the same keys pressed on another system give the same text. */
export const normalisePassword = (text: string): string => text.normalize("NFC");

/** Whether it may be hashed at all: neither empty (D30), nor too long, nor broken text. Says nothing about its strength. */
export const isHashablePassword = (text: string): boolean =>
  text !== "" && text.length <= longestPasswordBytes && text.isWellFormed() && utf8Bytes(normalisePassword(text)) <= longestPasswordBytes;

/** The normalised password, or why it is not acceptable. SECURITY: no problem echoes any of it (W7). */
export const checkNewPassword = (text: string, facts: { readonly minimumLength: number; readonly accountName: string }): Result<string> => {
  if (text === "") return refuse(problem("identity.weak-password", "the password is empty"));
  if (text.length > longestPasswordBytes || utf8Bytes(normalisePassword(text)) > longestPasswordBytes)
    return refuse(
      problem("identity.weak-password", `the password is longer than ${longestPasswordBytes} bytes`, { hint: "choose a shorter password" }),
    );
  if (!text.isWellFormed() || /\p{Cc}/u.test(text))
    return refuse(
      problem("identity.weak-password", "the password holds control characters or broken text", {
        hint: "type it rather than paste it, without line ends or tabs",
      }),
    );
  const normal = normalisePassword(text);
  if (codePoints(normal) < facts.minimumLength)
    return refuse(problem("identity.weak-password", `the password is shorter than ${facts.minimumLength} characters`));
  if (accountNameKey(normal) === accountNameKey(facts.accountName))
    return refuse(
      problem("identity.weak-password", "the password is the account's name", { hint: "choose a password that others cannot guess" }),
    );
  return ok(normal);
};
