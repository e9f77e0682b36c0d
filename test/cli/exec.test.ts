import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { commandPath } from '../../lib/config/all-definitions.ts';
import { pathsOf } from '../../lib/core/paths.ts';
import { parseDeadName } from '../../lib/core/tick.ts';
import { apiServer, status } from '../notify/api-server.ts';
import { call, createDesk, parseAnswer } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';

const server = await apiServer();
process.env.CB_EXEC_HOOK = `${server.url}/hook`;

describe('exec lays the bus around any command', () => {
  const desk = createDesk();
  const script = desk.put('job.sh', '#!/bin/sh\necho "out $1"; echo "err $2" >&2; exit $(( $3 + 0 ))\n');
  chmodSync(script, 0o755);
  const tell = (...words: readonly string[]) => call(['exec', '--root', desk.root, ...words], { cwd: desk.root });

  it('its words go where they always went, and its exit code is the command’s own', async () => {
    const well = await tell('--name', 'well', '--', './job.sh', 'one two', '$HOME');
    assert.deepEqual([well.code, well.stdout], [0, 'out one two\n']);
    assert.match(well.stderr, /^err \$HOME\n/);
    const ill = await tell('--name', 'ill', '--', './job.sh', 'a', 'b', '3');
    assert.deepEqual([ill.code, ill.stdout], [3, 'out a\n']);
    assert.match(ill.stderr, /ill failed after .*exit 3: err b/);
    assert.equal((await tell('--name', 'killed', '--', 'sh', '-c', 'kill -9 $$')).code, 137);
    assert.equal((await tell('--name', 'slow', '--timeout', '300ms', '--', 'sleep', '30')).code, 124);
  });

  it('is told by its name everywhere: in the dlq, in runs, in show', async () => {
    assert.ok(desk.ls('dlq').some((file) => parseDeadName(file)?.cadence === 'ill'));
    assert.equal((await desk.ask('runs', 'ill')).code, 0);
    const { said } = await desk.ask('show', 'ill');
    assert.match(JSON.stringify(said.cadence), /job\.sh/);
    assert.ok(!JSON.stringify((await desk.ask('list')).said).includes('"ill"'), 'it is nobody’s to edit');
    const [dead] = (await desk.ask('dlq')).said.dead as { tick: string }[];
    assert.equal((await desk.ask('dlq', 'retry', String(dead?.tick))).code, 0);
  });

  it('does not run another command that bears its name by now, when it is given back', async () => {
    await tell('--name', 'twice', '--delay', '10ms', '--', 'sh', '-c', 'exit 9');
    const [dead] = (await desk.ask('dlq', '--cadence', 'twice')).said.dead as { tick: string }[];
    const tick = String(dead?.tick);
    const { said: shown } = await desk.ask('dlq', 'show', tick);
    const askedMs = Date.parse(String((shown.content as { enqueued_at?: unknown }).enqueued_at));
    utimesSync(commandPath(pathsOf(desk.root), 'twice'), 0, (askedMs + 0.6) / 1000);
    const same = await desk.ask('dlq', 'retry', tick, '--dry-run');
    assert.deepEqual([same.code, (same.said.revived as unknown[]).length], [2, 1], 'it was written in the very millisecond of the call');
    assert.equal((await tell('--name', 'twice', '--delay', '10ms', '--', 'touch', 'other-ran')).code, 0);
    rmSync(join(desk.root, 'other-ran'));

    const named = await desk.tell('dlq', 'retry', tick);
    assert.equal(named.code, 65);
    assert.match(named.stderr, /was a call of exec, and another command is called twice by now/);
    const { said } = await desk.ask('dlq', 'retry', '--cadence', 'twice');
    assert.deepEqual([said.revived, (said.left as { tick: string }[]).map((one) => one.tick)], [[], [tick]]);
    assert.ok(!desk.ls('inbox').some((file) => file.includes(tick)));
  });

  it('tries again so many times, with one receipt', async () => {
    const { code, said } = parseAnswer(
      await call(
        ['exec', '--root', desk.root, '--json', '--name', 'again', '--retries', '2', '--delay', '10ms', '--', 'sh', '-c', 'test "$CADENCE_ATTEMPT" = 3'],
        { cwd: desk.root },
      ),
    );
    assert.deepEqual([code, said.ok, said.status, said.attempt], [0, true, 'succeeded', 3]);
  });

  it('says nothing where it ends well, if it is to be quiet, and everything where it does not', async () => {
    assert.deepEqual(await tell('--name', 'quiet', '--quiet-ok', '--', './job.sh', 'a', 'b'), { code: 0, stdout: '', stderr: '' });
    const ill = await tell('--name', 'quiet', '--quiet-ok', '--', './job.sh', 'a', 'b', '4');
    assert.deepEqual([ill.code, ill.stdout], [4, 'out a\n']);
    assert.match(ill.stderr, /err b/);
  });

  it('two lines with one shell are two jobs: what fails opens its own breaker', async () => {
    const fails = ['--delay', '10ms', '--', 'sh', '-c', 'echo no; exit 9'];
    for (let n = 0; n < 3; n += 1) assert.equal((await tell(...fails)).code, 9);
    assert.equal((await tell(...fails)).code, 75, 'its breaker is open');
    assert.deepEqual(await tell('--', 'sh', '-c', 'echo yes'), { code: 0, stdout: 'yes\n', stderr: '' });
  });

  it('a command that asks to be tried later is not waited for, and a held one is not started', async () => {
    assert.equal((await tell('--name', 'later', '--', 'sh', '-c', 'exit 75')).code, 75);
    await desk.ask('breaker', 'trip', 'well', '--because', 'vendor is down');
    const held = await tell('--name', 'well', '--', './job.sh');
    assert.deepEqual([held.code, held.stdout], [75, '']);
    assert.match(held.stderr, /well is held: isolated: vendor is down/);
  });

  it('goes through an owner where there is one', async () => {
    const owner = await desk.own();
    const { code, stdout } = await tell('--name', 'through', '--', './job.sh', 'by the owner');
    assert.deepEqual([code, stdout], [0, 'out by the owner\n']);
    assert.ok(desk.records().some(({ cadence, source }) => cadence === 'through' && source === 'exec'));
    assert.match(String((await desk.ask('why', 'through')).said.because), /^it has no schedule and runs when it is asked to; its last run succeeded/);
    // Whether an owner lives or not, whoever called calls again: the tick is not left to run beside the next call.
    const later = await tell('--name', 'through', '--', 'sh', '-c', 'echo not yet; exit 75');
    assert.deepEqual([later.code, later.stdout], [75, 'not yet\n']);
    assert.ok(!desk.ls('waiting').some((file) => file.includes('through')));
    // An edit of the command line is taken up at once.
    assert.equal((await tell('--name', 'through', '--', './job.sh', 'x', 'y', '9')).code, 9);
    await owner.stop('the test goes on');
  });

  it('runs the command of each of several calls that have one name, and none of them twice', async () => {
    const go = join(desk.root, 'go');
    let waiting = 0;
    const onStderr = (text: string): void => {
      if (text.includes(' waits for ')) waiting += 1;
    };
    const both = (...words: readonly string[]) => call(['exec', '--root', desk.root, '--name', 'both', ...words], { cwd: desk.root, onStderr });
    const script = `until [ -e ${go} ]; do sleep 0.05; done; [ $CADENCE_ATTEMPT = 2 ] && echo first`;
    const first = both('--retries', '1', '--delay', '10ms', '--', 'sh', '-c', script);
    await eventually('the first runs', () => desk.ls('running').length > 0);
    const others = [both('--', 'sh', '-c', 'echo second'), both('--', 'sh', '-c', 'echo third')];
    await eventually('the others wait for it', () => waiting === 2);
    writeFileSync(go, '');
    const ends = await Promise.all([first, ...others]);
    assert.deepEqual(
      ends.map(({ code, stdout }) => [code, stdout]),
      [
        [0, 'first\n'],
        [0, 'second\n'],
        [0, 'third\n'],
      ],
    );
  });

  it('says of what waited for another command of its name, and was left, that it was not begun', async () => {
    const signals = new EventEmitter();
    const first = tell('--name', 'left', '--', 'sleep', '1000');
    await eventually('the first runs', () => desk.ls('running').length > 0);
    let said = '';
    const onStderr = (text: string): void => {
      said += text;
    };
    const second = call(['exec', '--root', desk.root, '--name', 'left', '--', 'true'], {
      cwd: desk.root,
      signals: signals as unknown as NodeJS.Process,
      onStderr,
    });
    await eventually('the second waits for it', () => said.includes(' waits for '));
    signals.emit('SIGINT', 'SIGINT');
    const { code, stderr } = await second;
    assert.equal(code, 130);
    assert.match(stderr, /left was not begun: another command of that name is under way\n +That one goes on: cadence-bus show [a-z0-9]{12} --root /);
    await desk.ask('cancel', String(/show ([a-z0-9]{12}) /.exec(stderr)?.[1]));
    assert.equal((await first).code, 143);
  });

  it('says why it does not begin at once, and that it tries again', async () => {
    const again = await tell('--name', 'rests', '--retries', '1', '--delay', '10ms', '--', 'sh', '-c', 'test "$CADENCE_ATTEMPT" = 2');
    assert.equal(again.code, 0);
    assert.match(again.stderr, /^↻ rests tries again /);
    assert.equal((await tell('--name', 'rests', '--delay', '1h', '--', 'false')).code, 1);
    const signals = new EventEmitter();
    let said = '';
    const later = call(['exec', '--root', desk.root, '--name', 'rests', '--delay', '1h', '--', 'false'], {
      cwd: desk.root,
      signals: signals as unknown as NodeJS.Process,
      onStderr: (text) => {
        said += text;
      },
    });
    await eventually('it says that it waits', () => /^‖ rests waits: backing off until \S+Z: exit 1\n$/.test(said));
    signals.emit('SIGINT', 'SIGINT');
    assert.equal((await later).code, 130);
    await desk.ask('cancel', String(/show ([a-z0-9]{12})/.exec((await later).stderr)?.[1]));
  });

  it('needs no root: a command of nobody’s has one in the home folder', async () => {
    const home = realpathSync.native(mkdtempSync(join(tmpdir(), 'cb-home-')));
    after(() => rmSync(home, { recursive: true, force: true }));
    mkdirSync(join(home, 'work'));
    const { code, said } = parseAnswer(await call(['exec', '--json', '--', 'true'], { cwd: join(home, 'work'), env: { HOME: home } }));
    assert.deepEqual([code, said.cadence], [0, 'true']);
    assert.equal((await call(['runs', 'true', '--root', join(home, '.cadence-bus')])).code, 0);
    const asked = await call(['why'], { cwd: join(home, 'work'), env: { HOME: home } });
    assert.equal(asked.code, 66);
    assert.match(asked.stderr, new RegExp(`of no agent root: --root ${home}/\\.cadence-bus`));
  });

  it('changes nothing on a dry run, and refuses what cannot be', async () => {
    const before = JSON.stringify(desk.tree());
    const { code, said } = parseAnswer(await call(['exec', '--root', desk.root, '--json', '--dry-run', '--name', 'dry', '--', './job.sh'], { cwd: desk.root }));
    assert.deepEqual([code, said.would, said.cadence], [2, 'exec', 'dry']);
    assert.equal(JSON.stringify(desk.tree()), before);
    desk.shell('mine', 'true');
    for (const [words, exit, says] of [
      [['--name', 'mine', '--', 'true'], 64, /there is a cadence mine already/],
      [['--name', 'bus-hook-x', '--', 'true'], 64, /belongs to the program/],
      [['--name', 'A b', '--', 'true'], 65, /is not a cadence name/],
      [['--', './nowhere.sh'], 78, /there is no program/],
      [['--name', 'x1'], 64, /needs a command/],
    ] as const) {
      const refused = await tell(...words);
      assert.deepEqual([refused.code, refused.stdout], [exit, '']);
      assert.match(refused.stderr, says);
    }
  });
});

describe('notify and hooks', () => {
  const desk = createDesk();

  it('P11 D9 lists who is told, sends each a test, and says what came of it', async () => {
    desk.shell('well', 'true', 'notify: { on: [success], discord: { webhook_url_env: CB_NO_SUCH_VARIABLE } }');
    desk.put('cadences/bus.yaml', 'notify: { webhook: { url_env: CB_EXEC_HOOK } }\n');
    const { said } = await desk.ask('notify');
    assert.deepEqual(
      (said.sinks as { sink: string; unset: string[] }[]).map(({ sink, unset }) => [sink, unset]),
      [
        ['discord-cb-no-such-variable', ['CB_NO_SUCH_VARIABLE']],
        ['webhook-cb-exec-hook', []],
      ],
    );
    assert.equal((await desk.ask('notify', 'test', 'webhook', '--dry-run')).code, 2);
    server.answer(status(204));
    assert.deepEqual((await desk.ask('notify', 'test', 'webhook')).said, {
      ok: true,
      results: [{ sink: 'webhook-cb-exec-hook', ok: true, status: 'delivered' }],
    });
    assert.equal(server.seen.at(-1)?.body.kind, 'test');
    const ill = await desk.ask('notify', 'test', 'discord', '--timeout', '400ms');
    assert.equal(ill.code, 1);
    assert.match(JSON.stringify(ill.said.results), /"status":"pending","error":"CB_NO_SUCH_VARIABLE is not set/);
    assert.equal((await desk.ask('notify', 'test', 'slack')).code, 66);
    const ran = await desk.ask('run', 'well');
    const hooks = await desk.ask('hooks', String(ran.said.run_id));
    assert.deepEqual([hooks.code, (hooks.said.hooks as { name: string }[]).map(({ name }) => name)], [0, ['notify:discord', 'notify:webhook']]);
  });
});
