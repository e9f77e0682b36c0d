import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Notice } from '../../lib/core/notice/notice.ts';
import { noticeKey } from '../../lib/core/notice/notice.ts';
import type { Sink } from '../../lib/core/notice/sink.ts';
import { mailOf } from '../../lib/notify/email.ts';
import { send } from '../../lib/notify/sending.ts';
import { createHttp } from '../../lib/platform/http.ts';
import { createIds } from '../../lib/platform/ids.ts';
import { apiServer, status } from './api-server.ts';

const server = await apiServer();
const env = {
  DISCORD_BOT_TOKEN: 'bot-secret',
  NTFY_TOPIC: 'secret-topic',
  NTFY_TOKEN: 'tk_secret',
  HOOK: 'http://169.254.169.254/latest/',
  SLACK_BOT_TOKEN: 'xoxb-1',
};
const NO_PROGRAM = { code: null, stdout: '', stderr: '', because: 'no program here' };
const events: { readonly stage: string; readonly level: string; readonly because?: unknown }[] = [];
const deps = {
  http: createHttp(),
  programs: { find: () => undefined, hear: async () => NO_PROGRAM, leave: async () => NO_PROGRAM },
  caller: { cli: ['node'], root: '/r' },
  host: 'Desk (of Ada)',
  journal: { emit: (event: (typeof events)[number]) => void events.push(event) },
  env,
  idOf: (key: string) => createIds().keyed('notice', key),
  threadOf: () => undefined,
  redact: (text: string) => text,
};
const noticeOf = (sink: Sink, more: Partial<Notice> = {}): Notice => ({
  format: 1,
  key: noticeKey('x7k2p9qd4mzt-1', 'failure', sink),
  kind: 'failure',
  sink,
  run_id: 'x7k2p9qd4mzt-1',
  cadence: 'backup',
  status: 'dead',
  text: 'backup failed: @everyone <!channel>',
  created_at: '2026-11-20T07:00:00.000Z',
  attempts: 0,
  error: null,
  facts: {},
  ...more,
});
const tell = (notice: Notice) => send(deps, notice, async () => ({ kind: 'delivered' }), new AbortController().signal);

describe('A36 A37 the sinks', () => {
  const bot = (): Sink => ({ kind: 'discord', bot_token_env: 'DISCORD_BOT_TOKEN', channel: '42', api_url: `${server.url}/v10` });
  const ntfy = (): Sink => ({ kind: 'ntfy', topic_env: 'NTFY_TOPIC', server: server.url, token_env: 'NTFY_TOKEN' });
  const slack = (): Sink => ({ kind: 'slack', token_env: 'SLACK_BOT_TOKEN', channel: '#ops', api_url: server.url });

  it('half a character, where somebody has cut an emoji, is none: Telegram refuses the whole message for one', async () => {
    server.seen.length = 0;
    server.answer(status(200, { id: '7' }));
    await tell(noticeOf(bot(), { text: 'exit 1: 😀\ud83d… \\ud83d' }));
    assert.equal(server.seen[0]?.body.content, 'exit 1: 😀\ufffd… \\ud83d');
  });

  it('a Discord bot says the same key at every try, and asks that a repetition be dropped', async () => {
    server.seen.length = 0;
    server.answer(status(503), status(200, { id: '7' }));
    assert.equal((await tell(noticeOf(bot()))).kind, 'failed');
    assert.equal((await tell(noticeOf(bot(), { attempts: 1 }))).kind, 'delivered');
    const [first, second] = server.seen;
    assert.deepEqual([first?.path, first?.headers.authorization], ['/v10/channels/42/messages', 'Bot bot-secret']);
    assert.deepEqual([first?.body.enforce_nonce, first?.body.allowed_mentions], [true, { parse: [] }]);
    assert.match(String(first?.body.nonce), /^[a-z0-9]{1,25}$/);
    assert.equal(second?.body.nonce, first?.body.nonce);
  });

  it('Slack by token: the same client_msg_id at every try, and "I have it already" is a delivery', async () => {
    server.seen.length = 0;
    server.answer(status(503), status(200, { ok: false, error: 'duplicate_client_msg_id' }));
    assert.equal((await tell(noticeOf(slack()))).kind, 'failed');
    assert.equal((await tell(noticeOf(slack()))).kind, 'delivered');
    assert.match(String(server.seen[0]?.body.client_msg_id), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(server.seen[0]?.body.client_msg_id, server.seen[1]?.body.client_msg_id);
    await tell(noticeOf(slack(), { key: 'another' }));
    assert.notEqual(server.seen[2]?.body.client_msg_id, server.seen[0]?.body.client_msg_id);
  });

  it('ntfy: topic and token by variable, priority by level, a repetition in the place of the first', async () => {
    server.seen.length = 0;
    server.answer(status(200, { id: 'x' }));
    for (const level of ['none', 'warning', 'urgent', 'critical'] as const) assert.equal((await tell(noticeOf(ntfy(), { level }))).kind, 'delivered');
    assert.equal((await tell(noticeOf(ntfy(), { kind: 'success' }))).kind, 'delivered');
    assert.deepEqual(
      server.seen.map(({ body }) => body.priority),
      [3, 4, 5, 5, 2],
    );
    const [{ path, headers, body }] = server.seen as [(typeof server.seen)[number]];
    assert.deepEqual([path, headers.authorization, body.topic, body.title], ['/', 'Bearer tk_secret', 'secret-topic', 'cadence-bus: backup']);
    assert.match(String(body.sequence_id), /^[-_A-Za-z0-9]{1,64}$/);
  });

  it('ntfy: no header is made of words, and no message becomes an attachment', async () => {
    server.seen.length = 0;
    const text = `${'ü€😀'.repeat(2_000)}\r\nX-Actions: evil`;
    assert.equal((await tell(noticeOf(ntfy(), { text, title: 'a\r\nAuthorization: x' }))).kind, 'delivered');
    const [{ headers, body }] = server.seen as [(typeof server.seen)[number]];
    assert.ok(Buffer.byteLength(String(body.message)) <= 4_000);
    assert.deepEqual([headers['x-actions'], headers.authorization, body.title], [undefined, 'Bearer tk_secret', 'a Authorization: x']);
  });

  it('what leads to a link-local address is not sent, unless that is allowed', async () => {
    const hook: Sink = { kind: 'webhook', url_env: 'HOOK', allow_http: true };
    const verdict = await tell(noticeOf(hook));
    assert.equal(verdict.kind === 'failed' && verdict.because, '169.254.169.254 leads to a link-local address, where machines keep their keys');
    const asked: unknown[] = [];
    const http = {
      ...createHttp(),
      async post(request: unknown) {
        asked.push(request);
        return { kind: 'failed' as const, because: 'no net' };
      },
    };
    await send({ ...deps, http }, noticeOf({ ...hook, allow_link_local: true }), async () => ({ kind: 'delivered' }), new AbortController().signal);
    assert.equal((asked[0] as { allowLinkLocal: boolean }).allowLinkLocal, true);
  });

  it('the log of the bus is a sink: an event with the words, at the level of the matter', async () => {
    events.length = 0;
    await tell(noticeOf({ kind: 'log' }));
    await tell(noticeOf({ kind: 'log' }, { level: 'critical' }));
    await tell(noticeOf({ kind: 'log' }, { kind: 'recovery' }));
    assert.deepEqual(
      events.map(({ stage, level }) => `${stage} ${level}`),
      ['notice warn', 'notice error', 'notice info'],
    );
    assert.equal(events[0]?.because, 'backup failed: @everyone <!channel>');
  });

  it('mail: no word of a run is a line of its head, and what is not ASCII is encoded', () => {
    const sink: Extract<Sink, { kind: 'email' }> = { kind: 'email', to: ['ada@example.com', 'bob@example.com'], from: 'bus@example.com' };
    const hostile = 'Fehler äöü\r\nBcc: evil@example.com\r\n\r\nbody';
    const mail = mailOf(sink, noticeOf(sink, { text: hostile, title: 'x\nTo: evil@example.com', incident_id: 'i-1' }), 'abc', 'Desk (of Ada)');
    const [head = '', body = ''] = mail.split('\n\n');
    const names = head
      .split('\n')
      .filter((line) => !line.startsWith(' '))
      .map((line) => line.split(':')[0]);
    assert.deepEqual(names, [
      ...['From', 'To', 'Subject', 'Date', 'Message-ID', 'References', 'MIME-Version', 'Content-Type', 'Content-Transfer-Encoding', 'Auto-Submitted'],
    ]);
    assert.match(head, /^[\n -~]*$/);
    assert.ok(
      head.split('\n').every((line) => line.length <= 78),
      head,
    );
    assert.match(head, /Message-ID: <abc\.cadence-bus@deskofada>/);
    assert.match(head, /Date: Fri, 20 Nov 2026 07:00:00 \+0000/);
    assert.equal(Buffer.from(body, 'base64').toString('utf8'), hostile);
  });
});
