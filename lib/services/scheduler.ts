import { createHeap } from '../core/heap.ts';
import { type DueSlot, decideSlots, type SlotDecision } from '../core/slot/decision.ts';
import { type FiredBy, type SlotLine, timerLate } from '../core/slot/line.ts';
import { formatSlot } from '../core/slot/slot.ts';
import { type Ms, parseIso, toIso } from '../core/time/instant.ts';
import type { Clock, Definitions, Ids, Journal, SlotLedger, TickDrop, Uptime } from '../ports.ts';
import { dueSlots, type SlotEntry } from './slot-entry.ts';
import { createSlotPlans, type SlotPlans } from './slot-plans.ts';
import { expire, type SlotTicks, supersede } from './slot-waiting.ts';
import { announce, endLine, endsOfGone, noWork, type PutTick, tickOf, type Work } from './slot-work.ts';
import type { TimeGaps } from './time-gaps.ts';

/**
 * Fires the slots of schedules, and gives every one that is not fired its end. What is decided is written to the ledger
 * and flushed before a tick is put; the tick's id is made of cadence and slot. So a crash at any instant leaves a slot
 * undecided, or decided with a tick that the next owner puts again, which is the same tick.
 */
export interface Scheduler {
  /** Takes up where the last owner left. */
  start(): Promise<void>;
  /** Decides what has come due. Answers when to look again; undefined: nothing is scheduled. Rejects where the disk refuses. */
  pollOnce(): Promise<Ms | undefined>;
  /** Definitions have changed. */
  reconcile(): void;
  /** A timer of the system says that it is time: it stands for the latest slot by then. Answers what became of it; undefined: it has no schedule. */
  hint(cadence: string, arrivedMs: Ms): Promise<string | undefined>;
  /** No warnings about missed slots of this cadence until then. */
  ignore(cadence: string, untilMs: Ms): Promise<void>;
  /** `because` is left out by who never took up the schedules. */
  stop(because: string | undefined): Promise<void>;
}

export interface SchedulerDeps {
  readonly clock: Clock;
  readonly uptime: Uptime;
  readonly ids: Pick<Ids, 'keyed'>;
  readonly ledger: SlotLedger;
  readonly drop: TickDrop;
  readonly journal: Journal;
  readonly definitions: Definitions;
  readonly gaps: TimeGaps;
  /** What this machine is called: it spreads its starts differently from the next one. */
  readonly machine: string;
  /** When a definition was last edited; undefined: nobody knows. */
  readonly editedMs: (path: string) => Ms | undefined;
  readonly slotTicks: SlotTicks;
  /** Something may run now. */
  readonly wake: () => void;
}

const BATCH = 512;
/** A timer of the system has this long to deliver a slot before the owner fires it. */
const TIMER_PATIENCE_MS: Ms = 90_000;
/** A slot that starts this late is in time. */
const IN_TIME_MS: Ms = 60_000;

const COARSE_MS: Ms = 1000;

export function createScheduler(deps: SchedulerDeps): Scheduler {
  const { clock, ids, ledger, drop, journal, definitions, gaps, slotTicks } = deps;
  const heap = createHeap<{ readonly entry: SlotEntry; readonly wakeMs: Ms }>(
    (a, b) => a.wakeMs < b.wakeMs,
    ({ entry, wakeMs }) => plans.entry(entry.name) !== entry || entry.wakeMs !== wakeMs,
  );
  const plans: SlotPlans = createSlotPlans({
    ...deps,
    onEntry: arm,
    async settle(entry, untilMs) {
      const { lines, ticks } = await decide(entry, untilMs, clock.nowMs(), undefined);
      unput.push(...ticks);
      return lines;
    },
  });
  /** Decided, and not yet put: the disk refused. A batch has one time, by which the next owner knows what we may not live to put. */
  let [unput, batchTs]: [PutTick[], string | undefined] = [[], undefined];
  const rewound = { isDue: true, names: [] as string[] };
  const patienceMs = (): Ms => (definitions.settings().scheduler === 'builtin' ? 0 : TIMER_PATIENCE_MS);

  function arm(entry: SlotEntry): void {
    const { next, open } = entry;
    const nextMs = next === undefined ? Number.POSITIVE_INFINITY : next.dueMs + patienceMs();
    entry.wakeMs = Math.min(nextMs, open?.untilMs ?? Number.POSITIVE_INFINITY);
    if (Number.isFinite(entry.wakeMs)) heap.push({ entry, wakeMs: entry.wakeMs });
  }

  /** What has come due of one cadence, as lines and ticks; nothing is done yet but what must come first. */
  async function decide(entry: SlotEntry, slotUntilMs: Ms, dueUntilMs: Ms, by: FiredBy | undefined): Promise<Work> {
    const work = noWork();
    const due = dueSlots(entry, slotUntilMs, dueUntilMs);
    if (due === undefined) return work;
    const { catchup, windowMs } = entry.schedule;
    const inTimeMs = IN_TIME_MS + patienceMs();
    const cadence = definitions.get(entry.name)?.cadence;
    const off = cadence?.enabled === false ? `${cadence.path} says enabled: false` : undefined;
    const decisions = decideSlots({ due, nowMs: clock.nowMs(), catchup, windowMs, inTimeMs, off, absence: gaps.absence });
    for (const decision of decisions) {
      if (decision.kind === 'end') work.lines.push(endLine(entry.name, decision, clock.nowMs()));
      else await fire(entry, decision, by, work);
    }
    return work;
  }

  async function fire(entry: SlotEntry, decision: Extract<SlotDecision, { kind: 'fire' }>, by: FiredBy | undefined, work: Work): Promise<void> {
    const { slot, isLate } = decision;
    const { name } = entry;
    const overlap = definitions.get(name)?.cadence?.overlap;
    const gone = overlap === 'queue' ? undefined : await supersede(entry, slot, slotTicks, clock.nowMs());
    if (gone !== undefined) work.lines.push(gone);
    const isTimerLate = by === undefined && patienceMs() > 0 && !isLate;
    const because = isLate ? gaps.absence(slot.dueMs) : isTimerLate ? timerLate(TIMER_PATIENCE_MS) : undefined;
    const { line, tick } = firing(entry, slot, isLate || isTimerLate ? 'catchup' : (by ?? 'schedule'), because);
    work.lines.push(line);
    work.ticks.push(tick);
  }

  function firing(entry: SlotEntry, slot: DueSlot, by: FiredBy, because: string | undefined) {
    const { name, schedule } = entry;
    batchTs ??= toIso(clock.nowMs());
    const nowIso = batchTs;
    const text = formatSlot(slot.slotMs);
    const id = ids.keyed('slot', name, text);
    const untilMs = schedule.windowMs === undefined ? undefined : slot.dueMs + schedule.windowMs;
    entry.open = { ...slot, id, untilMs };
    const told = because === undefined ? {} : { because };
    const line: SlotLine = { ts: nowIso, kind: 'fired', cadence: name, slot: text, due: toIso(slot.dueMs), tick: id, by, ...told };
    return { line, tick: tickOf(name, id, slot.dueMs, text, nowIso, untilMs) };
  }

  /** In this order: the ledger, its flush, the ticks. What a fault leaves is done by the next call. */
  async function carryOut({ lines, ticks }: Readonly<Work>): Promise<void> {
    ledger.append(lines);
    unput.push(...ticks);
    for (const line of lines) announce(journal, line, 'cadence' in line ? ledger.cursor(line.cadence) : undefined, clock.nowMs());
    if (lines.length > 0 || unput.length > 0) await ledger.flush();
    if (unput.length === 0) return;
    drop.put(unput);
    [unput, batchTs] = [[], undefined];
    deps.wake();
  }

  /** Nothing new is decided before the ticks of what is decided are put: the ledger tells a next owner of one batch only. */
  async function putDecided(): Promise<void> {
    if (unput.length > 0) await carryOut(noWork());
  }

  async function decideBatch(): Promise<boolean> {
    const nowMs = clock.nowMs();
    const work = noWork();
    const touched: SlotEntry[] = [];
    try {
      try {
        while (touched.length < BATCH && (heap.peek()?.wakeMs ?? Number.POSITIVE_INFINITY) <= nowMs) {
          const { entry } = heap.pop() as { entry: SlotEntry };
          touched.push(entry);
          const expired = await expire(entry, slotTicks, nowMs);
          if (expired !== undefined) work.lines.push(expired);
          const { lines, ticks } = await decide(entry, nowMs, nowMs - patienceMs(), undefined);
          work.lines.push(...lines);
          work.ticks.push(...ticks);
        }
      } finally {
        // A refusal leaves the one it met undecided; the others' decisions hold.
        await carryOut(work);
      }
    } finally {
      // What the ledger has taken is decided; the rest comes up again.
      for (const entry of touched) plans.refresh(entry);
    }
    return touched.length > 0;
  }

  /** The last ticks that the owner before us decided on, should it not have lived to put them. Answers the ends of those whose schedule is gone since. */
  function putAgain(): readonly SlotLine[] {
    const lost = ledger.firedBefore.filter(({ cadence, tick }) => !slotTicks.isKnown(cadence, tick));
    for (const { cadence, tick, due, slot, ts } of lost) {
      const entry = plans.entry(cadence);
      if (entry === undefined) continue;
      const [dueMs, { windowMs }] = [parseIso(due) ?? 0, entry.schedule];
      unput.push(tickOf(cadence, tick, dueMs, slot, ts, windowMs === undefined ? undefined : dueMs + windowMs));
    }
    return endsOfGone(
      lost.filter(({ cadence }) => plans.entry(cadence) === undefined),
      deps,
    );
  }

  function lookAtTime(): void {
    const nowIso = toIso(clock.nowMs());
    const { slept, jumped } = gaps.look();
    for (const [kind, gap] of [
      ['slept', slept],
      ['clock_jumped', jumped],
    ] as const) {
      if (gap === undefined) continue;
      const span = { from: toIso(gap.fromMs), to: toIso(gap.toMs), because: gap.because };
      ledger.append([{ ts: nowIso, kind, ...span }]);
      journal.emit({ level: 'warn', stage: kind, ...span });
    }
    // Whoever slept may own nothing any more: the loop of the owner looks.
    if (slept !== undefined || jumped !== undefined) deps.wake();
    rewound.isDue ||= jumped !== undefined;
  }

  /** What holds from now on: the clock was set back, a definition was edited, the machine is in another zone. */
  async function keepUp(isStart: boolean): Promise<void> {
    if (rewound.isDue) {
      const { lines, names } = plans.rewound();
      // Where the disk refuses the lines, the ledger has them already, and says of nobody a second time that it was rewound.
      rewound.names.push(...names);
      await carryOut({ lines: [...lines], ticks: [] });
      rewound.isDue = false;
      const known = rewound.names.splice(0);
      if (!isStart) plans.adopt(known);
    }
    const { lines, names } = await plans.changes(isStart);
    try {
      await carryOut({ lines: [...lines], ticks: [] });
      plans.adopt(names);
    } catch (error) {
      plans.markChanged();
      throw error;
    }
  }

  return {
    async start() {
      const { life, lastTs } = ledger.lifeBefore;
      const fromMs = parseIso(lastTs);
      const last = life === undefined || life.kind === 'started' ? 'the last one died' : `the last one stopped: ${life.because}`;
      const bootedMs = clock.nowMs() - deps.uptime.sinceBootMs();
      const isOff = fromMs !== undefined && bootedMs > fromMs;
      const why = `${isOff ? `the machine was started at ${toIso(bootedMs).slice(0, 16)}Z and no owner ran before` : 'no owner was running'} (${last})`;
      if (fromMs !== undefined) gaps.note({ fromMs: Math.min(fromMs, clock.nowMs()), toMs: clock.nowMs(), because: why });
      ledger.append([{ ts: toIso(clock.nowMs()), kind: 'started', because: '' }]);
      await keepUp(true);
      const ended = putAgain();
      if (ended.length > 0) await carryOut({ lines: [...ended], ticks: [] });
    },
    async pollOnce() {
      lookAtTime();
      await putDecided();
      await keepUp(false);
      while (await decideBatch()) await clock.breathe();
      return heap.peek()?.wakeMs;
    },
    reconcile() {
      plans.markChanged();
    },
    async hint(cadence, arrivedMs) {
      const entry = plans.entry(cadence);
      if (entry === undefined) return undefined;
      // A file's own time is a few milliseconds coarse, and the slot it came for may seem to lie ahead of it.
      const slotMs = plans.slotBy(entry, Math.min(arrivedMs + COARSE_MS, Math.max(arrivedMs, clock.nowMs())));
      if (slotMs === undefined) return 'no slot of its schedule has come yet';
      await putDecided();
      if (slotMs <= entry.throughMs) return `the slot of ${formatSlot(slotMs)} that it stands for is decided already`;
      const work = await decide(entry, slotMs, Number.POSITIVE_INFINITY, 'timer');
      try {
        await carryOut(work);
      } finally {
        plans.refresh(entry);
      }
      return `it stands for the slot of ${formatSlot(slotMs)}, which ${work.ticks.length > 0 ? 'has a tick of its own' : 'has its end without a run'}`;
    },
    async ignore(cadence, untilMs) {
      ledger.append([{ ts: toIso(clock.nowMs()), kind: 'ignored', cadence, until: toIso(untilMs) }]);
      await ledger.flush();
    },
    async stop(because) {
      if (because !== undefined) ledger.append([{ ts: toIso(clock.nowMs()), kind: 'stopped', because }]);
      await ledger.flush();
      ledger.save();
      ledger.close();
    },
  };
}
