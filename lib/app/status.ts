import { accountAdvice } from '../core/account-advice.ts';
import type { Breaker } from '../core/breaker.ts';
import { isBuiltin } from '../core/builtin.ts';
import type { Cadence } from '../core/cadence.ts';
import { lastRunOf } from '../core/cadence-digest.ts';
import { nextInstant } from '../core/calendar.ts';
import { cadenceKey } from '../core/holds.ts';
import { type Ms, parseIso, toIso } from '../core/instant.ts';
import type { PurseHold } from '../core/purse-view.ts';
import { isProven } from '../core/run.ts';
import { formatSlot } from '../core/slot.ts';
import { type SlotCursor, scheduleOf } from '../core/slot-line.ts';
import type { TickName } from '../core/tick.ts';
import { CONTROL_CADENCE, isCadenceName } from '../core/tick.ts';
import { zoneOf } from '../core/zone.ts';
import { createSlotReading } from '../history/slot-ledger.ts';
import { probeOwner } from '../platform/control.ts';
import type { CadenceDigest, OwnerState } from '../ports.ts';
import { type Accounts, type AccountView, accountViews, readAccounts, sharedKeys } from './account-view.ts';
import { brokenCadences } from './broken.ts';
import { askBrokenEdits, type BrokenEdit } from './broken-edits.ts';
import { disabledCadences } from './disabled.ts';
import type { IncidentView } from './incident-reading.ts';
import { openIncidents } from './open-incidents.ts';
import { type OverlayView, readOverlays } from './overlays.ts';
import { createReading, type Reading } from './reading.ts';
import { nowMs, unknownCadence } from './root.ts';

export interface HoldView {
  readonly key: string;
  readonly state: Breaker['state'] | 'paused' | 'halted' | 'budget' | 'broken';
  readonly until: string | null;
  readonly because: string;
  readonly failures: number;
  /** Of an account: what a person can do. */
  readonly advice?: string;
}

export interface CadenceView {
  readonly name: string;
  readonly status: 'running' | 'disabled' | 'held' | 'failing' | 'unproven' | 'healthy' | 'never_run';
  readonly last_run: string | null;
  readonly last_status: string | null;
  readonly last_summary: string;
  readonly consecutive_failures: number;
  readonly runs: number;
  readonly waiting: number;
  readonly dead: number;
  readonly hold: HoldView | null;
  /** The next instant of its schedule; null: it has none, or no owner has seen it yet. */
  readonly next: string | null;
}

export interface StatusView {
  readonly ok: true;
  readonly owner: OwnerView;
  readonly summary: Readonly<Record<'cadences' | 'healthy' | 'unproven' | 'failing' | 'held' | 'running' | 'never_run' | 'disabled', number>>;
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
export async function readStatus(root: string, only: string | undefined): Promise<StatusView> {
  const owner = ownerView(await probeOwner(root));
  const holds = await allHolds(createReading(root), nowMs());
  // Only now: that may have parsed every definition, and who was claimed before it may be held, and wait, by its end.
  const reading = createReading(root, undefined, { isOfOneMoment: true });
  const places = { inbox: reading.names('inbox'), waiting: reading.names('waiting'), claimed: reading.names('claimed') };
  const dead = reading.dead().map(({ name }) => name);
  const cursors = createSlotReading(reading).cursors();
  const digest = reading.history.digest();
  const accounts = await readAccounts(root, reading.holds(), nowMs());
  const disabled = await disabledCadences(reading);
  const names = cadenceNames(reading, digest, [...places.inbox, ...places.waiting, ...places.claimed, ...dead]);
  if (only !== undefined && !names.includes(only)) throw unknownCadence(only, names);
  const shown = names
    .filter((name) => only === undefined || name === only)
    .map((name) =>
      cadenceView(name, {
        digest: digest[name],
        isDisabled: disabled.has(name),
        holds,
        accounts,
        pending: count([...places.inbox, ...places.waiting], name),
        running: count(places.claimed, name),
        dead: count(dead, name),
        next: nextOf(cursors.get(name), nowMs()),
      }),
    );
  // The program's own are shown where somebody should look; a hold of the whole bus is told once, as what it is.
  const isHeldAlone = (name: string): boolean => holds.some(({ key }) => key === `cadence:${name}`);
  const cadences = shown.filter(({ name, status, dead }) => !isBuiltin(name) || name === only || status === 'failing' || isHeldAlone(name) || dead > 0);
  const having = (status: CadenceView['status']): number => cadences.filter((cadence) => cadence.status === status).length;
  return {
    ok: true,
    owner,
    summary: {
      cadences: cadences.length,
      healthy: having('healthy'),
      unproven: having('unproven'),
      failing: having('failing'),
      held: having('held'),
      running: having('running'),
      never_run: having('never_run'),
      disabled: having('disabled'),
    },
    cadences,
    holds,
    accounts: accountViews(reading, accounts, [...places.inbox, ...places.waiting], nowMs()),
    incidents: await incidentsOf(reading, only),
    overlays: await readOverlays(reading, only),
    broken_edits: owner.state === 'running' ? (await askBrokenEdits(root)).filter(({ name }) => only === undefined || name === only) : [],
    counts: { inbox: places.inbox.length + reading.foreign().length, waiting: places.waiting.length, claimed: places.claimed.length, dlq: dead.length },
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

/** Every key that may not run now, or has failed, with its reason. */
export function readHolds(reading: Reading, atMs: Ms): readonly HoldView[] {
  const { breakers, paused } = reading.holds();
  const views: HoldView[] = haltView(reading);
  for (const [key, pause] of Object.entries(paused)) views.push({ key, state: 'paused', until: null, because: pause.because, failures: 0 });
  for (const [key, breaker] of Object.entries(breakers)) views.push(holdView(key, breaker, atMs));
  return [...views, ...budgetViews(reading, atMs)];
}

/** With definitions that are wrong, where a tick waits for one. */
async function allHolds(reading: Reading, atMs: Ms): Promise<readonly HoldView[]> {
  const holds = readHolds(reading, atMs);
  const isFree = (name: string): boolean => !holds.some(({ key, state }) => key === cadenceKey(name) && state !== 'closed');
  const broken = await brokenCadences(reading, isFree, atMs);
  return [...holds, ...broken.map(({ name, because }): HoldView => ({ key: cadenceKey(name), state: 'broken', until: null, because, failures: 0 }))];
}

/** A budget of the bus holds those who may spend something, so each is named; the bus itself is named once. */
function budgetViews(reading: Reading, atMs: Ms): readonly HoldView[] {
  const held = Object.entries(reading.purse().holds).filter(([, { until }]) => (parseIso(until) ?? 0) > atMs);
  const view = (key: string, { until, because }: PurseHold): HoldView => ({ key, state: 'budget', until, because, failures: 0 });
  const ofBus = held.find(([, { scope }]) => scope === 'bus');
  return [...(ofBus === undefined ? [] : [view('bus', ofBus[1])]), ...held.map(([name, hold]) => view(cadenceKey(name), hold))];
}

/** Whoever touched the file may have written into it why. */
function haltView({ files, paths }: Reading): HoldView[] {
  const found = files.info(paths.halt);
  if (found === undefined) return [];
  const told = files.read(paths.halt, MAX_WORDS_BYTES);
  const why = told?.kind === 'text' ? told.text.trim() : '';
  const because = `${paths.halt} exists since ${toIso(found.mtimeMs)}${why === '' ? '' : `: ${why}`}`;
  return [{ key: 'bus', state: 'halted', until: null, because, failures: 0 }];
}

const MAX_WORDS_BYTES = 4096;

/** What holds every tick of this cadence now, in words; what only waits for a retry, or may be probed, is not held. */
export function commandHolds(root: string, name: string): string | undefined {
  const isHeld = (state: HoldView['state']): boolean => !['closed', 'half_open', 'backing_off'].includes(state);
  const hold = readHolds(createReading(root), nowMs()).find(({ key, state }) => (key === 'bus' || key === cadenceKey(name)) && isHeld(state));
  return hold === undefined ? undefined : `${hold.state}${hold.until === null ? '' : ` until ${hold.until}`}: ${hold.because}`;
}

/** Why a tick of this cadence would not run now, in words. An opening whose time is over holds nothing: its next tick is the probe. */
export function reasonsToWait(root: string, cadence: Cadence): readonly string[] {
  const { name, enabled, path } = cadence;
  const reading = createReading(root);
  const shared = sharedKeys(cadence, reading.holds(), nowMs());
  const holds = readHolds(reading, nowMs()).filter((hold) => isHolding(hold, name, shared) && hold.state !== 'half_open');
  const told = holds.map(describeHold);
  return enabled ? told : [...told, `${path} says enabled: false`];
}

/** An account or an agent is named, for it is not what was asked for. */
export function describeHold({ key, state, until, because, advice }: HoldView): string {
  const who = /^(?:account|provider):/.test(key) ? `${key} is ` : '';
  return `${who}${state.replace('_', ' ')}${until === null ? '' : ` until ${until}`}: ${because}${advice === undefined ? '' : `. ${advice}`}`;
}

/** Whether it holds ticks of this cadence. A budget of the bus holds those who may spend something: each is named by a hold of its own. */
function isHolding({ key, state }: HoldView, cadence: string, shared: readonly string[] = []): boolean {
  if (state === 'closed') return false;
  if (key === 'bus') return state !== 'budget';
  return key === cadenceKey(cadence) || shared.includes(key);
}

function holdView(key: string, breaker: Breaker, nowMs: Ms): HoldView {
  const { failures } = breaker;
  const until = 'until' in breaker ? breaker.until : null;
  const because = 'because' in breaker ? breaker.because : '';
  const isOver = until !== null && (parseIso(until) ?? 0) <= nowMs;
  const advice = key.startsWith('account:') ? { advice: accountAdvice(key.slice('account:'.length), breaker) } : {};
  if (!isOver) return { key, state: breaker.state, until, because, failures, ...advice };
  // An opening is over only when its probe has ended well; what was put off may simply go on.
  const isProbed = breaker.state === 'open' || breaker.state === 'half_open';
  return isProbed ? { key, state: 'half_open', until, because, failures, ...advice } : { key, state: 'closed', until: null, because, failures };
}

function count(names: readonly TickName[], cadence: string): number {
  return names.filter((name) => name.cadence === cadence).length;
}

/** From the folder's listing: nothing has to be parsed to know what there is. */
function cadenceNames(reading: Reading, digest: Readonly<Record<string, CadenceDigest>>, pending: readonly TickName[]): readonly string[] {
  const all = new Set([...reading.defined(), ...Object.keys(digest), ...pending.map((name) => name.cadence)]);
  return [...all].filter((name) => isCadenceName(name) && name !== CONTROL_CADENCE).sort();
}

interface CadenceFacts {
  readonly isDisabled: boolean;
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
  const next = schedule?.timezone === undefined ? undefined : nextInstant(schedule, zoneOf(schedule.timezone), atMs);
  return next === undefined ? null : formatSlot(next);
}

function cadenceView(name: string, facts: CadenceFacts): CadenceView {
  const { digest } = facts;
  const hold = facts.holds.find((one) => isHolding(one, name, facts.accounts.get(name))) ?? null;
  const failures = digest?.consecutive_failures ?? 0;
  const isHeld = hold !== null && hold.state !== 'backing_off' && hold.state !== 'half_open';
  const last = lastRunOf(digest);
  const isUnproven = last?.status === 'unverified' && !isProven(last);
  const well = last === undefined ? 'never_run' : isUnproven ? 'unproven' : 'healthy';
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
    dead: facts.dead,
    hold,
    next: facts.next,
  };
}
