/**
 * The environment that a job gets beyond its account's own: the documented variables, the parameters, the job's environment (O6).
 * HOME, USER, LOGNAME, SHELL, PATH and TMPDIR come from the host after the drop. Pure.
 */
import { problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import type { LaunchOrder } from "#proof/launch-order.ts";

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The account's own: nobody may give them. */
const accountVariables = new Set(["HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "UID", "EUID", "GID", "PPID"]);

/**
 * Values of parameters come from whoever submits, who must not steer the author's shell or the loader with them; the author himself may
 * set these in the job's environment, since the program is his anyway.
 */
const steeringVariables = new Set([
  "PATH",
  "PWD",
  "OLDPWD",
  "IFS",
  "ENV",
  "BASH_ENV",
  "BASHOPTS",
  "SHELLOPTS",
  "CDPATH",
  "GLOBIGNORE",
  "PS4",
  "PROMPT_COMMAND",
]);
const steeringPrefix = /^(?:LD_|DYLD_|BASH_FUNC_|PYTHON|PERL|RUBY|NODE_|JAVA_TOOL|GCONV_|GLIBC_|LOCPATH$|NLSPATH$)/;

/** Whether a parameter of this name must not be delivered as a plain variable. */
export const isReservedForArguments = (name: string): boolean =>
  accountVariables.has(name) || name.startsWith("BEHALF_") || steeringVariables.has(name) || steeringPrefix.test(name);

/** Whether a job's environment must not set this name. */
export const isReservedForJobs = (name: string): boolean => accountVariables.has(name) || name.startsWith("BEHALF_");

const reserved = (what: string, name: string): Result<never> =>
  refuse(
    problem("launch.reserved-variable", `the ${what} \`${name}\` has the name of a reserved environment variable`, {
      hint: `rename \`${name}\` in the job's definition`,
    }),
  );

/** Merges the three sources. A parameter goes before the job's own variable of the same name: it is the more particular one. */
export const composeEnvironment = (order: LaunchOrder): Result<Readonly<Record<string, string>>> => {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(order.environment)) {
    if (!variableName.test(name) || value.includes("\0")) return reserved("variable", name);
    if (isReservedForJobs(name)) return reserved("variable", name);
    environment[name] = value;
  }
  for (const [name, value] of Object.entries(order.arguments)) {
    if (!variableName.test(name) || value.includes("\0")) return reserved("parameter", name);
    if (isReservedForArguments(name)) return reserved("parameter", name);
    environment[name] = value;
    environment[`BEHALF_ARG_${name}`] = value;
  }
  environment["BEHALF_RUN_ID"] = order.run;
  environment["BEHALF_SUBMISSION_ID"] = order.submission;
  environment["BEHALF_ATTEMPT"] = String(order.attempt);
  environment["BEHALF_JOB_PATH"] = order.job.path;
  environment["BEHALF_SUBMITTER"] = order.submitter.accessId;
  environment["BEHALF_NODE"] = order.node.name;
  return ok(environment);
};
