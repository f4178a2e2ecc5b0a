import assert from "node:assert/strict";
import { test } from "node:test";
import { generateSigningKey, keyThumbprint, privateKeyFromPem } from "#proof/keys.ts";
import { checkRotation, signRotation, type Rotation } from "#proof/rotation.ts";
import { sampleIat } from "#test/fixtures/launch-order.ts";

const root = generateSigningKey();
const next = generateSigningKey();
const trust = { rootKey: root.publicKey, realmId: "rlm_01", serial: 4, epoch: 2 };
const announcement = (change: Partial<Rotation> = {}): Rotation => ({
  version: 1,
  kind: "rotation",
  realmId: "rlm_01",
  epoch: 2,
  serial: 5,
  issuers: [{ kid: keyThumbprint(next.publicKey), key: next.publicKey }],
  iat: sampleIat,
  ...change,
});
const signed = (change: Partial<Rotation> = {}, by = root): string =>
  signRotation(announcement(change), privateKeyFromPem(by.privatePem), by.publicKey);

/** Changes a character in the middle of the signature: its end has bits that may be equal by chance. */
const withOtherSignature = (token: string): string => {
  const at = token.lastIndexOf(".") + 20;
  return `${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`;
};

test("S5: an announcement of the pinned root with a higher serial gives the new issuers", () => {
  const checked = checkRotation(signed(), trust);
  assert.ok(checked.ok);
  assert.deepEqual(checked.value, announcement());
});

test("S5: another root, an old serial, another realm, a lower epoch, no issuer or a doubled one is refused", () => {
  for (const [token, why] of [
    [signed({}, next), /not trusted/],
    [signed({ serial: 4 }), /serial 4 is not above 4/],
    [signed({ realmId: "rlm_02" }), /realm/],
    [signed({ epoch: 1 }), /epoch 1 is below 2/],
    [signed({ issuers: [] }), /no issuer/],
    [signed({ issuers: announcement().issuers.map((issuer) => ({ ...issuer, until: sampleIat })) }), /no issuer/],
    [signed({ issuers: [...announcement().issuers, ...announcement().issuers] }), /twice/],
    [withOtherSignature(signed()), /signature|base64url/],
    ["", /three parts/],
  ] as const) {
    const checked = checkRotation(token, trust);
    assert.ok(!checked.ok);
    assert.equal(checked.problem.code, "delegation.rotation-refused");
    assert.match(checked.problem.message, why);
  }
});
