import type { CommandSpec, FlagSpec } from './command.ts';
import { findCommand } from './command-line.ts';
import { COMMAND_GROUPS, GLOBAL_FLAGS } from './commands.ts';
import { exitsOf } from './self-description.ts';
import { TOPICS } from './topics.ts';

const NAME_WIDTH = 14;

export function overview(): string {
  const line = ({ name, summary }: Pick<CommandSpec, 'name' | 'summary'>): string => `  ${name.padEnd(NAME_WIDTH)}${summary}`;
  return [
    'Examples',
    '  cadence-bus start                     run what is in the inbox, and what comes',
    '  cadence-bus enqueue nightly-backup    drop a tick (bin/enqueue does it without Node)',
    '  cadence-bus status                    what is going on',
    '  ls state/cadence-bus/dlq              what was given up, and why',
    '',
    'Usage: cadence-bus <command> [options]',
    ...COMMAND_GROUPS.flatMap(({ title, commands }) => ['', title, ...commands.map(line)]),
    '',
    'Topics: cadence-bus help <topic>',
    ...TOPICS.map(line),
    '',
    'Everywhere',
    ...flagLines(GLOBAL_FLAGS),
    '',
    'cadence-bus <command> --help tells more. Exit codes: 0 ok · 1 failed or needs attention · 2 dry run · 64 usage ·',
    '65 bad data · 66 not found · 69 no owner · 70 our bug · 74 I/O · 75 held · 77 permission · 78 bad definition · 124 timed out ·',
    '128 + n ended by signal n',
  ].join('\n');
}

/** Of a topic, or else of a command. */
export function helpOn(name: string): string {
  const topic = TOPICS.find((topic) => topic.name === name);
  if (topic !== undefined) return topic.text;
  return commandHelp(
    findCommand(
      name,
      TOPICS.map(({ name }) => name),
    ),
  );
}

function commandHelp(command: CommandSpec): string {
  const flags = [...command.flags, ...GLOBAL_FLAGS];
  return [
    'Examples',
    ...command.examples.map((example) => `  ${example}`),
    '',
    `Usage: cadence-bus ${command.name} ${command.usage}`.trimEnd(),
    '',
    `${command.summary[0]?.toUpperCase()}${command.summary.slice(1)}.`,
    ...(command.notes === undefined ? [] : ['', ...command.notes]),
    '',
    'Options',
    ...flagLines(flags),
    '',
    'Exit codes',
    ...exitsOf(command).map(([code, meaning]) => `  ${String(code).padEnd(5)}${meaning}`),
  ].join('\n');
}

function flagLines(flags: readonly FlagSpec[]): readonly string[] {
  const heads = flags.map(({ name, short, value }) => `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`);
  const width = Math.max(...heads.map((head) => head.length)) + 2;
  return flags.map(({ summary }, index) => `  ${(heads[index] ?? '').padEnd(width)}${summary}`);
}
