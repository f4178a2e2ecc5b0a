/** The indexes behind lists, the dispatch queue, retention and the audit's time window. */
import type { Migration } from "#store/migrate.ts";

export const indexes: Migration = {
  name: "0002-indexes",
  statements: () => [
    // The dispatch queue and "what is on this node": few rows per node outside `ended`.
    "create index runs_by_state on runs (state, node, queued_at, id)",
    // Lists are newest first, in whole or by job, folder or submitter.
    "create index runs_by_time on runs (queued_at, id)",
    "create index runs_by_job on runs (job_path, queued_at, id)",
    "create index runs_by_folder on runs (folder, queued_at, id)",
    "create index runs_by_submitter on runs (submitter, queued_at, id)",
    "create index runs_by_submission on runs (submission_id)",
    // Retention.
    "create index runs_by_end on runs (ended_at)",
    "create index submissions_by_time on submissions (created_at, id)",
    "create index idempotency_by_time on idempotency (created_at)",
    "create index sessions_by_account on sessions (account_id)",
    "create index sessions_by_expiry on sessions (expires_at)",
    "create index role_assignments_by_role on role_assignments (role_id)",
    "create index jobs_by_folder on jobs (folder, path)",
    // A name joins again only after it was revoked (S8).
    "create unique index nodes_by_name on nodes (name) where state = 'active'",
    "create index invitations_by_expiry on invitations (expires_at)",
    "create index audit_by_time on audit (at, writer, sequence)",
    "create index audit_by_object on audit (object, at)",
    "create index audit_by_actor on audit (actor, at)",
  ],
};
