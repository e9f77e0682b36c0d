import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createSpending, foldSpending, tallyOf } from '../../lib/core/money/spending.ts';
import type { RunRecord } from '../../lib/core/run.ts';
import { createLocalDays } from '../../lib/core/time/local-day.ts';
import { createRunLog } from '../../lib/history/run-log.ts';
import { createClock } from '../../lib/platform/clock.ts';
import { DAY_MS, type LogFixture, logFixture, runOf } from './log-fixture.ts';

const paid = (cost_usd: number, more: Partial<RunRecord> = {}): RunRecord => runOf({ cost_usd, ended_at: '2026-11-20T12:00:00.000Z', ...more });

const spendingOf = (fixture: LogFixture) => fixture.history.spending('UTC').spending;

function folded(runs: readonly RunRecord[]) {
  const spending = createSpending();
  for (const run of runs) foldSpending(spending, run, createLocalDays('UTC'));
  return spending;
}

describe('the spending, as the log of runs has it', () => {
  it('is the same from the snapshot and the records behind it as from all records', () => {
    const fixture = logFixture();
    const runs = [paid(0.25), paid(1.5, { cadence: 'other' }), paid(0.1, { cost_usd: null, charged_usd: 0.3 }), runOf({ status: 'skipped' })];
    fixture.record(...runs.slice(0, 2));
    const log = fixture.open();
    for (const run of runs.slice(2)) log.record(run);
    assert.deepEqual(log.spending().cadences, folded(runs).cadences, 'counted before it is written: the next run must not spend it again');
    log.write();
    // Nobody closes it: the snapshot is of the first two.
    assert.deepEqual(spendingOf(fixture).cadences, folded(runs).cadences);
    assert.deepEqual(log.spending().cadences, folded(runs).cadences);
    assert.deepEqual(tallyOf(spendingOf(fixture).bus, '2026-11-20'), { micros: 2_050_000, runs: 3 });
    log.close();
    assert.deepEqual(tallyOf(fixture.open().spending().bus, '2026-11-20'), { micros: 2_050_000, runs: 3 });
  });

  it('is made anew from the log where there is no snapshot', () => {
    const fixture = logFixture();
    fixture.record(paid(0.25), paid(0.5));
    const path = `${fixture.paths.runs}/digest.json`;
    assert.ok(existsSync(path));
    rmSync(path);
    assert.equal(tallyOf(spendingOf(fixture).bus, '2026-11-20').micros, 750_000);
  });

  it('counts by the days of the owner, also for a reader in another zone', () => {
    const fixture = logFixture();
    const { files, paths } = fixture;
    const clock = { nowMs: () => fixture.nowMs, breathe: createClock().breathe };
    const open = (zone: string) => createRunLog({ files, clock, paths, zone });
    const late = { ended_at: '2026-11-20T23:30:00.000Z' };
    const log = open('Europe/Vienna');
    log.record(paid(0.25, late));
    log.close();
    const read = fixture.history.spending('America/New_York');
    assert.equal(read.zone, 'Europe/Vienna');
    assert.deepEqual(Object.keys(read.spending.bus.days), ['2026-11-21']);
    // Who has travelled counts on by the days of where he is.
    const there = open('America/New_York');
    there.record(paid(0.5, late));
    there.close();
    assert.deepEqual(fixture.history.spending('UTC').spending.bus.days, { '2026-11-21': [250_000, 1], '2026-11-20': [500_000, 1] });
    assert.equal(fixture.history.spending('UTC').zone, 'America/New_York');
  });

  it('outlives the records that retention removes', () => {
    const fixture = logFixture();
    fixture.record(paid(0.25));
    fixture.nowMs += DAY_MS;
    fixture.record(paid(0.5, { ended_at: '2026-11-21T12:00:00.000Z' }));
    rmSync(fixture.segment());
    assert.equal(tallyOf(spendingOf(fixture).bus, '2026-11').micros, 750_000);
  });
});
