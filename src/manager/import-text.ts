/**
 * Roles and accounts from another product's files, or from another instance: read into a plan, checked against what is here, and applied through the
 * door of `POST /definitions`: the same notices, confirmations, guards, policy tests and audit, all or none. What does not belong here: what a
 * format means (`identity/rules/import-*.ts`).
 */
import { canonicalJson } from "#proof/canonical-json.ts";
import type { Account } from "#identity/account-store.ts";
import type { Principal } from "#identity/principal.ts";
import {
  openImport,
  type ImportedAccount,
  type ImportedRole,
  type ImportPlace,
  type ImportNote,
  type ImportPlan,
} from "#identity/rules/import-plan.ts";
import { readJs7Roles } from "#identity/rules/import-js7.ts";
import { readShiro } from "#identity/rules/import-shiro.ts";
import type { Notice } from "#identity/rules/notice.ts";
import { sourceEntriesOf } from "#identity/rules/role-source.ts";
import { placedIn, readRoleValue, renderRole } from "#identity/rules/role-text.ts";
import { problem, ProblemError, type Problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import { readYamlDocuments } from "#kernel/yaml-documents.ts";
import { applyDefinitions, type Applied } from "#manager/apply-definitions.ts";
import type { Definition } from "#manager/read-definitions.ts";
import type { Services } from "#manager/services.ts";

export const importFormats = ["roles", "js7-roles", "shiro"] as const;
export const existingChoices = ["refuse", "keep", "replace"] as const;

export interface ImportRequest {
  readonly format: (typeof importFormats)[number];
  readonly text: string;
  readonly dryRun: boolean;
  readonly confirm: boolean;
  /** What becomes of roles and accounts that are here under the same name and differ. */
  readonly existing: (typeof existingChoices)[number];
  /** The file's name as the caller knows it, for explanations; null: it has none. */
  readonly file: string | null;
  /** The source's controllers by their names here. */
  readonly controllers: Readonly<Record<string, string>>;
}

export interface ImportOutcome {
  readonly results: readonly (Applied & { readonly line: number })[];
  readonly report: readonly ImportNote[];
  /** For which nothing can be applied; only a dry run answers with them. */
  readonly problems: readonly Problem[];
  /** What all of it together brings with it. */
  readonly notices: readonly Notice[];
}

/** Roles as `behalf get roles -o yaml` and the export write them. */
const readRoles = (text: string): Result<ImportPlan> => {
  const documents = readYamlDocuments(text);
  if (!documents.ok) return documents;
  const draft = openImport({ controllers: {} });
  const roles: ImportedRole[] = [];
  const names = new Set<string>();
  for (const document of documents.value) {
    const place = document.locate([]);
    const read = readRoleValue(document.value);
    if (!read.ok) {
      const { also = [], ...first } = placedIn(document, read.problem);
      for (const one of [first, ...also]) draft.refuse(one, one.at?.line === undefined ? place : { ...place, ...one.at });
      continue;
    }
    // Checks the name against the others, too.
    if (draft.addRole(read.value.name, place) && !names.has(read.value.name))
      roles.push({ ...read.value, entries: sourceEntriesOf(document.value, (path) => document.locate(path).line), ...place });
    else if (names.has(read.value.name))
      draft.refuse(problem("input.invalid-value", `role \`${read.value.name}\` stands in the text twice`), place);
    names.add(read.value.name);
  }
  return ok({ roles, accounts: [], notes: [], errors: draft.finish().errors });
};

const readJson = (text: string, controllers: ImportRequest["controllers"]): Result<ImportPlan> => {
  // JSON is read as the YAML that it also is: with places, without names twice, within limits.
  const documents = readYamlDocuments(text);
  if (!documents.ok) return refuse({ ...documents.problem, hint: "give the JSON file as it was exported" });
  const [document, further] = documents.value;
  if (document === undefined || further !== undefined)
    return refuse(
      problem("input.malformed-json", document === undefined ? "the file is empty" : "the file holds more than one JSON document"),
    );
  return readJs7Roles(document.value, (path) => document.locate(path), { controllers });
};

const readPlan = ({ format, text, controllers }: ImportRequest): ImportPlan => {
  const read = format === "roles" ? readRoles(text) : format === "shiro" ? readShiro(text, { controllers }) : readJson(text, controllers);
  if (!read.ok) throw new ProblemError(read.problem);
  return read.value;
};

const isSameRole = (here: Parameters<typeof renderRole>[0], there: Parameters<typeof renderRole>[0]): boolean =>
  canonicalJson(renderRole({ ...here, name: "" })) === canonicalJson(renderRole({ ...there, name: "" }));

const isSameAccount = (here: Account, there: Pick<ImportedAccount, "roles" | "disabled">): boolean =>
  canonicalJson(here.roles.map(({ name }) => name).toSorted()) === canonicalJson(there.roles.toSorted()) &&
  (here.disabled || !there.disabled);

interface Sorted {
  readonly definitions: readonly (Definition & { readonly line: number })[];
  readonly notes: readonly ImportNote[];
  readonly problems: readonly Problem[];
}

/** What is to be applied, and what stands in its way here. */
const sortOut = async ({ identity }: Services, plan: ImportPlan, { existing, file }: ImportRequest): Promise<Sorted> => {
  const definitions: (Definition & { readonly line: number })[] = [];
  const notes: ImportNote[] = [];
  const problems: Problem[] = [];
  const taken = (what: string, { line, column }: ImportPlace): void => {
    problems.push(
      problem("identity.name-taken", `${what} is here already and differs`, {
        hint: "choose what becomes of those that are here: `--existing keep` or `--existing replace`",
        at: { line, ...(column === undefined ? {} : { column }) },
      }),
    );
  };
  const kept = (item: string, text: string, { line, column }: ImportPlace): void => {
    notes.push({ outcome: "left", item, text, line, ...(column === undefined ? {} : { column }), hint: null });
  };
  for (const { line, column, entries, ...role } of plan.roles) {
    const here = await identity.findRole(role.name, role.service);
    const place = { line, ...(column === undefined ? {} : { column }), ...role };
    if (here !== null && !isSameRole(here, role)) {
      if (existing === "refuse") taken(`role \`${here.name}\``, place);
      if (existing === "keep")
        kept(here.name, `role \`${here.name}\` is here already and stays as it is: who gets it gets what it holds here`, place);
      if (existing !== "replace") continue;
    }
    definitions.push({
      kind: "Role",
      name: here?.name ?? role.name,
      role: { ...role, name: here?.name ?? role.name },
      onlyNew: here === null,
      source: { file, line, entries },
      line,
    });
  }
  for (const { line, column, ...account } of plan.accounts) {
    const here = await identity.findAccount(account.name, account.service);
    const place = { line, ...(column === undefined ? {} : { column }), ...account };
    if (here !== null && !isSameAccount(here, account)) {
      if (existing === "refuse") taken(`account \`${here.name}\``, place);
      if (existing === "keep") kept(here.name, `account \`${here.name}\` is here already and keeps the roles that it has`, place);
      if (existing !== "replace") continue;
    }
    definitions.push({
      kind: "Account",
      name: here?.name ?? account.name,
      // What the file does not speak of stays: groups, and that an account is disabled.
      account: {
        ...account,
        name: here?.name ?? account.name,
        groups: here?.groups ?? [],
        disabled: account.disabled || here?.disabled === true,
      },
      withoutPassword: true,
      onlyNew: here === null,
      line,
    });
  }
  return { definitions, notes, problems };
};

/** Reads, checks and applies. Throws for what cannot be read at all and, unless it is a dry run, for the first of the problems. */
export const importText = async (services: Services, principal: Principal, request: ImportRequest): Promise<ImportOutcome> => {
  const plan = readPlan(request);
  const sorted = plan.errors.length > 0 ? { definitions: [], notes: [], problems: plan.errors } : await sortOut(services, plan, request);
  const report = [...plan.notes, ...sorted.notes].toSorted((left, right) => left.line - right.line);
  const [first, ...also] = sorted.problems;
  if (first !== undefined) {
    if (!request.dryRun) throw new ProblemError(also.length === 0 ? first : { ...first, also: also.slice(0, 20) });
    return { results: [], report, problems: sorted.problems.slice(0, 200), notices: [] };
  }
  if (sorted.definitions.length === 0) return { results: [], report, problems: [], notices: [] };
  const { results, notices } = await applyDefinitions(services, principal, sorted.definitions, {
    dryRun: request.dryRun,
    // A dry run says what must be confirmed instead of asking for it.
    confirm: request.confirm || request.dryRun,
    expectedRevisions: {},
    record: { action: "definitions.import", detail: { format: request.format, existing: request.existing, left: report.length } },
  });
  const lineOf = new Map(sorted.definitions.map(({ kind, name, line }) => [`${kind} ${name}`, line]));
  return { results: results.map((one) => ({ ...one, line: lineOf.get(`${one.kind} ${one.name}`) ?? 1 })), report, problems: [], notices };
};
