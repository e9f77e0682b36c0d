import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { RunRecord } from '../../lib/core/run.ts';
import { toIso } from '../../lib/core/time/instant.ts';
import { inspectRuns } from '../../lib/history/audit-scan.ts';
import { digestPath } from '../../lib/history/digest.ts';
import { createHistory } from '../../lib/history/history.ts';
import { formatRecordLine } from '../../lib/history/record-line.ts';
import { DAY, DAY_MS, failedRun, type LogFixture, logFixture, NOON_MS, naiveDigest, runOf } from './log-fixture.ts';

const lineOf = (run: RunRecord, prev: { day: string; bytes: number } | null = null): string => formatRecordLine(run, prev);

/** Records one a day, each ended at the noon of its day. */
function recordDaily(fixture: LogFixture, runs: readonly RunRecord[]): void {
  for (const run of runs) {
    fixture.record(run);
    fixture.nowMs += DAY_MS;
  }
}

interface Counter {
  readonly history: ReturnType<typeof createHistory>;
  reads: number;
  /** What was opened to stay open, and what of it is open still. */
  readonly opened: string[];
  readonly left: Set<string>;
  looks: number;
}

/** Counts what is asked of the segments. */
function countingReads(fixture: LogFixture): Counter {
  const { files, paths } = fixture;
  const counter: Counter = {
    reads: 0,
    looks: 0,
    opened: [],
    left: new Set(),
    history: createHistory({
      paths,
      files: {
        ...files,
        info(path) {
          counter.looks += 1;
          return files.info(path);
        },
        readRange(path, offset, bytes) {
          counter.reads += 1;
          return files.readRange(path, offset, bytes);
        },
        open(path) {
          const file = files.open(path);
          counter.opened.push(path);
          counter.left.add(path);
          return {
            read(into, offset) {
              counter.reads += 1;
              return file.read(into, offset);
            },
            close() {
              counter.left.delete(path);
              file.close();
            },
          };
        },
      },
    }),
  };
  return counter;
}

describe('runs', () => {
  it('D19 come newest first, at most as many as asked for, over all days', () => {
    const fixture = logFixture();
    const runs = Array.from({ length: 5 }, () => runOf());
    recordDaily(fixture, runs);
    assert.deepEqual(fixture.history.runs({ limit: 20 }), runs.toReversed());
    assert.deepEqual(fixture.history.runs({ limit: 2 }), runs.slice(3).toReversed());
    assert.deepEqual(fixture.history.runs({ limit: 0 }), []);
  });

  it('are those of the log as it is at each call, also once it has grown, was cut, or is another one', () => {
    const fixture = logFixture();
    const told = (): unknown => [fixture.history.digest(), fixture.history.runs({ cadence: 'nightly-backup', limit: 9 })];
    const [first, second, third] = [runOf(), failedRun(), runOf()];
    fixture.record(first);
    assert.deepEqual(told(), [naiveDigest([first]), [first]]);
    fixture.record(second);
    assert.deepEqual(told(), [naiveDigest([first, second]), [second, first]]);
    fixture.files.removeTree(fixture.paths.runs);
    fixture.record(third);
    assert.deepEqual(told(), [naiveDigest([third]), [third]]);
    fixture.files.removeTree(fixture.paths.runs);
    assert.deepEqual(told(), [{}, []]);
  });

  it('D19 are none where there is no folder, an empty folder, or an empty segment', () => {
    const fixture = logFixture();
    const none = (): void => {
      assert.deepEqual(fixture.history.runs({ limit: 9 }), []);
      assert.deepEqual(fixture.history.runs({ limit: 9, cadence: 'x' }), []);
      assert.deepEqual(fixture.history.digest(), {});
      assert.deepEqual(fixture.history.attempts('x', 'abcdefghijkl'), []);
      assert.equal(fixture.history.find('abcdefghijkl'), undefined);
    };
    none();
    mkdirSync(fixture.paths.runs, { recursive: true });
    none();
    fixture.append('');
    none();
    fixture.record();
    none();
  });

  it('D19 may be those of one status, or of one cadence, or since an instant, or all of it', () => {
    const fixture = logFixture();
    const at = (day: number) => ({ ended_at: toIso(NOON_MS + day * DAY_MS) });
    const runs = [failedRun(at(0)), runOf(at(1)), failedRun({ cadence: 'other', ...at(2) }), failedRun(at(3)), runOf({ cadence: 'other', ...at(4) })];
    recordDaily(fixture, runs);
    const found = (query: { cadence?: string; sinceMs?: number; status?: string }) =>
      fixture.history.runs({ limit: 9, ...query }).map((run) => runs.findIndex(({ tick }) => tick === run.tick));
    assert.deepEqual(found({ status: 'failed' }), [3, 2, 0]);
    assert.deepEqual(found({ status: 'dead' }), []);
    assert.deepEqual(found({ cadence: 'other' }), [4, 2]);
    assert.deepEqual(found({ cadence: 'nightly-backup' }), [3, 1, 0]);
    assert.deepEqual(found({ cadence: 'nobody' }), []);
    assert.deepEqual(found({ sinceMs: NOON_MS + 2 * DAY_MS }), [4, 3, 2]);
    assert.deepEqual(found({ sinceMs: NOON_MS + 2 * DAY_MS + 1 }), [4, 3]);
    assert.deepEqual(found({ cadence: 'nightly-backup', sinceMs: NOON_MS + DAY_MS }), [3, 1]);
    assert.deepEqual(found({ cadence: 'nightly-backup', sinceMs: NOON_MS, status: 'failed' }), [3, 0]);
  });

  it('D19 of one cadence cost a read a run at most, however much else was logged', () => {
    const fixture = logFixture();
    const runs = Array.from({ length: 4_000 }, (_, index) => runOf({ cadence: index % 100 === 7 ? 'rare' : 'busy' }));
    fixture.record(...runs);
    for (const cadence of ['rare', 'busy']) {
      const counter = countingReads(fixture);
      const found = counter.history.runs({ cadence, limit: 20 });
      assert.deepEqual(
        found,
        runs
          .filter((run) => run.cadence === cadence)
          .slice(-20)
          .toReversed(),
      );
      // Four are spent on the snapshot: what stands at its end, its newest record, and two on a tail that is not there.
      const enough = cadence === 'rare' ? 20 + 4 : 1 + 1 + 4;
      assert.ok(counter.reads <= enough, `${cadence}: ${counter.reads}`);
    }
    const counter = countingReads(fixture);
    assert.equal(counter.history.runs({ limit: 20 }).length, 20);
    assert.equal(counter.reads, 1);
  });

  it('D19 of one cadence are read from a segment that is opened once and closed again, whoever stops early', () => {
    const fixture = logFixture();
    for (const day of [0, 1, 2]) {
      fixture.nowMs = NOON_MS + day * DAY_MS;
      fixture.record(...Array.from({ length: 3_000 }, (_, index) => runOf({ cadence: index % 150 === 7 ? 'rare' : 'busy', ended_at: toIso(fixture.nowMs) })));
    }
    for (const [limit, days] of [
      [1_000, 3],
      [25, 2],
      [1, 1],
    ] as const) {
      const counter = countingReads(fixture);
      assert.equal(counter.history.runs({ cadence: 'rare', limit }).length, Math.min(limit, 60));
      assert.deepEqual(
        counter.opened,
        [2, 1, 0].slice(0, days).map((day) => fixture.segment(toIso(NOON_MS + day * DAY_MS).slice(0, 10))),
      );
      assert.equal(counter.left.size, 0);
      assert.ok(counter.looks <= 2 * days + 6, `${limit}: ${counter.looks}`);
    }
  });

  it('are found by their ids, the newest record of each, no farther back than was asked for', () => {
    const fixture = logFixture();
    const old = runOf();
    const again = [runOf({ status: 'waiting' }), runOf({ summary: 'between' })];
    const few = [...again, { ...(again[0] as RunRecord), status: 'succeeded' as const }, runOf()];
    // The log is read in blocks, and the last block is looked at whole.
    fixture.record(old, ...Array.from({ length: 4_000 }, () => runOf()), ...few);
    const ids = (...runs: readonly RunRecord[]): Set<string> => new Set(runs.map(({ run_id }) => run_id));
    const found = (wanted: Set<string>, among: number): readonly unknown[] => [...fixture.history.newest(wanted, among).values()];
    assert.deepEqual(found(ids(again[0] as RunRecord), 10), [few[2]]);
    assert.deepEqual(found(ids(...few, runOf()), 10), [few[3], few[2], few[1]]);
    assert.deepEqual(found(ids(old), 10), []);
    assert.deepEqual(found(ids(old), 5_000), [old]);
    assert.deepEqual(found(new Set(), 10), []);
    const strangers = Array.from({ length: 20 }, () => runOf());
    assert.deepEqual(found(ids(...strangers, old), 5_000), [old]);
  });

  it('read no farther back for an id than they must', () => {
    const fixture = logFixture();
    const runs = Array.from({ length: 4_000 }, () => runOf());
    fixture.record(...runs);
    const counter = countingReads(fixture);
    assert.equal(counter.history.newest(new Set([(runs.at(-1) as RunRecord).run_id]), 5_000).size, 1);
    assert.equal(counter.reads, 1);
  });

  it('are found while the owner writes, and without its snapshot', () => {
    const fixture = logFixture();
    const log = fixture.open();
    const runs: RunRecord[] = [];
    for (let index = 0; index < 50; index++) {
      runs.push(index % 3 === 0 ? failedRun() : runOf({ cadence: 'other' }));
      log.record(runs.at(-1) as RunRecord);
      log.write();
      assert.deepEqual(fixture.history.runs({ limit: 99 }), runs.toReversed());
      assert.deepEqual(fixture.history.runs({ limit: 99, cadence: 'other' }), runs.filter(({ cadence }) => cadence === 'other').toReversed());
      assert.deepEqual(fixture.history.digest(), naiveDigest(runs));
    }
    log.close();
  });

  it('are found beside a line that is being written, cut at every byte', () => {
    const fixture = logFixture();
    const runs = [runOf(), failedRun({ summary: 'ü' })];
    fixture.record(...runs);
    const whole = readFileSync(fixture.segment());
    const torn = Buffer.from(lineOf(failedRun({ summary: 'ü' })));
    for (let bytes = 0; bytes < torn.length; bytes++) {
      writeFileSync(fixture.segment(), Buffer.concat([whole, torn.subarray(0, bytes)]));
      assert.deepEqual(fixture.history.runs({ limit: 9 }), runs.toReversed());
      assert.deepEqual(fixture.history.runs({ cadence: 'nightly-backup', limit: 9 }), runs.toReversed());
      assert.deepEqual(fixture.history.digest(), naiveDigest(runs));
    }
  });

  it('are found among garbage, which is counted', () => {
    const fixture = logFixture();
    const runs = [runOf(), failedRun(), runOf({ cadence: 'other' })];
    const garbage = [
      'not JSON\n',
      '{"run_id":"x"}\n',
      '\0\0\0\0\n',
      `${lineOf(runOf()).slice(0, 90)}\n`,
      Buffer.from([0xff, 0xfe, 10]).toString('latin1'),
      '[]\n',
      '\n',
      '{"torn',
    ];
    for (const [index, run] of runs.entries()) {
      fixture.record(run);
      fixture.append(garbage.slice(index * 3, index * 3 + 3).join(''));
    }
    for (const hasSnapshot of [true, false]) {
      if (!hasSnapshot) fixture.files.remove(digestPath(fixture.paths.runs));
      assert.deepEqual(fixture.history.runs({ limit: 9 }), runs.toReversed());
      assert.deepEqual(fixture.history.runs({ cadence: 'nightly-backup', limit: 9 }), runs.slice(0, 2).toReversed());
      assert.deepEqual(fixture.history.digest(), naiveDigest(runs));
    }
    // The blank line is none, the torn end is not one yet.
    assert.deepEqual(inspectRuns(fixture), { segments: 1, bytes: Buffer.byteLength(fixture.text()), records: 3, garbage: 6 });
  });

  it('are not read from what is no segment of ours', () => {
    const fixture = logFixture();
    const run = runOf();
    fixture.record(run);
    for (const name of ['2026-02-30', 'notes', '2026-11-21.bak', '20261122']) fixture.append(lineOf(runOf()), name);
    symlinkSync(fixture.segment(), fixture.segment('2026-11-23'));
    mkdirSync(fixture.segment('2026-11-24'));
    assert.deepEqual(fixture.history.runs({ limit: 9 }), [run]);
    assert.deepEqual(fixture.history.digest(), naiveDigest([run]));
    assert.equal(fixture.history.find(run.run_id)?.tick, run.tick);
  });
});

describe('the chain of a cadence', () => {
  /** Three runs, and the link of the last one leads where the test says. */
  function withLink(prev: (first: { day: string; bytes: number }, second: { day: string; bytes: number }) => { day: string; bytes: number } | null) {
    const fixture = logFixture();
    const runs = [runOf(), runOf(), runOf()] as const;
    fixture.record(runs[0], runs[1]);
    const [first, second] = [
      { day: DAY, bytes: 0 },
      { day: DAY, bytes: fixture.text().indexOf('\n') + 1 },
    ];
    fixture.append(lineOf(runs[2], prev(first, second)));
    return fixture.history.runs({ cadence: 'nightly-backup', limit: 9 }).map((run) => runs.findIndex(({ tick }) => tick === run.tick));
  }

  it('is left where a link leads into the middle of a line, ahead, to itself or behind the end, and the log is read instead', () => {
    assert.deepEqual(
      withLink((_first, second) => second),
      [2, 1, 0],
    );
    assert.deepEqual(
      withLink(({ day }) => ({ day, bytes: 11 })),
      [2, 1, 0],
    );
    assert.deepEqual(
      withLink(({ day }) => ({ day, bytes: 999_999 })),
      [2, 1, 0],
    );
    assert.deepEqual(
      withLink(() => ({ day: '2027-01-01', bytes: 0 })),
      [2, 1, 0],
    );
    assert.deepEqual(
      withLink((_first, second) => ({ ...second, bytes: second.bytes * 2 })),
      [2, 1, 0],
      'to itself',
    );
  });

  it('is left where a link leads to a run of another cadence', () => {
    const fixture = logFixture();
    const runs = [runOf(), runOf({ cadence: 'other' }), runOf()] as const;
    fixture.record(runs[0], runs[1]);
    fixture.append(lineOf(runs[2], { day: DAY, bytes: fixture.text().indexOf('\n') + 1 }));
    assert.deepEqual(fixture.history.runs({ cadence: 'nightly-backup', limit: 9 }), [runs[2], runs[0]]);
  });

  it('ends where a link leads into a segment that was removed, with what is older still', () => {
    assert.deepEqual(
      withLink(() => ({ day: '2026-11-19', bytes: 0 })),
      [2],
      'nothing is older',
    );
    const fixture = logFixture();
    const runs = [runOf(), runOf(), runOf()];
    recordDaily(fixture, runs);
    fixture.files.remove(fixture.segment('2026-11-21'));
    assert.deepEqual(fixture.history.runs({ cadence: 'nightly-backup', limit: 9 }), [runs[2], runs[0]]);
  });

  it('is left where a run in it was garbled, or where a line has no link, and the log is read instead', () => {
    const fixture = logFixture();
    const runs = [runOf(), runOf(), runOf(), runOf({ cadence: 'other' }), runOf()];
    fixture.record(...runs);
    writeFileSync(fixture.segment(), fixture.text().replace(`"run_id":"${runs[2]?.run_id}"`, `"run_id":"${runs[2]?.run_id},`));
    assert.deepEqual(fixture.history.runs({ cadence: 'nightly-backup', limit: 9 }), [runs[4], runs[1], runs[0]]);
    fixture.append(`${JSON.stringify(runs[2])}\n`);
    assert.deepEqual(fixture.history.runs({ cadence: 'nightly-backup', limit: 9 }), [runs[2], runs[4], runs[1], runs[0]]);
  });

  it('holds runs whose lines are longer than a block', () => {
    const fixture = logFixture();
    const runs = [10, 70_000, 10, 1_500_000, 3_000, 10].map((length) => runOf({ summary: 'ü'.repeat(length) }));
    fixture.record(...runs);
    assert.deepEqual(fixture.history.runs({ cadence: 'nightly-backup', limit: 9 }), runs.toReversed());
    assert.deepEqual(fixture.history.runs({ limit: 9 }), runs.toReversed());
    assert.deepEqual(fixture.history.digest(), naiveDigest(runs));
    for (const run of runs) assert.deepEqual(fixture.history.find(run.run_id), run);
  });
});

describe('find', () => {
  it('D19 knows a run by its run id, and by the id of its tick the latest run of the tick', () => {
    const fixture = logFixture();
    const tick = 'abcdefghijkl';
    const runs = [failedRun({ tick }), runOf(), runOf({ tick, attempt: 2 }), runOf(), failedRun({ tick: 'abcdefghijkm', attempt: 10 })];
    recordDaily(fixture, runs);
    assert.deepEqual(fixture.history.find(`${tick}-1`), runs[0]);
    assert.deepEqual(fixture.history.find(`${tick}-2`), runs[2]);
    assert.deepEqual(fixture.history.find(tick), runs[2]);
    assert.equal(fixture.history.find('abcdefghijkm-1'), undefined, 'a run id is not the beginning of another');
    for (const run of runs) assert.deepEqual(fixture.history.find(run.run_id), run);
  });

  it('D19 prefers the newest of several records of one run, for a deferred attempt runs again under its id', () => {
    const fixture = logFixture();
    const tick = 'abcdefghijkl';
    const [deferred, ended] = [runOf({ tick, status: 'waiting', retry_at: toIso(NOON_MS) }), failedRun({ tick })];
    fixture.record(deferred, runOf(), ended, runOf());
    assert.deepEqual(fixture.history.find(`${tick}-1`), ended);
    assert.deepEqual(fixture.history.find(tick), ended);
  });

  it('D19 is not misled by a line that only speaks of the id, nor by what is no id', () => {
    const fixture = logFixture();
    const run = runOf({ tick: 'abcdefghijkl' });
    fixture.record(run, runOf({ reason: 'see abcdefghijkl-1', stdout_path: 'x-abcdefghijkl-1.stdout.log' }));
    fixture.append('garbage abcdefghijkl-1\n');
    assert.deepEqual(fixture.history.find('abcdefghijkl-1'), run);
    assert.deepEqual(fixture.history.find('abcdefghijkl'), run);
    for (const id of ['', 'abc', '../../etc', '"run_id":"', 'abcdefghijkl-', 'ABCDEFGHIJKL', 'abcdefghijkl-x', '\n'])
      assert.equal(fixture.history.find(id), undefined);
  });

  it('D19 finds ids that lie across the borders of blocks', () => {
    const fixture = logFixture();
    const runs = Array.from({ length: 700 }, (_, index) => runOf({ summary: 'x'.repeat(index % 501) }));
    fixture.record(...runs);
    for (const run of runs) assert.deepEqual(fixture.history.find(run.run_id), run);
  });
});

describe('attempts', () => {
  const tick = 'abcdefghijkl';

  it('D10 are all attempts of a tick, oldest first, one record each', () => {
    const fixture = logFixture();
    const deferred = runOf({ tick, attempt: 2, status: 'waiting' });
    const runs = [runOf(), failedRun({ tick }), runOf(), deferred, failedRun({ tick, attempt: 2 }), runOf(), runOf({ tick, attempt: 3 })];
    recordDaily(fixture, runs);
    assert.deepEqual(fixture.history.attempts('nightly-backup', tick), [runs[1], runs[4], runs[6]]);
    assert.deepEqual(fixture.history.attempts('other', tick), []);
    assert.deepEqual(fixture.history.attempts('nightly-backup', 'abcdefghijkm'), []);
    assert.deepEqual(fixture.history.attempts('nightly-backup', '../'), []);
  });

  it('D10 are found far behind other runs of the cadence, and behind a chain that is broken', () => {
    const fixture = logFixture();
    const runs = [failedRun({ tick }), runOf(), failedRun({ tick, attempt: 2 }), ...Array.from({ length: 1_200 }, () => runOf())];
    fixture.record(...runs);
    assert.deepEqual(fixture.history.attempts('nightly-backup', tick), [runs[0], runs[2]]);
    writeFileSync(fixture.segment(), fixture.text().replace(`"run_id":"${runs[900]?.run_id}"`, `"run_id":"${runs[900]?.run_id},`));
    assert.deepEqual(fixture.history.attempts('nightly-backup', tick), [runs[0], runs[2]]);
  });
});
