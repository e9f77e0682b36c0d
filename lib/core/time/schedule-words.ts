import { nearest } from '../text/nearest.ts';
import { calendarOf, faultOf, parseCron, type ReadRule, type ScheduleFault, WEEKDAYS } from './cron.ts';
import { parseDuration } from './duration.ts';
import type { Ms } from './instant.ts';
import type { ScheduleRule } from './schedule.ts';

/**
 * A line of `schedule:`, in cron or in words:
 *
 *     every 30m · hourly :22 · daily 7:00,19:00 · weekdays 7:00 · weekends 10:00 · weekly mon,thu 7:33 · monthly 1,15 7:00
 *
 * Times of different minutes, such as 7:00 and 19:30, are more than one calendar, so one line may be many rules.
 */
export function parseSchedule(text: string): ReadRule<readonly ScheduleRule[]> {
  const words = text
    .trim()
    .toLowerCase()
    .replace(/\s*,\s*/g, ',')
    .split(/\s+/);
  const [verb = ''] = words;
  const rest = words.slice(1).filter((word) => !FILLERS.includes(word));
  if (verb === '') return faultOf('found an empty text, expected a schedule', ALL_FORMS);
  const read = Object.hasOwn(READERS, verb) ? READERS[verb] : undefined;
  if (read !== undefined) return read(text, rest);
  const lone = words.length === 1 ? verbOfLone(verb) : undefined;
  if (lone !== undefined) return faultOf(`found ${JSON.stringify(text)}, expected a schedule`, `Did you mean "${lone} ${verb}"? ${ALL_FORMS}`);
  if (/^[@*?\d]/.test(verb)) {
    const cron = parseCron(text);
    return cron.kind === 'fault' ? cron : { kind: 'rule', rule: [cron.rule] };
  }
  const meant = nearest(verb, Object.keys(READERS));
  return faultOf(`found ${JSON.stringify(text.slice(0, 60))}, expected a schedule`, meant === undefined ? ALL_FORMS : `Did you mean "${meant}"? ${ALL_FORMS}`);
}

function verbOfLone(word: string): string | undefined {
  if (parseTime(word) !== undefined) return 'daily';
  return /^\d/.test(word) && parseDuration(word) ? 'every' : undefined;
}

type Reader = (text: string, words: readonly string[]) => ReadRule<readonly ScheduleRule[]>;

const ALL_FORMS = 'Write every 30m, hourly :22, daily 7:00,19:00, weekdays 7:00, weekly mon 7:33, monthly 1 7:00, or cron such as "0 2 * * 1-5".';
/** Said, and without meaning. */
const FILLERS = ['at', 'on', 'and'];
const LEAST_MS: Ms = 1000;
const MOST_MS: Ms = 366 * 86_400_000;

const READERS: Readonly<Record<string, Reader>> = {
  every: readEvery,
  hourly: readHourly,
  daily: (text, words) => readTimes(text, words, 'daily 7:00,19:00', {}),
  weekdays: (text, words) => readTimes(text, words, 'weekdays 7:00', { weekdays: [1, 2, 3, 4, 5] }),
  weekends: (text, words) => readTimes(text, words, 'weekends 10:00', { weekdays: [0, 6] }),
  weekly: readWeekly,
  monthly: readMonthly,
};

function readEvery(text: string, words: readonly string[]): ReadRule<readonly ScheduleRule[]> {
  // As a sentence of ours has it: every 1h 30m.
  const given = words.join('');
  const everyMs = parseDuration(given);
  if (everyMs === undefined) return faultOf(`found ${JSON.stringify(text)}, expected a time with its unit`, 'Write every 90s, every 30m or every 6h.');
  if (everyMs < LEAST_MS || everyMs % LEAST_MS !== 0) return faultOf(`found ${given}, expected whole seconds, at least one`);
  if (everyMs > MOST_MS) return faultOf(`found ${given}, expected a year at most`);
  return { kind: 'rule', rule: [{ kind: 'interval', text, everyMs }] };
}

function readHourly(text: string, words: readonly string[]): ReadRule<readonly ScheduleRule[]> {
  const minutes: number[] = [];
  for (const word of words.length === 0 ? [':00'] : words.join(',').split(',')) {
    const found = /^:([0-5]?\d)$/.exec(word);
    if (found === null) return faultOf(`found ${JSON.stringify(word)}, expected a minute from :00 to :59`, 'Write hourly :22 or hourly :05,:35.');
    minutes.push(Number(found[1]));
  }
  return { kind: 'rule', rule: [calendarOf(text, { minutes: sorted(minutes) })] };
}

function readWeekly(text: string, words: readonly string[]): ReadRule<readonly ScheduleRule[]> {
  const weekdays: number[] = [];
  for (const word of (words[0] ?? '').split(',')) {
    const index = WEEKDAYS.indexOf(word.slice(0, 3));
    const isName = index >= 0 && (word.length === 3 || `${FULL_NAMES[index]}` === word);
    if (!isName) return faultOf(`found ${JSON.stringify(word)}, expected weekdays from mon to sun`, 'Write weekly mon 7:33 or weekly mon,thu 7:33.');
    weekdays.push(index);
  }
  return readTimes(text, words.slice(1), 'weekly mon 7:33', { weekdays: sorted(weekdays) });
}

const FULL_NAMES = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

function readMonthly(text: string, words: readonly string[]): ReadRule<readonly ScheduleRule[]> {
  const days = (words[0] ?? '').split(',').map((word) => (/^\d{1,2}$/.test(word) ? Number(word) : 0));
  if (days.some((day) => day < 1 || day > 31))
    return faultOf(`found ${JSON.stringify(words[0] ?? '')}, expected days of the month from 1 to 31`, 'Write monthly 1 7:00 or monthly 1,15 7:00.');
  return readTimes(text, words.slice(1), 'monthly 1 7:00', { days: sorted(days) });
}

type DayFields = { readonly days?: readonly number[]; readonly weekdays?: readonly number[] };

/** One calendar for all hours that share their minute. */
function readTimes(text: string, words: readonly string[], example: string, named: DayFields): ReadRule<readonly ScheduleRule[]> {
  if (words.length === 0) return faultOf(`found ${JSON.stringify(text)}, expected a time of day`, `Write ${example}.`);
  const hoursOf = new Map<number, number[]>();
  for (const word of words.join(',').split(',')) {
    const time = parseTime(word);
    if (time === undefined) return refuseTime(word, example);
    hoursOf.set(time.minute, [...(hoursOf.get(time.minute) ?? []), time.hour]);
  }
  const rules = [...hoursOf].sort(([a], [b]) => a - b).map(([minute, hours]) => calendarOf(text, { ...named, minutes: [minute], hours: sorted(hours) }));
  return { kind: 'rule', rule: rules };
}

function parseTime(word: string): { readonly hour: number; readonly minute: number } | undefined {
  const found = /^(\d{1,2}):(\d{2})$/.exec(word);
  const [hour, minute] = [Number(found?.[1]), Number(found?.[2])];
  return found === null || hour > 23 || minute > 59 ? undefined : { hour, minute };
}

function refuseTime(word: string, example: string): ScheduleFault {
  const hint = /^\d{1,2}(:\d{2})?[ap]m$/.test(word) ? 'Hours go from 0 to 23.' : `Write ${example}.`;
  return faultOf(`found ${JSON.stringify(word)}, expected a time of day from 0:00 to 23:59`, hint);
}

function sorted(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
