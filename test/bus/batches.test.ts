import assert from 'node:assert/strict';
import { appendFileSync, closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { describe, it } from 'node:test';
import { takeAudit } from '../../lib/app/answers/audit.ts';
import { createReading } from '../../lib/app/reading.ts';
import { begunLine, movedLine, progressFile } from '../../lib/core/batch.ts';
import { recordWithoutRun } from '../../lib/core/record.ts';
import { formatTickName, parseTickName } from '../../lib/core/tick.ts';
import { createRunLog } from '../../lib/history/run-log.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { Claim, Files, Queue } from '../../lib/ports.ts';
import { type TestBus, testBus } from '../support/bus.ts';

const IDS = ['first0000001', 'second000001', 'third0000001', 'fourth000001', 'fifth0000001'] as const;
const line = (bus: TestBus, id: string, more: object = {}): string =>
  `${JSON.stringify({ cadence: 'nightly', id, due_at: new Date(bus.clock.nowMs() - 1000).toISOString(), ...more })}\n`;

function batchOf(bus: TestBus, ids: readonly string[] = IDS): TestBus {
  bus.drop('many.ndjson', ids.map((id) => line(bus, id)).join(''));
  return bus;
}

async function take(queue: Queue, cadence = 'nightly'): Promise<Claim> {
  const head = queue.head(cadence);
  const claim = head === undefined ? undefined : await queue.take(head);
  assert.ok(claim !== undefined);
  return claim;
}

function filesThatNoteFlushes(done: string[]): Files {
  const real = createFiles();
  const flushDir = (path: string): void => {
    done.push(`flush ${basename(path)}`);
    real.flushDir(path);
  };
  return { ...real, flushDir };
}

const finished = { to: 'finished', status: 'succeeded', because: '' } as const;
const placesOf = ({ root }: TestBus): object => {
  const { names } = createReading(root);
  return {
    waiting: names('waiting')
      .map(({ id }) => id)
      .sort(),
    running: names('claimed')
      .map(({ id }) => id)
      .sort(),
  };
};

describe('a batch under way', () => {
  it('takes a line for itself whose key or id somebody has just removed the file of; so does a tick of the bus’s own', async () => {
    for (const folder of ['inbox', 'waiting'] as const) {
      const bus = testBus();
      bus.drop('keyed.json', { cadence: 'nightly', key: 'a' });
      await bus.queue.refresh();
      if (folder === 'waiting') await bus.queue.park('nightly');
      const id = bus.queue.head('nightly')?.name.id ?? '';
      for (const file of bus.ls(folder)) rmSync(`${bus.paths[folder]}/${file}`);
      bus.drop('many.ndjson', `${JSON.stringify({ cadence: 'nightly', key: 'a' })}\n`);
      bus.queue.expect();
      bus.clock.advance(1000);
      await bus.queue.refresh();
      assert.deepEqual(
        bus.news.filter((news) => news.startsWith('coalesced')),
        [],
      );
      const claim = await take(bus.queue);
      assert.equal(claim.name.id, id);
      await bus.queue.settle(claim, finished, []);
      const own = { dueMs: bus.clock.nowMs(), cadence: 'own', id: 'own000000001', attempts: 0 };
      const tick = { cadence: 'own', source: 'test', enqueued_at: new Date(own.dueMs).toISOString() };
      assert.deepEqual([bus.queue.put(own, tick), bus.queue.put(own, tick)], [true, false]);
      for (const file of bus.ls('waiting')) rmSync(`${bus.paths.waiting}/${file}`);
      assert.equal(bus.queue.put(own, tick), true);
      assert.equal((await take(bus.queue, 'own')).name.id, own.id);
    }
  });

  it('is claimed by one rename, runs where it stands, and is gone with its last line', async () => {
    const bus = batchOf(testBus());
    await bus.queue.refresh();
    const [file] = bus.ls('claimed');
    assert.match(file ?? '', /^[a-z0-9]{12}\.many\.ndjson$/);
    assert.deepEqual([bus.ls('inbox'), bus.ls('waiting'), bus.ls('tmp')], [[], [], []]);
    const claims: Claim[] = [];
    for (const _ of IDS) claims.push(await take(bus.queue));
    assert.deepEqual(claims.map(({ name }) => name.id).sort(), [...IDS].sort());
    assert.ok(claims.every(({ name, tick }) => name.attempts === 1 && tick.cadence === 'nightly'));
    assert.deepEqual([bus.ls('waiting'), bus.ls('claimed').length], [[], 2]);
    for (const claim of claims) assert.equal(await bus.queue.settle(claim, finished, []), true);
    assert.deepEqual(bus.ls('claimed'), []);
  });

  it('is seen line by line by whoever only looks, each line once', async () => {
    const bus = batchOf(testBus());
    await bus.queue.refresh();
    const claim = await take(bus.queue);
    const rest = IDS.filter((id) => id !== claim.name.id);
    assert.deepEqual(placesOf(bus), { waiting: rest.toSorted(), running: [claim.name.id] });
    const { waiting, running, missing, doubled } = takeAudit(bus.root);
    assert.deepEqual({ waiting, running, missing, doubled }, { waiting: 4, running: 1, missing: [], doubled: [] });
    assert.equal(createReading(bus.root).lookup(claim.name.id).status, 'running');
    assert.equal(createReading(bus.root).lookup(rest[0] as string).status, 'queued');
  });

  it('counts a line as finished whose end is recorded, though its owner died before the batch said so', async () => {
    const bus = batchOf(testBus());
    await bus.queue.refresh();
    const [ended, cut] = [await take(bus.queue), await take(bus.queue)];
    const log = createRunLog({ files: bus.files, clock: bus.clock, paths: bus.paths, zone: 'UTC' });
    log.record(recordWithoutRun(ended.name, ended.tick, finished, 0));
    log.record({ ...recordWithoutRun(cut.name, cut.tick, finished, 0), status: 'interrupted' });
    log.close();
    const { waiting, running, finished: done, enqueued, missing, doubled } = takeAudit(bus.root);
    assert.deepEqual([waiting, running, done, enqueued, missing, doubled], [3, 1, 1, 5, [], []]);
  });

  it('gives what fails, what dies and what is cancelled the place that it would have had', async () => {
    const bus = batchOf(testBus());
    await bus.queue.refresh();
    const [fails, dies] = [await take(bus.queue), await take(bus.queue)];
    const againMs = bus.clock.nowMs() + 30_000;
    assert.equal(await bus.queue.settle(fails, { to: 'waiting', status: 'failed', because: 'exit 1', name: { ...fails.name, dueMs: againMs } }, []), true);
    assert.equal(await bus.queue.settle(dies, { to: 'dlq', status: 'dead', because: 'boom', name: { ...dies.name, reason: 'exhausted' } }, []), true);
    await bus.queue.refresh();
    assert.deepEqual(bus.ls('waiting'), [bus.canonical('nightly', fails.name.id, 1, againMs)]);
    assert.equal(JSON.parse(readFileSync(`${bus.paths.dlq}/${bus.ls('dlq')[0]}`, 'utf8')).dead.because, 'boom');
    const cancelled = bus.queue.find(IDS.find((id) => bus.queue.find(id)?.attempts === 0) as string);
    assert.ok(cancelled !== undefined);
    assert.equal(await bus.queue.discard(cancelled, { to: 'finished', status: 'cancelled', because: '' }, []), true);
    assert.equal(bus.queue.find(cancelled.id), undefined);
    const next = bus.again();
    assert.deepEqual(await next.orphans(), []);
    await next.refresh();
    assert.equal(next.find(cancelled.id), undefined);
    assert.equal(next.find(fails.name.id)?.attempts, 1);
    assert.equal(IDS.filter((id) => next.find(id)?.attempts === 0).length, 2);
  });

  it('goes on where its owner died: what had begun is charged, what had ended is not met again', async () => {
    const bus = batchOf(testBus());
    await bus.queue.refresh();
    const [ended, begun] = [await take(bus.queue), await take(bus.queue)];
    assert.equal(await bus.queue.settle(ended, finished, []), true);
    await bus.queue.discard(bus.queue.head('nightly')?.name as Claim['name'], finished, []);
    const next = bus.again();
    const orphans = await next.orphans();
    assert.deepEqual(
      orphans.map(({ name }) => [name.id, name.attempts]),
      [[begun.name.id, 1]],
    );
    await next.refresh();
    assert.equal(next.find(ended.name.id), undefined);
    const [orphan] = orphans as [Claim];
    assert.equal(
      await next.settle(orphan, { to: 'waiting', status: 'interrupted', because: '', name: { ...orphan.name, dueMs: bus.clock.nowMs() } }, []),
      true,
    );
    await next.refresh();
    assert.equal(parseTickName(bus.ls('waiting')[0] ?? '')?.id, begun.name.id);
    for (let n = 0; n < 3; n += 1) await next.settle(await take(next), finished, []);
    assert.deepEqual([bus.ls('claimed'), bus.ls('waiting')], [[], []]);
  });

  it('is gone from the disk for certain before what says how far it was goes, whoever has ended it', async () => {
    const done: string[] = [];
    const real = filesThatNoteFlushes(done);
    const files: Files = {
      ...real,
      remove(path) {
        if (path.endsWith('.done')) done.push('remove what says how far it was');
        return real.remove(path);
      },
    };
    const inOrder = ['flush claimed', 'remove what says how far it was'];

    const died = testBus({ files });
    writeFileSync(`${died.paths.claimed}/${progressFile('aaaaaaaaaaaa.many.ndjson')}`, begunLine(0, IDS[0]));
    await died.queue.orphans();
    assert.deepEqual([done.splice(0).slice(-2), died.ls('claimed')], [inOrder, []]);

    const taken = batchOf(testBus({ files }));
    await taken.queue.refresh();
    await take(taken.queue);
    const batch = taken.ls('claimed').find((file) => file.endsWith('.ndjson')) ?? '';
    rmSync(`${taken.paths.claimed}/${batch}`);
    taken.queue.expect();
    taken.clock.advance(1000);
    await taken.queue.refresh();
    assert.deepEqual([done.splice(0).slice(-2), taken.ls('claimed')], [inOrder, []]);
  });

  it('does not forget a line for a file that its dead owner has placed before that is on disk for certain', async () => {
    const done: string[] = [];
    const real = filesThatNoteFlushes(done);
    const files: Files = {
      ...real,
      append(path) {
        const log = real.append(path);
        const write = (text: string): void => {
          done.push(text.trim());
          log.write(text);
        };
        return { ...log, write };
      },
    };
    const bus = batchOf(testBus({ files }));
    await bus.queue.refresh();
    const moved = await take(bus.queue);
    const number = (IDS as readonly string[]).indexOf(moved.name.id);
    const [batch = ''] = bus.ls('claimed').filter((file) => file.endsWith('.ndjson'));
    appendFileSync(`${bus.paths.claimed}/${progressFile(batch)}`, movedLine(number, formatTickName(moved.name)));
    writeFileSync(`${bus.paths.waiting}/${formatTickName(moved.name)}`, line(bus, moved.name.id));
    done.length = 0;
    assert.deepEqual(await bus.again().orphans(), []);
    assert.deepEqual(done, ['flush waiting', 'flush claimed', `{"done":[[${number},${number}]]}`]);
  });

  it('that could not say on disk what has left it says so before anything of that is claimed, and before it ends', async () => {
    const done: string[] = [];
    const real = createFiles();
    let refusals = 2;
    const files: Files = {
      ...real,
      append(path) {
        const log = real.append(path);
        if (!path.endsWith('.done')) return log;
        const flush = async (): Promise<void> => {
          refusals -= 1;
          done.push(refusals < 0 ? 'flushed' : 'refused');
          if (refusals >= 0) throw new Error('no');
          await log.flush();
        };
        return { ...log, flush };
      },
      remove(path) {
        if (path.endsWith('.ndjson')) done.push('ended');
        return real.remove(path);
      },
      rename(from, to) {
        if (basename(dirname(from)) === 'waiting') done.push('claimed');
        return real.rename(from, to);
      },
    };
    const bus = batchOf(testBus({ files }), ['alone0000001']);
    await bus.queue.refresh();
    const head = bus.queue.head('nightly');
    assert.ok(head !== undefined);
    await assert.rejects(async () => bus.queue.take(head, true), /no/);
    await assert.rejects(async () => bus.queue.refresh(), /no/);
    await bus.queue.refresh();
    assert.ok((await bus.queue.take(bus.queue.head('nightly') ?? head, true)) !== undefined);
    assert.deepEqual(done, ['refused', 'refused', 'flushed', 'ended', 'claimed']);
  });

  it('is over with the one claim that stands for its line and for one of the same key in another batch', async () => {
    const bus = testBus();
    const keyed = `${JSON.stringify({ cadence: 'nightly', key: 'a' })}\n`;
    bus.drop('one.ndjson', keyed);
    await bus.queue.refresh();
    const first = await take(bus.queue);
    bus.drop('two.ndjson', keyed);
    // As it lay on disk when the power went: the first had ended, the second had begun, and neither batch said so.
    const [one = ''] = bus.ls('claimed').filter((file) => file.endsWith('.ndjson'));
    const two = one.replace(/^\w+/, 'second000002');
    renameSync(`${bus.paths.inbox}/two.ndjson`, `${bus.paths.claimed}/${two}`);
    writeFileSync(`${bus.paths.claimed}/${progressFile(two)}`, begunLine(0, first.name.id));
    const next = bus.again();
    const [orphan, ...more] = await next.orphans();
    assert.deepEqual([orphan?.name.id, more], [first.name.id, []]);
    await next.settle(orphan as Claim, finished, []);
    await next.refresh();
    assert.deepEqual(bus.ls('claimed'), []);
  });

  it('writes out what lasts, and what is held for long; what waits for a run under way stays', async () => {
    const bus = batchOf(testBus());
    await bus.queue.refresh();
    const lasting = await bus.queue.take(bus.queue.head('nightly') as { name: Claim['name'] }, true);
    assert.equal(bus.ls('claimed').filter((file) => parseTickName(file)?.id === lasting?.name.id).length, 1);
    assert.ok(bus.queue.head('nightly') !== undefined);
    bus.clock.advance(10_000);
    await bus.queue.refresh();
    assert.deepEqual(bus.ls('waiting'), []);
    await bus.queue.park('nightly');
    await bus.queue.refresh();
    assert.deepEqual(
      bus.ls('waiting').map((file) => parseTickName(file)?.attempts),
      [0, 0, 0, 0],
    );
    assert.deepEqual(bus.ls('claimed').length, 1);
    assert.equal(await bus.queue.settle(await take(bus.queue), finished, []), true);
  });

  it('does not hide the lines of other cadences behind thousands that wait for a run under way', async () => {
    const bus = testBus();
    bus.drop('many.ndjson', `${'{"cadence":"nightly"}\n'.repeat(5000)}{"cadence":"other"}\n`);
    for (let round = 0; round < 8; round += 1) await bus.queue.refresh();
    assert.equal(bus.queue.head('other'), undefined);
    assert.ok(bus.queue.head('nightly'));
    assert.deepEqual(bus.ls('waiting'), [], 'not at once: the run under way may be over soon');
    bus.clock.advance(1000);
    for (let round = 0; round < 30 && bus.queue.head('other') === undefined; round += 1) {
      bus.clock.advance(10);
      await bus.queue.refresh();
    }
    assert.ok(bus.queue.head('other'));
    assert.ok(bus.queue.head('nightly'));
  });

  it('writes out at once what is not to run now, and buries what is no tick', async () => {
    const bus = testBus();
    const later = { due_at: new Date(bus.clock.nowMs() + 60_000).toISOString() };
    bus.drop(
      'many.ndjson',
      `${line(bus, IDS[0], later)}not json\n${line(bus, IDS[1], { cadence: 'bus-control' })}${line(bus, IDS[2], { slot: '2026-11-20T07:00Z' })}`,
    );
    await bus.queue.refresh();
    assert.deepEqual([bus.ls('waiting').length, bus.ls('dlq').length, bus.ls('claimed'), bus.ls('tmp')], [3, 1, [], []]);
    assert.match(bus.news.join('\n'), /line 2 of many\.ndjson: it is not JSON: column 1: found "not json"/);
  });

  it('that grows after it was claimed, through a handle of its writer, loses no line and doubles none', async () => {
    const bus = testBus();
    const path = bus.drop('many.ndjson', line(bus, IDS[0]));
    const writer = openSync(path, 'a');
    await bus.queue.refresh();
    const first = await take(bus.queue);
    writeSync(writer, line(bus, IDS[1]) + line(bus, IDS[2]));
    closeSync(writer);
    assert.equal(await bus.queue.settle(first, finished, []), true);
    const next = bus.again();
    assert.deepEqual(await next.orphans(), []);
    await next.refresh();
    const ids = [await take(next), await take(next)].map(({ name }) => name.id);
    assert.deepEqual(ids.sort(), [IDS[1], IDS[2]].sort());
    await bus.queue.refresh();
    assert.deepEqual([await take(bus.queue), await take(bus.queue)].map(({ name }) => name.id).sort(), [IDS[1], IDS[2]].sort());
  });

  it('that somebody takes away is nobody’s any more: its runs conclude nothing', async () => {
    const bus = batchOf(testBus());
    await bus.queue.refresh();
    const claim = await take(bus.queue);
    for (const file of bus.ls('claimed')) if (file.endsWith('.ndjson')) rmSync(`${bus.paths.claimed}/${file}`);
    await bus.queue.refresh();
    assert.equal(bus.queue.head('nightly'), undefined);
    assert.equal(await bus.queue.settle(claim, finished, []), false);
    assert.deepEqual(bus.ls('claimed'), []);
  });

  it('believes of its progress only whole lines', async () => {
    const bus = batchOf(testBus());
    await bus.queue.refresh();
    await take(bus.queue);
    const progress = bus.ls('claimed').find((file) => file.endsWith('.done')) as string;
    appendFileSync(`${bus.paths.claimed}/${progress}`, '{"done":[[0,4');
    assert.equal((await bus.again().orphans()).length, 1);
    writeFileSync(`${bus.paths.claimed}/${progress}`, '\0\0\0\0');
    const next = bus.again();
    assert.deepEqual(await next.orphans(), []);
    await next.refresh();
    for (const id of IDS) assert.equal(next.find(id)?.attempts, 0);
  });
});
