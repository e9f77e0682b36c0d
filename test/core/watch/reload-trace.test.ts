import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { learn } from '../../../lib/core/incident/learning.ts';
import { type FiredLine, type SlotLine, timerLate } from '../../../lib/core/slot/line.ts';
import { toIso } from '../../../lib/core/time/instant.ts';
import { type ReloadTraces, reloadsInVain, tracesAfter } from '../../../lib/core/watch/reload-trace.ts';
import { parseWatchMemory } from '../../../lib/wire/heartbeat.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-11-20T10:00:00Z');
const at = (hours: number): string => toIso(NOW + hours * HOUR);

/** `t`: the timer asked for the slot; `o`: it did not, so the owner fired it; `c`: a slot of a time when nobody ran. */
const slot = (who: string, hours: number): SlotLine => ({
  ...{ kind: 'fired', ts: at(hours), cadence: 'job', slot: at(hours), due: at(hours), tick: 'x7k2p9qd4mzt' },
  by: ({ t: 'timer', o: 'schedule', c: 'catchup' } as Record<string, FiredLine['by']>)[who] ?? assert.fail(who),
  ...(who === 'o' ? { because: timerLate(90_000) } : {}),
});

/** Hours of slots, oldest first, as a ledger gives them back. */
const ledger =
  (...slots: readonly (readonly [who: string, hours: number])[]) =>
  (): readonly SlotLine[] =>
    slots.map(([who, hours]) => slot(who, hours)).toReversed();

function after(before: ReloadTraces, hours: number, linesOf: () => readonly SlotLine[], reloaded: readonly string[] = []): ReloadTraces {
  return tracesAfter(before, { timers: ['job'], reloaded, atMs: NOW + hours * HOUR, linesOf });
}

const once: ReloadTraces = { job: [{ at: at(0), held: null }] };
const held = (traces: ReloadTraces): unknown => traces.job?.map((one) => one.held);

describe('P27 what became of the reloads of a timer', () => {
  it('is told by the first slot due after it: whether the timer asked for it', () => {
    assert.deepEqual(held(after(once, 1, ledger())), [null], 'no slot yet');
    assert.deepEqual(held(after(once, 1, ledger(['o', -1], ['o', 0]))), [null], 'those before it say nothing');
    assert.deepEqual(held(after(once, 3, ledger(['o', -1], ['t', 1], ['o', 2]))), [true], 'it came, and that it stood still later is another tale');
    assert.deepEqual(held(after(once, 3, ledger(['t', -1], ['o', 1], ['t', 2]))), [false]);
    assert.deepEqual(held(after(once, 3, ledger(['c', 1], ['t', 2]))), [true], 'nobody was there to be asked');
    assert.deepEqual(held(after({ job: [{ at: at(0), held: true }] }, 3, ledger(['o', 1]))), [true], 'it is told once');
  });

  it('is a no where the timer is reloaded once more before it ever came', () => {
    const twice = after(once, 2, ledger(), ['job']);
    assert.deepEqual(twice.job, [
      { at: at(0), held: false },
      { at: at(2), held: null },
    ]);
    assert.deepEqual(held(after(once, 2, ledger(['t', 1]), ['job'])), [true, null]);
  });

  it('is kept for thirty days and fifty reloads, and for timers that there are', () => {
    assert.deepEqual(after(once, 30 * 24, ledger()), once);
    assert.deepEqual(after(once, 30 * 24 + 1, ledger()), {});
    assert.deepEqual(after(once, -1, ledger()), {}, 'the clock was set back');
    assert.deepEqual(tracesAfter(once, { timers: ['other'], reloaded: [], atMs: NOW, linesOf: ledger() }), {});
    let all: ReloadTraces = {};
    for (let n = 0; n < 60; n += 1) all = after(all, n, ledger(), ['job']);
    assert.deepEqual([all.job?.length, all.job?.at(-1)?.at, all.job?.[0]?.at], [50, at(59), at(10)]);
  });

  it('makes a reload_cycle of three in vain', () => {
    let all: ReloadTraces = {};
    const pattern = (hours: number): string | null =>
      learn({ cadence: 'job', episodes: [], after: 3, reloadsInVain: reloadsInVain(all, NOW + hours * HOUR).get('job') ?? 0 }).pattern;
    for (let n = 0; n < 3; n += 1) all = after(all, 2 * n, ledger(['o', -1], ['o', 1], ['o', 3]), ['job']);
    assert.equal(pattern(4), null, 'the third may hold yet');
    all = after(all, 6, ledger(['o', 1], ['o', 3], ['o', 5]));
    assert.deepEqual([held(all), pattern(6)], [[false, false, false], 'reload_cycle']);
    assert.equal(pattern(30 * 24 + 1), null, 'a bad week is forgotten');
  });

  it('never grows without bound, and forgets no answer that it has', () => {
    const step = fc.record({ hours: fc.integer({ min: 1, max: 48 }), isReloaded: fc.boolean(), who: fc.constantFrom('t', 'o', 'c', '') });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        let [all, hours]: [ReloadTraces, number] = [{}, 0];
        const slots: (readonly [string, number])[] = [];
        for (const { hours: more, isReloaded, who } of steps) {
          hours += more;
          if (who !== '') slots.push([who, hours - 0.5]);
          const before = all.job ?? [];
          all = after(all, hours, ledger(...slots), isReloaded ? ['job'] : []);
          const now = all.job ?? [];
          assert.ok(now.length <= 50);
          assert.ok(
            now.slice(0, -1).every((one) => one.held !== null),
            'only the last reload is undecided',
          );
          for (const { at: when, held: told } of before) {
            const same = now.find((one) => one.at === when);
            if (told !== null && same !== undefined) assert.equal(same.held, told);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('stands in the memory of the watchman, and a memory of an earlier version has none', () => {
    const old = { format: 1, at: at(0), ok: true, interval_ms: HOUR, enabled: true, because: '', reloads: { 'bus.job': at(0) }, told: {}, diagnosed: {} };
    assert.deepEqual(parseWatchMemory(old), old);
    assert.deepEqual(parseWatchMemory({ ...old, reload_history: once })?.reload_history, once);
    assert.equal(parseWatchMemory({ ...old, reload_history: { job: [{ at: 'yesterday', held: null }] } }), undefined);
    assert.equal(reloadsInVain(parseWatchMemory(old)?.reload_history, NOW).size, 0);
  });
});
