import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { asCommonJs } from '../.build/commonjs.mjs';
import { linked } from '../.build/linking.mjs';
import { pack } from '../.build/packing.cjs';
import { together } from '../.build/together.mjs';
import { tempRoot } from './support/temp-root.ts';

const BUILD = fileURLToPath(new URL('../.build', import.meta.url));
const HEAD_BYTES = 32;
const FOLDER = `compiled/${process.version}-${process.platform}-${process.arch}`;

/** A program of two files, of which `status` has both in one; these say so. */
function program(): { readonly bin: string; readonly run: (...words: readonly string[]) => string } {
  const bin = tempRoot();
  const files: Readonly<Record<string, string>> = {
    './program.js': 'const { word } = require("./other.js");\nconsole.log(word(), require("node:path").basename(__filename));\n',
    './other.js': 'const load = () => require("./late.js");\nmodule.exports = { word: () => "alone " + load().late };\n',
    './late.js': 'module.exports = { late: "late" };\n',
  };
  mkdirSync(join(bin, FOLDER), { recursive: true });
  mkdirSync(join(bin, 'chunks'));
  copyFileSync(join(BUILD, 'entry.cjs'), join(bin, 'cadence-bus.cjs'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(bin, 'chunks', name), text);
  const ofStatus = together(['./program.js', './other.js'], (name) => (files[name] ?? '').replace('alone', 'together'), false);
  writeFileSync(join(bin, FOLDER, 'status.packed'), pack(ofStatus));
  writeFileSync(join(bin, 'elsewhere.packed'), pack('({ "./program.js": () => console.log("somebody else") })'));
  const run = (...words: readonly string[]): string => {
    const { stdout, stderr } = spawnSync(process.execPath, [join(bin, 'cadence-bus.cjs'), ...words], { encoding: 'utf8' });
    assert.equal(stderr, '');
    return stdout.trim();
  };
  return { bin, run };
}

describe('the start of the program', () => {
  it('takes from one file what the verb loads, and what is not in it from its own', () => {
    const { run } = program();
    assert.equal(run('status', '--json'), 'together late program.js');
  });

  it('takes every file by itself for a verb that has none, and for no verb', () => {
    const { run } = program();
    assert.deepEqual([run('why'), run(), run('--root', 'status')], ['alone late program.js', 'alone late program.js', 'alone late program.js']);
  });

  it('loads nothing that a word names beside the files of the build', () => {
    const { bin, run } = program();
    for (const word of ['../../elsewhere', join(bin, 'elsewhere'), '', '__proto__']) assert.equal(run(word), 'alone late program.js');
  });

  it('does without what another V8 has compiled', () => {
    const { bin, run } = program();
    const path = join(bin, FOLDER, 'status.packed');
    const text = readFileSync(path, 'latin1').slice(HEAD_BYTES);
    writeFileSync(path, pack(text, Buffer.alloc(1_000, 7)));
    assert.equal(run('status'), 'together late program.js');
  });

  it('does with what this V8 has compiled, and without a file that is not whole', () => {
    const { bin, run } = program();
    const path = join(bin, FOLDER, 'status.packed');
    const text = readFileSync(path, 'latin1').slice(HEAD_BYTES);
    const packed = pack(text, new Script(text).createCachedData());
    writeFileSync(path, packed);
    assert.equal(run('status'), 'together late program.js');
    for (const length of [0, 7, HEAD_BYTES, 200, packed.length - 1]) {
      writeFileSync(path, packed.subarray(0, length));
      assert.equal(run('status'), 'alone late program.js', `${length} bytes of it`);
    }
  });
});

describe('files that lie in one', () => {
  const FILES: Readonly<Record<string, string>> = {
    './program.js':
      '"use strict";\nvar import_first = require("./first.js");\nconst { say: import_other_say, more: import_other_more } = require("./other.js");\nconsole.log(import_other_say(), import_other_more, require("./late.js").late());\n',
    './first.js': 'globalThis.order = ["first"];\nmodule.exports = {\n  unused: 1\n};\n',
    './other.js':
      'const { unused: import_first_unused } = require("./first.js");\norder.push("other");\nfunction speak() { return ["said", order, import_first_unused].join(" "); }\nconst more = { a: 1 };\nmodule.exports = {\n  say: speak,\n  more\n};\n',
    './late.js': 'const { more: import_other_more } = require("./other.js");\nmodule.exports = { late: () => import_other_more };\n',
  };

  it('take from each other by variables, in the same order, and give the same to who is not among them', () => {
    const { bin, run } = program();
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(bin, 'chunks', name), text);
    const own = ['./program.js', './first.js', './other.js'];
    const text = together(own, (name) => FILES[name] ?? '', true);
    writeFileSync(join(bin, FOLDER, 'status.packed'), pack(text));
    assert.equal(run('status'), run('why'));
    assert.equal(run('status'), 'said first,other 1 { a: 1 } { a: 1 }');
    assert.match(text, /var import_other_say, import_other_more, import_first_unused;/);
    assert.doesNotMatch(text, /require\("\.\/(?:first|other)\.js"\)/);
  });

  it('keep what they take of a file that gives otherwise, or is not among them', () => {
    const taking = 'const { late: import_late_late } = require("./late.js");\nconst { word } = require("./other.js");\n';
    const { texts, variables } = linked(
      new Map([
        ['./a.js', taking],
        ['./other.js', 'module.exports = { word: 1 };\n'],
      ]),
    );
    assert.deepEqual([texts.get('./a.js'), variables], [taking, []]);
  });

  it('are refused where a name would mean two things, or nothing', () => {
    const giving = 'const a = 1;\nmodule.exports = {\n  a\n};\n';
    const files = (one: string, two: string) =>
      new Map([
        ['./x.js', giving],
        ['./y.js', giving],
        ['./one.js', `const { ${one}: same } = require("./x.js");\n`],
        ['./two.js', `const { ${two}: same } = require("./y.js");\n`],
      ]);
    assert.throws(() => linked(files('a', 'a')), /same would mean two things: of \.\/x\.js and of \.\/y\.js/);
    assert.throws(() => linked(files('b', 'a')), /\.\/x\.js does not give b/);
  });
});

describe('the files of the build', () => {
  it('are ASCII, for so they are read', () => {
    const esm = 'var cut = (text) => text.split(/…|é$/u);\nvar mark = "– " + cut("a…b");\n/*! © */\nexport {\n  cut,\n  mark\n};\n';
    const code = asCommonJs(esm, 'a.js');
    assert.match(code, /^[\0-\x7f]*$/);
    const module = { exports: {} as { mark?: string; cut?: (text: string) => readonly string[] } };
    new Function('module', code)(module);
    assert.deepEqual([module.exports.mark, module.exports.cut?.('1…2é')], ['– a,b', ['1', '2', '']]);
  });
});
