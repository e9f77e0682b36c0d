import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, it } from 'node:test';
import { notifyCadence } from '../../lib/core/builtin.ts';
import { type Notice, noticeKey } from '../../lib/core/notice/notice.ts';
import { type Sink, sinkId } from '../../lib/core/notice/sink.ts';
import type { Outcome } from '../../lib/core/outcome.ts';
import { pathsOf } from '../../lib/core/paths.ts';
import { createRedaction } from '../../lib/core/text/redaction.ts';
import { toIso } from '../../lib/core/time/instant.ts';
import { createDeliverer, type Deliverer } from '../../lib/notify/delivery.ts';
import { createOutbox } from '../../lib/notify/outbox.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createHttp } from '../../lib/platform/http.ts';
import { createIds } from '../../lib/platform/ids.ts';
import type { Http, Outbox } from '../../lib/ports.ts';
import { testClock } from '../support/bus.ts';
import { eventually } from '../support/eventually.ts';
import { tempRoot } from '../support/temp-root.ts';
import { type ApiServer, apiServer, silence, status } from './api-server.ts';

const HOSTILE = 'backup failed: @everyone <!channel> <https://evil|click> *bold* & _more_ \\x1b]0;';

const NO_PROGRAM = { code: null, stdout: '', stderr: '', because: 'no program here' };

const server = await apiServer();
/** Somewhere else: nobody answers there any more. */
const gone = await apiServer();

describe('D9 P11 a notice is delivered by the API of its sink', () => {
  const base = tempRoot();
  let round = 0;
  let root: string;
  let outbox: Outbox;
  let env: Record<string, string>;
  let deliverer: Deliverer;
  const events: string[] = [];
  const clock = testClock(Date.UTC(2026, 10, 20, 7));

  beforeEach(() => {
    round += 1;
    root = `${base}/${round}`;
    server.seen.length = 0;
    server.answer(status(204));
    env = {
      DISCORD_WEBHOOK_URL: `${server.url}/api/webhooks/1/sekret-path`,
      TELEGRAM_BOT_TOKEN: '123:bot-token',
      SLACK_WEBHOOK_URL: `${server.url}/services/T/B/slackpath`,
      SLACK_BOT_TOKEN: 'xoxb-slack-token',
      HOOK_AUTH: 'Bearer hook-secret',
    };
    rebuild();
  });

  function rebuild(http: Http = createHttp()): void {
    const files = createFiles();
    const paths = pathsOf(root);
    files.makeDir(paths.outbox);
    outbox = createOutbox({ files, clock, paths, onBroken: (path) => events.push(`broken ${path}`) });
    const journal = {
      emit: (event: { stage: string }) => events.push(event.stage),
      flush: async () => undefined,
      onEvent: () => ({ close: () => undefined }),
      close: () => undefined,
    };
    const redact = (text: string, names: readonly string[]): string => createRedaction(names.map((name) => ({ name, value: env[name] ?? '' })))(text);
    const programs = { find: () => undefined, hear: async () => NO_PROGRAM, leave: async () => NO_PROGRAM };
    const caller = { cli: ['node', 'cadence-bus'], root };
    const idOf = (key: string): string => createIds().keyed('notice', key);
    deliverer = createDeliverer({
      clock,
      outbox,
      http,
      journal,
      env,
      redact,
      programs,
      caller,
      host: 'desk',
      idOf,
      threadOf: () => undefined,
      onPlaced: () => undefined,
    });
  }

  function put(sink: Sink, runId = 'x7k2p9qd4mzt-1', createdMs = clock.nowMs()): Notice {
    const notice: Notice = {
      format: 1,
      key: noticeKey(runId, 'failure', sink),
      kind: 'failure',
      sink,
      run_id: runId,
      cadence: 'backup',
      status: 'dead',
      text: HOSTILE,
      created_at: toIso(createdMs),
      attempts: 0,
      error: null,
      facts: { exit_code: 3, summary: 'no route' },
    };
    assert.equal(outbox.put(notice), true);
    return notice;
  }

  const drain = (sink: Sink, signal = new AbortController().signal): Promise<Outcome> =>
    deliverer.drain(notifyCadence(sinkId(sink)), signal, async () => ({ kind: 'failed', because: 'no shell here' }));
  const reasonOf = (outcome: Outcome): string => ('reason' in outcome ? outcome.reason : '');

  const discord: Sink = { kind: 'discord', webhook_url_env: 'DISCORD_WEBHOOK_URL', username: 'bus' };
  const telegram = (): Sink => ({ kind: 'telegram', chat: '42', bot_token_env: 'TELEGRAM_BOT_TOKEN', api_url: server.url });
  const slackHook: Sink = { kind: 'slack', webhook_url_env: 'SLACK_WEBHOOK_URL' };
  const slackToken = (): Sink => ({ kind: 'slack', token_env: 'SLACK_BOT_TOKEN', channel: '#ops', api_url: `${server.url}/api` });
  const webhook = (): Sink => ({ kind: 'webhook', url: `${server.url}/hook`, headers_env: { Authorization: 'HOOK_AUTH' } });

  it('Discord: nobody is mentioned', async () => {
    put(discord);
    assert.deepEqual(await drain(discord), { kind: 'ok', summary: '1 notice' });
    const [{ path, body }] = server.seen as [ApiServer['seen'][number]];
    assert.equal(path, '/api/webhooks/1/sekret-path');
    assert.deepEqual(body, { content: HOSTILE, username: 'bus', allowed_mentions: { parse: [] }, flags: 4 });
    assert.deepEqual(
      outbox.ended('x7k2p9qd4mzt-1', 0).map(({ ok, status: word, attempts }) => [ok, word, attempts]),
      [[true, 'delivered', 1]],
    );
    assert.deepEqual(outbox.pending(), []);
  });

  it('Telegram: words are words, and no page is fetched', async () => {
    put(telegram());
    assert.equal((await drain(telegram())).kind, 'ok');
    assert.equal(server.seen[0]?.path, '/bot123:bot-token/sendMessage');
    assert.deepEqual(server.seen[0]?.body, { chat_id: '42', text: HOSTILE, link_preview_options: { is_disabled: true } });
  });

  it('Slack: <!channel> and links are shown, not obeyed, by webhook and by token', async () => {
    server.answer(status(200, { ok: true }));
    for (const [index, sink] of [slackHook, slackToken()].entries()) {
      put(sink, `x7k2p9qd4mzt-${index + 1}`);
      assert.equal((await drain(sink)).kind, 'ok');
    }
    const [byHook, byToken] = server.seen as [ApiServer['seen'][number], ApiServer['seen'][number]];
    assert.match(String(byHook.body.text), /^backup failed: @everyone &lt;!channel&gt; &lt;https:\/\/evil\|click&gt; \*bold\* &amp; _more_/);
    assert.deepEqual([byHook.body.mrkdwn, byToken.body.parse, byToken.body.link_names, byToken.body.channel], [false, 'none', false, '#ops']);
    assert.deepEqual([byToken.path, byToken.headers.authorization], ['/api/chat.postMessage', 'Bearer xoxb-slack-token']);
  });

  it('any server: JSON, its headers from variables, and the key by which it tells a repetition', async () => {
    const notice = put(webhook());
    assert.equal((await drain(webhook())).kind, 'ok');
    const [{ headers, body }] = server.seen as [ApiServer['seen'][number]];
    assert.deepEqual(
      [headers.authorization, headers['idempotency-key'], headers['content-type']],
      ['Bearer hook-secret', notice.key, 'application/json; charset=utf-8'],
    );
    assert.deepEqual([body.key, body.kind, body.status, body.exit_code], [notice.key, 'failure', 'dead', 3]);
  });

  it('is written once: the same key again is not put, delivered or not', async () => {
    const notice = put(discord);
    assert.equal(outbox.put(notice), false);
    await drain(discord);
    rebuild();
    assert.equal(outbox.put(notice), false, 'also after a restart');
    assert.deepEqual(await drain(discord), { kind: 'skip', reason: 'its outbox is empty' });
  });

  it('waits as long as a server asks it to, in its header and in its own words', async () => {
    server.answer(status(429, '', { 'retry-after': '7' }), status(204));
    put(webhook());
    assert.deepEqual(await drain(webhook()), { kind: 'defer', delayMs: 7_000, reason: 'HTTP 429' });
    clock.advance(2_000);
    assert.deepEqual(await drain(webhook()), { kind: 'defer', delayMs: 5_000, reason: 'it asked for time' }, 'it is not asked before its time');
    assert.equal(server.seen.length, 1);
    clock.advance(5_000);
    assert.equal((await drain(webhook())).kind, 'ok');
    assert.equal(outbox.ended('x7k2p9qd4mzt-1', 0)[0]?.attempts, 2);
    server.answer(status(429, { retry_after: 1.5 }));
    put(discord);
    assert.deepEqual(
      [(await drain(discord)) as { delayMs?: number }].map(({ delayMs }) => delayMs),
      [1_500],
    );
    server.answer(status(429, { ok: false, parameters: { retry_after: 9 } }));
    put(telegram());
    assert.deepEqual(
      [(await drain(telegram())) as { delayMs?: number }].map(({ delayMs }) => delayMs),
      [9_000],
    );
    server.answer(status(200, { ok: false, error: 'ratelimited' }, { 'retry-after': '3' }));
    put(slackToken());
    assert.deepEqual(
      [(await drain(slackToken())) as { delayMs?: number }].map(({ delayMs }) => delayMs),
      [3_000],
    );
  });

  it('an ill server fails the run, and the notice stays with what happened', async () => {
    server.answer(status(503, 'down for <b>maintenance</b>'));
    put(webhook());
    put(webhook(), 'x7k2p9qd4mzt-2');
    const outcome = await drain(webhook());
    assert.deepEqual([outcome.kind, reasonOf(outcome)], ['fail', 'HTTP 503: down for <b>maintenance</b>']);
    assert.equal(server.seen.length, 1, 'who is ill is not asked again at once');
    assert.deepEqual(
      outbox.pending().map(({ attempts, error }) => [attempts, error]),
      [
        [1, 'HTTP 503: down for <b>maintenance</b>'],
        [0, null],
      ],
    );
    for (const answer of [status(401), status(404), status(200, { ok: false, error: 'invalid_auth' })]) {
      server.answer(answer);
      if (outbox.pending(notifyCadence(sinkId(slackToken()))).length === 0) put(slackToken());
      assert.equal((await drain(slackToken())).kind, 'fail');
    }
  });

  it('a notice that is refused is dead, said so, and keeps nobody waiting', async () => {
    server.answer(status(400, { message: 'no' }), status(204));
    const dead = put(webhook());
    put(webhook(), 'x7k2p9qd4mzt-2');
    assert.deepEqual(await drain(webhook()), { kind: 'ok', summary: '1 notice; 1 notice not delivered: HTTP 400: {"message":"no"}' });
    assert.deepEqual(readdirSync(`${root}/state/cadence-bus/outbox/dead`), [`${dead.key}.json`]);
    assert.match(readFileSync(`${root}/state/cadence-bus/outbox/dead/${dead.key}.json`, 'utf8'), /"error": "HTTP 400: \{\\"message\\":\\"no\\"\}"/);
    assert.deepEqual(
      outbox.ended('x7k2p9qd4mzt-1', 0).map(({ ok, status: word }) => [ok, word]),
      [[false, 'dead']],
    );
  });

  it('a sink that takes nothing has told nobody, and is not called well for it', async () => {
    server.answer(status(400, { message: 'no' }), status(400, { message: 'no' }));
    put(webhook());
    put(webhook(), 'x7k2p9qd4mzt-2');
    assert.deepEqual(await drain(webhook()), { kind: 'unverified', summary: '', reason: '2 notices not delivered: HTTP 400: {"message":"no"}' });
  });

  it('after a day it is given up', async () => {
    server.answer(status(503));
    put(webhook());
    await drain(webhook());
    clock.advance(25 * 3_600_000);
    put(webhook(), 'x7k2p9qd4mzt-2');
    await drain(webhook());
    assert.equal(outbox.ended('x7k2p9qd4mzt-1', 0)[0]?.error, 'not delivered within 24 hours; last: HTTP 503');
    assert.equal(outbox.pending().length, 1);
  });

  it('what nobody has tried yet is tried once, however old it is, but not behind one that an ill sink has just refused', async () => {
    server.answer(status(204));
    put(webhook());
    clock.advance(3 * 86_400_000);
    assert.deepEqual(await drain(webhook()), { kind: 'ok', summary: '1 notice' });
    server.answer(status(503), status(204));
    for (const run of ['x7k2p9qd4mzt-2', 'x7k2p9qd4mzt-3']) put(webhook(), run);
    clock.advance(3 * 86_400_000);
    assert.equal((await drain(webhook())).kind, 'fail');
    put(webhook(), 'x7k2p9qd4mzt-4');
    assert.equal((await drain(webhook())).kind, 'ok');
    const ends = ['2', '3', '4'].map((n) => outbox.ended(`x7k2p9qd4mzt-${n}`, 0)[0]?.status);
    assert.deepEqual(ends, ['dead', 'dead', 'delivered']);
  });

  it('a server that is gone, silent, or leads elsewhere; what is told of it names no more than the host', async () => {
    await gone.close();
    env.DISCORD_WEBHOOK_URL = `${gone.url}/api/webhooks/1/sekret-path`;
    put(discord);
    assert.match(reasonOf(await drain(discord)), /^127\.0\.0\.1:\d+ cannot be reached: ECONNREFUSED$/);
    server.answer(silence);
    put(webhook());
    const leave = new AbortController();
    const broken = drain(webhook(), leave.signal);
    await eventually('the server has been asked', () => server.seen.length > 0);
    leave.abort();
    assert.equal((await broken).kind, 'interrupted');
    const impatient: Http = { ...createHttp(), post: (request, signal) => createHttp().post({ ...request, timeoutMs: 50 }, signal) };
    rebuild(impatient);
    assert.match(reasonOf(await drain(webhook())), /did not answer within 0\.05 seconds/);
    rebuild();
    server.answer(status(302, '', { location: 'http://169.254.169.254/latest' }));
    assert.equal(reasonOf(await drain(webhook())), 'HTTP 302: a redirect, which is not followed');
    const told = [outbox.pending(), outbox.ended('x7k2p9qd4mzt-1', 0)];
    assert.doesNotMatch(JSON.stringify(told), /sekret|bot-token|slack-token|hook-secret/);
  });

  it('what a server repeats of our secret is not kept', async () => {
    server.answer(status(500, `bad token ${env.HOOK_AUTH} and Bearer hook-secret`));
    put(webhook());
    assert.doesNotMatch(reasonOf(await drain(webhook())), /hook-secret/);
  });

  it('without its variable, and over plain http to another machine, nothing is sent', async () => {
    delete env.DISCORD_WEBHOOK_URL;
    put(discord);
    assert.equal(reasonOf(await drain(discord)), "DISCORD_WEBHOOK_URL is not set in the owner's environment");
    const plain: Sink = { kind: 'webhook', url: 'http://example.com/hook' };
    put(plain);
    assert.equal(reasonOf(await drain(plain)), 'example.com would be spoken to without encryption; use https');
    env.DISCORD_WEBHOOK_URL = 'no address';
    assert.equal(reasonOf(await drain(discord)), 'the address is none; it begins with https://');
    env.DISCORD_WEBHOOK_URL = 'file:///etc/passwd';
    assert.equal(reasonOf(await drain(discord)), 'the address is none; it begins with https://');
  });

  it('an endless answer is read no further than needed', async () => {
    server.answer((response) => {
      response.writeHead(500);
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
        response.once('drain', more);
      };
      more();
    });
    put(webhook());
    assert.match(reasonOf(await drain(webhook())), /^HTTP 500: x+…$/);
  });

  it('garbage in the outbox is set aside, and keeps nothing waiting', async () => {
    mkdirSync(`${root}/state/cadence-bus/outbox`, { recursive: true });
    writeFileSync(`${root}/state/cadence-bus/outbox/garbage.json`, '{"format":1');
    put(discord);
    assert.equal((await drain(discord)).kind, 'ok');
    assert.deepEqual(readdirSync(`${root}/state/cadence-bus/outbox/dead`), ['garbage.json']);
    assert.ok(events.some((event) => event.startsWith('broken')));
  });
});
