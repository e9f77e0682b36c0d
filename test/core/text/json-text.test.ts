import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { parseJson } from '../../../lib/core/text/json-text.ts';

it('a text that is no JSON says nothing, and every other one what it says', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => assert.deepEqual(parseJson(JSON.stringify(value)), JSON.parse(JSON.stringify(value)))));
  for (const text of ['', '{', '{"a":1', 'undefined', '{"a":1}{"a":2}', '\u0000']) assert.equal(parseJson(text), undefined, text);
  assert.equal(parseJson('null'), null);
});
