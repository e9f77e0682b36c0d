import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { identityByPs, identityOf, parseProcStat, parsePs } from '../../lib/platform/process-identity.ts';
import { eventually } from '../support/eventually.ts';

describe('the identity of a process', () => {
  for (const [how, ask] of [
    ['of this system', identityOf],
    ['by ps', identityByPs],
  ] as const) {
    it(`stays the same while it lives, and is gone with it (${how})`, async () => {
      assert.notEqual(ask(process.pid), undefined);
      assert.equal(ask(process.pid), ask(process.pid));
      const child = spawn('sleep', ['1000']);
      await once(child, 'spawn');
      const pid = child.pid as number;
      assert.notEqual(ask(pid), undefined);
      child.kill('SIGSTOP');
      assert.notEqual(ask(pid), undefined);
      child.kill('SIGKILL');
      await once(child, 'exit');
      assert.equal(ask(pid), undefined);
    });

    it(`does not take a zombie for a process (${how})`, async () => {
      // What the shell becomes never waits for the shell's child.
      const shell = spawn('sh', ['-c', 'sleep 1000 & echo $!; exec sleep 1000'], { stdio: ['pipe', 'pipe', 'ignore'] });
      const [line] = (await once(shell.stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      assert.notEqual(ask(pid), undefined);
      process.kill(pid, 'SIGKILL');
      await eventually('the zombie is seen as gone', () => ask(pid) === undefined);
      assert.ok(process.kill(pid, 0));
      shell.kill('SIGKILL');
      await once(shell, 'exit');
    });
  }

  it('is that of nobody for what is no pid', () => {
    for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 40]) assert.equal(identityOf(pid), undefined);
  });

  it('is read past a program whose name looks like the fields after it', () => {
    const rest = Array.from({ length: 30 }, (_, i) => String(i + 4)).join(' ');
    assert.equal(parseProcStat(`7 (a) Z 1 (b) S ${rest}`, 'boot'), 'boot-22');
    assert.equal(parseProcStat(`7 (x) Z ${rest}`, 'boot'), undefined);
    assert.equal(parseProcStat('', 'boot'), undefined);
  });

  it('is read from ps of macOS and of Linux', () => {
    assert.equal(parsePs('Ss   Thu Nov 20 12:00:01 2025\n'), 'Thu Nov 20 12:00:01 2025');
    assert.equal(parsePs('S+   Fri Nov  7 12:00:01 2025    \n'), 'Fri Nov 7 12:00:01 2025');
    assert.equal(parsePs('Z    Thu Nov 20 12:00:01 2025\n'), undefined);
    assert.equal(parsePs(''), undefined);
  });
});
