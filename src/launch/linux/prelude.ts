/**
 * The text that `/bin/sh` reads as the target account: it proves who it is, then applies umask, limits, working directory and
 * environment, and only then becomes the job (O1, O2, O6, O7). POSIX: runs in dash, bash and busybox. What belongs here: the text. What
 * does not: how it gets to the shell. Pure.
 *
 * SECURITY: everything of a job stands inside single quotes (`quoteForShell`), and nothing of it is applied before the checks:
 * `prelude.test.ts`, `host-identity.test.ts`.
 */
import type { StartSpec } from "#launch/process-port.ts";

/** One word for the shell, whatever it holds; NUL is refused before. */
export const quoteForShell = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** What the prelude writes to its status file; the first word decides. */
export const statusWords = ["started", "exec", "identity", "tree", "directory", "tmp"] as const;
export type StatusWord = (typeof statusWords)[number];

/** Where the prelude finds what it needs. */
export type PreludeChannels =
  /** Inherited descriptors: 3 is this text, 4 the status file, 5 the run's `cgroup.procs` (null: not held by a cgroup). */
  | { readonly kind: "descriptors"; readonly joinsCgroup: boolean }
  /** sudo closes everything above 2: the status file comes by name, and the private TMPDIR is made by the account itself. */
  | { readonly kind: "named"; readonly statusPath: string };

export interface PreludeSpec extends Pick<
  StartSpec,
  "run" | "account" | "program" | "environment" | "workingDirectory" | "umask" | "noNewPrivileges"
> {
  readonly tmpdir: string;
  readonly maxProcesses: number;
  readonly channels: PreludeChannels;
  /** Set oom_score_adj back to 0: the launcher has another one. */
  readonly resetsOomScore: boolean;
}

const defaultPath = "/usr/local/bin:/usr/bin:/bin";
const defaultRootPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The job's environment as it will be: the account's own variables cannot be overridden, PATH can by the job (O6). */
export const jobEnvironment = (
  spec: Pick<PreludeSpec, "run" | "account" | "environment" | "tmpdir">,
): Readonly<Record<string, string>> => ({
  PATH: spec.account.uid === 0 ? defaultRootPath : defaultPath,
  ...spec.environment,
  HOME: spec.account.home,
  USER: spec.account.user,
  LOGNAME: spec.account.user,
  SHELL: spec.account.shell,
  TMPDIR: spec.tmpdir,
  BEHALF_RUN_ID: spec.run,
});

const noCapabilities = "0000000000000000";

/** The whole text, ending with the job's own program. */
export const renderPrelude = (spec: PreludeSpec): string => {
  const { account, program, channels } = spec;
  const lines: string[] = [];
  const stop = (word: StatusWord): string => `{ echo ${word} >&4; exit 125; }`;

  if (channels.kind === "descriptors") {
    lines.push("exec 3<&-");
    // Joining from inside needs no round trip, and nothing of the job runs before; 0 means the writer itself. The launcher opened the
    // descriptor, so its rights count (Linux 5.16).
    if (channels.joinsCgroup) lines.push(`echo 0 2>/dev/null >&5 || ${stop("tree")}`, "exec 5>&-");
  } else {
    lines.push("exec </dev/null", `exec 4>>${quoteForShell(channels.statusPath)} || exit 125`, `echo "pid $$" >&4`);
  }

  // The shell reads /proc byte by byte (0.3 ms); a helper process would cost three times that. It stops at the last line it needs.
  lines.push(
    "u= g= s= i= p= e= a= n=",
    "while read -r k v; do case $k in Uid:) u=$v;; Gid:) g=$v;; Groups:) s=$v;; CapInh:) i=$v;; CapPrm:) p=$v;; CapEff:) e=$v;; CapAmb:) a=$v;; NoNewPrivs:) n=$v; break;; esac; done 2>/dev/null </proc/self/status",
  );
  const four = (id: number): string => `'${[id, id, id, id].join("\t")}'`;
  const groups = [...new Set(account.groups)].sort((left, right) => left - right).join(" ");
  const proofs = [
    `"$u" = ${four(account.uid)}`,
    `"$g" = ${four(account.gid)}`,
    `"$s" = '${groups}'`,
    `"$i" = ${noCapabilities}`,
    `"$a" = ${noCapabilities}`,
  ];
  if (account.uid !== 0) proofs.push(`"$p" = ${noCapabilities}`, `"$e" = ${noCapabilities}`);
  if (spec.noNewPrivileges) proofs.push(`"$n" = 1`);
  lines.push(`${proofs.map((proof) => `[ ${proof} ]`).join(" && ")} || ${stop("identity")}`);

  if (channels.kind === "named") lines.push(`/bin/mkdir -m 700 -- ${quoteForShell(spec.tmpdir)} 2>/dev/null || ${stop("tmp")}`);
  lines.push(`umask ${/^[0-7]{1,4}$/.test(spec.umask ?? "") ? spec.umask : "022"}`);
  lines.push("ulimit -c 0");
  // The letter differs between shells: dash and busybox have -p, bash -u (its -p only fails).
  lines.push(`ulimit -p ${spec.maxProcesses} 2>/dev/null || ulimit -u ${spec.maxProcesses} 2>/dev/null || :`);
  if (spec.resetsOomScore) lines.push("echo 0 2>/dev/null >/proc/self/oom_score_adj || :");
  lines.push(
    spec.workingDirectory === null
      ? `cd -- ${quoteForShell(account.home === "" ? "/" : account.home)} 2>/dev/null || cd /`
      : `cd -- ${quoteForShell(spec.workingDirectory)} 2>/dev/null || ${stop("directory")}`,
  );
  lines.push("unset OLDPWD SHLVL k v u g s i p e a n");
  for (const [name, value] of Object.entries(jobEnvironment(spec))) lines.push(`export ${name}=${quoteForShell(value)}`);

  if (program.kind === "shell") {
    lines.push("echo started >&4", "exec 4>&-", `eval ${quoteForShell(program.text)}`);
  } else {
    // The status file is closed for the program only: a function's redirection ends with it, so that a shell whose exec failed can still
    // tell. (dash and busybox leave through the trap; bash goes on, if allowed to, and takes a redirection of `exec` itself for good.)
    lines.push(
      `[ -z "$BASH_VERSION" ] || shopt -s execfail`,
      `trap 'echo exec $? >&4' 0`,
      "echo started >&4",
      'behalf_exec() { exec "$@"; }',
      `behalf_exec ${[program.file, ...program.args].map(quoteForShell).join(" ")} 4>&-`,
    );
  }
  return `${lines.join("\n")}\n`;
};

/** What the status file says: the job began (null), or why not, with the shell's number for a failed exec. */
export const readStatus = (text: string): { readonly began: boolean; readonly word: StatusWord | null; readonly number: number | null } => {
  let began = false;
  for (const line of text.split("\n")) {
    const [word, number] = line.split(" ");
    if (word === "started") began = true;
    else if (word === "exec") return { began: false, word, number: Number(number) };
    else if (statusWords.includes(word as StatusWord)) return { began: false, word: word as StatusWord, number: null };
  }
  return { began, word: began ? "started" : null, number: null };
};

/** The pid that the prelude told about itself (sudo mode); null when it did not come so far. */
export const readStatusPid = (text: string): number | null => {
  const found = /^pid (\d+)$/m.exec(text);
  return found === null ? null : Number(found[1]);
};
