import * as z from 'zod';
import { instantOrNull, isOk, number, text } from './answer-part.ts';

const level = z.enum(['none', 'warning', 'urgent', 'critical']).describe('By how many times the allowed time has passed: from 2, 5 and 10 times on.');

const missing = z.looseObject({
  cadence: text,
  level,
  last_run: instantOrNull,
  since: instantOrNull,
  expected_ms: number.describe('The longest time that may pass between two runs, from its schedule.'),
  slots: z.array(text).describe('Slots since then that were missed.'),
  because: text,
  ignored_until: instantOrNull,
});

export const heartbeatAnswer = z.looseObject({
  ok: isOk,
  at: text,
  owner: z.looseObject({ state: text, pid: number.nullable(), installed: z.boolean(), stuck: text.nullable() }),
  timers: z.array(z.looseObject({ name: text, state: text })).describe('What launchd or systemd says of each.'),
  late_timers: z.array(z.looseObject({ cadence: text, slots: number, since: text })),
  missing: z.array(missing),
  repaired: z.array(z.looseObject({ repair: text, name: text, because: text, done: z.boolean(), error: text.nullable() })),
  worries: z.array(z.looseObject({ key: text, level, because: text, next: text })).describe('What is left, worst first; nothing: exit 0.'),
  told: z.array(text).describe('Worries that were written to the log now; the others were before.'),
  recovered: z.array(text),
  ping: z.looseObject({ host: text.nullable(), ok: z.boolean(), because: text.nullable() }).nullable(),
  faults: z.array(text),
});
