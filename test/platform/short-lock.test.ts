import assert from 'node:assert/strict';
import { existsSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { CadenceError } from '../../lib/core/error.ts';
import { tryLock } from '../../lib/platform/short-lock.ts';
import { tempRoot } from '../support/temp-root.ts';

/** So long no turn of the event loop comes: who makes the lock meanwhile, in a thread of its own, hears of nothing before it is gone. */
const NO_TURN_MS = 20;

/** Makes way for turns until the lock is there, and takes it away at once. */
async function takeAway(lock: string): Promise<void> {
  for (;;) {
    const untilMs = performance.now() + NO_TURN_MS;
    while (performance.now() < untilMs) if (existsSync(lock)) return rmdirSync(lock);
    await new Promise((turn) => setImmediate(turn));
  }
}

it('a lock that is taken away in the instant in which it is made was not got, and is no fault', async () => {
  const path = join(tempRoot(), 'thing');
  let isMissed = false;
  while (!isMissed) {
    const trying = tryLock(path);
    await takeAway(`${path}.lock`);
    const lock = await trying;
    isMissed = lock === undefined;
    assert.equal(lock?.isHeld() ?? false, false);
    await lock?.release();
  }
  // Who has missed it clears its place in a thread of its own, which may come late and take the next one along.
  let lock = await tryLock(path);
  while (lock?.isHeld() !== true) {
    await lock?.release();
    lock = await tryLock(path);
  }
  assert.equal(await tryLock(path), undefined, 'it is held');
  await lock.release();
  await assert.rejects(
    tryLock(join(path, 'no', 'folder')),
    (error) => error instanceof CadenceError && error.code === 'io',
    'where no lock can be made, that is told',
  );
});
