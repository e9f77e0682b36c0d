import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { createLocalDays } from '../../lib/core/time/local-day.ts';
import { isUtc, zoneOf } from '../../lib/core/time/zone.ts';
import { readMachine } from '../../lib/platform/machine.ts';
import { createUptime } from '../../lib/platform/uptime.ts';

function withZone<T>(zone: string, act: () => T): T {
  const before = process.env.TZ;
  process.env.TZ = zone;
  try {
    return act();
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
}

describe('the zone of this machine', () => {
  for (const zone of ['UTC', 'Etc/UTC', ':UTC', 'Europe/Vienna', 'Asia/Kathmandu', 'No/Where']) {
    it(`is what the clocks of this process go by, with TZ=${zone}`, () => {
      const { own, shown } = withZone(zone, () => ({ own: readMachine().zone, shown: new Intl.DateTimeFormat().resolvedOptions().timeZone }));
      // Some versions of node call it by the one name, some by the other.
      assert.ok(own === shown || (isUtc(own) && isUtc(shown)), `${own}, ${shown}`);
    });
  }

  it('is known without what Intl knows of zones where it is UTC, as are its days and its clocks', () => {
    const atMs = Date.UTC(2026, 10, 27, 10, 30);
    const load = mock.method(Intl, 'DateTimeFormat', () => assert.fail('loaded'));
    try {
      withZone('Etc/UTC', () => {
        assert.deepEqual([readMachine().zone, createUptime().timezone()], ['UTC', 'Etc/UTC']);
        assert.equal(zoneOf('Etc/UTC').localMs(atMs), atMs);
        assert.deepEqual(createLocalDays('UTC').dayAt(atMs), { name: '2026-11-27', startMs: Date.UTC(2026, 10, 27), endMs: Date.UTC(2026, 10, 28) });
        assert.equal(createLocalDays('UTC').monthEndMs(atMs), Date.UTC(2026, 11, 1));
      });
    } finally {
      load.mock.restore();
    }
  });
});
