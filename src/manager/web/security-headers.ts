/** The headers that every answer carries (W5): nothing may be loaded, framed, sniffed, referred or kept unless a page says so. */
export interface PageNonces {
  readonly style: string;
  readonly script: string;
}

const common: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "cache-control": "no-store",
};

const closed = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** For API answers, and, with nonces, for a page that has exactly one style and one script element. */
export const securityHeaders = (options: { readonly tls: boolean; readonly nonces?: PageNonces }): Readonly<Record<string, string>> => ({
  ...common,
  ...(options.tls ? { "strict-transport-security": "max-age=31536000" } : {}),
  "content-security-policy":
    options.nonces === undefined
      ? closed
      : `default-src 'none'; style-src 'nonce-${options.nonces.style}'; script-src 'nonce-${options.nonces.script}'; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
});
