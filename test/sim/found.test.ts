import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { play } from './play.ts';
import { type Step, storyOf } from './story.ts';

/** Stories that the simulation has found to end badly, each as short as it can be told, and mended since. */
const enqueue = (cadence: string, id: string, more: Readonly<Record<string, unknown>> = {}): Step => ({ do: 'enqueue', cadence, id, how: 'synced', more });

async function isWell(...steps: readonly Step[]): Promise<void> {
  for (const seed of [1, 2]) assert.deepEqual(await play({ seed, steps }), undefined, `seed ${seed}`);
}

describe('a story that once ended badly', () => {
  it('a tick for later does not hold one for now', async () => {
    await isWell(enqueue('steady', 'later1111111', { inMs: 7_200_000 }), { do: 'pass', ms: 10_000 }, enqueue('steady', 'now111111111'), {
      do: 'pass',
      ms: 60_000,
    });
  });

  it('an owner that is stopped on a disk that refuses ends in order', async () => {
    for (const kind of ['full', 'read-only', 'dying'] as const) await isWell({ do: 'disk', kind, ms: 5000 }, { do: 'stop', downMs: 1000 });
    for (let after = 0; after < 8; after += 1)
      await isWell(enqueue('flaky', 'one111111111'), { do: 'refuse', after, errno: 'EIO' }, { do: 'stop', downMs: 1000 });
  });

  it('a tick that was claimed, and could not be read, is not left lying among the claimed', async () => {
    const many = Array.from({ length: 12 }, (_, n) => ({ cadence: n % 2 === 0 ? 'steady' : 'flaky', id: `tick${String(n).padStart(8, '0')}` }));
    await isWell({ do: 'batch', id: 'batch1111111', ticks: many }, { do: 'disk', kind: 'dying', ms: 200_000 }, { do: 'pass', ms: 300_000 });
  });

  it('an owner that finds a retry half moved reads all the others that wait', async () => {
    const order = enqueue('flaky', 'flaky1111111');
    for (let after = 8; after < 30; after += 2)
      await isWell(
        enqueue('broken', 'broken111111'),
        order,
        enqueue('steady', 'later1111111', { inMs: 600_000 }),
        { do: 'die', after, isCut: false, downMs: 50 },
        { do: 'pass', ms: 700_000 },
      );
  });

  it('an owner that finds ticks which its own start has put reads all the others, too', async () => {
    for (const seed of [475, 831]) assert.deepEqual(await play(storyOf(seed)), undefined, `seed ${seed}`);
  });

  it('a slot whose owner died before its tick was put, and whose definition was gone then, has its end', async () => {
    for (const seed of [9_012_300, 9_012_305]) assert.deepEqual(await play(storyOf(seed)), undefined, `seed ${seed}`);
  });

  it('a batch that is over does not come back with a power cut, long after what said how far it was has gone', async () => {
    assert.deepEqual(await play(storyOf(9_302_896)), undefined);
  });

  it('a clock that is set back does not make the owner deaf to its inbox', async () => {
    await isWell(
      enqueue('steady', 'later1111111', { inMs: 600_000 }),
      { do: 'jump', ms: -20_000_000 },
      { do: 'pass', ms: 70_000 },
      enqueue('flaky', 'now111111111'),
      { do: 'pass', ms: 70_000 },
    );
  });

  it('slots that were decided together are all put, whoever dies in between and whatever the disk refuses', async () => {
    for (let after = 1; after < 14; after += 1)
      await isWell({ do: 'die', after, isCut: after % 2 === 0, downMs: 20_000 }, { do: 'sleep', ms: 4 * 3_600_000 }, { do: 'pass', ms: 130_000 });
    for (const kind of ['full', 'dying'] as const)
      await isWell(
        { do: 'disk', kind, ms: 30_000 },
        { do: 'sleep', ms: 3 * 3_600_000 },
        { do: 'pass', ms: 70_000 },
        { do: 'die', after: 2, isCut: false, downMs: 100 },
        { do: 'pass', ms: 300_000 },
      );
  });

  it('a disk that refuses what a notice leaves behind ends no owner, and sends the notice no second time', async () => {
    const many = Array.from({ length: 6 }, (_, n) => ({ cadence: 'hooked', id: `hook${String(n).padStart(8, '0')}` }));
    await isWell({ do: 'batch', id: 'batch1111111', ticks: many }, { do: 'disk', kind: 'dying', ms: 400_000 }, { do: 'pass', ms: 900_000 });
    await isWell(
      { do: 'batch', id: 'batch1111111', ticks: many },
      { do: 'pass', ms: 5500 },
      { do: 'disk', kind: 'full', ms: 400_000 },
      { do: 'pass', ms: 900_000 },
    );
  });

  it('a claim for which the disk refuses what comes before its run is given back', async () => {
    const many = Array.from({ length: 5 }, (_, n) => ({ cadence: 'folded', id: `fold${String(n).padStart(8, '0')}` }));
    for (let after = 0; after < 40; after += 3)
      await isWell({ do: 'batch', id: 'batch1111111', ticks: many }, { do: 'refuse', after, errno: 'EIO' }, { do: 'pass', ms: 90_000 });
  });

  it('a tick that ends without a run has its record on disk before its file goes', async () => {
    const many = Array.from({ length: 5 }, (_, n) => ({ cadence: 'folded', id: `fold${String(n).padStart(8, '0')}` }));
    for (let after = 20; after < 56; after += 3)
      await isWell({ do: 'die', after, isCut: true, downMs: 1000 }, { do: 'batch', id: 'batch1111111', ticks: many }, { do: 'pass', ms: 90_000 });
  });

  it('a cadence that is freed in the very moment in which it is parked goes on', async () => {
    const foreign: Step = { do: 'enqueue', cadence: 'helper', id: '5cttvr3g2rkx', how: 'foreign', more: { payload: { n: 3 } } };
    for (let after = 1; after < 8; after += 1)
      await isWell(foreign, enqueue('slow', 'slow11111111'), { do: 'die', after, isCut: true, downMs: 200_000 }, { do: 'pass', ms: 260_000 });
  });

  it('a record that a dying owner left in the page cache is flushed before the next one acts on it', async () => {
    const steps: readonly Step[] = [
      enqueue('folded', 'z4fm6q6jfhpz'),
      { do: 'pass', ms: 16_209 },
      { do: 'freeze', ms: 15_306 },
      { do: 'stop', downMs: 2 },
      { do: 'pass', ms: 273 },
    ];
    for (let after = 1; after < 8; after += 1) await isWell(...steps, { do: 'die', after, isCut: true, downMs: 1000 }, enqueue('flaky', 'next11111111'));
    for (const after of [4, 6, 9])
      assert.deepEqual(
        await play({ seed: 668, steps: [...steps, { do: 'die', after, isCut: true, downMs: 1000 }, enqueue('flaky', 'next11111111')] }),
        undefined,
      );
  });

  it('a definition that comes back after the clock was set back has its slots', async () => {
    await isWell({ do: 'edit', cadence: 'timed', to: 'gone' }, { do: 'jump', ms: -661_014 });
    await isWell(
      { do: 'pass', ms: 1_300_000 },
      { do: 'edit', cadence: 'timed', to: 'gone' },
      { do: 'pass', ms: 61_000 },
      { do: 'jump', ms: -2_400_000 },
      { do: 'pass', ms: 61_000 },
    );
  });

  it('a run that is stopped by a halt is tried again with its guard, uncharged', async () => {
    const many = ['flaky', 'slow', 'guarded', 'folded'].map((cadence, n) => ({ cadence, id: `kill${String(n).padStart(8, '0')}` }));
    for (const inMs of [100, 350, 450])
      await isWell({ do: 'batch', id: 'batch1111111', ticks: many }, { do: 'pass', ms: inMs }, { do: 'order', id: 'killall11111', payload: { order: 'kill' } });
  });

  it('a slot whose forerunner could not be put aside comes up again', async () => {
    for (const after of [3, 4, 5, 6, 7])
      await isWell({ do: 'halt', is: true }, { do: 'pass', ms: 4_241_163 }, { do: 'refuse', after, errno: 'EIO' }, { do: 'pass', ms: 4_409_855 });
  });

  it('a run that was under way when the clock was set back, and ended before its slot, is found', async () => {
    // Later than the slot, so that somebody still looks when it is over.
    const later = enqueue('steady', 'later1111111', { inMs: 900_000 });
    for (const ms of [-3_412_178, -9_373_293])
      await isWell({ do: 'halt', is: true }, { do: 'pass', ms: 793_382 }, { do: 'halt', is: false }, later, { do: 'jump', ms });
  });

  it('the folder of a guard that the disk did not let go is gone in the end', async () => {
    for (let after = 0; after < 8; after += 1)
      await isWell(enqueue('guarded', 'guarded11111'), { do: 'refuse', after, errno: 'EIO' }, { do: 'pass', ms: 2000 });
  });

  it('the folder of a guard is gone in the end, also where its definition was broken before its run was adopted', async () => {
    for (const downMs of [15, 400])
      await isWell(enqueue('guarded', 'guarded11111'), { do: 'stop', downMs }, { do: 'edit', cadence: 'guarded', to: 'broken' }, { do: 'pass', ms: 280 });
    assert.deepEqual(await play(storyOf(21_059)), undefined);
  });

  it('a child is adopted, though a power cut brought back the tick that had been cancelled before it', async () => {
    assert.deepEqual(await play(storyOf(21_990)), undefined);
  });

  it('a child is adopted, though a power cut brought back the tick that had run well before it', async () => {
    assert.deepEqual(await play(storyOf(500_156)), undefined);
  });

  it('a tick that is due sooner than the one its cadence is parked for is waited for, too', async () => {
    await isWell(
      { do: 'enqueue', cadence: 'slow', id: 'later1111111', how: 'dropped', more: { inMs: 279_486 } },
      { do: 'enqueue', cadence: 'slow', id: 'sooner111111', how: 'synced', more: { inMs: 1_366 } },
      { do: 'pass', ms: 102_056 },
    );
  });

  it('a line that a second owner buried is not met in its batch after a power cut', async () => {
    assert.deepEqual(await play(storyOf(3_004_143)), undefined);
  });

  it('a forced tick of a paused cadence runs, whatever its file is called', async () => {
    for (const how of ['foreign', 'synced', 'dropped'] as const)
      await isWell(
        { do: 'order', id: 'pausehopeles', payload: { order: 'pause', key: 'cadence:hopeless', because: 'a story' } },
        { do: 'enqueue', cadence: 'hopeless', id: 'forced111111', how, more: { force: true } },
        { do: 'pass', ms: 471_273 },
      );
  });

  it('what arrives while an owner is still starting, on a disk that refuses, is seen', async () => {
    assert.deepEqual(await play(storyOf(6457)), undefined);
  });

  it('a line of a batch whose end could not be written down is counted once in the end', async () => {
    assert.deepEqual(await play(storyOf(1605)), undefined);
  });

  it('a cadence whose hold a clock that was set back has shortened waits no longer than that', async () => {
    assert.deepEqual(await play(storyOf(1620)), undefined);
  });

  it('an edit while the disk refuses ends no owner', async () => {
    assert.deepEqual(await play(storyOf(3876)), undefined);
  });

  it('what was held for the disk goes on, also where the disk was well again before anybody looked', async () => {
    assert.deepEqual(await play(storyOf(7767)), undefined);
  });

  it('an owner that is idle tells of a circuit what is true after the clock was set back', async () => {
    assert.deepEqual(await play(storyOf(4_000_497)), undefined);
    const two = [1, 2].map((n) => ({ cadence: 'broken', id: `broken00000${n}` }));
    for (const ms of [-4_855_798, -50_000, 3_600_000])
      await isWell({ do: 'batch', id: 'batch1111111', ticks: two }, { do: 'pass', ms: 322_639 }, { do: 'jump', ms }, { do: 'pass', ms: 152_968 });
  });

  it('with nothing scheduled, what waits for long is looked at soon after a sleep and a jump of the clock', async () => {
    const unscheduled: readonly Step[] = ['timed', 'hourly'].map((cadence) => ({ do: 'edit', cadence, to: 'gone' }));
    const later = enqueue('steady', 'later1111111', { inMs: 90_000_000 });
    await isWell(...unscheduled, later, { do: 'pass', ms: 1000 }, { do: 'sleep', ms: 108_000_000 }, { do: 'pass', ms: 310_000 });
    await isWell(...unscheduled, later, { do: 'pass', ms: 1000 }, { do: 'jump', ms: 100_000_000 }, { do: 'pass', ms: 310_000 });
  });

  it('the folder of a run that ended, and whose child outlived its owner, is gone when the child is', async () => {
    assert.deepEqual(await play(storyOf(4_000_593)), undefined);
  });

  it('nobody waits for an agent whose tick was gone with its definition, or had grown too old', async () => {
    for (const seed of [6_004_172, 6_005_372, 6_007_124]) assert.deepEqual(await play(storyOf(seed)), undefined, `seed ${seed}`);
  });

  it('a line of the same key as a tick that somebody has just removed is run', async () => {
    assert.deepEqual(await play(storyOf(6_009_494)), undefined);
  });

  it('the folder of a guard whose owner was killed goes, and no run of an owner that is still recovering is taken for one that was left', async () => {
    assert.deepEqual(await play(storyOf(6_011_535)), undefined);
    for (const downMs of [10, 1000])
      await isWell(enqueue('guarded', 'guarded11111'), { do: 'pass', ms: 50 }, { do: 'die', after: 0, isCut: false, downMs }, { do: 'pass', ms: 5000 });
  });

  it('an owner that is stopped on a dying disk, while a run goes on, ends in order', async () => {
    assert.deepEqual(await play(storyOf(8_700_163)), undefined);
    for (const id of ['lasting11111', 'lasting22222'])
      await isWell(enqueue('lasting', id), { do: 'disk', kind: 'dying', ms: 110_066 }, { do: 'stop', downMs: 625_996 });
  });

  it('what waits for its account goes on as soon as a session of another cadence has ended well', async () => {
    assert.deepEqual(await play(storyOf(6_700_070)), undefined);
  });

  it('what a timer dropped is no run of its own, also where the owner died when it was about to end it', async () => {
    assert.deepEqual(await play(storyOf(7_101_624)), undefined);
    for (let after = 0; after < 12; after += 1) {
      await isWell(
        { do: 'die', after, isCut: false, downMs: 152_880 },
        { do: 'take over' },
        { do: 'hint', cadence: 'timed' },
        { do: 'own shortly', only: undefined, ms: 469_323 },
        { do: 'die', after: 0, isCut: true, downMs: 81 },
      );
    }
  });

  it('a line that has its own file, whose owner died before that was on disk, survives a power cut', async () => {
    assert.deepEqual(await play(storyOf(7_200_559)), undefined);
  });

  it('the folder of a try that was put off, brought back by a power cut, is not adopted when a later try has ended well', async () => {
    assert.deepEqual(await play(storyOf(7_402_060)), undefined);
  });

  it('of two batches whose owner died over a line of the same key, both come to their end', async () => {
    assert.deepEqual(await play(storyOf(7_600_014)), undefined);
  });

  it('what was recorded before midnight, on a disk that refused to flush it, is flushed by the next owner before it is believed', async () => {
    assert.deepEqual(await play(storyOf(7_504_356)), undefined);
  });

  it('a line whose batch could not be told on disk that it has left is not moved on before that', async () => {
    assert.deepEqual(await play(storyOf(7_701_366)), undefined);
  });
});
