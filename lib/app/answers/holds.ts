import { accountAdvice } from '../../core/agent/account-advice.ts';
import type { Breaker } from '../../core/breaker.ts';
import type { Cadence } from '../../core/cadence.ts';
import { cadenceKey } from '../../core/holds.ts';
import type { PurseHold } from '../../core/money/purse-view.ts';
import { type Ms, parseIso, toIso } from '../../core/time/instant.ts';
import type { Definition } from '../../ports.ts';
import { createReading, type Reading } from '../reading.ts';
import { nowMs } from '../root.ts';
import { sharedKeys } from './account-view.ts';
import { type BrokenCadence, brokenCadences, describeBroken } from './broken.ts';

/** A key that may not run now, or has failed: of the bus, a cadence, an account or an agent. */
export interface HoldView {
  readonly key: string;
  readonly state: Breaker['state'] | 'paused' | 'halted' | 'budget' | 'broken';
  readonly until: string | null;
  readonly because: string;
  readonly failures: number;
  /** Of an account: what a person can do. */
  readonly advice?: string;
}

/** Every key that may not run now, or has failed, with its reason. */
export function readHolds(reading: Reading, atMs: Ms): readonly HoldView[] {
  const { breakers, paused } = reading.holds();
  const views: HoldView[] = haltView(reading);
  for (const [key, pause] of Object.entries(paused)) views.push({ key, state: 'paused', until: null, because: pause.because, failures: 0 });
  for (const [key, breaker] of Object.entries(breakers)) views.push(holdView(key, breaker, atMs));
  return [...views, ...budgetViews(reading, atMs)];
}

/** With definitions that are wrong: of these no tick runs, and no slot fires. */
export async function allHolds(reading: Reading, definitions: readonly Definition[], atMs: Ms): Promise<readonly HoldView[]> {
  const holds = readHolds(reading, atMs);
  const isFree = ({ name }: Definition): boolean => !holds.some(({ key, state }) => key === cadenceKey(name) && state !== 'closed');
  return [...holds, ...(await brokenHolds(reading, definitions.filter(isFree)))];
}

async function brokenHolds(reading: Reading, definitions: readonly Definition[]): Promise<readonly HoldView[]> {
  return (await brokenCadences(reading, definitions)).map(brokenHold);
}

export function brokenHold({ name, because }: BrokenCadence): HoldView {
  return { key: cadenceKey(name), state: 'broken', until: null, because, failures: 0 };
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

/** It lets nothing through now: what only waits for a retry, or may be probed, does. */
export function isShut({ state }: Pick<HoldView, 'state'>): boolean {
  return state !== 'closed' && state !== 'half_open' && state !== 'backing_off';
}

/** What holds every tick of this command of `exec` now, in words. */
export function commandHold(root: string, name: string): string | undefined {
  const hold = readHolds(createReading(root), nowMs()).find((one) => (one.key === 'bus' || one.key === cadenceKey(name)) && isShut(one));
  return hold === undefined ? undefined : `${hold.state}${hold.until === null ? '' : ` until ${hold.until}`}: ${hold.because}`;
}

/** Why its next run does not begin at once, though nothing holds it for long: the last has failed. */
export function commandRest(root: string, name: string): string | undefined {
  const atMs = nowMs();
  const isResting = ({ key, state, until }: HoldView): boolean => key === cadenceKey(name) && state === 'backing_off' && (parseIso(until) ?? 0) > atMs;
  const hold = readHolds(createReading(root), atMs).find(isResting);
  return hold && describeHold(hold);
}

/** Why this command of `exec`, as it is kept, cannot be run at all. */
export async function commandFault(root: string, name: string): Promise<string | undefined> {
  const { readDefined } = await import('../definitions/defined.ts');
  const [broken] = await brokenCadences(createReading(root), readDefined(root, name).commands);
  return broken && describeBroken(broken);
}

/** Why a tick of this cadence would not run now, in words. An opening whose time is over holds nothing: its next tick is the probe. */
export function reasonsToWait(root: string, cadence: Cadence): readonly string[] {
  const { name, enabled, path } = cadence;
  const holds = holdsOf(createReading(root), name, cadence, nowMs()).filter(({ state }) => state !== 'half_open');
  const told = holds.map(describeHold);
  return enabled ? told : [...told, `${path} says enabled: false`];
}

/** The same, of what is wrong where it is defined: whoever forces a run does not get past that. */
export async function faultsToWaitFor(root: string, definition: Definition): Promise<readonly string[]> {
  return (await brokenCadences(createReading(root), [definition])).map(({ because }) => because);
}

/** An account or an agent is named, for it is not what was asked for. */
export function describeHold({ key, state, until, because, advice }: HoldView): string {
  const who = /^(?:account|provider):/.test(key) ? `${key} is ` : '';
  return `${who}${stateInWords(state)}${until === null ? '' : ` until ${until}`}: ${withAdvice(because, advice)}`;
}

/** The reason is what somebody else has said, with or without a full stop. */
export function withAdvice(because: string, advice: string | undefined): string {
  return advice === undefined ? because : `${because.replace(/[.\s]+$/, '')}. ${advice}`;
}

/** Whether it holds ticks of this cadence; `shared` are the keys of its account and agent. A budget of the bus holds those who may spend something: each is named by a hold of its own. */
export function isHolding({ key, state }: HoldView, cadence: string, shared: readonly string[] = []): boolean {
  if (state === 'closed') return false;
  if (key === 'bus') return state !== 'budget';
  return key === cadenceKey(cadence) || shared.includes(key);
}

/** What holds ticks of this cadence now; undefined: nobody knows its account and agent. */
export function holdsOf(reading: Reading, name: string, cadence: Cadence | undefined, atMs: Ms): readonly HoldView[] {
  const shared = cadence === undefined ? [] : sharedKeys(cadence, reading.holds(), atMs);
  return readHolds(reading, atMs).filter((hold) => isHolding(hold, name, shared));
}

export function stateInWords(state: HoldView['state']): string {
  return state === 'budget' ? 'over budget' : state.replace('_', ' ');
}

function holdView(key: string, breaker: Breaker, nowMs: Ms): HoldView {
  const { failures } = breaker;
  const until = 'until' in breaker ? breaker.until : null;
  const because = 'because' in breaker ? breaker.because : '';
  const isOver = until !== null && (parseIso(until) ?? 0) <= nowMs;
  const advice = key.startsWith('account:') ? { advice: accountAdvice(key.slice('account:'.length), breaker) } : {};
  if (!isOver) return { key, state: breaker.state, until, because, failures, ...advice };
  // An opening, or a block whose end was named, is over only when its probe has ended well; what was put off may simply go on.
  const isProbed = breaker.state === 'open' || breaker.state === 'half_open' || breaker.state === 'blocked';
  return isProbed ? { key, state: 'half_open', until, because, failures, ...advice } : { key, state: 'closed', until: null, because, failures };
}
