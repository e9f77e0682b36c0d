import * as z from 'zod';
import { type Ms, parseIso } from '../core/instant.ts';
import { isCadenceName, isTickId, MAX_TICK_BYTES, type Tick } from '../core/tick.ts';

/** A tick's file may hold more than a tick: the report of its death, or its own text once more, with every sign escaped. */
export const MAX_FILE_BYTES = 8 * MAX_TICK_BYTES;

/** What may stand in a tick's file. Unknown fields are kept: they may belong to a newer version or to the handler. */
const instant = z.string().refine(isInstant, 'is not an instant such as 2026-11-20T07:00:00Z');
export const tickSchema = z.looseObject({
  cadence: z.string().refine(isCadenceName, 'is not a cadence name'),
  source: z.string().max(200).optional(),
  enqueued_at: instant.optional(),
  key: z.string().min(1).max(200).optional(),
  slot: z.string().min(1).max(60).optional(),
  expires_at: instant.optional(),
  parent_run: z.string().max(60).optional(),
  force: z.boolean().optional(),
  depth: z.number().int().min(0).max(1000).optional(),
  /** Attempts are counted against it: what is no number there would make a tick immortal. */
  dead: z.looseObject({ attempts: z.number().int().min(0).max(999_999) }).optional(),
  /** In batches and in foreign files, whose names do not carry them. */
  id: z.unknown().optional(),
  due_at: instant.optional(),
});

export type TickReading =
  | { readonly kind: 'tick'; readonly tick: Tick; readonly id: string | undefined; readonly dueMs: Ms | undefined }
  /** `isJson`: nothing that is written behind it can make it a tick any more. */
  | { readonly kind: 'malformed'; readonly because: string; readonly isJson: boolean };

/** Reads the text of a tick. `fallbackIso`, the file's own time, stands in where the text does not say when it was enqueued. */
export function readTick(text: string, fallbackIso: string): TickReading {
  if (text.length > MAX_FILE_BYTES) return tooLarge();
  let value: unknown;
  try {
    // Editors of some systems put a byte order mark before everything they write.
    value = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return {
      kind: 'malformed',
      because: text.trim() === '' ? 'it is empty: its writer was cut off' : `it is not JSON: ${error.message.slice(0, 200)}`,
      isJson: false,
    };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { kind: 'malformed', because: 'it is not a JSON object', isJson: true };
  const raw = value as Record<string, unknown>;
  // A malformed tick that was put back by hand is judged by what it was.
  if (typeof raw.raw === 'string' && raw.cadence === undefined) return readTick(raw.raw, fallbackIso);
  if (raw.dead === undefined && Buffer.byteLength(text) > MAX_TICK_BYTES) return tooLarge();
  return checkTick(raw, fallbackIso);
}

function checkTick(raw: Record<string, unknown>, fallbackIso: string): TickReading {
  const checked = tickSchema.safeParse(raw);
  if (!checked.success) {
    const issue = checked.error.issues[0];
    return { kind: 'malformed', because: `${issue?.path.join('.') || 'it'} ${issue?.message ?? 'is wrong'}`, isJson: true };
  }
  const { id, due_at } = checked.data;
  // The object is handed on as it was read, so that unknown fields keep their order; only what is missing is filled in.
  raw.source ??= 'unknown';
  raw.enqueued_at ??= fallbackIso;
  return { kind: 'tick', tick: raw as unknown as Tick, id: typeof id === 'string' && isTickId(id) ? id : undefined, dueMs: parseIso(due_at) };
}

function tooLarge(): TickReading {
  return { kind: 'malformed', because: `it is larger than ${MAX_TICK_BYTES} bytes`, isJson: true };
}

/** `Date` reads the 30th of February as the 2nd of March; whoever wrote it meant something else. */
function isInstant(text: string): boolean {
  const day = text.slice(0, 10);
  const atMs = parseIso(day);
  return parseIso(text) !== undefined && atMs !== undefined && new Date(atMs).toISOString().slice(0, 10) === day;
}
