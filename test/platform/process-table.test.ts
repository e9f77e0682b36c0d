import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseProcStat, parsePsList, parseTagged } from '../../lib/platform/process-table.ts';
import { childYard, program } from './child-yard.ts';

describe('the list of processes', () => {
  it('reads a program whose name holds brackets, spaces and a newline', () => {
    const rest = `1 77 77 0 -1 4194560 ${'0 '.repeat(12)}4242 0 0`;
    assert.deepEqual(parseProcStat(`88 (a) R (\n b) T ${rest}\n`), { pid: 88, parent: 1, group: 77, startedAt: '4242', state: 'stopped' });
    assert.equal(parseProcStat(`88 (sh) Z ${rest}\n`)?.state, 'zombie');
    assert.equal(parseProcStat(''), undefined);
  });

  it('reads what ps prints on macOS', () => {
    const text =
      '    1     0     1 Ss   Fri Nov 20 07:00:00 2026    \n  501     1   501 S+   Fri Nov 20 07:12:09 2026    \n  777   501   501 Z    Sat Nov 21 17:12:09 2026    \nnonsense\n';
    assert.deepEqual(parsePsList(text), [
      { pid: 1, parent: 0, group: 1, startedAt: 'Fri Nov 20 07:00:00 2026', state: 'alive' },
      { pid: 501, parent: 1, group: 501, startedAt: 'Fri Nov 20 07:12:09 2026', state: 'alive' },
      { pid: 777, parent: 501, group: 501, startedAt: 'Sat Nov 21 17:12:09 2026', state: 'zombie' },
    ]);
  });

  it('finds a tag only as a whole word, not as the beginning of another run', () => {
    const text =
      ' 12 sleep 5 PATH=/bin CADENCE_RUN_ID=abc-1 HOME=/\n 13 sleep 5 CADENCE_RUN_ID=abc-12\n 14 sleep 5 X_CADENCE_RUN_ID=abc-1\n 15 sleep CADENCE_RUN_ID=abc-1\n';
    assert.deepEqual([...parseTagged(text, 'abc-1')], [12, 15]);
  });

  it('finds no run of another root that bears the same id, whatever the path of that root', () => {
    const tag = 'CADENCE_RUN_ID=abc-1';
    const text = ` 12 sleep ${tag} CADENCE_ROOT=/a b/c d HOME=/\n 13 sleep CADENCE_ROOT=/a b/c ${tag}\n 14 sleep ${tag}\n 15 sleep ${tag} CADENCE_ROOT=/a b/c\n`;
    assert.deepEqual([...parseTagged(text, 'abc-1', (root) => root === '/a b/c')], [13, 14, 15]);
  });

  it('names a process once and none of its threads, whose pids come right behind its own', async () => {
    const yard = childYard();
    const spec = yard.spec([process.execPath, '-e', 'console.log("ready"); setInterval(() => {}, 1000)']);
    const child = yard.processes.start(spec);
    await yard.hear(spec, /ready/);
    const [pid, ...others] = await yard.people(spec);
    const around = Array.from({ length: 60 }, (_none, n) => (pid as number) + n);
    assert.deepEqual(others.length, 1, 'the shim and the program');
    assert.deepEqual([...(await yard.table.tagged(spec.runId, around))], [pid, ...others]);
    await child.stop(1000);
  });

  it('is the same through /proc and through ps, as far as both can see', async () => {
    const yard = childYard('ps');
    const spec = yard.spec(program('silent.sh'));
    const child = yard.processes.start(spec);
    const own = (await childYard().table.among([process.pid]))[0];
    const seen = (await yard.table.among([process.pid]))[0];
    assert.deepEqual([seen?.pid, seen?.parent, seen?.group], [own?.pid, own?.parent, own?.group]);
    assert.ok((await yard.table.all()).some(({ pid }) => pid === process.pid));
    assert.deepEqual(await yard.table.among([2 ** 31 - 2]), []);
    for (const { table } of [yard, childYard()]) {
      const bytes = await table.residentBytes([process.pid, 2 ** 31 - 2]);
      assert.deepEqual([...bytes.keys()], [process.pid]);
      const ratio = (bytes.get(process.pid) ?? 0) / process.memoryUsage.rss();
      assert.ok(ratio > 0.5 && ratio < 2, `${ratio}`);
    }
    assert.deepEqual(await child.stop(1000), []);
  });
});
