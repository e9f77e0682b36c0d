import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CadenceError, EXIT_CODES } from '../../lib/core/error.ts';
import { createHeap } from '../../lib/core/heap.ts';
import { lastLines, toVisible } from '../../lib/core/text/excerpt.ts';
import { formatDuration, parseDuration } from '../../lib/core/time/duration.ts';
import { formatCompact, parseCompact, parseIso, toIso } from '../../lib/core/time/instant.ts';
import { VERSION } from '../../lib/core/version.ts';

describe('durations', () => {
  it('reads numbers with units, and nothing without one', () => {
    assert.deepEqual(['90s', '1h30m', '1.5s', '250ms', '2d', '1w', '0'].map(parseDuration), [90_000, 5_400_000, 1500, 250, 172_800_000, 604_800_000, 0]);
    for (const wrong of ['', '5', '-5s', 's', '5 parsecs', '1h-30m', 'NaN', '1e9s']) assert.equal(parseDuration(wrong), undefined, wrong);
  });
  it('writes the two largest units, and reads them back without losing more than the third', () => {
    assert.deepEqual([850, 45_000, 125_000, 7_500_000, 90_061_000].map(formatDuration), ['850ms', '45s', '2m 5s', '2h 5m', '1d 1h']);
    fc.assert(fc.property(fc.integer({ min: 1000, max: 3e9 }), (ms) => assert.ok(Math.abs((parseDuration(formatDuration(ms)) ?? 0) - ms) <= ms / 10)));
  });
});

describe('instants', () => {
  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => assert.deepEqual([parseCompact(formatCompact(ms)), parseIso(toIso(ms))], [ms, ms])),
    );
  });
  it('writes any number as an instant, for clocks do jump', () => {
    for (const wild of [Number.NaN, Number.POSITIVE_INFINITY, -1, 1e300]) assert.match(toIso(wild), /^\d{4}-\d{2}-\d{2}T/);
  });
});

describe('excerpts', () => {
  it('show control characters, and keep tabs and newlines', () => {
    assert.equal(toVisible('a\tb\r\nc\u001b[2J\u202e\u0000'), 'a\tb\nc\\x1b[2J\\u202e\\x00');
  });
  it('give the last lines that say something; a carriage return ends one', () => {
    assert.deepEqual(lastLines('10%\r20%\r\n\n  done  \n', 2), ['20%', 'done']);
    assert.deepEqual(lastLines('', 3), []);
  });
});

describe('the heap', () => {
  it('gives its items in order, without those that are gone', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.func(fc.boolean()), (numbers, isGone) => {
        const gone = numbers.map((number) => isGone(number));
        const heap = createHeap<number>(
          (a, b) => (numbers[a] as number) < (numbers[b] as number),
          (index) => gone[index] === true,
        );
        for (const index of numbers.keys()) heap.push(index);
        const taken: number[] = [];
        for (let next = heap.pop(); next !== undefined; next = heap.pop()) taken.push(numbers[next] as number);
        assert.deepEqual(
          taken,
          numbers.filter((_number, index) => gone[index] !== true).sort((a, b) => a - b),
        );
      }),
    );
  });
});

describe('the contract', () => {
  it('D31 has one exit code for each kind of error', () => {
    assert.deepEqual(EXIT_CODES, { usage: 64, bad_data: 65, not_found: 66, no_owner: 69, bug: 70, io: 74, held: 75, permission: 77, config: 78, timeout: 124 });
    assert.deepEqual({ ...new CadenceError('held', 'x', 'y') }, { name: 'CadenceError', code: 'held', hint: 'y' });
  });
  it('says the version of package.json', () => {
    assert.equal(VERSION, JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version);
  });
});
