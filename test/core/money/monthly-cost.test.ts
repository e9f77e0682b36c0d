import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toMicros } from '../../../lib/core/money/budget.ts';
import { type CostBounds, monthlyCost } from '../../../lib/core/money/monthly-cost.ts';

const NONE = { runUsd: undefined, dayUsd: undefined, monthUsd: undefined, dayRuns: undefined, monthRuns: undefined };
const bounds = (more: Partial<CostBounds['budget'] & object> = {}, capUsd?: number, attempts = 1): CostBounds => ({
  budget: { ...NONE, ...more },
  bus: undefined,
  cap: capUsd === undefined ? undefined : toMicros(capUsd),
  attempts,
});

const CASES: readonly (readonly [title: string, bounds: CostBounds, fires: number | undefined, usd: number | undefined, because: RegExp])[] = [
  ['nothing at all', { budget: undefined, bus: undefined, cap: undefined, attempts: 2 }, undefined, undefined, /no limit is set/],
  ['a schedule without a cap', { budget: undefined, bus: undefined, cap: undefined, attempts: 2 }, 30, undefined, /no limit is set/],
  ['a cap without a schedule, for anybody may enqueue it', bounds({}, 0.5), undefined, undefined, /no limit is set/],
  ['a cap and a schedule', bounds({}, 0.5), 30, 15, /^30 fires, runs of at most \$0\.50$/],
  ['a cap, a schedule and a second try', bounds({}, 0.5, 2), 30, 30, /^30 fires, 2 tries each, runs of at most \$0\.50$/],
  ['a budget of a month', bounds({ monthUsd: 20 }), undefined, 20, /budget of a month/],
  ['a budget of a day', bounds({ dayUsd: 2 }), undefined, 62, /^31 days of \$2\.00$/],
  ['a budget that its schedule cannot reach', bounds({ dayUsd: 2, monthUsd: 20 }, 0.1), 30, 3, /30 fires/],
  ['a schedule that its budget cuts short', bounds({ monthUsd: 20 }, 0.5), 8640, 20, /budget of a month/],
  ['a number of runs in a day', bounds({ dayRuns: 4 }, 0.5), undefined, 62, /31 days of 4 runs of at most \$0\.50/],
  ['a number of runs in a month', bounds({ monthRuns: 10 }, 0.5), undefined, 5, /10 runs of at most/],
  ['a budget of the bus', { ...bounds(), bus: { ...NONE, monthUsd: 50 } }, undefined, 50, /budget of the whole bus/],
  ['a budget of the bus that is larger than its own', { ...bounds({ monthUsd: 20 }), bus: { ...NONE, dayUsd: 2 } }, undefined, 20, /its budget of a month/],
  ['a number of runs that nobody knows the price of', bounds({ monthRuns: 10 }), 30, undefined, /no limit/],
];

describe('the most that a month may cost', () => {
  for (const [title, one, fires, usd, because] of CASES) {
    it(`is ${usd === undefined ? 'unknown' : `$${usd}`} with ${title}`, () => {
      const cost = monthlyCost(one, fires);
      assert.equal(cost.most, usd === undefined ? undefined : toMicros(usd));
      assert.match(cost.because, because);
    });
  }
});
