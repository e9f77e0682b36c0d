import type { Cadence, CommandRun } from '../core/cadence.ts';
import { CadenceError } from '../core/error.ts';
import { outputPaths, type Paths, pathsOf } from '../core/paths.ts';
import type { RunEnd } from '../core/run-end.ts';
import { formatRunId } from '../core/tick.ts';
import { dayOf, toIso } from '../core/time/instant.ts';
import { cutLog } from '../platform/child-log.ts';
import { createClock } from '../platform/clock.ts';
import { createFiles } from '../platform/files.ts';
import { createIds, randomSessionId } from '../platform/ids.ts';
import { readMachine } from '../platform/machine.ts';
import { createProcesses } from '../platform/processes.ts';
import { askProgram } from '../platform/program-answer.ts';
import type { Job, Runner } from '../ports.ts';
import { createLineFollower } from '../runners/line-follower.ts';
import { createRunners } from '../runners/runners.ts';
import { createStopSignal } from '../runners/stop-signal.ts';
import { createWatch } from '../runners/watch.ts';
import { createRedacting, redacted } from './redacting.ts';

/**
 * The dry run of a command that has one, really executed: as a run would be, with a folder, environment, payload and time
 * limits, but without owner, tick, record or breaker. What it leaves while it runs lies in the folder for temporary files,
 * and is removed. It sees CADENCE_DRY_RUN=1.
 */
export interface DryRun {
  readonly argv: readonly string[];
  readonly end: RunEnd;
}

export interface DryRunOptions {
  readonly payload: unknown;
  readonly onOutput: (text: string) => void;
  /** Ends it as a cancel would. */
  readonly signal: AbortSignal;
}

const [files, clock] = [createFiles(), createClock()];

/** undefined: the cadence has no dry run, and nothing was executed. */
export async function dryRun(root: string, cadence: Cadence, { payload, onOutput, signal }: DryRunOptions): Promise<DryRun | undefined> {
  const { run } = cadence;
  if (run.kind !== 'command' || run.dryRunArgv === undefined) return undefined;
  const { env } = readMachine();
  const missing = cadence.requiredEnv.filter((name) => (env[name] ?? '') === '');
  if (missing.length > 0)
    throw new CadenceError('config', `${missing.join(', ')} is not set here, and ${cadence.name} requires it`, 'Set it for this command.');
  const id = createIds().fresh();
  const place = `${(env.TMPDIR ?? '/tmp').replace(/\/+$/, '')}/cadence-bus-dry-${id}`;
  const paths = { ...pathsOf(root), running: `${place}/running`, subsessions: `${place}/output` };
  const job = jobOf(cadence, { ...run, argv: run.dryRunArgv }, id, payload);
  const stop = createStopSignal();
  signal.addEventListener('abort', () => stop.stop('cancel'), { once: true });
  if (signal.aborted) stop.stop('cancel');
  try {
    const followers = follow(paths, job, onOutput);
    const end = await commandRunner(paths).run(job, stop);
    for (const follower of followers) await follower.end();
    return { argv: run.dryRunArgv, end };
  } finally {
    files.removeTree(place);
  }
}

/** A guard and a look for evidence ask about real work. */
function jobOf({ guard: _guard, verify: _verify, ...cadence }: Cadence, run: CommandRun, id: string, payload: unknown): Job {
  const nowMs = clock.nowMs();
  const env = { ...run.env, values: { ...run.env.values, CADENCE_DRY_RUN: '1' } };
  return {
    runId: formatRunId(id, 1),
    attempt: 1,
    tickId: id,
    tick: { cadence: cadence.name, source: 'dry-run', enqueued_at: toIso(nowMs), ...(payload === undefined ? {} : { payload }) },
    cadence: { ...cadence, guard: undefined, run: { ...run, env } },
    startedMs: nowMs,
  };
}

function commandRunner(paths: Paths): Runner {
  const { env } = readMachine();
  const unasked = (): never => {
    throw new Error('a dry run of a command asks for none of this');
  };
  const runners = createRunners({
    ...{ files, clock, paths, processes: createProcesses({ clock, files, paths }), watch: createWatch({ clock, files, cutLog }) },
    ...{ askProgram, env, nodePath: process.execPath, newSessionId: randomSessionId },
    ...{ settings: unasked, meter: unasked, lastAttempt: () => undefined, enqueue: unasked },
    events: { tell: () => undefined, told: () => 0 },
  });
  return redacted(runners.command, createRedacting(env));
}

/** The files are there before the command is, so that its first word is heard at once. */
function follow(paths: Paths, job: Job, onOutput: (text: string) => void) {
  const { stdout, stderr } = outputPaths(paths, dayOf(job.startedMs), job.cadence.name, job.runId);
  files.makeDir(paths.subsessions);
  return [stdout, stderr].map((path) => {
    files.create(path, '');
    return createLineFollower({ clock, files }, path, 0, ({ text }) => onOutput(`${text}\n`));
  });
}
