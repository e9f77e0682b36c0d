import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import type { ErrorCode } from '../../lib/core/error.ts';
import { MAX_TICK_BYTES } from '../../lib/core/tick.ts';
import { parseIso } from '../../lib/core/time/instant.ts';
import { tempRoot } from '../support/temp-root.ts';
import { emptyRoot, filesIn, inboxOf, readTicks } from './inbox-reader.ts';
import { NO_PAYLOADS, PAYLOADS, SMUGGLERS } from './payloads.ts';
import { type Answer, type Producer, run, type Words } from './producer.ts';
import { describeCrowds } from './producer-crowds.ts';

const NOBODY = 65534;
/** What every producer promises, whatever it is written in. */
export function describeProducer(title: string, producer: Producer): void {
  describe(title, () => {
    describeContents(producer);
    describeNames(producer);
    describeRefusals(producer);
    describeDisks(producer);
    describeCrowds(producer);
  });
}

async function only(producer: Producer, words: Words): Promise<Readonly<Record<string, unknown>>> {
  const root = emptyRoot();
  const answer = await producer.produce(words, root);
  assert.equal(answer.kind, 'queued', JSON.stringify(answer));
  const [found, ...more] = readTicks(inboxOf(root));
  assert.ok(found !== undefined && more.length === 0);
  assert.deepEqual(answer, { kind: 'queued', path: found.path });
  assert.deepEqual(filesIn(join(root, 'state/cadence-bus/tmp')), []);
  return found.tick;
}

async function refused(answer: Promise<Answer>, code: ErrorCode, root: string): Promise<string> {
  const given = await answer;
  assert.ok(given.kind === 'refused', JSON.stringify(given));
  assert.equal(given.code, code, given.message);
  assert.ok(given.message !== '' && given.hint !== '' && !/[\x00-\x1f]/.test(given.message), JSON.stringify(given));
  assert.deepEqual(filesIn(inboxOf(root)), []);
  assert.deepEqual(filesIn(join(root, 'state/cadence-bus/tmp')), []);
  return given.message;
}

function describeContents(producer: Producer): void {
  const vias = producer.takesText ? (['argument', 'file', 'stdin'] as const) : (['argument'] as const);
  for (const [what, payload] of Object.entries(PAYLOADS)) {
    it(`M1 hands ${what} over as it was`, async () => {
      for (const via of vias) {
        const tick = await only(producer, { cadence: 'nightly-backup', payload, via });
        assert.deepEqual(tick.payload, JSON.parse(payload), via);
        assert.equal(tick.cadence, 'nightly-backup');
      }
    });
  }

  it('M1 M4 writes the cadence, the source, the key, the slot and the end that it was told', async () => {
    const words = { cadence: 'mail', source: 'launchd', key: "order 7 (of 9) $x 'y'", slot: '2026-11-20T07:00:00Z', expiresAt: '2026-11-21T07:00:00.000Z' };
    const tick = await only(producer, words);
    assert.deepEqual([tick.cadence, tick.source, tick.key, tick.slot], [words.cadence, words.source, words.key, words.slot]);
    assert.equal(parseIso(tick.expires_at), parseIso(words.expiresAt));
    assert.ok(!('payload' in tick));
  });

  it('M4 names itself as the source where nobody else is named, and writes no field that was not asked for', async () => {
    const tick = await only(producer, { cadence: 'mail' });
    assert.match(String(tick.source), /^[a-z-]+$/);
    for (const field of ['payload', 'key', 'slot', 'expires_at', 'parent_run', 'depth', 'dead']) assert.ok(!(field in tick), field);
  });

  it('takes a tick of 256 KB and refuses one byte more', async () => {
    const sized = (bytes: number): Words => ({ cadence: 'mail', payload: `"${'ä'.repeat(10)}${'x'.repeat(bytes - 22)}"`, via: 'file' });
    const root = emptyRoot();
    const sample = await producer.produce(sized(100), root);
    assert.ok(sample.kind === 'queued');
    const room = MAX_TICK_BYTES - (statSync(sample.path).size - 100);
    const largest = await producer.produce(sized(room), root);
    assert.ok(largest.kind === 'queued', JSON.stringify(largest));
    assert.equal(statSync(largest.path).size, MAX_TICK_BYTES);
    const before = filesIn(inboxOf(root));
    const over = await producer.produce(sized(room + 1), root);
    assert.ok(over.kind === 'refused' && over.code === 'bad_data', JSON.stringify(over));
    assert.deepEqual(filesIn(inboxOf(root)), before);
  });

  it('keeps what it writes to its user, whatever the umask', async () => {
    for (const umask of ['000', '022', '077']) {
      const root = emptyRoot();
      const { argv } = producer.command({ cadence: 'mail', payload: '1' }, root);
      const answer = await run({ argv: ['/bin/sh', '-c', `umask ${umask}; exec "$@"`, 'sh', ...argv] });
      assert.ok(answer.kind === 'queued', JSON.stringify(answer));
      assert.equal(statSync(answer.path).mode & 0o7777, 0o600);
      for (const folder of [inboxOf(root), dirname(inboxOf(root))]) assert.equal(statSync(folder).mode & 0o7777, 0o700);
    }
  });
}

function describeNames(producer: Producer): void {
  it('P1a takes every name that the rule allows', async () => {
    for (const cadence of ['ab', '7z', 'a--b', 'x--once', 'only', `${'a'.repeat(49)}9`]) assert.equal((await only(producer, { cadence })).cadence, cadence);
  });

  it('P1a refuses every other name, and builds no path from it', async () => {
    const names = ['a', 'A1', 'aB', 'a_b', 'a b', 'ab-', 'a.b', '..', '../../ab', 'a/b', 'ä1', 'ab\n', 'a\u001b[31mb', 'a"b', 'a$b', 'a*', 'a'.repeat(51)];
    for (const cadence of names) {
      const root = emptyRoot();
      await refused(producer.produce({ cadence }, root), 'bad_data', root);
      assert.deepEqual(readdirSync(root), ['cadences']);
    }
  });
}

function describeRefusals(producer: Producer): void {
  it('says that a root without cadences/ is none, and makes nothing there', async () => {
    const root = tempRoot();
    for (const none of [root, join(root, 'missing')]) await refused(producer.produce({ cadence: 'mail' }, none), 'not_found', none);
    assert.deepEqual(readdirSync(root), []);
  });

  it('refuses a slot that is no instant, an empty source and an empty or endless key', async () => {
    const words: readonly Omit<Words, 'cadence'>[] = [
      { slot: 'tomorrow' },
      { slot: '2026-11' },
      { source: '' },
      { key: '' },
      { key: 'k'.repeat(201) },
      { source: 's'.repeat(201) },
    ];
    for (const wrong of words) {
      const root = emptyRoot();
      await refused(producer.produce({ cadence: 'mail', ...wrong }, root), 'bad_data', root);
    }
  });

  it('refuses a slot and an end that no calendar and no clock has', async () => {
    const wrong = [
      '2026-13-01',
      '2026-00-10',
      '2026-11-00',
      '2026-11-32',
      '2026-13-45T00:00:00Z',
      '2026-11-20T25:00:00Z',
      '2026-11-20T07:60:00Z',
      '2026-11-20T07:00:60Z',
    ];
    for (const instant of wrong)
      for (const words of [{ slot: instant }, { expiresAt: instant }]) {
        const root = emptyRoot();
        await refused(producer.produce({ cadence: 'mail', ...words }, root), 'bad_data', root);
      }
    for (const slot of ['2026-02-30T00:00:00Z', '2026-11-31T00:00:00Z']) {
      const root = emptyRoot();
      await refused(producer.produce({ cadence: 'mail', slot }, root), 'bad_data', root);
    }
  });

  it('takes every other instant', async () => {
    for (const slot of ['2024-02-29T23:59:59Z', '2026-12-31', '2026-10-30T07:00+01:00', '2026-01-20T00:00:00.123Z', '2026-11-20T24:00:00Z', '2026-11-20T07:00'])
      assert.equal((await only(producer, { cadence: 'mail', slot })).slot, slot);
  });

  it('says permission where the inbox may not be written', async () => {
    const uid = process.getuid?.() === 0 ? NOBODY : undefined; // root may write everywhere
    const root = emptyRoot(uid);
    assert.equal((await run(producer.command({ cadence: 'mail' }, root), { uid })).kind, 'queued');
    for (const { file } of filesIn(inboxOf(root)).map((name) => ({ file: join(inboxOf(root), name) }))) rmSync(file);
    chmodSync(inboxOf(root), 0o500);
    await refused(run(producer.command({ cadence: 'mail' }, root), { uid }), 'permission', root);
    chmodSync(inboxOf(root), 0o700);
  });

  if (!producer.takesText) return;
  it('refuses what is not one JSON value', async () => {
    for (const payload of NO_PAYLOADS) {
      const root = emptyRoot();
      await refused(producer.produce({ cadence: 'mail', payload, via: payload.startsWith('@') ? 'stdin' : 'argument' }, root), 'bad_data', root);
    }
  });

  it('lets no payload write a field of the tick', async () => {
    for (const payload of SMUGGLERS) {
      const root = emptyRoot();
      await refused(producer.produce({ cadence: 'mail', payload }, root), 'bad_data', root);
    }
  });

  it('names a payload file that is not there, is a folder, or may not be read', async () => {
    const uid = process.getuid?.() === 0 ? NOBODY : undefined;
    const root = emptyRoot(uid);
    writeFileSync(join(root, 'secret.json'), '{}', { mode: 0o000 });
    const cases = [
      ['@/no/such/file.json', 'not_found'],
      [`@${root}`, 'bad_data'],
      [`@${join(root, 'secret.json')}`, 'permission'],
    ] as const;
    for (const [payload, code] of cases) await refused(run(producer.command({ cadence: 'mail', payload }, root), { uid }), code, root);
  });
}

function describeDisks(producer: Producer): void {
  const words: Words = { cadence: 'mail', payload: JSON.stringify('x'.repeat(9000)) };

  it('leaves nothing half-written where the write stops short', async () => {
    const root = emptyRoot();
    mkdirSync(inboxOf(root), { recursive: true, mode: 0o700 });
    const { argv } = producer.command(words, root);
    const limited = await run({ argv: ['/bin/sh', '-c', 'ulimit -f 4; exec "$@"', 'sh', ...argv] });
    assert.ok(limited.kind === 'refused' && limited.code === 'io', JSON.stringify(limited));
    await refused(Promise.resolve(limited), 'io', root);
    assert.equal((await producer.produce(words, root)).kind, 'queued');
  });

  if (!canMount()) return;
  it('says that the disk is full, leaves nothing half-written, and goes on when there is room', async () => {
    const root = tempRoot();
    assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', root]).status, 0);
    try {
      mkdirSync(join(root, 'cadences'));
      for (const folder of ['inbox', 'tmp']) mkdirSync(join(root, 'state/cadence-bus', folder), { recursive: true, mode: 0o700 });
      const filler = join(root, 'filler');
      spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4096'], { stdio: 'ignore' });
      const shown = await refused(producer.produce(words, root), 'io', root);
      assert.match(shown, /No space left|ENOSPC/);
      rmSync(filler);
      assert.equal((await producer.produce(words, root)).kind, 'queued');
      assert.equal(readTicks(inboxOf(root)).length, 1);
    } finally {
      spawnSync('umount', [root]);
    }
  });
}

/** Only root on Linux can make a small disk. */
function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const folder = tempRoot();
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status === 0;
  if (isMounted) spawnSync('umount', [folder]);
  return isMounted;
}
