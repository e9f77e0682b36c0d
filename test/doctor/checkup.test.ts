import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { CadenceError } from '../../lib/core/error.ts';
import { type Check, FIX, type Finding, fail, ok, warn } from '../../lib/doctor/check.ts';
import { checkUp } from '../../lib/doctor/checkup.ts';
import type { Closeable } from '../../lib/ports.ts';
import { yard } from './yard.ts';

const FREE = async (): Promise<Closeable> => ({ close: () => undefined });
const OWNED = async (): Promise<undefined> => undefined;

const says = (id: string, finding: Finding): Check => ({ id, title: id, inspect: async () => finding });

/** Well where the file exists; its repair makes it. */
function wantsFile(id: string, path: string, put: (path: string) => void, isOwnersWork?: true): Check {
  return {
    id,
    title: id,
    ...(isOwnersWork === undefined ? {} : { isOwnersWork }),
    inspect: async () => (existsSync(path) ? ok('there') : warn('not there', FIX)),
    async repair() {
      put(path);
      return `made ${id}`;
    },
  };
}

describe('a checkup', () => {
  it('is well with yellow lines, and not with a red one', async () => {
    const yellow = await checkUp({ checks: [says('a', ok('')), says('b', warn('hm', 'ls'))], isFix: false, ownRoot: FREE });
    assert.equal(yellow.ok, true);
    const red = await checkUp({ checks: [says('a', ok('')), says('b', fail('no', 'ls'))], isFix: false, ownRoot: FREE });
    assert.equal(red.ok, false);
  });

  it('has one shape for every line, with mend null where there is nothing to mend', async () => {
    const { checks, fixed, left } = await checkUp({ checks: [says('a', ok('fine')), says('b', fail('no', 'ls'))], isFix: false, ownRoot: FREE });
    assert.deepEqual(checks, [
      { id: 'a', title: 'a', level: 'ok', detail: 'fine', mend: null },
      { id: 'b', title: 'b', level: 'fail', detail: 'no', mend: 'ls' },
    ]);
    assert.deepEqual([fixed, left], [[], []]);
  });

  it('goes on where a check throws, whatever it throws', async () => {
    const throwing = (id: string, thrown: unknown): Check => ({ id, title: id, inspect: () => Promise.reject(thrown) });
    const checks = [
      throwing('a', new CadenceError('io', 'cannot read x: EIO', 'Have a backup.')),
      throwing('b', 'a word'),
      throwing('c', new TypeError('bad')),
      says('d', ok('fine')),
    ];
    const told = await checkUp({ checks, isFix: true, ownRoot: FREE });
    assert.deepEqual(
      told.checks.map(({ level, detail }) => [level, detail]),
      [
        ['fail', 'could not be looked at: cannot read x: EIO. Have a backup.'],
        ['fail', 'could not be looked at: a word'],
        ['fail', 'could not be looked at: bad'],
        ['ok', 'fine'],
      ],
    );
  });

  it('changes nothing unless it is asked to', async () => {
    const { root, put } = yard();
    const path = `${root}/wanted`;
    const told = await checkUp({ checks: [wantsFile('a', path, (at) => void put(at, ''))], isFix: false, ownRoot: FREE });
    assert.equal(existsSync(path), false);
    assert.deepEqual([told.checks[0]?.level, told.fixed], ['warn', []]);
  });

  it('A40 mends once: the second time there is nothing left to mend', async () => {
    const { root, put } = yard();
    const checks = [wantsFile('a', `${root}/one`, (at) => void put(at, '')), wantsFile('b', `${root}/two`, (at) => void put(at, ''), true)];
    const first = await checkUp({ checks, isFix: true, ownRoot: FREE });
    assert.deepEqual(first.fixed, [
      { id: 'a', done: 'made a' },
      { id: 'b', done: 'made b' },
    ]);
    assert.deepEqual(
      first.checks.map(({ level }) => level),
      ['ok', 'ok'],
    );
    assert.deepEqual((await checkUp({ checks, isFix: true, ownRoot: FREE })).fixed, []);
  });

  it('leaves what the owner writes to a living owner, and says so', async () => {
    const { root, put } = yard();
    const checks = [wantsFile('a', `${root}/one`, (at) => void put(at, ''), true), wantsFile('b', `${root}/two`, (at) => void put(at, ''))];
    const told = await checkUp({ checks, isFix: true, ownRoot: OWNED });
    assert.equal(existsSync(`${root}/one`), false);
    assert.deepEqual(told.fixed, [{ id: 'b', done: 'made b' }]);
    assert.deepEqual(
      told.left.map(({ id }) => id),
      ['a'],
    );
    assert.match(told.left[0]?.because ?? '', /owner is at work/);
  });

  it('owns the root once a round for all repairs that need it, and lets it go even where one fails', async () => {
    const { root, put } = yard();
    const seen: string[] = [];
    const ownRoot = async (): Promise<Closeable> => {
      seen.push('owned');
      return { close: () => void seen.push('let go') };
    };
    const failing: Check = {
      ...wantsFile('x', `${root}/x`, () => undefined, true),
      repair: () => Promise.reject(new CadenceError('io', 'cannot write x: ENOSPC', 'Free some space.')),
    };
    const told = await checkUp({ checks: [wantsFile('a', `${root}/one`, (at) => void put(at, ''), true), failing], isFix: true, ownRoot });
    assert.deepEqual(seen, ['owned', 'let go', 'owned', 'let go'], 'the second round finds that nothing more can be mended');
    assert.deepEqual(told.left, [{ id: 'x', because: 'cannot write x: ENOSPC. Free some space.' }]);
    assert.equal(told.checks[1]?.level, 'warn');
  });

  it('does not own a root in which nothing has to be mended', async () => {
    const told = await checkUp({ checks: [says('a', fail('no', 'cadence-bus start'))], isFix: true, ownRoot: () => Promise.reject(new Error('asked for')) });
    assert.deepEqual(told.left, []);
  });

  it('looks again before it mends, for a repair above may have done it', async () => {
    const { root, put } = yard();
    const path = `${root}/shared`;
    const checks = [wantsFile('a', path, (at) => void put(at, '')), wantsFile('b', path, (at) => void put(at, ''))];
    assert.deepEqual((await checkUp({ checks, isFix: true, ownRoot: FREE })).fixed, [{ id: 'a', done: 'made a' }]);
  });

  it('A40 goes on where one repair opens the way for another', async () => {
    const { root, put } = yard();
    const second = wantsFile('second', `${root}/second`, (at) => void put(at, ''), true);
    const blocked: Check = {
      ...second,
      inspect: () => (existsSync(`${root}/first`) ? second.inspect() : Promise.reject(new CadenceError('permission', 'EACCES'))),
    };
    const checks = [blocked, wantsFile('first', `${root}/first`, (at) => void put(at, ''))];
    const told = await checkUp({ checks, isFix: true, ownRoot: FREE });
    assert.deepEqual(
      told.fixed.map(({ id }) => id),
      ['first', 'second'],
    );
    assert.equal(told.ok, true);
    assert.deepEqual((await checkUp({ checks, isFix: true, ownRoot: FREE })).fixed, []);
  });

  it('comes to an end with a repair that never helps', async () => {
    const check: Check = { ...says('a', warn('hm', FIX)), repair: async () => 'tried' };
    assert.equal((await checkUp({ checks: [check], isFix: true, ownRoot: FREE })).checks[0]?.level, 'warn');
  });

  it('repairs nothing whose command is another than doctor --fix', async () => {
    const check: Check = { ...says('a', warn('a process lives', 'ps')), repair: () => Promise.reject(new Error('repaired')) };
    const told = await checkUp({ checks: [check], isFix: true, ownRoot: FREE });
    assert.deepEqual([told.fixed, told.left], [[], []]);
  });
});
