import assert from "node:assert/strict";
import { sign, createPublicKey } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import { CompactSign, compactVerify } from "jose";
import { canonicalJson } from "#proof/canonical-json.ts";
import {
  checkDelegationToken,
  maxTokenCharacters,
  mintDelegationToken,
  orderDigest,
  type DelegationTrust,
} from "#proof/delegation-token.ts";
import { generateSigningKey, keyThumbprint, privateKeyFromPem, publicKeyFromRaw } from "#proof/keys.ts";
import { readLaunchOrder } from "#proof/read-launch-order.ts";
import { signToken } from "#proof/signed-token.ts";
import { sampleIat, sampleOrder } from "#test/fixtures/launch-order.ts";

const issuer = generateSigningKey();
const kid = keyThumbprint(issuer.publicKey);
const signer = { kid, privateKey: privateKeyFromPem(issuer.privatePem) };
const stranger = generateSigningKey();
const trust: DelegationTrust = {
  issuers: new Map([[kid, publicKeyFromRaw(issuer.publicKey)]]),
  replacedAt: new Map(),
  node: { id: "nod_01", keyThumbprint: sampleOrder().node.keyThumbprint },
  realmId: "rlm_01",
  minimumEpoch: 3,
  nowMs: sampleIat * 1000 + 1000,
  skewMs: 30_000,
};

const codeOf = (token: unknown, change: Partial<DelegationTrust> = {}): string => {
  const checked = checkDelegationToken(token, { ...trust, ...change });
  if (checked.ok) return "ok";
  assert.ok(checked.problem.hint.length > 10, `hint of ${checked.problem.code}`);
  return checked.problem.code;
};

/** A token of the real issuer around any payload, to test what is checked after the signature. */
const around = (payload: unknown): string => signToken("behalf-order+jws", canonicalJson(payload), signer.privateKey, kid);

test("S1: the token's payload is the whole launch order, and its digest is the order's", () => {
  const order = sampleOrder();
  const token = mintDelegationToken(order, signer);
  assert.deepEqual(JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()), order);
  const checked = checkDelegationToken(token, trust);
  assert.ok(checked.ok);
  assert.deepEqual(checked.value.order, order);
  assert.equal(checked.value.orderDigest, orderDigest(order));
});

test("S5: a replaced issuer is believed for what it had signed by then, and for nothing later", () => {
  const token = mintDelegationToken(sampleOrder(), signer);
  const replaced = (at: number): string => {
    const checked = checkDelegationToken(token, { ...trust, replacedAt: new Map([[kid, at]]) });
    return checked.ok ? "ok" : checked.problem.code;
  };
  assert.equal(replaced(sampleIat), "ok");
  assert.equal(replaced(sampleIat - 1), "delegation.replaced-issuer");
  // Whoever has the old key and dates back gains no more than a token's life.
  const old = mintDelegationToken(sampleOrder({ iat: sampleIat, exp: sampleIat + 300 }), signer);
  const later = checkDelegationToken(old, { ...trust, nowMs: (sampleIat + 301) * 1000, replacedAt: new Map([[kid, sampleIat]]) });
  assert.equal(later.ok ? "ok" : later.problem.code, "delegation.expired");
});

test("S5: the header is exactly alg, typ and kid", () => {
  const header: unknown = JSON.parse(Buffer.from(mintDelegationToken(sampleOrder(), signer).split(".")[0] ?? "", "base64url").toString());
  assert.deepEqual(header, { alg: "EdDSA", typ: "behalf-order+jws", kid });
});

test("S5: any other header is malformed, whatever it asks for", () => {
  const payload = Buffer.from(canonicalJson(sampleOrder())).toString("base64url");
  const withHeader = (header: unknown): string => {
    const input = `${Buffer.from(typeof header === "string" ? header : JSON.stringify(header)).toString("base64url")}.${payload}`;
    return `${input}.${sign(null, Buffer.from(input), signer.privateKey).toString("base64url")}`;
  };
  const base = { alg: "EdDSA", typ: "behalf-order+jws", kid };
  assert.equal(codeOf(withHeader(base)), "ok");
  for (const header of [
    { ...base, alg: "none" },
    { ...base, alg: "HS256" },
    { ...base, typ: "behalf-receipt+jws" },
    { ...base, typ: "JWT" },
    { ...base, crit: ["exp"] },
    { ...base, jwk: { kty: "OKP", crv: "Ed25519", x: stranger.publicKey } },
    { ...base, jku: "https://elsewhere.example/keys" },
    { ...base, kid: 7 },
    { ...base, kid: "../../key" },
    { alg: "EdDSA", kid },
    [base],
    null,
    "not json",
    `{"alg":"EdDSA","kid":"${"x".repeat(600)}","typ":"behalf-order+jws"}`,
  ])
    assert.equal(codeOf(withHeader(header)), "delegation.malformed", JSON.stringify(header));
});

test("S1: our tokens verify with jose, and tokens signed by jose verify here", async () => {
  const token = mintDelegationToken(sampleOrder(), signer);
  const verified = await compactVerify(token, createPublicKey(signer.privateKey));
  assert.deepEqual(JSON.parse(new TextDecoder().decode(verified.payload)), sampleOrder());
  const theirs = await new CompactSign(new TextEncoder().encode(canonicalJson(sampleOrder())))
    .setProtectedHeader({ alg: "EdDSA", kid, typ: "behalf-order+jws" })
    .sign(signer.privateKey);
  assert.equal(codeOf(theirs), "ok");
});

test("S3: a token with any one altered, missing or added byte is refused", () => {
  const token = mintDelegationToken(sampleOrder(), signer);
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.integer({ min: 1, max: 255 }), (at, difference) => {
      const altered = token.slice(0, at) + String.fromCharCode(token.charCodeAt(at) ^ difference) + token.slice(at + 1);
      assert.notEqual(codeOf(altered), "ok");
    }),
    { numRuns: 600 },
  );
  const last = token.length - 1;
  // The last character of a signature carries four unused bits: every other spelling of it is refused too.
  for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=. ")
    if (letter !== token[last]) assert.notEqual(codeOf(token.slice(0, last) + letter), "ok", letter);
  for (const other of [
    token.slice(1),
    token.slice(0, -1),
    `${token}A`,
    `${token}.`,
    `${token}=`,
    ` ${token}`,
    `${token}\n`,
    "",
    ".",
    "..",
    "a.b.c",
    null,
    7,
    {},
  ])
    assert.notEqual(codeOf(other), "ok");
});

test("S1: a signature by another key under a known kid is forged; an unknown kid is an unknown issuer", () => {
  const key = privateKeyFromPem(stranger.privatePem);
  assert.equal(codeOf(mintDelegationToken(sampleOrder(), { kid, privateKey: key })), "delegation.forged");
  assert.equal(
    codeOf(mintDelegationToken(sampleOrder(), { kid: keyThumbprint(stranger.publicKey), privateKey: key })),
    "delegation.unknown-issuer",
  );
  assert.equal(codeOf(mintDelegationToken(sampleOrder(), { kid: "__proto__", privateKey: key })), "delegation.unknown-issuer");
});

test("S1: nothing of the payload is parsed before the signature holds", () => {
  const input = `${mintDelegationToken(sampleOrder(), signer).split(".")[0]}.${Buffer.from("this is not json").toString("base64url")}`;
  assert.equal(codeOf(`${input}.${"A".repeat(86)}`), "delegation.forged");
  assert.equal(codeOf(`${input}.${sign(null, Buffer.from(input), signer.privateKey).toString("base64url")}`), "delegation.malformed");
});

test("S1: a foreign realm, node or key and an old epoch each have their own refusal", () => {
  const order = sampleOrder();
  assert.equal(codeOf(around({ ...order, realm: { ...order.realm, id: "rlm_02" } })), "delegation.foreign-realm");
  assert.equal(codeOf(around({ ...order, node: { ...order.node, id: "nod_02" } })), "delegation.foreign-node");
  assert.equal(
    codeOf(around({ ...order, node: { ...order.node, keyThumbprint: keyThumbprint(stranger.publicKey) } })),
    "delegation.foreign-node",
  );
  assert.equal(codeOf(around(order), { minimumEpoch: 4 }), "delegation.old-epoch");
  assert.equal(codeOf(around({ ...order, realm: { ...order.realm, epoch: 9 } })), "ok");
});

test("S4: expired, issued in the future, and living too long", () => {
  const token = mintDelegationToken(sampleOrder(), signer);
  const at = (seconds: number): string => codeOf(token, { nowMs: (sampleIat + seconds) * 1000 });
  assert.equal(at(299), "ok");
  assert.equal(at(300), "delegation.expired");
  assert.equal(at(100_000), "delegation.expired");
  assert.equal(at(-30), "ok");
  assert.equal(at(-31), "delegation.not-yet-valid");
  assert.equal(codeOf(around(sampleOrder({ exp: sampleIat + 301 }))), "delegation.malformed");
  assert.equal(codeOf(around(sampleOrder({ exp: sampleIat }))), "delegation.malformed");
  assert.throws(() => mintDelegationToken(sampleOrder({ exp: sampleIat + 301 }), signer), /would live 301 s/);
});

test("S1: an order with an unknown, missing or wrong field is refused, at every place", () => {
  const order = structuredClone(sampleOrder()) as unknown as Record<string, unknown>;
  assert.equal(readLaunchOrder(order).ok, true);
  const visit = (holder: Record<string, unknown>, check: (where: string) => void, where: string): void => {
    const data = where === ".arguments" || where === ".environment";
    for (const name of Object.keys(holder)) {
      const kept = holder[name];
      if (!data) {
        delete holder[name];
        check(`without ${where}.${name}`);
      }
      for (const wrong of [undefined, Symbol.iterator, -1, 1.5, {}, [], "\0", "\ud800", Number.NaN]) {
        if (Array.isArray(kept) && Array.isArray(wrong)) continue;
        holder[name] = wrong;
        if (!(data && wrong === undefined)) check(`${where}.${name} = ${String(wrong)}`);
      }
      holder[name] = kept;
      if (typeof kept === "object" && kept !== null && !Array.isArray(kept))
        visit(kept as Record<string, unknown>, check, `${where}.${name}`);
    }
    if (!data) {
      holder["runAs"] = "root";
      check(`${where} with runAs`);
      delete holder["runAs"];
    }
    Object.defineProperty(holder, "__proto__", { value: {}, enumerable: true, configurable: true, writable: true });
    check(`${where} with __proto__`);
    delete holder["__proto__"];
  };
  const accepted: string[] = [];
  visit(
    order,
    (where) => {
      if (readLaunchOrder(order).ok) accepted.push(where);
    },
    "",
  );
  // An empty object is a good record of arguments.
  assert.deepEqual(accepted, [".arguments = [object Object]", ".environment = [object Object]"]);
});

test("S6: the path of the order's job is one that a job can have: none that leads out of a folder which it names", () => {
  const read = (path: string): boolean => readLaunchOrder({ ...sampleOrder(), job: { ...sampleOrder().job, path } }).ok;
  for (const path of ["/a", "/finance/close books", "/..a/b..", "/été/日本"]) assert.equal(read(path), true, path);
  for (const path of ["", "/", "a", "//a", "/a/", "/a//b", "/finance/../hr/x", "/..", "/./a", "/a/.", "/a\u200b", "/a\u0085"])
    assert.equal(read(path), false, path);
});

test("O6: variable names and values that a process could not be given are refused", () => {
  const environments: readonly Record<string, string>[] = [
    { "A-B": "x" },
    { "1A": "x" },
    { "": "x" },
    { "A=B": "x" },
    JSON.parse('{"constructor":"x"}') as Record<string, string>,
    { A: "x\0y" },
    { A: "x".repeat(131_072) },
  ];
  for (const environment of environments)
    assert.equal(codeOf(around(sampleOrder({ environment }))), "delegation.malformed", Object.keys(environment).join());
  assert.equal(
    codeOf(around(sampleOrder({ program: { kind: "program", file: "/bin/echo", args: Array.from({ length: 4097 }, () => "") } }))),
    "delegation.malformed",
  );
});

test("S1: a payload that is not in canonical form is refused although the issuer signed it", () => {
  const canonical = canonicalJson(sampleOrder());
  const signed = (text: string): string => codeOf(signToken("behalf-order+jws", text, signer.privateKey, kid));
  assert.equal(signed(canonical), "ok");
  assert.equal(signed(` ${canonical}`), "delegation.malformed");
  assert.equal(signed(canonical.replace("{", '{"actor":null,')), "delegation.malformed");
  assert.equal(signed(JSON.stringify(sampleOrder())), "delegation.malformed");
});

test("W9: a token beyond the limit is refused before it is decoded, and is not minted", () => {
  assert.equal(codeOf("A".repeat(maxTokenCharacters + 1)), "delegation.too-large");
  const large = sampleOrder({ program: { kind: "shell", text: "x".repeat(1024 * 1024) } });
  assert.equal(codeOf(mintDelegationToken(large, signer)), "ok");
  const environment = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`V${index}`, "y".repeat(100_000)]));
  assert.throws(() => mintDelegationToken({ ...large, environment }, signer), /too large/);
});
