import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { instantsBetween } from '../../lib/core/time/calendar.ts';
import { parseSchedule } from '../../lib/core/time/schedule-words.ts';
import { zoneOf } from '../../lib/core/time/zone.ts';
import { createTimeYard } from '../support/time-yard.ts';

const MINUTE = 60_000;
const START = '2026-10-24T05:10:00Z';
const ZONE = 'Europe/Vienna';
const LINES = ['hourly :15', 'every 40m', 'daily 2:30,7:00,19:00', '*/20 6-9 * * *'];

type Step = { readonly do: 'pass' | 'sleep' | 'off' | 'crash' | 'stop'; readonly minutes: number } | { readonly do: 'jump'; readonly minutes: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), minutes: fc.integer({ min: 1, max: 400 }) }) },
  fc.record({ do: fc.constantFrom('sleep' as const, 'off' as const, 'crash' as const, 'stop' as const), minutes: fc.integer({ min: 1, max: 1500 }) }),
  fc.record({ do: fc.constant('jump' as const), minutes: fc.integer({ min: -300, max: 600 }) }),
);

describe('for any sequence of crashes, sleeps and jumps of the clock', () => {
  it('P22 every slot has one end, none ran twice, and none is unexplained', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...LINES), fc.constantFrom('latest', 'all', 'skip'), fc.array(step, { maxLength: 10 }), async (line, catchup, steps) => {
        const yard = createTimeYard({ startIso: START, zone: ZONE });
        yard.cadence('job', `schedule: ${JSON.stringify(line)}`, `catchup: ${catchup}`);
        await yard.start();
        // A clock that was set back makes earlier slots its own, too.
        let beginMs = Date.parse(START);
        for (const { do: what, minutes } of steps) {
          const ms = minutes * MINUTE;
          if (what === 'pass') await yard.pass(ms);
          else if (what === 'sleep') await yard.sleep(ms);
          else if (what === 'jump') await yard.setClock(new Date(yard.clock.nowMs() + ms).toISOString());
          else {
            if (what === 'stop') await yard.stop();
            if (what === 'off') await yard.off(ms);
            else {
              yard.crash();
              await yard.pass(ms);
            }
            await yard.start();
          }
          beginMs = Math.min(beginMs, yard.clock.nowMs());
        }
        await yard.pass(MINUTE);
        const runs = yard.ran.map((run) => run.split(' ')[1]);
        assert.equal(new Set(runs).size, runs.length, `ran twice: ${runs}`);
        const { rule } = parseSchedule(line) as Extract<ReturnType<typeof parseSchedule>, { kind: 'rule' }>;
        const expected = [...instantsBetween({ rules: rule, timezone: undefined }, zoneOf(ZONE), beginMs, yard.clock.nowMs())];
        const slots = yard.slots('job');
        assert.deepEqual(
          slots.map(({ at }) => Date.parse(at)),
          expected,
        );
        for (const { at, end, because } of slots) {
          assert.ok(['ran', 'missed', 'superseded'].includes(end), `${at} ${end}: ${because}`);
          assert.ok(because !== '' && !/does not say|somebody has removed/.test(because), `${at}: ${because}`);
          if (end !== 'ran') assert.ok(!runs.includes(at), `${at} ran, and is ${end}`);
        }
      }),
      { numRuns: 40 },
    );
  });
});
