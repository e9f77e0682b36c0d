import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TopView } from '../../lib/app/answers/top-view.ts';
import { createLive, type Live, type Shown } from '../../lib/app/live.ts';
import { CadenceError } from '../../lib/core/error.ts';
import type { Ms } from '../../lib/core/time/instant.ts';
import { createVirtualClock, type VirtualClock } from '../../lib/platform/virtual-clock.ts';
import { cadenceOf, inTime, NOW_MS, viewOf } from '../support/top-view.ts';

interface Yard {
  readonly clock: VirtualClock;
  readonly live: Live;
  readonly shown: Shown[];
  reads(): number;
  hint(): void;
  /** All that is due by then is done. */
  to(ms: Ms): Promise<void>;
  /** In how long it wakes up; undefined: it sleeps until something happens. */
  wakesIn(): Ms | undefined;
}

interface Look {
  readonly view: TopView;
  readonly staysMs?: Ms;
  readonly costMs?: Ms;
}

/** `look`: what the next reading says, and how long what is shown stays true. */
async function createYard(look: (nowMs: Ms) => Look, isRefused = (): boolean => false): Promise<Yard> {
  const clock = createVirtualClock(NOW_MS);
  const shown: Shown[] = [];
  let [reads, hint] = [0, (): void => assert.fail('nobody listens')];
  const live = createLive({
    clock,
    async read() {
      reads += 1;
      if (isRefused()) throw new CadenceError('io', 'the disk refuses', 'Look at it.');
      const { view, costMs = 0 } = look(clock.nowMs());
      if (costMs > 0) clock.moveTo(clock.nowMs() + costMs);
      return view;
    },
    hints(onHint) {
      hint = onHint;
      return { follow: () => undefined, close: () => undefined };
    },
    show(one) {
      shown.push(one);
      return look(clock.nowMs()).staysMs;
    },
  });
  live.failed.catch(() => undefined);
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn += 1) await clock.breathe();
  };
  const to = async (ms: Ms): Promise<void> => {
    for (let next = clock.nextMs(); next !== undefined && next <= NOW_MS + ms; next = clock.nextMs()) {
      clock.moveTo(Math.max(next, clock.nowMs()));
      await settle();
    }
    if (clock.nowMs() < NOW_MS + ms) clock.moveTo(NOW_MS + ms);
    await settle();
  };
  await to(0);
  const wakesIn = (): Ms | undefined => {
    const next = clock.nextMs();
    return next === undefined ? undefined : next - clock.nowMs();
  };
  return { clock, live, shown, reads: () => reads, hint: () => hint(), to, wakesIn };
}

describe('A44 what is watched', () => {
  it('is read once and left alone: while nothing happens and nothing on the screen moves, nothing wakes up', async () => {
    const yard = await createYard(() => ({ view: viewOf() }));
    assert.deepEqual([yard.reads(), yard.shown.length, yard.wakesIn()], [1, 1, undefined]);
    await yard.to(86_400_000);
    assert.deepEqual([yard.reads(), yard.shown.length, yard.wakesIn()], [1, 1, undefined]);
  });

  it('is read when something has happened, many things at once as one, and never without a rest', async () => {
    const yard = await createYard(() => ({ view: viewOf() }));
    await yard.to(10_000);
    for (let n = 0; n < 1_000; n += 1) yard.hint();
    assert.equal(yard.wakesIn(), 0);
    await yard.to(10_000);
    assert.deepEqual([yard.reads(), yard.wakesIn()], [2, undefined]);
    yard.hint();
    assert.equal(yard.wakesIn(), 500);
    await yard.to(10_500);
    assert.deepEqual([yard.reads(), yard.shown.length, yard.wakesIn()], [3, 3, undefined]);
  });

  it('is read more rarely where that takes long', async () => {
    const yard = await createYard(() => ({ view: viewOf(), costMs: 500 }));
    yard.hint();
    assert.equal(yard.wakesIn(), 2_000);
    const owner = { ...viewOf().owner, state: 'silent' as const };
    const waiting = await createYard(() => ({ view: viewOf({ owner }), costMs: 3_000 }));
    waiting.hint();
    assert.equal(waiting.wakesIn(), 500, 'who waits for an answer works no more for that');
  });

  it('is shown anew when a time on the screen moves on, at most once a second, and is not read for that', async () => {
    const yard = await createYard(() => ({ view: viewOf(), staysMs: 300 }));
    assert.equal(yard.wakesIn(), 1_000);
    await yard.to(60_000);
    assert.deepEqual([yard.reads(), yard.shown.length], [1, 61]);
  });

  it('is read anew when an instant has come at which it changes by itself', async () => {
    const yard = await createYard((nowMs) => ({ view: viewOf({ cadences: [cadenceOf('later', { next: nowMs < NOW_MS + 60_000 ? inTime(60_000) : null })] }) }));
    assert.equal(yard.wakesIn(), 61_000);
    await yard.to(61_000);
    assert.deepEqual([yard.reads(), yard.wakesIn()], [2, undefined]);
  });

  it('is shown as it was where it cannot be read, and is read again when something happens', async () => {
    let isRefused = false;
    const yard = await createYard(
      () => ({ view: viewOf() }),
      () => isRefused,
    );
    isRefused = true;
    yard.hint();
    await yard.to(1_000);
    assert.deepEqual(
      yard.shown.map(({ refused }) => refused),
      [undefined, 'the disk refuses'],
    );
    assert.equal(yard.wakesIn(), undefined);
    isRefused = false;
    yard.hint();
    await yard.to(2_000);
    assert.equal(yard.shown.at(-1)?.refused, undefined);
  });

  it('has failed where the first reading is refused, and where what is read cannot be shown', async () => {
    const refused = await createYard(
      () => ({ view: viewOf() }),
      () => true,
    );
    await assert.rejects(refused.live.failed, /the disk refuses/);
    const unshown = await createYard(() => ({
      get view(): TopView {
        throw new TypeError('a bug, on purpose');
      },
    }));
    await assert.rejects(unshown.live.failed, /a bug, on purpose/);
  });

  it('a clock that was set back delays nothing', async () => {
    const yard = await createYard(() => ({ view: viewOf() }));
    yard.clock.moveTo(NOW_MS - 3_600_000);
    yard.hint();
    assert.equal(yard.wakesIn(), 0);
  });

  it('is over for good when it is closed', async () => {
    const yard = await createYard(() => ({ view: viewOf(), staysMs: 1_000 }));
    yard.live.close();
    yard.hint();
    yard.live.redraw();
    assert.deepEqual([yard.wakesIn(), yard.shown.length], [undefined, 1]);
  });
});
