import { createTickDrop } from '../../bus/tick-drop.ts';
import { isMomentary } from '../../core/gate.ts';
import { parseRunId } from '../../core/tick.ts';
import type { Ms } from '../../core/time/instant.ts';
import { createSlotLedger } from '../../history/slot-ledger.ts';
import { createLoop, type Loop } from '../../loop.ts';
import { createUptime } from '../../platform/uptime.ts';
import type { Queue, TickDrop, Uptime } from '../../ports.ts';
import type { Conclusion } from '../../services/conclusion.ts';
import { createDismissal } from '../../services/dismissal.ts';
import type { Gatekeeper } from '../../services/gatekeeper.ts';
import type { Jobs } from '../../services/jobs.ts';
import { createScheduler, type Scheduler } from '../../services/scheduler.ts';
import type { SlotTicks } from '../../services/slot-waiting.ts';
import { isDiskFault, type StorageHealth, TRY_AGAIN_MS } from '../../services/storage-health.ts';
import { createTimeGaps } from '../../services/time-gaps.ts';
import type { Storage } from '../storage.ts';

/** The schedules of an owner that runs everything. An owner for one order or one run has none of it. */
export interface Scheduling {
  /** Takes up where the last owner left, and goes on by itself. */
  begin(): Promise<void>;
  /** One look, as the loop takes it; for tests that move the time. */
  poll(): Promise<Ms | undefined>;
  reconcile(): void;
  hint: Scheduler['hint'];
  ignore: Scheduler['ignore'];
  end(because: string): Promise<void>;
}

export interface SchedulingParts {
  readonly storage: Storage;
  readonly queue: Queue;
  readonly conclusion: Conclusion;
  readonly gatekeeper: () => Gatekeeper;
  readonly jobs: () => Jobs;
  readonly health: StorageHealth;
  /** Its tick has ended. */
  readonly hasEnded: (tickId: string) => boolean;
  readonly uptime?: Uptime | undefined;
  readonly wake: () => void;
  readonly onFault: (error: unknown) => void;
}

/** With a slot to come, sleep, a jump of the clock and another time zone are noticed within this; else nobody wakes up for them. */
const LOOK_MS: Ms = 60_000;

export function composeScheduling(parts: SchedulingParts): Scheduling {
  const { clock } = parts.storage;
  let scheduler: Scheduler | undefined;
  let loop: Loop | undefined;
  let isTakenUp = false;

  async function look(): Promise<Ms | undefined> {
    scheduler ??= createParts(parts);
    if (!isTakenUp) {
      // Ticks of slots that the last owner put must be known before anything is decided about them.
      await parts.queue.refresh(true);
      await scheduler.start();
    }
    isTakenUp = true;
    return scheduler.pollOnce();
  }

  /** A disk that refuses ends nobody: what runs goes on, and slots are decided when it is well again. */
  async function poll(): Promise<Ms | undefined> {
    try {
      const nextMs = await look();
      parts.health.well('slots');
      return nextMs;
    } catch (error) {
      if (!isDiskFault(error)) throw error;
      parts.health.failed('slots', error.message);
      return clock.nowMs() + TRY_AGAIN_MS;
    }
  }

  return {
    async begin() {
      await poll();
      loop = createLoop({ clock, poll, onError: parts.onFault, longestMs: LOOK_MS });
      loop.wake();
    },
    poll,
    reconcile() {
      scheduler?.reconcile();
      loop?.wake();
    },
    async hint(cadence, arrivedMs) {
      if (isTakenUp) return scheduler?.hint(cadence, arrivedMs);
      // An owner for one run: were it to run the hint, the next owner would run the slot once more.
      const isScheduled = parts.storage.definitions.get(cadence)?.cadence?.schedule !== undefined;
      return isScheduled ? 'the slot that it stands for is decided by the next owner that takes up the schedules' : undefined;
    },
    async ignore(cadence, untilMs) {
      scheduler ??= createParts(parts);
      await scheduler.ignore(cadence, untilMs);
    },
    async end(because) {
      await loop?.stop();
      if (scheduler !== undefined) await scheduler.stop(isTakenUp ? because : undefined);
    },
  };
}

function createParts(parts: SchedulingParts): Scheduler {
  const { clock, files, paths, ids, machine, journal, definitions } = parts.storage;
  const uptime = parts.uptime ?? createUptime();
  return createScheduler({
    clock,
    uptime,
    ids,
    ledger: createSlotLedger({ files, clock, paths }),
    drop: createSlotDrop(parts.queue, createTickDrop({ files, paths, ids })),
    journal,
    definitions,
    gaps: createTimeGaps({ clock, uptime }),
    machine: machine.host,
    editedMs: (path) => files.info(path)?.mtimeMs,
    slotTicks: createSlotTicks(parts),
    wake: parts.wake,
  });
}

/** A few are accepted at once, each with a flush of its own; of many the flush would take longer than all they ask for. */
const MOST_AT_ONCE = 8;

function createSlotDrop(queue: Queue, batches: TickDrop): TickDrop {
  return {
    put(ticks) {
      if (ticks.length <= MOST_AT_ONCE) for (const { name, tick } of ticks) queue.put(name, tick);
      else {
        batches.put(ticks);
        queue.expect();
      }
    },
  };
}

function createSlotTicks({ storage, queue, conclusion, gatekeeper, jobs, hasEnded }: SchedulingParts): SlotTicks {
  const { clock, journal, definitions, history } = storage;
  const dismissal = createDismissal({ clock, queue, journal, conclusion });

  /** By a rule, not by what runs this moment. */
  function heldBy(name: NonNullable<ReturnType<Queue['find']>>): string | undefined {
    const definition = definitions.get(name.cadence);
    const verdict = definition === undefined ? undefined : gatekeeper().verdict(name, definition);
    return verdict?.kind === 'hold' && verdict.cause !== 'due' && !isMomentary(verdict.cause) ? verdict.because : undefined;
  }

  return {
    waiting(id) {
      const name = queue.find(id);
      return name === undefined || name.attempts > 0 ? undefined : { name, held: heldBy(name) };
    },
    isKnown: (cadence, id) =>
      queue.find(id) !== undefined ||
      hasEnded(id) ||
      jobs()
        .running()
        .some(({ runId }) => parseRunId(runId)?.id === id) ||
      history.attempts(cadence, id).length > 0,
    dismiss: dismissal.dismiss,
  };
}
