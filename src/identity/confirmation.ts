/** Changes that bring more with them than was asked: refused until repeated with a confirmation, else done and told (E5). */
import { fail, problem } from "#kernel/problem.ts";
import type { Notice } from "#identity/rules/notice.ts";

export interface ChangeOptions {
  /** Revision from which the change was made; null or absent: whatever is there. */
  readonly revision?: number | null;
  /** The caller has seen what the change brings with it and wants it. */
  readonly confirm?: boolean;
}

/** Throws `identity.confirmation-needed` with every notice that needs one, unless confirmed. For the end of a change, in its transaction. */
export const requireConfirmation = (notices: readonly Notice[], options: ChangeOptions): void => {
  if (options.confirm === true) return;
  const [first, ...rest] = notices.filter((notice) => notice.confirm);
  if (first !== undefined)
    fail("identity.confirmation-needed", first.text, { also: rest.map((notice) => problem("identity.confirmation-needed", notice.text)) });
};
