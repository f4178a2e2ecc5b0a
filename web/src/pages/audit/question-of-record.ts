/** The literal question behind a recorded act, for asking it again today. Null: nobody was asked (the product itself acted). Pure. */
const permissions: Readonly<Record<string, string>> = {
  "audit.verify": "manager:auditlog:verify",
  "definitions.apply": "manager:inventory:manage",
  "jobs.apply": "manager:inventory:manage",
  "jobs.delete": "manager:inventory:manage",
  "nodes.invite": "manager:nodes:manage",
  "nodes.revoke": "manager:nodes:manage",
  "realm.rotate-key": "manager:administration:certificates:manage",
  "runs.cancel": "controller:runs:cancel",
  "runs.create": "controller:runs:create",
  "session.login": "manager:view",
};
/** Acts on accounts and roles, of which there are many. */
const administered = /^(?:account|role|assignment|os-account)\./;

export interface RecordedAct {
  readonly actor: string;
  readonly action: string;
  readonly object: string;
  readonly detail: unknown;
}

export const questionOfRecord = (record: RecordedAct): { permission: string; actor: string; on?: string } | null => {
  if (!/^(?:user|os):/.test(record.actor)) return null;
  const permission =
    permissions[record.action] ??
    (administered.test(record.action) && record.action !== "account.change-password" ? "manager:administration:accounts:manage" : null);
  if (permission === null) return null;
  const { job } = (record.detail ?? {}) as { job?: unknown };
  const path = record.object.startsWith("/") ? record.object : typeof job === "string" && job.startsWith("/") ? job : null;
  const isOnFolder = permission.startsWith("controller:runs:") || permission === "manager:inventory:manage";
  // Without its job the question has no object, and its answer would be about something else.
  if (isOnFolder && path === null) return null;
  return { permission, actor: record.actor, ...(isOnFolder && path !== null ? { on: path } : {}) };
};
