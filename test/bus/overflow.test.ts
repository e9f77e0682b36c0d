import assert from 'node:assert/strict';
import { utimesSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseTickName } from '../../lib/core/tick.ts';
import { faultOf } from '../../lib/platform/fault.ts';
import type { Claim } from '../../lib/ports.ts';
import { type TestBus, testBus } from '../support/bus.ts';
import { hookedFiles } from '../support/hooked-files.ts';

const tick = (cadence: string, more = {}) => ({ cadence, source: 'test', enqueued_at: '2026-11-20T06:00:00.000Z', ...more });

/** Foreign files, the one that comes last in the alphabet the oldest. */
function dropMany(bus: TestBus, count: number, cadence = 'pile'): void {
  for (let n = 0; n < count; n += 1) {
    const path = bus.drop(`${cadence}-${String(n).padStart(5, '0')}.json`, tick(cadence, { payload: n }));
    const bornS = (bus.clock.nowMs() - 1_000_000 - n * 10) / 1000;
    utimesSync(path, bornS, bornS);
  }
}

/** Until nothing more is to be done at once. */
async function settle(bus: TestBus): Promise<number> {
  for (let rounds = 1; ; rounds += 1) {
    const againMs = await bus.queue.refresh();
    if (againMs === undefined) return rounds;
    assert.ok(rounds < 1_000, 'it never comes to rest');
    bus.clock.set(Math.max(againMs, bus.clock.nowMs()));
  }
}

async function takeAll(bus: TestBus, cadence: string): Promise<readonly Claim[]> {
  const claims: Claim[] = [];
  for (let misses = 0; misses < 3; ) {
    await bus.queue.refresh();
    const head = bus.queue.head(cadence);
    const claim = head === undefined ? undefined : await bus.queue.take(head);
    if (claim === undefined) misses += 1;
    else claims.push(claim);
  }
  return claims;
}

describe('foreign files that memory has no room for', () => {
  it('wait under names that say what they are, are opened once before their claim, and run in the order of their time', async () => {
    const files = hookedFiles();
    const bus = testBus({ files, budget: 300, page: 100 });
    const opened: string[] = [];
    const lookedAt: string[] = [];
    files.before = (call, path) => {
      if (call === 'read' && path.includes('/inbox/')) opened.push(path);
      if (call === 'info' && path.includes('/waiting/')) lookedAt.push(path);
    };
    dropMany(bus, 1_000);
    bus.drop('late.json', tick('late'));
    await settle(bus);
    assert.deepEqual(lookedAt, [], 'nobody else bears an id that was made for one of them');
    assert.equal(opened.length, 1_001);
    assert.equal(new Set(opened).size, 1_001);
    const [inbox, waiting] = [bus.ls('inbox'), bus.ls('waiting')];
    assert.equal(inbox.length + waiting.length, 1_001);
    assert.ok(waiting.length >= 700, String(waiting.length));
    assert.ok(waiting.every((file) => parseTickName(file)?.cadence === 'pile'));
    assert.equal(bus.queue.head('late')?.name.cadence, 'late');
    const order = (await takeAll(bus, 'pile')).map(({ tick: { payload } }) => payload);
    assert.deepEqual(
      order,
      Array.from({ length: 1_000 }, (_, n) => 999 - n),
    );
    assert.deepEqual(bus.ls('waiting'), []);
  });

  it('replace no other tick: one with the same id gets another, and a second one for a key is one too many', async () => {
    for (const isKeyed of [false, true]) {
      const bus = testBus({ budget: 300, page: 100 });
      const twin = { ...(isKeyed ? { key: 'invoice-7' } : { id: 'x7k2p9qd4mzt' }), due_at: new Date(bus.clock.nowMs() - 1_000).toISOString() };
      dropMany(bus, 600);
      await settle(bus);
      for (const name of ['one', 'two']) bus.drop(`${name}.json`, tick('pile', { payload: name, ...twin }));
      bus.queue.expect();
      bus.clock.advance(10_000);
      await settle(bus);
      const payloads = (await takeAll(bus, 'pile')).map(({ tick: { payload } }) => payload).filter((payload) => typeof payload === 'string');
      if (isKeyed) assert.equal(payloads.length, 1);
      else assert.deepEqual(payloads.toSorted(), ['one', 'two']);
      assert.equal(bus.news.filter((line) => line.startsWith('coalesced')).length, Number(isKeyed));
    }
  });

  it('stay where they are where the system forbids to move them, and keep nobody from being served', async () => {
    const files = hookedFiles();
    const bus = testBus({ files, budget: 300, page: 100 });
    files.before = (call, path) => {
      if (call === 'rename' && path.includes('/inbox/pile')) throw faultOf(Object.assign(new Error('no'), { code: 'EPERM', syscall: 'rename' }), 'move', path);
    };
    dropMany(bus, 600);
    bus.drop('zz-late.json', tick('late'));
    await settle(bus);
    assert.equal(bus.ls('inbox').length, 601);
    assert.equal(bus.queue.head('late')?.name.cadence, 'late');
  });
});

describe('a folder with more foreign files than a page', () => {
  it('is read page by page until all were opened, and canonical ticks are taken from it all the while', async () => {
    const bus = testBus({ page: 50 });
    dropMany(bus, 400);
    await bus.queue.refresh();
    bus.drop(bus.canonical('nightly', 'x7k2p9qd4mzt'), tick('nightly'));
    bus.queue.expect();
    bus.clock.advance(10_000);
    await bus.queue.refresh();
    assert.equal(bus.queue.head('nightly')?.name.id, 'x7k2p9qd4mzt');
    await settle(bus);
    assert.equal((await takeAll(bus, 'pile')).length, 400);
  });

  it('comes to rest where a page of it cannot be opened or is still being written, and serves what lies behind', async () => {
    const files = hookedFiles();
    const bus = testBus({ files, page: 50 });
    const locked = (path: string): boolean => path.includes('/inbox/locked');
    files.before = (call, path) => {
      if (call === 'read' && locked(path)) throw faultOf(Object.assign(new Error('busy'), { code: 'EBUSY', syscall: 'open' }), 'read', path);
    };
    for (let n = 0; n < 120; n += 1) bus.drop(`locked-${n}.json`, tick('locked'));
    for (let n = 0; n < 120; n += 1) bus.drop(`.hidden-${n}.json`, tick('hidden'));
    for (let n = 0; n < 120; n += 1) bus.drop(`half-${n}.json`, '{"cadence":"half","sou');
    dropMany(bus, 60);
    for (let rounds = 0; rounds < 20; rounds += 1) await bus.queue.refresh();
    assert.equal((await takeAll(bus, 'pile')).length, 60);
    assert.equal(bus.news.filter((line) => line.startsWith('left')).length, 120);
    await settle(bus);
    assert.equal(bus.ls('dlq').length, 120);
    assert.equal(bus.ls('inbox').length, 240);
    files.before = () => undefined;
    bus.queue.expect();
    bus.clock.advance(10_000);
    await settle(bus);
    assert.equal((await takeAll(bus, 'locked')).length, 120);
  });
});
