import type { Cadence } from '../../core/cadence.ts';
import { lastRunOf } from '../../core/cadence-digest.ts';
import type { RunStatus } from '../../core/run.ts';
import type { SlotCursor } from '../../core/slot/line.ts';
import type { TickName } from '../../core/tick.ts';
import { formatDuration } from '../../core/time/duration.ts';
import { type Ms, parseIso, toIso } from '../../core/time/instant.ts';
import type { OwnerState } from '../../ports.ts';
import { describeHolding, isUntold } from '../owner/holding.ts';
import { diskRefuses, type OwnerWords } from '../owner/owner-words.ts';
import type { Reading } from '../reading.ts';
import { type HoldView, stateInWords, withAdvice } from './holds.ts';
import { isAnyAlive } from './orphaned.ts';

/** Who is asked about, and what is known. */
export interface Asked {
  readonly reading: Reading;
  readonly name: string;
  readonly isDefined: boolean;
  /** undefined: no file defines it, or none that is right. */
  readonly cadence: Cadence | undefined;
  readonly holds: readonly HoldView[];
  /** null where it has no schedule, undefined where nobody can say. */
  readonly plan: SlotCursor['plan'] | undefined;
  readonly owner: OwnerState['kind'];
  readonly words: () => Promise<OwnerWords>;
  readonly atMs: Ms;
}

/** How a cadence stands now: what happened last, and all that keeps it from running; each part of a sentence. */
export async function describeStanding(asked: Asked): Promise<readonly string[]> {
  const { reading, name, cadence, holds, plan, owner } = asked;
  const isMine = (tick: Pick<TickName, 'cadence'>): boolean => tick.cadence === name;
  const running = reading.names('claimed').filter(isMine);
  const { ticks, unread } = reading.arrivals();
  const waiting = [...reading.names('inbox'), ...ticks, ...reading.names('waiting')].filter(isMine);
  const schedule = plan === null ? ['it has no schedule and runs when it is asked to'] : [];
  const told = [...(asked.isDefined ? schedule : ['no file defines it']), lastRun(asked)];
  if (running.length > 0) told.push(owner === 'none' ? await leftBehind(reading, running) : 'it runs now');
  if (waiting.length > 0) told.push(describeWaiting(waiting, asked.atMs));
  if (holds.length > 0) told.push(...describeEnd(asked, [...reading.names('inbox'), ...reading.names('waiting')].filter(isMine)));
  if (unread > 0) told.push(`whose ${unread} more ${unread === 1 ? 'file of the inbox is' : 'files of the inbox are'} nobody has looked yet`);
  else if (running.length + waiting.length === 0) told.push('nothing of it waits');
  const dead = reading.dead().filter(({ name: tick }) => isMine(tick)).length;
  if (dead > 0) told.push(`${dead} ${dead === 1 ? 'tick of it lies' : 'ticks of it lie'} in the dlq`);
  if (cadence?.enabled === false) told.push('its file says enabled: false');
  told.push(...holds.map((hold) => describe(hold, asked.atMs)));
  if (waiting.length > 0 && running.length === 0 && cadence !== undefined) told.push(...(await crowd(reading, cadence)));
  if (owner === 'answers') told.push(...(await ownersReason(asked)));
  if (owner === 'none') told.push('no owner is running, so nothing starts');
  if (owner === 'silent') told.push('the owner does not answer; it is stopped or asleep, and nothing starts meanwhile');
  return told;
}

async function leftBehind(reading: Reading, running: readonly TickName[]): Promise<string> {
  return (await isAnyAlive(reading, running)) ? 'its child goes on, and the next owner adopts it' : 'its run is over, and the next owner records how it ended';
}

/** In words that follow `it` or `its last run`. */
export const ENDED: Readonly<Record<RunStatus, string>> = {
  queued: 'is queued',
  waiting: 'was put off',
  held: 'is held',
  running: 'runs',
  succeeded: 'succeeded',
  unverified: 'ended unverified',
  failed: 'failed',
  dead: 'was given up',
  cancelled: 'was cancelled',
  interrupted: 'was interrupted',
  skipped: 'was skipped',
  coalesced: 'was served by another',
  expired: 'grew too old',
};

function lastRun({ reading, name, atMs }: Asked): string {
  const last = lastRunOf(reading.history.digest()[name]);
  if (last === undefined) return 'it has never run';
  const [words = ''] = (last.summary || last.reason).split('\n', 1);
  return `its last run ${ENDED[last.status]} ${formatDuration(atMs - (parseIso(last.ended_at) ?? atMs))} ago${words === '' ? '' : `: ${words}`}`;
}

function describeWaiting(waiting: readonly Pick<TickName, 'dueMs'>[], atMs: Ms): string {
  // A backlog may be longer than a call can have arguments.
  const nextMs = waiting.reduce((least, { dueMs }) => Math.min(least, dueMs), Number.POSITIVE_INFINITY);
  return `${waiting.length} ${waiting.length === 1 ? 'tick waits' : 'ticks wait'}${nextMs > atMs ? `, not before ${soonOrMinute(toIso(nextMs), atMs)}` : ''}`;
}

/** Of what stands before all others and is held: the owner ends it then, or the next one does. */
function describeEnd({ reading, cadence, atMs, owner }: Asked, waiting: readonly TickName[]): readonly string[] {
  const [first] = waiting.toSorted((one, other) => one.dueMs - other.dueMs);
  if (first === undefined) return [];
  const ofCadence = cadence?.expiresMs === undefined || first.attempts > 0 ? Number.POSITIVE_INFINITY : first.dueMs + cadence.expiresMs;
  const endMs = Math.min(reading.endMs(first) ?? Number.POSITIVE_INFINITY, ofCadence);
  if (endMs === Number.POSITIVE_INFINITY) return [];
  const at = soonOrMinute(toIso(endMs), atMs);
  return [
    endMs > atMs
      ? `its first tick expires at ${at}`
      : `its first tick has expired at ${at}, and ends ${owner === 'none' ? 'with the next owner' : 'when the hold ends'}`,
  ];
}

/** With the key, for it may be that of the bus, of an account or of an agent. */
function describe({ key, state, until, because, advice }: HoldView, atMs: Ms): string {
  const time = state === 'half_open' ? ', the next tick is its probe' : until === null ? '' : ` until ${soonOrMinute(until, atMs)}`;
  return `${key} is ${stateInWords(state)}${time}: ${withAdvice(because, advice)}`;
}

/** Others run where it would. Definitions tell which lane and workspace those have, and are read only here, for that costs more than all the rest. */
async function crowd(reading: Reading, { name, lane, workspace }: Cadence): Promise<readonly string[]> {
  const others = new Set(reading.names('claimed').map((tick) => tick.cadence));
  if (others.size === 0) return [];
  const { readDefined } = await import('../definitions/defined.ts');
  const { definitions, settings } = readDefined(reading.paths.root);
  const running = definitions.flatMap(({ cadence }) => (cadence !== undefined && cadence.name !== name && others.has(cadence.name) ? [cadence] : []));
  const inLane = running.filter((other) => other.lane === lane);
  const inWorkspace = running.find((other) => workspace !== undefined && other.workspace === workspace);
  return [
    ...(inLane.length >= (settings.lanes[lane] ?? Number.POSITIVE_INFINITY)
      ? [`its lane ${lane} is full: ${namesOf(inLane)} ${inLane.length === 1 ? 'runs' : 'run'}`]
      : []),
    ...(inWorkspace === undefined ? [] : [`${inWorkspace.name} runs in its workspace ${workspace}`]),
  ];
}

const FROM_FILES: ReadonlySet<string> = new Set(['due', 'busy', 'lane', 'workspace', 'disabled', 'broken']);

/** What stands in no file, so that only its owner knows it. */
async function ownersReason({ name, words }: Asked): Promise<readonly string[]> {
  const { holding, storage } = await words();
  const reasons = holding.filter((one) => one.cadence === name && isUntold(one) && !FROM_FILES.has(one.cause));
  // Of a slot that could not be written down no tick waits, which would tell.
  const isTold = storage === undefined || reasons.some(({ cause }) => cause === 'storage');
  return [...reasons.map(describeHolding), ...(isTold ? [] : [diskRefuses(storage)])];
}

const SHOWN = 5;

function namesOf(cadences: readonly Cadence[]): string {
  const names = cadences.map(({ name }) => name);
  return names.length > SHOWN ? `${names.slice(0, SHOWN).join(', ')} and ${names.length - SHOWN} more` : names.join(', ');
}

const SOON_MS: Ms = 3_600_000;

/** To the minute; what comes soon to the second, for its minute may have begun. */
function soonOrMinute(iso: string, atMs: Ms): string {
  return (parseIso(iso) ?? 0) - atMs < SOON_MS ? `${iso.slice(0, 19)}Z` : `${iso.slice(0, 16)}Z`;
}
