import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CommandRun } from '../../lib/core/cadence.ts';
import { argvOf } from '../../lib/runners/command.ts';
import { loadOne, placesOf } from './definition-yard.ts';

type Case = readonly [title: string, text: string, places: readonly string[], says: RegExp];

const CASES: readonly Case[] = [
  ['a format that is none', 'run: {command: [a], output: yaml}\n', ['1:29 run.output'], /found "yaml", expected one of text, json, jsonl, auto/],
  ['a format of a guard', 'run: {command: [a]}\nguard: {command: [a], output: json}\n', ['2:23 guard.output'], /unknown key "output"/],
  ['arguments in one text', 'run: {command: [a], args: -x -y}\n', ['1:27 run.args'], /found "-x -y", expected a list of words/],
  [
    'a summary of words',
    'run: {command: [a]}\nsummary: "{tabs} tabs"\n',
    ['2:1 summary'],
    /there is no result to look at: stdout is text Set run.output to json or jsonl/,
  ],
  ['a schema for words', 'run: {command: [a]}\nverify: {schema: {type: object}}\n', ['2:10 verify.schema'], /no result to look at/],
  ['a dry run that is not there', 'run: {command: [a], dry_run_command: [./nope.sh]}\n', ['1:39 run.dry_run_command[0]'], /there is no program/],
  [
    'a dry run that is a shell line without a shell',
    'run: {command: [a], dry_run_command: "a | b"}\n',
    ['1:38 run.dry_run_command'],
    /found \|, which only a shell/,
  ],
];

const runOf = (run: string): CommandRun => {
  const { cadence, problems } = loadOne('case.yaml', `run: ${run}\n`);
  assert.deepEqual(problems, []);
  return cadence?.run as CommandRun;
};

describe('what a command prints and is given', () => {
  for (const [title, text, places, says] of CASES) {
    it(`says where and what is wrong with ${title}`, () => {
      const { cadence, problems } = loadOne('case.yaml', text);
      assert.deepEqual(placesOf(problems), places);
      assert.match(`${problems[0]?.message} ${problems[0]?.hint}`, says);
      assert.equal(cadence, undefined);
    });
  }

  it('D26 args follow the words of the command; dry_run_args stand in their place, dry_run_command in that of the whole', () => {
    const run = runOf('{command: [importer, fetch], args: [--account, main], dry_run_args: [--dry-run], output: jsonl}');
    assert.deepEqual([run.argv, run.dryRunArgv, run.output], [['importer', 'fetch', '--account', 'main'], ['importer', 'fetch', '--dry-run'], 'jsonl']);
    assert.deepEqual(runOf('{command: importer, dry_run_command: importer --check}').dryRunArgv, ['importer', '--check']);
    assert.deepEqual(runOf('{command: importer, dry_run_command: [checker], dry_run_args: [-v]}').dryRunArgv, ['checker', '-v']);
    assert.equal(runOf('{command: importer, args: [-x]}').dryRunArgv, undefined);
  });

  it('D26 args of a shell line are its $1, $2 and so on: no word of theirs is read by the shell', () => {
    const run = runOf(`{command: 'printf "%s\\n" "$@"', shell: true, args: ["$(rm -rf x)", 0644, "{payload.x}"]}`);
    assert.deepEqual(argvOf(run), ['/bin/sh', '-c', 'printf "%s\\n" "$@"', 'sh', '$(rm -rf x)', '0644', '{payload.x}']);
  });
});
