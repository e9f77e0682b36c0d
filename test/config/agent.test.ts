import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readDefined } from '../../lib/app/definitions/defined.ts';
import { tempRoot } from '../support/temp-root.ts';

const root = tempRoot();
mkdirSync(join(root, 'cadences'));
const put = (file: string, text: string): void => writeFileSync(join(root, 'cadences', file), text);

describe('an agent cadence', () => {
  it('P17 has the lane and the time of an agent, and an account by its program, so that a dead key holds its cadences alone', () => {
    put('codex-duty.md', '---\nrun: {agent: {command: codex exec -, output: json, env: [OPENAI_API_KEY]}}\n---\nTriage.\n');
    put('script-duty.md', '---\nrun: {agent: {command: [python3, -m, my_agent]}}\n---\nTriage.\n');
    put('named-duty.md', '---\naccount: work\nrun: {agent: {command: [gemini]}}\n---\nTriage.\n');
    const { definitions, problems } = readDefined(root);
    assert.deepEqual(problems, []);
    const found = definitions.map(({ cadence }) => [cadence?.name, cadence?.lane, cadence?.account, cadence?.timeoutMs]);
    assert.deepEqual(found, [
      ['codex-duty', 'agent', 'codex', 1_800_000],
      ['named-duty', 'agent', 'work', 1_800_000],
      ['script-duty', 'agent', 'agent', 1_800_000],
    ]);
    const [{ cadence } = { cadence: undefined }] = definitions;
    const env = { names: ['OPENAI_API_KEY'], values: {} };
    assert.deepEqual(cadence?.run, {
      kind: 'agent',
      promptPath: `${root}/cadences/codex-duty.md`,
      argv: ['codex', 'exec', '-'],
      output: 'json',
      cwd: root,
      env,
    });
  });

  it('needs a prompt, so a YAML file is none, and a guard is none either', () => {
    put('no-prompt.yaml', 'run: {agent: {command: [codex]}}\n');
    put('guarded.yaml', 'run: {command: [/bin/true]}\nguard: {agent: {command: [codex]}}\n');
    const words = readDefined(root).problems.map(({ key, message }) => `${key}: ${message}`);
    assert.ok(words.includes('run.agent: an agent cadence has no prompt in a YAML file'), words.join('\n'));
    assert.ok(words.some((line) => line.startsWith('guard: names no kind, expected one of command, inline')));
  });
});
