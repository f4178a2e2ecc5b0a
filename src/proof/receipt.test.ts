import assert from "node:assert/strict";
import { test } from "node:test";
import { generateSigningKey, keyThumbprint, privateKeyFromPem, publicKeyFromRaw } from "#proof/keys.ts";
import { checkReceipt, receiptDigest, signReceipt } from "#proof/receipt.ts";
import { signToken } from "#proof/signed-token.ts";
import { canonicalJson } from "#proof/canonical-json.ts";
import { sampleOutcome, sampleReceipt } from "#test/fixtures/launch-order.ts";

const key = generateSigningKey();
const kid = keyThumbprint(key.publicKey);
const privateKey = privateKeyFromPem(key.privatePem);
const receipt = sampleReceipt({ node: { id: "nod_01", keyThumbprint: kid } });

const codeOf = (jws: unknown, publicKey = key.publicKey): string => {
  const checked = checkReceipt(jws, publicKey);
  return checked.ok ? "ok" : checked.problem.code;
};

test("S10: a receipt comes back as it was signed, by raw key and by key object", () => {
  const jws = signReceipt(receipt, privateKey, kid);
  const checked = checkReceipt(jws, key.publicKey);
  assert.ok(checked.ok);
  assert.deepEqual(checked.value, receipt);
  assert.equal(checkReceipt(jws, publicKeyFromRaw(key.publicKey)).ok, true);
  assert.match(receiptDigest(jws), /^[0-9a-f]{64}$/);
});

test("S10: a receipt of another node, an altered one, or another kind of token is refused", () => {
  const jws = signReceipt(receipt, privateKey, kid);
  assert.equal(codeOf(jws, generateSigningKey().publicKey), "delegation.receipt-forged");
  const other = signReceipt(sampleReceipt({ ...receipt, outcome: sampleOutcome({ exitCode: 1 }) }), privateKey, kid);
  const [header = "", payload = ""] = other.split(".");
  assert.equal(codeOf(`${header}.${payload}.${jws.split(".")[2]}`), "delegation.receipt-forged");
  assert.equal(codeOf(signToken("behalf-order+jws", canonicalJson(receipt), privateKey, kid)), "delegation.receipt-malformed");
  assert.equal(codeOf(signReceipt(sampleReceipt(), privateKey, kid)), "delegation.receipt-forged");
  assert.equal(
    codeOf(signToken("behalf-receipt+jws", canonicalJson({ ...receipt, extra: 1 }), privateKey, kid)),
    "delegation.receipt-malformed",
  );
  assert.equal(codeOf("x.y.z"), "delegation.receipt-malformed");
  assert.equal(codeOf(jws, "not a key"), "delegation.bad-key");
});

test("S10: what no manager would read is not signed", () => {
  assert.throws(() => signReceipt(sampleReceipt({ ...receipt, attempt: 0 }), privateKey, kid), /attempt/);
});
