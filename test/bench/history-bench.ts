/**
 * What history costs, as milliseconds and as a ratio to one `node -e 0` of the same run:
 *
 *     node --import tsx test/bench/history-bench.ts [records …]
 *
 * Fifty cadences, one of them rare (every 10,000th record), all in one day and spread over 365 days.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathsOf } from '../../lib/core/paths.ts';
import type { RunRecord } from '../../lib/core/run.ts';
import { scanIds } from '../../lib/history/audit-scan.ts';
import { createHistory } from '../../lib/history/history.ts';
import { LOG_START } from '../../lib/history/position.ts';
import { createRunLog } from '../../lib/history/run-log.ts';
import { createClock } from '../../lib/platform/clock.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { pastRun } from './past.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 1);
const ROUNDS = 5;
const TAIL_RECORDS = 2_500;
const files = createFiles();
const { breathe } = createClock();

/** Looks like chance, as ids do, and is the same in every run. */
function idOf(index: number): string {
  const scattered = (index * 2_654_435_761) % 4_294_967_296;
  return `${scattered.toString(36).padStart(7, '0')}${index.toString(36).padStart(5, '0')}`;
}

function recordOf(index: number, nowMs: number): RunRecord {
  return pastRun(idOf(index), index, nowMs, 1500, index % 10_000 === 77 ? 'rare-duty' : undefined);
}

async function fill(root: string, records: number, days: number): Promise<void> {
  let nowMs = START_MS;
  const log = createRunLog({ files, clock: { nowMs: () => nowMs, breathe }, paths: pathsOf(root), zone: 'UTC' });
  for (let index = 0; index < records; index++) {
    nowMs = START_MS + Math.floor((index / records) * days * DAY_MS);
    log.record(recordOf(index, nowMs));
    if (index % 500 === 0 && index < records - TAIL_RECORDS) await log.flush();
  }
  log.write();
  // As after a kill: no snapshot at the end, so that readers have a tail to fold.
}

function median(act: () => unknown): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const startedMs = performance.now();
    act();
    return performance.now() - startedMs;
  });
  return times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] as number;
}

const nodeStart = (): number => median(() => spawnSync(process.execPath, ['-e', '0']));

function count(all: Iterable<unknown>): number {
  let seen = 0;
  for (const _one of all) seen += 1;
  return seen;
}

async function measure(records: number, days: number): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'cadence-bus-bench-'));
  try {
    await fill(root, records, days);
    const paths = pathsOf(root);
    const history = createHistory({ files, paths });
    const log = createRunLog({ files, clock: { nowMs: () => START_MS, breathe }, paths, zone: 'UTC' });
    const floor = nodeStart();
    console.log(`\n${records} records over ${days} day(s); node -e 0: ${floor.toFixed(1)} ms`);
    const show = (what: string, act: () => unknown): void => {
      const took = median(act);
      console.log(`  ${what.padEnd(44)} ${took.toFixed(2).padStart(9)} ms ${(took / floor).toFixed(3).padStart(8)} x`);
    };
    show('runs, limit 20', () => history.runs({ limit: 20 }));
    show('runs of a busy cadence, limit 20', () => history.runs({ cadence: 'cadence-7', limit: 20 }));
    show('runs of the rare cadence, limit 20', () => history.runs({ cadence: 'rare-duty', limit: 20 }));
    show('runs that failed, limit 20', () => history.runs({ limit: 20, status: 'failed' }));
    show('digest with a snapshot and a tail', () => history.digest());
    show('find the newest', () => history.find(recordOf(records - 1, START_MS).run_id));
    show('find the oldest', () => history.find(recordOf(0, START_MS).run_id));
    show('since the beginning', () => count(log.since(LOG_START)));
    show('all ids', () => scanIds({ files, paths }, () => undefined));
    log.close();
    show('digest with a fresh snapshot', () => history.digest());
    files.remove(`${paths.runs}/digest.json`);
    show('digest without a snapshot', () => history.digest());
    console.log(`  memory at most ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
  } finally {
    rmSync(root, { recursive: true });
  }
}

const sizes = process.argv.slice(2).map(Number);
for (const records of sizes.length > 0 ? sizes : [100_000, 1_000_000]) {
  for (const days of [1, 365]) await measure(records, days);
}
