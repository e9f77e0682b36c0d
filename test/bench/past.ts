import { writeFileSync } from 'node:fs';
import type { RunRecord } from '../../lib/core/run.ts';
import { toIso } from '../../lib/core/time/instant.ts';
import type { Product, Root } from './product.ts';

/** Logs as years of work leave them, written by the product's own writers. */

const STEP_MS = 1_000;
/** Runs behind the last writing of the holds. */
const TAIL = 2_500;

/** Every tenth run fails. */
export function pastRun(tick: string, index: number, endedMs: number, durationMs: number, cadence = `cadence-${index % 49}`): RunRecord {
  const isFailure = index % 10 === 9;
  return {
    run_id: `${tick}-1`,
    cadence,
    tick,
    attempt: 1,
    status: isFailure ? 'failed' : 'succeeded',
    reason: isFailure ? 'exit 3: cannot reach the server' : '',
    summary: isFailure ? '' : 'three files changed',
    started_at: toIso(endedMs - durationMs),
    ended_at: toIso(endedMs),
    duration_ms: durationMs,
    exit_code: isFailure ? 3 : 0,
    signal: null,
    cost_usd: null,
    stdout_path: `logs/cadence-bus/subsessions/2026-01-01-${cadence}-${tick}-1.stdout.log`,
    stderr_path: null,
    source: 'timer',
    ...(isFailure ? { blame: 'cadence', stderr_tail: 'cannot reach the server\ngiving up' } : {}),
  };
}

function tickOf(index: number): string {
  return `${index.toString(36).padStart(6, '0')}${((index * 7919) % 2_176_782_336).toString(36).padStart(6, '0')}`;
}

/** So many finished runs up to now, and as many events; what derives from them is some thousands behind, as after a kill. */
export async function writePast(product: Product, root: Root, count: number): Promise<void> {
  const [{ createFiles }, { createRunLog }, { createJournal }] = await Promise.all([
    product.load<typeof import('../../lib/platform/files.ts')>('platform/files'),
    product.load<typeof import('../../lib/history/run-log.ts')>('history/run-log'),
    product.load<typeof import('../../lib/history/journal.ts')>('history/journal'),
  ]);
  const files = createFiles();
  let nowMs = Date.now() - count * STEP_MS;
  const clock = { nowMs: () => nowMs, breathe: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  const log = createRunLog({ files, clock, paths: root.paths, zone: 'UTC' });
  const journal = createJournal({ files, clock, paths: root.paths, onFault: (error) => Promise.reject(error) });
  for (let index = 0; index < count; index += 1) {
    nowMs += STEP_MS;
    const run = pastRun(tickOf(index), index, nowMs, 900);
    log.record(run);
    journal.emit({ level: 'info', stage: 'run_finished', cadence: run.cadence, tick: run.tick, run_id: run.run_id, status: run.status, attempt: 1 });
    if (index % 5_000 === 0) await journal.flush();
    if (index % 100 === 0) await log.flush();
    if (index === count - TAIL) writeFileSync(root.paths.holds, JSON.stringify({ format: 1, through: log.position(), breakers: {}, paused: {} }));
  }
  log.write();
  await journal.flush();
  journal.close();
}
