import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, describe, it } from 'node:test';
import { createDesk } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { killQuietly } from '../support/owner-cli.ts';

interface Result {
  readonly sink: string;
  readonly ok: boolean;
  readonly status: string;
  readonly error?: string;
}

/** Programs that stand before the real ones on the PATH, and write down what they were called with. */
function shadow(root: string, programs: Readonly<Record<string, string>>): void {
  rmSync(`${root}/bin`, { recursive: true, force: true });
  mkdirSync(`${root}/bin`, { recursive: true });
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(`${root}/bin/${name}`, `#!/bin/sh\n${script}\n`);
    chmodSync(`${root}/bin/${name}`, 0o755);
  }
  process.env.PATH = `${root}/bin:/usr/bin:/bin`;
}

const PATH = process.env.PATH;
const RECORD = 'for word in "$@"; do printf "%s\\n" "$word"; done > "$(dirname "$0")/$(basename "$0").args"';

describe('sinks that are programs of this machine', () => {
  const desk = createDesk();
  const args = (name: string): readonly string[] => readFileSync(`${desk.root}/bin/${name}.args`, 'utf8').trim().split('\n');
  afterEach(() => {
    process.env.PATH = PATH;
  });

  async function test(sink: string): Promise<Result> {
    const { said } = await desk.ask('notify', 'test', sink);
    return (said.results as readonly Result[])[0] as Result;
  }

  it('P11 A37 macos: terminal-notifier is given the words as arguments, and shows a repetition in the place of the first', async () => {
    desk.put('cadences/bus.yaml', 'notify: { macos: true }\n');
    shadow(desk.root, { 'terminal-notifier': `${RECORD}`, osascript: 'exit 9' });
    assert.deepEqual(await test('macos'), { sink: 'macos', ok: true, status: 'delivered' });
    const [title, titleText, message, , group, id] = args('terminal-notifier');
    assert.deepEqual([title, titleText, message, group], ['-title', 'cadence-bus', '-message', '-group']);
    assert.match(id ?? '', /^cadence-bus-[a-z0-9]{12}$/);
  });

  it('P11 macos: without it osascript is, the words as arguments of a script that never changes', async () => {
    shadow(desk.root, { osascript: RECORD });
    desk.shell('task', 'echo "\\"; do shell script \\"touch $HOME/evil"; exit 3', 'retry: { attempts: 1 }', 'notify: { on: [failure] }');
    assert.equal((await test('macos')).ok, true);
    assert.deepEqual(args('osascript').slice(0, 6), [
      '-e',
      'on run argv',
      '-e',
      'display notification (item 2 of argv) with title (item 1 of argv)',
      '-e',
      'end run',
    ]);
    const { said } = await desk.ask('run', 'task');
    assert.equal((said.hooks as readonly Result[])[0]?.ok, true);
    assert.deepEqual(args('osascript')[3], 'display notification (item 2 of argv) with title (item 1 of argv)');
    assert.match(args('osascript').at(-1) ?? '', /^task failed: exit 3: "; do shell script "touch /);
  });

  it('P11 macos: where the helper has buttons, a click on Ignore or Run is an order', async () => {
    desk.shell('task', 'exit 3', 'retry: { attempts: 1 }', 'notify: { on: [failure] }');
    const cli = `${desk.root}/bin/called`;
    // What is called is this program; here the test process is, so its words are written down by the node that the click starts.
    shadow(desk.root, { alerter: `${RECORD}; echo "@ACTIONCLICKED"; echo Ignore`, osascript: 'exit 9' });
    const before = process.argv[1];
    process.argv[1] = desk.put('bin/called.cjs', `require('fs').writeFileSync(${JSON.stringify(cli)}, JSON.stringify(process.argv.slice(2)))`);
    try {
      await desk.ask('breaker', 'reset', '--all');
      const { said } = await desk.ask('run', 'task');
      assert.equal((said.hooks as readonly Result[])[0]?.ok, true, JSON.stringify(said.hooks));
      await eventually('the click has called the program', () => existsSync(cli) && readFileSync(cli, 'utf8').endsWith(']'));
      const [verb, order, incident, ...rest] = JSON.parse(readFileSync(cli, 'utf8')) as readonly string[];
      assert.deepEqual([verb, order, ...rest], ['incidents', 'ignore', '--root', desk.root]);
      assert.match(incident ?? '', /^\d{4}-\d{2}-\d{2}T[\d-]+Z-task-exit(?:-\d+)?$/);
    } finally {
      process.argv[1] = before as string;
    }
    assert.ok(args('alerter').includes('Run,Ignore'));
  });

  it('on another machine it says that this is no Mac, and a failing helper says why', async () => {
    desk.put('cadences/bus.yaml', 'notify: { macos: { buttons: false } }\n');
    shadow(desk.root, { 'terminal-notifier': 'echo "no session" >&2; exit 1' });
    assert.match((await test('macos')).error ?? '', /exit 1: no session/);
    shadow(desk.root, {});
    const { code, said } = await desk.ask('notify', 'test', 'macos');
    assert.equal(code, 1);
    assert.match((said.results as readonly Result[])[0]?.error ?? '', /neither terminal-notifier nor osascript/);
  });

  it('email: sendmail gets the letter on its stdin and the addresses as arguments', async () => {
    desk.put('cadences/bus.yaml', 'notify: { email: { to: [ada@example.com] } }\n');
    shadow(desk.root, { sendmail: `${RECORD}; cat > "$(dirname "$0")/letter"` });
    const result = await test('email');
    assert.deepEqual(result, { sink: 'email-ada-example-com', ok: true, status: 'delivered' });
    assert.deepEqual(args('sendmail'), ['-i', '--', 'ada@example.com']);
    assert.match(readFileSync(`${desk.root}/bin/letter`, 'utf8'), /^To: ada@example\.com\nSubject: cadence-bus - A test of cadence-bus/);
    assert.match(JSON.stringify((await desk.ask('check')).said), /"ok":true/);
    desk.put('cadences/bus.yaml', 'notify: { email: { to: ["-oQ/tmp@example.com"] } }\n');
    assert.match(JSON.stringify((await desk.ask('check')).said.problems), /an address such as me@example\.com/);
  });

  it('A36 D8 shell: a command that is told by CADENCE_* and DOCKET_*, its words never part of a line', async () => {
    desk.put('cadences/bus.yaml', `notify: { shell: 'env | grep -E "^(CADENCE|DOCKET)_" | sort > told.txt; cat > notice.json' }\n`);
    desk.shell('task', 'echo "\\$(touch evil) \\$HOME"; exit 3', 'retry: { attempts: 1 }', 'notify: { on: [failure] }');
    await desk.ask('breaker', 'reset', '--all');
    const { said } = await desk.ask('run', 'task');
    assert.deepEqual(said.hooks, [{ name: 'notify:shell', ok: true, status: 'delivered', attempts: 1 }]);
    const told = readFileSync(`${desk.root}/told.txt`, 'utf8');
    for (const line of [
      `CADENCE_RUN_ID=${said.run_id}`,
      `DOCKET_RUN_ID=${said.run_id}`,
      'DOCKET_STATUS=failed',
      'CADENCE_EXIT_CODE=3',
      'CADENCE_NOTICE_KIND=failure',
    ])
      assert.ok(told.split('\n').includes(line), `${line} is not in ${told}`);
    assert.match(told, /CADENCE_NOTICE_TEXT=task failed: exit 3: \$\(touch evil\) \$HOME/);
    assert.ok(!existsSync(`${desk.root}/evil`));
    assert.equal(JSON.parse(readFileSync(`${desk.root}/notice.json`, 'utf8')).kind, 'failure');
    assert.deepEqual(desk.ls('running'), []);
  });

  it('what a sink has refused for good was told to nobody: status, why, notify and doctor say so, until it takes one', async () => {
    desk.put('cadences/bus.yaml', 'notify: { on: [failure], shell: "test -e mended || { echo no such room >&2; exit 78; }" }\n');
    desk.shell('ill', 'exit 3', 'retry: { attempts: 1 }');
    await desk.ask('breaker', 'reset', '--all');
    await desk.ask('run', 'ill');
    const sinkOf = async () => ((await desk.ask('notify')).said.sinks as readonly Record<string, unknown>[])[0];
    const lineOf = async () => ((await desk.ask('doctor')).said.checks as readonly Record<string, unknown>[]).find(({ id }) => id === 'sinks');
    const sink = await sinkOf();
    assert.deepEqual([sink?.pending, sink?.lost, sink?.last_error], [0, 1, 'exit 78: no such room']);
    assert.match((await desk.tell('notify')).stdout, /0 pending, 1 told to nobody +exit 78: no such room/);
    assert.match((await desk.tell('status')).stdout, /\? unproven +bus-notify-shell-test-\w+ .*1 notice not delivered: exit 78: no such room/);
    assert.match((await desk.tell('why')).stdout, /bus-notify-shell-test-\w+.*\n.*1 notice not delivered/);
    assert.deepEqual((({ level, mend }) => [level, mend])((await lineOf()) ?? {}), ['warn', `cadence-bus notify test ${sink?.sink}`]);
    desk.put('mended', '');
    assert.equal((await desk.tell('notify', 'test')).code, 0);
    assert.deepEqual([(await sinkOf())?.lost, (await lineOf())?.level], [0, 'ok']);
    assert.doesNotMatch((await desk.tell('status')).stdout, /unproven/);
  });

  it('shell: an owner that is killed while the command is at work has the next one wait for it, and starts it once', async () => {
    desk.put('cadences/bus.yaml', `notify: { shell: 'echo begun >> count; while [ ! -e go ]; do sleep 0.05; done; echo done >> count' }\n`);
    desk.shell('late', 'exit 3', 'retry: { attempts: 1 }', 'notify: { on: [failure] }');
    const first = await desk.start();
    await desk.enqueue('late');
    const count = (): string => (existsSync(`${desk.root}/count`) ? readFileSync(`${desk.root}/count`, 'utf8') : '');
    await eventually('the command is at work', () => count() === 'begun\n');
    killQuietly(first.pid);
    await first.ended;
    const second = await desk.start();
    desk.put('go', '');
    await eventually('it is delivered', () => desk.events('notice_delivered').some(({ cadence }) => cadence === 'late'));
    assert.equal(count(), 'begun\ndone\n');
    killQuietly(second.pid);
    await second.ended;
  });
});

it('P7 who names no sink finds the third failure in a row, and the recovery, in the log', async () => {
  const desk = createDesk();
  desk.shell('task', 'test -e good', 'retry: { attempts: 1, delays: [1ms] }', 'breaker: { failures: 100 }');
  assert.deepEqual(
    ((await desk.ask('notify')).said.sinks as readonly { sink: string }[]).map(({ sink }) => sink),
    ['log'],
  );
  const told = (): readonly string[] => desk.events('notice').map(({ kind, because }) => `${kind} ${String(because).replace(/\(.*\)/, '()')}`);
  for (let n = 0; n < 2; n += 1) await desk.ask('run', 'task');
  assert.deepEqual(told(), []);
  await desk.ask('run', 'task');
  assert.deepEqual(told(), ['failure task failed: exit 1 () - 3 ticks failed in a row']);
  await desk.ask('run', 'task');
  desk.put('good', '');
  await desk.ask('run', 'task');
  assert.deepEqual(told(), ['failure task failed: exit 1 () - 3 ticks failed in a row', 'recovery task recovered: it ended well ()']);
  assert.equal((await desk.ask('notify', 'test')).code, 0);
});
