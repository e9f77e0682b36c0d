import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Incident } from '../../../lib/core/incident/incident.ts';
import { orderOf, parseChatOrder, tooOld } from '../../../lib/core/notice/chat.ts';
import { incidentOf, NO_CHATS, recentCursor, withCursor, withMessage, withThreadCursor } from '../../../lib/core/notice/chat-book.ts';

const incident = { id: '2026-11-20T07-00-00Z-backup-exit', cadence: 'backup', run_ids: ['x7k2p9qd4mzt-2'], state: 'open' } as unknown as Incident;

describe('A20 what an answer in a thread orders', () => {
  it('is one of seven words, and nothing else in the message', () => {
    for (const word of ['pause', 'resume', 'abort', 'approve', 'ignore']) assert.equal(parseChatOrder(` ${word.toUpperCase()}. `)?.word, word);
    assert.deepEqual(parseChatOrder('set BATCH_SIZE half'), { word: 'set', name: 'BATCH_SIZE', value: 'half' });
    assert.deepEqual(parseChatOrder('comment: I look at it\nlater'), { word: 'comment', text: 'I look at it\nlater' });
    for (const talk of [
      'should we pause?',
      'pause backup',
      'do not abort',
      'set',
      'set 1X y',
      'set X',
      'set X y\nabort',
      'comment:',
      '',
      'paused',
      `comment: ${'x'.repeat(3_000)}`,
    ])
      assert.equal(parseChatOrder(talk), undefined, talk);
  });

  it('is the order that the command line gives, about the incident of the thread and no other', () => {
    const order = (text: string) => orderOf(parseChatOrder(text) as NonNullable<ReturnType<typeof parseChatOrder>>, incident, 'slack:U1', 'chat:slack:7');
    assert.deepEqual(order('pause'), { order: 'pause', key: 'cadence:backup', because: 'paused by slack:U1' });
    assert.deepEqual(order('resume'), { order: 'resume', key: 'cadence:backup' });
    assert.deepEqual(order('abort'), { order: 'abort', cadence: 'backup', id: 'x7k2p9qd4mzt' });
    assert.deepEqual(order('approve'), { order: 'incident', what: 'approve', id: incident.id });
    assert.deepEqual(order('ignore'), { order: 'incident', what: 'ignore', id: incident.id });
    assert.deepEqual(order('comment: hm'), { order: 'incident', what: 'comment', id: incident.id, text: 'hm', by: 'slack:U1', message: 'chat:slack:7' });
    assert.deepEqual(order('set X half'), {
      ...{ order: 'respond', incident: incident.id, action: 'restart_with_env', set: { X: 'half' } },
      ...{ diagnosis: 'set by slack:U1', by: 'human' },
    });
  });
});

describe('A20 what was said while nobody read it', () => {
  const hour = 3_600_000;
  const isObeyed = (text: string, ageMs: number, state = 'open'): boolean =>
    tooOld(parseChatOrder(text) as NonNullable<ReturnType<typeof parseChatOrder>>, { ...incident, state } as typeof incident, 0, ageMs) === undefined;

  it('starts, stops and spends nothing days later; quiet holds as long as its incident, a comment for ever', () => {
    for (const order of ['resume', 'approve', 'set X y']) assert.deepEqual([isObeyed(order, 24 * hour), isObeyed(order, 24 * hour + 1)], [true, false], order);
    assert.deepEqual([isObeyed('abort', hour), isObeyed('abort', hour + 1)], [true, false]);
    for (const order of ['pause', 'ignore']) {
      assert.equal(isObeyed(order, 100 * hour), true, order);
      assert.equal(isObeyed(order, 100 * hour, 'resolved'), false, order);
    }
    assert.equal(isObeyed('comment: hm', 1_000 * hour, 'resolved'), true);
  });

  it('is told with its age, and a chat that tells no time is believed', () => {
    assert.equal(tooOld({ word: 'resume' }, incident, 0, 50 * hour), '"resume" was said 2d 2h before it could be heard. Say it again if it is still meant.');
    assert.equal(tooOld({ word: 'resume' }, incident, undefined, 50 * hour), undefined);
  });
});

describe('how far a chat was read', () => {
  it('is known for each of its sinks, and for a day to those that must not ask behind it', () => {
    const book = withCursor({ ...NO_CHATS, cursors: { old: '5' } }, ['a', 'b'], '7', 0);
    assert.deepEqual(book.cursors, { old: '5', a: '7', b: '7' });
    assert.deepEqual([recentCursor(book, 'a', 86_399_999), recentCursor(book, 'b', 86_400_000), recentCursor(book, 'old', 0)], ['7', undefined, undefined]);
  });
});

describe('the threads of incidents', () => {
  it('begin with their first message, are found by each of them, and end after a month', () => {
    const day = 86_400_000;
    let book = withMessage(NO_CHATS, 'slack', 'i1', { channel: 'C1', id: '1' }, 0);
    book = withMessage(book, 'slack', 'i1', { channel: 'C1', id: '2' }, day);
    book = withMessage(book, 'slack', 'i2', { channel: 'C1', id: '3' }, 2 * day);
    assert.deepEqual([book.threads.slack?.i1?.message, book.threads.slack?.i1?.more], ['1', ['2']]);
    assert.deepEqual(
      ['1', '2', '3', '4'].map((id) => incidentOf(book, 'slack', 'C1', id)),
      ['i1', 'i1', 'i2', undefined],
    );
    assert.equal(incidentOf(book, 'slack', 'C2', '1'), undefined, 'another channel is another message');
    assert.equal(withThreadCursor(book, 'slack', 'i1', '9').threads.slack?.i1?.cursor, '9');
    assert.equal(withThreadCursor(book, 'slack', 'gone', '9'), book);
    book = withMessage(book, 'slack', 'i3', { channel: 'C1', id: '5' }, 31 * day + 1);
    assert.deepEqual(Object.keys(book.threads.slack ?? {}), ['i2', 'i3']);
  });
});
