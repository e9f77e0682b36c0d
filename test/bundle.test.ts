import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import fc from 'fast-check';
import { asCommonJs, refuseCircles } from '../.build/commonjs.mjs';
import { inFewGroups, type Module } from '../.build/grouping.mjs';
import { lately, lateModules } from '../.build/lately.mjs';
import { light } from '../.build/light.mjs';
import { tempRoot } from './support/temp-root.ts';

type Made = Readonly<Record<string, readonly [bytes: number, ...needs: string[]]>>;

function graphOf(made: Made): ReadonlyMap<string, Module> {
  return new Map(Object.entries(made).map(([path, [bytes, ...needs]]) => [path, { bytes, needs }]));
}

/** The modules that lie with the entries, a group a line. */
function shared(made: Made, ...entries: readonly string[]): readonly string[] {
  const { groups } = inFewGroups(graphOf(made), entries);
  return groups
    .map((paths) =>
      paths
        .filter((path) => !entries.includes(path))
        .toSorted()
        .join(' '),
    )
    .filter((line) => line !== '');
}

describe('the files of the command line', () => {
  it('hold together what small modules several verbs want', () => {
    const made: Made = { bin: [100], a: [100, 'x', 'y'], b: [100, 'x', 'z'], c: [100, 'y', 'z'], x: [1000], y: [1000], z: [1000] };
    assert.deepEqual(shared(made, 'bin', 'a', 'b', 'c'), ['x y z']);
  });

  it('keep what is large away from those who do not want it', () => {
    const made: Made = { bin: [100], a: [100, 'x', 'large'], b: [100, 'x', 'large'], c: [100, 'x'], x: [1000], large: [400_000] };
    assert.deepEqual(shared(made, 'bin', 'a', 'b', 'c').toSorted(), ['large', 'x']);
  });

  it('put nothing small beside it that needs something large', () => {
    const made: Made = { bin: [100], a: [100, 'x', 'small'], b: [100, 'x', 'small'], c: [100, 'x'], x: [1000], small: [1000, 'large'], large: [400_000] };
    assert.ok(shared(made, 'bin', 'a', 'b', 'c').includes('x'));
  });

  it('leave the first entry alone, which every start loads', () => {
    const made: Made = { bin: [100, 'words'], a: [100, 'x', 'words'], b: [100, 'x', 'words'], words: [500], x: [500] };
    assert.deepEqual(shared(made, 'bin', 'a', 'b').toSorted(), ['words', 'x']);
  });

  it('hold every module once, and give every entry all that it needs', () => {
    const names = Array.from({ length: 12 }, (_, index) => `m${index}`);
    const module = fc.record({ bytes: fc.integer({ min: 10, max: 100_000 }), needs: fc.subarray(names, { maxLength: 3 }) });
    fc.assert(
      fc.property(fc.array(module, { minLength: 12, maxLength: 12 }), (modules) => {
        const graph = new Map(modules.map((one, index) => [names[index] as string, one]));
        const entries = names.slice(0, 5);
        const { groups, wantedBy } = inFewGroups(graph, entries);
        const held = groups.flat();
        assert.equal(new Set(held).size, held.length);
        for (const entry of entries) {
          const loaded = new Set(wantedBy.get(entry)?.flatMap((group) => groups[group] ?? []));
          const needed = new Set([entry]);
          for (const path of needed) for (const next of graph.get(path)?.needs ?? []) needed.add(next);
          assert.deepEqual(
            [...needed].filter((path) => !loaded.has(path)),
            [],
          );
        }
      }),
    );
  });
});

/** The exports of a file of the bundle, as the program loads it; `files` are the others. */
function loaded(esm: string, files: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const module = { exports: {} as Readonly<Record<string, unknown>> };
  new Function('require', 'module', 'exports', asCommonJs(esm, 'a.js'))((name: string) => files[name] ?? load(name), module, module.exports);
  return module.exports;
}

const load = createRequire(import.meta.url);

describe('a file of the command line as CommonJS', () => {
  it('takes the names that it needs from others once, and gives its own', () => {
    let asked = 0;
    const other = {
      get two() {
        asked += 1;
        return () => 2;
      },
    };
    const esm = `import {\n  two as renamed\n} from "./other.js";\nimport { join } from "node:path";\nimport path from "node:path";\nfunction four() {\n  return renamed() + renamed() + (join("a", "b") === path.join("a", "b") ? 0 : 1);\n}\nexport {\n  four\n};\n`;
    const { four } = loaded(esm, { './other.js': other }) as { four: () => number };
    assert.equal(four(), 4);
    assert.equal(asked, 1);
  });

  it('is strict, as it was', () => {
    const { self } = loaded('function self() {\n  return this;\n}\nexport {\n  self\n};\n') as { self: () => unknown };
    assert.equal(self(), undefined);
  });

  it('loads another file of ours when it comes to it, and leaves every other import to Node', async () => {
    const esm = 'var near = () => import("./other.js");\nvar far = (url) => import(url);\nexport {\n  near,\n  far\n};\n';
    const files = { './other.js': { three: 3 }, './import.js': async (url: string) => `Node imports ${url}` };
    const { near, far } = loaded(esm, files) as { near: () => Promise<unknown>; far: (url: string) => Promise<unknown> };
    assert.deepEqual(await near(), { three: 3 });
    assert.equal(await far('file:///a.mjs'), 'Node imports file:///a.mjs');
  });

  for (const again of ['count = 1;', 'count += 1;', 'count++;', 'count ??= 1;'])
    it(`is refused where it exports what is assigned later: ${again}`, () => {
      assert.throws(() => asCommonJs(`var count;\nfunction more() {\n  ${again}\n}\nexport {\n  count,\n  more\n};\n`, 'a.js'), /a\.js exports count/);
    });

  it('is refused where files need each other in a circle', () => {
    refuseCircles(
      new Map([
        ['a', ['b', 'c']],
        ['b', ['c']],
        ['c', []],
      ]),
    );
    assert.throws(
      () =>
        refuseCircles(
          new Map([
            ['a', ['b']],
            ['b', ['c']],
            ['c', ['b']],
          ]),
        ),
      /in a circle: b → c → b/,
    );
  });
});

describe('what is put off until it is called', () => {
  const exported = { parse: () => 0, check: () => 0, schema: {} };
  const late = (source: string): string => lately(source, (from) => (from === '../wire/x.js' ? exported : undefined));

  it('are functions of heavy modules, which are fetched once and get what they are called with', () => {
    const source = late("import { parse, check as checkIt } from '../wire/x.js';\nexport const both = (a, b) => [parse(a), checkIt(a, b)];\n");
    const esm = source.replaceAll("'../wire/x.js'", '"./x.js"').replace('export const both', 'const both');
    let fetched = 0;
    const files = {
      get './x.js'() {
        fetched += 1;
        return { parse: (a: number) => a + 1, check: (a: number, b: number) => a * b };
      },
    };
    const { both } = loaded(`${esm}export {\n  both\n};\n`, files) as { both: (a: number, b: number) => unknown };
    assert.equal(fetched, 0);
    assert.deepEqual(both(2, 3), [3, 6]);
    both(2, 3);
    assert.equal(fetched, 1);
  });

  for (const [title, source] of [
    ['something else than functions', "import { parse, schema } from '../wire/x.js';\n"],
    ['a light module', "import { parse } from '../wire/light.js';\n"],
    ['all of a module', "import * as x from '../wire/x.js';\n"],
  ] as const)
    it(`is not an import of ${title}`, () => assert.equal(late(source), source));

  it('are functions of Node itself that are long in loading, but no class', () => {
    const source = late(
      "import { connect as reach } from 'node:net';\nimport { ChildProcess, spawn } from 'node:child_process';\nimport { join } from 'node:path';\n",
    );
    assert.match(
      source,
      /^let lately1;\nconst reach = .* process\.getBuiltinModule\('node:net'\)\)\.connect\(\.\.\.words\);\nimport \{ ChildProcess, spawn \} from 'node:child_process';\nimport \{ join \}/,
    );
  });

  it('are all functions that lib/ takes of the parts of Node that are long in loading: one more that is not put off is loaded by every command', () => {
    const lib = fileURLToPath(new URL('../lib', import.meta.url));
    const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const imports = files.flatMap((file) =>
      [...readFileSync(`${lib}/${file}`, 'utf8').matchAll(/^import \{([^}]*)\} from '(node:(?:child_process|net|os|timers\/promises|v8))';$/gm)].map(
        ([, names = '', from]) => `import {${names.replaceAll(/ type \w+,?/g, '')}} from '${from}';`,
      ),
    );
    assert.ok(imports.length >= 10);
    assert.deepEqual(
      imports.filter((line) => !/\{\s*\}/.test(line) && late(line).startsWith('import')),
      [],
      'name it in OF_NODE of .build/lately.mjs',
    );
  });

  it('are those of node:fs that load a part of it, and no others', () =>
    assert.match(
      late("import { opendirSync, readdirSync as names } from 'node:fs';\n"),
      /^import \{ readdirSync as names \} from 'node:fs';\nlet lately1;\nconst opendirSync = .* process\.getBuiltinModule\('node:fs'\)\)\.opendirSync\(\.\.\.words\);\n$/,
    ));

  it('are modules that load a heavy package, those of wire/ also through another, and no module above', async () => {
    const graph = new Map([
      ['dist/lib/app/a.js', ['dist/lib/wire/x.js', 'dist/lib/platform/watch.js']],
      ['dist/lib/wire/x.js', ['dist/lib/wire/y.js']],
      ['dist/lib/wire/y.js', ['node_modules/zod/index.js']],
      ['dist/lib/wire/light.js', []],
      ['dist/lib/platform/watch.js', ['node_modules/chokidar/index.js']],
      ['node_modules/zod/index.js', []],
      ['node_modules/chokidar/index.js', []],
    ]);
    const found = await lateModules(graph, async (path) => ({ path }));
    assert.deepEqual(
      [...found].map(([path, { isDirect }]) => [path, isDirect]),
      [
        ['dist/lib/wire/x.js', false],
        ['dist/lib/wire/y.js', true],
        ['dist/lib/platform/watch.js', true],
      ],
    );
  });
});

describe('what a package gets instead of what it hardly uses', () => {
  /** A package in one file, and what it asks Node for. */
  async function bundled(name: string): Promise<{ readonly asked: readonly string[]; readonly exported: unknown }> {
    const stdin = { contents: `module.exports = require('${name}');`, resolveDir: '.' };
    const { outputFiles, metafile } = await build({ stdin, bundle: true, platform: 'node', format: 'cjs', write: false, metafile: true, plugins: [light] });
    const module = { exports: undefined };
    new Function('require', 'module', '__filename', outputFiles[0]?.text ?? '')(load, module, '/program.js');
    const asked = Object.values(metafile.outputs).flatMap(({ imports }) => imports.filter(({ external }) => external).map(({ path }) => path));
    return { asked, exported: module.exports };
  }

  it('names temporary files apart from each other, without cryptography', async () => {
    const { asked, exported } = await bundled('write-file-atomic');
    const { _getTmpname: nameOf } = exported as { _getTmpname: (path: string) => string };
    const names = new Set(Array.from({ length: 20_000 }, () => nameOf('/holds.json')));
    assert.equal(names.size, 20_000);
    for (const name of names) assert.match(name, /^\/holds\.json\.\d+$/);
    assert.ok(asked.includes('fs') && !asked.includes('node:crypto') && !asked.includes('worker_threads'), asked.join());
  });

  it('locks by the file system itself', async () => {
    const { asked, exported } = await bundled('proper-lockfile');
    assert.ok(asked.includes('node:fs') && !asked.includes('constants') && !asked.includes('stream') && !asked.includes('assert'), asked.join());
    const { lock } = exported as { lock: (path: string, options: object) => Promise<() => Promise<void>> };
    const path = `${tempRoot()}/owner.sock`;
    const release = await lock(path, { realpath: false });
    await assert.rejects(lock(path, { realpath: false }), { code: 'ELOCKED' });
    await release();
    await (await lock(path, { realpath: false }))();
  });
});
