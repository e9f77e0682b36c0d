import type { BusEvent } from './event.ts';
import type { RunRecord } from './run.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** M31: what a reader of the log needs to find the run again. Made for every run, so nothing is spread. */
export function finishedEvent(run: RunRecord, isFailure: boolean): Omit<BusEvent, 'ts'> {
  const event: Writable<Omit<BusEvent, 'ts'>> = {
    level: isFailure ? 'error' : run.status === 'unverified' ? 'warn' : 'info',
    stage: isFailure ? 'subsession_failed' : 'run_finished',
    cadence: run.cadence,
    tick: run.tick,
    run_id: run.run_id,
    status: run.status,
    attempt: run.attempt,
    exit_code: run.exit_code,
    duration_ms: run.duration_ms,
  };
  if (run.prompt_path !== undefined) event.prompt = run.prompt_path;
  if (run.stdout_path !== null) event.stdout_path = run.stdout_path;
  if (run.stderr_path !== null) event.stderr_path = run.stderr_path;
  if (run.summary !== '') event.summary = run.summary;
  if (run.status === 'unverified') event.because = run.reason;
  if (isFailure) event.error = run.reason;
  if (run.survivors !== undefined) event.survivors = run.survivors;
  return event;
}
