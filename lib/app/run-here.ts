import { CadenceError } from '../core/error.ts';
import type { BusEvent } from '../core/event.ts';
import type { Ms } from '../core/instant.ts';
import { isFinal, type RunRecord } from '../core/run.ts';
import { formatRunId } from '../core/tick.ts';
import { createClock } from '../platform/clock.ts';
import { type Answer, askOwner, probeOwner } from '../platform/control.ts';
import type { Closeable } from '../ports.ts';
import { followLogs, type Stream } from './following.ts';
import { lookupHeld } from './held-record.ts';
import { HOOKS_WITHIN_MS, waitForHooks } from './hook-results.ts';
import type { Owner } from './owner.ts';
import { ownMeanwhile } from './owning.ts';
import { createReading } from './reading.ts';
import { nowMs } from './root.ts';
import { waitForRun } from './waiting.ts';

/** A run's own words, as they come. */
export type OnOutput = (text: string, stream: Stream) => void;

type Leaves = boolean | 'first';

/**
 * Waits for a tick's end, its output live. Where nobody owns the root, this process is the owner meanwhile and runs the
 * tick's cadence, in the order of its ticks; nothing else is started but hooks and notices, which are waited
 * for a while. An owner that ends before the tick does, such as another process that waited like this, is followed by us.
 * `leaves`: a run that asks to be tried later is an end too, though its tick waits, whoever is the owner. `first`: so is
 * the first try, whatever came of it and whoever is the owner.
 */
export async function runHere(root: string, tick: string, timeoutMs: Ms | undefined, onOutput: OnOutput, leaves: Leaves = false): Promise<RunRecord> {
  const untilMs = timeoutMs === undefined ? undefined : nowMs() + timeoutMs;
  for (;;) {
    const leftMs = untilMs === undefined ? undefined : Math.max(0, untilMs - nowMs());
    const state = await probeOwner(root);
    const run = await (state.kind === 'none'
      ? runAsOwner(root, tick, leftMs, onOutput, leaves)
      : runByOwner({ root, tick, id: leaves === 'first' ? formatRunId(tick, 1) : tick, leaves }, leftMs, onOutput));
    if (run !== undefined) return run;
  }
}

/** undefined: somebody else is the owner now. */
async function runAsOwner(root: string, tick: string, timeoutMs: Ms | undefined, onOutput: OnOutput, leaves: Leaves): Promise<RunRecord | undefined> {
  const only = createReading(root).lookup(tick).cadence;
  const live = createLive(root, tick, onOutput);
  return ownMeanwhile({ root, only, onEvent: live.see }, 'the run has ended', async (owner) => {
    const run = await endOf(owner, tick, timeoutMs, leaves);
    if (run === undefined || !isFinal(run.status)) live.stop();
    await live.ended();
    if (run !== undefined) await waitForHooks(root, run, HOOKS_WITHIN_MS);
    if (run !== undefined) return run;
    const { status, reason } = await lookupHeld(root, tick);
    if (status === 'running')
      throw new CadenceError('timeout', `${tick} has not ended`, `Its child goes on; the next owner adopts it. Look again: cadence-bus show ${tick}`);
    throw new CadenceError('timeout', `${tick} is still ${status}${reason === '' ? '' : `: ${reason}`}`, `It waits for an owner: cadence-bus show ${tick}`);
  });
}

function isEnd({ status }: RunRecord, leaves: Leaves): boolean {
  return isFinal(status) || (leaves !== false && status === 'waiting') || (leaves === 'first' && status === 'failed');
}

/** undefined: the time is over. */
async function endOf(owner: Owner, tick: string, timeoutMs: Ms | undefined, leaves: Leaves): Promise<RunRecord | undefined> {
  const { conclusion, clock, history } = owner.parts;
  let timer: Closeable | undefined;
  const end = new Promise<RunRecord>((resolve) => {
    conclusion.onRecord((run) => {
      if (run.tick === tick && isEnd(run, leaves)) resolve(run);
    });
  });
  // An earlier owner may have ended it in the instant before we took over.
  const known = history.find(tick);
  const late = new Promise<undefined>((resolve) => {
    if (timeoutMs !== undefined) timer = clock.after(timeoutMs, () => resolve(undefined));
  });
  try {
    return known !== undefined && isFinal(known.status) ? known : await Promise.race([end, late, owner.ended.then(() => undefined)]);
  } finally {
    timer?.close();
  }
}

interface Awaiting {
  readonly root: string;
  readonly tick: string;
  /** The tick, or its first run. */
  readonly id: string;
  readonly leaves: Leaves;
}

/** undefined: the owner has ended before the tick. */
async function runByOwner({ root, tick, id, leaves }: Awaiting, timeoutMs: Ms | undefined, onOutput: OnOutput): Promise<RunRecord | undefined> {
  const live = createLive(root, id, onOutput);
  const hearing = new AbortController();
  const leave = new AbortController();
  let deferred: RunRecord | undefined;
  // It may have been put off before anybody listened, and then the first answer finds it so.
  const lookForDeferral = (event: BusEvent | undefined): void => {
    if (leaves !== true || (event !== undefined && (event.stage !== 'deferred' || event.tick !== tick))) return;
    const last = createReading(root).history.find(tick);
    if (last?.status !== 'waiting') return;
    deferred = last;
    leave.abort();
  };
  const see = ({ event }: Answer): void => {
    if (event === undefined) live.look();
    else live.see(event as BusEvent);
    lookForDeferral(event as BusEvent | undefined);
  };
  const heard = Promise.allSettled([askOwner(root, { op: 'events' }, see, hearing.signal)]);
  try {
    const last = await waitForRun(root, id, timeoutMs, leave.signal);
    const run = deferred ?? last;
    // It may have been over before anybody listened; its words lie there still.
    live.begin(run.run_id);
    // What was put off ends for nobody else: its log would be followed for ever.
    if (run.status === 'waiting') live.stop();
    await live.ended();
    await waitForHooks(root, run, HOOKS_WITHIN_MS);
    return run;
  } catch (error) {
    if (error instanceof CadenceError && error.code === 'no_owner') return undefined;
    throw error;
  } finally {
    live.stop();
    hearing.abort();
    await heard;
  }
}

/** The words of each of a tick's runs, from when it begins. Best effort: the end is what counts. */
function createLive(root: string, tick: string, onOutput: OnOutput) {
  const followed = new Map<string, Promise<unknown>>();
  const leave = new AbortController();
  const follow = async (runId: string): Promise<void> => {
    await createClock().breathe();
    await followLogs(root, runId, { streams: ['stdout', 'stderr'], raw: false, told: true }, ({ text, stream }) => onOutput(text, stream), leave.signal);
  };
  const begin = (runId: string): void => {
    if (!followed.has(runId)) followed.set(runId, Promise.allSettled([follow(runId)]));
  };
  return {
    begin,
    see({ stage, run_id, tick: of }: BusEvent): void {
      if ((stage === 'subsession_spawn' || stage === 'subsession_adopted') && of === tick && run_id !== undefined) begin(run_id);
    },
    /** It may have been under way before anybody listened. */
    look(): void {
      const now = createReading(root).lookup(tick);
      if (now.status === 'running') begin(now.run_id);
    },
    async ended(): Promise<void> {
      await Promise.all(followed.values());
    },
    stop: () => leave.abort(),
  };
}
