/** Receipts: what the launcher signs about a run (S10), and by which each node is a witness of the audit chain (K1). */
import { type KeyObject } from "node:crypto";
import { fail, problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import { canonicalJson } from "#proof/canonical-json.ts";
import { sha256Hex } from "#proof/digest.ts";
import { keyThumbprint, publicKeyFromRaw, rawPublicKey } from "#proof/keys.ts";
import type { Receipt } from "#proof/launch-order.ts";
import { readReceipt } from "#proof/read-launch-order.ts";
import { openToken, signToken } from "#proof/signed-token.ts";

const maxReceiptCharacters = 1024 * 1024;

/** Signs a receipt with the launcher's key; `kid` is the key's thumbprint. Throws `delegation.receipt-malformed` for one that no manager would read. */
export const signReceipt = (receipt: Receipt, privateKey: KeyObject, kid: string): string => {
  const read = readReceipt(receipt);
  if (!read.ok) return fail("delegation.receipt-malformed", read.problem.message, { also: [read.problem] });
  return signToken("behalf-receipt+jws", canonicalJson(receipt), privateKey, kid);
};

/** Verifies a receipt against the key of the node that is said to have signed it (a key, or its raw base64url form). */
export const checkReceipt = (jws: unknown, publicKey: KeyObject | string): Result<Receipt> => {
  let key: KeyObject;
  let thumbprint: string;
  try {
    key = typeof publicKey === "string" ? publicKeyFromRaw(publicKey) : publicKey;
    thumbprint = keyThumbprint(typeof publicKey === "string" ? publicKey : rawPublicKey(publicKey));
  } catch {
    return refuse(problem("delegation.bad-key", "the node's public key cannot be read"));
  }
  const opened = openToken(jws, "behalf-receipt+jws", maxReceiptCharacters, (kid) => (kid === thumbprint ? key : null));
  if (!opened.ok)
    return refuse(
      problem(
        opened.fault === "forged" || opened.fault === "unknown-key" ? "delegation.receipt-forged" : "delegation.receipt-malformed",
        `the receipt is refused: ${opened.why}`,
      ),
    );
  const read = readReceipt(opened.payload);
  if (!read.ok) return refuse(problem("delegation.receipt-malformed", read.problem.message, { also: [read.problem] }));
  if (read.value.node.keyThumbprint !== thumbprint)
    return refuse(problem("delegation.receipt-forged", "the receipt names another node than the one that signed it"));
  return ok(read.value);
};

/** SHA-256 (hex) of a receipt's text: `previous` of the next one in the node's chain. */
export const receiptDigest = (jws: string): string => sha256Hex(jws);
