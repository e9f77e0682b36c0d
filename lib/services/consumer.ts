import { type Cadence, DEFAULT_RETRY } from '../core/cadence.ts';
import { expiry, type HoldCause, isMomentary, type Verdict } from '../core/gate.ts';
import type { Paths } from '../core/paths.ts';
import { CONTROL_CADENCE, type TickName } from '../core/tick.ts';
import type { Ms } from '../core/time/instant.ts';
import { soonest } from '../core/time/soonest.ts';
import type { Clock, Definition, Definitions, Head, Journal, Queue } from '../ports.ts';
import type { Conclusion } from './conclusion.ts';
import { createDismissal } from './dismissal.ts';
import { createEarlyEnd, type EarlyEndDeps } from './early-end.ts';
import type { Gatekeeper } from './gatekeeper.ts';
import type { HoldsBook } from './holds-book.ts';
import type { Jobs } from './jobs.ts';
import { createOverlap } from './overlap.ts';
import { createOwnExpiry } from './own-expiry.ts';
import { createParking } from './parking.ts';
import type { Purse } from './purse.ts';
import { isDiskFault, TRY_AGAIN_MS } from './storage-health.ts';
import { createTurn } from './turn.ts';

/**
 * The owner's one decision, again and again: which tick may run now. The gate is asked about the head of each cadence
 * before anything is claimed; a held cadence is parked and not looked at again until its time or until something
 * changes. Work is done in short slices, so that signals, timers and other cadences have their turn.
 */
export interface Consumer {
  /** Looks at everything that may run now and starts it. Answers when to look again. Rejects where the disk refuses; ask again later. */
  poll(): Promise<Ms | undefined>;
  /** Holds, definitions or switches changed: look at every cadence again. */
  reconsider(): void;
  /** The last poll started nothing, nothing runs, and nothing is being written. */
  isDrained(): boolean;
  /** A run of this cadence has ended: it, and what waited for its lane or workspace, may go on. */
  freed(cadence: string): void;
  close(): void;
}

export interface ConsumerDeps extends Omit<EarlyEndDeps, 'dismissal'> {
  readonly clock: Clock;
  readonly paths: Paths;
  readonly queue: Queue;
  readonly journal: Journal;
  readonly definitions: Definitions;
  readonly gatekeeper: Gatekeeper;
  readonly conclusion: Conclusion;
  readonly book: HoldsBook;
  readonly jobs: Jobs;
  readonly purse: Pick<Purse, 'tend' | 'takeEasing'>;
  readonly control: Cadence;
  /** Reads the folder of definitions again: a file may be gone for the blink of a save. */
  readonly relook: () => void;
  /** Takes what a run threw that had to be a value: the owner must end. */
  readonly onFault: (error: unknown) => void;
  /** Which cadences this owner runs; orders it always carries out. */
  readonly serves: (cadence: string) => boolean;
}

/** What held a cadence when its head was last looked at: a hold may be over by the time that a tick is found too old. */
type HeldBy = Map<string, string>;

const SLICE_MS: Ms = 8;
const QUANTUM = 256;
const MAX_BACKLOG = 512;
const CLOCK_SLACK_MS: Ms = 60_000;

export function createConsumer(deps: ConsumerDeps): Consumer {
  const { clock, paths, queue, journal, definitions, gatekeeper, conclusion, book, jobs, purse } = deps;
  const dismissal = createDismissal({ clock, queue, journal, conclusion });
  const earlyEnd = createEarlyEnd({ ...deps, dismissal });
  const overlap = createOverlap({ queue, dismissal });
  const parking = createParking({ clock, queue, book });
  const ownExpiry = createOwnExpiry(queue);
  const turn = createTurn(clock, deps.onFault);
  const heldBy: HeldBy = new Map();
  let [isClosed, isIdle] = [false, false];
  /** What was passed over may run now, and the pass that finds it is still to come. */
  let isFreed = false;
  let sliceEndMs = 0;
  let againMs: Ms | undefined;
  let lookAgainMs: Ms | undefined;

  const sooner = (atMs: Ms | undefined): void => {
    if (atMs !== undefined) againMs = Math.min(againMs ?? atMs, atMs);
  };

  /** Once a slice. */
  function lookAround(): void {
    if (gatekeeper.lookAround()) parking.freeAll();
    if (purse.takeEasing()) parking.freeWhere((cause) => cause === 'budget');
    sooner(gatekeeper.lookAgainMs());
  }

  const isSliceOver = (): boolean => clock.nowMs() >= sliceEndMs;

  async function breathe(): Promise<void> {
    if (!isSliceOver()) return;
    await clock.breathe();
    lookAround();
    sliceEndMs = clock.nowMs() + SLICE_MS;
  }

  function find(cadence: string): Definition | undefined {
    const known = definitions.get(cadence);
    if (known !== undefined) return known;
    deps.relook();
    return definitions.get(cadence);
  }

  /** Starts what may run of one cadence. */
  async function serve(cadence: string): Promise<boolean> {
    const found = find(cadence);
    let hasStarted = false;
    for (let n = 0; n < QUANTUM && !isClosed; n += 1) {
      if (isSliceOver()) await breathe();
      const head = queue.head(cadence);
      if (head === undefined) return hasStarted;
      if (found === undefined) {
        if (isUnreadable(definitions, paths.cadences)) {
          parking.park(cadence, { untilMs: clock.nowMs() + TRY_AGAIN_MS, cause: 'broken' });
          return hasStarted;
        }
        await dismissal.bury(head.name, 'unknown-cadence', `there is no cadences/${cadence}.yaml or .md`);
        continue;
      }
      const definition = gatekeeper.choose(found);
      let verdict = gatekeeper.verdict(head.name, definition);
      if (verdict.kind === 'hold' && verdict.cause === 'busy' && definition.cadence?.overlap === 'skip') {
        if (await overlap.skip(head, definition.cadence)) continue;
        // The run under way may have ended meanwhile: from here to the parking nothing is awaited, or nobody would free it.
        verdict = gatekeeper.verdict(head.name, definition);
      }
      if (verdict.kind === 'expired') {
        await dismissal.bury(head.name, 'expired', expiry(heldBy.get(cadence) ?? verdict.held));
      } else if (verdict.kind === 'hold') {
        if (verdict.cause === 'due' && isBeyondRetry(head.name, definition.cadence, clock.nowMs())) {
          await queue.hasten(cadence);
          continue;
        }
        const endMs = ownExpiry.endMs(head.name, definition.cadence, verdict.cause);
        if (endMs === undefined || endMs > clock.nowMs()) {
          await hold(cadence, { ...verdict, untilMs: soonest([verdict.untilMs, endMs]) });
          return hasStarted;
        }
        await dismissal.bury(head.name, 'expired', expiry(verdict.because));
      } else if (definition.cadence !== undefined) {
        hasStarted = true;
        if (!(await startHead(head, definition.cadence))) return true;
      }
    }
    return true;
  }

  async function hold(cadence: string, verdict: Extract<Verdict, { kind: 'hold' }>): Promise<void> {
    parking.park(cadence, verdict);
    if (verdict.cause !== 'due') heldBy.set(cadence, verdict.because);
    sooner(verdict.untilMs);
    await keepOut(queue, cadence, verdict.cause);
  }

  /** False: the cadence is busy now. */
  async function startHead(head: Head, cadence: Cadence): Promise<boolean> {
    const taken = queue.take(head, cadence.run.kind !== 'inline');
    const claim = taken instanceof Promise ? await taken : taken;
    if (claim === undefined) return true;
    try {
      const isEnded = earlyEnd.end(claim, cadence, heldBy.get(cadence.name));
      if (isEnded !== false && (await isEnded)) return true;
      const isServing = overlap.coalesce(claim, cadence, breathe);
      if (isServing !== undefined) await isServing;
    } catch (error) {
      if (isDiskFault(error)) queue.putBack(claim);
      throw error;
    }
    heldBy.delete(cadence.name);
    // Also what lasts gets its turn to begin, before a handler comes that may end the owner.
    const isFree = await turn.endsIn(jobs.start(claim, cadence));
    if (conclusion.backlog() >= MAX_BACKLOG) await conclusion.idle();
    return isFree;
  }

  /** Orders first, one after the other; nothing holds them. */
  async function serveOrders(): Promise<void> {
    for (;;) {
      const head = queue.head(CONTROL_CADENCE);
      if (head === undefined) return;
      // Only an order that the disk refused is to wait, and not for longer than that.
      const restMs = head.name.dueMs - clock.nowMs();
      if (restMs > 0 && restMs <= TRY_AGAIN_MS) return sooner(head.name.dueMs);
      const claim = await queue.take(head);
      if (claim === undefined) continue;
      await jobs.start(claim, deps.control);
      parking.freeAll();
    }
  }

  async function pass(): Promise<boolean> {
    let hasStarted = false;
    isFreed = false;
    lookAgainMs = await queue.refresh();
    sooner(lookAgainMs);
    await serveOrders();
    for (const cadence of queue.cadences()) {
      if (isClosed) return false;
      if (cadence === CONTROL_CADENCE || !deps.serves(cadence)) continue;
      const cause = parking.heldFor(cadence, sooner);
      if (cause !== undefined) await keepOut(queue, cadence, cause);
      else if (await serve(cadence)) hasStarted = true;
    }
    return hasStarted;
  }

  return {
    async poll() {
      againMs = undefined;
      isIdle = false;
      lookAround();
      book.tend();
      purse.tend();
      sliceEndMs = clock.nowMs() + SLICE_MS;
      while (!isClosed && ((await pass()) || isFreed)) againMs = undefined;
      sooner(book.tend());
      sooner(purse.tend());
      sooner(gatekeeper.lookAgainMs());
      isIdle = true;
      if (jobs.running().length === 0) conclusion.hasten();
      return againMs;
    },
    reconsider() {
      isFreed = true;
      parking.freeAll();
    },
    freed(cadence) {
      isFreed = true;
      parking.free(cadence);
      parking.freeWhere(isMomentary);
    },
    // A look at the drop zone that is still to come counts however late it is: on a busy machine its time passes unnoticed.
    isDrained: () => isIdle && !isFreed && lookAgainMs === undefined && jobs.running().length === 0 && conclusion.backlog() === 0,
    close() {
      isClosed = true;
    },
  };
}

/** What is held for long leaves the drop zone, also what came after the hold. */
async function keepOut(queue: Queue, cadence: string, cause: HoldCause): Promise<void> {
  if (!isMomentary(cause) && cause !== 'halt') await queue.park(cadence);
}

/** Its time was set by a clock that has been set back since: no try waits longer than the longest delay. */
function isBeyondRetry(name: TickName, cadence: Cadence | undefined, nowMs: Ms): boolean {
  const { delaysMs, jitter } = cadence?.retry ?? DEFAULT_RETRY;
  return name.attempts > 0 && name.dueMs - nowMs > Math.max(0, ...delaysMs) * (1 + jitter) + CLOCK_SLACK_MS;
}

/** Then nothing in the folder is unknown, only unseen. */
function isUnreadable(definitions: Definitions, folder: string): boolean {
  return definitions.problems().some(({ path }) => path === folder);
}
