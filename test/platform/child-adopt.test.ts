import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SpawnSpec } from '../../lib/ports.ts';
import { eventually } from '../support/eventually.ts';
import { plain } from '../support/plain.ts';
import { childYard, endAfterwards, FIXTURES, program } from './child-yard.ts';

const sources = ['proc', 'ps'] as const;
const LOST = { code: null, signal: null, spawnError: null, lost: true };

for (const source of process.platform === 'linux' ? sources : sources.slice(1)) {
  const yard = childYard(source);
  const { processes } = yard;

  /** Starts the child through an owner that is killed, as -9 kills, once the child is at work. */
  const orphan = async (spec: SpawnSpec, words: RegExp): Promise<void> => {
    const owner: ChildProcess = spawn(process.execPath, [plain(join(FIXTURES, 'supervisor.ts')), writeSpec(spec)], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: 'ignore',
    });
    const gone = new Promise((end) => owner.once('exit', end));
    await yard.hear(spec, words);
    owner.kill('SIGKILL');
    await gone;
  };

  describe(`adopting a child, seen through ${source}`, () => {
    it('A4 gets the exit code of a child whose owner was killed with -9 while it ran', async () => {
      const spec = yard.spec([]);
      const sign = `${spec.runDir}.go`;
      await orphan({ ...spec, argv: program('waits-for.sh', sign, '9') }, /ready/);
      const child = processes.adopt(spec.runId, spec.runDir);
      writeFileSync(sign, '');
      assert.deepEqual(await child.exited, { code: 9, signal: null, spawnError: null, lost: false });
    });

    it('gets the exit code of one that ended while nobody owned it', async () => {
      const spec = yard.spec([]);
      const sign = `${spec.runDir}.go`;
      await orphan({ ...spec, argv: program('waits-for.sh', sign, '3') }, /ready/);
      writeFileSync(sign, '');
      await eventually('the exit file', () => exists(join(spec.runDir, 'exit')));
      assert.equal((await processes.adopt(spec.runId, spec.runDir).exited).code, 3);
    });

    it('stops it as its own, daemons and all', async () => {
      const spec = yard.spec(program('forks-daemon.mjs', 'stay'));
      await orphan(spec, /daemon/);
      const child = processes.adopt(spec.runId, spec.runDir);
      assert.deepEqual(await child.stop(10_000), []);
      assert.equal((await child.exited).code, 143);
      assert.deepEqual(await yard.people(spec), []);
    });

    it('knows it again by its command line, or by its tag, when the owner died before it had written anything down', async () => {
      for (const missing of [[], ['pid']]) {
        // The same command twice in a second would have a shim that is written down at once.
        const spec = yard.spec(program('heeds-term.sh', ...missing));
        processes.start(spec);
        await yard.hear(spec, /ready/);
        assert.ok(!exists(join(spec.runDir, 'start')));
        for (const name of missing) rmSync(join(spec.runDir, name), { force: true });
        const child = childYard(source).processes.adopt(spec.runId, spec.runDir);
        assert.deepEqual(await child.stop(500), []);
        assert.equal((await child.exited).lost, false);
        assert.deepEqual(await yard.people(spec), []);
      }
    });

    it('waits for a program whose shim was killed, and calls it lost when that has ended', async () => {
      const spec = yard.spec([]);
      const sign = `${spec.runDir}.go`;
      const child = processes.start({ ...spec, argv: program('waits-for.sh', sign, '9') });
      await yard.hear(spec, /ready/);
      await eventually('its start is written down', () => exists(join(spec.runDir, 'start')));
      const shim = Number.parseInt(readFileSync(join(spec.runDir, 'start'), 'utf8'), 10);
      process.kill(shim, 'SIGKILL');
      const adopted = childYard(source).processes.adopt(spec.runId, spec.runDir);
      let ended = 0;
      void child.exited.then(() => (ended += 1));
      void adopted.exited.then(() => (ended += 1));
      await eventually('the shim is gone', async () => (await yard.people(spec)).length > 0 && !(await yard.people(spec)).includes(shim));
      assert.equal(ended, 0);
      writeFileSync(sign, '');
      assert.deepEqual(await child.exited, { ...LOST, signal: 'SIGKILL' });
      assert.deepEqual(await adopted.exited, LOST);
    });

    it('calls a run lost that left nothing, and never believes a pid that others have now', async () => {
      const spec = yard.spec([]);
      mkdirSync(spec.runDir);
      assert.deepEqual(await processes.adopt(spec.runId, spec.runDir).exited, LOST);
      const stranger = spawn('sleep', ['1000'], { stdio: 'ignore' });
      const pid = endAfterwards(stranger.pid as number);
      writeFileSync(join(spec.runDir, 'pid'), `${pid}\n`);
      writeFileSync(join(spec.runDir, 'start'), `${pid} 12345678-1\n`);
      const child = processes.adopt(spec.runId, spec.runDir);
      assert.deepEqual(await child.exited, LOST);
      assert.deepEqual(await child.stop(50), []);
      assert.equal(stranger.exitCode ?? stranger.signalCode, null);
    });

    it('reads no exit code from a torn or foreign file', async () => {
      for (const text of ['', '7', '7x\n', '-1\n', '12345\n', 'ok\n']) {
        const spec = yard.spec([]);
        mkdirSync(spec.runDir);
        writeFileSync(join(spec.runDir, 'exit'), text);
        writeFileSync(join(spec.runDir, 'pid'), '1\n');
        assert.deepEqual(await processes.adopt(spec.runId, spec.runDir).exited, LOST, JSON.stringify(text));
      }
    });
  });
}

function writeSpec(spec: SpawnSpec): string {
  const path = `${spec.runDir}.spec.json`;
  writeFileSync(path, JSON.stringify(spec));
  return path;
}

function exists(path: string): boolean {
  try {
    return readFileSync(path, 'utf8').endsWith('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
