import type { Ms } from '../core/time/instant.ts';
import { type CalendarRule, everyOf, type IntervalRule, type ScheduleRule } from '../core/time/schedule.ts';

/**
 * When a timer of the system knocks: it only says that it is time, and the owner's schedule says for which slot. So a knock
 * too many is harmless (its slot is decided already), and one too few is made up for by the owner 90 s later. What a keeper
 * cannot express is therefore widened, never narrowed.
 */
export type Knock = CalendarKnock | { readonly kind: 'interval'; readonly everyMs: Ms };

export interface CalendarKnock extends Omit<CalendarRule, 'text'> {
  readonly seconds: readonly number[];
}

const SECOND_MS: Ms = 1000;
const MINUTE_MS: Ms = 60_000;
const DAY_MS: Ms = 86_400_000;
/** More groups of one time of day than this are no calendar that anybody could read. */
const MOST_GROUPS = 120;

/** `grainMs`: a second for systemd, a minute for launchd, whose calendar knows nothing smaller. */
export function knocksOf(rule: ScheduleRule, grainMs: Ms): readonly Knock[] {
  return rule.kind === 'calendar' ? [{ ...rule, seconds: [0] }] : knocksOfInterval(rule, grainMs);
}

/**
 * Slots of an interval are counted from 1970 of local time, so they come at the same times of day where it divides the day;
 * where it does not, they come at some of the times of its greatest common measure with the day.
 */
function knocksOfInterval({ everyMs }: IntervalRule, grainMs: Ms): readonly Knock[] {
  const measureMs = greatestCommon(everyMs, DAY_MS);
  const isOften = measureMs < MINUTE_MS && measureMs !== everyMs;
  if (!isOften && measureMs % grainMs === 0) {
    const calendars = calendarsOf(measureMs);
    if (calendars.length <= MOST_GROUPS) return calendars;
  }
  return everyMs < MINUTE_MS ? [{ kind: 'interval', everyMs }] : [everyMinute()];
}

function greatestCommon(a: number, b: number): number {
  return b === 0 ? a : greatestCommon(b, a % b);
}

function everyMinute(): CalendarKnock {
  return atTimes(everyOf('hours'), everyOf('minutes'), [0]);
}

function atTimes(hours: readonly number[], minutes: readonly number[], seconds: readonly number[]): CalendarKnock {
  return { kind: 'calendar', seconds, minutes, hours, days: everyOf('days'), months: everyOf('months'), weekdays: everyOf('weekdays'), eitherDay: false };
}

/** The multiples of this time in a day, as few products of hours, minutes and seconds as they fall into. */
function calendarsOf(measureMs: Ms): readonly CalendarKnock[] {
  const times: number[] = [];
  for (let at = 0; at < DAY_MS; at += measureMs) times.push(at / SECOND_MS);
  return productsOf(times).map(([hours, minutes, seconds]) => atTimes(hours, minutes, seconds));
}

/** Hours, minutes and seconds that belong together. */
export type TimeProduct = readonly [hours: readonly number[], minutes: readonly number[], seconds: readonly number[]];

/** Seconds of the day, sorted. Those of one minute and second share their hours, those of the same hours their minutes, and so on. */
export function productsOf(times: readonly number[]): readonly TimeProduct[] {
  const hoursOf = gather(times.map((at) => [`${Math.floor(at / 60) % 60}:${at % 60}`, Math.floor(at / 3600)]));
  const minutesOf = gather([...hoursOf].map(([key, hours]) => [`${key.split(':')[1]}:${hours.join()}`, Number(key.split(':')[0])]));
  const secondsOf = gather([...minutesOf].map(([key, minutes]) => [`${key.split(':')[1]}:${minutes.join()}`, Number(key.split(':')[0])]));
  return [...secondsOf].map(([key, seconds]) => {
    const [hours = [], minutes = []] = key.split(':').map((list) => list.split(',').map(Number));
    return [hours, minutes, seconds];
  });
}

function gather(pairs: readonly (readonly [key: string, value: number])[]): ReadonlyMap<string, readonly number[]> {
  const gathered = new Map<string, number[]>();
  for (const [key, value] of pairs) {
    const values = gathered.get(key);
    if (values === undefined) gathered.set(key, [value]);
    else values.push(value);
  }
  for (const values of gathered.values()) values.sort((a, b) => a - b);
  return gathered;
}
