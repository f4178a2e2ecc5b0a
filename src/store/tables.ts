/**
 * The tables, as the query builder sees them; the same names and meanings in SQLite and PostgreSQL. Instants are integer
 * milliseconds (`…_at`), booleans are 0 or 1, documents are JSON text. Text compares bytewise in both stores (PostgreSQL:
 * collation "C"). Each domain keeps its own queries; migrations are in `migrations/`.
 */

export interface MetaTable {
  /** `realm`, `epoch`, `instance`, … */
  key: string;
  value: string;
}

export interface AccountsTable {
  id: string;
  /** Identity service, e.g. `LOCAL-INITIAL`. */
  service: string;
  name: string;
  /** Case-folded NFC form; unique with `service`. */
  name_key: string;
  /** PHC string; null: cannot sign in with a password. */
  password_hash: string | null;
  must_change: number;
  /** The one-time or initial password dies at this instant (S13); null: does not. */
  password_expires_at: number | null;
  disabled: number;
  /** JSON array of group names. */
  groups: string;
  created_at: number;
  last_login_at: number | null;
  revision: number;
}

export interface SessionsTable {
  /** SHA-256 (hex) of the token; the token itself is never stored (W3). */
  token_hash: string;
  id: string;
  account_id: string;
  kind: "browser" | "cli";
  csrf_hash: string | null;
  amr: string;
  auth_time: number;
  created_at: number;
  /** Idle time counts from here; polling and streams do not feed it (W3). */
  seen_at: number;
  expires_at: number;
  client: string;
}

export interface LoginFailuresTable {
  /** `account:<service>/<name key>` or `address:<ip>`. */
  key: string;
  failures: number;
  last_at: number;
}

export interface RolesTable {
  id: string;
  service: string;
  name: string;
  /** JSON `RoleScope[]`. */
  scopes: string;
  revision: number;
  updated_at: number;
  updated_by: string;
}

export interface RoleSourcesTable {
  role_id: string;
  /** The revision that the document made; of no use once the role has another one. */
  revision: number;
  file: string | null;
  line: number;
  /** JSON `SourceEntry[]`. */
  entries: string;
}

export interface RoleAssignmentsTable {
  /** Access ID of the account or `os:<uid>`. */
  subject: string;
  role_id: string;
}

export interface PolicyTestsTable {
  /** Case-folded NFC form of `name`. */
  name_key: string;
  name: string;
  description: string | null;
  /** JSON `PolicyTestCase[]`, each with its `place` where that is known. */
  cases: string;
  revision: number;
  updated_at: number;
  updated_by: string;
}

export interface JobsTable {
  path: string;
  /** Folder of `path`, for listing. */
  folder: string;
  revision: number;
  deleted: number;
  updated_at: number;
  author: string;
}

export interface JobRevisionsTable {
  path: string;
  revision: number;
  /** The normalised definition as JSON. */
  definition: string;
  /** YAML as it was given. */
  source: string;
  author: string;
  author_name: string;
  created_at: number;
}

export interface SubmissionsTable {
  id: string;
  job_path: string;
  job_revision: number;
  controller: string;
  /** JSON object of argument values. */
  arguments: string;
  submitter: string;
  submitter_name: string;
  /** JSON: groups, amr, auth_time of the submitter at submission. */
  submitter_claim: string;
  actor: string;
  actor_name: string;
  /** JSON `VerdictRecord[]`: who and may, as decided at submission. */
  verdicts: string;
  comment: string | null;
  created_at: number;
}

export interface RunsTable {
  id: string;
  submission_id: string;
  job_path: string;
  folder: string;
  job_revision: number;
  controller: string;
  node: string;
  submitter: string;
  submitter_name: string;
  /** `queued`, `offered`, `accepted`, `running`, `ended`. */
  state: string;
  /** `succeeded`, `failed`, `timed-out`, `cancelled`, `refused`, `unknown`; null until ended. */
  result: string | null;
  attempt: number;
  /** The node's journal id when it was offered (decides unknown against offered again). */
  journal_id: string | null;
  queued_at: number;
  offered_at: number | null;
  /** Its node has it. */
  accepted_at: number | null;
  token_expires_at: number | null;
  order_digest: string | null;
  started_at: number | null;
  ended_at: number | null;
  cancel_at: number | null;
  cancel_by: string | null;
  cancel_reason: string | null;
  /** JSON `Outcome`. */
  outcome: string | null;
  receipt: string | null;
  /** By the outcome; while it runs, by what its node says. */
  run_as: string | null;
  exit_code: number | null;
  log_bytes: number;
  /** JSON `VerdictRecord[]` of the last dispatch decision (may, again). */
  dispatch_verdicts: string | null;
  /** JSON `VerdictRecord[]`: what its node says that it decided, while there is no outcome. */
  node_verdicts: string | null;
}

export interface IdempotencyTable {
  principal: string;
  route: string;
  key: string;
  body_hash: string;
  /** JSON answer. */
  answer: string;
  created_at: number;
}

export interface NodesTable {
  id: string;
  name: string;
  /** Public key (base64url, raw Ed25519) and its thumbprint. */
  public_key: string;
  key_thumbprint: string;
  /** SHA-256 fingerprint (hex) of the agent's current certificate. */
  certificate_fingerprint: string;
  /** Of one that was issued and not used yet; null: none. */
  next_certificate_fingerprint: string | null;
  /** `active`, `revoked`. */
  state: string;
  labels: string;
  /** JSON `NodeFacts` as last reported. */
  facts: string | null;
  joined_at: number;
  last_seen_at: number | null;
  /** Last sequence and digest of the node's receipt chain that were committed (K1). */
  receipt_sequence: number;
  receipt_hash: string;
}

export interface InvitationsTable {
  /** SHA-256 (hex) of the join token (S8). */
  token_hash: string;
  node_name: string;
  labels: string;
  created_by: string;
  created_at: number;
  expires_at: number;
  used_at: number | null;
}

export interface AuditTable {
  writer: string;
  sequence: number;
  previous: string;
  hash: string;
  at: number;
  actor: string;
  /** e.g. `runs.create`. */
  action: string;
  object: string;
  /** `opened`, `completed`, `failed`, `refused`, `noted`. */
  phase: string;
  /** Sequence of the record that opened the act this one completes. */
  opened: number | null;
  /** Canonical JSON of the rest. */
  detail: string;
}

export interface AuditCheckpointsTable {
  writer: string;
  sequence: number;
  hash: string;
  at: number;
  signature: string;
}

export interface Tables {
  meta: MetaTable;
  accounts: AccountsTable;
  sessions: SessionsTable;
  login_failures: LoginFailuresTable;
  roles: RolesTable;
  role_sources: RoleSourcesTable;
  role_assignments: RoleAssignmentsTable;
  policy_tests: PolicyTestsTable;
  jobs: JobsTable;
  job_revisions: JobRevisionsTable;
  submissions: SubmissionsTable;
  runs: RunsTable;
  idempotency: IdempotencyTable;
  nodes: NodesTable;
  invitations: InvitationsTable;
  audit: AuditTable;
  audit_checkpoints: AuditCheckpointsTable;
}
