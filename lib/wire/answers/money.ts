import * as z from 'zod';
import { isOk, number, text } from './answer-part.ts';

const row = { runs: number, usd: number, guessed_usd: number.describe('As much of it as nobody told: what was set aside, or reckoned from tokens.') };

export const costsAnswer = z.looseObject({
  ok: isOk,
  since: text,
  gone_before: text.optional().describe('Runs before this day are on file no more, and missing from costs and total.'),
  zone: text.describe('Whose calendar days are counted.'),
  by: z.enum(['cadence', 'day', 'model']),
  costs: z.array(z.looseObject({ name: text, ...row })),
  total: z.looseObject(row),
  reserved: z.array(z.looseObject({ run_id: text, cadence: text, usd: number })).describe('What is set aside for runs under way.'),
  budgets: z.array(
    z.looseObject({
      key: text.describe('bus or cadence:<name>'),
      period: z.enum(['day', 'month']),
      unit: z.enum(['usd', 'runs']),
      most: number,
      spent: number,
      reserved: number,
      resets_at: text,
    }),
  ),
});

export const monthlyCost = z.looseObject({ cadence: text, most_usd: number.nullable().describe('null: nothing bounds it.'), because: text });
