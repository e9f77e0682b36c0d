import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { RunRecord } from '../../lib/core/run.ts';
import type { TimerView } from '../../lib/core/slot/timer.ts';
import type { World } from '../../lib/core/world.ts';
import { errorOf } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { createKeeperDesk } from '../support/keeper-desk.ts';

const JOB = 'run: { command: [echo, hi] }\n';

for (const kind of ['systemd', 'launchd'] as const) {
  const suffixes = kind === 'systemd' ? ['service', 'timer'] : ['plist'];
  const filesOf = (...names: readonly string[]): readonly string[] =>
    names.flatMap((name) => (name === 'owner' ? [`owner.${suffixes[0]}`] : suffixes.map((suffix) => `${name}.${suffix}`))).sort();

  describe(`D12 P34 P35 install with ${kind}`, () => {
    const desk = createKeeperDesk(kind);
    const settings = join(desk.root, 'cadences', 'bus.yaml');
    desk.cadence('five', `${JOB}schedule: "*/5 * * * *"\n`);
    desk.cadence('daily', `${JOB}schedule: daily 7:00\nenabled: false\n`);
    desk.cadence('plain', JOB);

    it('shows in a dry run what it would write, and writes nothing', async () => {
      const { code, said } = await desk.ask('install', '--dry-run', '--scheduler', kind);
      const changes = said.changes as { change: string; diff: string }[];
      assert.deepEqual([code, said.dry_run, changes.length], [2, true, filesOf('owner', 'heartbeat', 'timer.five').length + 1]);
      assert.ok(changes.every(({ change, diff }) => change === 'create' && diff.includes('+')));
      assert.deepEqual([desk.files(), existsSync(settings)], [[], false]);
    });

    it('takes all of it back where the keeper refuses, or no tick comes through', async () => {
      desk.refuse(kind === 'systemd' ? 'enable cadence-bus' : 'bootstrap', kind === 'systemd' ? 1 : 119, 'it will not');
      const refused = errorOf(await desk.ask('install', '--scheduler', kind));
      assert.deepEqual([refused.code, refused.error], [74, 'io']);
      assert.match(refused.message, /it will not/);
      if (kind === 'systemd') {
        desk.refuse('.probe.service', 1, 'no probe today');
        assert.match(errorOf(await desk.ask('install', '--scheduler', kind)).message, /no probe today/);
      }
      desk.refuse(undefined);
      assert.deepEqual([desk.files(), existsSync(settings)], [[], false]);
      const { state } = (await desk.ask('status')).said.owner as { state: string };
      assert.equal(state, kind === 'systemd' ? 'stopped' : 'never_started', 'an owner that had begun was ended');
      assert.match(String((await desk.ask('install', '--list')).said.scheduler), /builtin/);
    });

    it('starts the owner, loads the timers, and sends one real tick through a job of its own', async () => {
      const { code, said } = await desk.ask('install', '--scheduler', kind);
      assert.equal(code, 0, JSON.stringify(said));
      const timers = said.timers as TimerView[];
      assert.deepEqual(
        timers.map(({ name, state }) => `${name} ${state}`),
        ['owner running', 'heartbeat idle', 'five idle'],
      );
      const proof = said.proof as RunRecord;
      assert.deepEqual([proof.cadence, proof.status], ['bus-probe', 'succeeded']);
      assert.deepEqual(desk.files(), filesOf('heartbeat', 'owner', 'timer.five'));
      assert.equal(readFileSync(settings, 'utf8'), `scheduler: ${kind}\n`);
      const status = (await desk.ask('status')).said;
      assert.deepEqual([(status.owner as { pid: number }).pid, (status.owner as { state: string }).state], [timers[0]?.pid, 'running']);
      const [run] = (await desk.ask('runs', 'bus-probe')).said.runs as RunRecord[];
      assert.equal(run?.run_id, proof.run_id, 'the receipt is our own');
    });

    it('installed once more changes nothing, disturbs nobody and proves it again', async () => {
      const before = ((await desk.ask('install', '--list')).said.timers as TimerView[])[0]?.pid;
      const { code, said } = await desk.ask('install');
      assert.deepEqual([code, said.changes, (said.timers as TimerView[])[0]?.pid], [0, [], before]);
      assert.equal((said.proof as RunRecord).status, 'succeeded');
    });

    // What follows is the same code for both, and launchd's stand-in is slow.
    const once = kind === 'systemd' ? it : () => undefined;

    once('writes anew what has changed, and takes away what has no reason any more', async () => {
      desk.cadence('five', `${JOB}schedule: daily 9:00\n`);
      desk.cadence('extra', `${JOB}schedule: hourly :10\n`);
      const added = (await desk.ask('install')).said.changes as { path: string; change: string }[];
      assert.deepEqual(added.map(({ change }) => change).sort(), ['create', 'create', 'edit']);
      assert.match(desk.read('timer.five.timer'), /^OnCalendar=\*-\*-\* 09:00:00$/m);
      desk.cadence('extra', JOB);
      await desk.ask('install');
      assert.deepEqual(desk.files(), filesOf('heartbeat', 'owner', 'timer.five'));
    });

    once('P35 enable and disable load and unload the timer, edit and rm follow, and what is refused is undone', async () => {
      const timersOf = (): readonly string[] => desk.files().filter((file) => /^timer\..*timer$/.test(file));
      const enabled = await desk.ask('enable', 'daily');
      assert.equal((enabled.said.timer as TimerView).state, 'idle', JSON.stringify(enabled.said));
      assert.deepEqual(timersOf(), ['timer.daily.timer', 'timer.five.timer']);
      await desk.ask('edit', 'daily', '--set', 'schedule=daily 8:15');
      assert.match(desk.read('timer.daily.timer'), /^OnCalendar=\*-\*-\* 08:15:00$/m);
      assert.equal((await desk.ask('disable', 'daily')).said.timer, null);
      assert.deepEqual(timersOf(), ['timer.five.timer']);
      desk.refuse('enable', 1, 'not today');
      const refused = errorOf(await desk.ask('enable', 'daily'));
      assert.match(refused.message, /not today; daily is as it was/);
      const { cadence } = (await desk.ask('show', 'daily')).said as { cadence: { enabled: boolean } };
      assert.deepEqual([timersOf(), cadence.enabled], [['timer.five.timer'], false]);
      const made = await desk.tell(['new', 'fresh', '--command', 'echo hi', '--set', 'schedule=daily 6:00']);
      assert.deepEqual([made.code, timersOf()], [0, ['timer.five.timer']]);
      assert.match(made.stderr, /its timer is not in step: .*not today.*cadence-bus install/);
      desk.refuse(undefined);
      await desk.ask('rm', 'fresh', '--yes');
    });

    once('list, doctor and heartbeat see the true state of each timer, and what has come apart', async () => {
      const stateOf = async (): Promise<unknown> =>
        ((await desk.ask('list')).said.cadences as { name: string; timer: string }[]).find(({ name }) => name === 'five')?.timer;
      assert.equal(await stateOf(), 'idle');
      assert.match((await desk.tell(['list'])).stdout, /five.*timer IDLE/);
      const checks = async (): Promise<Record<string, { level: string; detail: string; mend: string }>> =>
        Object.fromEntries(
          ((await desk.ask('doctor')).said.checks as { id: string; level: string; detail: string; mend: string }[]).map((one) => [one.id, one]),
        );
      const well = await checks();
      assert.deepEqual(
        ['timers', 'service-files', 'service-programs', 'log-folder'].map((id) => well[id]?.level),
        ['ok', 'ok', 'ok', 'ok'],
        JSON.stringify(well),
      );
      desk.cadence('five', `${JOB}schedule: daily 9:30\n`);
      desk.lose('timer.five.timer');
      const { pid } = (await desk.ask('status')).said.owner as { pid: number };
      const bad = await checks();
      assert.match(bad.timers?.detail ?? '', /five is DISABLED/);
      assert.match(bad['service-files']?.detail ?? '', /timer\.five\.timer says not what its definition says now/);
      assert.equal(await stateOf(), 'disabled');
      const sight = await desk.ask('heartbeat', '--dry-run');
      assert.match(JSON.stringify(sight.said), /timer\.five/, 'the watchman would load it anew');
      process.kill(pid, 'SIGKILL');
      await eventually('the owner is dead', async () => (await checks()).timers?.detail.includes('owner is'));
      assert.equal((await checks()).owner?.mend, 'cadence-bus install', 'nobody should start it by hand');
      await desk.ask('install');
      assert.equal(await stateOf(), 'idle');
      assert.equal(((await desk.ask('status')).said.owner as { state: string }).state, 'running');
    });

    once('refuses what has no schedule, is off, or is unknown', async () => {
      for (const [name, message] of [
        ['plain', /no schedule/],
        ['daily', /enabled: false/],
        ['fiv', /there is no cadence fiv/],
      ] as const) {
        const refused = errorOf(await desk.ask('install', name));
        assert.deepEqual([refused.code, refused.error], [66, 'not_found']);
        assert.match(refused.message, message);
      }
    });

    it('doctor --inside runs the checks as a job of its own, and tells how that world differs', async () => {
      const env = { PATH: `${desk.bin}:${process.env.PATH ?? ''}:/opt/only here/bin`, LANG: 'de_AT.UTF-8' };
      const { code, stdout, stderr } = await desk.tell(['doctor', '--inside', '--json'], env);
      const said = JSON.parse(stdout) as {
        ok: boolean;
        scheduler: string;
        differences: { what: string; inside: string }[];
        world: World;
        checks: { id: string }[];
      };
      assert.deepEqual([code, said.ok, said.scheduler], [0, true, kind], `${stdout}${stderr}`);
      const told = Object.fromEntries(said.differences.map(({ what, inside }) => [what, inside]));
      assert.match(told.PATH ?? '', /lacks .*\/opt\/only here\/bin/);
      assert.equal(told.language, '');
      assert.deepEqual([said.world.home, said.checks.some(({ id }) => id === 'owner')], [desk.home, true]);
      assert.deepEqual(
        desk.files().filter((file) => file.startsWith('inside')),
        [],
        'nothing of it is left',
      );
      assert.deepEqual(readdirSync(join(desk.root, 'state', 'cadence-bus', 'tmp')), []);
    });

    it('uninstall stops the owner, leaves the data, and has nothing to do the second time', async () => {
      const dry = await desk.ask('uninstall', '--dry-run');
      assert.deepEqual([dry.code, desk.files().length > 0], [2, true]);
      assert.equal((await desk.ask('uninstall')).code, 0);
      assert.deepEqual([desk.files(), existsSync(settings)], [[], false]);
      assert.equal(((await desk.ask('status')).said.owner as { state: string }).state, 'stopped');
      assert.equal(((await desk.ask('runs', 'bus-probe')).said.runs as unknown[]).length > 0, true);
      assert.deepEqual((await desk.ask('uninstall')).said.changes, []);
    });

    once('refuses a root whose owner was started by hand, and a log folder that cannot be written', async () => {
      const byHand = desk.tell(['start']);
      while (((await desk.ask('status')).said.owner as { state: string }).state !== 'running');
      const { pid } = (await desk.ask('status')).said.owner as { pid: number };
      const refused = errorOf(await desk.ask('install', '--scheduler', kind));
      assert.deepEqual([refused.code, refused.hint], [75, `End it, then install again: kill ${pid}`]);
      process.kill(pid, 'SIGTERM');
      await byHand;
      const timers = join(desk.root, 'logs', 'cadence-bus', 'timers');
      rmSync(timers, { recursive: true });
      writeFileSync(timers, 'in the way');
      assert.match(errorOf(await desk.ask('install', '--scheduler', kind)).message, /logs\/cadence-bus\/timers/);
      assert.deepEqual(desk.files(), []);
      rmSync(timers);
      if (process.getuid?.() === 0) return; // Root may write anywhere.
      const logs = join(desk.root, 'logs', 'cadence-bus');
      chmodSync(logs, 0o500);
      const unwritable = errorOf(await desk.ask('install', '--scheduler', kind));
      chmodSync(logs, 0o700);
      assert.match(unwritable.message, /logs\/cadence-bus/);
      assert.deepEqual(desk.files(), []);
    });
  });
}

describe('install without launchd and systemd', () => {
  const desk = createKeeperDesk('systemd', 'plain');
  desk.cadence('five', `${JOB}schedule: "*/5 * * * *"\n`);

  it('explains why, and what else there is', async () => {
    desk.refuse('show-environment', 1, 'Failed to connect to bus: No medium found');
    const { code, error, message, hint } = errorOf(await desk.ask('install'));
    assert.deepEqual([code, error], [69, 'no_owner']);
    assert.match(message, /neither launchd nor systemd can be used here: .*No medium found/);
    assert.match(hint, /install --scheduler builtin/);
    assert.match(errorOf(await desk.ask('install', '--scheduler', 'systemd')).hint, /loginctl enable-linger/);
  });

  it('with the builtin scheduler needs nobody but the owner, and says how to start it at every boot', async () => {
    const { code, said } = await desk.ask('install', '--scheduler', 'builtin');
    assert.deepEqual([code, said.scheduler, said.changes, said.timers], [0, 'builtin', [], []]);
    assert.match(String(said.crontab), /^@reboot mkdir .* PATH=\S+ \S+ \S+cadence-bus\.js start --json --root \S+plain >\/dev\/null 2>>\S+owner\.err$/);
    for (const words of [
      ['install', '--scheduler', 'builtin'],
      ['install', '--scheduler', 'builtin', '--dry-run'],
    ]) {
      const { stdout } = await desk.tell(words);
      assert.match(stdout, /^The owner fires the slots itself, as long as it runs: no timer and no service is installed, .*\n.*cadence-bus start\n/);
      assert.match(stdout, /crontab -e:\n@reboot /);
    }
  });

  it('says a line that a shell can carry out where no owner has run yet', async () => {
    const { root } = desk;
    rmSync(join(root, 'logs'), { recursive: true, force: true });
    const { said } = await desk.ask('install', '--scheduler', 'builtin', '--dry-run');
    // What cron does with it, but for an owner that would stay.
    const line = String(said.crontab).replace('@reboot ', '').replaceAll('\\%', '%').replace(' start --json ', ' list --json ');
    const { status, stderr } = spawnSync('/bin/sh', ['-c', line], { encoding: 'utf8', cwd: '/' });
    assert.deepEqual([status, stderr, existsSync(join(root, 'logs/cadence-bus/owner.err'))], [0, '', true]);
    assert.equal(statSync(join(root, 'logs/cadence-bus')).mode & 0o777, 0o700);
  });

  it('has no inside to look from', async () => {
    assert.deepEqual(errorOf(await desk.ask('doctor', '--inside')).code, 69);
  });

  it('refuses a scheduler that there is not', async () => {
    assert.deepEqual(errorOf(await desk.ask('install', '--scheduler', 'cron')).code, 64);
  });
});
