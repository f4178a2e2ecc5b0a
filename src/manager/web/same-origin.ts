/**
 * Whether a browser's request comes from our own page (W2). Cookies ignore ports, so another server on this machine is
 * same-site: only the exact origin, `Sec-Fetch-Site` and a header that a foreign page cannot send tell them apart.
 */
import type { IncomingHttpHeaders } from "node:http";
import { ok, refuse, type Result } from "#kernel/result.ts";
import { problem } from "#kernel/problem.ts";

/** The header that carries the session's CSRF token. */
export const csrfHeader = "x-behalf-csrf";

/** `Origin`, when present, must be the address that was asked; `Sec-Fetch-Site`, when present, `same-origin` or `none`. */
export const checkOrigin = (headers: IncomingHttpHeaders, tls: boolean): Result<null> => {
  const { origin } = headers;
  if (origin !== undefined && origin !== `${tls ? "https" : "http"}://${(headers.host ?? "").toLowerCase()}`) {
    return refuse(problem("manager.wrong-origin", "the request comes from a page of another origin"));
  }
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none")
    return refuse(problem("manager.wrong-origin", "the browser says that another site sent the request"));
  return ok(null);
};
