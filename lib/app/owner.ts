import { isFollowUpCadence } from '../core/builtin.ts';
import { CadenceError } from '../core/error.ts';
import type { BusEvent } from '../core/event.ts';
import { toIso } from '../core/instant.ts';
import { pathsOf } from '../core/paths.ts';
import { isFinal, type RunRecord } from '../core/run.ts';
import { parseRunId } from '../core/tick.ts';
import { VERSION } from '../core/version.ts';
import { createLoop } from '../loop.ts';
import type { Clock, Closeable, ControlReply, ControlRequest, OwnerInfo, OwnerState, Ownership } from '../ports.ts';
import { isDiskFault, TRY_AGAIN_MS } from '../services/storage-health.ts';
import { brokenEditsOf } from './broken-edits.ts';
import { composeOwner, type OwnerParts } from './compose.ts';
import { createLastWords } from './last-words.ts';
import { type OwnerPorts, realPorts } from './owner-ports.ts';
import { makeFolders } from './storage.ts';
import { readSurroundings } from './surroundings.ts';
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
  /** Run this cadence only, and what follows from its runs. */
  readonly only?: string;
  readonly onEvent?: (event: BusEvent) => void;
  /** The machine that it meets; by default this one. */
  readonly ports?: OwnerPorts;
}

const INLINE_GRACE_MS = 5_000;
const RECORD_GRACE_MS = 10_000;
const REFUSED_GRACE_MS = 1_000;

export async function startOwner(options: OwnerOptions): Promise<Owner> {
  const { root, ports = realPorts() } = options;
  makeFolders(ports.files, pathsOf(root));
  const info = ownerInfo(root, ports);
  const acquired = await (options.takeOver === true ? ports.takeOver : ports.acquire)({ root, info });
  if (acquired.kind === 'taken') throw refusal(root, acquired.state);
  try {
    return await run({ ...options, ports, endedPid: acquired.endedPid }, info, acquired.ownership);
  } catch (error) {
    acquired.ownership.close();
    throw error;
  }
}

interface RunOptions extends OwnerOptions {
  readonly ports: OwnerPorts;
  readonly endedPid: number | undefined;
}

async function run(options: RunOptions, info: OwnerInfo, ownership: Ownership): Promise<Owner> {
  const { ports } = options;
  let settleEnd: { resolve: (because: string) => void; reject: (error: unknown) => void } | undefined;
  // Whoever started the owner awaits this; a fault that nobody awaits must end the process, and does.
  const ended = new Promise<string>((resolve, reject) => {
    settleEnd = { resolve, reject };
  });
  const fail = (error: unknown): void => settleEnd?.reject(error);
  const loop = createLoop({ clock: ports.clock, poll: () => poll(parts).finally(checkDrained), onError: fail });
  const parts: OwnerParts = composeOwner({
    ...ports,
    root: options.root,
    ownership,
    serves: (cadence) => options.ordersOnly !== true && (isFollowUpCadence(cadence) || (options.only ?? cadence) === cadence),
    wake: loop.wake,
    onFault: fail,
  });
  const waiting: (() => void)[] = [];

  function checkDrained(): void {
    if (waiting.length === 0) return;
    if (parts.consumer.isDrained() && !parts.probe.isAsking()) for (const go of waiting.splice(0)) go();
    // Ends that are still being written wake nobody once they are.
    else if (parts.conclusion.backlog() > 0) void parts.conclusion.idle().then(parts.clock.breathe).then(loop.wake, fail);
  }

  const withLastWords = createLastWords(parts);
  const log = ports.openLog(parts.paths.logs);
  const listeners = [parts.journal.onEvent((event) => log.write(withLastWords(event)))];
  if (options.onEvent !== undefined) listeners.push(parts.journal.onEvent(options.onEvent));
  announceStart(parts, info, options.endedPid);
  await parts.recover();
  const isWhole = options.ordersOnly !== true && options.only === undefined;
  if (isWhole) listeners.push(await beginSchedules(parts));
  const watches = watchAll(parts, ports, loop.wake);
  let stopping: Promise<void> | undefined;
  const stop = (because: string): Promise<void> => {
    stopping ??= shutDown(because).then(() => settleEnd?.resolve(because), fail);
    return stopping;
  };

  async function shutDown(because: string): Promise<void> {
    for (const watch of watches) watch.close();
    parts.consumer.close();
    await loop.stop();
    await unlessDiskRefuses(() => parts.scheduling.end(because));
    parts.jobs.stopAll('halt', ['inline']);
    await within(parts.clock, INLINE_GRACE_MS, parts.jobs.ended(['inline']));
    await within(parts.clock, parts.health.fault() === undefined ? RECORD_GRACE_MS : REFUSED_GRACE_MS, parts.conclusion.idle());
    await unlessDiskRefuses(parts.book.save);
    parts.journal.emit({ level: 'info', stage: 'owner_stopped', because });
    await unlessDiskRefuses(parts.journal.flush);
    for (const listener of listeners) listener.close();
    log.close();
    await unlessDiskRefuses(parts.runLog.close);
    await unlessDiskRefuses(parts.journal.close);
    const ended = { ...info, state: 'stopped', stopped_at: toIso(parts.clock.nowMs()), because };
    await unlessDiskRefuses(() => parts.files.write(parts.paths.owner, `${JSON.stringify(ended, null, 2)}\n`));
    ownership.close();
  }

  ownership.serve(createControl(parts, info, loop.wake, (because) => void stop(because)));
  loop.wake();
  return {
    info,
    parts,
    ended,
    stop,
    wake: loop.wake,
    drained: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        loop.wake();
      }),
  };
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
  announceDefinitions(broken.map(({ name, path, problems }) => ({ kind: 'broken', name, path, problems })));
}

/** Work first; what is tidied once a day comes after it. A disk that refuses ends nobody: what runs goes on, and it is tried again. */
async function poll({ consumer, probe, announcing, upkeep, health, clock }: OwnerParts): Promise<number | undefined> {
  try {
    const nextMs = await consumer.poll();
    health.well('ticks');
    await upkeep.daily();
    return sooner(sooner(nextMs, probe.poll()), announcing.poll());
  } catch (error) {
    if (!isDiskFault(error)) throw error;
    health.failed('ticks', error.message);
    return clock.nowMs() + TRY_AGAIN_MS;
  }
}

function sooner(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** A disk that refuses must not keep an owner from its end: what it does not take is found by the next one. */
async function unlessDiskRefuses(act: () => Promise<void> | void): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isDiskFault(error)) throw error;
  }
}

/** Waits for the work, but no longer than this. */
async function within(clock: Clock, ms: number, work: Promise<void>): Promise<void> {
  let timer: Closeable | undefined;
  const late = new Promise<void>((resolve) => {
    timer = clock.after(ms, resolve);
  });
  await Promise.race([work, late]);
  timer?.close();
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
    watchCadences(paths.cadences, onEdit, (error) =>
      parts.journal.emit({ level: 'warn', stage: 'config_broken', where: paths.cadences, because: error.message }),
    ),
  ];
}

/** The control channel: nobody has to poll. */
function createControl(
  parts: OwnerParts,
  info: OwnerInfo,
  wake: () => void,
  stop: (because: string) => void,
): (request: ControlRequest, reply: ControlReply) => void {
  const waiters = new Map<string, ControlReply[]>();
  const answerWaiters = (id: string, run: RunRecord): void => {
    for (const reply of waiters.get(id) ?? []) finish(reply, { ok: true, run });
    waiters.delete(id);
  };
  parts.conclusion.onRecord((run) => {
    if (isRunOver(run)) answerWaiters(run.run_id, run);
    if (isFinal(run.status)) {
      answerWaiters(run.tick, run);
      // Somebody may wait for an attempt that will not come.
      for (const id of waiters.keys()) if (parseRunId(id)?.id === run.tick) answerWaiters(id, run);
    }
  });

  function wait(id: string, reply: ControlReply): void {
    const tickId = parseRunId(id)?.id ?? id;
    const isUnderWay = parts.queue.find(tickId) !== undefined || parts.jobs.running().some(({ runId }) => parseRunId(runId)?.id === tickId);
    // The log is searched only for what is neither pending nor running: that is what may have ended before it was asked for.
    const known = isUnderWay && tickId === id ? undefined : parts.history.find(id);
    if (known !== undefined && (tickId === id ? isFinal(known.status) : isRunOver(known))) finish(reply, { ok: true, run: known });
    else waiters.set(id, [...(waiters.get(id) ?? []).filter((other) => other.isOpen), reply]);
  }

  return (request, reply) => {
    switch (request.op) {
      case 'ping':
      case 'stats':
        return finish(reply, { ok: true, info, running: parts.jobs.running(), stats: parts.stats(), broken_edits: brokenEditsOf(parts.definitions) });
      case 'wake':
        wake();
        return finish(reply, { ok: true });
      case 'wait':
        return wait(request.id, reply);
      case 'events': {
        const listener = parts.journal.onEvent((event) => (reply.isOpen ? reply.send({ event }) : listener.close()));
        // What was said before this line stands in the journal, what is said after it is heard.
        void parts.clock.breathe().then(() => reply.send({ ok: true }));
        return undefined;
      }
      case 'shutdown':
        finish(reply, { ok: true });
        return stop('asked to by the control channel');
    }
  };
}

function isRunOver(run: RunRecord): boolean {
  return run.status !== 'waiting' && run.status !== 'running' && run.status !== 'queued' && run.status !== 'held';
}

function finish(reply: ControlReply, answer: Readonly<Record<string, unknown>>): void {
  reply.send(answer);
  reply.end();
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

/** Exit 75, and who it is. */
function refusal(root: string, state: OwnerState): CadenceError {
  const who = state.info === undefined ? 'another process' : `process ${state.info.pid}, since ${state.info.started_at}`;
  if (state.kind === 'silent')
    return new CadenceError(
      'held',
      `${root} is owned by ${who}, which does not answer (stopped or asleep)`,
      'To end it and take over: cadence-bus start --takeover',
    );
  return new CadenceError('held', `${root} is owned by ${who}`, 'One owner per root is enough; see cadence-bus status.');
}
