import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createAccessCheck } from '../../lib/doctor/access.ts';
import { FIX } from '../../lib/doctor/check.ts';
import { createFoldersCheck } from '../../lib/doctor/folders.ts';
import { createPossessionCheck } from '../../lib/doctor/possession.ts';
import { createSymlinksCheck } from '../../lib/doctor/symlinks.ts';
import { createPermissions } from '../../lib/platform/permissions.ts';
import { type Yard, yard } from './yard.ts';

const { setMode, uid } = createPermissions();
const modeOf = (path: string): number => statSync(path).mode & 0o7777;
const accessOf = ({ files, paths }: Yard) => createAccessCheck({ files, paths, setMode });

describe('the check of the folders', () => {
  it('is well where they are, and where the bus has never run', async () => {
    const { files, paths, root } = yard();
    assert.deepEqual(await createFoldersCheck({ files, paths }).inspect(), { level: 'ok', detail: root });
    rmSync(`${root}/state`, { recursive: true });
    assert.equal((await createFoldersCheck({ files, paths }).inspect()).level, 'ok');
  });

  it('A40 fails where one is missing, and makes it, once', async () => {
    const { files, paths } = yard();
    rmSync(paths.inbox, { recursive: true });
    rmSync(paths.logs, { recursive: true });
    const check = createFoldersCheck({ files, paths });
    assert.equal((await check.inspect()).mend, FIX);
    assert.match((await check.repair?.()) ?? '', /inbox/);
    assert.deepEqual([modeOf(paths.inbox), modeOf(paths.subsessions)], [0o700, 0o700]);
    assert.equal((await check.inspect()).level, 'ok');
    assert.equal(await check.repair?.(), '');
  });

  it('fails where a file stands in the place of one, and leaves it alone', async () => {
    const { files, paths, put } = yard();
    rmSync(paths.dlq, { recursive: true });
    put(paths.dlq, 'mine');
    const { level, mend } = await createFoldersCheck({ files, paths }).inspect();
    assert.equal(level, 'fail');
    assert.match(mend ?? '', /^mv /);
  });

  it('fails where the whole state is a file', async () => {
    const { files, paths, put } = yard();
    rmSync(paths.state, { recursive: true });
    put(paths.state, '');
    assert.equal((await createFoldersCheck({ files, paths }).inspect()).level, 'fail');
  });
});

describe('the check of symlinks', () => {
  it('is well without one', async () => assert.equal((await createSymlinksCheck(yard()).inspect()).level, 'ok'));

  it('warns of a state that as a whole lies elsewhere', async () => {
    const { files, paths, root } = yard();
    renameSync(paths.state, `${root}/elsewhere`);
    symlinkSync(`${root}/elsewhere`, paths.state);
    const { level, mend } = await createSymlinksCheck({ files, paths }).inspect();
    assert.deepEqual([level, mend], ['warn', `rm ${paths.state} && mv ${root}/elsewhere ${paths.state}`]);
  });

  it('fails with a folder or a state file in it that is one, also one that leads nowhere', async () => {
    for (const which of ['inbox', 'holds'] as const) {
      const { files, paths, root } = yard();
      rmSync(paths[which], { recursive: true, force: true });
      symlinkSync(`${root}/nowhere`, paths[which]);
      assert.deepEqual((await createSymlinksCheck({ files, paths }).inspect()).mend, `rm ${paths[which]}`);
      assert.equal((await createSymlinksCheck({ files, paths }).inspect()).level, 'fail');
    }
  });
});

describe('the check of access', () => {
  it('is well with 0700 and 0600, and lets the modes of ticks and of the user be', async () => {
    const place = yard();
    place.put(`${place.paths.inbox}/morning.json`, {}, 0o644);
    place.put(place.paths.halt, '', 0o666);
    place.put(`${place.paths.state}/notes.txt`, '', 0o666);
    place.put(place.paths.holds, {});
    assert.equal((await accessOf(place).inspect()).level, 'ok');
  });

  it('warns where others may read', async () => {
    const place = yard();
    place.put(`${place.paths.runs}/2026-11-20.jsonl`, '', 0o644);
    assert.equal((await accessOf(place).inspect()).level, 'warn');
  });

  it('fails where others may write, and where the bus itself may not', async () => {
    for (const [which, mode] of [
      ['inbox', 0o770],
      ['state', 0o707],
      ['dlq', 0o500],
    ] as const) {
      const place = yard();
      chmodSync(place.paths[which], mode);
      assert.equal((await accessOf(place).inspect()).level, 'fail', which);
    }
  });

  it('A48 A40 tells of a vault that cannot be written, and opens it to the bus', async () => {
    const one = yard();
    mkdirSync(one.paths.vault, { mode: 0o700 });
    assert.equal((await accessOf(one).inspect()).level, 'ok');
    chmodSync(one.paths.vault, 0o500);
    const { level, detail } = await accessOf(one).inspect();
    assert.deepEqual([level, detail], ['fail', `the bus itself has no access: ${one.paths.vault} is 0500, not 0700`]);
    await accessOf(one).repair?.();
    assert.equal(modeOf(one.paths.vault), 0o700);
  });

  it('A40 closes all of it, once, and no file of the user', async () => {
    const place = yard();
    const { paths } = place;
    const tick = place.put(`${paths.inbox}/morning.json`, { cadence: 'a-b' }, 0o666);
    const cadence = place.put(`${paths.cadences}/a-b.yaml`, 'run: {command: [true]}\n', 0o666);
    const log = place.put(`${paths.subsessions}/2026-11-20-a-b-x7k2p9qd4mzt-1.stdout.log`, 'secret', 0o644);
    chmodSync(paths.state, 0o777);
    chmodSync(paths.subsessions, 0o755);
    place.put(paths.holds, '{}', 0o000);
    const check = accessOf(place);
    assert.equal((await check.inspect()).mend, FIX);
    assert.notEqual(await check.repair?.(), '');
    assert.deepEqual([paths.state, paths.subsessions, log, paths.holds, tick, cadence].map(modeOf), [0o700, 0o700, 0o600, 0o600, 0o666, 0o666]);
    assert.equal((await check.inspect()).level, 'ok');
    assert.equal(await check.repair?.(), '');
  });

  it('follows no symlink: what it leads to keeps its mode', async () => {
    const place = yard();
    const target = place.put(`${place.root}/mine.json`, 'mine', 0o644);
    symlinkSync(target, `${place.paths.state}/holds.json`);
    const check = accessOf(place);
    assert.equal((await check.inspect()).level, 'ok');
    await check.repair?.();
    assert.equal(modeOf(target), 0o644);
    assert.throws(() => setMode(`${place.paths.state}/holds.json`, 0o600), { code: 'io' });
    assert.equal(modeOf(target), 0o644);
  });
});

describe('setting a mode', () => {
  it('refuses what is no file and no folder, and names what is gone', () => {
    const { root } = yard();
    assert.throws(() => setMode(`${root}/gone`, 0o600), { code: 'io', message: /ENOENT/ });
    // Its own mode, so that a test that fails does no harm to the machine.
    assert.throws(() => setMode('/dev/null', modeOf('/dev/null')), { message: /EINVAL|EACCES|EPERM/ });
  });

  it('sets the mode of a folder, and of a file that nobody may read', () => {
    const { root } = yard();
    mkdirSync(`${root}/folder`);
    writeFileSync(`${root}/closed`, 'x');
    chmodSync(`${root}/closed`, 0o000);
    setMode(`${root}/folder`, 0o700);
    setMode(`${root}/closed`, 0o600);
    assert.deepEqual([modeOf(`${root}/folder`), modeOf(`${root}/closed`)], [0o700, 0o600]);
    assert.equal(readFileSync(`${root}/closed`, 'utf8'), 'x');
  });
});

describe('the check of possession', () => {
  it('is well where all of it is ours', async () => assert.equal((await createPossessionCheck({ ...yard(), uid }).inspect()).level, 'ok'));

  it('fails where another has it, with the command that gives it back', async () => {
    const { files, paths } = yard();
    const { level, mend } = await createPossessionCheck({ files, paths, uid: 54321 }).inspect();
    assert.deepEqual([level, mend], ['fail', `sudo chown -R 54321 ${paths.state} ${paths.logs}`]);
    assert.equal(existsSync(paths.state), true);
  });

  it('warns root that the bus belongs to a user', async () => {
    const { paths } = yard();
    const files = { info: () => ({ kind: 'folder', uid: 1000, mode: 0o700, mtimeMs: 0, ctimeMs: 0, inode: 1, sizeBytes: 0 }) as const };
    assert.deepEqual((await createPossessionCheck({ files, paths, uid: 0 }).inspect()).mend, `sudo -u '#1000' cadence-bus doctor`);
  });

  it('has nothing to say where there are no users', async () =>
    assert.equal((await createPossessionCheck({ ...yard(), uid: undefined }).inspect()).level, 'ok'));
});
