import { isBuiltin } from '../../core/builtin.ts';
import { lastRunOf } from '../../core/cadence-digest.ts';
import { isProven, type RunRecord } from '../../core/run.ts';
import { type SlotCursor, scheduleOf } from '../../core/slot/line.ts';
import { nextSlotAfter } from '../../core/slot/next.ts';
import { formatSlot } from '../../core/slot/slot.ts';
import { formatProblem } from '../../core/text/problem-text.ts';
import type { TickName } from '../../core/tick.ts';
import { CONTROL_CADENCE, isCadenceName } from '../../core/tick.ts';
import type { Ms } from '../../core/time/instant.ts';
import { zoneOf } from '../../core/time/zone.ts';
import { createSlotReading } from '../../history/slot-ledger.ts';
import { probeOwner } from '../../platform/control.ts';
import type { CadenceDigest, OwnerState } from '../../ports.ts';
import { type BrokenEdit, misnamedFiles, settingsFault } from '../owner/broken-edits.ts';
import { describeHolding, type Holding, isUntold } from '../owner/holding.ts';
import { askOwnerWords, diskRefuses } from '../owner/owner-words.ts';
import { createReading, type Reading } from '../reading.ts';
import { nowMs, unknownCadence } from '../root.ts';
import { type Accounts, type AccountView, accountViews, readAccounts } from './account-view.ts';
import { allHolds, type HoldView, isHolding, isShut } from './holds.ts';
import type { IncidentView } from './incident-reading.ts';
import { openIncidents } from './open-incidents.ts';
import { isAnyAlive } from './orphaned.ts';
import { type OverlayView, readOverlays } from './overlays.ts';

export interface CadenceView {
  readonly name: string;
  readonly status: 'running' | 'disabled' | 'held' | 'failing' | 'unproven' | 'put_off' | 'healthy' | 'never_run';
  readonly last_run: string | null;
  readonly last_status: string | null;
  readonly last_summary: string;
  readonly consecutive_failures: number;
  readonly runs: number;
  readonly waiting: number;
  /** Why its next tick does not start, as its owner says it and no hold does. */
  readonly waits_because: string | null;
  readonly dead: number;
  /** Nobody is there to record the end of its run, which is over. */
  readonly is_over: boolean;
  readonly hold: HoldView | null;
  /** The next instant of its schedule; null: it has none, or no owner has seen it yet. */
  readonly next: string | null;
}

export interface StatusView {
  readonly ok: true;
  readonly owner: OwnerView;
  readonly summary: Readonly<Record<'cadences' | 'healthy' | 'unproven' | 'put_off' | 'failing' | 'held' | 'running' | 'never_run' | 'disabled', number>>;
  readonly cadences: readonly CadenceView[];
  readonly holds: readonly HoldView[];
  /** Accounts that may not be used now, with who waits for them. */
  readonly accounts: readonly AccountView[];
  /** What fails and is not resolved yet, seen last first. */
  readonly incidents: readonly Pick<IncidentView, 'id' | 'cadence' | 'state' | 'title' | 'occurrences' | 'last_at'>[];
  /** What fixes have set for the next runs, until their proof. */
  readonly overlays: readonly OverlayView[];
  /** Files whose last good version goes on, for the newest one is wrong. */
  readonly broken_edits: readonly BrokenEdit[];
  /** What is wrong with `bus.yaml` as it lies there; null: nothing. An owner that goes on with a good version of it names it among the broken edits, too. */
  readonly settings_fault: string | null;
  /** What is wrong with the names of files that define nothing for it. */
  readonly misnamed: readonly string[];
  /** Files of the inbox that never become ticks, for their names: the first of them, and how many there are. */
  readonly left_alone: readonly string[];
  readonly left_alone_count: number;
  readonly counts: Readonly<Record<'inbox' | 'waiting' | 'claimed' | 'dlq', number>>;
}

export interface OwnerView {
  /** `silent`: it holds the root and does not answer. `died`: it never said that it stopped. */
  readonly state: 'running' | 'silent' | 'stopped' | 'died' | 'never_started';
  readonly pid: number | null;
  readonly started_at: string | null;
  readonly version: string | null;
  readonly because: string | null;
}

/** Throws `not_found` where `only` is neither defined nor known from what it did. */
/** An answer has to be read by somebody, however much lies there. */
const NAMED_STRAYS = 20;

export async function readStatus(root: string, only: string | undefined): Promise<StatusView> {
  const seen = ownerView(await probeOwner(root));
  const { brokenEdits, holding, storage } = seen.state === 'running' ? await askOwnerWords(root) : { brokenEdits: [], holding: [] };
  const owner = storage === undefined ? seen : { ...seen, because: diskRefuses(storage) };
  const { readDefined } = await import('../definitions/defined.ts');
  const { definitions, problems, commands } = readDefined(root, only);
  const fault = settingsFault(problems);
  const holds = await allHolds(createReading(root), [...definitions, ...commands], nowMs());
  // Only now: that may have parsed every definition, and who was claimed before it may be held, and wait, by its end.
  const reading = createReading(root, undefined, { isOfOneMoment: true });
  const places = { inbox: reading.names('inbox'), waiting: reading.names('waiting'), claimed: reading.names('claimed') };
  const dead = reading.dead().map(({ name }) => name);
  const pending = [...places.inbox, ...reading.arrivals().ticks, ...places.waiting];
  const cursors = createSlotReading(reading).cursors();
  const digest = reading.history.digest();
  const accounts = await readAccounts(root, reading.holds(), nowMs());
  const [pendingOf, runningOf, deadOf] = [countByCadence(pending), countByCadence(places.claimed), countByCadence(dead)];
  const disabled = new Set(definitions.flatMap(({ name, cadence }) => (cadence?.enabled === false ? [name] : [])));
  const over = await overCadences(reading, owner, places.claimed);
  const names = cadenceNames(reading, digest, [...pending, ...places.claimed, ...dead]);
  if (only !== undefined && !names.includes(only)) throw unknownCadence(only, names);
  const shown = names
    .filter((name) => only === undefined || name === only)
    .map((name) =>
      cadenceView(name, {
        digest: digest[name],
        isDisabled: disabled.has(name),
        isOver: over.has(name),
        untold: holding.find((one) => one.cadence === name && one.cause !== 'busy' && isUntold(one)),
        holds,
        accounts,
        pending: pendingOf(name),
        running: runningOf(name),
        dead: deadOf(name),
        next: nextOf(cursors.get(name), nowMs()),
      }),
    );
  // The program's own are shown where somebody should look; a hold of the whole bus is told once, as what it is.
  const isHeldAlone = (name: string): boolean => holds.some(({ key }) => key === `cadence:${name}`);
  const cadences = shown.filter(({ name, status, dead }) => !isBuiltin(name) || name === only || AMISS.includes(status) || isHeldAlone(name) || dead > 0);
  const leftAlone = only === undefined ? reading.leftAlone().toSorted() : [];
  return {
    ok: true,
    owner,
    summary: summaryOf(cadences),
    cadences,
    holds,
    accounts: accountViews(reading, accounts, pending, nowMs()),
    incidents: await incidentsOf(reading, only),
    overlays: await readOverlays(reading, only),
    broken_edits: brokenEdits.filter(({ name }) => only === undefined || name === only),
    settings_fault: fault === undefined ? null : formatProblem(fault),
    misnamed: only === undefined ? misnamedFiles(problems).map(formatProblem) : [],
    left_alone: leftAlone.slice(0, NAMED_STRAYS),
    left_alone_count: leftAlone.length,
    counts: { inbox: places.inbox.length + reading.foreign().length, waiting: places.waiting.length, claimed: places.claimed.length, dlq: dead.length },
  };
}

/** A sink that is unproven has told nobody of what it was to tell. */
const AMISS: readonly CadenceView['status'][] = ['failing', 'unproven'];

function summaryOf(cadences: readonly CadenceView[]): StatusView['summary'] {
  const having = (status: CadenceView['status']): number => cadences.filter((cadence) => cadence.status === status).length;
  return {
    cadences: cadences.length,
    healthy: having('healthy'),
    unproven: having('unproven'),
    put_off: having('put_off'),
    failing: having('failing'),
    held: having('held'),
    running: having('running'),
    never_run: having('never_run'),
    disabled: having('disabled'),
  };
}

async function incidentsOf(reading: Reading, only: string | undefined): Promise<StatusView['incidents']> {
  const mine = (await openIncidents(reading)).filter(({ cadences }) => only === undefined || cadences.includes(only));
  const seen = mine.toSorted((a, b) => (a.last_at < b.last_at ? 1 : -1));
  return seen.map(({ id, cadence, state, title, occurrences, last_at }) => ({ id, cadence, state, title, occurrences, last_at }));
}

export function ownerView(state: OwnerState): OwnerView {
  const { info } = state;
  const about = { pid: info?.pid ?? null, started_at: info?.started_at ?? null, version: info?.version ?? null, because: info?.because ?? null };
  switch (state.kind) {
    case 'answers':
      return { state: 'running', ...about };
    case 'silent':
      return { state: 'silent', ...about };
    case 'none':
      if (info === undefined) return { state: 'never_started', ...about };
      return { state: info.state === 'stopped' ? 'stopped' : 'died', ...about };
  }
}

/** What is known of any tick, wherever it lies. */
type Of = Pick<TickName, 'cadence'>;

/** In one round, for there may be a million of them, and many cadences. */
function countByCadence(names: readonly Of[]): (cadence: string) => number {
  const counts = new Map<string, number>();
  for (const { cadence } of names) counts.set(cadence, (counts.get(cadence) ?? 0) + 1);
  return (cadence) => counts.get(cadence) ?? 0;
}

/** From the folder's listing: nothing has to be parsed to know what there is. */
function cadenceNames(reading: Reading, digest: Readonly<Record<string, CadenceDigest>>, pending: readonly Of[]): readonly string[] {
  const remembered = Object.keys(digest).filter((name) => !wasNeverDefined(digest[name]));
  const all = new Set([...reading.defined(), ...remembered, ...pending.map((name) => name.cadence)]);
  return [...all].filter((name) => isCadenceName(name) && name !== CONTROL_CADENCE).sort();
}

/** A name that somebody has misspelt: nothing ever ran under it. While a tick of it lies in the dlq it is shown for that. */
function wasNeverDefined(digest: CadenceDigest | undefined): boolean {
  return digest?.succeeded === 0 && digest.last.status === 'dead' && digest.last.attempt === 0;
}

/** Of whom every run is over that the last owner left. */
async function overCadences(reading: Reading, owner: OwnerView, claimed: readonly TickName[]): Promise<ReadonlySet<string>> {
  const over = new Set<string>();
  if (owner.state === 'running' || owner.state === 'silent') return over;
  for (const name of new Set(claimed.map((tick) => tick.cadence)))
    if (
      !(await isAnyAlive(
        reading,
        claimed.filter((tick) => tick.cadence === name),
      ))
    )
      over.add(name);
  return over;
}

interface CadenceFacts {
  readonly isDisabled: boolean;
  readonly isOver: boolean;
  readonly untold: Holding | undefined;
  readonly digest: CadenceDigest | undefined;
  readonly holds: readonly HoldView[];
  readonly accounts: Accounts;
  readonly pending: number;
  readonly running: number;
  readonly dead: number;
  readonly next: string | null;
}

function nextOf(cursor: SlotCursor | undefined, atMs: Ms): string | null {
  const schedule = cursor?.plan == null ? undefined : scheduleOf(cursor.plan);
  const next = schedule?.timezone === undefined ? undefined : nextSlotAfter(schedule, zoneOf(schedule.timezone), atMs, cursor);
  return next === undefined ? null : formatSlot(next);
}

/** Of one that has not failed. Who asks to be tried later each time has done nothing yet, and is not well for that. */
function wellOf(last: RunRecord | undefined): CadenceView['status'] {
  if (last === undefined) return 'never_run';
  if (last.status === 'waiting') return 'put_off';
  return last.status === 'unverified' && !isProven(last) ? 'unproven' : 'healthy';
}

function cadenceView(name: string, facts: CadenceFacts): CadenceView {
  const { digest } = facts;
  const hold = facts.holds.find((one) => isHolding(one, name, facts.accounts.get(name))) ?? null;
  const failures = digest?.consecutive_failures ?? 0;
  // When its time comes it is held for longer, and the hold is told as what it is.
  const isOverruled = facts.untold?.cause === 'due' && (hold?.until ?? '') > (facts.untold.until ?? '');
  const isHeld = facts.untold?.cause === 'missing-env' || (hold !== null && isShut(hold));
  const last = lastRunOf(digest);
  const well = wellOf(last);
  const resting = facts.isDisabled ? 'disabled' : isHeld ? 'held' : failures > 0 ? 'failing' : well;
  const status = facts.running > 0 ? 'running' : resting;
  return {
    name,
    status,
    last_run: last?.ended_at ?? null,
    last_status: last?.status ?? null,
    last_summary: last?.summary || last?.reason || '',
    consecutive_failures: failures,
    runs: digest?.runs ?? 0,
    waiting: facts.pending,
    waits_because: facts.pending === 0 || facts.untold === undefined || isOverruled ? null : describeHolding(facts.untold),
    dead: facts.dead,
    is_over: facts.isOver,
    hold,
    next: facts.next,
  };
}
