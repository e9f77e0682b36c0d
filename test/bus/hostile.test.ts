import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BATCH_CASES } from '../support/hostile-batches.ts';
import { hostileYard } from '../support/hostile-cases.ts';
import { checkCase, titleOf } from '../support/hostile-check.ts';
import { NAME_CASES } from '../support/hostile-names.ts';
import { TEXT_CASES } from '../support/hostile-texts.ts';
import { THING_CASES } from '../support/hostile-things.ts';

/**
 * RELIABILITY.md section 3. For every case: no throw, no hang, a good tick beside it is claimed in the same round, nothing
 * outside the root is read or changed, what is dead says so in its name and keeps its text, nothing is in two places, a
 * restart changes nothing, and what runs can die and be put back by hand.
 */
const CASES = [...NAME_CASES, ...THING_CASES, ...BATCH_CASES];

describe('what may lie in the inbox', () => {
  it('is at least 200 kinds, each under a title of its own', () => {
    const titles = [...TEXT_CASES, ...CASES].map(titleOf);
    assert.ok(titles.length >= 200, `${titles.length}`);
    assert.equal(new Set(titles).size, titles.length);
  });

  for (const hostile of CASES)
    it(titleOf(hostile), { timeout: 120_000 }, async () => {
      const yard = hostileYard();
      await hostile.make(yard);
      await checkCase(yard, hostile.expect, hostile.isDeep ?? false);
    });
});
