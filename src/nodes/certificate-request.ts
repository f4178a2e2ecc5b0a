/**
 * The agent's TLS key and its request for a certificate (PKCS #10, RFC 2986), made on the node; the key never leaves it. Written out in DER: the
 * library that reads requests takes 60 ms and 10 MB to load, which an agent that renews its certificate must not carry.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";

export interface CertificateRequest {
  /** PKCS #8. */
  readonly keyPem: string;
  readonly csrPem: string;
}

const der = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const length =
    body.length < 0x80 ? [body.length] : body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);

const commonNameOid = Buffer.from("0603550403", "hex");
const ecdsaWithSha256 = Buffer.from("300a06082a8648ce3d040302", "hex");

/** A fresh P-256 key (or the one given, as PEM) and its signed request. */
export const makeCertificateRequest = (nodeName: string, keyPem?: string): CertificateRequest => {
  const privateKey = keyPem === undefined ? generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey : createPrivateKey(keyPem);
  const publicKey = createPublicKey(privateKey);
  const name = sequence(der(0x31, sequence(commonNameOid, der(0x0c, Buffer.from(nodeName.slice(0, 64), "utf8")))));
  const content = sequence(Buffer.from("020100", "hex"), name, publicKey.export({ format: "der", type: "spki" }), der(0xa0));
  const request = sequence(content, ecdsaWithSha256, der(0x03, Buffer.from([0]), sign("sha256", content, privateKey)));
  const lines = request.toString("base64").replace(/.{64}(?=.)/g, "$&\n");
  return {
    keyPem: privateKey.export({ format: "pem", type: "pkcs8" }),
    csrPem: `-----BEGIN CERTIFICATE REQUEST-----\n${lines}\n-----END CERTIFICATE REQUEST-----\n`,
  };
};
