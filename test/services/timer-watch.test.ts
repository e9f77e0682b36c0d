import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { warningOf } from '../../lib/app/answers/warnings.ts';
import { watchTimers } from '../../lib/app/owner/timer-watch.ts';
import type { BusEvent } from '../../lib/core/event.ts';
import { pathsOf } from '../../lib/core/paths.ts';
import { createTimeYard } from '../support/time-yard.ts';

describe('P30 the owner and the timers of the system', () => {
  it('notices a timer that does not come, says so once, and has every command warn until it comes again', async () => {
    const yard = createTimeYard({ startIso: '2026-11-20T06:30:00Z' });
    const { lateTimers } = pathsOf(yard.root);
    writeFileSync(`${yard.root}/cadences/bus.yaml`, 'scheduler: systemd\n');
    yard.cadence('job', 'schedule: hourly :00', 'timezone: UTC');
    const told: string[] = [];
    const begin = async (): Promise<void> => {
      await yard.start();
      const { journal } = yard.owner();
      journal.onEvent(({ stage, cadence }: BusEvent) => void (stage.startsWith('timer_') && told.push(`${stage} ${cadence}`)));
      watchTimers(yard.owner());
    };
    await begin();
    await yard.passUntil('2026-11-20T07:01:00Z');
    assert.deepEqual([told, existsSync(lateTimers)], [[], false], 'it has 90 seconds');
    await yard.passUntil('2026-11-20T09:30:00Z');
    assert.deepEqual(told, ['timer_late job']);
    assert.deepEqual(JSON.parse(readFileSync(lateTimers, 'utf8')).late, { job: { since: '2026-11-20T07:00:00Z', slots: 3 } });
    assert.match((await warningOf(yard.root)) ?? '', /^the timer of job does not come; the owner fires the slots itself, late\. cadence-bus heartbeat/);
    yard.crash();
    await begin();
    await yard.passUntil('2026-11-20T10:00:00Z');
    await yard.owner().scheduling.hint('job', yard.clock.nowMs());
    await yard.pass(60_000);
    assert.deepEqual(told, ['timer_late job', 'timer_on_time job']);
    assert.deepEqual([existsSync(lateTimers), await warningOf(yard.root)], [false, undefined]);
  });

  it('forgets who was late where the owner fires by itself from now on, and sets aside what it cannot read', async () => {
    const yard = createTimeYard({ startIso: '2026-11-20T06:30:00Z' });
    const { lateTimers } = pathsOf(yard.root);
    yard.cadence('job', 'schedule: hourly :00', 'timezone: UTC');
    await yard.start();
    writeFileSync(lateTimers, '{"format":1,"late":{"job":{"since":"2026-11-20T06:00:00Z","slots":2}}}');
    watchTimers(yard.owner());
    assert.equal(existsSync(lateTimers), false);
    writeFileSync(lateTimers, '{"format":1,"late":{"job":7}}');
    watchTimers(yard.owner());
    assert.equal(existsSync(lateTimers), false);
  });
});
