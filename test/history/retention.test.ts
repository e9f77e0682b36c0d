import assert from 'node:assert/strict';
import { lutimesSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { pathsOf } from '../../lib/core/paths.ts';
import { dayOf } from '../../lib/core/time/instant.ts';
import { applyRetention } from '../../lib/history/retention.ts';
import { createSlotLedger } from '../../lib/history/slot-ledger.ts';
import { createClock } from '../../lib/platform/clock.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { tempRoot } from '../support/temp-root.ts';
import { DAY_MS, logFixture, NOON_MS, runOf } from './log-fixture.ts';

const POLICY = { retentionMs: 10 * DAY_MS, retentionBytes: 1_000_000, retentionRuns: undefined };
const clock = { nowMs: () => NOON_MS, breathe: createClock().breathe };
const day = (ago: number): string => dayOf(NOON_MS - ago * DAY_MS);

function retentionFixture() {
  const paths = pathsOf(tempRoot());
  for (const dir of [paths.runs, paths.journal, paths.subsessions, paths.running]) mkdirSync(dir, { recursive: true });
  /** Written on the day that its name says, unless told otherwise. */
  const put = (path: string, writtenAgo: number, bytes = 100): void => {
    writeFileSync(path, 'x'.repeat(bytes));
    utimesSync(path, (NOON_MS - writtenAgo * DAY_MS) / 1000, (NOON_MS - writtenAgo * DAY_MS) / 1000);
  };
  const output = (ago: number, id: string): string => `${day(ago)}-nightly-backup-${id}-1.stdout.log`;
  return {
    paths,
    put,
    output,
    apply: (policy = POLICY) => applyRetention({ files: createFiles(), clock, paths }, policy),
    left: () => [paths.runs, paths.journal, paths.subsessions].flatMap((dir) => readdirSync(dir)).sort(),
  };
}

describe('retention', () => {
  it('removes what is too old, says what it removed, and leaves what is not ours', async () => {
    const { paths, put, output, apply, left } = retentionFixture();
    for (const dir of [paths.runs, paths.journal]) for (const ago of [0, 9, 12]) put(`${dir}/${day(ago)}.jsonl`, ago);
    const old = output(12, 'abcdefghijkl');
    const foreign = [`${day(12)}.jsonl.bak`, 'digest.json', 'notes.txt', '2026-02-30.jsonl'];
    const foreignLogs = [
      `${day(12)}-x.log`,
      'x.stdout.log',
      `${day(12)}-nightly-backup-abcdefghijkl-1.stdout.log.gz`,
      `${day(12)}-Nightly-abcdefghijkl-1.stdout.log`,
    ];
    put(`${paths.subsessions}/${old}`, 12);
    put(`${paths.subsessions}/${output(1, 'abcdefghijkl')}`, 1);
    for (const name of foreign) put(`${paths.runs}/${name}`, 12);
    for (const name of foreignLogs) put(`${paths.subsessions}/${name}`, 12);
    const link = `${paths.subsessions}/${output(13, 'abcdefghijkl')}`;
    symlinkSync('/etc/hostname', link);
    lutimesSync(link, 0, 0);
    mkdirSync(`${paths.journal}/${day(14)}.jsonl`);
    const before = left();
    const { removed, freedBytes } = await apply();
    const gone = [`${paths.runs}/${day(12)}.jsonl`, `${paths.journal}/${day(12)}.jsonl`, `${paths.subsessions}/${old}`];
    assert.deepEqual([...removed].sort(), gone.sort());
    assert.equal(freedBytes, 300);
    assert.equal(left().length, before.length - 3);
    assert.deepEqual((await apply()).removed, []);
  });

  it('leaves the output of a live child alone, and what a long child has written lately', async () => {
    const { paths, put, output, apply, left } = retentionFixture();
    mkdirSync(`${paths.running}/abcdefghijkl-1`);
    put(`${paths.subsessions}/${output(90, 'abcdefghijkl')}`, 80);
    put(`${paths.subsessions}/${output(90, 'bbbbbbbbbbbb')}`, 2);
    put(`${paths.subsessions}/${output(90, 'cccccccccccc')}`, 80);
    put(`${paths.subsessions}/${output(90, 'dddddddddddd')}`, -400);
    await apply();
    assert.deepEqual(left(), [output(90, 'abcdefghijkl'), output(90, 'bbbbbbbbbbbb')]);
  });

  it('does nothing where there is nothing', async () => {
    assert.deepEqual(await applyRetention({ files: createFiles(), clock, paths: pathsOf(`${tempRoot()}/none`) }, POLICY), { removed: [], freedBytes: 0 });
  });

  it('leaves the segment that the owner has open, however old its day is, so that no run is written into a removed file', async () => {
    const fixture = logFixture();
    fixture.nowMs = NOON_MS - 100 * DAY_MS;
    const log = fixture.open();
    const [first, second] = [runOf(), runOf()];
    log.record(first);
    log.write();
    await applyRetention({ ...fixture, clock }, POLICY);
    log.record(second);
    log.close();
    assert.deepEqual(fixture.history.runs({ limit: 9 }), [second, first]);
  });

  it('leaves what the snapshot of a log has not folded yet, or how far the slots are decided, and what was spent, would be forgotten', async () => {
    const { paths, put, apply } = retentionFixture();
    mkdirSync(paths.slots, { recursive: true });
    const ledger = (ago: number) => createSlotLedger({ files: createFiles(), clock: { ...clock, nowMs: () => NOON_MS - ago * DAY_MS }, paths });
    const ts = `${day(14)}T12:00:00.000Z`;
    const plan = { lines: ['weekly mon 3:00'], zone: 'UTC', catchup: 'latest', window_ms: null, stagger_ms: 0, jitter_ms: 0, scheduler: 'builtin' } as const;
    const first = ledger(14);
    first.append([{ ts, kind: 'plan', cadence: 'backup', from: ts, plan, was: null, because: 'first' }]);
    first.save();
    first.close();
    // The next one dies before it has anything to decide, and so before it writes another snapshot.
    const second = ledger(12);
    second.append([{ ts, kind: 'started', because: '' }]);
    second.close();
    put(`${paths.slots}/${day(16)}.jsonl`, 16);
    assert.deepEqual((await apply()).removed, [`${paths.slots}/${day(16)}.jsonl`]);
    assert.deepEqual(ledger(0).cursor('backup')?.plan, plan);

    const log = logFixture();
    log.nowMs = NOON_MS - 14 * DAY_MS;
    log.record(runOf({ cadence: 'agent', cost_usd: 3 }));
    const snapshot = readFileSync(`${log.paths.runs}/digest.json`, 'utf8');
    log.nowMs = NOON_MS;
    log.record(runOf());
    writeFileSync(`${log.paths.runs}/digest.json`, snapshot);
    await applyRetention({ ...log, clock }, POLICY);
    assert.equal(log.history.digest().agent?.runs, 1);
  });

  it('removes very many in slices', async () => {
    const { paths, put, output, apply, left } = retentionFixture();
    for (let index = 0; index < 1_203; index++) put(`${paths.subsessions}/${output(30, index.toString(36).padStart(12, '0'))}`, 30, 1);
    let breaths = 0;
    const breathe = async (): Promise<void> => {
      breaths += 1;
      await clock.breathe();
    };
    assert.equal((await applyRetention({ files: createFiles(), clock: { ...clock, breathe }, paths }, POLICY)).removed.length, 1_203);
    assert.equal(breaths, 4);
    assert.deepEqual(left(), []);
    assert.deepEqual((await apply()).removed, []);
  });
});
