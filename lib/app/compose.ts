import { createFileQueue } from '../bus/file-queue.ts';
import { createDefinitions, type DefinitionChange, type LiveDefinitions } from '../config/definitions.ts';
import {
  type Cadence,
  DEFAULT_BREAKER,
  DEFAULT_COMMAND_TIMEOUT_MS,
  DEFAULT_IDLE_TIMEOUT_MS,
  DEFAULT_KILL_GRACE_MS,
  DEFAULT_LOG_CAP_BYTES,
  DEFAULT_RETRY,
} from '../core/cadence.ts';
import { parseDuration } from '../core/duration.ts';
import type { Outcome } from '../core/outcome.ts';
import { type Paths, pathsOf } from '../core/paths.ts';
import { recordWithoutRun } from '../core/record.ts';
import { isFinal } from '../core/run.ts';
import { CONTROL_CADENCE } from '../core/tick.ts';
import { createDoc } from '../doc.ts';
import { createHistory } from '../history/history.ts';
import { createJournal } from '../history/journal.ts';
import { createRunLog } from '../history/run-log.ts';
import { cutLog } from '../platform/child-log.ts';
import { createClock } from '../platform/clock.ts';
import { createFiles } from '../platform/files.ts';
import { createIds, randomSessionId } from '../platform/ids.ts';
import { readMachine } from '../platform/machine.ts';
import { createProcesses } from '../platform/processes.ts';
import { createProducer } from '../platform/producer.ts';
import type { Clock, Files, History, Journal, Ownership, Queue, QueueNews, RunLog, Runner } from '../ports.ts';
import type { EnqueueOptions as ChildEnqueueOptions } from '../runners/phase.ts';
import { createRunners } from '../runners/runners.ts';
import { createStopSignal } from '../runners/stop-signal.ts';
import { createWatch } from '../runners/watch.ts';
import { createCapacity } from '../services/capacity.ts';
import { type Conclusion, createConclusion } from '../services/conclusion.ts';
import { type Consumer, createConsumer } from '../services/consumer.ts';
import { createGatekeeper } from '../services/gatekeeper.ts';
import { createHoldsBook, type HoldsBook } from '../services/holds-book.ts';
import { createJobs, type Jobs } from '../services/jobs.ts';
import { createOrders } from '../services/orders.ts';
import { recover } from '../services/recovery.ts';
import { parseCircuitView, parseHolds } from '../wire/state.ts';

/** The parts of an owner, tied together. The one place that knows everybody. */
export interface OwnerParts {
  readonly paths: Paths;
  readonly files: Files;
  readonly clock: Clock;
  readonly queue: Queue;
  readonly journal: Journal;
  readonly runLog: RunLog;
  readonly history: History;
  readonly definitions: LiveDefinitions;
  readonly book: HoldsBook;
  readonly conclusion: Conclusion;
  readonly consumer: Consumer;
  readonly jobs: Jobs;
  /** Settles what an earlier owner left. */
  recover(): Promise<void>;
  announceDefinitions(changes: readonly DefinitionChange[]): void;
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
  /** Stand-ins for tests that cut the disk or move the time. */
  readonly files?: Files;
  readonly clock?: Clock;
  readonly runners?: Readonly<Record<Cadence['run']['kind'], Runner>>;
}

const FOLDERS = ['inbox', 'waiting', 'claimed', 'dlq', 'tmp', 'running', 'runs', 'journal', 'subsessions'] as const;

export function makeFolders(files: Files, paths: Paths): void {
  for (const folder of FOLDERS) files.makeDir(paths[folder]);
}

export function composeOwner(wiring: OwnerWiring): OwnerParts {
  const clock = wiring.clock ?? createClock();
  const files = wiring.files ?? createFiles();
  const paths = pathsOf(wiring.root);
  const machine = readMachine();
  makeFolders(files, paths);
  const history = createHistory({ files, paths });
  const runLog = createRunLog({ files, clock, paths });
  const journal = createJournal({ files, clock, paths, onFault: wiring.onFault });
  const broken = (path: string): void => journal.emit({ level: 'error', stage: 'state_broken', path, because: 'it could not be read and was set aside' });
  const definitions = createDefinitions({ files, paths, home: machine.home });
  const policiesOf = (name: string) => definitions.get(name)?.cadence;
  const book = createHoldsBook({
    clock,
    runLog,
    journal,
    policiesOf,
    doc: createDoc({ files, clock, path: paths.holds, parse: parseHolds, onBroken: broken }),
    view: createDoc({ files, clock, path: paths.circuit, parse: parseCircuitView, onBroken: broken }),
  });
  const queue = createFileQueue({ files, clock, paths, ids: createIds(), news: newsTo(journal, (run) => conclusion.note(run), clock) });
  const conclusion = createConclusion({ clock, files, queue, runLog, history, journal, book, onFault: wiring.onFault });
  const capacity = createCapacity({ laneSize: (lane) => definitions.settings().lanes[lane] ?? 1 });
  const processes = createProcesses({ clock, files });
  const runners =
    wiring.runners ??
    createRunners({
      clock,
      files,
      paths,
      processes,
      watch: createWatch({ clock, files, cutLog }),
      env: machine.env,
      settings: definitions.settings,
      newSessionId: randomSessionId,
      enqueue: createChildEnqueue(wiring.root),
    });
  const runnerOf = (cadence: Cadence): Runner =>
    cadence.name === CONTROL_CADENCE ? createOrderRunner((payload) => orders.carryOut(payload)) : runners[cadence.run.kind];
  const onFree = (cadence: string): void => {
    consumer.freed(cadence);
    wiring.wake();
  };
  const jobs: Jobs = createJobs({ clock, paths, journal, capacity, conclusion, book, runnerOf, newStop: createStopSignal, onFree });
  const control = controlCadence(paths);
  const knownKeys = new Set<string>();
  conclusion.onRecord((run) => {
    if ((run.key !== undefined || run.slot !== undefined) && isFinal(run.status)) knownKeys.add(run.tick);
  });
  const missingEnv = (names: readonly string[]): readonly string[] => names.filter((name) => (machine.env[name] ?? '') === '');
  const gatekeeper = createGatekeeper({ clock, files, paths, journal, definitions, capacity, conclusion, book, ownership: wiring.ownership, missingEnv });
  const consumer: Consumer = createConsumer({
    clock,
    paths,
    queue,
    journal,
    definitions,
    gatekeeper,
    onFault: wiring.onFault,
    conclusion,
    book,
    jobs,
    control,
    knownKeys,
    serves: wiring.serves,
    relook: () => announceDefinitions(definitions.reload()),
  });
  const orders = createOrders({
    files,
    clock,
    paths,
    queue,
    journal,
    book,
    stopRun: (tickId) => jobs.stopRun(tickId, 'cancel'),
    stopAll: () => jobs.stopAll('halt', ['command', 'claude', 'inline']),
    allCadences: () => [...queue.cadences()],
    async cancelPending(tickId) {
      const name = queue.find(tickId);
      if (name === undefined) return false;
      const transition = { to: 'finished', status: 'cancelled', because: 'cancelled while it waited' } as const;
      conclusion.note(recordWithoutRun(name, undefined, transition, clock.nowMs()));
      return queue.discard(name, transition, []);
    },
  });

  function announceDefinitions(changes: readonly DefinitionChange[]): void {
    if (changes.length > 0) consumer.reconsider();
    for (const { kind, name, path, problems } of changes) {
      const [first] = problems;
      const where = first === undefined ? path : `${first.path}:${first.line}:${first.column}`;
      if (kind === 'broken')
        journal.emit({
          level: 'error',
          stage: 'config_broken',
          cadence: name,
          where,
          because: first?.message ?? '',
          hint: first?.hint ?? '',
          keeps: definitions.get(name)?.cadence !== undefined,
        });
      else journal.emit({ level: 'info', stage: kind === 'healed' ? 'config_healed' : 'config_changed', cadence: name, path, change: kind });
    }
  }

  return {
    paths,
    files,
    clock,
    queue,
    journal,
    runLog,
    history,
    definitions,
    book,
    conclusion,
    consumer,
    jobs,
    announceDefinitions,
    async recover() {
      const unseen = book.load();
      for (const id of history.keyed(clock.nowMs() - KEYS_REMEMBERED_MS)) knownKeys.add(id);
      const cadenceOf = (name: string): Cadence => definitions.get(name)?.cadence ?? { ...control, name, run: { ...ANY_COMMAND, cwd: paths.root } };
      const isAlive = (runDir: string): boolean => {
        const found = files.read(`${runDir}/pid`, 64);
        return found?.kind === 'text' && processes.identity(Number(found.text)) !== undefined;
      };
      await recover({ clock, files, paths, queue, history, journal, conclusion, jobs, cadenceOf, isAlive, onFault: wiring.onFault }, unseen);
    },
  };
}

/** A handler's tick knows whose child it is. */
function createChildEnqueue(root: string) {
  const producer = createProducer({ root });
  return async (cadence: string, options: ChildEnqueueOptions, parent: { readonly runId: string; readonly depth: number }): Promise<unknown> => {
    const { payload, key, in: after } = options;
    const delayMs = after === undefined ? undefined : parseDuration(after);
    return producer.enqueue(cadence, {
      source: 'handler',
      parentRun: parent.runId,
      depth: parent.depth,
      ...(payload === undefined ? {} : { payload }),
      ...(key === undefined ? {} : { key }),
      ...(delayMs === undefined ? {} : { delayMs }),
    });
  };
}

/** Orders have no process and no output; they end where they are carried out. */
function createOrderRunner(carryOut: (payload: unknown) => Promise<Outcome>): Runner {
  const run: Runner['run'] = async (job) => ({ outcome: await carryOut(job.tick.payload), ending: undefined, stdoutPath: null, stderrPath: null });
  return { run, adopt: run };
}

/** How long a key is remembered after its tick has ended. */
const KEYS_REMEMBERED_MS = 7 * 86_400_000;
const ANY_COMMAND = { kind: 'command', argv: [], shell: false, env: { names: [], values: {} }, okCodes: [0] } as const;

function newsTo(journal: Journal, note: Conclusion['note'], clock: Clock): QueueNews {
  return {
    dead(name, because) {
      note(recordWithoutRun(name, undefined, { to: 'dlq', status: 'dead', name, because }, clock.nowMs()));
      journal.emit({ level: 'error', stage: 'dead_lettered', cadence: name.cadence, tick: name.id, reason: name.reason, because });
    },
    coalesced: (id, cadence, because) => journal.emit({ level: 'info', stage: 'coalesced', cadence, tick: id, because }),
    adopted: (name, from) => journal.emit({ level: 'info', stage: 'adopted', cadence: name.cadence, tick: name.id, from }),
    left: (path, because) => journal.emit({ level: 'warn', stage: 'foreign_left', path, because }),
  };
}

/** The cadence of orders: inline, never held, one try. */
function controlCadence(paths: Paths): Cadence {
  return {
    name: CONTROL_CADENCE,
    path: paths.state,
    description: 'Orders to the owner',
    enabled: true,
    run: { kind: 'inline', file: '' },
    guard: undefined,
    overlap: 'queue',
    expiresMs: undefined,
    timeoutMs: DEFAULT_COMMAND_TIMEOUT_MS,
    idleTimeoutMs: DEFAULT_IDLE_TIMEOUT_MS,
    killGraceMs: DEFAULT_KILL_GRACE_MS,
    logCapBytes: DEFAULT_LOG_CAP_BYTES,
    workspace: undefined,
    lane: 'control',
    account: undefined,
    retry: { ...DEFAULT_RETRY, attempts: 1 },
    breaker: DEFAULT_BREAKER,
    requiredEnv: [],
    about: { inputs: {}, outputs: {}, network: false, destructive: false },
  };
}
