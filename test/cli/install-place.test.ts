import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { findPrograms, servicePath } from '../../lib/app/install/place.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { tempRoot } from '../support/temp-root.ts';

function place(...folders: readonly string[]): string {
  const folder = join(tempRoot(), ...folders);
  mkdirSync(join(folder, 'dist', 'bin'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "name": "cadence-bus" }');
  return folder;
}

describe('the programs of a service', () => {
  const files = createFiles();

  it('are named by absolute paths, and a node under nvm is warned about', () => {
    const folder = place('lib', 'node_modules', 'cadence-bus');
    writeFileSync(join(folder, 'dist', 'bin', 'cadence-bus.js'), '');
    const found = findPrograms(files, join(folder, 'dist', 'bin'), '/usr/bin/node', '/home/ada');
    assert.deepEqual(found, { node: '/usr/bin/node', program: join(folder, 'dist/bin/cadence-bus.js'), enqueue: join(folder, 'bin/enqueue'), warnings: [] });
    const home = tempRoot();
    const versioned = join(home, '.nvm', 'versions', 'node', 'v22.1.0', 'bin');
    mkdirSync(versioned, { recursive: true });
    writeFileSync(join(versioned, 'node'), '');
    const under = findPrograms(files, folder, join(versioned, 'node'), home);
    assert.equal(under.node, join(versioned, 'node'));
    assert.match(under.warnings[0] ?? '', /a folder of nvm that bears its version/);
  });

  it('are named by a link that outlives the version, where there is one', () => {
    const folder = place('cadence-bus');
    writeFileSync(join(folder, 'dist', 'bin', 'cadence-bus.js'), '');
    const home = tempRoot();
    const versioned = join(home, '.nvm', 'versions', 'node', 'v22.1.0', 'bin');
    for (const one of [versioned, join(home, '.local', 'bin')]) mkdirSync(one, { recursive: true });
    writeFileSync(join(versioned, 'node'), '');
    symlinkSync(join(versioned, 'node'), join(home, '.local', 'bin', 'node'));
    const found = findPrograms(files, folder, join(versioned, 'node'), home);
    assert.deepEqual([found.node, found.warnings], [join(home, '.local', 'bin', 'node'), []]);
  });

  it('are refused where they are not built, or lie in the cache of npx', () => {
    assert.throws(() => findPrograms(files, place('cadence-bus'), '/usr/bin/node', '/home/ada'), { code: 'not_found', hint: /npm run build/ });
    const cached = place('.npm', '_npx', 'ab12', 'node_modules', 'cadence-bus');
    writeFileSync(join(cached, 'dist', 'bin', 'cadence-bus.js'), '');
    assert.throws(() => findPrograms(files, cached, '/usr/bin/node', '/home/ada'), { code: 'not_found', hint: /npm install -g/ });
  });

  it('P34 have the PATH of the shell in its order, with node and the standard folders, and nothing that is gone tomorrow', () => {
    const path = servicePath('/opt/node/bin/node', './bin:/home/ada/bin/:/usr/bin:/tmp/x/bin:/p/node_modules/.bin::/usr/bin', '/tmp');
    assert.equal(path, '/opt/node/bin:/home/ada/bin:/usr/bin:/opt/homebrew/bin:/usr/local/bin:/bin:/usr/sbin:/sbin');
    assert.equal(servicePath('/usr/bin/node', '/usr/local/bin:/usr/bin', '/tmp').split(':').slice(0, 2).join(), '/usr/local/bin,/usr/bin');
  });
});
