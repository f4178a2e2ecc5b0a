/**
 * The agent's certificate: what a connection is made with, and its renewal over that very connection (S9). A new key pair is made here and never leaves; the
 * manager signs for the same node only. The renewed pair lies beside the present one until a connection was made with it, so that a crash or a lost answer at any
 * moment leaves one that works. What does not belong here: the launcher's trust, which no renewal touches.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, renameSync, rmSync } from "node:fs";
import type { DataLayout } from "#kernel/data-layout.ts";
import type { Log } from "#kernel/log.ts";
import { readPrivateFile, writePrivateFile } from "#kernel/private-file.ts";
import { makeCertificateRequest } from "#nodes/certificate-request.ts";
import type { AgentConfig } from "#nodes/rules/agent-config.ts";
import { agentUri } from "#nodes/rules/part-names.ts";
import { uriNamesOf } from "#link/uri-names.ts";
import { readControllerCredentials } from "#agent/agent-files.ts";
import type { ControllerCredentials } from "#agent/controller-link.ts";

/** Renewed when less of its life is left than this part: eight months of two years. */
const renewAtPart = 1 / 3;
const warnBeforeMs = 60 * 86_400_000;
/** An answer that does not come is asked for again, not before. */
const askAgainMs = 10 * 60_000;

export interface AgentCertificate {
  /** For the next dial: the renewed pair where there is one, in turn with the present one. */
  credentials(): ControllerCredentials;
  /** The connection made with the last credentials was welcomed: a renewed pair takes the place of the present one. */
  welcomed(): void;
  /** The request to send now; null: nothing is due. */
  request(): string | null;
  /** Keeps a renewed certificate; true: dial anew with it. What does not fit is refused and logged. */
  take(certificatePem: string): boolean;
}

const readText = (path: string): string | null => readPrivateFile(path)?.toString("utf8") ?? null;

const fits = (certificate: X509Certificate, keyPem: string): boolean => certificate.checkPrivateKey(createPrivateKey(keyPem));

export const openAgentCertificate = (layout: DataLayout["agent"], config: AgentConfig, log: Log, nowMs: () => number): AgentCertificate => {
  const dropNext = (): void => {
    rmSync(layout.nextCertificate, { force: true });
    rmSync(layout.nextKey, { force: true });
  };
  const place = (): void => {
    // INVARIANT: a crash in between leaves what tells the next start how to go on (`finish`).
    if (existsSync(layout.nextKey)) renameSync(layout.nextKey, layout.key);
    renameSync(layout.nextCertificate, layout.certificate);
  };

  /** A start after a crash between the two renames, in whichever order the disk kept them. */
  const finish = (): void => {
    const [key, certificate] = [readText(layout.key), readText(layout.certificate)];
    const [nextKey, nextCertificate] = [readText(layout.nextKey), readText(layout.nextCertificate)];
    if (key === null || certificate === null) return;
    if (nextKey === null && nextCertificate !== null && fits(new X509Certificate(nextCertificate), key)) place();
    if (nextKey === null || nextCertificate !== null) return;
    const present = new X509Certificate(certificate);
    if (!fits(present, key) && fits(present, nextKey)) renameSync(layout.nextKey, layout.key);
  };
  try {
    finish();
  } catch (error) {
    log.error({ error }, "a renewed certificate cannot be read");
  }

  /** Which pair the last dial used. */
  let used: "present" | "next" = "present";
  let askedAtMs = Number.NEGATIVE_INFINITY;

  return {
    credentials: () => {
      const present = readControllerCredentials(layout, config);
      const key = readText(layout.nextKey);
      const certificate = readText(layout.nextCertificate);
      used = used === "present" && key !== null && certificate !== null ? "next" : "present";
      return used === "next" && key !== null && certificate !== null ? { ...present, key, certificate } : present;
    },

    welcomed: () => {
      if (used === "next") {
        place();
        used = "present";
        log.info({}, "the renewed certificate is in use");
      } else if (existsSync(layout.nextCertificate)) {
        // The manager knows it no more (a restored database), or could not be reached with it: another one is asked for.
        dropNext();
      }
    },

    request: () => {
      const certificate = new X509Certificate(readControllerCredentials(layout, config).certificate);
      const endsAtMs = Date.parse(certificate.validTo);
      const leftMs = endsAtMs - nowMs();
      if (leftMs > (endsAtMs - Date.parse(certificate.validFrom)) * renewAtPart) return null;
      if (leftMs < warnBeforeMs)
        log.warn(
          { endsAt: new Date(endsAtMs).toISOString() },
          "the agent's certificate ends soon and was not renewed yet; once it has ended, the node must be revoked and join again",
        );
      if (nowMs() - askedAtMs < askAgainMs) return null;
      askedAtMs = nowMs();
      dropNext();
      const { keyPem, csrPem } = makeCertificateRequest(config.node.name);
      writePrivateFile(layout.nextKey, keyPem);
      return csrPem;
    },

    take: (certificatePem) => {
      const refuse = (why: string): false => {
        log.error({ why }, "the manager's new certificate is refused");
        return false;
      };
      const keyPem = readText(layout.nextKey);
      if (keyPem === null || existsSync(layout.nextCertificate)) return refuse("none was asked for");
      try {
        const certificate = new X509Certificate(certificatePem);
        const { ca } = readControllerCredentials(layout, config);
        if (!fits(certificate, keyPem)) return refuse("it is for another key");
        if (!certificate.verify(new X509Certificate(ca).publicKey)) return refuse("it is of another certificate authority");
        if (!uriNamesOf(certificate.subjectAltName).includes(agentUri(config.realm.id, config.node.id)))
          return refuse("it names another node");
        if (Date.parse(certificate.validTo) <= nowMs()) return refuse("it has ended already");
      } catch {
        return refuse("it is no certificate");
      }
      writePrivateFile(layout.nextCertificate, certificatePem);
      used = "present";
      return true;
    },
  };
};
