import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type BusSettings, type Cadence, DEFAULT_BREAKER, DEFAULT_RETRY, DEFAULT_SETTINGS, type RunKind } from '../../lib/core/cadence.ts';
import type { Outcome } from '../../lib/core/outcome.ts';
import { type Paths, pathsOf } from '../../lib/core/paths.ts';
import type { Tick } from '../../lib/core/tick.ts';
import { cutLog } from '../../lib/platform/child-log.ts';
import { createClock } from '../../lib/platform/clock.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { randomSessionId } from '../../lib/platform/ids.ts';
import { createProcessTable } from '../../lib/platform/process-table.ts';
import { createProcesses } from '../../lib/platform/processes.ts';
import { askProgram } from '../../lib/platform/program-answer.ts';
import type { Files, Job, RunEnd } from '../../lib/ports.ts';
import type { RunnerDeps } from '../../lib/runners/phase.ts';
import { createRunners } from '../../lib/runners/runners.ts';
import { createStopSignal } from '../../lib/runners/stop-signal.ts';
import { createWatch } from '../../lib/runners/watch.ts';
import { eventually } from '../support/eventually.ts';
import { tempRoot } from '../support/temp-root.ts';

export const CHILDREN = fileURLToPath(new URL('../fixtures/children/', import.meta.url));
export const SESSIONS = fileURLToPath(new URL('../fixtures/claude/2.1.328/', import.meta.url));

export interface Bench {
  readonly root: string;
  readonly paths: Paths;
  readonly files: Files;
  /** The environment of the owner; tests add to it before the first run. */
  readonly env: Record<string, string | undefined>;
  readonly settings: { current: BusSettings };
  readonly enqueued: unknown[];
  /** The events that its runs told. */
  readonly told: (readonly [number, unknown])[];
  command(argv: readonly string[], more?: Partial<Extract<RunKind, { kind: 'command' }>>): RunKind;
  fixture(file: string, ...args: readonly string[]): RunKind;
  job(run: RunKind, more?: Partial<Cadence>, tick?: Partial<Tick>): Job;
  stop(): ReturnType<typeof createStopSignal>;
  run(job: Job, stop?: ReturnType<typeof createStopSignal>): Promise<RunEnd>;
  adopt(job: Job): Promise<RunEnd>;
  /** The stdout file of the job, as far as there is one. */
  said(job: Job): string;
  hear(job: Job, words: RegExp): Promise<string>;
  people(job: Job): Promise<readonly number[]>;
}

let jobs = 0;

/** Runners over real files, real children and a real clock, in a root of their own. */
export function workbench(change: (deps: RunnerDeps) => RunnerDeps = (deps) => deps): Bench {
  const root = tempRoot();
  const paths = pathsOf(root);
  const [files, clock] = [createFiles(), createClock()];
  const enqueued: unknown[] = [];
  const told: (readonly [number, unknown])[] = [];
  const env: Record<string, string | undefined> = { PATH: process.env.PATH, HOME: root };
  const settings = { current: DEFAULT_SETTINGS };
  const made: Job[] = [];
  const runners = createRunners(
    change({
      clock,
      files,
      paths,
      env,
      processes: createProcesses({ clock, files }),
      watch: createWatch({ clock, files, cutLog }),
      settings: () => settings.current,
      meter: () => true,
      newSessionId: randomSessionId,
      askProgram,
      nodePath: process.execPath,
      lastAttempt: () => undefined,
      events: { tell: (_job, index, event) => void told.push([index, event]), told: () => told.length },
      enqueue: async (cadence, options, parent) => void enqueued.push({ cadence, options, parent }),
    }),
  );
  const command: Bench['command'] = (argv, more = {}) => ({
    kind: 'command',
    argv,
    shell: false,
    cwd: root,
    env: { names: [], values: {} },
    okCodes: [0],
    ...more,
  });
  const said = (job: Job): string => {
    const day = new Date(job.startedMs).toISOString().slice(0, 10);
    const path = `${paths.subsessions}/${day}-${job.cadence.name}-${job.runId}.stdout.log`;
    return statSync(path, { throwIfNoEntry: false }) === undefined ? '' : readFileSync(path, 'utf8');
  };
  const people: Bench['people'] = async (job) => {
    const table = createProcessTable();
    return (await table.among(await table.tagged(job.runId))).filter(({ state }) => state !== 'zombie').map(({ pid }) => pid);
  };
  afterEach(async () => {
    for (const job of made.splice(0)) for (const pid of await people(job)) process.kill(pid, 'SIGKILL');
  });
  return {
    root,
    paths,
    files,
    env,
    settings,
    enqueued,
    told,
    command,
    said,
    people,
    fixture: (file, ...args) => command([file.endsWith('.sh') ? '/bin/sh' : process.execPath, join(CHILDREN, file), ...args]),
    job(run, more = {}, tick = {}) {
      jobs += 1;
      const tickId = `${String(jobs).padStart(4, '0')}${String(process.pid).padStart(8, '0')}`;
      const job: Job = {
        runId: `${tickId}-1`,
        attempt: 1,
        tickId,
        tick: { cadence: 'duty', source: 'test', enqueued_at: new Date().toISOString(), ...tick },
        cadence: cadence(run, more),
        startedMs: Date.now(),
      };
      made.push(job);
      return job;
    },
    stop: createStopSignal,
    run: (job, stop = createStopSignal()) => runners[job.cadence.run.kind].run(job, stop),
    adopt: (job) => runners[job.cadence.run.kind].adopt(job, createStopSignal()),
    hear: (job, words) =>
      eventually(`the run says ${words}`, () => {
        const text = said(job);
        return words.test(text) ? text : undefined;
      }),
  };
}

function cadence(run: RunKind, more: Partial<Cadence>): Cadence {
  return {
    name: 'duty',
    path: '/duty.yaml',
    description: '',
    enabled: true,
    run,
    guard: undefined,
    schedule: undefined,
    overlap: undefined,
    expiresMs: undefined,
    timeoutMs: 60_000,
    idleTimeoutMs: 60_000,
    killGraceMs: 5000,
    logCapBytes: 1024 * 1024,
    workspace: undefined,
    lane: 'command',
    account: undefined,
    retry: DEFAULT_RETRY,
    breaker: DEFAULT_BREAKER,
    budget: undefined,
    requiredEnv: [],
    about: { inputs: {}, outputs: {}, network: false, destructive: false },
    ...more,
  };
}

export type ClaudeKind = Extract<RunKind, { kind: 'claude' }>;

/** A session with nothing but its prompt. */
export function claudeRun(cwd: string, promptPath: string): ClaudeKind {
  return { kind: 'claude', promptPath, args: [], cwd, env: { names: [], values: {} } };
}

/** The words of an outcome, whatever its kind. */
export function reasonOf(outcome: Outcome): string {
  return `${outcome.kind}: ${outcome.kind === 'ok' ? outcome.summary : outcome.reason}`;
}
