import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { type Owner, startOwner } from '../../lib/app/owner/owner.ts';
import type { World } from '../../lib/cli/command.ts';
import { main } from '../../lib/cli/main.ts';
import type { BusEvent } from '../../lib/core/event.ts';
import { type Paths, pathsOf } from '../../lib/core/paths.ts';
import type { RunRecord } from '../../lib/core/run.ts';
import { eventually } from './eventually.ts';
import { type CliOptions, type CliProcess, childrenOf, killQuietly, startCli } from './owner-cli.ts';

/** What one command line came to. */
export interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Answer {
  readonly code: number;
  /** The answer, as it was parsed: its keys are in the order in which they were said. */
  readonly said: Readonly<Record<string, unknown>>;
}

export interface CallOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly isTerminal?: boolean;
  readonly isScreen?: boolean;
  readonly signals?: World['signals'];
  readonly loadWeb?: World['loadWeb'];
  /** Hears every piece as it is said. */
  readonly onStdout?: (text: string) => void;
  readonly onStderr?: (text: string) => void;
}

/** One command line, run in this very process. */
export async function call(words: readonly string[], options: CallOptions = {}): Promise<Told> {
  const said = { stdout: '', stderr: '' };
  const code = await main(words, {
    cwd: options.cwd ?? '/',
    env: options.env ?? {},
    isTerminal: options.isTerminal ?? false,
    isScreen: options.isScreen,
    signals: options.signals,
    loadWeb: options.loadWeb,
    stdout(text) {
      said.stdout += text;
      options.onStdout?.(text);
    },
    stderr(text) {
      said.stderr += text;
      options.onStderr?.(text);
    },
  });
  return { code, ...said };
}

/** What holds of every answer with `--json`: one line, valid JSON, `ok` first, and no word beside it. */
export function parseAnswer({ code, stdout, stderr }: Told): Answer {
  const shown = JSON.stringify({ code, stdout, stderr });
  assert.equal(stderr, '', shown);
  assert.match(stdout, /^[^\n]+\n$/, shown);
  const said = JSON.parse(stdout) as Record<string, unknown>;
  assert.equal(Object.keys(said)[0], 'ok', shown);
  assert.equal(typeof said.ok, 'boolean', shown);
  return { code, said };
}

/** A failure with `--json`: in the one form that it has. */
export function errorOf({ code, said }: Answer): { readonly code: number; readonly error: string; readonly message: string; readonly hint: string } {
  assert.deepEqual(Object.keys(said), ['ok', 'error'], JSON.stringify(said));
  const error = said.error as Readonly<Record<'code' | 'message' | 'hint', string>>;
  assert.deepEqual([said.ok, Object.keys(error)], [false, ['code', 'message', 'hint']]);
  assert.ok(error.message !== '' && error.hint !== '', `an error says what to do next: ${JSON.stringify(error)}`);
  return { code, error: error.code, message: error.message, hint: error.hint };
}

/** A root of its own, and the command line on it. What is started is ended when the file's tests are over. */
export interface Desk {
  readonly root: string;
  readonly paths: Paths;
  put(path: string, text: string): string;
  cadence(name: string, ...lines: readonly string[]): void;
  /** A cadence of one `sh` line. */
  shell(name: string, script: string, ...lines: readonly string[]): void;
  tell(...words: readonly string[]): Promise<Told>;
  ask(...words: readonly string[]): Promise<Answer>;
  /** Enqueues and answers with the tick's id. */
  enqueue(cadence: string, ...words: readonly string[]): Promise<string>;
  /** An owner, in this process. */
  own(): Promise<Owner>;
  /** An owner, in a process of its own. */
  start(...words: readonly string[]): Promise<CliProcess>;
  spawn(words: readonly string[], options?: CliOptions): CliProcess;
  /** Every file and folder under the root, with what is in it. */
  tree(): Readonly<Record<string, string>>;
  ls(folder: 'inbox' | 'waiting' | 'claimed' | 'dlq' | 'running'): readonly string[];
  events(stage?: string): readonly BusEvent[];
  records(): readonly RunRecord[];
}

export function createDesk(): Desk {
  const root = realpathSync.native(mkdtempSync(join(tmpdir(), 'cb-cli-')));
  const paths = pathsOf(root);
  mkdirSync(paths.cadences);
  const processes: CliProcess[] = [];
  const owners: Owner[] = [];
  const kill = (): void => {
    for (const one of processes) if (!one.hasEnded()) killQuietly(one.pid);
    if (processes.length + owners.length > 0) for (const pid of childrenOf(root)) killQuietly(pid);
  };
  // A run of tests that is cut off leaves nobody behind either.
  roots.set(root, kill);
  after(async () => {
    // What is killed is not tried again.
    if (owners.length > 0) put('state/cadence-bus/halt', '');
    kill();
    for (const owner of owners) {
      // A child that ends after its owner would be followed by this process for ever.
      await owner.parts.jobs.ended(['command']);
      await owner.stop('the test is over');
    }
    await Promise.all(processes.map((one) => one.ended));
    kill();
    roots.delete(root);
    rmSync(root, { recursive: true, force: true });
  });

  function put(path: string, text: string): string {
    const at = join(root, path);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, text);
    return at;
  }

  function spawn(words: readonly string[], options: CliOptions = {}): CliProcess {
    const one = startCli([...words, '--root', root], options);
    processes.push(one);
    return one;
  }

  const cadence: Desk['cadence'] = (name, ...lines) => void put(`cadences/${name}.yaml`, `${lines.join('\n')}\n`);
  const ask: Desk['ask'] = async (...words) => parseAnswer(await call([...words, '--root', root, '--json']));
  return {
    root,
    paths,
    put,
    cadence,
    spawn,
    ask,
    shell: (name, script, ...lines) => cadence(name, `run: { shell: true, command: ${JSON.stringify(script)} }`, ...lines),
    tell: (...words) => call([...words, '--root', root]),
    enqueue: async (name, ...words) => String((await ask('enqueue', name, ...words)).said.tick),
    async own() {
      const owner = await startOwner({ root });
      owners.push(owner);
      return owner;
    },
    async start(...words) {
      const owner = spawn(['start', ...words]);
      await eventually('the owner owns the root', () => {
        if (owner.hasEnded()) throw new Error(`the owner ended: ${owner.stderr()}`);
        return owner.stderr().includes(`owns ${root}`);
      });
      return owner;
    },
    tree: () => treeOf(root),
    ls: (folder) => (existsSync(paths[folder]) ? readdirSync(paths[folder]).sort() : []),
    events: (stage) => linesOf<BusEvent>(paths.journal).filter((event) => stage === undefined || event.stage === stage),
    records: () => linesOf<RunRecord>(paths.runs),
  };
}

const roots = new Map<string, () => void>();
process.once('exit', () => {
  for (const kill of roots.values()) kill();
});

/** Whole lines of a log, in order. */
function linesOf<T>(dir: string): readonly T[] {
  if (!existsSync(dir)) return [];
  const files = readdirSync(dir).filter((file) => file.endsWith('.jsonl'));
  return files.sort().flatMap((file) =>
    readFileSync(join(dir, file), 'utf8')
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{"'))
      .map((line) => JSON.parse(line) as T),
  );
}

function treeOf(dir: string, prefix = ''): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const name of readdirSync(dir).sort()) {
    const stats = lstatSync(join(dir, name));
    if (stats.isDirectory()) Object.assign(tree, { [`${prefix}${name}/`]: '' }, treeOf(join(dir, name), `${prefix}${name}/`));
    else tree[`${prefix}${name}`] = stats.isFile() ? readFileSync(join(dir, name), 'utf8') : 'no file';
  }
  return tree;
}
