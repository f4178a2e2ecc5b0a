/**
 * YAML documents read as definitions: each is asked about first, then read, and all problems are told at once, each at its place in the text or in the
 * file that the text was put together from. What does not belong here: applying them (`apply-definitions.ts`).
 */
import { comparablePath } from "#access/folders.ts";
import type { CasePlace, PolicyTest } from "#access/policy-test.ts";
import type { Principal } from "#identity/principal.ts";
import type { RoleSource } from "#identity/role-sources.ts";
import { sourceEntriesOf } from "#identity/rules/role-source.ts";
import { readAccount, readPolicyTest, readRole, type AccountDefinition, type RoleDefinition } from "#identity/schema.ts";
import { keysOf, readJobDocument } from "#jobs/read-job.ts";
import type { Job } from "#jobs/rules/job.ts";
import { fail, problem, ProblemError, type Problem } from "#kernel/problem.ts";
import type { Result } from "#kernel/result.ts";
import { readYamlDocuments, stepsTo, type YamlDocument } from "#kernel/yaml-documents.ts";
import { authorise } from "#manager/web/guard.ts";

/** Each new account's password is hashed within the transaction, some 30 ms each. */
const mostAccounts = 50;
export const definitionKinds = ["Job", "Role", "Account", "PolicyTest"] as const;
export type DefinitionKind = (typeof definitionKinds)[number];

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

const fieldOf = (document: YamlDocument, field: string): unknown =>
  typeof document.value === "object" && document.value !== null ? (document.value as Record<string, unknown>)[field] : undefined;

const kindOf = (document: YamlDocument): DefinitionKind => {
  const kind = fieldOf(document, "kind");
  const known = definitionKinds.find((one) => one === kind);
  if (known !== undefined) return known;
  const place = kind === undefined ? document.locate([]) : document.locate(["kind"]);
  const at = { document: document.index, ...place, path: "kind" };
  const hint = `one of: ${definitionKinds.join(", ")}`;
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

const placesOf = (document: YamlDocument, files: Files, { cases }: PolicyTest): readonly CasePlace[] =>
  cases.map((_, index) => inFile(files, document.locate(["cases", index]).line));

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
      ? { ok: true, value: { kind, name: read.value.name, test: { ...read.value, places: placesOf(document, files, read.value) } } }
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
