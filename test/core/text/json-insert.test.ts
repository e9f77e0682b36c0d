import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { insertInto, removeFrom } from '../../../lib/core/text/json-insert.ts';

type Json = { [key: string]: unknown };

/** The same by parsing and writing. */
function inserted(value: Json, path: readonly string[], element: unknown): Json {
  const copy = structuredClone(value);
  let at: Json = copy;
  for (const name of path.slice(0, -1)) {
    if (!Object.hasOwn(at, name)) Object.defineProperty(at, name, { value: {}, writable: true, enumerable: true, configurable: true });
    at = at[name] as Json;
  }
  const last = path.at(-1) as string;
  if (Object.hasOwn(at, last)) (at[last] as unknown[]).push(element);
  else Object.defineProperty(at, last, { value: [element], writable: true, enumerable: true, configurable: true });
  return copy;
}

const PATH = ['hooks', 'Stop'] as const;

describe('a value put into a JSON text', () => {
  it('stands on lines of its own where its neighbours do, and no byte around it changes', () => {
    const text = '{\n\t"model":   "x",\n\t"hooks": {\n\t\t"PreToolUse": [ { "n": 1.50 } ]\n\t}\n}\n';
    const expected =
      '{\n\t"model":   "x",\n\t"hooks": {\n\t\t"PreToolUse": [ { "n": 1.50 } ],\n\t\t"Stop": [\n\t\t\t{\n\t\t\t\t"a": 1\n\t\t\t}\n\t\t]\n\t}\n}\n';
    assert.equal(insertInto(text, PATH, { a: 1 }), expected);
    assert.equal(insertInto('{"hooks": {"Stop": [{"b": 2}]}}', PATH, { a: 1 }), '{"hooks": {"Stop": [{"b": 2}, {"a":1}]}}');
    assert.equal(insertInto('{}\n', ['x'], 1), '{\n  "x": [\n    1\n  ]\n}\n');
  });

  it('is what parsing and pushing gives, for every text; and taken out again leaves the value as it was', () => {
    const other = fc.dictionary(
      fc.string({ maxLength: 6 }).filter((key) => key !== 'hooks'),
      fc.jsonValue({ maxDepth: 2 }),
      { maxKeys: 4 },
    );
    const hooks = fc.option(
      fc.tuple(
        fc.dictionary(fc.constantFrom('PreToolUse', 'Notification', '}'), fc.array(fc.jsonValue({ maxDepth: 1 })), { maxKeys: 2 }),
        fc.option(fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 3 })),
      ),
    );
    const blank = fc.constantFrom(0, 2, 4, '\t', '   ');
    fc.assert(
      fc.property(other, hooks, blank, fc.boolean(), (base, held, space, isFirst) => {
        const ours = held === null ? {} : { hooks: { ...held[0], ...(held[1] === null ? {} : { Stop: held[1] }) } };
        const value = JSON.parse(JSON.stringify(isFirst ? { ...ours, ...base } : { ...base, ...ours })) as Json;
        const text = JSON.stringify(value, null, space);
        const after = insertInto(text, PATH, { command: 'a "b" }' });
        const parsed = JSON.parse(after) as { hooks: { Stop: unknown[] } };
        assert.deepEqual(parsed, inserted(value, PATH, { command: 'a "b" }' }));
        const back = JSON.parse(removeFrom(after, PATH, parsed.hooks.Stop.length - 1)) as { hooks: { Stop: unknown[] } };
        parsed.hooks.Stop.pop();
        assert.deepEqual(back, parsed);
        for (const index of parsed.hooks.Stop.keys()) {
          const shorter = JSON.parse(removeFrom(after, PATH, index)) as { hooks: { Stop: unknown[] } };
          assert.equal(shorter.hooks.Stop.length, parsed.hooks.Stop.length);
        }
      }),
      { numRuns: 300 },
    );
  });
});
