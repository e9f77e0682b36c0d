import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { apiServer } from '../notify/api-server.ts';
import { eventually } from '../support/eventually.ts';
import type { CliOptions } from '../support/owner-cli.ts';
import { list, readIfThere } from './owner-yard.ts';
import { createSmallDisk } from './small-disk.ts';

/** A file that may not grow is all that a command meets of a full disk where none can be mounted. */
const NO_BYTE: CliOptions = { prelude: 'ulimit -f 0' };

/** Answers everybody, and remembers where they have asked. */
async function pingServer(): Promise<{ readonly url: string; readonly seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url ?? '');
    request.resume().once('end', () => response.end('OK'));
  });
  after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

describe('P23 the watchman on a disk that takes nothing', () => {
  it('tells the sinks and whoever watches from outside, on each round, and is no worse for it when there is room', async () => {
    const server = await apiServer();
    const outside = await pingServer();
    const disk = createSmallDisk(4);
    const { yard } = disk;
    const heard = mkdtempSync(join(tmpdir(), 'cb-heard-'));
    after(() => rmSync(heard, { recursive: true }));
    yard.shell('job', 'true');
    yard.put(
      'cadences/bus.yaml',
      [
        'min_free: 4KB',
        `heartbeat: { ping_url: "${outside.url}" }`,
        `notify: { webhook: { url: "${server.url}/hook" }, shell: { command: [sh, -c, "cat > ${heard}/notice"] } }`,
        '',
      ].join('\n'),
    );
    const owner = await yard.start();
    const beat = async (options: CliOptions = {}) => {
      const { code, stdout, stderr } = await yard.spawn(['heartbeat', '--wake-delay', '0s', '--json'], options).ended;
      return { code, said: JSON.parse(stdout) as { worries: { key: string; because: string }[]; faults: string[] }, stderr };
    };
    if (disk.kind === 'mounted') disk.fill(owner);
    for (const round of ['first', 'second']) {
      server.seen.length = 0;
      const { code, said } = await beat(disk.kind === 'mounted' ? {} : NO_BYTE);
      assert.equal(code, 1, round);
      assert.equal(said.worries[0]?.key, 'disk');
      assert.match(said.worries[0]?.because ?? '', /^nothing can be written: .*(?:ENOSPC|EFBIG)/);
      const [notice] = server.seen.filter(({ path }) => path === '/hook');
      assert.match(String(notice?.body.text), /critical: nothing can be written: /, round);
      assert.deepEqual(outside.seen.splice(0), ['/start', '/fail'], round);
    }
    if (disk.kind === 'mounted') {
      const told = JSON.parse(readFileSync(join(heard, 'notice'), 'utf8')) as { readonly text: string; readonly sink: { readonly kind: string } };
      assert.deepEqual([told.sink.kind, /nothing can be written/.test(told.text)], ['shell', true]);
      disk.free(owner);
    }
    server.seen.length = 0;
    const { said } = await beat();
    const told = await eventually('the person who was told of it hears that it is well', () => server.seen.find(({ path }) => path === '/hook'));
    assert.match(String(told.body.text), /well again: (?:.*, )?disk/);
    assert.equal(existsSync(yard.paths.diskTold), false);
    assert.deepEqual(
      said.worries.map(({ key }) => key).filter((key) => key === 'disk'),
      [],
    );
    assert.deepEqual(said.faults, []);
    assert.deepEqual([list(yard.paths.tmp), readIfThere(yard.paths.heartbeat) === ''], [[], false], 'nothing was left behind, and it is kept again');
  });

  it('the same where it is read-only', async () => {
    const server = await apiServer();
    const disk = createSmallDisk(4);
    const { yard } = disk;
    yard.shell('job', 'true');
    yard.put('cadences/bus.yaml', `notify: { webhook: { url: "${server.url}/hook" } }\n`);
    assert.equal((await yard.cli('heartbeat', '--wake-delay', '0s')).code, 0);
    const isReadOnly = disk.makeReadOnly();
    const { code, stdout } = await yard.cli('heartbeat', '--wake-delay', '0s');
    // Where nothing can be mounted all stays well.
    assert.deepEqual([code, /nothing can be written: .*EROFS/.test(stdout), server.seen.length], isReadOnly ? [1, true, 1] : [0, false, 0]);
  });
});
