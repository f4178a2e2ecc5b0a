/**
 * The C library calls that Node does not offer, bound once through koffi. What belongs here: bindings and their error numbers, nothing
 * that decides. Every descriptor made here is close-on-exec (O5). Synchronous calls return at once; only the NSS lookups
 * may block and are therefore bound as asynchronous (`accounts.ts`).
 */
import { readdirSync } from "node:fs";
import koffi from "koffi";

const library = koffi.load("libc.so.6");

const passwdStruct = koffi.struct("behalf_passwd", {
  pw_name: "const char *",
  pw_passwd: "const char *",
  pw_uid: "uint32_t",
  pw_gid: "uint32_t",
  pw_gecos: "const char *",
  pw_dir: "const char *",
  pw_shell: "const char *",
});

const shadowStruct = koffi.struct("behalf_spwd", {
  sp_namp: "const char *",
  sp_pwdp: "const char *",
  sp_lstchg: "long",
  sp_min: "long",
  sp_max: "long",
  sp_warn: "long",
  sp_inact: "long",
  sp_expire: "long",
  sp_flag: "unsigned long",
});

export interface PasswdFields {
  readonly pw_name: string;
  readonly pw_uid: number;
  readonly pw_gid: number;
  readonly pw_dir: string | null;
  readonly pw_shell: string | null;
}

export interface ShadowFields {
  readonly sp_pwdp: string | null;
  /** Days since 1970, or -1. */
  readonly sp_lstchg: number;
  readonly sp_max: number;
  readonly sp_inact: number;
  readonly sp_expire: number;
}

type Pointer = unknown;
type Asynchronous<A extends unknown[]> = { async(...args: [...A, (error: unknown, result: number) => void]): void };

const pointerTo = (type: ReturnType<typeof koffi.struct>): ReturnType<typeof koffi.pointer> => koffi.pointer(type);
const outOf = (type: ReturnType<typeof koffi.struct>) => koffi.out(pointerTo(type));

// `setpwent`-free, re-entrant forms only: several lookups may be under way in different threads.
export const getpwnamR = library.func("getpwnam_r", "int", [
  "str",
  outOf(passwdStruct),
  "void *",
  "size_t",
  koffi.out("void **"),
]) as unknown as Asynchronous<[string, Partial<PasswdFields>, Buffer, number, Pointer[]]>;
export const getpwuidR = library.func("getpwuid_r", "int", [
  "uint32_t",
  outOf(passwdStruct),
  "void *",
  "size_t",
  koffi.out("void **"),
]) as unknown as Asynchronous<[number, Partial<PasswdFields>, Buffer, number, Pointer[]]>;
export const getspnamR = library.func("getspnam_r", "int", [
  "str",
  outOf(shadowStruct),
  "void *",
  "size_t",
  koffi.out("void **"),
]) as unknown as Asynchronous<[string, Partial<ShadowFields>, Buffer, number, Pointer[]]>;
export const getgrouplist = library.func(
  "int getgrouplist(str user, uint32_t group, void *groups, _Inout_ int *count)",
) as unknown as Asynchronous<[string, number, Buffer, number[]]>;

const mkfifoCall = library.func("int mkfifo(str path, uint32_t mode)") as (path: string, mode: number) => number;
const memfdCreateCall = library.func("int memfd_create(str name, uint32_t flags)") as (name: string, flags: number) => number;
const pipe2Call = library.func("int pipe2(void *ends, int flags)") as (ends: Buffer, flags: number) => number;
const fcntlCall = library.func("int fcntl(int fd, int command, int argument)") as (fd: number, command: number, argument: number) => number;
const killCall = library.func("int kill(int pid, int signal)") as (pid: number, signal: number) => number;
const waitpidCall = library.func("int waitpid(int pid, _Out_ int *status, int options)") as (
  pid: number,
  status: number[],
  options: number,
) => number;
const prctlCall = library.func("int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)") as (
  option: number,
  a: number,
  b: number,
  c: number,
  d: number,
) => number;
const syscall = library.func("long syscall(long number, long a, long b, long c, long d)") as (
  number: number,
  a: number,
  b: number,
  c: number,
  d: number,
) => number;
const setpriorityCall = library.func("int setpriority(int which, uint32_t who, int priority)") as (
  which: number,
  who: number,
  priority: number,
) => number;
const schedSetaffinityCall = library.func("int sched_setaffinity(int pid, size_t size, void *mask)") as (
  pid: number,
  size: number,
  mask: Buffer,
) => number;

export const posixSpawn = library.func(
  "int posix_spawn(_Out_ int *pid, str path, void *actions, void *attributes, char **argv, char **envp)",
) as (pid: number[], path: string, actions: Buffer, attributes: Buffer, argv: (string | null)[], envp: (string | null)[]) => number;
export const spawnActionsInit = library.func("int posix_spawn_file_actions_init(void *actions)") as (actions: Buffer) => number;
export const spawnActionsDup2 = library.func("int posix_spawn_file_actions_adddup2(void *actions, int from, int to)") as (
  actions: Buffer,
  from: number,
  to: number,
) => number;
const closeFromCall = ((): ((actions: Buffer, lowest: number) => number) | null => {
  try {
    return library.func("int posix_spawn_file_actions_addclosefrom_np(void *actions, int lowest)") as (
      actions: Buffer,
      lowest: number,
    ) => number;
  } catch {
    return null;
  }
})();
/** Closes every descriptor from `lowest` on in the child; without effect before glibc 2.34, where `closeOnExecEverything` must do. */
export const spawnActionsCloseFrom = (actions: Buffer, lowest: number): void => void closeFromCall?.(actions, lowest);
export const spawnActionsDestroy = library.func("int posix_spawn_file_actions_destroy(void *actions)") as (actions: Buffer) => number;
export const spawnAttributesInit = library.func("int posix_spawnattr_init(void *attributes)") as (attributes: Buffer) => number;
export const spawnAttributesFlags = library.func("int posix_spawnattr_setflags(void *attributes, short flags)") as (
  attributes: Buffer,
  flags: number,
) => number;
export const spawnAttributesSigdefault = library.func("int posix_spawnattr_setsigdefault(void *attributes, void *set)") as (
  attributes: Buffer,
  set: Buffer,
) => number;
export const spawnAttributesSigmask = library.func("int posix_spawnattr_setsigmask(void *attributes, void *set)") as (
  attributes: Buffer,
  set: Buffer,
) => number;

/** Error numbers this room tells apart; the same on every Linux architecture. */
export const errorNumber = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EAGAIN: 11,
  ENOMEM: 12,
  EEXIST: 17,
  ENFILE: 23,
  EMFILE: 24,
  ERANGE: 34,
} as const;

/** A failed C library call, with its number. */
export class SystemCallError extends Error {
  readonly errno: number;
  constructor(call: string, errno: number) {
    super(`${call} failed with error ${errno}`);
    this.name = "SystemCallError";
    this.errno = errno;
  }
}

const checked = (call: string, result: number): number => {
  if (result === -1) throw new SystemCallError(call, koffi.errno());
  return result;
};

/** Creates a named pipe; the umask applies. Throws `SystemCallError`. */
export const makeFifo = (path: string, mode: number): void => void checked("mkfifo", mkfifoCall(path, mode));

const MFD_CLOEXEC = 1;
/** An anonymous file in memory, close-on-exec. Throws where the kernel is older than 3.17. */
export const makeMemoryFile = (name: string): number => checked("memfd_create", memfdCreateCall(name, MFD_CLOEXEC));

const O_CLOEXEC = 0o2000000;
/** An anonymous pipe, both ends close-on-exec. */
export const makePipe = (): { readonly reader: number; readonly writer: number } => {
  const ends = Buffer.alloc(8);
  checked("pipe2", pipe2Call(ends, O_CLOEXEC));
  return { reader: ends.readInt32LE(0), writer: ends.readInt32LE(4) };
};

const F_DUPFD_CLOEXEC = 1030;
/** A copy of the descriptor whose number is at least `lowest`. */
export const duplicateAbove = (descriptor: number, lowest: number): number =>
  checked("fcntl", fcntlCall(descriptor, F_DUPFD_CLOEXEC, lowest));

const F_SETFD = 2;
/** Marks close-on-exec what this process was started with: a descriptor of whoever started it must not reach a job (O5). */
export const closeOnExecEverything = (): void => {
  for (const name of readdirSync("/proc/self/fd")) {
    const descriptor = Number(name);
    if (descriptor > 2) fcntlCall(descriptor, F_SETFD, 1);
  }
};

/** Sends a signal by number; false when there is no such process (group). Throws on EPERM. */
export const sendSignal = (pid: number, signal: number): boolean => {
  if (killCall(pid, signal) === 0) return true;
  const errno = koffi.errno();
  if (errno === errorNumber.ESRCH) return false;
  throw new SystemCallError("kill", errno);
};

const WNOHANG = 1;
/** Exit status of a child that ended; undefined while it runs; null when it is no child of this process. */
export const collectChild = (pid: number): number | null | undefined => {
  const status = [0];
  const found = waitpidCall(pid, status, WNOHANG);
  if (found === pid) return status[0] ?? 0;
  return found === 0 ? undefined : null;
};

/** Waits in this thread until the child has ended, and collects it. For children that were just killed. */
export const waitForChild = (pid: number): void => void waitpidCall(pid, [0], 0);

const PR_SET_CHILD_SUBREAPER = 36;
/** Orphans of this process's descendants become its children from now on. */
export const becomeSubreaper = (): boolean => prctlCall(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) === 0;

const keyctlNumber = { x64: 250, arm64: 219, ppc64: 271, s390x: 280, riscv64: 219, loong64: 219 }[process.arch as string] ?? null;
const KEYCTL_JOIN_SESSION_KEYRING = 1;
/** Gives the calling thread a new, empty, anonymous session keyring; children made by this thread inherit it. False where the kernel has no keys. */
export const joinNewSessionKeyring = (): boolean =>
  keyctlNumber !== null && syscall(keyctlNumber, KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0) > 0;

const pidfdSendSignalNumber = 424;
const pidfdOpenNumber = 434;
/** A descriptor that names this process for good, or null when it is gone or the kernel is older than 5.3. Close-on-exec by the kernel. */
export const openPidfd = (pid: number): number | null => {
  const descriptor = syscall(pidfdOpenNumber, pid, 0, 0, 0);
  return descriptor < 0 ? null : descriptor;
};
/** Signals the very process that the descriptor names. */
export const signalPidfd = (descriptor: number, signal: number): boolean => syscall(pidfdSendSignalNumber, descriptor, signal, 0, 0) === 0;

/** Default niceness and all processors for the calling thread, and so for what it starts (O5). */
export const resetScheduling = (): void => {
  setpriorityCall(0, 0, 0);
  schedSetaffinityCall(0, 128, Buffer.alloc(128, 0xff));
};
