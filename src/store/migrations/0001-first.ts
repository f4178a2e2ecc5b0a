/** The first tables; their meaning is in `tables.ts`. */
import type { Migration } from "#store/migrate.ts";

export const first: Migration = {
  name: "0001-first",
  statements: ({ text, integer, tableEnd }) => [
    `create table meta (
  key ${text} primary key,
  value ${text} not null
)${tableEnd}`,
    `create table accounts (
  id ${text} primary key,
  service ${text} not null,
  name ${text} not null,
  name_key ${text} not null,
  password_hash ${text},
  must_change ${integer} not null,
  password_expires_at ${integer},
  disabled ${integer} not null,
  groups ${text} not null,
  created_at ${integer} not null,
  last_login_at ${integer},
  revision ${integer} not null,
  unique (service, name_key)
)${tableEnd}`,
    `create table sessions (
  token_hash ${text} primary key,
  id ${text} not null unique,
  account_id ${text} not null,
  kind ${text} not null,
  csrf_hash ${text},
  amr ${text} not null,
  auth_time ${integer} not null,
  created_at ${integer} not null,
  seen_at ${integer} not null,
  expires_at ${integer} not null,
  client ${text} not null
)${tableEnd}`,
    `create table login_failures (
  key ${text} primary key,
  failures ${integer} not null,
  last_at ${integer} not null
)${tableEnd}`,
    `create table roles (
  id ${text} primary key,
  service ${text} not null,
  name ${text} not null,
  scopes ${text} not null,
  revision ${integer} not null,
  updated_at ${integer} not null,
  updated_by ${text} not null,
  unique (service, name)
)${tableEnd}`,
    `create table role_assignments (
  subject ${text} not null,
  role_id ${text} not null references roles (id) on delete cascade,
  primary key (subject, role_id)
)${tableEnd}`,
    `create table jobs (
  path ${text} primary key,
  folder ${text} not null,
  revision ${integer} not null,
  deleted ${integer} not null,
  updated_at ${integer} not null,
  author ${text} not null
)${tableEnd}`,
    `create table job_revisions (
  path ${text} not null,
  revision ${integer} not null,
  definition ${text} not null,
  source ${text} not null,
  author ${text} not null,
  author_name ${text} not null,
  created_at ${integer} not null,
  primary key (path, revision)
)${tableEnd}`,
    `create table submissions (
  id ${text} primary key,
  job_path ${text} not null,
  job_revision ${integer} not null,
  controller ${text} not null,
  arguments ${text} not null,
  submitter ${text} not null,
  submitter_name ${text} not null,
  submitter_claim ${text} not null,
  actor ${text} not null,
  actor_name ${text} not null,
  verdicts ${text} not null,
  comment ${text},
  created_at ${integer} not null
)${tableEnd}`,
    `create table runs (
  id ${text} primary key,
  submission_id ${text} not null references submissions (id),
  job_path ${text} not null,
  folder ${text} not null,
  job_revision ${integer} not null,
  controller ${text} not null,
  node ${text} not null,
  submitter ${text} not null,
  submitter_name ${text} not null,
  state ${text} not null,
  result ${text},
  attempt ${integer} not null,
  journal_id ${text},
  queued_at ${integer} not null,
  offered_at ${integer},
  token_expires_at ${integer},
  order_digest ${text},
  started_at ${integer},
  ended_at ${integer},
  cancel_at ${integer},
  cancel_by ${text},
  cancel_reason ${text},
  outcome ${text},
  receipt ${text},
  run_as ${text},
  exit_code ${integer},
  log_bytes ${integer} not null,
  dispatch_verdicts ${text}
)${tableEnd}`,
    `create table idempotency (
  principal ${text} not null,
  route ${text} not null,
  key ${text} not null,
  body_hash ${text} not null,
  answer ${text} not null,
  created_at ${integer} not null,
  primary key (principal, route, key)
)${tableEnd}`,
    `create table nodes (
  id ${text} primary key,
  name ${text} not null,
  public_key ${text} not null,
  key_thumbprint ${text} not null,
  certificate_fingerprint ${text} not null,
  state ${text} not null,
  labels ${text} not null,
  facts ${text},
  joined_at ${integer} not null,
  last_seen_at ${integer},
  receipt_sequence ${integer} not null,
  receipt_hash ${text} not null
)${tableEnd}`,
    `create table invitations (
  token_hash ${text} primary key,
  node_name ${text} not null,
  labels ${text} not null,
  created_by ${text} not null,
  created_at ${integer} not null,
  expires_at ${integer} not null,
  used_at ${integer}
)${tableEnd}`,
    `create table audit (
  writer ${text} not null,
  sequence ${integer} not null,
  previous ${text} not null,
  hash ${text} not null,
  at ${integer} not null,
  actor ${text} not null,
  action ${text} not null,
  object ${text} not null,
  phase ${text} not null,
  opened ${integer},
  detail ${text} not null,
  primary key (writer, sequence)
)${tableEnd}`,
    `create table audit_checkpoints (
  writer ${text} not null,
  sequence ${integer} not null,
  hash ${text} not null,
  at ${integer} not null,
  signature ${text} not null,
  primary key (writer, sequence)
)${tableEnd}`,
  ],
};
