/**
 * Folders outside the data folder (`/var/tmp/behalf-…` for TMPDIRs, `/run` or `/dev/shm` for pipes) outlive a data folder that was deleted by hand. Each says whose it
 * is; a launcher of the same account removes those whose launcher folder is gone and which no process uses. What does not belong here: making them.
 *
 * SECURITY: only what this account owns, whose name is the digest of the path it names, and which was made in this very view of the file system (another container
 * may share the folder and see other paths): `left-folders.test.ts`.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Log } from "#kernel/log.ts";
import { isDead, listProcesses } from "#launch/linux/process-facts.ts";
import { removeTmpdir } from "#launch/linux/remove-tmpdir.ts";

/** What a folder is for: TMPDIRs of a launcher folder, or the pipes of the folder of that name in it. */
export type LeftFolderKind = "tmp" | "pipes";

const marker = ".belongs-to";
const gone = ".gone";
const kinds: readonly LeftFolderKind[] = ["tmp", "pipes"];

const ownUid = (): number => process.getuid?.() ?? -1;

/** The name of the folder for a path: the same at every start. */
export const leftFolderName = (kind: LeftFolderKind, path: string): string => {
  const digest = createHash("sha256").update(path).digest("hex");
  return kind === "tmp" ? `behalf-${Math.max(0, ownUid())}-${digest.slice(0, 12)}` : `behalf-${digest.slice(0, 16)}`;
};

/** Names this process's view of the file system. */
const mountNamespace = (): string => readlinkSync("/proc/self/ns/mnt");

/** Leaves in the folder for whom it is. A folder that cannot hold it is never removed by others, and serves as well. */
export const markFolder = (folder: string, path: string): void => {
  try {
    const file = join(folder, marker);
    const descriptor = openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o600);
    try {
      writeSync(descriptor, JSON.stringify({ path, mounts: mountNamespace() }));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // A full disk, or a kernel without namespaces.
  }
};

const isMissing = (path: string): boolean => {
  try {
    lstatSync(path);
    return false;
  } catch (error) {
    // Anything else than this says nothing about whether it is there.
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
};

interface Left {
  readonly folder: string;
  readonly kind: LeftFolderKind;
  /** Of the data folder that is gone. */
  readonly launcherFolder: string;
}

const readMarker = (folder: string): { readonly path: string; readonly mounts: string } | null => {
  let descriptor: number;
  try {
    descriptor = openSync(join(folder, marker), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile() || found.uid !== ownUid() || found.size > 8192) return null;
    const { path, mounts } = JSON.parse(readFileSync(descriptor, "utf8")) as { path?: unknown; mounts?: unknown };
    return typeof path === "string" && typeof mounts === "string" ? { path, mounts } : null;
  } catch {
    return null;
  } finally {
    closeSync(descriptor);
  }
};

/** What the folder was for, if its maker is gone; null for everything that is not surely ours and left. */
const readLeft = (base: string, name: string): Left | null => {
  const folder = join(base, name);
  try {
    const found = lstatSync(folder);
    if (!found.isDirectory() || found.uid !== ownUid()) return null;
  } catch {
    return null;
  }
  const marked = readMarker(folder);
  if (marked === null || marked.mounts !== mountNamespace()) return null;
  const plain = name.endsWith(gone) ? name.slice(0, -gone.length) : name;
  const kind = kinds.find((one) => leftFolderName(one, marked.path) === plain);
  if (kind === undefined) return null;
  const launcherFolder = kind === "tmp" ? marked.path : dirname(marked.path);
  return isMissing(launcherFolder) ? { folder, kind, launcherFolder } : null;
};

const linksOf = (pid: number): readonly string[] => {
  const links: string[] = [];
  for (const name of ["cwd", "root"]) links.push(readlinkSync(`/proc/${pid}/${name}`));
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    try {
      links.push(readlinkSync(`/proc/${pid}/fd/${name}`));
    } catch {
      // Closed meanwhile.
    }
  }
  return links;
};

/** Those of them that a process has open, stands in, or was given as TMPDIR; and those whose launcher still runs. */
const usedOf = (all: readonly Left[]): ReadonlySet<Left> => {
  const used = new Set<Left>();
  for (const facts of listProcesses()) {
    const { pid } = facts;
    if (pid === process.pid || isDead(facts)) continue;
    try {
      const links = linksOf(pid);
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
      for (const left of all)
        if (
          environment.includes(`=${left.folder}/`) ||
          links.some((link) => [left.folder, left.launcherFolder].some((path) => link === path || link.startsWith(`${path}/`)))
        )
          used.add(left);
    } catch {
      // Gone meanwhile, a thread of the kernel, or with more rights than this launcher: none of Behalf's, and no job, has those.
    }
  }
  return used;
};

const removeFiles = (folder: string): void => {
  for (const name of readdirSync(folder)) if (name !== marker) unlinkSync(join(folder, name));
};

const removeContent = async ({ kind }: Left, folder: string): Promise<void> => {
  if (kind === "pipes") return removeFiles(folder);
  const [jobs, status] = [join(folder, "jobs"), join(folder, "status")];
  for (const name of isMissing(jobs) ? [] : readdirSync(jobs)) {
    const path = join(jobs, name);
    const { uid, gid } = lstatSync(path);
    await removeTmpdir(path, { user: String(uid), uid, gid });
  }
  if (!isMissing(jobs)) rmdirSync(jobs);
  if (isMissing(status)) return;
  removeFiles(status);
  rmdirSync(status);
};

const remove = async (left: Left): Promise<boolean> => {
  const away = left.folder.endsWith(gone) ? left.folder : `${left.folder}${gone}`;
  if (away !== left.folder) renameSync(left.folder, away);
  // A launcher that came back meanwhile makes its folders anew: what was renamed is nobody's from here on, unless it came just before.
  if (!isMissing(left.launcherFolder)) {
    if (isMissing(left.folder)) renameSync(away, left.folder);
    return false;
  }
  await removeContent(left, away);
  unlinkSync(join(away, marker));
  rmdirSync(away);
  return true;
};

/** Removes what deleted data folders of this account have left in these folders. Answers what was removed; never throws. */
export const removeLeftFolders = async (options: { readonly bases?: readonly string[]; readonly log: Log }): Promise<readonly string[]> => {
  const bases = options.bases ?? ["/var/tmp", "/tmp", "/run", "/dev/shm"];
  const removed: string[] = [];
  try {
    const found = bases.flatMap((base) =>
      isMissing(base)
        ? []
        : readdirSync(base)
            .filter((name) => name.startsWith("behalf-"))
            .flatMap((name) => readLeft(base, name) ?? []),
    );
    if (found.length === 0) return removed;
    const used = usedOf(found);
    for (const left of found) {
      if (used.has(left)) continue;
      try {
        if (await remove(left)) removed.push(left.folder);
      } catch (error) {
        options.log.warn({ folder: left.folder, error }, "a folder that a deleted data folder left behind could not be removed");
      }
    }
  } catch (error) {
    options.log.warn({ error }, "folders of deleted data folders could not be looked for");
  }
  if (removed.length > 0) options.log.info({ removed }, "removed what deleted data folders had left behind");
  return removed;
};
