import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFiles } from '../../lib/platform/files.ts';
import type { Files } from '../../lib/ports.ts';
import { type TestBus, testBus } from '../support/bus.ts';

const tick = { cadence: 'nightly', source: 'test' };

/** A bus whose inbox has been read, and whose hints are the test's own. */
async function quietBus(): Promise<
  TestBus & {
    see(name?: string): void;
    listings(): number;
    /** The clock moves on by so much while the inbox is listed. */
    dear(ms: number): void;
    pendingNow(): Promise<number>;
    claimAll(): Promise<readonly string[]>;
  }
> {
  let [listings, listingMs] = [0, 0];
  let see: (name?: string) => void = () => undefined;
  const real = createFiles();
  const files: Files = {
    ...real,
    listParts(dir) {
      if (dir.endsWith('/inbox')) {
        listings += 1;
        bus.clock.advance(listingMs);
      }
      return real.listParts(dir);
    },
    watch(_dir, onChange) {
      see = onChange;
      return { close: () => undefined };
    },
  };
  const bus = testBus({ files });
  bus.queue.onArrival(() => undefined);
  const pendingNow = async (): Promise<number> => {
    await bus.queue.refresh();
    return (await bus.queue.plain('nightly', false)).length;
  };
  async function claimAll(): Promise<readonly string[]> {
    const ids: string[] = [];
    for (;;) {
      await bus.queue.refresh();
      const head = bus.queue.head('nightly');
      const claim = head && (await bus.queue.take(head));
      if (claim === undefined) return ids;
      ids.push(claim.name.id);
    }
  }
  assert.equal(await pendingNow(), 0);
  bus.clock.advance(60_000);
  listings = 0;
  const dear = (ms: number): void => {
    listingMs = ms;
  };
  return { ...bus, see: (name) => see(name), listings: () => listings, dear, pendingNow, claimAll };
}

describe('a hint that names its file', () => {
  it('has it taken before the folder is listed, and the folder is listed after it all the same', async () => {
    const bus = await quietBus();
    bus.drop('named.json', tick);
    bus.drop('unseen.json', tick);
    bus.see('named.json');
    assert.equal(await bus.pendingNow(), 1);
    assert.equal(bus.listings(), 0, 'it waits for no listing');
    assert.equal(await bus.pendingNow(), 2, 'what no hint has told of');
    assert.equal(bus.listings(), 1);
  });

  it('says when to come back for the listing', async () => {
    const bus = await quietBus();
    bus.drop('named.json', tick);
    bus.see('named.json');
    assert.equal(await bus.queue.refresh(), bus.clock.nowMs());
    assert.equal(await bus.queue.refresh(), undefined);
  });

  it('puts the listing off once, however many follow it', async () => {
    const bus = await quietBus();
    bus.drop('unseen.json', tick);
    for (const [n, name] of ['a', 'b', 'c'].entries()) {
      bus.drop(`${name}.json`, tick);
      bus.see(`${name}.json`);
      assert.equal(await bus.pendingNow(), [1, 3, 4][n]);
    }
    assert.equal(bus.listings(), 1);
  });

  it('is one of few: of a swarm the listing tells', async () => {
    const bus = await quietBus();
    for (let n = 0; n < 50; n += 1) {
      bus.drop(`swarm-${n}.json`, tick);
      bus.see(`swarm-${n}.json`);
    }
    const first = await bus.pendingNow();
    assert.ok(first > 0 && first < 50, `${first} before the listing`);
    assert.equal((await bus.claimAll()).length, 50);
  });

  it('takes nothing twice that a listing has noted and nobody has opened', async () => {
    const bus = await quietBus();
    for (let n = 0; n < 200; n += 1) bus.drop(`foreign-${n}.json`, { ...tick, payload: n });
    bus.see();
    await bus.queue.refresh();
    for (let n = 0; n < 200; n += 1) bus.see(`foreign-${n}.json`);
    assert.equal((await bus.claimAll()).length, 200);
    assert.deepEqual(bus.ls('inbox'), []);
  });

  it('lists at once for what is gone, is nothing to run, or is still being written', async () => {
    const bus = await quietBus();
    bus.drop('growing.json', '{"cadence":');
    bus.drop('unseen.json', tick);
    bus.see('growing.json');
    assert.equal(await bus.pendingNow(), 1, 'what no hint has told of');
    bus.drop('growing.json', tick);
    bus.clock.advance(60_000);
    bus.see('growing.json');
    assert.equal(await bus.pendingNow(), 2);
  });

  it('waits for no rest, beside held ticks, where the clock has made one step during the listing', async () => {
    const bus = await quietBus();
    bus.drop(bus.canonical('held', 'x7k2p9qd4mzt'), { cadence: 'held', source: 'test' });
    bus.see();
    assert.equal(await bus.pendingNow(), 0);
    for (const stepMs of [1, 2]) {
      bus.dear(stepMs);
      bus.drop(`growing-${stepMs}.json`, '{"cadence":');
      bus.see(`growing-${stepMs}.json`);
      assert.equal(await bus.pendingNow(), stepMs - 1, 'it is not whole');
      bus.drop(`growing-${stepMs}.json`, tick);
      bus.see(`growing-${stepMs}.json`);
      assert.equal(await bus.pendingNow(), 1, stepMs === 1 ? 'at once' : 'a listing of two steps has to rest');
    }
  });

  it('of a name that a file had while it was written tells nobody of a stranger, and one that stays there is told', async () => {
    const bus = await quietBus();
    bus.drop('whole.json', tick);
    bus.drop('notes.txt', tick);
    for (const name of ['whole.json', 'whole.json.2033266587', 'notes.txt']) bus.see(name);
    assert.equal(await bus.pendingNow(), 1);
    await bus.pendingNow();
    assert.deepEqual(
      bus.news.filter((words) => words.startsWith('left')),
      ['left /state/cadence-bus/inbox/notes.txt: its name ends neither in .json nor in .ndjson'],
    );
  });
});
