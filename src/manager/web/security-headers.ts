/** The headers that every answer carries (W5): nothing may be loaded, framed, sniffed, referred or kept unless a page says so. */
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

/** For API answers, and, with a nonce, for a document: its scripts, what they load in turn, and its styles carry the nonce. */
export const securityHeaders = (options: { readonly tls: boolean; readonly nonce?: string }): Readonly<Record<string, string>> => ({
  ...common,
  ...(options.tls ? { "strict-transport-security": "max-age=31536000" } : {}),
  "content-security-policy":
    options.nonce === undefined
      ? closed
      : `default-src 'none'; style-src 'nonce-${options.nonce}'; script-src 'nonce-${options.nonce}'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
});
