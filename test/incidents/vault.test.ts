import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { makeVault } from '../../lib/app/vault.ts';
import { CadenceError } from '../../lib/core/error.ts';
import { pathsOf } from '../../lib/core/paths.ts';
import { createClock } from '../../lib/platform/clock.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createDesk } from '../support/cli.ts';
import { cutFiles } from '../support/cut-files.ts';
import { inFastFolder } from '../support/fast-folder.ts';
import { hookedFiles } from '../support/hooked-files.ts';
import { tempRoot } from '../support/temp-root.ts';
import { assertLinked, notesIn, readNote } from '../support/vault-yard.ts';

const WORDS = '# no heading --- ``` [[gone]] #none token=abcdef123456';

describe('A48 vault', () => {
  const desk = inFastFolder(createDesk);
  const dir = desk.paths.vault;
  const numbersOf = ({ written, removed, in_the_way }: Readonly<Record<string, unknown>>) =>
    [written, removed, in_the_way].map((one) => (one as readonly string[]).length);

  before(async () => {
    const once = 'retry: { attempts: 1, delays: [10ms] }';
    desk.shell('job', `echo '${WORDS}' >&2; exit 3`, once, 'breaker: { failures: 50 }', 'description: "loads [[rows]]"');
    desk.shell('flaky', 'test -e ok || { echo flaky >&2; exit 4; }', once, 'breaker: { failures: 50 }');
    desk.shell('train', 'test "$BATCH" -le 4 || { echo "out of memory" >&2; exit 3; }', once, 'on_failure: [{ when: any, restart_with_env: { BATCH: half } }]');
    desk.put('cadences/train.yaml', readFileSync(`${desk.root}/cadences/train.yaml`, 'utf8').replace('run: {', 'run: { env: { BATCH: 8 },'));
    desk.shell('calm', 'true');
    for (const name of ['job', 'job', 'train', 'calm']) await desk.ask('run', name);
    for (let n = 0; n < 3; n += 1) {
      rmSync(`${desk.root}/ok`, { force: true });
      await desk.ask('run', 'flaky');
      desk.put('ok', '');
      await desk.ask('run', 'flaky');
    }
  });

  it('A48 says in a dry run what it would write, and writes nothing', async () => {
    const tree = desk.tree();
    const { code, said } = await desk.ask('vault', '--dry-run');
    assert.deepEqual([code, said.would, said.unchanged], [2, 'vault', 0]);
    assert.ok((said.written as readonly string[]).includes('index.md'));
    assert.deepEqual(desk.tree(), tree);
  });

  it('A48 writes what failed, what was tried and what came of it as linked notes, for this user alone', async () => {
    const { code, said } = await desk.ask('vault');
    assert.deepEqual([code, said.path, said.unchanged, said.notes], [0, dir, 0, (said.written as readonly string[]).length]);
    const notes = notesIn(dir);
    assertLinked(notes);
    const ofType = (type: string) => [...notes].map(([path, text]) => ({ path, ...readNote(text) })).filter(({ front }) => front.type === type);
    assert.deepEqual(
      ['cadence', 'incident', 'attempt', 'pattern', 'dead'].map((type) => ofType(type).length),
      [4, 3, 1, 1, 5],
    );
    const [tried] = ofType('attempt');
    assert.deepEqual([tried?.front.status, tried?.tags], ['kept', ['cadence/train', 'detector/exit', 'outcome/kept', 'source/rule']]);
    const runs = ofType('run').map(({ front }) => String(front.cadence));
    assert.ok(runs.length >= 7 && !runs.includes('calm'), `only runs that are referred to: ${runs}`);
    assert.match(notes.get('index') ?? '', /\[\[patterns\/intermittent\|intermittent\]\]/);
    assert.doesNotMatch([...notes.values()].join(''), /abcdef123456/, 'no secret');
    assert.deepEqual(
      ['', 'incidents', 'index.md'].map((path) => statSync(`${dir}/${path}`).mode & 0o777),
      [0o700, 0o700, 0o600],
    );
    const told = await desk.tell('vault');
    assert.match(told.stdout, /: 0 written, \d+ unchanged, 0 removed\./);
    assert.match(told.stderr, /Next: cadence-bus incidents/);
  });

  it('A48 writes the same bytes for the same state, and touches no note that has not changed', async () => {
    await desk.ask('vault');
    const past = new Date('2026-11-01T00:00:00Z');
    const names = [...notesIn(dir).keys()].map((path) => `${dir}/${path}.md`);
    for (const name of names) utimesSync(name, past, past);
    assert.deepEqual(numbersOf((await desk.ask('vault')).said), [0, 0, 0]);
    for (const name of names) assert.equal(statSync(name).mtimeMs, past.getTime(), name);
    const whole = notesIn(dir);
    rmSync(dir, { recursive: true });
    await desk.ask('vault');
    assert.deepEqual(notesIn(dir), whole);
  });

  it('A48 brings back what was deleted or garbled, and takes away what stands for nothing', async () => {
    await desk.ask('vault');
    const whole = notesIn(dir);
    const [one = '', two = '', three = '', four = ''] = [...whole.keys()].filter((path) => path.startsWith('runs/'));
    rmSync(`${dir}/${one}.md`);
    writeFileSync(`${dir}/${two}.md`, '');
    writeFileSync(`${dir}/${three}.md`, `${whole.get(three)?.slice(0, 90)}\u0000\u0000`);
    writeFileSync(`${dir}/${four}.md`, Buffer.concat([Buffer.from(whole.get(four)?.slice(0, 60) ?? ''), Buffer.from([0xff, 0xfe])]));
    writeFileSync(`${dir}/incidents/2020-01-01T00-00-00Z-old-exit.md`, whole.get('index') ?? '');
    const { said } = await desk.ask('vault');
    assert.deepEqual([numbersOf(said), said.removed], [[4, 1, 0], ['incidents/2020-01-01T00-00-00Z-old-exit.md']]);
    assert.deepEqual(notesIn(dir), whole);
  });

  it('A48 never touches what is not its own, nor follows a symlink', async () => {
    await desk.ask('vault');
    const outside = desk.put('outside.md', `---\ngenerated_by: cadence-bus\n---\nmine\n`);
    const [run = ''] = [...notesIn(dir).keys()].filter((path) => path.startsWith('runs/'));
    const mine = {
      'incidents/thoughts.md': '# mine\n',
      'incidents/new.md': '',
      '.obsidian/app.json': '{}',
      'daily/2026.md': '---\ngenerated_by: cadence-bus\n---\nmoved here\n',
      'cadences/job.md': 'my own words\n',
    };
    mkdirSync(`${dir}/.obsidian`);
    mkdirSync(`${dir}/daily`);
    for (const [path, text] of Object.entries(mine)) writeFileSync(`${dir}/${path}`, text);
    rmSync(`${dir}/${run}.md`);
    symlinkSync(outside, `${dir}/${run}.md`);
    symlinkSync(outside, `${dir}/dead/link.md`);
    const { code, said } = await desk.ask('vault');
    assert.deepEqual([code, said.removed, said.in_the_way], [0, [], ['cadences/job.md', `${run}.md`]]);
    assert.match((await desk.tell('vault')).stderr, /left as it is: cadences\/job\.md/);
    for (const [path, text] of Object.entries(mine)) assert.equal(readFileSync(`${dir}/${path}`, 'utf8'), text, path);
    assert.match(readFileSync(outside, 'utf8'), /mine/);
    rmSync(dir, { recursive: true });
    symlinkSync(desk.root, dir);
    const refused = await desk.ask('vault');
    assert.deepEqual([refused.code, (refused.said.error as { message: string }).message], [74, `${dir} is a symlink, and nothing was written there`]);
    rmSync(dir);
    mkdirSync(dir);
    symlinkSync(desk.root, `${dir}/runs`);
    assert.equal((await desk.ask('vault')).code, 74);
    assert.deepEqual(
      [...notesIn(dir).keys()].filter((path) => path === 'index'),
      [],
      'nothing was begun',
    );
    rmSync(dir, { recursive: true });
  });

  it('A48 sweeps what a kill has left half-written, once nobody can be at it any more', async () => {
    await desk.ask('vault');
    const [old, young, foreign] = ['index.md.123', 'runs/x.md.45', 'runs/notes.md.7'].map((path) => `${dir}/${path}`) as [string, string, string];
    for (const path of [old, young]) writeFileSync(path, '');
    writeFileSync(foreign, 'mine');
    for (const path of [old, foreign]) utimesSync(path, new Date('2026-11-01T00:00:00Z'), new Date('2026-11-01T00:00:00Z'));
    assert.deepEqual(numbersOf((await desk.ask('vault')).said), [0, 0, 0]);
    assert.deepEqual(
      [old, young, foreign].map((path) => statSync(path, { throwIfNoEntry: false }) !== undefined),
      [false, true, true],
    );
  });

  it('A48 tells of a disk that refuses, with good notes left whole', async () => {
    rmSync(dir, { recursive: true, force: true });
    const files = hookedFiles();
    let left = 5;
    files.before = (call, path) => {
      if (call !== 'write') return;
      left -= 1;
      if (left < 0) throw new CadenceError('io', `cannot write ${path}: ENOSPC`, 'Free some space.');
    };
    await assert.rejects(makeVault(desk.root, false, { files, clock: createClock() }), /cannot write .*: ENOSPC/);
    const notes = notesIn(dir);
    assert.equal(notes.size, 5);
    for (const text of notes.values()) readNote(text);
    assert.equal((await desk.ask('vault')).code, 0);
    rmSync(`${dir}/index.md`);
    chmodSync(dir, 0o500);
    const { code } = await desk.ask('vault');
    chmodSync(dir, 0o700);
    assert.equal(code, process.getuid?.() === 0 ? 0 : 77);
    renameSync(dir, `${dir}.away`);
    writeFileSync(dir, 'a file');
    assert.equal((await desk.ask('vault')).code, 74);
    rmSync(dir);
    renameSync(`${dir}.away`, dir);
  });

  it('A48 killed after any call, it is made whole by the next', async () => {
    rmSync(dir, { recursive: true, force: true });
    await desk.ask('vault');
    const whole = notesIn(dir);
    let deaths = 0;
    for (let n = 1; n < 200; n += 3) {
      const root = inFastFolder(tempRoot);
      cpSync(desk.root, root, { recursive: true });
      const vault = pathsOf(root).vault;
      rmSync(`${vault}/runs`, { recursive: true });
      writeFileSync(`${vault}/dead/gone.md`, whole.get('index') ?? '');
      const files = cutFiles(createFiles(), n);
      const isDead = await makeVault(root, false, { files, clock: createClock() }).then(
        () => false,
        (error: Error) => {
          assert.equal(error.message, 'killed');
          return true;
        },
      );
      for (const text of notesIn(vault).values()) readNote(text);
      await makeVault(root, false);
      assert.deepEqual([...notesIn(vault).keys()], [...whole.keys()], `cut after call ${n}`);
      assertLinked(notesIn(vault));
      deaths += isDead ? 1 : 0;
      if (!isDead) break;
    }
    assert.ok(deaths > 3, `${deaths} deaths`);
  });

  it('A48 works where nothing has failed yet, and where there is no root', async () => {
    const root = inFastFolder(tempRoot);
    mkdirSync(`${root}/cadences`);
    mkdirSync(`${root}/state/cadence-bus`, { recursive: true });
    await makeVault(root, false);
    assert.deepEqual([...notesIn(pathsOf(root).vault).keys()], ['graph', 'index']);
    assert.match(readFileSync(`${pathsOf(root).vault}/index.md`, 'utf8'), /Nothing is open\./);
  });
});
