import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { tempRoot } from '../support/temp-root.ts';
import { emptyRoot, filesIn, inboxOf, readTicks } from './inbox-reader.ts';
import { commandProducer, PROJECT, run } from './producer.ts';
import { shells } from './shells.ts';

const SCRIPT = join(PROJECT, 'bin/enqueue');

interface Ran {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function sh(shell: readonly string[], words: readonly string[], options: { cwd?: string; env?: Record<string, string>; input?: string } = {}): Ran {
  const { status, stdout, stderr } = spawnSync(shell[0] as string, [...shell.slice(1), SCRIPT, ...words], {
    encoding: 'utf8',
    cwd: '/',
    ...options,
    env: { PATH: process.env.PATH, ...options.env },
  });
  return { exit: status, stdout, stderr };
}

for (const shell of shells) {
  describe(`bin/enqueue in ${shell.join(' ')}`, () => {
    describeAnswers((words, options) => sh(shell, words, options));
    describeOnce((words, options) => sh(shell, words, options));
    describeOwner((words, options) => sh(shell, words, options));
    describeSystemCalls(shell);
    describeGuard([...shell, SCRIPT]);
  });
}

it('ends where the shell does not know the folder that it is in, which zsh calls "." once it is gone', () => {
  const ran = spawnSync('/bin/sh', ['-c', `set -- hello; PWD=.; . '${SCRIPT}'`], { cwd: '/', encoding: 'utf8', env: {}, timeout: 10_000 });
  assert.deepEqual([ran.status, ran.stderr.slice(0, 55)], [66, 'enqueue: no folder here or above has a cadences/ folder']);
});

type Enqueue = (words: readonly string[], options?: Parameters<typeof sh>[2]) => Ran;

function describeAnswers(enqueue: Enqueue): void {
  it('M4 prints one line with the cadence and the path', () => {
    const root = emptyRoot();
    const { exit, stdout, stderr } = enqueue(['nightly-backup', '--root', root]);
    const [file] = filesIn(inboxOf(root));
    assert.deepEqual({ exit, stdout, stderr }, { exit: 0, stdout: `enqueued nightly-backup ${inboxOf(root)}/${file}\n`, stderr: '' });
    assert.match(file as string, /^nightly-backup\.\d+-1\.json$/);
  });

  it('D17 prints a receipt as one flat object', () => {
    const root = emptyRoot();
    const said = JSON.parse(enqueue(['mail', '--root', root, '--json']).stdout);
    assert.deepEqual(said, { ok: true, status: 'queued', run_id: null, cadence: 'mail', tick: null, path: readTicks(inboxOf(root))[0]?.path });
  });

  it('escapes the path in a receipt', () => {
    const root = join(tempRoot(), 'a "quoted" \\ root');
    mkdirSync(join(root, 'cadences'), { recursive: true });
    assert.ok(existsSync(JSON.parse(enqueue(['mail', '--root', root, '--json']).stdout).path));
  });

  it('explains each refusal in one line, with what to do', () => {
    const root = emptyRoot();
    const cases: readonly (readonly [number, readonly string[]])[] = [
      [64, []],
      [64, ['mail', 'post']],
      [64, ['mail', '--what']],
      [64, ['mail', '--what=x']],
      [64, ['mail', '--key']],
      [64, ['mail', '--root', '']],
      [64, ['mail', '-x']],
      [65, ['']],
      [65, ['--', '--once']],
      [65, ['Mail\n\u001b[2J']],
      [65, ['mail', '--key', 'ä']],
      [65, ['mail', '--key', 'a"b']],
      [65, ['mail', '--key', 'a\\b']],
      [65, ['mail', '--source=']],
      [65, ['mail', '--source', 's'.repeat(201)]],
      [65, ['mail', '--payload', '']],
      [65, ['mail', '--expires-at', 'soon']],
      [66, ['mail', '--payload', '@missing']],
      [66, ['mail', '--root', '/missing']],
    ];
    for (const [exit, words] of cases) {
      const ran = enqueue(words, { env: { CADENCE_ROOT: root } });
      assert.deepEqual({ exit: ran.exit, stdout: ran.stdout }, { exit, stdout: '' }, words.join(' '));
      assert.match(ran.stderr, /^enqueue: [^\x00-\x1f]+; [^\x00-\x1f]+\n$/, words.join(' '));
      const asJson = enqueue(['--json', ...words], { env: { CADENCE_ROOT: root } });
      assert.deepEqual([asJson.exit, JSON.parse(asJson.stdout).ok], [exit, false]);
    }
    assert.deepEqual(filesIn(inboxOf(root)), []);
  });

  it('answers a wrong word with JSON even when --json stands behind it', () => {
    const said = JSON.parse(enqueue(['mail', '--what', '--json']).stdout);
    assert.deepEqual([said.ok, said.error.code], [false, 'usage']);
  });

  it('takes the root from --root, CADENCE_ROOT, AGENT_ROOT, the nearest parent, in this order', () => {
    const [named, cadence, agent, near] = [emptyRoot(), emptyRoot(), emptyRoot(), emptyRoot()] as const;
    const cwd = join(near, 'a/b');
    mkdirSync(cwd, { recursive: true });
    const env = { CADENCE_ROOT: cadence, AGENT_ROOT: agent };
    const steps = [
      [named, ['--root', named], env],
      [named, [`--root=${named}/`], env],
      [cadence, [], env],
      [agent, [], { AGENT_ROOT: agent }],
      [agent, [], { CADENCE_ROOT: '', AGENT_ROOT: agent }],
      [near, [], {}],
      [near, ['--root', '../..'], env],
    ] as const;
    for (const [root, words, given] of steps) {
      const before = filesIn(inboxOf(root)).length;
      assert.equal(enqueue(['mail', ...words], { cwd, env: given }).exit, 0);
      assert.equal(filesIn(inboxOf(root)).length, before + 1, JSON.stringify([words, given]));
    }
    assert.equal(enqueue(['mail'], { cwd: '/' }).exit, 66);
  });

  it('reads a payload from stdin, and refuses an endless one without reading it all', () => {
    const root = emptyRoot();
    assert.equal(enqueue(['mail', '--payload', '-', '--root', root], { input: '{"a":\n1}\n' }).exit, 0);
    assert.equal(enqueue(['mail', '--payload', '-', '--root', root], { input: 'x'.repeat(20_000_000) }).exit, 65);
    assert.deepEqual(
      readTicks(inboxOf(root)).map(({ tick }) => tick.payload),
      [{ a: 1 }],
    );
  });

  it('does not mend a payload: a raw newline or NUL in a text stays malformed', () => {
    for (const payload of ['"a\nb"', '"a\u0000b"', '{"a":1}\u0000']) {
      const root = emptyRoot();
      const { exit } = enqueue(['mail', '--payload', '-', '--root', root], { input: payload });
      const [file] = filesIn(inboxOf(root));
      assert.equal(exit === 0, file !== undefined);
      if (file !== undefined) assert.throws(() => JSON.parse(readFileSync(join(inboxOf(root), file), 'utf8')), SyntaxError);
    }
  });

  it('returns when the tick is on disk with --sync', () => {
    const root = emptyRoot();
    for (const words of [['--sync'], ['--once', '--sync'], ['--once', '--sync']]) assert.equal(enqueue(['mail', '--root', root, ...words]).exit, 0);
    assert.equal(readTicks(inboxOf(root)).length, 2);
  });

  it('shows its usage', () => {
    const { exit, stdout } = enqueue(['--help']);
    assert.equal(exit, 0);
    for (const option of ['--payload', '--key', '--slot', '--expires-at', '--source', '--once', '--sync', '--root', '--json'])
      assert.ok(stdout.includes(option), option);
  });
}

function describeOwner(enqueue: Enqueue): void {
  const gone = spawnSync('true').pid;
  const ownedBy = (pid: number, state = 'running'): string => {
    const root = emptyRoot();
    mkdirSync(inboxOf(root), { recursive: true });
    writeFileSync(
      join(root, 'state/cadence-bus/owner.json'),
      `${JSON.stringify({ format: 1, pid, identity: 'x', surroundings: { path: '/bin' }, state, before: { pid, state: 'running' } }, null, 2)}\n`,
    );
    return root;
  };
  const markOf = (root: string): string => join(root, 'state/cadence-bus/owner-gone');

  it('P30 run by a timer notices an owner that died, says so, leaves a mark for the watchman, and drops its tick with exit 0 all the same', () => {
    const root = ownedBy(gone);
    const { exit, stdout, stderr } = enqueue(['mail', '--once', '--source', 'systemd', '--root', root]);
    assert.deepEqual([exit, stdout], [0, `enqueued mail ${join(inboxOf(root), 'mail.json')}\n`]);
    assert.match(stderr, new RegExp(`^enqueue: the owner, process ${gone}, is gone, and the tick waits; cadence-bus heartbeat .*\n$`));
    assert.ok(existsSync(markOf(root)));
    const { mtimeMs } = statSync(markOf(root));
    const again = enqueue(['mail', '--once', '--source', 'systemd', '--root', root]);
    assert.deepEqual([again.exit, again.stdout.startsWith('already pending'), again.stderr], [0, true, stderr]);
    assert.equal(statSync(markOf(root)).mtimeMs, mtimeMs, 'it says since when');
  });

  it('P30 says nothing of an owner that lives, that has stopped, or that nobody has seen, nor where no timer asks', () => {
    const broken = ownedBy(gone);
    writeFileSync(join(broken, 'state/cadence-bus/owner.json'), '{\n  "format": 1,\n  "pid": $(touch /tmp/x),\n');
    for (const root of [ownedBy(process.pid), ownedBy(gone, 'stopped'), emptyRoot(), broken]) {
      assert.deepEqual([enqueue(['mail', '--source', 'launchd', '--root', root]).stderr, existsSync(markOf(root))], ['', false]);
    }
    const root = ownedBy(gone);
    assert.deepEqual([enqueue(['mail', '--root', root]).stderr, existsSync(markOf(root))], ['', false]);
  });
}

function describeOnce(enqueue: Enqueue): void {
  it('M4 keeps one pending tick with --once, says so, and makes the next one when that is gone', () => {
    const root = emptyRoot();
    const path = join(inboxOf(root), 'mail.json');
    const once = (...words: readonly string[]): Ran => enqueue(['mail', '--once', '--root', root, ...words]);
    assert.deepEqual(once(), { exit: 0, stdout: `enqueued mail ${path}\n`, stderr: '' });
    const first = readFileSync(path, 'utf8');
    assert.deepEqual(once('--source', 'launchd'), { exit: 0, stdout: `already pending mail ${path}\n`, stderr: '' });
    assert.deepEqual(JSON.parse(once('--json').stdout), { ok: true, status: 'queued', run_id: null, cadence: 'mail', tick: null, path, already_pending: true });
    assert.equal(readFileSync(path, 'utf8'), first);
    unlinkSync(path);
    assert.equal(once().stdout, `enqueued mail ${path}\n`);
    assert.deepEqual(filesIn(inboxOf(root)), ['mail.json']);
  });

  it('makes one tick of 30 calls at once with --once', async () => {
    const root = emptyRoot();
    mkdirSync(inboxOf(root), { recursive: true });
    await Promise.all(
      Array.from({ length: 30 }, () => {
        const child = spawn(SCRIPT, ['mail', '--once', '--root', root], { stdio: 'ignore' });
        return new Promise<void>((resolve, reject) =>
          child.on('error', reject).on('close', (code) => (code === 0 ? resolve() : reject(new Error(`exit ${code}`)))),
        );
      }),
    );
    assert.equal(readTicks(inboxOf(root)).length, 1);
  });

  it('neither hangs on nor follows what is no regular file', () => {
    const root = emptyRoot();
    mkdirSync(inboxOf(root), { recursive: true });
    const path = join(inboxOf(root), 'mail.json');
    const target = join(root, 'target');
    const obstacles = [() => spawnSync('mkfifo', [path]), () => mkdirSync(path), () => symlinkSync(target, path)];
    for (const put of obstacles) {
      put();
      assert.equal(enqueue(['mail', '--once', '--root', root]).exit, 74);
      rmSync(path, { recursive: true });
    }
    assert.ok(!existsSync(target));
  });
}

/** strace is for Linux alone; what it proves here holds wherever the same shell runs. */
function describeSystemCalls(shell: readonly string[]): void {
  if (spawnSync('strace', ['-o', '/dev/null', 'true']).status !== 0) return;
  const trace = (words: readonly string[]): readonly string[] => {
    const log = join(tempRoot(), 'strace');
    spawnSync('strace', ['-f', '-s', '100000', '-o', log, '-e', 'trace=openat,open,write,execve,fork,vfork,clone,clone3', ...shell, SCRIPT, ...words], {
      env: { PATH: process.env.PATH },
    });
    return readFileSync(log, 'utf8').split('\n');
  };

  it('makes a tick of one exclusive open and one write, with no fork', () => {
    const root = emptyRoot();
    mkdirSync(inboxOf(root), { recursive: true });
    for (const words of [['mail'], ['mail', '--once'], ['mail', '--payload', '{"a":[1,"b"]}', '--key', 'k']]) {
      const calls = trace([...words, '--root', root]);
      assert.deepEqual(
        calls.filter((call) => /\b(v?fork|clone3?)\(/.test(call)),
        [],
      );
      assert.equal(calls.filter((call) => call.includes('execve(')).length, 1);
      assert.equal(calls.filter((call) => call.includes('inbox') && /open(at)?\(.*O_CREAT\|O_EXCL/.test(call)).length, 1);
      assert.equal(calls.filter((call) => call.includes('write(') && call.includes('\\"cadence\\"')).length, 1);
    }
  });

  it('writes no newline but the last, so that no part of a tick looks whole', () => {
    const root = emptyRoot();
    mkdirSync(inboxOf(root), { recursive: true });
    const writes = trace(['mail', '--root', root, '--payload', `[\n${'"line",\n'.repeat(3000)}1\n]`]).filter(
      (call) => /write\(1,/.test(call) && !call.includes('"enqueued'),
    );
    assert.ok(writes.length > 0);
    for (const call of writes.slice(0, -1)) assert.ok(!/\\n", \d+\)/.test(call), call.slice(-80));
    assert.match(writes.at(-1) as string, /\\n", \d+\)/);
  });
}

function describeGuard(program: readonly string[]): void {
  it('takes every JSON value, and whatever else it takes writes no field of the tick', async () => {
    const producer = commandProducer(program);
    const root = emptyRoot();
    const spaced = fc.tuple(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(0, 1, '\t')).map(([value, space]) => JSON.stringify(value, null, space));
    const pieces = fc
      .array(fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', '"key"', '1', ' ', 'null', '\\"', '\\\\', 'x'), { minLength: 1, maxLength: 12 })
      .map((some) => some.join(''));
    const produced = async (payload: string): Promise<string | undefined> => {
      const answer = await run(producer.command({ cadence: 'mail', payload, via: 'argument' }, root));
      if (answer.kind !== 'queued') return undefined;
      const text = readFileSync(answer.path, 'utf8');
      unlinkSync(answer.path);
      return text;
    };
    await fc.assert(
      fc.asyncProperty(spaced, async (payload) => {
        if (payload.includes('\u0000') || payload === '-' || Buffer.byteLength(payload) > 100_000) return;
        assert.deepEqual(JSON.parse((await produced(payload)) as string).payload, JSON.parse(payload));
      }),
      { numRuns: 60 },
    );
    await fc.assert(
      fc.asyncProperty(pieces, async (payload) => {
        const text = await produced(payload);
        const isJson = isParsed(payload);
        assert.ok(text !== undefined || !isJson, `${payload} is JSON and was refused`);
        if (text !== undefined && isParsed(text)) assert.ok(isJson, `${payload} is no JSON, but became ${text}`);
      }),
      { numRuns: 250 },
    );
  });
}

function isParsed(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    return false;
  }
}

it('takes for a plain form nothing that only looks like one', () => {
  const root = emptyRoot();
  const refused: readonly (readonly [exit: number, ...words: readonly string[]])[] = [
    [64, '-mail'],
    [65, 'mail-'],
    [65, 'm'],
    [65, 'mail-', '--root', root],
    [65, 'm', '--root', root],
    [65, 'a/b', '--once', '--source', 'launchd', '--root', root],
    [65, 'mail/launchd', '--once', '--source', 'x', '--root', `${root}\n`],
    [65, 'mail', '--once', '--source', '', '--root', root],
    [64, 'mail', '--root'],
    [64, 'mail', '--root', root, 'mail'],
    [64, 'mail', '--once', '--source,--root', root, '', root],
    [64, 'mail', '--once', '--source', 'x', '--root,', root],
    [64, 'mail', '--once--source', '--root', root, '', root],
    [66, 'mail', '--root', `${root}/none`],
  ];
  for (const [exit, ...words] of refused) assert.equal(sh(['/bin/sh'], words, { env: { CADENCE_ROOT: root } }).exit, exit, words.join(' '));
  assert.deepEqual(readTicks(inboxOf(root)), []);
  // What has more to it than a plain form takes is no less right.
  for (const name of ['a'.repeat(49), 'a'.repeat(50)]) assert.equal(sh(['/bin/sh'], [name, '--once', '--source', 'cron.daily', '--root', root]).exit, 0);
  assert.equal(readTicks(inboxOf(root)).length, 2);
});

it('says the same in its plain form as in its careful one', () => {
  const root = emptyRoot();
  const plain = sh(['/bin/sh'], ['mail', '--source', 'launchd', '--root', root]);
  const careful = sh(['/bin/sh'], ['mail', '--source=launchd', '--root', root]);
  const [one, two] = readTicks(inboxOf(root));
  assert.deepEqual([plain.exit, careful.exit], [0, 0]);
  assert.equal(readFileSync(one?.path as string, 'utf8'), readFileSync(two?.path as string, 'utf8'));
});
