import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { misfits, schemaProblem } from '../../lib/wire/user-schema.ts';

const PERSON = {
  type: 'object',
  properties: { name: { type: 'string', minLength: 2 }, age: { type: 'integer', minimum: 0 }, pets: { type: 'array', items: { enum: ['cat', 'dog'] } } },
  required: ['name'],
  additionalProperties: false,
};

describe('a JSON Schema of the user', () => {
  it('says where a value is wrong and what is allowed, for everything that is wrong', () => {
    assert.deepEqual(misfits(PERSON, { name: 'Ada', age: 36, pets: ['cat'] }, 'payload'), []);
    assert.deepEqual(misfits(PERSON, { name: 'A', age: -1.5, pets: ['dog', 'cow'], nmae: 1 }, 'payload'), [
      'payload.nmae is not known (did you mean name?); allowed: name, age, pets',
      'payload.name: found "A", which must NOT have fewer than 2 characters',
      'payload.age: found the number -1.5, which must be integer',
      'payload.age: found the number -1.5, which must be >= 0',
      'payload.pets[1]: found "cow", which must be one of "cat", "dog"',
    ]);
    assert.deepEqual(misfits(PERSON, {}, 'result'), ['result.name is missing, expected: string']);
    assert.deepEqual(misfits(PERSON, null, 'payload'), ['payload: found an empty value, which must be object']);
  });

  it('tells no more than a person reads', () => {
    const told = misfits(
      { items: { type: 'string' } },
      Array.from({ length: 20 }, (_, index) => index),
      'payload',
    );
    assert.deepEqual([told.length, told.at(-1)], [6, 'and 15 more']);
  });

  it('means what the standard says: not, if, const of maps, references into itself, formats', () => {
    assert.equal(misfits({ not: { type: 'string' } }, 'x', 'v').length, 1);
    assert.deepEqual(misfits(JSON.parse('{"if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["b"]}}'), { a: 1 }, 'v'), ['v.b is missing']);
    assert.deepEqual(misfits({ const: { a: 1 } }, { a: 1 }, 'v'), []);
    assert.deepEqual(misfits({ const: { a: 1 } }, { a: 2 }, 'v'), ['v: found a map, which must be {"a":1}']);
    assert.equal(misfits({ $ref: '#/$defs/word', $defs: { word: { type: 'string' } } }, 1, 'v').length, 1);
    const formats: readonly (readonly [string, string, string])[] = [
      ['date-time', '2026-11-20T07:00:00Z', '2026-11-20'],
      ['date', '2026-02-28', '2026-02-30'],
      ['time', '07:00:00', '25:00'],
      ['email', 'ada@example.org', 'ada'],
      ['uri', 'https://example.org/x', '/x'],
      ['uuid', '3f2504e0-4f89-11d3-9a0c-0305e82c3301', '3f2504e0'],
      ['hostname', 'a.example.org', '-a.org'],
      ['ipv4', '127.0.0.1', '256.0.0.1'],
      ['ipv6', '::1', '127.0.0.1'],
    ];
    for (const [format, right, wrong] of formats) {
      assert.deepEqual(misfits({ format }, right, 'v'), [], format);
      assert.equal(misfits({ format }, wrong, 'v').length, 1, format);
    }
  });

  it('is the same schema in two cadences, whatever it calls itself', () => {
    const copy = (): object => ({ $schema: 'http://json-schema.org/draft-07/schema#', $id: 'urn:x', type: 'string' });
    for (const schema of [copy(), copy()]) assert.deepEqual(misfits(schema as never, 'x', 'v'), []);
  });

  it('is refused where it is wrong itself, with the place', () => {
    const cases: readonly (readonly [unknown, readonly (string | number)[], RegExp])[] = [
      [{ type: 'strnig' }, ['type'], /must be one of .*"string"/],
      [{ properties: { a: { type: 'strnig' } } }, ['properties', 'a', 'type'], /found "strnig"/],
      [{ properties: { a: { typ: 'x' } } }, ['properties', 'a', 'typ'], /unknown keyword: "typ"/],
      [{ required: 'a' }, ['required'], /must be array/],
      [{ items: [{ type: 'string' }] }, ['items'], /found a list/],
      [{ pattern: '(' }, [], /Invalid regular expression/],
      [{ $ref: 'https://example.org/x' }, [], /can't resolve reference/],
      [{ properties: { a: { format: 'idn-email' } } }, ['properties', 'a', 'format'], /known: date-time, /],
      [[], [], /found an empty list, expected a map/],
      [null, [], /found an empty value/],
    ];
    for (const [schema, path, says] of cases) {
      const found = schemaProblem(schema);
      assert.deepEqual(found?.path, path, JSON.stringify(schema));
      assert.match(found?.message ?? '', says);
    }
    for (const schema of [{}, true, false, PERSON]) assert.equal(schemaProblem(schema), undefined);
  });

  it('that refers to itself ends with a word, not with the stack, on a value without a bottom', () => {
    const list = { $defs: { node: { items: { $ref: '#/$defs/node' } } }, $ref: '#/$defs/node' };
    const deep = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`);
    assert.deepEqual(misfits(list, deep, 'payload'), ['payload is nested too deeply']);
  });
});
