import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RUN_STATUSES, type RunRecord } from '../../lib/core/run.ts';
import { digestPath } from '../../lib/history/digest.ts';
import { listDays, segmentBytes } from '../../lib/history/segments.ts';
import { DAY_MS, type LogFixture, logFixture, NOON_MS, naiveDigest, runOf } from './log-fixture.ts';

const CADENCES = ['aa', 'bb', 'rare'] as const;

interface Step {
  readonly kind: 'record' | 'restart' | 'kill' | 'drop snapshot' | 'cut' | 'flush';
  readonly cadence: (typeof CADENCES)[number];
  readonly status: RunRecord['status'];
  readonly summary: string;
  readonly dayShift: number;
  /** Where in the log it is cut, counted from its end. */
  readonly cutBytes: number;
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    kind: fc.oneof(
      { weight: 12, arbitrary: fc.constant('record' as const) },
      { weight: 3, arbitrary: fc.constantFrom('restart', 'kill', 'drop snapshot', 'cut', 'flush' as const) },
    ),
    cadence: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('aa', 'bb' as const) }, { weight: 1, arbitrary: fc.constant('rare' as const) }),
    status: fc.constantFrom(...RUN_STATUSES),
    summary: fc.string({ unit: 'binary', maxLength: 12 }),
    dayShift: fc.constantFrom(0, 0, 0, 0, 1, -1, 3),
    cutBytes: fc.nat(900),
  }),
  { maxLength: 40, size: 'max' },
);

/** All records that stand in the log, oldest first, as a reader without links and snapshots sees them. */
function naiveScan({ files, paths }: LogFixture): readonly RunRecord[] {
  return listDays(files, paths.runs).flatMap((day) => {
    const lines = files.readRange(`${paths.runs}/${day}.jsonl`, 0, 1e9).toString('utf8').split('\n').slice(0, -1);
    return lines.flatMap((line) => {
      try {
        const { prev: _prev, ...run } = JSON.parse(line);
        return [run as RunRecord];
      } catch (error) {
        assert.ok(error instanceof SyntaxError);
        return [];
      }
    });
  });
}

/** The newest bytes of the log are gone, as after a power cut. */
function cut({ files, paths }: LogFixture, bytes: number): void {
  const day = listDays(files, paths.runs).at(-1);
  if (day === undefined) return;
  files.truncate(`${paths.runs}/${day}.jsonl`, Math.max(0, (segmentBytes(files, paths.runs, day) ?? 0) - bytes));
}

function isAsScanned(fixture: LogFixture): void {
  const all = naiveScan(fixture);
  assert.deepEqual(fixture.history.digest(), naiveDigest(all));
  assert.deepEqual(fixture.history.runs({ limit: 1_000 }), all.toReversed());
  for (const cadence of CADENCES) {
    const own = all.filter((run) => run.cadence === cadence).toReversed();
    assert.deepEqual(fixture.history.runs({ cadence, limit: 1_000 }), own);
    assert.deepEqual(fixture.history.runs({ cadence, limit: 2 }), own.slice(0, 2));
    assert.deepEqual(
      fixture.history.runs({ cadence, limit: 1_000, status: 'failed' }),
      own.filter(({ status }) => status === 'failed'),
    );
  }
  for (const run of all.slice(0, 3)) assert.deepEqual(fixture.history.find(run.run_id), run);
}

async function play(fixture: LogFixture, all: readonly Step[]): Promise<void> {
  let log = fixture.open();
  for (const step of all) {
    fixture.nowMs += step.dayShift * DAY_MS;
    switch (step.kind) {
      case 'record':
        log.record(runOf({ cadence: step.cadence, status: step.status, summary: step.summary }));
        log.write();
        break;
      case 'flush':
        await log.flush();
        break;
      case 'restart':
        log.close();
        log = fixture.open();
        break;
      case 'kill':
        // The new one opens as if the old one had never closed: nothing of the old one's memory is written.
        log = fixture.open();
        break;
      case 'drop snapshot':
        fixture.files.removeTree(digestPath(fixture.paths.runs));
        break;
      case 'cut':
        cut(fixture, step.cutBytes);
        log = fixture.open();
        break;
    }
    if (step.kind !== 'record') isAsScanned(fixture);
  }
  isAsScanned(fixture);
  log.close();
  isAsScanned(fixture);
  fixture.files.removeTree(digestPath(fixture.paths.runs));
  isAsScanned(fixture);
}

describe('history', () => {
  it('D10 D19 P6 answers by links and snapshot what a scan of everything answers, over days, restarts, kills, cuts and clocks set back', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const fixture = logFixture();
        fixture.nowMs = NOON_MS;
        await play(fixture, all);
      }),
      { numRuns: 150 },
    );
  });
});
