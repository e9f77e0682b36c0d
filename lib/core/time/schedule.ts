import type { Ms } from './instant.ts';

/**
 * When a cadence is due, as plain data: a calendar or an interval per line of `schedule:`. The built-in scheduler, launchd
 * and systemd are all rendered from it; none of them has an idea of its own of when a slot is.
 */
export interface Schedule {
  readonly rules: readonly ScheduleRule[];
  /** An IANA name; undefined: that of the machine, wherever it is carried. */
  readonly timezone: string | undefined;
}

export type ScheduleRule = CalendarRule | IntervalRule;

/** Every list is sorted and without doubles; a full one stands for "every". */
export interface CalendarRule {
  readonly kind: 'calendar';
  /** As it was written. */
  readonly text: string;
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** 1 to 31. */
  readonly days: readonly number[];
  /** 1 to 12. */
  readonly months: readonly number[];
  /** 0 is Sunday. */
  readonly weekdays: readonly number[];
  /** Cron's rule: where both days and weekdays are restricted, one of them is enough. */
  readonly eitherDay: boolean;
}

/** Anchored to 1970-01-01T00:00 of local time, so that its slots are the same after every restart. */
export interface IntervalRule {
  readonly kind: 'interval';
  readonly text: string;
  readonly everyMs: Ms;
}

export type Catchup = 'latest' | 'all' | 'skip';

/** What becomes of the slots of one cadence. */
export interface SlotPolicy {
  /** What to do with slots that passed while nobody was there. */
  readonly catchup: Catchup;
  /** How late a slot may still start; undefined: any time later. */
  readonly windowMs: Ms | undefined;
  /** Spread over at most this long, the same for a cadence on a machine every time. */
  readonly staggerMs: Ms;
  /** Spread over at most this long, another for every slot. */
  readonly jitterMs: Ms;
}

export type CadenceSchedule = Schedule & SlotPolicy;

/** Who wakes up for a slot: the owner itself, or a timer of the system that runs `bin/enqueue`. */
export const SCHEDULERS = ['builtin', 'launchd', 'systemd'] as const;
export type SchedulerKind = (typeof SCHEDULERS)[number];

export const CALENDAR_RANGES = {
  minutes: [0, 59],
  hours: [0, 23],
  days: [1, 31],
  months: [1, 12],
  weekdays: [0, 6],
} as const;
export type CalendarField = keyof typeof CALENDAR_RANGES;

export function everyOf(field: CalendarField): readonly number[] {
  const [first, last] = CALENDAR_RANGES[field];
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

export function isEvery(field: CalendarField, values: readonly number[]): boolean {
  const [first, last] = CALENDAR_RANGES[field];
  return values.length === last - first + 1;
}

/** The same text means the same slots: how an edit is told from a touch. */
export function scheduleKey({ rules, timezone }: Schedule): string {
  return JSON.stringify([timezone ?? null, ...rules.map((rule) => (rule.kind === 'interval' ? ['interval', rule.everyMs] : calendarKey(rule)))]);
}

function calendarKey({ minutes, hours, days, months, weekdays, eitherDay }: CalendarRule): readonly unknown[] {
  return [minutes, hours, days, months, weekdays, eitherDay];
}
