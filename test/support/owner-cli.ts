import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const BUILT = join(PROJECT, 'dist/bin/cadence-bus.js');

/** What a command came to. */
export interface CliEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves with its end, whatever that is. */
  readonly ended: Promise<CliEnd>;
  hasEnded(): boolean;
  kill(signal: NodeJS.Signals): void;
}

/**
 * The words that start the command line of this project: what was built, if it is newer than every source, for an older
 * one proves nothing; else the sources themselves. Nothing is built here. `CADENCE_BUS_CLI` names another build.
 */
export const CLI: readonly string[] = cliWords();

function cliWords(): readonly string[] {
  const given = process.env.CADENCE_BUS_CLI;
  if (given !== undefined && given !== '') return [process.execPath, given];
  const isFresh = existsSync(BUILT) && newestMs(join(PROJECT, 'lib')) <= statSync(BUILT).mtimeMs;
  return isFresh ? [process.execPath, BUILT] : [process.execPath, '--import', import.meta.resolve('tsx'), join(PROJECT, 'bin/cadence-bus.ts')];
}

function newestMs(dir: string): number {
  const times = readdirSync(dir, { withFileTypes: true }).map((entry) => {
    const path = join(dir, entry.name);
    return entry.isDirectory() ? newestMs(path) : statSync(path).mtimeMs;
  });
  return Math.max(0, ...times);
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A shell line before the command takes this process's place, such as `ulimit -f 64`. */
  readonly prelude?: string;
}

/** Starts the command line of the project, with an environment of which nothing is left to chance. */
export function startCli(words: readonly string[], options: CliOptions = {}): CliProcess {
  const argv = options.prelude === undefined ? [...CLI, ...words] : ['/bin/sh', '-c', `${options.prelude}; exec "$0" "$@"`, ...CLI, ...words];
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: process.env.HOME ?? '/', TMPDIR: process.env.TMPDIR ?? '/tmp', ...options.env };
  const child = spawn(argv[0] as string, argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], env });
  const said = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
  });
  let isEnded = false;
  // `exit` and not `close`: a grandchild may keep a pipe open, and is none of our business here.
  const ended = new Promise<CliEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      isEnded = true;
      setImmediate(() => resolve({ code, signal, ...said }));
    });
  });
  return {
    pid: child.pid as number,
    child,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    ended,
    hasEnded: () => isEnded,
    kill: (signal) => void child.kill(signal),
  };
}

/** Pids whose environment names this root: the children of its runs, wherever they have gone to live. */
export function childrenOf(root: string): readonly number[] {
  const tag = `CADENCE_ROOT=${root}`;
  if (!existsSync('/proc/self/environ')) {
    const lines = execFileSync('ps', ['-axEww', '-o', 'pid=,command='], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }).split('\n');
    return lines.filter((line) => `${line} `.includes(` ${tag} `)).map((line) => Number.parseInt(line, 10));
  }
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid && `\0${environOf(pid)}`.includes(`\0${tag}\0`) && isAlive(pid));
}

function environOf(pid: number): string {
  return readProc(pid, 'environ');
}

/** It exists, and is no zombie that only waits to be looked at. */
export function isAlive(pid: number): boolean {
  return !['', 'Z', 'X'].includes(stateOf(pid));
}

/** `T` for a process that was stopped; '' where there is none. */
export function stateOf(pid: number): string {
  if (existsSync('/proc/self/stat')) return readProc(pid, 'stat').split(') ').at(-1)?.charAt(0) ?? '';
  try {
    return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).charAt(0);
  } catch {
    return '';
  }
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}

export function killQuietly(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
