import assert from 'node:assert/strict';
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TimerState, TimerView } from '../../lib/core/slot/timer.ts';
import { createLogFolderCheck } from '../../lib/doctor/log-folder.ts';
import { createServiceFilesCheck } from '../../lib/doctor/service-files.ts';
import { createServiceProgramsCheck } from '../../lib/doctor/service-programs.ts';
import { createTimersCheck } from '../../lib/doctor/timers.ts';
import { createPermissions } from '../../lib/platform/permissions.ts';
import { tempRoot } from '../support/temp-root.ts';
import { yard } from './yard.ts';

function view(name: string, state: TimerState, because = ''): TimerView {
  return { name, role: 'timer', label: `x.${name}`, path: `/${name}`, state, because, pid: null, runs: null, last_exit_code: null };
}

describe('P25 the check of the timers', () => {
  const check = (...timers: readonly TimerView[]) => createTimersCheck({ scheduler: 'systemd', list: async () => timers, wanted: () => 'systemd' }).inspect();

  it('is well where all run or wait for their time', async () => {
    assert.deepEqual(await check(view('owner', 'running'), view('five', 'idle')), { level: 'ok', detail: '2 jobs of systemd: owner RUNNING, five IDLE' });
  });

  it('fails for each that is disabled, failed or gone, with its reason and the command that mends it', async () => {
    for (const state of ['disabled', 'failed', 'not_loaded', 'not_installed'] as const)
      assert.deepEqual(await check(view('owner', 'running'), view('five', state, 'so it is')), {
        level: 'fail',
        detail: `five is ${state.toUpperCase()}: so it is`,
        mend: 'cadence-bus install',
      });
  });

  it('warns of what is unknown, which is neither good news nor bad', async () => {
    assert.equal((await check(view('five', 'unknown', 'it did not answer within 5 s'))).level, 'warn');
  });

  it('fails where bus.yaml counts on timers that nobody has installed', async () => {
    const check = createTimersCheck({ scheduler: 'builtin', list: async () => [], wanted: () => 'launchd' });
    assert.match((await check.inspect()).detail, /nothing is installed: every slot waits 90 s/);
    assert.equal((await createTimersCheck({ scheduler: 'builtin', list: async () => [], wanted: () => 'builtin' }).inspect()).level, 'ok');
  });
});

describe('the checks of what services are made of', () => {
  it('tell files that differ, are missing, or have no reason any more', async () => {
    const found = await createServiceFilesCheck({ drift: async () => ({ differing: ['/a'], missing: ['/b'], stale: ['/c'] }) }).inspect();
    assert.deepEqual([found.level, found.detail.split('\n').length, found.mend], ['warn', 3, 'cadence-bus install']);
    for (const drift of [undefined, { differing: [], missing: [], stale: [] }])
      assert.equal((await createServiceFilesCheck({ drift: async () => drift }).inspect()).level, 'ok');
  });

  it('fail for a program that is gone or has no absolute path, and warn of a node under nvm', async () => {
    const { files, root } = yard();
    const folder = join(root, '.nvm', 'versions', 'node', 'v20.19.0', 'bin');
    files.makeDir(folder);
    for (const name of ['node', 'program', 'enqueue']) writeFileSync(join(folder, name), '');
    const inspect = (node: string) =>
      createServiceProgramsCheck({ files, programs: { node, program: join(folder, 'program'), enqueue: join(folder, 'enqueue') } }).inspect();
    assert.deepEqual([(await inspect(join(folder, 'node'))).level, (await inspect(join(folder, 'enqueue'))).level], ['warn', 'warn']);
    assert.match((await inspect('/nowhere/node')).detail, /\/nowhere\/node, which is gone/);
    assert.match((await inspect('node')).detail, /absolute path only/);
    assert.equal((await createServiceProgramsCheck({ files, programs: undefined }).inspect()).level, 'ok');
  });

  it('fail for logs that cannot be written, lie under Documents or on another volume, though a link leads there', async () => {
    const home = tempRoot();
    const inspect = (real: string | undefined, scheduler: 'launchd' | 'systemd' = 'launchd', mayWrite = true, obstacle?: string, isReadOnly = false) => {
      const rights = { mayWrite: () => mayWrite, isReadOnly: () => isReadOnly };
      return createLogFolderCheck({ scheduler, folder: `${home}/agents/logs`, realFolder: () => real, home, ...rights, inTheWay: () => obstacle }).inspect();
    };
    assert.match((await inspect(`${home}/agents/logs`, 'systemd', false)).mend ?? '', /^chmod /);
    assert.equal((await inspect(`${home}/agents/logs`, 'systemd', false, undefined, true)).mend, 'mount; df -h', 'there no right helps');
    assert.equal((await inspect(`${home}/agents/logs`)).level, 'ok');
    assert.match((await inspect(`${home}/Documents/agents/logs`)).detail, /~\/Documents/);
    assert.match((await inspect('/Volumes/Stick/agents/logs')).detail, /boot volume/);
    assert.match((await inspect(`${home}/agents/logs`, 'systemd', false)).detail, /may not be written/);
    assert.match((await inspect(`${home}/agents/logs`, 'systemd', true, '/a/bus.log')).detail, /\/a\/bus\.log is no file/);
    assert.equal((await inspect(undefined)).level, 'fail');
    assert.equal((await inspect(`${home}/Documents/logs`, 'systemd')).level, 'ok', 'systemd keeps nobody out of there');
  });

  it('know what may be written from the system itself', () => {
    const { mayWrite, isReadOnly, uid } = createPermissions();
    const folder = tempRoot();
    symlinkSync(folder, join(folder, 'link'));
    assert.deepEqual([mayWrite(folder), mayWrite(join(folder, 'link')), mayWrite(join(folder, 'gone'))], [true, true, false]);
    chmodSync(folder, 0o500);
    assert.equal(mayWrite(folder), uid === 0, 'nothing is closed to root');
    assert.deepEqual([isReadOnly(folder), isReadOnly(join(folder, 'gone'))], [false, false], 'that is another matter');
    chmodSync(folder, 0o700);
  });
});
