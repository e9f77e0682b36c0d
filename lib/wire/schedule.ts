import * as z from 'zod';
import { nearest } from '../core/text/nearest.ts';
import { SCHEDULERS } from '../core/time/schedule.ts';
import { parseSchedule } from '../core/time/schedule-words.ts';
import { isZone } from '../core/time/zone.ts';
import { describeFound, type KeyPath, type SourceProblem } from './problem.ts';
import { choice, duration, optionalDuration } from './value.ts';
import type { YamlSource } from './yaml-source.ts';

const LINE = 'a schedule such as "0 2 * * *", every 30m, daily 7:00,19:00 or weekly mon 7:33';
const line = z.string({ error: LINE });
const ZONE = 'a time zone such as Europe/Vienna or UTC';

/** The keys of a cadence that say when it is due. */
export const SCHEDULE_KEYS = {
  schedule: z
    .union([line, z.array(line, { error: LINE }).min(1, { error: LINE }).max(50, { error: 'at most 50 schedules' })], { error: `${LINE}, or a list of them` })
    .optional()
    .describe(
      'When it is due: cron ("0 2 * * *", @daily) or words (every 30m, hourly :22, daily 7:00,19:00, weekdays 7:00, weekly mon 7:33, monthly 1 7:00); one, or a list. Default: only when asked.',
    ),
  timezone: z.string({ error: ZONE }).optional().describe('The time zone of the schedule, such as Europe/Vienna. Default: that of the machine.'),
  catchup: choice(['latest', 'all', 'skip'])
    .optional()
    .describe('What to do with slots that passed while the machine slept or nobody ran the bus. Default: latest.'),
  window: duration.optional().describe('How late a slot may still start; later it is missed. Default: any time later.'),
  stagger: optionalDuration
    .optional()
    .describe('Starts up to so much later, by a fixed amount per cadence and machine, so that not all start at once. Default: 0.'),
  jitter: optionalDuration.optional().describe('Starts up to so much later, by another amount for every slot. Default: 0.'),
} as const;

export const schedulerKey = choice([...SCHEDULERS])
  .optional()
  .describe(
    'Who wakes up for the slots of schedules: the owner itself (builtin), or timers of launchd or systemd that cadence-bus install writes. Default: builtin.',
  );

const COMPANIONS = ['timezone', 'catchup', 'window', 'stagger', 'jitter'] as const;

export type ScheduleFile = { readonly [K in keyof typeof SCHEDULE_KEYS]?: z.infer<(typeof SCHEDULE_KEYS)[K]> };

/** What the types of the keys do not say: each line must mean something, and its companions mean nothing without it. */
export function checkSchedule(value: Readonly<Record<string, unknown>>, source: YamlSource): readonly SourceProblem[] {
  if (!Object.hasOwn(value, 'schedule')) {
    return COMPANIONS.filter((key) => Object.hasOwn(value, key)).map((key) =>
      source.problem([key], 'says something about a schedule, and there is none', 'Add schedule: daily 7:00, or remove it.', 'key'),
    );
  }
  const { schedule, timezone } = value;
  const lines: readonly (readonly [KeyPath, unknown])[] = Array.isArray(schedule)
    ? schedule.map((one, index) => [['schedule', index], one] as const)
    : [[['schedule'], schedule]];
  const faults = lines.flatMap(([path, given]) => {
    const read = typeof given === 'string' ? parseSchedule(given) : undefined;
    return read?.kind === 'fault' ? [source.problem(path, read.message, read.hint)] : [];
  });
  return typeof timezone !== 'string' || isZone(timezone) ? faults : [...faults, refuseZone(timezone, source)];
}

function refuseZone(timezone: string, source: YamlSource): SourceProblem {
  const known = ['UTC', ...Intl.supportedValuesOf('timeZone')];
  const meant = nearest(timezone, known) ?? known.find((zone) => zone.toLowerCase().endsWith(`/${timezone.toLowerCase().replaceAll(' ', '_')}`));
  return source.problem(['timezone'], `found ${describeFound(timezone)}, expected ${ZONE}`, meant === undefined ? '' : `Did you mean "${meant}"?`);
}
