import { type CalendarField, isEvery, type Schedule } from '../core/time/schedule.ts';
import { writtenZone } from '../core/time/zone.ts';
import { type CalendarKnock, knocksOf } from './knock.ts';

/** The lines of a `[Timer]` section that knock at every slot of a schedule. */
export function timerLines(schedule: Schedule): readonly string[] {
  const knocks = schedule.rules.flatMap((rule) => knocksOf(rule, 1000));
  const lines = knocks.flatMap((knock) => {
    if (knock.kind === 'calendar') return onCalendar(knock, schedule.timezone).map((line) => `OnCalendar=${line}`);
    const seconds = `${knock.everyMs / 1000}s`;
    return [`OnActiveSec=${seconds}`, `OnUnitActiveSec=${seconds}`];
  });
  return [...new Set(lines)];
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** systemd means both where a weekday and a date are named, cron means either: that is two lines. */
function onCalendar(knock: CalendarKnock, timezone: string | undefined): readonly string[] {
  const zone = timezone === undefined ? '' : ` ${writtenZone(timezone)}`;
  const time = `${list(knock, 'hours')}:${list(knock, 'minutes')}:${knock.seconds.length === 60 ? '*' : ranges(knock.seconds)}${zone}`;
  const months = list(knock, 'months');
  const isAnyDay = isEvery('days', knock.days);
  const isAnyWeekday = isEvery('weekdays', knock.weekdays);
  const dates = `*-${months}-${list(knock, 'days')}`;
  const weekdays = isAnyWeekday ? '' : `${weekdayList(knock.weekdays)} `;
  if (!knock.eitherDay) return [`${weekdays}${dates} ${time}`];
  if (isAnyDay || isAnyWeekday) return [`*-${months}-* ${time}`];
  return [`${dates} ${time}`, `${weekdays}*-${months}-* ${time}`];
}

function list(knock: CalendarKnock, field: Exclude<CalendarField, 'weekdays'>): string {
  return isEvery(field, knock[field]) ? '*' : ranges(knock[field]);
}

/** `0,3..5`; three in a row or more are a range. */
function ranges(values: readonly number[], name: (value: number) => string = (value) => String(value).padStart(2, '0')): string {
  const parts: string[] = [];
  for (let from = 0; from < values.length; ) {
    let to = from;
    while (to + 1 < values.length && values[to + 1] === (values[to] as number) + 1) to += 1;
    const [first, last] = [name(values[from] as number), name(values[to] as number)];
    parts.push(...(to - from < 2 ? values.slice(from, to + 1).map(name) : [`${first}..${last}`]));
    from = to + 1;
  }
  return parts.join(',');
}

function weekdayList(weekdays: readonly number[]): string {
  // A range must not run over Sunday, which comes first here and last there.
  const sorted = weekdays.map((day) => (day === 0 ? 7 : day)).sort((a, b) => a - b);
  return ranges(sorted, (day) => WEEKDAYS[day % 7] as string);
}
