/**
 * The node's conversation with the agent listener when it joins: first a connection on which nothing is said, to compare the CA's fingerprint with the one
 * in the token; then a verified one that carries the request.
 */
import { createHash, type X509Certificate } from "node:crypto";
import { request } from "node:https";
import { isIP } from "node:net";
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from "node:tls";
import { fail, problem, ProblemError } from "#kernel/problem.ts";
import { object, readShape, list, text, type Shape } from "#kernel/shape.ts";
import { uriNamesOf } from "#link/uri-names.ts";
import type { JoinAnswer, JoinRequest } from "#nodes/enrolment.ts";
import { nodeTrustShape } from "#nodes/rules/node-trust.ts";
import { readPartName } from "#nodes/rules/part-names.ts";

const timeoutMs = 15_000;
const maxAnswerBytes = 256 * 1024;

export interface ManagerAddress {
  readonly host: string;
  readonly port: number;
}

const answerShape: Shape<JoinAnswer> = object({
  trust: nodeTrustShape,
  certificate: text({ min: 1, max: 16_384 }),
  ca: text({ min: 1, max: 16_384 }),
  controllers: list(text({ min: 3, max: 300 }), 20),
});

/** `host:port` or `[v6]:port`. Throws `input.invalid-value`. */
export const readManagerAddress = (address: string): ManagerAddress => {
  const found = /^(?:\[([0-9A-Fa-f:.%]+)\]|([A-Za-z0-9._-]{1,253})):(\d{1,5})$/.exec(address);
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3]);
  if (host === undefined || port < 1 || port > 65_535)
    return fail("input.invalid-value", `\`${address}\` is not \`host:port\``, {
      hint: "give the manager's agent listener, such as `manager.example:4901`",
    });
  return { host, port };
};

const unreachable = (address: ManagerAddress, error: unknown): ProblemError =>
  new ProblemError(
    problem(
      "nodes.cannot-reach",
      `the manager at \`${address.host}:${address.port}\` cannot be reached (${(error as NodeJS.ErrnoException).code ?? "no answer"})`,
    ),
    { cause: error },
  );

/** The CA certificate (PEM) that the listener shows, if it is the one in the token. Sends nothing but the handshake. */
export const fetchPinnedCa = (address: ManagerAddress, caFingerprint: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({
      host: address.host,
      port: address.port,
      ...(isIP(address.host) === 0 ? { servername: address.host } : {}),
      minVersion: "TLSv1.3",
      // SECURITY: nobody is trusted on this connection and nothing is sent on it: `join.test.ts`.
      rejectUnauthorized: false,
    });
    const end = (error: Error | null, ca = ""): void => {
      socket.destroy();
      if (error === null) resolve(ca);
      else reject(error);
    };
    socket.setTimeout(timeoutMs, () => end(unreachable(address, Object.assign(new Error("timeout"), { code: "ETIMEDOUT" }))));
    socket.once("error", (error) => end(unreachable(address, error)));
    socket.once("secureConnect", () => {
      let certificate: X509Certificate | undefined = socket.getPeerX509Certificate();
      for (let depth = 0; certificate !== undefined && depth < 5; depth += 1) {
        if (createHash("sha256").update(certificate.raw).digest("hex") === caFingerprint) return end(null, certificate.toString());
        if (certificate.issuerCertificate === certificate) break;
        certificate = certificate.issuerCertificate;
      }
      end(
        new ProblemError(
          problem(
            "nodes.wrong-manager",
            `the certificate authority at \`${address.host}:${address.port}\` is not the one that the token names`,
          ),
        ),
      );
    });
  });

const readAnswer = (status: number, body: string): JoinAnswer => {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return fail("nodes.join-failed", `the manager answered ${status} without JSON`);
  }
  if (status !== 200) {
    const { code, detail, hint } = value as { code?: unknown; detail?: unknown; hint?: unknown };
    const known = ["nodes.bad-token", "nodes.name-taken", "nodes.key-in-use", "nodes.bad-request"] as const;
    const named = known.find((one) => one === code) ?? "nodes.join-failed";
    const message = typeof detail === "string" ? detail.slice(0, 500) : `the manager answered ${status}`;
    return fail(named, message, typeof hint === "string" ? { hint: hint.slice(0, 500) } : {});
  }
  const read = readShape(answerShape, value, "the manager's answer");
  return read.ok ? read.value : fail("nodes.join-failed", read.problem.message);
};

/** Sends the request to the listener, verified against the pinned CA, its name and its role. */
export const postJoin = async (address: ManagerAddress, ca: string, body: JoinRequest): Promise<JoinAnswer> => {
  const answered = await post(address, ca, body);
  return readAnswer(answered.status, answered.body);
};

const post = (address: ManagerAddress, ca: string, body: JoinRequest): Promise<{ readonly status: number; readonly body: string }> =>
  new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const outgoing = request(
      {
        host: address.host,
        port: address.port,
        path: "/join",
        method: "POST",
        agent: false,
        ca,
        minVersion: "TLSv1.3",
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(text) },
        checkServerIdentity: (host: string, certificate: PeerCertificate) =>
          checkServerIdentity(host, certificate) ??
          (uriNamesOf(certificate.subjectaltname).some((uri) => readPartName(uri)?.role === "manager")
            ? undefined
            : new Error("the server's certificate is not that of a manager")),
      },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > maxAnswerBytes) outgoing.destroy(new Error("the answer is too large"));
          else chunks.push(chunk);
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }));
        response.on("error", reject);
      },
    );
    outgoing.setTimeout(timeoutMs, () => outgoing.destroy(Object.assign(new Error("timeout"), { code: "ETIMEDOUT" })));
    outgoing.once("error", (error: NodeJS.ErrnoException) => {
      const aboutTrust =
        error.code?.startsWith("ERR_TLS") === true ||
        /certificate|self.signed|issuer|altname/i.test(`${error.code ?? ""} ${error.message}`);
      reject(
        aboutTrust
          ? new ProblemError(
              problem(
                "nodes.wrong-manager",
                `the certificate at \`${address.host}:${address.port}\` does not hold: ${error.message.split("\n")[0] ?? ""}`,
                {
                  hint: "dial the manager under a name that its agent listener's certificate carries, or add this name at the manager",
                },
              ),
              { cause: error },
            )
          : unreachable(address, error),
      );
    });
    outgoing.end(text);
  });
