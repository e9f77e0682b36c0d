import type { FiredLine, SlotCursor, SlotLine, SlotPlan } from '../core/slot/line.ts';
import { SLOT_ENDS } from '../core/slot/slot.ts';
import { parseJson } from '../core/text/json-text.ts';
import { parseIso } from '../core/time/instant.ts';

/** The slot ledger and its snapshot, as they are accepted when they are read again. By hand, for `why` and `next` are spared the schemas. */
type Fields = Readonly<Record<string, unknown>>;

const isText = (value: unknown): value is string => typeof value === 'string';
const isInstant = (value: unknown): boolean => parseIso(value) !== undefined;
const isTextOrAbsent = (value: unknown): boolean => value === undefined || isText(value);

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** undefined for whatever is no line of ours: torn, garbled, of a newer version. */
export function parseSlotLine(text: string): SlotLine | undefined {
  const value = parseJson(text);
  const line = fieldsOf(value);
  return line !== undefined && isInstant(line.ts) && isText(line.kind) && LINES[line.kind]?.(line) === true ? (line as unknown as SlotLine) : undefined;
}

const LINES: Readonly<Record<string, (line: Fields) => boolean>> = {
  plan: ({ cadence, from, plan, was, because }) =>
    isText(cadence) && isInstant(from) && (plan === null || isPlan(plan)) && (was === null || isPlan(was)) && isText(because),
  fired: ({ cadence, slot, due, tick, by, because }) =>
    isText(cadence) && isInstant(slot) && isInstant(due) && isText(tick) && isText(by) && isTextOrAbsent(because),
  end: ({ cadence, end, slot, last, count, because }) =>
    isText(cadence) &&
    SLOT_ENDS.some((known) => known === end) &&
    isInstant(slot) &&
    (last === undefined || isInstant(last)) &&
    (count === undefined || Number.isSafeInteger(count)) &&
    isText(because),
  rewound: ({ cadence, from, fired }) => isText(cadence) && isInstant(from) && Array.isArray(fired) && fired.every(isInstant),
  ignored: ({ cadence, until }) => isText(cadence) && isInstant(until),
  started: ({ because }) => isText(because),
  stopped: ({ because }) => isText(because),
  slept: ({ from, to, because }) => isInstant(from) && isInstant(to) && isText(because),
  clock_jumped: ({ from, to, because }) => isInstant(from) && isInstant(to) && isText(because),
};

function isPlan(value: unknown): value is SlotPlan {
  const plan = fieldsOf(value);
  return (
    plan !== undefined &&
    Array.isArray(plan.lines) &&
    plan.lines.every(isText) &&
    isText(plan.zone) &&
    (plan.catchup === 'latest' || plan.catchup === 'all' || plan.catchup === 'skip') &&
    (plan.window_ms === null || typeof plan.window_ms === 'number') &&
    typeof plan.stagger_ms === 'number' &&
    typeof plan.jitter_ms === 'number' &&
    isText(plan.scheduler)
  );
}

function isCursor(value: unknown): value is SlotCursor {
  const cursor = fieldsOf(value);
  if (cursor === undefined) return false;
  const [fired, ignored] = [fieldsOf(cursor.fired), fieldsOf(cursor.ignored)];
  return (
    (cursor.plan === null || isPlan(cursor.plan)) &&
    isInstant(cursor.since) &&
    isInstant(cursor.through) &&
    (cursor.fired === null || (fired !== undefined && isInstant(fired.slot) && isText(fired.tick) && isInstant(fired.due) && isInstant(fired.ts))) &&
    Array.isArray(cursor.ahead) &&
    cursor.ahead.every(isInstant) &&
    (cursor.ignored === null || (ignored !== undefined && isInstant(ignored.since) && isInstant(ignored.until)))
  );
}

export interface SavedCursors {
  readonly through: { readonly day: string; readonly bytes: number };
  readonly cursors: ReadonlyMap<string, SlotCursor>;
  readonly life: Extract<SlotLine, { kind: 'started' | 'stopped' }> | undefined;
  readonly lastTs: string;
  readonly lastFired: readonly FiredLine[];
}

/** The cursors as they were at a place in the ledger. undefined: it is not what we wrote, and the ledger is read from its beginning. */
export function parseCursors(text: string): SavedCursors | undefined {
  const value = parseJson(text);
  const saved = fieldsOf(value);
  const through = fieldsOf(saved?.through);
  const cadences = fieldsOf(saved?.cadences);
  if (saved?.format !== 1 || through === undefined || cadences === undefined || !isText(through.day) || !Number.isSafeInteger(through.bytes)) return undefined;
  const entries = Object.entries(cadences);
  if (!entries.every(([, cursor]) => isCursor(cursor))) return undefined;
  const life = saved.life === null ? undefined : parseSlotLine(JSON.stringify(saved.life));
  return {
    through: { day: through.day, bytes: through.bytes as number },
    cursors: new Map(entries as [string, SlotCursor][]),
    life: life?.kind === 'started' || life?.kind === 'stopped' ? life : undefined,
    lastTs: isText(saved.last_ts) ? saved.last_ts : '',
    lastFired: Array.isArray(saved.last_fired) ? saved.last_fired.flatMap(firedLine) : newestFired(entries as [string, SlotCursor][]),
  };
}

function firedLine(value: unknown): readonly FiredLine[] {
  const line = parseSlotLine(JSON.stringify(value) ?? '');
  return line?.kind === 'fired' ? [line] : [];
}

/** A snapshot of an older version names the last of each cadence only. */
function newestFired(entries: readonly (readonly [string, SlotCursor])[]): readonly FiredLine[] {
  const newestTs = entries.reduce((newest, [, { fired }]) => (fired !== null && fired.ts > newest ? fired.ts : newest), '');
  return entries.flatMap(([cadence, { fired }]) => (fired?.ts === newestTs ? [{ kind: 'fired', cadence, by: 'schedule', ...fired } as const] : []));
}
