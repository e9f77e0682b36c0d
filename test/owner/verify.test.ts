import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { killQuietly } from '../support/owner-cli.ts';
import { createYard, finalRecord, readIfThere } from './owner-yard.ts';

const LOOK = 'verify: { shell: true, command:';

describe('evidence, told by real owners', () => {
  it('a look outlives kill -9 of its owner: the next one adopts it, and the work is done once', async () => {
    const yard = createYard();
    const sign = join(yard.root, 'go');
    yard.shell(
      'duty',
      'echo done | tee -a done.txt',
      `${LOOK} "echo looking; while [ ! -e ${sign} ]; do sleep 0.02; done; echo no such backup; exit 1" }`,
      'retry: { attempts: 1 }',
    );
    const owner = await yard.start();
    const tick = await yard.enqueue('duty');
    const log = () =>
      yard
        .ls('subsessions')
        .map((file) => readIfThere(join(yard.paths.subsessions, file)))
        .join('');
    await eventually('it looks', () => log().includes('looking'));
    killQuietly(owner.pid);
    await owner.ended;
    await yard.start();
    await eventually('it is adopted', () => yard.events('subsession_adopted').length === 1);
    writeFileSync(sign, '');
    const record = await finalRecord(yard, tick);
    assert.deepEqual([record.status, record.class, record.blame, record.exit_code], ['dead', 'verify', 'cadence', 0]);
    assert.deepEqual(record.verify, { kind: 'command', outcome: 'not_proven', because: 'exit 1: looking | no such backup' });
    assert.equal(readIfThere(join(yard.root, 'done.txt')), 'done\n');
    await eventually('no folder is left', () => yard.ls('running').length === 0);
  });

  it('an unverified run leaves an open breaker for the next probe, a proven one closes it', async () => {
    const yard = createYard();
    const wish = join(yard.root, 'wish');
    yard.shell('duty', `read a b <${wish}; exit $a`, `${LOOK} "read a b <${wish}; exit $b" }`, 'retry: { attempts: 1 }', 'breaker: { failures: 1, open: 1ms }');
    await yard.start();
    const run = async (runs: number, looks: number) => {
      writeFileSync(wish, `${runs} ${looks}\n`);
      return finalRecord(yard, await yard.enqueue('duty'));
    };
    const opened = () => yard.events('circuit_opened').length;
    const closed = () => yard.events('circuit_closed').length;
    assert.equal((await run(1, 0)).status, 'dead');
    await eventually('the breaker opens', () => opened() === 1);
    const unsure = await run(0, 2);
    assert.deepEqual([unsure.status, unsure.proof], ['unverified', false]);
    assert.deepEqual([(await run(0, 2)).status, closed()], ['unverified', 0]);
    const proven = await run(0, 0);
    assert.deepEqual([proven.status, proven.verify?.outcome], ['succeeded', 'proven']);
    await eventually('the breaker closes', () => closed() === 1);
    assert.deepEqual((await yard.json('breaker')).holds, []);
  });
});
