import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Asked, judge } from '../../lib/web/gate.ts';

const TOKEN = 'abc123';
const gate = { port: 8123, isToken: (text: string) => text === TOKEN };
const COOKIE = `cadence_bus_8123=${TOKEN}`;

function asked(about: Partial<Asked> = {}): Asked {
  return { method: 'GET', target: '/runs', ...about, headers: { host: '127.0.0.1:8123', cookie: COOKIE, ...about.headers } };
}

describe('A46 web: who may come in', () => {
  it('whoever has the cookie of this start, by either name of this machine', () => {
    for (const host of ['127.0.0.1:8123', 'localhost:8123', 'LOCALHOST:8123'])
      assert.deepEqual(judge(asked({ headers: { host } }), gate), { kind: 'open', path: '/runs' }, host);
    assert.deepEqual(judge(asked({ method: 'HEAD', headers: { cookie: `a=b; ${COOKIE}` } }), gate), { kind: 'open', path: '/runs' });
    assert.deepEqual(judge(asked({ target: '/?x=1' }), gate), { kind: 'open', path: '/' });
    assert.equal(judge(asked({ headers: { host: 'localhost' } }), { ...gate, port: 80 }).kind, 'refused', 'the cookie is of another port');
    assert.equal(judge(asked({ headers: { host: 'localhost', cookie: `cadence_bus_80=${TOKEN}` } }), { ...gate, port: 80 }).kind, 'open');
  });

  it('whoever brings the token, once', () => {
    assert.deepEqual(judge(asked({ target: `/?token=${TOKEN}`, headers: { cookie: undefined } }), gate), { kind: 'enters' });
  });

  const strangers: readonly (readonly [why: string, asked: Asked])[] = [
    ['no cookie', asked({ headers: { cookie: undefined } })],
    ['a cookie that is wrong', asked({ headers: { cookie: 'cadence_bus_8123=abc124' } })],
    ['a cookie of another port', asked({ headers: { cookie: `cadence_bus_8124=${TOKEN}` } })],
    ['an empty cookie', asked({ headers: { cookie: 'cadence_bus_8123=' } })],
    ['a token that is wrong, beside a cookie that is right', asked({ target: '/?token=wrong' })],
    ['a token on another page', asked({ target: `/runs?token=${TOKEN}` })],
    ['no host', asked({ headers: { host: undefined } })],
    ['a name that leads here', asked({ headers: { host: 'evil.example:8123' } })],
    ['a name that ends in ours', asked({ headers: { host: 'localhost:8123.evil.example' } })],
    ['another port', asked({ headers: { host: '127.0.0.1:8124' } })],
    ['no port', asked({ headers: { host: '127.0.0.1' } })],
    ['another origin', asked({ headers: { origin: 'http://evil.example' } })],
    ['an origin on another port', asked({ headers: { origin: 'http://127.0.0.1:3000' } })],
    ['an origin that is none', asked({ headers: { origin: 'null' } })],
  ];
  for (const [why, one] of strangers) it(`not with ${why}`, () => assert.deepEqual(judge(one, gate), { kind: 'refused', status: 403 }));

  it('only looks', () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', ''])
      assert.deepEqual(judge(asked({ method }), gate), { kind: 'refused', status: 405 }, method);
  });
});
