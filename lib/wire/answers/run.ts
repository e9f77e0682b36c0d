import * as z from 'zod';
import { RUN_STATUSES, type RunRecord } from '../../core/run.ts';
import { hookResult } from './act.ts';
import { instantOrNull, isOk, number, text } from './answer-part.ts';

const fields = {
  run_id: text.describe('<tick>-<attempt>: the receipt of this attempt.'),
  cadence: text,
  tick: text.describe('The id of the tick; every verb that takes a run takes it too, and means its latest run.'),
  attempt: number,
  status: z.enum(RUN_STATUSES),
  reason: text.describe('Why it ended so; for a failure "exit 3: <last lines>".'),
  summary: text,
  started_at: text.describe('Empty while it has not begun.'),
  ended_at: instantOrNull,
  duration_ms: number,
  exit_code: number.nullable(),
  signal: text.nullable(),
  cost_usd: number.nullable(),
  stdout_path: text.nullable(),
  stderr_path: text.nullable(),
  blame: z.enum(['cadence', 'account', 'provider', 'nobody']).optional().describe('Whose failure it is: decides which breaker moves.'),
  class: text.optional(),
  account: text.optional(),
  provider: text.optional().describe('Which of its agents ran it, where there is a choice.'),
  blocked_until: text.optional(),
  result: z
    .unknown()
    .optional()
    .describe('What it answered as data: JSON of a command, {event_count, last_event} of JSON Lines, structured output of a session.'),
  result_path: text.optional().describe('Where a result lies that is larger than 64 KB.'),
  verify: z
    .looseObject({ kind: text, outcome: z.enum(['proven', 'not_proven', 'unknown']), because: text })
    .optional()
    .describe('What its evidence said, where its cadence asks for some.'),
  proof: z.boolean().optional().describe('Of an unverified run: whether it counts as proof of its cadence all the same.'),
  key: text.optional(),
  slot: text.optional(),
  force: z.literal(true).optional().describe('It was run whatever held its cadence.'),
  source: text.optional(),
  prompt_path: text.optional(),
  stderr_tail: text.optional(),
  retry_at: text.optional().describe('Where the tick goes on: when it is due again.'),
  expires_at: text.optional().describe('Of a tick that waits: after this it is not run, as it said itself.'),
  moves_to: text.optional().describe('Where the file of the tick goes; absent: it is removed.'),
  follow_ups: z.array(z.looseObject({})).optional().describe('Hooks {hook, n} and notices {notice, sink} that this end sets off.'),
  survivors: z.array(z.looseObject({ pid: number, command: text })).optional(),
  session_id: text.optional(),
  turns: number.optional(),
  tokens: z
    .record(text, z.looseObject({ input: number, output: number, cache_read: number, cache_write: number, cost_usd: number }))
    .optional()
    .describe('Per model.'),
  charged_usd: number.optional().describe('What its budget was charged where nobody knows what it cost: what was set aside for it.'),
  dropped_bytes: number.optional(),
} satisfies Partial<Record<keyof RunRecord, z.ZodType>>;

export const runRecord = z.looseObject(fields).describe('One execution of one attempt of a tick.');
const hooks = z.array(hookResult).optional().describe('What came of the hooks and notices of this run, where it has any.');
export const runAnswer = z.looseObject({ ok: isOk, ...fields, hooks });
export const runsAnswer = z.looseObject({ ok: isOk, runs: z.array(runRecord) });

export const receipt = z
  .looseObject({
    ok: isOk,
    status: z.literal('queued'),
    run_id: text,
    cadence: text,
    tick: text,
    path: text,
    already_pending: z.literal(true).optional().describe('The very same tick was there already.'),
    next_check_after_seconds: number,
    status_command: text,
    wait_command: text,
    logs_command: text,
  })
  .describe('A tick is on disk. The commands may be run from anywhere.');

const outputLine = z.looseObject({ stream: z.enum(['stdout', 'stderr']), text });
export const eventLine = z.looseObject({
  ts: text,
  level: z.enum(['info', 'warn', 'error']),
  stage: text,
  cadence: text.optional(),
  tick: text.optional(),
  run_id: text.optional(),
});

/** Of these commands each line of stdout is one such object. */
export const LINES = { logs: outputLine, events: eventLine } as const;
