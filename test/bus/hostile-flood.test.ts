import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { testBus } from '../support/bus.ts';
import { inFastFolder } from '../support/fast-folder.ts';
import { hookedFiles } from '../support/hooked-files.ts';
import { canonicalName, deadName, hostileYard, ID, tickText } from '../support/hostile-cases.ts';
import { takeAll, takeBeside } from '../support/hostile-check.ts';

const COUNT = 100_000;
/** Ten kinds of garbage, some of it under the names of ticks. */
const GARBAGE: readonly ((inbox: string, id: string, n: number) => void)[] = [
  (inbox, id) => writeFileSync(`${inbox}/${id}.json`, ''),
  (inbox, id) => writeFileSync(`${inbox}/${id}.json`, 'not a tick\n'),
  (inbox, id) => writeFileSync(`${inbox}/${id}.json`, '{"cadence":"../../x"}\n'),
  (inbox, id) => writeFileSync(`${inbox}/${canonicalName('nightly', id)}`, 'garbage\n'),
  (inbox, id) => symlinkSync('/etc/hostname', `${inbox}/${id}.json`),
  (inbox, id) => mkdirSync(`${inbox}/${id}.json`),
  (inbox, id) => writeFileSync(`${inbox}/${id}.txt`, 'left'),
  (inbox, id) => writeFileSync(`${inbox}/${id}.json`, Buffer.from([0xff, 0xfe, 0x00])),
  (inbox, id) => writeFileSync(`${inbox}/${deadName('exhausted').replace(ID, id)}`, '{"cadence":"nightly"'),
  (inbox, id, n) => writeFileSync(`${inbox}/${id}.json`, `{"cadence":"nightly","depth":-${n}}\n`),
];

const rssMb = (): number => Math.round(process.memoryUsage().rss / 1024 / 1024);

describe('a flood of garbage', () => {
  it(`of ${COUNT} files keeps a good tick from nothing, and ends in the dlq or is left`, { timeout: 220_000 }, async (t) => {
    const yard = inFastFolder(() => hostileYard());
    const { bus, inbox } = yard;
    const memory: number[] = [rssMb()];
    for (let n = 0; n < COUNT; n += 1) {
      GARBAGE[n % GARBAGE.length]?.(inbox, `junk${String(n).padStart(8, '0')}`, n);
      if (n === COUNT / 2) writeFileSync(`${inbox}/good.json`, tickText({ cadence: 'foreign' }));
    }
    await turn();
    memory.push(rssMb());
    await takeBeside(yard);
    memory.push(rssMb());
    let foreign = 0;
    for (let round = 0; ; round += 1) {
      assert.ok(round < 50_000, 'it never comes to rest');
      const againMs = await bus.queue.refresh();
      const { claims, tried } = await takeAll(bus.queue);
      foreign += claims.filter(({ name }) => name.cadence === 'foreign').length;
      assert.equal(claims.filter(({ name }) => name.cadence !== 'foreign').length, 0);
      if (tried > 0) continue;
      if (againMs === undefined) break;
      bus.clock.set(Math.max(againMs, bus.clock.nowMs()));
    }
    memory.push(rssMb());
    assert.equal(foreign, 1);
    assert.equal(readdirSync(inbox).length, COUNT / 10);
    assert.equal(readdirSync(bus.paths.dlq).length, (COUNT / 10) * 9);
    assert.deepEqual([bus.ls('waiting'), bus.ls('tmp'), bus.ls('claimed').length], [[], [], 1]);
    t.diagnostic(`RSS in MB before, with the files, after the good tick, at rest: ${memory.join(', ')}`);
    assert.ok((memory.at(-1) as number) - (memory[1] as number) < 400, `memory grew: ${memory}`);
  });

  it('does not keep the inbox from being read again for long, however long it took to judge', async () => {
    const files = hookedFiles();
    const yard = hostileYard(testBus({ files }));
    const { bus, inbox } = yard;
    let hint = (): void => undefined;
    files.watch = (_dir, onChange) => {
      hint = onChange;
      return { close: () => undefined };
    };
    bus.queue.onArrival(() => undefined);
    writeFileSync(`${inbox}/${canonicalName('held')}`, tickText({ cadence: 'held' }));
    for (let n = 0; n < 3_000; n += 1) writeFileSync(`${inbox}/junk${n}.json`, '{}\n');
    files.before = (call) => {
      if (call === 'read' || call === 'rename') bus.clock.advance(10);
    };
    await bus.queue.refresh();
    files.before = () => undefined;
    bus.drop(bus.canonical('late', 'late00000000'), tickText({ cadence: 'late' }));
    hint();
    bus.clock.advance(5_000);
    await bus.queue.refresh();
    assert.equal(bus.queue.head('late')?.name.id, 'late00000000');
  });

  it('is not listed again for each tick that is taken out of it, and is soon after', async () => {
    const files = hookedFiles();
    const bus = testBus({ files });
    let hint = (): void => undefined;
    files.watch = (_dir, onChange) => {
      hint = onChange;
      return { close: () => undefined };
    };
    bus.queue.onArrival(() => undefined);
    for (let n = 0; n < 200; n += 1) bus.drop(bus.canonical('duty', `duty${String(n).padStart(8, '0')}`), tickText({ cadence: 'duty' }));
    await bus.queue.refresh();
    let listings = 0;
    files.before = (call) => {
      if (call === 'listParts') listings += 1;
    };
    for (let n = 0; n < 10; n += 1) {
      const head = bus.queue.head('duty');
      if (head !== undefined) await bus.queue.take(head);
      hint();
      await bus.queue.refresh();
    }
    assert.equal(listings, 0);
    bus.drop(bus.canonical('late', 'late00000000'), tickText({ cadence: 'late' }));
    hint();
    const againMs = await bus.queue.refresh();
    assert.ok(againMs !== undefined && againMs <= bus.clock.nowMs() + 20, `again in ${(againMs ?? 0) - bus.clock.nowMs()} ms`);
    bus.clock.set(againMs);
    await bus.queue.refresh();
    assert.deepEqual([listings, bus.queue.head('late')?.name.id], [1, 'late00000000']);
  });

  it('is listed again without delay where what it showed has left it, and rests where it is still there', async () => {
    const names = (cadence: string, isForeign: boolean, n: number): string => (isForeign ? `${cadence}-${n}.json` : canonicalOf(cadence, n));
    const canonicalOf = (cadence: string, n: number): string => `20261120T050000000Z.${cadence}.${cadence}${String(n).padStart(8, '0')}.0.json`;
    for (const isForeign of [false, true]) {
      for (const isMoved of [false, true]) {
        const bus = testBus();
        await bus.queue.refresh();
        bus.clock.advance(10_000);
        for (let n = 0; n < 800; n += 1) bus.drop(names('duty', isForeign, n), tickText({ cadence: 'duty' }));
        bus.queue.expect();
        for (let rounds = 0; rounds < 8; rounds += 1) await bus.queue.refresh();
        assert.equal((await bus.queue.plain('duty', false)).length, 800);
        if (isMoved) await bus.queue.park('duty');
        bus.drop(canonicalOf('late', 1), tickText({ cadence: 'late' }));
        bus.queue.expect();
        const againMs = await bus.queue.refresh();
        assert.equal(bus.queue.head('late') !== undefined, isMoved, `${isForeign} ${isMoved}`);
        if (isMoved) continue;
        bus.clock.set(againMs ?? 0);
        await bus.queue.refresh();
        assert.ok(bus.queue.head('late'), 'it is seen after the rest');
      }
    }
  });

  it('opens only some of a long backlog before the first of it can run', async () => {
    const files = hookedFiles();
    const bus = testBus({ files });
    for (let n = 0; n < 2_000; n += 1) bus.drop(`backlog-${n}.json`, tickText({ cadence: 'nightly' }));
    let opened = 0;
    files.before = (call) => {
      if (call === 'read') opened += 1;
    };
    await bus.queue.refresh();
    assert.ok(bus.queue.head('nightly') !== undefined);
    assert.ok(opened < 500, `${opened} were opened`);
    for (let round = 0; (await bus.queue.refresh()) !== undefined; round += 1) assert.ok(round < 10, 'the rounds do not grow');
    assert.equal(opened, 2_000);
  });
});
