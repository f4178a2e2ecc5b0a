/** Ed25519 keys: made, read and named. Where they are kept is another room's business. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { fail } from "#kernel/problem.ts";
import { sha256Base64url } from "#proof/digest.ts";

// SubjectPublicKeyInfo of an Ed25519 key is this constant and the 32 raw bytes (RFC 8410).
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");
const rawPattern = /^[A-Za-z0-9_-]{43}$/;

export interface SigningKey {
  /** PKCS #8 PEM. */
  readonly privatePem: string;
  /** 32 raw bytes, base64url. */
  readonly publicKey: string;
}

// Exporting costs 0.1 ms, and every receipt asks for the same few keys. A key object never changes.
const rawForms = new WeakMap<KeyObject, string>();

/** The raw public half (base64url) of a public or private key. */
export const rawPublicKey = (key: KeyObject): string => {
  const known = rawForms.get(key);
  if (known !== undefined) return known;
  const publicHalf = key.type === "private" ? createPublicKey(key) : key;
  const raw = publicHalf.export({ format: "der", type: "spki" }).subarray(spkiPrefix.length).toString("base64url");
  rawForms.set(key, raw);
  return raw;
};

/** A fresh key pair. */
export const generateSigningKey = (): SigningKey => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { privatePem: privateKey.export({ format: "pem", type: "pkcs8" }), publicKey: rawPublicKey(publicKey) };
};

/** Reads a private key. Throws `delegation.bad-key` for anything that is not an Ed25519 key; the text never reaches the message. */
export const privateKeyFromPem = (pem: string): KeyObject => {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    return fail("delegation.bad-key", "the private key cannot be read");
  }
  return key.asymmetricKeyType === "ed25519" ? key : fail("delegation.bad-key", "the private key is not an Ed25519 key");
};

/** Whether the text is 32 bytes in unpadded base64url, spelt the one right way. */
export const isRawPublicKey = (raw: string): boolean => rawPattern.test(raw) && Buffer.from(raw, "base64url").toString("base64url") === raw;

/** Reads a public key from its 32 raw bytes (base64url). Throws `delegation.bad-key`. */
export const publicKeyFromRaw = (raw: string): KeyObject => {
  if (!isRawPublicKey(raw)) return fail("delegation.bad-key", "the public key is not 32 bytes in base64url");
  try {
    return createPublicKey({ key: Buffer.concat([spkiPrefix, Buffer.from(raw, "base64url")]), format: "der", type: "spki" });
  } catch {
    return fail("delegation.bad-key", "the public key cannot be read");
  }
};

/** Names a public key: SHA-256 (base64url) of its 32 raw bytes. Also the `kid` of what it signs. */
export const keyThumbprint = (rawPublic: string): string => sha256Base64url(Buffer.from(rawPublic, "base64url"));
