import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Checkup, examine } from '../../lib/app/doctor/doctor.ts';
import { describe as describeCheckup } from '../../lib/cli/verbs/doctor.ts';
import { pathsOf } from '../../lib/core/paths.ts';
import { formatTickName } from '../../lib/core/tick.ts';
import { toIso } from '../../lib/core/time/instant.ts';
import { VERSION } from '../../lib/core/version.ts';
import { startOwner, stopOwner } from '../support/owner-process.ts';
import { tempRoot } from '../support/temp-root.ts';
import { HOUR_MS, holdsWith, openBreaker, type Yard, yard } from './yard.ts';

const BIN = fileURLToPath(new URL('../../bin/cadence-bus.ts', import.meta.url));
const LEFTOVER = 'holds.json.2863311530';

const line = (checkup: Checkup, id: string) => checkup.checks.find((check) => check.id === id) ?? assert.fail(`there is no check ${id}`);
const levelOf = (checkup: Checkup, id: string): string => line(checkup, id).level;

/** What a week without care leaves behind. Every kind of repair has something to do. */
function neglected(): Yard {
  const place = yard();
  const { paths, clock } = place;
  place.put(`${paths.cadences}/backup.yaml`, 'run: {command: [/bin/sh, -c, "exit 0"]}\n', 0o644);
  place.put(
    `${paths.inbox}/${formatTickName({ dueMs: clock.nowMs() - 1000, cadence: 'backup', id: 'x7k2p9qd4mzt', attempts: 0 })}`,
    { cadence: 'backup', payload: 1 },
    0o644,
  );
  place.put(`${paths.inbox}/notes.txt`, 'mine', 0o644);
  place.put(paths.holds, holdsWith({ 'cadence:backup': openBreaker(toIso(clock.nowMs() + HOUR_MS)) }));
  place.age(place.put(`${paths.state}/${LEFTOVER}`, 'half'), 2 * HOUR_MS);
  place.put(`${paths.running}/abcdefghijkl-1/run.json`, {});
  place.put(`${paths.runs}/2026-11-20.jsonl`, 'no record\n');
  rmSync(paths.journal, { recursive: true });
  chmodSync(paths.dlq, 0o777);
  return place;
}

/** Content, mode and time of what is the user's. */
function userFiles({ paths, files }: Yard): readonly unknown[] {
  return [paths.cadences, paths.inbox].flatMap((dir) =>
    files.list(dir).map((file) => {
      const { mode, mtimeMs, ino } = lstatSync(`${dir}/${file}`);
      return { file, mode, mtimeMs, ino, text: readFileSync(`${dir}/${file}`, 'utf8') };
    }),
  );
}

describe('an examination', () => {
  it('has nothing red for a root on which no bus has run, and makes nothing', async () => {
    const root = tempRoot();
    mkdirSync(`${root}/cadences`);
    const checkup = await examine(root, false);
    assert.deepEqual(
      checkup.checks.filter(({ level }) => level === 'fail'),
      [],
    );
    assert.equal(checkup.ok, true);
    assert.deepEqual([existsSync(`${root}/state`), existsSync(`${root}/logs`)], [false, false]);
    assert.match(line(checkup, 'producer').detail, /\/bin\/enqueue$/);
  });

  it('names each check once', async () => {
    const ids = (await examine(yard().root, false)).checks.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it('gives every yellow or red line a command', async () => {
    const { checks } = await examine(neglected().root, false);
    const lines = checks.filter(({ level }) => level !== 'ok');
    assert.ok(lines.length >= 8, JSON.stringify(lines));
    assert.deepEqual(
      lines.filter(({ mend }) => mend === null),
      [],
    );
  });

  it('finds what a week without care leaves, and changes nothing by looking', async () => {
    const place = neglected();
    const before = place.files.list(place.paths.state).toSorted();
    const checkup = await examine(place.root, false);
    assert.equal(checkup.ok, false);
    const levels = Object.fromEntries(checkup.checks.map(({ id, level }) => [id, level]));
    for (const [id, level] of Object.entries({
      folders: 'fail',
      access: 'fail',
      owner: 'fail',
      'circuit-file': 'fail',
      strays: 'warn',
      leftovers: 'warn',
      'run-folders': 'warn',
      'run-log': 'warn',
      definitions: 'ok',
    }))
      assert.equal(levels[id], level, `${id}: ${line(checkup, id).detail}`);
    assert.deepEqual(place.files.list(place.paths.state).toSorted(), before);
  });

  it('A40 mends it without an owner; twice is as once; no user file is touched; the root is free again', async () => {
    const place = neglected();
    const before = userFiles(place);
    const first = await examine(place.root, true);
    assert.deepEqual(first.fixed.map(({ id }) => id).toSorted(), ['access', 'circuit-file', 'folders', 'leftovers', 'run-folders']);
    assert.deepEqual(first.left, []);
    for (const { id } of first.fixed) assert.equal(levelOf(first, id), 'ok', id);
    assert.equal(levelOf(first, 'owner'), 'fail', 'a tick waits, and that no repair changes');
    assert.equal(existsSync(`${place.paths.state}/${LEFTOVER}`), false);
    assert.equal(JSON.parse(readFileSync(place.paths.circuit, 'utf8')).open.backup.failures, 3);
    const circuit = readFileSync(place.paths.circuit, 'utf8');

    const second = await examine(place.root, true);
    assert.deepEqual([second.fixed, second.left], [[], []]);
    assert.equal(readFileSync(place.paths.circuit, 'utf8'), circuit);
    assert.deepEqual(userFiles(place), before);
    const owner = await startOwner(place.root);
    assert.equal(owner.said.kind, 'owned');
    await owner.end('SIGKILL');
  });

  it('sees a stopped machine’s words in garbled state, and goes on to the last check', async () => {
    const { root, paths, put } = yard();
    put(paths.holds, '{"format":1,');
    put(paths.owner, '\u0000\u0001');
    put(paths.circuit, '[]');
    const checkup = await examine(root, true);
    assert.deepEqual([levelOf(checkup, 'state-files'), levelOf(checkup, 'circuit-file')], ['fail', 'fail']);
    assert.deepEqual(checkup.fixed, []);
    assert.equal(readFileSync(paths.circuit, 'utf8'), '[]', 'what is open is not decided without the holds');
    assert.equal(levelOf(checkup, 'wall-clock'), 'ok');
  });

  it('does not hang on a FIFO nor fall over folders in the places of state files', async () => {
    const { root, paths } = yard();
    assert.equal(spawnSync('mkfifo', [paths.holds]).status, 0);
    mkdirSync(paths.circuit);
    mkdirSync(`${paths.runs}/2026-11-20.jsonl`);
    const checkup = await examine(root, true);
    assert.equal(levelOf(checkup, 'state-files'), 'fail');
    assert.equal(checkup.checks.length, (await examine(yard().root, false)).checks.length);
  });
});

describe('an examination beside an owner', () => {
  it('leaves to it what it writes, says so, and mends the rest', async () => {
    const place = neglected();
    const owner = await startOwner(place.root);
    try {
      place.age(`${place.paths.running}/abcdefghijkl-1`, 2 * HOUR_MS);
      const holds = readFileSync(place.paths.holds, 'utf8');
      const checkup = await examine(place.root, true);
      assert.deepEqual(checkup.left.map(({ id }) => id).toSorted(), ['circuit-file', 'leftovers', 'run-folders']);
      assert.deepEqual(checkup.fixed.map(({ id }) => id).toSorted(), ['access', 'folders']);
      assert.equal(existsSync(`${place.paths.state}/${LEFTOVER}`), true);
      assert.equal(existsSync(place.paths.circuit), false);
      assert.equal(existsSync(`${place.paths.running}/abcdefghijkl-1`), true);
      assert.equal(readFileSync(place.paths.holds, 'utf8'), holds);
      assert.equal(levelOf(checkup, 'owner'), 'ok');
      assert.deepEqual(
        [levelOf(checkup, 'owner-version'), line(checkup, 'owner-version').detail],
        ['warn', `the owner runs 0.0.0, this program is ${VERSION}`],
      );
    } finally {
      await owner.end('SIGKILL');
    }
  });

  it('tells a stopped one from a dead one, and disturbs neither', async () => {
    const { root } = yard();
    const owner = await startOwner(root);
    await stopOwner(owner);
    const silent = await examine(root, true);
    assert.deepEqual([levelOf(silent, 'owner'), line(silent, 'owner').mend], ['fail', 'cadence-bus start --takeover']);
    await owner.end('SIGKILL');
    const dead = await examine(root, true);
    assert.deepEqual([levelOf(dead, 'owner'), line(dead, 'owner').mend], ['warn', 'cadence-bus start']);
    assert.equal(JSON.parse(readFileSync(pathsOf(root).owner, 'utf8')).pid, owner.pid, 'owner.json is the owner’s to write');
  });
});

describe('what doctor prints', () => {
  const plain = Object.fromEntries(['bold', 'dim', 'red', 'green', 'yellow', 'blue', 'cyan'].map((name) => [name, (text: string) => text])) as Parameters<
    typeof describeCheckup
  >[1];

  it('marks every level without a colour, and shows the command below a line that has one', () => {
    const checks = [
      { id: 'a', title: 'One', level: 'ok', detail: 'fine', mend: null },
      { id: 'b', title: 'Three', level: 'warn', detail: 'hm\u001b[2J', mend: 'ls' },
      { id: 'c', title: 'C', level: 'fail', detail: 'first\nsecond', mend: 'rm x' },
    ] as const;
    const text = describeCheckup({ ok: false, checks, fixed: [{ id: 'a', done: 'made it' }], left: [{ id: 'b', because: 'an owner is at work' }] }, plain);
    assert.equal(
      text,
      [
        '✓ One    fine',
        '! Three  hm\\x1b[2J',
        '         → ls',
        '✗ C      first',
        '         second',
        '         → rm x',
        '',
        'mended a: made it',
        'left b: an owner is at work',
        '',
        '1 well, 1 to look at, 1 wrong.',
      ].join('\n'),
    );
  });

  it('D13 P19 is one JSON object with exit 1 where something is wrong, and 0 where things are only to be looked at', () => {
    const run = (root: string, ...words: readonly string[]) =>
      spawnSync(process.execPath, ['--import', 'tsx', BIN, 'doctor', '--root', root, ...words], { encoding: 'utf8' });
    const bad = run(neglected().root, '--json');
    assert.equal(bad.status, 1, bad.stderr);
    assert.equal(bad.stdout.trim().split('\n').length, 1);
    const answer = JSON.parse(bad.stdout);
    assert.deepEqual(Object.keys(answer), ['ok', 'checks', 'fixed', 'left']);
    assert.equal(answer.ok, false);
    for (const check of answer.checks) assert.deepEqual(Object.keys(check), ['id', 'title', 'level', 'detail', 'mend']);

    const place = yard();
    place.put(`${place.paths.inbox}/notes.txt`, 'mine');
    const yellow = run(place.root);
    assert.equal(yellow.status, 0, yellow.stdout);
    assert.match(yellow.stdout, /^! Inbox +1 file is no tick and left alone: notes\.txt\n +→ ls -la /m);
    assert.doesNotMatch(yellow.stdout, /\u001b/);
  });
});
