import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { withDescendants } from '../../lib/platform/child-stop.ts';
import { signalProcess } from '../../lib/platform/process-signal.ts';
import type { ProcessEntry } from '../../lib/platform/process-table.ts';
import { eventually } from '../support/eventually.ts';
import { childYard, endAfterwards, program } from './child-yard.ts';

const GRACE_MS = 10_000;
const SHORT_MS = 50;
const sources = ['proc', 'ps'] as const;

for (const source of process.platform === 'linux' ? sources : sources.slice(1)) {
  const yard = childYard(source);
  const { processes } = yard;

  describe(`stopping a child, its tree seen through ${source}`, () => {
    it('asks the program first, and keeps the exit code that it ends with', async () => {
      const spec = yard.spec(program('heeds-term.sh'));
      const child = processes.start(spec);
      await yard.hear(spec, /ready/);
      assert.deepEqual(await child.stop(GRACE_MS), []);
      assert.equal((await child.exited).code, 5);
      assert.deepEqual(await yard.people(spec), []);
    });

    it('A3 kills one that ignores SIGTERM after its grace, and its children with it', async () => {
      const spec = yard.spec(program('ignores-term.sh'));
      const child = processes.start(spec);
      await yard.hear(spec, /ready/);
      assert.deepEqual(await child.stop(SHORT_MS), []);
      assert.equal((await child.exited).code, 137);
      assert.deepEqual(await yard.people(spec), []);
    });

    it('finds a daemon in a session of its own, whether its parent is still there or not', async () => {
      for (const manner of ['stay', 'leave']) {
        const spec = yard.spec(program('forks-daemon.mjs', manner));
        const child = processes.start(spec);
        await yard.hear(spec, /daemon \d+/);
        assert.deepEqual(await child.stop(SHORT_MS), []);
        assert.deepEqual(await yard.people(spec), []);
      }
    });

    it('finds the child of a parent that is gone', async () => {
      const spec = yard.spec(program('double-fork.sh'));
      const child = processes.start(spec);
      await yard.hear(spec, /daemon \d+/);
      assert.deepEqual(await child.stop(GRACE_MS), []);
      assert.equal((await child.exited).code, 143);
      assert.deepEqual(await yard.people(spec), []);
    });

    it('ends a stopped child, and a stopped group with the shim in it', async () => {
      for (const isGroup of [false, true]) {
        const spec = yard.spec(program('heeds-term.sh'));
        const child = processes.start(spec);
        await yard.hear(spec, /ready/);
        const pid = Number(readFileSync(join(spec.runDir, 'pid'), 'utf8'));
        const [entry] = await yard.table.among([pid]);
        process.kill(isGroup ? -(entry as ProcessEntry).group : pid, 'SIGSTOP');
        await eventually('it is stopped', async () => (await yard.table.among([pid]))[0]?.state === 'stopped');
        assert.deepEqual(await child.stop(GRACE_MS / 10), []);
        assert.equal((await child.exited).code, 5);
        assert.deepEqual(await yard.people(spec), []);
      }
    });

    it('stops one that has hardly begun, and joins later calls to the first', async () => {
      const spec = yard.spec(program('silent.sh'));
      const child = processes.start(spec);
      const [first, second] = await Promise.all([child.stop(GRACE_MS), child.stop(0)]);
      assert.equal(first, second);
      assert.deepEqual(first, []);
      assert.equal((await child.exited).code, 143);
      assert.deepEqual(await yard.people(spec), []);
    });

    it('does not touch a process that merely stands in the pid file', async () => {
      const bystander = spawn('sleep', ['1000'], { stdio: 'ignore' });
      endAfterwards(bystander.pid as number);
      const spec = yard.spec(program('heeds-term.sh'));
      const child = processes.start(spec);
      await yard.hear(spec, /ready/);
      writeFileSync(join(spec.runDir, 'pid'), `${bystander.pid}\n`);
      assert.deepEqual(await child.stop(GRACE_MS), []);
      assert.deepEqual(await yard.people(spec), []);
      assert.equal(bystander.exitCode ?? bystander.signalCode, null);
      assert.deepEqual(
        (await yard.table.among([bystander.pid as number])).map(({ state }) => state),
        ['alive'],
      );
    });

    it('does nothing to a child that has ended and left nobody', async () => {
      const child = processes.start(yard.spec(program('exits-with.sh', '0')));
      await child.exited;
      assert.deepEqual(await child.stop(GRACE_MS), []);
    });
  });
}

describe('who may be signalled', () => {
  it('is never the system, a group, ourselves, or what is no pid', () => {
    for (const pid of [0, 1, -1, -process.pid, process.pid, Number.NaN, 1.5, Number.POSITIVE_INFINITY]) assert.equal(signalProcess(pid, 'SIGTERM'), false);
  });

  it('is nobody where nobody has that pid', () => {
    assert.equal(signalProcess(2 ** 31 - 2, 'SIGKILL'), false);
  });
});

describe('the tree of a run', () => {
  const entry = (pid: number, parent: number): ProcessEntry => ({ pid, parent, group: pid, startedAt: String(pid), state: 'alive' });

  it('is everybody below its roots, each once, even where a listing that was not taken at one instant has a ring', () => {
    const all = [entry(2, 1), entry(3, 2), entry(4, 3), entry(5, 1), entry(6, 7), entry(7, 6)];
    assert.deepEqual(
      withDescendants(all, [entry(2, 1), entry(6, 7)])
        .map(({ pid }) => pid)
        .sort(),
      [2, 3, 4, 6, 7],
    );
  });
});
