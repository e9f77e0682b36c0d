import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Outcome } from '../../lib/core/outcome.ts';
import { formatLocal } from '../../lib/core/time/local-time.ts';
import { zoneOf } from '../../lib/core/time/zone.ts';
import { assertGolden } from '../golden/golden.ts';
import { createTimeYard } from '../support/time-yard.ts';

const ZONE = 'Europe/Vienna';

describe('a week of a laptop’s life', () => {
  it('P21 P22 P31 leaves no instant unexplained: sleep every night, a crash, a power cut, a quota, the end of summer time', async () => {
    const limitMs = Date.parse('2026-10-27T14:00:00Z');
    const outcome = (_job: unknown, clock: { nowMs(): number }): Outcome => {
      const isLimited = clock.nowMs() > Date.parse('2026-10-27T05:30:00Z') && clock.nowMs() < limitMs;
      if (!isLimited) return { kind: 'ok', summary: 'the inbox is sorted' };
      return { kind: 'fail', blame: 'account', class: 'quota', untilMs: limitMs, reason: 'the usage limit of the account is reached' };
    };
    const yard = createTimeYard({ startIso: '2026-10-22T04:00:00Z', zone: ZONE, outcome });
    yard.cadence('mail', 'schedule: daily 2:30,7:00,13:00,19:00', 'account: claude', 'window: 12h');
    await yard.start();
    for (const day of ['22', '23', '24', '25', '26', '27', '28']) {
      const summer = day < '25';
      const [morning, night] = summer ? ['04:45', '21:30'] : ['05:45', '22:30'];
      if (day !== '22') await yard.sleepUntil(`2026-10-${day}T${morning}:00Z`);
      if (day === '23') {
        await yard.passUntil('2026-10-23T10:30:00Z');
        yard.crash();
        await yard.passUntil('2026-10-23T11:20:00Z');
        await yard.start();
      }
      if (day === '24') {
        await yard.passUntil('2026-10-24T16:30:00Z');
        await yard.off(100 * 60_000);
        await yard.start();
      }
      await yard.passUntil(`2026-10-${day}T${night}:00Z`);
    }
    const slots = yard.slots('mail');
    const text = slots.map(({ at, end, because }) => `${formatLocal(Date.parse(at), zoneOf(ZONE))}  ${end.padEnd(10)}  ${because}\n`).join('');
    assertGolden('laptop-week.txt', text);
    const shown = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')
      .split('\n')
      .filter((line) => /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) 2026-/.test(line));
    assert.ok(shown.length >= 5 && shown.every((line) => text.includes(`${line}\n`)), 'README.md shows what is so');
    assert.equal(slots.length, 27, 'four a day, but for the first night');
    assert.ok(slots.every(({ end, because }) => because !== '' && ['ran', 'superseded', 'held', 'missed', 'skipped'].includes(end)));
    const ran = yard.ran.filter((run) => !run.includes('10-27')).map((run) => run.split(' ')[1]);
    assert.equal(new Set(ran).size, ran.length, 'no slot ran twice');
  });
});
