import { CALENDAR_RANGES, type CalendarField, type CalendarRule, everyOf, isEvery } from './schedule.ts';

/** What a text of a schedule means, or why it means nothing. */
export type ReadRule<T> = { readonly kind: 'rule'; readonly rule: T } | ScheduleFault;
export interface ScheduleFault {
  readonly kind: 'fault';
  readonly message: string;
  readonly hint: string;
}

export const faultOf = (message: string, hint = ''): ScheduleFault => ({ kind: 'fault', message, hint });

const FIELDS: readonly CalendarField[] = ['minutes', 'hours', 'days', 'months', 'weekdays'];
const FIELD_NAMES: Readonly<Record<CalendarField, string>> = {
  minutes: 'minute',
  hours: 'hour',
  days: 'day of the month',
  months: 'month',
  weekdays: 'weekday',
};
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const EXAMPLE = 'Five fields: minute, hour, day of the month, month, weekday, such as "0 2 * * 1-5".';

/** Five fields, or a nickname such as `@daily`. */
export function parseCron(text: string): ReadRule<CalendarRule> {
  const given = text.trim().toLowerCase();
  if (given.startsWith('@') && NICKNAMES[given] === undefined) {
    const hint = given === '@reboot' ? 'The owner is started by the system; there is no slot at a boot.' : '';
    return faultOf(`found ${JSON.stringify(given)}, expected one of ${Object.keys(NICKNAMES).join(', ')}`, hint);
  }
  const fields = (NICKNAMES[given] ?? given).split(/\s+/);
  if (fields.length === 6) return faultOf('found six fields, expected five', 'A cron line here has no field for seconds; use "every 30s".');
  if (fields.length !== 5) return faultOf(`found ${fields.length} ${fields.length === 1 ? 'field' : 'fields'}, expected five`, EXAMPLE);
  const sets: Partial<Record<CalendarField, readonly number[]>> = {};
  for (const [index, field] of FIELDS.entries()) {
    const values = parseField(field, fields[index] as string);
    if ('kind' in values) return values;
    sets[field] = values;
  }
  const { minutes, hours, days, months, weekdays } = sets as Record<CalendarField, readonly number[]>;
  const eitherDay = !beginsWithStar(fields[2]) && !beginsWithStar(fields[4]);
  const rule: CalendarRule = { kind: 'calendar', text, minutes, hours, days, months, weekdays, eitherDay };
  return neverFires(rule) ? faultOf(`never comes: ${impossible(rule)}`, 'Name a day that the month has.') : { kind: 'rule', rule };
}

const isStar = (field: string): boolean => field === '*' || field === '?';

// As cron has it: a day and a weekday are either where neither field begins with a star, else both. `0 9 */100,1-7 * mon` is
// the first Monday of each month, `0 0 */2 * mon` each Monday with an odd date.
const beginsWithStar = (field = ''): boolean => field.startsWith('*') || field.startsWith('?');

function parseField(field: CalendarField, text: string): readonly number[] | ScheduleFault {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const found = parsePart(field, part);
    if ('kind' in found) return found;
    for (const value of found) values.add(field === 'weekdays' ? value % 7 : value);
  }
  return [...values].sort((a, b) => a - b);
}

/** `*`, `7`, `mon`, `1-5`, each with an optional `/step`. A week that ends with Sunday, such as `fri-sun`, ends with 7. */
function parsePart(field: CalendarField, part: string): readonly number[] | ScheduleFault {
  const [range = '', step, ...more] = part.split('/');
  const [first, last] = CALENDAR_RANGES[field];
  const most = field === 'weekdays' ? 7 : last;
  const fault = (message: string, hint = ''): ScheduleFault => faultOf(`${message} in the field for the ${FIELD_NAMES[field]}`, hint);
  if (more.length > 0 || part === '') return fault(`found ${JSON.stringify(part)}`, EXAMPLE);
  if (/[lw#]/.test(range) && numberOf(field, range) === undefined && /^[0-9lw#]+$/.test(range))
    return fault(`found ${JSON.stringify(part)}`, 'L, W and # are not known here; let the command look at the date, or guard it.');
  const by = step === undefined ? 1 : /^\d{1,4}$/.test(step) ? Number(step) : 0;
  if (by < 1) return fault(`found the step ${JSON.stringify(step)}, expected a whole number from 1 on`);
  if (isStar(range)) return every(first, last, by);
  const [from, to, ...others] = range.split('-').map((word) => numberOf(field, word));
  const ending = field === 'weekdays' && to === 0 && from !== undefined && from > 0 ? 7 : to;
  const until = range.includes('-') ? ending : step === undefined ? from : last;
  if (others.length > 0 || from === undefined || until === undefined || from < first || until > most)
    return fault(
      `found ${JSON.stringify(part)}, expected ${first} to ${most}${field === 'months' ? ' or jan to dec' : field === 'weekdays' ? ' or sun to sat' : ''}`,
    );
  if (from > until)
    return fault(`found ${JSON.stringify(part)}, which runs backwards`, `Write ${span(from, most)},${span(field === 'weekdays' ? 1 : first, until)}.`);
  return every(from, until, by);
}

const span = (from: number, to: number): string => (from === to ? `${from}` : `${from}-${to}`);

function every(from: number, to: number, by: number): readonly number[] {
  const values: number[] = [];
  for (let value = from; value <= to; value += by) values.push(value);
  return values;
}

function numberOf(field: CalendarField, word: string): number | undefined {
  if (/^\d{1,3}$/.test(word)) return Number(word);
  if (field === 'months' && MONTHS.includes(word)) return MONTHS.indexOf(word) + 1;
  return field === 'weekdays' && WEEKDAYS.includes(word) ? WEEKDAYS.indexOf(word) : undefined;
}

const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** No month that is named has a day that is named. */
function neverFires({ days, months, weekdays, eitherDay }: CalendarRule): boolean {
  if (eitherDay && weekdays.length > 0) return false;
  return !months.some((month) => (days[0] as number) <= (LONGEST_MONTHS[month - 1] as number));
}

function impossible({ days, months }: CalendarRule): string {
  return `there is no day ${days[0]} in ${months.map((month) => MONTHS[month - 1]).join(', ')}`;
}

/** A calendar of words: what is not named is every. */
export function calendarOf(text: string, named: Partial<Record<CalendarField, readonly number[]>>): CalendarRule {
  const field = (name: CalendarField): readonly number[] => named[name] ?? everyOf(name);
  const days = field('days');
  const weekdays = field('weekdays');
  return {
    kind: 'calendar',
    text,
    minutes: field('minutes'),
    hours: field('hours'),
    days,
    months: field('months'),
    weekdays,
    eitherDay: !isEvery('days', days) && !isEvery('weekdays', weekdays),
  };
}
