import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { dayOf, formatCompact, parseCompact, parseIso, toIso } from '../../../lib/core/time/instant.ts';

const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const edge = fc.constantFrom(
  0,
  -1,
  86_399_999,
  86_400_000,
  1_764_201_599_999,
  1_764_201_600_000,
  LAST_MS,
  LAST_MS + 1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -0,
  0.5,
);
const instants = fc.array(fc.oneof(edge, fc.integer({ min: -1_000, max: LAST_MS + 1_000 }), fc.integer({ min: 1_764_201_599_990, max: 1_764_201_600_010 })), {
  minLength: 1,
  maxLength: 30,
});

/** As if nothing were ever remembered. */
const plain = (ms: number): string => new Date(Number.isFinite(ms) ? Math.min(LAST_MS, Math.max(0, ms)) : 0).toISOString();

describe('instants', () => {
  it('are written, and read again, the same whatever was asked before', () => {
    fc.assert(
      fc.property(instants, (all) => {
        for (const ms of [...all, ...all]) {
          const text = plain(ms);
          assert.equal(toIso(ms), text);
          assert.equal(dayOf(ms), text.slice(0, 10));
          assert.equal(parseIso(text), Date.parse(text));
          assert.equal(parseCompact(formatCompact(ms)), Date.parse(text));
        }
      }),
    );
  });

  it('stay none where there is none, also asked right after one', () => {
    for (const text of ['', '2026-11-20T25:00:00Z', 'tomorrow', '20261120', undefined, null, 7, {}]) {
      assert.equal(parseIso('2026-11-20T07:00:00Z'), Date.UTC(2026, 10, 20, 7));
      assert.equal(parseIso(text), undefined, String(text));
      assert.equal(parseIso(text), undefined, String(text));
    }
  });
});
