/** What the engine tells and a language may have its own words for. */
import type { Because } from "#kernel/problem.ts";

export interface Reason {
  readonly rule: string;
  readonly text: string;
  readonly facts?: Because["facts"] | undefined;
}

/** A step of a change of the roles. */
export interface Step {
  readonly kind: "add-permission" | "add-denial" | "remove-permission" | "remove-denial" | "add-folder" | "assign-role";
  readonly role: string | null;
  readonly scope: string | null;
  readonly entry: string;
}

/** What a sentence about a run says. */
export interface ToldRun {
  readonly job: string;
  readonly node: string;
  readonly state: "queued" | "offered" | "accepted" | "running" | "ended";
  readonly result: "succeeded" | "failed" | "timed-out" | "cancelled" | "refused" | "unknown" | null;
  readonly submitter: { readonly name: string };
  readonly runAs: string | null;
  readonly exitCode: number | null;
}

/** Each answers null where it has no words. */
export interface EngineWords {
  /** `steps`: what would flip the answer, where the reason is about that. */
  readonly reason: (reason: Reason, steps?: readonly Step[] | null) => string | null;
  /** Goes on after "would flip if". */
  readonly change: (steps: readonly Step[]) => string | null;
  readonly sentence: (text: string) => string | null;
  readonly title: (code: string) => string | null;
  /** What to do about a problem: as exactly as `given` says it, else what is always advised for the code. Empty: that alone. */
  readonly hint: (code: string, given: string) => string | null;
  /** What a permission means, or a branch of the tree. */
  readonly meaning: (permission: string) => string | null;
  readonly runSentence: (run: ToldRun, why: string) => string;
}
