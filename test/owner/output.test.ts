import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { createYard, finalRecord } from './owner-yard.ts';

const MIB = 1024 * 1024;
const rssBytes = (pid: number): number => Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024;

describe('what a child says', () => {
  it('may be 300 MB of stderr: the record has its last lines, and the owner does not grow with it', async () => {
    const yard = createYard();
    yard.shell('warm', 'echo warm');
    yard.shell(
      'floods',
      'yes "a line of complaint that nobody will ever read" | head -c 314572800 >&2; echo >&2; for n in one two three; do echo "the last word $n" >&2; done; exit 3',
      'log_cap: 1GB',
      'retry: { attempts: 1 }',
    );
    const owner = await yard.start();
    await finalRecord(yard, await yard.enqueue('warm'));
    const before = rssBytes(owner.pid);
    const record = await finalRecord(yard, await yard.enqueue('floods'), 120_000);
    const grownBytes = rssBytes(owner.pid) - before;
    assert.equal(record.reason, 'exit 3: the last word one | the last word two | the last word three');
    assert.ok(record.stderr_tail?.endsWith('the last word three\n') && Buffer.byteLength(record.stderr_tail) <= 4096);
    assert.ok(statSync(record.stderr_path as string).size > 314_572_800);
    assert.ok(grownBytes < 20 * MIB, `the owner has grown by ${Math.round(grownBytes / MIB)} MiB`);
  });

  it('is cut at its log_cap while it goes on, keeps its beginning and its end, and says how much is missing', async () => {
    const yard = createYard();
    // Some 20 MB at a time: faster, and it would fill the disk of whoever runs this.
    yard.shell(
      'endless',
      'echo "the first words"; while :; do yes | head -c 20000000; sleep 0.2; done',
      'kill_grace: 200ms',
      'log_cap: 8MB',
      'retry: { attempts: 1 }',
    );
    await yard.start();
    const tick = await yard.enqueue('endless');
    const log = await eventually('it speaks', () => yard.ls('subsessions').find((file) => file.endsWith('.stdout.log')));
    let [sizeBytes, goneBytes] = [0, 0];
    await eventually('much was dropped while it goes on', () => {
      const { size } = statSync(join(yard.paths.subsessions, log));
      goneBytes += Math.max(0, sizeBytes - size);
      sizeBytes = size;
      return goneBytes > 10_000_000;
    });
    assert.equal((await yard.cli('cancel', tick)).code, 0);
    const record = await finalRecord(yard, tick);
    assert.equal(record.status, 'cancelled');
    const text = readFileSync(record.stdout_path as string, 'utf8');
    assert.ok(text.length <= 8 * MIB, `${text.length} bytes are kept`);
    assert.ok(text.startsWith('the first words\ny\ny\n'));
    const told = [...text.matchAll(/^\[cadence-bus\] (\d+) bytes dropped here: the log passed its cap of \d+ bytes *$/gm)];
    assert.equal(told.length, 1);
    assert.equal(Number(told[0]?.[1]), record.dropped_bytes);
    assert.ok((record.dropped_bytes ?? 0) > 10_000_000);
  });
});
