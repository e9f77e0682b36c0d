import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type KeptOutput, type KeptSegment, planRetention } from '../../lib/core/retention.ts';
import { dayOf } from '../../lib/core/time/instant.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 20, 12);
const day = (ago: number): string => dayOf(NOW_MS - ago * DAY_MS);

const segment = (log: KeptSegment['log'], ago: number, sizeBytes = 10): KeptSegment => ({ log, day: day(ago), path: `${log}/${ago}`, sizeBytes });
const output = (ago: number, sizeBytes = 10): KeptOutput => ({ day: day(ago), path: `output/${ago}`, sizeBytes });

const ages = fc.integer({ min: -3, max: 20 });
const sizes = fc.nat(50);
const segments = fc.uniqueArray(
  fc.tuple(fc.constantFrom('runs' as const, 'journal' as const, 'slots' as const), ages, sizes).map((of) => segment(...of)),
  { selector: ({ path }) => path, maxLength: 40, size: 'max' },
);
const outputs = fc.uniqueArray(
  fc.tuple(ages, sizes).map((of) => output(...of)),
  { selector: ({ path }) => path, maxLength: 40, size: 'max' },
);
const policies = fc.record({ retentionMs: fc.nat(20 * DAY_MS), retentionBytes: fc.nat(800), retentionRuns: fc.option(fc.nat(12), { nil: undefined }) });

describe('the plan of retention', () => {
  it('removes a day that ended longer ago than the time to keep, and not a moment sooner', () => {
    const kept = [segment('journal', 0), segment('journal', 3), segment('journal', 4)];
    const plan = (retentionMs: number) => planRetention(kept, [], { retentionMs, retentionBytes: 1e9, retentionRuns: undefined }, NOW_MS);
    assert.deepEqual(plan(3.5 * DAY_MS), ['journal/4']);
    assert.deepEqual(plan(3.5 * DAY_MS + 1), []);
    assert.deepEqual(plan(2.5 * DAY_MS), ['journal/3', 'journal/4'].toReversed());
  });

  it('keeps the log of runs for as long as keys are remembered, or the same key would run again', () => {
    const kept = [0, 1, 7, 8, 9].map((ago) => segment('runs', ago));
    const plan = (retentionMs: number) => planRetention(kept, [], { retentionMs, retentionBytes: 1e9, retentionRuns: undefined }, NOW_MS);
    assert.deepEqual(plan(0), ['runs/9', 'runs/8']);
    assert.deepEqual(plan(8 * DAY_MS), ['runs/9']);
  });

  it('removes output first when there is too much, oldest first, and no more than needed', () => {
    const kept = [segment('runs', 5), segment('runs', 0), segment('journal', 5), segment('journal', 0)];
    const plan = (retentionBytes: number) =>
      planRetention(kept, [output(2), output(9), output(4), output(0)], { retentionMs: 1e12, retentionBytes, retentionRuns: undefined }, NOW_MS);
    assert.deepEqual(plan(80), []);
    assert.deepEqual(plan(79), ['output/9']);
    assert.deepEqual(plan(60), ['output/9', 'output/4']);
    assert.deepEqual(plan(40), ['output/9', 'output/4', 'output/2']);
    assert.deepEqual(plan(39), ['output/9', 'output/4', 'output/2', 'journal/5']);
    assert.deepEqual(plan(0), ['output/9', 'output/4', 'output/2', 'journal/5', 'runs/5']);
  });

  it('keeps the output of so many runs, both files of each, and takes that of the oldest', () => {
    const twins = [5, 4, 3, 0].flatMap((ago) => ['stdout', 'stderr'].map((stream) => ({ day: day(ago), path: `output/${ago}.${stream}.log`, sizeBytes: 10 })));
    const plan = (retentionRuns: number | undefined) => planRetention([], twins, { retentionMs: 1e12, retentionBytes: 1e9, retentionRuns }, NOW_MS);
    assert.deepEqual([plan(undefined), plan(4)], [[], []]);
    assert.deepEqual(plan(3), ['output/5.stdout.log', 'output/5.stderr.log']);
    assert.equal(plan(1).length, 6);
    assert.equal(plan(0).length, 6, 'what is of today stays');
  });

  it('does not forget a run because today was talkative', () => {
    assert.deepEqual(
      planRetention([segment('runs', 5), segment('runs', 4)], [output(0, 1e9)], { retentionMs: 1e12, retentionBytes: 100, retentionRuns: undefined }, NOW_MS),
      [],
    );
  });

  it('never touches today, later days, or the newest segment of a log', () => {
    fc.assert(
      fc.property(segments, outputs, policies, (logs, said, policy) => {
        const plan = new Set(planRetention(logs, said, policy, NOW_MS));
        for (const kept of [...logs, ...said]) if (kept.day >= dayOf(NOW_MS)) assert.ok(!plan.has(kept.path));
        for (const log of ['runs', 'journal'] as const) {
          const newest = logs.filter((kept) => kept.log === log).sort((a, b) => (a.day < b.day ? 1 : -1))[0];
          if (newest !== undefined) assert.ok(!plan.has(newest.path));
        }
      }),
    );
  });

  it('leaves no more than may be kept, of what it may remove; names each once; and has nothing to add when it was carried out', () => {
    fc.assert(
      fc.property(segments, outputs, policies, (logs, said, policy) => {
        const plan = planRetention(logs, said, policy, NOW_MS);
        assert.equal(new Set(plan).size, plan.length);
        const leftLogs = logs.filter(({ path }) => !plan.includes(path));
        const leftOutputs = said.filter(({ path }) => !plan.includes(path));
        assert.deepEqual(planRetention(leftLogs, leftOutputs, policy, NOW_MS), []);
        const bytes = [...leftLogs, ...leftOutputs].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        if (bytes > policy.retentionBytes)
          assert.ok(
            leftOutputs.every((kept) => kept.day >= dayOf(NOW_MS)),
            'all output that may go has gone',
          );
      }),
    );
  });

  it('removes an older day before a younger one of the same kind', () => {
    fc.assert(
      fc.property(segments, outputs, policies, (logs, said, policy) => {
        const plan = planRetention(logs, said, policy, NOW_MS);
        const kinds = [said, logs.filter(({ log }) => log === 'runs'), logs.filter(({ log }) => log === 'journal')];
        for (const kind of kinds) {
          const youngestGone = kind.reduce((youngest, kept) => (plan.includes(kept.path) && kept.day > youngest ? kept.day : youngest), '');
          for (const kept of kind) if (kept.day < youngestGone) assert.ok(plan.includes(kept.path));
        }
      }),
    );
  });
});
