/**
 * The internal CA: certificates for TLS between agents and the agent listener, and for nothing else; it is no login CA (S9). ECDSA P-256. Loaded only
 * where a certificate is made: reading and checking one needs `node:crypto` alone.
 */
import "reflect-metadata";
import { createHash, randomBytes, webcrypto, X509Certificate as NodeCertificate } from "node:crypto";
import { isIP } from "node:net";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  type JsonGeneralName,
} from "@peculiar/x509";
import { fail } from "#kernel/problem.ts";
import { agentUri, managerUri } from "#nodes/rules/part-names.ts";

cryptoProvider.set(webcrypto);

const keyAlgorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
const signingAlgorithm = { name: "ECDSA", hash: "SHA-256" } as const;
const dayMs = 86_400_000;
export const caLifeMs = 3650 * dayMs;
/** The listener renews its own at every start and daily; an agent asks for a new one when a third of its life is left. */
export const serverLifeMs = 90 * dayMs;
export const agentLifeMs = 730 * dayMs;
/** Clocks of nodes that are behind still take a new certificate. */
const backdatedMs = 3_600_000;

export interface PemPair {
  /** PKCS #8. */
  readonly keyPem: string;
  readonly certificatePem: string;
}

// Positive and 127 bits: the first bit must be 0, the first byte not 0.
const serialNumber = (): string => {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
};

const exportKey = async (key: webcrypto.CryptoKey): Promise<string> =>
  PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");

const pem = (certificate: X509Certificate): string => `${certificate.toString("pem").trimEnd()}\n`;

const makeKeys = async (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);

/** SHA-256 (hex) of a certificate's DER. */
export const certificateFingerprint = (certificatePem: string): string =>
  createHash("sha256").update(new NodeCertificate(certificatePem).raw).digest("hex");

/** A new CA with its key. */
export const makeCa = async (realmId: string, realmName: string, nowMs: number): Promise<PemPair> => {
  const keys = await makeKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [`Behalf internal CA of ${realmName}`.slice(0, 64)] }, { OU: [realmId] }],
    notBefore: new Date(nowMs - backdatedMs),
    notAfter: new Date(nowMs + caLifeMs),
    keys,
    signingAlgorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { keyPem: await exportKey(keys.privateKey), certificatePem: pem(certificate) };
};

const issue = async (
  ca: PemPair,
  leaf: {
    readonly publicKey: webcrypto.CryptoKey;
    readonly commonName: string;
    readonly names: JsonGeneralName[];
    readonly usage: ExtendedKeyUsage;
    readonly nowMs: number;
    readonly lifeMs: number;
  },
): Promise<string> => {
  const issuer = new X509Certificate(ca.certificatePem);
  const signingKey = await webcrypto.subtle.importKey("pkcs8", PemConverter.decodeFirst(ca.keyPem), keyAlgorithm, false, ["sign"]);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [leaf.commonName.slice(0, 64)] }],
    issuer: issuer.subjectName,
    notBefore: new Date(leaf.nowMs - backdatedMs),
    notAfter: new Date(Math.min(leaf.nowMs + leaf.lifeMs, issuer.notAfter.getTime())),
    publicKey: leaf.publicKey,
    signingKey,
    signingAlgorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([leaf.usage], true),
      new SubjectAlternativeNameExtension(leaf.names),
      await SubjectKeyIdentifierExtension.create(leaf.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return pem(certificate);
};

/** Key and certificate of the agent listener for these names and addresses; only as a server. */
export const issueServer = async (
  ca: PemPair,
  options: { readonly realmId: string; readonly hosts: readonly string[]; readonly nowMs: number },
): Promise<PemPair> => {
  const keys = await makeKeys();
  const names = options.hosts.map((host): JsonGeneralName =>
    isIP(host) === 0 ? { type: "dns", value: host } : { type: "ip", value: host },
  );
  const certificatePem = await issue(ca, {
    publicKey: keys.publicKey,
    commonName: "Behalf agent listener",
    names: [...names, { type: "url", value: managerUri(options.realmId) }],
    usage: ExtendedKeyUsage.serverAuth,
    nowMs: options.nowMs,
    lifeMs: serverLifeMs,
  });
  return { keyPem: await exportKey(keys.privateKey), certificatePem };
};

/** The certificate of an agent for the key of its request; only as a client. Of the request nothing but the key is taken. Throws `nodes.bad-request`. */
export const issueAgent = async (
  ca: PemPair,
  options: {
    readonly realmId: string;
    readonly nodeId: string;
    readonly nodeName: string;
    readonly csrPem: string;
    readonly nowMs: number;
    /** `agentLifeMs` by default. */
    readonly lifeMs?: number;
  },
): Promise<string> => {
  let publicKey: webcrypto.CryptoKey;
  try {
    const request = new Pkcs10CertificateRequest(options.csrPem);
    const algorithm = request.publicKey.algorithm as { name?: string; namedCurve?: string };
    if (algorithm.name !== keyAlgorithm.name || algorithm.namedCurve !== keyAlgorithm.namedCurve) throw new Error("wrong kind of key");
    if (!(await request.verify())) throw new Error("wrong signature");
    publicKey = await request.publicKey.export(keyAlgorithm, ["verify"]);
  } catch (error) {
    return fail("nodes.bad-request", "the request for a certificate does not hold (a signed PKCS #10 for a P-256 key is expected)", {
      cause: error,
    });
  }
  return issue(ca, {
    publicKey,
    commonName: options.nodeName,
    names: [{ type: "url", value: agentUri(options.realmId, options.nodeId) }],
    usage: ExtendedKeyUsage.clientAuth,
    nowMs: options.nowMs,
    lifeMs: options.lifeMs ?? agentLifeMs,
  });
};
