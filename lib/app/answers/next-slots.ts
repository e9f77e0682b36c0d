import type { Cadence } from '../../core/cadence.ts';
import { type SlotCursor, scheduleOf } from '../../core/slot/line.ts';
import { nextSlotAfter } from '../../core/slot/next.ts';
import { dueOf, formatSlot } from '../../core/slot/slot.ts';
import { nextInstant } from '../../core/time/calendar.ts';
import { slotsWithoutTimer } from '../../core/time/clock-change.ts';
import type { Ms } from '../../core/time/instant.ts';
import type { CadenceSchedule, SchedulerKind } from '../../core/time/schedule.ts';
import { describeSchedule } from '../../core/time/schedule-sentence.ts';
import { type Zone, zoneOf } from '../../core/time/zone.ts';
import { createSlotReading } from '../../history/slot-ledger.ts';
import { readMachine } from '../../platform/machine.ts';
import { createUptime } from '../../platform/uptime.ts';
import { readDefined, requireCadence } from '../definitions/defined.ts';
import { createReading, type Reading } from '../reading.ts';
import { nowMs } from '../root.ts';
import { brokenCadences } from './broken.ts';

export interface NextSlot {
  readonly cadence: string;
  readonly at: string;
  /** Later than `at` where stagger or jitter spread it. */
  readonly due: string;
  readonly timezone: string;
  readonly enabled: boolean;
}

const ZONE_HOLDS_MS: Ms = 1_000;
let zone = { name: '', askedMs: Number.NEGATIVE_INFINITY };

/** Asked once for all the cadences of an answer: it is a link of the system. */
function machineZone(): string {
  const sinceMs = nowMs() - zone.askedMs;
  if (sinceMs < 0 || sinceMs > ZONE_HOLDS_MS) zone = { name: createUptime().timezone(), askedMs: nowMs() };
  return zone.name;
}

export interface NextSlots {
  readonly slots: readonly NextSlot[];
  /** Who is broken, so that nobody can say whether it is due. */
  readonly broken: readonly string[];
  /** Whose file is broken, and fires by the last good version that its owner goes on with. */
  readonly kept: readonly string[];
}

/** The instants that come, soonest first, of one cadence or of all. */
export async function nextSlots(root: string, only: string | undefined, count: number): Promise<NextSlots> {
  const definitions = only === undefined ? readDefined(root).definitions : [requireCadence(root, only).definition];
  const unusable = definitions.filter(({ cadence }) => cadence === undefined);
  const reading = createReading(root);
  const broken = (await brokenCadences(reading, unusable)).map(({ name }) => name);
  const kept = unusable.flatMap(({ name }) => (broken.includes(name) ? [] : [name]));
  const cursors = decidedSlots(reading);
  const slots = definitions.flatMap(({ name, cadence }) => {
    const schedule = cadence?.schedule ?? planned(kept.includes(name) ? cursors.get(name) : undefined);
    if (schedule === undefined) return [];
    const timezone = schedule.timezone ?? machineZone();
    return comingSlots(schedule, zoneOf(timezone), `${readMachine().host}/${name}`, count, cursors.get(name)).map(({ atMs, dueMs }) => ({
      cadence: name,
      at: formatSlot(atMs),
      due: formatSlot(dueMs),
      timezone,
      enabled: cadence?.enabled ?? true,
    }));
  });
  const soonest = slots.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).slice(0, only === undefined ? Math.max(count, definitions.length) : count);
  return { slots: soonest, broken, kept };
}

/** As its owner fires it. */
function planned(cursor: SlotCursor | undefined): CadenceSchedule | undefined {
  return cursor?.plan == null ? undefined : scheduleOf(cursor.plan);
}

/** How far the slots of each cadence are decided. */
export function decidedSlots(reading: Pick<Reading, 'files' | 'paths'>): ReadonlyMap<string, SlotCursor> {
  return createSlotReading(reading).cursors();
}

/** The first one that comes; null: none does, or it is off. */
export function nextSlotOf({ name, schedule, enabled }: Cadence, cursors: ReturnType<typeof decidedSlots>): Omit<NextSlot, 'cadence' | 'enabled'> | null {
  if (schedule === undefined || !enabled) return null;
  const timezone = schedule.timezone ?? machineZone();
  const [next] = comingSlots(schedule, zoneOf(timezone), `${readMachine().host}/${name}`, 1, cursors.get(name));
  return next === undefined ? null : { at: formatSlot(next.atMs), due: formatSlot(next.dueMs), timezone };
}

function comingSlots(
  schedule: CadenceSchedule,
  zone: Zone,
  seed: string,
  count: number,
  cursor: SlotCursor | undefined,
): readonly { readonly atMs: Ms; readonly dueMs: Ms }[] {
  const coming: { atMs: Ms; dueMs: Ms }[] = [];
  for (let at = nextSlotAfter(schedule, zone, nowMs(), cursor); at !== undefined && coming.length < count; at = nextSlotAfter(schedule, zone, at, cursor))
    coming.push({ atMs: at, dueMs: dueOf(at, schedule, seed, nextInstant(schedule, zone, at)) });
  return coming;
}

/** For `check`: the schedule as it is understood, and its next instants in its own zone. */
export function restateSchedule(schedule: CadenceSchedule, count = 3): { readonly sentence: string; readonly zone: Zone; readonly nextMs: readonly Ms[] } {
  const zone = zoneOf(schedule.timezone ?? machineZone());
  return { sentence: describeSchedule(schedule), zone, nextMs: comingSlots(schedule, zone, '', count, undefined).map(({ atMs }) => atMs) };
}

const AHEAD_MS: Ms = 400 * 86_400_000;

/** Slots of the next year for which no timer of launchd or systemd will come, because clocks are changed; none where the owner wakes itself. */
export function timerGaps(schedule: CadenceSchedule, scheduler: SchedulerKind): readonly Ms[] {
  if (scheduler === 'builtin') return [];
  return slotsWithoutTimer(schedule, zoneOf(schedule.timezone ?? machineZone()), nowMs(), nowMs() + AHEAD_MS);
}

const MONTH_MS: Ms = 31 * 86_400_000;
const MOST_COUNTED = 100_000;

/** How often it fires in the longest month, from now on. */
export function firesPerMonth(schedule: CadenceSchedule): number {
  const zone = zoneOf(schedule.timezone ?? machineZone());
  const endMs = nowMs() + MONTH_MS;
  let fires = 0;
  for (let at = nextInstant(schedule, zone, nowMs()); at !== undefined && at <= endMs && fires < MOST_COUNTED; at = nextInstant(schedule, zone, at)) fires += 1;
  return fires;
}
