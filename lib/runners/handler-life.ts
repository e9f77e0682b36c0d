import type { HandlerContext } from '../core/handler.ts';
import type { StopCause } from '../core/outcome.ts';
import type { Tick } from '../core/tick.ts';
import type { AppendLog, Closeable, StopSignal } from '../ports.ts';
import { unlessRefused } from './capture.ts';
import type { Phase, PhaseEnd, RunnerDeps } from './phase.ts';
import type { Watched } from './watch.ts';

/** One run of a handler, and what the handler is given. */

export type Handler = (tick: unknown, context: HandlerContext) => unknown;

/** What is made only when it is needed: most handlers need none of it, and a thousand of them run in the time of one program. */
export interface Life {
  readonly phase: Phase;
  readonly stop: StopSignal;
  readonly resolve: (end: PhaseEnd) => void;
  isOver: boolean;
  /** The first one counts. */
  cause: StopCause | undefined;
  grace: Closeable | undefined;
  watched: Watched | undefined;
  abort: AbortController | undefined;
  log: AppendLog | undefined;
  result: PhaseEnd['result'];
}

export function newLife(phase: Phase, stop: StopSignal, resolve: Life['resolve']): Life {
  const nothing = undefined;
  return { phase, stop, resolve, isOver: false, cause: nothing, grace: nothing, watched: nothing, abort: nothing, log: nothing, result: nothing };
}

export function abortReason(cause: StopCause): Error {
  return new Error(`the run is being stopped: ${cause}`);
}

/** What the handler does with its tick is its own affair. Most ticks are flat, and to clone what is flat costs ten times a copy. */
export function copyOf(tick: Tick): Tick {
  const copy: Record<string, unknown> = { ...tick };
  for (const key in copy) if (typeof copy[key] === 'object') copy[key] = structuredClone(copy[key]);
  return copy as unknown as Tick;
}

const LIFE = Symbol('the run');

type Given = { -readonly [K in keyof HandlerContext]: HandlerContext[K] } & { [LIFE]: Life };

/** Made when it is asked for. It is shared, for an accessor of its own costs an object as much as all the rest of a run. */
const ASKED_FOR = {
  get signal(): AbortSignal {
    const life = (this as unknown as Given)[LIFE];
    if (life.abort === undefined) {
      life.abort = new AbortController();
      if (life.cause !== undefined) life.abort.abort(abortReason(life.cause));
    }
    return life.abort.signal;
  },
};

export function contextOf(deps: RunnerDeps, life: Life): HandlerContext {
  const { runId, attempt, tick } = life.phase.job;
  const context = Object.create(ASKED_FOR) as Given;
  context[LIFE] = life;
  context.runId = runId;
  context.attempt = attempt;
  context.root = deps.paths.root;
  context.log = (line) => writeLine(deps, life, line);
  context.enqueue = async (cadence, options = {}) => {
    if (life.isOver) throw new Error(`run ${runId} is over: it enqueues nothing any more`);
    return deps.enqueue(cadence, options, { runId, depth: (tick.depth ?? 0) + 1 });
  };
  return context;
}

/** The file is made with the first line. What a full disk refuses is dropped: the log of a handler is no part of its work. */
function writeLine(deps: RunnerDeps, life: Life, line: unknown): void {
  if (life.isOver) return;
  const text = lineOf(line);
  unlessRefused(undefined, () => {
    if (life.log === undefined) deps.files.makeDir(deps.paths.subsessions);
    life.log ??= deps.files.append(life.phase.output.stdoutPath);
    life.log.write(`${text}\n`);
  });
}

function lineOf(line: unknown): string {
  if (typeof line === 'string') return line;
  // As JSON it would be {}.
  if (line instanceof Error) return line.stack ?? String(line);
  try {
    return JSON.stringify(line) ?? String(line);
  } catch (error) {
    // It refers to itself, or holds a bigint.
    if (error instanceof TypeError) return String(line);
    throw error;
  }
}
