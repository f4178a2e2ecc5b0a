/**
 * What an administrator of the node should know, each finding with the command that mends it; and the check that nobody else can write what the
 * launcher runs or believes (S12). What does not belong here: refusing (`main.ts`).
 */
import { readFileSync, readdirSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { installationRoot } from "#kernel/installation.ts";
import type { Problem } from "#kernel/problem.ts";
import type { ProcessHost } from "#launch/process-port.ts";
import type { Unusable } from "#launcher/as-whom.ts";
import { renderBytes } from "#launcher/render-bytes.ts";
import type { NodeFiles } from "#launcher/node-files.ts";

export interface Finding {
  readonly level: "ok" | "warning" | "problem";
  readonly text: string;
  readonly hint: string | null;
}

const ok = (text: string): Finding => ({ level: "ok", text, hint: null });

/** Name of an account of this host; `uid N` where it has none. Only for people to read. */
export const accountName = (uid: number): string => {
  try {
    if (uid === process.getuid?.()) return userInfo().username;
    for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
      const [name, , number] = line.split(":");
      if (name !== undefined && number === String(uid)) return name;
    }
  } catch {
    // A host without readable accounts still has numbers.
  }
  return `uid ${uid}`;
};

const writableBy = (path: string, ownUid: number): string | null => {
  let found;
  try {
    found = statSync(path);
  } catch {
    return null;
  }
  if (found.uid !== ownUid && found.uid !== 0) return `\`${path}\` belongs to \`${accountName(found.uid)}\``;
  // A sticky folder (/tmp) lets nobody replace what is not his.
  if (found.isDirectory() && (found.mode & 0o1000) !== 0) return null;
  if ((found.mode & 0o002) !== 0) return `\`${path}\` can be written by everyone`;
  if ((found.mode & 0o020) !== 0 && found.gid !== 0) return `\`${path}\` can be written by its group ${found.gid}`;
  return null;
};

const sourceRoot = join(installationRoot, "src");

function* withParents(path: string): Generator<string> {
  for (let at = resolve(path); ; at = dirname(at)) {
    yield at;
    if (at === dirname(at)) return;
  }
}

/** Everything that can be written by other accounts than the launcher's and root among code, runtime, and the launcher's folder, and their parents. */
export const unsafePaths = (options: {
  readonly dataFolder: string;
  readonly launcherFolder: string;
  readonly compileCache: string | undefined;
}): readonly string[] => {
  const ownUid = process.getuid?.() ?? 0;
  const paths = new Set<string>();
  const add = (path: string): void => {
    for (const one of withParents(path)) paths.add(one);
  };
  add(process.execPath);
  add(options.launcherFolder);
  if (options.compileCache !== undefined) add(options.compileCache);
  add(join(installationRoot, "node_modules", "koffi"));
  // What runs: a bundle, or one of the sources.
  add(import.meta.filename);
  add(sourceRoot);
  for (const room of ["kernel", "access", "proof", "link", "launch", "launcher"]) {
    const folder = join(sourceRoot, room);
    try {
      for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) paths.add(join(folder, entry));
      paths.add(folder);
    } catch {
      // A packaged launcher may not have every room as a folder.
    }
  }
  // Kept by the launcher itself with modes of its own; the folder and its parents are what counts.
  return [...paths].map((path) => writableBy(path, ownUid)).filter((why): why is string => why !== null);
};

/** Accounts of Behalf itself that the policy lets jobs run as (S7): an ordinary user's instance has no other. */
export const ownAccountWarnings = (files: NodeFiles, partUids: readonly number[]): readonly string[] => {
  if (!files.policy.ok) return [];
  const { namedUids } = files.policy.value;
  return [...new Set(partUids)]
    .filter((uid) => namedUids.includes(uid))
    .map(
      (uid) =>
        `the policy names \`${accountName(uid)}\` (uid ${uid}), an account of Behalf itself: a job that runs as it can read what Behalf keeps there, its keys too, and act in its place`,
    );
};

export interface DoctorOptions {
  readonly host: ProcessHost;
  readonly files: NodeFiles;
  readonly unusable: readonly Unusable[];
  readonly agentUid: number | null;
  /** Of Behalf's own accounts. */
  readonly partUids: readonly number[];
  readonly unsafe: readonly string[];
  readonly clockProblem: () => Problem | null;
  readonly diskProblem: () => Problem | null;
  readonly freeBytes: () => number;
  readonly refuseIssuedUpToMs: number | null;
}

const fromProblem = (found: Problem): Finding => ({ level: "problem", text: found.message, hint: found.hint });

/** All findings. */
export const examineNode = async (options: DoctorOptions): Promise<readonly Finding[]> => {
  const { host, files } = options;
  const findings: Finding[] = [];
  const ownUid = process.getuid?.() ?? -1;
  findings.push(
    ok(`launcher runs as \`${accountName(ownUid)}\`, switches accounts with ${host.switching}, holds process trees by ${host.tree}`),
  );
  if (files.trust.ok && files.trust.value !== null) {
    const { issuers, rotationSerial } = files.trust.value.trust;
    for (const { kid, until } of issuers)
      findings.push(
        ok(
          `believes orders of key \`${kid}\`${until === undefined ? "" : ` that were signed until ${new Date(until * 1000).toISOString()}`} (announcement ${rotationSerial})`,
        ),
      );
  }
  for (const warning of await host.warnings()) findings.push({ level: "warning", text: warning, hint: null });
  findings.push(
    options.agentUid === null || options.agentUid === ownUid
      ? {
          level: "warning",
          text: "separation: none (launcher and agent run under one account)",
          hint: "as root: behalf up --agent-account NAME",
        }
      : ok(`agent runs as \`${accountName(options.agentUid)}\``),
  );
  for (const text of ownAccountWarnings(files, options.partUids))
    findings.push({
      level: "warning",
      text,
      hint: "let jobs run as others: a credential key of another account, `defaultJobAccount: null` and no `namedUids` with `behalf node policy set`",
    });
  for (const why of options.unsafe)
    findings.push({
      level: "warning",
      text: `${why}: whoever can write it decides what the launcher does`,
      hint: `take the right away: chmod go-w, chown ${accountName(ownUid)}`,
    });
  if (options.unsafe.length === 0) findings.push(ok("code, runtime and node files can be written by the launcher's account and root only"));
  for (const found of files.problems()) findings.push(fromProblem(found));
  if (files.trust.ok)
    findings.push(
      files.trust.value === null
        ? { level: "problem", text: "this node has not joined a realm", hint: "behalf node join" }
        : ok(`joined realm \`${files.trust.value.trust.realm.name}\` as \`${files.trust.value.trust.node.name}\``),
    );
  if (files.table.ok && files.table.value.entries.length === 0)
    findings.push({
      level: "warning",
      text: "the authorization table is empty: nobody may run anything here",
      hint: "behalf node table grant SUBJECT ROLE",
    });
  if (files.policy.ok) {
    const { defaultJobAccount } = files.policy.value;
    if (defaultJobAccount === null) findings.push(ok("no default job account: `as: agent` is refused"));
    else if (options.unusable.every(({ key }) => key !== null)) {
      const account = await host.resolveAccount(defaultJobAccount);
      if (account.ok) findings.push(ok(`default job account \`${defaultJobAccount}\` (uid ${account.value.uid})`));
    }
  }
  for (const { key, problem } of options.unusable)
    findings.push({
      level: key === null ? "problem" : "warning",
      text: `${key === null ? "default job account" : `credential \`${key}\``}: ${problem.message}`,
      hint: problem.hint,
    });
  if (files.credentials.ok)
    findings.push(ok(`${files.credentials.value.length} credential ${files.credentials.value.length === 1 ? "entry" : "entries"}`));
  const clock = options.clockProblem();
  findings.push(clock === null ? ok("the clock has not gone back") : fromProblem(clock));
  if (options.refuseIssuedUpToMs !== null)
    findings.push({
      level: "warning",
      text: `the journal lost records: tokens issued up to ${new Date(options.refuseIssuedUpToMs).toISOString()} are refused`,
      hint: null,
    });
  const disk = options.diskProblem();
  findings.push(disk === null ? ok(`${renderBytes(options.freeBytes())} free for runs`) : fromProblem(disk));
  return findings;
};
