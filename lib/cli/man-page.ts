import { VERSION } from '../core/version.ts';
import type { CommandGroup, CommandSpec, FlagSpec } from './command.ts';
import type { Topic } from './topics.ts';

/** `man cadence-bus`, from the one table of commands. */
export function manPage(
  groups: readonly CommandGroup[],
  everywhere: readonly FlagSpec[],
  exits: Readonly<Record<string, string>>,
  topics: readonly Topic[],
): string {
  return `${[
    `.TH CADENCE-BUS 1 "" "cadence-bus ${VERSION}" "User Commands"`,
    '.SH NAME',
    'cadence-bus \\- run cron jobs and AI agents around the clock from an inbox of tick files',
    '.SH SYNOPSIS',
    '.B cadence-bus',
    '.I command',
    '[options]',
    '.SH DESCRIPTION',
    'An agent root is a folder with a cadences/ folder in it; each file there is a cadence, a named duty. A tick is one request to run it once. One owner',
    'process per root claims ticks, runs them, retries, opens circuit breakers, and puts what cannot be saved into state/cadence\\-bus/dlq.',
    ...groups.flatMap(({ title, commands }) => [`.SH ${title.toUpperCase()}`, ...commands.flatMap(commandLines)]),
    '.SH OPTIONS OF EVERY COMMAND',
    ...everywhere.flatMap(flagLines),
    '.SH EXIT STATUS',
    ...Object.entries(exits).flatMap(([code, meaning]) => ['.TP', `.B ${code}`, escaped(meaning)]),
    ...topics.flatMap(({ name, text }) => [`.SH ABOUT ${name.toUpperCase()}`, '.nf', ...text.split('\n').map(escaped), '.fi']),
    '.SH FILES',
    ...['cadences/', 'state/cadence-bus/inbox/', 'state/cadence-bus/dlq/', 'state/cadence-bus/circuit-open.json', 'logs/cadence-bus/subsessions/'].flatMap(
      (path) => ['.br', `.I ${escaped(path)}`],
    ),
  ].join('\n')}\n`;
}

function commandLines({ name, usage, summary, flags, examples }: CommandSpec): readonly string[] {
  return [
    '.TP',
    `.B ${escaped(`cadence-bus ${name} ${usage}`.trimEnd())}`,
    escaped(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`),
    ...(flags.length === 0 ? [] : ['.RS', ...flags.flatMap(flagLines), '.RE']),
    '.RS',
    '.PP',
    ...examples.flatMap((example) => ['.br', `$ ${escaped(example)}`]),
    '.RE',
  ];
}

function flagLines({ name, short, value, summary }: FlagSpec): readonly string[] {
  return ['.TP', `.B ${escaped(`${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`)}`, escaped(summary)];
}

/** A line that begins with a dot or a quote would be an order, and a dash a hyphen. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1');
}
