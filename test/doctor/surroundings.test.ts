import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createFreeDiskCheck } from '../../lib/doctor/free-disk.ts';
import { createNeighboursCheck } from '../../lib/doctor/neighbours.ts';
import { createNodeVersionCheck } from '../../lib/doctor/node-version.ts';
import { createPlaceCheck } from '../../lib/doctor/place.ts';
import { createProducerCheck } from '../../lib/doctor/producer.ts';
import { createRemoteDiskCheck } from '../../lib/doctor/remote-disk.ts';
import { remoteFileSystem } from '../../lib/platform/file-system.ts';
import { createPermissions } from '../../lib/platform/permissions.ts';
import { yard } from './yard.ts';

describe('the check of Node', () => {
  const inspect = (version: string, nowMs = Date.UTC(2026, 0, 1), execPath = '/usr/local/bin/node') =>
    createNodeVersionCheck({ version, execPath, clock: { nowMs: () => nowMs } }).inspect();

  for (const [version, level] of [
    ['v20.19.0', 'ok'],
    ['v20.18.3', 'fail'],
    ['v18.20.0', 'fail'],
    ['v22.0.0', 'ok'],
    ['v26.1.0', 'ok'],
  ] as const) {
    it(`is ${level} with ${version}`, async () => assert.equal((await inspect(version)).level, level));
  }

  for (const [version, lastDay] of [
    ['v20.19.0', '2026-04-30'],
    ['v22.12.0', '2027-04-30'],
    ['v24.1.0', '2028-04-30'],
  ] as const) {
    it(`is well with ${version} until the end of ${lastDay}, and warns after it`, async () => {
      assert.equal((await inspect(version, Date.parse(`${lastDay}T23:59:59Z`))).level, 'ok');
      const { level, detail, mend } = await inspect(version, Date.parse(`${lastDay}T23:59:59Z`) + 1_000);
      assert.deepEqual([level, mend], ['warn', 'nvm install --lts']);
      assert.match(detail, new RegExp(`since ${lastDay}$`));
    });
  }

  for (const [execPath, manager] of [
    ['/home/ada/.nvm/versions/node/v22.12.0/bin/node', 'nvm'],
    ['/home/ada/.volta/tools/image/node/22.12.0/bin/node', 'volta'],
    ['/home/ada/.local/share/fnm/node-versions/v22.12.0/installation/bin/node', 'fnm'],
    ['/run/user/1000/fnm_multishells/12_34/bin/node', 'fnm'],
  ] as const) {
    it(`warns of a folder of ${manager}: ${execPath}`, async () => {
      const { level, detail, mend } = await inspect('v22.12.0', undefined, execPath);
      assert.deepEqual([level, mend], ['warn', 'N_PREFIX="$HOME/.local" npx n lts']);
      assert.match(detail, new RegExp(`folder of ${manager} `));
    });
  }
});

describe('the check of the place', () => {
  const home = '/Users/ada';
  const inspect = (root: string, platform = 'darwin', real = root) => createPlaceCheck({ root, realRoot: () => real, home, platform }).inspect();

  for (const [root, name] of [
    [`${home}/Library/Mobile Documents/com~apple~CloudDocs/agents`, 'iCloud'],
    [`${home}/Dropbox/agents`, 'Dropbox'],
    [`${home}/Dropbox (Work)/agents`, 'Dropbox'],
    [`${home}/OneDrive - Contoso/agents`, 'OneDrive'],
    [`${home}/Google Drive/agents`, 'Google Drive'],
    [`${home}/Library/CloudStorage/Box-Box/agents`, 'a cloud'],
  ] as const) {
    it(`A64 fails in a folder that ${name} syncs: ${root}`, async () => {
      const { level, detail, mend } = await inspect(root);
      assert.equal(level, 'fail');
      assert.match(detail, new RegExp(name));
      assert.match(mend ?? '', /^mv .* \/Users\/ada\/agents$/);
    });
  }

  it('fails where a link leads into such a folder', async () =>
    assert.equal((await inspect(`${home}/agents`, 'linux', `${home}/Dropbox/agents`)).level, 'fail'));

  it('warns of Desktop and Documents on macOS, where launchd cannot read, and only there', async () => {
    assert.equal((await inspect(`${home}/Documents/agents`)).level, 'warn');
    assert.equal((await inspect(`${home}/Desktop`)).level, 'warn');
    assert.equal((await inspect(`${home}/Documents/agents`, 'linux')).level, 'ok');
  });

  it('is well elsewhere, also where a name only begins like a cloud', async () => {
    for (const root of [`${home}/agents`, `${home}/Dropboxes/agents`, `${home}/DocumentsOld`, '/srv/OneDriver'])
      assert.equal((await inspect(root)).level, 'ok', root);
  });
});

describe('the check of the disk', () => {
  it('warns of a network file system by its name', async () => {
    const { level, detail } = await createRemoteDiskCheck({ root: '/mnt/x', remoteFileSystem: () => 'NFS' }).inspect();
    assert.equal(level, 'warn');
    assert.match(detail, /NFS/);
  });

  it('takes /proc for local, and does not fall over a path that is gone', async () => {
    const { root } = yard();
    assert.equal((await createRemoteDiskCheck({ root: '/', remoteFileSystem: () => undefined }).inspect()).level, 'ok');
    if (process.platform === 'linux') {
      assert.equal(remoteFileSystem('/proc'), undefined);
      assert.throws(() => remoteFileSystem(`${root}/gone`), { code: 'io' });
    } else assert.equal(remoteFileSystem(`${root}/gone`), undefined);
  });

  it('fails below the least free space, warns below twice as much', async () => {
    const inspect = (free: number) =>
      createFreeDiskCheck({ root: '/srv', isReadOnly: () => false, freeBytes: () => free, minFreeBytes: () => 200 * 1024 ** 2 }).inspect();
    assert.equal((await inspect(100 * 1024 ** 2)).level, 'fail');
    assert.deepEqual((await inspect(300 * 1024 ** 2)).detail, '300 MB free; nothing is started below 200 MB');
    assert.equal((await inspect(300 * 1024 ** 2)).level, 'warn');
    assert.equal((await inspect(400 * 1024 ** 2)).level, 'ok');
  });

  it('fails where the disk is read-only, under the root or under one of its folders', async () => {
    for (const closed of ['/srv', '/srv/state', '/srv/logs']) {
      const isReadOnly = (folder: string): boolean => folder === closed;
      const seen = await createFreeDiskCheck({ root: '/srv', isReadOnly, freeBytes: () => 10 ** 12, minFreeBytes: () => 1 }).inspect();
      assert.deepEqual([seen.level, seen.mend], ['fail', 'mount; df -h']);
      assert.match(seen.detail, new RegExp(`^${closed} lies on a disk that is read-only`));
    }
  });

  it('asks the real disk', async () => {
    const { root, files } = yard();
    const { isReadOnly } = createPermissions();
    assert.equal(
      (await createFreeDiskCheck({ root, isReadOnly, freeBytes: files.freeBytes, minFreeBytes: () => Number.MAX_SAFE_INTEGER }).inspect()).level,
      'fail',
    );
    assert.equal((await createFreeDiskCheck({ root, isReadOnly, freeBytes: files.freeBytes, minFreeBytes: () => 1 }).inspect()).level, 'ok');
  });
});

describe('the check of the neighbours', () => {
  it('is well where only the sticky folder of temporary files is open to all', async () => {
    const { files, paths } = yard();
    assert.equal((await createNeighboursCheck({ files, paths }).inspect()).level, 'ok');
  });

  it('warns of a root, of a state and of cadences that everybody may write', async () => {
    for (const which of ['root', 'state', 'cadences'] as const) {
      const { files, paths, root } = yard();
      const path = which === 'state' ? `${root}/state` : paths[which];
      chmodSync(path, 0o777);
      const { level, mend } = await createNeighboursCheck({ files, paths }).inspect();
      assert.deepEqual([level, mend], ['warn', `chmod o-w ${path}`]);
    }
  });

  it('warns of sticky cadences too, for a new file there is a new cadence', async () => {
    const { files, paths } = yard();
    chmodSync(paths.cadences, 0o1777);
    assert.equal((await createNeighboursCheck({ files, paths }).inspect()).level, 'warn');
  });

  it('sees through a link to the root which parents it has', async () => {
    const { files, root } = yard();
    const open = `${root}/open`;
    mkdirSync(`${open}/agents/cadences`, { recursive: true });
    chmodSync(open, 0o777);
    symlinkSync(`${open}/agents`, `${root}/link`);
    const { level, mend } = await createNeighboursCheck({ files, paths: { root: `${root}/link`, cadences: `${root}/link/cadences` } }).inspect();
    assert.deepEqual([level, mend], ['warn', `chmod o-w ${open}`]);
  });
});

describe('the check of bin/enqueue', () => {
  it('tells its path, fails where it is absent or may not be executed', async () => {
    const { root, files, put } = yard();
    const path = `${root}/bin/enqueue`;
    const check = createProducerCheck({ files, path, version: '0.1.0' });
    assert.equal((await check.inspect()).level, 'fail');
    put(path, '#!/bin/sh\n', 0o644);
    assert.deepEqual(await check.inspect(), { level: 'fail', detail: `${path} is not executable`, mend: `chmod +x ${path}` });
    chmodSync(path, 0o755);
    assert.deepEqual(await check.inspect(), { level: 'ok', detail: path });
  });
});
