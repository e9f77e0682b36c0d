import assert from 'node:assert/strict';
import type { CalendarEntry } from '../../lib/schedules/launchd-calendar.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

/** A clock on the wall, as if it were UTC. */
interface Wall {
  readonly Minute: number;
  readonly Hour: number;
  readonly Day: number;
  readonly Weekday: number;
  readonly Month: number;
}

function wallOf(localMs: number): Wall {
  const date = new Date(localMs);
  return { Minute: date.getUTCMinutes(), Hour: date.getUTCHours(), Day: date.getUTCDate(), Weekday: date.getUTCDay(), Month: date.getUTCMonth() + 1 };
}

/** Whether it fires at a moment of the wall. */
export type Fires = (localMs: number) => boolean;

/** As launchd.plist(5) has it: what is not named is every, 0 and 7 are Sunday, and a day and a weekday in one entry are either. */
export function launchdFires(entries: readonly CalendarEntry[]): Fires {
  const byTime = new Map<string, CalendarEntry[]>();
  for (const entry of entries) {
    const key = `${entry.Hour ?? '*'}:${entry.Minute ?? '*'}`;
    const known = byTime.get(key);
    if (known === undefined) byTime.set(key, [entry]);
    else known.push(entry);
  }
  return (localMs) => {
    const wall = wallOf(localMs);
    const { Hour, Minute } = wall;
    return [`${Hour}:${Minute}`, `*:${Minute}`, `${Hour}:*`, '*:*'].some((key) => byTime.get(key)?.some((entry) => isDayOf(entry, wall)) ?? false);
  };
}

function isDayOf({ Day, Weekday, Month }: CalendarEntry, wall: Wall): boolean {
  if ((Month ?? wall.Month) !== wall.Month) return false;
  const isWeekday = Weekday !== undefined && Weekday % 7 === wall.Weekday;
  if (Day === undefined) return Weekday === undefined || isWeekday;
  return Day === wall.Day || isWeekday;
}

const NAMES = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** `OnCalendar=` lines as systemd.time(7) has them, as far as we write them: a weekday and a date are both. */
export function systemdFires(lines: readonly string[]): Fires {
  const all = lines.map(readLine);
  return (localMs) => {
    const { Weekday, Month, Day, Hour, Minute } = wallOf(localMs);
    const second = Math.floor((localMs % MINUTE) / 1000);
    return all.some((sets) => [Weekday, Month, Day, Hour, Minute, second].every((value, index) => sets[index]?.has(value) ?? true));
  };
}

/** undefined: every. */
function readLine(line: string): readonly (ReadonlySet<number> | undefined)[] {
  const found = /^(?:([A-Za-z.,]+) )?\*-(\S+)-(\S+) (\S+):(\S+):(\S+?)(?: [A-Z]\S+)?$/.exec(line);
  assert.ok(found !== null, line);
  const [, weekdays = '*', ...others] = found;
  const names = weekdays === '*' ? undefined : new Set(numbers(weekdays, (name) => NAMES.indexOf(name)));
  return [names, ...others.map((list) => (list === undefined || list === '*' ? undefined : new Set(numbers(list, Number))))];
}

function numbers(list: string, read: (word: string) => number): readonly number[] {
  return list.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('..').map(read);
    assert.ok(from >= 0 && to >= 0, list);
    // Over Sunday: Sat..Sun.
    const last = to < from ? to + 7 : to;
    return Array.from({ length: last - from + 1 }, (_, index) => (last > 6 && to < from ? (from + index) % 7 : from + index));
  });
}

/** Minutes of a stretch at which it fires, as UTC. */
export function firesBetween(fires: Fires, fromMs: number, untilMs: number): readonly number[] {
  const found: number[] = [];
  for (let at = Math.ceil(fromMs / MINUTE) * MINUTE; at < untilMs; at += MINUTE) if (fires(at)) found.push(at);
  return found;
}

export { DAY, MINUTE };
