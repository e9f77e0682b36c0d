import { describeJsonFault } from '../core/text/json-place.ts';
import { isCadenceName, isTickId, MAX_FILE_BYTES, MAX_TICK_BYTES, type Tick } from '../core/tick.ts';
import { isIsoInstant, type Ms, parseIso } from '../core/time/instant.ts';
import { tickFault } from './tick-schema.ts';

export type TickReading =
  | { readonly kind: 'tick'; readonly tick: Tick; readonly id: string | undefined; readonly dueMs: Ms | undefined }
  /** `isJson`: nothing that is written behind it can make it a tick any more. */
  | { readonly kind: 'malformed'; readonly because: string; readonly isJson: boolean };

/** The last text that said no more than `bin/enqueue` does without a payload: a burst is the same few words again and again. */
let plain: { readonly text: string; readonly cadence: string; readonly source: string } | undefined;

/** Reads the text of a tick. `fallbackIso`, the file's own time, stands in where the text does not say when it was enqueued. */
export function readTick(text: string, fallbackIso: string): TickReading {
  if (text === plain?.text)
    return { kind: 'tick', tick: { cadence: plain.cadence, source: plain.source, enqueued_at: fallbackIso }, id: undefined, dueMs: undefined };
  if (text.length > MAX_FILE_BYTES) return tooLarge();
  // Editors of some systems put a byte order mark before everything they write.
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return {
      kind: 'malformed',
      because: text.trim() === '' ? 'it is empty: its writer was cut off' : `it is not JSON: ${describeJsonFault(body)}`,
      isJson: false,
    };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { kind: 'malformed', because: 'it is not a JSON object', isJson: true };
  const raw = value as Record<string, unknown>;
  // A malformed tick that was put back by hand is judged by what it was.
  if (typeof raw.raw === 'string' && raw.cadence === undefined) return readTick(raw.raw, fallbackIso);
  if (raw.dead === undefined && Buffer.byteLength(text) > MAX_TICK_BYTES) return tooLarge();
  const [first, second, ...more] = Object.keys(raw);
  const reading = checkTick(raw, fallbackIso);
  if (reading.kind === 'tick' && first === 'cadence' && second === 'source' && more.length === 0) {
    const { cadence, source } = reading.tick;
    plain = { text, cadence, source };
  }
  return reading;
}

function checkTick(raw: Record<string, unknown>, fallbackIso: string): TickReading {
  if (!isTick(raw)) {
    const because = tickFault(raw);
    if (because !== undefined) return { kind: 'malformed', because, isJson: true };
  }
  const { id, due_at } = raw;
  // The object is handed on as it was read, so that unknown fields keep their order; only what is missing is filled in.
  raw.source ??= 'unknown';
  raw.enqueued_at ??= fallbackIso;
  return {
    kind: 'tick',
    tick: raw as unknown as Tick,
    id: typeof id === 'string' && isTickId(id) ? id : undefined,
    dueMs: typeof due_at === 'string' ? parseIso(due_at) : undefined,
  };
}

/**
 * What `tickSchema` accepts. Of ten thousand ticks that an owner finds at its start, it is asked about each, and neither
 * needs the time that schemas take; in doubt, and for the words, the schema is asked.
 */
export function isTick(raw: Readonly<Record<string, unknown>>): boolean {
  const { cadence, source, enqueued_at, key, slot, expires_at, parent_run, force, depth, dead, due_at } = raw;
  return (
    typeof cadence === 'string' &&
    isCadenceName(cadence) &&
    isText(source, 0, 200) &&
    isInstant(enqueued_at) &&
    isText(key, 1, 200) &&
    isText(slot, 1, 60) &&
    isInstant(expires_at) &&
    isText(parent_run, 0, 60) &&
    (force === undefined || typeof force === 'boolean') &&
    (depth === undefined || isCount(depth, 1000)) &&
    (dead === undefined || (isMap(dead) && isCount(dead.attempts, 999_999))) &&
    isInstant(due_at)
  );
}

function isText(value: unknown, least: number, most: number): boolean {
  return value === undefined || (typeof value === 'string' && value.length >= least && value.length <= most);
}

const isInstant = (value: unknown): boolean => value === undefined || (typeof value === 'string' && isIsoInstant(value));
const isCount = (value: unknown, most: number): boolean => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most;
const isMap = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

function tooLarge(): TickReading {
  return { kind: 'malformed', because: `it is larger than ${MAX_TICK_BYTES} bytes`, isJson: true };
}
