import { CadenceError } from '../../core/error.ts';
import { isHealCadence } from '../../core/heal/cadence.ts';
import type { SlotView } from '../../core/slot/account.ts';
import { planOf, type SlotCursor, scheduleOf } from '../../core/slot/line.ts';
import { nextSlotAfter } from '../../core/slot/next.ts';
import { formatSlot } from '../../core/slot/slot.ts';
import { instantsBetween, nextInstant } from '../../core/time/calendar.ts';
import { type Ms, parseIso } from '../../core/time/instant.ts';
import { parseLocal } from '../../core/time/local-time.ts';
import { type Zone, zoneOf } from '../../core/time/zone.ts';
import { createUptime } from '../../platform/uptime.ts';
import type { Definition } from '../../ports.ts';
import type { BrokenEdit } from '../owner/broken-edits.ts';
import { isKnownHere, type Reading } from '../reading.ts';
import { unknownCadence } from '../root.ts';
import { sharedKeys } from './account-view.ts';
import { brokenCadences, describeBroken } from './broken.ts';
import { brokenHold, type HoldView, holdsOf } from './holds.ts';
import { slotsWith } from './slot-reading.ts';
import { describeStanding } from './standing.ts';
import { type OwnerView, ownerView } from './status.ts';
import { readWhyGround, type WhyGround } from './why-ground.ts';

export interface WhyView {
  readonly ok: true;
  readonly cadence: string;
  /** The zone of its schedule. */
  readonly timezone: string;
  /** How it stands now, in a sentence. */
  readonly because: string;
  /** Its parts. */
  readonly facts: readonly string[];
  readonly slots: readonly SlotView[];
  /** As in `status`. */
  readonly owner: OwnerView['state'];
  /** All that keeps it from running: as in `status`, and the definition if it is wrong. */
  readonly holds: readonly HoldView[];
  /** What is wrong with its file, where its owner goes on with the last good version of it. */
  readonly broken_edit: string | null;
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
  return explainOn(await readWhyGround(root, undefined, cadence), cadence, query);
}

/** `known`: its slots, where they have been looked up. */
export async function explainOn(ground: WhyGround, cadence: string, query: WhyQuery, known?: readonly SlotView[]): Promise<WhyView> {
  const { reading, ledger, atMs, owner } = ground;
  const isOwned = owner.kind !== 'none';
  const definition = await ground.definition(cadence);
  const defined = definition?.cadence;
  const cursor = currentCursor(definition, ground, cadence, isOwned);
  const [broken] = definition === undefined ? [] : await brokenCadences(reading, [definition], ground.kept);
  const edit = broken === undefined && owner.kind === 'answers' ? await brokenEditOf(ground, definition) : undefined;
  const plan = broken === undefined ? (cursor?.plan ?? null) : undefined;
  const zone = zoneOf(cursor?.plan?.zone ?? createUptime().timezone());
  const incidents = ground.incidents.filter(({ cadences }) => cadences.includes(cadence));
  const holds = holdsOf(reading, cadence, defined, atMs);
  const shared = defined === undefined ? [] : sharedKeys(defined, reading.holds(), atMs);
  const facts = [
    ...(broken === undefined ? [] : [describeBroken(broken).replace(/\.$/, '')]),
    ...(edit === undefined ? [] : [`its file is broken, and its last good version goes on: ${edit.because.replace(/\.$/, '')}`]),
    ...(await describeStanding({
      reading,
      name: cadence,
      isDefined: definition !== undefined,
      cadence: defined,
      holds,
      plan,
      owner: owner.kind,
      words: ground.words,
      atMs,
    })),
    ...incidents.map(({ id, state }) => `incident ${id} is ${state.replace('_', ' ')}`),
  ];
  const told = {
    ok: true,
    cadence,
    timezone: zone.name,
    because: facts.join('; '),
    facts,
    owner: ownerView(owner).state,
    holds: broken === undefined ? holds : [brokenHold(broken), ...holds],
    broken_edit: edit?.because ?? null,
  } as const;
  if (cursor === undefined || known !== undefined) return { ...told, slots: known ?? [] };
  const span = spanOf(query, zone, cursor, atMs);
  const unfit = broken === undefined ? {} : { broken: broken.because };
  const standing = { nowMs: atMs, isOwned, isSilent: owner.kind === 'silent', refused: await ground.refused(), shared };
  const slots = slotsWith(reading, ledger, cursor, cadence, { ...span, ...standing, ...unfit });
  if (query.at !== undefined && slots.length === 0) throw noSlot(query.at, cursor, zone, span.fromMs);
  return { ...told, slots };
}

/** Its owner is asked only where its file is wrong. */
async function brokenEditOf({ words }: WhyGround, definition: Definition | undefined): Promise<BrokenEdit | undefined> {
  if (definition === undefined || definition.problems.length === 0) return undefined;
  return (await words()).brokenEdits.find(({ name }) => name === definition.name);
}

/** Without an owner nobody keeps the plan in step with its definition; then the definition itself is asked. */
function currentCursor(definition: Definition | undefined, { reading, cursors, atMs }: WhyGround, cadence: string, isOwned: boolean): SlotCursor | undefined {
  const cursor = cursors.get(cadence);
  const isDefined = reading.defined().includes(cadence) || (isHealCadence(cadence) && definition !== undefined);
  const isUnknown = !isDefined && cursor === undefined && reading.history.runs({ cadence, limit: 1 }).length === 0 && !isKnownHere(reading, cadence);
  if (isUnknown) throw unknownCadence(cadence, reading.defined());
  if (!isDefined || (isOwned && cursor !== undefined) || (cursor !== undefined && !isEdited(reading, cadence, cursor))) return cursor;
  const schedule = definition?.cadence?.schedule;
  if (schedule === undefined) return cursor;
  const plan = planOf(schedule, schedule.timezone ?? createUptime().timezone(), 'builtin');
  const now = formatSlot(atMs);
  return cursor === undefined ? { plan, since: now, through: now, fired: null, ahead: [], ignored: null } : { ...cursor, plan };
}

function isEdited({ files, paths }: Reading, cadence: string, cursor: SlotCursor): boolean {
  const edits = ['yaml', 'yml', 'md'].map((suffix) => files.info(`${paths.cadences}/${cadence}.${suffix}`)?.mtimeMs ?? 0);
  return Math.max(...edits) > (parseIso(cursor.since) ?? 0);
}

function spanOf({ at, sinceMs }: WhyQuery, zone: Zone, cursor: SlotCursor, atMs: Ms): { readonly fromMs: Ms; readonly untilMs: Ms; readonly most: number } {
  if (at !== undefined) {
    const asked = parseLocal(at, zone, atMs);
    if (asked === undefined)
      throw new CadenceError('usage', `--at ${at} is no time`, 'Write it like 07:00, "yesterday 7:00", "2026-11-20 7:00" or 2026-11-20T07:00:00Z.');
    return { fromMs: asked, untilMs: asked + 59_999, most: MOST_ASKED };
  }
  const schedule = cursor.plan === null ? undefined : scheduleOf(cursor.plan);
  const nextMs = schedule === undefined ? undefined : nextSlotAfter(schedule, zone, atMs, cursor);
  return { fromMs: atMs - (sinceMs ?? SINCE_MS), untilMs: nextMs ?? atMs, most: sinceMs === undefined ? MOST_SLOTS : MOST_ASKED };
}

function noSlot(at: string, { plan, since }: SlotCursor, zone: Zone, askedMs: Ms): CadenceError {
  const schedule = plan === null ? undefined : scheduleOf(plan);
  const [before] = schedule === undefined ? [] : [...instantsBetween(schedule, zone, askedMs - 7 * SINCE_MS, askedMs)].slice(-1);
  const sinceMs = parseIso(since) ?? 0;
  const after = schedule === undefined ? undefined : nextInstant(schedule, zone, Math.max(askedMs, sinceMs));
  const near = [before, after].flatMap((one) => (one === undefined || one < sinceMs ? [] : [formatSlot(one)])).join(' and ');
  return new CadenceError(
    'not_found',
    `no slot of its schedule is at ${at}${askedMs < sinceMs ? `, and its schedule is known since ${since}` : ''}`,
    near === '' ? 'See cadence-bus next.' : `The slots around it are ${near}.`,
  );
}
