import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import type { BusEvent } from '../../lib/core/event.ts';
import { type Paths, pathsOf } from '../../lib/core/paths.ts';
import type { RunRecord } from '../../lib/core/run.ts';
import { formatTickName } from '../../lib/core/tick.ts';
import { createProducer, type EnqueueOptions } from '../../lib/platform/producer.ts';
import { eventually } from '../support/eventually.ts';
import { type CliEnd, type CliOptions, type CliProcess, childrenOf, killQuietly, startCli } from '../support/owner-cli.ts';

/** A root of its own with real owners on it. All that was started is killed when the test ends, however it ends. */
export interface Yard {
  readonly root: string;
  readonly paths: Paths;
  /** A file under the root; its folders are made. */
  put(path: string, text: string, mode?: number): string;
  /** `cadences/<name>.yaml`, from lines. */
  cadence(name: string, ...lines: readonly string[]): void;
  /** A cadence of one `sh` line. */
  shell(name: string, script: string, ...lines: readonly string[]): void;
  /** A cadence of one handler: the body of `async (tick, context) => { … }`. */
  inline(name: string, body: string, ...lines: readonly string[]): void;
  enqueue(cadence: string, options?: EnqueueOptions): Promise<string>;
  /** Starts an owner, and resolves when it says that it owns the root. */
  start(options?: CliOptions, ...words: readonly string[]): Promise<CliProcess>;
  /** Starts any command, and kills it in the end if it still lives. */
  spawn(words: readonly string[], options?: CliOptions): CliProcess;
  /** One command to its end. */
  cli(...words: readonly string[]): Promise<CliEnd>;
  /** One command with `--json`, its answer. */
  json(...words: readonly string[]): Promise<Readonly<Record<string, unknown>> & { readonly code: number | null }>;
  events(stage?: string): readonly BusEvent[];
  records(): readonly RunRecord[];
  ls(folder: 'inbox' | 'waiting' | 'claimed' | 'dlq' | 'running' | 'tmp' | 'subsessions'): readonly string[];
  children(): readonly number[];
  /** The root is left as it is, for whoever looks for what went wrong. */
  keep(): void;
}

/** `within`: a folder of the test's own, for example a small disk, which `unmount` takes away with all that is on it. */
export function createYard({ within = tmpdir(), unmount }: { readonly within?: string; readonly unmount?: () => void } = {}): Yard {
  const root = realpathSync.native(mkdtempSync(join(within, 'cb-owner-')));
  const paths = pathsOf(root);
  const started: CliProcess[] = [];
  let isKept = false;
  const clean = (): void => {
    for (const one of started) if (!one.hasEnded()) killQuietly(one.pid);
    for (const pid of childrenOf(root)) killQuietly(pid);
  };
  // A run of tests that is cut off leaves nobody behind either.
  process.once('exit', clean);
  after(async () => {
    clean();
    await Promise.all(started.map((one) => one.ended));
    await eventually('nobody of this root is left', () => {
      clean();
      return childrenOf(root).length === 0;
    });
    process.off('exit', clean);
    if (isKept) return;
    unmount?.();
    rmSync(root, { recursive: true, force: true });
  });

  function put(path: string, text: string, mode?: number): string {
    const at = join(root, path);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, text);
    if (mode !== undefined) chmodSync(at, mode);
    return at;
  }

  function spawn(words: readonly string[], options: CliOptions = {}): CliProcess {
    const [verb = '', ...rest] = words;
    const one = startCli([verb, '--root', root, ...rest], options);
    started.push(one);
    return one;
  }

  mkdirSync(paths.cadences, { recursive: true });
  const cadence: Yard['cadence'] = (file, ...lines) => void put(`cadences/${file}.yaml`, `${lines.join('\n')}\n`);
  const producer = createProducer({ root });
  return {
    root,
    paths,
    put,
    cadence,
    shell: (file, script, ...lines) => cadence(file, `run: { shell: true, command: ${JSON.stringify(script)} }`, ...lines),
    inline(file, body, ...lines) {
      put(`handlers/${file}.mjs`, `export default async (tick, context) => {\n${body}\n};\n`);
      cadence(file, `run: { inline: handlers/${file}.mjs }`, ...lines);
    },
    enqueue: async (cadenceName, options) => (await producer.enqueue(cadenceName, options)).tick,
    async start(options = {}, ...words) {
      const owner = spawn(['start', ...words], options);
      await eventually('the owner owns the root', () => {
        if (owner.hasEnded()) throw new Error(`the owner ended: ${owner.stderr()}`);
        return owner.stderr().includes(`owns ${root}`);
      });
      return owner;
    },
    spawn,
    cli: (...words) => spawn(words).ended,
    async json(...words) {
      const { code, stdout, stderr } = await spawn([...words, '--json']).ended;
      if (stdout === '') throw new Error(`no answer to ${words.join(' ')}: ${stderr}`);
      return { ...(JSON.parse(stdout) as object), code };
    },
    events: (stage) => readLines<BusEvent>(paths.journal).filter((event) => stage === undefined || event.stage === stage),
    records: () => readLines<RunRecord>(paths.runs),
    ls: (folder) => list(paths[folder]),
    children: () => childrenOf(root),
    keep() {
      isKept = true;
    },
  };
}

/** The pid of the program of the one run under way, once it runs. */
export function childOf(yard: Yard): Promise<number> {
  return eventually('the child has begun', () => {
    const [run] = yard.ls('running');
    return run === undefined ? undefined : Number(readIfThere(join(yard.paths.running, run, 'pid')));
  });
}

export function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** A tick as an earlier owner left it. */
export function claimedTick(cadence: string, id: string, attempts: number): { readonly file: string; readonly text: string } {
  const enqueuedAt = new Date().toISOString();
  return {
    file: formatTickName({ dueMs: Date.parse(enqueuedAt), cadence, id, attempts }),
    text: `${JSON.stringify({ cadence, source: 'test', enqueued_at: enqueuedAt })}\n`,
  };
}

export function list(dir: string): readonly string[] {
  try {
    return readdirSync(dir).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Every whole line of a log that another process writes; a line is whole when its newline is there. */
function readLines<T>(dir: string): readonly T[] {
  return list(dir)
    .filter((file) => file.endsWith('.jsonl'))
    .flatMap((file) => readFileSync(join(dir, file), 'utf8').split('\n').slice(0, -1))
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as T);
}

/** Until a tick has a final record, which is handed back. */
export function finalRecord(yard: Yard, tick: string, limitMs?: number): Promise<RunRecord> {
  const FINAL = ['succeeded', 'unverified', 'dead', 'cancelled', 'skipped', 'coalesced', 'expired'];
  return eventually(`tick ${tick} has ended`, () => yard.records().find((run) => run.tick === tick && FINAL.includes(run.status)), limitMs);
}

/** Looks like chance, and is the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
