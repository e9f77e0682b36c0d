import { type Ms, parseIso } from '../time/instant.ts';
import type { CadenceSchedule, Catchup } from '../time/schedule.ts';
import { parseSchedule } from '../time/schedule-words.ts';
import type { SlotEnd } from './slot.ts';

/**
 * One line of the slot ledger (`slots/<day>.jsonl`). Names on disk, so snake_case. A line is written before what it says
 * is done, so that a crash leaves a promise to keep, never a deed without a trace.
 */
export type SlotLine =
  /** From this instant on these are the slots of the cadence, until then `was` held; null: none. */
  | (Of<'plan'> & { readonly from: string; readonly plan: SlotPlan | null; readonly was: SlotPlan | null; readonly because: string })
  /** The slot gets its tick. */
  | (Of<'fired'> & { readonly slot: string; readonly due: string; readonly tick: string; readonly by: FiredBy; readonly because?: string })
  /** These slots have their end: one, or `count` of them from `slot` to `last`. */
  | (Of<'end'> & { readonly end: Exclude<SlotEnd, 'ran'>; readonly slot: string; readonly last?: string; readonly count?: number; readonly because: string })
  /** The clock was set back: slots from here on are due again, but for those that had been fired. */
  | (Of<'rewound'> & { readonly from: string; readonly fired: readonly string[] })
  /** Warnings about missed slots are not wanted until then, or until it runs again. */
  | (Of<'ignored'> & { readonly until: string })
  /** The life of owners: what explains a slot that nobody saw. */
  | { readonly ts: string; readonly kind: 'started' | 'stopped'; readonly because: string }
  | { readonly ts: string; readonly kind: 'slept' | 'clock_jumped'; readonly from: string; readonly to: string; readonly because: string };

export type FiredLine = Extract<SlotLine, { kind: 'fired' }>;

interface Of<K extends string> {
  readonly ts: string;
  readonly kind: K;
  readonly cadence: string;
}

/** `schedule`: in time, by the owner. `timer`: a timer of the system asked. `catchup`: later than it should have been. */
export type FiredBy = 'schedule' | 'timer' | 'catchup';

/** Why the owner fired a slot that was a timer's to ask for. */
const TIMER_LATE = 'no timer has asked for it within';

export function timerLate(patienceMs: number): string {
  return `${TIMER_LATE} ${patienceMs / 1000} s`;
}

export function isTimerLate(because: string | undefined): boolean {
  return because?.startsWith(TIMER_LATE) === true;
}

/** What a reader needs to know of a cadence's schedule without reading its definition. */
export interface SlotPlan {
  readonly lines: readonly string[];
  /** The zone that counts, also where the definition names none. */
  readonly zone: string;
  readonly catchup: Catchup;
  readonly window_ms: number | null;
  readonly stagger_ms: number;
  readonly jitter_ms: number;
  /** Who was to fire: the owner, or a timer of the system. */
  readonly scheduler: string;
}

/** How far the slots of a cadence are decided, and under which plan: a fold over its lines. */
export interface SlotCursor {
  readonly plan: SlotPlan | null;
  /** Since when the plan holds. */
  readonly since: string;
  /** All slots up to and with this instant are decided. */
  readonly through: string;
  /** The last one that got a tick. */
  readonly fired: { readonly slot: string; readonly tick: string; readonly due: string; readonly ts: string } | null;
  /** Slots ahead of `through` that were fired before the clock was set back. */
  readonly ahead: readonly string[];
  readonly ignored: { readonly since: string; readonly until: string } | null;
}

export function planOf(schedule: CadenceSchedule, zone: string, scheduler: string): SlotPlan {
  return {
    lines: [...new Set(schedule.rules.map(({ text }) => text))],
    zone,
    catchup: schedule.catchup,
    window_ms: schedule.windowMs ?? null,
    stagger_ms: schedule.staggerMs,
    jitter_ms: schedule.jitterMs,
    scheduler,
  };
}

/** undefined: it was written by a newer version that knows more words. */
export function scheduleOf(plan: SlotPlan): CadenceSchedule | undefined {
  const read = plan.lines.map(parseSchedule);
  const rules = read.flatMap((one) => (one.kind === 'rule' ? one.rule : []));
  if (rules.length === 0 || read.some(({ kind }) => kind === 'fault')) return undefined;
  const { catchup, window_ms, stagger_ms, jitter_ms, zone } = plan;
  return { rules, timezone: zone, catchup, windowMs: window_ms ?? undefined, staggerMs: stagger_ms, jitterMs: jitter_ms };
}

/** The same slots: policies may differ. */
export function hasSameSlots(a: SlotPlan, b: SlotPlan): boolean {
  return a.zone === b.zone && a.lines.join('\n') === b.lines.join('\n');
}

const later = (a: string, b: string): string => (b > a ? b : a);

/** Nobody wants to hear of slots of it that were missed. */
export function isIgnored({ ignored }: SlotCursor, nowMs: Ms): boolean {
  return ignored !== null && (parseIso(ignored.until) ?? 0) > nowMs;
}

/** The tick of a slot that was fired before the clock was set back has come to its end: that decides nothing of the slots before it. */
function endsAhead({ ahead }: SlotCursor, { slot, last }: Extract<SlotLine, { kind: 'end' }>): boolean {
  return last === undefined && ahead.includes(slot);
}

/** undefined: the line is not about one cadence. */
export function foldLine(before: SlotCursor | undefined, line: SlotLine): SlotCursor | undefined {
  switch (line.kind) {
    case 'plan': {
      const cursor = before ?? { plan: null, since: line.from, through: line.from, fired: null, ahead: [], ignored: null };
      return { ...cursor, plan: line.plan, since: line.from, through: later(cursor.through, line.from) };
    }
    case 'fired':
      return (
        before && {
          ...before,
          through: later(before.through, line.slot),
          fired: { slot: line.slot, tick: line.tick, due: line.due, ts: line.ts },
          ignored: null,
        }
      );
    case 'end':
      return before && { ...before, through: endsAhead(before, line) ? before.through : later(before.through, line.last ?? line.slot) };
    case 'rewound':
      return before && { ...before, through: line.from, ahead: line.fired };
    case 'ignored':
      return before && { ...before, ignored: { since: line.ts, until: line.until } };
    case 'started':
    case 'stopped':
    case 'slept':
    case 'clock_jumped':
      return before;
  }
}
