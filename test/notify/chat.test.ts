import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { before, beforeEach, describe, it } from 'node:test';
import { createReading } from '../../lib/app/reading.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { cutFiles } from '../support/cut-files.ts';
import { incidentsOf, type NoticeYard, noticeYard } from '../support/notice-yard.ts';
import { tempRoot } from '../support/temp-root.ts';
import { apiServer, type Seen, status } from './api-server.ts';

const server = await apiServer();
process.env.CB_TEST_SLACK = 'xoxb-chat-secret';
process.env.CB_TEST_DISCORD = 'discord-chat-secret';
process.env.CB_TEST_TELEGRAM = '123:chat-secret';

const MINUTE = 60_000;
/** The yard's clock begins here. */
const START_MS = Date.UTC(2026, 10, 20, 7);

/** What people have said, in the words of each API, and what was posted. */
interface Far {
  said: {
    readonly id: string;
    readonly sender: string;
    readonly text: string;
    readonly about?: string;
    readonly bot?: boolean;
    readonly chat?: number;
    readonly at?: number;
    readonly kind?: string;
  }[];
  posted: Seen[];
  asked: Seen[];
  /** The message of ours that somebody has removed. */
  deleted: string | undefined;
  trouble: ((seen: Seen) => { readonly code: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> } | undefined) | undefined;
}
const far: Far = { said: [], posted: [], asked: [], trouble: undefined, deleted: undefined };

function slackApi(seen: Seen): unknown {
  if (seen.path === '/slack/chat.postMessage') {
    far.posted.push(seen);
    return { ok: true, channel: 'C1', ts: `1000.${String(far.posted.length).padStart(6, '0')}` };
  }
  far.asked.push(seen);
  const { ts, oldest } = seen.body as { ts: string; oldest: string };
  if (ts === far.deleted) return { ok: false, error: 'thread_not_found' };
  const replies = far.said.filter(({ id }) => id > oldest);
  const parent = { ts, user: 'UBOT', bot_id: 'B1', text: 'parent' };
  return {
    ok: true,
    messages: [
      parent,
      ...replies.map(({ id, sender, text, bot, kind }) => ({ ts: id, user: sender, text, subtype: kind, ...(bot === true ? { bot_id: 'B2' } : {}) })),
    ],
  };
}

function discordApi(seen: Seen): unknown {
  if (seen.method === 'POST') {
    far.posted.push(seen);
    return { id: `7${String(far.posted.length).padStart(5, '0')}`, channel_id: '42' };
  }
  far.asked.push(seen);
  const after = new URL(seen.path, 'http://x').searchParams.get('after') ?? '0';
  const newest = far.said.filter(({ id }) => Number(id) > Number(after)).toReversed();
  return newest.map(({ id, sender, text, about, bot, at = START_MS }) => ({
    id,
    content: text,
    timestamp: new Date(at).toISOString(),
    author: { id: sender, bot: bot === true },
    message_reference: about === undefined ? null : { message_id: about },
  }));
}

function telegramApi(seen: Seen): unknown {
  if (seen.path.endsWith('/sendMessage')) {
    far.posted.push(seen);
    return { ok: true, result: { message_id: 900 + far.posted.length, chat: { id: Number(seen.body.chat_id), type: 'private' } } };
  }
  far.asked.push(seen);
  const { offset = 0 } = seen.body as { offset?: number };
  // What lies before the offset is forgotten, whoever asks next.
  far.said = far.said.filter(({ id }) => Number(id) >= offset);
  const updates = far.said;
  return {
    ok: true,
    result: updates.map(({ id, sender, text, about, chat = 42, at = START_MS }) => ({
      update_id: Number(id),
      message: {
        message_id: Number(id) + 5_000,
        from: { id: Number(sender) },
        chat: { id: chat },
        date: at / 1000,
        text,
        ...(about === undefined ? {} : { reply_to_message: { message_id: Number(about) } }),
      },
    })),
  };
}

server.answer((response, seen) => {
  const trouble = far.trouble?.(seen);
  if (trouble !== undefined) return status(trouble.code, trouble.body, trouble.headers)(response, seen);
  const api = seen.path.startsWith('/slack') ? slackApi : seen.path.startsWith('/discord') ? discordApi : telegramApi;
  return status(200, api(seen))(response, seen);
});

const CHATS = {
  slack: {
    sink: `slack: { token_env: CB_TEST_SLACK, channel: C1, api_url: "${server.url}/slack" }`,
    boss: 'UBOSS',
    other: 'UEVIL',
    id: (n: number, at: number) => `${at / 1000}.${String(n).padStart(6, '0')}`,
    first: '1000.000001',
    secret: 'xoxb-chat-secret',
  },
  discord: {
    sink: `discord: { bot_token_env: CB_TEST_DISCORD, channel: "42", api_url: "${server.url}/discord" }`,
    boss: '11',
    other: '66',
    id: (n: number) => String(800_000 + n),
    first: '700001',
    secret: 'discord-chat-secret',
  },
  telegram: {
    sink: `telegram: { bot_token_env: CB_TEST_TELEGRAM, chat: "42", api_url: "${server.url}/telegram" }`,
    boss: '11',
    other: '66',
    id: (n: number) => String(n),
    first: '901',
    secret: '123:chat-secret',
  },
} as const;

for (const [kind, chat] of Object.entries(CHATS)) {
  describe(`A20 A37 orders from ${kind}`, () => {
    const base = tempRoot();
    let round = 0;
    let yard: NoticeYard;
    let fails = true;
    before(() => {
      fails = true;
    });
    beforeEach(async () => {
      Object.assign(far, { said: [], posted: [], asked: [], trouble: undefined });
      fails = true;
      round += 1;
      yard = await noticeYard({
        root: `${base}/${round}`,
        bus: `notify: { after: 1, ${chat.sink} }\nchat: { ${kind}: ["${chat.boss}"] }\n`,
        cadences: { backup: 'run: { command: ["true"] }\nretry: { attempts: 1 }\nbreaker: { failures: 100 }\n' },
        outcome: () => (fails ? { kind: 'fail', blame: 'cadence', reason: 'exit 1: no route' } : { kind: 'ok', summary: '' }),
      });
      await yard.run('backup');
    });
    const say = (n: number, text: string, sender: string = chat.boss, more: object = {}): void =>
      void far.said.push({ id: chat.id(n, START_MS), sender, text, about: chat.first, ...more });
    const paused = (): boolean => yard.events.some(({ stage }) => stage === 'paused');
    const orders = (): readonly string[] => yard.events.filter(({ stage, sink }) => stage === 'order' && sink !== undefined).map(({ word }) => String(word));

    it('one answer of somebody who may, in the thread of the incident, is a control tick, once, and is confirmed there', async () => {
      assert.equal(far.posted.length, 1, 'the failure was told');
      say(1, 'pause');
      assert.equal(far.asked.length, 0, 'nobody is asked at once');
      await yard.pass(MINUTE);
      assert.equal(paused(), true);
      assert.match(yard.read('state/cadence-bus/holds.json'), new RegExp(`paused by ${kind}:${chat.boss}`));
      assert.equal(far.posted.length, 2);
      const { body } = far.posted[1] as Seen;
      assert.match(String(body.text ?? body.content), /^Heard: backup is to be paused\.$/);
      const below =
        body.thread_ts ??
        (body.message_reference as { message_id?: string } | undefined)?.message_id ??
        (body.reply_parameters as { message_id?: number } | undefined)?.message_id;
      assert.equal(String(below), chat.first, 'it stands below the first notice');
      await yard.pass(5 * MINUTE);
      await yard.pass(5 * MINUTE);
      assert.deepEqual(orders(), ['pause'], 'a message is obeyed once');
      assert.ok(`${far.asked[0]?.headers.authorization} ${far.asked[0]?.path}`.includes(chat.secret));
    });

    it('nobody else is obeyed, no bot, no talk, nothing that refers to another message', async () => {
      say(1, 'pause', chat.other);
      say(2, 'I think we should pause');
      if (kind !== 'slack') say(3, 'pause', chat.boss, { about: '1' });
      if (kind !== 'telegram') say(4, 'pause', chat.boss, { bot: true });
      await yard.pass(MINUTE);
      assert.ok(far.asked.length > 0);
      assert.equal(paused(), false);
      assert.deepEqual(
        yard.events.filter(({ stage }) => stage === 'chat_refused').map(({ sender }) => sender),
        [chat.other],
      );
    });

    it('is asked a minute after something was told and every five minutes while an incident is open, and no longer', async () => {
      await yard.pass(MINUTE - 1);
      assert.equal(far.asked.length, 0);
      await yard.pass(1);
      assert.equal(far.asked.length, 1);
      await yard.pass(4 * MINUTE);
      assert.equal(far.asked.length, 1);
      await yard.pass(MINUTE);
      assert.equal(far.asked.length, 2);
      fails = false;
      await yard.run('backup');
      const { length } = far.asked;
      for (let n = 0; n < 4; n += 1) await yard.pass(5 * MINUTE);
      assert.equal(far.asked.length, length, 'nothing is open any more');
    });

    it('what was said before a weekend without an owner is answered, and not obeyed; a pause and a comment are', async () => {
      const at = START_MS + 1_000;
      for (const [n, text] of ['resume', 'abort', 'approve', 'comment: the router again', 'pause'].entries())
        say(n + 1, text, chat.boss, { at, id: chat.id(n + 1, at) });
      await yard.pass(60 * 60 * MINUTE);
      await yard.pass(MINUTE);
      assert.deepEqual(orders(), ['comment', 'pause']);
      const old = yard.events.filter(({ stage }) => stage === 'chat_refused');
      assert.deepEqual(
        old.map(({ word }) => word),
        ['resume', 'abort', 'approve'],
      );
      assert.match(String(old[0]?.because), /^"resume" was said 2d 1[12]h before it could be heard\. Say it again/);
      const told = far.posted.map(({ body }) => String(body.text ?? body.content)).filter((text) => text.startsWith('Not done: "'));
      assert.equal(told.length, 3, 'each is answered');
      assert.equal(paused(), true);
    });

    it('who pauses a cadence that was renamed meanwhile is told that it is gone', async () => {
      renameSync(`${yard.root}/cadences/backup.yaml`, `${yard.root}/cadences/backup-2.yaml`);
      yard.owner.parts.announceDefinitions(yard.owner.parts.definitions.reload());
      for (const [n, text] of ['pause', 'set BATCH 5', 'comment: hm'].entries()) say(n + 1, text);
      await yard.pass(MINUTE);
      assert.deepEqual([orders(), paused()], [['comment'], false]);
      const told = far.posted.map(({ body }) => String(body.text ?? body.content)).filter((text) => text.startsWith('Not done'));
      assert.deepEqual(told, Array(2).fill('Not done: there is no cadence backup any more.'));
    });

    it('several orders are carried out as they were said, one after the other', async () => {
      const said = ['pause', 'resume', 'pause', 'resume', 'pause', 'resume', 'pause'];
      for (const [n, text] of said.entries()) say(n + 1, text);
      await yard.pass(MINUTE);
      const heard = yard.events.flatMap(({ stage }) => (stage === 'paused' ? ['pause'] : stage === 'resumed' ? ['resume'] : []));
      assert.deepEqual(heard, said);
    });

    it('an order that comes to nothing is answered with the reason', async () => {
      say(1, 'set PATH /evil');
      say(2, 'abort');
      await yard.pass(MINUTE);
      await yard.pass(MINUTE);
      const told = far.posted.map(({ body }) => String(body.text ?? body.content)).filter((text) => text.startsWith('Not done'));
      assert.deepEqual(told.sort(), ['Not done: PATH may not be set by a fix', 'Not done: backup runs nothing, and no try of it waits']);
    });

    it('errors, a request to wait, garbage: nothing is lost, and what is told of it names no secret', async () => {
      say(1, 'approve');
      far.trouble = (seen) => (seen.path.includes('postMessage') ? undefined : { code: 500, body: `down with ${chat.secret}` });
      await yard.pass(MINUTE);
      assert.deepEqual(orders(), []);
      far.trouble = () => ({ code: 200, body: '<html>' });
      await yard.pass(2 * MINUTE);
      far.trouble = () => ({ code: 429, body: { retry_after: 7 }, headers: { 'retry-after': '7' } });
      await yard.pass(5 * MINUTE);
      far.trouble = undefined;
      for (let n = 0; n < 8 && orders().length === 0; n += 1) await yard.pass(10 * MINUTE);
      assert.deepEqual(orders(), ['approve']);
      assert.ok(incidentsOf(yard.root)[0]?.approved_until !== undefined);
      assert.ok(!JSON.stringify(yard.events).includes('chat-secret'));
    });

    it('an owner that dies at any write of it obeys what was said once, and loses no answer', async () => {
      say(1, 'pause');
      say(2, 'comment: it is the router');
      let cut = 0;
      for (let n = 1; n <= 60; n += 1) {
        const files = cutFiles(createFiles(), n);
        const live = async (): Promise<string> => {
          await yard.restart(files);
          await yard.pass(MINUTE);
          return 'rested';
        };
        const outcome = await Promise.race([live(), files.died.then(() => 'died')]).catch((error: Error) => {
          if (error.message !== 'killed') throw error;
          return 'died';
        });
        if (outcome === 'rested') break;
        cut += 1;
        yard.clock.advance(5 * MINUTE);
      }
      await yard.restart();
      await yard.pass(10 * MINUTE);
      await yard.pass(10 * MINUTE);
      assert.ok(cut > 5, `only ${cut} deaths`);
      const comments = yard.read(`state/cadence-bus/incidents/${String(incidentsOf(yard.root)[0]?.id)}/comments.jsonl`);
      assert.match(comments, /"text":"it is the router"/);
      assert.equal(comments.trim().split('\n').length, 1, 'said once, it stands there once');
      assert.match(yard.read('state/cadence-bus/holds.json'), /paused by/);
      const control = createReading(yard.root).history.runs({ cadence: 'bus-control', limit: 200 });
      assert.deepEqual(new Set(control.map(({ tick }) => tick)).size, 2, 'one order for each message');
      assert.equal(control.filter((run) => run.status === 'succeeded').length, 2);
    });
  });
}

describe('orders from a Telegram bot that was quiet for a week', () => {
  it('are heard, though their numbers go on from another place', async () => {
    Object.assign(far, { said: [], posted: [], asked: [], trouble: undefined });
    const yard = await noticeYard({
      root: tempRoot(),
      bus: `notify: { after: 1, remind: 0, ${CHATS.telegram.sink} }\nchat: { telegram: ["11"] }\n`,
      cadences: { backup: 'run: { command: ["true"] }\nretry: { attempts: 1 }\nbreaker: { failures: 100 }\n' },
      outcome: () => ({ kind: 'fail', blame: 'cadence', reason: 'exit 1: no route' }),
    });
    await yard.run('backup');
    far.said.push({ id: '900', sender: '11', text: 'pause', about: '901' });
    await yard.pass(MINUTE);
    await yard.pass(5 * MINUTE);
    for (let day = 0; day < 8; day += 1) await yard.pass(24 * 60 * MINUTE);
    far.said.push({ id: '5', sender: '11', text: 'resume', about: '901', at: yard.clock.nowMs() });
    await yard.pass(5 * MINUTE);
    await yard.pass(5 * MINUTE);
    const obeyed = yard.events.filter(({ stage, sink }) => stage === 'order' && sink !== undefined).map(({ word }) => word);
    assert.deepEqual(obeyed, ['pause', 'resume']);
  });
});

describe('orders from threads of Slack', () => {
  it('are heard where another thread was removed, and where the answer was sent to the channel as well', async () => {
    Object.assign(far, { said: [], posted: [], asked: [], trouble: undefined, deleted: '1000.000001' });
    const cadence = 'run: { command: ["true"] }\nretry: { attempts: 1 }\nbreaker: { failures: 100 }\n';
    const yard = await noticeYard({
      root: tempRoot(),
      bus: `notify: { after: 1, ${CHATS.slack.sink} }\nchat: { slack: ["UBOSS"] }\n`,
      cadences: { backup: cadence, report: cadence },
      outcome: () => ({ kind: 'fail', blame: 'cadence', reason: 'exit 1: no route' }),
    });
    await yard.run('backup');
    await yard.run('report');
    far.said.push({ id: CHATS.slack.id(1, START_MS), sender: 'UBOSS', text: 'pause', kind: 'thread_broadcast' });
    await yard.pass(MINUTE);
    await yard.pass(MINUTE);
    const obeyed = yard.events.filter(({ stage, sink }) => stage === 'order' && sink !== undefined).map(({ cadence: about }) => about);
    assert.deepEqual(obeyed, ['report']);
    far.deleted = undefined;
  });
});

describe('orders from two chats of one Telegram bot', () => {
  it('are heard in each, once, whichever of them is read first', async () => {
    Object.assign(far, { said: [], posted: [], asked: [], trouble: undefined });
    const sinkOf = (chat: string): string => `telegram: { bot_token_env: CB_TEST_TELEGRAM, chat: "${chat}", api_url: "${server.url}/telegram" }`;
    const cadenceIn = (chat: string): string =>
      `run: { command: ["true"] }\nretry: { attempts: 1 }\nbreaker: { failures: 100 }\nnotify: { after: 1, ${sinkOf(chat)} }\n`;
    const yard = await noticeYard({
      root: tempRoot(),
      bus: 'chat: { telegram: ["11"] }\n',
      cadences: { backup: cadenceIn('42'), report: cadenceIn('43') },
      outcome: () => ({ kind: 'fail', blame: 'cadence', reason: 'exit 1: no route' }),
    });
    // One is asked at 1, 6, 7 (for it was answered there), the other at 3 and 8.
    await yard.run('backup');
    await yard.pass(MINUTE);
    await yard.pass(MINUTE);
    await yard.run('report');
    assert.deepEqual(
      far.posted.map(({ body }) => String(body.chat_id)),
      ['42', '43'],
    );
    for (let n = 0; n < 3; n += 1) await yard.pass(MINUTE);
    far.said.push({ id: '1', sender: '11', text: 'pause', about: '901', chat: 42 }, { id: '2', sender: '11', text: 'pause', about: '902', chat: 43 });
    for (let n = 0; n < 10; n += 1) await yard.pass(MINUTE);
    const obeyed = yard.events.filter(({ stage, sink }) => stage === 'order' && sink !== undefined).map(({ cadence }) => cadence);
    assert.deepEqual(obeyed.sort(), ['backup', 'report']);
    const heard = far.posted.slice(2).filter(({ body }) => /^Heard/.test(String(body.text)));
    assert.deepEqual(heard.map(({ body }) => String(body.chat_id)).sort(), ['42', '43']);
  });
});
