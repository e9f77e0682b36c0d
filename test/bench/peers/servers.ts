import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram } from './installed.ts';

/** A server of a peer's, on the same files as everything else that is measured, reached by a socket, with no port open. */
export interface Server {
  /** How its clients find it. */
  readonly place: string;
  readonly pid: number;
  close(): void;
}

export type FlushPolicy = 'always' | 'everysec';

export function redisLacks(): string | undefined {
  return findProgram('redis-server') === undefined ? 'redis-server is not installed' : undefined;
}

export function startRedis(dir: string, flush: FlushPolicy): Server {
  const place = join(dir, 'socket');
  const words = ['--port', '0', '--unixsocket', place, '--dir', dir, '--appendonly', 'yes', '--appendfsync', flush, '--save', ''];
  runOrThrow('redis-server', [...words, '--daemonize', 'yes', '--pidfile', join(dir, 'pid'), '--logfile', join(dir, 'log')]);
  const pid = pidIn(join(dir, 'pid'));
  waitFor(() => existsSync(place), `redis made no socket; its log is ${join(dir, 'log')}`);
  return { place, pid, close: () => end(pid) };
}

const POSTGRES_FOLDERS = (): readonly string[] => {
  const home = '/usr/lib/postgresql';
  return existsSync(home) ? readdirSync(home).map((version) => join(home, version, 'bin')) : [];
};

export function postgresLacks(): string | undefined {
  if (findProgram('initdb', POSTGRES_FOLDERS()) === undefined) return 'postgresql is not installed';
  return process.getuid?.() === 0 && userId('postgres') === undefined ? 'there is no user postgres, and the server does not run as root' : undefined;
}

/** As it comes: `fsync` and `synchronous_commit` are on. */
export function startPostgres(dir: string): Server {
  const asUser = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--'] : [];
  const id = userId('postgres');
  if (asUser.length > 0 && id !== undefined) {
    chownSync(dir, id, -1);
    for (let at = dirname(dir); at.includes('cadence-bench'); at = dirname(at)) chmodSync(at, 0o711);
  }
  const data = join(dir, 'data');
  const program = (name: string): string => findProgram(name, POSTGRES_FOLDERS()) ?? name;
  const run = (...words: readonly string[]): void => {
    const [first = '', ...rest] = [...asUser, ...words];
    runOrThrow(first, rest);
  };
  run(program('initdb'), '-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync');
  run(program('pg_ctl'), '-D', data, '-w', '-l', join(dir, 'log'), '-o', `-c listen_addresses= -k ${dir}`, 'start');
  const pid = pidIn(join(data, 'postmaster.pid'));
  return { place: `postgresql:///postgres?host=${dir}&user=postgres`, pid, close: () => end(pid, 'SIGINT') };
}

function userId(name: string): number | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${name}:`));
  return line === undefined ? undefined : Number(line.split(':')[2]);
}

function runOrThrow(program: string, words: readonly string[]): void {
  const done = spawnSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  if (done.status !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${done.status ?? done.signal}: ${done.stderr?.slice(-2000) ?? done.error}`);
}

function pidIn(path: string): number {
  waitFor(() => existsSync(path) && Number.parseInt(readFileSync(path, 'utf8'), 10) > 0, `${path} never came`);
  return Number.parseInt(readFileSync(path, 'utf8'), 10);
}

function waitFor(look: () => boolean, otherwise: string): void {
  const endMs = performance.now() + 20_000;
  while (!look()) {
    if (performance.now() > endMs) throw new Error(otherwise);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
}

/** Whole: its files must not be written any more when their folder is removed. */
function end(pid: number, signal: NodeJS.Signals = 'SIGTERM'): void {
  const isAlive = (): boolean => existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (!isAlive()) return;
  process.kill(pid, signal);
  waitFor(() => !isAlive(), `the server ${pid} does not end`);
}
