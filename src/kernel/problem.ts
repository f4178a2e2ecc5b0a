/**
 * A problem is what every surface shows when something is refused or fails: a stable code, a one-line message and a hint
 * that says what to do. The registry of codes is `problem-codes.ts`. The private cause never leaves the process.
 */
import { problemCodes, type ProblemCode } from "#kernel/problem-codes.ts";

export interface Problem {
  readonly code: ProblemCode;
  /** One line, lower-case, input in backticks. Never holds a secret or the source text around one (W7). */
  readonly message: string;
  /** What to do next, with the exact command, or whom to ask. */
  readonly hint: string;
  /** Where in the input: line and column start at 1; `path` is like `run.shell`; `file` as whoever sent several named it. */
  readonly at?: {
    readonly file?: string;
    readonly document?: number;
    readonly line?: number;
    readonly column?: number;
    readonly path?: string;
  };
  /** Further problems of the same input, at most 20. */
  readonly also?: readonly Problem[];
  /** The deciding rule, when a verdict refused (filtered to what the actor may know, W7). */
  readonly because?: Because;
  /** Whole seconds after which the same request may succeed (HTTP `Retry-After`). */
  readonly retryAfterSeconds?: number;
}

/** The reason of a verdict: the deciding rule and, when a trace was asked for, the proof tree below it. */
export interface Because {
  /** Stable rule id, e.g. `may.denied`, `where.not-in-table`, `as-whom.credential`. Never renamed once released. */
  readonly rule: string;
  /** One plain sentence. */
  readonly text: string;
  readonly facts?: Readonly<Record<string, string | number | boolean | null>>;
  readonly children?: readonly Because[];
}

export interface ProblemOptions {
  readonly hint?: string;
  readonly at?: Problem["at"];
  readonly also?: readonly Problem[];
  readonly because?: Because;
  readonly retryAfterSeconds?: number;
}

/** Builds a problem; the registry's general hint stands where none is given. */
export const problem = (code: ProblemCode, message: string, options: ProblemOptions = {}): Problem => ({
  code,
  message,
  hint: options.hint ?? problemCodes[code].hint,
  ...(options.at === undefined ? {} : { at: options.at }),
  ...(options.also === undefined || options.also.length === 0 ? {} : { also: options.also.slice(0, 20) }),
  ...(options.because === undefined ? {} : { because: options.because }),
  ...(options.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: options.retryAfterSeconds }),
});

/** The only error class of the product: a problem on its way to a surface. `cause` stays private (logs only). */
export class ProblemError extends Error {
  readonly problem: Problem;
  constructor(thrown: Problem, options?: { cause?: unknown }) {
    super(`${thrown.code}: ${thrown.message}`, options);
    this.name = "ProblemError";
    this.problem = thrown;
  }
}

/** Throws a problem. For use-cases and adapters; rules return `refuse(problem(...))`. */
export const fail = (code: ProblemCode, message: string, options: ProblemOptions & { cause?: unknown } = {}): never => {
  throw new ProblemError(problem(code, message, options), options.cause === undefined ? undefined : { cause: options.cause });
};
