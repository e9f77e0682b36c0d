import assert from 'node:assert/strict';
import { it } from 'node:test';
import { analyze, type TriedFix } from '../../../lib/core/incident/analysis.ts';
import type { Incident } from '../../../lib/core/incident/incident.ts';
import type { RunRecord } from '../../../lib/core/run.ts';

const SINCE = '2026-11-20T00:00:00.000Z';
const [BEFORE, AFTER] = ['2026-11-19T12:00:00.000Z', '2026-11-20T12:00:00.000Z'];

const run = (cadence: string, status: string, more: object = {}): RunRecord => ({ cadence, status, cost_usd: null, ...more }) as RunRecord;
const fix = (source: string, status: TriedFix['status'], timestamp = AFTER): TriedFix => ({
  timestamp,
  incident_id: 'i',
  detector: 'exit',
  source,
  status,
  description: '',
});

it('A31 tells what fails most, what mends it and how often that holds, and what it cost', () => {
  const failed = { blame: 'cadence', cost_usd: 0.5 };
  const incidents = [
    { detector: 'exit', last_at: AFTER, episodes: [{ opened_at: AFTER, occurrences: 3, ended_at: AFTER }] },
    { detector: 'traceback', last_at: AFTER, episodes: [{ opened_at: BEFORE, occurrences: 9 }] },
    { detector: 'stall', last_at: BEFORE, episodes: [{ opened_at: BEFORE, occurrences: 2, ended_at: BEFORE }] },
  ] as unknown as readonly Incident[];
  const told = analyze({
    since: SINCE,
    runs: [
      run('sync', 'failed', failed),
      run('sync', 'dead', failed),
      run('sync', 'succeeded', { cost_usd: 1 }),
      run('mail', 'dead', { blame: 'account' }),
      run('bus-heal-sync', 'succeeded', { cost_usd: 0.25 }),
      run('bus-care', 'succeeded'),
    ],
    incidents,
    fixes: [fix('rule:restart', 'kept'), fix('rule:restart', 'kept'), fix('rule:restart', 'regressed'), fix('agent', 'pending'), fix('agent', 'kept', BEFORE)],
  });
  assert.deepEqual(told.totals, {
    runs: 4,
    succeeded: 1,
    failed: 3,
    given_up: 2,
    incidents_opened: 1,
    incidents_resolved: 1,
    fixes_tried: 4,
    fixes_kept: 2,
    fixes_recurred: 0,
  });
  assert.deepEqual(told.fails_most, [
    { cadence: 'sync', failures: 2, runs: 3 },
    { cadence: 'mail', failures: 1, runs: 1 },
  ]);
  assert.deepEqual(told.detectors, [
    { detector: 'exit', occurrences: 3 },
    { detector: 'traceback', occurrences: 1 },
  ]);
  assert.deepEqual(
    told.fixes.map(({ source, tried, success, pending }) => [source, tried, success, pending]),
    [
      ['rule:restart', 3, 2 / 3, 0],
      ['agent', 1, null, 1],
    ],
  );
  assert.deepEqual([told.cost_usd, told.failed_cost_usd, told.healing_cost_usd], [2.25, 1, 0.25]);
});

it('A31 what was kept and came back within 7 days is no success', () => {
  const fixes = [fix('agent', 'kept'), fix('agent', 'recurred'), fix('agent', 'recurred'), fix('agent', 'crashed'), fix('agent', 'pending')];
  const told = analyze({ since: SINCE, runs: [], incidents: [], fixes });
  assert.deepEqual([told.totals.fixes_tried, told.totals.fixes_kept, told.totals.fixes_recurred], [5, 1, 2]);
  assert.deepEqual(told.fixes, [{ source: 'agent', detector: 'exit', tried: 5, kept: 1, recurred: 2, regressed: 0, crashed: 1, pending: 1, success: 1 / 4 }]);
});
