import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Chunk, chunksBackward, chunksForward } from '../../lib/history/chunks.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { tempRoot } from '../support/temp-root.ts';

const files = createFiles();
const path = `${tempRoot()}/log`;

/** Whole lines and where they begin, from the text itself. */
function linesOf(text: string): readonly string[] {
  const lines: string[] = [];
  for (let start = 0, end = text.indexOf('\n'); end >= 0; start = end + 1, end = text.indexOf('\n', start)) lines.push(`${start}:${text.slice(start, end)}`);
  return lines;
}

function linesIn(chunk: Chunk): readonly string[] {
  assert.equal(chunk.bytes.at(-1), 10, 'a chunk ends where a line ends');
  return linesOf(chunk.bytes.toString('latin1')).map((line) => line.replace(/^\d+/, (start) => String(chunk.offset + Number(start))));
}

const texts = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 60, size: 'max' });

describe('chunks of a log', () => {
  it('are the whole lines of the file, in order, whatever the size of the blocks', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 9 }), (text, blockBytes) => {
        writeFileSync(path, text);
        assert.deepEqual([...chunksForward(files, path, 0, blockBytes)].flatMap(linesIn), linesOf(text));
      }),
    );
  });

  it('begin with the first line that begins at the given place or behind it', () => {
    fc.assert(
      fc.property(texts, fc.nat(70), fc.integer({ min: 1, max: 9 }), (text, from, blockBytes) => {
        writeFileSync(path, text);
        const expected = linesOf(text).filter((line) => Number.parseInt(line, 10) >= from);
        assert.deepEqual([...chunksForward(files, path, from, blockBytes)].flatMap(linesIn), expected);
      }),
    );
  });

  it('are the same backward, before any place of the file', () => {
    fc.assert(
      fc.property(texts, fc.nat(60), fc.integer({ min: 1, max: 9 }), (text, to, blockBytes) => {
        writeFileSync(path, text);
        const chunks = [...chunksBackward(files, path, Math.min(to, text.length), blockBytes)];
        assert.deepEqual(chunks.toReversed().flatMap(linesIn), linesOf(text.slice(0, to)));
      }),
    );
  });

  it('have a stand-in for a line that is too long to be kept, and go on behind it', () => {
    const long = 'x'.repeat(5 * 1024 * 1024);
    writeFileSync(path, `one\n${long}\ntwo\n`);
    const expected = ['0:one', '4:?', `${4 + long.length + 1}:two`];
    assert.deepEqual([...chunksForward(files, path, 0)].flatMap(linesIn), expected);
    assert.deepEqual([...chunksBackward(files, path, long.length + 9)].toReversed().flatMap(linesIn), expected);
  });

  it('end where the file was cut or removed while it was read', () => {
    writeFileSync(path, 'one\ntwo\nthree\nfour\n');
    const forward = chunksForward(files, path, 0, 4);
    const backward = chunksBackward(files, path, 19, 4);
    assert.deepEqual(
      [forward.next().value, backward.next().value].flatMap((chunk) => linesIn(chunk as Chunk)),
      ['0:one', '14:four'],
    );
    files.truncate(path, 9);
    assert.deepEqual([...forward].flatMap(linesIn), ['4:two']);
    // The third line stands in a block that had been read before the cut.
    assert.deepEqual([...backward].toReversed().flatMap(linesIn), ['0:one', '4:two', '8:three']);
    writeFileSync(path, 'one\ntwo\nthree\nfour\n');
    const shortened = chunksBackward(files, path, 19, 4);
    shortened.next();
    files.truncate(path, 5);
    assert.deepEqual([...shortened].toReversed().flatMap(linesIn), ['0:one', '8:three']);
    const late = chunksForward(files, path, 0, 4);
    late.next();
    files.remove(path);
    assert.deepEqual([...late], []);
  });
});
