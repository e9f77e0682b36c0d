import type { Ending, StopCause } from '../core/outcome.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Child, ChildExit, StopSignal } from '../ports.ts';
import { readTail, TAIL_BYTES } from './capture.ts';
import { createLineFollower, type Line } from './line-follower.ts';
import type { Phase, RunnerDeps } from './phase.ts';
import { putFile, writeRunFile } from './run-file.ts';
import type { LastLook } from './watch.ts';

/** How a child is attended, whoever started it. */
export interface Attention {
  /** What says its first word later than this hangs; undefined: it may take its time. */
  readonly firstOutputMs?: Ms | undefined;
  /** Hears every line of its stdout, and may end it. Then only whole lines are signs of life, and stderr is none. */
  readonly onLine?: ((line: Line, end: (cause: StopCause) => void) => void) | undefined;
  /** Its lines are heard, and all its output is a sign of life all the same. */
  readonly isAnyOutputLife?: boolean;
}

/** What is to be started; the rest of what a child needs follows from its phase. */
export interface ChildPlan extends Attention {
  readonly kind: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdinPath: string | undefined;
  /** More for run.json. */
  readonly note?: Readonly<Record<string, string | number | boolean>>;
}

/** Starts a child and stays with it to its end. `CadenceError` where the disk refuses what must be there before. */
export async function runChild(deps: RunnerDeps, phase: Phase, stop: StopSignal, plan: ChildPlan): Promise<Ending> {
  if (stop.cause !== undefined) return endingOf(deps, phase, { exit: NO_EXIT, stoppedFor: stop.cause, survivors: [] });
  const isFresh = writeRunFile(deps.files, phase, plan.kind, plan.note);
  const { argv, cwd, env, stdinPath } = plan;
  const child = deps.processes.start({ runId: phase.job.runId, argv, cwd, env, stdinPath, runDir: phase.runDir, isFresh, ...phase.output });
  return follow(deps, phase, child, stop, plan, phase.before.stdoutBytes + phase.before.stderrBytes);
}

export function adoptChild(deps: RunnerDeps, phase: Phase, stop: StopSignal, attention: Attention = {}): Promise<Ending> {
  return follow(deps, phase, deps.processes.adopt(phase.job.runId, phase.runDir), stop, attention);
}

/** The payload's JSON, in a file that only we may read: never an argument, which everybody may read in the process list. */
export function writePayload(deps: RunnerDeps, phase: Phase): string | undefined {
  const { payload } = phase.job.tick;
  if (payload === undefined) return undefined;
  const path = `${phase.runDir}/payload.json`;
  putFile(deps.files, path, `${JSON.stringify(payload)}\n`);
  return path;
}

interface ChildEnd {
  readonly exit: ChildExit;
  readonly stoppedFor: StopCause | null;
  readonly survivors: Ending['survivors'];
  /** Of time, that it has passed. */
  readonly limitMs?: Ms | undefined;
}

/** An event may hold a whole file. */
const MAX_EVENT_BYTES = 1024 * 1024;

const NO_EXIT: ChildExit = { code: null, signal: null, spawnError: null, lost: false };

async function follow(deps: RunnerDeps, phase: Phase, child: Child, stop: StopSignal, attention: Attention, startBytes?: number): Promise<Ending> {
  const { firstOutputMs } = attention;
  const { idleTimeoutMs, logCapBytes } = phase.job.cadence;
  const timeoutMs = phase.timeoutMs ?? phase.job.cadence.timeoutMs;
  const stopper = stopperOf(child, phase.job.cadence.killGraceMs);
  const limits = { timeoutMs, idleTimeoutMs, firstOutputMs, stdoutBefore: phase.before.stdoutBytes, startBytes, logCapBytes };
  const listener = listen(deps, phase, attention, stopper.end);
  const watched = deps.watch.add({ ...phase.output, ...limits, ...listener, startedMs: phase.startedMs, onLimit: stopper.end });
  stop.onStop(stopper.end);
  const end = await stopper.ended;
  await listener?.end();
  const last = watched.end();
  const survivors = end.stoppedFor === null && end.exit.spawnError === null ? await deps.processes.leftBehind(phase.job.runId, phase.startedMs) : end.survivors;
  const limitMs = end.stoppedFor === 'timeout' ? timeoutMs : end.stoppedFor === 'hung_start' ? firstOutputMs : undefined;
  return endingOf(deps, phase, { ...end, survivors, limitMs }, last);
}

/** The file is read on from where the run began, whoever followed it before. */
function listen(deps: RunnerDeps, phase: Phase, { onLine, isAnyOutputLife = false }: Attention, end: (cause: StopCause) => void) {
  if (onLine === undefined) return undefined;
  let lines = 0;
  const follower = createLineFollower(deps, phase.output.stdoutPath, phase.before.stdoutBytes, hear, MAX_EVENT_BYTES);
  function hear(line: Line): void {
    lines += 1;
    onLine?.(line, end);
  }
  return { onLook: follower.look, end: follower.end, ...(isAnyOutputLife ? {} : { signs: () => lines }) };
}

/** The first cause wins, and none counts once the child has ended by itself. Whoever cannot be killed is named and not waited for. */
function stopperOf(child: Child, killGraceMs: number): { readonly end: (cause: StopCause) => void; readonly ended: Promise<ChildEnd> } {
  let first: StopCause | undefined;
  let isOver = false;
  let stopping: Promise<Ending['survivors']> | undefined;
  let giveUp: (exit: ChildExit) => void = () => undefined;
  const ended = new Promise<ChildExit>((resolve, reject) => {
    giveUp = resolve;
    child.exited.then(resolve, reject);
  }).then(async (exit) => {
    isOver = true;
    return { exit, stoppedFor: first ?? (exit.lost ? 'lost' : null), survivors: (await stopping) ?? [] };
  });
  const end = (cause: StopCause): void => {
    if (isOver || first !== undefined) return;
    first = cause;
    stopping = child.stop(killGraceMs);
    void stopping.then((left) => {
      if (left.length > 0) giveUp(NO_EXIT);
    });
  };
  return { end, ended };
}

function endingOf(deps: RunnerDeps, phase: Phase, { exit, stoppedFor, survivors, limitMs }: ChildEnd, last?: LastLook): Ending {
  const { output, before, until } = phase;
  const { stdoutBytes = 0, stderrBytes = 0, droppedBytes = 0 } = last ?? {};
  // Of a silent child nothing is read.
  const tail = (path: string, sizeBytes: number, from: number, to: number | undefined): string =>
    sizeBytes > from ? readTail(deps.files, path, TAIL_BYTES, from, to) : '';
  const { endedMs } = exit;
  return {
    code: exit.code,
    signal: exit.signal,
    spawnError: exit.spawnError,
    stoppedFor,
    durationMs: Math.max(0, (endedMs ?? deps.clock.nowMs()) - phase.startedMs),
    ...(limitMs === undefined ? {} : { limitMs }),
    ...(endedMs === undefined ? {} : { endedMs }),
    stdoutTail: tail(output.stdoutPath, stdoutBytes, before.stdoutBytes, until?.stdoutBytes),
    stderrTail: tail(output.stderrPath, stderrBytes, before.stderrBytes, until?.stderrBytes),
    droppedBytes,
    survivors,
  };
}
