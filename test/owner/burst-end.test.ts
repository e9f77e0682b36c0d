import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { askOwner } from '../../lib/platform/control.ts';
import { eventually } from '../support/eventually.ts';
import { createYard, list, readIfThere, type Yard } from './owner-yard.ts';
import { createSmallDisk } from './small-disk.ts';

const RUNS = 4;
/** The shim of the third has had the second. */
const HELD = 3;

/** Waits at the third run until it is let go. */
const WAITS = `if [ "$(wc -l <begun)" -eq ${HELD} ]; then while [ ! -e go ]; do sleep 0.02; done; fi`;
const begun = (yard: Yard): number => readIfThere(join(yard.root, 'begun')).split('\n').length - 1;

/** A shim that waits for more keeps the code of its last run for a second; then nobody but the owner knows it. */
async function isForgotten(yard: Yard): Promise<void> {
  const isShim = (pid: number): boolean => /cadence-bus-shim.*>>begun/s.test(readIfThere(`/proc/${pid}/cmdline`));
  await eventually('its shim has gone', () => !yard.children().some(isShim));
}

async function enqueueAll(yard: Yard): Promise<void> {
  await Promise.all(Array.from({ length: RUNS }, () => yard.enqueue('again')));
}

async function isDoneOnce(yard: Yard): Promise<void> {
  await eventually('all is done', () => yard.records().filter(({ status }) => status === 'succeeded').length >= RUNS, 30_000);
  assert.equal(begun(yard), RUNS, 'no run is repeated');
  assert.deepEqual(
    yard.records().map(({ status, exit_code }) => [status, exit_code]),
    Array(RUNS).fill(['succeeded', 0]),
  );
}

// The owner alone hears how the second run of a burst and those after it ended.
describe('a run of a burst whose owner dies', { concurrency: true }, () => {
  it('A4 is not repeated, though the disk took no record of its end', async () => {
    const disk = createSmallDisk(4, 'limited');
    const { yard } = disk;
    yard.shell('again', `echo x >>begun; ${WAITS}`);
    const owner = await yard.start();
    await enqueueAll(yard);
    await eventually('it is held', () => begun(yard) === HELD);
    let [isHeard, isTold] = [false, false];
    const hearing = askOwner(yard.root, { op: 'events' }, ({ event }) => {
      isHeard = true;
      isTold ||= (event as { readonly stage?: string } | undefined)?.stage === 'storage_failed';
    });
    hearing.catch((error: unknown) => assert.fail(String(error)));
    await eventually('it is listened to', () => isHeard);
    disk.fill(owner);
    yard.put('go', '');
    await eventually('the owner could not write it down', () => isTold);
    await isForgotten(yard);
    owner.kill('SIGKILL');
    await owner.ended;
    disk.free(owner);
    await yard.start();
    await isDoneOnce(yard);
  });

  it('A4 is not repeated, though it died in the look for its evidence', async () => {
    const yard = createYard();
    yard.shell('again', 'echo x >>begun', `verify: { shell: true, command: ${JSON.stringify(WAITS)} }`);
    const owner = await yard.start();
    await enqueueAll(yard);
    await eventually('it is looked for', () => begun(yard) === HELD && list(yard.paths.running).some((name) => name.endsWith('.verify')));
    await isForgotten(yard);
    owner.kill('SIGKILL');
    await owner.ended;
    yard.put('go', '');
    await yard.start();
    await isDoneOnce(yard);
  });
});
