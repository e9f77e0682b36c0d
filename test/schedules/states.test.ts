import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Entry, Seen } from '../../lib/schedules/keeper.ts';
import { createLaunchd } from '../../lib/schedules/launchd.ts';
import { readDisabled, readPrint } from '../../lib/schedules/launchd-print.ts';
import { createSystemd } from '../../lib/schedules/systemd.ts';
import { readShow, readUnits } from '../../lib/schedules/systemd-show.ts';
import { keeperDeps, type Reply } from './keeper-deps.ts';

const fixture = (path: string): string => readFileSync(new URL(`../fixtures/${path}.txt`, import.meta.url), 'utf8');
const told = ({ state, pid, runs, lastExitCode }: Seen): readonly unknown[] => [state, pid, runs, lastExitCode];

describe('P25 what launchctl print says', () => {
  const cases: readonly (readonly [file: string, role: Entry['role'], ...expected: readonly unknown[]])[] = [
    ['running', 'owner', 'running', 4711, 1, null],
    ['idle', 'timer', 'idle', null, 12, 0],
    ['never', 'timer', 'idle', null, 0, null],
    ['no-spawn', 'timer', 'disabled', null, 3, 78],
    ['failed', 'timer', 'failed', null, 5, 1],
    ['failed', 'heartbeat', 'idle', null, 5, 1],
    ['killed', 'owner', 'failed', null, 5, null],
    ['scheduled', 'owner', 'failed', null, 767, 75],
    ['odd', 'owner', 'unknown', null, 5, null],
    ['not-found', 'owner', 'unknown', null, null, null],
  ];
  for (const [file, role, ...expected] of cases)
    it(`${file}, of ${role}: ${expected[0]}`, () => assert.deepEqual(told(readPrint(fixture(`launchctl/${file}`), role)), expected));

  it('is unknown where it cannot be read, and never another word', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.equal(readPrint(text, 'timer').state, 'unknown');
      }),
    );
    const running = fixture('launchctl/running');
    for (let cut = 0; cut < running.length; cut += 7) assert.ok(['running', 'unknown'].includes(readPrint(running.slice(0, cut), 'owner').state));
  });

  it('names the labels that are disabled, in the words of old and new systems', () => {
    assert.deepEqual([...readDisabled(fixture('launchctl/print-disabled'))], ['com.example.off', 'com.example.old']);
  });
});

describe('P25 D12 what systemctl show says', () => {
  const cases: readonly (readonly [file: string, role: Entry['role'], state: string, because: RegExp])[] = [
    ['owner', 'owner', 'running', /^$/],
    ['crash', 'owner', 'failed', /exit code 3; systemd starts it again/],
    ['dead', 'owner', 'failed', /exit code 3$/],
    ['nospawn', 'owner', 'failed', /could not start its program/],
    ['masked', 'owner', 'disabled', /mask/],
    ['gone', 'owner', 'not_loaded', /does not know it/],
    ['gone', 'timer', 'not_loaded', /does not know it/],
    ['job', 'timer', 'idle', /^$/],
    ['edited', 'timer', 'idle', /has not read it again/],
    ['badjob', 'timer', 'failed', /exit code 7/],
    ['off', 'timer', 'disabled', /systemctl disable/],
    ['sleeper', 'timer', 'not_loaded', /not started/],
    ['wrong', 'timer', 'failed', /Unit wrong.timer has a bad unit file setting/],
  ];
  for (const [file, role, state, because] of cases)
    it(`${file}, of ${role}: ${state}`, () => {
      const seen = readUnits(readShow(fixture(`systemctl/${file}`)), { label: file, role });
      assert.equal(seen.state, state);
      assert.match(seen.because, because);
    });

  it('tells the process of an owner and the runs of a timer, as far as systemd knows them', () => {
    assert.deepEqual(told(readUnits(readShow(fixture('systemctl/owner')), { label: 'owner', role: 'owner' })), ['running', 60, null, 0]);
    assert.deepEqual(told(readUnits(readShow(fixture('systemctl/job')), { label: 'job', role: 'timer' })), ['idle', null, 0, null]);
  });

  it('is unknown where it cannot be read', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(readUnits(readShow(text), { label: 'job', role: 'timer' }).state, 'unknown')));
    const odd = fixture('systemctl/job').replaceAll('ActiveState=active', 'ActiveState=maintenance');
    assert.equal(readUnits(readShow(odd), { label: 'job', role: 'timer' }).state, 'unknown');
  });
});

const NOT_FOUND: Reply = { code: 113, stderr: 'Could not find service' };
const OK: Reply = { code: 0 };
const ENTRY: Entry = { label: 'com.example.x', role: 'timer' };

describe('launchctl', () => {
  it('is asked for the session at the screen first, then for that of the user; neither: not loaded, or disabled', async () => {
    const inUser = keeperDeps({ 'print user/501/com.example.x': { code: 0, stdout: fixture('launchctl/idle') }, print: NOT_FOUND, 'print-disabled': OK });
    assert.deepEqual((await createLaunchd(inUser.deps).look([ENTRY])).map(told), [['idle', null, 12, 0]]);
    assert.deepEqual(
      inUser.asked.filter((words) => words.startsWith('launchctl print ')),
      ['launchctl print gui/501/com.example.x', 'launchctl print user/501/com.example.x'],
    );
    const nowhere = keeperDeps({ print: NOT_FOUND, 'print-disabled': { code: 0, stdout: '\t"com.example.x" => disabled\n' } });
    assert.deepEqual(
      (await createLaunchd(nowhere.deps).look([ENTRY, { ...ENTRY, label: 'com.example.y' }])).map(({ state }) => state),
      ['disabled', 'not_loaded'],
    );
  });

  it('that does not answer within its time leaves the state unknown', async () => {
    const { deps, limits } = keeperDeps({ '': { code: null, because: 'it did not answer within 5 s' } });
    const [seen] = await createLaunchd(deps).look([ENTRY]);
    assert.equal(seen?.state, 'unknown');
    assert.match(seen?.because ?? '', /did not answer within 5 s/);
    assert.deepEqual([...new Set(limits)], [5000]);
    assert.match((await createLaunchd(deps).absence())?.because ?? '', /did not answer/);
  });

  it('enables before it loads, goes to the session of the user where none is at the screen, and waits until it is there', async () => {
    let isLoaded = false;
    const { deps, asked } = keeperDeps({
      'print gui/501': { code: 0 },
      'bootstrap gui/501': { code: 125, stderr: 'Bootstrap failed: 125: Domain does not support specified action' },
      'bootstrap user/501': () => {
        isLoaded = true;
        return OK;
      },
      'print user/501/com.example.x': () => (isLoaded ? { code: 0, stdout: fixture('launchctl/never') } : NOT_FOUND),
      'print gui/501/com.example.x': NOT_FOUND,
      enable: OK,
    });
    await createLaunchd(deps).load(ENTRY);
    const deeds = asked.filter((words) => /enable|bootstrap/.test(words)).map((words) => words.replace('launchctl ', '').split(' /')[0]);
    assert.deepEqual(deeds, ['enable gui/501/com.example.x', 'bootstrap gui/501', 'enable user/501/com.example.x', 'bootstrap user/501']);
  });

  it('tells what its numbers mean where it refuses', async () => {
    for (const [code, meaning] of [
      [119, /119: it is disabled/],
      [5, /5: it is loaded already/],
    ] as const) {
      const { deps } = keeperDeps({ 'print gui/501': OK, print: NOT_FOUND, bootstrap: { code, stderr: `Bootstrap failed: ${code}` }, enable: OK });
      await assert.rejects(createLaunchd(deps).load(ENTRY), { code: 'io', message: meaning });
    }
    const { deps } = keeperDeps({
      'print gui/501': OK,
      'print user/501': OK,
      bootout: { code: 1, stderr: 'Operation not permitted' },
      print: { code: 0, stdout: fixture('launchctl/idle') },
    });
    await assert.rejects(createLaunchd(deps).unload(ENTRY), { message: /bootout gui\/501\/com.example.x failed: Operation not permitted/ });
  });

  it('lets go of what is not loaded without a word', async () => {
    const { deps } = keeperDeps({ bootout: { code: 3, stderr: 'Boot-out failed: 3: No such process' }, print: NOT_FOUND });
    await createLaunchd(deps).unload(ENTRY);
  });
});

describe('systemctl --user', () => {
  it('that does not answer, or fails, leaves every state unknown', async () => {
    for (const reply of [
      { code: null, because: 'it did not answer within 5 s' },
      { code: 1, stderr: 'Failed to connect to bus: No medium found' },
    ] as const) {
      const seen = await createSystemd(keeperDeps({ '': reply }).deps).look([ENTRY, { label: 'x', role: 'owner' }]);
      assert.deepEqual(
        seen.map(({ state }) => state),
        ['unknown', 'unknown'],
      );
    }
  });

  it('tells what to do where no systemd runs for the user, and where there is none', async () => {
    const noBus = await createSystemd(keeperDeps({ '': { code: 1, stderr: 'Failed to connect to bus: No medium found' } }).deps).absence();
    assert.match(noBus?.hint ?? '', /loginctl enable-linger.*--scheduler builtin/);
    const none = await createSystemd(keeperDeps({ '': { code: null, because: 'spawn systemctl ENOENT' } }).deps).absence();
    assert.match(none?.because ?? '', /ENOENT/);
  });

  it('warns of a user whose services end with the last session', async () => {
    const deps = keeperDeps({ 'show-user': { code: 0, stdout: 'Linger=no\n' } }).deps;
    assert.match(await createSystemd(deps).advice(), /loginctl enable-linger/);
    assert.equal(await createSystemd(keeperDeps({ 'show-user': { code: 0, stdout: 'Linger=yes\n' } }).deps).advice(), '');
  });
});
