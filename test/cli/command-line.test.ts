import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { VERSION } from '../../lib/core/version.ts';
import { call, createDesk, errorOf, parseAnswer } from '../support/cli.ts';
import { tempRoot } from '../support/temp-root.ts';

describe('words that nobody understands', () => {
  const wrong: readonly (readonly [words: string, message: RegExp, hint: RegExp])[] = [
    ['statsu', /there is no command statsu/, /Did you mean status\?/],
    ['enqeue x', /there is no command enqeue/, /Did you mean enqueue\?/],
    ['frobnicate', /there is no command frobnicate/, /See cadence-bus --help/],
    ['help statsu', /there is no command and no topic statsu/, /Did you mean status\?/],
    ['status --jsno', /status has no option --jsno/, /Did you mean --json\?/],
    ['enqueue x --paylod 1', /enqueue has no option --paylod/, /Did you mean --payload\?/],
    ['run x --asinc', /run has no option --asinc/, /Did you mean --async\?/],
    ['status --payload 1', /status has no option --payload/, /See cadence-bus status --help/],
    ['status -x', /status has no option -x/, /See cadence-bus status --help/],
    ['status --qqqqqqqq', /status has no option --qqqqqqqq/, /See cadence-bus status --help/],
    ['status --verbose=yes', /--verbose takes no value/, /status --help/],
    ['runs --since', /--since needs a value: 24h/, /runs --help/],
    ['runs --since yesterday', /--since yesterday is no duration/, /runs --help/],
    ['runs --since 10', /--since 10 is no duration/, /runs --help/],
    ['runs --limit 0', /--limit 0 is no whole number of at least 1/, /runs --help/],
    ['runs --limit -1', /--limit -1 is no whole number/, /runs --help/],
    ['runs --limit 1.5', /--limit 1\.5 is no whole number/, /runs --help/],
    ['runs --status faild', /faild is no status of a run/, /Did you mean failed\?/],
    ['dlq lst', /dlq has no verb lst/, /Did you mean ls\?/],
    ['dlq retry', /which dead ticks\?/, /Name them/],
    ['dlq purge x7k2p9qd4mzt --all', /ticks are named, and a whole kind of them besides/, /--all/],
    ['dlq show', /needs a tick/, /dlq ls/],
    ['breaker rest x', /breaker has no verb rest/, /Did you mean reset\?/],
    ['breaker reset', /needs a cadence/, /--all/],
    ['breaker trip', /needs a cadence/, /breaker ls/],
    ['breaker trip --all', /needs a cadence/, /breaker ls/],
    ['enqueue', /needs the name of a cadence/, /cadence-bus list/],
    ['enqueue x --in 5m --at 2026-11-20T07:00:00Z', /--in and --at say the same thing/, /one of them/],
    ['enqueue x --expires 5m --expires-at 2026-11-20T07:00:00Z', /say the same thing/, /one of them/],
    ['run', /needs the name of a cadence/, /cadence-bus list/],
    ['show', /needs the name of a cadence/, /cadence-bus list/],
    ['logs', /needs the id of a run/, /cadence-bus runs/],
    ['wait', /needs the id of a run/, /cadence-bus runs/],
    ['cancel', /needs the id of a run/, /cadence-bus runs/],
    ['logs nonsense', /"nonsense" is no id of a run or a tick/, /x7k2p9qd4mzt-1/],
    ['wait ../../etc', /is no id of a run or a tick/, /x7k2p9qd4mzt/],
    ['cancel X7K2P9QD4MZT', /is no id of a run or a tick/, /x7k2p9qd4mzt/],
    ['events nonsense', /is no id of a run or a tick/, /x7k2p9qd4mzt/],
    ['--json=1', /no command is named/, /--help/],
    ['-V', /there is no option -V/, /--version/],
    ['-vv --jsn', /there is no option --jsn/, /--help/],
    ['-vv', /no command is named/, /--help/],
    ['help key', /no command and no topic key/, /Did you mean keys/],
  ];
  for (const [words, message, hint] of wrong) {
    it(`P37 D31 "${words}" exits 64 and says what to do`, async () => {
      const desk = createDesk();
      const inFull = ['--root', desk.root, ...words.split(' ')];
      const { code, stdout, stderr } = await call(inFull);
      assert.deepEqual([code, stdout], [64, '']);
      assert.match(stderr, message);
      assert.match(stderr, hint);
      const error = errorOf(parseAnswer(await call(['--json', ...inFull])));
      assert.deepEqual([error.code, error.error], [64, 'usage']);
      assert.match(error.message, message);
      assert.match(error.hint, hint);
      assert.deepEqual(Object.keys(desk.tree()), ['cadences/']);
    });
  }

  it('refuses one word too many, so that no second thing is silently left undone', async () => {
    const desk = createDesk();
    desk.shell('one', 'true');
    desk.shell('two', 'true');
    for (const words of [
      'pause one two',
      'status one two',
      'start now',
      'halt one',
      'audit all',
      'list one',
      'wait a b',
      'breaker trip one two',
      'enqueue one two',
    ]) {
      const { code, message } = errorOf(await desk.ask(...words.split(' ')));
      assert.equal(code, 64, words);
      assert.match(message, /does not know what to do with (two|now|one|all|b)$/, words);
    }
    assert.deepEqual(Object.keys(desk.tree()), ['cadences/', 'cadences/one.yaml', 'cadences/two.yaml']);
  });

  it('says that no command is named, where there are only flags', async () => {
    const { code, stderr } = await call(['--verbose']);
    assert.deepEqual([code, stderr], [64, 'error: no command is named\n       See cadence-bus --help.\n']);
  });

  it('a bug of ours exits 70, says that it is one, and keeps the one form of a failure', async () => {
    const desk = createDesk();
    const env = new Proxy({}, { get: (_target, name) => (name === 'CADENCE_ROOT' ? assert.fail('a bug, on purpose') : undefined) });
    const told = await call(['status', '--json'], { cwd: desk.root, env });
    const { code, error, message, hint } = errorOf(parseAnswer(told));
    assert.deepEqual([code, error], [70, 'bug']);
    assert.match(message, /a bug, on purpose/);
    assert.match(hint, /report/);
  });
});

describe('flags and their values', () => {
  const payloadOf = async (...words: readonly string[]): Promise<unknown> => {
    const desk = createDesk();
    desk.put('payload.json', ' {"from": "a file"}\n');
    const { code, said } = parseAnswer(await call(['enqueue', 'mail', ...words, '--dry-run', '--json', '--root', desk.root]));
    assert.equal(code, 2, JSON.stringify(said));
    return (said.content as { payload?: unknown }).payload;
  };

  it('takes as a value whatever follows, also what begins with a dash', async () => {
    assert.equal(await payloadOf('--payload', '-1'), -1);
    assert.equal(await payloadOf('--payload=-1'), -1);
    assert.deepEqual(await payloadOf('--payload', '["--root","--json"]'), ['--root', '--json']);
    assert.equal(await payloadOf('--payload', '"a=b"'), 'a=b');
    assert.equal(await payloadOf('--payload', 'null'), null);
  });

  it('reads @file from the file, and says whose fault it is where it cannot', async () => {
    const desk = createDesk();
    const file = desk.put('payload.json', ' {"from": "a file"}\n');
    const { said } = await desk.ask('enqueue', 'mail', '--payload', `@${file}`, '--dry-run');
    assert.deepEqual((said.content as { payload?: unknown }).payload, { from: 'a file' });
    assert.equal(errorOf(await desk.ask('enqueue', 'mail', '--payload', `@${file}.none`)).code, 66);
    assert.equal(errorOf(await desk.ask('enqueue', 'mail', '--payload', `@${desk.root}`)).code, 65);
    assert.equal(errorOf(await desk.ask('enqueue', 'mail', '--payload', '{')).code, 65);
  });

  it('a flag is found before the command, between the words and behind them', async () => {
    const desk = createDesk();
    desk.shell('mail', 'true');
    for (const words of [
      ['--root', desk.root, 'status', 'mail', '--json'],
      [`--root=${desk.root}`, '--json', 'status', 'mail'],
      ['--json', 'status', '--root', desk.root, 'mail'],
      ['-v', 'status', 'mail', '--json', `--root=${desk.root}`],
    ]) {
      const { code, said } = parseAnswer(await call(words));
      assert.deepEqual([code, (said.cadences as { name: string }[]).map(({ name }) => name)], [0, ['mail']], words.join(' '));
    }
    const { said } = parseAnswer(await call(['--payload', '1', '--root', desk.root, 'enqueue', 'mail', '--dry-run', '--json']));
    assert.equal((said.content as { payload?: unknown }).payload, 1);
  });

  it('the last of two values counts', async () => {
    const desk = createDesk();
    assert.equal((await call(['--root', '/no/such/place', 'status', '--root', desk.root])).code, 0);
  });

  it('takes everything behind -- as words', async () => {
    const desk = createDesk();
    desk.shell('mail', 'true');
    assert.equal((await call(['status', '--root', desk.root, '--', 'mail'])).code, 0);
    assert.equal((await call(['--root', desk.root, '--', 'status', 'mail'])).code, 0);
    const { code, stderr } = await call(['status', '--root', desk.root, '--', '--json']);
    assert.equal(code, 66);
    assert.match(stderr, /there is no cadence --json/);
  });

  it('a value that looks like --json does not ask for JSON', async () => {
    const desk = createDesk();
    const { code, stdout, stderr } = await call(['pause', 'nobody', '--because', '--json', '--root', desk.root]);
    assert.deepEqual([code, stdout], [66, '']);
    assert.match(stderr, /^error: there is no cadence nobody\n/);
  });

  it('colours only a terminal, and not one that does not want it', async () => {
    const desk = createDesk();
    desk.shell('mail', 'true');
    const isColored = async (env: Record<string, string>, ...words: readonly string[]): Promise<boolean> =>
      (await call(['status', '--root', desk.root, ...words], { isTerminal: true, env })).stdout.includes('\u001b[');
    assert.equal(await isColored({}), true);
    assert.equal(await isColored({}, '--no-color'), false);
    assert.equal(await isColored({ NO_COLOR: '1' }), false);
    assert.equal(await isColored({ TERM: 'dumb' }), false);
    assert.ok(!(await desk.tell('status')).stdout.includes('\u001b'));
  });
});

describe('which root is meant', () => {
  const named = async (words: readonly string[], cwd: string, env: Record<string, string> = {}): Promise<unknown> => {
    const { said } = parseAnswer(await call(['list', '--json', ...words], { cwd, env }));
    return (said.cadences as { name: string }[] | undefined)?.map(({ name }) => name)[0] ?? (said.error as { code: string }).code;
  };
  const rootWith = (name: string): string => {
    const desk = createDesk();
    desk.shell(name, 'true');
    return desk.root;
  };

  it('P36 --root before CADENCE_ROOT, before AGENT_ROOT, before the nearest parent with cadences/', async () => {
    const [flag, cadence, agent, near] = [rootWith('by-flag'), rootWith('by-cadence-root'), rootWith('by-agent-root'), rootWith('by-folder')];
    const below = join(near, 'deep/down');
    mkdirSync(below, { recursive: true });
    const env = { CADENCE_ROOT: cadence, AGENT_ROOT: agent };
    assert.equal(await named(['--root', flag], below, env), 'by-flag');
    assert.equal(await named([], below, env), 'by-cadence-root');
    assert.equal(await named([], below, { AGENT_ROOT: agent }), 'by-agent-root');
    assert.equal(await named([], below, { CADENCE_ROOT: '', AGENT_ROOT: '' }), 'by-folder');
    assert.equal(await named([], below), 'by-folder');
    assert.equal(await named(['--root', '..'], join(near, 'deep')), 'by-folder');
  });

  it('a root that is none, or nowhere to be found, exits 66 and names the way to say it', async () => {
    const empty = tempRoot();
    for (const words of [['--root', empty], ['--root', join(empty, 'missing')], []]) {
      for (const verb of ['status', 'list', 'runs', 'audit', 'check', 'breaker', 'dlq', 'events', 'halt', 'start', 'resume']) {
        const { code, hint } = errorOf(parseAnswer(await call([verb, ...words, '--json'], { cwd: empty })));
        assert.equal(code, 66, verb);
        assert.match(hint, /--root or CADENCE_ROOT, or make one with cadence-bus init/);
      }
    }
    for (const name of ['CADENCE_ROOT', 'AGENT_ROOT']) {
      const { message } = errorOf(parseAnswer(await call(['status', '--json'], { cwd: empty, env: { [name]: empty } })));
      assert.match(message, new RegExp(`${empty}, which ${name} names, is no agent root`));
    }
    assert.equal(errorOf(parseAnswer(await call(['status', '--root=', '--json']))).code, 64);
  });
});

it('tells its version, to people and to programs', async () => {
  assert.deepEqual(await call(['--version']), { code: 0, stdout: `${VERSION}\n`, stderr: '' });
  assert.deepEqual(parseAnswer(await call(['--version', '--json'])), { code: 0, said: { ok: true, version: VERSION } });
});
