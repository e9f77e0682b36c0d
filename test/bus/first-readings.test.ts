import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Claim, Queue } from '../../lib/ports.ts';
import { testBus } from '../support/bus.ts';
import { hookedFiles } from '../support/hooked-files.ts';

const tick = (payload: unknown, cadence = 'nightly') => ({ cadence, source: 'test', enqueued_at: '2026-11-20T06:00:00.000Z', payload });

async function takeNext(queue: Queue): Promise<Claim | undefined> {
  const head = queue.head('nightly');
  return head === undefined ? undefined : queue.take(head);
}

function countedBus() {
  const files = hookedFiles();
  const bus = testBus({ files });
  const read: string[] = [];
  files.before = (call, path) => {
    if (call === 'read' && path.endsWith('.json')) read.push(path.split('/').at(-2) as string);
  };
  return { bus, read };
}

describe('what was read when a tick was adopted', () => {
  it('is not read again when it is claimed', async () => {
    const { bus, read } = countedBus();
    bus.drop('morning.json', tick(1));
    await bus.queue.refresh();
    assert.equal((await takeNext(bus.queue))?.tick.payload, 1);
    assert.deepEqual(read, ['inbox']);
  });

  it('is read again where the file was written anew, in its place or by a rename', async () => {
    const { bus, read } = countedBus();
    const path = bus.drop('morning.json', tick('old'));
    await bus.queue.refresh();
    writeFileSync(path, `${JSON.stringify(tick('newer'))}\n`);
    assert.equal((await takeNext(bus.queue))?.tick.payload, 'newer');

    const other = bus.drop('evening.json', tick('abc'));
    bus.queue.expect();
    await bus.queue.refresh();
    writeFileSync(`${other}.new`, `${JSON.stringify(tick('xyz'))}\n`);
    renameSync(`${other}.new`, other);
    assert.equal((await takeNext(bus.queue))?.tick.payload, 'xyz');
    assert.deepEqual(read, ['inbox', 'claimed', 'inbox', 'claimed']);
  });

  it('is not remembered where it is large, and a canonical name is read at its claim alone', async () => {
    const { bus, read } = countedBus();
    bus.drop('morning.json', tick('x'.repeat(2_000)));
    await bus.queue.refresh();
    assert.ok(await takeNext(bus.queue));
    bus.drop(bus.canonical('nightly', 'x7k2p9qd4mzt'), tick(2));
    bus.queue.expect();
    await bus.queue.refresh();
    assert.equal((await takeNext(bus.queue))?.tick.payload, 2);
    assert.deepEqual(read, ['inbox', 'claimed', 'claimed']);
  });

  it('is remembered of a megabyte of texts, or of any number that say the same, and every tick is claimed all the same', async () => {
    for (const [text, count] of [
      ['x'.repeat(850), 1_500],
      ['', 1_500],
    ] as const) {
      const { bus, read } = countedBus();
      for (let n = 0; n < count; n += 1) bus.drop(`morning-${n}.json`, text === '' ? { cadence: 'nightly', source: 'sh' } : tick(`${text}${n}`));
      for (let rounds = 0; rounds < 10; rounds += 1) await bus.queue.refresh();
      const seen = new Set<unknown>();
      for (let claim = await takeNext(bus.queue); claim !== undefined; claim = await takeNext(bus.queue)) seen.add(claim.name.id);
      assert.equal(seen.size, count);
      const again = read.filter((folder) => folder === 'claimed').length;
      if (text === '') assert.equal(again, 0);
      else assert.ok(again > 200 && again < 500, String(again));
      bus.drop('late.json', tick('late'));
      bus.queue.expect();
      bus.clock.advance(10_000);
      await bus.queue.refresh();
      assert.equal((await takeNext(bus.queue))?.tick.payload, 'late');
      assert.equal(read.filter((folder) => folder === 'claimed').length, again, 'what the others took is free again');
    }
  });
});
