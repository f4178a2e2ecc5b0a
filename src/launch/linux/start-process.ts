/**
 * One start: takes TMPDIR and place, has the starter's thread start setpriv (or starts sudo itself) and gives the held process. One chain of
 * execs in one process: setpriv, /bin/sh with the prelude, the job. Whatever fails on the way removes what was made.
 */
import { closeSync, fchmodSync, openSync, readSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { problem, type Problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import { attemptName, fifoPaths, makeStream, removeFifos, socketOn } from "#launch/linux/fifo.ts";
import { holdProcess } from "#launch/linux/held-process.ts";
import type { HostParts } from "#launch/linux/host-parts.ts";
import type { Entry } from "#launch/linux/places.ts";
import { readStatusPid, renderPrelude } from "#launch/linux/prelude.ts";
import { removeQuietly } from "#launch/linux/private-tmp.ts";
import { isThroughSudo, removeTmpdir } from "#launch/linux/remove-tmpdir.ts";
import { readOwnGroups, readProcess } from "#launch/linux/process-facts.ts";
import { makeScriptFile } from "#launch/linux/script-file.ts";
import { awaitChild, spawnProgram, type ProgramExit } from "#launch/linux/spawn-program.ts";
import { dismissProgram, makeReady, type SetprivStart, type StartedProgram } from "#launch/linux/start-setpriv.ts";
import { startProblem, unstartedProblem } from "#launch/linux/start-problem.ts";
import { hasSudo, isAllowedBySudo, sudoArguments, sudoEnvironment, sudoersHint, sudoFile } from "#launch/linux/sudo-command.ts";
import { showUserName } from "#launch/rules/user-name.ts";
import { holdCgroup } from "#launch/linux/tree/cgroup.ts";
import { holdBySudo } from "#launch/linux/tree/sudo.ts";
import type { HeldProcess, ProcessExit, ProcessRecord, StartSpec } from "#launch/process-port.ts";

/** Texts that no program or variable can carry. */
const findUnsendable = (spec: StartSpec): string | null => {
  const texts = spec.program.kind === "shell" ? [spec.program.text] : [spec.program.file, ...spec.program.args];
  if (texts.some((text) => text.includes("\0"))) return "the program holds a NUL character";
  if (spec.workingDirectory !== null && (spec.workingDirectory.includes("\0") || !spec.workingDirectory.startsWith("/")))
    return "the working directory is not an absolute path";
  for (const [name, value] of Object.entries(spec.environment)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return `\`${showUserName(name)}\` cannot name a variable`;
    if (value.includes("\0")) return `the variable \`${name}\` holds a NUL character`;
  }
  return null;
};

const readAll = (descriptor: number): string => {
  const buffer = Buffer.alloc(256);
  return buffer.toString("latin1", 0, readSync(descriptor, buffer, 0, buffer.length, 0));
};

interface Undo {
  readonly steps: (() => unknown)[];
  run(): Promise<void>;
}

const makeUndo = (): Undo => {
  const steps: (() => unknown)[] = [];
  return {
    steps,
    run: async () => {
      for (const step of steps.toReversed()) {
        try {
          await step();
        } catch {
          // The next steps must still be taken.
        }
      }
    },
  };
};

const toExit = (exit: ProgramExit, notStarted: Problem | null): ProcessExit => ({
  known: exit !== null,
  exitCode: exit?.exitCode ?? null,
  signal: exit?.signal ?? null,
  startProblem: notStarted,
});

/** Of a start, what the prelude is made of: the rest need not go to another thread. */
const onlyPrelude = ({ run, account, program, environment, workingDirectory, umask, noNewPrivileges }: StartSpec) => ({
  run,
  account,
  program,
  environment,
  workingDirectory,
  umask,
  noNewPrivileges,
});

/** Why it is not even tried. */
const findRefusal = (host: HostParts, spec: StartSpec): Problem | null => {
  const unsendable = findUnsendable(spec);
  if (unsendable !== null) return problem("launch.start-failed", unsendable, { hint: "correct the job's definition" });
  if (!isThroughSudo(spec.account.uid)) return null;
  if (!hasSudo()) {
    return problem("launch.sudo-not-allowed", "sudo is not installed on the node", {
      hint: `apt-get install sudo, then ${sudoersHint(host.launcherAccount, spec.account.user)}`,
    });
  }
  if (spec.noNewPrivileges)
    return problem("general.not-supported", "`noNewPrivileges` needs a launcher that runs as root: sudo cannot pass it on");
  return null;
};

/** The start was called off before it began. */
class NotBegun extends Error {}

/** Starts the run now. A refusal means that nothing is left of it. */
export const startProcess = async (
  host: HostParts,
  spec: StartSpec,
  mayBegin: Promise<boolean> = Promise.resolve(true),
): Promise<Result<HeldProcess>> => {
  const refusal = findRefusal(host, spec);
  if (refusal !== null) {
    await host.places.giveBack(spec.place ?? null);
    return refuse(refusal);
  }
  const undo = makeUndo();
  const closing: number[] = [];
  try {
    if (!isThroughSudo(spec.account.uid)) return ok(await startBySetpriv(host, spec, undo, mayBegin));
    if (!(await mayBegin)) throw new NotBegun();
    return ok(startBySudo(host, spec, undo, closing));
  } catch (error) {
    await undo.run();
    if (error instanceof NotBegun) return refuse(problem("launch.start-failed", "the run was not to begin"));
    host.log.error({ run: spec.run, error }, "a run could not be started");
    return refuse(unstartedProblem(error));
  } finally {
    for (const descriptor of closing) closeSync(descriptor);
  }
};

const openStreams = (host: HostParts, spec: StartSpec, undo: Undo, closing: number[]) => {
  const paths = fifoPaths(host.fifoFolder, spec.run, spec.attempt);
  undo.steps.push(() => removeFifos(paths));
  const out = makeStream(paths.stdout);
  undo.steps.push(() => closeSync(out.reader));
  closing.push(out.writer);
  const err = makeStream(paths.stderr);
  undo.steps.push(() => closeSync(err.reader));
  closing.push(err.writer);
  return { paths, out, err };
};

/** By the process that waits in the place, if there is one and it can: everything but its beginning is made while `mayBegin` is not known yet. */
const startProgram = async (host: HostParts, entry: Entry, start: SetprivStart, mayBegin: Promise<boolean>): Promise<StartedProgram> => {
  const prepared = (await entry.prepared) ?? null;
  if (prepared !== null) {
    const ready = makeReady(prepared, start);
    if (ready === null) dismissProgram(prepared);
    else if (!(await mayBegin)) {
      ready.dismiss();
      throw new NotBegun();
    } else if (ready.begin()) return ready.program;
  }
  if (!(await mayBegin)) throw new NotBegun();
  return host.starter.start(start);
};

const startBySetpriv = async (host: HostParts, spec: StartSpec, undo: Undo, mayBegin: Promise<boolean>): Promise<HeldProcess> => {
  const { run, attempt } = spec;
  const isOwn = process.getuid?.() !== 0;
  // The launcher's own account keeps the groups that the process really has.
  const account = isOwn ? { ...spec.account, gid: process.getgid?.() ?? spec.account.gid, groups: readOwnGroups() } : spec.account;
  const place = spec.place ?? host.places.reserve();
  undo.steps.push(() => host.places.giveBack(place));
  const tmpdir = host.tmpdirs.take(account);
  undo.steps.push(() => host.tmpdirs.giveBack(tmpdir, account));
  const paths = fifoPaths(host.fifoFolder, run, attempt);
  const entry = host.places.enter(place);
  const start: SetprivStart = {
    streams: paths,
    prelude: { ...onlyPrelude(spec), account, tmpdir, maxProcesses: host.maxProcesses, resetsOomScore: host.resetsOomScore },
    procs: entry.procs,
  };
  const program = await startProgram(host, entry, start, mayBegin);
  host.places.lookAhead();
  const { pid, startTicks } = program;
  const record: ProcessRecord = {
    run,
    attempt,
    pid,
    startTicks,
    bootId: host.bootId,
    uid: account.uid,
    tree: place === null ? "group" : "cgroup",
    cgroup: place?.cgroup ?? null,
    tmpdir,
  };
  const tree =
    place === null
      ? host.groups.hold({ run, uid: account.uid, leader: { pid, startTicks }, isOwnChild: true })
      : holdCgroup(place.cgroup, () => host.places.giveBack(place));
  let isCollected = false;
  const exited = awaitChild(pid).then((exit) => {
    isCollected = true;
    const text = readAll(program.status);
    closeSync(program.status);
    return toExit(exit, startProblem(text, exit, spec));
  });
  return holdProcess(
    {
      record,
      stdout: socketOn(program.stdout),
      stderr: socketOn(program.stderr),
      tree,
      exited,
      isOwnChild: () => !isCollected,
      removeTraces: async () => {
        removeFifos(paths);
        await host.tmpdirs.giveBack(tmpdir, account);
      },
      log: host.log,
    },
    host.bootId,
  );
};

const startBySudo = (host: HostParts, spec: StartSpec, undo: Undo, closing: number[]): HeldProcess => {
  const { run, attempt, account } = spec;
  const tmpdir = join(host.tmp.jobs, attemptName(run, attempt));
  const { paths, out, err } = openStreams(host, spec, undo, closing);
  // The name is the secret: only the script, which no other account can read, has it. Write-only for others, in a folder that nobody can list.
  const statusPath = join(host.tmp.status, `${attemptName(run, attempt)}-${randomBytes(16).toString("hex")}`);
  writeFileSync(statusPath, "", { flag: "wx+", mode: 0o600 });
  undo.steps.push(() => removeQuietly(statusPath));
  const status = openSync(statusPath, "r");
  undo.steps.push(() => closeSync(status));
  fchmodSync(status, 0o622);
  const script = makeScriptFile(
    renderPrelude({ ...spec, tmpdir, maxProcesses: host.maxProcesses, resetsOomScore: false, channels: { kind: "named", statusPath } }),
  );
  closing.push(script);

  const program = spawnProgram({
    file: sudoFile,
    argv: sudoArguments(account.user),
    environment: sudoEnvironment,
    descriptors: [script, out.writer, err.writer],
  });
  const record: ProcessRecord = {
    run,
    attempt,
    pid: program.pid,
    startTicks: readProcess(program.pid)?.startTicks ?? "0",
    bootId: host.bootId,
    uid: account.uid,
    tree: "sudo",
    cgroup: null,
    tmpdir,
  };
  let isCollected = false;
  const exited = program.exited.then(async (exit): Promise<ProcessExit> => {
    isCollected = true;
    const text = readAll(status);
    closeSync(status);
    removeQuietly(statusPath);
    // Before the prelude began, whatever stopped it was sudo.
    if (readStatusPid(text) === null && !(await isAllowedBySudo(account.user))) {
      return toExit(
        exit,
        problem("launch.sudo-not-allowed", `sudo does not allow account \`${host.launcherAccount}\` to run jobs as \`${account.user}\``, {
          hint: sudoersHint(host.launcherAccount, account.user),
        }),
      );
    }
    return toExit(exit, startProblem(text, exit, spec));
  });
  return holdProcess(
    {
      record,
      stdout: socketOn(out.reader),
      stderr: socketOn(err.reader),
      tree: holdBySudo({ run, user: account.user, uid: account.uid, sessionId: record.pid }),
      exited,
      isOwnChild: () => !isCollected,
      removeTraces: async () => {
        removeFifos(paths);
        removeQuietly(statusPath);
        await removeTmpdir(tmpdir, account);
      },
      log: host.log,
    },
    host.bootId,
  );
};
