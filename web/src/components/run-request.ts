/** What a run dialog is opened with, and the key that makes its submission one submission. */

/** What the dialog begins with. */
export interface RunRequest {
  readonly job: string;
  /** Of an earlier run: the same again. */
  readonly arguments?: Readonly<Record<string, string>>;
  readonly on?: readonly string[];
}

const keys = new Map<string, string>();

/**
 * The idempotency key of one intent: the same dialog with the same body is the same submission, however often it is pressed or sent again
 * after a lost answer. Another body needs another key (W8).
 */
export const idempotencyKeyOf = (dialog: string, body: string): string => {
  const known = keys.get(`${dialog} ${body}`);
  if (known !== undefined) return known;
  const key = crypto.randomUUID();
  keys.set(`${dialog} ${body}`, key);
  return key;
};
