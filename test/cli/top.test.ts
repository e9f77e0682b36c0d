import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readTop } from '../../lib/app/answers/top-view.ts';
import { createHints } from '../../lib/app/top-hints.ts';
import { answerSchema } from '../../lib/wire/answers/answers.ts';
import { call, createDesk, type Desk } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { isAlive, killQuietly } from '../support/owner-cli.ts';
import { tempRoot } from '../support/temp-root.ts';
import { type InTerminal, inTerminal, NO_TERMINAL } from '../support/terminal-screen.ts';

const ENTER = '\u001b[?1049h';
const LEAVE = '\u001b[?25h\u001b[?1049l';

/** Says a word, and goes on until it is let go. */
function patient(desk: Desk, name = 'patient'): () => void {
  desk.shell(name, `printf 'begun\\n\\033[31mstep 1\\033[0m\\n'; until [ -e '${desk.root}/go' ]; do sleep 0.02; done`);
  return () => void desk.put('go', '');
}

function top(desk: Desk, size = { columns: 90, rows: 24 }): InTerminal {
  return inTerminal(tempRoot(), ['top', '--root', desk.root], size);
}

async function shows(terminal: InTerminal, what: RegExp): Promise<void> {
  await eventually(`the screen shows ${what}; it shows ${terminal.screen()}`, () => what.test(terminal.screen()));
}

describe('A44 top in a terminal', { skip: NO_TERMINAL }, () => {
  it('shows a run that begins, what it says, and its end, and leaves the terminal as it was', async () => {
    const desk = createDesk();
    const go = patient(desk);
    await desk.own();
    const terminal = top(desk);
    await shows(terminal, /owner running/);
    await shows(terminal, /Running +nothing runs/);
    await desk.enqueue('patient');
    await shows(terminal, /1 running .*1 running/);
    await shows(terminal, /Running +▶ patient +\d+s +step 1$/m);
    await shows(terminal, /Events[\s\S]*▶ patient starts/);
    go();
    await shows(terminal, /✓ patient succeeded in /);
    await shows(terminal, /Running +nothing runs/);
    terminal.type('?');
    await shows(terminal, /these keys/);
    terminal.type('xq');
    assert.deepEqual(await terminal.ended, { code: 0, isRestored: true });
    assert.equal(terminal.sent().split(ENTER).length, 2);
    assert.ok(terminal.sent().trimEnd().endsWith(LEAVE), JSON.stringify(terminal.sent().slice(-80)));
  });

  it('notices that its owner was killed, which changes no file', async () => {
    const desk = createDesk();
    const owner = await desk.start();
    const terminal = top(desk);
    await shows(terminal, /● owner running/);
    owner.kill('SIGKILL');
    await shows(terminal, /○ no owner .* died/);
    terminal.type('q');
    assert.deepEqual(await terminal.ended, { code: 0, isRestored: true });
  });

  const ends: readonly (readonly [by: string, code: number, end: (terminal: InTerminal) => void, said: RegExp])[] = [
    ['Ctrl-C', 130, (terminal) => terminal.type('\u0003'), /left:.* the bus goes on as it did/],
    ['SIGTERM', 143, (terminal) => killQuietly(terminal.pid() ?? 0, 'SIGTERM'), /left:.* the bus goes on as it did/],
    ['a crash', 1, (terminal) => killQuietly(terminal.pid() ?? 0, 'SIGUSR2'), /a crash, on purpose/],
  ];
  for (const [by, code, end, said] of ends)
    it(`leaves the terminal as it was when ${by} ends it, and says why where it can be read`, async () => {
      const terminal = top(createDesk());
      await shows(terminal, /no owner/);
      end(terminal);
      assert.deepEqual(await terminal.ended, { code, isRestored: true });
      const [before = '', after = ''] = terminal.sent().split(LEAVE);
      assert.match(after, said);
      assert.doesNotMatch(before, said);
    });

  it('ends when its window is closed', async () => {
    const terminal = top(createDesk());
    await shows(terminal, /no owner/);
    const pid = terminal.pid() ?? 0;
    assert.ok(isAlive(pid));
    terminal.close();
    await eventually('it has ended', () => !isAlive(pid));
  });

  it('draws no line too many and none too wide in a window of ten lines of forty', async () => {
    const desk = createDesk();
    for (let n = 0; n < 30; n += 1) desk.shell(`job-${n}`, 'exit 3', 'retry: { attempts: 1 }');
    const terminal = top(desk, { columns: 40, rows: 10 });
    await shows(terminal, /no owner/);
    const lines = terminal.screen().split('\n');
    assert.equal(lines.length, 10);
    for (const line of lines) assert.ok(line.length <= 40, line);
    terminal.type('q');
    assert.equal((await terminal.ended).code, 0);
  });
});

describe('A44 top without a terminal', () => {
  it('is one picture as plain text, with --once as without', async () => {
    const desk = createDesk();
    desk.shell('ill', 'echo no such table >&2; exit 3', 'retry: { attempts: 1, delays: [0s] }');
    await desk.ask('run', 'ill');
    const { code, stdout, stderr } = await desk.tell('top');
    assert.equal(code, 0);
    assert.match(stdout, /^○ no owner {2}the last one stopped/);
    assert.match(stdout, /^Failing +✗ ill {2}1 failure {2}\S+ ago .*exit 3: no such table$/m);
    assert.match(stdout, /^Incidents +◆ open {2}ill {2}1× {2}\S+ ago {2}exit 3: no such table$/m);
    assert.match(stdout, /^Running +nothing runs$/m);
    assert.match(stdout, /^ +\d\d:\d\d:\d\d {2}✗ ill failed \(try 1\): exit 3: no such table$/m);
    assert.doesNotMatch(stdout, /\u001b| quit/);
    assert.match(stderr, /Next: cadence-bus start/);
    const once = await call(['top', '--once', '--root', desk.root], { isTerminal: true, isScreen: true });
    assert.equal(once.stdout.replaceAll(/\u001b\[\d+m|\S+ ago/g, ''), stdout.replaceAll(/\S+ ago/g, ''));
    const dumb = await call(['top', '--root', desk.root], { isScreen: true, env: { TERM: 'dumb' } });
    assert.equal(dumb.stdout.replaceAll(/\S+ ago/g, ''), stdout.replaceAll(/\S+ ago/g, ''));
  });

  it('answers with --json in one object: what status says, what runs and says what, what happened', async () => {
    const desk = createDesk();
    const go = patient(desk);
    await desk.own();
    const tick = await desk.enqueue('patient');
    const isSaid = async (): Promise<boolean> => ((await desk.ask('top')).said.running as { last_line: string }[])[0]?.last_line === 'step 1';
    await eventually('it has said something, without the colours that mean nothing here', isSaid);
    const { code, said } = await desk.ask('top');
    assert.equal(code, 0);
    const { error } = answerSchema('top').safeParse(said);
    assert.equal(error, undefined);
    const [run] = said.running as { run_id: string; status: string; started_at: string }[];
    assert.deepEqual([run?.run_id, run?.status], [`${tick}-1`, 'running']);
    assert.ok(Object.keys((await desk.ask('status')).said).every((key) => key === 'stats' || key in said));
    assert.ok((said.events as { stage: string }[]).some(({ stage }) => stage === 'subsession_spawn'));
    go();
  });

  it('finds no root where there is none', async () => {
    assert.equal((await call(['top', '--once'], { cwd: '/' })).code, 66);
  });
});

describe('A44 what tells top that something may have changed', () => {
  /** Of a root, with the names that the system says of what changed there. */
  function listen(root: string): { readonly names: unknown[]; readonly hints: ReturnType<typeof createHints> } {
    const names: unknown[] = [];
    const hints = createHints(root, (...about: unknown[]) => void names.push(about[0]));
    hints.follow(undefined);
    return { names, hints };
  }

  it('is never its own reading, which would read for ever, nor is anything made by it', async () => {
    const desk = createDesk();
    desk.shell('ill', 'exit 3', 'retry: { attempts: 1 }');
    await desk.ask('run', 'ill');
    await readTop(desk.root);
    const before = desk.tree();
    const { names, hints } = listen(desk.root);
    await readTop(desk.root);
    assert.deepEqual(desk.tree(), before);
    // Who looks last is heard last.
    desk.put('cadences/sentinel.txt', '');
    desk.put('state/cadence-bus/inbox/sentinel.txt', '');
    await eventually('both are heard', () => names.filter((name) => name === 'sentinel.txt').length >= 2);
    hints.close();
    assert.deepEqual([...new Set(names)], ['sentinel.txt']);
  });

  it('is heard of folders that were not there, and makes none of them', async () => {
    const desk = createDesk();
    const { names, hints } = listen(desk.root);
    assert.deepEqual(Object.keys(desk.tree()), ['cadences/']);
    mkdirSync(join(desk.root, 'state/cadence-bus'), { recursive: true });
    await eventually('the folder is heard', () => names.length > 0);
    hints.follow(undefined);
    mkdirSync(desk.paths.inbox);
    await eventually('what is in it is heard', () => names.includes('inbox'));
    hints.follow(undefined);
    writeFileSync(join(desk.paths.inbox, 'dropped'), '');
    await eventually('and what is in that', () => names.includes('dropped'));
    hints.close();
    assert.ok(!existsSync(desk.paths.journal));
  });
});
