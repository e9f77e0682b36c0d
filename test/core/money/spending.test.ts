import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSpending, foldSpending, hasRun, tallyOf } from '../../../lib/core/money/spending.ts';
import { RUN_STATUSES, type RunRecord } from '../../../lib/core/run.ts';
import { createLocalDays } from '../../../lib/core/time/local-day.ts';

const DAYS = createLocalDays('Europe/Vienna');

function record(more: Partial<RunRecord> = {}): RunRecord {
  return {
    ...{ run_id: 'x7k2p9qd4mzt-1', cadence: 'brief', tick: 'x7k2p9qd4mzt', attempt: 1, status: 'succeeded', reason: '', summary: '' },
    ...{ started_at: '2026-11-27T10:00:00.000Z', ended_at: '2026-11-27T10:05:00.000Z', duration_ms: 300_000, exit_code: 0, signal: null },
    ...{ cost_usd: 0.25, stdout_path: null, stderr_path: null },
    ...more,
  } as RunRecord;
}

function spendingOf(...runs: readonly Partial<RunRecord>[]) {
  const spending = createSpending();
  for (const run of runs) foldSpending(spending, record(run), DAYS);
  return spending;
}

describe('what was spent', () => {
  it('counts by the local day and month of the end of a run, per cadence and for the bus', () => {
    const { bus, cadences } = spendingOf(
      {},
      { ended_at: '2026-11-27T22:59:59.999Z' },
      { ended_at: '2026-11-27T23:00:00.000Z' },
      { ended_at: '2026-11-30T23:30:00.000Z' },
      { cadence: 'other', cost_usd: 1 },
    );
    assert.deepEqual(tallyOf(cadences.get('brief'), '2026-11-27'), { micros: 500_000, runs: 2 });
    assert.deepEqual(tallyOf(cadences.get('brief'), '2026-11-28'), { micros: 250_000, runs: 1 });
    assert.deepEqual(tallyOf(cadences.get('brief'), '2026-11'), { micros: 750_000, runs: 3 });
    assert.deepEqual(tallyOf(cadences.get('brief'), '2026-12'), { micros: 250_000, runs: 1 });
    assert.deepEqual(tallyOf(bus, '2026-11-27'), { micros: 1_500_000, runs: 3 });
    assert.deepEqual(tallyOf(undefined, '2026-11-27'), { micros: 0, runs: 0 });
  });

  it('takes the charge where there is no cost, and the cost where there are both', () => {
    const { bus, cadences } = spendingOf({ cost_usd: null, charged_usd: 0.5 }, { cost_usd: 0.1, charged_usd: 0.5 });
    assert.equal(tallyOf(bus, '2026-11-27').micros, 600_000);
    assert.deepEqual(cadences.get('brief')?.costs, [100_000], 'a guess is no past cost');
  });

  it('believes no garbage that a hand has written into the log', () => {
    const bad = [-5, Number.NaN, Number.POSITIVE_INFINITY, 1e308, 100_001, '3', {}, true] as unknown as readonly number[];
    const { bus, cadences } = spendingOf(...bad.map((cost_usd) => ({ cost_usd })), ...bad.map((charged_usd) => ({ cost_usd: null, charged_usd })));
    assert.deepEqual(tallyOf(bus, '2026-11-27'), { micros: 0, runs: 16 });
    assert.deepEqual(cadences.get('brief')?.costs, []);
  });

  it('remembers the last 40 costs, and the last 32 days whatever the clock did in between', () => {
    const day = (n: number): Partial<RunRecord> => ({ cost_usd: (n + 1) / 100, ended_at: new Date(Date.UTC(2026, 9, 1 + n, 12)).toISOString() });
    const { cadences } = spendingOf({ ended_at: '1970-01-01T00:00:00.000Z' }, ...Array.from({ length: 50 }, (_none, n) => day(n)));
    const entry = cadences.get('brief');
    assert.equal(Object.keys(entry?.days ?? {}).length, 32);
    assert.equal(tallyOf(entry, '1970').runs, 0);
    assert.equal(tallyOf(entry, '2026-11').runs, 19);
    assert.deepEqual([entry?.costs.length, entry?.costs[0], entry?.costs.at(-1)], [40, 110_000, 500_000]);
  });
});

describe('a run that counts', () => {
  const ended = RUN_STATUSES.filter((status) => hasRun(record({ status, blame: 'cadence' })));
  it('is one that had begun', () => assert.deepEqual(ended, ['waiting', 'succeeded', 'unverified', 'failed', 'dead', 'cancelled', 'interrupted']));

  it('is none where a tick was buried, or cancelled while it waited', () => {
    const nothing = { exit_code: null, signal: null, duration_ms: 0, cost_usd: null };
    assert.deepEqual([hasRun(record({ ...nothing, status: 'dead' })), hasRun(record({ ...nothing, status: 'cancelled' }))], [false, false]);
  });
});
