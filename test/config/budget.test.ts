import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createYard, loadOne, placesOf } from './definition-yard.ts';

const RUN = 'run: {command: [true]}\n';

type Case = readonly [title: string, budget: string, places: readonly string[], says: RegExp];

const CASES: readonly Case[] = [
  ['a bare number', '5', ['2:9 budget'], /found the number 5, expected a map such as \{run_usd: 0\.50/],
  ['an amount of nothing', '{day_usd: 0}', ['2:19 budget.day_usd'], /found the number 0, expected an amount in US dollars above 0/],
  ['an amount below nothing', '{month_usd: -1}', ['2:21 budget.month_usd'], /expected an amount in US dollars above 0/],
  ['an amount with its sign', '{day_usd: $5}', ['2:19 budget.day_usd'], /found "\$5", expected an amount in US dollars/],
  ['an amount without an end', '{day_usd: .inf}', ['2:19 budget.day_usd'], /expected an amount in US dollars above 0, at most 1000000/],
  ['a misspelt window', '{days_usd: 5}', ['2:10 budget.days_usd'], /unknown key "days_usd".*Did you mean "day_usd"\?/],
  ['half a run', '{day_runs: 0.5}', ['2:20 budget.day_runs'], /expected a whole number from 1 on/],
  ['a run that costs more than its day', '{run_usd: 3, day_usd: 2}', ['2:19 budget.run_usd'], /found 3, expected no more than day_usd \(2\) Lower run_usd/],
  ['a run that costs more than its month', '{run_usd: 3, month_usd: 2}', ['2:19 budget.run_usd'], /expected no more than month_usd \(2\)/],
  ['a day that costs more than its month', '{day_usd: 30, month_usd: 20}', ['2:19 budget.day_usd'], /expected no more than month_usd \(20\)/],
  ['more runs in a day than in a month', '{day_runs: 9, month_runs: 8}', ['2:20 budget.day_runs'], /expected no more than month_runs \(8\)/],
];

describe('the budget of a cadence', () => {
  for (const [title, budget, places, says] of CASES) {
    it(`says where and what is wrong with ${title}`, () => {
      const { cadence, problems } = loadOne('case.yaml', `${RUN}budget: ${budget}\n`);
      assert.deepEqual(placesOf(problems), places);
      assert.match(`${problems[0]?.message} ${problems[0]?.hint}`, says);
      assert.equal(cadence, undefined);
    });
  }

  it('with nothing in it limits nothing', () => {
    const { cadence, problems } = loadOne('case.yaml', `${RUN}budget: {}\n`);
    assert.deepEqual(problems, []);
    assert.equal(cadence?.budget, undefined);
  });
});

describe('the budget of the bus', () => {
  for (const [budget, says] of [
    ['{run_usd: 1}', /unknown key "run_usd" Allowed here: day_usd, month_usd, day_runs, month_runs/],
    ['{day_usd: 9, month_usd: 8}', /found 9, expected no more than month_usd \(8\)/],
  ] as const) {
    it(`refuses ${budget}`, () => {
      const yard = createYard();
      yard.put('bus.yaml', `budget: ${budget}\n`);
      const definitions = yard.load();
      const [problem] = definitions.problems();
      assert.match(`${problem?.message} ${problem?.hint}`, says);
      assert.equal(definitions.settings().budget, undefined);
    });
  }
});
