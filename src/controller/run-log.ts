/**
 * The logs of runs at the manager: one append-only file per run, the same bytes as at the node. What belongs here: appending by offset,
 * durability, digests, listeners, room on the disk. What does not: the frames inside (`link/log-format.ts`), or who may read.
 *
 * INVARIANT: a file never has a gap: bytes are taken only where they continue it; what was there already is passed over.
 */
import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, rmdir, statfs, unlink, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makePrivateFolder } from "#kernel/private-file.ts";
import { problem, type Problem } from "#kernel/problem.ts";
import type { Log } from "#kernel/log.ts";
import { lineIndexPath, nextLineIndexPath } from "#link/log-format.ts";

export interface RunLogs {
  /** Where a run's log is, or would be. */
  path(run: string): string;
  /** Bytes taken so far; 0 when there is no log. */
  size(run: string): Promise<number>;
  /** Takes what continues the log. `gap`: `offset` is beyond its end, nothing was taken. Rejects when the disk refuses; the log then ends where it ends. */
  append(run: string, offset: number, bytes: Buffer): Promise<{ readonly size: number; readonly gap: boolean }>;
  /** SHA-256 (hex) and length of the log. */
  digest(run: string): Promise<{ readonly bytes: number; readonly sha256: string }>;
  /** Makes it durable and lets go of the file. */
  seal(run: string): Promise<void>;
  /** Empties it, for a new attempt or after damage. */
  reset(run: string): Promise<void>;
  /** Deletes it (retention). Not there is fine. */
  remove(run: string): Promise<void>;
  /** Called with the new size whenever the log grew, and with -1 when it was emptied. */
  onGrown(run: string, listener: (size: number) => void): () => void;
  /** Bytes that were given and are not written yet. */
  readonly pendingBytes: number;
  /** Why nothing new may be admitted; null while there is room (O3). */
  admission(): Problem | null;
  close(): Promise<void>;
}

export interface RunLogSettings {
  readonly folder: string;
  /** Below this many free bytes nothing new is admitted. */
  readonly floorBytes: number;
  readonly checkEveryMs: number;
  /** A log is whole and durable. Its reader may want to prepare it. */
  readonly onSealed?: (run: string, size: number) => void;
  /** It has grown by another `grownStepBytes`, or is empty again (-1). */
  readonly onLarge?: (run: string, size: number) => void;
}

/** Smaller logs are told of once, when they are whole. */
export const grownStepBytes = 16 * 1024 * 1024;

interface OpenLog {
  handle: FileHandle;
  size: number;
  /** Over all bytes of the file; null when this process has not seen them all. */
  hash: Hash | null;
  /** The file was made here and its folder entry is not yet durable. */
  created: boolean;
  dirty: boolean;
  /** Its size when its growth was last told. */
  toldBytes: number;
}

/** Files held open; more are closed and opened again. */
const mostOpen = 256;

const folderOf = (path: string): string => dirname(path);

const syncFolder = async (path: string): Promise<void> => {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const removeFile = async (path: string): Promise<void> => {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
};

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ENOENT";

class FileRunLogs implements RunLogs {
  readonly #settings: RunLogSettings;
  readonly #log: Log;
  readonly #open = new Map<string, OpenLog>();
  /** One thing at a time per run. */
  readonly #tails = new Map<string, Promise<unknown>>();
  readonly #listeners = new Map<string, Set<(size: number) => void>>();
  readonly #timer: NodeJS.Timeout;
  #pendingBytes = 0;
  #freeBytes = Number.POSITIVE_INFINITY;
  #wasLow = false;

  constructor(settings: RunLogSettings, log: Log) {
    this.#settings = settings;
    this.#log = log;
    this.#timer = setInterval(() => void this.look(), settings.checkEveryMs).unref();
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  async look(): Promise<void> {
    try {
      const found = await statfs(this.#settings.folder);
      this.#freeBytes = found.bavail * found.bsize;
    } catch (error) {
      this.#log.warn({ error }, "free space for logs cannot be read");
      return;
    }
    const low = this.#freeBytes < this.#settings.floorBytes;
    if (low !== this.#wasLow)
      this.#log.warn(
        { freeBytes: this.#freeBytes, floorBytes: this.#settings.floorBytes },
        low ? "disk is low: nothing new is admitted" : "disk has room again",
      );
    this.#wasLow = low;
  }

  admission(): Problem | null {
    if (this.#freeBytes >= this.#settings.floorBytes) return null;
    return problem(
      "controller.disk-low",
      `the disk that holds the logs has ${this.#freeBytes} bytes left, fewer than ${this.#settings.floorBytes}`,
    );
  }

  path(run: string): string {
    // Six characters of an id's time: about 17 minutes of runs share a folder.
    return join(this.#settings.folder, run.slice(4, 10), `${run}.log`);
  }

  size(run: string): Promise<number> {
    return this.#inTurn(run, async () => {
      const held = this.#open.get(run);
      if (held !== undefined) return held.size;
      try {
        const handle = await open(this.path(run), constants.O_RDONLY | constants.O_NOFOLLOW);
        try {
          return (await handle.stat()).size;
        } finally {
          await handle.close();
        }
      } catch (error) {
        if (isMissing(error)) return 0;
        throw error;
      }
    });
  }

  append(run: string, offset: number, bytes: Buffer): Promise<{ readonly size: number; readonly gap: boolean }> {
    this.#pendingBytes += bytes.length;
    return this.#inTurn(run, async () => {
      try {
        const file = await this.#opened(run);
        if (offset > file.size) return { size: file.size, gap: true };
        const fresh = bytes.subarray(file.size - offset);
        if (fresh.length === 0) return { size: file.size, gap: false };
        await this.#write(file, fresh);
        for (const listener of this.#listeners.get(run) ?? []) listener(file.size);
        if (file.size - file.toldBytes >= grownStepBytes) {
          file.toldBytes = file.size;
          this.#settings.onLarge?.(run, file.size);
        }
        return { size: file.size, gap: false };
      } finally {
        this.#pendingBytes -= bytes.length;
      }
    });
  }

  digest(run: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
    return this.#inTurn(run, async () => {
      const file = await this.#opened(run);
      if (file.hash === null) {
        const hash = createHash("sha256");
        const chunk = Buffer.allocUnsafe(256 * 1024);
        for (let at = 0; ;) {
          const { bytesRead } = await file.handle.read(chunk, 0, chunk.length, at);
          if (bytesRead === 0) break;
          hash.update(chunk.subarray(0, bytesRead));
          at += bytesRead;
        }
        file.hash = hash;
      }
      return { bytes: file.size, sha256: file.hash.copy().digest("hex") };
    });
  }

  seal(run: string): Promise<void> {
    return this.#inTurn(run, async () => {
      const file = this.#open.get(run);
      if (file === undefined) return;
      await this.#letGo(run, file);
      this.#settings.onSealed?.(run, file.size);
    });
  }

  reset(run: string): Promise<void> {
    return this.#inTurn(run, async () => {
      if (!this.#open.has(run) && (await this.#isAbsent(run))) return;
      const file = await this.#opened(run);
      await file.handle.truncate(0);
      file.size = 0;
      file.hash = createHash("sha256");
      file.dirty = true;
      file.toldBytes = 0;
      await this.#removeIndex(run);
      for (const listener of this.#listeners.get(run) ?? []) listener(-1);
      this.#settings.onLarge?.(run, -1);
    });
  }

  remove(run: string): Promise<void> {
    return this.#inTurn(run, async () => {
      const file = this.#open.get(run);
      this.#open.delete(run);
      await file?.handle.close();
      const path = this.path(run);
      await removeFile(path);
      await this.#removeIndex(run);
      try {
        await rmdir(folderOf(path));
      } catch {
        // Other logs are in it, or it is gone.
      }
    });
  }

  onGrown(run: string, listener: (size: number) => void): () => void {
    const listeners = this.#listeners.get(run) ?? new Set();
    this.#listeners.set(run, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(run) === listeners) this.#listeners.delete(run);
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    while (this.#tails.size > 0) await Promise.allSettled(this.#tails.values());
    for (const [run, file] of this.#open)
      await this.#letGo(run, file).catch((error: unknown) => this.#log.warn({ run, error }, "log could not be made durable"));
  }

  #inTurn<T>(run: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(run);
    const mine = before === undefined ? work() : before.then(work, work);
    const settled = mine.then(
      () => {},
      () => {},
    );
    this.#tails.set(run, settled);
    void settled.then(() => {
      if (this.#tails.get(run) === settled) this.#tails.delete(run);
    });
    return mine;
  }

  async #removeIndex(run: string): Promise<void> {
    const path = this.path(run);
    for (const one of [lineIndexPath(path), nextLineIndexPath(path)]) await removeFile(one);
  }

  async #isAbsent(run: string): Promise<boolean> {
    try {
      await (await open(this.path(run), constants.O_RDONLY | constants.O_NOFOLLOW)).close();
      return false;
    } catch (error) {
      if (isMissing(error)) return true;
      throw error;
    }
  }

  async #opened(run: string): Promise<OpenLog> {
    const held = this.#open.get(run);
    if (held !== undefined) {
      this.#open.delete(run);
      this.#open.set(run, held);
      return held;
    }
    const path = this.path(run);
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
    let handle: FileHandle;
    try {
      handle = await open(path, flags, 0o600);
    } catch (error) {
      if (!isMissing(error)) throw error;
      const folder = folderOf(path);
      await mkdir(folder, { mode: 0o700, recursive: true });
      await syncFolder(this.#settings.folder);
      handle = await open(path, flags, 0o600);
    }
    try {
      const { size, mode } = await handle.stat();
      if ((mode & 0o777) !== 0o600) await handle.chmod(0o600);
      const file: OpenLog = {
        handle,
        size,
        hash: size === 0 ? createHash("sha256") : null,
        created: size === 0,
        dirty: false,
        toldBytes: 0,
      };
      this.#open.set(run, file);
      if (this.#open.size > mostOpen) await this.#closeOldest(run);
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async #closeOldest(except: string): Promise<void> {
    for (const [run, file] of this.#open) {
      if (run === except || this.#tails.has(run)) continue;
      await this.#letGo(run, file);
      return;
    }
  }

  async #write(file: OpenLog, bytes: Buffer): Promise<void> {
    file.dirty = true;
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await file.handle.write(bytes, done, bytes.length - done, null);
      file.hash?.update(bytes.subarray(done, done + bytesWritten));
      file.size += bytesWritten;
      done += bytesWritten;
    }
  }

  async #letGo(run: string, file: OpenLog): Promise<void> {
    this.#open.delete(run);
    try {
      if (file.dirty) await file.handle.datasync();
      if (file.created) await syncFolder(folderOf(this.path(run)));
    } finally {
      await file.handle.close();
    }
  }
}

/** Opens the folder of logs, making it where it is missing. */
export const openRunLogs = async (settings: RunLogSettings, log: Log): Promise<RunLogs> => {
  makePrivateFolder(settings.folder);
  const logs = new FileRunLogs(settings, log);
  await logs.look();
  return logs;
};
