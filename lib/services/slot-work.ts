import type { SlotDecision } from '../core/slot/decision.ts';
import { type FiredLine, isIgnored, type SlotCursor, type SlotLine } from '../core/slot/line.ts';
import { formatSlot, SLOT_SOURCE } from '../core/slot/slot.ts';
import type { Tick, TickName } from '../core/tick.ts';
import { type Ms, parseIso, toIso } from '../core/time/instant.ts';
import type { Clock, Definitions, Journal, SlotLedger } from '../ports.ts';

/** What was decided: lines for the ledger, and ticks that are put once these are on disk. */
export interface Work {
  readonly lines: SlotLine[];
  readonly ticks: PutTick[];
}

export interface PutTick {
  readonly name: TickName;
  readonly tick: Tick;
}

export const noWork = (): Work => ({ lines: [], ticks: [] });

export function endLine(cadence: string, decision: Extract<SlotDecision, { kind: 'end' }>, nowMs: Ms): SlotLine {
  const { end, firstMs, lastMs, count, because } = decision;
  const many = count === 1 ? {} : { last: formatSlot(lastMs), count };
  return { ts: toIso(nowMs), kind: 'end', cadence, end, slot: formatSlot(firstMs), ...many, because };
}

/** Of slots that were decided, and whose schedule was gone before their tick was put. Each is told once, whatever comes after. */
export function endsOfGone(fired: readonly FiredLine[], { ledger, definitions, clock }: EndDeps): readonly SlotLine[] {
  const ts = toIso(clock.nowMs());
  const hasEnd = ({ cadence, slot }: FiredLine): boolean =>
    [...ledger.lines(cadence, parseIso(slot) ?? 0)].some((line) => line.kind === 'end' && line.slot === slot);
  const because = ({ cadence }: FiredLine): string => (definitions.get(cadence) === undefined ? 'its definition is gone' : 'it has no schedule any more');
  return fired.filter((one) => !hasEnd(one)).map((one) => ({ ts, kind: 'end', cadence: one.cadence, end: 'skipped', slot: one.slot, because: because(one) }));
}

interface EndDeps {
  readonly ledger: Pick<SlotLedger, 'lines'>;
  readonly definitions: Pick<Definitions, 'get'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}

export function tickOf(cadence: string, id: string, dueMs: Ms, slot: string, enqueued_at: string, untilMs: Ms | undefined): PutTick {
  const expires = untilMs === undefined ? {} : { expires_at: toIso(untilMs) };
  const tick: Tick = { cadence, source: SLOT_SOURCE, enqueued_at, slot, ...expires };
  return { name: { dueMs, cadence, id, attempts: 0 }, tick };
}

/** A missed slot is a warning, unless somebody has said that it is none. */
export function announce(journal: Journal, line: SlotLine, cursor: SlotCursor | undefined, nowMs: Ms): void {
  if (line.kind === 'fired') {
    const { cadence, slot, tick, by, because } = line;
    journal.emit({ level: by === 'catchup' ? 'warn' : 'info', stage: 'slot_fired', cadence, tick, slot, by, ...(because === undefined ? {} : { because }) });
  } else if (line.kind === 'end') {
    const { cadence, slot, last, end, because, count = 1 } = line;
    journal.emit({
      level: end === 'missed' && !(cursor !== undefined && isIgnored(cursor, nowMs)) ? 'warn' : 'info',
      stage: 'slot_ended',
      cadence,
      slot,
      ...(last === undefined ? {} : { last }),
      end,
      count,
      because,
    });
  }
}
