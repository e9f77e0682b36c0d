import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { after, describe, it } from 'node:test';
import { type Answer, askOwner, probeOwner } from '../../lib/platform/control.ts';
import { parseRequest } from '../../lib/platform/control-server.ts';
import { ownerPlace } from '../../lib/platform/owner-socket.ts';
import { acquireOwnership } from '../../lib/platform/ownership.ts';
import type { ControlReply, ControlRequest, Ownership } from '../../lib/ports.ts';
import { eventually } from '../support/eventually.ts';
import { tempRoot } from '../support/temp-root.ts';

const owners: Ownership[] = [];
after(() => {
  for (const owner of owners) owner.close();
});
async function own(root: string): Promise<Ownership> {
  const acquired = await acquireOwnership({ root });
  assert.equal(acquired.kind, 'owned');
  owners.push(acquired.ownership);
  return acquired.ownership;
}
async function ask(root: string, request: ControlRequest): Promise<Answer[]> {
  const answers: Answer[] = [];
  await askOwner(root, request, (answer) => answers.push(answer));
  return answers;
}
/** Says these bytes to the owner and collects all that comes back, to the end. */
async function say(root: string, ...chunks: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect({ path: ownerPlace(root).socket });
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  // The owner may hang up while we still speak; that is part of what is tested.
  socket.on('error', (error: NodeJS.ErrnoException) => assert.ok(error.code === 'EPIPE' || error.code === 'ECONNRESET', String(error)));
  for (const chunk of chunks) socket.write(chunk);
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(parts).toString();
}

describe('the control channel', () => {
  it('hands a request to the owner and its lines to the caller, and ends when the owner ends it', async () => {
    const root = tempRoot();
    const seen: ControlRequest[] = [];
    (await own(root)).serve((request, reply) => {
      seen.push(request);
      reply.send({ n: 1, text: 'zwei\nZeilen: ü' });
      reply.send({ n: 2 });
      reply.end();
      reply.send({ n: 3 });
    });
    assert.deepEqual(await ask(root, { op: 'wait', id: 'abcdefghijkl-1' }), [{ n: 1, text: 'zwei\nZeilen: ü' }, { n: 2 }]);
    assert.deepEqual(await ask(root, { op: 'wake' }), [{ n: 1, text: 'zwei\nZeilen: ü' }, { n: 2 }]);
    assert.deepEqual(seen, [{ op: 'wait', id: 'abcdefghijkl-1' }, { op: 'wake' }]);
  });

  it('is nobody there, and no fault, where the owner ends in the instant in which it is asked', async () => {
    const root = tempRoot();
    const { socket } = ownerPlace(root);
    mkdirSync(dirname(socket), { recursive: true });
    const leaving = (): ReturnType<typeof createServer> => createServer().listen(socket);
    let server = leaving();
    const state = probeOwner(root);
    server.close();
    assert.deepEqual(await state, { kind: 'none', info: undefined });
    server = leaving();
    const asked = ask(root, { op: 'wake' });
    server.close();
    await assert.rejects(asked, { name: 'CadenceError', code: 'no_owner' });
  });

  it('is silent for whoever waits no longer, whatever time the owner has left to answer', async () => {
    const root = tempRoot();
    const { socket } = ownerPlace(root);
    mkdirSync(dirname(socket), { recursive: true });
    const sockets: Socket[] = [];
    const server = createServer((caller) => sockets.push(caller)).listen(socket);
    after(() => server.close());
    const leave = new AbortController();
    const state = probeOwner(root, 2 ** 30, leave.signal);
    await eventually('it is asked', () => sockets.length > 0);
    leave.abort();
    assert.deepEqual(await state, { kind: 'silent', info: undefined });
    for (const caller of sockets) caller.destroy();
  });

  it('answers a ping by itself, before the owner has settled in, and keeps other requests for him', async () => {
    const root = tempRoot();
    const owner = await own(root);
    const early = ask(root, { op: 'shutdown' });
    assert.deepEqual(await ask(root, { op: 'ping' }), [{ ok: true, pid: process.pid }]);
    owner.serve((request, reply) => {
      reply.send({ op: request.op });
      reply.end();
    });
    assert.deepEqual(await early, [{ op: 'shutdown' }]);
  });

  it('says no_owner where there is none', async () => {
    await assert.rejects(ask(tempRoot(), { op: 'wake' }), { name: 'CadenceError', code: 'no_owner', hint: /start/ });
  });

  it('tells the owner that a follower has gone, and lets a follower go when he likes', async () => {
    const root = tempRoot();
    let reply: ControlReply | undefined;
    (await own(root)).serve((_request, given) => {
      reply = given;
      given.send({ n: 1 });
    });
    const stop = new AbortController();
    await askOwner(root, { op: 'events' }, () => stop.abort(), stop.signal);
    await eventually('the owner sees it', () => reply?.isOpen === false);
    reply?.send({ n: 2 });
    await askOwner(root, { op: 'events' }, () => assert.fail('nothing was asked'), AbortSignal.abort());
  });

  it('ends for the caller when the owner closes', async () => {
    const root = tempRoot();
    const owner = await own(root);
    owner.serve((_request, reply) => {
      reply.send({ n: 1 });
      owner.close();
    });
    assert.deepEqual(await ask(root, { op: 'events' }), [{ n: 1 }]);
  });

  it('carries a large answer and thousands of small ones', async () => {
    const root = tempRoot();
    const text = 'ü'.repeat(2 * 1024 * 1024);
    (await own(root)).serve((request, reply) => {
      if (request.op === 'events') for (let n = 0; n < 5_000; n++) reply.send({ n });
      else reply.send({ text });
      reply.end();
    });
    assert.deepEqual(await ask(root, { op: 'wake' }), [{ text }]);
    assert.equal((await ask(root, { op: 'events' })).length, 5_000);
  });

  it('drops a reader that never reads instead of keeping all for him', async () => {
    const root = tempRoot();
    const line = { text: 'x'.repeat(10_000) };
    let reply: ControlReply | undefined;
    (await own(root)).serve((_request, given) => {
      reply = given;
    });
    const lazy: Socket = connect({ path: ownerPlace(root).socket });
    lazy.pause();
    lazy.write('{"op":"events"}\n');
    const sent = await eventually('the request', () => reply);
    let lines = 0;
    while (sent.isOpen && lines < 100_000) {
      sent.send(line);
      lines++;
      if (lines % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(lines < 1_000, `${lines} lines of 10 KB were taken`);
    assert.equal((await probeOwner(root)).kind, 'answers');
    lazy.destroy();
  });

  it('survives garbage, and says what was wrong with it', async () => {
    const root = tempRoot();
    (await own(root)).serve(() => assert.fail('no garbage may reach the owner'));
    const garbage: readonly (string | Buffer)[] = [
      '\n',
      'ping\n',
      '{}\n',
      '[]\n',
      'null\n',
      '"ping"\n',
      '{"op":"rm -rf"}\n',
      '{"op":{"toString":1}}\n',
      '{"__proto__":{"op":"shutdown"}}\n',
      '{"op":"wait"}\n',
      '{"op":"wait","id":"../../x"}\n',
      '{"op":"wait","id":7}\n',
      Buffer.from([0, 255, 254, 10]),
      `${'['.repeat(60_000)}\n`,
      'x'.repeat(70_000),
      `{"op":"ping","pad":"${'x'.repeat(70_000)}"}\n`,
    ];
    for (const bytes of garbage) {
      const answer = JSON.parse(await say(root, bytes));
      assert.equal(answer.ok, false);
      assert.equal(answer.error.code, 'usage', String(bytes).slice(0, 40));
      assert.notEqual(answer.error.hint, '');
    }
    assert.equal((await probeOwner(root)).kind, 'answers');
  });

  it('survives callers that hang up at once, in the middle, or go on for ever', async () => {
    const root = tempRoot();
    (await own(root)).serve((_request, reply) => {
      reply.send({ ok: true });
    });
    for (const words of ['', '{"op":', '{"op":"events"}\n']) {
      const socket = connect({ path: ownerPlace(root).socket });
      await once(socket, 'connect');
      if (words !== '') socket.write(words);
      socket.destroy();
    }
    const endless = Array.from({ length: 100 }, () => Buffer.alloc(65_536, 0x61));
    await say(root, '{"op":"events"}\n', ...endless);
    assert.equal((await probeOwner(root)).kind, 'answers');
  });

  it('puts a request together from pieces, and hears one a connection', async () => {
    const root = tempRoot();
    let requests = 0;
    (await own(root)).serve((_request, reply) => {
      requests++;
      setImmediate(() => {
        reply.send({ ok: true });
        reply.end();
      });
    });
    const [first, ...rest] = '{"op":"wake"}\n{"op":"shutdown"}\n';
    assert.equal(await say(root, first as string, ...rest), '{"ok":true}\n');
    assert.equal(requests, 1);
  });

  it('reports a handler that throws to the caller and lives on', async () => {
    const root = tempRoot();
    (await own(root)).serve(() => {
      throw new Error('out of order');
    });
    const hint = 'This is a bug of cadence-bus: please report it.';
    assert.deepEqual(await ask(root, { op: 'wake' }), [{ ok: false, error: { code: 'bug', message: 'out of order', hint } }]);
    assert.equal((await probeOwner(root)).kind, 'answers');
  });

  it('knows every request and nothing else', () => {
    for (const request of [{ op: 'ping' }, { op: 'wake' }, { op: 'events' }, { op: 'shutdown' }, { op: 'wait', id: 'abcdefghijkl' }]) {
      assert.deepEqual(parseRequest(JSON.stringify({ ...request, more: 1 })), { kind: 'request', request });
    }
    assert.equal(parseRequest('{"op":"Ping"}').kind, 'refused');
  });
});
