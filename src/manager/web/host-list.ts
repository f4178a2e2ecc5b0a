/**
 * The exact list of `Host` values that the TCP listeners answer (W1): a page of another name that resolves to this address
 * (DNS rebinding) is turned away before routing. The local socket has no such list: its folder is the boundary.
 */
import type { IncomingMessage } from "node:http";

/** `host` as it stands in a Host header: IPv6 addresses in brackets, lower case. */
export const hostText = (host: string): string => (host.includes(":") && !host.startsWith("[") ? `[${host}]` : host).toLowerCase();

/** Every accepted `Host` value. The port may be left out only where it is the scheme's default. */
export const acceptedHosts = (names: readonly string[], port: number, tls: boolean): ReadonlySet<string> => {
  const accepted = new Set<string>();
  for (const name of names) {
    accepted.add(`${hostText(name)}:${port}`);
    if (port === (tls ? 443 : 80)) accepted.add(hostText(name));
  }
  return accepted;
};

/** Whether the request names exactly one accepted host and asks for a path, not for a whole URL. */
export const namesAcceptedHost = (request: IncomingMessage, accepted: ReadonlySet<string>): boolean => {
  const given = request.headersDistinct["host"];
  return given?.length === 1 && accepted.has((given[0] ?? "").toLowerCase()) && (request.url ?? "").startsWith("/");
};
