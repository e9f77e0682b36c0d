import type { RunKind } from '../core/cadence.ts';
import { formatDuration } from '../core/duration.ts';
import { judgeExit } from '../core/judge.ts';
import type { Outcome, StopCause } from '../core/outcome.ts';
import type { AppendLog, StopSignal } from '../ports.ts';
import { describeThrow, failed, judgeAnswer } from './answer.ts';
import { unlessRefused } from './capture.ts';
import type { EnqueueOptions, Phase, PhaseEnd, RunnerDeps, Work } from './phase.ts';

export type InlineKind = Extract<RunKind, { kind: 'inline' }>;

/** What a handler gets beside its tick. */
export interface HandlerContext {
  /** Aborted when the run is to end; a handler that does not heed it is abandoned after its grace. */
  readonly signal: AbortSignal;
  /** One line into the stdout file of the run. */
  log(line: unknown): void;
  readonly runId: string;
  readonly attempt: number;
  readonly root: string;
  enqueue(cadence: string, options?: EnqueueOptions): Promise<unknown>;
}

type Handler = (tick: unknown, context: HandlerContext) => unknown;
type Loaded = { readonly kind: 'handler'; readonly handler: Handler } | { readonly kind: 'not_loaded'; readonly outcome: Outcome };

/**
 * A module of the user's, run in this process: microseconds instead of milliseconds, and no wall between it and the bus. A
 * handler that never gives the event loop back stops the bus; such work belongs into a command.
 *
 * The file is loaded again once its time or size has changed, under a name that carries both. Node never forgets a module,
 * so each edit leaves the earlier version in memory, and what the file itself imports is not loaded again.
 */
export function createInlineWork(deps: RunnerDeps, load: (url: string) => Promise<unknown> = (url) => import(url)): Work<InlineKind> {
  return {
    async run({ file }, phase, stop) {
      if (stop.cause !== undefined) return { outcome: stopped(deps, phase, stop.cause), ending: undefined };
      const loaded = await loadHandler(deps, file, load);
      return { outcome: loaded.kind === 'handler' ? await handle(deps, loaded.handler, phase, stop) : loaded.outcome, ending: undefined };
    },
    adopt: async (_kind, phase): Promise<PhaseEnd> => ({ outcome: stopped(deps, phase, 'lost'), ending: undefined }),
  };
}

async function loadHandler(deps: RunnerDeps, file: string, load: (url: string) => Promise<unknown>): Promise<Loaded> {
  const info = unlessRefused(undefined, () => deps.files.info(deps.files.realPath(file)));
  if (info === undefined) return notLoaded(`its handler ${file} is not there`);
  const url = `file://${file.split('/').map(encodeURIComponent).join('/')}?v=${info.mtimeMs}-${info.sizeBytes}`;
  try {
    const module = (await load(url)) as { readonly default?: unknown };
    if (typeof module.default === 'function') return { kind: 'handler', handler: module.default as Handler };
    return notLoaded(`its handler ${file} has no default export that is a function: export default async (tick, context) => …`);
  } catch (thrown) {
    return notLoaded(`its handler could not be loaded: ${isUnknownTypeScript(thrown, file) ? TYPESCRIPT : describeThrow(thrown)}`);
  }
}

const TYPESCRIPT = 'this Node does not load .ts (Node >= 22.18 does): write it as .mjs';

function isUnknownTypeScript(thrown: unknown, file: string): boolean {
  return /\.[cm]?ts$/.test(file) && (thrown as { code?: unknown } | null)?.code === 'ERR_UNKNOWN_FILE_EXTENSION';
}

function notLoaded(reason: string): Loaded {
  return { kind: 'not_loaded', outcome: failed(reason) };
}

/** The handler against its limits: the first cause to stop it wins, whatever the handler answers after that. */
async function handle(deps: RunnerDeps, handler: Handler, phase: Phase, stop: StopSignal): Promise<Outcome> {
  const { timeoutMs, logCapBytes, killGraceMs } = phase.job.cadence;
  const life = { isOver: false };
  const abort = new AbortController();
  const log = lineLog(deps, phase);
  let first: StopCause | undefined;
  const outcome = await new Promise<Outcome>((resolve) => {
    const end = (cause: StopCause): void => {
      if (life.isOver || first !== undefined) return;
      first = cause;
      const grace = deps.clock.after(killGraceMs, () => resolve(abandoned(stopped(deps, phase, cause), killGraceMs)));
      work.finally(() => grace.close());
      abort.abort(new Error(`the run is being stopped: ${cause}`));
    };
    const watched = deps.watch.add({ ...phase.output, startedMs: phase.startedMs, timeoutMs, idleTimeoutMs: 0, logCapBytes, onLimit: end });
    const work = call(handler, phase, contextOf(deps, phase, abort.signal, life, log.line)).then((answered) => {
      resolve(first === undefined ? answered : stopped(deps, phase, first));
    });
    over = () => watched.end();
    stop.onStop(end);
  });
  life.isOver = true;
  log.close();
  return outcome;
}
