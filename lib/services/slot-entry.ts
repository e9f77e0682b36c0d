import { type DueSlot, type DueSlots, MOST_CAUGHT_UP } from '../core/slot/decision.ts';
import { type SlotCursor, type SlotPlan, scheduleOf } from '../core/slot/line.ts';
import { dueOf } from '../core/slot/slot.ts';
import { instantsBetween, nextInstant } from '../core/time/calendar.ts';
import { type Ms, parseIso } from '../core/time/instant.ts';
import type { CadenceSchedule } from '../core/time/schedule.ts';
import { type Zone, zoneOf } from '../core/time/zone.ts';

/** One cadence in the scheduler's memory: its plan, how far it is decided, and what comes next. */
export interface SlotEntry {
  readonly name: string;
  readonly plan: SlotPlan;
  readonly schedule: CadenceSchedule;
  readonly zone: Zone;
  readonly seed: string;
  /** Slots that were fired before the clock was set back; they have their tick. */
  readonly ahead: ReadonlySet<Ms>;
  throughMs: Ms;
  /** undefined: nothing comes any more. */
  next: DueSlot | undefined;
  /** The last tick of it that was put and may still wait. */
  open: OpenSlot | undefined;
  /** When it must be looked at; an entry in the heap with another time is stale. */
  wakeMs: Ms;
}

export interface OpenSlot extends DueSlot {
  readonly id: string;
  /** When its window is over. */
  readonly untilMs: Ms | undefined;
}

/** undefined: the plan was written by a newer version. */
export function createEntry(name: string, cursor: SlotCursor, machine: string): SlotEntry | undefined {
  const { plan } = cursor;
  const schedule = plan === null ? undefined : scheduleOf(plan);
  if (plan === null || schedule === undefined) return undefined;
  const entry: SlotEntry = {
    name,
    plan,
    schedule,
    zone: zoneOf(plan.zone),
    seed: `${machine}/${name}`,
    ahead: new Set(cursor.ahead.flatMap((text) => parseIso(text) ?? [])),
    throughMs: parseIso(cursor.through) ?? 0,
    next: undefined,
    open: openOf(cursor, schedule.windowMs),
    wakeMs: 0,
  };
  advance(entry, entry.throughMs);
  return entry;
}

function openOf({ fired }: SlotCursor, windowMs: Ms | undefined): OpenSlot | undefined {
  if (fired === null) return undefined;
  const [slotMs, dueMs] = [parseIso(fired.slot) ?? 0, parseIso(fired.due) ?? 0];
  return { slotMs, dueMs, id: fired.tick, untilMs: windowMs === undefined ? undefined : dueMs + windowMs };
}

/** Everything up to here is decided. */
export function advance(entry: SlotEntry, throughMs: Ms): void {
  const { schedule, zone, ahead } = entry;
  entry.throughMs = Math.max(entry.throughMs, throughMs);
  let slotMs = nextInstant(schedule, zone, entry.throughMs);
  while (slotMs !== undefined && ahead.has(slotMs)) slotMs = nextInstant(schedule, zone, slotMs);
  entry.next = slotMs === undefined ? undefined : withDue(entry, slotMs);
}

function withDue({ schedule, zone, seed }: SlotEntry, slotMs: Ms): DueSlot {
  const isSpread = schedule.staggerMs + schedule.jitterMs > 0;
  return { slotMs, dueMs: dueOf(slotMs, schedule, seed, isSpread ? nextInstant(schedule, zone, slotMs) : undefined) };
}

/** The undecided slots up to `slotUntilMs` whose time has come by `dueUntilMs`. */
export function dueSlots(entry: SlotEntry, slotUntilMs: Ms, dueUntilMs: Ms): DueSlots | undefined {
  const { next, schedule, zone, ahead } = entry;
  if (next === undefined || next.slotMs > slotUntilMs || next.dueMs > dueUntilMs) return undefined;
  let count = 0;
  let newest: DueSlot[] = [];
  for (const slotMs of instantsBetween(schedule, zone, entry.throughMs, slotUntilMs)) {
    if (ahead.has(slotMs)) continue;
    const slot = withDue(entry, slotMs);
    if (slot.dueMs > dueUntilMs) break;
    count += 1;
    newest.push(slot);
    if (newest.length > 4 * MOST_CAUGHT_UP) newest = newest.slice(-MOST_CAUGHT_UP - 1);
  }
  return { firstMs: next.slotMs, count, newest: newest.slice(-MOST_CAUGHT_UP - 1) };
}
