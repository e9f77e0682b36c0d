import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { cutLog } from '../../lib/platform/child-log.ts';
import { tempRoot } from '../support/temp-root.ts';
import { childYard, program } from './child-yard.ts';

const root = tempRoot();
const MIB = 1024 * 1024;
const MARKER = /^\[cadence-bus\] (\d+) bytes dropped here: the log passed its cap of \d+ bytes$/m;

describe('a log that passed its cap', () => {
  it('keeps its beginning and its end in whole lines, and says how much is missing between them', () => {
    const path = join(root, 'lines.log');
    const line = (n: number): string => `line ${String(n).padStart(8, '0')} ${'.'.repeat(40)}\n`;
    const text = Array.from({ length: 200_000 }, (_, n) => line(n)).join('');
    writeFileSync(path, text);
    const dropped = cutLog(path, 8 * MIB, 0);
    const kept = readFileSync(path, 'utf8');
    assert.equal(Number(MARKER.exec(kept)?.[1]), dropped);
    const [head, tail] = kept.split(MARKER).filter((_, at) => at !== 1) as [string, string];
    assert.equal(head.length + tail.length - 1 + dropped, text.length);
    assert.ok(text.startsWith(head) && text.endsWith(tail.slice(1)));
    assert.ok(head.length <= MIB && head.length > MIB - 100 && tail.length <= MIB + 1);
  });

  it('is cut again and again with one line that tells of all cuts, and loses no byte uncounted', () => {
    const path = join(root, 'again.log');
    writeFileSync(path, '');
    let [written, dropped] = [0, 0];
    for (let round = 0; round < 5; round++) {
      const more = `${'x'.repeat(99)}\n`.repeat(200_000);
      appendFileSync(path, more);
      written += more.length;
      dropped += cutLog(path, 10 * MIB, dropped);
    }
    const kept = readFileSync(path, 'utf8');
    assert.equal(kept.match(new RegExp(MARKER, 'gm'))?.length, 1);
    assert.equal(Number(MARKER.exec(kept)?.[1]), dropped);
    assert.equal(kept.length - `${MARKER.exec(kept)?.[0]}\n`.length + dropped, written);
  });

  it('keeps bytes as they are, also where there is no line in them', () => {
    const path = join(root, 'binary.log');
    const bytes = Buffer.alloc(3 * MIB, 0xff);
    writeFileSync(path, bytes);
    const dropped = cutLog(path, 2 * MIB, 0);
    const kept = readFileSync(path);
    assert.equal(dropped, 2 * MIB);
    assert.equal(kept.filter((byte) => byte === 0xff).length, MIB);
  });

  it('of 300 MB costs no more than what is kept of it', () => {
    const path = join(root, 'huge.log');
    writeFileSync(path, 'first\n');
    truncateSync(path, 300 * MIB);
    appendFileSync(path, '\nlast\n');
    const before = process.memoryUsage().arrayBuffers;
    cutLog(path, 256 * MIB, 0);
    assert.ok(process.memoryUsage().arrayBuffers - before < 16 * MIB);
    assert.ok(statSync(path).size < 3 * MIB);
    assert.ok(readFileSync(path, 'utf8').startsWith('first\n') && readFileSync(path, 'utf8').endsWith('\nlast\n'));
  });

  it('is cut under a child that goes on appending: its first and its last line are there, and no line is torn but at a cut', async () => {
    const yard = childYard();
    const spec = yard.spec(program('floods.sh', '100000'));
    const child = yard.processes.start(spec);
    let [isOver, dropped, cuts] = [false, 0, 0];
    void child.exited.then(() => {
      isOver = true;
    });
    while (!isOver) {
      const now = cutLog(spec.stdoutPath, 400_000, dropped);
      cuts += now > 0 ? 1 : 0;
      dropped += now;
      await new Promise((turn) => setImmediate(turn));
    }
    const lines = yard.said(spec).split('\n');
    assert.ok(cuts > 1);
    assert.match(lines[0] as string, /^line 0 of/);
    assert.match(lines.at(-2) as string, /^line 99999 of/);
    const torn = lines.slice(0, -1).filter((line) => !/^line \d+ of a flood that nobody reads \.+$|^\[cadence-bus\] \d+ bytes/.test(line));
    assert.ok(torn.length <= 2, torn.join(' / '));
  });

  it('is left alone below the cap, and never reached through a symlink', () => {
    const path = join(root, 'small.log');
    writeFileSync(path, 'x'.repeat(100));
    assert.equal(cutLog(path, 100, 0), 0);
    symlinkSync(path, join(root, 'link.log'));
    assert.throws(() => cutLog(join(root, 'link.log'), 10, 0), { code: 'io' });
    assert.equal(statSync(path).size, 100);
  });
});
