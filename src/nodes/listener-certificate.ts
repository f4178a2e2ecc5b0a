/** The certificate of the agent listener: kept beside the keys, made anew when its names change, its CA changed or a third of its life is left. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { readPrivateFile, writePrivateFile } from "#kernel/private-file.ts";
import type { ManagerKeys } from "#nodes/manager-keys.ts";

export interface ListenerTls {
  readonly key: string;
  /** The certificate and the CA's: a joining node needs to see the CA to compare its fingerprint. */
  readonly cert: string;
  readonly ca: string;
}

const renewBeforeMs = 30 * 86_400_000;
const always = ["localhost", "127.0.0.1", "::1"] as const;

const covers = (certificate: X509Certificate, host: string): boolean =>
  (isIP(host) === 0
    ? certificate.checkHost(host, { subject: "never", partialWildcards: false, wildcards: false })
    : certificate.checkIP(host)) !== undefined;

/** Names that are no name of one machine (`0.0.0.0`) are left out. */
const isNameable = (host: string): boolean => host !== "" && host !== "0.0.0.0" && host !== "::" && /^[A-Za-z0-9._:-]{1,253}$/.test(host);

/** What the agent listener is opened with; `hosts` are the names and addresses that nodes dial. Ask daily: it renews itself. */
export const createListenerTls = async (
  keys: ManagerKeys,
  options: { readonly hosts: readonly string[]; readonly nowMs: number },
): Promise<ListenerTls> => {
  const hosts = [...new Set([...options.hosts, ...always, hostname()])].filter(isNameable);
  const keyPath = join(keys.folder, "listener.key");
  const certificatePath = join(keys.folder, "listener.crt");
  const keyPem = readPrivateFile(keyPath)?.toString("utf8");
  const certificatePem = readPrivateFile(certificatePath)?.toString("utf8");
  if (keyPem !== undefined && certificatePem !== undefined) {
    try {
      const certificate = new X509Certificate(certificatePem);
      const usable =
        certificate.checkPrivateKey(createPrivateKey(keyPem)) &&
        certificate.verify(new X509Certificate(keys.ca.certificatePem).publicKey) &&
        Date.parse(certificate.validTo) - options.nowMs > renewBeforeMs &&
        Date.parse(certificate.validFrom) <= options.nowMs &&
        hosts.every((host) => covers(certificate, host));
      if (usable) return { key: keyPem, cert: certificatePem + keys.ca.certificatePem, ca: keys.ca.certificatePem };
    } catch {
      // Not readable as a pair: made anew.
    }
  }
  const { issueServer } = await import("#nodes/internal-ca.ts");
  const made = await issueServer(keys.ca, { realmId: keys.realm.id, hosts, nowMs: options.nowMs });
  writePrivateFile(keyPath, made.keyPem);
  writePrivateFile(certificatePath, made.certificatePem);
  return { key: made.keyPem, cert: made.certificatePem + keys.ca.certificatePem, ca: keys.ca.certificatePem };
};
