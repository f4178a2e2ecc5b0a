/**
 * The delegation token: a launch order signed by the manager for one run, attempt and node (S1, S2). Minted when the run is offered; checked by the launcher,
 * which believes nothing else. Each refusal has its own code, so that a node's log tells an attack from a clock.
 */
import { type KeyObject } from "node:crypto";
import { fail, problem, type Problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import { canonicalJson } from "#proof/canonical-json.ts";
import { sha256Hex } from "#proof/digest.ts";
import type { LaunchOrder } from "#proof/launch-order.ts";
import { readLaunchOrder } from "#proof/read-launch-order.ts";
import { openToken, signToken } from "#proof/signed-token.ts";

/** Characters of the largest token: an order of 1 MiB in base64url, with room for escapes. */
export const maxTokenCharacters = 2 * 1024 * 1024;

/** Seconds between `iat` and `exp` (S2). */
export const maxTokenLifeSeconds = 300;

/** What a node believes when it checks a token. */
export interface DelegationTrust {
  /** Public keys of the realm's issuers by `kid`. */
  readonly issuers: ReadonlyMap<string, KeyObject>;
  /** Those among them that were replaced, and when (seconds since 1970): what they sign later is refused (S5). */
  readonly replacedAt: ReadonlyMap<string, number>;
  readonly node: { readonly id: string; readonly keyThumbprint: string };
  readonly realmId: string;
  /** The lowest epoch of the realm that is still accepted (K2). */
  readonly minimumEpoch: number;
  readonly nowMs: number;
  /** How far `iat` may lie in the future of this node's clock. */
  readonly skewMs: number;
}

export interface CheckedOrder {
  readonly order: LaunchOrder;
  /** SHA-256 (hex) of the canonical order. */
  readonly orderDigest: string;
}

const ageText = (ms: number): string => `${Math.ceil(ms / 1000)} s`;

/** Digest (hex) of an order, as receipts and run records name it. */
export const orderDigest = (order: LaunchOrder): string => sha256Hex(canonicalJson(order));

/** The same of the order in a token that was just minted: its payload is the canonical text. */
export const orderDigestIn = (token: string): string => sha256Hex(Buffer.from(token.split(".", 2)[1] ?? "", "base64url"));

/** Signs an order. Throws `delegation.malformed` for one that no node would read, `delegation.too-large` beyond the limit. */
export const mintDelegationToken = (order: LaunchOrder, signer: { readonly kid: string; readonly privateKey: KeyObject }): string => {
  const read = readLaunchOrder(order);
  if (!read.ok) return fail("delegation.malformed", read.problem.message, { also: [read.problem] });
  if (order.exp <= order.iat || order.exp - order.iat > maxTokenLifeSeconds)
    return fail("delegation.malformed", `the token would live ${order.exp - order.iat} s, not 1 to ${maxTokenLifeSeconds}`);
  const token = signToken("behalf-order+jws", canonicalJson(order), signer.privateKey, signer.kid);
  if (token.length > maxTokenCharacters)
    return fail(
      "delegation.too-large",
      `the launch order is too large: its token would have ${token.length} characters of ${maxTokenCharacters}`,
    );
  return token;
};

const timeProblem = (order: LaunchOrder, trust: DelegationTrust): Problem | null => {
  const life = order.exp - order.iat;
  if (life <= 0 || life > maxTokenLifeSeconds)
    return problem("delegation.malformed", `the token's life of ${life} s is not within 1 to ${maxTokenLifeSeconds} s`);
  const early = order.iat * 1000 - trust.nowMs;
  if (early > trust.skewMs)
    return problem("delegation.not-yet-valid", `the token was issued ${ageText(early)} in the future of this node's clock`, {
      hint: `compare the clocks of manager and node (\`timedatectl\`); the manager's may be ahead by ${ageText(trust.skewMs)}`,
    });
  const late = trust.nowMs - order.exp * 1000;
  // No allowance here: the life of a token is long against any difference of clocks that `iat` lets pass.
  if (late >= 0) return problem("delegation.expired", `the token expired ${ageText(late + 1)} ago`);
  return null;
};

/** Verifies a token as the node does: signature over the received bytes first, then form, realm, epoch, node, time. */
export const checkDelegationToken = (token: unknown, trust: DelegationTrust): Result<CheckedOrder> => {
  const opened = openToken(token, "behalf-order+jws", maxTokenCharacters, (kid) => trust.issuers.get(kid) ?? null);
  if (!opened.ok) {
    switch (opened.fault) {
      case "too-large":
        return refuse(problem("delegation.too-large", `the delegation token is refused: ${opened.why}`));
      case "unknown-key":
        return refuse(problem("delegation.unknown-issuer", `the delegation token is refused: ${opened.why}`));
      case "forged":
        return refuse(problem("delegation.forged", `the delegation token is refused: ${opened.why}`));
      case "malformed":
        return refuse(problem("delegation.malformed", `the delegation token is refused: ${opened.why}`));
    }
  }
  const read = readLaunchOrder(opened.payload);
  if (!read.ok) return refuse(problem("delegation.malformed", read.problem.message, { also: [read.problem] }));
  const order = read.value;
  // SECURITY: the replaced key may be in other hands later; what it signs then is not saved by an older `iat` for more than a token's life: `rotation.test.ts`.
  if (order.iat > (trust.replacedAt.get(opened.kid) ?? Number.POSITIVE_INFINITY))
    return refuse(
      problem("delegation.replaced-issuer", `the delegation token is refused: its key \`${opened.kid}\` was replaced before it was signed`),
    );
  if (order.realm.id !== trust.realmId)
    return refuse(
      problem(
        "delegation.foreign-realm",
        `the token is of realm \`${order.realm.name}\` (\`${order.realm.id}\`), this node belongs to \`${trust.realmId}\``,
      ),
    );
  if (order.realm.epoch < trust.minimumEpoch)
    return refuse(
      problem("delegation.old-epoch", `the token is of epoch ${order.realm.epoch}, this node accepts ${trust.minimumEpoch} and later`),
    );
  if (order.node.id !== trust.node.id || order.node.keyThumbprint !== trust.node.keyThumbprint)
    return refuse(
      problem(
        "delegation.foreign-node",
        `the token is for node \`${order.node.name}\` (\`${order.node.id}\`), not for this one (\`${trust.node.id}\`)`,
      ),
    );
  const wrongTime = timeProblem(order, trust);
  if (wrongTime !== null) return refuse(wrongTime);
  return ok({ order, orderDigest: sha256Hex(opened.payloadText) });
};
