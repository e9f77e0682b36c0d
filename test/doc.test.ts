import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createDoc } from '../lib/doc.ts';
import { createClock } from '../lib/platform/clock.ts';
import { createFiles } from '../lib/platform/files.ts';
import type { Doc, Files } from '../lib/ports.ts';
import { tempRoot } from './support/temp-root.ts';

interface Note {
  readonly text: string;
}
const root = tempRoot();
let count = 0;

function setUp(files: Files = createFiles()): { doc: Doc<Note>; dir: string; path: string; broken: string[] } {
  const dir = join(root, `doc-${count++}`);
  mkdirSync(dir);
  const path = join(dir, 'note.json');
  const broken: string[] = [];
  const parse = (value: unknown): Note | undefined =>
    typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string' ? { text: value.text } : undefined;
  const clock = { ...createClock(), nowMs: () => Date.UTC(2026, 10, 20, 7) };
  return { doc: createDoc({ files, clock, path, parse, onBroken: (aside) => broken.push(aside) }), dir, path, broken };
}

describe('a document', () => {
  it('is read back as it was written, and is legible', () => {
    const { doc, path } = setUp();
    assert.equal(doc.read(), undefined);
    doc.write({ text: 'a' });
    assert.deepEqual(doc.read(), { text: 'a' });
    assert.equal(readFileSync(path, 'utf8'), '{\n  "text": "a"\n}\n');
    doc.remove();
    doc.remove();
    assert.equal(doc.read(), undefined);
  });

  it('may begin with the byte order mark of an editor', () => {
    const { doc, path, broken } = setUp();
    writeFileSync(path, '\uFEFF{"text": "a"}');
    assert.deepEqual(doc.read(), { text: 'a' });
    assert.deepEqual(broken, []);
  });

  const garbled: readonly (readonly [string, (path: string) => void])[] = [
    ['is empty', (path) => writeFileSync(path, '')],
    ['is cut off', (path) => writeFileSync(path, '{"text": "a')],
    ['is no JSON', (path) => writeFileSync(path, 'text: a')],
    ['is JSON twice', (path) => writeFileSync(path, '{"text": "a"}{"text": "b"}')],
    ['is nested 100,000 deep', (path) => writeFileSync(path, '['.repeat(100_000))],
    ['is all NUL, as after a power cut', (path) => writeFileSync(path, Buffer.alloc(512))],
    ['is not UTF-8', (path) => writeFileSync(path, Buffer.from([0x22, 0xff, 0x22]))],
    ['is UTF-16', (path) => writeFileSync(path, Buffer.from('\uFEFF{"text":"a"}', 'utf16le'))],
    ['is no object', (path) => writeFileSync(path, 'null')],
    ['is another object', (path) => writeFileSync(path, '{"text": 1}')],
    ['is a folder', (path) => mkdirSync(path)],
    ['is a symlink', (path) => symlinkSync('/etc/hostname', path)],
  ];
  for (const [what, garble] of garbled) {
    it(`that ${what} is set aside, told, and absent`, () => {
      const { doc, dir, path, broken } = setUp();
      garble(path);
      assert.equal(doc.read(), undefined);
      assert.deepEqual(readdirSync(dir), ['note.json.broken-20261120T070000000Z']);
      assert.deepEqual(broken, [`${path}.broken-20261120T070000000Z`]);
      doc.write({ text: 'new' });
      assert.deepEqual(doc.read(), { text: 'new' });
    });
  }

  it('that breaks twice in one instant leaves both behind', () => {
    const { doc, dir, path } = setUp();
    for (const text of ['one', 'two', 'three']) {
      writeFileSync(path, text);
      assert.equal(doc.read(), undefined);
    }
    const names = readdirSync(dir).sort();
    assert.deepEqual(
      names.map((name) => readFileSync(join(dir, name), 'utf8')),
      ['one', 'two', 'three'],
    );
  });

  it('that may not be read is not pushed aside, for it may be whole', () => {
    const real = createFiles();
    const files: Files = { ...real, read: (path) => (real.info(path) === undefined ? undefined : { kind: 'unreadable', info: real.info(path) }) };
    const { doc, dir, path, broken } = setUp(files);
    writeFileSync(path, '{"text": "a"}');
    chmodSync(path, 0);
    assert.throws(() => doc.read(), { name: 'CadenceError', code: 'permission' });
    assert.deepEqual(readdirSync(dir), ['note.json']);
    assert.deepEqual(broken, []);
  });
});
