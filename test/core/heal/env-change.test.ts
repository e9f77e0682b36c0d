import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { changedEnv, isSettable, parseEnvChange } from '../../../lib/core/heal/env-change.ts';

const change = (word: string, before: string | undefined) => changedEnv({ X: parseEnvChange(word) }, () => before);
const value = (word: string, before: string): string | undefined => {
  const changed = change(word, before);
  return changed.kind === 'changed' ? changed.values.X : undefined;
};

describe('a change of the environment', () => {
  it('A21 halves and doubles numbers, and keeps whole ones whole', () => {
    const table = [
      ...[
        ['half', '8', '4'],
        ['half', '5', '2'],
        ['half', '-7', '-3'],
        ['half', '0.5', '0.25'],
        ['half', '1e-3', '0.0005'],
        ['half', ' 64 ', '32'],
      ],
      ...[
        ['double', '8', '16'],
        ['double', '.5', '1'],
        ['double', '-3', '-6'],
        ['12', '8', '12'],
        ['', '8', ''],
        ['halfway', '8', 'halfway'],
      ],
    ] as const;
    assert.deepEqual(
      table.map(([word, before]) => value(word as string, before as string)),
      table.map(([, , after]) => after),
    );
  });

  it('is impossible, and says why, where there is no half: never a silent restart with the same', () => {
    const table: readonly (readonly [string, string | undefined, RegExp])[] = [
      ...([
        ['half', undefined, /X is not set/],
        ['half', 'eight', /X is "eight", and there is no half/],
        ['half', '1', /no half/],
        ['half', '0', /no half/],
      ] as const),
      ...([
        ['double', '0', /no double/],
        ['double', '9007199254740991', /no double/],
        ['double', '1e308', /no double/],
        ['half', '', /no half/],
      ] as const),
      ...([
        ['half', '0x10', /no half/],
        ['half', '8; rm -rf', /no half/],
        ['half', 'NaN', /no half/],
        ['8', '8', /had these values already/],
      ] as const),
    ];
    for (const [word, before, expected] of table) {
      const changed = change(word, before);
      assert.equal(changed.kind, 'impossible', `${word} of ${before}`);
      assert.match(changed.kind === 'impossible' ? changed.because : '', expected);
    }
  });

  it('halves down to nothing left to halve, whatever whole number it begins with', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (start) => {
        let now = String(start);
        for (let turn = 0; turn < 64; turn += 1) {
          const next = value('half', now);
          if (next === undefined) return now === '1';
          if (!(Number(next) < Number(now)) || !Number.isInteger(Number(next))) return false;
          now = next;
        }
        return false;
      }),
    );
  });

  it('never sets what decides which code is loaded, or how we find our children', () => {
    const guarded = [
      'PATH',
      'LD_PRELOAD',
      'DYLD_INSERT_LIBRARIES',
      'NODE_OPTIONS',
      'PYTHONPATH',
      'BASH_ENV',
      'GIT_SSH_COMMAND',
      'CADENCE_RUN_ID',
      'ANTHROPIC_BASE_URL',
    ];
    assert.deepEqual(guarded.filter(isSettable), []);
    assert.deepEqual(['BATCH_SIZE', 'lr', '_X1'].filter(isSettable).length, 3);
    assert.deepEqual(['A B', '1X', '', 'A=B', 'A\nB'].filter(isSettable), []);
    assert.equal(changedEnv({ LD_PRELOAD: { kind: 'literal', value: '/x.so' } }, () => undefined).kind, 'impossible');
  });
});
