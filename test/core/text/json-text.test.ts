import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { parseJson, wellFormed } from '../../../lib/core/text/json-text.ts';

it('a text that is no JSON says nothing, and every other one what it says', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => assert.deepEqual(parseJson(JSON.stringify(value)), JSON.parse(JSON.stringify(value)))));
  for (const text of ['', '{', '{"a":1', 'undefined', '{"a":1}{"a":2}', '\u0000']) assert.equal(parseJson(text), undefined, text);
  assert.equal(parseJson('null'), null);
});

it('JSON with half a character in it is made JSON that anybody reads, and says all else as before', () => {
  const clean = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd');
  const texts = fc.string({ unit: fc.constantFrom('a', '\\', '"', 'u', 'd83d', '\ud83d', '\ude00', '😀', '\u0000'), maxLength: 12 });
  fc.assert(fc.property(texts, texts, (key, value) => assert.deepEqual(JSON.parse(wellFormed(JSON.stringify([key, value]))), [clean(key), clean(value)])));
});
