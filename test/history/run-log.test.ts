import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, it } from 'node:test';
import { lastRunOf } from '../../lib/core/cadence-digest.ts';
import { CadenceError } from '../../lib/core/error.ts';
import type { LogPosition } from '../../lib/core/holds.ts';
import { tallyOf } from '../../lib/core/money/spending.ts';
import type { RunRecord } from '../../lib/core/run.ts';
import { digestPath } from '../../lib/history/digest.ts';
import { LOG_START } from '../../lib/history/position.ts';
import type { AppendLog, Files, RunLog } from '../../lib/ports.ts';
import { DAY, DAY_MS, failedRun, type LogFixture, logFixture, NOON_MS, naiveDigest, runOf } from './log-fixture.ts';

const idsSince = (log: RunLog, position = LOG_START): readonly string[] => [...log.since(position)].map((run) => run.run_id);
const idsOf = (runs: readonly RunRecord[]): readonly string[] => runs.map((run) => run.run_id);
const snapshot = ({ paths }: LogFixture) => JSON.parse(readFileSync(digestPath(paths.runs), 'utf8'));

/** The real disk, and what a test wants to see or to spoil of its logs. */
function withLogs(files: Files, change: (log: AppendLog, path: string) => Partial<AppendLog>): Files {
  return {
    ...files,
    append(path) {
      const log = files.append(path);
      const { write, flush } = { ...log, ...change(log, path) };
      return {
        get endBytes() {
          return log.endBytes;
        },
        write,
        flush,
        close: log.close,
      };
    },
  };
}

const fullDisk = (): never => {
  throw new CadenceError('io', 'cannot append: ENOSPC');
};

describe('the log of runs', () => {
  it('flushes with its own what an earlier life may have left of the days before', async () => {
    const fixture = logFixture();
    for (const day of ['2026-11-17', '2026-11-18', '2026-11-19', DAY]) fixture.append(`${JSON.stringify(runOf())}\n`, day);
    const flushed: string[] = [];
    const log = fixture.open(
      withLogs(fixture.files, (real, path) => ({
        flush() {
          flushed.push(basename(path, '.jsonl'));
          return real.flush();
        },
      })),
    );
    for (let n = 0; n < 2; n += 1) await log.flush();
    log.close();
    assert.deepEqual(flushed, ['2026-11-18', '2026-11-19', DAY, DAY], 'once, for nobody writes there any more');
  });

  it('D10 keeps one line a run, linked to the run before it of the same cadence', () => {
    const fixture = logFixture();
    const runs = [runOf({ cadence: 'aa' }), runOf({ cadence: 'bb' }), runOf({ cadence: 'aa', summary: 'ein Umlaut: ü' }), runOf({ cadence: 'aa' })];
    fixture.record(...runs);
    const lines = fixture.text().trimEnd().split('\n');
    const starts = lines.map((_line, index) =>
      Buffer.byteLength(
        lines
          .slice(0, index)
          .map((line) => `${line}\n`)
          .join(''),
      ),
    );
    const links = [null, null, `${DAY}:${starts[0]}`, `${DAY}:${starts[2]}`];
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      runs.map((run, index) => ({ ...run, prev: links[index] })),
    );
  });

  it('goes on after a restart where it was, links included', () => {
    const fixture = logFixture();
    const [first, second] = [runOf(), failedRun()];
    fixture.record(first);
    fixture.record(second);
    assert.equal(JSON.parse(fixture.text().trimEnd().split('\n')[1] as string).prev, `${DAY}:0`);
    assert.deepEqual(fixture.history.digest(), naiveDigest([first, second]));
  });

  it('answers with every run behind a position, oldest first, over days', () => {
    const fixture = logFixture();
    const log = fixture.open();
    assert.deepEqual(log.position(), LOG_START);
    const runs = [runOf(), runOf(), runOf(), runOf()];
    const positions = runs.map((run, index) => {
      fixture.nowMs = NOON_MS + Math.floor(index / 2) * DAY_MS;
      log.record(run);
      log.write();
      return log.position();
    });
    assert.deepEqual([...log.since(LOG_START)], runs);
    for (const [index, position] of positions.entries()) assert.deepEqual(idsSince(log, position), idsOf(runs.slice(index + 1)));
    log.close();
  });

  it('answers with whole runs where a position lies within a line, behind the end, or in a segment that was removed', () => {
    const fixture = logFixture();
    const runs = [runOf(), runOf(), runOf()];
    fixture.record(runs[0] as RunRecord, runs[1] as RunRecord);
    fixture.nowMs += DAY_MS;
    fixture.record(runs[2] as RunRecord);
    const log = fixture.open();
    assert.deepEqual(idsSince(log, { day: DAY, bytes: 7 }), idsOf(runs.slice(1)));
    assert.deepEqual(idsSince(log, { day: DAY, bytes: 1_000_000 }), idsOf(runs.slice(2)));
    assert.deepEqual(idsSince(log, { day: '2026-11-01', bytes: 1_000_000 }), idsOf(runs));
    assert.deepEqual(idsSince(log, { day: '2027-11-01', bytes: 0 }), []);
    log.close();
  });

  it('writes on in the newest segment when the clock is set back over midnight, so that no run stands before an older one', () => {
    const fixture = logFixture();
    const runs = [runOf(), runOf(), runOf(), runOf()];
    const log = fixture.open();
    for (const [index, days] of [0, 1, 0, 2].entries()) {
      fixture.nowMs = NOON_MS + days * DAY_MS;
      log.record(runs[index] as RunRecord);
      log.write();
    }
    log.close();
    fixture.nowMs = NOON_MS - 30 * DAY_MS;
    const late = runOf();
    fixture.record(late);
    const after = fixture.open();
    assert.deepEqual(idsSince(after), idsOf([...runs, late]));
    after.close();
    assert.equal(fixture.text('2026-11-21').trimEnd().split('\n').length, 2);
    assert.deepEqual(idsOf(fixture.history.runs({ limit: 9 })), idsOf([...runs, late]).toReversed());
  });

  it('flushes the segment of yesterday too, when midnight came between the writing and the flush', async () => {
    const fixture = logFixture();
    const flushed: string[] = [];
    const log = fixture.open(
      withLogs(fixture.files, (real, path) => ({
        flush: async () => {
          await real.flush();
          flushed.push(path);
        },
      })),
    );
    log.record(runOf());
    log.write();
    fixture.nowMs += DAY_MS;
    log.record(runOf());
    await Promise.all([log.flush(), log.flush()]);
    assert.deepEqual([...new Set(flushed)], [fixture.segment(DAY), fixture.segment('2026-11-21')]);
    assert.equal(flushed[0], fixture.segment(DAY), 'and both calls wait for it');
    log.close();
  });

  it('keeps a flush waiting for yesterday until the disk has taken it', async () => {
    const fixture = logFixture();
    let refusals = 1;
    const log = fixture.open(
      withLogs(fixture.files, (real, path) => ({
        flush: () => (path === fixture.segment(DAY) && refusals-- > 0 ? Promise.reject(new CadenceError('io', 'EIO')) : real.flush()),
      })),
    );
    log.record(runOf());
    log.write();
    fixture.nowMs += DAY_MS;
    log.record(runOf());
    await assert.rejects(log.flush(), { code: 'io' });
    await log.flush();
    assert.equal(refusals, -1);
    log.close();
  });

  it('keeps what the disk refused, and writes it in order when it takes lines again', () => {
    const fixture = logFixture();
    let isFull = false;
    const log = fixture.open(withLogs(fixture.files, (real) => ({ write: (text) => (isFull ? fullDisk() : real.write(text)) })));
    const [first, late, second] = [runOf(), failedRun(), runOf()];
    log.record(first);
    log.write();
    const before = log.position();
    isFull = true;
    log.record(late);
    assert.throws(() => log.write(), { code: 'io' });
    assert.deepEqual(log.position(), before);
    assert.deepEqual(fixture.history.digest(), naiveDigest([first]));
    isFull = false;
    log.record(second);
    log.close();
    assert.deepEqual(fixture.history.digest(), naiveDigest([first, late, second]));
    assert.deepEqual(fixture.history.runs({ cadence: first.cadence, limit: 9 }), [second, late, first]);
  });

  it('writes what was recorded before it in one write, and links within it', async () => {
    const fixture = logFixture();
    const writes: string[] = [];
    const files = withLogs(fixture.files, (real) => ({
      write(text) {
        writes.push(text);
        real.write(text);
      },
    }));
    const runs = Array.from({ length: 40 }, (_none, n) => runOf({ cadence: n % 3 === 0 ? 'rare' : 'busy', summary: 'ü'.repeat(n) }));
    const log = fixture.open(files);
    const ends: LogPosition[] = [];
    for (const run of runs) log.record(run, (end) => ends.push(end));
    assert.deepEqual([writes.length, ends.length], [0, 0]);
    log.write();
    assert.deepEqual([writes.length, ends.length], [1, 40]);
    const lines = fixture.text().split('\n').slice(0, -1);
    const starts = lines.map((_line, n) => Buffer.byteLength(lines.slice(0, n).join('\n')) + (n === 0 ? 0 : 1));
    const before = (n: number): number => runs.findLastIndex(({ cadence }, earlier) => earlier < n && cadence === runs[n]?.cadence);
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).prev),
      runs.map((_run, n) => (before(n) < 0 ? null : `${DAY}:${starts[before(n)]}`)),
    );
    assert.deepEqual(
      ends,
      [...starts.slice(1), Buffer.byteLength(fixture.text())].map((bytes) => ({ day: DAY, bytes })),
    );
    assert.deepEqual(log.position(), ends.at(-1));
    await log.flush();
    assert.equal(writes.length, 1);
    log.close();
    assert.deepEqual(fixture.history.digest(), naiveDigest(runs));
    assert.deepEqual(fixture.history.runs({ cadence: 'busy', limit: 99 }), runs.filter(({ cadence }) => cadence === 'busy').toReversed());
  });

  it('links and ends where the lines really stand, in the turn after somebody has cut the log behind its back', async () => {
    const fixture = logFixture();
    const log = fixture.open();
    for (const run of [runOf(), runOf(), runOf()]) log.record(run);
    log.write();
    const kept = fixture.text().indexOf('\n') + 1;
    fixture.files.truncate(fixture.segment(), kept);
    await new Promise((resolve) => setImmediate(resolve));
    const [next, last] = [runOf(), runOf()];
    log.record(next);
    log.record(last);
    log.write();
    const lines = fixture.text().split('\n');
    assert.equal(JSON.parse(lines[2] as string).prev, `${DAY}:${kept}`);
    assert.deepEqual(log.position(), { day: DAY, bytes: Buffer.byteLength(fixture.text()) });
    assert.deepEqual(idsOf(fixture.history.runs({ cadence: next.cadence, limit: 2 })), idsOf([last, next]));
    log.close();
  });

  it('closes the line that a kill has torn, at every byte, and links on from the last whole one', () => {
    const fixture = logFixture();
    const [first, torn, next] = [runOf(), failedRun({ reason: 'a\nb ü' }), runOf()];
    fixture.record(first, torn);
    const whole = readFileSync(fixture.segment());
    const start = whole.indexOf(10) + 1;
    for (let bytes = start; bytes < whole.length; bytes++) {
      writeFileSync(fixture.segment(), whole.subarray(0, bytes));
      // Without a snapshot at the end: hundreds of them would take long to reach the disk.
      const log = fixture.open({ ...fixture.files, write: fullDisk });
      log.record(next);
      log.close();
      // Without its newline the last line is whole all the same, once the newline is put there.
      const expected = bytes === whole.length - 1 ? [first, torn, next] : [first, next];
      assert.deepEqual(fixture.history.runs({ limit: 9 }), expected.toReversed());
      assert.deepEqual(fixture.history.runs({ cadence: first.cadence, limit: 9 }), expected.toReversed());
      assert.deepEqual(fixture.history.digest(), naiveDigest(expected));
    }
  });
});

describe('the snapshot of the digest', () => {
  it('P6 says per cadence what ran last, how it ended and how often it failed in a row', () => {
    const fixture = logFixture();
    const runs = [failedRun(), runOf(), failedRun(), failedRun({ status: 'dead' }), runOf({ status: 'skipped' }), runOf({ cadence: 'other' })];
    fixture.record(...runs);
    const { format, through, cadences } = snapshot(fixture);
    assert.equal(format, 2);
    assert.deepEqual(through, { day: DAY, bytes: Buffer.byteLength(fixture.text()) });
    const { at, ...backup } = cadences['nightly-backup'];
    assert.deepEqual(backup, { last: runs[4], runs: 5, succeeded: 1, failed: 3, consecutive_failures: 2 });
    assert.deepEqual(
      JSON.parse(
        fixture
          .text()
          .slice(Number(at.split(':')[1]))
          .split('\n')[0] as string,
      ).run_id,
      runs[4]?.run_id,
    );
    assert.deepEqual(Object.keys(cadences), ['nightly-backup', 'other']);
  });

  it('keeps the last run beside the ticks that another one served, over a restart too', () => {
    const fixture = logFixture();
    const [ran, served] = [runOf(), runOf({ status: 'coalesced' })];
    fixture.record(ran, served, runOf({ status: 'coalesced' }), runOf({ cadence: 'other', status: 'coalesced' }));
    const digest = fixture.history.digest();
    assert.deepEqual([lastRunOf(digest['nightly-backup']), lastRunOf(digest.other)], [ran, undefined]);
    assert.equal(snapshot(fixture).cadences['nightly-backup'].served.run_id, ran.run_id);
    fixture.record(runOf({ status: 'coalesced' }));
    assert.deepEqual(lastRunOf(fixture.history.digest()['nightly-backup']), ran);
  });

  it('is written at a flush once 128 KiB were logged since the last one, and at the first flush of a day', async () => {
    const fixture = logFixture();
    const log = fixture.open();
    const through = (): unknown => snapshot(fixture).through;
    log.record(runOf());
    await log.flush();
    const first = log.position();
    assert.deepEqual(through(), first);
    log.record(runOf({ summary: 'x'.repeat(90 * 1024) }));
    await log.flush();
    assert.deepEqual(through(), first, 'not yet');
    log.record(runOf({ summary: 'x'.repeat(40 * 1024) }));
    await log.flush();
    assert.deepEqual(through(), log.position(), '128 KiB');
    fixture.nowMs += DAY_MS;
    log.record(runOf());
    await log.flush();
    assert.deepEqual(through(), { day: '2026-11-21', bytes: log.position().bytes });
    log.close();
  });

  it('is not written when the log could not be flushed, and a disk that refuses it fails no flush', async () => {
    const fixture = logFixture();
    let refusesFlush = true;
    const files = withLogs(fixture.files, (real) => ({ flush: () => (refusesFlush ? Promise.reject(new CadenceError('io', 'EIO')) : real.flush()) }));
    const log = fixture.open({ ...files, write: fullDisk });
    log.record(runOf());
    await assert.rejects(log.flush(), { code: 'io' });
    assert.ok(!existsSync(digestPath(fixture.paths.runs)));
    refusesFlush = false;
    await log.flush();
    log.close();
    assert.ok(!existsSync(digestPath(fixture.paths.runs)));
    assert.equal(fixture.history.digest()['nightly-backup']?.runs, 1);
  });

  it('is thrown away when it is ahead of the log, before the log grows until it seems to match', () => {
    const fixture = logFixture();
    const [kept, lost] = [runOf(), failedRun()];
    fixture.record(kept, lost);
    const whole = readFileSync(fixture.segment());
    fixture.files.truncate(fixture.segment(), whole.indexOf(10) + 1);
    const log = fixture.open();
    // The same bytes as those that were lost, but for one: the log is as long as before.
    const other = { ...lost, reason: 'exit 4: no such host', tick: lost.tick };
    log.record(other);
    log.write();
    assert.ok(!existsSync(digestPath(fixture.paths.runs)), 'killed here, nothing wrong is left');
    assert.deepEqual(fixture.history.digest(), naiveDigest([kept, other]));
    log.close();
    assert.deepEqual(fixture.history.digest(), naiveDigest([kept, other]));
  });

  const garbled: Readonly<Record<string, (text: string) => string>> = {
    empty: () => '',
    torn: (text) => text.slice(0, text.length / 2),
    'no JSON': () => 'status: fine\n',
    'JSON of another kind': () => '[1,2,3]\n',
    null: () => 'null',
    'of a later format': (text) => text.replace('"format":2', '"format":3'),
    'of the format before spending was counted': (text) => text.replace('"format":2', '"format":1').replace(/,"zone".*/, '}'),
    'with the days of a zone that is none': (text) => text.replace('"zone":"UTC"', '"zone":"Mars/Olympus"'),
    'with spending below nothing': (text) => text.replace(/"days":\{"([\d-]+)":\[\d+/, '"days":{"$1":[-1'),
    'with spending of a day that is none': (text) => text.replace(/"days":\{"[\d-]+"/, '"days":{"2026-02-30"'),
    'with costs that are none': (text) => text.replace('"costs":[]', '"costs":["much"]'),
    'without a place': (text) => text.replace('"through"', '"thru"'),
    'ahead of the log': (text) => text.replace(/"bytes":\d+/, '"bytes":999999'),
    'in the middle of a line': (text) => text.replace(/"bytes":\d+/, '"bytes":20'),
    'of a day without a segment': (text) => text.replace(`"day":"${DAY}"`, '"day":"2027-01-01"'),
    'of a day that is a path': (text) => text.replace(`"day":"${DAY}"`, '"day":"../../x"'),
    'with a negative count': (text) => text.replace('"runs":1', '"runs":-1'),
    'with a count in words': (text) => text.replace('"failed":0', '"failed":"none"'),
    'with a record of another cadence': (text) => text.replace('"cadence":"nightly-backup"', '"cadence":"x"'),
    'with a record that is none': (text) => text.replace('"last":{', '"last":{"status":7,"was":'),
    'with a link that is none': (text) => text.replace(/"at":"[^"]*"/, '"at":"here"'),
    'with a link behind its end': (text) => text.replace('"runs":1', '"runs":5').replace(/"at":"[^"]*"/, '"at":"2027-01-01:0"'),
    'with another run at its end': (text) => text.replace(/"run_id":"\w+-1"(?!.*"run_id")/, '"run_id":"aaaaaaaaaaaa-1"'),
    'with NUL bytes': (text) => text.replaceAll('n', '\0'),
    'from the start of the log, with runs': (text) => text.replace(/"through":\{[^}]*\}/, '"through":{"day":"","bytes":0}'),
  };
  for (const [what, garble] of Object.entries(garbled)) {
    it(`is made anew from the log when it is ${what}`, () => {
      const fixture = logFixture();
      const runs = [runOf(), runOf({ cadence: 'other' })];
      fixture.record(...runs);
      const path = digestPath(fixture.paths.runs);
      const changed = garble(readFileSync(path, 'utf8'));
      assert.notEqual(changed, readFileSync(path, 'utf8'));
      writeFileSync(path, changed);
      assert.deepEqual(fixture.history.digest(), naiveDigest(runs));
      const more = failedRun();
      fixture.record(more);
      assert.deepEqual(fixture.history.digest(), naiveDigest([...runs, more]));
      assert.deepEqual(tallyOf(fixture.history.spending('UTC').spending.bus, '2026-11'), { micros: 0, runs: 3 });
      assert.deepEqual(snapshot(fixture).cadences['nightly-backup'].runs, 2);
    });
  }

  it('is made anew when it ends within a line that was logged since', () => {
    const fixture = logFixture();
    const runs = [runOf(), runOf()] as const;
    fixture.record(runs[0]);
    const path = digestPath(fixture.paths.runs);
    const saved = readFileSync(path, 'utf8');
    fixture.record(runs[1]);
    writeFileSync(
      path,
      saved.replace(/"bytes":(\d+)/, (_all, bytes) => `"bytes":${Number(bytes) + 10}`),
    );
    assert.deepEqual(fixture.history.digest(), naiveDigest(runs));
  });

  it('is made anew when something else than a file lies in its place', () => {
    for (const place of [(path: string) => mkdirSync(`${path}/sub`, { recursive: true }), (path: string) => symlinkSync('/etc/hostname', path)]) {
      const fixture = logFixture();
      fixture.record(runOf());
      fixture.files.remove(digestPath(fixture.paths.runs));
      place(digestPath(fixture.paths.runs));
      const more = runOf();
      fixture.record(more);
      assert.equal(snapshot(fixture).cadences['nightly-backup'].runs, 2);
    }
  });

  it('goes on counting what retention has removed from the log', () => {
    const fixture = logFixture();
    const [old, rare] = [failedRun(), runOf({ cadence: 'rare' })];
    fixture.record(old, rare);
    fixture.nowMs += DAY_MS;
    const young = failedRun();
    fixture.record(young);
    fixture.files.remove(fixture.segment(DAY));
    assert.deepEqual(fixture.history.digest(), naiveDigest([old, rare, young]));
    assert.deepEqual(fixture.history.runs({ cadence: 'nightly-backup', limit: 9 }), [young]);
    assert.deepEqual(fixture.history.runs({ cadence: 'rare', limit: 9 }), []);
  });
});
