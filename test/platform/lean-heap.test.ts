import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

const MODULE = fileURLToPath(new URL('../../lib/platform/lean-heap.ts', import.meta.url));

/** Ten megabytes live, and what is thrown away has grown old first. Answers with the nursery before and after, and the largest heap, in MiB. */
const CHURN = `
  const { getHeapSpaceStatistics } = await import('node:v8');
  const nursery = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size / 1024 / 1024;
  const before = nursery();
  const alive = new Map();
  let most = 0;
  for (let n = 0; n < 800000; n += 1) {
    alive.set(n, { name: 'tick-' + n, dueMs: n + 0.5 });
    if (n >= 80000) alive.delete(n - 80000);
    if (n % 1000 !== 0) continue;
    most = Math.max(most, process.memoryUsage().heapTotal / 1024 / 1024);
    await new Promise(setImmediate);
  }
  process.stdout.write(JSON.stringify({ before, after: nursery(), most }));
`;

function churned(first: string): { readonly before: number; readonly after: number; readonly most: number } {
  const done = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', `${first};${CHURN}`], { encoding: 'utf8' });
  // V8 says so on stderr where it does not know a flag any more.
  assert.deepEqual([done.status, done.stderr], [0, '']);
  return JSON.parse(done.stdout);
}

const calling = (act: string): string => `const heap = await import(${JSON.stringify(MODULE)}); ${act}`;

it('keeps the nursery as it is, and the peak of a heap that makes much garbage well below what V8 would take', () => {
  const [lean, usual] = [churned(calling('heap.keepHeapLean()')), churned('')];
  assert.ok(usual.after > usual.before, `the nursery would have grown from ${usual.before} to ${usual.after} MiB`);
  // A later V8 lets no nursery stand still; there only the second flag helps.
  if (process.versions.v8.startsWith('11.')) assert.ok(lean.after <= lean.before, `the nursery grew from ${lean.before} to ${lean.after} MiB`);
  assert.ok(lean.most < usual.most * 0.95, `${lean.most} MiB against ${usual.most}`);

  // Before all is loaded; the nursery grows as far as it is of use.
  const early = churned(calling('heap.takeHeap(); heap.growLittleNow()'));
  assert.ok(early.after > early.before, `the nursery stayed at ${early.after} MiB`);
  if (process.versions.v8.startsWith('11.')) assert.ok(early.after < usual.after, `the nursery grew to ${early.after} MiB, as it would have`);
  assert.ok(early.most < usual.most, `${early.most} MiB against ${usual.most}`);
});
