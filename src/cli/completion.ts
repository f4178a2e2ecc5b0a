/**
 * `behalf completion bash|zsh|fish`: shell completion, made from the command tree itself. Names (jobs, accounts …) are asked of the manager
 * with `behalf complete`, which offers what the caller may see.
 */
import type { Command } from "commander";
import { fail } from "#kernel/problem.ts";
import type { AddCommand } from "#cli/command.ts";

interface Node {
  /** Words after `behalf`, e.g. `runs list`. */
  readonly path: string;
  readonly words: readonly string[];
  readonly descriptions: ReadonlyMap<string, string>;
}

const nodesOf = (command: Command, path: readonly string[]): Node[] => {
  const descriptions = new Map<string, string>();
  for (const child of command.commands) descriptions.set(child.name(), child.summary() || child.description());
  for (const option of command.options)
    if (option.long !== undefined && option.long !== null) descriptions.set(option.long, option.description);
  return [
    { path: path.join(" "), words: [...descriptions.keys()], descriptions },
    ...command.commands.flatMap((child) => nodesOf(child, [...path, child.name()])),
  ];
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

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The case table both bash and zsh use: the words typed so far (options left out) -> what may follow. */
const cases = (nodes: readonly Node[]): string =>
  nodes.map((node) => `    ${quote(node.path)}) words=${quote(node.words.join(" "))} ;;`).join("\n");

/** The case table that says what to ask for the word that is typed: by the option before it, else by the command. */
const asks = (path: string, previous: string): string =>
  [
    ...optionValues.map(([command, option, ask]) => `    ${command === null ? "*" : quote(command)}:${option}) asked=${quote(ask)} ;;`),
    "    *:--*) ;;",
    ...argumentValues.map(([command, ask]) => `    ${quote(command)}:*) asked=${quote(ask)} ;;`),
  ]
    .join("\n")
    .replace(/^/, `  case "$${path}:${previous}" in\n`)
    .concat("\n  esac");

const bash = (nodes: readonly Node[]): string => `# behalf completion for bash: source this, or put it into /etc/bash_completion.d/behalf
_behalf() {
  # The line itself: bash would split its words at the colons of permissions.
  local line=\${COMP_LINE:0:COMP_POINT} path="" words="" asked="" index last value
  local -a typed
  read -ra typed <<< "$line"
  case $line in *" ") typed+=("") ;; esac
  last=$((\${#typed[@]} - 1))
  local current=\${typed[last]}
  for ((index = 1; index < last; index++)); do
    case \${typed[index]} in -*) ;; *) path="\${path:+$path }\${typed[index]}" ;; esac
  done
  case $path in
${cases(nodes)}
  esac
${asks("path", "${typed[last-1]}")}
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ -n "$asked" ]; then
    # What stands before the last colon is a word of its own to bash, and typed already.
    while IFS= read -r value; do
      COMPREPLY+=("$(printf '%q' "\${value#"\${current%"\${current##*:}"}"}")")
    done < <(behalf complete $asked -- "$current" 2>/dev/null)
  fi
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _behalf behalf
`;

const zsh = (nodes: readonly Node[]): string => `#compdef behalf
# behalf completion for zsh: put this as _behalf into a folder of your fpath
_behalf() {
  local at="" choices="" asked="" word
  for word in \${(@)words[2,CURRENT-1]}; do
    case $word in -*) ;; *) at="\${at:+$at }$word" ;; esac
  done
  case $at in
${cases(nodes).replaceAll(" words=", " choices=")}
  esac
${asks("at", "${words[CURRENT-1]}")}
  if [[ -n $asked ]]; then
    compadd -- \${(f)"$(behalf complete \${=asked} -- "\${words[CURRENT]}" 2>/dev/null)"} && return
  fi
  compadd -- \${=choices} || _files
}
compdef _behalf behalf
`;

const asking = (ask: string): string => `(behalf complete ${ask} -- (commandline -ct) 2>/dev/null)`;

const fish = (nodes: readonly Node[]): string => {
  const lines = ["# behalf completion for fish: put this into ~/.config/fish/completions/behalf.fish"];
  for (const node of nodes) {
    const seen = node.path === "" ? "__fish_use_subcommand" : `__fish_seen_subcommand_from ${node.path.split(" ").at(-1) ?? ""}`;
    for (const [word, description] of node.descriptions) {
      const ask = optionValues.find(([path, option]) => option === word && (path === null || path === node.path))?.[2];
      const value = ask === undefined ? "" : ` -x -a ${quote(asking(ask))}`;
      lines.push(
        `complete -c behalf -n ${quote(seen)} ${word.startsWith("--") ? `-l ${word.slice(2)}${value}` : `-f -a ${quote(word)}`} -d ${quote(description)}`,
      );
    }
    for (const [path, ask] of argumentValues)
      if (path === node.path) lines.push(`complete -c behalf -n ${quote(seen)} -f -a ${quote(asking(ask))}`);
  }
  return `${lines.join("\n")}\n`;
};

export const addCompletionCommand: AddCommand = (program, act) => {
  program
    .command("completion")
    .description("print completion for a shell: bash, zsh or fish")
    .argument("<shell>", "bash, zsh or fish")
    .action(
      act(async ({ output }, shell: string) => {
        const nodes = nodesOf(program, []);
        const text =
          shell === "bash"
            ? bash(nodes)
            : shell === "zsh"
              ? zsh(nodes)
              : shell === "fish"
                ? fish(nodes)
                : fail("cli.usage", `no completion for \`${shell}\``, { hint: "behalf completion bash" });
        if (output.json) output.printJson({ shell, script: text });
        else output.print(text.trimEnd());
      }),
    );
};
