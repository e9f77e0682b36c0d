import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NOT_BEGUN } from '../../../lib/core/session/progress.ts';
import { tell } from '../../../lib/core/session/view.ts';

const RECORDED = fileURLToPath(new URL('../../fixtures/claude/2.1.328/', import.meta.url));

function told(...lines: readonly string[]): readonly string[] {
  let progress = NOT_BEGUN;
  return lines.flatMap((line) => {
    const one = tell(progress, line);
    progress = one.progress;
    return one.lines;
  });
}
const story = (folder: string): readonly string[] =>
  told(
    ...readFileSync(join(RECORDED, folder, 'stdout.txt'), 'utf8')
      .trimEnd()
      .split('\n'),
  );
const event = (fields: object): string => JSON.stringify({ session_id: 's', ...fields });
const calls = (name: string, input: unknown, more: object = {}): string =>
  event({ type: 'assistant', message: { id: name, content: [{ type: 'tool_use', id: 't', name, input }] }, ...more });

describe('the story of a session', () => {
  it('is one line for each thing it says or does, behind what it has cost so far', () => {
    assert.deepEqual(story('stream-tool-allowed'), [
      '           ● session c9f3010c-662d-4987-9ff4-75897496971e with claude-opus-5-5, 22 tools',
      ' ~$0.0051  → Bash  echo hello-from-tool',
      ' ~$0.0100  Tool ran. ACTION: restart',
      '  $0.0106  = ended well after 2 turns in 225ms',
    ]);
  });

  it('tells what is tried again and why, and how it ended', () => {
    assert.deepEqual(story('stream-429').slice(1), [
      '           ↻ try 1 of 3 failed: rate limit (429), again in 1s',
      '           ↻ try 2 of 3 failed: rate limit (429), again in 1s',
      "           API Error: Request rejected (429) · This request would exceed your organization's rate limit of 50,000 input tokens per minute.",
      "           = ended with an error after 1 turn in 3s: API Error: Request rejected (429) · This request would exceed your organization's rate limit of 50,000 input tokens per…",
    ]);
    assert.ok(story('stream-denied').some((line) => /⊘ Bash denied$/.test(line)));
  });

  it('has the telling argument of each tool, shortened, and no line that a terminal would obey', () => {
    const lines = told(
      calls('Read', { limit: 3, file_path: '/a/b.md' }),
      calls('Bash', { description: 'list', command: `ls \u001b[31m\n\r ${'x'.repeat(500)}` }),
      calls('mcp__x__y', { odd: { deep: true }, words: 'what it is' }),
      calls('Grep', { pattern: 'a|b' }, { parent_tool_use_id: 'toolu_1' }),
      calls('\u001b]0;title\u0007', null),
    );
    assert.equal(lines.length, 5);
    assert.match(lines[0] as string, /→ Read {2}\/a\/b\.md$/);
    assert.match(lines[1] as string, /→ Bash {2}ls \\x1b\[31m \\x0d x+…$/);
    assert.ok((lines[1] as string).length < 160);
    assert.match(lines[2] as string, /→ mcp__x__y {2}what it is$/);
    assert.match(lines[3] as string, / {4}→ Grep {2}a\|b$/);
    assert.match(lines[4] as string, /→ \\x1b\]0;title\\x07$/);
  });

  it('tells a tool that failed, and a limit that is near', () => {
    const failed = event({
      type: 'user',
      message: { content: [{ type: 'tool_result', is_error: true, content: [{ type: 'text', text: 'exit 1\nno such file' }] }] },
    });
    const limit = (status: string, utilization: number) =>
      event({ type: 'rate_limit_event', rate_limit_info: { status, utilization, rateLimitType: 'five_hour' } });
    const lines = told(failed, limit('allowed', 0.3), limit('allowed_warning', 0.91));
    assert.deepEqual(
      lines.map((line) => line.trim()),
      ['✗ exit 1 no such file', '◔ usage limit five_hour: 91 % used, allowed_warning'],
    );
  });

  it('hands on what is no event of a session, made visible: the words of a guard, JSON of a tool, half a line', () => {
    const others = ['the guard found work', '{"type":"user"}', '{"a":1}', '{"type":"resu', '[cadence-bus] 12 bytes dropped here: …'];
    assert.deepEqual(told(...others), others);
    assert.deepEqual(told('bell \u0007'), ['bell \\x07']);
  });

  it('tells every recorded session without an empty line or a line break in a line', () => {
    for (const folder of readdirSync(RECORDED))
      for (const line of story(folder)) assert.ok(!line.includes('\n') && (line.trim() !== '' || folder.length > 0), `${folder}: ${JSON.stringify(line)}`);
  });
});
