import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commandName } from '../../../lib/core/text/command-name.ts';
import { isCadenceName } from '../../../lib/core/tick.ts';

describe('a command that nobody has named', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['backup', ['./backup.sh', '--full']],
    ['rsync', ['/usr/bin/rsync', '-a', 'here', 'there']],
    ['pg-dump-books-gzip-books-gz', ['sh', '-c', 'pg_dump books | gzip > books.gz']],
    ['cd-srv-make', ['/bin/bash', '-lc', 'cd /srv && make']],
    ['backup', ['bash', '-e', './backup.sh', 'x']],
    ['make', ['bash', '-o', 'pipefail', '-c', 'make']],
    ['make', ['bash', '-euo', 'pipefail', '-c', 'make']],
    ['sweep', ['node', '--import', 'tsx', 'sweep.ts']],
    ['report', ['python3', '-W', 'ignore', 'report.py']],
    ['report', ['/usr/bin/python3.11', '-u', 'jobs/report.py', '--day', '1']],
    ['http-server', ['python3', '-m', 'http.server']],
    ['sweep', ['node', '--enable-source-maps', 'sweep.mjs']],
    ['report', ['/usr/bin/env', '-S', 'TZ=UTC', 'python3', 'report.py']],
    ['backup-to-vault-tgz', ['sh', '-c', './backup 2026-11-28 20261128T0300 to vault.tgz']],
    ['sh', ['sh']],
    ['sh', ['sh', '-c', ':']],
    ['env', ['env']],
  ];
  for (const [name, argv] of cases) {
    it(`${argv.join(' ')} is called ${name}`, () => {
      assert.equal(commandName(argv), name);
      assert.ok(isCadenceName(name));
    });
  }

  it('is cut where a name ends, and never ends with a dash', () => {
    const name = commandName(['sh', '-c', `${'a'.repeat(49)} b`]);
    assert.equal(name, 'a'.repeat(49));
  });

  it('has no name where nothing is left', () => {
    assert.equal(commandName(['./x']), undefined);
    assert.equal(commandName([]), undefined);
  });
});
