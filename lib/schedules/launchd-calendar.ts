import { everyOf, isEvery, type Schedule } from '../core/time/schedule.ts';
import { zoneOf } from '../core/time/zone.ts';
import { type CalendarKnock, type Knock, knocksOf, productsOf } from './knock.ts';

/** One entry of `StartCalendarInterval`: what it does not name is every. */
export type CalendarEntry = Readonly<Partial<Record<'Minute' | 'Hour' | 'Day' | 'Weekday' | 'Month', number>>>;

export interface LaunchdTimes {
  /** Empty: none. */
  readonly calendar: readonly CalendarEntry[];
  /** What no calendar of whole minutes can say. */
  readonly everySeconds: number | undefined;
}

const MINUTE_MS = 60_000;
/** launchd keeps each entry as a timer of its own. Beyond this the months are left out, then the days: more knocks, none lost. */
const MOST_ENTRIES = 1500;

/**
 * launchd knows no lists, no ranges and no zone, only the time on the machine's own wall. So a schedule is spelled out, and
 * one of another zone is moved by every difference that the two zones have within a year.
 */
export function launchdTimes(schedule: Schedule, machineZone: string, nowMs: number): LaunchdTimes {
  const own = schedule.rules.flatMap((rule) => knocksOf(rule, MINUTE_MS));
  const shifts = schedule.timezone === undefined || schedule.timezone === machineZone ? [0] : differences(schedule.timezone, machineZone, nowMs);
  const knocks = own.flatMap((knock) => shifts.flatMap((shift) => moved(knock, shift)));
  const everyMs = knocks.flatMap((knock) => (knock.kind === 'interval' ? [knock.everyMs] : []));
  const entries = knocks.flatMap((knock) => (knock.kind === 'calendar' ? entriesOf(knock) : []));
  const unique = new Map(entries.map((entry) => [JSON.stringify(entry), entry]));
  return { calendar: [...unique.values()], everySeconds: everyMs.length === 0 ? undefined : Math.min(...everyMs) / 1000 };
}

const DAY_MS = 86_400_000;

/** Minutes by which the clocks of the machine are ahead, on any day from a week ago until over a year from now. */
function differences(zone: string, machineZone: string, nowMs: number): readonly number[] {
  const [there, here] = [zoneOf(zone), zoneOf(machineZone)];
  const found = new Set<number>();
  for (let at = nowMs - 7 * DAY_MS; at < nowMs + 400 * DAY_MS; at += DAY_MS / 4) {
    found.add(Math.round((here.spanAt(at).offsetMs - there.spanAt(at).offsetMs) / MINUTE_MS));
  }
  return [...found].sort((a, b) => a - b);
}

const MINUTES_A_DAY = 1440;

function moved(knock: Knock, shiftMinutes: number): readonly Knock[] {
  if (knock.kind === 'interval' || shiftMinutes === 0) return [knock];
  const byDay = new Map<number, number[]>();
  for (const hour of knock.hours) {
    for (const minute of knock.minutes) {
      const at = hour * 60 + minute + shiftMinutes;
      const day = Math.floor(at / MINUTES_A_DAY);
      byDay.set(day, [...(byDay.get(day) ?? []), (at - day * MINUTES_A_DAY) * 60]);
    }
  }
  return [...byDay].flatMap(([day, times]) =>
    productsOf(times.sort((a, b) => a - b)).map(([hours, minutes]) => ({ ...movedDays(knock, day), kind: 'calendar' as const, hours, minutes, seconds: [0] })),
  );
}

/** On the day before or after, a weekday is another one, and a date may be of another month: then it is any. */
function movedDays(knock: CalendarKnock, day: number): CalendarKnock {
  if (day === 0) return knock;
  const isDated = !isEvery('days', knock.days) || !isEvery('months', knock.months);
  if (isDated) return { ...knock, days: everyOf('days'), months: everyOf('months'), weekdays: everyOf('weekdays'), eitherDay: false };
  return { ...knock, weekdays: knock.weekdays.map((weekday) => (weekday + day + 7) % 7).sort((a, b) => a - b) };
}

function entriesOf(knock: CalendarKnock): readonly CalendarEntry[] {
  for (const wide of [knock, { ...knock, months: everyOf('months') }]) {
    if (countOf(wide) <= MOST_ENTRIES) return spell(wide);
  }
  return spell({ ...knock, months: everyOf('months'), days: everyOf('days'), weekdays: everyOf('weekdays') });
}

type DayEntry = Pick<CalendarEntry, 'Day' | 'Weekday'>;

/** A day and a weekday never stand in one entry, so that nothing depends on what launchd makes of both. */
function dayEntries({ days, weekdays, eitherDay }: CalendarKnock): readonly DayEntry[] {
  const dates = isEvery('days', days) ? undefined : days.map((Day): DayEntry => ({ Day }));
  const names = isEvery('weekdays', weekdays) ? undefined : weekdays.map((Weekday): DayEntry => ({ Weekday }));
  if (eitherDay) return dates === undefined || names === undefined ? [{}] : [...dates, ...names];
  return names ?? dates ?? [{}];
}

function countOf(knock: CalendarKnock): number {
  const count = (values: readonly number[], isAll: boolean): number => (isAll ? 1 : values.length);
  const { months, hours, minutes } = knock;
  const times = count(hours, isEvery('hours', hours)) * count(minutes, isEvery('minutes', minutes));
  return count(months, isEvery('months', months)) * dayEntries(knock).length * times;
}

function spell(knock: CalendarKnock): readonly CalendarEntry[] {
  const { months, hours, minutes } = knock;
  const all = (key: 'Month' | 'Hour' | 'Minute', values: readonly number[], isAll: boolean): readonly CalendarEntry[] =>
    isAll ? [{}] : values.map((value) => ({ [key]: value }));
  return all('Month', months, isEvery('months', months)).flatMap((month) =>
    dayEntries(knock).flatMap((day) =>
      all('Hour', hours, isEvery('hours', hours)).flatMap((hour) =>
        all('Minute', minutes, isEvery('minutes', minutes)).map((minute) => ({ ...month, ...day, ...hour, ...minute })),
      ),
    ),
  );
}
