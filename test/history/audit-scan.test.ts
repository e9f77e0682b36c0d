import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scanIds } from '../../lib/history/audit-scan.ts';
import { createJournal } from '../../lib/history/journal.ts';
import { createClock } from '../../lib/platform/clock.ts';
import { DAY_MS, failedRun, logFixture, runOf } from './log-fixture.ts';

describe('the scan for the audit', () => {
  it('sees the tick of every record of a run, then of every claim in the journal, and nothing else', async () => {
    const fixture = logFixture();
    const runs = [failedRun(), runOf({ reason: '"tick":"abcdefghijkl" \n "stage":"claimed"' }), runOf({ status: 'expired' })];
    fixture.record(...runs.slice(0, 2));
    fixture.append('garbage "tick":"zzzzzzzzzzzz","status":"dead"\n{"torn');
    fixture.nowMs += DAY_MS;
    fixture.record(...runs.slice(2));
    const journal = createJournal({
      ...fixture,
      clock: { nowMs: () => fixture.nowMs, breathe: createClock().breathe },
      onFault: (error) => assert.fail(String(error)),
    });
    journal.emit({ level: 'info', stage: 'adopted', tick: 'aaaaaaaaaaaa' });
    journal.emit({ level: 'info', stage: 'claimed', tick: 'bbbbbbbbbbbb', cadence: 'nightly-backup' });
    journal.emit({ level: 'info', stage: 'claimed' });
    journal.close();
    const seen: string[][] = [];
    scanIds(fixture, (tick, status) => seen.push([tick, status]));
    assert.deepEqual(seen, [...runs.map((run) => [run.tick, run.status]), ['bbbbbbbbbbbb', 'claimed']]);
  });

  it('sees nothing where there is nothing', () => {
    scanIds(logFixture(), () => assert.fail());
  });

  it('keeps nothing of what it has seen: ten times the log takes no more memory', () => {
    const grown = (records: number): number => {
      const fixture = logFixture();
      const lines = Array.from({ length: 1_000 }, () => `${JSON.stringify(runOf({ summary: 'x'.repeat(300) }))}\n`).join('');
      for (let index = 0; index < records; index += 1_000) fixture.append(lines);
      const before = process.memoryUsage().rss;
      let seen = 0;
      scanIds(fixture, () => {
        seen += 1;
      });
      assert.equal(seen, records);
      return process.memoryUsage().rss - before;
    };
    grown(20_000);
    // The log has 130 MB; a scan that kept it, or even its ids with their lines, would show it.
    assert.ok(grown(200_000) < 64 * 1024 * 1024);
  });
});
