import { CadenceError } from '../core/error.ts';
import { slotKey } from '../core/slot/slot.ts';
import { FORCED_DUE_MS, isCadenceName, MAX_TICK_BYTES, parseRunId, refuseCadenceName, type Tick, type TickName } from '../core/tick.ts';
import { isIsoInstant, type Ms, parseIso, toIso } from '../core/time/instant.ts';
import type { Ids } from '../ports.ts';

/** What a program asks for in one call, checked here once and turned into a tick's name and text. */
export interface EnqueueOptions {
  /** Anything that JSON can say; at most 256 KB with the rest of the tick. */
  readonly payload?: unknown;
  /** Two ticks of one cadence with the same key are one run. */
  readonly key?: string;
  /** The scheduled instant this tick stands for, as ISO text; the tick is due then unless told otherwise. */
  readonly slot?: string;
  /** Who asks; default `library`. */
  readonly source?: string;
  /** Not before this instant; default now. */
  readonly dueMs?: Ms;
  /** Not before so long from now. */
  readonly delayMs?: Ms;
  /** Not after this instant. */
  readonly expiresAtMs?: Ms;
  readonly parentRun?: string;
  readonly depth?: number;
  /** Run it now, past the guard, the pause and the breaker of its cadence and a run under way; never past halt, account or budget. */
  readonly force?: boolean;
}

const OPTIONS: Readonly<Record<keyof EnqueueOptions | 'root', true>> = {
  ...{ root: true, payload: true, key: true, slot: true, source: true, dueMs: true, delayMs: true, expiresAtMs: true },
  ...{ parentRun: true, depth: true, force: true },
};

/** A checked call: the name its tick has, and the tick as one line without its end. */
export interface TickRequest {
  readonly name: TickName;
  readonly json: string;
  /** Its id follows from its key or its slot, so that others may ask for the very same tick. */
  readonly isKeyed: boolean;
}

const MAX_INSTANT = 60;
const MAX_DEPTH = 1000;
const INSTANT = /^\d{4}-\d{2}-\d{2}[0-9TZ:.+-]*$/;

/** Throws `bad_data` for whatever would not come out at the other end as it went in. */
export function requestOf(cadence: string, options: EnqueueOptions, nowMs: Ms, ids: Ids): TickRequest {
  requireKnown(options, OPTIONS);
  const tick = tickOf(cadence, options, nowMs);
  const name = { dueMs: dueOf(options, nowMs), cadence, id: idOf(tick, ids), attempts: 0 };
  return { name, json: toJson(tick), isKeyed: (tick.key ?? tick.slot) !== undefined };
}

function tickOf(cadence: string, options: EnqueueOptions, nowMs: Ms): Tick {
  const { payload, key, slot, source = 'library', expiresAtMs, parentRun, depth, force } = options;
  if (typeof cadence !== 'string' || !isCadenceName(cadence)) throw refuseCadenceName(shown(cadence));
  requireText('source', source);
  if (key !== undefined) requireText('key', key);
  if (slot !== undefined && (!INSTANT.test(slot) || slot.length > MAX_INSTANT || !isIsoInstant(slot))) {
    throw refuse(`the slot "${shown(slot)}" is not an instant`, 'Write it like 2026-11-20T07:00:00Z.');
  }
  if (expiresAtMs !== undefined) requireNumber('expiresAtMs', expiresAtMs);
  if (parentRun !== undefined && parseRunId(parentRun) === undefined) {
    throw refuse(`parentRun "${shown(parentRun)}" is not a run id`, 'Hand over the run_id of the run that asks.');
  }
  if (depth !== undefined && (!Number.isSafeInteger(depth) || depth < 0 || depth > MAX_DEPTH))
    throw refuse(`depth is ${depth}`, 'It is a whole number from 0 to 1000.');
  if (force !== undefined && typeof force !== 'boolean') throw refuse(`force is "${shown(force)}"`, 'Hand over true, or leave it out.');
  return {
    cadence,
    source,
    enqueued_at: toIso(nowMs),
    ...(payload !== undefined && { payload }),
    ...(key !== undefined && { key }),
    ...(slot !== undefined && { slot }),
    ...(expiresAtMs !== undefined && { expires_at: toIso(expiresAtMs) }),
    ...(parentRun !== undefined && { parent_run: parentRun }),
    ...(depth !== undefined && { depth }),
    ...(force === true && { force }),
  };
}

/** A slot is due when it says, so that the same slot has the same file name and is found to be there already. */
function dueOf({ dueMs, delayMs, slot, force }: EnqueueOptions, nowMs: Ms): Ms {
  if (force === true && (dueMs ?? delayMs ?? slot) !== undefined) throw refuse('force comes with a time', 'What is forced is due at once.');
  if (force === true) return FORCED_DUE_MS;
  if (dueMs !== undefined && delayMs !== undefined) throw refuse('dueMs and delayMs are both given', 'Give one of them.');
  if (dueMs !== undefined) return requireNumber('dueMs', dueMs);
  if (delayMs !== undefined) return nowMs + requireNumber('delayMs', delayMs);
  return parseIso(slot) ?? nowMs;
}

function idOf({ cadence, key, slot }: Tick, ids: Ids): string {
  if (key !== undefined) return ids.keyed('key', cadence, key);
  return slot === undefined ? ids.fresh() : ids.keyed('slot', cadence, slotKey(slot));
}

function toJson(tick: Tick): string {
  const json = stringify(tick);
  const sizeBytes = Buffer.byteLength(json) + 1;
  if (sizeBytes > MAX_TICK_BYTES) {
    throw refuse(`the tick has ${sizeBytes} bytes, more than ${MAX_TICK_BYTES}`, 'Put the payload into a file and hand over its path.');
  }
  return json;
}

/** JSON.stringify leaves out functions, and writes NaN as null and a Map or a promise as {}; here nothing gets lost silently. */
function stringify(tick: Tick): string {
  const { payload } = tick;
  if (payload === undefined || payload === null || typeof payload === 'string' || typeof payload === 'boolean') return JSON.stringify(tick);
  try {
    return JSON.stringify(tick, (key, value: unknown) => {
      if (isLost(value)) throw refuse(`the payload holds ${describe(value)} at "${shown(key)}", which JSON cannot say`, 'Write it as text or as plain data.');
      return value;
    });
  } catch (thrown) {
    if (thrown instanceof CadenceError) throw thrown;
    // A cycle, a toJSON or getter of the caller's that throws, a nesting too deep for the stack.
    const reason = thrown instanceof Error ? thrown.message.split('\n', 1)[0] : String(thrown);
    throw refuse(`the payload cannot be written as JSON: ${reason}`, 'Hand over plain data without cycles.');
  }
}

function isLost(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  if (typeof value === 'object') return value !== null && !Array.isArray(value) && isHollow(value);
  return ['function', 'symbol', 'bigint'].includes(typeof value);
}

/** All that it holds is out of JSON's sight: a Map, a Set, an Error, a promise that nobody has awaited. A plain object may be empty. */
function isHollow(value: object): boolean {
  const kind: unknown = Object.getPrototypeOf(value);
  // The plain object of another realm (vm, a test runner) has another prototype than ours, which has none in its turn.
  return kind !== null && Object.getPrototypeOf(kind) !== null && Object.keys(value).length === 0;
}

/** A stranger's text in a message: short, and nothing that a terminal obeys. */
function shown(text: unknown): string {
  return String(text)
    .slice(0, 80)
    .replace(/[\x00-\x1f\x7f-\x9f]/g, '?');
}

function describe(value: unknown): string {
  if (typeof value === 'object') return `an object of the kind ${Object.prototype.toString.call(value).slice(8, -1)}`;
  return typeof value === 'number' ? String(value) : `a ${typeof value}`;
}

/** The owner dead-letters what is longer. */
const MAX_TEXT = 200;

/** What would be passed over in silence may have been the very time of the tick: a `delay` that nobody reads is a tick that runs now. */
export function requireKnown(options: object, known: Readonly<Record<string, true>>): void {
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && !Object.hasOwn(known, name))
      throw refuse(`there is no option "${shown(name)}" of enqueue here`, `Its options are ${Object.keys(known).join(', ')}.`);
}

function requireText(what: string, text: unknown): void {
  if (typeof text === 'string' && text.length > MAX_TEXT)
    throw refuse(`the ${what} has more than ${MAX_TEXT} characters`, 'Use a shorter one, for example a hash of it.');
  if (typeof text !== 'string' || text === '') throw refuse(`the ${what} is ${text === '' ? 'empty' : 'no text'}`, 'Hand over a text, or leave it out.');
}

function requireNumber(what: string, value: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw refuse(`${what} is ${String(value)}`, 'Hand over milliseconds as a finite number.');
  return value;
}

function refuse(message: string, hint: string): CadenceError {
  return new CadenceError('bad_data', message, hint);
}
