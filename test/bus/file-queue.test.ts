import assert from 'node:assert/strict';
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { recordWithoutRun } from '../../lib/core/record.ts';
import type { Transition } from '../../lib/core/settle.ts';
import { formatTickName } from '../../lib/core/tick.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { Claim, Queue } from '../../lib/ports.ts';
import { testBus } from '../support/bus.ts';

const ID = 'x7k2p9qd4mzt';
const tick = (cadence = 'nightly', more = {}) => ({ cadence, source: 'test', enqueued_at: '2026-11-20T06:00:00.000Z', ...more });

async function takeNext(queue: Queue, cadence = 'nightly'): Promise<Claim | undefined> {
  await queue.refresh();
  const head = queue.head(cadence);
  return head === undefined ? undefined : queue.take(head);
}

const waiting = (claim: Claim, dueMs: number): Transition => ({ to: 'waiting', status: 'failed', because: 'exit 1', name: { ...claim.name, dueMs } });
const dead = (claim: Claim): Transition => ({ to: 'dlq', status: 'dead', because: 'exit 1: boom', name: { ...claim.name, reason: 'exhausted' } });

describe('the queue on files', () => {
  it('M2 claims with one rename that charges the attempt', async () => {
    const bus = testBus();
    bus.drop(bus.canonical('nightly', ID), tick());
    const claim = await takeNext(bus.queue);
    assert.deepEqual(bus.ls('inbox'), []);
    assert.deepEqual(bus.ls('claimed'), [bus.canonical('nightly', ID, 1)]);
    assert.equal(claim?.tick.cadence, 'nightly');
  });

  it('moves a failed attempt to waiting with its new due time, and to dlq with its reason and report', async () => {
    const bus = testBus();
    bus.drop(bus.canonical('nightly', ID), tick('nightly', { payload: { keep: 'me' } }));
    const first = (await takeNext(bus.queue)) as Claim;
    assert.equal(await bus.queue.settle(first, waiting(first, bus.clock.nowMs() + 30_000), []), true);
    assert.deepEqual(bus.ls('waiting'), [bus.canonical('nightly', ID, 1, bus.clock.nowMs() + 30_000)]);
    bus.clock.advance(30_000);
    const second = (await takeNext(bus.queue)) as Claim;
    assert.equal(second.name.attempts, 2);
    const run = { ...recordWithoutRun(second.name, second.tick, dead(second), 0), reason: 'exit 1: boom', stderr_tail: 'one\ntwo\nboom' };
    assert.equal(await bus.queue.settle(second, dead(second), [run]), true);
    const [file] = bus.ls('dlq');
    assert.match(file ?? '', /^\d{8}T\d{9}Z\.nightly\.x7k2p9qd4mzt\.2\.exhausted\.json$/);
    const told = JSON.parse(readFileSync(`${bus.paths.dlq}/${file}`, 'utf8'));
    assert.equal(told.dead.because, 'exit 1: boom');
    assert.deepEqual(told.dead.runs[0].last_lines, ['one', 'two', 'boom']);
    assert.deepEqual(told.payload, { keep: 'me' });
    assert.match(told.dead.revive, /^mv '.*\.exhausted\.json' '.*\/inbox\/'$/);
  });

  it('answers false to a stale owner, whose rename finds another name', async () => {
    const bus = testBus();
    bus.drop(bus.canonical('nightly', ID), tick());
    const stale = (await takeNext(bus.queue)) as Claim;
    const fresh = bus.again();
    const [mine] = await fresh.orphans();
    assert.ok(mine);
    assert.equal(await fresh.settle(mine, waiting(mine, bus.clock.nowMs()), []), true);
    const again = (await takeNext(fresh)) as Claim;
    assert.equal(again.name.attempts, 2);
    assert.equal(await bus.queue.settle(stale, { to: 'finished', status: 'succeeded', because: '' }, []), false);
    assert.equal(bus.ls('claimed').length, 1);
  });

  it('lets one of two claimants have a tick', async () => {
    const bus = testBus();
    bus.drop(bus.canonical('nightly', ID), tick());
    const [one, two] = [bus.queue, bus.again()];
    await one.refresh();
    await two.refresh();
    const claims = await Promise.all([one, two].map((queue) => queue.take({ name: queue.head('nightly')?.name as Claim['name'] })));
    assert.equal(claims.filter((claim) => claim !== undefined).length, 1);
  });

  it('keeps retries before fresh ticks and older before younger', async () => {
    const bus = testBus();
    const nowMs = bus.clock.nowMs();
    bus.drop(bus.canonical('nightly', 'young0000000', 0, nowMs - 10), tick());
    bus.drop(bus.canonical('nightly', 'old000000000', 0, nowMs - 1000), tick());
    bus.drop(bus.canonical('nightly', 'retry0000000', 1, nowMs - 1), tick());
    const order: string[] = [];
    for (let claim = await takeNext(bus.queue); claim !== undefined; claim = await takeNext(bus.queue)) order.push(claim.name.id);
    assert.deepEqual(order, ['retry0000000', 'old000000000', 'young0000000']);
  });

  it('parks a held cadence with one rename a tick, once, and never again', async () => {
    const bus = testBus();
    for (let n = 0; n < 20; n += 1) bus.drop(bus.canonical('nightly', `tick${String(n).padStart(8, '0')}`), tick());
    await bus.queue.refresh();
    await bus.queue.park('nightly');
    assert.equal(bus.ls('waiting').length, 20);
    await bus.queue.park('nightly');
    await bus.queue.refresh();
    assert.equal((await bus.queue.plain('nightly', false)).length, 20);
  });

  it('M1 takes a dead tick that was moved back by hand, keeps its id, and does not count what it had spent', async () => {
    const bus = testBus();
    bus.drop(bus.canonical('nightly', ID), tick());
    const claim = (await takeNext(bus.queue)) as Claim;
    await bus.queue.settle(claim, { ...dead(claim), name: { ...claim.name, attempts: 2, reason: 'exhausted' } } as Transition, []);
    const [file] = bus.ls('dlq');
    renameSync(`${bus.paths.dlq}/${file}`, `${bus.paths.inbox}/${file}`);
    const revived = (await takeNext(bus.again())) as Claim;
    assert.equal(revived.name.id, ID);
    assert.equal(revived.name.attempts, 3);
    assert.equal(revived.tick.dead?.attempts, 2);
  });

  it('revives a dead tick whose report was never written', async () => {
    const bus = testBus();
    bus.drop(bus.canonical('nightly', ID, 2).replace('.json', '.exhausted.json'), tick());
    const revived = (await takeNext(bus.queue)) as Claim;
    assert.equal(revived.tick.dead?.attempts, 2);
  });

  it('takes a copy of a tick that is still dead as another tick', async () => {
    const bus = testBus();
    bus.drop(bus.canonical('nightly', ID), tick());
    const claim = (await takeNext(bus.queue)) as Claim;
    await bus.queue.settle(claim, dead(claim), []);
    const [file] = bus.ls('dlq');
    cpSync(`${bus.paths.dlq}/${file}`, `${bus.paths.inbox}/${file}`);
    const copy = (await takeNext(bus.again())) as Claim;
    assert.notEqual(copy.name.id, ID);
    assert.equal(copy.name.attempts, 1);
  });

  it('folds a second tick with the same key into the one that is pending', async () => {
    const bus = testBus();
    bus.drop('a.json', tick('nightly', { key: 'invoice-7' }));
    bus.drop('b.json', tick('nightly', { key: 'invoice-7' }));
    bus.drop('c.json', tick('nightly', { key: 'invoice-8' }));
    await bus.queue.refresh();
    assert.equal(bus.news.filter((line) => line.startsWith('coalesced')).length, 1);
    assert.equal(bus.ls('inbox').length, 2);
  });

  it('gives a hand-made copy of a pending tick an id of its own', async () => {
    const bus = testBus();
    const file = bus.canonical('nightly', ID);
    bus.drop(file, tick());
    await bus.queue.refresh();
    bus.drop(bus.canonical('nightly', ID, 0, bus.clock.nowMs()), tick());
    bus.clock.advance(1);
    const queue = bus.again();
    const ids = [await takeNext(queue), await takeNext(queue)].map((claim) => claim?.name.id);
    assert.equal(new Set(ids).size, 2);
    assert.ok(ids.includes(ID));
  });

  it('drops from memory a tick that somebody removed', async () => {
    const bus = testBus();
    const path = bus.drop(bus.canonical('nightly', ID), tick());
    await bus.queue.refresh();
    rmSync(path);
    assert.equal(await takeNext(bus.queue), undefined);
    assert.equal(bus.queue.head('nightly'), undefined);
  });

  it('makes what waits for another try due now', async () => {
    const bus = testBus();
    bus.drop(bus.canonical('nightly', ID), tick());
    const claim = (await takeNext(bus.queue)) as Claim;
    await bus.queue.settle(claim, waiting(claim, bus.clock.nowMs() + 3_600_000), []);
    await bus.queue.hasten('nightly');
    assert.equal(bus.queue.head('nightly')?.name.dueMs, bus.clock.nowMs());
    assert.deepEqual(bus.ls('waiting'), [bus.canonical('nightly', ID, 1, bus.clock.nowMs())]);
  });

  it('of a backlog beyond its memory takes every tick in the end, and hides no other cadence behind it', async () => {
    const bus = testBus({ budget: 600 });
    for (let n = 0; n < 2000; n += 1) bus.drop(bus.canonical('pile', `pile${String(n).padStart(8, '0')}`, 0, bus.clock.nowMs() - 5000 + n), tick('pile'));
    bus.drop(bus.canonical('late', ID), tick('late'));
    await bus.queue.refresh();
    assert.equal(bus.queue.head('late')?.name.id, ID);
    const seen: string[] = [];
    for (let claim = await takeNext(bus.queue, 'pile'); claim !== undefined; claim = await takeNext(bus.queue, 'pile')) seen.push(claim.name.id);
    assert.equal(new Set(seen).size, 2000);
    assert.deepEqual(seen, [...seen].sort());
    assert.equal(bus.queue.head('late')?.name.id, ID);
  });

  it('remembers which cadences it cut until the folders are read again, whatever is cut meanwhile', async () => {
    const bus = testBus({ budget: 600 });
    const write = (folder: 'inbox' | 'waiting', cadence: string, count: number): void => {
      for (let n = 0; n < count; n += 1) {
        const file = bus.canonical(cadence, `${cadence}${String(n).padStart(8, '0')}`, 0, bus.clock.nowMs() - 90_000 + n);
        writeFileSync(`${bus.paths[folder]}/${file}`, `${JSON.stringify(tick(cadence))}\n`);
      }
    };
    write('waiting', 'fair', 700);
    await bus.queue.refresh();
    let taken = 0;
    const takeOne = async (): Promise<boolean> => {
      const head = bus.queue.head('fair');
      const claim = head === undefined ? undefined : await bus.queue.take(head);
      if (claim !== undefined) taken += 1;
      return claim !== undefined;
    };
    while (taken < 500) assert.ok(await takeOne());
    // Another pile is cut, and is never taken from, as where its cadence is held.
    write('inbox', 'held', 1_000);
    bus.queue.expect();
    await bus.queue.refresh();
    for (let rounds = 0; rounds < 5; rounds += 1) {
      while (await takeOne());
      await bus.queue.refresh();
    }
    assert.equal(taken, 700);
    assert.equal(bus.queue.head('held')?.name.id, 'held00000000');
  });

  it('is woken by what arrives, and not by its own claims', async () => {
    const real = createFiles();
    let see: (name?: string) => void = () => undefined;
    const bus = testBus({
      files: {
        ...real,
        watch(_dir, onChange) {
          see = onChange;
          return { close: () => undefined };
        },
      },
    });
    let wakes = 0;
    bus.queue.onArrival(() => {
      wakes += 1;
    });
    const claimNext = async (): Promise<Claim | undefined> => {
      bus.clock.advance(10_000);
      return takeNext(bus.queue);
    };
    const first = bus.canonical('nightly', ID);
    bus.drop(first, tick());
    see(first);
    assert.equal(wakes, 1, 'it arrived');
    assert.equal((await claimNext())?.name.id, ID);
    see(first);
    assert.equal(wakes, 1, 'its own claim');
    bus.drop('nightly.json', tick());
    see(first);
    assert.equal(await claimNext(), undefined, 'nobody has looked');
    see('nightly.json');
    assert.equal(wakes, 2, 'another arrived');
    assert.notEqual(await claimNext(), undefined);
    see();
    assert.equal(wakes, 3, 'where the system names nothing, it may be anything');
  });

  it('holds the earliest of a long backlog, in whatever order it is listed, and not what comes behind them', async () => {
    const budget = 1_000;
    const names = Array.from(
      { length: 6_000 },
      (_, n) => `20261120T0500${String(n % 60).padStart(2, '0')}${String(Math.floor(n / 60)).padStart(3, '0')}Z.pile.pile${String(n).padStart(8, '0')}.0.json`,
    );
    const shown = names.toSorted((a, b) => a.slice(-16).localeCompare(b.slice(-16)));
    const real = createFiles();
    const bus = testBus({
      budget,
      files: { ...real, listParts: (dir) => (dir.endsWith('/inbox') ? [shown.filter((file) => !taken.has(file))] : real.listParts(dir)) },
    });
    const taken = new Set<string>();
    // Time goes on with every look at the clock, so that the reading has many slices.
    let nowMs = bus.clock.nowMs();
    Object.assign(bus.clock, { nowMs: () => (nowMs += 1) });
    for (const file of names) bus.drop(file, tick('pile'));
    const seen: string[] = [];
    for (let claim = await takeNext(bus.queue, 'pile'); claim !== undefined; claim = await takeNext(bus.queue, 'pile')) {
      const file = formatTickName({ ...claim.name, attempts: 0 });
      taken.add(file);
      seen.push(file);
    }
    assert.deepEqual(seen, names.toSorted());
  });
});
