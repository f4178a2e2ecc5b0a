/** A job as every other room sees it: the normalised definition of one revision. `schema.ts` reads it from YAML. */
import type { LaunchOrder, NodeRole } from "#proof/launch-order.ts";

/** A declared parameter: what may be given at `run`. All values travel as text. */
export interface Parameter {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean";
  readonly description: string | null;
  readonly required: boolean;
  /** Rendered text of the default; null: none. */
  readonly default: string | null;
  /** Allowed values as text; null: any of the type. */
  readonly allowed: readonly string[] | null;
}

export interface Job {
  readonly path: string;
  readonly title: string | null;
  readonly requires: NodeRole;
  readonly program: LaunchOrder["program"];
  readonly as: LaunchOrder["as"];
  /** Node names. */
  readonly on: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string | null;
  readonly umask: string | null;
  readonly timeoutMs: number | null;
  readonly graceMs: number;
  readonly outputBytes: number;
  /** Inclusive ranges of exit codes that count as success. Default: `[[0, 0]]`. */
  readonly successExitCodes: readonly (readonly [number, number])[];
  /** A run whose exit is unknown may be started again (a new attempt). Default false. */
  readonly restartable: boolean;
}
