import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { faultOf } from '../../lib/platform/fault.ts';
import type { Files } from '../../lib/ports.ts';
import { type TestBus, testBus } from '../support/bus.ts';
import { hookedFiles } from '../support/hooked-files.ts';

const tick = (cadence = 'burst') => ({ cadence, source: 'test', enqueued_at: '2026-11-20T06:00:00.000Z' });

/** An inbox whose size does not go back, as on ext4. */
function bloatedBus(files: Files, sizeBytes = 200_000): TestBus {
  return testBus({
    files: {
      ...files,
      info(path) {
        const info = files.info(path);
        return info !== undefined && path.endsWith('/inbox') ? { ...info, sizeBytes } : info;
      },
    },
  });
}

async function burst(bus: TestBus, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) bus.drop(bus.canonical('burst', `burst${String(n).padStart(7, '0')}`), tick());
  bus.queue.expect();
  await bus.queue.refresh();
  await bus.queue.park('burst');
  assert.deepEqual(bus.ls('inbox'), []);
  bus.clock.advance(10_000);
  bus.queue.expect();
}

const inodeOf = (bus: TestBus): number => statSync(bus.paths.inbox).ino;

describe('an inbox that was full once and is empty now', () => {
  it('gets an empty folder in its place after a burst, and what is dropped there is taken', async () => {
    const bus = bloatedBus(hookedFiles());
    const before = inodeOf(bus);
    await burst(bus, 1_000);
    await bus.queue.refresh();
    assert.notEqual(inodeOf(bus), before);
    bus.drop('late.json', tick('late'));
    bus.queue.expect();
    bus.clock.advance(10_000);
    await bus.queue.refresh();
    assert.equal(bus.queue.head('late')?.name.cadence, 'late');
    const after = inodeOf(bus);
    bus.queue.expect();
    bus.clock.advance(10_000);
    await bus.queue.refresh();
    assert.equal(inodeOf(bus), after);
  });

  it('stays as it is where there never were many, and where it is not large', async () => {
    const few = bloatedBus(hookedFiles());
    const before = inodeOf(few);
    await burst(few, 900);
    await few.queue.refresh();
    assert.equal(inodeOf(few), before);
    const small = bloatedBus(hookedFiles(), 100_000);
    const smallBefore = inodeOf(small);
    await burst(small, 1_000);
    await small.queue.refresh();
    assert.equal(inodeOf(small), smallBefore);
  });

  it('is not replaced over a tick that comes in the last instant, nor where the system forbids it, and the queue goes on', async () => {
    for (const errno of ['ENOTEMPTY', 'EBUSY'] as const) {
      const files = hookedFiles();
      const bus = bloatedBus(files);
      await burst(bus, 1_000);
      files.before = (call, path) => {
        if (call !== 'rename' || !path.endsWith('/tmp/inbox')) return;
        if (errno === 'EBUSY') throw faultOf(Object.assign(new Error('busy'), { code: errno, syscall: 'rename' }), 'move', path);
        writeFileSync(`${bus.paths.inbox}/late.json`, `${JSON.stringify(tick('late'))}\n`);
      };
      await bus.queue.refresh();
      files.before = () => undefined;
      if (errno === 'EBUSY') bus.drop('late.json', tick('late'));
      bus.queue.expect();
      bus.clock.advance(10_000);
      await bus.queue.refresh();
      assert.equal(bus.queue.head('late')?.name.cadence, 'late', errno);
      assert.equal(
        bus.news.some((line) => line.startsWith('left')),
        errno === 'EBUSY',
      );
    }
  });
});
