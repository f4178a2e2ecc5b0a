/** The certificate of the page and the API: none on loopback, given files, or one of the internal CA. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { fail } from "#kernel/problem.ts";
import { readPrivateFile } from "#kernel/private-file.ts";
import type { Settings } from "#kernel/settings.ts";
import { isLoopbackHost, type TlsMaterial } from "#manager/listen.ts";
import type { ManagerKeys } from "#nodes/manager-keys.ts";

const readGiven = (certPath: string, keyPath: string): TlsMaterial => {
  let cert: string;
  try {
    cert = readFileSync(certPath, "utf8");
  } catch (error) {
    return fail("manager.setting", `the certificate \`${certPath}\` cannot be read`, {
      hint: "give the PEM file of the certificate chain with `--tls-cert`",
      cause: error,
    });
  }
  const key =
    readPrivateFile(keyPath)?.toString("utf8") ??
    fail("manager.setting", `the key \`${keyPath}\` is not there`, { hint: "give the PEM file of the private key with `--tls-key`" });
  try {
    if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return { cert, key };
  } catch (error) {
    return fail("manager.setting", "certificate or key is not PEM", { cause: error });
  }
  return fail("manager.setting", "the private key does not belong to the certificate", {
    hint: "give both of one pair with `--tls-cert` and `--tls-key`",
  });
};

/** What the TCP listener speaks TLS with; null: plain HTTP, which `listen.ts` allows on loopback only. */
export const webTls = async (values: Settings, keys: ManagerKeys, nowMs: number): Promise<TlsMaterial | null> => {
  const certPath = values["tls-cert"];
  const keyPath = values["tls-key"];
  if (certPath !== null && keyPath !== null) return readGiven(certPath, keyPath);
  if (certPath !== null || keyPath !== null)
    return fail("manager.setting", "a certificate needs its key and a key its certificate", {
      hint: "give both `--tls-cert` and `--tls-key`",
    });
  if (values.tls !== "internal") return null;
  const { issueServer } = await import("#nodes/internal-ca.ts");
  const hosts = [...(isLoopbackHost(values.host) ? [] : [values.host]), ...values["allow-host"], "localhost", "127.0.0.1", "::1"].filter(
    (host) => host !== "0.0.0.0" && host !== "::",
  );
  const made = await issueServer(keys.ca, { realmId: keys.realm.id, hosts: [...new Set(hosts)], nowMs });
  return { cert: made.certificatePem + keys.ca.certificatePem, key: made.keyPem };
};
