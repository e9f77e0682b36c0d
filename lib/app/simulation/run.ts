import type { Cadence } from '../../core/cadence.ts';
import { toUsd } from '../../core/money/budget.ts';
import { spentBy } from '../../core/money/spending.ts';
import { formatDuration } from '../../core/time/duration.ts';
import type { Ms } from '../../core/time/instant.ts';
import type { Clock, History, Job, RunEnd, Runner } from '../../ports.ts';
import type { Runners } from '../owner/running.ts';

/** What a run of a cadence takes and costs, as far as anybody knows. */
export interface RunEstimate {
  readonly duration_ms: Ms;
  /** null: nobody knows. */
  readonly cost_usd: number | null;
  readonly from: 'history' | 'option' | 'unknown';
  /** So many runs of the past it is the median of. */
  readonly runs: number;
}

const MOST_RUNS = 40;

/** Half of the latest successful runs took and cost no more. */
export function estimateRun(history: History, cadence: string, durationMs: Ms | undefined): RunEstimate {
  const runs = history.runs({ cadence, status: 'succeeded', limit: MOST_RUNS });
  const took = medianOf(runs.map(({ duration_ms }) => duration_ms));
  const paid = medianOf(runs.filter(({ cost_usd, charged_usd }) => cost_usd !== null || charged_usd !== undefined).map(spentBy));
  const from = durationMs !== undefined ? 'option' : took === undefined ? 'unknown' : 'history';
  return { duration_ms: durationMs ?? took ?? 0, cost_usd: paid === undefined ? null : toUsd(paid), from, runs: runs.length };
}

function medianOf(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
}

/** Starts nothing: a run is a time that passes, and what it costs. What is under way has done some of it. */
export function createSimulatedRunners(clock: Clock, estimateOf: (cadence: Cadence) => RunEstimate, startedMs: ReadonlyMap<string, Ms> = new Map()): Runners {
  const pass = ({ cadence }: Job, passedMs: Ms): Promise<RunEnd> =>
    new Promise((resolve) => {
      const { duration_ms, cost_usd } = estimateOf(cadence);
      const { timeoutMs } = cadence;
      const isLong = duration_ms > timeoutMs;
      const end: RunEnd = {
        outcome: isLong
          ? { kind: 'fail', blame: 'cadence', reason: `it takes ${formatDuration(duration_ms)}, longer than its timeout of ${formatDuration(timeoutMs)}` }
          : { kind: 'ok', summary: 'simulated' },
        ending: undefined,
        ...(cost_usd === null ? {} : { costUsd: cost_usd }),
        stdoutPath: null,
        stderrPath: null,
      };
      clock.after(Math.max(0, Math.min(duration_ms, timeoutMs) - passedMs), () => resolve(end));
    });
  const runner: Runner = {
    run: (job) => pass(job, 0),
    adopt: (job) => pass(job, Math.max(0, clock.nowMs() - (startedMs.get(job.runId) ?? clock.nowMs()))),
  };
  return { inline: runner, command: runner, claude: runner, agent: runner };
}
