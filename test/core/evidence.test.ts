import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_RETRY } from '../../lib/core/cadence.ts';
import { type Evidence, withEvidence } from '../../lib/core/evidence.ts';
import { breakerOf, DEFAULT_POLICIES, type Holds, holdsOnEnd, holdsOnStart, NO_HOLDS } from '../../lib/core/holds.ts';
import { isProven, type RunRecord } from '../../lib/core/run.ts';
import { settle } from '../../lib/core/settle.ts';
import { toIso } from '../../lib/core/time/instant.ts';

const T0 = Date.UTC(2026, 10, 20, 7);
const ok = { kind: 'ok', summary: 'done' } as const;
const name = { dueMs: T0, cadence: 'nightly', id: 'x7k2p9qd4mzt', attempts: 1 };
const tick = { cadence: 'nightly', source: 'test', enqueued_at: toIso(T0) };
const evidence = (outcome: Evidence['outcome']): Evidence => ({ kind: 'command', outcome, because: 'exit 1' });
const settled = (outcome: Evidence['outcome'], isRequired = true) =>
  settle(name, tick, withEvidence(ok, evidence(outcome), isRequired), DEFAULT_RETRY, T0, 0.5);

const run = (more: Partial<RunRecord>): RunRecord => ({
  ...{ run_id: 'x7k2p9qd4mzt-1', cadence: 'nightly', tick: 'x7k2p9qd4mzt', attempt: 1, status: 'failed', reason: 'exit 1', summary: '' },
  ...{ started_at: toIso(T0), ended_at: toIso(T0), duration_ms: 0, exit_code: 1, signal: null, cost_usd: null, stdout_path: null, stderr_path: null },
  ...more,
});
const fold = (holds: Holds, more: Partial<RunRecord>): Holds => holdsOnEnd(holds, run(more), DEFAULT_POLICIES, 0.5);
const failed = { status: 'failed', blame: 'cadence' } as const;
const unverified = { status: 'unverified', reason: 'it could not be checked' } as const;

describe('evidence', () => {
  it('makes of a run that ended well a success, a failure that is tried again, or something in between', () => {
    assert.deepEqual(settled('proven'), { to: 'finished', status: 'succeeded', because: 'done' });
    const missing = settled('not_proven');
    assert.deepEqual([missing.to, missing.status, missing.to === 'waiting' && missing.name.attempts], ['waiting', 'failed', 1]);
    assert.equal(missing.because, 'it ended well, but did not do its work: exit 1');
    assert.deepEqual([settled('unknown').to, settled('unknown').status], ['finished', 'unverified']);
    assert.deepEqual([settled('not_proven', false).to, settled('not_proven', false).status], ['finished', 'unverified']);
  });

  it('that is missing at the last try leads to the dlq', () => {
    const last = settle({ ...name, attempts: 2 }, tick, withEvidence(ok, evidence('not_proven'), true), DEFAULT_RETRY, T0, 0.5);
    assert.deepEqual([last.to, last.status], ['dlq', 'dead']);
  });
});

describe('what counts as proof', () => {
  it('is a record that says so: a success always, an unverified run only where its cadence says that ended counts', () => {
    assert.equal(isProven(run({ status: 'succeeded' })), true);
    assert.deepEqual(
      [undefined, false, true].map((proof) => isProven(run({ ...unverified, ...(proof === undefined ? {} : { proof }) }))),
      [false, false, true],
    );
    assert.equal(isProven(run({ status: 'failed', proof: true })), false);
  });

  it('voids a count of failures; what is unverified leaves it as it is', () => {
    const twice = fold(fold(NO_HOLDS, { ...failed, run_id: 'a-1' }), { ...failed, run_id: 'b-1' });
    assert.deepEqual(fold(twice, { ...unverified, proof: false }).breakers, twice.breakers);
    assert.deepEqual(fold(twice, { ...unverified, proof: true }).breakers, {});
    assert.equal(breakerOf(fold(fold(twice, { ...unverified, proof: false }), { ...failed, run_id: 'c-1' }), 'cadence:nightly').state, 'open');
  });

  it('closes a half-open breaker; a probe that ends unverified leaves it for the next probe, however often', () => {
    let book = ['a-1', 'b-1', 'c-1'].reduce((holds, id) => fold(holds, { ...failed, run_id: id }), NO_HOLDS);
    const until = (holds: Holds) => (breakerOf(holds, 'cadence:nightly') as { until: string }).until;
    const before = until(book);
    for (const probe of ['d-1', 'e-1', 'f-1']) {
      book = holdsOnStart(book, ['cadence:nightly'], probe);
      assert.equal(breakerOf(book, 'cadence:nightly').state, 'half_open');
      book = fold(book, { ...unverified, run_id: probe, proof: false });
      assert.deepEqual([breakerOf(book, 'cadence:nightly').state, until(book)], ['open', before], 'the opening is neither longer nor over');
    }
    book = fold(holdsOnStart(book, ['cadence:nightly'], 'g-1'), { status: 'succeeded', run_id: 'g-1' });
    assert.deepEqual(book.breakers, {});
  });

  it('of the account is any answer of it, whatever the evidence of the cadence says', () => {
    const held = holdsOnStart(fold(NO_HOLDS, { status: 'failed', blame: 'account', class: 'auth', account: 'claude' }), ['account:claude'], 'd-1');
    for (const end of [
      { ...unverified, proof: false },
      { ...failed, class: 'verify' },
    ]) {
      assert.equal(breakerOf(fold(held, { ...end, run_id: 'd-1', account: 'claude' }), 'account:claude').state, 'closed');
    }
  });

  it('never leaves a breaker without a way out, whatever ends how', () => {
    const ends = fc.constantFrom<Partial<RunRecord>>(failed, { ...unverified, proof: false }, { ...unverified, proof: true }, { ...failed, class: 'verify' });
    fc.assert(
      fc.property(fc.array(ends, { maxLength: 40, size: 'max' }), (story) => {
        let book = NO_HOLDS;
        story.forEach((end, index) => {
          book = fold(holdsOnStart(book, ['cadence:nightly'], `r${index}-1`), { ...end, run_id: `r${index}-1` });
          assert.notEqual(breakerOf(book, 'cadence:nightly').state, 'half_open', 'its probe has ended');
        });
        assert.deepEqual(fold(holdsOnStart(book, ['cadence:nightly'], 'z-1'), { status: 'succeeded', run_id: 'z-1' }).breakers, {});
      }),
    );
  });
});
