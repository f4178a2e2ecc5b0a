/** The certificate that an agent was given and has not used yet: the present one stays good until then. */
import type { Migration } from "#store/migrate.ts";

export const certificateRenewal: Migration = {
  name: "0006-certificate-renewal",
  statements: ({ text }) => [`alter table nodes add column next_certificate_fingerprint ${text}`],
};
