/**
 * The manager's keys: one per purpose (S5), each in a 0600 file outside the database and its backup: delegation, realm root, audit, internal CA; and the
 * realm's record. Made at the first start; later a missing one is a problem, never made anew. Key files that others can read are refused (K2).
 */
import { createHash, createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { newId } from "#kernel/ids.ts";
import { makePrivateFolder, readPrivateFile, writePrivateFile } from "#kernel/private-file.ts";
import { fail } from "#kernel/problem.ts";
import { integer, object, oneOf, readShape, text } from "#kernel/shape.ts";
import { generateSigningKey, keyThumbprint, privateKeyFromPem, rawPublicKey } from "#proof/keys.ts";
import { maxTokenLifeSeconds } from "#proof/delegation-token.ts";
import { checkRotation, maxAnnouncementCharacters, signRotation } from "#proof/rotation.ts";
import type { Issuer } from "#proof/issuer.ts";
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
  /** Serial of a rotation that a crash had cut short and this start has finished; null: none. */
  readonly finishedRotation: number | null;
}

const files = {
  delegation: "delegation.key",
  root: "realm-root.key",
  audit: "audit.key",
  caKey: "ca.key",
  caCertificate: "ca.crt",
  realm: "realm.json",
  announcement: "announcement.jws",
  nextDelegation: "delegation.next.json",
} as const;

const realmShape = object({
  version: oneOf(1),
  id: text({ min: 1, max: 100, pattern: /^[A-Za-z0-9_]+$/, expected: "an id" }),
  name: text({ min: 1, max: 100, pattern: /^[^\s/]+$/, expected: "without spaces and `/`" }),
  epoch: integer(1, 1_000_000_000),
  rotationSerial: integer(0, Number.MAX_SAFE_INTEGER),
});

/** What `read` makes of the file's text; fails with the file's name, whose text reaches no message. */
const readAs = <T>(path: string, what: string, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    return fail("nodes.keys-incomplete", `the key file \`${path}\` holds no ${what}`, { cause: error });
  }
};

const purposeKey = (path: string, pem: string): PurposeKey => {
  const privateKey = readAs(path, "Ed25519 private key", () => privateKeyFromPem(pem));
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
  const finishedRotation = finishRotation(folder);
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
    return purposeKey(path, pem);
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
  const ca = { keyPem, certificatePem };
  const certificate = readAs(caCertificatePath, "certificate", () => new X509Certificate(ca.certificatePem));
  const caKey = readAs(caKeyPath, "private key", () => createPrivateKey(ca.keyPem));
  if (!certificate.checkPrivateKey(caKey))
    return fail("nodes.keys-incomplete", `\`${caKeyPath}\` is not the key of the certificate \`${caCertificatePath}\``);
  if (known === null) writeRealm(folder, realm);
  const fingerprint = createHash("sha256").update(certificate.raw).digest("hex");
  return { folder, delegation, root, audit, ca: { ...ca, fingerprint }, realm, finishedRotation };
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

/** An announcement as it is kept: what nodes are shown, and what of it the next one needs. */
export interface KeptAnnouncement {
  readonly serial: number;
  readonly text: string;
}

const nextKeyShape = object({
  version: oneOf(1),
  serial: integer(1, Number.MAX_SAFE_INTEGER),
  pem: text({ min: 1, max: 4096 }),
  announcement: text({ min: 1, max: maxAnnouncementCharacters }),
});

/** Replaced keys are named for as long as what they signed may be alive, with room for clocks that differ; at most so many, against rotating in a loop. */
const replacedLifeSeconds = maxTokenLifeSeconds + 60;
const maxReplaced = 20;

/** The issuers of the newest announcement; it was signed here, so only its form is looked at. */
const announcedIssuers = (keys: ManagerKeys): readonly Issuer[] => {
  const last = lastAnnouncement(keys);
  if (last === null) return [];
  const checked = checkRotation(last.text, { rootKey: keys.root.publicKey, realmId: keys.realm.id, serial: 0, epoch: 0 });
  return checked.ok ? checked.value.issuers : [];
};

const announce = (keys: ManagerKeys, serial: number, issuers: readonly Issuer[], iat: number): string =>
  signRotation(
    { version: 1, kind: "rotation", realmId: keys.realm.id, epoch: keys.realm.epoch, serial, issuers, iat },
    keys.root.privateKey,
    keys.root.publicKey,
  );

/**
 * Makes the next delegation key and its announcement, signed by the realm's root (S5), and keeps both durably beside the present key, which still signs:
 * `activateRotation` or the next start makes it the one. What the old key has signed by now stays valid for its life, unless that key may be in other hands.
 */
export const prepareRotation = (
  keys: ManagerKeys,
  options: { readonly nowMs: number; readonly revokeOld: boolean },
): { readonly serial: number; readonly kid: string; readonly replaced: string } => {
  const made = generateSigningKey();
  const kid = keyThumbprint(made.publicKey);
  const now = Math.floor(options.nowMs / 1000);
  // INVARIANT: rises also when the keys' folder came back from a backup that knows less than the nodes.
  const serial = Math.max(keys.realm.rotationSerial + 1, now);
  const replaced = announcedIssuers(keys)
    .filter((issuer) => issuer.until !== undefined && issuer.until + replacedLifeSeconds > now)
    .slice(0, maxReplaced);
  const announcement = announce(
    keys,
    serial,
    [{ kid, key: made.publicKey }, ...(options.revokeOld ? [] : [{ ...issuerOf(keys), until: now }, ...replaced])],
    now,
  );
  const next = { version: 1, serial, pem: made.privatePem, announcement };
  writePrivateFile(join(keys.folder, files.nextDelegation), `${JSON.stringify(next, null, 2)}\n`);
  return { serial, kid, replaced: keys.delegation.kid };
};

/** Forgets the next key: its act was not recorded. */
export const dropRotation = (keys: ManagerKeys): void => rmSync(join(keys.folder, files.nextDelegation), { force: true });

/**
 * Makes the next key the present one, where there is a next one. INVARIANT: nothing of it was shown to a node before, and every step can be repeated:
 * a crash in between is finished by the next start.
 */
const finishRotation = (folder: string): number | null => {
  const path = join(folder, files.nextDelegation);
  const found = readText(path);
  const realm = readRealm(join(folder, files.realm));
  if (found === null || realm === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(found);
  } catch {
    return fail("nodes.keys-incomplete", `\`${path}\` is not JSON`);
  }
  const read = readShape(nextKeyShape, value, "the next key");
  if (!read.ok) return fail("nodes.keys-incomplete", `\`${path}\` cannot be used: ${read.problem.message}`);
  const { serial, pem, announcement } = read.value;
  writeRealm(folder, { ...realm, rotationSerial: serial });
  writePrivateFile(join(folder, files.announcement), `${announcement}\n`);
  writePrivateFile(join(folder, files.delegation), pem);
  rmSync(path);
  return serial;
};

/** The same keys with the next delegation key in place of the present one. */
export const activateRotation = (keys: ManagerKeys): ManagerKeys => {
  finishRotation(keys.folder);
  const realm = readRealm(join(keys.folder, files.realm));
  const pem = readText(join(keys.folder, files.delegation));
  if (realm === null || pem === null) return fail("nodes.keys-incomplete", `key files in \`${keys.folder}\` are missing`);
  return { ...keys, delegation: purposeKey(join(keys.folder, files.delegation), pem), realm };
};

/** The newest announcement of issuers as it was signed; null when there was none. */
export const lastAnnouncement = (keys: ManagerKeys): KeptAnnouncement | null => {
  const text = readText(join(keys.folder, files.announcement))?.trim();
  return text === undefined ? null : { serial: keys.realm.rotationSerial, text };
};

/** What nodes are shown: the newest announcement, in today's epoch. */
export const currentAnnouncement = (keys: ManagerKeys, nowMs: number): KeptAnnouncement | null => {
  const last = lastAnnouncement(keys);
  if (last === null) return null;
  const trust = { rootKey: keys.root.publicKey, realmId: keys.realm.id, serial: 0, epoch: keys.realm.epoch };
  if (checkRotation(last.text, trust).ok) return last;
  const issuers = announcedIssuers(keys);
  return issuers.length === 0 ? null : { ...last, text: announce(keys, last.serial, issuers, Math.floor(nowMs / 1000)) };
};

/** One of the instance's keys, without any of it: for people. */
export interface KeyDescription {
  readonly purpose: "delegation" | "root" | "audit" | "ca";
  readonly id: string;
  readonly madeAtMs: number;
}

/** Every key with its id and when its file was written. */
export const describeKeys = (keys: ManagerKeys): readonly KeyDescription[] => {
  const madeAtMs = (name: string): number => Math.round(statSync(join(keys.folder, name)).mtimeMs);
  return [
    { purpose: "delegation", id: keys.delegation.kid, madeAtMs: madeAtMs(files.delegation) },
    { purpose: "root", id: keys.root.kid, madeAtMs: madeAtMs(files.root) },
    { purpose: "audit", id: keys.audit.kid, madeAtMs: madeAtMs(files.audit) },
    { purpose: "ca", id: keys.ca.fingerprint, madeAtMs: madeAtMs(files.caCertificate) },
  ];
};
