import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { asksForFlags, parseHelp, unknownFlags } from '../../../lib/core/agent/program-flags.ts';

const HELP = parseHelp(readFileSync(new URL('../../fixtures/claude/help-2.1.328.txt', import.meta.url), 'utf8'));
const unknown = (...words: readonly string[]): readonly string[] => unknownFlags(words, HELP);

describe('the options that a claude knows', () => {
  it('P15 are those of its help, in every way of writing them, and the hidden ones that work', () => {
    const all = ['--model', 'opus', '--allowedTools', 'Read,Bash', '--disallowed-tools', 'X', '--permission-mode', 'dontAsk', '--max-turns', '5'];
    const more = [
      '--json-schema',
      '{}',
      '--mcp-config',
      '/a',
      '/b',
      '--strict-mcp-config',
      '--max-budget-usd',
      '2',
      '--fallback-model',
      'a,b',
      '--no-session-persistence',
    ];
    assert.deepEqual(unknown(...all, ...more, '--permission-prompts=none', '-w'), []);
  });

  it('are no others: what one version does not know is named, each once', () => {
    assert.deepEqual(unknown('--no-edit', '--model', 'x', '--brand-new=1', '--no-edit'), ['--no-edit', '--brand-new']);
    const older = parseHelp('Usage: claude\n  --model <model>  x\n  -p, --print  x\n  --output-format <f>  x\n  --verbose  x\n');
    assert.deepEqual(unknownFlags(['--permission-prompts', 'none', '--max-turns', '3'], older), ['--permission-prompts']);
  });

  it('are not looked for in the value of an option', () => {
    assert.deepEqual(unknown('--append-system-prompt', '--never --give-up', '--max-turns', '--odd'), []);
    assert.deepEqual(unknown('--print', '--odd'), ['--odd']);
  });

  it('need not be asked for where only hidden ones are given', () => {
    assert.deepEqual([asksForFlags([]), asksForFlags(['--max-turns', '5']), asksForFlags(['--model', 'x'])], [false, false, true]);
  });
});
