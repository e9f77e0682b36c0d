import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { childYard, endAfterwards, program } from './child-yard.ts';

const yard = childYard();
const { processes } = yard;
const FINE = { signal: null, spawnError: null, lost: false };

describe('a child that is started', () => {
  it('finds the folder of its output made anew where somebody has removed it', async () => {
    const folder = join(yard.root, 'logs', 'subsessions');
    const spec = yard.spec(['/bin/sh', '-c', 'echo out; echo err >&2'], { stdoutPath: join(folder, 'out'), stderrPath: join(folder, 'err') });
    assert.equal((await processes.start(spec).exited).code, 0);
    assert.deepEqual([readFileSync(spec.stdoutPath, 'utf8'), readFileSync(spec.stderrPath, 'utf8')], ['out\n', 'err\n']);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
  });

  it('M12 ends with its own exit code, and the shim keeps pid and code in the run folder', async () => {
    const spec = yard.spec(program('exits-with.sh', '7'));
    assert.deepEqual(await processes.start(spec).exited, { code: 7, ...FINE });
    assert.equal(readFileSync(join(spec.runDir, 'exit'), 'utf8'), '7\n');
    assert.match(readFileSync(join(spec.runDir, 'pid'), 'utf8'), /^\d+\n$/);
  });

  it('leaves the pid of the program itself, so that `kill $(cat pid)` hits it and the code is kept', async () => {
    const spec = yard.spec(program('heeds-term.sh'));
    const child = processes.start(spec);
    await yard.hear(spec, /ready/);
    process.kill(Number(readFileSync(join(spec.runDir, 'pid'), 'utf8')), 'SIGTERM');
    assert.deepEqual(await child.exited, { code: 5, ...FINE });
    await child.stop(0);
  });

  it('reports a signal as 128 + its number, as every shell does, and adds no words of its own to stderr', async () => {
    for (const [signal, code] of [
      ['KILL', 137],
      ['TERM', 143],
      ['HUP', 129],
      ['INT', 130],
    ] as const) {
      const spec = yard.spec(program('dies-by-signal.sh', signal));
      assert.deepEqual(await processes.start(spec).exited, { code, ...FINE });
      assert.equal(readFileSync(spec.stderrPath, 'utf8'), '');
    }
  });

  it('is given its signals in their default state, although the shim survives them', async () => {
    const spec = yard.spec(['/bin/sh', '-c', 'trap']);
    await processes.start(spec).exited;
    assert.equal(yard.said(spec), '');
    const ignoring = yard.spec(['/bin/sh', '-c', 'kill -INT $$; echo survived']);
    assert.equal((await processes.start(ignoring).exited).code, 130);
    assert.equal(yard.said(ignoring), '');
  });

  it('M10 appends to its two files, which only their owner may read', async () => {
    const spec = yard.spec(['/bin/sh', '-c', 'echo out; echo err >&2']);
    writeFileSync(spec.stdoutPath, 'before\n', { mode: 0o600 });
    await processes.start(spec).exited;
    assert.equal(yard.said(spec), 'before\nout\n');
    assert.equal(readFileSync(spec.stderrPath, 'utf8'), 'err\n');
    assert.equal(statSync(spec.stderrPath).mode & 0o777, 0o600);
    assert.equal(statSync(spec.runDir).mode & 0o777, 0o700);
  });

  it('reads its stdin from a file, and nothing where there is none', async () => {
    const told = yard.spec(program('reads-stdin.sh'));
    writeFileSync(`${told.runDir}.in`, 'a word\n');
    await processes.start({ ...told, stdinPath: `${told.runDir}.in` }).exited;
    assert.equal(yard.said(told), 'a word\n');
    const untold = yard.spec(program('reads-stdin.sh'));
    assert.deepEqual(await processes.start(untold).exited, { code: 0, ...FINE });
  });

  it('has the environment it was given with the tag of the run, and none of ours', async () => {
    const spec = yard.spec(program('prints-env.sh'), { env: { PATH: process.env.PATH ?? '', GIVEN: 'a b', CADENCE_RUN_ID: 'forged' } });
    process.env.NOT_FOR_CHILDREN = 'secret';
    await processes.start(spec).exited;
    const lines = yard.said(spec).split('\n');
    assert.ok(lines.includes('GIVEN=a b'));
    assert.ok(lines.includes(`CADENCE_RUN_ID=${spec.runId}`));
    assert.ok(!yard.said(spec).includes('NOT_FOR_CHILDREN'));
  });

  it('keeps its variables, whatever the shim calls its own', async () => {
    const names = ['p', 'x', 'k', 'c', 'PWD'];
    const spec = yard.spec(['/bin/sh', '-c', names.map((name) => `echo "$${name}"`).join('; ')], {
      env: { PATH: process.env.PATH ?? '', PWD: yard.root, p: 'my p', x: 'my x', k: 'my k', c: 'my c' },
    });
    await processes.start(spec).exited;
    assert.deepEqual(yard.said(spec).trim().split('\n'), ['my p', 'my x', 'my k', 'my c', yard.root]);
  });

  it('gets its arguments letter by letter: quotes, dollars, newlines and what looks like an option', async () => {
    const args = ['-n', '$(touch x)', '`id`', 'a\nb', "it's", '"', '', '*', '\\', 'ü€😀'];
    const spec = yard.spec([process.execPath, '-e', 'process.stdout.write(JSON.stringify(process.argv.slice(1)))', '--', ...args]);
    await processes.start(spec).exited;
    assert.deepEqual(JSON.parse(yard.said(spec)), args);
  });

  it('starts where its folder has a name with spaces, quotes and dollars', async () => {
    const spec = yard.spec(program('exits-with.sh', '4'));
    const runDir = join(yard.root, 'a "b" $(c) \'d\' -e', spec.runId);
    assert.equal((await processes.start({ ...spec, runDir }).exited).code, 4);
    assert.equal(readFileSync(join(runDir, 'exit'), 'utf8'), '4\n');
  });

  it('does not take what an earlier run under the same id left for its own', async () => {
    const spec = yard.spec(program('silent.sh'));
    await processes.start({ ...spec, argv: program('exits-with.sh', '3') }).exited;
    const child = processes.start(spec);
    await eventually('the new pid', () => readable(join(spec.runDir, 'pid')));
    assert.equal(readable(join(spec.runDir, 'exit')), undefined);
    assert.deepEqual(await child.stop(1000), []);
  });

  it('keeps its exit code for us even where the run folder cannot be written', async () => {
    const spec = yard.spec(['/bin/sh', '-c', 'rm -rf "$1"; exit 6', 'sh', '']);
    assert.deepEqual(await processes.start({ ...spec, argv: [...spec.argv.slice(0, -1), spec.runDir] }).exited, { code: 6, ...FINE });
  });

  for (const shell of ['dash', 'bash --posix', 'busybox sh']) {
    it(`is kept by the same shim in ${shell}, where that is installed`, async (context) => {
      const [file, ...first] = shell.split(' ') as [string, ...string[]];
      const { shimArguments } = await import('../../lib/platform/child-shim.ts');
      const outcome = await new Promise<number | string>((end) => {
        const argv = [...first, ...shimArguments(yard.root, ['/bin/sh', '-c', 'echo $$; kill -9 $$'])];
        const child = spawn(file, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
        let said = '';
        child.stdout?.on('data', (data) => (said += String(data)));
        child.once('error', (error) => end((error as NodeJS.ErrnoException).code ?? ''));
        child.once('close', (code) => end(said === readFileSync(join(yard.root, 'pid'), 'utf8') ? Number(code) : `pid file and ${said} differ`));
      });
      if (outcome === 'ENOENT') return context.diagnostic(`no ${file} here`);
      assert.equal(outcome, 137);
      assert.equal(readFileSync(join(yard.root, 'exit'), 'utf8'), '137\n');
    });
  }
});

describe('a child that cannot be started', () => {
  const refused = async (argv: readonly string[], more: object = {}): Promise<string> => {
    const child = processes.start(yard.spec(argv, more));
    const exit = await child.exited;
    assert.deepEqual({ ...exit, spawnError: '' }, { code: null, signal: null, spawnError: '', lost: false });
    assert.deepEqual(await child.stop(1000), []);
    return exit.spawnError ?? '';
  };

  it('ends at once with words that name what is missing', async () => {
    assert.match(await refused(['./no-such-thing']), /there is no program \.\/no-such-thing/);
    assert.match(await refused(['/bin/true'], { cwd: join(yard.root, 'nowhere') }), /its folder .*nowhere does not exist/);
    assert.match(await refused(['/bin/true'], { cwd: '/dev/null' }), /\/dev\/null is not a folder/);
    assert.match(await refused([]), /no program/);
    assert.match(await refused(['-c']), /no name of a program/);
    assert.match(await refused(['/bin/true'], { stdinPath: join(yard.root, 'no-input') }), /no-input/);
  });

  it('says E2BIG and the like in words, and never throws', async () => {
    assert.match(await refused(['/bin/true', 'x'.repeat(3_000_000)]), /longer than the system allows \(E2BIG\)/);
    assert.match(await refused(['/bin/true', 'a\0b']), /null bytes/);
    assert.match(await refused(['/bin/true'], { runDir: '/dev/null/run' }), /ENOTDIR/);
  });

  it('says so when this process has no descriptor left', async () => {
    const script = `
      import { openSync } from 'node:fs';
      import { childYard } from '${new URL('./child-yard.ts', import.meta.url).href}';
      const yard = childYard();
      const spec = yard.spec(['/bin/true']);
      await yard.processes.start(yard.spec(['/bin/true'])).exited;
      const held = [];
      try { for (;;) held.push(openSync('/dev/null', 'r')); } catch (error) { if (error.code !== 'EMFILE') throw error; }
      const full = await yard.processes.start(spec).exited;
      process.stderr.write('=' + full.spawnError);
    `;
    const shell = spawn('/bin/sh', ['-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath, '--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    for await (const data of shell.stderr) said += String(data);
    assert.match(said, /EMFILE/);
  });

  it('ends with 127 where the shim finds no such command on PATH', async () => {
    const spec = yard.spec(['no-such-command-anywhere']);
    assert.deepEqual(await processes.start(spec).exited, { code: 127, ...FINE });
    assert.match(readFileSync(spec.stderrPath, 'utf8'), /not found/);
  });

  it('is not led through a symlink that lies where its output belongs', async () => {
    const spec = yard.spec(['/bin/true']);
    symlinkSync('/dev/null', spec.stdoutPath);
    assert.match((await processes.start(spec).exited).spawnError ?? '', /symlink/);
  });
});

describe('what a run left behind', () => {
  it('is named and not killed after a normal end: a command may start a daemon on purpose', async () => {
    const sinceMs = Date.now();
    const spec = yard.spec(program('forks-daemon.mjs'));
    const child = processes.start(spec);
    assert.equal((await child.exited).code, 0);
    const pid = endAfterwards(Number(/daemon (\d+)/.exec(yard.said(spec))?.[1]));
    assert.deepEqual(await processes.leftBehind(spec.runId, sinceMs), [{ pid, command: 'sleep 1000' }]);
    assert.deepEqual(await processes.leftBehind(spec.runId, sinceMs - 3_600_000), [{ pid, command: 'sleep 1000' }]);
    assert.deepEqual(await processes.leftBehind('somebodyelse-1', sinceMs), []);
    assert.deepEqual(await child.stop(0), []);
    assert.deepEqual(await yard.people(spec), []);
  });
});

function readable(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? undefined : readFileSync(path, 'utf8');
}
