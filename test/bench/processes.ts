import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shellWord } from '../../lib/core/text/shell-word.ts';

/** Processes that are measured, and what the system knows of them. */

const ACTORS = new URL('./actors/', import.meta.url);

export function actor(file: string): string {
  return fileURLToPath(new URL(file, ACTORS));
}

/** What a process was when it ended, as `actors/exit-report.mjs` saw it. */
export interface ExitReport {
  readonly cpuUs: number;
  readonly userUs: number;
  readonly peakRssKib: number;
  /** Time in which the event loop was not waiting. */
  readonly loopBusyMs: number;
  readonly wallMs: number;
}

/** Runs a program of ours to its end and answers with what it reported; a failure of it is a failure of the row. */
export function report(args: readonly string[], words: { env?: Readonly<Record<string, string>> } = {}): ExitReport & { readonly said: string } {
  const path = join(tmpdir(), `cadence-bench-report-${process.pid}.json`);
  const startedMs = performance.now();
  const done = spawnSync(process.execPath, ['--import', new URL('exit-report.mjs', ACTORS).href, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...words.env, CADENCE_BENCH_REPORT: path },
    maxBuffer: 64 * 1024 * 1024,
  });
  const wallMs = performance.now() - startedMs;
  if (done.status !== 0) throw new Error(`${args.join(' ')} ended with ${done.status ?? done.signal}: ${done.stderr.slice(-2000)}`);
  const seen = JSON.parse(readFileSync(path, 'utf8')) as Omit<ExitReport, 'wallMs'>;
  rmSync(path);
  return { ...seen, wallMs, said: done.stdout };
}

/** Wall time and CPU time of one program, run to its end. */
export interface Took {
  readonly wallMs: number;
  readonly cpuMs: number;
}

export function time(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Took {
  const before = childrenCpuMs();
  const startedMs = performance.now();
  const done = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
  const wallMs = performance.now() - startedMs;
  // Below are answers of the product: 1 something needs attention, 2 a dry run.
  if (done.status === null || done.status >= 64)
    throw new Error(`${program} ${args.join(' ')} ended with ${done.status ?? done.signal}: ${done.stderr.toString().slice(-2000)}`);
  return { wallMs, cpuMs: childrenCpuMs() - before };
}

/** CPU time of so many runs of a program, one after the other. */
export function cpuOf(runs: number, program: string, args: readonly string[]): number {
  let cpuMs = 0;
  for (let run = 0; run < runs; run += 1) cpuMs += time(program, args).cpuMs;
  return cpuMs;
}

const TICK_MS = 10;

/** CPU time of all children that have ended, in steps of a clock tick: only sums of many mean anything. */
function childrenCpuMs(): number {
  if (process.platform !== 'linux') return Number.NaN;
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS;
}

/** What the kernel has counted for all threads of a living process. */
export interface Usage {
  /** Times that it gave up the processor of its own accord and was woken later. */
  readonly wakeups: number;
  readonly cpuMs: number;
  readonly rssKib: number;
  readonly writes: number;
}

export function usageOf(pid: number): Usage {
  let [wakeups, cpuNs] = [0, 0];
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    wakeups += numberIn(`/proc/${pid}/task/${thread}/status`, /^voluntary_ctxt_switches:\s+(\d+)/m);
    cpuNs += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  }
  return {
    wakeups,
    cpuMs: cpuNs / 1e6,
    rssKib: numberIn(`/proc/${pid}/status`, /^VmRSS:\s+(\d+)/m),
    writes: numberIn(`/proc/${pid}/io`, /^syscw: (\d+)/m),
  };
}

function numberIn(path: string, pattern: RegExp): number {
  return Number(pattern.exec(readFileSync(path, 'utf8'))?.[1]);
}

export function lacksProc(): string | undefined {
  return process.platform === 'linux' ? undefined : 'the counters of /proc, which only Linux has';
}

/** A program that goes on until it is told to end; it says a line when it is ready. */
export interface Actor {
  readonly pid: number;
  readonly child: ChildProcess;
  end(signal?: NodeJS.Signals): Promise<void>;
}

export async function startActor(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Actor> {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await Promise.race([
    new Promise((resolve) => child.stdout?.once('data', resolve)),
    exited.then(() => Promise.reject(new Error(`${args.join(' ')} ended before it was ready`))),
  ]);
  return {
    pid: child.pid as number,
    child,
    async end(signal = 'SIGTERM') {
      child.kill(signal);
      await exited;
    },
  };
}

/** Starts commands, one after the other, as a scheduler does: it is small, where a fork of the bench itself costs milliseconds by its memory. */
export interface Launcher {
  launch(program: string, args: readonly string[]): void;
  end(): Promise<void>;
}

export function startLauncher(): Launcher {
  const child = spawn('/bin/sh', ['-c', 'while read -r line; do eval "$line" </dev/null; done'], { stdio: ['pipe', 'ignore', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    launch: (program, args) => void child.stdin.write(`${[program, ...args].map(shellWord).join(' ')}\n`),
    async end() {
      child.stdin.end();
      await exited;
    },
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export async function until(what: string, look: () => boolean | Promise<boolean>, limitMs = 120_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await look())) {
    if (performance.now() > endMs) throw new Error(`never came true within ${limitMs / 1000} s: ${what}`);
    await pause(5);
  }
}
