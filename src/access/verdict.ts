/** What the engine answers: a permit with obligations or a deny with a problem, each with its deciding rule. Never a boolean. */
import type { Because, Problem } from "#kernel/problem.ts";

/** Something the caller must do for the permit to hold, e.g. record it. */
export interface Obligation {
  readonly kind: "audit";
}

export type Verdict =
  | { readonly effect: "permit"; readonly obligations: readonly Obligation[]; readonly because: Because }
  | { readonly effect: "deny"; readonly problem: Problem; readonly because: Because };
