import { CadenceError } from '../core/error.ts';
import { isFinal, type RunRecord } from '../core/run.ts';
import { createClock } from '../platform/clock.ts';
import { probeOwner } from '../platform/control.ts';
import { followLogs } from './following.ts';
import { createReading } from './reading.ts';
import { waitForRun } from './waiting.ts';

/**
 * Waits for a tick's end, its output live. Where nobody owns the root, this process is the owner meanwhile and runs the
 * tick's cadence, in the order of its ticks; nothing else is started.
 */
export async function runHere(
  root: string,
  tick: string,
  timeoutMs: number | undefined,
  live: { readonly onOutput: (text: string) => void },
): Promise<RunRecord> {
  const state = await probeOwner(root);
  if (state.kind !== 'none') return waitForRun(root, tick, timeoutMs);
  const { startOwner } = await import('./owner.ts');
  const cadence = createReading(root).lookup(tick).cadence;
  const followed: Promise<unknown>[] = [];
  const owner = await startOwner({
    root,
    only: cadence,
    onEvent: ({ stage, run_id, tick: of }) => {
      if (stage === 'subsession_spawn' && of === tick && run_id !== undefined) followed.push(follow(root, run_id, live.onOutput));
    },
  });
  const end = new Promise<RunRecord>((resolve) => {
    owner.parts.conclusion.onRecord((run) => {
      if (run.tick === tick && isFinal(run.status)) resolve(run);
    });
  });
  const timer = new Promise<undefined>((resolve) => timeoutMs !== undefined && owner.parts.clock.after(timeoutMs, () => resolve(undefined)));
  const run = await Promise.race([end, timer, owner.ended.then(() => undefined)]);
  await Promise.allSettled(followed);
  await owner.stop(run === undefined ? 'the wait ended' : 'the run has ended');
  if (run !== undefined) return run;
  throw new CadenceError('timeout', `${tick} has not ended`, `Its child goes on; the next owner adopts it. Look again: cadence-bus show ${tick}`);
}

/** Best effort: a run without output, or one that has ended already, has nothing to follow. */
async function follow(root: string, runId: string, onOutput: (text: string) => void): Promise<void> {
  await createClock().breathe();
  await followLogs(root, runId, { streams: ['stdout', 'stderr'], raw: false }, ({ text }) => onOutput(text));
}
