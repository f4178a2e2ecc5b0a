/**
 * The manager's keys: one per purpose (S5), each in a 0600 file outside the database and its backup: delegation, realm root, audit, internal CA; and the
 * realm's record. Made at the first start; later a missing one is a problem, never made anew. Key files that others can read are refused (K2).
 */
import { createHash, X509Certificate, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { newId } from "#kernel/ids.ts";
import { makePrivateFolder, readPrivateFile, writePrivateFile } from "#kernel/private-file.ts";
import { fail } from "#kernel/problem.ts";
import { integer, object, oneOf, readShape, text } from "#kernel/shape.ts";
import { generateSigningKey, keyThumbprint, privateKeyFromPem, rawPublicKey } from "#proof/keys.ts";
import { signRotation } from "#proof/rotation.ts";
import type { PemPair } from "#nodes/internal-ca.ts";

export interface PurposeKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** Raw Ed25519, base64url. */
  readonly publicKey: string;
}

export interface RealmRecord {
  readonly id: string;
  readonly name: string;
  readonly epoch: number;
  /** Serial of the last announcement of issuers. */
  readonly rotationSerial: number;
}

export interface ManagerKeys {
  readonly folder: string;
  readonly delegation: PurposeKey;
  readonly root: PurposeKey;
  readonly audit: PurposeKey;
  readonly ca: PemPair & { /** SHA-256 (hex) of the certificate. */ readonly fingerprint: string };
  readonly realm: RealmRecord;
}

const files = {
  delegation: "delegation.key",
  root: "realm-root.key",
  audit: "audit.key",
  caKey: "ca.key",
  caCertificate: "ca.crt",
  realm: "realm.json",
  announcement: "announcement.jws",
} as const;

const realmShape = object({
  version: oneOf(1),
  id: text({ min: 1, max: 100, pattern: /^[A-Za-z0-9_]+$/, expected: "an id" }),
  name: text({ min: 1, max: 100, pattern: /^[^\s/]+$/, expected: "without spaces and `/`" }),
  epoch: integer(1, 1_000_000_000),
  rotationSerial: integer(0, Number.MAX_SAFE_INTEGER),
});

const purposeKey = (pem: string): PurposeKey => {
  const privateKey = privateKeyFromPem(pem);
  const publicKey = rawPublicKey(privateKey);
  return { kid: keyThumbprint(publicKey), privateKey, publicKey };
};

const readText = (path: string): string | null => readPrivateFile(path)?.toString("utf8") ?? null;

const readRealm = (path: string): RealmRecord | null => {
  const found = readText(path);
  if (found === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(found);
  } catch {
    return fail("nodes.keys-incomplete", `\`${path}\` is not JSON`);
  }
  const read = readShape(realmShape, value, "the realm's record");
  if (!read.ok) return fail("nodes.keys-incomplete", `\`${path}\` cannot be used: ${read.problem.message}`);
  const { id, name, epoch, rotationSerial } = read.value;
  return { id, name, epoch, rotationSerial };
};

const writeRealm = (folder: string, realm: RealmRecord): void =>
  writePrivateFile(join(folder, files.realm), `${JSON.stringify({ version: 1, ...realm }, null, 2)}\n`);

/** Opens the keys in the folder, making them at the first start. The realm's record is written last: its absence means that the first start did not finish. */
export const openManagerKeys = async (options: {
  readonly folder: string;
  readonly realmName: string;
  readonly nowMs: number;
}): Promise<ManagerKeys> => {
  const { folder, nowMs } = options;
  makePrivateFolder(folder);
  const known = readRealm(join(folder, files.realm));
  const realm = known ?? { id: newId("rlm", nowMs), name: options.realmName, epoch: 1, rotationSerial: 0 };

  const key = (name: string): PurposeKey => {
    const path = join(folder, name);
    let pem = readText(path);
    if (pem === null) {
      if (known !== null) return fail("nodes.keys-incomplete", `the key file \`${path}\` is missing`);
      pem = generateSigningKey().privatePem;
      writePrivateFile(path, pem);
    }
    return purposeKey(pem);
  };
  const delegation = key(files.delegation);
  const root = key(files.root);
  const audit = key(files.audit);

  const caKeyPath = join(folder, files.caKey);
  const caCertificatePath = join(folder, files.caCertificate);
  let keyPem = readText(caKeyPath);
  let certificatePem = readText(caCertificatePath);
  if (keyPem === null || certificatePem === null) {
    if (known !== null)
      return fail("nodes.keys-incomplete", `the key file \`${keyPem === null ? caKeyPath : caCertificatePath}\` is missing`);
    // Loaded here: an ordinary start makes no certificate.
    const { makeCa } = await import("#nodes/internal-ca.ts");
    ({ keyPem, certificatePem } = await makeCa(realm.id, realm.name, nowMs));
    writePrivateFile(caKeyPath, keyPem);
    writePrivateFile(caCertificatePath, certificatePem);
  }
  if (known === null) writeRealm(folder, realm);
  const fingerprint = createHash("sha256").update(new X509Certificate(certificatePem).raw).digest("hex");
  return { folder, delegation, root, audit, ca: { keyPem, certificatePem, fingerprint }, realm };
};

/** The issuer that nodes are told to trust. */
export const issuerOf = (keys: ManagerKeys): { readonly kid: string; readonly key: string } => ({
  kid: keys.delegation.kid,
  key: keys.delegation.publicKey,
});

/** Writes a higher epoch to the realm's record; the same keys with it. */
export const raiseEpoch = (keys: ManagerKeys, epoch: number): ManagerKeys => {
  const realm = { ...keys.realm, epoch };
  writeRealm(keys.folder, realm);
  return { ...keys, realm };
};

/**
 * Replaces the delegation key. The announcement, signed by the realm's root, tells nodes: each launcher takes it on its administration socket (`trust-rotate`). Unless the old
 * key may be in other hands, it stays valid beside the new one until the next announcement, so that runs go on while nodes are told.
 */
export const rotateDelegationKey = (
  keys: ManagerKeys,
  options: { readonly nowMs: number; readonly keepOld: boolean },
): { readonly keys: ManagerKeys; readonly announcement: string } => {
  const made = generateSigningKey();
  const delegation = purposeKey(made.privatePem);
  const realm = { ...keys.realm, rotationSerial: keys.realm.rotationSerial + 1 };
  const announcement = signRotation(
    {
      version: 1,
      kind: "rotation",
      realmId: realm.id,
      epoch: realm.epoch,
      serial: realm.rotationSerial,
      issuers: [{ kid: delegation.kid, key: delegation.publicKey }, ...(options.keepOld ? [issuerOf(keys)] : [])],
      iat: Math.floor(options.nowMs / 1000),
    },
    keys.root.privateKey,
    keys.root.publicKey,
  );
  // The serial first: a crash in between may leave a gap in serials, never the same serial twice.
  writeRealm(keys.folder, realm);
  writePrivateFile(join(keys.folder, files.announcement), `${announcement}\n`);
  writePrivateFile(join(keys.folder, files.delegation), made.privatePem);
  return { keys: { ...keys, delegation, realm }, announcement };
};

/** The newest announcement of issuers; null when there was none. */
export const lastAnnouncement = (keys: ManagerKeys): string | null => readText(join(keys.folder, files.announcement))?.trim() ?? null;
