import { blamedOn } from '../core/agent/slot.ts';
import type { Cadence } from '../core/cadence.ts';
import { isEmpty, keysOf } from '../core/holds.ts';
import type { StopCause } from '../core/outcome.ts';
import type { Paths } from '../core/paths.ts';
import { recordOf } from '../core/record.ts';
import { settle } from '../core/settle.ts';
import { formatRunId } from '../core/tick.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Claim, Clock, Files, Job, Journal, RunEnd, Runner, StopSignal } from '../ports.ts';
import type { Capacity } from './capacity.ts';
import type { Conclusion } from './conclusion.ts';
import type { Deferrals } from './deferrals.ts';
import type { HoldsBook } from './holds-book.ts';
import type { Purse } from './purse.ts';
import { createStopNotes } from './stop-notes.ts';
import { isDiskFault, TRY_AGAIN_MS } from './storage-health.ts';

/** Runs under way: from the claim to the settled end. */
export interface Jobs {
  /** Runs a claim. Resolves when the cadence may go on to its next tick. Never rejects for what the run did. */
  start(claim: Claim, cadence: Cadence): Promise<void>;
  /** Goes on with a claim whose child an earlier owner started. */
  adopt(claim: Claim, cadence: Cadence, startedMs: Ms): Promise<void>;
  stopRun(tickId: string, cause: StopCause): boolean;
  stopAll(cause: StopCause, kinds: readonly string[]): number;
  running(): readonly { readonly runId: string; readonly cadence: string; readonly kind: string }[];
  /** Resolves when none of these kinds runs any more. */
  ended(kinds: readonly string[]): Promise<void>;
}

export interface JobsDeps {
  readonly clock: Clock;
  readonly files: Files;
  readonly paths: Paths;
  readonly journal: Journal;
  readonly capacity: Capacity;
  readonly conclusion: Conclusion;
  readonly deferrals: Deferrals;
  readonly book: HoldsBook;
  readonly purse: Purse;
  readonly runnerOf: (cadence: Cadence) => Runner;
  readonly newStop: () => StopSignal & { stop(cause: StopCause): void };
  /** A cadence, a lane or a workspace is free again. */
  readonly onFree: (cadence: string) => void;
}

type How = 'run' | 'adopt';

interface Active {
  readonly job: Job;
  readonly stop: ReturnType<JobsDeps['newStop']>;
  readonly isEnded: Promise<unknown>;
}

export function createJobs(deps: JobsDeps): Jobs {
  const { clock, paths, journal, capacity, conclusion, deferrals, book, purse } = deps;
  const active = new Map<string, Active>();
  const stopNotes = createStopNotes(deps);

  /** With a clean slate a success changes nothing that the next tick's gate would ask for: it need not wait for the flush. */
  function needsSettling(cadence: Cadence, end: RunEnd): boolean {
    const { breakers } = book.holds();
    return end.outcome.kind !== 'ok' || (!isEmpty(breakers) && keysOf(cadence).some((key) => Object.hasOwn(breakers, key)));
  }

  /** Answers what the cadence has to wait for, if anything. */
  function conclude(claim: Claim, job: Job, end: RunEnd, how: How): Promise<unknown> | undefined {
    const { cadence } = job;
    const { name, tick } = claim;
    const endedMs = clock.nowMs();
    const { ending, costUsd, hasRun = true } = end;
    const outcome = blamedOn(cadence, end.outcome, ending);
    const putOff = deferrals.count(claim, outcome);
    const transition = settle(name, tick, outcome, cadence.retry, endedMs, clock.random(), putOff);
    const chargedUsd = purse.charge(cadence, { kind: cadence.run.kind, outcome, ending, costUsd, hasRun }, job.runId);
    const { stdoutPath, stderrPath, evidence, result } = end;
    const { startedMs } = job;
    const run = recordOf({
      name,
      tick,
      cadence,
      startedMs,
      endedMs,
      outcome,
      transition,
      ending,
      stdoutPath,
      stderrPath,
      costUsd,
      evidence,
      chargedUsd,
      result,
      deferrals: putOff,
    });
    const mayRest = !needsSettling(cadence, end);
    const isSettled = conclusion.end({ claim, transition, run, runDirs: runFolders(paths, job, how), mayRest });
    // From here on the record speaks for the money.
    purse.release(job.runId);
    return mayRest ? undefined : isSettled;
  }

  /** What may cost money is on disk before it starts. */
  async function refusalOfDisk(): Promise<string | undefined> {
    try {
      await journal.flush();
      return undefined;
    } catch (error) {
      if (isDiskFault(error)) return error.message;
      throw error;
    }
  }

  async function beginPaid(job: Job, stop: StopSignal): Promise<RunEnd> {
    const refusal = await refusalOfDisk();
    return refusal === undefined ? deps.runnerOf(job.cadence).run(job, stop) : notBegun(refusal);
  }

  function begin(job: Job, stop: StopSignal, how: How): Promise<RunEnd> {
    const { kind } = job.cadence.run;
    try {
      if (how === 'adopt') return deps.runnerOf(job.cadence).adopt(job, stop);
      return kind === 'claude' || kind === 'agent' ? beginPaid(job, stop) : deps.runnerOf(job.cadence).run(job, stop);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The job holds its place in lane and workspace, and its money, from the first line on: nothing is awaited before it. */
  function follow(claim: Claim, job: Job, how: How): Promise<void> {
    const stop = deps.newStop();
    capacity.enter(job.runId, job.cadence);
    purse.reserve(job.runId, job.cadence);
    const isEnded = begin(job, stop, how).then(
      (end) => finish(claim, job, end, how),
      (error) => {
        if (isDiskFault(error)) return finish(claim, job, refusedByDisk(error.message), how);
        leave(job);
        throw error;
      },
    );
    active.set(job.runId, { job, stop, isEnded });
    return isEnded;
  }

  /** At once, where the cadence has to wait for nothing. */
  function finish(claim: Claim, job: Job, end: RunEnd, how: How): Promise<void> | undefined {
    let isSettled: Promise<unknown> | undefined;
    try {
      isSettled = conclude(claim, job, end, how);
    } catch (error) {
      leave(job);
      throw error;
    }
    if (isSettled !== undefined) return isSettled.then(() => leave(job));
    leave(job);
    return undefined;
  }

  function leave({ runId, cadence }: Job): void {
    active.delete(runId);
    capacity.leave(runId);
    purse.release(runId);
    deps.onFree(cadence.name);
  }

  function jobOf(claim: Claim, cadence: Cadence, startedMs: Ms): Job {
    const { id, attempts } = claim.name;
    return { runId: formatRunId(id, attempts), attempt: attempts, tickId: id, tick: claim.tick, cadence, startedMs };
  }

  return {
    start(claim, cadence) {
      const job = jobOf(claim, cadence, clock.nowMs());
      const { runId: run_id, tickId: tick, attempt } = job;
      book.onStart(keysOf(cadence), run_id);
      const { kind } = cadence.run;
      const claimed = { level: 'info', stage: 'claimed', cadence: cadence.name, tick, run_id, attempt } as const;
      if (kind === 'inline') {
        // These words reach no disk before the turn is over, so a handler need not wait until they are told.
        const isEnded = follow(claim, job, 'run');
        journal.emit(claimed, job.startedMs);
        return isEnded;
      }
      journal.emit(claimed);
      journal.emit({ level: 'info', stage: 'subsession_spawn', cadence: cadence.name, tick, run_id, kind, ...agentOf(cadence) });
      return follow(claim, job, 'run');
    },
    adopt(claim, cadence, startedMs) {
      const job = jobOf(claim, cadence, startedMs);
      book.onAdopt(job.runId);
      journal.emit({ level: 'info', stage: 'subsession_adopted', cadence: cadence.name, tick: job.tickId, run_id: job.runId });
      const isEnded = follow(claim, job, 'adopt');
      const cause = stopNotes.noted(job.runId);
      if (cause !== undefined) active.get(job.runId)?.stop.stop(cause);
      return isEnded;
    },
    stopRun(tickId, cause) {
      for (const { job, stop } of active.values()) {
        if (job.tickId !== tickId) continue;
        stopNotes.note(job.runId, cause);
        stop.stop(cause);
        return true;
      }
      return false;
    },
    stopAll(cause, kinds) {
      const hit = [...active.values()].filter(({ job }) => kinds.includes(job.cadence.run.kind));
      for (const { job, stop } of hit) {
        stopNotes.note(job.runId, cause);
        stop.stop(cause);
      }
      return hit.length;
    },
    running: () => [...active.values()].map(({ job }) => ({ runId: job.runId, cadence: job.cadence.name, kind: job.cadence.run.kind })),
    async ended(kinds) {
      await Promise.all([...active.values()].filter(({ job }) => kinds.includes(job.cadence.run.kind)).map(({ isEnded }) => isEnded));
    },
  };
}

/** Which of its agents, where there is a choice. */
function agentOf({ provider }: Cadence): { readonly provider?: string } {
  return provider === undefined ? {} : { provider };
}

/**
 * Where its children leave their traces; a handler has none. The guard's is there only where the disk did not let the runner tidy it away.
 * What was begun by an earlier owner was begun as the cadence was defined then.
 */
function runFolders({ running }: Paths, { runId, cadence: { run, guard, verify } }: Job, how: How): readonly string[] {
  const folder = `${running}/${runId}`;
  if (how === 'adopt') return [`${folder}.guard`, `${folder}.verify`, folder];
  const parts = [...(guard === undefined || guard.kind === 'inline' ? [] : [`${folder}.guard`]), ...(verify?.kind === 'command' ? [`${folder}.verify`] : [])];
  return run.kind === 'inline' && parts.length === 0 ? [] : [...parts, folder];
}

/** Runners do not reject; what a disk refuses all the same is nobody's failure, and must not end the owner. */
function refusedByDisk(reason: string): RunEnd {
  const outcome = { kind: 'defer', delayMs: TRY_AGAIN_MS, reason: `the disk refused: ${reason}` } as const;
  return { outcome, ending: undefined, stdoutPath: null, stderrPath: null };
}

function notBegun(reason: string): RunEnd {
  const outcome = { kind: 'defer', delayMs: undefined, reason: `that it starts cannot be written down: ${reason}` } as const;
  return { outcome, ending: undefined, hasRun: false, stdoutPath: null, stderrPath: null };
}
