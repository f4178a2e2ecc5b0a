/** Names of environment variables and parameters, and those that a job may not set (O6). Pure. */

export const longestName = 100;
const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Names that decide who a process is, where it looks for programs, or what a shell or loader does before the job's own text. */
const reservedNames = new Set(
  (
    "HOME USER LOGNAME USERNAME SHELL PATH TMPDIR TMP TEMP PWD OLDPWD IFS ENV BASH_ENV SHELLOPTS BASHOPTS PS4 PROMPT_COMMAND CDPATH GLOBIGNORE POSIXLY_CORRECT MAIL TERM " +
    "UID EUID GID EGID GROUPS PPID HOSTNAME SHLVL XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS KRB5CCNAME SSH_AUTH_SOCK LOCPATH NLSPATH HOSTALIASES LOCALDOMAIN RES_OPTIONS RESOLV_HOST_CONF " +
    "MALLOC_TRACE GETCONF_DIR TZDIR _JAVA_OPTIONS JDK_JAVA_OPTIONS"
  ).split(" "),
);
const reservedPrefixes = [
  "LD_",
  "DYLD_",
  "BEHALF_",
  "NODE_",
  "NPM_",
  "SUDO_",
  "BASH_FUNC_",
  "GLIBC_",
  "GCONV_",
  "NOTIFY_",
  "LISTEN_",
  "SYSTEMD_",
  "PYTHON",
  "PERL",
  "RUBY",
  "JAVA_TOOL",
];

/** Whether the text can be a name at all. */
export const isName = (text: string): boolean => text.length <= longestName && namePattern.test(text);

/** Whether a parameter must not have this name: whoever submits must not steer shell, loader or interpreter of the author's program (O6). */
export const reservedName = (name: string): boolean => {
  const upper = name.toUpperCase();
  return reservedNames.has(name) || name === "_" || reservedPrefixes.some((prefix) => upper.startsWith(prefix));
};

const accountNames = new Set([
  "HOME",
  "USER",
  "LOGNAME",
  "USERNAME",
  "SHELL",
  "TMPDIR",
  "PWD",
  "OLDPWD",
  "UID",
  "EUID",
  "GID",
  "EGID",
  "PPID",
  "_",
]);

/** Whether a job's own environment must not have this name. The author may set the rest: the program is his. */
export const reservedInEnvironment = (name: string): boolean => accountNames.has(name) || name.toUpperCase().startsWith("BEHALF_");
