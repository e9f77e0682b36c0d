import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { CadenceError } from '../../lib/core/error.ts';
import { enqueue, findRoot, startConsumer } from '../../lib/index.ts';
import { createIds } from '../../lib/platform/ids.ts';
import { createProducer, type EnqueueOptions } from '../../lib/platform/producer.ts';
import { emptyRoot, filesIn, inboxOf, readTicks } from './inbox-reader.ts';
import { libraryProducer, type Words } from './producer.ts';

const DUE_MS = Date.UTC(2026, 10, 20, 7);

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof CadenceError, String(thrown));
  assert.ok(thrown.hint !== '');
  return thrown.code;
}

it('M1 D17 answers with a receipt whose commands name the run and the root', async () => {
  const root = join(emptyRoot(), "it's here");
  mkdirSync(join(root, 'cadences'), { recursive: true });
  const receipt = await createProducer({ root }).enqueue('mail', { dueMs: DUE_MS, payload: { a: 1 }, parentRun: 'abcdefghijkl-2', depth: 1 });
  const quoted = `'${root.replace("'", "'\\''")}'`;
  assert.deepEqual(receipt, {
    ok: true,
    status: 'queued',
    run_id: `${receipt.tick}-1`,
    cadence: 'mail',
    tick: receipt.tick,
    path: join(inboxOf(root), `20261120T070000000Z.mail.${receipt.tick}.0.json`),
    next_check_after_seconds: 5,
    status_command: `cadence-bus status mail --root ${quoted}`,
    wait_command: `cadence-bus wait ${receipt.tick}-1 --root ${quoted}`,
    logs_command: `cadence-bus logs ${receipt.tick}-1 --root ${quoted}`,
  });
  const [found] = readTicks(inboxOf(root));
  assert.deepEqual([found?.tick.parent_run, found?.tick.depth, found?.tick.source], ['abcdefghijkl-2', 1, 'library']);
});

it('refuses an option that it does not know, for what is passed over may have been the time of the tick', async () => {
  const root = emptyRoot();
  const given: Readonly<Record<string, unknown>>[] = [{ in: '10m' }, { delay: 5 }, { due_ms: 5 }, { expiresMs: 1 }];
  for (const options of given) assert.equal(await codeOf(enqueue('mail', { root, ...options })), 'bad_data');
  assert.deepEqual(filesIn(inboxOf(root)), []);
  const whole: Readonly<Record<string, unknown>> = { key: 'k', payload: 1, delayMs: 0, in: undefined };
  await enqueue('mail', { root, ...whole });
  assert.equal(readTicks(inboxOf(root)).length, 1);
});

it('shares one file and one flush among the calls of one turn, and gives each its own receipt or error', async () => {
  const root = emptyRoot();
  const { enqueue: put } = createProducer({ root, clock: { nowMs: () => DUE_MS } });
  const ends = await Promise.allSettled([
    put('mail', { payload: 1 }),
    put('post', { delayMs: 60_000 }),
    put('Mail'),
    put('mail', { payload: 1n }),
    put('mail', { payload: 2 }),
  ]);
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'rejected', 'fulfilled'],
  );
  const receipts = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  assert.equal(filesIn(inboxOf(root)).length, 1);
  assert.deepEqual(
    readTicks(inboxOf(root)).map(({ path, tick }) => [path, tick.id, tick.cadence, tick.due_at, tick.payload]),
    [
      [receipts[0]?.path, receipts[0]?.tick, 'mail', '2026-11-20T07:00:00.000Z', 1],
      [receipts[1]?.path, receipts[1]?.tick, 'post', '2026-11-20T07:01:00.000Z', undefined],
      [receipts[2]?.path, receipts[2]?.tick, 'mail', '2026-11-20T07:00:00.000Z', 2],
    ],
  );
});

it('gives every caller of a failed batch an error object of its own', async () => {
  const root = emptyRoot();
  const { enqueue: put } = createProducer({ root: join(root, 'missing') });
  const ends = await Promise.allSettled([put('mail'), put('mail')]);
  const errors = ends.map((end) => (end.status === 'rejected' ? (end.reason as unknown) : undefined));
  assert.ok(errors.every((error) => error instanceof CadenceError && error.code === 'not_found'));
  assert.notEqual(errors[0], errors[1]);
});

it('keeps batches within what a reader holds at once', async () => {
  const root = emptyRoot();
  const { enqueue: put } = createProducer({ root });
  const payload = 'x'.repeat(200_000);
  const receipts = await Promise.all(Array.from({ length: 50 }, () => put('mail', { payload })));
  const files = new Set(receipts.map(({ path }) => path));
  assert.ok(files.size >= 3, String(files.size));
  for (const path of files) assert.ok(readFileSync(path).length <= 4 * 1024 * 1024);
  assert.equal(readTicks(inboxOf(root)).length, 50);
});

it('gives the same key and the same slot the same tick, in every process', async () => {
  const root = emptyRoot();
  const keyed = await createProducer({ root }).enqueue('mail', { key: 'order-7' });
  const again = await createProducer({ root }).enqueue('mail', { key: 'order-7' });
  const other = await createProducer({ root }).enqueue('post', { key: 'order-7' });
  assert.deepEqual([keyed.tick, again.tick], [createIds().keyed('key', 'mail', 'order-7'), keyed.tick]);
  assert.notEqual(other.tick, keyed.tick);
  const slot = await createProducer({ root }).enqueue('mail', { slot: '2026-11-20T07:00:00Z' });
  assert.equal(slot.tick, createIds().keyed('slot', 'mail', '2026-11-20T07:00:00Z'));
});

it('makes one tick of a slot however often it is asked, and says that it was there', async () => {
  const root = emptyRoot();
  const { enqueue: put } = createProducer({ root });
  const first = await put('mail', { slot: '2026-11-20T07:00:00Z', payload: 1 });
  const second = await put('mail', { slot: '2026-11-20T07:00:00Z', payload: 2 });
  const together = await Promise.all([put('mail', { key: 'k', payload: 'first' }), put('mail', { key: 'k', payload: 'second' })]);
  assert.deepEqual(second, { ...first, already_pending: true });
  assert.deepEqual(together[0], together[1]);
  const found = readTicks(inboxOf(root));
  assert.deepEqual(found.map(({ tick }) => tick.payload).sort(), [1, 'first']);
});

/** JSON.stringify makes an empty object of each. */
const HOLLOW: readonly unknown[] = [new Map([[1, 2]]), new Set([1]), Promise.resolve(1), { a: [new Error('no')] }, /x/, new (class Job {})()];

it('refuses what JSON cannot say rather than losing it', async () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  let deep: unknown = 1;
  for (let level = 0; level < 200_000; level += 1) deep = [deep];
  const throwing = {
    get a(): never {
      throw new Error('no');
    },
  };
  const root = emptyRoot();
  for (const payload of [
    ...HOLLOW,
    () => 1,
    Symbol('s'),
    1n,
    { a: { b: 1n } },
    [() => 1],
    Number.NaN,
    { a: Number.POSITIVE_INFINITY },
    cycle,
    deep,
    throwing,
  ]) {
    assert.equal(await codeOf(enqueue('mail', { root, payload })), 'bad_data');
  }
  const wrong: readonly EnqueueOptions[] = [
    { dueMs: Number.NaN },
    { delayMs: Number.POSITIVE_INFINITY },
    { dueMs: 1, delayMs: 1 },
    { expiresAtMs: Number.NaN },
    { depth: -1 },
    { depth: 1.5 },
    { depth: 1001 },
    { parentRun: '../x' },
    { slot: 'now' },
  ];
  for (const options of [...wrong, { force: 'yes' } as object])
    assert.equal(await codeOf(enqueue('mail', { root, ...options })), 'bad_data', JSON.stringify(options));
  await assert.rejects(enqueue('mail', { root, payload: { jobs: new Map() } }), /the payload holds an object of the kind Map at "jobs"/);
  assert.deepEqual(filesIn(inboxOf(root)), []);
});

it('takes plain objects that are empty, of other realms too, and whatever says itself what it is as JSON', async () => {
  const root = emptyRoot();
  const payload = [
    {},
    Object.create(null),
    runInNewContext('({})'),
    new Date(0),
    new (class Job {
      n = 1;
    })(),
    Buffer.of(),
  ];
  await enqueue('mail', { root, payload });
  assert.deepEqual(readTicks(inboxOf(root))[0]?.tick.payload, [{}, {}, {}, '1970-01-01T00:00:00.000Z', { n: 1 }, { type: 'Buffer', data: [] }]);
});

it('refuses a root that is no path', async () => {
  const root = emptyRoot();
  const wrong: readonly unknown[] = [5, null, pathToFileURL(root), `${root}\0`];
  for (const given of wrong) {
    assert.equal(await codeOf(enqueue('mail', { root: given as string })), 'usage');
    assert.equal(await codeOf(startConsumer({ root: given as string })), 'usage');
  }
});

it('takes the payload as it was when it was handed over', async () => {
  const root = emptyRoot();
  const payload = { a: 1 };
  const promise = enqueue('mail', { root, payload });
  payload.a = 2;
  await promise;
  assert.deepEqual(readTicks(inboxOf(root))[0]?.tick.payload, { a: 1 });
});

it('finds the root as the command line does', () => {
  const [named, near] = [emptyRoot(), emptyRoot()];
  const cwd = join(near, 'a/b');
  mkdirSync(cwd, { recursive: true });
  assert.equal(findRoot(cwd, { CADENCE_ROOT: named, AGENT_ROOT: near }), named);
  assert.equal(findRoot(cwd, { CADENCE_ROOT: '', AGENT_ROOT: named }), named);
  assert.equal(findRoot(near, { CADENCE_ROOT: 'a' }), join(near, 'a'));
  assert.equal(findRoot(cwd, {}), near);
  assert.equal(findRoot('/', {}), undefined);
  assert.equal(findRoot(), findRoot(process.cwd(), process.env));
});

// strace is for Linux alone; the order of calls that it proves is the same everywhere.
if (spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0) {
  const DRAFT = '[^>]*/tmp/[a-z0-9]{12}\\.\\d+';
  const PLACED = '[^>]*/inbox/[^>/]*\\.(nd)?json';

  /** Where each step stands among the calls of one `enqueue`; the order that these patterns are given in is the order asked for. */
  const stepsOf = (words: Words, patterns: readonly string[]): readonly number[] => {
    const root = emptyRoot();
    mkdirSync(join(root, 'state/cadence-bus/tmp'), { recursive: true });
    mkdirSync(inboxOf(root));
    const { argv } = libraryProducer().command(words, root);
    const log = join(root, 'strace');
    spawnSync('strace', ['-f', '-y', '-o', log, '-e', 'trace=fsync,link,linkat,rename,renameat,renameat2,write', ...argv], {
      stdio: 'ignore',
      env: { ...process.env, TSX_DISABLE_CACHE: '1' },
    });
    const calls = readFileSync(log, 'utf8').split('\n');
    const answeredAt = calls.findIndex((call) => /write\(1<.*ok/.test(call));
    const flushes = calls.slice(0, answeredAt).filter((call) => / fsync\(/.test(call)).length;
    const flushed = calls.slice(0, answeredAt).filter((call) => /fsync.* = 0$/.test(call)).length;
    assert.ok(flushes >= 2);
    assert.equal(flushed, flushes, 'no flush is under way when it answers');
    return patterns.map((pattern) => calls.findIndex((call) => new RegExp(pattern).test(call)));
  };
  const inOrder = (steps: readonly number[]): boolean => steps.every((step, n) => step > (steps[n - 1] ?? -1));

  it('answers after file and folder were flushed; a fresh tick costs one write of the log, for it has its place before the first flush', () => {
    const steps = [`write\\(\\d+<${DRAFT}>`, `rename(at2?)?\\(.*${PLACED}`, `fsync\\(\\d+<${PLACED}>`, 'fsync\\(\\d+<[^>]*/inbox>', 'write\\(1<.*ok'];
    const found = stepsOf({ cadence: 'mail' }, steps);
    const [written = -1, placed = -1, file = -1, folder = -1, answered = -1] = found;
    // The two are flushed beside each other.
    assert.ok(inOrder([written, placed, file, answered]) && inOrder([placed, folder, answered]), JSON.stringify(found));
  });

  it('flushes a keyed tick before it has its name, for whoever finds that name relies on its text', () => {
    const steps = [`write\\(\\d+<${DRAFT}>`, `fsync\\(\\d+<${DRAFT}>`, 'link(at)?\\(.*inbox', 'fsync\\(\\d+<[^>]*/inbox>', 'write\\(1<.*ok'];
    const found = stepsOf({ cadence: 'mail', key: 'order-7' }, steps);
    assert.ok(inOrder(found), JSON.stringify(found));
  });
}
