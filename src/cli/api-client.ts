/**
 * The manager's API as the command line and the supervisor speak it: JSON over the local socket (as `os:<uid>`, without a
 * login step) or over HTTP(S) with a bearer token. Problems come back as `ProblemError`; an unreachable manager is one too.
 */
import { request as requestHttp, type IncomingMessage, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { problemCodes, type ProblemCode } from "#kernel/problem-codes.ts";
import { fail, ProblemError, type Problem } from "#kernel/problem.ts";

export type ApiTarget =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "url"; readonly url: string; readonly token: string | null; readonly ca: string | null };

export interface ApiEvent {
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
}

export interface ApiClient {
  readonly target: ApiTarget;
  /** Sends JSON, answers the parsed JSON body. Throws `ProblemError`. */
  call<T>(
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    body?: object,
    headers?: Readonly<Record<string, string>>,
  ): Promise<T>;
  /** A raw answer to read piece by piece (logs). Throws `ProblemError`. */
  open(path: string, headers?: Readonly<Record<string, string>>): Promise<IncomingMessage>;
  /** Server-sent events until the server or `signal` ends them. Throws `ProblemError`. */
  events(path: string, options?: { lastEventId?: string; signal?: AbortSignal }): AsyncIterable<ApiEvent>;
}

const describe = (target: ApiTarget): string => (target.kind === "socket" ? target.path : target.url);

const unreachable = (target: ApiTarget, cause: unknown): never =>
  fail("cli.unreachable", `no manager answers at \`${describe(target)}\``, {
    hint:
      target.kind === "socket"
        ? "start it with `behalf up`, or name another one with `--url`"
        : "check the address, or start the manager with `behalf up`",
    cause,
  });

const requestOptions = (target: ApiTarget, path: string): RequestOptions & { ca?: string } => {
  if (target.kind === "socket") return { socketPath: target.path, path, headers: { host: "localhost" } };
  const base = new URL(target.url);
  return {
    protocol: base.protocol,
    hostname: base.hostname.replace(/^\[|\]$/g, ""),
    port: base.port,
    path: `${base.pathname.replace(/\/$/, "")}${path}`,
    headers: target.token === null ? {} : { authorization: `Bearer ${target.token}` },
    ...(target.ca === null ? {} : { ca: target.ca }),
  };
};

const readText = async (answer: IncomingMessage): Promise<string> => {
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString("utf8");
};

/** Turns problem+json into the error it stands for; an answer that is none becomes `cli.unexpected-answer`. */
const problemOf = (text: string, status: number): Problem => {
  try {
    const body = JSON.parse(text) as Record<string, unknown>;
    if (typeof body["code"] === "string" && Object.hasOwn(problemCodes, body["code"])) {
      const { code, detail, hint, at, also, because } = body as {
        code: ProblemCode;
        detail?: string;
        hint?: string;
        at?: Problem["at"];
        also?: Problem["also"];
        because?: Problem["because"];
      };
      const instance = typeof body["instance"] === "string" && code === "general.internal" ? ` (${body["instance"]})` : "";
      return {
        code,
        message: `${detail ?? problemCodes[code].title}${instance}`,
        hint: hint ?? problemCodes[code].hint,
        ...(at && { at }),
        ...(also && { also }),
        ...(because && { because }),
      };
    }
  } catch {
    // Not JSON: something else answers there.
  }
  return {
    code: "cli.unexpected-answer",
    message: `the answer (HTTP ${status}) is not Behalf's`,
    hint: problemCodes["cli.unexpected-answer"].hint,
  };
};

/** A client for one manager. */
export const createApiClient = (target: ApiTarget): ApiClient => {
  const send = (
    method: string,
    path: string,
    body: object | undefined,
    headers: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const options = requestOptions(target, path);
      const text = body === undefined ? null : JSON.stringify(body);
      const secure = target.kind === "url" && options.protocol === "https:";
      const outgoing = (secure ? requestHttps : requestHttp)({
        ...options,
        method,
        ...(signal === undefined ? {} : { signal }),
        headers: {
          accept: "application/json",
          ...(options.headers as Record<string, string>),
          ...(text === null ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
          ...headers,
        },
      });
      outgoing.on("response", resolve);
      outgoing.on("error", reject);
      outgoing.end(text ?? undefined);
    });

  const sendOrFail = async (
    method: string,
    path: string,
    body: object | undefined,
    headers: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> => {
    const answer = await send(method, path, body, headers, signal).catch((error: unknown) =>
      signal?.aborted === true ? Promise.reject(error as Error) : unreachable(target, error),
    );
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    throw new ProblemError(problemOf(await readText(answer), status));
  };

  return {
    target,
    call: async <T>(method: string, path: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<T> => {
      const answer = await sendOrFail(method, path, body, headers);
      const text = await readText(answer);
      if (text === "") return undefined as T;
      try {
        return JSON.parse(text) as T;
      } catch (error) {
        return fail("cli.unexpected-answer", `the answer to ${method} ${path} is not JSON`, { cause: error });
      }
    },
    open: (path, headers = {}) => sendOrFail("GET", path, undefined, headers),
    events: async function* events(path, options = {}) {
      const headers = {
        accept: "text/event-stream",
        ...(options.lastEventId === undefined ? {} : { "last-event-id": options.lastEventId }),
      };
      const answer = await sendOrFail("GET", path, undefined, headers, options.signal);
      answer.setEncoding("utf8");
      let rest = "";
      try {
        for await (const piece of answer) {
          rest += piece as string;
          const blocks = rest.split("\n\n");
          rest = blocks.pop() ?? "";
          for (const block of blocks) {
            const found = parseEvent(block);
            if (found !== null) yield found;
          }
        }
      } catch (error) {
        if (options.signal?.aborted !== true) unreachable(target, error);
      }
    },
  };
};

const parseEvent = (block: string): ApiEvent | null => {
  let id: string | null = null;
  let event = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const value = line.slice(colon + 1).replace(/^ /, "");
    const name = line.slice(0, colon);
    if (name === "id") id = value;
    else if (name === "event") event = value;
    else if (name === "data") data.push(value);
  }
  return data.length === 0 && event === "message" ? null : { id, event, data: data.join("\n") };
};
