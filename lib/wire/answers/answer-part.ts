import * as z from 'zod';

/** What several answers have in common. Every object is open: more fields are welcome, those named here stay. */
export const text = z.string();
export const number = z.number();
export const instantOrNull = z.string().nullable();
export const isOk = z.boolean().describe('Whether it went well. The exit code says the same.');

export const failure = z
  .looseObject({
    ok: z.literal(false),
    error: z.looseObject({
      code: z
        .enum(['usage', 'bad_data', 'not_found', 'no_owner', 'io', 'held', 'permission', 'config', 'timeout', 'bug'])
        .describe('Stable; decides the exit code.'),
      message: text.describe('What went wrong, naming the thing.'),
      hint: text.describe('What to do next.'),
    }),
  })
  .describe('A failure has the same form for every command.');

export const problem = z.looseObject({ path: text, line: number, column: number, key: text, message: text, hint: text });

export const hold = z.looseObject({
  key: text.describe('bus, cadence:<name>, account:<name> or provider:<name>'),
  state: z.enum(['closed', 'backing_off', 'open', 'half_open', 'isolated', 'blocked', 'paused', 'halted', 'budget', 'broken']),
  until: instantOrNull,
  because: text,
  failures: number,
});

export const dryRun = z
  .looseObject({ ok: z.literal(true), dry_run: z.literal(true) })
  .describe('What --dry-run answers (exit 2): what would be done; nothing was changed.');

/** What was, or would be, written to a file. */
export const fileChange = z.looseObject({
  path: text,
  change: z.enum(['create', 'edit', 'remove']),
  diff: text.describe('A unified diff.'),
});

/** What a fix has set for the next runs of a cadence. */
export const overlay = z.looseObject({ cadence: text, values: z.record(z.string(), text), since: text, incident_id: text, source: text });
