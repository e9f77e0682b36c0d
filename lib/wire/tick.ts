import { z } from 'zod';
import { isCadenceName, isTickId, MAX_TICK_BYTES, type Tick } from '../core/tick.ts';
import { type Ms, parseIso } from '../core/instant.ts';

/** What may stand in a tick's file. Unknown fields are kept: they may belong to a newer version or to the handler. */
const instant = z.string().refine((text) => parseIso(text) !== undefined, 'is not an instant such as 2026-11-20T07:00:00Z');
const tickSchema = z.looseObject({
  cadence: z.string().refine(isCadenceName, 'is not a cadence name'),
  source: z.string().max(200).optional(),
  enqueued_at: instant.optional(),
  key: z.string().min(1).max(200).optional(),
  slot: z.string().min(1).max(60).optional(),
  expires_at: instant.optional(),
  parent_run: z.string().max(60).optional(),
  depth: z.number().int().min(0).max(1000).optional(),
  /** In batches and in foreign files, whose names do not carry them. */
  id: z.unknown().optional(),
  due_at: instant.optional(),
});

export type TickReading =
  | { readonly kind: 'tick'; readonly tick: Tick; readonly id: string | undefined; readonly dueMs: Ms | undefined }
  | { readonly kind: 'malformed'; readonly because: string };

/** Reads the text of a tick. `fallbackMs`, the file's own time, stands in where the text does not say when it was enqueued. */
export function readTick(text: string, fallbackIso: string): TickReading {
  if (text.length > MAX_TICK_BYTES) return { kind: 'malformed', because: `it is larger than ${MAX_TICK_BYTES} bytes` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { kind: 'malformed', because: text.trim() === '' ? 'it is empty' : `it is not JSON: ${error.message.slice(0, 200)}` };
  }
  return checkTick(value, fallbackIso);
}

export function checkTick(value: unknown, fallbackIso: string): TickReading {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { kind: 'malformed', because: 'it is not a JSON object' };
  const raw = value as Record<string, unknown>;
  // A malformed tick that was put back by hand is judged by what it was.
  if (typeof raw.raw === 'string' && raw.cadence === undefined) return readTick(raw.raw, fallbackIso);
  const checked = tickSchema.safeParse(value);
  if (!checked.success) {
    const issue = checked.error.issues[0];
    return { kind: 'malformed', because: `${issue?.path.join('.') || 'it'} ${issue?.message ?? 'is wrong'}` };
  }
  const { id, due_at } = checked.data;
  // The object is handed on as it was read, so that unknown fields keep their order; only what is missing is filled in.
  const tick = { ...raw, source: raw.source ?? 'unknown', enqueued_at: raw.enqueued_at ?? fallbackIso } as unknown as Tick;
  return { kind: 'tick', tick, id: typeof id === 'string' && isTickId(id) ? id : undefined, dueMs: parseIso(due_at) };
}
