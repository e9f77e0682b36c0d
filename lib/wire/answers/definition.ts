import * as z from 'zod';
import { fileChange, instantOrNull, isOk, number, overlay, problem, text } from './answer-part.ts';
import { monthlyCost } from './money.ts';

const lastRun = z.looseObject({ run_id: text, status: text, ended_at: instantOrNull, summary: text });

const nextSlot = z
  .looseObject({ at: text, due: text, timezone: text })
  .nullable()
  .describe('The scheduled instant that comes next; null: none does, or it is disabled.');

export const listAnswer = z.looseObject({
  ok: isOk,
  cadences: z.array(
    z.looseObject({
      name: text,
      path: text,
      description: text,
      kind: text.nullable(),
      enabled: z.boolean(),
      lane: text.nullable(),
      schedule: text.nullable().describe('In words; null: only when asked.'),
      destructive: z.boolean(),
      last_run: instantOrNull,
      last_status: text.nullable(),
      consecutive_failures: number,
      problems: number,
    }),
  ),
  problems: z.array(problem),
});

export const showAnswer = z.looseObject({
  ok: isOk,
  name: text,
  path: text,
  problems: z.array(problem),
  cadence: z.looseObject({}).nullable().describe('With every default filled in; null where it is broken.'),
  next_slot: nextSlot,
  monthly_cost: monthlyCost.nullable().describe('The most that a month may cost; null where it costs nothing, as far as it has told.'),
  overlay: overlay.nullable().describe('What a fix has set for its next runs; null: nothing.'),
});

const flag = z.looseObject({ name: text, short: text.optional(), value: text.optional(), repeatable: z.boolean().optional(), summary: text });
const command = z.looseObject({
  name: text,
  group: text,
  summary: text,
  usage: text,
  flags: z.array(flag),
  exits: z.array(z.looseObject({ code: number, meaning: text })),
  json: z.boolean(),
  changes: z.boolean().describe('Whether it changes anything. If so it has --dry-run, or says here why not.'),
  destructive: z.boolean().describe('Whether what it ends or removes does not come back.'),
  dry_run: z.boolean(),
  examples: z.array(text),
});

const cadence = z.looseObject({
  name: text,
  path: text,
  description: text,
  kind: text.nullable(),
  enabled: z.boolean(),
  inputs: z.record(text, text),
  outputs: z.record(text, text),
  schema: z.unknown().describe('The JSON Schema of its payload, or null.'),
  required_env: z.array(text),
  missing_env: z.array(text).describe('Those of required_env that are not set here; the owner may have them.'),
  schedule: z
    .looseObject({ lines: z.array(text), sentence: text })
    .nullable()
    .describe('When it is due; null: only when asked.'),
  next_slot: nextSlot,
  network: z.boolean(),
  destructive: z.boolean(),
  problems: z.array(problem),
  last: lastRun.nullable(),
});

export const capabilitiesAnswer = z.looseObject({
  ok: isOk,
  tool: z.literal('cadence-bus'),
  version: text,
  agent_contract_version: z.literal(1),
  root: text.nullable().describe('null: there is no agent root here; cadence-bus init makes one.'),
  dirs: z.record(text, text),
  commands: z.array(command),
  everywhere: z.array(flag).describe('Flags that every command has.'),
  exit_codes: z.record(text, text),
  cadences: z.array(cadence),
});

export const schemaAnswers = [z.looseObject({ ok: isOk, names: z.array(text) }), z.looseObject({ ok: isOk, name: text, schema: z.looseObject({}) })] as const;

export const changeAnswer = z.looseObject({ ok: isOk, cadence: text, changes: z.array(fileChange) });
export const changesAnswer = z.looseObject({ ok: isOk, changes: z.array(fileChange) });
export const skillsAnswer = z.looseObject({
  ok: isOk,
  skills: z.array(z.looseObject({ tool: text, scope: z.enum(['local', 'global']), path: text, state: z.enum(['installed', 'outdated', 'absent', 'foreign']) })),
});
