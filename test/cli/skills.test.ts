import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createDesk, errorOf } from '../support/cli.ts';

interface Skill {
  readonly tool: string;
  readonly path: string;
  readonly state: string;
}

describe('A43 A39 skills', () => {
  it('writes its section into AGENTS.md once, and not a byte around it', async () => {
    const desk = createDesk();
    desk.put('AGENTS.md', '# Ours\n\nBe kind.');
    const read = (): string => readFileSync(join(desk.root, 'AGENTS.md'), 'utf8');
    assert.equal((await desk.ask('skills', 'install', '--tool', 'agents-md', '--tool', 'codex')).code, 0);
    const once = read();
    assert.match(
      once,
      /^# Ours\n\nBe kind\.\n\n<!-- cadence-bus: begin.*-->\n## Background tasks[\s\S]*capabilities --json[\s\S]*<!-- cadence-bus: end -->\n$/,
    );
    assert.deepEqual((await desk.ask('skills', 'install', '--tool', 'agents-md')).said.changes, []);
    desk.put('AGENTS.md', `${once.replace('Begin with', 'Old words')}\nMore of ours.\n`);
    await desk.ask('skills', 'install', '--tool', 'codex');
    assert.equal(read(), `${once}\nMore of ours.\n`);
  });

  it('writes a skill file for claude and a rule for cursor, with the head that each looks for', async () => {
    const desk = createDesk();
    await desk.ask('skills', 'install', '--tool', 'claude', '--tool', 'cursor');
    assert.match(readFileSync(join(desk.root, '.claude/skills/cadence-bus/SKILL.md'), 'utf8'), /^---\nname: cadence-bus\ndescription: \S.*\n---\n/);
    assert.match(readFileSync(join(desk.root, '.cursor/rules/cadence-bus.mdc'), 'utf8'), /^---\ndescription: \S.*\nalwaysApply: false\n---\n/);
  });

  it('says what is installed, what is old, and what is not ours, which is left alone', async () => {
    const desk = createDesk();
    await desk.ask('skills', 'install', '--tool', 'claude', '--tool', 'cline');
    const cline = join(desk.root, '.clinerules/cadence-bus.md');
    desk.put('.clinerules/cadence-bus.md', readFileSync(cline, 'utf8').replace('Begin with', 'Old words'));
    desk.put('.roo/rules/cadence-bus.md', 'mine\n');
    const skills = (await desk.ask('skills')).said.skills as Skill[];
    const states = Object.fromEntries(skills.map(({ tool, state }) => [tool, state]));
    assert.deepEqual([states.claude, states.cline, states.roo, states['agents-md']], ['installed', 'outdated', 'foreign', 'absent']);
    assert.equal(errorOf(await desk.ask('skills', 'install', '--tool', 'roo')).code, 65);
    assert.equal(readFileSync(join(desk.root, '.roo/rules/cadence-bus.md'), 'utf8'), 'mine\n');
  });

  it('D3 shows a diff with --dry-run, and names the nearest tool, scope and verb', async () => {
    const desk = createDesk();
    const before = desk.tree();
    const { code, said } = await desk.ask('skills', 'install', '--tool', 'claude', '--dry-run');
    assert.deepEqual([code, said.dry_run, (said.changes as { change: string }[]).map(({ change }) => change)], [2, true, ['create']]);
    assert.match(errorOf(await desk.ask('skills', 'install', '--tool', 'claud')).hint, /Did you mean claude/);
    assert.match(errorOf(await desk.ask('skills', 'instal')).hint, /Did you mean install/);
    assert.equal(errorOf(await desk.ask('skills', '--scope', 'world')).code, 64);
    assert.equal(errorOf(await desk.ask('skills', 'install', '--tool', 'cursor', '--scope', 'global')).code, 65);
    assert.deepEqual(desk.tree(), before);
  });
});
