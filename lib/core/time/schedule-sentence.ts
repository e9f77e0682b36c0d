import { formatDuration } from './duration.ts';
import type { Ms } from './instant.ts';
import { type CadenceSchedule, type CalendarField, type CalendarRule, isEvery, type ScheduleRule } from './schedule.ts';

/** A schedule restated in a sentence, from what it means and not from what was written. */
export function describeSchedule(schedule: CadenceSchedule): string {
  const { rules, timezone, staggerMs, jitterMs, windowMs, catchup } = schedule;
  const spread = staggerMs + jitterMs;
  return [
    joined(sentencesOf(rules)),
    ...(timezone === undefined ? [] : [` in ${timezone}`]),
    ...(spread === 0 ? [] : [`, up to ${formatDuration(spread)} later`]),
    `; ${CATCHUP[catchup]}`,
    ...(windowMs === undefined || catchup === 'skip' ? [] : [`, at most ${formatDuration(windowMs)} late`]),
  ].join('');
}

const CATCHUP = {
  latest: 'of missed times the latest is made up for',
  all: 'missed times are made up for one by one',
  skip: 'missed times are not made up for',
} as const;

/** Times of one line that differ in minutes are one sentence again. */
function sentencesOf(rules: readonly ScheduleRule[]): readonly string[] {
  const groups = new Map<string, { readonly times: string[]; readonly days: string }>();
  const sentences: string[] = [];
  for (const rule of rules) {
    if (rule.kind === 'interval') sentences.push(`every ${exactly(rule.everyMs)}`);
    else if (rule.minutes.length * rule.hours.length > MOST_TIMES) sentences.push(`${frequent(rule)}${onDays(rule)}`);
    else {
      const days = daysOf(rule);
      const group = groups.get(days) ?? { times: [], days };
      groups.set(days, group);
      group.times.push(...rule.hours.flatMap((hour) => rule.minutes.map((minute) => `${two(hour)}:${two(minute)}`)));
    }
  }
  return [...sentences, ...[...groups.values()].map(({ times, days }) => `${days} at ${joined([...new Set(times)].sort())}`)];
}

const MOST_TIMES = 6;
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const two = (value: number): string => String(value).padStart(2, '0');

function frequent({ minutes, hours }: CalendarRule): string {
  const step = stepOf('minutes', minutes);
  const often = step === 1 ? 'every minute' : step !== undefined ? `every ${step} minutes` : `at ${joined(minutes.map((minute) => `:${two(minute)}`))}`;
  if (isEvery('hours', hours)) return step === undefined ? `${often} past every hour` : often;
  return `${often} of the hours ${joined(runsOf(hours).map(([from, to]) => (from === to ? two(from) : `${two(from)} to ${two(to)}`)))}`;
}

/** Equal steps over the whole range, from its first value on. */
function stepOf(field: CalendarField, values: readonly number[]): number | undefined {
  if (isEvery(field, values)) return 1;
  const step = (values[1] ?? Number.NaN) - (values[0] as number);
  const isEven = values[0] === 0 && 60 % step === 0 && values.length === 60 / step && values.every((value, index) => value === index * step);
  return isEven ? step : undefined;
}

function onDays(rule: CalendarRule): string {
  const days = daysOf(rule);
  return days === 'every day' ? '' : `, ${days}`;
}

function daysOf({ days, months, weekdays, eitherDay }: CalendarRule): string {
  const everyDay = isEvery('days', days);
  const named = [
    ...(everyDay && !eitherDay ? [] : [`on day ${joined(spans(days, String))} of the month`]),
    ...(isEvery('weekdays', weekdays) && !eitherDay ? [] : [weekdayWords(weekdays)]),
  ];
  const inMonths = isEvery('months', months) ? '' : ` in ${joined(spans(months, (month) => MONTHS[month - 1] as string))}`;
  return `${named.length === 0 ? 'every day' : named.join(eitherDay ? ' and also ' : ', if it is ')}${inMonths}`;
}

/** A week ends with Sunday. */
function weekdayWords(weekdays: readonly number[]): string {
  const week = weekdays.map((day) => (day === 0 ? 7 : day)).sort((a, b) => a - b);
  return joined(spans(week, (day) => DAYS[day % 7] as string));
}

/** Three in a row or more are a span. */
function spans(values: readonly number[], nameOf: (value: number) => string): readonly string[] {
  return runsOf(values).flatMap(([from, to]) => (to - from < 2 ? [...new Set([from, to])].map(nameOf) : [`${nameOf(from)} to ${nameOf(to)}`]));
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** To the second, for it is a promise. */
function exactly(ms: Ms): string {
  let rest = ms;
  const parts = UNITS.map(([unit, sizeMs]) => {
    const amount = Math.floor(rest / sizeMs);
    rest -= amount * sizeMs;
    return amount === 0 ? '' : `${amount}${unit}`;
  });
  return parts.filter((part) => part !== '').join(' ');
}

/** 1, 2, 3, 7 → 1 to 3, 7 */
function runsOf(values: readonly number[]): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === value - 1) last[1] = value;
    else runs.push([value, value]);
  }
  return runs;
}

function joined(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
