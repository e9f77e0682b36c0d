import { basename } from 'node:path';
import { isFollowUpCadence } from '../../core/builtin.ts';
import { CadenceError } from '../../core/error.ts';
import type { BusEvent } from '../../core/event.ts';
import { GAVE_WAY } from '../../core/owner.ts';
import { pathsOf, SETTINGS_FILE } from '../../core/paths.ts';
import { parseJson } from '../../core/text/json-text.ts';
import { toIso } from '../../core/time/instant.ts';
import { soonest } from '../../core/time/soonest.ts';
import { VERSION } from '../../core/version.ts';
import { createLoop } from '../../loop.ts';
import { parseOwnerInfo } from '../../platform/owner-info.ts';
import type { Clock, Closeable, OwnerInfo, OwnerState, Ownership } from '../../ports.ts';
import { describeThrow } from '../../runners/answer.ts';
import { isDiskFault, TRY_AGAIN_MS } from '../../services/storage-health.ts';
import { composeOwner, type OwnerParts } from '../compose.ts';
import { makeFolders } from '../storage.ts';
import { readSurroundings } from '../surroundings.ts';
import { misnamedFiles, settingsFault } from './broken-edits.ts';
import { createControl } from './control.ts';
import { createOwnerEnd, type OwnerEnd } from './end.ts';
import { createLastWords } from './last-words.ts';
import { beginLife } from './life.ts';
import { createHarmless } from './listener.ts';
import { type OwnerPorts, realPorts } from './ports.ts';
import { watchTimers } from './timer-watch.ts';

/** The one consumer process of a root. */
export interface Owner {
  readonly info: OwnerInfo;
  readonly parts: OwnerParts;
  /** Resolves when nothing that may run now is left. */
  drained(): Promise<void>;
  /** Resolves with the reason when the owner has ended; rejects with the fault that ended it. */
  readonly ended: Promise<string>;
  /** Ends inline runs, leaves children to the next owner, writes what is open, frees the root. */
  stop(because: string): Promise<void>;
  wake(): void;
}

export interface OwnerOptions {
  readonly root: string;
  /** End a stopped owner first. */
  readonly takeOver?: boolean;
  /** Carry out orders, run nothing. */
  readonly ordersOnly?: boolean;
  /** Run this cadence only, what follows from its runs, and what these wait for. */
  readonly only?: string;
  readonly onEvent?: (event: BusEvent) => void;
  /** The machine that it meets; by default this one. */
  readonly ports?: OwnerPorts;
}

export async function startOwner(options: OwnerOptions): Promise<Owner> {
  const { root, ports = realPorts() } = options;
  makeFolders(ports.files, pathsOf(root));
  const info = { ...ownerInfo(root, ports), ...(isToStay(options) ? {} : { before: lastThatStayed(root, ports) }) };
  const acquired = await (options.takeOver === true ? ports.takeOver : ports.acquire)({ root, info });
  if (acquired.kind === 'taken') throw refusal(root, acquired.state);
  const { ownership, endedPid } = acquired;
  const life = beginLife(ports, pathsOf(root));
  const end = createOwnerEnd({
    note(because) {
      const ended = info.before ?? { ...info, state: 'stopped', stopped_at: toIso(ports.clock.nowMs()), because };
      ports.files.write(pathsOf(root).owner, `${JSON.stringify(ended, null, 2)}\n`);
    },
    free() {
      life.close();
      ownership.close();
    },
  });
  try {
    return await run({ ...options, ports: life.ports, endedPid }, info, ownership, end);
  } catch (error) {
    await end.abandon(error);
    throw error;
  }
}

interface RunOptions extends OwnerOptions {
  readonly ports: OwnerPorts;
  readonly endedPid: number | undefined;
}

async function run(options: RunOptions, info: OwnerInfo, ownership: Ownership, end: OwnerEnd): Promise<Owner> {
  const { ports } = options;
  const isServed = (cadence: string): boolean => isFollowUpCadence(cadence) || (options.only ?? cadence) === cadence || parts.capacity.isAwaited(cadence);
  const serves = (cadence: string): boolean => options.ordersOnly !== true && isServed(cadence);
  const loop = createLoop({ clock: ports.clock, poll: () => poll(parts).finally(checkDrained), onError: end.fail });
  const parts: OwnerParts = composeOwner({
    ...ports,
    root: options.root,
    ownership,
    serves,
    wake: loop.wake,
    onFault: end.fail,
  });
  const waiting: (() => void)[] = [];

  function checkDrained(): void {
    if (waiting.length === 0) return;
    if (parts.consumer.isDrained() && !parts.probe.isAsking()) for (const go of waiting.splice(0)) go();
    // Ends that are still being written wake nobody once they are.
    else if (parts.conclusion.backlog() > 0) void parts.conclusion.idle().then(parts.clock.breathe).then(loop.wake, end.fail);
  }

  const [watches, listeners]: [Closeable[], Closeable[]] = [[], []];
  await end.start({ parts, loop, watches, listeners }, async () => {
    listeners.push(...listen(parts, options), ...noteDeath(parts, info, ports));
    announceStart(parts, info, options.endedPid);
    parts.definitions.keep();
    await parts.recover();
    if (isToStay(options)) listeners.push(await beginSchedules(parts));
    watches.push(...watchAll(parts, ports, loop.wake));
  });
  const stop = (because: string): void => void end.stop(because);
  ownership.serve(createControl(parts, info, { serves, wake: loop.wake, stop, yields: () => yields(options, parts, stop) }));
  loop.wake();
  return {
    info,
    parts,
    ended: end.ended,
    stop: end.stop,
    wake: loop.wake,
    drained: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        loop.wake();
      }),
  };
}

/** The log for people, and whoever started the owner. */
function listen(parts: OwnerParts, { ports, onEvent }: RunOptions): readonly Closeable[] {
  const withLastWords = createLastWords(parts);
  const log = ports.openLog(parts.paths.logs);
  const told = parts.journal.onEvent((event) => log.write(withLastWords(event)));
  if (onEvent === undefined) return [told, log];
  const heard = createHarmless(onEvent, (because) => parts.journal.emit({ level: 'error', stage: 'listener_failed', because }));
  return [told, parts.journal.onEvent(heard), log];
}

/** What a handler throws when nobody waits for it any more ends the process: `owner.json` is to say so, for it has no end of its own. */
function noteDeath({ files, paths, redacting }: OwnerParts, info: OwnerInfo, { onUncaught }: OwnerPorts): readonly Closeable[] {
  if (onUncaught === undefined) return [];
  const note = (thrown: unknown): void => {
    try {
      files.write(paths.owner, `${JSON.stringify({ ...info, because: redacting.ofOwner(describeThrow(thrown)) }, null, 2)}\n`);
    } catch (error) {
      if (!isDiskFault(error)) throw error;
    }
  };
  return [onUncaught(note)];
}

/** Who fires slots also sees which timers let them pass. */
async function beginSchedules(parts: OwnerParts): Promise<Closeable> {
  const watch = watchTimers(parts);
  parts.files.remove(parts.paths.ownerGone);
  await parts.scheduling.begin();
  return watch;
}

function announceStart({ journal, definitions, announceDefinitions }: OwnerParts, { pid, version, root }: OwnerInfo, endedPid: number | undefined): void {
  journal.emit({ level: 'info', stage: 'owner_started', pid, version, root, ...(endedPid === undefined ? {} : { ended_pid: endedPid }) });
  const broken = definitions.all().filter(({ problems }) => problems.length > 0);
  const problems = definitions.problems();
  const fault = settingsFault(problems);
  announceDefinitions([
    ...(fault === undefined ? [] : [{ kind: 'broken', name: SETTINGS_FILE, path: fault.path, problems: [fault] } as const]),
    ...broken.map(({ name, path, problems }) => ({ kind: 'broken', name, path, problems }) as const),
    ...misnamedFiles(problems).map((problem) => ({ kind: 'broken', name: basename(problem.path), path: problem.path, problems: [problem] }) as const),
  ]);
}

/** Work first; what is tidied once a day comes after it. A disk that refuses ends nobody: what runs goes on, and it is tried again. */
async function poll({ consumer, probe, announcing, upkeep, health, clock }: OwnerParts): Promise<number | undefined> {
  try {
    const nextMs = await consumer.poll();
    health.well('ticks');
    const tidyMs = await upkeep.daily(() => !consumer.isDrained());
    return soonest([nextMs, tidyMs, probe.poll(), announcing.poll()]);
  } catch (error) {
    if (!isDiskFault(error)) throw error;
    health.failed('ticks', error.message);
    return clock.nowMs() + TRY_AGAIN_MS;
  }
}

function watchAll(parts: OwnerParts, { watchCadences }: OwnerPorts, wake: () => void): readonly Closeable[] {
  const { files, paths, queue, definitions } = parts;
  const onEdit = (path?: string): void => {
    parts.announceDefinitions(definitions.reload(path));
    wake();
  };
  return [
    queue.onArrival(wake),
    // The emergency stop is a file in the state folder.
    files.watch(paths.state, wake),
    later(parts.clock, () =>
      watchCadences(paths.cadences, onEdit, (error) =>
        parts.journal.emit({ level: 'warn', stage: 'config_broken', where: paths.cadences, because: error.message }),
      ),
    ),
  ];
}

/** Work comes first. Whoever watches the definitions looks at them all once it does, so no edit until then is missed. */
const WATCH_AFTER_MS = 100;

function later(clock: Clock, watch: () => Closeable): Closeable {
  let watching = clock.after(WATCH_AFTER_MS, () => {
    watching = watch();
  });
  return { close: () => watching.close() };
}

function ownerInfo(root: string, { files, clock, machine, identityOf }: OwnerPorts): OwnerInfo {
  return {
    format: 1,
    pid: machine.pid,
    identity: identityOf(machine.pid) ?? '',
    version: VERSION,
    node: machine.node,
    host: machine.host,
    root,
    started_at: toIso(clock.nowMs()),
    state: 'running',
    surroundings: readSurroundings(files, machine),
  };
}

function isToStay({ ordersOnly, only }: OwnerOptions): boolean {
  return ordersOnly !== true && only === undefined;
}

/** Hooks and notices under way are gone on with by whoever comes. */
export function isAtWork(running: readonly { readonly cadence: string }[]): boolean {
  return running.some(({ cadence }) => !isFollowUpCadence(cadence));
}

/** Who carries out orders ends in a moment anyway. */
function yields(options: OwnerOptions, { jobs }: OwnerParts, stop: (because: string) => void): boolean {
  if (isToStay(options)) return false;
  if (options.ordersOnly === true) return true;
  if (isAtWork(jobs.running())) return false;
  stop(GAVE_WAY);
  return true;
}

/** An owner for a moment ends well: were that all that is known then, nobody would hear any more that the last one to stay has died. */
function lastThatStayed(root: string, { files }: OwnerPorts): OwnerInfo | null {
  const read = files.read(pathsOf(root).owner);
  const found = read?.kind === 'text' ? parseOwnerInfo(parseJson(read.text)) : undefined;
  return found?.before === undefined ? (found ?? null) : found.before;
}

/** Exit 75, and who it is. */
export function refusal(root: string, state: OwnerState): CadenceError {
  const who = state.info === undefined ? 'another process' : `process ${state.info.pid}, since ${state.info.started_at}`;
  if (state.kind === 'silent')
    return new CadenceError(
      'held',
      `${root} is owned by ${who}, which does not answer (stopped or asleep)`,
      'To end it and take over: cadence-bus start --takeover',
    );
  if (state.info?.before !== undefined)
    return new CadenceError(
      'held',
      `${root} is owned by ${who}, for a run that is under way there`,
      'It ends with that run: start again then, or at once after cadence-bus cancel.',
    );
  return new CadenceError('held', `${root} is owned by ${who}`, 'One owner per root is enough; see cadence-bus status.');
}
