import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { killQuietly } from '../support/owner-cli.ts';
import { createYard, finalRecord, type Yard } from './owner-yard.ts';

interface Check {
  readonly id: string;
  readonly level: string;
  readonly detail: string;
  readonly mend?: string;
}

async function checkOf(yard: Yard): Promise<Check | undefined> {
  const { checks } = (await yard.json('doctor')) as unknown as { readonly checks: readonly Check[] };
  return checks.find(({ id }) => id === 'left-behind');
}

describe('a run that ends well and leaves a process behind', () => {
  it('is told of where its end is told, and by doctor as long as the process lives, with its memory', async () => {
    const yard = createYard();
    // Until it has become `sleep`, what is left behind is still called by its parent's name.
    yard.shell('leaky', 'sleep 60 & sleep 0.5; echo done');
    const owner = await yard.start();
    assert.equal((await checkOf(yard))?.level, 'ok');
    const { run_id, status, survivors = [] } = await finalRecord(yard, await yard.enqueue('leaky'));
    const [left] = survivors;
    // Elsewhere to look at everybody after each run would cost more than the run.
    if (!existsSync('/proc/self/stat')) return assert.equal(left, undefined);
    assert.ok(left !== undefined);
    try {
      assert.deepEqual([status, survivors.length, left.command], ['succeeded', 1, 'sleep 60']);
      assert.ok((await yard.cli('events', run_id.slice(0, -2))).stdout.includes(`; left behind: ${left.pid} sleep 60`));
      const found = await checkOf(yard);
      assert.equal(found?.level, 'warn');
      assert.match(found.detail, new RegExp(`^1 process of ended runs lives on, with [\\d.]+ [KM]B of memory: ${left.pid} sleep 60 \\(leaky, ${run_id}\\)$`));
      assert.equal(found.mend, `kill ${left.pid}`);
    } finally {
      killQuietly(left.pid);
    }
    assert.equal((await checkOf(yard))?.level, 'ok');
    assert.ok(!owner.hasEnded());
  });
});
