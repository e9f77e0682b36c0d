import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { editYaml, type YamlEdit } from '../../lib/wire/yaml-edit.ts';
import { readYaml } from '../../lib/wire/yaml-source.ts';

const TEXT = `# the nightly backup
run: { command: [./backup.sh], cwd: ~/vault } # what
timeout: 20m   # long

retry:
  # be patient
  attempts: 3
  delays: [30s, 2m] # between
env:  # which
  - A
  - B # b
empty:
description: >
  of the
  vault
`;

function edited(dotted: string, value: unknown, text = TEXT): string {
  return editYaml(text, [{ path: dotted.split('.') as unknown as YamlEdit['path'], value }]);
}

describe('D14 P36 an edit of one key', () => {
  const cases: readonly (readonly [title: string, key: string, value: unknown, from: string, to: string])[] = [
    ['of a word keeps what stands behind it', 'timeout', '10m', 'timeout: 20m   # long', 'timeout: 10m   # long'],
    ['in a flow map', 'run.cwd', '~/other', 'cwd: ~/vault }', 'cwd: ~/other }'],
    ['that is new in a flow map', 'run.shell', true, 'cwd: ~/vault }', 'cwd: ~/vault, shell: true }'],
    ['in a block map', 'retry.attempts', 5, 'attempts: 3', 'attempts: 5'],
    ['that is new in a block map', 'retry.jitter', 0, '# between\n', '# between\n  jitter: 0\n'],
    ['with a list', 'retry.delays', ['1s', 0], '[30s, 2m]', '[1s, 0]'],
    ['of a block list becomes one line, and keeps the comment at its key', 'env', ['C'], 'env:  # which\n  - A\n  - B # b\n', 'env: [C]  # which\n'],
    ['of an empty value', 'empty', 'x', 'empty:\n', 'empty: x\n'],
    ['of a folded text', 'description', 'short', '>\n  of the\n  vault\n', 'short\n'],
    ['that is new stands at the end', 'enabled', false, '  vault\n', '  vault\nenabled: false\n'],
    ['that is new in a map that is new', 'breaker.failures', 2, '  vault\n', '  vault\nbreaker: {failures: 2}\n'],
    ['quotes what YAML would read otherwise', 'timeout', 'a: b # c', '20m   # long', '"a: b # c"   # long'],
    ['quotes a cron line', 'timeout', '*/5 * * * *', '20m ', '"*/5 * * * *" '],
    ['that goes takes its line with it', 'timeout', undefined, 'timeout: 20m   # long\n', ''],
    ['that goes from a flow map', 'run.cwd', undefined, '[./backup.sh], cwd: ~/vault }', '[./backup.sh] }'],
    ['that goes from the head of a flow map', 'run.command', undefined, '{ command: [./backup.sh], cwd', '{ cwd'],
    ['that goes with all that is in it', 'env', undefined, 'env:  # which\n  - A\n  - B # b\n', ''],
    ['that is not there may go', 'retry.none', undefined, '', ''],
  ];
  for (const [title, key, value, from, to] of cases) {
    it(title, () => {
      assert.ok(TEXT.includes(from));
      assert.equal(edited(key, value), TEXT.replace(from, to));
    });
  }

  it('that was the last of its map takes the map with it', () => {
    assert.equal(edited('retry.attempts', undefined, 'a: 1\nretry:\n  attempts: 3\nb: 2\n'), 'a: 1\nb: 2\n');
  });

  it('in a text without a newline at its end, in an empty one, and in one of comments only', () => {
    assert.equal(edited('b', 2, 'a: 1'), 'a: 1\nb: 2\n');
    assert.equal(edited('b', 2, ''), 'b: 2\n');
    assert.equal(edited('b', 2, '# only words\n'), '# only words\nb: 2\n');
    assert.equal(edited('b', 2, '{ a: 1 }\n'), '{ a: 1, b: 2 }\n');
    assert.equal(edited('b', 2, '\ufeffa: 1\r\n'), '\ufeffa: 1\r\nb: 2\r\n');
  });

  it('leaves what an alias stands for to the library, and refuses what would change two places', () => {
    const text = 'a: &x { b: 1 }\nc: *x\n';
    assert.deepEqual(readYaml(edited('d', 1, text)).value, { a: { b: 1 }, c: { b: 1 }, d: 1 });
    assert.deepEqual(readYaml(edited('c', 2, text)).value, { a: { b: 1 }, c: 2 });
    assert.throws(() => edited('c.b', 2, text), /c\.b cannot be changed by itself/);
  });

  it('says what was meant, and loses no comment of another line, whatever the text and the edit are', () => {
    const word = fc.constantFrom('x', 'a b', '10m', '0', 'true', '', '# no', 'a: b', "it's", '*/5 * * * *', '- x', 'two\nlines');
    const leaf = fc.oneof(word, fc.integer(), fc.boolean(), fc.array(word, { maxLength: 3 }));
    const key = fc.constantFrom('run', 'retry', 'env', 'timeout');
    const value = fc.oneof(leaf, fc.dictionary(key, leaf, { minKeys: 1, maxKeys: 3, noNullPrototype: true }));
    const edit = fc.record({ path: fc.array(key, { minLength: 1, maxLength: 2 }), value: fc.option(value, { nil: undefined }) });
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 4, noNullPrototype: true }), edit, fc.boolean(), (base, { path, value: next }, isFlow) => {
        const lines = Object.entries(base).map(
          ([name, held]) => `# about ${name}\n${isFlow ? `${name}: ${JSON.stringify(held)} # ${name}\n` : blockOf(name, held)}`,
        );
        const text = lines.join('');
        const now = editYaml(text, [{ path: path as unknown as YamlEdit['path'], value: next }]);
        const top = path[0] as string;
        for (const name of Object.keys(base)) assert.ok(now.includes(`# about ${name}\n`), now);
        for (const [name, held] of Object.entries(base)) if (name !== top) assert.deepEqual((readYaml(now).value as Record<string, unknown>)[name], held, now);
        const seen = path.reduce<unknown>((inner, part) => (inner as Record<string, unknown> | undefined)?.[part], readYaml(now).value);
        assert.deepEqual(seen, next, now);
      }),
    );
  });
});

function blockOf(name: string, held: unknown): string {
  if (typeof held !== 'object' || held === null || Object.keys(held).length === 0) return `${name}: ${JSON.stringify(held)}\n`;
  const inner = Array.isArray(held)
    ? held.map((one) => `  - ${JSON.stringify(one)}\n`)
    : Object.entries(held).map(([key, one]) => `  ${key}: ${JSON.stringify(one)} # in\n`);
  return `${name}:\n${inner.join('')}`;
}
