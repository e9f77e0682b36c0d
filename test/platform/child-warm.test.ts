import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createClock } from '../../lib/platform/clock.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createProcesses } from '../../lib/platform/processes.ts';
import type { ChildExit, SpawnSpec } from '../../lib/ports.ts';
import { eventually } from '../support/eventually.ts';
import { plain } from '../support/plain.ts';
import { childYard, endAfterwards, FIXTURES, program } from './child-yard.ts';

const FINE = { signal: null, spawnError: null, lost: false };

/** What is left but the instant, which whoever adopts an end that was written down tells with it. */
function untimed<T extends { readonly endedMs?: number }>({ endedMs, ...rest }: T): Omit<T, 'endedMs'> {
  assert.equal(typeof endedMs, 'number');
  return rest;
}

/** A script of sh as a command. */
const sh = (script: string, ...args: readonly string[]): readonly string[] => ['/bin/sh', '-c', script, 'sh', ...args];

/** Where there is no /proc each run has a shim of its own. */
if (process.platform === 'linux') {
  const yard = childYard();
  const { processes } = yard;
  /** As the next owner has them. */
  const later = createProcesses({ clock: createClock(), files: createFiles(), table: yard.table });

  const run = async (spec: SpawnSpec): Promise<{ readonly exit: ChildExit; readonly said: string }> => {
    const exit = await processes.start(spec).exited;
    return { exit, said: yard.said(spec) };
  };
  /** The third run of a command has a shim that the second one had. */
  const third = async (argv: readonly string[], more: Partial<SpawnSpec> = {}) => {
    const [first] = [await run(yard.spec(argv, more)), await run(yard.spec(argv, more))];
    return { first, third: await run(yard.spec(argv, more)) };
  };
  const shimOf = ({ said }: { readonly said: string }): number => Number(/shim (\d+)/.exec(said)?.[1]);
  const isGone = async (pid: number): Promise<boolean> => (await yard.table.among([pid])).every(({ state }) => state === 'zombie');
  const env = (facts: Readonly<Record<string, string>>): Record<string, string> => ({ PATH: process.env.PATH ?? '', ...facts });

  describe('a command that comes again and again', () => {
    it('has one shim from its second run on, which ends when nothing more comes', async () => {
      const runs = [];
      for (let n = 0; n < 4; n += 1) runs.push(await run(yard.spec(sh('echo shim $PPID; exit 3'))));
      assert.deepEqual(
        runs.map(({ exit }) => exit),
        Array(4).fill({ code: 3, ...FINE }),
      );
      const [first, second, ...others] = runs.map(shimOf);
      assert.deepEqual([first === second, others], [false, [second, second]]);
      await eventually('the shim has gone', () => isGone(second as number));
    });

    it('A4 leaves its exit code to a later owner where we are asked to keep it, and to nobody else', async () => {
      const runs: SpawnSpec[] = [];
      for (let n = 0; n < 3; n += 1) {
        const spec = yard.spec(sh('exit 5'));
        await processes.start(spec).exited;
        runs.push(spec);
      }
      const [own, , shared] = runs as [SpawnSpec, SpawnSpec, SpawnSpec];
      const files = (): readonly string[] => readdirSync(shared.runDir).filter((name) => name.startsWith('exit'));
      assert.deepEqual(files(), []);
      for (const { runDir } of [own, shared, shared]) processes.keepExit(runDir);
      assert.deepEqual(files(), ['exit']);
      for (const { runId, runDir } of [own, shared]) assert.deepEqual(untimed(await later.adopt(runId, runDir).exited), { code: 5, ...FINE });
      rmSync(join(shared.runDir, 'exit'));
      // As a disk leaves it that has room for a name and for no words.
      for (const name of ['exit', 'exit.5']) writeFileSync(join(shared.runDir, name), '');
      assert.deepEqual(untimed(await later.adopt(shared.runId, shared.runDir).exited), { code: 5, ...FINE });
      processes.keepExit(join(yard.root, 'never-begun'));
    });

    it('has the very environment, arguments, descriptors and signals of a shim of its own', async () => {
      const show = 'env | sort; pwd -P; for a do echo "<$a>"; done; cd /proc/self/fd && echo *; grep -E "^Sig(Blk|Ign)" /proc/self/status; cat';
      const stdinPath = join(yard.root, 'stdin');
      writeFileSync(stdinPath, 'from stdin\n');
      const odd = { 'A-B': 'no name of a shell', TWO: 'lines\nof "it"', CADENCE_SOURCE: '  a \\b  $(c) `d` ', CADENCE_KEY: '-e', OTHER: "'" };
      const seen = await third(sh(show, 'a b', '*', '', '-n', 'x\ny'), { env: env(odd), stdinPath });
      const plain = ({ said }: { readonly said: string }): string => said.replace(/CADENCE_RUN_ID=.*/, '');
      assert.match(seen.first.said, /CADENCE_SOURCE= {2}a \\b {2}\$\(c\) `d` \n/);
      assert.match(seen.first.said, /from stdin\n$/);
      assert.equal(plain(seen.third), plain(seen.first));
      assert.notEqual(seen.third.said, seen.first.said);
    });

    it('is told of each run by itself: what one was told, the next is not', async () => {
      const argv = sh('echo shim $PPID; env | grep ^CADENCE_ | sort');
      const seen: string[] = [];
      for (const facts of [{}, { CADENCE_SLOT: 'first', CADENCE_NAME: 'a' }, { CADENCE_SLOT: '' }, { CADENCE_TICK: 'b', CADENCE_NAME: 'a' }]) {
        const spec = yard.spec(argv, { env: env(facts) });
        seen.push((await run(spec)).said.replace(spec.runId, 'ID'));
      }
      const shim = shimOf({ said: seen[1] as string });
      assert.deepEqual(seen.slice(1), [
        `shim ${shim}\nCADENCE_NAME=a\nCADENCE_RUN_ID=ID\nCADENCE_SLOT=first\n`,
        `shim ${shim}\nCADENCE_RUN_ID=ID\nCADENCE_SLOT=\n`,
        `shim ${shim}\nCADENCE_NAME=a\nCADENCE_RUN_ID=ID\nCADENCE_TICK=b\n`,
      ]);
    });

    it('keeps apart its own words and what the environment of a command calls by the same names', async () => {
      const argv = sh('echo "$cb_run $cb_dir $cb_fact $cb_pid"');
      const seen = await third(argv, { env: env({ cb_run: 'r', cb_dir: 'd', cb_fact: 'f', cb_pid: 'p' }) });
      assert.deepEqual([seen.first.said, seen.third.said], ['r d f p\n', 'r d f p\n']);
    });

    it('ends with 127 where there is no such command, with 137 where the kernel ends it, and goes on with the next', async () => {
      assert.deepEqual((await third(['no-such-command-anywhere'])).third.exit, { code: 127, ...FINE });
      assert.deepEqual((await third(program('dies-by-signal.sh', 'KILL'))).third.exit, { code: 137, ...FINE });
      const argv = sh('echo shim $PPID; kill -KILL $$');
      const runs = [await run(yard.spec(argv)), await run(yard.spec(argv)), await run(yard.spec(argv))];
      assert.equal(shimOf(runs[2] as (typeof runs)[0]), shimOf(runs[1] as (typeof runs)[0]));
    });

    it('may run twice at once', async () => {
      const argv = sh('echo shim $PPID; read -r go <"$CADENCE_GO"; exit "$go"');
      const spec = (n: number): SpawnSpec => {
        const path = join(yard.root, `go-${n}`);
        writeFileSync(path, `${n}\n`);
        return yard.spec(argv, { env: env({ CADENCE_GO: path }) });
      };
      for (const n of [1, 2, 3]) await run(spec(n));
      const both = await Promise.all([4, 5, 6].map((n) => run(spec(n))));
      assert.deepEqual(
        both.map(({ exit }) => exit.code),
        [4, 5, 6],
      );
      assert.equal(new Set(both.map(shimOf)).size, 3);
    });

    it('has shims of their own for many that begin at once and go on: nothing of ours is held open for them', async () => {
      const held = (): number => readdirSync('/proc/self/fd').length;
      const argv = sh('echo ready; [ -z "$CADENCE_LONG" ] || sleep 1000');
      for (let n = 0; n < 2; n += 1) await run(yard.spec(argv));
      const before = held();
      const specs = Array.from({ length: 8 }, () => yard.spec(argv, { env: env({ CADENCE_LONG: '1' }) }));
      const children = specs.map((spec) => processes.start(spec));
      for (const spec of specs) await yard.hear(spec, /ready/);
      assert.ok(held() - before <= 2, `${held() - before} more descriptors`);
      for (const left of await Promise.all(children.map((child) => child.stop(0)))) assert.deepEqual(left, []);
    });

    it('writes nothing of its environment to disk', async () => {
      const argv = sh('read -r word <"$CADENCE_RUN_FOLDER/pid"; cat "$CADENCE_RUN_FOLDER"/* | grep -c sesame');
      const spec = (): SpawnSpec => {
        const made = yard.spec(argv);
        return { ...made, env: { ...env({ CADENCE_RUN_FOLDER: made.runDir }), PASSWORD: 'open sesame' } };
      };
      for (const said of [await run(spec()), await run(spec()), await run(spec())].map((one) => one.said)) assert.equal(said, '0\n');
    });

    it('runs in the folder that has its name now', async () => {
      const cwd = join(yard.root, 'folder');
      const seen: string[] = [];
      for (let n = 0; n < 4; n += 1) {
        if (n !== 1) rmSync(cwd, { recursive: true, force: true });
        mkdirSync(cwd, { recursive: true });
        writeFileSync(join(cwd, String(n)), '');
        seen.push((await run(yard.spec(sh('echo *'), { cwd }))).said);
      }
      assert.deepEqual(seen, ['0\n', '0 1\n', '2\n', '3\n']);
    });
  });

  describe('the shim of a command that comes again and again', () => {
    /** Two runs that end at once, and one that goes on; `script` is what that one does. */
    const burst = (script: string): readonly SpawnSpec[] => {
      const argv = sh(`[ "$CADENCE_STEP" ] || exit 0; ${script}`);
      return [yard.spec(argv), yard.spec(argv), yard.spec(argv, { env: env({ CADENCE_STEP: 'last' }) })];
    };
    const begin = async (script: string) => {
      const [one, two, last] = burst(script) as [SpawnSpec, SpawnSpec, SpawnSpec];
      for (const spec of [one, two]) await run(spec);
      const child = processes.start(last);
      return { child, last, said: await yard.hear(last, /ready/) };
    };

    it('is stopped with its child as any other, and has no other run then', async () => {
      const { child, last, said } = await begin("sh -c 'trap : TERM; while :; do sleep 1; done' & echo shim $PPID; echo ready; wait");
      assert.deepEqual(await child.stop(0), []);
      assert.equal((await child.exited).code, 143);
      assert.deepEqual(await yard.people(last), []);
      await eventually('the shim has gone', () => isGone(shimOf({ said })));
    });

    it('leaves alone, when it is stopped, the daemon of an earlier run', async () => {
      const argv = sh('echo shim $PPID; case $CADENCE_STEP in daemon) sleep 1000 & echo daemon $! ;; last) echo ready; sleep 1000 ;; esac');
      for (const step of ['', '']) await run(yard.spec(argv, { env: env({ CADENCE_STEP: step }) }));
      const daemons = yard.spec(argv, { env: env({ CADENCE_STEP: 'daemon' }) });
      const sinceMs = Date.now();
      const before = await run(daemons);
      const daemon = endAfterwards(Number(/daemon (\d+)/.exec(before.said)?.[1]));
      const last = yard.spec(argv, { env: env({ CADENCE_STEP: 'last' }) });
      const child = processes.start(last);
      assert.equal(shimOf({ said: await yard.hear(last, /ready/) }), shimOf(before));
      await eventually(
        'the daemon is the program that it is to be',
        async () => (await processes.leftBehind(daemons.runId, sinceMs))[0]?.command === 'sleep 1000',
      );
      assert.deepEqual(await processes.leftBehind(daemons.runId, sinceMs), [{ pid: daemon, command: 'sleep 1000' }]);
      assert.deepEqual(await child.stop(0), []);
      assert.equal(await isGone(daemon), false);
    });

    it('has no other run when one has left a daemon behind', async () => {
      const argv = sh('echo shim $PPID; [ -z "$CADENCE_STEP" ] || sleep 1000 & echo daemon $!');
      for (const step of ['', '']) await run(yard.spec(argv, { env: env({ CADENCE_STEP: step }) }));
      const daemons = yard.spec(argv, { env: env({ CADENCE_STEP: 'daemon' }) });
      const sinceMs = Date.now();
      const before = await run(daemons);
      endAfterwards(Number(/daemon (\d+)/.exec(before.said)?.[1]));
      assert.equal((await processes.leftBehind(daemons.runId, sinceMs)).length, 1);
      assert.notEqual(shimOf(await run(yard.spec(argv, { env: env({ CADENCE_STEP: '' }) }))), shimOf(before));
    });

    it('may be killed with -9: the run is lost once its program has ended, and the next has another', async () => {
      const sign = join(yard.root, 'sign');
      const { child, last, said } = await begin(`echo shim $PPID; echo ready; until [ -e ${sign} ]; do sleep 0.05; done`);
      process.kill(shimOf({ said }), 'SIGKILL');
      writeFileSync(sign, '');
      assert.deepEqual(await child.exited, { code: null, signal: 'SIGKILL', spawnError: null, lost: true });
      const next = await run(yard.spec(last.argv, { env: last.env }));
      assert.deepEqual(next.exit, { code: 0, ...FINE });
      assert.notEqual(shimOf(next), shimOf({ said }));
    });

    it('may be killed with -9 while it waits', async () => {
      const argv = sh('echo shim $PPID');
      const { third: before } = await third(argv);
      process.kill(shimOf(before), 'SIGKILL');
      const next = await run(yard.spec(argv));
      if (next.exit.lost) assert.equal(next.said, '', 'nothing ran');
      assert.deepEqual((await run(yard.spec(argv))).exit, { code: 0, ...FINE });
    });

    it('A4 keeps the exit code for the next owner when this one is killed with -9, and ends then', async () => {
      const sign = join(yard.root, 'go');
      const specs = burst(`echo shim $PPID; echo ready; until [ -e ${sign} ]; do sleep 0.05; done; exit 9`);
      const last = specs.at(-1) as SpawnSpec;
      const owner = supervise(specs);
      const said = await yard.hear(last, /ready/);
      const gone = new Promise((end) => owner.once('exit', end));
      owner.kill('SIGKILL');
      await gone;
      assert.deepEqual(readdirSync(last.runDir).toSorted(), ['pid', 'start']);
      assert.match(readFileSync(join(last.runDir, 'start'), 'utf8'), new RegExp(`^${shimOf({ said })} `));
      const child = processes.adopt(last.runId, last.runDir);
      writeFileSync(sign, '');
      assert.deepEqual(await child.exited, { code: 9, ...FINE });
      await eventually('the shim has gone', () => isGone(shimOf({ said })));
    });

    it('A4 keeps the exit code also where the owner is killed after the end and before it has heard of it', async () => {
      const sign = join(yard.root, 'halt');
      const last = burst(`echo shim $PPID; echo ready; until [ -e ${sign} ]; do sleep 0.05; done; echo over; exit 9`);
      const owner = supervise(last);
      const spec = last.at(-1) as SpawnSpec;
      const said = await yard.hear(spec, /ready/);
      owner.kill('SIGSTOP');
      writeFileSync(sign, '');
      await yard.hear(spec, /over/);
      await eventually('only the shim is left', async () => (await yard.people(spec)).length === 0);
      const before = readdirSync(spec.runDir).toSorted();
      const gone = new Promise((end) => owner.once('exit', end));
      owner.kill('SIGKILL');
      await gone;
      await eventually('the shim has written it down', () => existsSync(join(spec.runDir, 'exit')));
      assert.deepEqual(untimed(await processes.adopt(spec.runId, spec.runDir).exited), { code: 9, ...FINE });
      await eventually('the shim has gone', () => isGone(shimOf({ said })));
      assert.deepEqual(before, ['pid', 'start'], 'it is written down only where nobody hears of it');
    });

    it('A4 keeps the exit code for the next owner in this very process', async () => {
      const sign = join(yard.root, 'leave');
      const argv = sh(`[ "$CADENCE_STEP" ] || exit 0; echo shim $PPID; echo ready; until [ -e ${sign} ]; do sleep 0.05; done; echo over; exit 9`);
      for (let n = 0; n < 2; n += 1) await run(yard.spec(argv, { env: env({ CADENCE_STEP: '' }) }));
      const spec = yard.spec(argv, { env: env({ CADENCE_STEP: 'last' }) });
      const child = processes.start(spec);
      const shim = shimOf({ said: await yard.hear(spec, /ready/) });
      assert.deepEqual(readdirSync(spec.runDir).toSorted(), ['pid', 'start'], 'it was not started alone');
      child.leave();
      const next = later.adopt(spec.runId, spec.runDir);
      writeFileSync(sign, '');
      assert.deepEqual(await next.exited, { code: 9, ...FINE });
      await eventually('the shim has gone', () => isGone(shim));
    });

    it('writes no exit code that a living owner has heard of', async () => {
      const argv = sh('echo shim $PPID');
      const specs = [yard.spec(argv), yard.spec(argv), yard.spec(argv), yard.spec(argv)];
      for (const spec of specs) await run(spec);
      const [, , third, fourth] = specs as [SpawnSpec, SpawnSpec, SpawnSpec, SpawnSpec];
      await eventually('the shim has gone', () => isGone(shimOf({ said: yard.said(fourth) })));
      for (const spec of [third, fourth]) assert.deepEqual(readdirSync(spec.runDir).toSorted(), ['pid', 'start']);
    });

    it('leaves alone, when the next owner stops its run, the daemon of an earlier one', async () => {
      const argv = sh('echo shim $PPID; case $CADENCE_STEP in daemon) sleep 1000 & echo daemon $! ;; last) echo ready; sleep 1000 ;; esac');
      const specs = ['', '', 'daemon', 'last'].map((step) => yard.spec(argv, { env: env({ CADENCE_STEP: step }) }));
      const [, , before, last] = specs as [SpawnSpec, SpawnSpec, SpawnSpec, SpawnSpec];
      const owner = supervise(specs);
      const shim = shimOf({ said: await yard.hear(last, /ready/) });
      const gone = new Promise((end) => owner.once('exit', end));
      owner.kill('SIGKILL');
      await gone;
      const daemon = endAfterwards(Number(/daemon (\d+)/.exec(yard.said(before))?.[1]));
      assert.equal(shimOf({ said: yard.said(before) }), shim, 'both had the same shim');
      const child = processes.adopt(last.runId, last.runDir);
      assert.deepEqual(await child.stop(0), []);
      assert.equal((await child.exited).code, 143);
      assert.deepEqual(await yard.people(last), []);
      assert.equal(await isGone(daemon), false);
    });

    it('keeps nobody from ending, and is gone with whoever started it', async () => {
      const argv = sh('echo shim $PPID');
      const specs = [yard.spec(argv), yard.spec(argv), yard.spec(argv)];
      assert.equal(await new Promise((end) => supervise(specs).once('exit', end)), 0);
      await eventually('the shim has gone', () => isGone(shimOf({ said: yard.said(specs[2] as SpawnSpec) })));
    });

    function supervise(specs: readonly SpawnSpec[]) {
      const path = join(yard.root, `${specs[0]?.runId}.json`);
      writeFileSync(path, JSON.stringify(specs));
      const cwd = fileURLToPath(new URL('../..', import.meta.url));
      return spawn(process.execPath, [plain(join(FIXTURES, 'supervisor.ts')), path], { cwd, stdio: 'ignore' });
    }
  });
}
