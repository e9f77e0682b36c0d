import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFinal, type RunStatus } from '../../lib/core/run.ts';
import { createDesk } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { childrenOf } from '../support/owner-cli.ts';
import { createSetClock, whyNoClock } from './set-clock.ts';

const HOUR_MS = 3_600_000;

describe('the clock of the machine, set while an owner is at work', () => {
  it('forward by hours and back by more: every tick comes to its end, and no run is ended for it', { timeout: 200_000 }, async (context) => {
    const reason = whyNoClock();
    // Where no clock can be set, the virtual one of the tests and the simulation speaks for it.
    if (reason !== undefined) return context.diagnostic(reason);
    const desk = createDesk();
    desk.shell('well', 'echo done');
    desk.shell('slow', 'while [ ! -e "$CADENCE_ROOT/go-$CADENCE_TICK" ]; do sleep 0.05; done; echo done', 'timeout: 30m', 'idle_timeout: 20m');
    desk.shell('ill', 'exit 3', 'retry: { attempts: 2, delays: [500ms], jitter: 0 }', 'breaker: { failures: 99 }');
    const clock = createSetClock(`${desk.root}/clock`);
    const owner = desk.spawn(['start'], { env: clock.env });
    await eventually('the owner owns the root', () => owner.stderr().includes(`owns ${desk.root}`));
    const enqueue = async (name: string): Promise<string> => {
      const { stdout } = await desk.spawn(['enqueue', name, '--json'], { env: clock.env }).ended;
      return JSON.parse(stdout).tick;
    };
    const hasEnded = (tick: string): boolean => desk.records().some((run) => run.tick === tick && isFinal(run.status));
    const expected = new Map<string, RunStatus>();
    for (const offset of ['+5h', '-7h', '+0']) {
      const slow = await enqueue('slow');
      await eventually('its child runs', () => childrenOf(desk.root).length > 0);
      clock.set(offset);
      // Of one that has failed its pause may last until it is noticed that the clock was set back, which takes a minute: test/services has that.
      const quick = [await enqueue('well'), ...(offset === '-7h' ? [] : [await enqueue('ill')])];
      await eventually(`what was dropped at ${offset} has ended`, () => quick.every(hasEnded));
      desk.put(`go-${slow}`, '');
      await eventually(`what ran when the clock was set to ${offset} has ended`, () => hasEnded(slow));
      for (const [at, tick] of [slow, ...quick].entries()) expected.set(tick, at === 2 ? 'dead' : 'succeeded');
    }
    // It was the clock of the owner that was set: else this test would say nothing.
    const seen = desk.records().map((run) => Date.parse(run.ended_at ?? '') - Date.now());
    assert.ok(Math.max(...seen) > 4 * HOUR_MS && Math.min(...seen) < -6 * HOUR_MS, seen.join(', '));
    for (const [tick, status] of expected) assert.equal(desk.records().findLast((run) => run.tick === tick)?.status, status, tick);
    assert.equal(expected.size, 8);
    const { said } = await desk.ask('audit');
    assert.deepEqual([said.ok, said.missing], [true, []]);
    return undefined;
  });
});
