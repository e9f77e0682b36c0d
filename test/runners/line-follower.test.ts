import assert from 'node:assert/strict';
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CadenceError } from '../../lib/core/error.ts';
import { createClock } from '../../lib/platform/clock.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createLineFollower, createLineReader, type Line, type LineReader } from '../../lib/runners/line-follower.ts';
import { eventually } from '../support/eventually.ts';
import { tempRoot } from '../support/temp-root.ts';

const root = tempRoot();
const files = createFiles();
let made = 0;
const fresh = (text: string | Buffer = ''): string => {
  const path = join(root, `lines-${++made}`);
  writeFileSync(path, text);
  return path;
};
const readAll = (reader: LineReader, into: Line[] = []): Line[] => {
  while (reader.read((line) => void into.push(line)));
  return into;
};
const texts = (lines: readonly Line[]): readonly string[] => lines.map(({ text }) => text);

describe('a reader of lines', () => {
  it('hands over whole lines as they become whole, and where the next one begins', () => {
    const path = fresh('one\ntw');
    const reader = createLineReader(files, path);
    assert.deepEqual(readAll(reader), [{ text: 'one', nextOffset: 4, isCut: false }]);
    assert.deepEqual(readAll(reader), []);
    appendFileSync(path, 'o\r\n\nthree');
    assert.deepEqual(texts(readAll(reader)), ['two', '']);
    const rest: Line[] = [];
    reader.last((line) => void rest.push(line));
    assert.deepEqual(rest, [{ text: 'three', nextOffset: 15, isCut: false }]);
  });

  it('gives the same lines however the file grew, and the rest of them to whoever goes on from an offset', () => {
    const piece = fc.constantFrom('a', 'ü', '🙂', '\n', 'bc\n', '\n\n', 'long line ');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30, size: 'max' }), fc.nat(), fc.nat(60), (pieces, cut, grow) => {
        const bytes = Buffer.from(pieces.join(''));
        const path = fresh(bytes.subarray(0, grow % (bytes.length + 1)));
        const reader = createLineReader(files, path);
        const lines = readAll(reader);
        appendFileSync(path, bytes.subarray(grow % (bytes.length + 1)));
        readAll(reader, lines);
        reader.last((line) => void lines.push(line));
        const expected = pieces.join('').split('\n');
        if (expected.at(-1) === '') expected.pop();
        assert.deepEqual(texts(lines), expected);
        if (lines.length === 0) return;
        const at = cut % lines.length;
        const later = createLineReader(files, path, lines[at]?.nextOffset);
        const rest = readAll(later);
        later.last((line) => void rest.push(line));
        assert.deepEqual(rest, lines.slice(at + 1));
      }),
      { numRuns: 60 },
    );
  });

  it('gives what is between two newlines, as UTF-8, whatever bytes there are and wherever a slice ends', () => {
    const ascii = fc.constantFrom('a', 'plain words', '\r\n', '\n', '\u0000');
    const other = fc.constantFrom(...['ü', '🙂', '\ufeff', '\ufffd'].map((text) => Buffer.from(text)), Buffer.of(0xff), Buffer.of(0xe2, 0x82), Buffer.of(0x0a));
    const piece = fc.oneof({ weight: 4, arbitrary: ascii }, { weight: 1, arbitrary: other });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40, size: 'max' }), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 4, max: 30 }), (pieces, slice, most) => {
        const bytes = Buffer.concat(pieces.map((one) => Buffer.from(one)));
        const inPieces: typeof files.open = (path) => {
          const file = files.open(path);
          return { ...file, read: (into, offset) => file.read(into.subarray(0, slice), offset) };
        };
        const reader = createLineReader({ info: files.info, open: inPieces }, fresh(bytes), 0, most);
        const lines = readAll(reader);
        reader.last((line) => void lines.push(line));
        const expected: Line[] = [];
        for (let at = 0; at < bytes.length; ) {
          const newline = bytes.indexOf(0x0a, at);
          const end = newline < 0 ? bytes.length : newline;
          const isCut = end - at > most;
          const text = bytes.toString('utf8', at, isCut ? at + most : end);
          at = newline < 0 ? end : end + 1;
          expected.push({ text: isCut ? text.replace(/\ufffd+$/, '') : text.replace(/\r$/, ''), nextOffset: at, isCut });
        }
        assert.deepEqual(lines, expected);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps of an endless line its beginning, never half a character, and reads the next one whole', () => {
    const path = fresh(`${'ü'.repeat(300_000)}\nnext\n`);
    const [endless, next] = readAll(createLineReader(files, path, 0, 1001));
    assert.deepEqual([endless?.text, endless?.isCut], ['ü'.repeat(500), true]);
    assert.deepEqual(next, { text: 'next', nextOffset: 600_006, isCut: false });
  });

  it('goes on behind the end of a file that was cut, with the next line that is whole', () => {
    const path = fresh('one\ntwo\nthr');
    const reader = createLineReader(files, path);
    readAll(reader);
    truncateSync(path, 5);
    assert.deepEqual(readAll(reader), []);
    appendFileSync(path, 'rest of a line\nfour\n');
    assert.deepEqual(texts(readAll(reader)), ['four']);
  });

  it('reads nothing where there is no file, and tries again what the disk refused', () => {
    assert.deepEqual(readAll(createLineReader(files, join(root, 'none'))), []);
    let isRefused = true;
    let openNow = 0;
    const open: typeof files.open = (path) => {
      const file = files.open(path);
      openNow += 1;
      return {
        read(into, offset) {
          if (isRefused) throw new CadenceError('io', 'EIO');
          return file.read(into, offset);
        },
        close() {
          openNow -= 1;
          file.close();
        },
      };
    };
    const reader = createLineReader({ info: files.info, open }, fresh('one\n'));
    assert.deepEqual(readAll(reader), []);
    isRefused = false;
    assert.deepEqual(texts(readAll(reader)), ['one']);
    assert.equal(openNow, 0);
  });
});

describe('a follower of lines', () => {
  const follow = (path: string, watch: typeof files.watch = files.watch) => {
    const lines: string[] = [];
    const follower = createLineFollower({ clock: createClock(), files: { ...files, watch } }, path, 0, ({ text }) => void lines.push(text));
    return { lines, follower };
  };

  it('hears a line as soon as it is written, without being asked', async () => {
    const path = fresh('before\n');
    const { lines, follower } = follow(path);
    await eventually('what was there', () => lines.length === 1);
    appendFileSync(path, 'after\n');
    await eventually('what came', () => lines.length === 2);
    await follower.end();
    appendFileSync(path, 'too late\n');
    assert.deepEqual(lines, ['before', 'after']);
  });

  it('hears it at the next look where no hint came, and at its end everything that is left, newline or not', async () => {
    const path = fresh();
    const { lines, follower } = follow(path, () => ({ close: () => undefined }));
    appendFileSync(path, 'one\n');
    follower.look();
    await eventually('the line', () => lines.length === 1);
    appendFileSync(path, `${'many\n'.repeat(200_000)}last`);
    await follower.end();
    assert.deepEqual([lines.length, lines.at(-1)], [200_002, 'last']);
  });
});
