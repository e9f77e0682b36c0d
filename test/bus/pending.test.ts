import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { createPending, type Entry } from '../../lib/bus/pending.ts';

const entryOf = (n: number, cadence: string, dueMs: number): Entry => {
  const name = { dueMs, cadence, id: `id${String(n).padStart(10, '0')}`, attempts: 0 };
  return { name, folder: 'inbox', file: `${n}.json`, gone: false };
};

it('holds at most a quarter more than its budget while a folder is read, and of each cadence the earliest', () => {
  const budget = 512;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('mail', 'post'), fc.integer({ min: 1, max: 1_000_000 })), { minLength: 1_000, maxLength: 3_000 }),
      (ticks) => {
        const dropped = new Set<Entry>();
        const pending = createPending(budget, (entry) => dropped.add(entry));
        const all = ticks.map(([cadence, dueMs], n) => entryOf(n, cadence, dueMs));
        let most = 0;
        for (const entry of all) {
          if (pending.isBeyond(entry.name)) continue;
          pending.add(entry);
          pending.trim(true);
          most = Math.max(
            most,
            [...pending.cadences()].reduce((sum, cadence) => sum + pending.entries(cadence).length, 0),
          );
        }
        assert.ok(most <= budget * 1.25, String(most));
        for (const cadence of pending.cadences()) {
          const kept = pending.entries(cadence).map(({ name }) => name.dueMs);
          const earliest = all.filter(({ name }) => name.cadence === cadence).map(({ name }) => name.dueMs);
          const sorted = earliest.toSorted((a, b) => a - b);
          assert.deepEqual(
            kept.toSorted((a, b) => a - b),
            sorted.slice(0, kept.length),
          );
        }
        assert.ok([...dropped].every((entry) => entry.gone && pending.byId(entry.name.id) === undefined));
        pending.forgetCuts();
        assert.ok(all.every(({ name }) => !pending.isBeyond(name)));
      },
    ),
    { numRuns: 20 },
  );
});
