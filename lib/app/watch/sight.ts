import type { BusSettings, Cadence } from '../../core/cadence.ts';
import { lastRunOf } from '../../core/cadence-digest.ts';
import { accountKey, cadenceKey } from '../../core/holds.ts';
import type { RunRecord } from '../../core/run.ts';
import { isIgnored, type SlotCursor } from '../../core/slot/line.ts';
import type { TimerView } from '../../core/slot/timer.ts';
import { lateSlots } from '../../core/slot/timer-lateness.ts';
import { isForcedName } from '../../core/tick.ts';
import { formatDuration } from '../../core/time/duration.ts';
import { expectedIntervalMs } from '../../core/time/expected-interval.ts';
import { type Ms, parseIso } from '../../core/time/instant.ts';
import { judgeMissing, type LateTimer, type Missing, type OwnerSight, type Sight } from '../../core/watch/watch.ts';
import { createSlotReading } from '../../history/slot-ledger.ts';
import type { Definition, OwnerState, SlotReading } from '../../ports.ts';
import { sharedKeys } from '../answers/account-view.ts';
import { allHolds, describeHold, type HoldView, isShut } from '../answers/holds.ts';
import { slotsWith } from '../answers/slot-reading.ts';
import { ownerView } from '../answers/status.ts';
import { readDefined } from '../definitions/defined.ts';
import { createReading, type Reading } from '../reading.ts';

/** A slot has this long to be seen to, by a timer, by the owner, or by an owner that is just starting. */
const GRACE_MS: Ms = 3 * 60_000;
/** What may run runs within milliseconds. */
const STUCK_MS: Ms = 10 * 60_000;
const LOOK_BACK_MS: Ms = 7 * 86_400_000;
const MOST_SLOTS = 1_000;

interface Ground {
  readonly reading: Reading;
  readonly ledger: SlotReading;
  readonly cursors: ReadonlyMap<string, SlotCursor>;
  readonly definitions: readonly Definition[];
  readonly settings: BusSettings;
  readonly holds: readonly HoldView[];
  readonly isOwned: boolean;
  readonly atMs: Ms;
}

export interface SightDeps {
  readonly root: string;
  readonly listTimers: () => Promise<readonly TimerView[]>;
  readonly askOwner: () => Promise<OwnerState>;
  readonly nowMs: () => Ms;
}

/** What the watchman sees, from files, from the owner's socket, and from the manager of the system's timers. */
export async function lookAround({ root, listTimers, askOwner, nowMs }: SightDeps): Promise<Sight> {
  const reading = createReading(root);
  const ledger = createSlotReading(reading, { isOfOneMoment: true });
  const { definitions, settings } = readDefined(root);
  const [state, timers] = await Promise.all([askOwner(), listTimers()]);
  const atMs = nowMs();
  const isOwned = state.kind !== 'none';
  const holds = await allHolds(reading, definitions, atMs);
  const ground = { reading, ledger, cursors: ledger.cursors(), definitions, settings, holds, isOwned, atMs };
  const { state: is, pid } = ownerView(state);
  const isInstalled = timers.some((timer) => timer.role === 'owner' && timer.state !== 'not_installed');
  const goneSinceMs = isOwned ? undefined : reading.files.info(reading.paths.ownerGone)?.mtimeMs;
  const owner: OwnerSight = { state: is, pid, isInstalled, stuck: is === 'running' ? stuckBy(ground) : undefined, goneSinceMs };
  return { atMs, owner, timers, late: lateTimers(ground), missing: missingRuns(ground) };
}

function scheduled({ definitions }: Ground): readonly Cadence[] {
  return definitions.flatMap(({ cadence }) => (cadence?.enabled === true && cadence.schedule !== undefined ? [cadence] : []));
}

function missingRuns(ground: Ground): readonly Missing[] {
  const { reading } = ground;
  const digest = reading.history.digest();
  const running = new Set(reading.names('claimed').map(({ cadence }) => cadence));
  return scheduled(ground).flatMap((cadence) => {
    if (running.has(cadence.name) || isStoppedByHand(ground, cadence.name)) return [];
    return missingRun(ground, cadence, lastRunOf(digest[cadence.name])) ?? [];
  });
}

/** Whoever has paused or halted something does not wait for it. */
function isStoppedByHand({ holds }: Ground, name: string): boolean {
  return holds.some(({ key, state }) => (key === 'bus' || key === cadenceKey(name)) && (state === 'paused' || state === 'halted' || state === 'isolated'));
}

/** A tick that nobody ran is no run, and what asked to be tried later has not done its work. */
const NO_RUN: ReadonlySet<RunRecord['status']> = new Set(['expired', 'coalesced', 'waiting']);
const FEW_RUNS = 50;
const MORE = 8;

function lastRun({ history }: Reading, cadence: string, last: RunRecord | undefined): RunRecord | undefined {
  const isRun = ({ status }: RunRecord): boolean => !NO_RUN.has(status);
  if (last === undefined || isRun(last)) return last;
  for (let limit = FEW_RUNS; ; limit *= MORE) {
    const runs = history.runs({ cadence, limit });
    const found = runs.find(isRun);
    if (found !== undefined || runs.length < limit) return found;
  }
}

function missingRun(ground: Ground, cadence: Cadence, newest: RunRecord | undefined): Missing | undefined {
  const { reading, ledger, cursors, isOwned, atMs } = ground;
  const { name, schedule } = cadence;
  const expectedMs = schedule === undefined ? undefined : expectedIntervalMs(schedule);
  if (expectedMs === undefined) return undefined;
  const cursor = cursors.get(name);
  const last = lastRun(reading, name, newest);
  const lastRunMs = parseIso(last?.ended_at ?? last?.started_at);
  // An edit gives it its time anew: what was weekly and is hourly from now on has missed nothing.
  const sinceMs = latestBy(atMs, [lastRunMs, parseIso(cursor?.since), reading.files.info(cadence.path)?.mtimeMs]);
  const query = { fromMs: sinceMs, untilMs: atMs - GRACE_MS, most: MOST_SLOTS, nowMs: atMs, isOwned, shared: sharedKeys(cadence, reading.holds(), atMs) };
  // Where missed times are not to be made up for, they are no worry either; that nothing runs at all is one.
  const slots = cursor === undefined || schedule?.catchup === 'skip' ? [] : slotsWith(reading, ledger, cursor, name, query);
  const holding = ground.holds.find((hold) => isHolding(hold, cadence));
  return judgeMissing({
    ...{ cadence: name, nowMs: atMs, lastRunMs, sinceMs, expectedMs },
    missed: slots.filter(({ end }) => end === 'missed'),
    held: holding === undefined ? undefined : `held: ${describeHold(holding)}`,
    putOff: newest?.status === 'waiting' ? `it was put off: ${newest.reason}` : undefined,
    ignoredUntilMs: cursor !== undefined && isIgnored(cursor, atMs) ? parseIso(cursor.ignored?.until) : undefined,
  });
}

/** What is dated ahead of now, such as a file out of an archive, says nothing; else nobody would be missed until then. */
function latestBy(atMs: Ms, dates: readonly (Ms | undefined)[]): Ms {
  const past = dates.filter((date) => date !== undefined && date <= atMs) as readonly Ms[];
  return past.length === 0 ? atMs : Math.max(...past);
}

function isHolding(hold: HoldView, { name, account }: Cadence): boolean {
  const { key, state } = hold;
  if (!isShut(hold)) return false;
  return (key === 'bus' && state !== 'budget') || key === cadenceKey(name) || (account !== undefined && key === accountKey(account));
}

/** Only where timers of the system are to ask. */
function lateTimers(ground: Ground): Readonly<Record<string, LateTimer>> {
  if (ground.settings.scheduler === 'builtin') return {};
  const late = scheduled(ground).flatMap(({ name, schedule }) => {
    const found = lateSlots(ground.ledger.lines(name, ground.atMs - LOOK_BACK_MS));
    const expectedMs = schedule === undefined ? undefined : expectedIntervalMs(schedule);
    return found === undefined ? [] : [[name, { ...found, expectedMs: expectedMs ?? 0 }] as const];
  });
  return Object.fromEntries(late);
}

/** Something that nothing holds waits for long, and nothing runs: whoever answers does not get on. */
function stuckBy(ground: Ground): string | undefined {
  const { reading, settings, atMs } = ground;
  const { files, paths } = reading;
  if (reading.names('claimed').length > 0 || files.freeBytes(paths.state) < settings.minFreeBytes) return undefined;
  const fit = new Set(ground.definitions.flatMap(({ name, cadence }) => (cadence !== undefined && mayRun(ground, cadence) ? [name] : [])));
  const waiting = [...reading.names('inbox'), ...reading.names('waiting')].filter((name) => !isForcedName(name) && fit.has(name.cadence));
  const oldest = waiting.reduce<(typeof waiting)[number] | undefined>((old, one) => (old === undefined || one.dueMs < old.dueMs ? one : old), undefined);
  if (oldest !== undefined && atMs - oldest.dueMs >= STUCK_MS)
    return `a tick of ${oldest.cadence} is due for ${formatDuration(atMs - oldest.dueMs)}, nothing holds it, and nothing runs`;
  if (ground.holds.some(({ key, state }) => key === 'bus' && state === 'halted')) return undefined;
  const left = reading.foreign().find((file) => atMs - (files.info(`${paths.inbox}/${file}`)?.mtimeMs ?? atMs) >= STUCK_MS);
  return left === undefined ? undefined : `${left} lies in the inbox and is not taken in`;
}

function mayRun(ground: Ground, cadence: Cadence): boolean {
  return (
    cadence.enabled && cadence.requiredEnv.length === 0 && !isStoppedByHand(ground, cadence.name) && !ground.holds.some((hold) => isHolding(hold, cadence))
  );
}
