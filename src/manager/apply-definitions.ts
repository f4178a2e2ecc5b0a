/**
 * Applying definitions, all or none, in one transaction: roles before the accounts that hold them, then policy tests and jobs. The guards of the policy
 * look once, at what all of it comes to. A dry run does the same and rolls back. What does not belong here: reading them (`read-definitions.ts`).
 */
import { canonicalJson } from "#proof/canonical-json.ts";
import { openAccounts, type Accounts } from "#identity/accounts.ts";
import type { IdentityContext } from "#identity/identity-context.ts";
import { assessChange, requireLanding, type Assessment } from "#identity/policy-guard.ts";
import { PolicyCapture } from "#identity/policy-snapshot.ts";
import { openPolicyTests, type PolicyTests } from "#identity/policy-tests.ts";
import type { PolicyTest } from "#access/policy-test.ts";
import type { Principal } from "#identity/principal.ts";
import { openRoles, type Roles } from "#identity/roles.ts";
import { saveRoleSource } from "#identity/role-sources.ts";
import type { Notice } from "#identity/rules/notice.ts";
import { renderRole } from "#identity/rules/role-text.ts";
import { renderAccount, type AccountDefinition } from "#identity/schema.ts";
import { openJobs, type Jobs } from "#jobs/open-jobs.ts";
import { fail } from "#kernel/problem.ts";
import { joinTransaction, type Joined } from "#manager/joined-transaction.ts";
import type { Definition, DefinitionKind } from "#manager/read-definitions.ts";
import type { Services } from "#manager/services.ts";
import type { Stage, Writer } from "#store/store.ts";

export interface Applied {
  readonly kind: DefinitionKind;
  readonly name: string;
  /** `removed`: nothing was left in it. */
  readonly change: "created" | "changed" | "unchanged" | "removed" | "deleted";
  readonly revision: number | null;
  readonly notices: readonly string[];
  readonly oneTimePassword: string | null;
}

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
    change: outcome.role === null ? (before === null ? "unchanged" : "removed") : before === null ? "created" : "changed",
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
