import * as z from 'zod';
import { hold, instantOrNull, isOk, number, overlay, problem, text } from './answer-part.ts';
import { monthlyCost } from './money.ts';
import { eventLine, runRecord } from './run.ts';

const owner = z.looseObject({
  state: z.enum(['running', 'silent', 'stopped', 'died', 'never_started']),
  pid: number.nullable(),
  started_at: instantOrNull,
  version: text.nullable(),
  because: text.nullable(),
});

const cadenceStatus = z.looseObject({
  name: text,
  status: text.describe('running, held, failing, unproven, put_off (it asked to be tried later), healthy, never_run, disabled'),
  last_run: instantOrNull,
  last_status: text.nullable(),
  last_summary: text,
  consecutive_failures: number,
  runs: number,
  waiting: number,
  waits_because: text.nullable().describe('Why its next tick does not start, where its owner says it and no hold does.'),
  dead: number,
  is_over: z.boolean().describe('Its run has ended, and no owner is there to record how.'),
  hold: hold.nullable(),
});

export const statusAnswer = z.looseObject({
  ok: isOk,
  owner,
  summary: z.looseObject({
    cadences: number,
    healthy: number,
    unproven: number,
    put_off: number,
    failing: number,
    held: number,
    running: number,
    never_run: number,
  }),
  cadences: z.array(cadenceStatus),
  holds: z.array(hold),
  incidents: z
    .array(z.looseObject({ id: text, cadence: text, state: text, title: text, occurrences: number, last_at: text }))
    .describe('What fails and is not resolved yet.'),
  overlays: z.array(overlay).describe('What fixes have set for the next runs, until their proof.'),
  stats: z
    .looseObject({ inline: number, escalated: number, retries: number, dlq: number, spawn_failures: number })
    .nullable()
    .describe('What the owner has done since it started; null: there is none.'),
  left_alone: z.array(text).describe('Files of the inbox that never become ticks, for their names; at most 20 of them.'),
  left_alone_count: number,
  counts: z.looseObject({ inbox: number, waiting: number, claimed: number, dlq: number }),
});

export const topAnswer = z.looseObject({
  ...statusAnswer.shape,
  // Of these only `status` tells.
  stats: z.unknown().optional(),
  root: text,
  running: z.array(z.looseObject({ ...runRecord.shape, last_line: text.describe('What it has said last; empty: nothing yet.') })),
  events: z.array(eventLine).describe('The newest of the journal, oldest first.'),
});

export const webAnswer = z.looseObject({
  ok: isOk,
  url: text.describe('For whoever may look: the token in it lets in.'),
  port: number,
  root: text,
});

export const holdsAnswer = z.looseObject({ ok: isOk, holds: z.array(hold) });
export const orderAnswer = z.looseObject({ ok: isOk, key: text, state: text, run_id: text });
export const haltAnswer = z.looseObject({ ok: isOk, state: z.literal('halted'), path: text, stopped: text });

const dead = { tick: text, cadence: text, attempts: number, reason: text, because: text, died_at: text, path: text };
export const dlqAnswers = [
  z.looseObject({ ok: isOk, dead: z.array(z.looseObject(dead)) }),
  z.looseObject({ ok: isOk, ...dead, content: z.unknown() }),
  z.looseObject({ ok: isOk, revived: z.array(z.looseObject(dead)) }),
  z.looseObject({ ok: isOk, purged: number }),
] as const;

export const auditAnswer = z.looseObject({
  ok: isOk,
  enqueued: number,
  waiting: number,
  running: number,
  finished: number,
  dead: number,
  missing: z.array(text),
  doubled: z.array(text),
});

const check = z.looseObject({ id: text, title: text, level: z.enum(['ok', 'warn', 'fail']), detail: text, mend: text.nullable() });
export const doctorAnswer = z.looseObject({ ok: isOk, checks: z.array(check), fixed: z.array(z.unknown()), left: z.array(z.unknown()) });

export const checkAnswer = z.looseObject({
  ok: isOk,
  checked: number,
  problems: z.array(problem),
  waiting: z.array(text).describe('Who may spend something, and waits where an owner starts with a bus.yaml that is wrong.'),
  warnings: z.array(problem),
  monthly_costs: z.array(monthlyCost),
});
export const drainAnswer = z.looseObject({ ok: isOk, drained: z.literal(true), succeeded: number, failed: number, dead: number });
