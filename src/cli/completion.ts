/**
 * `behalf completion bash|zsh|fish`: shell completion, made from the command tree itself. Names (jobs, accounts …) are asked of the manager
 * with `behalf complete`, which offers what the caller may see.
 */
import type { Command } from "commander";
import { fail } from "#kernel/problem.ts";
import type { AddCommand } from "#cli/command.ts";
import { kinds } from "#cli/kinds.ts";

interface Level {
  /** Words after `behalf`, e.g. `runs list`. */
  readonly path: string;
  readonly commands: ReadonlyMap<string, string>;
  /** By their long names; those of every command stand at the root. */
  readonly options: ReadonlyMap<string, { readonly short: string | null; readonly description: string }>;
  /** It has no commands below: what follows it are its arguments. */
  readonly isLast: boolean;
  readonly takesFile: boolean;
}

const levelsOf = (command: Command, path: readonly string[]): Level[] => [
  {
    path: path.join(" "),
    commands: new Map(command.commands.map((child) => [child.name(), child.summary() || child.description()])),
    options: new Map(
      command.options.flatMap(({ long, short, description }) =>
        long === undefined || long === null ? [] : [[long, { short: short ?? null, description }] as const],
      ),
    ),
    isLast: command.commands.length === 0,
    takesFile: command.registeredArguments.some((argument) => argument.name() === "file"),
  },
  ...command.commands.flatMap((child) => levelsOf(child, [...path, child.name()])),
];

interface ValueOptions {
  /** Every name of an option that a word follows, `-f` and `--file`. */
  readonly all: readonly string[];
  /** Those of them whose word is a file or a folder of this machine. */
  readonly files: readonly string[];
}

const valueOptionsOf = (command: Command): ValueOptions => {
  const all = new Set<string>();
  const files = new Set<string>();
  const look = (at: Command): void => {
    for (const { long, short, flags, required, optional } of at.options) {
      if (!required && !optional) continue;
      for (const name of [long, short]) {
        if (name === undefined || name === null) continue;
        all.add(name);
        if (/<(?:file|dir)>$/i.test(flags)) files.add(name);
      }
    }
    at.commands.forEach(look);
  };
  look(command);
  return { all: [...all], files: [...files] };
};

/** What stands behind an option, wherever it is or at one command: arguments of `behalf complete`. */
const optionValues: readonly (readonly [path: string | null, option: string, ask: string])[] = [
  ["run", "--on", "node"],
  ["explain", "--on", "job"],
  [null, "--job", "job"],
  [null, "--folder", "folder"],
  [null, "--node", "node"],
  [null, "--actor", "account"],
  [null, "--permission", "permission"],
  [null, "--who-can", "permission"],
  [null, "--role", "role"],
];

/** What a command's first name is. */
const argumentValues: readonly (readonly [path: string, ask: string])[] = [
  ["run", "job --may controller:runs:create"],
  ...["get", "delete"].flatMap((command) =>
    ["job", "role", "account", "node"].flatMap((kind) => [[`${command} ${kind}`, kind] as const, [`${command} ${kind}s`, kind] as const]),
  ),
  ...["reset-password", "disable", "enable", "assign", "unassign"].map((command) => [`account ${command}`, "account"] as const),
  ["node revoke", "node"],
];

/** What a command's first word may be, where it is one of a few. */
const argumentWords: Readonly<Record<string, readonly string[]>> = {
  get: kinds.map((kind) => kind.names[1] ?? ""),
  delete: kinds.map((kind) => kind.names[0] ?? "").filter((name) => name !== "node"),
  explain: ["run"],
  completion: ["bash", "zsh", "fish"],
  complete: ["job", "folder", "role", "account", "node", "permission"],
};

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The case table both bash and zsh use: the words typed so far (options and what belongs to them left out) -> what may follow. */
const cases = (levels: readonly Level[]): string => {
  const everywhere = [...(levels[0]?.options.keys() ?? [])];
  return levels
    .map(({ path, commands, options, isLast, takesFile }) => {
      const offered = [...commands.keys(), ...(argumentWords[path] ?? [])].join(" ");
      const flags = `flags=${quote([...new Set([...options.keys(), ...everywhere])].join(" "))}${takesFile ? " files=yes" : ""}`;
      const first = `    ${quote(path)}) offered=${quote(offered)} ${flags} ;;`;
      return isLast ? `${first}\n    ${quote(`${path} `)}*) ${flags} ;;` : first;
    })
    .join("\n");
};

/** The case table that says what to ask for the word that is typed: by the option before it, else by the command. */
const asks = (path: string, previous: string, { all, files }: ValueOptions): string =>
  [
    `  case "$${path}:${previous}" in`,
    ...optionValues.map(
      ([command, option, ask]) =>
        `    ${command === null ? "*" : quote(command)}:${option}) offered="" flags="" files="" asked=${quote(ask)} ;;`,
    ),
    `    ${files.map((option) => `*:${option}`).join("|")}) offered="" flags="" files=yes ;;`,
    `    ${all.map((option) => `*:${option}`).join("|")}) offered="" flags="" files="" ;;`,
    "    *:--*) ;;",
    ...argumentValues.map(([command, ask]) => `    ${quote(command)}:*) asked=${quote(ask)} ;;`),
    "  esac",
  ].join("\n");

const bash = (
  levels: readonly Level[],
  values: ValueOptions,
): string => `# behalf completion for bash: source this, or put it into /etc/bash_completion.d/behalf
_behalf() {
  # The line itself: bash would split its words at the colons of permissions.
  local line=\${COMP_LINE:0:COMP_POINT} path="" offered="" flags="" files="" asked="" index last value
  local -a typed
  read -ra typed <<< "$line"
  case $line in *" ") typed+=("") ;; esac
  last=$((\${#typed[@]} - 1))
  local current=\${typed[last]}
  for ((index = 1; index < last; index++)); do
    case \${typed[index]} in
      ${values.all.join("|")}) index=$((index + 1)) ;;
      -*) ;;
      *) path="\${path:+$path }\${typed[index]}" ;;
    esac
  done
  case $path in
${cases(levels)}
  esac
${asks("path", "${typed[last-1]}", values)}
  case $current in -*) offered=$flags asked="" ;; esac
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
  if [ -n "$asked" ]; then
    # What stands before the last colon is a word of its own to bash, and typed already.
    while IFS= read -r value; do
      COMPREPLY+=("$(printf '%q' "\${value#"\${current%"\${current##*:}"}"}")")
    done < <(behalf complete $asked -- "$current" 2>/dev/null)
  fi
  if [ -n "$files" ] && [ \${#COMPREPLY[@]} -eq 0 ]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -f -- "$current")
  fi
}
complete -F _behalf behalf
`;

const zsh = (levels: readonly Level[], values: ValueOptions): string => `#compdef behalf
# behalf completion for zsh: put this as _behalf into a folder of your fpath
_behalf() {
  local at="" offered="" flags="" files="" asked="" index
  for ((index = 2; index < CURRENT; index++)); do
    case \${words[index]} in
      ${values.all.join("|")}) index=$((index + 1)) ;;
      -*) ;;
      *) at="\${at:+$at }\${words[index]}" ;;
    esac
  done
  case $at in
${cases(levels)}
  esac
${asks("at", "${words[CURRENT-1]}", values)}
  case \${words[CURRENT]} in -*) offered=$flags asked="" ;; esac
  if [[ -n $asked ]]; then
    compadd -- \${(f)"$(behalf complete \${=asked} -- "\${words[CURRENT]}" 2>/dev/null)"}
  fi
  [[ -z $offered ]] || compadd -- \${=offered}
  [[ -z $files ]] || _files
}
compdef _behalf behalf
`;

const asking = (ask: string): string => `(behalf complete ${ask} -- (commandline -ct) 2>/dev/null)`;

const fish = (levels: readonly Level[], { all, files }: ValueOptions): string => {
  const lines = [
    `# behalf completion for fish: put this into ~/.config/fish/completions/behalf.fish
# The words typed so far, options and what belongs to them left out.
function __behalf_path
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word ${all.join(" ")}
            set skip 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end
function __behalf_at
    set -l path (__behalf_path)
    test "$path" = "$argv[1]"
end
function __behalf_in
    set -l path (__behalf_path)
    test "$path" = "$argv[1]"; or string match -q -- "$argv[1] *" "$path"
end
# Files only where one is meant.
complete -c behalf -f`,
  ];
  const add = (condition: string, path: string, rest: string): void =>
    void lines.push(`complete -c behalf -n ${quote(`${condition} ${quote(path)}`)} ${rest}`);
  for (const { path, commands, options, isLast, takesFile } of levels) {
    for (const [word, description] of commands) add("__behalf_at", path, `-a ${quote(word)} -d ${quote(description)}`);
    const words = argumentWords[path];
    if (words !== undefined) add("__behalf_at", path, `-a ${quote(words.join(" "))}`);
    for (const [option, { short, description }] of options) {
      const ask = optionValues.find(([at, name]) => name === option && (at === null || at === path))?.[2];
      const value =
        ask !== undefined ? ` -x -a ${quote(asking(ask))}` : files.includes(option) ? " -r -F" : all.includes(option) ? " -x" : "";
      const names = `-l ${option.slice(2)}${short === null ? "" : ` -s ${short.slice(1)}`}`;
      if (path === "") lines.push(`complete -c behalf ${names}${value} -d ${quote(description)}`);
      else add(isLast ? "__behalf_in" : "__behalf_at", path, `${names}${value} -d ${quote(description)}`);
    }
    if (takesFile) add("__behalf_in", path, "-F");
  }
  for (const [path, ask] of argumentValues) add("__behalf_at", path, `-a ${quote(asking(ask))}`);
  return `${lines.join("\n")}\n`;
};

export const addCompletionCommand: AddCommand = (program, act) => {
  program
    .command("completion")
    .description("print completion for a shell: bash, zsh or fish")
    .argument("<shell>", "bash, zsh or fish")
    .action(
      act(async ({ output }, shell: string) => {
        const render = new Map([
          ["bash", bash],
          ["zsh", zsh],
          ["fish", fish],
        ]).get(shell);
        if (render === undefined) return fail("cli.usage", `no completion for \`${shell}\``, { hint: "behalf completion bash" });
        const text = render(levelsOf(program, []), valueOptionsOf(program));
        if (output.json) output.printJson({ shell, script: text });
        else output.print(text.trimEnd());
      }),
    );
};
