import type { BusSettings } from '../../core/cadence.ts';
import { CadenceError } from '../../core/error.ts';
import { pathsOf } from '../../core/paths.ts';
import type { Timers } from '../../core/slot/timer.ts';
import { CONTROL_CADENCE } from '../../core/tick.ts';
import { type Ms, toIso } from '../../core/time/instant.ts';
import { reloadsOf, type Telling, tellingOf, tellingUnkept, type WatchMemory } from '../../core/watch/memory.ts';
import { type ReloadTraces, tracesAfter } from '../../core/watch/reload-trace.ts';
import { DISK, diskWorry, type Repair, repairsOf, type Sight, type Worry, worriesOf } from '../../core/watch/watch.ts';
import { createDoc } from '../../doc.ts';
import { createSlotReading } from '../../history/slot-ledger.ts';
import { createBusLog } from '../../platform/bus-log.ts';
import { createClock } from '../../platform/clock.ts';
import { askOwner, probeOwner } from '../../platform/control.ts';
import { createFiles } from '../../platform/files.ts';
import { createHttp } from '../../platform/http.ts';
import { readMachine } from '../../platform/machine.ts';
import { createProducer } from '../../platform/producer.ts';
import { tryLock } from '../../platform/short-lock.ts';
import type { Definition, Doc } from '../../ports.ts';
import { goRound, type Repaired, type Round } from '../../services/watchman.ts';
import { parseWatchMemory } from '../../wire/heartbeat.ts';
import { readDefined } from '../definitions/defined.ts';
import { composeTimers } from '../install/timers.ts';
import { createReading } from '../reading.ts';
import { createRedacting } from '../redacting.ts';
import { type Diagnosis, diagnose, diagnosedAt } from './diagnosis.ts';
import { fileFindings, handedOver, planFiling } from './filing.ts';
import { readWatchMemory } from './memory.ts';
import { noticesOf, tellSinks } from './notices.ts';
import { beginPing, type PingView } from './ping.ts';
import { lookAround, type SightDeps } from './sight.ts';
import { noteDiskTold, tellWithoutDisk, unwritableFor } from './unwritable.ts';

export interface HeartbeatQuery {
  /** Instead of that of `bus.yaml`. */
  readonly wakeDelayMs: Ms | undefined;
  readonly onWait: (ms: Ms) => void;
}

export interface Heartbeat {
  readonly atMs: Ms;
  readonly settings: BusSettings;
  readonly sight: Sight;
  readonly repaired: readonly Repaired[];
  readonly worries: readonly Worry[];
  /** What was new in it, or old enough to be told again. */
  readonly telling: Telling;
  /** What an agent said of what could not be repaired; null: none was asked. */
  readonly diagnosis: Diagnosis | null;
  /** null: nobody outside is to be told. */
  readonly ping: PingView | null;
  /** What the round itself met: it could not write down what it saw, or the like. */
  readonly faults: readonly string[];
}

/** One round, whoever asks for it. Throws `held` where another round is under way. */
export async function beat(root: string, query: HeartbeatQuery): Promise<Heartbeat> {
  const paths = pathsOf(root);
  const unwritable = unwritableFor(createFiles(), paths);
  if (unwritable !== undefined) return goAndTell(root, query, unwritable);
  const lock = await tryLock(paths.heartbeat);
  if (lock === undefined)
    throw new CadenceError('held', `another heartbeat of ${root} is on its round`, 'It is over within a minute; look with cadence-bus probe.');
  try {
    return await goAndTell(root, query);
  } finally {
    await lock.release();
  }
}

/** What a round would do now. */
export async function rehearseBeat(root: string): Promise<{ readonly sight: Sight; readonly repairs: readonly Repair[]; readonly worries: readonly Worry[] }> {
  const sight = await lookAround(sightOf(root, composeTimers(root)));
  return { sight, repairs: repairsOf(sight, reloadsOf(readWatchMemory({ files: createFiles(), paths: pathsOf(root) }))), worries: worriesOf(sight) };
}

/** `unwritable`: why he can keep nothing of this round. */
async function goAndTell(root: string, query: HeartbeatQuery, unwritable?: string): Promise<Heartbeat> {
  const clock = createClock();
  const { settings, definitions } = readDefined(root);
  const { heartbeat } = settings;
  const timers = composeTimers(root);
  const { env } = readMachine();
  const ping = beginPing(heartbeat.ping, env, createHttp());
  const faults: string[] = [];
  const doc = memoryOf(root, (aside) => faults.push(`what it knew of its last round was broken and lies in ${aside} now`));
  const memory = unwritable === undefined ? doc.read() : readWatchMemory({ files: createFiles(), paths: pathsOf(root) });
  const round = await goRound({
    clock,
    timers,
    look: () => lookAround(sightOf(root, timers)),
    wakeOwner: () => wake(root),
    reloads: reloadsOf(memory),
    wakeDelayMs: query.wakeDelayMs ?? heartbeat.wakeDelayMs,
    onWait: query.onWait,
  });
  const gone = { root, settings, definitions, memory, round, atMs: clock.nowMs(), faults, redact: createRedacting(env).ofOwner };
  const told = unwritable === undefined ? await tellAndKeep(gone, doc) : await tellUnkept(gone, unwritable);
  const isWell = told.worries.length === 0;
  const view = await ping?.end(isWell, isWell ? 'all is well' : told.worries.map((one) => one.words).join('\n'));
  return { ...round, ...told, atMs: gone.atMs, settings, ping: view ?? null, faults };
}

interface Gone {
  readonly root: string;
  readonly settings: BusSettings;
  readonly definitions: readonly Definition[];
  readonly memory: WatchMemory | undefined;
  readonly round: Round;
  readonly atMs: Ms;
  readonly faults: string[];
  readonly redact: (text: string) => string;
}

type Told = Pick<Heartbeat, 'worries' | 'telling' | 'diagnosis'>;

async function tellAndKeep({ root, settings, definitions, memory, round, atMs, faults, redact }: Gone, doc: Doc<WatchMemory>): Promise<Told> {
  const { worries } = round;
  const files = createFiles();
  const { diskTold } = pathsOf(root);
  const telling = tellingOf(memory, worries, atMs, files.info(diskTold) === undefined ? [] : [DISK]);
  const filing = planFiling(definitions, round, memory);
  let filed = memory?.filed ?? {};
  await orFault(faults, async () => {
    await fileFindings(root, filing, createClock());
    filed = filing.filed;
  });
  const diagnosis = await diagnose(root, settings.selfDiagnosis, round, memory, atMs, handedOver(definitions, filing, filed));
  const words = wordsOf(round, telling, diagnosis, redact);
  const { state } = round.sight.owner;
  // A disk that refuses must not silence what there is to say.
  if (words !== undefined) {
    await orFault(faults, () => tell(root, worries.length > 0 ? 'warn' : 'info', words, state === 'running'));
    const notices = noticesOf(root, settings, telling, words);
    await orFault(faults, async () => {
      faults.push(...(await tellSinks(root, notices, state === 'running' || state === 'silent')));
      files.remove(diskTold);
    });
  }
  const { intervalMs, enabled } = settings.heartbeat;
  const next = { format: 1, at: toIso(atMs), ok: worries.length === 0, interval_ms: intervalMs, enabled } as const;
  const reloads = Object.fromEntries(Object.entries(round.reloads).map(([label, ms]) => [label, toIso(ms)]));
  const reload_history = tracesOf(root, memory, round, atMs);
  const told = { told: telling.told, filed, diagnosed: diagnosedAt(memory, diagnosis, atMs) };
  await orFault(faults, () => doc.write({ ...next, because: worries.map((one) => one.words).join('; '), reloads, reload_history, ...told }));
  return { worries, telling, diagnosis: diagnosis ?? null };
}

/** Files nothing, and asks no agent, whom he would ask again on every round. */
async function tellUnkept({ root, settings, memory, round, atMs, faults, redact }: Gone, unwritable: string): Promise<Told> {
  const worries = [diskWorry(unwritable), ...round.worries];
  const telling = tellingUnkept(memory, worries, atMs, settings.heartbeat.intervalMs);
  const words = wordsOf({ ...round, worries }, telling, undefined, redact);
  if (words !== undefined) {
    faults.push(...(await tellWithoutDisk(root, settings, noticesOf(root, settings, telling, words))));
    noteDiskTold(createFiles(), pathsOf(root));
  }
  return { worries, telling, diagnosis: null };
}

/** What became of the reloads before this round, and those of it. */
function tracesOf(root: string, memory: WatchMemory | undefined, { sight, repaired }: Round, atMs: Ms): ReloadTraces {
  const ledger = createSlotReading(createReading(root));
  const timers = sight.timers.flatMap(({ name, role }) => (role === 'timer' ? [name] : []));
  const reloaded = repaired.flatMap(({ repair, fault }) => (repair.kind === 'reload' && fault === undefined ? [repair.name] : []));
  return tracesAfter(memory?.reload_history ?? {}, { timers, reloaded, atMs, linesOf: ledger.lines });
}

/** A broken memory is set aside: the worst that it costs is that something is told twice. */
function memoryOf(root: string, onBroken: (asidePath: string) => void): Doc<WatchMemory> {
  return createDoc({ files: createFiles(), clock: createClock(), path: pathsOf(root).heartbeat, parse: parseWatchMemory, onBroken });
}

function sightOf(root: string, timers: Timers): SightDeps {
  return { root, listTimers: timers.list, askOwner: () => probeOwner(root), nowMs: createClock().nowMs };
}

async function orFault(faults: string[], work: () => Promise<void> | void): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof CadenceError)) throw error;
    faults.push(error.message);
  }
}

async function wake(root: string): Promise<void> {
  await askOwner(root, { op: 'wake' }, () => undefined, AbortSignal.timeout(WAKE_WITHIN_MS));
}

const WAKE_WITHIN_MS: Ms = 5_000;
const MOST_WORDS = 300;

/** undefined: nothing that was not said already. */
function wordsOf(
  { repaired, worries }: Round,
  { due, recovered }: Telling,
  diagnosis: Diagnosis | undefined,
  redact: (text: string) => string,
): string | undefined {
  const parts = [
    ...repaired.map(({ repair, fault }) => `${describeRepair(repair)} (${repair.because})${fault === undefined ? '' : `, in vain: ${fault}`}`),
    ...due.map(({ level, words }) => (level === 'none' ? words : `${level}: ${words}`)),
    ...(recovered.length === 0 ? [] : [`well again: ${recovered.join(', ')}`]),
    ...(diagnosis === undefined ? [] : [`an agent looked (${diagnosis.run_id ?? diagnosis.status}): ${diagnosis.summary}`]),
  ];
  if (parts.length === 0) return undefined;
  const rest = worries.length - due.length;
  const words = [...parts, ...(rest > 0 ? [`${rest} more, told before`] : [])].join('; ');
  return redact(words).slice(0, MOST_WORDS);
}

/** `started the owner`, `reloaded the timer of backup`. */
export function describeRepair(repair: Repair): string {
  switch (repair.kind) {
    case 'start_owner':
      return 'started the owner';
    case 'wake_owner':
      return 'woke the owner';
    case 'reload':
      return `reloaded ${repair.name}`;
  }
}

/** Into the journal and the log for people, by the owner, who alone writes them; where there is none, into the log. */
async function tell(root: string, level: 'warn' | 'info', because: string, isOwned: boolean): Promise<void> {
  if (isOwned) {
    await createProducer({ root }).enqueue(CONTROL_CADENCE, { payload: { order: 'heartbeat', level, because }, source: 'heartbeat' });
    return;
  }
  const { nowMs } = createClock();
  const log = createBusLog(pathsOf(root).logs, nowMs);
  log.write({ ts: toIso(nowMs()), level, stage: 'heartbeat', because });
  log.close();
}
