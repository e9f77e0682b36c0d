import { lastRunOf } from '../core/cadence-digest.ts';
import { instantsBetween, nextInstant } from '../core/calendar.ts';
import { formatDuration } from '../core/duration.ts';
import { CadenceError } from '../core/error.ts';
import { type Ms, parseIso } from '../core/instant.ts';
import { parseLocal } from '../core/local-time.ts';
import { formatSlot } from '../core/slot.ts';
import type { SlotView } from '../core/slot-account.ts';
import { planOf, type SlotCursor, scheduleOf } from '../core/slot-line.ts';
import { type Zone, zoneOf } from '../core/zone.ts';
import { createSlotReading } from '../history/slot-ledger.ts';
import { probeOwner } from '../platform/control.ts';
import { createUptime } from '../platform/uptime.ts';
import type { SlotReading } from '../ports.ts';
import { brokenCadences } from './broken.ts';
import { openIncidents } from './open-incidents.ts';
import { createReading, type Reading } from './reading.ts';
import { nowMs, unknownCadence } from './root.ts';
import { slotsWith } from './slot-reading.ts';
import { readHolds } from './status.ts';

export interface WhyView {
  readonly ok: true;
  readonly cadence: string;
  /** The zone of its schedule. */
  readonly timezone: string;
  /** How it stands now, in a sentence. */
  readonly because: string;
  readonly slots: readonly SlotView[];
}

export interface WhyQuery {
  readonly at: string | undefined;
  readonly sinceMs: Ms | undefined;
}

const SINCE_MS: Ms = 86_400_000;
const MOST_SLOTS = 24;
const MOST_ASKED = 10_000;

/** What became of the slots of a cadence, or why it did not run; from files, so that a dead owner keeps no secret. */
export async function explainWhy(root: string, cadence: string, query: WhyQuery): Promise<WhyView> {
  const reading = createReading(root);
  const ledger = createSlotReading(reading);
  const atMs = nowMs();
  const isOwned = (await probeOwner(root)).kind !== 'none';
  const cursor = await currentCursor(root, reading, ledger, cadence, isOwned);
  const zone = zoneOf(cursor?.plan?.zone ?? createUptime().timezone());
  const broken = await brokenCadences(reading, (name) => name === cadence, atMs);
  const incidents = (await openIncidents(reading)).filter(({ cadences }) => cadences.includes(cadence));
  const now = [
    ...[standing(reading, cadence, atMs, isOwned, cursor), ...incidents.map(({ id, state }) => `incident ${id} is ${state.replace('_', ' ')}`)],
    ...broken.map(({ because }) => `its definition is broken: ${because}`),
  ].join('; ');
  if (cursor === undefined) return { ok: true, cadence, timezone: zone.name, because: now, slots: [] };
  const span = spanOf(query, zone, cursor, atMs);
  const slots = slotsWith(reading, ledger, cursor, cadence, { ...span, nowMs: atMs, isOwned });
  if (query.at !== undefined && slots.length === 0) throw noSlot(query.at, cursor, zone, span.fromMs);
  return { ok: true, cadence, timezone: zone.name, because: now, slots };
}

/** Without an owner nobody keeps the plan in step with its definition; then the definition itself is read, which costs more. */
async function currentCursor(root: string, reading: Reading, ledger: SlotReading, cadence: string, isOwned: boolean): Promise<SlotCursor | undefined> {
  const cursor = ledger.cursors().get(cadence);
  const isDefined = reading.defined().includes(cadence);
  if (!isDefined && cursor === undefined && reading.history.runs({ cadence, limit: 1 }).length === 0) throw unknownCadence(cadence, reading.defined());
  if (!isDefined || (isOwned && cursor !== undefined) || (cursor !== undefined && !isEdited(reading, cadence, cursor))) return cursor;
  const { requireCadence } = await import('./defined.ts');
  const schedule = requireCadence(root, cadence).cadence?.schedule;
  if (schedule === undefined) return cursor;
  const plan = planOf(schedule, schedule.timezone ?? createUptime().timezone(), 'builtin');
  const now = formatSlot(nowMs());
  return cursor === undefined ? { plan, since: now, through: now, fired: null, ahead: [], ignored: null } : { ...cursor, plan };
}

function isEdited({ files, paths }: Reading, cadence: string, cursor: SlotCursor): boolean {
  const edits = ['yaml', 'yml', 'md'].map((suffix) => files.info(`${paths.cadences}/${cadence}.${suffix}`)?.mtimeMs ?? 0);
  return Math.max(...edits) > (parseIso(cursor.since) ?? 0);
}

function spanOf({ at, sinceMs }: WhyQuery, zone: Zone, { plan }: SlotCursor, atMs: Ms): { readonly fromMs: Ms; readonly untilMs: Ms; readonly most: number } {
  if (at !== undefined) {
    const asked = parseLocal(at, zone, atMs);
    if (asked === undefined)
      throw new CadenceError('usage', `--at ${at} is no time`, 'Write it like 07:00, "yesterday 7:00", "2026-11-20 7:00" or 2026-11-20T07:00:00Z.');
    return { fromMs: asked, untilMs: asked + 59_999, most: MOST_ASKED };
  }
  const schedule = plan === null ? undefined : scheduleOf(plan);
  const nextMs = schedule === undefined ? undefined : nextInstant(schedule, zone, atMs);
  return { fromMs: atMs - (sinceMs ?? SINCE_MS), untilMs: nextMs ?? atMs, most: sinceMs === undefined ? MOST_SLOTS : MOST_ASKED };
}

function noSlot(at: string, { plan, since }: SlotCursor, zone: Zone, askedMs: Ms): CadenceError {
  const schedule = plan === null ? undefined : scheduleOf(plan);
  const [before] = schedule === undefined ? [] : [...instantsBetween(schedule, zone, askedMs - 7 * SINCE_MS, askedMs)].slice(-1);
  const after = schedule === undefined ? undefined : nextInstant(schedule, zone, askedMs);
  const near = [before, after].flatMap((one) => (one === undefined ? [] : [formatSlot(one)])).join(' and ');
  return new CadenceError(
    'not_found',
    `no slot of its schedule is at ${at}${askedMs < (parseIso(since) ?? 0) ? `, and its schedule is known since ${since}` : ''}`,
    near === '' ? 'See cadence-bus next.' : `The slots around it are ${near}.`,
  );
}

/** What happened last, and why nothing runs now. */
function standing(reading: Reading, cadence: string, atMs: Ms, isOwned: boolean, cursor: SlotCursor | undefined): string {
  const last = lastRunOf(reading.history.digest()[cadence]);
  const told: string[] = [];
  if (cursor?.plan === undefined || cursor.plan === null) told.push('it has no schedule and runs when it is asked to');
  if (last === undefined) told.push('it has never run');
  else {
    const words = last.summary || last.reason;
    told.push(
      `its last run ${last.status} ${formatDuration(atMs - (parseIso(last.ended_at) ?? atMs))} ago${words === '' ? '' : `: ${words.split('\n', 1)[0]}`}`,
    );
  }
  const mine = (folder: 'inbox' | 'waiting' | 'claimed'): number => reading.names(folder).filter((name) => name.cadence === cadence).length;
  const [running, waiting] = [mine('claimed'), mine('inbox') + mine('waiting')];
  if (running > 0) told.push('it runs now');
  if (waiting > 0) told.push(`${waiting} ${waiting === 1 ? 'tick waits' : 'ticks wait'}`);
  if (running + waiting === 0) told.push('nothing of it waits');
  for (const { key, state, until, because } of readHolds(reading, atMs)) {
    if ((key !== 'bus' && key !== `cadence:${cadence}`) || state === 'closed') continue;
    told.push(`${key} is ${state.replace('_', ' ')}${until === null ? '' : ` until ${until.slice(0, 16)}Z`}: ${because}`);
  }
  if (!isOwned) told.push('no owner is running, so nothing starts');
  return told.join('; ');
}
