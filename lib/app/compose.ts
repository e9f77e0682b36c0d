import { createFileQueue } from '../bus/file-queue.ts';
import type { DefinitionChange, LiveDefinitions } from '../config/definitions.ts';
import { BUILTIN_LANES } from '../core/builtin.ts';
import { controlCadence, vanishedCadence } from '../core/control.ts';
import { HEAL_LANES, healersOf } from '../core/heal/cadence.ts';
import { usersOf } from '../core/hold-use.ts';
import { cadenceKey, holdsRushed } from '../core/holds.ts';
import { type Paths, SETTINGS_FILE } from '../core/paths.ts';
import { parseRunId } from '../core/tick.ts';
import { createDoc } from '../doc.ts';
import type { Machine } from '../platform/machine.ts';
import { createProcesses, type SupervisedProcesses } from '../platform/processes.ts';
import type { Clock, Files, History, Http, Ids, Journal, Ownership, Queue, RunLog, Uptime } from '../ports.ts';
import { asBegun } from '../runners/begun.ts';
import { createStopSignal } from '../runners/stop-signal.ts';
import type { AccountProbe } from '../services/account-probe.ts';
import type { Announcing } from '../services/announcer.ts';
import { type Capacity, createCapacity } from '../services/capacity.ts';
import { type Conclusion, createConclusion } from '../services/conclusion.ts';
import { type Consumer, createConsumer } from '../services/consumer.ts';
import { createDeferrals } from '../services/deferrals.ts';
import { createDismissal } from '../services/dismissal.ts';
import { createGatekeeper, type Gatekeeper } from '../services/gatekeeper.ts';
import { createHoldsBook, type HoldsBook } from '../services/holds-book.ts';
import { createJobs, type Jobs } from '../services/jobs.ts';
import { createOrders, type Orders, type OrdersDeps } from '../services/orders.ts';
import type { Purse } from '../services/purse.ts';
import { recover } from '../services/recovery.ts';
import { createStorageHealth, type StorageHealth } from '../services/storage-health.ts';
import { parseCircuitView, parseHolds } from '../wire/state.ts';
import { definitionEvent, newsTo } from './owner/announcing.ts';
import { createForgiveness } from './owner/edited.ts';
import { composeFollowingUp } from './owner/following-up.ts';
import { createKnownKeys } from './owner/known-keys.ts';
import { composeProbe } from './owner/probing.ts';
import { composePurse } from './owner/purse.ts';
import { composeRunners, createRunnerChoice, type Programs, type Runners } from './owner/running.ts';
import { composeScheduling, type Scheduling } from './owner/scheduling.ts';
import { createOwnerStats, type OwnerStats } from './owner/stats.ts';
import { createUpkeep, type Upkeep } from './owner/upkeep.ts';
import { payloadMisfit } from './payload-check.ts';
import { composeStorage, type Storage } from './storage.ts';

/** The parts of an owner, tied together. The one place that knows everybody. */
export interface OwnerParts {
  readonly paths: Paths;
  readonly files: Files;
  readonly clock: Clock;
  readonly redacting: Storage['redacting'];
  readonly queue: Queue;
  readonly journal: Journal;
  readonly runLog: RunLog;
  readonly history: History;
  readonly definitions: LiveDefinitions;
  readonly book: HoldsBook;
  readonly health: StorageHealth;
  readonly conclusion: Conclusion;
  readonly capacity: Capacity;
  readonly consumer: Consumer;
  readonly gatekeeper: Gatekeeper;
  readonly jobs: Jobs;
  readonly scheduling: Scheduling;
  /** Settles what an earlier owner left. */
  recover(): Promise<void>;
  announceDefinitions(changes: readonly DefinitionChange[]): void;
  readonly upkeep: Upkeep;
  readonly stats: () => OwnerStats;
  readonly probe: AccountProbe;
  readonly announcing: Announcing;
}

export interface OwnerWiring {
  readonly root: string;
  readonly ownership: Ownership;
  /** Which cadences this owner runs. */
  readonly serves: (cadence: string) => boolean;
  /** Something may run now. */
  readonly wake: () => void;
  /** A fault that nobody can handle. */
  readonly onFault: (error: unknown) => void;
  /** Stand-ins for tests that cut the disk, move the time, or run nothing. */
  readonly files?: Files | undefined;
  readonly clock?: Clock | undefined;
  readonly ids?: Ids | undefined;
  readonly machine?: Machine | undefined;
  readonly processes?: SupervisedProcesses | undefined;
  readonly programs?: Programs | undefined;
  readonly hearProgram?: Programs['hearProgram'] | undefined;
  readonly runners?: Runners | undefined;
  readonly http?: Http | undefined;
  readonly uptime?: Uptime | undefined;
}

export function composeOwner(wiring: OwnerWiring): OwnerParts {
  const { onFault } = wiring;
  const storage = composeStorage(wiring.root, wiring, onFault);
  const { clock, files, paths, machine, history, runLog, journal, definitions } = storage;
  const health = createStorageHealth({ journal });
  const book = composeBook(storage, health);
  const news = newsTo(journal, (run) => conclusion.note(run), clock, storage.redacting.ofOwner);
  const queue = createFileQueue({ files, clock, paths, ids: storage.ids, news });
  const rush = createRush(book, clock, () => {
    consumer.reconsider();
    wiring.wake();
  });
  const processes = wiring.processes ?? createProcesses({ clock, files, paths });
  const hasEnded = (id: string): boolean => knownKeys.has(id);
  const following = composeFollowingUp(storage, { ...wiring, queue, held: book, hasEnded, shortage: (cadence) => purse.shortage(cadence)?.because, rush });
  const { followUps, healing, announcing, incidentOrders: incident } = following;
  const conclusion = createConclusion({ ...storage, queue, book, health, keepExit: processes.keepExit, followUps, onFault });
  const purse = composePurse(storage, health);
  const capacity = composeCapacity(storage, queue);
  const runners = healing.overlaid(wiring.runners ?? composeRunners(storage, processes, purse.meter, wiring.programs, wiring.uptime));
  const runnerOf = createRunnerChoice(runners, (order) => following.answered(order, orders.carryOut(order)), following.runnerOf);
  const onFree = (cadence: string): void => {
    consumer.freed(cadence);
    wiring.wake();
  };
  const jobs = createJobs({ ...storage, capacity, conclusion, deferrals: createDeferrals(storage), book, purse, runnerOf, newStop: createStopSignal, onFree });
  const ignoreMissed: Scheduling['ignore'] = (cadence, untilMs) => scheduling.ignore(cadence, untilMs);
  const orders = composeOrders(storage, { queue, book, jobs, conclusion, incident, ignoreMissed, respond: healing.respond });
  const knownKeys = createKnownKeys({ clock, history, conclusion });
  const missingEnv = (names: readonly string[]): readonly string[] => names.filter((name) => (machine.env[name] ?? '') === '');
  const probe = composeProbe(storage, { ...wiring, queue, book, reconsider: () => consumer.reconsider() });
  const gatekeeper = createGatekeeper({ ...storage, queue, capacity, health, book, purse, ownership: wiring.ownership, missingEnv, unasked: probe.unasked });
  const late = { gatekeeper: () => gatekeeper, jobs: () => jobs, hasEnded };
  const scheduling = composeScheduling({ storage, queue, conclusion, health, ...late, uptime: wiring.uptime, wake: wiring.wake, onFault });
  const shared = { clock, paths, queue, journal, definitions, gatekeeper, conclusion, book, jobs, purse, knownKeys, onFault, serves: wiring.serves };
  const announceDefinitions = composeAnnouncing(storage, { queue, book, purse, onFault }, () => {
    consumer.reconsider();
    scheduling.reconcile();
  });
  const relook = (): void => announceDefinitions(definitions.reload());
  const consumer = createConsumer({ ...shared, hint: scheduling.hint, payloadMisfit, control: controlCadence(paths), relook });

  return {
    ...storage,
    queue,
    book,
    health,
    conclusion,
    ...{ capacity, consumer },
    gatekeeper,
    jobs,
    scheduling,
    announceDefinitions,
    stats: createOwnerStats(journal),
    upkeep: createUpkeep(storage, following, wiring.uptime),
    ...{ probe, announcing },
    async recover() {
      conclusion.onRecord(healing.hear);
      const cadenceOf = (name: string, runId: string) => asBegun(files, paths, definitions.get(name)?.cadence ?? vanishedCadence(name, paths), runId);
      const { isAlive, adopt } = processes;
      const parts = { queue, conclusion, jobs, followUps, book, purse };
      await recover({ clock, files, paths, history, runLog, journal, ...parts, cadenceOf, isAlive, adopt, hasEnded, onFault });
    },
  };
}

function composeCapacity({ definitions }: Storage, queue: Queue): Capacity {
  const laneSize = (lane: string): number => definitions.settings().lanes[lane] ?? BUILTIN_LANES[lane] ?? HEAL_LANES[lane] ?? 1;
  return createCapacity({ laneSize, cadenceOf: (tick) => queue.find(tick)?.cadence });
}

/** A rule says: try again at once. */
function createRush(book: HoldsBook, clock: Clock, reconsider: () => void): (cadence: string) => void {
  return (cadence) => {
    book.change(holdsRushed(book.holds(), cadenceKey(cadence), clock.nowMs()));
    reconsider();
  };
}

function composeAnnouncing(
  { clock, definitions, journal }: Storage,
  { queue, book, purse, onFault }: { queue: Queue; book: HoldsBook; purse: Purse; onFault: OwnerWiring['onFault'] },
  onChange: () => void,
): OwnerParts['announceDefinitions'] {
  const forgive = createForgiveness({ clock, definitions, queue, journal, book, onFault });
  return (changes) => {
    if (changes.length > 0) {
      purse.touch();
      onChange();
    }
    const keeps = (name: string): boolean => (name === SETTINGS_FILE ? definitions.unsettled() === undefined : definitions.get(name)?.cadence !== undefined);
    for (const change of changes) journal.emit(definitionEvent(change, keeps(change.name)));
    for (const change of changes) forgive(change);
  };
}

function composeBook({ clock, files, paths, runLog, journal, definitions }: Storage, health: StorageHealth): HoldsBook {
  const onBroken = (path: string): void => journal.emit({ level: 'error', stage: 'state_broken', path, because: 'it could not be read and was set aside' });
  const doc = createDoc({ files, clock, path: paths.holds, parse: parseHolds, onBroken });
  const view = createDoc({ files, clock, path: paths.circuit, parse: parseCircuitView, onBroken });
  return createHoldsBook({ clock, runLog, journal, health, doc, view, policiesOf: (name) => definitions.get(name)?.cadence });
}

function composeOrders(
  { clock, files, paths, journal, redacting, definitions }: Storage,
  parts: Pick<OrdersDeps, 'queue' | 'book' | 'incident' | 'ignoreMissed' | 'respond'> & { readonly jobs: Jobs; readonly conclusion: Conclusion },
): Orders {
  const { queue, book, jobs, conclusion, incident, ignoreMissed, respond } = parts;
  return createOrders({
    files,
    clock,
    paths,
    queue,
    journal,
    book,
    ignoreMissed,
    incident,
    respond,
    stopRun: (tickId) => jobs.stopRun(tickId, 'cancel'),
    stopRuns(cadence) {
      const own = definitions.get(cadence)?.cadence;
      const names = [cadence, ...(own === undefined ? [] : healersOf(own))];
      const under = jobs.running().filter((run) => names.includes(run.cadence));
      return under.filter(({ runId }) => jobs.stopRun(parseRunId(runId)?.id ?? '', 'cancel')).length;
    },
    stopAll: () => jobs.stopAll('halt', ['command', 'claude', 'agent', 'inline']),
    allCadences: () => [...queue.cadences()],
    users: () => usersOf(definitions.all(), (name) => definitions.get(name) !== undefined),
    redact: redacting.ofOwner,
    async cancelPending(tickId) {
      const name = queue.find(tickId);
      if (name === undefined) return false;
      await createDismissal({ clock, queue, journal, conclusion }).dismiss([name], 'cancelled', 'cancelled while it waited');
      return true;
    },
  });
}
