/** The agent's TLS key and its request for a certificate, made on the node; the key never leaves it. Loaded only when a node joins. */
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { cryptoProvider, PemConverter, Pkcs10CertificateRequestGenerator } from "@peculiar/x509";

cryptoProvider.set(webcrypto);

export interface CertificateRequest {
  /** PKCS #8. */
  readonly keyPem: string;
  readonly csrPem: string;
}

/** A fresh P-256 key and its signed request. */
export const makeCertificateRequest = async (nodeName: string): Promise<CertificateRequest> => {
  const keys = await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [nodeName.slice(0, 64)] }],
    keys,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
  });
  return {
    keyPem: `${PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY").trimEnd()}\n`,
    csrPem: `${request.toString("pem").trimEnd()}\n`,
  };
};
