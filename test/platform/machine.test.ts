import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { createLocalDays } from '../../lib/core/time/local-day.ts';
import { isUtc, isZone, zoneOf } from '../../lib/core/time/zone.ts';
import { readMachine } from '../../lib/platform/machine.ts';
import { createUptime, lostZone } from '../../lib/platform/uptime.ts';

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
  for (const zone of ['UTC', 'Etc/UTC', ':UTC', 'Europe/Vienna', 'Asia/Kathmandu']) {
    it(`is what the clocks of this process go by, with TZ=${zone}`, () => {
      const { own, shown } = withZone(zone, () => ({ own: readMachine().zone, shown: new Intl.DateTimeFormat().resolvedOptions().timeZone }));
      // Some versions of node call it by the one name, some by the other.
      assert.ok(own === shown || (isUtc(own) && isUtc(shown)), `${own}, ${shown}`);
    });
  }

  it('is one that there is, whatever TZ says', () => {
    for (const given of ['No/Where', 'UTC0', ':/etc/localtime', ':/no/where', 'CET-1CEST', '<+0330>-3:30', 'GMT+5', 'posixrules', ':', '/', 'nonsense']) {
      const [own, scheduled] = withZone(given, () => [readMachine().zone, createUptime().timezone()] as const);
      assert.ok(isZone(own) && isZone(scheduled), `${given}: ${own}, ${scheduled}`);
    }
    const zoneAt = (given: string): string => withZone(given, () => createUptime().timezone());
    assert.equal(zoneAt(':/usr/share/zoneinfo/Europe/Vienna'), 'Europe/Vienna');
    assert.equal(zoneAt(':/etc/localtime'), zoneAt(''), 'the link of the system');
    assert.equal(zoneAt('GMT+5'), 'Etc/GMT+5');
  });

  it('is told where TZ names none', () => {
    assert.deepEqual(
      ['CET-1CEST', 'Europe/Vienna', ':/etc/localtime', ''].map((given) => withZone(given, () => lostZone()?.given)),
      ['CET-1CEST', undefined, undefined, undefined],
    );
  });

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
