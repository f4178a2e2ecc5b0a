/**
 * Rotation of a realm's issuers (S5): an announcement signed by the realm's root key, which nodes pinned when they joined, with a serial that only
 * rises. It replaces the list of issuers and may raise the lowest epoch; it never changes root key, realm or node table.
 */
import { type KeyObject } from "node:crypto";
import { fail, problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import { integer, list, object, oneOf, readShape, text, type Shape } from "#kernel/shape.ts";
import { canonicalJson } from "#proof/canonical-json.ts";
import { isRawPublicKey, keyThumbprint, publicKeyFromRaw } from "#proof/keys.ts";
import { issuerShapeWith, type Issuer } from "#proof/issuer.ts";
import { openToken, signToken } from "#proof/signed-token.ts";

export interface Rotation {
  readonly version: 1;
  readonly kind: "rotation";
  readonly realmId: string;
  /** Lowest epoch accepted from now on (K2). */
  readonly epoch: number;
  /** Larger than that of every announcement before. */
  readonly serial: number;
  /** The complete list of issuers from now on; at least one that was not replaced. */
  readonly issuers: readonly Issuer[];
  readonly iat: number;
}

const rawKey: Shape<string> = (value, path, faults) => {
  if (typeof value === "string" && isRawPublicKey(value)) return value;
  faults.push({ code: "input.invalid-value", path, text: "must be 32 bytes in base64url" });
  return "";
};

const id = text({ min: 1, max: 100, pattern: /^[A-Za-z0-9_.:-]+$/, expected: "an id" });

export const maxAnnouncementCharacters = 64 * 1024;

const rotation: Shape<Rotation> = object({
  version: oneOf(1),
  kind: oneOf("rotation"),
  realmId: id,
  epoch: integer(0, 1_000_000_000),
  serial: integer(1, Number.MAX_SAFE_INTEGER),
  issuers: list(issuerShapeWith(rawKey), 100),
  iat: integer(0, 8_640_000_000_000),
});

/** Signs an announcement with the realm's root key. */
export const signRotation = (announcement: Rotation, rootPrivateKey: KeyObject, rootPublicKey: string): string => {
  const read = readShape(rotation, announcement, "the announcement");
  if (!read.ok) return fail("delegation.rotation-refused", read.problem.message, { also: [read.problem] });
  return signToken("behalf-rotation+jws", canonicalJson(announcement), rootPrivateKey, keyThumbprint(rootPublicKey));
};

/** What the node knows when an announcement arrives. */
export interface RotationTrust {
  /** Raw base64url, pinned at join. */
  readonly rootKey: string;
  readonly realmId: string;
  /** Serial of the last announcement accepted. */
  readonly serial: number;
  /** Lowest epoch accepted so far; an announcement cannot lower it. */
  readonly epoch: number;
}

/** Verifies an announcement. Refuses a serial that does not rise, another realm, a lower epoch and an empty list. */
export const checkRotation = (announcement: unknown, trust: RotationTrust): Result<Rotation> => {
  let root: KeyObject;
  try {
    root = publicKeyFromRaw(trust.rootKey);
  } catch {
    return refuse(problem("delegation.bad-key", "the realm's pinned root key cannot be read"));
  }
  const rootKid = keyThumbprint(trust.rootKey);
  const opened = openToken(announcement, "behalf-rotation+jws", maxAnnouncementCharacters, (kid) => (kid === rootKid ? root : null));
  if (!opened.ok) return refuse(problem("delegation.rotation-refused", `the announcement is refused: ${opened.why}`));
  const read = readShape(rotation, opened.payload, "the announcement");
  if (!read.ok) return refuse(problem("delegation.rotation-refused", read.problem.message, { also: [read.problem] }));
  const { realmId, serial, epoch, issuers } = read.value;
  if (realmId !== trust.realmId)
    return refuse(
      problem("delegation.rotation-refused", `the announcement is of realm \`${realmId}\`, this node belongs to \`${trust.realmId}\``),
    );
  if (serial <= trust.serial)
    return refuse(
      problem("delegation.rotation-refused", `the announcement's serial ${serial} is not above ${trust.serial}: it was shown before`),
    );
  if (epoch < trust.epoch)
    return refuse(problem("delegation.rotation-refused", `the announcement's epoch ${epoch} is below ${trust.epoch}`));
  if (!issuers.some((issuer) => issuer.until === undefined))
    return refuse(problem("delegation.rotation-refused", "the announcement names no issuer"));
  if (new Set(issuers.map((issuer) => issuer.kid)).size !== issuers.length)
    return refuse(problem("delegation.rotation-refused", "the announcement names an issuer twice"));
  return ok(read.value);
};
