/**
 * What the node keeps about itself, in private files that only the launcher's account owns: credential list, policy, authorization
 * table, trust anchors, signing key. A missing file means the closed default; one that cannot be read or understood denies everything
 * that needs it (S6), with its own problem. What does not belong here: deciding by them.
 */
import type { KeyObject } from "node:crypto";
import { fail, problem, ProblemError, type Problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import { list, object, oneOf, readShape, type Shape } from "#kernel/shape.ts";
import { readPrivateFile, writePrivateFile } from "#kernel/private-file.ts";
import type { DataLayout } from "#kernel/data-layout.ts";
import { generateSigningKey, keyThumbprint, privateKeyFromPem, publicKeyFromRaw, rawPublicKey } from "#proof/keys.ts";
import { closedTable, nodeTableShape } from "#nodes/rules/node-table.ts";
import { nodeTrustShape } from "#nodes/rules/node-trust.ts";
import { credentialEntryShape, nodePolicyShape } from "#launch/rules/credentials.ts";
import type { CredentialEntry, NodePolicy, NodeTable, NodeTrust } from "#launch/ports.ts";

const maxEntries = 10_000;
const credentialFileShape = object({ version: oneOf(1), entries: list(credentialEntryShape, maxEntries) });

export const closedPolicy: NodePolicy = { version: 1, namedUids: [], defaultJobAccount: null, accounts: [], exclusive: "none" };

export interface TrustAnchors {
  readonly trust: NodeTrust;
  readonly issuers: ReadonlyMap<string, KeyObject>;
  /** Replaced issuers, and when (seconds since 1970). */
  readonly replacedAt: ReadonlyMap<string, number>;
}

export interface NodeKey {
  readonly privateKey: KeyObject;
  readonly publicKey: string;
  readonly thumbprint: string;
}

export interface NodeFiles {
  readonly key: NodeKey;
  readonly credentials: Result<readonly CredentialEntry[]>;
  readonly policy: Result<NodePolicy>;
  readonly table: Result<NodeTable>;
  /** Ok with null: this node has not joined a realm. */
  readonly trust: Result<TrustAnchors | null>;
  saveCredentials(entries: readonly CredentialEntry[]): void;
  savePolicy(policy: NodePolicy): void;
  saveTable(table: NodeTable): void;
  saveTrust(trust: NodeTrust): void;
  /** Reads all files again. */
  refresh(): void;
  /** Problems of files that cannot be used, for facts and doctor. */
  problems(): readonly Problem[];
}

const unusable = (path: string, why: string): { readonly ok: false; readonly problem: Problem } =>
  refuse(
    problem("launch.node-file-unusable", `\`${path}\` cannot be used: ${why}`, {
      hint: `correct or restore \`${path}\`, then \`behalf node refresh\``,
    }),
  );

const load = <T>(path: string, shape: Shape<T>, missing: T): Result<T> => {
  let bytes: Buffer | null;
  try {
    bytes = readPrivateFile(path);
  } catch (error) {
    return unusable(path, error instanceof ProblemError ? error.problem.message : "it cannot be read");
  }
  if (bytes === null) return ok(missing);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    return unusable(path, "it is not JSON");
  }
  const read = readShape(shape, value, "the file");
  return read.ok ? read : unusable(path, read.problem.message);
};

const anchorsOf = (path: string, trust: Result<NodeTrust | null>): Result<TrustAnchors | null> => {
  if (!trust.ok) return trust;
  if (trust.value === null) return ok(null);
  try {
    const { issuers } = trust.value;
    return ok({
      trust: trust.value,
      issuers: new Map(issuers.map(({ kid, key }) => [kid, publicKeyFromRaw(key)])),
      replacedAt: new Map(issuers.flatMap(({ kid, until }) => (until === undefined ? [] : [[kid, until] as const]))),
    });
  } catch {
    return unusable(path, "one of its keys cannot be read");
  }
};

const readKey = (path: string, pem: string): KeyObject => {
  try {
    return privateKeyFromPem(pem);
  } catch {
    return fail("delegation.bad-key", `\`${path}\` holds no Ed25519 private key`);
  }
};

const loadKey = (path: string): NodeKey => {
  const found = readPrivateFile(path);
  let pem = found?.toString("utf8");
  if (pem === undefined) {
    pem = generateSigningKey().privatePem;
    writePrivateFile(path, pem);
  }
  const privateKey = readKey(path, pem);
  const publicKey = rawPublicKey(privateKey);
  return { privateKey, publicKey, thumbprint: keyThumbprint(publicKey) };
};

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Opens the node's files; makes the signing key at the first start. Fails when the key cannot be used: nothing works without it. */
export const openNodeFiles = (layout: DataLayout["launcher"]): NodeFiles => {
  const key = loadKey(layout.key);
  let credentials: Result<readonly CredentialEntry[]>;
  let policy: Result<NodePolicy>;
  let table: Result<NodeTable>;
  let trust: Result<TrustAnchors | null>;
  const refresh = (): void => {
    const list = load(layout.credentials, credentialFileShape, { version: 1, entries: [] });
    credentials = list.ok ? ok(list.value.entries) : list;
    policy = load(layout.policy, nodePolicyShape, closedPolicy);
    table = load(layout.table, nodeTableShape, closedTable);
    trust = anchorsOf(layout.trust, load<NodeTrust | null>(layout.trust, nodeTrustShape, null));
  };
  refresh();
  return {
    key,
    get credentials() {
      return credentials;
    },
    get policy() {
      return policy;
    },
    get table() {
      return table;
    },
    get trust() {
      return trust;
    },
    saveCredentials: (entries) => {
      writePrivateFile(layout.credentials, json({ version: 1, entries }));
      refresh();
    },
    savePolicy: (value) => {
      writePrivateFile(layout.policy, json(value));
      refresh();
    },
    saveTable: (value) => {
      writePrivateFile(layout.table, json(value));
      refresh();
    },
    saveTrust: (value) => {
      writePrivateFile(layout.trust, json(value));
      refresh();
    },
    refresh,
    problems: () => [credentials, policy, table, trust].flatMap((read) => (read.ok ? [] : [read.problem])),
  };
};
