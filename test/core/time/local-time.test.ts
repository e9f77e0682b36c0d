import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatLocal, parseLocal } from '../../../lib/core/time/local-time.ts';
import { zoneOf } from '../../../lib/core/time/zone.ts';

it('local time says which of two it is where the clocks were set back, and is itself everywhere else', () => {
  const shown = (iso: string, zone: string): string => formatLocal(Date.parse(iso), zoneOf(zone));
  for (const [iso, zone, text] of [
    ['2026-10-25T00:00:00Z', 'Europe/Berlin', 'Sun 2026-10-25 02:00'],
    ['2026-10-25T00:59:59Z', 'Europe/Berlin', 'Sun 2026-10-25 02:59:59'],
    ['2026-10-25T01:00:00Z', 'Europe/Berlin', 'Sun 2026-10-25 02:00 again'],
    ['2026-10-25T01:30:05Z', 'Europe/Berlin', 'Sun 2026-10-25 02:30:05 again'],
    ['2026-10-25T02:00:00Z', 'Europe/Berlin', 'Sun 2026-10-25 03:00'],
    ['2027-03-28T00:59:00Z', 'Europe/Berlin', 'Sun 2027-03-28 01:59'],
    ['2027-03-28T01:00:00Z', 'Europe/Berlin', 'Sun 2027-03-28 03:00'],
    ['2026-11-01T05:30:00Z', 'America/New_York', 'Sun 2026-11-01 01:30'],
    ['2026-11-01T06:30:00Z', 'America/New_York', 'Sun 2026-11-01 01:30 again'],
    ['2026-04-04T15:15:00Z', 'Australia/Lord_Howe', 'Sun 2026-04-05 01:45 again'],
    ['2026-04-04T15:15:00Z', 'UTC', 'Sat 2026-04-04 15:15'],
  ] as const)
    assert.equal(shown(iso, zone), text, `${iso} in ${zone}`);
});

it('a day that its month does not have is no time, and not one of the month after', () => {
  const read = (text: string): string | undefined => {
    const at = parseLocal(text, zoneOf('Europe/Vienna'), Date.parse('2026-11-20T10:00Z'));
    return at === undefined ? undefined : new Date(at).toISOString().slice(0, 16);
  };
  for (const text of ['2026-02-30 7:00', '2026-02-29 7:00', '2026-04-31T07:00:00Z', '2026-02-30T07:00:00+01:00', '2026-13-01 7:00', '0000-00-00 7:00'])
    assert.equal(read(text), undefined, text);
  assert.deepEqual(['2028-02-29 7:00', '2026-11-20T07:00:00Z', '2026-11-20T07:00:00+01:00', 'tomorrow 7:00', '7:00'].map(read), [
    '2028-02-29T06:00',
    '2026-11-20T07:00',
    '2026-11-20T06:00',
    '2026-11-21T06:00',
    '2026-11-20T06:00',
  ]);
});
