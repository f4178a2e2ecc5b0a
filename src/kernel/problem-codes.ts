/**
 * The one registry of problem codes. It feeds the types, problem+json, the CLI's text and exit code, and
 * `docs/problems.md`. Codes are `area.what-happened`; they are never renamed once released. A test holds registry and use
 * together in both directions: every code is used, every used code is here.
 *
 * `status` is the HTTP status, `exit` the CLI's exit code (1 failed, 2 usage, 3 denied, 4 not found, 5 conflict,
 * 6 unreachable), `title` the short name, `hint` what to do when the place that reports it knows nothing better.
 */
export interface ProblemCodeEntry {
  readonly status: number;
  readonly exit: 1 | 2 | 3 | 4 | 5 | 6;
  readonly title: string;
  readonly hint: string;
}

const entry = (status: number, exit: ProblemCodeEntry["exit"], title: string, hint: string): ProblemCodeEntry => ({
  status,
  exit,
  title,
  hint,
});

export const problemCodes = {
  // --- general
  "general.internal": entry(500, 1, "internal error", "give the error id to whoever runs this instance: the manager's log has its cause"),
  "general.not-supported": entry(501, 1, "not supported yet", "see the documentation for what is supported"),
  "general.overloaded": entry(503, 1, "too much at once", "try again in a few seconds"),

  // --- files
  "files.unusable": entry(500, 1, "file cannot be used", "make it usable for this account, or choose another folder with `--data DIR`"),
  "files.unsafe": entry(500, 1, "unsafe file", "make it a plain file of the part's own account with mode 600"),

  // --- input: what a document, body or argument got wrong
  "input.malformed-yaml": entry(422, 2, "malformed YAML", "correct the document at the line and column given"),
  "input.malformed-json": entry(400, 2, "malformed JSON", "send one JSON document"),
  "input.unknown-field": entry(422, 2, "unknown field", "remove the field or correct its spelling"),
  "input.wrong-type": entry(422, 2, "wrong type", "give a value of the expected type"),
  "input.missing-field": entry(422, 2, "missing field", "add the field"),
  "input.invalid-value": entry(422, 2, "invalid value", "give a value that the field allows"),
  "input.too-large": entry(413, 2, "too large", "send less at once"),
  "input.too-deep": entry(422, 2, "nested too deeply", "flatten the document"),
  "input.forbidden-name": entry(422, 2, "forbidden name", "choose another name"),
  "input.wrong-content-type": entry(415, 2, "wrong content type", "send `content-type: application/json`"),
  "input.unknown-route": entry(404, 4, "no such route", "the routes are listed at /api/openapi.json"),

  // --- identity: who
  "identity.not-signed-in": entry(401, 3, "not signed in", "sign in with `behalf login`"),
  "identity.wrong-credentials": entry(
    401,
    3,
    "unknown account or wrong password",
    "check account name and password; after several failures wait longer between attempts",
  ),
  "identity.delayed": entry(429, 3, "too many failed logins", "wait as long as the message says, then try again"),
  "identity.disabled": entry(403, 3, "account disabled", "ask an administrator to enable the account"),
  "identity.password-expired": entry(403, 3, "one-time password expired", "ask an administrator to reset the password"),
  "identity.password-change-due": entry(403, 3, "password must be changed first", "set a new password with `behalf login`"),
  "identity.wrong-current-password": entry(403, 3, "wrong current password", "give the password with which you signed in"),
  "identity.weak-password": entry(
    422,
    2,
    "password not acceptable",
    "choose a longer password; length and randomness count, character classes do not",
  ),
  "identity.invalid-name": entry(422, 2, "name not acceptable", "use letters, digits and `. _ - @`, all letters of one script"),
  "identity.name-taken": entry(409, 5, "name already in use", "choose another name"),
  "identity.account-not-found": entry(404, 4, "no such account", "list the accounts with `behalf get accounts`"),
  "identity.role-not-found": entry(404, 4, "no such role", "list the roles with `behalf get roles`"),
  "identity.session-not-found": entry(404, 4, "no such session", "it may have ended already"),
  "identity.revision-conflict": entry(409, 5, "changed by someone else meanwhile", "load it again, repeat your change and save"),
  "identity.last-administrator": entry(409, 5, "the last administrator", "give the role `administrator` to another enabled account first"),
  "identity.confirmation-needed": entry(409, 5, "to be confirmed", "read what would change and repeat with `--confirm` if that is wanted"),
  "identity.service-unavailable": entry(503, 6, "identity service unavailable", "try again; ask an administrator if it lasts"),

  // --- policy: tests of it
  "policy.test-failed": entry(
    409,
    1,
    "a policy test fails",
    "correct the change, or change the test in the same `behalf apply`; see all with `behalf policy test`",
  ),
  "policy.test-not-found": entry(404, 4, "no such policy test", "list them with `behalf get policytests`"),

  // --- access: may
  "access.denied": entry(403, 3, "not allowed", "ask an administrator for the permission named in the message"),
  "access.not-found": entry(404, 4, "not found", "check the spelling; it may also exist where you may not see it"),
  "access.no-role": entry(403, 3, "no role assigned", "ask an administrator to assign a role that grants `manager:view`"),
  "access.no-permission": entry(
    403,
    3,
    "no permission to sign in",
    "ask an administrator for a role that grants `manager:view` for all controllers",
  ),
  "access.unknown-permission": entry(
    422,
    2,
    "unknown permission",
    "correct the spelling: permissions are whole segments joined by `:`, such as `controller:runs:create`",
  ),
  "access.not-a-leaf": entry(422, 2, "not a single permission", "name one permission, such as `controller:runs:create`"),
  "access.malformed-folder": entry(422, 2, "malformed folder", "write a folder as `/finance`, with everything below it as `/finance/*`"),
  "access.removal-would-widen": entry(409, 5, "removal would widen access", "confirm the removal, or give the role a permission"),

  // --- jobs: what
  "jobs.not-found": entry(404, 4, "no such job", "list the jobs with `behalf get jobs`"),
  "jobs.invalid-path": entry(422, 2, "invalid job path", "write a path like `/finance/close-books`"),
  "jobs.duplicate-path": entry(422, 2, "job given twice", "keep one of the two documents"),
  "jobs.revision-conflict": entry(
    409,
    5,
    "job was changed meanwhile",
    "look at the present revision with `behalf get job PATH -o yaml`, then apply again",
  ),
  "jobs.not-runnable": entry(422, 2, "job cannot be run so", "correct the job with `behalf apply -f FILE`"),
  "jobs.unknown-argument": entry(422, 2, "unknown argument", "see the job's parameters with `behalf get job PATH -o yaml`"),
  "jobs.missing-argument": entry(422, 2, "missing argument", "give it with `--arg NAME=VALUE`"),
  "jobs.invalid-argument": entry(422, 2, "invalid argument", "give a value that the parameter allows"),
  "jobs.idempotency-mismatch": entry(422, 5, "idempotency key used for something else", "send the same request again, or take a new key"),
  "jobs.unknown-node": entry(422, 2, "no such node", "list the nodes with `behalf get nodes`"),
  "jobs.too-many": entry(422, 2, "too many at once", "send at most 500 runs at once"),
  "jobs.invalid-cursor": entry(400, 2, "invalid cursor", "start again without a cursor"),
  "runs.not-found": entry(404, 4, "no such run", "list the runs with `behalf runs list`"),
  "runs.submission-not-found": entry(404, 4, "no such submission", "list the runs with `behalf runs list`"),
  "runs.already-ended": entry(409, 5, "run has ended", "nothing is left to cancel: see `behalf runs show RUN`"),

  // --- nodes: where
  "nodes.role-missing": entry(
    403,
    3,
    "role missing on the node",
    "ask whoever administers the node for the role: behalf node table grant SUBJECT ROLE",
  ),
  "nodes.foreign-realm": entry(
    403,
    3,
    "realm not trusted by the node",
    "submit at the manager of the realm that the node trusts, as an identity of that realm",
  ),
  "nodes.foreign-order": entry(
    403,
    3,
    "order for another node",
    "submit again; if it repeats, the node joined again: wait for its agent to reconnect",
  ),
  "nodes.bad-name": entry(422, 2, "not a node name", "choose a name such as `ledger-1`"),
  "nodes.bad-token": entry(
    403,
    3,
    "join token refused",
    "make a new one at the manager with `behalf node invite NAME`; it works once, for that name, within an hour",
  ),
  "nodes.name-taken": entry(409, 5, "node name taken", "revoke the node of that name first: behalf node revoke NAME"),
  "nodes.key-in-use": entry(
    409,
    5,
    "launcher key in use",
    "the data folder was copied from another node: move its `launcher` folder away and join with a key of its own",
  ),
  "nodes.not-found": entry(404, 4, "no such node", "list the nodes with `behalf get nodes`"),
  "nodes.already-joined": entry(
    409,
    5,
    "node joined already",
    "to join anew, revoke it at the manager with `behalf node revoke NAME` and use another data folder",
  ),
  "nodes.wrong-manager": entry(
    403,
    3,
    "not the manager that invited",
    "check the address; if it is right, someone may be between: make a new token with `behalf node invite NAME`",
  ),
  "nodes.cannot-reach": entry(
    503,
    6,
    "manager not reachable",
    "check address and firewall: the node dials the manager's agent listener, port 4901 by default",
  ),
  "nodes.join-failed": entry(
    500,
    1,
    "joining failed",
    "read the manager's log; make a new token with `behalf node invite NAME` and join again",
  ),
  "nodes.bad-request": entry(400, 2, "malformed request for a certificate", "update manager and node to the same version"),
  "nodes.refused-by-manager": entry(
    403,
    3,
    "node refused by its manager",
    "if it was revoked, join anew in another data folder, with a token of `behalf node invite NAME`",
  ),
  "nodes.keys-incomplete": entry(
    500,
    1,
    "keys of the manager missing",
    "restore the whole `keys` folder from its backup; nothing was made anew",
  ),
  "nodes.foreign-database": entry(
    500,
    1,
    "database of another realm",
    "give this data folder its own database, or restore the `keys` folder that belongs to this one",
  ),

  // --- launch: as whom
  "launch.bad-user-name": entry(422, 2, "unsupported user name", "allowed are letters, digits, space and `_ . - , @`"),
  "launch.bad-credential": entry(422, 2, "malformed credential entry", "correct the field named in the message"),
  "launch.bad-policy": entry(422, 2, "malformed node policy", "correct the field named in the message"),
  "launch.no-such-key": entry(404, 3, "no credential of that key", "list the node's keys with `behalf credential list`"),
  "launch.no-default-account": entry(
    409,
    3,
    "no default job account",
    "name one in the node's policy (`defaultJobAccount`), or use a credential key",
  ),
  "launch.unknown-account": entry(
    409,
    3,
    "unknown account",
    "create the account on the node, or correct the user name of the credential entry",
  ),
  "launch.account-lookup-failed": entry(
    503,
    6,
    "account lookup failed",
    "look at the node's name services with `getent passwd -- NAME`, then run the job again",
  ),
  "launch.account-locked": entry(409, 3, "account is locked", "unlock the account on the node, e.g. `usermod --unlock NAME`"),
  "launch.account-expired": entry(409, 3, "account has expired", "extend the account on the node, e.g. `chage --expiredate -1 NAME`"),
  "launch.account-nologin": entry(
    409,
    3,
    "account has no login shell",
    "allow it for this key with `behalf credential set … --allow-nologin`",
  ),
  "launch.node-nologin": entry(503, 6, "node accepts no logins", "wait until the node's administrator removes /etc/nologin"),
  "launch.folder-not-allowed": entry(
    403,
    3,
    "credential is not for this folder",
    "add the folder to the entry with `behalf credential set`",
  ),
  "launch.submitter-not-allowed": entry(
    403,
    3,
    "credential is not for this submitter",
    "add the submitter to the entry with `behalf credential set`",
  ),
  "launch.system-account": entry(403, 3, "system account", "use another account, or name the uid in the node's policy (`namedUids`)"),
  "launch.own-account": entry(403, 3, "account of this system itself", "use an account that runs none of Behalf's own processes"),
  "launch.policy-refuses-account": entry(
    403,
    3,
    "refused by the node's policy",
    "ask the node's administrator for a rule under `accounts` in the policy file",
  ),
  "launch.directory-unreadable": entry(
    409,
    1,
    "working directory cannot be entered",
    "give the account access to the directory, or set another `workingDirectory`",
  ),
  "launch.program-not-found": entry(409, 1, "program not found", "correct the program's path, or the job's PATH"),
  "launch.program-not-executable": entry(
    409,
    1,
    "program cannot be executed",
    "make it executable for the account, and check its interpreter",
  ),
  "launch.identity-not-taken": entry(
    500,
    1,
    "identity was not taken on",
    "nothing of the job ran; look for security modules that keep privileges or groups",
  ),
  "launch.tree-not-held": entry(
    500,
    1,
    "process tree cannot be held",
    "nothing of the job ran; check that the launcher can write the cgroup named by `behalf doctor`",
  ),
  "launch.start-failed": entry(500, 1, "start failed", "nothing of the job ran; the launcher's log has the cause"),
  "launch.sudo-not-allowed": entry(409, 3, "sudo does not allow it", "add the sudoers line of the message with `visudo`"),

  // --- launcher: what the privileged process refuses before the account is even asked about
  "launch.not-joined": entry(409, 3, "node has not joined", "join the node to a realm with `behalf node join`"),
  "launch.node-file-unusable": entry(500, 3, "node file cannot be used", "correct or restore the file, then `behalf node refresh`"),
  "launch.clock-went-back": entry(503, 3, "clock went back", "set the node's clock with `timedatectl`"),
  "launch.issued-before-recovery": entry(
    409,
    3,
    "issued before the node recovered",
    "submit again: the node lost records and believes newer orders only",
  ),
  "launch.wrong-order": entry(409, 3, "not the order asked for", "look for what exchanged tokens between manager and node"),
  "launch.other-order-same-run": entry(
    409,
    5,
    "another order for the same run",
    "look for what altered the token between manager and node",
  ),
  "launch.attempt-superseded": entry(409, 5, "a later attempt is known", "nothing is to be done: the later attempt counts"),
  "launch.already-ran": entry(409, 5, "already ran", "submit the job again if it shall run again"),
  "launch.reserved-variable": entry(422, 2, "reserved environment variable", "rename the parameter or variable in the job's definition"),
  "launch.exclusive-account": entry(
    409,
    3,
    "account is in use by another submitter",
    "try again when the other submitter's runs have ended",
  ),
  "launch.draining": entry(503, 6, "node is draining", "try again when the node is back"),
  "launch.node-exhausted": entry(
    503,
    1,
    "node has no room for a process",
    "wait until less runs there; or, on the node, allow the launcher more open files and processes (`ulimit -n`, `ulimit -u`; `LimitNOFILE=`, `TasksMax=` of a service)",
  ),
  "launch.disk-full": entry(507, 1, "no space on the node", "free space on the node"),
  "launch.not-recorded": entry(507, 1, "could not be recorded", "free space on the node: nothing is started that cannot be recorded"),
  "launch.unknown-run": entry(404, 4, "unknown run", "the node does not know it: it was never started there, or was confirmed long ago"),
  "launch.wrong-request": entry(400, 2, "request not understood", "update both sides to the same version"),
  "launch.too-many-refusals": entry(429, 3, "too many refused tokens", "look for what sends forged tokens to this node"),
  "launch.already-running": entry(409, 5, "another launcher is running", "stop the other launcher of this data folder first"),
  "launch.unsafe-installation": entry(500, 1, "unsafe installation", "take the right to write away from other accounts"),
  "launch.credential-not-found": entry(404, 4, "no such credential", "list the keys with `behalf credential list`"),

  // --- delegation
  "delegation.bad-key": entry(
    500,
    1,
    "unreadable key",
    "restore the key file from its backup, or join the node again after `behalf node revoke NAME`",
  ),
  "delegation.malformed": entry(
    400,
    3,
    "malformed delegation token",
    "update manager and node to the same version; if they are, look for what altered the token on its way",
  ),
  "delegation.too-large": entry(413, 2, "launch order too large", "make the job's script, arguments or environment smaller"),
  "delegation.forged": entry(
    403,
    3,
    "forged delegation token",
    "look for what altered the token between manager and launcher; nothing was started",
  ),
  "delegation.unknown-issuer": entry(
    403,
    3,
    "unknown issuer",
    "a replaced key is announced to the node by itself (`behalf realm show` lists nodes that lag behind); else revoke the node and let it join again",
  ),
  "delegation.replaced-issuer": entry(
    403,
    3,
    "issuer was replaced",
    "nothing is needed: the run is offered again with a token of the present key",
  ),
  "delegation.foreign-realm": entry(403, 3, "token of another realm", "submit at the manager of the realm that this node belongs to"),
  "delegation.foreign-node": entry(
    403,
    3,
    "token for another node",
    "if the node joined again, wait for its agent to reconnect and submit again",
  ),
  "delegation.old-epoch": entry(
    403,
    3,
    "token of an old epoch",
    "the manager's database was restored or replaced: start the manager once more so that its epoch rises",
  ),
  "delegation.expired": entry(
    403,
    3,
    "expired delegation token",
    "submit again; if it repeats, compare the clocks of manager and node with `timedatectl`",
  ),
  "delegation.not-yet-valid": entry(
    403,
    3,
    "delegation token from the future",
    "compare the clocks of manager and node with `timedatectl`",
  ),
  "delegation.receipt-malformed": entry(400, 1, "malformed receipt", "update manager and node to the same version"),
  "delegation.receipt-forged": entry(
    403,
    3,
    "forged receipt",
    "look for what altered the receipt between launcher and manager, then revoke the node with `behalf node revoke NAME`",
  ),
  "delegation.rotation-refused": entry(
    403,
    3,
    "refused announcement",
    "take the newest announcement from the manager's `keys` folder; an older one is refused for good",
  ),

  // --- controller: dispatch, and the port where agents dial in
  "audit.witness-not-found": entry(404, 4, "no such receipts", "begin again: behalf audit verify --against FILE"),
  "audit.witness-out-of-step": entry(409, 5, "page out of step", "go on with the receipt that the message names, or begin again"),
  "controller.disk-low": entry(
    503,
    1,
    "no room for output",
    "make room on the disk that holds the manager's data folder, or lower the floor; runs that have started go on",
  ),
  "controller.port-taken": entry(
    500,
    1,
    "port taken",
    "choose another port for agents with `--agent-port PORT`, or end the program that listens there",
  ),
  "controller.cannot-listen": entry(500, 1, "cannot listen", "check address and port of `--agent-host` and `--agent-port`"),
  "controller.join-limited": entry(429, 1, "too many attempts to join", "wait half a minute and try again"),
  "controller.submitter-unknown": entry(403, 3, "submitter unknown or disabled", "submit again as an account that exists and is enabled"),
  "controller.job-missing": entry(409, 5, "job revision is gone", "apply the job again and submit anew"),
  "controller.attempts-used-up": entry(
    503,
    1,
    "could not be started",
    "check with `behalf doctor` whether the node's launcher is reachable and its clock is right, then submit anew",
  ),
  "controller.submission-unreadable": entry(500, 1, "submission cannot be read", "submit anew; the manager's log has the cause"),

  // --- link
  "link.socket-path-too-long": entry(500, 2, "socket path too long", "choose a shorter data folder with `--data`"),
  "link.socket-taken": entry(500, 5, "socket in use", "stop the other process of this data folder first"),
  "link.not-reachable": entry(503, 6, "not reachable", "check that it runs: `behalf doctor`"),

  // --- store
  "store.wrong-url": entry(
    500,
    2,
    "wrong database URL",
    "give `sqlite:PATH` or `postgres://USER@HOST:PORT/DATABASE` as BEHALF_DATABASE_URL",
  ),
  "store.cannot-open": entry(
    500,
    1,
    "cannot open the database",
    "check that the folder exists, is writable by this account and has free space",
  ),
  "store.not-a-database": entry(500, 1, "not a database", "name another file, or restore this one from a backup"),
  "store.newer-schema": entry(500, 1, "database of a newer version", "start the version that last opened this database, or a newer one"),
  "store.altered-migration": entry(500, 1, "migration was altered", "start the unaltered program that made this database"),
  "store.unavailable": entry(503, 6, "database not reachable", "check that the database server runs and accepts this account"),
  "store.busy": entry(503, 1, "database busy", "another process holds the database: try again in a few seconds"),
  "store.full": entry(
    507,
    1,
    "no space for the database",
    "free space where the database is kept; nothing of the refused change was stored",
  ),
  "store.read-only": entry(500, 1, "database is read-only", "make the database and its folder writable for this account"),
  "store.damaged": entry(500, 1, "database damaged", "stop everything that uses it and restore it from a backup"),
  "store.closed": entry(503, 1, "store is closed", "this instance is stopping: try again when it runs"),

  // --- audit

  // --- supervise and cli
  "nodes.not-joined": entry(409, 1, "no node here", "join first: behalf node join --manager HOST:4901 --name NAME --token-file -"),
  "up.already-running": entry(409, 1, "already running", "stop the other one, or use another data folder with `--data DIR`"),
  "up.not-started": entry(500, 1, "a part did not start", "read the part's log below the data folder"),
  "up.unreadable-code": entry(
    500,
    1,
    "the code cannot be read by that account",
    "put the checkout where the account can read it, e.g. /opt/behalf",
  ),
  "up.no-such-account": entry(422, 2, "no such account on this host", "create the account, or name another"),
  "up.needs-root": entry(403, 1, "needs root", "run it as root, or leave the option out"),
  "cli.unreachable": entry(503, 6, "no manager answers", "start it with `behalf up`, or name another one with `--url`"),
  "cli.unexpected-answer": entry(502, 6, "unexpected answer", "check that `--url` leads to Behalf, and that both have the same version"),
  "cli.usage": entry(422, 2, "wrong usage", "see `behalf --help`"),
  "cli.unreadable-file": entry(422, 2, "unreadable file", "check the path and its permissions"),
  "cli.no-launcher": entry(503, 6, "no launcher answers", "run it on the node, as the launcher's account, with the node's `--data DIR`"),

  // --- manager: the HTTP surface and its process
  "manager.port-taken": entry(500, 1, "port taken", "choose another port with `--port`"),
  "manager.needs-tls": entry(500, 2, "needs TLS", "listen on loopback, or give `--tls-cert` and `--tls-key`, or `--tls internal`"),
  "manager.cannot-listen": entry(500, 1, "cannot listen", "check the address given with `--host`"),
  "manager.already-running": entry(500, 5, "already running", "stop the other manager of this data folder first"),
  "manager.socket-path-too-long": entry(500, 2, "socket path too long", "choose a shorter data folder with `--data`"),
  "manager.wrong-host": entry(421, 3, "wrong host name", "use the address that `behalf up` printed, or allow this one with `--allow-host`"),
  "manager.wrong-origin": entry(403, 3, "foreign origin", "open the page at the address that `behalf up` printed"),
  "manager.csrf": entry(
    403,
    3,
    "missing CSRF token",
    "send the session's token, which sign-in and `/api/v1/sessions/current` answer, as header `x-behalf-csrf`",
  ),
  "manager.too-many-streams": entry(429, 1, "too many open streams", "close another live view of this session first"),
  "manager.setting": entry(500, 2, "wrong setting", "see `behalf up --help` for the settings and their values"),
} as const satisfies Record<string, ProblemCodeEntry>;

export type ProblemCode = keyof typeof problemCodes;

/** The entry of a code. */
export const problemCodeEntry = (code: ProblemCode): ProblemCodeEntry => problemCodes[code];
