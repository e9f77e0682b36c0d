import { EXIT_CODES } from '../core/error.ts';
import type { CommandGroup, CommandSpec, FlagSpec } from './command.ts';

/** The table of commands as data, for whoever has never seen a line of help. */
export function describeCommands(groups: readonly CommandGroup[]): readonly Readonly<Record<string, unknown>>[] {
  return groups.flatMap(({ title, commands }) => commands.map((command) => describeCommand(title, command)));
}

function describeCommand(group: string, command: CommandSpec): Readonly<Record<string, unknown>> {
  const hasDryRun = command.flags.some(({ name }) => name === 'dry-run');
  return {
    name: command.name,
    group: group.toLowerCase(),
    summary: command.summary,
    usage: `cadence-bus ${command.name} ${command.usage}`.trimEnd(),
    flags: command.flags.map(describeFlag),
    exits: exitsOf(command).map(([code, meaning]) => ({ code, meaning })),
    json: true,
    changes: hasDryRun || command.effect !== undefined,
    destructive: command.effect === 'destroys',
    dry_run: hasDryRun,
    examples: command.examples,
  };
}

/** With those that are the same for all, in their order. */
export function exitsOf({ flags, exits }: Pick<CommandSpec, 'flags' | 'exits'>): CommandSpec['exits'] {
  const shared = [
    [0, 'ok'] as const,
    ...(flags.some(({ name }) => name === 'dry-run') ? [[2, 'dry run: nothing was changed'] as const] : []),
    [64, 'usage'] as const,
    [74, 'the disk or the system refused'] as const,
    [77, 'not permitted'] as const,
  ];
  const told = new Set(exits.map(([code]) => code));
  return [...shared.filter(([code]) => !told.has(code)), ...exits].toSorted(([a], [b]) => a - b);
}

export function describeFlag({ name, short, value, isRepeatable, summary }: FlagSpec): Readonly<Record<string, unknown>> {
  return {
    name: `--${name}`,
    ...(short === undefined ? {} : { short: `-${short}` }),
    ...(value === undefined ? {} : { value }),
    ...(isRepeatable === true ? { repeatable: true } : {}),
    summary,
  };
}

const MEANINGS: Readonly<Record<string, string>> = {
  0: 'ok',
  1: 'the work failed or something needs attention',
  2: 'dry run done, nothing changed',
  [EXIT_CODES.usage]: 'the words of the command are wrong',
  [EXIT_CODES.bad_data]: 'what was handed in cannot be understood, or conflicts with what is there',
  [EXIT_CODES.not_found]: 'no such thing',
  [EXIT_CODES.no_owner]: 'nobody runs the bus',
  [EXIT_CODES.bug]: 'a bug of cadence-bus',
  [EXIT_CODES.io]: 'the disk or the system refused',
  [EXIT_CODES.held]: 'held, try later',
  [EXIT_CODES.permission]: 'not permitted',
  [EXIT_CODES.config]: 'a definition is wrong',
  [EXIT_CODES.timeout]: 'the wait ended before the work',
};

export function describeExits(): Readonly<Record<string, string>> {
  return MEANINGS;
}
