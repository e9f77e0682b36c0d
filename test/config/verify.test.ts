import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HOME, loadOne, placesOf } from './definition-yard.ts';

const RUN = 'run: {command: [true], output: json}\n';

type Case = readonly [title: string, verify: string, places: readonly string[], says: RegExp];

const CASES: readonly Case[] = [
  ['a word', 'yes please', ['2:9 verify'], /expected a map with one of command, newer, schema/],
  ['no evidence', '{required: false}', ['2:1 verify'], /names no evidence, expected one of command, newer, schema/],
  ['two kinds of evidence', '{command: [true], newer: x}', ['2:1 verify'], /names command and newer, expected one of them/],
  ['a misspelt kind', '{comand: [true]}', ['2:10 verify.comand'], /Did you mean "command"\?/],
  ['a timeout without a command', '{newer: x, timeout: 5m}', ['2:20 verify.timeout'], /belongs to a command/],
  ['an empty list of files', '{newer: []}', ['2:17 verify.newer'], /found an empty list, expected a path/],
  ['a program that is not there', '{command: [./nope.sh]}', ['2:20 verify.command[0]'], /there is no program/],
  ['shell syntax without a shell', '{command: "test -s out && true"}', ['2:19 verify.command'], /found &&, which only a shell understands/],
  ['a schema that is no map', '{schema: text}', ['2:18 verify.schema'], /expected a JSON Schema, written as a map/],
  [
    'a schema with a mistake in it',
    '{schema: {properties: {a: {type: strnig}}}}',
    ['2:42 verify.schema.properties.a.type'],
    /no valid JSON Schema: found "strnig"/,
  ],
  ['a misspelt keyword of a schema', '{schema: {typ: object}}', ['2:24 verify.schema.typ'], /unknown keyword: "typ"/],
  ['a word for what counts', '{newer: x, counts: always}', ['2:28 verify.counts'], /expected one of proven, ended/],
];

describe('the evidence that a cadence asks for', () => {
  for (const [title, verify, places, says] of CASES) {
    it(`says where and what is wrong with ${title}`, () => {
      const { cadence, problems } = loadOne('case.yaml', `${RUN}verify: ${verify}\n`);
      assert.deepEqual(placesOf(problems), places);
      assert.match(`${problems[0]?.message} ${problems[0]?.hint}`, says);
      assert.equal(cadence, undefined);
    });
  }

  it('has every default filled in and every path whole', () => {
    const verifyOf = (verify: string) => {
      const { cadence, problems } = loadOne('case.yaml', `${RUN}verify: ${verify}\n`);
      assert.deepEqual(problems, []);
      return cadence?.verify;
    };
    const command = verifyOf('{command: [test, -s, out.md], timeout: 5s}');
    assert.ok(command?.kind === 'command');
    assert.deepEqual([command.run.argv, command.timeoutMs, command.isRequired, command.counts], [['test', '-s', 'out.md'], 5000, true, 'proven']);
    assert.deepEqual(verifyOf('{newer: ~/out/*.md, required: false, counts: ended}'), {
      ...{ kind: 'newer', patterns: [`${HOME}/out/*.md`], isRequired: false, counts: 'ended' },
    });
    assert.equal(verifyOf('{command: "test -s out.md", shell: true}')?.kind, 'command');
  });
});
