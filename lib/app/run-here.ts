import { CadenceError } from '../core/error.ts';
import type { BusEvent } from '../core/event.ts';
import { GAVE_WAY } from '../core/owner.ts';
import { isFinal, type RunRecord } from '../core/run.ts';
import { shellWord } from '../core/text/shell-word.ts';
import { formatRunId } from '../core/tick.ts';
import type { Ms } from '../core/time/instant.ts';
import { createClock } from '../platform/clock.ts';
import { type Answer, askOwner, probeOwner } from '../platform/control.ts';
import type { Closeable } from '../ports.ts';
import { lookupHeld } from './answers/held-record.ts';
import { HOOKS_WITHIN_MS, waitForHooks } from './answers/hook-results.ts';
import { createSeam, listEvents } from './answers/journal-view.ts';
import { followLogs, type Stream } from './following.ts';
import { ownRun } from './nested.ts';
import { lendPlaces } from './owner/control.ts';
import { describeHolding, isUntold } from './owner/holding.ts';
import type { Owner } from './owner/owner.ts';
import { askOwnerWords } from './owner/owner-words.ts';
import { ownMeanwhile } from './owner/owning.ts';
import { createReading } from './reading.ts';
import { nowMs } from './root.ts';
import { leftBehind, waitForRun } from './waiting.ts';

/** Who hears of it while it lasts. */
export interface Hearer {
  /** A run's own words, as they come. */
  output(text: string, stream: Stream): void;
  /** Everything that happens meanwhile, whoever is the owner. */
  readonly event?: (event: BusEvent) => void;
  /** Why it has not begun a while after it was dropped. */
  readonly waits?: (because: string) => void;
  /** Aborted when it waits no longer, though its time is not over. */
  readonly leave?: AbortSignal;
}

type Leaves = boolean | 'first';

/**
 * Waits for a tick's end, its output live. Where nobody owns the root, this process is the owner meanwhile and runs the
 * tick's cadence, in the order of its ticks; nothing else is started but hooks and notices, which are waited
 * for a while. An owner that ends before the tick does, such as another process that waited like this, is followed by us.
 * While nothing of it runs, an owner that is to stay takes over from us, and runs the tick.
 * `leaves`: a run that asks to be tried later is an end too, though its tick waits, whoever is the owner. `first`: so is
 * the first try, whatever came of it and whoever is the owner.
 */
export async function runHere(root: string, tick: string, timeoutMs: Ms | undefined, hearer: Hearer, leaves: Leaves = false): Promise<RunRecord> {
  const untilMs = timeoutMs === undefined ? undefined : nowMs() + timeoutMs;
  for (;;) {
    const leftMs = untilMs === undefined ? undefined : Math.max(0, untilMs - nowMs());
    const state = await probeOwner(root, undefined, hearer.leave);
    const run = await (state.kind === 'none'
      ? runAsOwner(root, tick, leftMs, hearer, leaves)
      : runByOwner({ root, tick, id: leaves === 'first' ? formatRunId(tick, 1) : tick, leaves }, leftMs, hearer));
    if (run !== undefined) return run;
    if (state.kind === 'none') await untilOwned(root, hearer.leave);
  }
}

const OWNED_WITHIN_MS = 5_000;
const LOOK_AGAIN_MS = 50;

/** Whoever we gave way to is a moment away; if he does not come, it is our turn again. */
async function untilOwned(root: string, leave: AbortSignal | undefined): Promise<void> {
  const giveUpMs = nowMs() + OWNED_WITHIN_MS;
  while (leave?.aborted !== true && nowMs() < giveUpMs && (await probeOwner(root, undefined, leave)).kind === 'none')
    await new Promise<void>((resolve) => createClock().after(LOOK_AGAIN_MS, resolve));
}

/** undefined: somebody else is the owner now, or will be in a moment. */
async function runAsOwner(root: string, tick: string, timeoutMs: Ms | undefined, hearer: Hearer, leaves: Leaves): Promise<RunRecord | undefined> {
  const only = createReading(root).lookup(tick).cadence;
  const live = createLive(root, tick, hearer);
  return ownMeanwhile({ root, only, onEvent: live.see }, 'the run has ended', async (owner) => {
    const [by, over] = [ownRun(), new AbortController()];
    if (by !== undefined) lendPlaces(owner.parts, { by, tick, isOpen: () => true }, owner.wake);
    const told = Promise.allSettled([tellWhyNot(root, tick, live, hearer, over.signal)]);
    const run = await endOf(owner, tick, { timeoutMs, leaves, leave: hearer.leave }).finally(() => over.abort());
    await told;
    if (run === GAVE_WAY) return undefined;
    // An owner before us may have run it before anybody listened; its words lie there still.
    if (run !== undefined) live.begin(run.run_id);
    if (run === undefined || !isFinal(run.status)) live.stop();
    await live.ended();
    if (run !== undefined) await waitForHooks(root, run, HOOKS_WITHIN_MS);
    if (run !== undefined) return run;
    const { status, reason } = await lookupHeld(root, tick);
    const at = `${tick} --root ${shellWord(root)}`;
    if (status === 'running')
      throw new CadenceError(
        'timeout',
        `${tick} has not ended`,
        `Its child goes on; the next owner adopts it: cadence-bus wait ${at}, or cadence-bus cancel ${at}`,
      );
    throw new CadenceError('timeout', `${tick} is still ${status}${reason === '' ? '' : `: ${reason}`}`, `It waits for an owner: cadence-bus show ${at}`);
  });
}

function isEnd({ status }: RunRecord, leaves: Leaves): boolean {
  return isFinal(status) || (leaves !== false && status === 'waiting') || (leaves === 'first' && status === 'failed');
}

interface Patience {
  readonly timeoutMs: Ms | undefined;
  readonly leaves: Leaves;
  readonly leave: AbortSignal | undefined;
}

/** undefined: the time is over, or whoever waited has left. Or the word for that we gave way. */
async function endOf(owner: Owner, tick: string, { timeoutMs, leaves, leave }: Patience): Promise<RunRecord | typeof GAVE_WAY | undefined> {
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
    leave?.addEventListener('abort', () => resolve(undefined));
    // It may have been while this process became the owner.
    if (leave?.aborted === true) resolve(undefined);
  });
  try {
    return known !== undefined && isFinal(known.status)
      ? known
      : await Promise.race([end, late, owner.ended.then((because) => (because === GAVE_WAY ? GAVE_WAY : undefined))]);
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
async function runByOwner({ root, tick, id, leaves }: Awaiting, timeoutMs: Ms | undefined, hearer: Hearer): Promise<RunRecord | undefined> {
  const live = createLive(root, id, hearer);
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
  const heard = Promise.allSettled([askOwner(root, { op: 'events' }, see, hearing.signal), tellWhyNot(root, tick, live, hearer, hearing.signal)]);
  try {
    const last = await waitForRun(root, id, timeoutMs, AbortSignal.any([leave.signal, ...(hearer.leave === undefined ? [] : [hearer.leave])]));
    if (hearer.leave?.aborted === true && !isEnd(last, leaves)) throw leftBehind(root, tick);
    const run = deferred ?? last;
    // As above.
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

const BEGUN_WITHIN_MS = 1_500;

async function tellWhyNot(root: string, tick: string, live: { hasBegun(): boolean }, { waits }: Hearer, signal: AbortSignal): Promise<void> {
  if (waits === undefined) return;
  await new Promise<void>((resolve) => {
    const timer = createClock().after(BEGUN_WITHIN_MS, resolve);
    signal.addEventListener('abort', () => [timer.close(), resolve()]);
  });
  if (signal.aborted || live.hasBegun()) return;
  const owner = await probeOwner(root, undefined, signal);
  if (signal.aborted) return;
  if (owner.kind === 'silent') return waits('its owner does not answer (stopped or asleep); see cadence-bus status');
  const { cadence, status, reason } = createReading(root).lookup(tick);
  if (isFinal(status) || reason !== '') return;
  const { holding } = await askOwnerWords(root, signal);
  const mine = holding.find((one) => one.cadence === cadence && one.cause !== 'disabled' && isUntold(one));
  if (mine !== undefined && !live.hasBegun() && !signal.aborted) waits(describeHolding(mine));
}

/** So long may it take until an owner hears that somebody listens. */
const MISSED_AT_MOST_MS = 5_000;

/** The words of each of a tick's runs, from when it begins. Best effort: the end is what counts. */
function createLive(root: string, tick: string, hearer: Hearer) {
  const followed = new Map<string, Promise<unknown>>();
  const seam = createSeam((event) => hearer.event?.(event));
  const beganMs = nowMs() - MISSED_AT_MOST_MS;
  const leave = new AbortController();
  const follow = async (runId: string): Promise<void> => {
    await createClock().breathe();
    await followLogs(root, runId, { streams: ['stdout', 'stderr'], raw: false, told: true }, ({ text, stream }) => hearer.output(text, stream), leave.signal);
  };
  const begin = (runId: string): void => {
    if (!followed.has(runId)) followed.set(runId, Promise.allSettled([follow(runId)]));
  };
  return {
    begin,
    hasBegun: () => followed.size > 0,
    see(event: BusEvent): void {
      const { stage, run_id, tick: of } = event;
      (of === tick ? seam.see : hearer.event)?.(event);
      if ((stage === 'subsession_spawn' || stage === 'subsession_adopted') && of === tick && run_id !== undefined) begin(run_id);
    },
    /** It may have been under way before anybody listened. */
    look(): void {
      if (hearer.event !== undefined) listEvents(root, { id: tick, sinceMs: beganMs, limit: undefined }, seam.see);
      const now = createReading(root).lookup(tick);
      if (now.status === 'running') begin(now.run_id);
    },
    async ended(): Promise<void> {
      await Promise.all(followed.values());
    },
    stop: () => leave.abort(),
  };
}
