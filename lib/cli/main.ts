import { CadenceError } from '../core/error.ts';
import { VERSION } from '../core/version.ts';
import type { Leaving, Output, World } from './command.ts';
import { type CommandLine, findCommand, parseLine, readLine, refuseMoreWords } from './command-line.ts';
import { COMMAND_GROUPS, GLOBAL_FLAGS } from './commands.ts';
import { listenForLeave } from './leaving.ts';
import { createOutput, reportError } from './output.ts';

/** Runs one command line. Answers with the exit code; never throws. */
export async function main(argv: readonly string[], world: World): Promise<number> {
  const line = readLine(argv);
  const isColored = world.isTerminal && !line.says('--no-color') && (world.env.NO_COLOR ?? '') === '' && world.env.TERM !== 'dumb';
  try {
    return await dispatch(line, world, isColored);
  } catch (error) {
    if (error instanceof CadenceError) return reportError(world, error, line.isJson, isColored);
    const bug = new CadenceError(
      'bug',
      error instanceof Error ? (error.stack ?? error.message) : String(error),
      'This is a bug of cadence-bus; please report it with these lines.',
    );
    return reportError(world, bug, line.isJson, isColored);
  }
}

async function dispatch(line: CommandLine, world: World, isColored: boolean): Promise<number> {
  const { name, rest, isJson } = line;
  const plain = createOutput(world, { isJson, isVerbose: false, isColored });
  if (name === undefined) return withoutCommand(line, plain);
  if (name === 'help')
    return rest.includes('--man')
      ? man(plain)
      : help(
          rest.find((word) => !word.startsWith('-')),
          plain,
        );
  const spec = findCommand(name);
  const { flags, words } = parseLine(spec, rest);
  if (flags.has('help')) return help(spec.name, plain);
  refuseMoreWords(spec, words);
  const command = await spec.load();
  const out = createOutput(world, { isJson, isVerbose: flags.has('verbose'), isColored });
  let root: string | undefined;
  let leaving: Leaving | undefined;
  const work = command.run({
    spec,
    flags,
    words,
    out,
    groups: COMMAND_GROUPS,
    everywhere: GLOBAL_FLAGS,
    cwd: world.cwd,
    env: world.env,
    isScreen: world.isScreen === true,
    loadMcp: world.loadMcp,
    loadWeb: world.loadWeb,
    ask: (words) => ask(words, world),
    leaving(said = 'answer') {
      leaving ??= listenForLeave(world.signals, said);
      return leaving;
    },
    async root() {
      const { requireRoot } = await import('../app/root.ts');
      root = requireRoot(flags.text('root'), world.cwd, world.env);
      return root;
    },
  });
  const code = await work
    .catch((error: unknown) => {
      if (leaving === undefined) throw error;
      return leaving.exitCodeOf(error, out);
    })
    .finally(() => leaving?.close());
  if (root !== undefined && !isJson && !WATCHES.has(name)) await warn(root, out);
  return code;
}

/** These are the watch, or tell of it themselves. */
const WATCHES: ReadonlySet<string> = new Set(['heartbeat', 'probe', 'doctor', 'start', 'install', 'uninstall', 'completion', 'mcp', 'web']);

/** The watchmen are watched by everybody who comes by. It is a word beside the answer: what is wrong with it is no fault of the command. */
async function warn(root: string, out: Output): Promise<void> {
  const { warningOf } = await import('../app/answers/warnings.ts');
  const warning = await warningOf(root).catch((error: unknown) => {
    if (error instanceof CadenceError) return error.message;
    throw error;
  });
  if (warning !== undefined) out.note(`${out.paint.yellow('!')} ${warning}`);
}

async function withoutCommand({ rest, says }: CommandLine, out: Output): Promise<number> {
  if (says('--version')) {
    out.result({ ok: true, version: VERSION }, () => VERSION);
    return 0;
  }
  if (rest.length === 0 || says('--help') || says('-h')) return help(undefined, out);
  const known = new Set(GLOBAL_FLAGS.map(({ name }) => `--${name}`));
  const strange = rest.find((word) => !/^(?:--|-v+)$/.test(word) && !known.has(word.split('=')[0] ?? ''));
  if (strange !== undefined)
    throw new CadenceError('usage', `there is no option ${strange.slice(0, 80)}`, 'See cadence-bus --help; cadence-bus --version tells the version.');
  throw new CadenceError('usage', 'no command is named', 'See cadence-bus --help.');
}

async function help(name: string | undefined, out: Output): Promise<number> {
  const { helpOn, overview } = await import('./help.ts');
  const text = name === undefined ? overview() : helpOn(name);
  out.result({ ok: true, help: text }, () => text);
  return 0;
}

async function man(out: Output): Promise<number> {
  const [{ manPage }, { describeExits }, { TOPICS }] = await Promise.all([import('./man-page.ts'), import('./self-description.ts'), import('./topics.ts')]);
  const page = manPage(COMMAND_GROUPS, GLOBAL_FLAGS, describeExits(), TOPICS);
  out.result({ ok: true, man: page }, () => page.trimEnd());
  return 0;
}

async function ask(words: readonly string[], world: World): Promise<{ readonly code: number; readonly stdout: string }> {
  let stdout = '';
  const hear = (text: string): void => {
    stdout += text;
  };
  return { code: await main(words, { ...world, isTerminal: false, isScreen: false, signals: undefined, stdout: hear, stderr: () => undefined }), stdout };
}
