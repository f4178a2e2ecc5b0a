/**
 * Makes one start through setpriv, or a process that waits to become one: pipes, status file, script, and the spawn. A spawn holds the calling
 * thread until the exec and belongs to the starter's (`starter-thread.ts`); turning a waiting process into a run spawns nothing. Whatever fails on the
 * way closes what was opened.
 *
 * A prepared process is `/bin/sh` that has joined its group, and waits at a pipe for leave to become setpriv, as a file in memory then says. It exists because
 * joining takes the kernel 6-14 ms when no process of the host has joined a group in the last 5 (measured on Linux 6.18: an RCU grace period), and 0.06 ms
 * else. SECURITY: that file is made here alone, of numbers and of paths in single quotes; nothing of a job is in it (O1). The pipe
 * has one writer, this process: when that is gone, so is the prepared one.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { makeReader, makeStream, removeFifos, type FifoPaths } from "#launch/linux/fifo.ts";
import { collectChild, makeMemoryFile, makePipe, sendSignal, waitForChild } from "#launch/linux/libc.ts";
import { quoteForShell, renderPrelude, type PreludeSpec } from "#launch/linux/prelude.ts";
import { readProcess } from "#launch/linux/process-facts.ts";
import { fillScript, makeScriptFile } from "#launch/linux/script-file.ts";
import { setprivArguments, setprivEnvironment, setprivFile } from "#launch/linux/setpriv-command.ts";
import { spawnChild } from "#launch/linux/spawn-program.ts";

export interface SetprivStart {
  readonly streams: FifoPaths;
  readonly prelude: Omit<PreludeSpec, "channels">;
  /** `cgroup.procs` of the run's group; null: it has none. */
  readonly procs: number | null;
}

/** Numbers of this process, which its threads share. The caller closes the descriptors and collects the child. */
export interface StartedProgram {
  readonly pid: number;
  readonly startTicks: string;
  /** Read sides of the streams. */
  readonly stdout: number;
  readonly stderr: number;
  readonly status: number;
}

export interface PreparedProgram {
  readonly pid: number;
  readonly startTicks: string;
  readonly pipe: number;
  readonly status: number;
  /** Empty files in memory that it has too: what it becomes, and the prelude. */
  readonly command: number;
  readonly script: number;
}

const shellArguments = ["/bin/sh", "-c", ". /dev/fd/3", "behalf"] as const;
// One byte of the pipe: a shell reads a line byte by byte, which took 0.3 ms of each start when the command came through it.
const waitingShell = "echo 0 >&5 || exit 125; exec 5>&-; read -r go <&3 && . /dev/fd/6";

const nullDevices: number[] = [];
const nullDevice = (): number => (nullDevices[0] ??= openSync("/dev/null", "r"));

/** Closes what `work` opened where it throws, and always what was only for the child. */
const withDescriptors = <T>(work: (opened: (descriptor: number) => number, passing: (descriptor: number) => number) => T): T => {
  const opened: number[] = [];
  const passing: number[] = [];
  const remember = (list: number[]) => (descriptor: number) => {
    list.push(descriptor);
    return descriptor;
  };
  try {
    return work(remember(opened), remember(passing));
  } catch (error) {
    for (const descriptor of opened) closeSync(descriptor);
    throw error;
  } finally {
    for (const descriptor of passing) closeSync(descriptor);
  }
};

const openStreams = (
  paths: FifoPaths,
  opened: (descriptor: number) => number,
  passing: (descriptor: number) => number,
): { readonly readers: readonly [number, number]; readonly writers: readonly [number, number] } => {
  const out = makeStream(paths.stdout);
  opened(out.reader);
  passing(out.writer);
  const err = makeStream(paths.stderr);
  opened(err.reader);
  passing(err.writer);
  return { readers: [out.reader, err.reader], writers: [out.writer, err.writer] };
};

/** What names the process besides its pid (O8): it stays the same through every exec. */
const startTicksOf = (pid: number): string => readProcess(pid)?.startTicks ?? "0";

/** What the waiting shell does with leave. */
const preparedCommand = (prelude: SetprivStart["prelude"], streams: FifoPaths): string => {
  const variables = setprivEnvironment(prelude.run, prelude.tmpdir).map((entry) => {
    const equals = entry.indexOf("=");
    return `${entry.slice(0, equals)}=${quoteForShell(entry.slice(equals + 1))}`;
  });
  const command = [setprivFile, ...setprivArguments(prelude.account, prelude.noNewPrivileges, shellArguments).slice(1)].map(quoteForShell);
  const redirections = `>${quoteForShell(streams.stdout)} 2>${quoteForShell(streams.stderr)} 3<&7 6<&- 7<&-`;
  return `export ${variables.join(" ")}\nexec ${command.join(" ")} ${redirections}\n`;
};

/** Starts it now. Throws where it cannot be started at all. */
export const startDirectly = (start: SetprivStart): StartedProgram => {
  const { prelude, procs, streams } = start;
  try {
    return withDescriptors((opened, passing) => {
      const { readers, writers } = openStreams(streams, opened, passing);
      const text = renderPrelude({ ...prelude, channels: { kind: "descriptors", joinsCgroup: procs !== null } });
      const script = passing(makeScriptFile(text));
      const status = opened(makeMemoryFile("behalf-status"));
      const pid = spawnChild({
        file: setprivFile,
        argv: setprivArguments(prelude.account, prelude.noNewPrivileges, shellArguments),
        environment: setprivEnvironment(prelude.run, prelude.tmpdir),
        descriptors: [nullDevice(), ...writers, script, status, ...(procs === null ? [] : [procs])],
      });
      return { pid, startTicks: startTicksOf(pid), stdout: readers[0], stderr: readers[1], status };
    });
  } catch (error) {
    removeFifos(streams);
    throw error;
  }
};

/** Starts a process that joins the group and waits. */
export const prepareProgram = (procs: number): PreparedProgram =>
  withDescriptors((opened, passing) => {
    const pipe = makePipe();
    passing(pipe.reader);
    opened(pipe.writer);
    const status = opened(makeMemoryFile("behalf-status"));
    const command = opened(makeMemoryFile("behalf-command"));
    const script = opened(makeMemoryFile("behalf"));
    const nothing = nullDevice();
    const pid = spawnChild({
      file: "/bin/sh",
      argv: ["behalf-prepared", "-c", waitingShell],
      environment: [],
      descriptors: [nothing, nothing, nothing, pipe.reader, status, procs, command, script],
    });
    return { pid, startTicks: startTicksOf(pid), pipe: pipe.writer, status, command, script };
  });

/** Everything of a run but its beginning: exactly one of the two is called. */
export interface ReadyProgram {
  /** False: the process has ended meanwhile, and nothing is left of it. */
  begin(): boolean;
  /** Ends it and removes what was made. */
  dismiss(): void;
  readonly program: StartedProgram;
}

/** Makes the prepared process ready to become the run. Null where it cannot: it has ended. From its beginning on it needs nothing of this process. */
export const makeReady = (prepared: PreparedProgram, start: SetprivStart): ReadyProgram | null => {
  const { prelude, streams } = start;
  if (collectChild(prepared.pid) !== undefined) return null;
  try {
    return withDescriptors((opened) => {
      const readers = [opened(makeReader(streams.stdout)), opened(makeReader(streams.stderr))] as const;
      fillScript(prepared.script, renderPrelude({ ...prelude, channels: { kind: "descriptors", joinsCgroup: false } }));
      fillScript(prepared.command, preparedCommand(prelude, streams));
      const giveUp = (): void => {
        for (const reader of readers) closeSync(reader);
        removeFifos(streams);
        dismissProgram(prepared);
      };
      return {
        program: {
          pid: prepared.pid,
          startTicks: prepared.startTicks,
          stdout: readers[0],
          stderr: readers[1],
          status: prepared.status,
        },
        begin: () => {
          try {
            writeSync(prepared.pipe, "\n");
          } catch {
            giveUp();
            return false;
          }
          for (const descriptor of [prepared.pipe, prepared.command, prepared.script]) closeSync(descriptor);
          return true;
        },
        dismiss: giveUp,
      };
    });
  } catch {
    removeFifos(streams);
    return null;
  }
};

/** Ends a prepared process that is not wanted any more. */
export const dismissProgram = (prepared: PreparedProgram): void => {
  for (const descriptor of [prepared.pipe, prepared.status, prepared.command, prepared.script]) closeSync(descriptor);
  if (collectChild(prepared.pid) !== undefined) return;
  sendSignal(prepared.pid, 9);
  waitForChild(prepared.pid);
};
