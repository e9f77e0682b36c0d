import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { type Paths, pathsOf } from '../../lib/core/paths.ts';
import type { RunRecord } from '../../lib/core/run.ts';
import { toIso } from '../../lib/core/time/instant.ts';
import { createHistory } from '../../lib/history/history.ts';
import { createRunLog } from '../../lib/history/run-log.ts';
import { createClock } from '../../lib/platform/clock.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { CadenceDigest, Files, History, RunLog } from '../../lib/ports.ts';
import { tempRoot } from '../support/temp-root.ts';

export const NOON_MS = Date.UTC(2026, 10, 20, 12);
export const DAY_MS = 86_400_000;
export const DAY = '2026-11-20';

/** The log of runs in a folder of its own, on the real disk, with a clock that stands where the test says. */
export interface LogFixture {
  readonly paths: Paths;
  readonly files: Files;
  readonly history: History;
  nowMs: number;
  open(files?: Files): RunLog;
  /** Opens, records, closes. */
  record(...runs: readonly RunRecord[]): void;
  segment(day?: string): string;
  text(day?: string): string;
  /** As somebody else would: without our writer. */
  append(text: string, day?: string): void;
}

export function logFixture(): LogFixture {
  const paths = pathsOf(tempRoot());
  const files = createFiles();
  const segment = (day = DAY): string => `${paths.runs}/${day}.jsonl`;
  const fixture: LogFixture = {
    paths,
    files,
    history: createHistory({ files, paths }),
    nowMs: NOON_MS,
    open: (through = files) => createRunLog({ files: through, clock: { nowMs: () => fixture.nowMs, breathe: createClock().breathe }, paths, zone: 'UTC' }),
    record(...runs) {
      const log = fixture.open();
      for (const run of runs) log.record(run);
      log.close();
    },
    segment,
    text: (day) => readFileSync(segment(day), 'utf8'),
    append(text, day) {
      mkdirSync(paths.runs, { recursive: true });
      appendFileSync(segment(day), text);
    },
  };
  return fixture;
}

let runsMade = 0;

/** A record like the engine's, its tick new unless it is given. */
export function runOf(fields: Partial<RunRecord> = {}): RunRecord {
  runsMade += 1;
  const tick = fields.tick ?? `t${runsMade.toString(36).padStart(11, '0')}`;
  const attempt = fields.attempt ?? 1;
  return {
    run_id: `${tick}-${attempt}`,
    cadence: 'nightly-backup',
    tick,
    attempt,
    status: 'succeeded',
    reason: '',
    summary: 'three files changed',
    started_at: toIso(NOON_MS - 1500),
    ended_at: toIso(NOON_MS),
    duration_ms: 1500,
    exit_code: 0,
    signal: null,
    cost_usd: null,
    stdout_path: null,
    stderr_path: null,
    ...fields,
  };
}

export function failedRun(fields: Partial<RunRecord> = {}): RunRecord {
  return runOf({ status: 'failed', reason: 'exit 3: no such host', exit_code: 3, blame: 'cadence', stderr_tail: 'no such host\n\tgiving "up"', ...fields });
}

/** What the digest has to say of these records, told as simply as can be. */
export function naiveDigest(runs: readonly RunRecord[]): Record<string, CadenceDigest> {
  const digest: Record<string, CadenceDigest> = {};
  for (const run of runs) {
    const of = runs.filter(({ cadence }) => cadence === run.cadence);
    const isFailure = ({ status }: RunRecord): boolean => status === 'failed' || status === 'dead';
    const isSuccess = ({ status, proof }: RunRecord): boolean => status === 'succeeded' || (status === 'unverified' && proof === true);
    const last = of.at(-1) as RunRecord;
    const served = last.status === 'coalesced' ? of.findLast(({ status }) => status !== 'coalesced') : undefined;
    digest[run.cadence] = {
      last,
      ...(served === undefined ? {} : { served }),
      runs: of.length,
      succeeded: of.filter(isSuccess).length,
      failed: of.filter(isFailure).length,
      consecutive_failures: of.slice(of.findLastIndex(isSuccess) + 1).filter(isFailure).length,
    };
  }
  return digest;
}
