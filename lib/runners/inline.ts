import { formatDuration } from '../core/duration.ts';
import type { HandlerContext } from '../core/handler.ts';
import { judgeExit } from '../core/judge.ts';
import type { Outcome, StopCause } from '../core/outcome.ts';
import type { AppendLog, Closeable, Files, StopSignal } from '../ports.ts';
import { describeThrow, failed, judgeAnswer, resultIn } from './answer.ts';
import { unlessRefused } from './capture.ts';
import type { InlineKind, Phase, PhaseEnd, RunnerDeps, Work } from './phase.ts';
import type { Watched } from './watch.ts';

type Handler = (tick: unknown, context: HandlerContext) => unknown;
type Ready = { readonly kind: 'handler'; readonly handler: Handler };
type NotLoaded = { readonly kind: 'not_loaded'; readonly outcome: Outcome };
type Loaded = Ready | NotLoaded;

/**
 * A module of the user's, run in this process: microseconds instead of milliseconds, and no wall between it and the bus. A
 * handler that never gives the event loop back stops the bus; such work belongs into a command.
 *
 * The file is loaded again once its time or size has changed, under a name that carries both. Node never forgets a module,
 * so each edit leaves the earlier version in memory, and what the file itself imports is not loaded again.
 */
export function createInlineWork(deps: RunnerDeps, load: (url: string) => Promise<unknown> = (url) => import(url)): Work<InlineKind> {
  const known = new Map<string, { readonly url: string; readonly loaded: Ready }>();
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

  async function handlerOf(file: string, url: string): Promise<Loaded> {
    // Node remembers failures too, but what was wrong may lie in a file that this one imports, and be right by now.
    const loaded = await loadHandler(file, failures === 0 ? url : `${url}-${failures}`, load);
    if (loaded.kind === 'handler') known.set(file, { url, loaded });
    else failures += 1;
    return loaded;
  }

  const lives = createLives(deps);

  async function loadAndRun(file: string, url: string, phase: Phase, stop: StopSignal): Promise<PhaseEnd> {
    const loaded = await handlerOf(file, url);
    return loaded.kind === 'handler' ? lives.run(loaded.handler, phase, stop) : unheard(loaded.outcome);
  }

  return {
    run({ file }, phase, stop) {
      if (stop.cause !== undefined) return Promise.resolve({ outcome: stoppedFor(deps, phase, stop.cause), ending: undefined });
      const url = urlOf(file);
      if (url === undefined) return Promise.resolve(unheard(notLoaded(`its handler ${file} is not there`).outcome));
      const before = known.get(file);
      return before?.url === url ? lives.run(before.loaded.handler, phase, stop) : loadAndRun(file, url, phase, stop);
    },
    adopt: async (_kind, phase): Promise<PhaseEnd> => ({ outcome: stoppedFor(deps, phase, 'lost'), ending: undefined }),
  };
}

/** Nothing of the user's has run. */
function unheard(outcome: Outcome): PhaseEnd {
  return { outcome, ending: undefined, isSilent: true };
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

function notLoaded(reason: string): NotLoaded {
  return { kind: 'not_loaded', outcome: failed(reason) };
}

/** What is made only when it is needed: most handlers need none of it, and a thousand of them run in the time of one program. */
interface Life {
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

function newLife(phase: Phase, stop: StopSignal, resolve: Life['resolve']): Life {
  const nothing = undefined;
  return { phase, stop, resolve, isOver: false, cause: nothing, grace: nothing, watched: nothing, abort: nothing, log: nothing, result: nothing };
}

interface Lives {
  /** The handler against its limits: the first cause to stop it wins, whatever the handler answers after that. */
  run(handler: Handler, phase: Phase, stop: StopSignal): Promise<PhaseEnd>;
}

function createLives(deps: RunnerDeps): Lives {
  /** Most handlers are done before anybody could look: only the others are watched, from the next turn of the event loop on. */
  const young = new Set<Life>();
  let isLookComing = false;

  function watchSoon(life: Life): void {
    young.add(life);
    if (isLookComing) return;
    isLookComing = true;
    void deps.clock.breathe().then(() => {
      isLookComing = false;
      for (const one of young) watch(one);
      young.clear();
    });
  }

  /** Silence is no fault of a handler. */
  function watch(life: Life): void {
    const { output, startedMs, job } = life.phase;
    const { timeoutMs, logCapBytes } = job.cadence;
    const stop = (cause: StopCause): void => stopLife(cause, life);
    life.watched = deps.watch.add({ ...output, startedMs, timeoutMs, idleTimeoutMs: 0, logCapBytes, onLimit: stop });
    life.stop.onStop(stop);
  }

  /** It is asked to end, and abandoned when it does not. */
  function stopLife(cause: StopCause, life: Life): void {
    if (life.isOver || life.cause !== undefined) return;
    const { killGraceMs } = life.phase.job.cadence;
    life.cause = cause;
    life.grace = deps.clock.after(killGraceMs, () => end(life, unheeded(stoppedFor(deps, life.phase, cause), killGraceMs)));
    life.abort?.abort(abortReason(cause));
  }

  function end(life: Life, outcome: Outcome): void {
    life.isOver = true;
    young.delete(life);
    life.watched?.end();
    life.grace?.close();
    if (life.log !== undefined) unlessRefused(undefined, life.log.close);
    life.resolve({ outcome, result: life.cause === undefined ? life.result : undefined, ending: undefined, isSilent: life.log === undefined });
  }

  function onAnswer(life: Life, outcome: Outcome): void {
    if (life.isOver) return;
    // It may have been stopped before anybody watched it.
    life.cause ??= life.stop.cause;
    end(life, life.cause === undefined ? outcome : stoppedFor(deps, life.phase, life.cause));
  }

  return {
    run: (handler, phase, stop) =>
      new Promise((resolve) => {
        const life: Life = newLife(phase, stop, resolve);
        watchSoon(life);
        void call(deps, handler, life).then((outcome) => onAnswer(life, outcome));
      }),
  };
}

function abortReason(cause: StopCause): Error {
  return new Error(`the run is being stopped: ${cause}`);
}

/** It never rejects, however late it ends: nobody may be listening any more. */
async function call(deps: RunnerDeps, handler: Handler, life: Life): Promise<Outcome> {
  try {
    const answer = await handler(structuredClone(life.phase.job.tick), contextOf(deps, life));
    const outcome = judgeAnswer(answer);
    if (outcome.kind === 'ok') life.result = resultIn(answer);
    return outcome;
  } catch (thrown) {
    return failed(describeThrow(thrown));
  }
}

function contextOf(deps: RunnerDeps, life: Life): HandlerContext {
  const { runId, attempt, tick } = life.phase.job;
  const parent = { runId, depth: (tick.depth ?? 0) + 1 };
  return {
    get signal() {
      if (life.abort === undefined) {
        life.abort = new AbortController();
        if (life.cause !== undefined) life.abort.abort(abortReason(life.cause));
      }
      return life.abort.signal;
    },
    log: (line) => writeLine(deps, life, line),
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
