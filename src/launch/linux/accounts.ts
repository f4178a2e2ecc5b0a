/**
 * Accounts as the host knows them: name service switch through the C library, with a time limit, and the shadow entry (O2, O4). From the
 * answer on only numbers are used. What belongs here: facts about one account. What does not: whether a job may use it (`rules/run-identity.ts`).
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import { judgeShadow, type ShadowEntry } from "#launch/rules/account-state.ts";
import { checkUserName } from "#launch/rules/user-name.ts";
import { errorNumber, getgrouplist, getpwnamR, getpwuidR, getspnamR, type PasswdFields, type ShadowFields } from "#launch/linux/libc.ts";
import type { OsAccount } from "#launch/process-port.ts";

/** A directory server that does not answer must not stop the node's other runs. */
const lookupLimitMs = 5000;
/** A change of account, group or lock counts after at most this long; it spares the lookup at hundreds of starts a second. */
const answerLifeMs = 1000;
const firstBufferBytes = 16 * 1024;
const maxBufferBytes = 4 * 1024 * 1024;

class LookupTimeout extends Error {}

const limited = <T>(work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new LookupTimeout("the name service did not answer")), lookupLimitMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });

/**
 * SECURITY: buffers that the C library is writing to in another thread. koffi does not hold them; without this the collector frees
 * them under it (seen as a corrupted heap and as foreign bytes in an answer: `accounts.test.ts`).
 */
const inUse = new Set<object>();

const callHolding = (held: readonly object[], call: (done: (error: unknown, result: number) => void) => void): Promise<number> => {
  for (const one of held) inUse.add(one);
  return new Promise<number>((resolve, reject) =>
    call((error, result) => (error === null || error === undefined ? resolve(result) : reject(error))),
  ).finally(() => {
    for (const one of held) inUse.delete(one);
  });
};

/** Calls a `get…_r` function, with a larger buffer while it asks for one. Null: no such entry. Throws its error number otherwise. */
const lookUp = async <F>(
  call: (out: Partial<F>, buffer: Buffer, found: unknown[], done: (error: unknown, result: number) => void) => void,
): Promise<F | null> => {
  for (let bytes = firstBufferBytes; bytes <= maxBufferBytes; bytes *= 4) {
    const out: Partial<F> = {};
    const found: unknown[] = [null];
    const buffer = Buffer.alloc(bytes);
    const result = await callHolding([out, buffer, found], (done) => call(out, buffer, found, done));
    if (result === 0) return found[0] === null ? null : (out as F);
    // Services differ in how they say "no such entry".
    if (result === errorNumber.ENOENT || result === errorNumber.ESRCH) return null;
    if (result !== errorNumber.ERANGE) throw new Error(`the name service answered error ${result}`);
  }
  throw new Error("the entry is too large");
};

const findPasswd = (user: string): Promise<PasswdFields | null> =>
  lookUp<PasswdFields>((out, buffer, found, done) => getpwnamR.async(user, out, buffer, buffer.length, found, done));

const findShadow = (user: string): Promise<ShadowFields | null> =>
  lookUp<ShadowFields>((out, buffer, found, done) => getspnamR.async(user, out, buffer, buffer.length, found, done));

const findGroups = async (user: string, gid: number): Promise<number[]> => {
  for (let room = 256; room <= 65_536; room *= 4) {
    const buffer = Buffer.alloc(room * 4);
    const count = [room];
    const result = await callHolding([buffer, count], (done) => getgrouplist.async(user, gid, buffer, count, done));
    if (result < 0) continue;
    const groups = new Set<number>([gid]);
    for (let index = 0; index < (count[0] ?? 0); index += 1) groups.add(buffer.readUInt32LE(index * 4));
    return [...groups].sort((left, right) => left - right);
  }
  throw new Error("the account is in too many groups");
};

const noLoginShells = new Set(["nologin", "false"]);

const readAccount = async (user: string, nowMs: number): Promise<Result<OsAccount>> => {
  const passwd = await findPasswd(user);
  if (passwd === null) {
    return refuse(
      problem("launch.unknown-account", `the host has no account \`${user}\``, {
        hint: `create it, or correct the user name of the key with \`behalf credential set\`; \`getent passwd -- '${user}'\` must find it`,
      }),
    );
  }
  const groups = await findGroups(passwd.pw_name, passwd.pw_gid);
  let shadow: ShadowEntry | null = null;
  // Only root may read it; an ordinary launcher starts through sudo, which asks PAM.
  if (process.getuid?.() === 0) {
    const entry = await findShadow(passwd.pw_name);
    if (entry !== null) {
      shadow = {
        password: entry.sp_pwdp ?? "",
        lastChangeDay: Number(entry.sp_lstchg),
        maxDays: Number(entry.sp_max),
        inactiveDays: Number(entry.sp_inact),
        expireDay: Number(entry.sp_expire),
      };
    }
  }
  const shell = passwd.pw_shell === null || passwd.pw_shell === "" ? "/bin/sh" : passwd.pw_shell;
  return ok({
    user: passwd.pw_name,
    uid: passwd.pw_uid,
    gid: passwd.pw_gid,
    groups,
    home: passwd.pw_dir ?? "",
    shell,
    state: shadow === null ? "usable" : judgeShadow(shadow, Math.floor(nowMs / 86_400_000)),
    nologin: noLoginShells.has(basename(shell)),
  });
};

const known = new Map<string, { readonly untilMs: number; readonly answer: Promise<Result<OsAccount>> }>();

/** The account of that name, resolved once (O2). Unknown is an answer; a name service that fails or hangs is a problem of its own. */
export const resolveAccount = (user: string): Promise<Result<OsAccount>> => {
  const checked = checkUserName(user);
  if (!checked.ok) return Promise.resolve(checked);
  const nowMs = performance.now();
  const recent = known.get(user);
  if (recent !== undefined && recent.untilMs > nowMs) return recent.answer;
  const answer = limited(readAccount(user, Date.now())).catch((error: unknown) => {
    known.delete(user);
    return refuse(
      problem(
        "launch.account-lookup-failed",
        `the account \`${user}\` could not be looked up: ${error instanceof LookupTimeout ? "no answer in time" : "the name service failed"}`,
        {
          hint: `look at the node's name services with \`getent passwd -- '${user}'\`, then run the job again`,
        },
      ),
    );
  });
  if (known.size > 1000) known.clear();
  known.set(user, { untilMs: nowMs + answerLifeMs, answer });
  return answer;
};

/** Forgets what was looked up, e.g. on `refresh`. */
export const forgetAccounts = (): void => known.clear();

/** Name of a uid; null when the host does not know it or does not answer. */
export const findUserName = async (uid: number): Promise<string | null> => {
  try {
    const found = await limited(
      lookUp<PasswdFields>((out, buffer, result, done) => getpwuidR.async(uid, out, buffer, buffer.length, result, done)),
    );
    return found?.pw_name ?? null;
  } catch {
    return null;
  }
};

/** The lowest uid of people's accounts (S7), from /etc/login.defs. */
export const readMinimumUid = (path = "/etc/login.defs"): number => {
  try {
    const found = /^[ \t]*UID_MIN[ \t]+(\d+)/m.exec(readFileSync(path, "utf8"));
    return found === null ? 1000 : Number(found[1]);
  } catch {
    return 1000;
  }
};

/** The text of /etc/nologin: the administrator wants no new sessions (O4). Null: the file is not there. */
export const readNologinNotice = (): string | null => {
  for (const path of ["/etc/nologin", "/run/nologin", "/var/run/nologin"]) {
    try {
      return readFileSync(path, "utf8").slice(0, 200).trim();
    } catch {
      // Not there: the usual case.
    }
  }
  return null;
};
