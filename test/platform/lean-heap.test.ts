import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

const MODULE = fileURLToPath(new URL('../../lib/platform/lean-heap.ts', import.meta.url));

/** Ten megabytes live, and what is thrown away has grown old first. Answers with the largest heap, in MiB. */
const CHURN = `
  const alive = new Map();
  let most = 0;
  for (let n = 0; n < 1500000; n += 1) {
    alive.set(n, { name: 'tick-' + n, dueMs: n + 0.5 });
    if (n >= 80000) alive.delete(n - 80000);
    if (n % 1000 === 0) most = Math.max(most, process.memoryUsage().heapTotal);
  }
  process.stdout.write(String(most / 1024 / 1024));
`;

function peakMib(first: string): number {
  const done = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', `${first};${CHURN}`], { encoding: 'utf8' });
  // V8 says so on stderr where it does not know a flag any more.
  assert.deepEqual([done.status, done.stderr], [0, '']);
  return Number(done.stdout);
}

it('keeps the peak of a heap that makes much garbage well below what V8 would take', () => {
  const [lean, usual] = [peakMib(`(await import(${JSON.stringify(MODULE)})).keepHeapLean()`), peakMib('')];
  assert.ok(lean < usual * 0.95, `${lean} MiB against ${usual}`);
});
