import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { tempRoot } from '../support/temp-root.ts';
import { complaintsOf, type Result, readResults, worse, writeResults } from './results.ts';
import { howMet } from './row.ts';

const before: Result = { id: 7, workload: 'drain', ours: '', limit: '', figure: 2, isRatio: true, target: 3, met: true };

describe('a target', () => {
  const cases = [
    { what: 'is met', measure: { figure: 1.2, target: 1.25 }, how: 'yes' },
    { what: 'is met, though the floor is above it', measure: { figure: 1.2, target: 1.25, floor: 2 }, how: 'yes' },
    { what: 'is missed', measure: { figure: 1.3, target: 1.25 }, how: 'no' },
    { what: 'is missed, and the floor is no excuse where it is well below', measure: { figure: 1.3, target: 1.25, floor: 0.99 }, how: 'no' },
    { what: 'gives way to twice a floor that is hardly below it', measure: { figure: 1.3, target: 1.25, floor: 1.01 }, how: 'at floor' },
    { what: 'gives way to twice a floor above it', measure: { figure: 4, target: 1.25, floor: 2 }, how: 'at floor' },
    { what: 'is missed beyond twice the floor', measure: { figure: 4.1, target: 1.25, floor: 2 }, how: 'no' },
    { what: 'may ask for less above the floor', measure: { figure: 1.3, target: 1.25, floor: 1.2, aboveFloor: 1.1 }, how: 'at floor' },
    { what: 'is missed beyond that', measure: { figure: 1.33, target: 1.25, floor: 1.2, aboveFloor: 1.1 }, how: 'no' },
  ] as const;
  for (const { what, measure, how } of cases) it(what, () => assert.equal(howMet(measure), how));
});

describe('the comparison with an earlier run', () => {
  it('lets a ratio be up to 15 % worse, and better by any amount', () => {
    for (const figure of [0.1, 2, 2.29]) assert.equal(worse({ ...before, figure }, before), undefined);
  });

  it('names a ratio that is more than 15 % worse, though its target is still met', () => {
    assert.match(worse({ ...before, figure: 2.31 }, before) ?? '', /^7 drain: 2\.310x, and 2\.000x before: 16 % worse$/);
  });

  it('does not compare figures that depend on the machine, but names a target that is not met any more', () => {
    const value: Result = { ...before, isRatio: false };
    assert.equal(worse({ ...value, figure: 2.9 }, value), undefined);
    assert.match(worse({ ...value, figure: 3.1, ours: '3.1 MiB', met: false }, value) ?? '', /misses its target, which was met before/);
    assert.equal(worse({ ...value, figure: 3.1, met: false }, { ...value, met: false }), undefined);
  });

  it('complains of what was measured before and is not now, of the rows that were run', () => {
    const results = { conditions: [], isQuick: false, results: [before, { ...before, id: 8 }] };
    assert.deepEqual(complaintsOf([before], results, [{ id: 7 }]), []);
    assert.deepEqual(complaintsOf([{ ...before, workload: 'drain of 10' }], results, [{ id: 7 }]), ['7 drain: measured before, and not now']);
    assert.deepEqual(complaintsOf([], results, [{ id: 9 }]), ['9: the earlier run has no figure of this row']);
  });

  it('does not miss what was measured beside peers where they are not asked for', () => {
    const beside: Result = { ...before, workload: 'against nq', needsPeers: true };
    const results = { conditions: [], isQuick: false, results: [before, beside] };
    assert.deepEqual(complaintsOf([before], results, [{ id: 7 }]), []);
    assert.deepEqual(complaintsOf([before], results, [{ id: 7 }, { id: 7, needsPeers: true }]), ['7 against nq: measured before, and not now']);
  });

  it('takes no file that is empty or comes from a quick run', () => {
    const path = join(tempRoot(), 'results.json');
    assert.throws(() => readResults(path), /is not there/);
    writeFileSync(path, '{}');
    assert.throws(() => readResults(path), /holds no results/);
    writeResults(path, { conditions: [], isQuick: true, results: [before] });
    assert.throws(() => readResults(path), /--quick, which proves nothing/);
    writeResults(path, { conditions: [], isQuick: false, results: [before] });
    assert.deepEqual(readResults(path).results, [before]);
  });

  it('says nothing of what was never measured before, and complains of what could not be measured now', () => {
    assert.equal(worse({ ...before, figure: 99 }, undefined), undefined);
    assert.match(worse({ ...before, figure: Number.NaN }, undefined) ?? '', /nothing was measured/);
  });
});
