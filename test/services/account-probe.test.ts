import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Holds } from '../../lib/core/holds.ts';
import { createIds } from '../../lib/platform/ids.ts';
import { createAccountProbe } from '../../lib/services/account-probe.ts';
import { cadenceOf, holdsWith, NO_ENV, openBreaker } from '../doctor/yard.ts';
import { testClock } from '../support/bus.ts';

const CLAUDE = { kind: 'claude', promptPath: '/p.md', args: [], cwd: '/', env: NO_ENV } as const;
const NOW = Date.UTC(2026, 10, 20, 8);

/** One account whose login failed an hour ago, and one tick that waits for it. */
function held(paused: Holds['paused'] = {}, isHalted = false) {
  const cadence = cadenceOf('brief', CLAUDE, { account: 'claude' });
  const breaker = { ...openBreaker(new Date(NOW + 3_600_000).toISOString()), class: 'auth' } as const;
  let holds = holdsWith({ 'account:claude': breaker }, paused);
  const asked: string[] = [];
  const faults: unknown[] = [];
  const stop = { isHalted };
  const probe = createAccountProbe({
    clock: testClock(NOW),
    ids: createIds(),
    queue: { cadences: () => ['brief'], head: () => ({ name: { dueMs: NOW - 1, cadence: 'brief', id: 'x7k2p9qd4mzt', attempts: 0 } }) as never },
    definitions: { get: () => ({ cadence }) as never },
    history: { find: () => undefined },
    journal: { emit: () => undefined },
    book: {
      holds: () => holds,
      change: (next: Holds) => {
        holds = next;
      },
    } as never,
    canAsk: () => true,
    ask: async ({ name }) => {
      asked.push(name);
      return { kind: 'fit', marks: ['a'] };
    },
    serves: () => true,
    isHalted: () => stop.isHalted,
    onAnswer: () => undefined,
    onFault: (error) => faults.push(error),
  });
  return { probe, asked, faults, stop };
}

describe('the question to an account', () => {
  it('is put while a tick waits for it', () => {
    const { probe, asked, faults } = held();
    probe.poll();
    assert.deepEqual([asked, faults], [['brief'], []]);
  });

  it('is not put while the bus is paused or halted, and sets no timer; it is put once that has ended', () => {
    const paused = held({ bus: { since: new Date(NOW).toISOString(), because: '' } });
    assert.deepEqual([paused.probe.poll(), paused.asked], [undefined, []]);
    const { probe, asked, stop } = held({}, true);
    assert.deepEqual([probe.poll(), asked], [undefined, []]);
    stop.isHalted = false;
    probe.poll();
    assert.deepEqual(asked, ['brief']);
  });
});
