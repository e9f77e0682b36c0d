import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLifeWatch } from '../../lib/platform/life-watch.ts';
import type { ProcessEntry } from '../../lib/platform/process-table.ts';
import { testClock } from '../support/bus.ts';

const entry = (pid: number, more: Partial<ProcessEntry> = {}): ProcessEntry => ({ pid, parent: 1, group: pid, startedAt: `t${pid}`, state: 'alive', ...more });
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function bench(table: (pids: readonly number[]) => readonly ProcessEntry[]) {
  const clock = testClock();
  const [asked, told]: [(readonly number[])[], string[]] = [[], []];
  const among = async (pids: Iterable<number>): Promise<readonly ProcessEntry[]> => {
    asked.push([...pids]);
    return table([...pids]);
  };
  const lives = createLifeWatch({ clock, table: { among } });
  const next = (pid: number) =>
    lives.atNextRound(
      entry(pid),
      (isAlive) => told.push(`${pid} ${isAlive ? 'lives' : 'is dead'}`),
      (error) => told.push(`${pid} ${String(error)}`),
    );
  const round = async (): Promise<void> => {
    clock.advance(10_000);
    await settled();
  };
  return { asked, told, next, round };
}

describe('the watch over the lives of others', () => {
  it('asks the system once a round for all of them, and never while nobody wants to know', async () => {
    const { asked, told, next, round } = bench((pids) => pids.map((pid) => entry(pid)));
    await round();
    for (let pid = 10; pid < 110; pid += 1) next(pid);
    await round();
    assert.equal(asked.length, 1);
    assert.equal(asked[0]?.length, 100);
    assert.equal(told.length, 100);
    assert.ok(told.every((words) => words.endsWith(' lives')));
    await round();
    assert.equal(asked.length, 1);
  });

  it('takes for dead who is gone, who is a zombie, and whose pid somebody else bears', async () => {
    const { told, next, round } = bench(() => [entry(11, { state: 'zombie' }), entry(12, { startedAt: 'later' }), entry(13, { state: 'stopped' })]);
    for (const pid of [10, 11, 12, 13]) next(pid);
    await round();
    assert.deepEqual(told, ['10 is dead', '11 is dead', '12 is dead', '13 lives']);
  });

  it('tells nobody who has closed, also when that happens while the system is asked', async () => {
    const { asked, told, next, round } = bench((pids) => {
      other.close();
      return pids.map((pid) => entry(pid));
    });
    next(10).close();
    await round();
    assert.equal(asked.length, 0);
    const other = next(11);
    next(12);
    await round();
    assert.deepEqual([asked, told], [[[11, 12]], ['12 lives']]);
  });

  it('gives a fault of the system to each of them, and goes on with the next round', async () => {
    let isWell = false;
    const { told, next, round } = bench((pids) => {
      if (!isWell) throw new Error('no table');
      return pids.map((pid) => entry(pid));
    });
    next(10);
    next(11);
    await round();
    isWell = true;
    next(12);
    await round();
    assert.deepEqual(told, ['10 Error: no table', '11 Error: no table', '12 lives']);
  });
});
