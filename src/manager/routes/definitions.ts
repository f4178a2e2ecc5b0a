/**
 * `POST /definitions`: YAML documents of several kinds, applied together or not at all. Each is asked about first, then read, then applied in
 * one transaction: roles before the accounts that hold them, then policy tests and jobs. The guards of the policy look once, at what all of it
 * comes to. A dry run does the same and rolls back.
 */
import { z } from "zod";
import { comparablePath } from "#access/folders.ts";
import { canonicalJson } from "#proof/canonical-json.ts";
import { openAccounts, type Accounts } from "#identity/accounts.ts";
import type { IdentityContext } from "#identity/identity-context.ts";
import { openRoles, type Roles } from "#identity/roles.ts";
import { saveRoleSource, type RoleSource } from "#identity/role-sources.ts";
import { sourceEntriesOf } from "#identity/rules/role-source.ts";
import type { Principal } from "#identity/principal.ts";
import { renderRole } from "#identity/rules/role-text.ts";
import type { PolicyTest } from "#access/policy-test.ts";
import { assessChange, requireLanding, type Assessment } from "#identity/policy-guard.ts";
import { PolicyCapture } from "#identity/policy-snapshot.ts";
import { openPolicyTests, type PolicyTests } from "#identity/policy-tests.ts";
import type { Notice } from "#identity/rules/notice.ts";
import { readAccount, readPolicyTest, readRole, renderAccount, type AccountDefinition, type RoleDefinition } from "#identity/schema.ts";
import { openJobs, type Jobs } from "#jobs/open-jobs.ts";
import { keysOf, readJobDocument } from "#jobs/read-job.ts";
import type { Job } from "#jobs/rules/job.ts";
import { fail, problem, ProblemError, type Problem } from "#kernel/problem.ts";
import type { Result } from "#kernel/result.ts";
import { readYamlDocuments, stepsTo, type YamlDocument } from "#kernel/yaml-documents.ts";
import { line } from "#manager/routes/fields.ts";
import { joinTransaction, type Joined } from "#manager/joined-transaction.ts";
import { route, type Route } from "#manager/route.ts";
import { noticeSchema, noticesJson } from "#manager/routes/accounts.ts";
import type { Services } from "#manager/services.ts";
import { authorise } from "#manager/web/guard.ts";
import type { Stage, Writer } from "#store/store.ts";

/** Each new account's password is hashed within the transaction, some 30 ms each. */
const mostAccounts = 50;
const kinds = ["Job", "Role", "Account", "PolicyTest"] as const;

export type Definition =
  | { readonly kind: "Job"; readonly name: string; readonly document: YamlDocument; readonly job: Job }
  | {
      readonly kind: "Role";
      readonly name: string;
      readonly role: RoleDefinition;
      /** Where its document stands; absent: it came from no document that people keep. */
      readonly source?: RoleSource;
      /** Refused where one of that name is here meanwhile. */
      readonly onlyNew?: boolean;
    }
  | {
      readonly kind: "Account";
      readonly name: string;
      readonly account: AccountDefinition;
      /** Only for accounts that are imported: no one-time password is made. */
      readonly withoutPassword?: boolean;
      /** Refused where one of that name is here meanwhile. */
      readonly onlyNew?: boolean;
    }
  | { readonly kind: "PolicyTest"; readonly name: string; readonly test: PolicyTest };

export interface Applied {
  readonly kind: (typeof kinds)[number];
  readonly name: string;
  /** `removed`: nothing was left in it. */
  readonly change: "created" | "changed" | "unchanged" | "removed" | "deleted";
  readonly revision: number | null;
  readonly notices: readonly string[];
  readonly oneTimePassword: string | null;
}

const fieldOf = (document: YamlDocument, field: string): unknown =>
  typeof document.value === "object" && document.value !== null ? (document.value as Record<string, unknown>)[field] : undefined;

const kindOf = (document: YamlDocument): (typeof kinds)[number] => {
  const kind = fieldOf(document, "kind");
  const known = kinds.find((one) => one === kind);
  if (known !== undefined) return known;
  const place = kind === undefined ? document.locate([]) : document.locate(["kind"]);
  const at = { document: document.index, ...place, path: "kind" };
  const hint = `one of: ${kinds.join(", ")}`;
  return kind === undefined
    ? fail("input.missing-field", "the document does not say its `kind`", { at, hint })
    : fail("input.invalid-value", "`kind` is not one that can be applied", { at, hint });
};

/** W8: before a document's content is looked at, whether its author may write there at all. */
const authoriseDocument = (principal: Principal, document: YamlDocument, kind: Definition["kind"], isOnlyTried: boolean): void => {
  if (kind !== "Job") {
    if (!isOnlyTried) authorise(principal, "manager:administration:accounts:manage", {});
    return;
  }
  const path = fieldOf(document, "path");
  // A path that is none is a problem of the document, told by its reader: nobody may write there.
  if (typeof path === "string" && comparablePath(path) !== null)
    authorise(principal, "manager:inventory:manage", { path }, () =>
      problem(
        "access.denied",
        `definitions in the folder of \`${path.slice(0, 200).replaceAll(/[`\p{Cc}\p{Cf}]/gu, "'")}\` cannot be written by this account`,
      ),
    );
};

/** Gives a problem of a value its place in the text. */
const placed = (document: YamlDocument, found: Problem): Problem => {
  const { path } = found.at ?? {};
  const place = document.locate(stepsTo(document.value, path ?? ""));
  return {
    ...found,
    at: { document: document.index, ...place, ...(path === undefined ? {} : { path }) },
    ...(found.also === undefined ? {} : { also: found.also.map((one) => placed(document, one)) }),
  };
};

/** Where each of several files begins in the text. */
type Files = readonly { readonly name: string; readonly line: number }[];

/** A line of the text as a line of its file. */
const inFile = (files: Files, line: number): { readonly file: string | null; readonly line: number } => {
  const found = files.findLast((file) => file.line <= line);
  return found === undefined ? { file: null, line } : { file: found.name, line: line - found.line + 1 };
};

const problemInFile = (files: Files, found: Problem): Problem => {
  const also = found.also?.map((one) => problemInFile(files, one));
  const withAlso = also === undefined ? found : { ...found, also };
  if (found.at?.line === undefined) return withAlso;
  const { document: _ofAll, ...at } = found.at;
  const { file, line } = inFile(files, found.at.line);
  return file === null ? withAlso : { ...withAlso, at: { ...at, file, line } };
};

const sourceOf = (document: YamlDocument, files: Files): RoleSource => {
  const lineOf = (path: readonly (string | number)[]): number => inFile(files, document.locate(path).line).line;
  const { file, line } = inFile(files, document.locate([]).line);
  return { file, line, entries: sourceEntriesOf(document.value, lineOf) };
};

const readOne = (document: YamlDocument, kind: Definition["kind"], files: Files): Result<Definition> => {
  if (kind === "Job") {
    const read = readJobDocument(document);
    return read.ok ? { ok: true, value: { kind, name: read.value.path, document, job: read.value } } : read;
  }
  if (kind === "Role") {
    const read = readRole(document.value);
    return read.ok
      ? { ok: true, value: { kind, name: read.value.name, role: read.value, source: sourceOf(document, files) } }
      : { ok: false, problem: placed(document, read.problem) };
  }
  if (kind === "PolicyTest") {
    const read = readPolicyTest(document.value);
    return read.ok
      ? { ok: true, value: { kind, name: read.value.name, test: read.value } }
      : { ok: false, problem: placed(document, read.problem) };
  }
  const read = readAccount(document.value);
  return read.ok
    ? { ok: true, value: { kind, name: read.value.name, account: read.value } }
    : { ok: false, problem: placed(document, read.problem) };
};

/** S6: who saves a job that names a key acts through the runner's account; so he needs the permission to use keys on that folder. */
const authoriseKeys = (principal: Principal, definitions: readonly Definition[]): void => {
  for (const definition of definitions) {
    if (definition.kind === "Job" && keysOf(definition.job).length > 0)
      authorise(principal, "manager:credentials:use", { path: definition.job.path });
  }
};

interface ReadOptions {
  /** Then it needs no permission to change accounts and roles: whoever offers that asks for the permissions to see what it shows. */
  readonly isOnlyTried: boolean;
}

/** Reads every document; all problems at once. */
const readAll = (principal: Principal, text: string, files: Files, options: ReadOptions): Definition[] => {
  const documents = readYamlDocuments(text);
  if (!documents.ok) throw new ProblemError(documents.problem);
  if (documents.value.length === 0) fail("input.missing-field", "there is no document to apply", { hint: "give YAML with a `kind`" });
  const withKinds = documents.value.map((document) => ({ document, kind: kindOf(document) }));
  for (const { document, kind } of withKinds) authoriseDocument(principal, document, kind, options.isOnlyTried);
  const problems: Problem[] = [];
  const definitions: Definition[] = [];
  const seen = new Set<string>();
  for (const { document, kind } of withKinds) {
    const read = readOne(document, kind, files);
    if (!read.ok) {
      const { also = [], ...first } = read.problem;
      problems.push(first, ...also);
      continue;
    }
    const key = `${kind} ${read.value.name}`;
    if (seen.has(key))
      problems.push(
        problem("jobs.duplicate-path", `${kind} \`${read.value.name}\` is given twice`, {
          at: { document: document.index, ...document.locate([]) },
        }),
      );
    seen.add(key);
    definitions.push(read.value);
  }
  const [first, ...also] = problems;
  if (first !== undefined) throw new ProblemError(also.length === 0 ? first : { ...first, also: also.slice(0, 20) });
  authoriseKeys(principal, definitions);
  const accounts = definitions.filter(({ kind }) => kind === "Account").length;
  if (accounts > mostAccounts)
    fail("input.too-large", `these are ${accounts} accounts, and at most ${mostAccounts} can be applied at once`);
  return definitions;
};

/** The same, each problem in its file. */
export const readDefinitions = (
  principal: Principal,
  { documents, files }: { readonly documents: string; readonly files: Files },
  options: ReadOptions,
): Definition[] => {
  try {
    return readAll(principal, documents, files, options);
  } catch (error) {
    if (error instanceof ProblemError && files.length > 0) throw new ProblemError(problemInFile(files, error.problem), { cause: error });
    throw error;
  }
};

/** The rooms as they take part in one transaction. */
export interface Rooms {
  readonly roles: Roles;
  readonly accounts: Accounts;
  readonly policyTests: PolicyTests;
  readonly jobs: Jobs;
}

const joinedRooms = (services: Services, joined: Joined, context: IdentityContext): Rooms => {
  return {
    roles: openRoles(context),
    accounts: openAccounts(context),
    policyTests: openPolicyTests(context),
    jobs: openJobs({ ...joined, clock: services.clock, log: services.log, nodes: services.nodes }),
  };
};

const requireNew = (what: string): never =>
  fail("identity.name-taken", `${what} was made by someone else meanwhile`, { hint: "look at it and import again" });

const applyRole = async (
  rooms: Rooms,
  principal: Principal,
  { role, source, onlyNew = false }: Extract<Definition, { kind: "Role" }>,
  confirm: boolean,
  tx: Writer,
): Promise<Applied> => {
  const before = await rooms.roles.findRole(role.name, role.service);
  if (before !== null && onlyNew) requireNew(`role \`${role.name}\``);
  const common = { kind: "Role", name: role.name, oneTimePassword: null } as const;
  if (before !== null && canonicalJson(renderRole(before)) === canonicalJson(renderRole(role))) {
    // The same role, written somewhere else: explanations name the place that was read last.
    if (source !== undefined) await saveRoleSource(tx, before.id, before.revision, source);
    return { ...common, change: "unchanged", revision: before.revision, notices: [] };
  }
  const outcome = await rooms.roles.applyRole(principal, role, { confirm });
  if (outcome.role !== null && source !== undefined) await saveRoleSource(tx, outcome.role.id, outcome.role.revision, source);
  return {
    ...common,
    change: outcome.role === null ? "removed" : before === null ? "created" : "changed",
    revision: outcome.role?.revision ?? null,
    notices: outcome.notices.map((notice) => notice.text),
  };
};

const sameAccount = (before: Parameters<typeof renderAccount>[0], wanted: AccountDefinition): boolean => {
  const sorted = (value: Parameters<typeof renderAccount>[0]): string =>
    canonicalJson(
      renderAccount({ ...value, roles: value.roles.toSorted((a, b) => (a.name < b.name ? -1 : 1)), groups: value.groups.toSorted() }),
    );
  return sorted(before) === sorted({ ...wanted, roles: wanted.roles.map((name) => ({ name })) });
};

const applyAccount = async (
  rooms: Rooms,
  principal: Principal,
  { account, withoutPassword = false, onlyNew = false }: Extract<Definition, { kind: "Account" }>,
  confirm: boolean,
): Promise<Applied> => {
  const before = await rooms.accounts.findAccount(account.name, account.service);
  if (before !== null && onlyNew) requireNew(`account \`${account.name}\``);
  const common = { kind: "Account", name: account.name } as const;
  if (before !== null && sameAccount(before, account))
    return { ...common, change: "unchanged", revision: before.revision, notices: [], oneTimePassword: null };
  const outcome = await rooms.accounts.applyAccount(principal, { ...account, withoutPassword }, { confirm });
  const notices = outcome.notices.map((notice) => notice.text);
  if (outcome.initialPassword !== null)
    notices.push("a one-time password was made and is in this answer; another one: `behalf account reset-password`");
  return {
    ...common,
    change: before === null ? "created" : "changed",
    revision: outcome.account.revision,
    notices,
    oneTimePassword: outcome.initialPassword,
  };
};

const applyTest = async (rooms: Rooms, principal: Principal, test: PolicyTest): Promise<Applied> => {
  const { test: stored, change } = await rooms.policyTests.applyPolicyTest(principal, test);
  return { kind: "PolicyTest", name: stored.name, change, revision: stored.revision, notices: [], oneTimePassword: null };
};

/** What is applied together. */
export interface Draft {
  readonly definitions: readonly Definition[];
  /** Further changes of the policy, after the definitions. */
  readonly edits?: (rooms: Rooms) => Promise<readonly Applied[]>;
}

export interface DraftOutcome {
  readonly applied: readonly Applied[];
  /** What it comes to; null: nothing of it can change the policy. Refuses nothing by itself. */
  readonly assessment: Assessment | null;
}

/** Hashes nothing: for what is rolled back. */
const withoutHashing = (context: IdentityContext): IdentityContext => ({
  ...context,
  hasher: {
    ...context.hasher,
    inSlot: (work) => work({ hash: async () => "never stored", verify: async () => false, isOutdated: () => false }),
  },
});

const applyAll = async (
  services: Services,
  principal: Principal,
  { definitions, edits }: Draft,
  options: { readonly dryRun: boolean; readonly confirm: boolean; readonly expectedRevisions: Readonly<Record<string, number>> },
  tx: Writer,
  stage: Stage,
): Promise<DraftOutcome> => {
  const joined = joinTransaction(services, tx, stage);
  const together = { notices: [] as Notice[], capture: new PolicyCapture(services.realm.name, principal.accessId) };
  const { identityContext } = services;
  const context = { ...(options.dryRun ? withoutHashing(identityContext) : identityContext), ...joined, together };
  const rooms = joinedRooms(services, joined, context);
  const changesPolicy = edits !== undefined || definitions.some(({ kind }) => kind !== "Job");
  // INVARIANT: locked before it is read, so that nobody else changes the policy between this look and the commit.
  if (changesPolicy) await context.policy.raise(tx);
  if (changesPolicy) await together.capture.touch(tx, {});
  const results = new Map<Definition, Applied>();
  for (const definition of definitions)
    if (definition.kind === "Role") results.set(definition, await applyRole(rooms, principal, definition, options.confirm, tx));
  for (const definition of definitions)
    if (definition.kind === "Account") results.set(definition, await applyAccount(rooms, principal, definition, options.confirm));
  for (const definition of definitions)
    if (definition.kind === "PolicyTest") results.set(definition, await applyTest(rooms, principal, definition.test));
  const jobs = definitions.filter((definition) => definition.kind === "Job");
  const appliedJobs = await rooms.jobs.applyJobs(
    principal,
    jobs.map(({ job, document }) => {
      const expectedRevision = Object.hasOwn(options.expectedRevisions, job.path) ? options.expectedRevisions[job.path] : undefined;
      return { job, source: document.source, ...(expectedRevision === undefined ? {} : { expectedRevision }) };
    }),
  );
  for (const [index, definition] of jobs.entries()) {
    const one = appliedJobs[index];
    if (one !== undefined)
      results.set(definition, {
        kind: "Job",
        name: one.path,
        change: one.change,
        revision: one.revision,
        notices: [...one.notices],
        oneTimePassword: null,
      });
  }
  const applied = [...definitions.flatMap((definition) => results.get(definition) ?? []), ...((await edits?.(rooms)) ?? [])];
  return { applied, assessment: changesPolicy ? await assessChange(context, tx, principal, together) : null };
};

/** Thrown to roll back what was only tried; carries its outcome. */
class OnlyTried extends Error {
  readonly outcome: DraftOutcome;
  constructor(outcome: DraftOutcome) {
    super("only tried");
    this.outcome = outcome;
  }
}

/** Applies a draft as far as it can be, says what it comes to, and rolls it back: nothing is changed and nothing is recorded. */
export const tryDraft = async (
  services: Services,
  principal: Principal,
  draft: Draft,
  expectedRevisions: ApplyOptions["expectedRevisions"] = {},
): Promise<DraftOutcome> => {
  try {
    return await services.store.write(async (tx, stage) => {
      throw new OnlyTried(await applyAll(services, principal, draft, { dryRun: true, confirm: true, expectedRevisions }, tx, stage));
    });
  } catch (error) {
    if (!(error instanceof OnlyTried)) throw error;
    const { applied, assessment } = error.outcome;
    // What was only tried has no password that works.
    return { assessment, applied: applied.map((one) => ({ ...one, oneTimePassword: null })) };
  }
};

/** Waits until every cache of this process knows of the change: the next request is decided by it. */
const settlePolicy = async ({ identity, identityContext }: Services): Promise<void> => {
  identityContext.policy.changed();
  const revision = await identityContext.policy.current();
  for (let tries = 0; tries < 40 && (await identity.policyRevision()) < revision; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 25));
};

export interface ApplyOptions {
  readonly dryRun: boolean;
  /** The caller has seen what the changes bring with them. */
  readonly confirm: boolean;
  readonly expectedRevisions: Readonly<Record<string, number>>;
  /** How the audit trail calls it, where it is not an ordinary apply. */
  readonly record?: { readonly action: string; readonly detail: Record<string, unknown> };
}

export interface ApplyOutcome {
  readonly results: readonly Applied[];
  /** What the guards say of all of it together. */
  readonly notices: readonly Notice[];
}

/**
 * Applies definitions that were read and authorised, all or none, in one transaction and under one record of the audit trail; a dry run does the
 * same and rolls back. The door of `POST /definitions` and of everything that brings definitions in another form.
 */
export const applyDefinitions = async (
  services: Services,
  principal: Principal,
  definitions: readonly Definition[],
  options: ApplyOptions,
): Promise<ApplyOutcome> => {
  const told = ({ applied, assessment }: DraftOutcome): ApplyOutcome => ({ results: applied, notices: assessment?.guardNotices ?? [] });
  if (options.dryRun) {
    const tried = await tryDraft(services, principal, { definitions }, options.expectedRevisions);
    if (tried.assessment !== null) requireLanding(tried.assessment, options);
    return told(tried);
  }
  const entry = {
    actor: principal.accessId,
    action: options.record?.action ?? "definitions.apply",
    object: definitions.length === 1 ? (definitions[0]?.name ?? "") : "definitions",
    detail: { documents: definitions.length, ...options.record?.detail },
  };
  const outcome = await services.audit.act(entry, async (tx, stage) => {
    const result = await applyAll(services, principal, { definitions }, options, tx, stage);
    if (result.assessment !== null) requireLanding(result.assessment, options);
    return { result, detail: { changed: result.applied.filter(({ change }) => change !== "unchanged").length } };
  });
  if (outcome.applied.some(({ kind, change }) => kind !== "Job" && change !== "unchanged")) {
    await settlePolicy(services);
    await services.streams.recheckAll();
  }
  return told(outcome);
};

/** What became of one definition. */
export const appliedSchema = z.object({
  kind: z.enum(kinds),
  name: z.string(),
  change: z.enum(["created", "changed", "unchanged", "removed", "deleted"]),
  revision: z.int().nullable(),
  notices: z.array(z.string()),
  oneTimePassword: z.string().nullable().describe("of a new account, shown this once"),
});

/** YAML documents, and the files they were put together from. */
export const documentsField = z
  .string()
  .min(1)
  .max(1024 * 1024);
export const filesField = z
  .array(z.strictObject({ name: line(500).min(1), line: z.int().min(1) }))
  .max(500)
  .default([])
  .describe(
    "the files that `documents` was put together from: name, and the line where each begins; problems and explanations then name them",
  );

export const definitionRoutes = (services: Services): Route[] => [
  route({
    method: "POST",
    url: "/api/v1/definitions",
    summary: "Apply YAML definitions, all or none",
    question: {
      may: "manager:inventory:manage",
      or: ["manager:administration:accounts:manage"],
      refined: "about each document, and `manager:credentials:use` where a job names a key, before anything is changed",
    },
    body: z.strictObject({
      documents: documentsField,
      files: filesField,
      dryRun: z.boolean().default(false),
      confirm: z.boolean().default(false).describe("the caller has seen what the changes bring with them"),
      expectedRevisions: z
        .record(z.string().max(1024), z.int().min(0))
        .default({})
        .describe("by job path: the revision that the author started from; 0: a new job"),
    }),
    answer: z.object({
      results: z.array(appliedSchema),
      notices: z.array(noticeSchema).describe("what all of it together brings with it"),
      dryRun: z.boolean(),
    }),
    handle: async ({ caller, body }) => {
      const { principal } = caller;
      const definitions = readDefinitions(principal, body, { isOnlyTried: false });
      const { results, notices } = await applyDefinitions(services, principal, definitions, body);
      return {
        results: results.map((result) => ({ ...result, notices: [...result.notices] })),
        notices: noticesJson(notices),
        dryRun: body.dryRun,
      };
    },
  }),
];
