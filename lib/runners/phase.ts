import type { BusSettings, RunKind } from '../core/cadence.ts';
import type { Evidence } from '../core/evidence.ts';
import type { HandlerEnqueueOptions } from '../core/handler.ts';
import type { Ending, Outcome } from '../core/outcome.ts';
import { outputPaths, type Paths } from '../core/paths.ts';
import type { RunRecord } from '../core/run.ts';
import type { Ms } from '../core/time/instant.ts';
import { dayOf } from '../core/time/instant.ts';
import type { Clock, Files, Job, Processes, StopSignal } from '../ports.ts';
import { type Output, sizeOf } from './capture.ts';
import type { AskProgram } from './claude-flags.ts';
import type { OwnerEnv } from './environment.ts';
import type { Watch } from './watch.ts';

export interface RunnerDeps {
  readonly clock: Clock;
  readonly files: Files;
  readonly processes: Processes & { leftBehind(runId: string, sinceMs: Ms): Promise<Ending['survivors']>; keepExit(runDir: string): void };
  readonly watch: Watch;
  readonly paths: Paths;
  readonly env: OwnerEnv;
  readonly settings: () => BusSettings;
  /** What a run has cost so far. false: with it a day or a month has its limit, and it must end. */
  readonly meter: (runId: string, usd: number) => boolean;
  /** A UUID that was never used before. */
  readonly newSessionId: () => string;
  readonly askProgram: AskProgram;
  /** The program that runs this one. */
  readonly nodePath: string;
  /** The newest record of a tick, whoever was the owner then. */
  readonly lastAttempt: (cadence: string, tickId: string) => RunRecord | undefined;
  /** The lines of a run that are events. */
  readonly events: OutputEvents;
  /** How a handler's module is loaded; by default Node imports it. */
  readonly load?: ((url: string) => Promise<unknown>) | undefined;
  /** For handlers: a tick of another cadence, told whose child it is. */
  readonly enqueue: (cadence: string, options: HandlerEnqueueOptions, parent: { readonly runId: string; readonly depth: number }) => Promise<unknown>;
}

export interface OutputEvents {
  /** An event, numbered from 0; undefined: from here on no more of this run are told. */
  tell(job: Job, index: number, event: unknown): void;
  /** How many of its events were told since then, by whichever owner. */
  told(job: Job, sinceMs: Ms): number;
}

/**
 * One of the parts of a job: the guard that asks whether there is work, the run, and the look for its evidence. Each has a
 * folder and time limits of its own, all write into the same two files.
 */
export interface Phase {
  readonly job: Job;
  readonly part: 'guard' | 'run' | 'verify';
  readonly runDir: string;
  readonly output: Output;
  /** What was said before it began, by the parts before it or by an uncharged run of the same id: not its own words. */
  readonly before: Sizes;
  /** Where its own words end, because a later part has begun to speak; undefined: at the end of the files. */
  readonly until?: Sizes | undefined;
  /** Of this part alone; undefined: that of the cadence. */
  readonly timeoutMs?: Ms | undefined;
  readonly startedMs: Ms;
}

export interface Sizes {
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
}

export interface PhaseEnd {
  readonly outcome: Outcome;
  readonly ending: Ending | undefined;
  /** It is certain that it wrote nothing. */
  readonly isSilent?: boolean;
  readonly costUsd?: number | undefined;
  readonly evidence?: Evidence | undefined;
  /** What it answered, as data; undefined: words only. */
  readonly result?: { readonly value: unknown } | undefined;
  /** false: its run never began. */
  readonly hasRun?: boolean | undefined;
}

export type InlineKind = Extract<RunKind, { kind: 'inline' }>;

/** How one kind of work is done; `K` is its definition. */
export interface Work<K> {
  run(kind: K, phase: Phase, stop: StopSignal): Promise<PhaseEnd>;
  /** Goes on with the child that an earlier owner started for this phase. */
  adopt(kind: K, phase: Phase, stop: StopSignal): Promise<PhaseEnd>;
}

export function phaseOf(deps: RunnerDeps, job: Job, part: Phase['part'], startedMs: Ms): Phase {
  const { stdout, stderr } = outputPaths(deps.paths, dayOf(job.startedMs), job.cadence.name, job.runId);
  const runDir = `${deps.paths.running}/${job.runId}${part === 'run' ? '' : `.${part}`}`;
  return { job, part, runDir, startedMs, output: { stdoutPath: stdout, stderrPath: stderr }, before: { stdoutBytes: 0, stderrBytes: 0 } };
}

/** What its guard said, or a run of the same id that was not charged, stands in the same two files. Of a handler nobody reads them. */
export function behindEarlierWords(files: Files, phase: Phase): Phase {
  const { run, guard } = phase.job.cadence;
  if ((phase.part === 'guard' ? (guard ?? run) : run).kind === 'inline') return phase;
  const { stdoutPath, stderrPath } = phase.output;
  return { ...phase, before: { stdoutBytes: sizeOf(files, stdoutPath), stderrBytes: sizeOf(files, stderrPath) } };
}
