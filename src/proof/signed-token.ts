/**
 * Compact JWS (RFC 7515) with EdDSA over Ed25519 and a header of exactly `alg`, `typ` and `kid` (S5), in canonical JSON. One purpose per `typ`, so that
 * no signature can be shown as another kind. The payload is given out only after the signature over the received bytes was verified.
 */
import { sign, verify, type KeyObject } from "node:crypto";
import { canonicalJson, isCanonicalJson } from "#proof/canonical-json.ts";

export type TokenType = "behalf-order+jws" | "behalf-receipt+jws" | "behalf-rotation+jws" | "behalf-checkpoint+jws";

/** Why a text is not a token of that kind; each kind of token turns it into its own problem. */
export type TokenFault = "malformed" | "too-large" | "unknown-key" | "forged";

export type OpenedToken =
  | { readonly ok: true; readonly kid: string; readonly payloadText: string; readonly payload: unknown }
  | { readonly ok: false; readonly fault: TokenFault; readonly why: string };

const maxHeaderCharacters = 512;
const partPattern = /^[A-Za-z0-9_-]+$/;
const kidPattern = /^[A-Za-z0-9_.:-]{1,100}$/;

const bad = (fault: TokenFault, why: string): OpenedToken => ({ ok: false, fault, why });

// Every header of the product is one of a few texts; its encoding is remembered per kind and key.
const headers = new Map<string, string>();

const encodeHeader = (typ: TokenType, kid: string): string => {
  const name = `${typ} ${kid}`;
  let encoded = headers.get(name);
  if (encoded === undefined) {
    if (headers.size > 1000) headers.clear();
    encoded = Buffer.from(canonicalJson({ alg: "EdDSA", kid, typ }), "utf8").toString("base64url");
    headers.set(name, encoded);
  }
  return encoded;
};

/** Signs a payload text, which should be canonical JSON. */
export const signToken = (typ: TokenType, payloadText: string, privateKey: KeyObject, kid: string): string => {
  const input = `${encodeHeader(typ, kid)}.${Buffer.from(payloadText, "utf8").toString("base64url")}`;
  return `${input}.${sign(null, Buffer.from(input, "latin1"), privateKey).toString("base64url")}`;
};

/** The bytes of one part; null unless it is spelt in the one right way (unpadded, unused bits zero). */
const decodePart = (part: string): Buffer | null => {
  if (!partPattern.test(part)) return null;
  const bytes = Buffer.from(part, "base64url");
  // INVARIANT: one spelling per token, else a byte of it could be altered unseen.
  return bytes.toString("base64url") === part ? bytes : null;
};

/**
 * Verifies and opens a token. `keyOf` gives the public key of a `kid`, or null when the key is not known.
 * SECURITY: nothing of the payload is parsed before the signature holds: `delegation-token.test.ts`.
 */
export const openToken = (token: unknown, typ: TokenType, maxCharacters: number, keyOf: (kid: string) => KeyObject | null): OpenedToken => {
  if (typeof token !== "string") return bad("malformed", "it is not text");
  if (token.length > maxCharacters) return bad("too-large", `it is longer than ${maxCharacters} characters`);
  const [headerPart = "", payloadPart = "", signaturePart = "", ...more] = token.split(".", 4);
  if (more.length > 0 || signaturePart === "") return bad("malformed", "it has not exactly three parts");
  const headerBytes = headerPart.length > maxHeaderCharacters ? null : decodePart(headerPart);
  const payloadBytes = decodePart(payloadPart);
  const signature = decodePart(signaturePart);
  if (headerBytes === null || payloadBytes === null || signature === null || signature.length !== 64)
    return bad("malformed", "a part is not base64url");

  const headerText = headerBytes.toString("utf8");
  let header: unknown;
  try {
    header = JSON.parse(headerText);
  } catch {
    return bad("malformed", "its header is not JSON");
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) return bad("malformed", "its header is not an object");
  const { alg, kid, typ: givenTyp } = header as { alg?: unknown; kid?: unknown; typ?: unknown };
  if (Object.keys(header).length !== 3 || alg !== "EdDSA" || givenTyp !== typ || typeof kid !== "string" || !kidPattern.test(kid))
    return bad("malformed", `its header is not exactly \`alg\` EdDSA, \`typ\` ${typ} and \`kid\``);

  const key = keyOf(kid);
  if (key === null || key.asymmetricKeyType !== "ed25519") return bad("unknown-key", `its key \`${kid}\` is not trusted here`);
  if (!verify(null, Buffer.from(token.slice(0, headerPart.length + 1 + payloadPart.length), "latin1"), key, signature))
    return bad("forged", "its signature does not hold");

  const payloadText = payloadBytes.toString("utf8");
  let payload: unknown;
  try {
    payload = JSON.parse(payloadText);
  } catch {
    return bad("malformed", "its payload is not JSON in canonical form");
  }
  // One text per value: also refuses duplicate names, and bytes that are not UTF-8.
  if (!isCanonicalJson(payloadText, payload)) return bad("malformed", "its payload is not in canonical form");
  return { ok: true, kid, payloadText, payload };
};
