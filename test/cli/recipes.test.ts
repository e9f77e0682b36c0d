import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { createDesk } from '../support/cli.ts';

const RECIPES = join(import.meta.dirname, '../../cadences');

/** The cadence files that a user copies, run for real. */
describe('the recipes', () => {
  const desk = createDesk();
  const bin = join(desk.root, 'bin');

  before(() => {
    for (const name of ['health-check.yaml', 'backup.yaml']) copyFileSync(join(RECIPES, name), join(desk.paths.cadences, name));
    for (const folder of ['health', 'backup']) cpSync(join(RECIPES, folder), join(desk.paths.cadences, folder), { recursive: true });
    mkdirSync(bin);
    // The machine of whoever runs the tests may have services that have failed: what systemctl and launchctl say is the test's.
    process.env.PATH = `${bin}:${process.env.PATH}`;
  });

  function program(name: string, text: string): void {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  }

  /** The recipe, with the arguments of whoever copied it. */
  function backup(...args: readonly string[]): void {
    const text = readFileSync(join(RECIPES, 'backup.yaml'), 'utf8')
      .replace('enabled: false', 'enabled: true')
      .replace('attempts: 3, delays: [1m, 10m]', 'attempts: 1')
      .replace(/args: .*/, `args: ${JSON.stringify(args)}`);
    desk.put('cadences/backup.yaml', text);
  }

  it('are right, and what needs to be set up is not enabled', async () => {
    const { code, said } = await desk.ask('check');
    assert.deepEqual([code, said.problems], [0, []]);
    const all = (await desk.ask('list')).said.cadences as { name: string; enabled: boolean }[];
    assert.deepEqual(
      all.map(({ name, enabled }) => [name, enabled]),
      [
        ['backup', false],
        ['health-check', true],
      ],
    );
  });

  it('D29 health-check measures disk and memory, and names what has failed', async () => {
    program('systemctl', 'exit 0');
    program('launchctl', 'printf "PID\\tStatus\\tLabel\\n-\\t0\\tcom.example.fine\\n-\\t78\\tcom.apple.other\\n"');
    const well = await desk.ask('run', 'health-check', '--payload', '{"disk_percent":100,"memory_percent":100}');
    assert.equal(well.code, 0, JSON.stringify(well.said));
    assert.match(String(well.said.summary), /^disk \/ \d+ %, memory \d+ %, units fine$/);
    const result = well.said.result as { failed: number; checks: { name: string; percent?: number }[] };
    assert.deepEqual([result.failed, result.checks.map(({ name }) => name)], [0, ['disk /', 'memory', 'units']]);
    await desk.ask('breaker', 'reset', '--all');
    const full = await desk.ask('run', 'health-check', '--payload', '{"disk_percent":-1,"memory_percent":-1,"disks":["/","/nowhere"]}');
    assert.equal(full.code, 1);
    assert.match(String(full.said.reason), /disk \/ is \d+ % full, more than -1 %, disk \/nowhere cannot be looked at \(ENOENT\), memory is \d+ % full/);
  });

  it('D29 health-check names units of systemd and jobs of launchd that have failed', async () => {
    program(
      'systemctl',
      'case "$*" in *is-active*nginx*) echo active ;; *is-active*) echo failed; exit 3 ;; *--user*) exit 0 ;; *) echo "broken.service loaded failed failed It broke" ;; esac',
    );
    program('launchctl', 'printf "PID\\tStatus\\tLabel\\n-\\t1\\tbroken.service\\n-\\t1\\tgone.service\\n12\\t0\\tnginx.service\\n"');
    await desk.ask('breaker', 'reset', '--all');
    const { code, said } = await desk.ask('run', 'health-check', '--payload', '{"disk_percent":100,"memory_percent":100}');
    assert.equal(code, 1);
    assert.match(String(said.reason), /broken\.service.* (?:has|have) failed/);
    await desk.ask('breaker', 'reset', '--all');
    const named = await desk.ask('run', 'health-check', '--payload', '{"disk_percent":100,"memory_percent":100,"units":["nginx.service","gone.service"]}');
    assert.match(String(named.said.reason), /^gone\.service has failed$/);
  });

  it('D30 backup runs rclone, rsync and restic, each in its own words', async () => {
    desk.put('data/a "file".txt', 'precious');
    for (const tool of ['rclone', 'rsync', 'restic']) {
      program(tool, `echo "$0 $*" > "${desk.root}/${tool}.said"; echo moving`);
      backup(tool, `${desk.root}/data`, 'remote:backup', '--fast', 'two words');
      const { code, said } = await desk.ask('run', 'backup');
      assert.deepEqual([code, (said.result as { tool: string }).tool], [0, tool], JSON.stringify(said));
      assert.match(String(said.summary), new RegExp(`^${tool} took ${desk.root}/data to remote:backup in \\d+ s$`));
      assert.match(readFileSync(`${desk.root}/${tool}.said`, 'utf8'), /--fast two words/);
    }
  });

  it('D30 backup by any command really copies; what fails says how, what is set up wrongly is not tried again', async () => {
    mkdirSync(`${desk.root}/copy`);
    backup('command', `${desk.root}/data/a "file".txt`, `${desk.root}/copy/it`, 'cp', '-p');
    const well = await desk.ask('run', 'backup');
    assert.equal(well.code, 0);
    assert.equal((well.said.result as { source: string }).source, `${desk.root}/data/a "file".txt`);
    assert.equal(readFileSync(`${desk.root}/copy/it`, 'utf8'), 'precious');
    backup('command', `${desk.root}/data`, 'x', 'sh', '-c', 'echo no space left >&2; exit 75');
    const ill = await desk.ask('run', 'backup');
    assert.deepEqual([ill.code, ill.said.status], [1, 'dead']);
    assert.match(String(ill.said.reason), /no space left.*exit code 75/);
    for (const [args, says] of [
      [['rsync', '/nowhere', 'x'], /\/nowhere is not there/],
      [['tar', `${desk.root}/data`, 'x'], /may be rclone, rsync, restic/],
      [['command', `${desk.root}/data`, 'x', 'no-such-program'], /is not installed/],
    ] as const) {
      backup(...args);
      await desk.ask('breaker', 'reset', '--all');
      const { said } = await desk.ask('run', 'backup');
      assert.match(String(said.reason), says);
      assert.match(String(said.moves_to), /\.permanent\.json$/, 'once is enough');
    }
  });

  it('D30 a backup that hangs is stopped by its silence', async () => {
    backup('command', `${desk.root}/data`, 'x', 'sh', '-c', 'sleep 60');
    const file = join(desk.paths.cadences, 'backup.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('idle_timeout: 30m', 'idle_timeout: 1s'));
    await desk.ask('breaker', 'reset', '--all');
    const { said } = await desk.ask('run', 'backup');
    assert.deepEqual([said.exit_code, said.status], [124, 'dead']);
  });
});
