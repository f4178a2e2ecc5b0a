/**
 * Calls to the manager, typed by the OpenAPI document. What belongs here: the one way a request leaves the cockpit. Every call carries
 * the session's CSRF token (W2). Reading is in the background and does not keep a session alive; what people do is not (`app/activity.ts`).
 */
import { problemOf, unreachable, type ApiProblem } from "#web/api/api-problem.ts";
import type { Operations } from "#web/api/generated.ts";
import { csrfToken, session, sessionEnded, sessionReplaced } from "#web/api/session.ts";

/** `GET /api/v1/nodes/{node}` and the like. */
export type Operation = keyof Operations;
type Given<K extends Operation, P extends "path" | "query" | "body"> = Operations[K][P];
type Parts<K extends Operation> = {
  readonly [P in "path" | "query" | "body" as undefined extends Given<K, P> ? never : P]: Given<K, P>;
} & { readonly query?: Given<K, "query"> };

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** False: somebody is there, the session's idle time begins anew. Absent: true for GET, false else. */
  readonly background?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

const addressOf = (template: string, path: Readonly<Record<string, unknown>>, query: Readonly<Record<string, unknown>>): string => {
  const address = template.replaceAll(/\{([^}]+)\}/g, (_, name: string) => {
    const value = String(path[name] ?? "");
    return name === "*" ? value.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(value);
  });
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== "") words.set(name, String(value));
  const text = words.toString();
  return text === "" ? address : `${address}?${text}`;
};

/** What a refusal means for the whole page, before whoever asked sees it. */
const noticeProblem = (problem: ApiProblem, csrf: string | null): void => {
  if (problem.code === "identity.not-signed-in") sessionEnded(csrf);
  if (problem.code === "manager.csrf") sessionReplaced(csrf);
  if (problem.code === "identity.password-change-due") {
    const now = session.get();
    if (now.kind === "signed-in") session.set({ kind: "password-due", name: now.name, csrf: now.csrf });
  }
};

/** One request; throws `ApiProblem`. For what is no JSON: the answer itself. */
export const send = async (method: string, address: string, options: CallOptions & { readonly body?: unknown } = {}): Promise<Response> => {
  const headers: Record<string, string> = { ...options.headers };
  const csrf = csrfToken();
  if (csrf !== null) headers["x-behalf-csrf"] = csrf;
  if (options.background ?? method === "GET") headers["x-behalf-background"] = "1";
  if (options.body !== undefined || method === "POST" || method === "PUT") headers["content-type"] = "application/json";
  let answer: Response;
  try {
    answer = await fetch(address, {
      method,
      headers,
      credentials: "same-origin",
      redirect: "error",
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    throw unreachable();
  }
  if (answer.ok) return answer;
  const problem = await problemOf(answer);
  noticeProblem(problem, csrf);
  throw problem;
};

/** `call("GET /api/v1/nodes/{node}", { path: { node } })`. */
export const call = async <K extends Operation>(
  operation: K,
  parts: Parts<K>,
  options: CallOptions = {},
): Promise<Operations[K]["answer"]> => {
  const [method = "", template = ""] = operation.split(" ");
  const given = parts as { path?: Record<string, unknown>; query?: Record<string, unknown>; body?: unknown };
  const answer = await send(method, addressOf(template, given.path ?? {}, given.query ?? {}), {
    ...options,
    ...(given.body === undefined ? {} : { body: given.body }),
  });
  return (answer.status === 204 ? undefined : await answer.json()) as Operations[K]["answer"];
};
