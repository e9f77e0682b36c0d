import { type ParseArgsConfig, parseArgs } from 'node:util';
import { CadenceError } from '../core/error.ts';
import { nearest } from '../core/text/nearest.ts';
import { parseDuration } from '../core/time/duration.ts';
import type { CommandSpec, FlagSpec, Flags } from './command.ts';
import { COMMANDS, GLOBAL_FLAGS } from './commands.ts';

/** The words that the program was started with, before it is known which of them its command understands. */
export interface CommandLine {
  /** Absent: no command is named. */
  readonly name: string | undefined;
  /** All other words; a flag and its value are one of them. */
  readonly rest: readonly string[];
  readonly isJson: boolean;
  /** A flag without a value, said before any `--`. */
  says(flag: string): boolean;
}

let valued: ReadonlySet<string> | undefined;

/** Of whatever command it may be a flag. */
function takesValue(word: string): boolean {
  if (!word.startsWith('--') || word.includes('=')) return false;
  const known = GLOBAL_FLAGS.find(({ name }) => word === `--${name}`);
  if (known !== undefined) return known.value !== undefined;
  valued ??= new Set(COMMANDS.flatMap(({ flags }) => flags.flatMap(({ name, value }) => (value === undefined ? [] : [`--${name}`]))));
  return valued.has(word);
}

export function readLine(argv: readonly string[]): CommandLine {
  const joined = joinValues(argv);
  const end = joined.includes('--') ? joined.indexOf('--') : joined.length;
  const says = (flag: string): boolean => joined.indexOf(flag) !== -1 && joined.indexOf(flag) < end;
  const at = joined.findIndex((word, index) => index > end || !word.startsWith('-'));
  return { name: joined[at], rest: at === -1 ? joined : joined.toSpliced(at, 1), isJson: says('--json'), says };
}

/** `--payload -` and `--payload -1`: what follows a flag with a value is its value, whatever it begins with. */
function joinValues(argv: readonly string[]): string[] {
  const joined: string[] = [];
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] as string;
    if (word === '--') return [...joined, ...argv.slice(index)];
    const next = argv[index + 1];
    if (next !== undefined && takesValue(word)) {
      joined.push(`${word}=${next}`);
      index += 1;
    } else joined.push(word);
  }
  return joined;
}

/** `topics`: what else may be asked about. */
export function findCommand(name: string, topics: readonly string[] = []): CommandSpec {
  const found = COMMANDS.find((command) => command.name === name);
  if (found !== undefined) return found;
  const close = nearest(name, [...COMMANDS.map((command) => command.name), ...topics]);
  throw new CadenceError(
    'usage',
    `there is no command ${topics.length === 0 ? '' : 'and no topic '}${name.slice(0, 80)}`,
    close === undefined ? 'See cadence-bus --help.' : `Did you mean ${close}?`,
  );
}

export interface Parsed {
  readonly flags: Flags;
  readonly words: readonly string[];
}

export function parseLine(spec: CommandSpec, rest: readonly string[]): Parsed {
  const known = [...spec.flags, ...GLOBAL_FLAGS];
  const plain = readPlain(known, rest);
  if (plain !== undefined) return { flags: readFlags(spec, plain.values), words: plain.words };
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const { name, short, value, isRepeatable = false } of known)
    options[name] = { type: value === undefined ? 'boolean' : 'string', multiple: isRepeatable, ...(short === undefined ? {} : { short }) };
  try {
    const { values, positionals } = parseArgs({ args: [...rest], options, allowPositionals: true, strict: true });
    return { flags: readFlags(spec, values), words: positionals };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw misused(spec, known, error.message);
  }
}

/**
 * As Node's own parser would, which takes a command longer to load than to ask: words, and known flags by their long names. undefined:
 * there is something else among them, be it right or wrong.
 */
function readPlain(known: readonly FlagSpec[], rest: readonly string[]): { readonly values: Record<string, unknown>; readonly words: string[] } | undefined {
  const values: Record<string, unknown> = {};
  const words: string[] = [];
  for (const word of rest) {
    if (!word.startsWith('-') || word === '-') {
      words.push(word);
      continue;
    }
    const at = word.indexOf('=');
    const name = word.slice(2, at === -1 ? undefined : at);
    const flag = word.startsWith('--') ? known.find((one) => one.name === name) : undefined;
    if (flag === undefined || (flag.value === undefined) !== (at === -1)) return undefined;
    if (at === -1) values[name] = true;
    else if (flag.isRepeatable === true) values[name] = [...((values[name] as readonly string[] | undefined) ?? []), word.slice(at + 1)];
    else values[name] = word.slice(at + 1);
  }
  return { values, words };
}

/** In our words: Node's own name the wrong word in quotes, first of all. */
function misused(spec: CommandSpec, known: readonly FlagSpec[], message: string): CadenceError {
  const see = `See cadence-bus ${spec.name} --help.`;
  if (message.startsWith('Unknown option')) {
    const flag = /'(--?[^']*)'/.exec(message)?.[1] ?? '';
    const close = nearest(
      flag.replace(/^--/, ''),
      known.map(({ name }) => name),
    );
    return new CadenceError('usage', `${spec.name} has no option ${flag.slice(0, 80)}`, close === undefined ? see : `Did you mean --${close}?`);
  }
  const named = known.find(({ name }) => new RegExp(`--${name}\\b(?!-)`).test(message));
  if (named === undefined) return new CadenceError('usage', message, see);
  return new CadenceError('usage', named.value === undefined ? `--${named.name} takes no value` : `--${named.name} needs a value: ${named.value}`, see);
}

/** One word too many is a name misspelt with a blank, or a second thing that would not be done. */
export function refuseMoreWords(spec: CommandSpec, words: readonly string[]): void {
  const extra = words[spec.maxWords];
  if (extra === undefined) return;
  throw new CadenceError('usage', `${spec.name} does not know what to do with ${extra.slice(0, 80)}`, `See cadence-bus ${spec.name} --help.`);
}

function readFlags(spec: CommandSpec, values: Readonly<Record<string, unknown>>): Flags {
  const text = (name: string): string | undefined => (typeof values[name] === 'string' ? (values[name] as string) : undefined);
  const wrong = (name: string, must: string): CadenceError =>
    new CadenceError('usage', `--${name} ${text(name)} ${must}`, `See cadence-bus ${spec.name} --help.`);
  return {
    has: (name) => values[name] === true,
    text,
    texts: (name) => (Array.isArray(values[name]) ? (values[name] as string[]) : []),
    duration(name) {
      const given = text(name);
      if (given === undefined) return undefined;
      const ms = parseDuration(given);
      if (ms === undefined) throw wrong(name, 'is no duration such as 30s, 10m, 24h');
      return ms;
    },
    count(name, otherwise) {
      const given = text(name);
      if (given === undefined) return otherwise;
      if (!/^[1-9]\d{0,8}$/.test(given)) throw wrong(name, 'is no whole number of at least 1');
      return Number(given);
    },
  };
}
