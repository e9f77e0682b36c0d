import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { askOwner } from '../../lib/platform/control.ts';
import { eventually } from '../support/eventually.ts';
import { createYard, finalRecord, list, readIfThere, type Yard } from './owner-yard.ts';
import { createSmallDisk } from './small-disk.ts';

const QUICK = ['retry: { attempts: 2, delays: [1ms], jitter: 0 }', 'breaker: { failures: 5, open: 50ms, max_open: 50ms }'];

function furnish(yard: Yard): void {
  yard.inline('quick', 'return "done";');
  yard.inline('talks', 'context.log("x".repeat(2000)); await new Promise((go) => setTimeout(go, 2)); return "said";');
  yard.inline('fails', 'throw new Error("as it must");', ...QUICK);
  // So that the disk is full before all is done.
  yard.shell('slow', 'sleep 0.1');
  yard.shell('child', 'head -c 30000 /dev/zero | tr "\\0" x; sleep 0.02', ...QUICK);
}

/** Those that were accepted: a producer that met the full disk says so, and has promised nothing. */
async function dropMany(yard: Yard, count: number): Promise<readonly string[]> {
  const names = ['quick', 'talks', 'fails', 'child', 'slow'];
  const ends = await Promise.allSettled(Array.from({ length: count }, (_none, n) => yard.enqueue(names[n % names.length] as string)));
  return ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
}

/** No state file is empty or half written, whatever the disk did; a log may have one torn line, at its end. */
function checkFiles(yard: Yard): void {
  for (const file of ['holds.json', 'owner.json', 'circuit-open.json']) {
    const text = readIfThere(join(yard.paths.state, file));
    if (text !== '' || file === 'owner.json') JSON.parse(text);
  }
  for (const dir of [yard.paths.runs, yard.paths.journal]) {
    for (const file of list(dir).filter((name) => name.endsWith('.jsonl'))) {
      const lines = readFileSync(join(dir, file), 'utf8').split('\n').slice(0, -1);
      for (const line of lines) JSON.parse(line);
    }
  }
}

async function checkNothingLost(yard: Yard, ticks: readonly string[]): Promise<void> {
  await eventually('all is done', () => ['inbox', 'waiting', 'claimed'].every((folder) => yard.ls(folder as 'inbox').length === 0), 60_000);
  const dead = yard.ls('dlq').join(' ');
  const done = new Set(
    yard
      .records()
      .filter((run) => run.status === 'succeeded')
      .map((run) => run.tick),
  );
  assert.deepEqual(
    ticks.filter((id) => !done.has(id) && !dead.includes(id)),
    [],
  );
  const audit = await yard.json('audit');
  assert.deepEqual([audit.code, audit.missing, audit.doubled], [0, [], []]);
  checkFiles(yard);
}

/** Hears the owner itself, for its journal waits for the disk too. */
function listen(yard: Yard, stage: string): () => boolean {
  let isHeard = false;
  const hear = (line: Readonly<Record<string, unknown>>): void => {
    isHeard ||= (line.event as { readonly stage?: string } | undefined)?.stage === stage;
  };
  const hearing = askOwner(yard.root, { op: 'events' }, hear);
  hearing.catch((error: unknown) => assert.fail(String(error)));
  return () => isHeard;
}

// Side by side, for most of it is waiting: the owner tries a disk again that has refused every five seconds.
describe('a disk that is full', { concurrency: true }, () => {
  it('A53 stops the owner from claiming, is told, loses nothing, and the owner goes on by itself when there is room', async () => {
    const disk = createSmallDisk(24);
    const { yard } = disk;
    furnish(yard);
    const owner = await yard.start();
    const told = listen(yard, 'storage_failed');
    const ticks = [...(await dropMany(yard, 60))];
    await eventually('it is at work', () => yard.records().length > 5);
    const dropping = dropMany(yard, 40);
    disk.fill(owner);
    ticks.push(...(await dropping));
    // An owner that removes what has run makes room again: it is kept full until somebody hears of it.
    await eventually('it is told', () => {
      disk.fill(owner);
      return told();
    });
    assert.match((await yard.cli('status')).stdout, /owner running/);
    checkFiles(yard);
    if (disk.full !== undefined) {
      const { full } = disk;
      // An owner that removes what has run makes room again, so one or the other may still be accepted.
      const refused = await eventually('a producer is refused', async () => {
        disk.fill(owner);
        const end = await yard.spawn(['enqueue', 'quick', '--json'], full).ended;
        if (end.code === 0) ticks.push((JSON.parse(end.stdout) as { tick: string }).tick);
        return end.code === 0 ? undefined : end;
      });
      assert.equal(refused.code, 74, refused.stdout);
      assert.match(refused.stdout, /ENOSPC|EFBIG/);
    }
    disk.free(owner);
    await eventually('it is well again', () => yard.events('storage_healed')[0]);
    assert.equal((await finalRecord(yard, await yard.enqueue('quick'))).status, 'succeeded');
    await checkNothingLost(yard, ticks);
    assert.ok(!owner.hasEnded());
    assert.ok(yard.events('storage_failed').length > 0 && yard.events('storage_healed').length > 0, 'the journal tells it once there is room');
  });

  it('as a limit that the system sets to the size of files (ulimit -f) is waited for too, and ends no owner', async () => {
    const disk = createSmallDisk(4, 'limited');
    const { yard } = disk;
    furnish(yard);
    const owner = await yard.start();
    const told = listen(yard, 'storage_failed');
    await finalRecord(yard, await yard.enqueue('child'));
    disk.fill(owner);
    const tick = await yard.enqueue('child');
    await eventually('it is told', told);
    disk.free(owner);
    await finalRecord(yard, tick);
    await eventually('it is well again', () => yard.events('storage_healed')[0]);
    assert.ok(!owner.hasEnded());
    await checkNothingLost(yard, [tick]);
  });

  it('may kill its owner too: the next one finds everything', async () => {
    const disk = createSmallDisk(24);
    const { yard } = disk;
    furnish(yard);
    const owner = await yard.start();
    const told = listen(yard, 'storage_failed');
    const ticks = await dropMany(yard, 60);
    await eventually('it is at work', () => yard.records().length > 5);
    disk.fill(owner);
    await eventually('it is told', told);
    owner.kill('SIGKILL');
    await owner.ended;
    checkFiles(yard);
    disk.free(owner);
    await yard.start();
    await checkNothingLost(yard, ticks);
  });

  it('does not keep an owner that is told to end', async () => {
    const disk = createSmallDisk(24);
    const { yard } = disk;
    furnish(yard);
    const owner = await yard.start();
    const told = listen(yard, 'storage_failed');
    const ticks = await dropMany(yard, 40);
    await eventually('it is at work', () => yard.records().length > 5);
    disk.fill(owner);
    await eventually('it is told', told);
    owner.kill('SIGTERM');
    const { code } = await owner.ended;
    assert.ok(code === 0 || code === 74, `it ended with ${code}: ${owner.stderr()}`);
    checkFiles(yard);
    disk.free(owner);
    await yard.start();
    await checkNothingLost(yard, ticks);
  });
});

describe('min_free of bus.yaml', () => {
  it('holds what is due while less is free, says so once, and is taken up when it is edited', async () => {
    const yard = createYard();
    yard.inline('quick', 'return "done";');
    yard.put('cadences/bus.yaml', 'min_free: 100000GB\n');
    const owner = await yard.start();
    await eventually('it is told', () => owner.stderr().includes('the disk refuses'));
    assert.match(owner.stderr(), /only [\d.]+ MiB are free .*min_free/);
    assert.match((await yard.cli('why', 'quick')).stdout, /\n +nothing of it waits\n +the disk refuses, .*: only [\d.]+ MiB are free/);
    const tick = await yard.enqueue('quick');
    const why = await eventually('its tick is held for that', async () =>
      /\n +1 tick waits\n(.*only [\d.]+ MiB are free.*)/s.exec((await yard.cli('why', 'quick')).stdout),
    );
    assert.equal(why[1]?.split('are free').length, 2, 'told once');
    const { owner: seen } = await yard.json('status');
    assert.match(String((seen as { because: unknown }).because), /^the disk refuses, .*: only [\d.]+ MiB are free/);
    assert.match((await yard.cli('status')).stdout, /owner running.*; the disk refuses/);
    assert.match((await yard.cli('doctor')).stdout, /✗ Owner .*its disk refuses, and nothing new is started until it is well: only/);
    assert.equal(yard.records().length, 0);
    yard.put('cadences/bus.yaml', 'min_free: 1MB\n');
    assert.equal((await finalRecord(yard, tick)).status, 'succeeded');
    // A record stands there before the run's turn is over, an event after it.
    await eventually('its end is told', () => yard.events('storage_healed').length > 0);
    assert.deepEqual([yard.events('storage_failed').length, yard.events('storage_healed').length], [1, 1]);
  });
});

describe('a state folder that cannot be written', () => {
  it('ends the start with 77 or 74, and names it with what to do', async () => {
    const disk = createSmallDisk(4);
    const { yard } = disk;
    yard.inline('quick', 'return "done";');
    const { state } = yard.paths;
    if (!disk.makeReadOnly()) {
      yard.put('state/cadence-bus/x', '');
      rmSync(`${state}/x`);
      // root may write everywhere; it stumbles over a file where the folder should be.
      if (process.getuid?.() === 0) {
        rmSync(state, { recursive: true });
        yard.put('state/cadence-bus', '');
      } else chmodSync(state, 0o500);
    }
    const start = await yard.cli('start');
    assert.ok(start.code === 77 || start.code === 74, `${start.code}: ${start.stderr}`);
    const [line] = start.stderr.split('\n').filter((text) => text.startsWith('error: '));
    assert.ok(line?.includes(state), start.stderr);
    assert.match(start.stderr, /\n {7}\S/, 'a hint follows');
    const asJson = await yard.json('start');
    assert.equal((asJson.error as { code: string }).code, start.code === 77 ? 'permission' : 'io');
    if (process.getuid?.() !== 0 && disk.kind !== 'mounted') chmodSync(state, 0o700);
  });
});
