import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { BusEvent } from '../../lib/core/event.ts';
import { createDesk, errorOf } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';

describe('the receipt of a run', () => {
  it('P4 its last 20 lines of stdout and stderr stand in the log of the bus, without secrets', async () => {
    const desk = createDesk();
    desk.shell('talks', 'seq 1 50; echo key sk-ant-abcdefgh12345; seq 101 150 >&2; exit 3', 'retry: { attempts: 1 }');
    await desk.own();
    await desk.ask('run', 'talks');
    const lines = (): readonly BusEvent[] =>
      readdirSync(desk.paths.logs)
        .filter((file) => file.startsWith('bus-'))
        .flatMap((file) => readFileSync(join(desk.paths.logs, file), 'utf8').trim().split('\n'))
        .map((line) => JSON.parse(line) as BusEvent);
    const event = await eventually('it is told', () => lines().find(({ stage }) => stage === 'subsession_failed'));
    const [out, err] = [event.stdout_lines, event.stderr_lines] as [string[], string[]];
    assert.deepEqual([out.length, out[0], out.at(-2), err.length, err[0], err.at(-1)], [20, '32', '50', 20, '131', '150']);
    assert.equal(JSON.stringify(event).includes('sk-ant-abc'), false);
  });

  it('M12 D18 P5 tells how the program ended in fields of its own; run itself exits 0 or 1, and the run id names tick and attempt', async () => {
    const desk = createDesk();
    const once = 'retry: { attempts: 1 }';
    desk.shell('exits', 'exit 3', once);
    desk.shell('signals', 'kill -9 $$', once);
    desk.shell('late', 'exec sleep 60', 'timeout: 100ms', once);
    desk.cadence('absent', 'run: { command: [cb-no-such-program] }', once);
    desk.shell('fine', 'exit 0');
    const ends = new Map<string, readonly unknown[]>();
    for (const name of ['exits', 'signals', 'late', 'absent', 'fine']) {
      const { code, said } = await desk.ask('run', name);
      assert.match(String(said.run_id), /^[a-z0-9]{12}-1$/);
      assert.equal(said.run_id, `${said.tick}-${said.attempt}`);
      ends.set(name, [code, said.status, said.exit_code, said.signal]);
    }
    assert.deepEqual(Object.fromEntries(ends), {
      exits: [1, 'dead', 3, null],
      signals: [1, 'dead', 137, 'SIGKILL'],
      late: [1, 'dead', 124, 'SIGTERM'],
      absent: [1, 'dead', 127, null],
      fine: [0, 'succeeded', 0, null],
    });
  });

  it('D1 D20 has a result, its words and its output in a file that is there, started in the foreground or not', async () => {
    const desk = createDesk();
    desk.cadence('counts', `run: { command: [sh, -c, 'echo "{\\"found\\": 3}"'], output: json }`, 'summary: "{found} found"');
    await desk.own();
    const { said: receipt } = await desk.ask('run', 'counts', '--async');
    const { said: later } = await desk.ask('wait', String(receipt.tick));
    const { said: now } = await desk.ask('run', 'counts');
    for (const run of [later, now]) {
      assert.deepEqual([run.ok, run.status, run.summary, run.result], [true, 'succeeded', '3 found', { found: 3 }]);
      assert.equal(readFileSync(String(run.stdout_path), 'utf8'), '{"found": 3}\n');
    }
    const { code, said: dry } = await desk.ask('run', 'counts', '--dry-run');
    assert.deepEqual([code, dry.ok, dry.dry_run], [2, true, true]);
  });

  it('D5 contention for the root is exit 75; runs of one cadence wait in line, and a wait that ends first is exit 124', async () => {
    const desk = createDesk();
    desk.shell('slow', 'while [ ! -e "$CADENCE_ROOT/go" ]; do sleep 0.02; done');
    await desk.own();
    assert.equal(errorOf(await desk.ask('start')).code, 75);
    await desk.enqueue('slow');
    await eventually('it runs', () => desk.ls('running').length === 1);
    assert.equal(errorOf(await desk.ask('run', 'slow', '--timeout', '50ms')).code, 124);
    desk.put('go', '');
    await eventually('both have run', () => desk.records().filter(({ status }) => status === 'succeeded').length === 2);
  });

  it('M6 a guard decides at run time, and a bare prompt file is a cadence; without one a tick is dead at once', async () => {
    const desk = createDesk();
    desk.shell('guarded', 'echo worked', 'guard: { shell: true, command: "test -e work || exit 1" }');
    assert.equal((await desk.ask('run', 'guarded')).said.status, 'skipped');
    desk.put('work', '');
    assert.equal((await desk.ask('run', 'guarded')).said.status, 'succeeded');
    desk.put('cadences/asks.md', 'Say hello.\n');
    assert.deepEqual(((await desk.ask('show', 'asks')).said.cadence as { run: { kind: string } }).run.kind, 'claude');
    desk.put('state/cadence-bus/inbox/x.json', '{"cadence":"nobody"}\n');
    await desk.own();
    await eventually('it is dead', () => desk.ls('dlq').some((file) => /\.nobody\.[a-z0-9]{12}\.0\.unknown-cadence\.json$/.test(file)));
  });
});
