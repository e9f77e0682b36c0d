import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import * as code from './support/code-rules.ts';
import * as imports from './support/import-rules.ts';
import { openReader, type Source } from './support/sources.ts';

type Rule = (sources: readonly Source[]) => readonly imports.Finding[];

const reader = openReader();
const project = reader.project();
after(() => reader.close());

function holds(rule: Rule): void {
  assert.ok(
    project.some(({ path }) => path === 'lib/core/tick.ts'),
    'The sources were not found, so nothing would be checked.',
  );
  const lines = rule(project).map(({ path, line, found, instead }) => `  ${path}:${line}  ${found}\n      → ${instead}`);
  assert.equal(lines.length, 0, `${lines.length} to put right (CONVENTIONS.md):\n${lines.join('\n')}`);
}

/** `path:line` of all that the rule finds in these sources. */
function finds(rule: Rule, files: Readonly<Record<string, string>>): readonly string[] {
  return rule(reader.texts(files)).map(({ path, line }) => `${path}:${line}`);
}

const lines = (count: number): string => '// one line of it\n'.repeat(count);
const NOTHING = 'export {};\n';
const PROJECT = new URL('../', import.meta.url);
/** What the user of this project has fixed; beside it stand dotfiles, and what git ignores. */
const TOP_LEVEL = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'bin',
  'cadences',
  'lib',
  'logs',
  'package-lock.json',
  'package.json',
  'state',
  'test',
  'tsconfig.json',
];
const IGNORED = /^(?:node_modules|dist|coverage)$|\.(?:tgz|tsbuildinfo)$/;

describe('the sources', () => {
  it('lie in folders that the table of layers knows', () => holds(imports.unknownPlaces));
  it('put nothing new on the top level', () => {
    const found = readdirSync(PROJECT).filter((name) => !name.startsWith('.') && !IGNORED.test(name));
    assert.deepEqual(found.toSorted(), TOP_LEVEL.toSorted());
  });
  it('import only what the table allows their folder', () => holds(imports.upwardImports));
  it('do not import from a sibling folder', () => holds(imports.siblingImports));
  it('have no ring of imports', () => holds(imports.importCycles));
  it('name every module they load, but for the user modules that runners/inline.ts loads', () => holds(imports.blindImports));
  it('give the library nothing to load but node modules', () => holds(imports.librarySurface));
  it('answer the everyday questions without the packages that read definitions', () => holds(imports.heavyAnswers));
  it('keep core free of waiting, clock, chance and process', () => holds(code.impureCore));
  it('ask for time, chance, timers and the network in platform only', () => holds(code.worldOutsidePlatform));
  it('have at most 300 lines a file', () => holds(code.longFiles));
  it('have at most 50 lines a function', () => holds(code.longFunctions));
  it('have no class but CadenceError', () => holds(code.classes));
  it('name every variant where they switch over a union', () => holds(code.defaultsOverUnions));
  it('are named by a noun that says something', () => holds(code.emptyNames));
  it('have no catch that swallows everything', () => holds(code.emptyCatches));
});

describe('the rules about imports', () => {
  it('find a folder and a file of lib that are not in the table', () => {
    const files = { 'lib/magic/spell.ts': NOTHING, 'lib/extra.ts': NOTHING, 'lib/doc.ts': NOTHING, 'bin/cadence-bus.ts': NOTHING };
    assert.deepEqual(finds(imports.unknownPlaces, files), ['lib/magic/spell.ts:1', 'lib/extra.ts:1']);
  });

  it('find imports that point up, of every kind of import', () => {
    const files = {
      'lib/core/a.ts': "import '../ports.ts';\nimport type { X } from '../wire/x.ts';\nexport * from 'zod';\n",
      'lib/ports.ts': "import type { X } from './wire/x.ts';\ntype Y = import('./bus/x.ts').X;\n",
      'lib/services/a.ts': "const x = await import('../app/x.ts');\nconst y = await import(`../bus/y.ts`);\n",
    };
    const expected = [
      'lib/core/a.ts:1',
      'lib/core/a.ts:2',
      'lib/core/a.ts:3',
      'lib/ports.ts:1',
      'lib/ports.ts:2',
      'lib/services/a.ts:1',
      'lib/services/a.ts:2',
    ];
    assert.deepEqual(finds(imports.upwardImports, files), expected);
  });

  it('find packages and node modules outside the folder that owns them', () => {
    const files = {
      'lib/bus/a.ts': "import 'node:path';\nimport 'node:fs';\nimport 'path';\nimport 'zod';\n",
      'lib/wire/a.ts': "import 'zod/mini';\nimport 'zodiac';\nimport 'yaml';\n",
      'lib/platform/a.ts': "import 'node:fs/promises';\nimport 'chokidar';\nimport 'croner';\nimport 'fs';\n",
      'lib/fleet/a.ts': "import '@nats-io/jetstream';\nimport '@nats';\n",
      'lib/cli/a.ts': "import 'node:util';\nimport 'node:os';\nimport '../bus/file-queue.ts';\n",
      'bin/a.ts': "import '../lib/cli/main.ts';\nimport '../lib/app/api.ts';\n",
    };
    const expected = [
      'bus/a.ts:2',
      'bus/a.ts:3',
      'bus/a.ts:4',
      'wire/a.ts:2',
      'platform/a.ts:3',
      'platform/a.ts:4',
      'fleet/a.ts:2',
      'cli/a.ts:2',
      'cli/a.ts:3',
    ];
    assert.deepEqual(finds(imports.upwardImports, files), [...expected.map((at) => `lib/${at}`), 'bin/a.ts:2']);
  });

  it('are not fooled by imports in comments, strings, templates and patterns', () => {
    const files = {
      'lib/core/a.ts': "// import 'zod';\nexport const a = 'import \"zod\"';\nexport const b = `import 'zod'`;\nexport const c = /import 'zod'/;\n",
    };
    assert.deepEqual(finds(imports.upwardImports, files), []);
  });

  it('let the library surface have core and the producer, and no other file of platform', () => {
    const files = { 'lib/index.ts': "export * from './core/tick.ts';\nexport * from './platform/producer.ts';\nexport * from './platform/files.ts';\n" };
    assert.deepEqual(finds(imports.upwardImports, files), ['lib/index.ts:3']);
  });

  it('find siblings that meet, and let the folder itself and wire below it be', () => {
    const files = {
      'lib/bus/a.ts': "import '../history/log.ts';\nimport './names.ts';\nimport '../wire/tick.ts';\n",
      'lib/cli/a.ts': "import '../web/page.ts';\n",
    };
    assert.deepEqual(finds(imports.siblingImports, files), ['lib/bus/a.ts:1', 'lib/cli/a.ts:1']);
    assert.deepEqual(finds(imports.upwardImports, files), [], 'a sibling is reported once, with its own advice');
  });

  it('find a ring of two, a ring of three and a file that imports itself', () => {
    const ring = {
      'lib/core/a.ts': "import './b.ts';\n",
      'lib/core/b.ts': "import './c.ts';\n",
      'lib/core/c.ts': "import './d.ts';\nimport './a.ts';\n",
      'lib/core/d.ts': NOTHING,
    };
    assert.deepEqual(finds(imports.importCycles, ring), ['lib/core/c.ts:2']);
    assert.deepEqual(finds(imports.importCycles, { 'lib/core/a.ts': "import './b.ts';\n", 'lib/core/b.ts': "export * from './a.ts';\n" }), ['lib/core/b.ts:1']);
    assert.deepEqual(finds(imports.importCycles, { 'lib/core/a.ts': "import './a.ts';\n" }), ['lib/core/a.ts:1']);
  });

  it('take two ways to one file for no ring', () => {
    const files = { 'lib/core/a.ts': "import './b.ts';\nimport './c.ts';\n", 'lib/core/b.ts': "import './c.ts';\n", 'lib/core/c.ts': NOTHING };
    assert.deepEqual(finds(imports.importCycles, files), []);
  });

  it('find a module whose name is computed, anywhere but in runners/inline.ts', () => {
    const blind = 'export const load = (path: string): Promise<unknown> => import(path);\n';
    assert.deepEqual(finds(imports.blindImports, { 'lib/runners/inline.ts': blind, 'lib/runners/command.ts': blind }), ['lib/runners/command.ts:1']);
  });

  it('find a package that the library loads through another file, and let types pass', () => {
    const files = {
      'lib/index.ts': "export * from './platform/producer.ts';\n",
      'lib/platform/producer.ts': "import { join } from 'node:path';\nimport type { Logger } from 'pino';\nimport './files.ts';\n",
      'lib/platform/files.ts': "import 'node:fs';\nimport { watch } from 'chokidar';\n",
      'lib/platform/log.ts': "import { pino } from 'pino';\n",
    };
    assert.deepEqual(finds(imports.librarySurface, files), ['lib/platform/files.ts:2']);
  });
});

describe('the rule about everyday answers', () => {
  it('finds a heavy package behind another file, and lets what is loaded late pass', () => {
    const files = {
      'lib/cli/verbs/status.ts': "import '../../app/answers/status.ts';\nconst late = await import('../../app/late.ts');\n",
      'lib/app/answers/status.ts': "import type { ZodType } from 'zod';\nimport { parse } from 'yaml';\n",
      'lib/app/late.ts': "import * as z from 'zod';\n",
    };
    assert.deepEqual(finds(imports.heavyAnswers, files), ['lib/app/answers/status.ts:2']);
  });
});

describe('the rules about code', () => {
  it('find waiting, clock, chance and process in core', () => {
    const impure = [
      'export const a = async (): Promise<void> => {};',
      'export async function b(): Promise<void> { await a(); }',
      'export const c = (): number => Date.now();',
      'export const d = (): Date => new Date();',
      'export const e = (): number => Math.random();',
      'export const f = (): string => process.cwd();',
      'export const g = (): void => console.log(1);',
      'setTimeout(d, 1);',
      'export const h = { setTimeout };',
    ];
    const found = finds(code.impureCore, { 'lib/core/a.ts': impure.join('\n') });
    assert.deepEqual([...new Set(found)], ['lib/core/a.ts:1', ...[2, 3, 4, 5, 6, 7, 8, 9].map((line) => `lib/core/a.ts:${line}`)]);
  });

  it('let core count with dates that it is given, and name a field as it likes', () => {
    const pure =
      'export const a = (ms: number): string => new Date(ms).toISOString();\nexport const b = { process: Date.UTC(1970, 0, 1), await: 1 };\nexport const c = b.process;\n';
    assert.deepEqual(finds(code.impureCore, { 'lib/core/a.ts': pure }), []);
  });

  it('find clock, chance, timers and the network outside platform', () => {
    const worldly =
      'export const a = Date.now();\nexport const b = Math.random();\nexport const c = (): Promise<unknown> => fetch("x");\nprocess.kill(1);\nsetTimeout(c, 1);\nexport const d = crypto.randomUUID();\nexport const e = globalThis.setTimeout;\n';
    const found = finds(code.worldOutsidePlatform, { 'lib/bus/a.ts': worldly, 'lib/platform/a.ts': worldly });
    assert.deepEqual(
      found,
      [1, 2, 3, 4, 5, 6, 7].map((line) => `lib/bus/a.ts:${line}`),
    );
  });

  it('let a port be called as the global is', () => {
    const files = { 'lib/bus/a.ts': 'export const a = (deps: { fetch(): void }): void => deps.fetch();\n' };
    assert.deepEqual(finds(code.worldOutsidePlatform, files), []);
  });

  it('find the 301st line of a file, and let 300 be', () => {
    assert.deepEqual(finds(code.longFiles, { 'lib/core/a.ts': lines(300), 'lib/core/b.ts': lines(301), 'bin/c.ts': lines(301) }), [
      'lib/core/b.ts:301',
      'bin/c.ts:301',
    ]);
  });

  it('find the 51st line of a function, an arrow, a method and a getter, and let 50 be', () => {
    const inside = (head: string, count: number, tail = '}'): string => `${head}\n${lines(count - 2)}${tail}\n`;
    assert.deepEqual(finds(code.longFunctions, { 'lib/core/a.ts': inside('export function a(): void {', 50) }), []);
    for (const [head, tail] of [
      ['export function a(): void {', '}'],
      ['export const a = (): void => {', '};'],
      ['export const a = { b(): void {', '} };'],
      ['export const a = { get b(): number { return 1;', '} };'],
    ] as const) {
      assert.deepEqual(finds(code.longFunctions, { 'lib/core/a.ts': inside(head, 51, tail) }), ['lib/core/a.ts:1'], head);
    }
  });

  it('do not count the comment above a function', () => {
    assert.deepEqual(finds(code.longFunctions, { 'lib/core/a.ts': `/**\n${' * of it\n'.repeat(60)} */\nexport function a(): void {}\n` }), []);
  });

  it('find a class, also one without a name and a second CadenceError', () => {
    const files = {
      'lib/core/error.ts': 'export class CadenceError extends Error {}\nexport class OtherError extends Error {}\n',
      'lib/bus/a.ts': 'export const a = class {};\nexport class CadenceError {}\n',
    };
    assert.deepEqual(finds(code.classes, files), ['lib/core/error.ts:2', 'lib/bus/a.ts:1', 'lib/bus/a.ts:2']);
  });

  it('find a default over a union, also one of another file, and let it be over text and numbers', () => {
    const over = (type: string): string =>
      `export function f(x: ${type}): number {\n  switch (x) {\n    case 'a':\n      return 1;\n    default:\n      return 2;\n  }\n}\n`;
    const files = {
      'lib/core/union.ts': "export type Kind = 'a' | 'b';\n",
      'lib/core/a.ts': `import type { Kind } from './union.ts';\n${over('Kind')}`,
      'lib/core/b.ts': over("'a' | 'b' | undefined"),
      'lib/core/c.ts': over('string'),
      'lib/core/d.ts': over('string | undefined'),
      'lib/core/e.ts':
        "export const f = (x: { kind: 'a' } | { kind: 'b' }): number => {\n  switch (x.kind) {\n    case 'a':\n      return 1;\n    default:\n      return 2;\n  }\n};\n",
    };
    assert.deepEqual(finds(code.defaultsOverUnions, files), ['lib/core/a.ts:6', 'lib/core/b.ts:5', 'lib/core/e.ts:5']);
  });

  it('find names that say nothing, in files and folders, and words that only contain them', () => {
    const files = {
      'lib/bus/utils.ts': NOTHING,
      'lib/core/tick-types.ts': NOTHING,
      'lib/cli/helpers/x.ts': NOTHING,
      'lib/bus/process-manager.ts': NOTHING,
      'lib/core/archetypes.ts': NOTHING,
    };
    assert.deepEqual(finds(code.emptyNames, files), [
      'lib/bus/utils.ts:1',
      'lib/core/tick-types.ts:1',
      'lib/cli/helpers/x.ts:1',
      'lib/bus/process-manager.ts:1',
    ]);
  });

  it('find a catch that swallows, with a comment in it too, and a rejection that is dropped', () => {
    const swallowing = [
      'try { f(); } catch {}',
      'try { f(); } catch (error) { /* never mind */ }',
      'g().catch(() => {});',
      'g().catch(() => undefined);',
      'g().then(f, () => { /* why */ });',
      'try { f(); } catch (error) { throw error; }',
      'g().catch((error) => f(error));',
      'g().then(() => {});',
    ];
    const source = `declare function f(x?: unknown): void;declare function g(): Promise<void>;${swallowing.join('\n')}\nexport {};\n`;
    assert.deepEqual(
      finds(code.emptyCatches, { 'lib/bus/a.ts': source }),
      [1, 2, 3, 4, 5].map((line) => `lib/bus/a.ts:${line}`),
    );
  });
});
