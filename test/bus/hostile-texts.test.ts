import { describe, it } from 'node:test';
import { inFastFolder } from '../support/fast-folder.ts';
import { hostileYard } from '../support/hostile-cases.ts';
import { checkCase, titleOf } from '../support/hostile-check.ts';
import { TEXT_CASES } from '../support/hostile-texts.ts';

/** What may stand in a file of the inbox; hostile.test.ts says what is proved for each case. */
describe('what may stand in a file of the inbox', () => {
  for (const hostile of TEXT_CASES)
    it(titleOf(hostile), { timeout: 120_000 }, async () => {
      const yard = inFastFolder(() => hostileYard());
      await hostile.make(yard);
      await checkCase(yard, hostile.expect, hostile.isDeep ?? false);
    });
});
