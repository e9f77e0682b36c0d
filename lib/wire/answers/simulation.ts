import * as z from 'zod';
import { isOk, number, problem, text } from './answer-part.ts';

const tally = {
  slots: number,
  ran: number,
  skipped: number,
  missed: number,
  held: number,
  superseded: number,
  unfinished: number.describe('Slots that wait or run where it ends.'),
  overlaps: number.describe('Slots that came while a run of the same cadence was under way.'),
  held_by: z.array(z.looseObject({ cause: text.describe('lane, workspace, budget, backoff, circuit-open …'), slots: number })),
  runs: number.describe('Attempts, retries among them.'),
  failed: number.describe('As many of them would not end within their timeout.'),
  busy_ms: number,
  cost_usd: number,
};

export const simulateAnswer = z.looseObject({
  ok: isOk,
  from: text,
  to: text,
  timezone: text.describe('Of this machine.'),
  fresh: z.boolean().describe('It begins with nothing held, paused or spent, and with no ticks.'),
  held_at_start: z.array(text).describe('What is held or paused where it begins: cadence:<name>, account:<name>, bus, halt …'),
  spent_at_start_usd: number,
  waiting_at_start: number.describe('Ticks that wait now, orders and notices not among them.'),
  running_at_start: number.describe('Runs under way; they end when they usually do.'),
  cadences: z.array(
    z.looseObject({
      cadence: text,
      ...tally,
      estimate: z.looseObject({
        duration_ms: number,
        cost_usd: number.nullable().describe('null: nobody knows.'),
        from: z.enum(['history', 'option', 'unknown']),
        runs: number.describe('So many runs of the past it is the median of.'),
      }),
    }),
  ),
  totals: z.looseObject(tally),
  slots: z.array(
    z.looseObject({
      cadence: text,
      at: text,
      end: z.enum(['ran', 'skipped', 'missed', 'held', 'superseded', 'due', 'waiting', 'running']),
      because: text,
      run_id: text.nullable(),
      overlapped: z.boolean(),
      held_by: z.array(text),
      waited_ms: number.nullable().describe('From its instant to the start of its first run; null: it has none.'),
    }),
  ),
  problems: z.array(problem),
});
