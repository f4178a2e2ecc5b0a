/** What the operating system says of a file or folder, as a problem, for whoever starts a part: which one, why, and what to do. What does not belong here: files with a meaning of their own. */
import { problem, type Problem } from "#kernel/problem.ts";
import { shellWord } from "#kernel/shell-word.ts";

const elsewhere = "make it writable for this account, with room for records and output, or choose another folder with `--data DIR`";
const notOurs = (path: string): string =>
  `see whose it is (ls -ld ${shellWord(path)}), and start as that account, give it to this one (as root: chown -R ${process.geteuid?.() ?? "ACCOUNT"} ${shellWord(path)}), or choose another folder with \`--data DIR\``;
const inTheWay = (path: string): string => `look at it (ls -ld ${shellWord(path)}), and move it away`;
const moreFiles = (): string => "allow it more: `ulimit -n 4096` in the shell that starts it, `LimitNOFILE=4096` for a service of systemd";

const reasons: Readonly<Record<string, readonly [why: string, hint: (path: string) => string]>> = {
  ENOSPC: ["its disk is full", () => elsewhere],
  EDQUOT: ["the account's quota is used up", () => elsewhere],
  EROFS: ["its file system is read-only", () => elsewhere],
  EACCES: ["this account may not use it", notOurs],
  EPERM: ["it belongs to another account", notOurs],
  ENOTDIR: ["a file is where a folder should be", inTheWay],
  EISDIR: ["a folder is where a file should be", inTheWay],
  EEXIST: ["something else is there", inTheWay],
  ELOOP: ["a link is there", inTheWay],
  EIO: ["its disk fails", () => "read what the kernel says of the disk (dmesg), and restore the folder from a backup"],
  EMFILE: ["this process may not open more files", moreFiles],
  ENFILE: ["this host cannot open more files", () => "see what holds so many open: `cat /proc/sys/fs/file-nr`"],
};

/** Why a file cannot be used, in words; null for anything else. */
export const fileReason = (error: unknown): string | null => reasons[String((error as NodeJS.ErrnoException | null)?.code)]?.[0] ?? null;

/** Null for anything that is no failure of a file. */
export const fileProblemOf = (error: unknown): Problem | null => {
  if (!(error instanceof Error)) return null;
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  const known = reasons[String(code)];
  if (known === undefined || syscall === undefined || syscall === "connect" || syscall === "listen") return null;
  const [why, hint] = known;
  return problem("files.unusable", path === undefined ? `a file cannot be used: ${why}` : `\`${path}\` cannot be used: ${why}`, {
    hint: hint(path ?? "FILE"),
  });
};
