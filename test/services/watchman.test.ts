import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CadenceError } from '../../lib/core/error.ts';
import type { TimerView } from '../../lib/core/slot/timer.ts';
import type { Sight } from '../../lib/core/watch/watch.ts';
import { goRound, type WatchmanDeps } from '../../lib/services/watchman.ts';
import { testClock } from '../support/bus.ts';

const job = (name: string, role: TimerView['role'], state: TimerView['state']): TimerView => ({
  ...{ name, role, label: `bus.${name}`, path: '', state, because: '', pid: null, runs: null, last_exit_code: null },
});

const NO_OWNER = { state: 'died', pid: 7, isInstalled: true, stuck: undefined } as const;
const OWNED = { ...NO_OWNER, state: 'running' } as const;

/** A world that changes with what is done to it; every call is written down. */
function world(sights: readonly Partial<Sight>[], faults: Readonly<Record<string, string>> = {}) {
  const clock = testClock();
  const calls: string[] = [];
  let looks = 0;
  const act = (what: string) => async (): Promise<void> => {
    calls.push(what);
    if (faults[what] !== undefined) throw new CadenceError('io', faults[what], '');
  };
  const deps: WatchmanDeps = {
    clock: {
      nowMs: clock.nowMs,
      // Time passes as soon as somebody waits for it.
      after(ms, wake) {
        calls.push(`wait ${ms}`);
        const timer = clock.after(ms, wake);
        queueMicrotask(() => clock.advance(ms));
        return timer;
      },
    },
    async look() {
      calls.push('look');
      const seen = sights[Math.min(looks, sights.length - 1)];
      looks += 1;
      return { atMs: clock.nowMs(), owner: OWNED, timers: [], late: {}, missing: [], ...seen };
    },
    timers: { reload: (label) => act(`reload ${label}`)(), startOwner: act('start owner') },
    wakeOwner: act('wake owner'),
    reloads: {},
    wakeDelayMs: 30_000,
    onWait: () => undefined,
  };
  return { calls, deps };
}

const MISSING = {
  cadence: 'job',
  level: 'none',
  lastRunMs: undefined,
  sinceMs: 0,
  expectedMs: 1,
  slots: [],
  because: 'x',
  isHeld: false,
  ignoredUntilMs: undefined,
} as const;

describe('P21 a round of the watchman', () => {
  it('repairs, waits until all is well, and then has nothing to tell', async () => {
    const timers = [job('owner', 'owner', 'idle'), job('job', 'timer', 'not_loaded')];
    const { calls, deps } = world([{ owner: NO_OWNER, timers }, { timers }, { timers: [job('owner', 'owner', 'running'), job('job', 'timer', 'idle')] }]);
    const { worries, repaired } = await goRound(deps);
    assert.deepEqual(calls, ['look', 'start owner', 'reload bus.job', 'wait 1000', 'look', 'wait 1000', 'look']);
    assert.deepEqual(worries, []);
    assert.deepEqual(
      repaired.map(({ fault }) => fault),
      [undefined, undefined],
    );
  });

  it('one repair in vain keeps no other from being tried, and what is left is told, the worst first', async () => {
    const seen = { owner: NO_OWNER, timers: [job('owner', 'owner', 'idle'), job('job', 'timer', 'failed')], missing: [MISSING] };
    const { calls, deps } = world([seen], { 'start owner': 'launchctl said 5' });
    const { worries, repaired } = await goRound({ ...deps, wakeDelayMs: 2_000 });
    assert.deepEqual(calls, ['look', 'start owner', 'reload bus.job', 'wait 1000', 'look', 'wait 1000', 'look']);
    assert.equal(repaired[0]?.fault, 'launchctl said 5');
    assert.deepEqual(
      worries.map(({ key }) => key),
      ['owner', 'timer:job', 'cadence:job'],
    );
  });

  it('P38 gives a machine that has just woken its time before it tells of a missing run, and none where it is set to 0', async () => {
    const woken = world([{ missing: [MISSING] }, { missing: [MISSING] }, {}]);
    assert.deepEqual((await goRound(woken.deps)).worries, []);
    assert.deepEqual(woken.calls, ['look', 'wait 1000', 'look', 'wait 1000', 'look']);
    const hasty = world([{ missing: [MISSING] }, {}]);
    assert.equal((await goRound({ ...hasty.deps, wakeDelayMs: 0 })).worries.length, 1);
    assert.deepEqual(hasty.calls, ['look']);
  });

  it('a quiet round looks once', async () => {
    const { calls, deps } = world([{}]);
    assert.deepEqual((await goRound(deps)).worries, []);
    assert.deepEqual(calls, ['look']);
  });

  it('P29 a timer that was given back for want of its slots is no worry until it had its chance, and cools down', async () => {
    const stale = { timers: [job('job', 'timer', 'idle')], late: { job: { slots: 2, sinceMs: 0, expectedMs: 1 } } };
    const first = world([stale]);
    const round = await goRound(first.deps);
    assert.deepEqual([first.calls.includes('reload bus.job'), round.worries], [true, []]);
    const again = world([stale]);
    const next = await goRound({ ...again.deps, reloads: round.reloads });
    assert.deepEqual([again.calls, next.worries.map(({ key }) => key)], [['look'], ['late:job']]);
    const failing = world([stale], { 'reload bus.job': 'no' });
    assert.deepEqual(
      (await goRound(failing.deps)).worries.map(({ key }) => key),
      ['late:job'],
    );
  });
});
