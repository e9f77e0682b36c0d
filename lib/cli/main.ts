import { type ParseArgsConfig, parseArgs } from 'node:util';
import { parseDuration } from '../core/duration.ts';
import { CadenceError, EXIT_CODES } from '../core/error.ts';
import { nearest } from '../core/nearest.ts';
import { VERSION } from '../core/version.ts';
import type { CommandSpec, Flags } from './command.ts';
import { COMMANDS, GLOBAL_FLAGS } from './commands.ts';
import { createOutput, reportError } from './output.ts';

interface World {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
}

/** Runs one command line. Answers with the exit code; never throws. */
export async function main(argv: readonly string[], world: World): Promise<number> {
  const isJson = argv.includes('--json');
  const isColored = world.isTerminal && !argv.includes('--no-color') && (world.env.NO_COLOR ?? '') === '' && world.env.TERM !== 'dumb';
  try {
    return await dispatch(argv, world, isColored);
  } catch (error) {
    if (error instanceof CadenceError) return reportError(error, isJson, isColored);
    const bug = new CadenceError(
      'bug',
      error instanceof Error ? (error.stack ?? error.message) : String(error),
      'This is a bug of cadence-bus; please report it with these lines.',
    );
    return reportError(bug, isJson, isColored);
  }
}

async function dispatch(argv: readonly string[], world: World, isColored: boolean): Promise<number> {
  const at = commandIndex(argv);
  const name = argv[at];
  if (name === undefined)
    return argv.includes('--version') ? say(VERSION) : help(undefined, argv.length > 0 && !argv.includes('--help') && !argv.includes('-h'));
  if (name === 'help')
    return help(
      argv.slice(at + 1).find((word) => !word.startsWith('-')),
      false,
    );
  const spec = findCommand(name);
  const parsed = parse(spec, argv.toSpliced(at, 1));
  const flags = readFlags(spec, parsed.values);
  if (flags.has('help')) return help(name, false);
  const command = await spec.load();
  return command.run({
    spec,
    flags,
    words: parsed.positionals,
    out: createOutput({ isJson: flags.has('json'), isVerbose: flags.has('verbose'), isColored }),
    cwd: world.cwd,
    env: world.env,
    async root() {
      const { requireRoot } = await import('../app/root.ts');
      return requireRoot(flags.text('root'), world.cwd, world.env);
    },
  });
}

/** The first word that is neither a flag nor the value of one. -1: there is none. */
function commandIndex(argv: readonly string[]): number {
  return argv.findIndex(
    (word, index) => !word.startsWith('-') && !GLOBAL_FLAGS.some(({ name, value }) => value !== undefined && argv[index - 1] === `--${name}`),
  );
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

async function help(name: string | undefined, isMistake: boolean): Promise<number> {
  const { commandHelp, overview } = await import('./help.ts');
  say(name === undefined ? overview() : commandHelp(findCommand(name)));
  return isMistake ? EXIT_CODES.usage : 0;
}

function findCommand(name: string): CommandSpec {
  const found = COMMANDS.find((command) => command.name === name);
  if (found !== undefined) return found;
  const close = nearest(
    name,
    COMMANDS.map((command) => command.name),
  );
  throw new CadenceError('usage', `there is no command ${name}`, close === undefined ? 'See cadence-bus --help.' : `Did you mean ${close}?`);
}

function parse(spec: CommandSpec, args: readonly string[]): { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] } {
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const { name, short, value } of [...spec.flags, ...GLOBAL_FLAGS]) {
    options[name] = { type: value === undefined ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) };
  }
  try {
    return parseArgs({ args: joinValues(spec, args), options, allowPositionals: true, strict: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw unknownFlag(spec, error.message);
  }
}

/** `--payload -` and `--payload -1`: what follows a flag with a value is its value, whatever it begins with. */
function joinValues(spec: CommandSpec, args: readonly string[]): string[] {
  const joined: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] as string;
    if (word === '--') return [...joined, ...args.slice(index)];
    const takesValue = [...spec.flags, ...GLOBAL_FLAGS].some(({ name, value }) => value !== undefined && word === `--${name}`);
    const next = args[index + 1];
    if (takesValue && next !== undefined) {
      joined.push(`${word}=${next}`);
      index += 1;
    } else joined.push(word);
  }
  return joined;
}

function unknownFlag(spec: CommandSpec, message: string): CadenceError {
  const flag = /'--?([^' ]+)/.exec(message)?.[1] ?? '';
  const close = nearest(
    flag,
    [...spec.flags, ...GLOBAL_FLAGS].map(({ name }) => name),
  );
  const what = message.includes('Unknown option') ? `${spec.name} has no option --${flag}` : (message.split('. ')[0] ?? message);
  return new CadenceError('usage', what, close === undefined || close === flag ? `See cadence-bus ${spec.name} --help.` : `Did you mean --${close}?`);
}

function readFlags(spec: CommandSpec, values: Readonly<Record<string, unknown>>): Flags {
  const text = (name: string): string | undefined => (typeof values[name] === 'string' ? (values[name] as string) : undefined);
  const wrong = (name: string, must: string): CadenceError =>
    new CadenceError('usage', `--${name} ${text(name)} ${must}`, `See cadence-bus ${spec.name} --help.`);
  return {
    has: (name) => values[name] === true,
    text,
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
