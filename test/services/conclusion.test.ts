import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recordWithoutRun } from '../../lib/core/record.ts';
import type { Transition } from '../../lib/core/settle.ts';
import { createHistory } from '../../lib/history/history.ts';
import { createJournal } from '../../lib/history/journal.ts';
import { createRunLog } from '../../lib/history/run-log.ts';
import type { Claim, RunLog } from '../../lib/ports.ts';
import { createConclusion } from '../../lib/services/conclusion.ts';
import { createStorageHealth } from '../../lib/services/storage-health.ts';
import { testBus } from '../support/bus.ts';
import { eventually } from '../support/eventually.ts';

const DONE: Transition = { to: 'finished', status: 'succeeded', because: '' };

/** Ends of claims on a real disk; the clock moves when a test says so, and flushes are counted as they begin. */
function yard() {
  const bus = testBus();
  const { files, clock, paths, queue } = bus;
  const onFault = (error: unknown): void => assert.fail(String(error));
  const real = createRunLog({ files, clock, paths, zone: 'UTC' });
  let flushes = 0;
  const runLog: RunLog = {
    ...real,
    flush() {
      flushes += 1;
      return real.flush();
    },
  };
  const journal = createJournal({ files, clock, paths, onFault });
  const conclusion = createConclusion({
    ...{ clock, files, queue, runLog, journal, onFault },
    history: createHistory({ files, paths }),
    book: { onEnd: () => undefined } as never,
    health: createStorageHealth({ journal }),
    keepExit: () => undefined,
    followUps: { plan: (run) => run, act: () => undefined },
  });
  let ids = 0;
  const end = async (mayRest: boolean): Promise<boolean> => {
    ids += 1;
    const name = { dueMs: clock.nowMs(), cadence: 'quick', id: `tick${String(ids).padStart(8, '0')}`, attempts: 0 };
    queue.put(name, { cadence: 'quick', source: 'test', enqueued_at: '2026-11-20T06:00:00.000Z' });
    const claim = (await queue.take({ name })) as Claim;
    return conclusion.end({ claim, transition: DONE, run: recordWithoutRun(claim.name, claim.tick, DONE, clock.nowMs()), runDirs: [], mayRest });
  };
  /** Long enough for a flush to begin. */
  const turns = async (): Promise<void> => {
    for (let n = 0; n < 8; n += 1) await clock.breathe();
  };
  return { bus, clock, conclusion, end, turns, flushes: () => flushes, recorded: () => [...real.since({ day: '', bytes: 0 })].length };
}

describe('the end of a run', () => {
  it('has a flush of its own when none was just made', async () => {
    const { end, flushes, bus } = yard();
    assert.equal(await end(true), true);
    assert.equal(flushes(), 1);
    assert.deepEqual(bus.ls('claimed'), []);
  });

  it('shares one with those that come soon after it, where nobody waits; its record is in the log at once', async () => {
    const { end, turns, flushes, bus, recorded, clock } = yard();
    await end(true);
    const burst = [end(true), end(true)];
    await eventually('both have ended', () => recorded() === 3);
    await turns();
    assert.deepEqual([flushes(), bus.ls('claimed').length], [1, 2]);
    clock.advance(7);
    burst.push(end(true));
    await eventually('a third has ended', () => recorded() === 4);
    await turns();
    assert.equal(flushes(), 1);
    clock.advance(1);
    assert.deepEqual(await Promise.all(burst), [true, true, true]);
    assert.deepEqual([flushes(), bus.ls('claimed')], [2, []]);
  });

  it('takes those that rest along as soon as somebody waits for it', async () => {
    const { end, flushes } = yard();
    await end(true);
    const resting = end(true);
    assert.deepEqual(await Promise.all([end(false), resting]), [true, true]);
    assert.ok(flushes() <= 3, `${flushes()} flushes`);
  });

  it('rests no longer when nothing more is to come, when all is to be settled, or when many have come', async () => {
    const { end, conclusion, bus } = yard();
    await end(true);
    const hastened = end(true);
    await eventually('it has ended', () => conclusion.backlog() === 1);
    conclusion.hasten();
    assert.equal(await hastened, true);
    const last = end(true);
    await eventually('it has ended', () => conclusion.backlog() === 1);
    await conclusion.idle();
    assert.equal(await last, true);
    assert.equal((await Promise.all(Array.from({ length: 65 }, () => end(true)))).length, 65);
    assert.deepEqual(bus.ls('claimed'), []);
  });

  it('rests no longer for a clock that was set back', async () => {
    const { end, clock } = yard();
    await end(true);
    clock.advance(-3_600_000);
    assert.equal(await end(true), true);
  });
});
