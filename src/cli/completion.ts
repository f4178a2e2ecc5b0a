/** `behalf completion bash|zsh|fish`: shell completion, made from the command tree itself. */
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

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The case table both bash and zsh use: the words typed so far (options left out) -> what may follow. */
const cases = (nodes: readonly Node[]): string =>
  nodes.map((node) => `    ${quote(node.path)}) words=${quote(node.words.join(" "))} ;;`).join("\n");

const bash = (nodes: readonly Node[]): string => `# behalf completion for bash: source this, or put it into /etc/bash_completion.d/behalf
_behalf() {
  local current=\${COMP_WORDS[COMP_CWORD]} path="" words="" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in -*) ;; *) path="\${path:+$path }\${COMP_WORDS[index]}" ;; esac
  done
  case $path in
${cases(nodes)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _behalf behalf
`;

const zsh = (nodes: readonly Node[]): string => `#compdef behalf
# behalf completion for zsh: put this as _behalf into a folder of your fpath
_behalf() {
  local path="" words="" word
  for word in \${words_before[@]:-\${(@)words[2,CURRENT-1]}}; do
    case $word in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case $path in
${cases(nodes).replaceAll(" words=", " choices=")}
  esac
  compadd -- \${=choices} || _files
}
compdef _behalf behalf
`;

const fish = (nodes: readonly Node[]): string => {
  const lines = ["# behalf completion for fish: put this into ~/.config/fish/completions/behalf.fish"];
  for (const node of nodes) {
    const seen = node.path === "" ? "__fish_use_subcommand" : `__fish_seen_subcommand_from ${node.path.split(" ").at(-1) ?? ""}`;
    for (const [word, description] of node.descriptions) {
      lines.push(
        `complete -c behalf -n ${quote(seen)} ${word.startsWith("--") ? `-l ${word.slice(2)}` : `-f -a ${quote(word)}`} -d ${quote(description)}`,
      );
    }
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
        output.print(text.trimEnd());
      }),
    );
};
