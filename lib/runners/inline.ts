import { formatDuration } from '../core/duration.ts';
import type { HandlerContext } from '../core/handler.ts';
import { judgeExit } from '../core/judge.ts';
import type { Outcome, StopCause } from '../core/outcome.ts';
import type { AppendLog, Closeable, Files, StopSignal } from '../ports.ts';
import { describeThrow, failed, judgeAnswer, resultIn } from './answer.ts';
import { unlessRefused } from './capture.ts';
import type { InlineKind, Phase, PhaseEnd, RunnerDeps, Work } from './phase.ts';

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
  const known = new Map<string, { readonly url: string; readonly loaded: Loaded }>();
  const urls = new Map<string, string | undefined>();
  let failures = 0;

  /** Looked at once a turn of the event loop, in which a thousand handlers may run. */
  function urlOf(file: string): string | undefined {
    if (urls.size === 0) void deps.clock.breathe().then(() => urls.clear());
    if (urls.has(file)) return urls.get(file);
    const url = unlessRefused(undefined, () => versionUrl(deps.files, file));
    urls.set(file, url);
    return url;
  }

  async function handlerOf(file: string): Promise<Loaded> {
    const url = urlOf(file);
    if (url === undefined) return notLoaded(`its handler ${file} is not there`);
    const before = known.get(file);
    if (before?.url === url) return before.loaded;
    // Node remembers failures too, but what was wrong may lie in a file that this one imports, and be right by now.
    const loaded = await loadHandler(file, failures === 0 ? url : `${url}-${failures}`, load);
    if (loaded.kind === 'handler') known.set(file, { url, loaded });
    else failures += 1;
    return loaded;
  }

  return {
    async run({ file }, phase, stop) {
      if (stop.cause !== undefined) return { outcome: stoppedFor(deps, phase, stop.cause), ending: undefined };
      const loaded = await handlerOf(file);
      return loaded.kind === 'handler' ? handle(deps, loaded.handler, phase, stop) : { outcome: loaded.outcome, ending: undefined, isSilent: true };
    },
    adopt: async (_kind, phase): Promise<PhaseEnd> => ({ outcome: stoppedFor(deps, phase, 'lost'), ending: undefined }),
  };
}

function versionUrl(files: Files, file: string): string | undefined {
  const seen = files.info(file);
  const info = seen?.kind === 'symlink' ? files.info(files.realPath(file)) : seen;
  return info === undefined ? undefined : `file://${file.split('/').map(encodeURIComponent).join('/')}?v=${info.mtimeMs}-${info.sizeBytes}`;
}

async function loadHandler(file: string, url: string, load: (url: string) => Promise<unknown>): Promise<Loaded> {
  try {
    const module = (await load(url)) as { readonly default?: unknown };
    if (typeof module.default === 'function') return { kind: 'handler', handler: module.default as Handler };
    return notLoaded(`its handler ${file} has no default export that is a function: export default async (tick, context) => …`);
  } catch (thrown) {
    return notLoaded(`its handler ${file} could not be loaded: ${isUnknownTypeScript(thrown, file) ? TYPESCRIPT : describeThrow(thrown)}`);
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
async function handle(deps: RunnerDeps, handler: Handler, phase: Phase, stop: StopSignal): Promise<PhaseEnd> {
  const life: Life = { isOver: false, cause: undefined, grace: undefined, abort: undefined, log: undefined, result: undefined };
  let abandon: (outcome: Outcome) => void = () => undefined;
  const abandoned = new Promise<Outcome>((resolve) => {
    abandon = resolve;
  });
  const end = (cause: StopCause): void => {
    if (life.isOver || life.cause !== undefined) return;
    const { killGraceMs } = phase.job.cadence;
    life.cause = cause;
    life.grace = deps.clock.after(killGraceMs, () => abandon(unheeded(stoppedFor(deps, phase, cause), killGraceMs)));
    life.abort?.abort(abortReason(cause));
  };
  stop.onStop(end);
  const work = call(handler, phase, life, contextOf(deps, phase, life));
  const answered = work.then((outcome) => (life.cause === undefined ? outcome : stoppedFor(deps, phase, life.cause)));
  const outcome =
    (await atOnce(answered)) ??
    (await Promise.race([answered, deps.clock.breathe()])) ??
    (await withLimits(deps, phase, end, Promise.race([answered, abandoned])));
  life.isOver = true;
  life.grace?.close();
  unlessRefused(undefined, () => life.log?.close());
  return { outcome, result: life.cause === undefined ? life.result : undefined, ending: undefined, isSilent: life.log === undefined };
}

const FEW_TURNS = 8;

/** What is there after a few turns of the microtask queue: most handlers need no more, and a turn of the event loop costs more than they do. */
async function atOnce<T>(work: Promise<T>): Promise<T | undefined> {
  let found: T | undefined;
  void work.then((value) => {
    found = value;
  });
  for (let turn = 0; turn < FEW_TURNS && found === undefined; turn += 1) await undefined;
  return found;
}

/** What is made only when it is needed: most handlers need none of it, and a thousand of them run in the time of one program. */
interface Life {
  isOver: boolean;
  cause: StopCause | undefined;
  grace: Closeable | undefined;
  abort: AbortController | undefined;
  log: AppendLog | undefined;
  result: PhaseEnd['result'];
}

function abortReason(cause: StopCause): Error {
  return new Error(`the run is being stopped: ${cause}`);
}

/** Most handlers are done before anybody could look: only the others are watched. Silence is no fault of a handler. */
async function withLimits(deps: RunnerDeps, phase: Phase, end: (cause: StopCause) => void, outcome: Promise<Outcome>): Promise<Outcome> {
  const { timeoutMs, logCapBytes } = phase.job.cadence;
  const watched = deps.watch.add({ ...phase.output, startedMs: phase.startedMs, timeoutMs, idleTimeoutMs: 0, logCapBytes, onLimit: end });
  try {
    return await outcome;
  } finally {
    watched.end();
  }
}

/** It never rejects, however late it ends: nobody may be listening any more. */
async function call(handler: Handler, phase: Phase, life: Life, context: HandlerContext): Promise<Outcome> {
  try {
    const answer = await handler(structuredClone(phase.job.tick), context);
    const outcome = judgeAnswer(answer);
    if (outcome.kind === 'ok') life.result = resultIn(answer);
    return outcome;
  } catch (thrown) {
    return failed(describeThrow(thrown));
  }
}

function contextOf(deps: RunnerDeps, phase: Phase, life: Life): HandlerContext {
  const { runId, attempt, tick } = phase.job;
  const parent = { runId, depth: (tick.depth ?? 0) + 1 };
  return {
    get signal() {
      if (life.abort === undefined) {
        life.abort = new AbortController();
        if (life.cause !== undefined) life.abort.abort(abortReason(life.cause));
      }
      return life.abort.signal;
    },
    log: (line) => writeLine(deps, phase, life, line),
    runId,
    attempt,
    root: deps.paths.root,
    async enqueue(cadence, options = {}) {
      if (life.isOver) throw new Error(`run ${runId} is over: it enqueues nothing any more`);
      return deps.enqueue(cadence, options, parent);
    },
  };
}

/** The file is made with the first line. What a full disk refuses is dropped: the log of a handler is no part of its work. */
function writeLine(deps: RunnerDeps, phase: Phase, life: Life, line: unknown): void {
  if (life.isOver) return;
  const text = lineOf(line);
  unlessRefused(undefined, () => {
    if (life.log === undefined) deps.files.makeDir(deps.paths.subsessions);
    life.log ??= deps.files.append(phase.output.stdoutPath);
    life.log.write(`${text}\n`);
  });
}

function lineOf(line: unknown): string {
  if (typeof line === 'string') return line;
  try {
    return JSON.stringify(line) ?? String(line);
  } catch (error) {
    // It refers to itself, or holds a bigint.
    if (error instanceof TypeError) return String(line);
    throw error;
  }
}

function stoppedFor(deps: RunnerDeps, phase: Phase, cause: StopCause): Outcome {
  const durationMs = Math.max(0, deps.clock.nowMs() - phase.startedMs);
  const nothing = { code: null, signal: null, spawnError: null, stdoutTail: '', stderrTail: '', droppedBytes: 0, survivors: [] };
  return judgeExit({ ...nothing, stoppedFor: cause, durationMs }, []);
}

/** It cannot be killed as a process can; that it may still be at work is said where the reason is shown. */
function unheeded(outcome: Outcome, graceMs: number): Outcome {
  if (outcome.kind === 'ok') return outcome;
  return {
    ...outcome,
    reason: `${outcome.reason}; its handler did not heed the signal for ${formatDuration(graceMs)} and was abandoned: it may still be at work`,
  };
}
