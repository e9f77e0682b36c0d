import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { CadenceError } from '../../lib/core/error.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { type CutFiles, cutFiles } from '../support/cut-files.ts';
import { createTimeYard } from '../support/time-yard.ts';

const MINUTE = 60_000;

/** A morning of schedules: slots that run, that are slept over, that are superseded and that wait. 0: nobody dies. */
async function morning(dieAfter: number): Promise<{ readonly calls: number; readonly isCut: boolean; readonly where: string }> {
  let cut: CutFiles | undefined;
  const files = () => {
    if (cut !== undefined) return createFiles();
    cut = cutFiles(createFiles(), dieAfter);
    return cut;
  };
  const yard = createTimeYard({ startIso: '2026-11-20T06:50:00Z', files });
  yard.cadence('often', 'schedule: every 20m');
  yard.cadence('seldom', 'schedule: daily 7:00,8:10', 'catchup: all', 'stagger: 5m');
  let isDead = false;
  const live = async (what: () => Promise<void>): Promise<void> => {
    if (isDead) return;
    await Promise.race([
      what(),
      (cut as CutFiles | undefined)?.died.then(() => {
        isDead = true;
      }) ?? new Promise<void>(() => undefined),
    ]).catch((error: unknown) => {
      // What is left of a dead owner stumbles over the disk.
      if (!(error instanceof CadenceError) || error.message !== 'killed') throw error;
      isDead = true;
    });
  };
  await live(() => yard.start());
  await live(() => yard.pass(30 * MINUTE));
  await live(() => yard.sleep(45 * MINUTE));
  await live(() => yard.pass(20 * MINUTE));
  const isCut = isDead;
  if (isCut) {
    yard.crash();
    yard.clock.set(Math.max(yard.clock.nowMs(), Date.parse('2026-11-20T08:25:00Z')));
    await yard.start();
  }
  await yard.pass(2 * MINUTE);
  const where = `cut after call ${dieAfter}, ${cut?.calls.at(-1)}`;
  for (const cadence of ['often', 'seldom']) {
    const ran = yard.ran.filter((run) => run.startsWith(`${cadence} `)).map((run) => run.split(' ')[1]);
    for (const { at, end, because } of yard.slots(cadence)) {
      // A try that the dead owner left serves the slot that came due meanwhile.
      const isEnd = ['ran', 'superseded', 'missed'].includes(end) || (end === 'skipped' && /^served by/.test(because));
      assert.ok(isEnd && !/removed|does not say/.test(because), `${where}: ${cadence} ${at} ${end}: ${because}`);
      const times = ran.filter((slot) => slot === at).length;
      assert.ok(times <= (isCut ? 2 : 1), `${where}: ${cadence} ${at} ran ${times} times`);
      assert.equal(times > 0, end === 'ran', `${where}: ${cadence} ${at} ran ${times} times and is ${end}`);
    }
  }
  const calls = cut?.calls.length ?? 0;
  await yard.stop();
  rmSync(yard.root, { recursive: true, force: true });
  return { calls, isCut, where };
}

describe('a crash after every changing call of a morning of schedules', () => {
  it('leaves every slot with one end, and none with two', { timeout: 200_000 }, async () => {
    const { calls } = await morning(0);
    assert.ok(calls > 30, `only ${calls} changing calls`);
    for (let n = 1; n < calls; n += 1) assert.ok((await morning(n)).isCut, `nobody died after call ${n}`);
  });
});
