/**
 * The one registry of problem codes. It feeds the types, problem+json, the CLI's text and exit code, and
 * `docs/problems.md`. Codes are `area.what-happened`; they are never renamed once released. A test holds registry and use
 * together in both directions: every code is used, every used code is here.
 *
 * `status` is the HTTP status, `exit` the CLI's exit code (1 failed, 2 usage, 3 denied, 4 not found, 5 conflict,
 * 6 unreachable), `title` the short name, `hint` what to do when the place that reports it knows nothing better.
 */
export interface ProblemCodeEntry {
  readonly status: number;
  readonly exit: 1 | 2 | 3 | 4 | 5 | 6;
  readonly title: string;
  readonly hint: string;
}

const entry = (status: number, exit: ProblemCodeEntry["exit"], title: string, hint: string): ProblemCodeEntry => ({ status, exit, title, hint });

export const problemCodes = {
  // --- general
  "general.internal": entry(500, 1, "internal error", "give the error id to whoever runs this instance: the manager's log has its cause"),
  "general.not-supported": entry(501, 1, "not supported yet", "see the documentation for what is supported"),
  "general.overloaded": entry(503, 1, "too much at once", "try again in a few seconds"),

  // --- files
  "files.unsafe": entry(500, 1, "unsafe file", "make it a plain file of the part's own account with mode 600"),

  // --- input: what a document, body or argument got wrong
  "input.malformed-yaml": entry(422, 2, "malformed YAML", "correct the document at the line and column given"),
  "input.malformed-json": entry(400, 2, "malformed JSON", "send one JSON document"),
  "input.unknown-field": entry(422, 2, "unknown field", "remove the field or correct its spelling"),
  "input.wrong-type": entry(422, 2, "wrong type", "give a value of the expected type"),
  "input.missing-field": entry(422, 2, "missing field", "add the field"),
  "input.invalid-value": entry(422, 2, "invalid value", "give a value that the field allows"),
  "input.too-large": entry(413, 2, "too large", "send less at once"),
  "input.forbidden-name": entry(422, 2, "forbidden name", "choose another name"),
  "input.wrong-content-type": entry(415, 2, "wrong content type", "send `content-type: application/json`"),
  "input.unknown-route": entry(404, 4, "no such route", "the routes are listed at /api/openapi.json"),

  // --- identity: who
  "identity.not-signed-in": entry(401, 3, "not signed in", "sign in with `behalf login`"),
  "identity.wrong-credentials": entry(401, 3, "unknown account or wrong password", "check account name and password; after several failures wait longer between attempts"),

  // --- access: may
  "access.denied": entry(403, 3, "not allowed", "ask an administrator for the permission named in the message"),
  "access.not-found": entry(404, 4, "not found", "check the spelling; it may also exist where you may not see it"),

  // --- jobs: what
  "jobs.not-found": entry(404, 4, "no such job", "list the jobs with `behalf get jobs`"),

  // --- nodes: where

  // --- launch: as whom

  // --- delegation

  // --- link

  // --- store

  // --- audit

  // --- supervise and cli
} as const satisfies Record<string, ProblemCodeEntry>;

export type ProblemCode = keyof typeof problemCodes;

/** The entry of a code. */
export const problemCodeEntry = (code: ProblemCode): ProblemCodeEntry => problemCodes[code];
