/** The one error that a call to the manager fails with: the problem as the API tells it, or that the manager could not be reached. */
import type { Schemas } from "#web/api/generated.ts";

export type ProblemBody = Schemas["Problem"];

export class ApiProblem extends Error {
  readonly code: string;
  /** 0: the manager could not be reached. */
  readonly status: number;
  readonly hint: string;
  readonly because: { readonly rule: string; readonly text: string } | null;
  readonly body: ProblemBody | null;
  /** Others of the same input. */
  readonly further: readonly { readonly message: string; readonly line: number | null }[];
  /** From `retry-after`; null: not told. */
  readonly retryAfterSeconds: number | null;

  constructor(given: {
    code: string;
    status: number;
    message: string;
    hint: string;
    body?: ProblemBody | undefined;
    retryAfterSeconds?: number | null;
  }) {
    super(given.message);
    this.name = "ApiProblem";
    this.code = given.code;
    this.status = given.status;
    this.hint = given.hint;
    this.body = given.body ?? null;
    this.further = (given.body?.also ?? []).map((one) => ({
      message: String(one["message"] ?? ""),
      line: (one["at"] as ProblemBody["at"])?.line ?? null,
    }));
    this.because = given.body?.because ?? null;
    this.retryAfterSeconds = given.retryAfterSeconds ?? null;
  }
}

export const unreachableCode = "cockpit.unreachable";

export const unreachable = (): ApiProblem =>
  new ApiProblem({ code: unreachableCode, status: 0, message: "the manager cannot be reached", hint: "is it still running?" });

/** Whatever was thrown, as a problem to show. */
export const asProblem = (thrown: unknown): ApiProblem =>
  thrown instanceof ApiProblem
    ? thrown
    : new ApiProblem({
        code: "cockpit.broken",
        status: -1,
        message: thrown instanceof Error ? thrown.message : String(thrown),
        hint: "load the page again",
      });

/** Reads the body of an answer that is not 2xx. */
export const problemOf = async (answer: Response): Promise<ApiProblem> => {
  const after = Number(answer.headers.get("retry-after") ?? "");
  const retryAfterSeconds = after > 0 ? after : null;
  try {
    const body = (await answer.json()) as ProblemBody;
    if (typeof body.code === "string")
      return new ApiProblem({ code: body.code, status: answer.status, message: body.detail, hint: body.hint, body, retryAfterSeconds });
  } catch {
    // Not ours: a proxy's page perhaps.
  }
  return new ApiProblem({
    code: "general.internal",
    status: answer.status,
    message: `the manager answered ${answer.status}`,
    hint: "try again",
    retryAfterSeconds,
  });
};
