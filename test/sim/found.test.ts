import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { play } from './play.ts';
import type { Step } from './story.ts';

/** Stories that the simulation has found to end badly, each as short as it can be told, and mended since. */
const enqueue = (cadence: string, id: string, more: Readonly<Record<string, unknown>> = {}): Step => ({ do: 'enqueue', cadence, id, how: 'synced', more });

async function isWell(...steps: readonly Step[]): Promise<void> {
  for (const seed of [1, 2, 3, 4]) assert.deepEqual(await play({ seed, steps }), undefined, `seed ${seed}`);
}

describe('a story that once ended badly', () => {
  it('a tick for later does not hold one for now', async () => {
    await isWell(enqueue('steady', 'later1111111', { inMs: 7_200_000 }), { do: 'pass', ms: 10_000 }, enqueue('steady', 'now111111111'), {
      do: 'pass',
      ms: 60_000,
    });
  });

  it('an owner that is stopped on a disk that refuses ends in order', async () => {
    for (const kind of ['full', 'read-only', 'dying'] as const) await isWell({ do: 'disk', kind, ms: 5000 }, { do: 'stop', downMs: 1000 });
    for (let after = 0; after < 8; after += 1)
      await isWell(enqueue('flaky', 'one111111111'), { do: 'refuse', after, errno: 'EIO' }, { do: 'stop', downMs: 1000 });
  });

  it('a tick that was claimed, and could not be read, is not left lying among the claimed', async () => {
    const many = Array.from({ length: 12 }, (_, n) => ({ cadence: n % 2 === 0 ? 'steady' : 'flaky', id: `tick${String(n).padStart(8, '0')}` }));
    await isWell({ do: 'batch', id: 'batch1111111', ticks: many }, { do: 'disk', kind: 'dying', ms: 200_000 }, { do: 'pass', ms: 300_000 });
  });
});
