import { judgeExit } from '../core/judge.ts';
import type { Outcome, StopCause } from '../core/outcome.ts';
import { formatDuration } from '../core/time/duration.ts';
import type { StopSignal } from '../ports.ts';
import { describeThrow, failed, judgeAnswer, resultIn } from './answer.ts';
import { unlessRefused } from './capture.ts';
import { abortReason, contextOf, copyOf, type Handler, type Life, newLife } from './handler-life.ts';
import type { Phase, PhaseEnd, RunnerDeps } from './phase.ts';

export interface Lives {
  /** The handler against its limits: the first cause to stop it wins, whatever the handler answers after that. */
  run(handler: Handler, phase: Phase, stop: StopSignal): Promise<PhaseEnd>;
}

export function createLives(deps: RunnerDeps): Lives {
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
        call(deps, handler, life).then(
          (answer) => onAnswer(life, outcomeOf(answer, life)),
          (thrown) => onAnswer(life, failed(describeThrow(thrown))),
        );
      }),
  };
}

/** What it throws at once is as good as a promise that is rejected. */
function call(deps: RunnerDeps, handler: Handler, life: Life): Promise<unknown> {
  try {
    return Promise.resolve(handler(copyOf(life.phase.job.tick), contextOf(deps, life)));
  } catch (thrown) {
    return Promise.reject(thrown);
  }
}

function outcomeOf(answer: unknown, life: Life): Outcome {
  const outcome = judgeAnswer(answer);
  if (outcome.kind !== 'ok') return outcome;
  try {
    life.result = resultIn(answer);
    return outcome;
  } catch (thrown) {
    return failed(`its handler answered a result that JSON cannot say: ${describeThrow(thrown)}`);
  }
}

export function stoppedFor(deps: RunnerDeps, phase: Phase, cause: StopCause): Outcome {
  const durationMs = Math.max(0, deps.clock.nowMs() - phase.startedMs);
  const nothing = { code: null, signal: null, spawnError: null, stdoutTail: '', stderrTail: '', droppedBytes: 0, survivors: [] };
  return judgeExit({ ...nothing, stoppedFor: cause, durationMs, ...(cause === 'timeout' ? { limitMs: phase.job.cadence.timeoutMs } : {}) }, []);
}

/** It cannot be killed as a process can; that it may still be at work is said where the reason is shown. */
function unheeded(outcome: Outcome, graceMs: number): Outcome {
  if (outcome.kind === 'ok') return outcome;
  return {
    ...outcome,
    reason: `${outcome.reason}; its handler did not heed the signal for ${formatDuration(graceMs)} and was abandoned: it may still be at work`,
  };
}
