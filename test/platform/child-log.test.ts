import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { cutLog } from '../../lib/platform/child-log.ts';
import { tempRoot } from '../support/temp-root.ts';
import { childYard, program } from './child-yard.ts';

const root = tempRoot();
const MIB = 1024 * 1024;
const MARKER = /^\[cadence-bus\] (\d+) bytes dropped here: the log passed its cap of \d+ bytes *$/m;
describe('a log that passed its cap', () => {
  it('keeps its beginning and its end in whole lines, and says how much is missing between them', () => {
    const path = join(root, 'lines.log');
    const line = (n: number): string => `line ${String(n).padStart(8, '0')} ${'.'.repeat(40)}\n`;
    const text = Array.from({ length: 200_000 }, (_, n) => line(n)).join('');
    writeFileSync(path, text);
    const dropped = cutLog(path, 8 * MIB);
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
      dropped = cutLog(path, 10 * MIB);
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
    const dropped = cutLog(path, 2 * MIB);
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
    cutLog(path, 256 * MIB);
    assert.ok(process.memoryUsage().arrayBuffers - before < 16 * MIB);
    assert.ok(statSync(path).size < 3 * MIB);
    assert.ok(readFileSync(path, 'utf8').startsWith('first\n') && readFileSync(path, 'utf8').endsWith('\nlast\n'));
  });

  it('of one endless line is cut again and again too, and no byte is lost uncounted', () => {
    const path = join(root, 'endless.log');
    writeFileSync(path, '');
    let dropped = 0;
    for (let round = 0; round < 3; round++) {
      appendFileSync(path, 'x'.repeat(3 * MIB));
      dropped = cutLog(path, 2 * MIB);
    }
    const kept = readFileSync(path, 'utf8');
    assert.equal(kept.replace(/[^x]/g, '').length + dropped, 9 * MIB);
    assert.equal(kept.match(new RegExp(MARKER, 'gm'))?.length, 1);
  });

  it('keeps the line of an earlier cut apart where the lines around it are long enough to hide it', () => {
    const path = join(root, 'long-lines.log');
    writeFileSync(path, '');
    let [written, dropped] = [0, 0];
    for (let round = 0; round < 4; round++) {
      const more = `${String(round).repeat(9_999)}\n`.repeat(100);
      appendFileSync(path, more);
      written += more.length;
      dropped = cutLog(path, 200_000);
    }
    const kept = readFileSync(path, 'utf8');
    const markers = kept.match(new RegExp(`${MARKER.source}\n`, 'gm')) ?? [];
    assert.deepEqual([markers.length, Number(MARKER.exec(kept)?.[1])], [1, dropped]);
    assert.equal(kept.length - (markers[0]?.length ?? 0) + dropped, written);
    assert.match(kept, /^(?:0{9999}\n){5}\[cadence-bus\][^\n]*\n(?:3{9999}\n)+$/);
  });

  it('under a cap that is smaller than what would be kept is never longer than it was', () => {
    const path = join(root, 'tiny.log');
    writeFileSync(path, 'x\n'.repeat(30));
    assert.equal(cutLog(path, 40), 0);
    assert.equal(readFileSync(path, 'utf8'), 'x\n'.repeat(30));
    appendFileSync(path, 'y\n'.repeat(200));
    const dropped = cutLog(path, 40);
    const kept = readFileSync(path, 'utf8').replace(MARKER, '');
    assert.equal(kept.length - 1 + dropped, 460);
    assert.equal(cutLog(path, 40), dropped);
  });

  it('is cut under a child that goes on appending: all in order, first and last line there, torn at most once a cut', async () => {
    const yard = childYard();
    const enough = join(root, 'enough');
    const spec = yard.spec(program('floods-until.sh', enough));
    const child = yard.processes.start(spec);
    let [isOver, dropped, cuts] = [false, 0, 0];
    void child.exited.then(() => {
      isOver = true;
    });
    while (!isOver) {
      const now = existsSync(spec.stdoutPath) ? cutLog(spec.stdoutPath, 400_000) : 0;
      cuts += now > dropped ? 1 : 0;
      dropped = now;
      if (cuts > 5) writeFileSync(enough, '');
      await new Promise((turn) => setImmediate(turn));
    }
    const lines = yard.said(spec).split('\n');
    assert.match(lines[0] as string, /^line 0 of/);
    assert.match(lines.at(-2) as string, /^line \d+ is the last$/);
    const numbers = lines
      .map((line) => /^line (\d+) (?:of a flood that nobody reads \.+|is the last)$/.exec(line)?.[1])
      .filter((number) => number !== undefined);
    assert.deepEqual(
      numbers,
      numbers.toSorted((one, other) => Number(one) - Number(other)),
    );
    // The last of the split is empty, and one line is the bus's own.
    assert.ok(lines.length - 2 - numbers.length <= cuts, lines.filter((line) => !/^line \d+ /.test(line)).join(' / '));
  });

  it('is left alone below the cap, and never reached through a symlink', () => {
    const path = join(root, 'small.log');
    writeFileSync(path, 'x'.repeat(100));
    assert.equal(cutLog(path, 100), 0);
    symlinkSync(path, join(root, 'link.log'));
    assert.throws(() => cutLog(join(root, 'link.log'), 10), { code: 'io' });
    assert.equal(statSync(path).size, 100);
  });
});
