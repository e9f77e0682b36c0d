import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cadenceOf, viewFolder } from '../../lib/config/cadence-folder.ts';

describe('the names in the folder of cadences', () => {
  it('are those of definitions by their suffix, however it is written, and of one line', () => {
    const KINDS = /^(.+)\.(yaml|yml|md)$/i;
    const part = fc.constantFrom('.', 'yaml', 'yml', 'md', 'YAML', 'Md', 'a', 'backup', 'bus-', '-', 'ü', '\n', '\r', '\u2028', 'ymal', ' ');
    const file = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(file, (one) => {
        const { cadences, misnamed } = viewFolder([one], (name) => name);
        const isDefinition = KINDS.test(one) && !one.startsWith('.');
        assert.equal(cadences.size + misnamed.size, Number(isDefinition));
        assert.equal(cadenceOf(one), [...cadences.keys()][0]);
        if (cadences.size > 0) assert.equal(cadenceOf(one), KINDS.exec(one)?.[1]);
      }),
      { numRuns: 3_000 },
    );
  });

  it('are no definitions where they are hidden, left by an editor, for people or for the bus', () => {
    for (const file of ['.a.yaml', '#a.yaml', 'README.md', 'bus.yaml', 'a.yaml~', 'yaml', '.yaml', 'a.yaml.swp', 'a.mjs'])
      assert.equal(cadenceOf(file), undefined, file);
    for (const [file, name] of [
      ['backup.yaml', 'backup'],
      ['ab.md', 'ab'],
      ['readme.md', 'readme'],
      ['a-1.yml', 'a-1'],
    ] as const)
      assert.equal(cadenceOf(file), name);
  });
});
