import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadOne, placesOf } from './definition-yard.ts';

const RUN = 'run: { command: [train] }\n';
const load = (...lines: readonly string[]) => loadOne('train.yaml', `${RUN}${lines.join('\n')}\n`);

describe('on_failure', () => {
  it('A21 D6 is a line, a command or a list of hooks as ever, and rungs beside them', () => {
    const { cadence, problems } = load(
      'retry: { attempts: 10 }',
      'on_failure:',
      '  - echo hook',
      '  - { when: oom, restart_with_env: { BATCH: half, LR: 0.1 } }',
      '  - { command: [notify-send, failed] }',
      '  - { when: { detector: exit, message: "Connection reset" }, restart: }',
      '  - { when: any, command: [./../bin/true, "{error}"], timeout: 1m, shell: false }'.replace('./../bin/true', 'true'),
      '  - { agent: { max_usd: 1.5, allowed_tools: [Read, "Bash(git *)"], verify: 10m } }',
      '  - { notify: [slack, macos] }',
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      cadence?.followUps?.hooks.on_failure?.map(({ argv }) => argv),
      [['echo hook'], ['notify-send', 'failed']],
    );
    const { rungs, escalateAfter, perHour, onRegression } = cadence?.ladder ?? assert.fail();
    assert.deepEqual(
      rungs.map(({ when, action }) => [action.kind, when]),
      [
        ['restart_with_env', { detector: 'oom' }],
        ['restart', { detector: 'exit', message: 'Connection reset' }],
        ['command', undefined],
        ['agent', undefined],
        ['notify', undefined],
      ],
    );
    assert.deepEqual([escalateAfter, perHour, onRegression], [2, 5, 'revert'], 'A25: a fifth of the tries');
    assert.equal(load('on_failure: { command: [x] }').cadence?.ladder, undefined, 'a hook alone is no ladder');
  });

  it('P13 P15 an agent has 180 s, 5 turns, 2 dollars and three tools where nothing is said, and never more tools than are named', () => {
    const { cadence } = load('on_failure: { agent: }');
    const action = cadence?.ladder?.rungs[0]?.action;
    assert.ok(action?.kind === 'agent' && action.by.kind === 'claude');
    assert.deepEqual([action.timeoutMs, action.maxUsd, action.account, action.verifyMs], [180_000, 2, 'claude', 0]);
    const text = action.by.args.join(' ');
    assert.match(
      text,
      /^--tools Read,Bash,Edit --no-session-persistence --max-turns 5 --allowedTools Read,Bash,Edit --permission-mode dontAsk --json-schema \{.*\} --max-budget-usd 2$/,
    );
    const limited = load('on_failure: { agent: { allowed_tools: [Read, "Bash(git *)"] } }').cadence?.ladder?.rungs[0]?.action;
    assert.ok(limited?.kind === 'agent' && limited.by.kind === 'claude' && limited.by.args.slice(0, 2).join(' ') === '--tools Read,Bash');
  });

  it('P14 A62 on_diagnose has 300 s, 10 turns, 3 dollars and five tools; diagnose_only leaves those that read', () => {
    const by = (line: string) => load(line).cadence?.ladder?.diagnose;
    const usual = by('on_diagnose:');
    assert.deepEqual([usual?.timeoutMs, usual?.maxUsd], [300_000, 3]);
    assert.match(usual?.by.kind === 'claude' ? usual.by.args.join(' ') : '', /--tools Read,Bash,Edit,Grep,Glob .*--max-turns 10/);
    const only = by('on_diagnose: { diagnose_only: true }');
    assert.match(only?.by.kind === 'claude' ? only.by.args.join(' ') : '', /--tools Read,Grep,Glob .*--allowedTools Read,Grep,Glob/);
  });

  it('A22 any other agent reads the prompt from its stdin, and a session is only asked', () => {
    const other = load('on_failure: { agent: { command: [codex, exec, "-"], output: text } }').cadence?.ladder?.rungs[0]?.action;
    assert.ok(other?.kind === 'agent');
    assert.deepEqual([other.by, other.account], [{ kind: 'agent', argv: ['codex', 'exec', '-'], output: 'text' }, 'codex']);
    const session = load('on_failure: { agent: { session: true } }').cadence?.ladder?.rungs[0]?.action;
    assert.ok(session?.kind === 'agent' && session.by.kind === 'session' && session.timeoutMs === 600_000);
  });

  it('says where and what is wrong with a rung', () => {
    const { problems } = load(
      'on_failure:',
      '  - { when: oom, restart: true, pause: true }',
      '  - { when: { message: "(" }, restart: true }',
      '  - { restart_with_env: { LD_PRELOAD: /x.so } }',
      '  - { agent: { prompt: nowhere.md } }',
      '  - { agent: { max_usd: 0 } }',
      '  - { when: oom, command: "echo {error}", shell: true }',
      '  - { agnet: }',
      '  - { when: oom }',
      'heal: { per_hour: 0 }',
    );
    const found = problems.map(({ line, key, message }) => `${line} ${key}: ${message}`).join('\n');
    for (const expected of [
      /3 on_failure\[0\]: expected a map with one of retry.*and only one/,
      /4 on_failure\[1\]\.when\.message: .*regular expression that can be read/,
      /5 on_failure\[2\]\.restart_with_env\.LD_PRELOAD: .*a fix may set/,
      /7 on_failure\[4\]\.agent\.max_usd: .*above 0/,
      /9 on_failure\[6\]: says nothing to do/,
      /10 on_failure\[7\]: expected a map with one of/,
      /11 heal\.per_hour: /,
    ])
      assert.match(found, expected);
    const later = load('on_failure:', '  - { agent: { prompt: nowhere.md } }').problems;
    assert.match(later[0]?.message ?? '', /there is no file .*nowhere\.md/);
    assert.deepEqual(placesOf(load('on_failure:', '  - { when: oom, command: "echo {error}", shell: true }').problems), ['3:27 on_failure[0].command']);
  });
});
