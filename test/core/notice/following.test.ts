import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { builtinCadence, hookCadence, notifyCadence } from '../../../lib/core/builtin.ts';
import { followUpName, type NoticeKind } from '../../../lib/core/notice/follow-up.ts';
import { endingKind, followUpsOf, statusWord } from '../../../lib/core/notice/following.ts';
import { noticeKey, renderMessage, unknownWords } from '../../../lib/core/notice/notice.ts';
import { commandOf, mergeNotify } from '../../../lib/core/notice/policy.ts';
import type { Sink } from '../../../lib/core/notice/sink.ts';
import { sinkId } from '../../../lib/core/notice/sink.ts';
import { pathsOf } from '../../../lib/core/paths.ts';
import { RUN_STATUSES, type RunRecord, type RunStatus } from '../../../lib/core/run.ts';
import { isCadenceName } from '../../../lib/core/tick.ts';

const discord: Sink = { kind: 'discord', webhook_url_env: 'DISCORD_WEBHOOK_URL' };
const telegram: Sink = { kind: 'telegram', chat: '1', bot_token_env: 'TELEGRAM_BOT_TOKEN' };
const hook = { kind: 'command', argv: ['true'], shell: true, cwd: '/', env: { names: [], values: {} }, okCodes: [0] } as const;

function runOf(status: RunStatus, more: Partial<RunRecord> = {}): RunRecord {
  return {
    run_id: 'x7k2p9qd4mzt-1',
    cadence: 'backup',
    tick: 'x7k2p9qd4mzt',
    attempt: 1,
    status,
    reason: status === 'succeeded' ? '' : 'exit 3: no route',
    summary: status === 'succeeded' ? '42 files' : '',
    started_at: '2026-11-20T07:00:00.000Z',
    ended_at: '2026-11-20T07:00:02.000Z',
    duration_ms: 2000,
    exit_code: status === 'succeeded' ? 0 : 3,
    signal: null,
    cost_usd: null,
    stdout_path: null,
    stderr_path: '/logs/x.stderr.log',
    ...more,
  };
}

function fired(status: RunStatus, on: readonly NoticeKind[] = [], cadence = 'backup'): readonly string[] {
  const notify = mergeNotify(undefined, { on, sinks: [discord] });
  return followUpsOf(runOf(status, { cadence }), { hooks: { on_success: [hook], on_failure: [hook, hook], on_complete: [hook] }, notify }).map((one) =>
    'notice' in one ? `${followUpName(one)} ${one.notice}` : followUpName(one),
  );
}

describe('what follows the end of a run', () => {
  it('D6 D7 fires on_success or on_failure after the last try, and on_complete after every end', () => {
    assert.deepEqual(fired('succeeded'), ['on_success[0]', 'on_complete[0]']);
    for (const status of ['dead', 'expired', 'unverified'] as const) assert.deepEqual(fired(status), ['on_failure[0]', 'on_failure[1]', 'on_complete[0]']);
    assert.deepEqual(fired('cancelled'), ['on_complete[0]']);
    // A try that is followed by another is no end, and where no work was done nothing follows.
    for (const status of ['failed', 'interrupted', 'waiting', 'running', 'queued', 'held', 'skipped', 'coalesced'] as const)
      assert.deepEqual(fired(status, ['failure', 'success', 'complete']), []);
  });

  it('every status has its place', () => {
    assert.equal(new Set(RUN_STATUSES.map(endingKind)).size, 4);
    assert.deepEqual([statusWord('dead'), statusWord('cancelled')], ['failed', 'cancelled']);
  });

  it('never fires for hooks of hooks, nor for anything else of the program’s own', () => {
    for (const own of ['bus-control', 'bus-hook-backup', 'bus-notify-discord']) assert.deepEqual(fired('dead', ['failure'], own), []);
  });

  it('D9 P10 A61 tells failures and recoveries unless told otherwise, one notice a run', () => {
    assert.deepEqual(mergeNotify(undefined, undefined).on, ['failure', 'recovery']);
    assert.deepEqual(fired('succeeded', ['failure', 'recovery']), ['on_success[0]', 'on_complete[0]']);
    assert.deepEqual(fired('dead', ['failure', 'complete']).at(-1), 'notify:discord failure');
    assert.deepEqual(fired('dead', ['complete']).at(-1), 'notify:discord complete');
    assert.deepEqual(fired('succeeded', ['success', 'complete']).at(-1), 'notify:discord success');
    assert.deepEqual(fired('cancelled', ['success', 'failure', 'complete']).at(-1), 'notify:discord complete');
  });

  it('a cadence adds its sinks to those of the bus, replaces one of the same kind, or wants none', () => {
    const bus = { on: ['complete'] as const, message: 'bus {task}', sinks: [discord, telegram] };
    const own: Sink = { kind: 'discord', webhook_url_env: 'OTHER' };
    assert.deepEqual(mergeNotify(bus, { sinks: [own] }), { on: ['complete'], message: 'bus {task}', sinks: [own, telegram] });
    assert.deepEqual(mergeNotify(bus, 'none').sinks, []);
    assert.deepEqual(mergeNotify('none', { sinks: [own] }).sinks, [own]);
  });
});

describe('a message', () => {
  it('D9 is made by the template, and what stands in a run is no template', () => {
    const say = (template: string, run = runOf('dead'), kind: NoticeKind = 'failure'): string => renderMessage(template, run, kind, 'desk');
    assert.equal(say('{task} {status}: {summary} ({run_id})'), 'backup failed: exit 3: no route (x7k2p9qd4mzt-1)');
    assert.equal(say('{status} {exit_code} {duration} {host} {log_path} {attempt}'), 'failed 3 2s desk /logs/x.stderr.log 1');
    assert.equal(say('{status}: {summary}', runOf('succeeded'), 'recovery'), 'recovered: 42 files');
    assert.equal(say('{summary}', runOf('dead', { reason: '{run_id} {task}' })), '{run_id} {task}');
    assert.equal(say('{nobody} {}'), '{nobody} {}');
    assert.deepEqual(unknownWords('{task} {nobody}'), ['nobody']);
  });

  it('has no control characters and an end', () => {
    const text = renderMessage('{reason}', runOf('dead', { reason: `\u001b]0;x\u0007 \u202eevil\nsecond${'x'.repeat(5_000)}` }), 'failure', '');
    assert.match(text, /^\\x1b\]0;x\\x07 \\u202eevil\nsecond/);
    assert.ok(text.length <= 2_000);
  });
});

describe('the names of the program’s own', () => {
  it('are names of cadences, each its own, however long the other is', () => {
    const long = 'a'.repeat(49);
    const names = [hookCadence('backup'), hookCadence(`${long}a`), hookCadence(`${long}b`), notifyCadence(sinkId(discord))];
    assert.ok(names.every(isCadenceName), String(names));
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual([names[0], names[3]], ['bus-hook-backup', 'bus-notify-discord']);
    for (const name of names) assert.equal(builtinCadence(name, pathsOf('/r'))?.name, name);
    assert.equal(builtinCadence('backup', pathsOf('/r')), undefined);
  });

  it('give each address a queue of its own, and never name what is secret', () => {
    assert.equal(sinkId({ kind: 'discord', webhook_url_env: 'OPS_HOOK' }), 'discord-ops-hook');
    assert.equal(sinkId({ kind: 'webhook', url: 'https://example.com:8443/' }), 'webhook-example-com-8443');
    assert.match(sinkId({ kind: 'webhook', url: 'https://example.com:8443/a/secret-path' }), /^webhook-example-com-8443-[a-z0-9]{7}$/);
    assert.equal(noticeKey('x7k2p9qd4mzt-1', 'failure', telegram), `x7k2p9qd4mzt-1.failure.telegram-${telegram.chat}`);
    const others: readonly (readonly [Sink, Sink])[] = [
      [
        { kind: 'webhook', url: 'https://a.test/ops' },
        { kind: 'webhook', url: 'https://a.test/dev' },
      ],
      [
        { kind: 'slack', token_env: 'SLACK_BOT_TOKEN', channel: 'C1' },
        { kind: 'slack', token_env: 'SLACK_BOT_TOKEN', channel: 'C2' },
      ],
      [
        { kind: 'discord', bot_token_env: 'DISCORD_BOT_TOKEN', channel: '1' },
        { kind: 'discord', bot_token_env: 'DISCORD_BOT_TOKEN', channel: '2' },
      ],
      [telegram, { ...telegram, chat: '77' }],
      [
        { kind: 'ntfy', topic: 'a' },
        { kind: 'ntfy', topic: 'a', server: 'https://ntfy.test' },
      ],
      [
        { kind: 'email', to: ['a@b.test', 'c@b.test'] },
        { kind: 'email', to: ['a@b.test'] },
      ],
    ];
    for (const [one, other] of others) assert.notEqual(sinkId(one), sinkId(other));
    const many = sinkId({ kind: 'email', to: Array.from({ length: 40 }, (_, n) => `person${n}@example.com`) });
    assert.ok(many.length <= 60, 'it is part of the name of a file');
  });

  it('start what a sink is to start, or what it was edited into since', () => {
    const shell = (name: string, ...argv: string[]) => ({ sinks: [{ kind: 'shell', name }], commands: { [name]: { ...hook, argv } } }) as const;
    const [old, own, bus] = [{ kind: 'shell', name: 'sh-old' } as const, shell('sh-own', 'own'), shell('sh-bus', 'bus')];
    assert.deepEqual(commandOf({ kind: 'shell', name: 'sh-bus' }, bus, own)?.argv, ['bus']);
    assert.deepEqual(commandOf(old, bus, own)?.argv, ['own'], 'a cadence’s own stands in for that of the bus');
    assert.deepEqual(commandOf(old, bus, undefined)?.argv, ['bus']);
    assert.equal(commandOf(old, undefined, undefined), undefined);
    assert.equal(commandOf(old, { sinks: [{ kind: 'log' }] }, undefined), undefined);
  });
});
