import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { MUTANTS } from './list.ts';
import { createMutationYard } from './mutation.ts';

/** All of them: `npm run mutants`. */
const EVERY_TIME = [
  'a halt holds everything',
  'exit 75 asks for another time',
  'only its probe closes an opening',
  'no tick is charged for its account',
  'what lies nowhere is missing',
];

describe('rules that are broken on purpose', () => {
  it('stand in the source, each once', () => {
    for (const { file, from, to, rule } of MUTANTS) {
      const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
      assert.equal(text.split(from).length - 1, 1, `${rule}: ${file}`);
      assert.notEqual(from, to, rule);
    }
    assert.ok(MUTANTS.length >= 25);
  });

  it('are noticed by the tests of that rule', { timeout: 240_000 }, async () => {
    const yard = createMutationYard();
    try {
      const unbroken = MUTANTS.filter(({ rule }) => EVERY_TIME.includes(rule)).flatMap(({ tests }) => tests);
      assert.ok(await yard.passes([...new Set(unbroken)]), 'they fail while nothing is broken');
      for (const rule of EVERY_TIME) {
        const mutant = MUTANTS.find((one) => one.rule === rule);
        assert.ok(mutant !== undefined, rule);
        assert.equal(await yard.verdictOn(mutant), 'caught', rule);
      }
    } finally {
      yard.remove();
    }
  });
});
