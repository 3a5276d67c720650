/** Generates shell completion scripts from the table of commands. */

import { wrongUsage } from "./failure.ts";
import { commands, globalOptions, type Option } from "./usage.ts";

const names = Object.keys(commands);
const flagsOf = (options: Record<string, Option>) => Object.keys(options).map((name) => `--${name}`);
const filesAfter = Object.entries(
  Object.assign({}, globalOptions, ...Object.values(commands).map(({ options = {} }) => options)) as Record<
    string,
    Option
  >,
)
  .filter(([, { value }]) => value === "FILE").map(([name]) => `--${name}`);

const bash = () =>
  `_qpq() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in ${names.join("|")}) command="$word"; break;; esac
  done
  case "$previous" in ${filesAfter.join("|")}) COMPREPLY=($(compgen -f -- "$current")); return;; esac
  local options="${flagsOf(globalOptions).join(" ")}"
  case "$command" in
${
    names.filter((name) => commands[name].options).map((name) =>
      `    ${name}) options="$options ${flagsOf(commands[name].options!).join(" ")}";;`
    ).join("\n")
  }
  esac
  if [[ "$current" == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif [[ -z "$command" ]]; then COMPREPLY=($(compgen -W "${names.join(" ")}" -- "$current"))
  elif [[ "$command" == completion ]]; then COMPREPLY=($(compgen -W "bash zsh fish" -- "$current"))
  fi
}
complete -F _qpq qpq
`;

const quoted = (text: string) => text.replaceAll("'", "'\\''");

const zsh = () =>
  `#compdef qpq
_qpq() {
  local -a commands=(
${
    names.map((name) => `    '${name}:${quoted(commands[name].what.split(/[.:] |\.$/)[0]).replaceAll(":", "\\:")}'`)
      .join("\n")
  }
  )
  local -a options=(
${
    Object.entries(globalOptions).map(([name, { value, what }]) =>
      `    '--${name}[${quoted(what).replaceAll(/[[\]:]/g, " ")}]${
        value ? `:${value.replaceAll(":", " ")}:${value === "FILE" ? "_files" : ""}` : ""
      }'`
    ).join("\n")
  }
  )
  _arguments -C "\${options[@]}" '1:command:->command' '*::argument:->argument'
  case "$state" in
    command) _describe command commands;;
    argument) [[ "$words[1]" == completion ]] && _values shell bash zsh fish;;
  esac
}
compdef _qpq qpq
`;

const fish = () =>
  `complete -c qpq -f
${
    names.map((name) =>
      `complete -c qpq -n __fish_use_subcommand -a ${name} -d '${quoted(commands[name].what.split(/[.:] |\.$/)[0])}'`
    ).join("\n")
  }
${
    Object.entries(globalOptions).map(([name, { value, what }]) =>
      `complete -c qpq -l ${name}${value ? ` -r${value === "FILE" ? " -F" : ""}` : ""} -d '${quoted(what)}'`
    ).join("\n")
  }
${
    names.flatMap((name) =>
      Object.entries(commands[name].options ?? {}).map(([option, { value, what }]) =>
        `complete -c qpq -n '__fish_seen_subcommand_from ${name}' -l ${option}${value ? " -r" : ""} -d '${
          quoted(what)
        }'`
      )
    ).join("\n")
  }
complete -c qpq -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'
`;

/** @throws Failure for a shell that is not known */
export function completionScript(shell: string): string {
  const make = { bash, zsh, fish }[shell];
  if (!make) throw wrongUsage(`completion: ${shell} is none of bash, zsh, fish`, "completion");
  return make();
}
