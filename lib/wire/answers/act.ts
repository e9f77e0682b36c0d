import * as z from 'zod';
import { isOk, number, text } from './answer-part.ts';

export const hookResult = z.looseObject({
  name: text.describe('on_failure[0], notify:discord.'),
  ok: isOk,
  status: text.describe('Of a hook that of its run; of a notice pending, delivered or dead.'),
  attempts: number,
  run_id: text.optional().describe('Of a hook: the run that it is itself.'),
  error: text.optional(),
});

export const hooksAnswer = z.looseObject({ ok: isOk, run_id: text, cadence: text, hooks: z.array(hookResult) });

/** Of `exec`: held by a breaker, a pause or a halt, so nothing was started. */
export const heldAnswer = z.looseObject({ ok: z.literal(false), status: z.literal('held'), cadence: text, root: text, reason: text });

const sink = z.looseObject({
  sink: text,
  kind: text,
  cadences: z.array(text),
  unset: z.array(text).describe('Variables that are not set where this was asked.'),
  pending: number,
  lost: number.describe('Lately, and since it last took one: refused, or not delivered for a day. Nobody was told of these.'),
  last_error: text.nullable(),
});
const testResult = z.looseObject({ sink: text, ok: isOk, status: z.enum(['delivered', 'pending', 'dead']), error: text.optional() });

export const notifyAnswers = [z.looseObject({ ok: isOk, sinks: z.array(sink) }), z.looseObject({ ok: isOk, results: z.array(testResult) })];
