import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { call, createDesk, type Desk, errorOf, parseAnswer } from '../support/cli.ts';
import { tempRoot } from '../support/temp-root.ts';

const TEXT = `# the nightly backup
run: { command: [echo, hi] } # says hi
timeout: 20m   # long
retry:
  attempts: 3 # tries
`;

type Change = Readonly<Record<'path' | 'change' | 'diff', string>>;

function read(desk: Desk, file: string): string {
  return readFileSync(join(desk.paths.cadences, file), 'utf8');
}

function deskWith(name = 'nightly', text = TEXT): Desk {
  const desk = createDesk();
  desk.put(`cadences/${name}.yaml`, text);
  return desk;
}

describe('D14 P1 P36 new', () => {
  it('makes a command with what the flags say, and it runs', async () => {
    const desk = createDesk();
    const words = [
      '--command',
      "echo 'it works'",
      '--timeout',
      '20m',
      '--env',
      'PATH',
      '--env',
      'MODE=0644',
      '--set',
      'retry.attempts=3',
      '--description',
      'Back up: all',
    ];
    const { code, said } = await desk.ask('new', 'backup', ...words);
    assert.deepEqual([code, said.cadence, (said.changes as Change[]).map(({ change }) => change)], [0, 'backup', ['create']]);
    assert.equal(
      read(desk, 'backup.yaml'),
      'description: "Back up: all"\nrun: {command: [echo, it works], env: [PATH, {MODE: "0644"}]}\ntimeout: 20m\nretry: {attempts: 3}\n',
    );
    assert.equal((await desk.ask('run', 'backup')).said.summary, 'it works');
  });

  it('runs a line by a shell only where a shell is needed, and takes words behind -- as they are', async () => {
    const desk = createDesk();
    await desk.ask('new', 'pipe', '--command', 'echo a | wc -l');
    assert.equal(read(desk, 'pipe.yaml'), 'run: {command: echo a | wc -l, shell: true}\n');
    const { code } = parseAnswer(await call(['new', 'words', '--json', '--root', desk.root, '--', 'echo', '--json', 'a b', '*']));
    assert.equal(code, 0);
    assert.equal(read(desk, 'words.yaml'), 'run: {command: [echo, --json, a b, "*"]}\n');
  });

  it('makes a prompt, its settings in front of it', async () => {
    const desk = createDesk();
    await desk.ask('new', 'brief', '--prompt', 'Write the brief.', '--set', 'run.claude.max_turns=3', '--cwd', '~');
    assert.equal(read(desk, 'brief.md'), '---\nrun: {claude: {cwd: "~", max_turns: 3}}\n---\nWrite the brief.\n');
    const file = desk.put('prompt.txt', 'From a file.\n');
    await desk.ask('new', 'bare', '--prompt', `@${file}`);
    assert.equal(read(desk, 'bare.md'), 'From a file.\n');
  });

  it('makes a handler where there is none, and runs it', async () => {
    const desk = createDesk();
    await desk.ask('new', 'greet', '--inline', 'handlers/greet.mjs');
    assert.equal((await desk.ask('run', 'greet')).said.summary, 'done');
    writeFileSync(join(desk.root, 'handlers/greet.mjs'), "export default async () => 'mine';\n");
    await desk.ask('new', 'again', '--inline', 'handlers/greet.mjs');
    assert.equal((await desk.ask('run', 'again')).said.summary, 'mine');
  });

  it('P1a P37 refuses a name that is none, that is taken or that is ours, and what is not right, and writes nothing', async () => {
    const desk = deskWith();
    desk.put('cadences/brief.md', 'Write.\n');
    const before = desk.tree();
    const refused: readonly (readonly [words: string, code: number, message: RegExp, hint: RegExp])[] = [
      ['Nightly --command true', 65, /"Nightly" is not a cadence name/, /2 to 50 characters/],
      ['x --command true', 65, /"x" is not a cadence name/, /2 to 50 characters/],
      ['bus-mine --command true', 65, /belongs to the program/, /bus-/],
      ['nightly --command true', 65, /nightly exists already: .*nightly\.yaml/, /cadence-bus edit nightly/],
      ['brief --command true', 65, /brief exists already: .*brief\.md/, /cadence-bus edit brief/],
      ['fresh', 64, /what is fresh to run\?/, /--command/],
      ['fresh --command true --prompt x', 64, /one thing only/, /--command/],
      ['fresh --command ./none.sh', 65, /fresh\.yaml:1:\d+ {2}run\.command\[0\]: there is no program .*none\.sh/, /Nothing was written/],
      ['fresh --command true --timeout soon', 65, /fresh\.yaml:2:10 {2}timeout: found "soon", expected a duration/, /Nothing was written/],
      ['fresh --command true --set retires=3', 65, /unknown key "retires"\. Allowed here: /, /Nothing was written/],
      ['fresh --command true --set timeout', 64, /--set timeout has no value/, /key=value/],
      ['', 64, /new needs a name/, /cadence-bus new/],
    ];
    for (const [words, code, message, hint] of refused) {
      const error = errorOf(await desk.ask('new', ...words.split(' ').filter((word) => word !== '')));
      assert.equal(error.code, code, words);
      assert.match(error.message, message);
      assert.match(error.hint, hint);
    }
    const { 'cadences/.definitions.lock/': _lock, ...now } = desk.tree();
    assert.deepEqual(now, before);
  });
});

describe('D14 P36 edit', () => {
  it('changes one key and not a byte beside it', async () => {
    const desk = deskWith();
    await desk.ask('edit', 'nightly', '--set', 'timeout=1h', '--set', 'retry.attempts=5', '--unset', 'run.none');
    assert.equal(read(desk, 'nightly.yaml'), TEXT.replace('20m', '1h').replace('attempts: 3', 'attempts: 5'));
    await desk.ask('edit', 'nightly', '--unset', 'retry.attempts', '--command', 'a | b');
    assert.equal(read(desk, 'nightly.yaml'), '# the nightly backup\nrun: { command: a | b, shell: true } # says hi\ntimeout: 1h   # long\n');
  });

  it('changes the front matter of a prompt, and not a word of the prompt', async () => {
    const desk = createDesk();
    const body = '\nWrite.\n---\ntimeout: 1m\n';
    desk.put('cadences/brief.md', `---\ntimeout: 20m # long\n---\n${body}`);
    await desk.ask('edit', 'brief', '--set', 'timeout=1h');
    assert.equal(read(desk, 'brief.md'), `---\ntimeout: 1h # long\n---\n${body}`);
    await desk.ask('edit', 'brief', '--unset', 'timeout');
    assert.equal(read(desk, 'brief.md'), body);
    await desk.ask('disable', 'brief');
    assert.equal(read(desk, 'brief.md'), `---\nenabled: false\n---\n${body}`);
  });

  it('keeps the mode of the file', async () => {
    const desk = deskWith();
    chmodSync(join(desk.paths.cadences, 'nightly.yaml'), 0o640);
    await desk.ask('edit', 'nightly', '--timeout', '1h');
    assert.equal(statSync(join(desk.paths.cadences, 'nightly.yaml')).mode & 0o777, 0o640);
  });

  it('P36 P37 writes nothing that is wrong, and says where it would be', async () => {
    const desk = deskWith();
    for (const [words, message] of [
      ['--set timout=1h', /nightly\.yaml:6:1 {2}timout: unknown key "timout"\. Did you mean "timeout"/],
      ['--set retry.attempts=many', /nightly\.yaml:5:13 {2}retry\.attempts: found "many"/],
      ['--unset run', /run: missing/],
      ['--set run.inline=./x.mjs', /names command and inline, expected one of them/],
    ] as const) {
      const error = errorOf(await desk.ask('edit', 'nightly', ...words.split(' ')));
      assert.equal(error.code, 65, words);
      assert.match(error.message, message);
      assert.equal(read(desk, 'nightly.yaml'), TEXT);
    }
    desk.put('cadences/nightly.yaml', 'run: [\n');
    const { code, message } = errorOf(await desk.ask('edit', 'nightly', '--timeout', '1m'));
    assert.equal(code, 78);
    assert.match(message, /nightly\.yaml:2:1 .*not valid YAML/);
    assert.match(errorOf(await desk.ask('edit', 'nightyl', '--timeout', '1m')).hint, /Did you mean nightly/);
  });

  it('opens $EDITOR on a draft, and takes it up when it is right', async () => {
    const desk = deskWith();
    const edit = async (editor: string, ...words: readonly string[]) =>
      parseAnswer(await call(['edit', 'nightly', '--json', '--root', desk.root, ...words], { env: { EDITOR: editor } }));
    assert.equal((await edit('sed -i.bak s/20m/1h/')).code, 0);
    assert.equal(read(desk, 'nightly.yaml'), TEXT.replace('20m', '1h'));
    assert.deepEqual((await edit('true')).said.changes, []);

    const broken = errorOf(await edit('sed -i.bak s/timeout/timout/'));
    assert.equal(broken.code, 65);
    assert.match(broken.message, /drafts\/nightly\.yaml:3:1 {2}timout: unknown key/);
    assert.match(broken.hint, /your draft is kept/);
    assert.equal(read(desk, 'nightly.yaml'), TEXT.replace('20m', '1h'), 'the definition is as it was');
    assert.equal((await edit('sed -i.bak s/timout/idle_timeout/')).code, 0, 'the next session goes on with the draft');
    assert.match(read(desk, 'nightly.yaml'), /^idle_timeout: 1h/m);
    assert.ok(!existsSync(join(desk.paths.state, 'drafts/nightly.yaml')));
  });

  it('does not overwrite what somebody else wrote meanwhile, and loses neither', async () => {
    const desk = deskWith();
    const meanwhile = `sh -c 'echo "# theirs" >> ${desk.paths.cadences}/nightly.yaml; echo "# mine" >> "$1"' x`;
    const run = (editor: string) => call(['edit', 'nightly', '--json', '--root', desk.root], { env: { VISUAL: editor } });
    const { code, message } = errorOf(parseAnswer(await run(meanwhile)));
    assert.equal(code, 65);
    assert.match(message, /was changed by somebody else meanwhile; your draft is kept in/);
    assert.equal(read(desk, 'nightly.yaml'), `${TEXT}# theirs\n`);
    assert.match(readFileSync(join(desk.paths.state, 'drafts/nightly.yaml'), 'utf8'), /# mine/);
    assert.equal(errorOf(parseAnswer(await run('true'))).code, 65, 'nor does a later session');
    await desk.ask('edit', 'nightly', '--discard-draft');
    assert.equal(parseAnswer(await run('true')).code, 0);
  });

  it('keeps the draft where the editor dies, and asks for an editor where there is none', async () => {
    const desk = deskWith();
    const told = parseAnswer(await call(['edit', 'nightly', '--json', '--root', desk.root], { env: { EDITOR: `sh -c 'echo x >> "$1"; kill -9 $$' x` } }));
    const { message, hint } = errorOf(told);
    assert.match(message, /ended with exit code 137/);
    assert.match(hint, /is kept in .*drafts\/nightly\.yaml/);
    assert.match(errorOf(await desk.ask('edit', 'nightly')).hint, /--set timeout=10m/);
  });

  it('two edits at once are both made', async () => {
    const desk = deskWith();
    const keys = ['timeout=1m', 'idle_timeout=2m', 'kill_grace=3s', 'log_cap=1MB', 'expires=4h'];
    const ends = await Promise.all(keys.map((key) => desk.ask('edit', 'nightly', '--set', key)));
    assert.deepEqual(new Set(ends.map(({ code }) => code)), new Set([0]));
    for (const key of keys) assert.ok(read(desk, 'nightly.yaml').includes(key.replace('=', ': ')), key);
  });
});

describe('D14 P36 enable, disable and rm', () => {
  it('enable and disable change their key only, once', async () => {
    const desk = deskWith();
    assert.deepEqual((await desk.ask('enable', 'nightly')).said.changes, []);
    assert.equal((await desk.ask('disable', 'nightly')).said.enabled, false);
    assert.equal(read(desk, 'nightly.yaml'), `${TEXT}enabled: false\n`);
    assert.deepEqual((await desk.ask('disable', 'nightly')).said.changes, []);
    await desk.ask('enable', 'nightly');
    assert.equal(read(desk, 'nightly.yaml'), `${TEXT}enabled: true\n`);
  });

  it('neither says of a file that is not right that it is so already: an owner goes by the last one that was', async () => {
    const desk = deskWith();
    desk.put('cadences/nightly.yaml', `${TEXT}enabled: false\ntimout: 5m\n`);
    const wrong = errorOf(await desk.ask('disable', 'nightly'));
    assert.equal(wrong.code, 65);
    assert.match(wrong.message, /nightly\.yaml:\d+:1 {2}timout: unknown key/);
    assert.match(wrong.hint, /cadence-bus pause nightly/);
    desk.put('cadences/nightly.yaml', `${TEXT}retry:\n\tattempts: 1\n`);
    assert.equal(errorOf(await desk.ask('enable', 'nightly')).code, 78);
  });

  it('rm wants to be sure, refuses while ticks wait, and says what stays', async () => {
    const desk = deskWith();
    await desk.ask('run', 'nightly');
    assert.equal(errorOf(await desk.ask('rm', 'nightly')).code, 64);
    const tick = await desk.enqueue('nightly', '--in', '1h');
    const { code, message, hint } = errorOf(await desk.ask('rm', 'nightly', '--yes'));
    assert.equal(code, 75);
    assert.match(message, /1 waiting tick$/);
    assert.match(hint, /--force/);
    await desk.ask('cancel', tick);
    const { said } = await desk.ask('rm', 'nightly', '--yes');
    assert.deepEqual(said.stays, { runs: 2, dead: 0, waiting: 0, running: 0 });
    assert.match((said.changes as Change[])[0]?.diff ?? '', /-timeout: 20m {3}# long/, 'what it said is told once more');
    assert.ok(!existsSync(join(desk.paths.cadences, 'nightly.yaml')));
    assert.equal((await desk.ask('runs', 'nightly')).code, 0);
  });
});

it('D3 D31 P36 --dry-run of every verb that defines shows a diff, changes nothing and exits 2', async () => {
  const desk = deskWith();
  const before = desk.tree();
  for (const words of ['new fresh --command true', 'edit nightly --timeout 1h', 'disable nightly', 'rm nightly', 'init .']) {
    const { code, said } = parseAnswer(await call([...words.split(' '), '--dry-run', '--json', '--root', desk.root], { cwd: desk.root }));
    assert.deepEqual([code, said.ok, said.dry_run, said.would], [2, true, true, words.split(' ')[0]], words);
    const [change] = said.changes as Change[];
    assert.match(change?.diff ?? '', /^--- (a\/|\/dev\/null)\S*\n\+\+\+ (b\/|\/dev\/null)\S*\n@@ -\d+,\d+ \+\d+,\d+ @@$/m, words);
    const told = await call([...words.split(' '), '--dry-run', '--root', desk.root], { cwd: desk.root });
    assert.match(told.stdout, /^Would /);
  }
  assert.deepEqual(desk.tree(), before);
});

describe('A38 D14 init', () => {
  it('makes a root with an example that runs, schemas for editors, and ignore files; run again it does nothing', async () => {
    const dir = join(tempRoot(), 'agent');
    const ask = async (...words: readonly string[]) => parseAnswer(await call([...words, '--json'], { cwd: dir }));
    const dry = await call(['init', dir, '--json', '--dry-run']);
    const answer = await call(['init', dir, '--json']);
    for (const { stdout } of [dry, answer]) assert.ok(stdout.length < 8_000, 'a schema of thousands of lines is named and not told');
    const made = parseAnswer(answer).said;
    const told = (made.changes as { path: string; diff: string }[]).find(({ path }) => path.endsWith('.schema/cadence.json'));
    assert.match(told?.diff ?? '', /^--- .*\n\+\+\+ .*\n@@ .*\n… \d{3,} lines, made by this version; -v shows them$/);
    assert.equal((made.changes as Change[]).length, 5);
    assert.equal((await ask('check')).said.checked, 1);
    assert.equal((await ask('run', 'example')).said.summary, 'hello from the bus');
    const [line] = readFileSync(join(dir, 'cadences/example.yaml'), 'utf8').split('\n');
    const schema = /^# yaml-language-server: \$schema=(.+)$/.exec(line ?? '')?.[1] ?? '';
    assert.equal((JSON.parse(readFileSync(join(dir, 'cadences', schema), 'utf8')) as { $id: string }).$id, 'urn:cadence-bus:schema:cadence');
    assert.equal(readFileSync(join(dir, 'state/cadence-bus/.gitignore'), 'utf8'), '*\n');
    assert.equal(statSync(join(dir, 'state/cadence-bus')).mode & 0o777, 0o700);
    assert.deepEqual((await ask('init', '--non-interactive')).said.changes, []);
    assert.equal((await ask('new', 'more', '--command', 'true')).code, 0);
    assert.match(readFileSync(join(dir, 'cadences/more.yaml'), 'utf8'), /^# yaml-language-server/);
  });

  it('overwrites nothing, but makes an old schema of ours anew', async () => {
    const desk = deskWith();
    desk.put('cadences/.schema/cadence.json', '{}\n');
    desk.put('state/cadence-bus/.gitignore', 'mine\n');
    const { said } = parseAnswer(await call(['init', '--json'], { cwd: desk.root }));
    assert.deepEqual(
      (said.changes as Change[]).map(({ path, change }) => [path.slice(desk.root.length + 1), change]),
      [
        ['cadences/.schema/cadence.json', 'edit'],
        ['cadences/.schema/bus.json', 'create'],
        ['logs/cadence-bus/.gitignore', 'create'],
      ],
      'where there are cadences, no example is needed',
    );
    assert.equal(read(desk, 'nightly.yaml'), TEXT);
    assert.equal(readFileSync(join(desk.paths.state, '.gitignore'), 'utf8'), 'mine\n');
  });

  it('makes no root inside a root unless it is told to, and says what it found', async () => {
    const desk = deskWith();
    desk.put('inner/AGENTS.md', '# agents\n');
    const inner = join(desk.root, 'inner');
    assert.equal(errorOf(parseAnswer(await call(['init', '--json'], { cwd: inner }))).code, 65);
    const { said } = parseAnswer(await call(['init', '--force', '--json'], { cwd: inner }));
    assert.match(JSON.stringify(said.found), /AGENTS\.md.*skills install/);
  });
});
