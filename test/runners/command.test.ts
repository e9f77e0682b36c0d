import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { cutLog } from '../../lib/platform/child-log.ts';
import { createWatch } from '../../lib/runners/watch.ts';
import { eventually } from '../support/eventually.ts';
import { reasonOf, workbench } from './workbench.ts';

const bench = workbench();
const variable = (name: string): string => `\${${name}}`;

/** A workbench whose watch may find that more time has passed than has: so much more with each of its looks. */
function hastyBench() {
  const strides = { next: (): number => 0 };
  let aheadMs = 0;
  const bench = workbench((deps) => {
    const { clock, files } = deps;
    const after: typeof clock.after = (ms, wake) =>
      clock.after(ms, () => {
        aheadMs += strides.next();
        wake();
      });
    return { ...deps, watch: createWatch({ clock: { ...clock, after, nowMs: () => clock.nowMs() + aheadMs }, files, cutLog }) };
  });
  return { bench, strides };
}

describe('a command', () => {
  it('is ok with exit 0, its last lines being the summary', async () => {
    const job = bench.job(bench.command(['/bin/sh', '-c', 'echo one; echo two']));
    const end = await bench.run(job);
    assert.deepEqual(end.outcome, { kind: 'ok', summary: 'one | two' });
    assert.equal(end.ending?.code, 0);
    assert.equal(readFileSync(end.stdoutPath as string, 'utf8'), 'one\ntwo\n');
  });

  it('M13 leaves no empty log files', async () => {
    const end = await bench.run(bench.job(bench.command(['/bin/true'])));
    assert.deepEqual([end.stdoutPath, end.stderrPath], [null, null]);
    const half = await bench.run(bench.job(bench.command(['/bin/sh', '-c', 'echo x >&2'])));
    assert.equal(half.stdoutPath, null);
    assert.deepEqual(
      readdirSync(bench.paths.subsessions).filter((name) => statSync(join(bench.paths.subsessions, name)).size === 0),
      [],
    );
    assert.match(half.stderrPath as string, /\/\d{4}-\d\d-\d\d-duty-[a-z0-9]{12}-1\.stderr\.log$/);
  });

  it('M11 fails with the last three lines of stderr, or of stdout where stderr is blank', async () => {
    const loud = await bench.run(bench.job(bench.fixture('complains.sh')));
    assert.equal(reasonOf(loud.outcome), 'fail: exit 3: complaint two | complaint three | complaint four');
    const quiet = await bench.run(bench.job(bench.command(['/bin/sh', '-c', 'echo only this; echo >&2; exit 4'])));
    assert.equal(reasonOf(quiet.outcome), 'fail: exit 4: only this');
  });

  it('D26 takes its ok_codes for success, and says what cannot be started or found', async () => {
    assert.equal((await bench.run(bench.job(bench.command(['/bin/sh', '-c', 'exit 3'], { okCodes: [0, 3] })))).outcome.kind, 'ok');
    assert.match(reasonOf((await bench.run(bench.job(bench.command(['./absent'])))).outcome), /^fail: could not be started: there is no program \.\/absent/);
    assert.match(reasonOf((await bench.run(bench.job(bench.command(['no-such-command'])))).outcome), /^fail: exit 127 \(command not found\)/);
    assert.match(reasonOf((await bench.run(bench.job(bench.fixture('dies-by-signal.sh', 'KILL')))).outcome), /^fail: killed by SIGKILL/);
  });

  it('begins in a folder where nothing of an earlier run of this id lies', async () => {
    const job = bench.job(bench.command(['/bin/sh', '-c', 'ls "$CADENCE_ROOT/state/cadence-bus/running/$CADENCE_RUN_ID"']));
    const folder = join(bench.paths.running, job.runId);
    bench.files.makeDir(folder);
    for (const name of ['run.json', 'exit', 'start']) writeFileSync(join(folder, name), '7\n');
    assert.deepEqual((await bench.run(job)).outcome, { kind: 'ok', summary: 'pid | run.json' });
    assert.equal(JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')).run_id, job.runId);
  });

  it('P3 is stopped at its timeout, however little it heeds SIGTERM, and leaves nobody', async () => {
    const { bench: hasty, strides } = hastyBench();
    const job = hasty.job(hasty.fixture('ignores-term.sh'), { timeoutMs: 3_600_000, killGraceMs: 50 });
    const running = hasty.run(job);
    await hasty.hear(job, /ready/);
    strides.next = () => 3_600_000;
    const end = await running;
    assert.match(reasonOf(end.outcome), /^fail: timed out after .*: ready$/);
    assert.equal(end.ending?.stoppedFor, 'timeout');
    assert.deepEqual(end.ending?.survivors, []);
    assert.deepEqual(await hasty.people(job), []);
  });

  it('D28 is stopped when it has said nothing for its idle_timeout, and not while it goes on saying something', async () => {
    const { bench: hasty, strides } = hastyBench();
    const quiet = hasty.job(hasty.fixture('prints-and-hangs.sh'), { idleTimeoutMs: 8000 });
    const hung = hasty.run(quiet);
    await hasty.hear(quiet, /working on it/);
    strides.next = () => 4000;
    assert.match(reasonOf((await hung).outcome), /^fail: stopped: no output for its idle_timeout: working on it/);

    const { bench: other, strides: steps } = hastyBench();
    const go = join(other.root, 'go');
    const busy = other.job(other.command(['/bin/sh', '-c', `until [ -e '${go}' ]; do echo on; sleep 0.05; done`]), { idleTimeoutMs: 8000 });
    const talking = other.run(busy);
    let [heard, passedMs] = [0, 0];
    // Time passes only when it has spoken since the last look, however late this machine lets it.
    steps.next = () => {
      const { length } = other.said(busy);
      const stepMs = length > heard ? 4000 : 0;
      [heard, passedMs] = [length, passedMs + stepMs];
      return stepMs;
    };
    await eventually('it has talked for longer than it may be quiet', () => passedMs > 8000);
    writeFileSync(go, '');
    assert.equal((await talking).outcome.kind, 'ok');
  });

  it('D23 is cancelled, the first cause to stop it being the one that counts', async () => {
    const job = bench.job(bench.fixture('forks-daemon.mjs', 'stay'));
    const stop = bench.stop();
    const end = bench.run(job, stop);
    await bench.hear(job, /daemon/);
    stop.stop('cancel');
    stop.stop('halt');
    assert.equal(reasonOf((await end).outcome), 'cancelled: cancelled');
    assert.deepEqual(await bench.people(job), []);
    const before = bench.stop();
    before.stop('halt');
    const never = bench.job(bench.command(['/bin/sh', '-c', 'echo ran']));
    assert.deepEqual((await bench.run(never, before)).outcome, { kind: 'interrupted', by: 'operator', reason: 'stopped by halt' });
    assert.equal(bench.said(never), '');
  });

  it('names the daemons that it started on purpose, and lets them live', async () => {
    const job = bench.job(bench.fixture('forks-daemon.mjs'));
    const { outcome, ending } = await bench.run(job);
    assert.equal(outcome.kind, 'ok');
    assert.deepEqual(ending?.survivors, [{ pid: Number(/\d+/.exec(bench.said(job))?.[0]), command: 'sleep 1000' }]);
    assert.equal((await bench.people(job)).length, 1);
  });

  it('gets the allow-list of the environment, what its cadence names, and what there is to know of the run', async () => {
    const bench = workbench();
    Object.assign(bench.env, { LC_ALL: 'C', XDG_DATA_HOME: '/x', https_proxy: 'http://p', SECRET: 'never', NAMED: 'n', CADENCE_RUN_ID: 'of-an-outer-run' });
    const env = { names: ['NAMED'], values: { GREETING: `hi ${variable('NAMED')} and $NAMED, 5$$ $1`, CADENCE_NAME: 'forged' } };
    const job = bench.job(bench.command(['env'], { env }), {}, { key: 'k 1', slot: '2026-11-20T07:00:00Z' });
    await bench.run(job);
    const seen = Object.fromEntries(
      bench
        .said(job)
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    for (const name of ['', 'PWD', 'OLDPWD', 'SHLVL', '_', 'PATH']) delete seen[name];
    assert.deepEqual(seen, {
      HOME: bench.root,
      LC_ALL: 'C',
      XDG_DATA_HOME: '/x',
      https_proxy: 'http://p',
      NAMED: 'n',
      GREETING: 'hi n and n, 5$ $1',
      CADENCE_RUN_ID: job.runId,
      CADENCE_NAME: 'duty',
      CADENCE_TICK: job.tickId,
      CADENCE_ATTEMPT: '1',
      CADENCE_KEY: 'k 1',
      CADENCE_SLOT: '2026-11-20T07:00:00Z',
      CADENCE_SOURCE: 'test',
      CADENCE_ROOT: bench.root,
    });
  });

  it('A6 gives up, naming what its cadence asks for and nobody has set', async () => {
    const env = { names: ['ABSENT'], values: { A: `${variable('ALSO_ABSENT')}x` } };
    const end = await bench.run(bench.job(bench.command(['/bin/true'], { env })));
    assert.match(reasonOf(end.outcome), /^give_up: not set in the environment of the bus: ABSENT, ALSO_ABSENT/);
    assert.equal(end.ending, undefined);
  });

  it('finds its payload on stdin and in a private file, never among its arguments', async () => {
    const payload = { name: '$(touch pwned); `id`', dash: '-rf', list: [1, 'ü'] };
    const script = 'cat; cat "$CADENCE_PAYLOAD_FILE"; ls -l "$CADENCE_PAYLOAD_FILE" | cut -c1-10; echo "$#"';
    const job = bench.job(bench.command([script], { shell: true }), {}, { payload });
    await bench.run(job);
    const text = `${JSON.stringify(payload)}\n`;
    assert.equal(bench.said(job), `${text}${text}-rw-------\n0\n`);
    assert.deepEqual(readdirSync(bench.root).includes('pwned'), false);
    const without = bench.job(bench.command([`cat; echo ${variable('CADENCE_PAYLOAD_FILE-none')}`], { shell: true }));
    await bench.run(without);
    assert.equal(bench.said(without), 'none\n');
  });

  it('leaves a run.json that says what is running, for people and for the next owner', async () => {
    const job = bench.job(bench.command(['/bin/true']));
    const end = await bench.run(job);
    assert.equal(end.outcome.kind, 'ok');
    const note = JSON.parse(readFileSync(`${bench.paths.running}/${job.runId}/run.json`, 'utf8'));
    assert.deepEqual(
      { ...note, stdout_path: '', stderr_path: '' },
      {
        format: 1,
        run_id: job.runId,
        cadence: 'duty',
        tick: job.tickId,
        attempt: 1,
        started_at: new Date(job.startedMs).toISOString(),
        kind: 'command',
        phase: 'run',
        stdout_path: '',
        stderr_path: '',
        stdout_from: 0,
        stderr_from: 0,
        timeout_ms: 60_000,
        idle_timeout_ms: 60_000,
      },
    );
  });

  it("is deferred, at nobody's expense, where the disk refuses what must be there before it starts", async () => {
    const broken = workbench();
    broken.files.makeDir(broken.paths.state);
    writeFileSync(broken.paths.running, 'a file where a folder belongs');
    const end = await broken.run(broken.job(broken.command(['/bin/true'])));
    assert.match(reasonOf(end.outcome), /^defer: it could not be prepared: .*running/);
  });
});

describe('a guard', () => {
  const guarded = (guard: string, main = 'echo ran') => bench.job(bench.command(['/bin/sh', '-c', main]), { guard: bench.command(['/bin/sh', '-c', guard]) });

  it('M6 is like grep: 0 runs, 1 skips, anything else is a failure of its own', async () => {
    assert.equal(reasonOf((await bench.run(guarded('echo work; exit 0'))).outcome), 'ok: ran');
    assert.equal(reasonOf((await bench.run(guarded('echo asked >&2; exit 0', 'exit 3'))).outcome), 'fail: exit 3');
    const idle = guarded('echo no mail; exit 1');
    const skipped = await bench.run(idle);
    assert.equal(reasonOf(skipped.outcome), 'skip: its guard found nothing to do: no mail');
    assert.equal(skipped.ending?.code, 1);
    assert.equal(bench.said(idle), 'no mail\n');
    assert.equal(reasonOf((await bench.run(guarded('echo broken >&2; exit 2'))).outcome), 'fail: its guard failed: exit 2: broken');
    assert.match(reasonOf((await bench.run(guarded('exit 75'))).outcome), /^defer: exit 75/);
  });

  it('has a folder of its own, which is gone when the job is over', async () => {
    const job = guarded('test -d "$CADENCE_ROOT/state/cadence-bus/running/$CADENCE_RUN_ID.guard"');
    assert.equal((await bench.run(job)).outcome.kind, 'ok');
    assert.deepEqual(
      readdirSync(bench.paths.running).filter((name) => name.startsWith(job.runId)),
      [job.runId],
    );
  });

  it('is stopped like a run, and then nothing runs', async () => {
    const job = guarded('echo asking; sleep 1000');
    const stop = bench.stop();
    const end = bench.run(job, stop);
    await bench.hear(job, /asking/);
    stop.stop('cancel');
    assert.equal((await end).outcome.kind, 'cancelled');
    assert.equal(bench.said(job), 'asking\n');
    assert.deepEqual(await bench.people(job), []);
  });

  it('may be a handler', async () => {
    const file = join(bench.root, 'guard.mjs');
    writeFileSync(
      file,
      'export default (tick) => tick.payload === 1 ? undefined : tick.payload === 2 ? { kind: "skip", reason: "nothing new" } : Promise.reject(new Error("no mailbox"))',
    );
    const run = bench.command(['/bin/sh', '-c', 'echo ran']);
    const ask = async (payload: number) => reasonOf((await bench.run(bench.job(run, { guard: { kind: 'inline', file } }, { payload }))).outcome);
    assert.equal(await ask(1), 'ok: ran');
    assert.equal(await ask(2), 'skip: nothing new');
    assert.match(await ask(3), /^fail: its guard failed: no mailbox \(.*guard\.mjs:1:\d+\)$/);
  });
});
