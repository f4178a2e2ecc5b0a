/** Refused acts, found without reading the whole record: they are few, and what-if decides refused submissions again. */
import type { Migration } from "#store/migrate.ts";

export const auditRefusals: Migration = {
  name: "0008-audit-refusals",
  statements: () => ["create index audit_refusals on audit (action, at, writer, sequence) where phase = 'refused'"],
};
