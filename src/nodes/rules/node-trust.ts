/** A node's trust anchors and the strict reader of their file. What a node does with them is `node-table.ts` and the delegation check. Pure. */
import { integer, list, object, oneOf, readShape, text, type Shape } from "#kernel/shape.ts";
import { issuerShapeWith, type Issuer } from "#proof/issuer.ts";
import type { Result } from "#kernel/result.ts";

/** The launcher's trust anchors, written at join time (S5); never by the agent. */
export interface NodeTrust {
  readonly version: 1;
  readonly node: { readonly id: string; readonly name: string };
  readonly realm: {
    readonly id: string;
    readonly name: string;
    /** Lowest epoch accepted (K2); rises with what is verified. */
    readonly epoch: number;
  };
  /** Public keys (base64url raw Ed25519): the realm's root, which only announces, and the current issuers of delegation tokens. */
  readonly rootKey: string;
  readonly rotationSerial: number;
  readonly issuers: readonly Issuer[];
}

const id = text({ min: 1, max: 100, pattern: /^[A-Za-z0-9_.:-]+$/, expected: "an id" });
// oxlint-disable-next-line no-control-regex
const name = text({ min: 1, max: 255, pattern: /^[^\u0000-\u001f\u007f-\u009f]+$/, expected: "without control characters" });
const publicKey = text({ min: 43, max: 43, pattern: /^[A-Za-z0-9_-]{43}$/, expected: "32 bytes in base64url" });

export const nodeTrustShape: Shape<NodeTrust> = object({
  version: oneOf(1),
  node: object({ id, name }),
  realm: object({ id, name, epoch: integer(0, 1_000_000_000) }),
  rootKey: publicKey,
  rotationSerial: integer(0, Number.MAX_SAFE_INTEGER),
  issuers: list(issuerShapeWith(publicKey), 100),
});

/** Reads trust anchors strictly. */
export const readNodeTrust = (value: unknown): Result<NodeTrust> => readShape(nodeTrustShape, value, "the node's trust");
