import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pathsOf } from '../../lib/core/paths.ts';
import { probeOwner } from '../../lib/platform/control.ts';
import { ownerPlace } from '../../lib/platform/owner-socket.ts';
import { acquireOwnership } from '../../lib/platform/ownership.ts';
import type { OwnerInfo, Ownership } from '../../lib/ports.ts';
import { type OwnerProcess, startOwner, stopOwner } from '../support/owner-process.ts';
import { tempRoot } from '../support/temp-root.ts';

/** Another process may wait long for its turn on a loaded machine. */
const PATIENT_MS = 30_000;
const started: OwnerProcess[] = [];
after(() => {
  for (const { child } of started) child.kill('SIGKILL');
});
async function start(root: string, ...words: readonly string[]): Promise<OwnerProcess> {
  const owner = await startOwner(root, ...words);
  started.push(owner);
  return owner;
}
async function own(root: string): Promise<Ownership> {
  const acquired = await acquireOwnership({ root });
  assert.equal(acquired.kind, 'owned');
  return acquired.ownership;
}
const mode = (path: string): string => (lstatSync(path).mode & 0o777).toString(8);

describe('ownership of a root', () => {
  it('is free where nobody was', async () => {
    assert.deepEqual(await probeOwner(tempRoot()), { kind: 'none', info: undefined });
  });

  it('is held by one, seen by readers, refused to others, and free again after close', async () => {
    const root = tempRoot();
    const first = await own(root);
    assert.equal(first.isHeld(), true);
    assert.equal((await probeOwner(root)).kind, 'answers');
    const second = await acquireOwnership({ root });
    assert.ok(second.kind === 'taken' && second.state.kind === 'answers');
    first.close();
    first.close();
    assert.equal(first.isHeld(), false);
    assert.equal((await probeOwner(root)).kind, 'none');
    (await own(root)).close();
    assert.deepEqual(readdirSync(pathsOf(root).state), []);
  });

  describe('of one for a moment, asked by one who is to stay', () => {
    const infoOf = (root: string, more: Partial<OwnerInfo> = {}): OwnerInfo => {
      const about = { version: '1', node: process.version, host: 'here', root, started_at: new Date().toISOString() };
      return { format: 1, pid: process.pid, identity: '', ...about, state: 'running', ...more };
    };
    const ask = async (answer: 'yields' | 'stays' | 'says nothing' | 'an older version') => {
      const root = tempRoot();
      const moment = await acquireOwnership({ root, info: infoOf(root, { before: null }) });
      assert.ok(moment.kind === 'owned');
      moment.ownership.serve((request, reply) => {
        assert.equal(request.op, 'yield');
        if (answer === 'says nothing') return;
        reply.send(answer === 'an older version' ? { ok: false, error: { code: 'usage' } } : { ok: true, yields: answer === 'yields' });
        reply.end();
        if (answer === 'yields') moment.ownership.close();
      });
      const acquired = await acquireOwnership({ root, info: infoOf(root) });
      if (acquired.kind === 'owned') acquired.ownership.close();
      moment.ownership.close();
      return acquired.kind;
    };

    it('goes to him where it gives way', async () => assert.equal(await ask('yields'), 'owned'));

    it('stays where it is at work, stands still or does not know the word', async () => {
      for (const answer of ['stays', 'says nothing', 'an older version'] as const) assert.equal(await ask(answer), 'taken', answer);
    });
  });

  it('is a socket for its user alone in a folder for its user alone', async () => {
    const root = tempRoot();
    const owner = await own(root);
    assert.equal(mode(pathsOf(root).state), '700');
    assert.equal(mode(`${pathsOf(root).state}/owner.sock`), '600');
    owner.close();
  });

  it('knows when its socket was removed or replaced, and then leaves that of the other alone', async () => {
    const root = tempRoot();
    const { socket } = ownerPlace(root);
    const first = await own(root);
    unlinkSync(socket);
    assert.equal(first.isHeld(), false);
    const second = await own(root);
    assert.equal(first.isHeld(), false);
    first.close();
    assert.equal(second.isHeld(), true);
    assert.equal((await probeOwner(root)).kind, 'answers');
    second.close();
    assert.equal(existsSync(socket), false);
  });

  it('keeps its hold when the folder around it moves nothing but itself, and loses it with the folder', async () => {
    const root = tempRoot();
    const owner = await own(root);
    renameSync(pathsOf(root).state, `${root}/elsewhere`);
    assert.equal(owner.isHeld(), false);
    renameSync(`${root}/elsewhere`, pathsOf(root).state);
    assert.equal(owner.isHeld(), true);
    owner.close();
  });

  for (const [what, put] of [
    ['a file', (path: string) => writeFileSync(path, 'x')],
    ['a dangling symlink', (path: string) => symlinkSync('nowhere', path)],
    ['what a killed contender left', (path: string) => writeFileSync(join(dirname(path), '.own-abcdef'), '')],
  ] as const) {
    it(`is not kept from anybody by ${what} in the place of the socket`, async () => {
      const root = tempRoot();
      mkdirSync(pathsOf(root).state, { recursive: true });
      put(ownerPlace(root).socket);
      (await own(root)).close();
      assert.deepEqual(readdirSync(pathsOf(root).state), []);
    });
  }

  it('is not mistaken for that of another root to which a symlink leads', async () => {
    const [root, other] = [tempRoot(), tempRoot()];
    const theirs = await own(other);
    mkdirSync(pathsOf(root).state, { recursive: true });
    symlinkSync(ownerPlace(other).socket, ownerPlace(root).socket);
    assert.equal((await probeOwner(root)).kind, 'none');
    const ours = await own(root);
    assert.ok(ours.isHeld() && theirs.isHeld());
    ours.close();
    theirs.close();
  });

  it('says what to do when a folder lies in the place of the socket', async () => {
    const root = tempRoot();
    mkdirSync(ownerPlace(root).socket, { recursive: true });
    await assert.rejects(acquireOwnership({ root }), { name: 'CadenceError', code: 'io', hint: /folder/ });
    assert.deepEqual(readdirSync(pathsOf(root).state), ['owner.sock']);
  });

  it('works in a root with spaces, quotes and umlauts, and in one with 200 characters, by every way to write it', async () => {
    for (const name of [`it's "a" root $(x) für Ünß; é`, 'r'.repeat(200), `${'ü'.repeat(60)} ${'x'.repeat(60)}`]) {
      const root = join(tempRoot(), name);
      mkdirSync(root);
      const owner = await start(root);
      assert.equal(owner.said.kind, 'owned');
      const link = join(tempRoot(), 'link');
      symlinkSync(root, link);
      for (const way of [root, `${root}/`, link, join(root, '..', name)]) assert.equal((await probeOwner(way, PATIENT_MS)).kind, 'answers', way);
      const { socket } = ownerPlace(root);
      assert.ok(Buffer.byteLength(socket) <= 103, socket);
      assert.deepEqual([mode(socket), mode(dirname(socket))], ['600', '700']);
      await owner.end('SIGKILL');
      (await own(root)).close();
      assert.equal(existsSync(socket), false);
    }
  });

  it('does not depend on TMPDIR', () => {
    const root = join(tempRoot(), 'r'.repeat(200));
    mkdirSync(root);
    const before = ownerPlace(root);
    const old = process.env.TMPDIR;
    process.env.TMPDIR = tempRoot();
    assert.deepEqual(ownerPlace(root), before);
    if (old === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = old;
    assert.match(before.socket, /^\/tmp\/cadence-bus-\d+\/[0-9a-f]{16}\.sock$/);
  });

  it('goes to exactly one of ten contenders over the socket of a killed owner, and the others are told the winner', async () => {
    for (let round = 0; round < 3; round++) {
      const root = tempRoot();
      const dead = await start(root);
      await dead.end('SIGKILL');
      assert.ok(lstatSync(ownerPlace(root).socket).isSocket());
      const gone = await probeOwner(root);
      assert.ok(gone.kind === 'none' && gone.info?.pid === dead.pid);
      const contenders = await Promise.all(Array.from({ length: 10 }, () => start(root)));
      const winners = contenders.filter((one) => one.said.kind === 'owned');
      assert.equal(winners.length, 1);
      // On a loaded machine the winner may not get his turn within the second that he has for an answer.
      const losers = contenders.filter((one) => one.said.kind === 'taken');
      assert.deepEqual(
        losers.map((one) => one.said.by),
        losers.map(() => winners[0]?.pid),
      );
      await winners[0]?.end('SIGKILL');
    }
  });

  it('goes to exactly one of ten contenders in one process, too', async () => {
    const root = tempRoot();
    const all = await Promise.all(Array.from({ length: 10 }, () => acquireOwnership({ root })));
    const owned = all.filter((one) => one.kind === 'owned');
    assert.equal(owned.length, 1);
    for (const one of owned) one.ownership.close();
  });

  it('is got past a contender who was killed while it took it', async () => {
    const root = tempRoot();
    mkdirSync(`${ownerPlace(root).socket}.lock`, { recursive: true });
    (await own(root)).close();
    assert.deepEqual(readdirSync(pathsOf(root).state), []);
  });

  it('stays with a stopped owner, who is silent and holds it still when he goes on', async () => {
    const root = tempRoot();
    const owner = await start(root);
    await stopOwner(owner);
    const acquired = await acquireOwnership({ root });
    assert.ok(acquired.kind === 'taken' && acquired.state.kind === 'silent');
    assert.equal(acquired.state.info?.pid, owner.pid);
    process.kill(owner.pid, 'SIGCONT');
    assert.equal((await probeOwner(root, PATIENT_MS)).kind, 'answers');
    await owner.end('SIGKILL');
  });

  it('stays with a stopped owner at whom more callers wait than the system lets wait', async () => {
    const root = tempRoot();
    const owner = await start(root);
    await stopOwner(owner);
    const callers: Socket[] = [];
    let isFull = false;
    while (!isFull && callers.length < 5_000) {
      const caller = connect({ path: ownerPlace(root).socket });
      callers.push(caller);
      isFull = await Promise.race([once(caller, 'connect').then(() => false), once(caller, 'error').then(() => true)]).catch(() => true);
    }
    assert.equal(isFull, true);
    assert.equal((await probeOwner(root)).kind, 'silent');
    for (const caller of callers) caller.destroy();
    await owner.end('SIGKILL');
  });

  it('stays with a living process of owner.json though its socket refuses, as macOS does when too many wait', async () => {
    const root = tempRoot();
    const [owner, other] = [await start(root), await start(tempRoot())];
    await owner.end('SIGKILL');
    assert.equal((await probeOwner(root)).kind, 'none');
    const info = { ...JSON.parse(readFileSync(pathsOf(other.child.spawnargs.at(-1) as string).owner, 'utf8')), root: ownerPlace(root).root };
    writeFileSync(pathsOf(root).owner, JSON.stringify(info));
    assert.equal((await probeOwner(root)).kind, 'silent');
    writeFileSync(pathsOf(root).owner, JSON.stringify({ ...info, identity: 'another process with this pid' }));
    assert.equal((await probeOwner(root)).kind, 'none');
    await other.end('SIGKILL');
  });

  it('is asked for again while its owner has written who it is and does not listen yet', async () => {
    const other = await start(tempRoot());
    const written = JSON.parse(readFileSync(pathsOf(other.child.spawnargs.at(-1) as string).owner, 'utf8'));
    for (const left of ['a dead socket', 'no socket']) {
      const root = tempRoot();
      const before = await start(root);
      await before.end('SIGKILL');
      const { socket } = ownerPlace(root);
      if (left === 'no socket') unlinkSync(socket);
      writeFileSync(pathsOf(root).owner, JSON.stringify({ ...written, root: ownerPlace(root).root }));
      const state = probeOwner(root, PATIENT_MS);
      // It has knocked in vain by now.
      const server = createServer((caller) => caller.end(`${JSON.stringify({ ok: true, pid: other.pid })}\n`)).listen(`${socket}.new`);
      renameSync(`${socket}.new`, socket);
      const { kind, info } = await state;
      assert.deepEqual([kind, info?.pid], ['answers', other.pid], left);
      server.close();
    }
    await other.end('SIGKILL');
  });

  it('is not that of the root of which it is a copy, whose owner lives, and is not ended from here', async () => {
    const [root, copy] = [tempRoot(), tempRoot()];
    const owner = await start(root);
    const dead = await start(copy);
    await dead.end('SIGKILL');
    writeFileSync(pathsOf(copy).owner, readFileSync(pathsOf(root).owner));
    assert.deepEqual(await probeOwner(copy), { kind: 'none', info: undefined });
    const { takeOver } = await import('../../lib/platform/takeover.ts');
    const taken = await takeOver({ root: copy });
    assert.deepEqual([taken.kind, 'endedPid' in taken, owner.child.exitCode, owner.child.signalCode], ['owned', false, null, null]);
    if (taken.kind === 'owned') taken.ownership.close();
    assert.equal((await probeOwner(root, PATIENT_MS)).kind, 'answers');
    await owner.end('SIGKILL');
  });

  it('names no earlier owner as the one that answers', async () => {
    const root = tempRoot();
    const dead = await start(root);
    await dead.end('SIGKILL');
    const owner = await own(root);
    const state = await probeOwner(root);
    assert.ok(state.kind === 'answers' && state.info === undefined);
    owner.close();
  });

  it('is read past every broken owner.json', async () => {
    const root = tempRoot();
    mkdirSync(pathsOf(root).state, { recursive: true });
    for (const text of ['', '{', 'null', '[]', '{"format":2}', '{"format":1,"pid":"1"}', '\0'.repeat(100), '\uFEFF{}']) {
      writeFileSync(pathsOf(root).owner, text);
      assert.deepEqual(await probeOwner(root), { kind: 'none', info: undefined });
    }
    assert.deepEqual(readdirSync(pathsOf(root).state), ['owner.json']);
  });
});

describe('taking over', () => {
  it('ends a stopped owner and owns', async () => {
    const root = tempRoot();
    const owner = await start(root);
    const exited = once(owner.child, 'exit');
    await stopOwner(owner);
    const next = await start(root, 'takeover');
    assert.equal(next.said.kind, 'owned');
    assert.deepEqual((await exited)[1], 'SIGTERM');
    await next.end('SIGKILL');
  });

  it('kills a stopped owner who would not end when asked', async () => {
    const root = tempRoot();
    const owner = await start(root, 'stubborn');
    const exited = once(owner.child, 'exit');
    await stopOwner(owner);
    const next = await start(root, 'takeover');
    assert.equal(next.said.kind, 'owned');
    assert.deepEqual((await exited)[1], 'SIGKILL');
    await next.end('SIGKILL');
  });

  it('leaves an owner alone that answers', async () => {
    const root = tempRoot();
    const owner = await start(root);
    const next = await start(root, 'takeover');
    assert.deepEqual([next.said.kind, next.said.by], ['taken', owner.pid]);
    assert.equal((await probeOwner(root, PATIENT_MS)).kind, 'answers');
    await owner.end('SIGKILL');
  });

  it('ends nobody whom owner.json does not name with pid and start time', async () => {
    const root = tempRoot();
    const owner = await start(root);
    const innocent = await start(tempRoot());
    await stopOwner(owner);
    const info = JSON.parse(readFileSync(pathsOf(root).owner, 'utf8'));
    const { takeOver } = await import('../../lib/platform/takeover.ts');
    for (const wrong of [{ ...info, pid: innocent.pid }, { ...info, identity: '' }, {}]) {
      writeFileSync(pathsOf(root).owner, JSON.stringify(wrong));
      await assert.rejects(takeOver({ root }), { name: 'CadenceError', code: 'held', hint: /lsof/ });
    }
    assert.ok(process.kill(innocent.pid, 0) && process.kill(owner.pid, 0));
    await innocent.end('SIGKILL');
    await owner.end('SIGKILL');
  });
});

describe('the folder in /tmp of roots with long paths', () => {
  it('is refused when it is not ours alone', async () => {
    const { refuseForeignFolder } = await import('../../lib/platform/owner-socket.ts');
    const dir = tempRoot();
    const uid = lstatSync(dir).uid;
    const place = { root: dir, socket: `${dir}/x.sock`, folder: dir, folderUid: uid };
    refuseForeignFolder(place);
    refuseForeignFolder({ ...place, folder: `${dir}/absent` });
    assert.throws(() => refuseForeignFolder({ ...place, folderUid: uid + 1 }), { code: 'permission' });
    symlinkSync(dir, `${dir}/link`);
    assert.throws(() => refuseForeignFolder({ ...place, folder: `${dir}/link` }), { code: 'permission' });
    mkdirSync(`${dir}/open`, { mode: 0o755 });
    assert.throws(() => refuseForeignFolder({ ...place, folder: `${dir}/open` }), { code: 'permission' });
  });
});

describe('a socket that is not an owner', () => {
  it('is asked again when it hangs up without a word, and is free once it has gone', async () => {
    const root = tempRoot();
    mkdirSync(pathsOf(root).state, { recursive: true });
    let calls = 0;
    const server = createServer((socket) => {
      socket.destroy();
      if (++calls === 3) server.close();
    }).listen(ownerPlace(root).socket);
    assert.equal((await probeOwner(root)).kind, 'none');
    assert.equal(calls, 3);
  });

  it('is silent when it says nothing, and named when it says nonsense', async () => {
    const root = tempRoot();
    mkdirSync(pathsOf(root).state, { recursive: true });
    let greeting = '';
    const callers = new Set<Socket>();
    const server = createServer((socket) => {
      callers.add(socket);
      if (greeting !== '') socket.write(greeting);
    }).listen(ownerPlace(root).socket);
    assert.equal((await probeOwner(root)).kind, 'silent');
    greeting = 'SSH-2.0\n';
    await assert.rejects(probeOwner(root), { name: 'CadenceError', code: 'bad_data' });
    for (const caller of callers) caller.destroy();
    server.close();
    await once(server, 'close');
  });
});
