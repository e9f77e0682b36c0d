import type { CommandGroup, CommandSpec, FlagSpec } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A script for the shell, from the one table of commands; the names of cadences it asks for when it needs them. */
export function completionScript(shell: Shell, groups: readonly CommandGroup[], everywhere: readonly FlagSpec[]): string {
  const commands = groups.flatMap((group) => group.commands);
  switch (shell) {
    case 'bash':
      return bashScript(commands, everywhere);
    case 'zsh':
      return zshScript(commands, everywhere);
    case 'fish':
      return fishScript(commands, everywhere);
  }
}

const NAMES = 'cadence-bus completion --names 2>/dev/null';

/** `<cadence>` and `[cadence]` stand for one that is there; the name that `new` takes is not there yet. */
function takesCadence({ name, usage }: CommandSpec): boolean {
  return name !== 'new' && /^[<[](?:cadence|name)\b/.test(usage);
}

/** The words that a usage like `[ls|show|retry]` or `<pinglet|docket> <file>` begins with. */
function choices({ usage }: CommandSpec): readonly string[] {
  const first = /^[<[]([a-z-]+(?:\|[a-z-]+)+)[>\]]/.exec(usage)?.[1];
  return first === undefined || takesCadence({ usage } as CommandSpec) || first.includes('run|tick') ? [] : first.split('|');
}

function flagWords(flags: readonly FlagSpec[]): string {
  return flags.flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]).join(' ');
}

function bashScript(commands: readonly CommandSpec[], everywhere: readonly FlagSpec[]): string {
  const valued = [
    ...new Set([...everywhere, ...commands.flatMap(({ flags }) => flags)].flatMap(({ name, value }) => (value === undefined ? [] : [`--${name}`]))),
  ];
  const cases = commands.map((command) => {
    const words = [...choices(command), flagWords(command.flags)].filter((word) => word !== '').join(' ');
    return `    ${command.name}) words="${words}"${takesCadence(command) ? '; names=1' : ''} ;;`;
  });
  return `# bash completion for cadence-bus: source <(cadence-bus completion bash)
_cadence_bus() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" verb="" words="" names="" i
  COMPREPLY=()
  case "$prev" in
    ${valued.join('|')}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      -*) ;;
      *) [ "\${COMP_WORDS[i-1]}" = --root ] || { verb="\${COMP_WORDS[i]}"; break; } ;;
    esac
  done
  case "$verb" in
    "") words="${commands.map(({ name }) => name).join(' ')} help" ;;
${cases.join('\n')}
  esac
  [ -z "$names" ] || words="$words $(${NAMES})"
  COMPREPLY=($(compgen -W "$words ${flagWords(everywhere)}" -- "$cur"))
}
complete -F _cadence_bus cadence-bus
`;
}

function zshScript(commands: readonly CommandSpec[], everywhere: readonly FlagSpec[]): string {
  const plain = (text: string): string => text.replace(/[[\]:\\]/g, '\\$&').replaceAll("'", "'\\''");
  const spec = ({ name, value, isRepeatable, summary }: FlagSpec): string =>
    `'${isRepeatable === true ? '*' : ''}--${name}${value === undefined ? '' : '='}[${plain(summary)}]${value === undefined ? '' : `:${plain(value)}:_files`}'`;
  const rest = (command: CommandSpec): string => {
    if (takesCadence(command)) return "'*:cadence:_cadence_bus_names'";
    const words = choices(command);
    return words.length > 0 ? `'1:what:(${words.join(' ')})' '*:word:_files'` : "'*:word:_files'";
  };
  const cases = commands.map((command) => `    ${command.name}) _arguments ${[...command.flags, ...everywhere].map(spec).join(' ')} ${rest(command)} ;;`);
  return `#compdef cadence-bus
# zsh completion for cadence-bus: cadence-bus completion zsh > "\${fpath[1]}/_cadence-bus"
_cadence_bus_names() {
  local -a names; names=(\${(f)"$(${NAMES})"})
  _describe 'cadence' names
}
_cadence-bus() {
  local -a verbs
  verbs=(
${commands.map(({ name, summary }) => `    '${name}:${plain(summary)}'`).join('\n')}
  )
  if (( CURRENT == 2 )); then _describe 'command' verbs; return; fi
  local verb=$words[2]
  shift words; (( CURRENT-- ))
  case $verb in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = "_cadence-bus" ]; then _cadence-bus "$@"; else compdef _cadence-bus cadence-bus; fi
`;
}

function fishScript(commands: readonly CommandSpec[], everywhere: readonly FlagSpec[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const flag = (when: string, { name, short, value, summary }: FlagSpec): string =>
    `complete -c cadence-bus${when} -l ${name}${short === undefined ? '' : ` -s ${short}`}${value === undefined ? '' : ' -r'} -d ${quoted(summary)}`;
  const lines = commands.flatMap((command) => {
    const within = ` -n '__fish_seen_subcommand_from ${command.name}'`;
    return [
      `complete -c cadence-bus -n __fish_use_subcommand -a ${command.name} -d ${quoted(command.summary)}`,
      ...(takesCadence(command) ? [`complete -c cadence-bus${within} -a '(${NAMES})'`] : []),
      ...choices(command).map((word) => `complete -c cadence-bus${within} -a ${word}`),
      ...command.flags.map((one) => flag(within, one)),
    ];
  });
  return `# fish completion for cadence-bus: cadence-bus completion fish > ~/.config/fish/completions/cadence-bus.fish
complete -c cadence-bus -f
${everywhere.map((one) => flag('', one)).join('\n')}
${lines.join('\n')}
`;
}
