/** What a change to accounts or roles brings with it beyond what was asked: shown afterwards, or to be confirmed before (E1, E5). */

export interface Notice {
  /** Stable id, e.g. `role.removed-empty`. */
  readonly rule: string;
  /** One plain sentence. */
  readonly text: string;
  /** The change is refused until it is repeated with a confirmation. */
  readonly confirm: boolean;
}

export const notice = (rule: string, text: string): Notice => ({ rule, text, confirm: false });
export const toConfirm = (rule: string, text: string): Notice => ({ rule, text, confirm: true });
