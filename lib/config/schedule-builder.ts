import { parseDuration } from '../core/time/duration.ts';
import type { Ms } from '../core/time/instant.ts';
import type { CadenceSchedule } from '../core/time/schedule.ts';
import { parseSchedule } from '../core/time/schedule-words.ts';
import type { ScheduleFile } from '../wire/schedule.ts';

/** undefined: it has no schedule, or one whose lines were found wrong when the file was checked. */
export function buildSchedule(file: ScheduleFile): CadenceSchedule | undefined {
  if (file.schedule === undefined) return undefined;
  const lines = typeof file.schedule === 'string' ? [file.schedule] : file.schedule;
  const read = lines.map(parseSchedule);
  const rules = read.flatMap((one) => (one.kind === 'rule' ? one.rule : []));
  if (rules.length === 0) return undefined;
  return {
    rules,
    timezone: file.timezone,
    catchup: file.catchup ?? 'latest',
    windowMs: ms(file.window),
    staggerMs: ms(file.stagger) ?? 0,
    jitterMs: ms(file.jitter) ?? 0,
  };
}

function ms(given: string | 0 | undefined): Ms | undefined {
  return given === undefined || given === 0 ? undefined : parseDuration(given);
}
