import type { RunRecord } from '../../core/run.ts';
import { accountSlot, type SlotFacts, type SlotView, slotsOf } from '../../core/slot/account.ts';
import { MOST_CAUGHT_UP } from '../../core/slot/decision.ts';
import type { SlotCursor, SlotLine } from '../../core/slot/line.ts';
import { formatSlot } from '../../core/slot/slot.ts';
import { formatRunId } from '../../core/tick.ts';
import { formatDuration } from '../../core/time/duration.ts';
import { type Ms, parseIso } from '../../core/time/instant.ts';
import { createSlotReading } from '../../history/slot-ledger.ts';
import { createIds } from '../../platform/ids.ts';
import { readMachine } from '../../platform/machine.ts';
import type { SlotReading } from '../../ports.ts';
import { createReading, type Reading } from '../reading.ts';
import { isHolding, isShut, readHolds, stateInWords } from './holds.ts';

export interface SlotQuery {
  readonly fromMs: Ms;
  readonly untilMs: Ms;
  /** Of more slots the newest. */
  readonly most: number;
  readonly nowMs: Ms;
  /** An owner is there, and will see to what is undecided. */
  readonly isOwned: boolean;
  /** It does not answer: whatever it is to do, it does later. */
  readonly isSilent?: boolean;
  /** What the disk refuses to its owner, who may have fired a slot and not be able to put its tick. */
  readonly refused?: string | undefined;
  /** What is wrong with its definition, so that its ticks wait. */
  readonly broken?: string;
  /** The keys of its account and its agent, for their holds are its own; those of others are none of its business. */
  readonly shared: readonly string[];
}

/** The slots of a cadence with their ends, from the files alone. Nothing where no owner has ever seen its schedule. */
export function readSlots(root: string, cadence: string, query: SlotQuery): readonly SlotView[] {
  const reading = createReading(root);
  const ledger = createSlotReading(reading);
  const cursor = ledger.cursors().get(cadence);
  return cursor === undefined ? [] : slotsWith(reading, ledger, cursor, cadence, query);
}

export function slotsWith(reading: Reading, ledger: SlotReading, cursor: SlotCursor, cadence: string, query: SlotQuery): readonly SlotView[] {
  const lines = [...ledger.lines(cadence, query.fromMs)];
  const slots = slotsOf({ cursor, lines }, query.fromMs, query.untilMs, query.most);
  const [first] = slots;
  if (first === undefined) return [];
  const facts = factsOf(reading, ledger, { cadence, cursor, lines, fromMs: first, query });
  return slots.map((slotMs) => accountSlot(slotMs, facts));
}

interface Known {
  readonly cadence: string;
  readonly cursor: SlotCursor;
  readonly lines: readonly SlotLine[];
  readonly fromMs: Ms;
  readonly query: SlotQuery;
}

function factsOf(reading: Reading, ledger: SlotReading, { cadence, cursor, lines, fromMs, query }: Known): SlotFacts {
  const ids = createIds();
  const runsOf = byTick(reading.history.runs({ cadence, sinceMs: fromMs, limit: Number.MAX_SAFE_INTEGER }));
  let allRunsOf: ReadonlyMap<string, readonly RunRecord[]> | undefined;
  return {
    nowMs: query.nowMs,
    cursor,
    lines,
    beginMs: ledger.beginMs(),
    machine: readMachine().host,
    tickId: (slotMs) => ids.keyed('slot', cadence, formatSlot(slotMs)),
    runs: (id) => runsOf.get(id) ?? [],
    allRuns(id) {
      allRunsOf ??= byTick(reading.history.runs({ cadence, limit: Number.MAX_SAFE_INTEGER }));
      return allRunsOf.get(id) ?? [];
    },
    place: createPlaces(reading, cadence, query),
    limbo: (slotMs) => {
      if (reading.foreign().some((file) => file.endsWith('.ndjson'))) return 'its tick is being taken in';
      if (lines.some((line) => line.kind === 'fired' && line.slot === formatSlot(slotMs) && (parseIso(line.ts) ?? 0) > query.nowMs))
        return 'its tick was put this moment';
      const isOfLast = (): boolean => ledger.lastFired().some((line) => line.cadence === cadence && line.slot === formatSlot(slotMs));
      if (query.isOwned) return query.refused === undefined || !isOfLast() ? undefined : `its tick could not be put yet: ${query.refused}`;
      return isOfLast() ? 'the owner died before its tick was put; the next owner puts it' : undefined;
    },
    unseen: createUnseen(ledger, cursor, query),
  };
}

function byTick(runs: readonly RunRecord[]): ReadonlyMap<string, readonly RunRecord[]> {
  const byId = new Map<string, RunRecord[]>();
  for (const run of runs) {
    const known = byId.get(run.tick);
    if (known === undefined) byId.set(run.tick, [run]);
    else known.push(run);
  }
  return byId;
}

/** Where the ticks of a cadence lie now. */
function createPlaces(reading: Reading, cadence: string, { nowMs, shared, isOwned, broken = '' }: SlotQuery): SlotFacts['place'] {
  const places = new Map<string, NonNullable<ReturnType<SlotFacts['place']>>>();
  const hold = readHolds(reading, nowMs).find((one) => isHolding(one, cadence, shared) && isShut(one));
  const held =
    hold === undefined
      ? broken
      : `${hold.key} is ${stateInWords(hold.state)}${hold.until === null ? '' : ` until ${hold.until.slice(0, 16)}Z`}: ${hold.because}`;
  for (const { name } of reading.dead()) {
    if (name.cadence === cadence)
      places.set(name.id, { folder: 'dlq', runId: formatRunId(name.id, name.attempts), because: `its tick lies in dlq: ${name.reason}` });
  }
  for (const folder of ['inbox', 'waiting'] as const) {
    for (const name of reading.names(folder)) {
      if (name.cadence !== cadence) continue;
      const later = name.dueMs > nowMs ? `it starts in ${formatDuration(name.dueMs - nowMs)}` : '';
      places.set(name.id, { folder: 'pending', runId: formatRunId(name.id, name.attempts + 1), because: held === '' ? later : held });
    }
  }
  const running = isOwned ? 'it runs now' : 'no owner is running; the next one adopts it, or records how it ended';
  for (const name of reading.names('claimed')) {
    if (name.cadence === cadence) places.set(name.id, { folder: 'claimed', runId: formatRunId(name.id, name.attempts), because: running });
  }
  return (id) => places.get(id);
}

/** A slot that nobody has decided. With an owner it is a matter of moments, or of a timer's patience. */
function createUnseen(ledger: SlotReading, { plan }: SlotCursor, { nowMs, isOwned, isSilent = false }: SlotQuery): SlotFacts['unseen'] {
  let absent: string | undefined;
  return (slotMs) => {
    if (!isOwned) {
      absent ??= absenceOf(ledger, nowMs);
      return { end: 'missed', because: `${absent}; ${madeUpFor(plan, nowMs - slotMs)}` };
    }
    if (isSilent) return { end: 'waiting', because: 'the owner does not answer; it decides it when it goes on' };
    if (plan?.scheduler === 'builtin') return { end: 'waiting', because: 'the owner is about to decide it' };
    return { end: 'waiting', because: `${plan?.scheduler} has not asked for it yet; the owner fires it 90s after its time` };
  };
}

/** What the next owner will do about it, if it came now. */
function madeUpFor(plan: SlotCursor['plan'], lateMs: Ms): string {
  if (plan?.catchup === 'skip') return 'it is not made up for (catchup: skip)';
  const windowMs = plan?.window_ms ?? Number.POSITIVE_INFINITY;
  if (lateMs > windowMs) return `its window of ${formatDuration(windowMs)} is over`;
  const which = plan?.catchup === 'all' ? `each of the latest ${MOST_CAUGHT_UP} such slots` : 'the latest such slot';
  return `${which} is made up for when an owner starts${Number.isFinite(windowMs) ? ` within its window of ${formatDuration(windowMs)}` : ''}`;
}

function absenceOf(ledger: SlotReading, nowMs: Ms): string {
  const last = ledger.lastLife();
  if (last === undefined) return 'no owner is running';
  if (last.kind === 'started') return 'no owner is running (the last one died)';
  return `no owner is running since ${(parseIso(last.ts) ?? 0) <= nowMs ? last.ts.slice(0, 16) : ''}Z (it stopped: ${last.because})`;
}
