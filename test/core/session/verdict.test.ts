import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { Ending } from '../../../lib/core/outcome.ts';
import { ruleOf, SESSION_CLASSES, type SessionClass } from '../../../lib/core/session/class.ts';
import { readSession } from '../../../lib/core/session/stream.ts';
import { judgeSession, outcomeOf } from '../../../lib/core/session/verdict.ts';

const RECORDED = fileURLToPath(new URL('../../fixtures/claude/2.1.328/', import.meta.url));
const ENDED_MS = Date.UTC(2026, 10, 20, 10);
const SOON_S = ENDED_MS / 1000 + 3600;
const CONTEXT = { endedMs: ENDED_MS, zone: 'UTC' };
const part = (folder: string, file: string): string => readFileSync(join(RECORDED, folder, file), 'utf8');

function ending(more: Partial<Ending> = {}): Ending {
  const nothing = { code: 0, signal: null, spawnError: null, stoppedFor: null, durationMs: 61_000 } as const;
  return { ...nothing, stdoutTail: '', stderrTail: '', droppedBytes: 0, survivors: [], ...more };
}
const endingOf = (folder: string): Ending => ending({ code: Number(part(folder, 'exit_code')), stderrTail: part(folder, 'stderr.txt') });
const judge = (stdout: string, more: Partial<Ending> = {}) => judgeSession(readSession(stdout, true), ending(more), CONTEXT);
const replay = (folder: string, more: Partial<Ending> = {}) =>
  judgeSession(readSession(part(folder, 'stdout.txt'), true), { ...endingOf(folder), ...more }, CONTEXT);
const lines = (...events: readonly object[]): string => events.map((event) => `${JSON.stringify(event)}\n`).join('');

const INIT = { type: 'system', subtype: 'init', session_id: '45944dd0-2f3e-47a3-b047-7d3a88ffd6a9' };
const SAYS = { type: 'assistant', message: { model: 'claude-opus', content: [{ type: 'text', text: 'Working.' }] } };
const calls = (id: string) => ({ type: 'assistant', message: { model: 'claude-opus', content: [{ type: 'tool_use', id, name: 'Bash' }] } });
const retry = (error: string, status: number | null) => ({ type: 'system', subtype: 'api_retry', attempt: 1, error_status: status, error });
const limit = (info: object) => ({ type: 'rate_limit_event', rate_limit_info: info });
const success = (more: object = {}) => ({ type: 'result', subtype: 'success', is_error: false, result: 'Done.', ...more });
const failure = (text: string, more: object = {}) => ({ type: 'result', subtype: 'success', is_error: true, result: text, ...more });

type Expected = readonly [SessionClass, 'account' | 'cadence' | 'nobody', retry: boolean];
const OK: Expected = ['ok', 'nobody', false];
const TABLE: Readonly<Record<string, Expected>> = {
  'auth-401-1retry': ['auth', 'account', true],
  'bad-json-schema': ['config', 'cadence', false],
  'bad-mcp': ['config', 'cadence', false],
  'bad-settings': ['config', 'cadence', false],
  bare: OK,
  'conn-refused': ['network', 'account', true],
  'credit-400': ['billing', 'account', true],
  'cut-1': ['timeout', 'cadence', true],
  'dash-prompt': OK,
  'default-retries-auth': ['auth', 'account', true],
  'default-retries-overload': ['overloaded', 'account', true],
  'e500-1retry': ['server', 'account', true],
  hang3s: ['network', 'account', true],
  'json-schema': OK,
  'json-schema-bad': ['schema', 'cadence', false],
  'max-budget': ['budget', 'cadence', false],
  'max-output-tokens': ['max_output', 'cadence', false],
  'max-turns': ['max_turns', 'cadence', false],
  'max-turns-env': ['max_turns', 'cadence', false],
  mcp: OK,
  'model-404': ['model', 'cadence', false],
  'no-auth': ['auth', 'account', true],
  'no-prompt': ['config', 'cadence', false],
  'overload-529-2retries': ['overloaded', 'account', true],
  'perm-denied': ['denied', 'cadence', false],
  'permission-prompts-none': ['denied', 'cadence', false],
  'prompt-too-long': ['prompt_too_long', 'cadence', false],
  'rate-429-1retry': ['rate_limit', 'account', true],
  'ratelong-429': ['rate_limit', 'account', true],
  refusal: ['refusal', 'cadence', false],
  'stream-401': ['auth', 'account', true],
  'stream-429': ['rate_limit', 'account', true],
  'stream-529': ['overloaded', 'account', true],
  'stream-denied': ['denied', 'cadence', false],
  'stream-max-turns': ['max_turns', 'cadence', false],
  'stream-no-auth': ['auth', 'account', true],
  'stream-tool-allowed': OK,
  'success-json': OK,
  'success-stream': OK,
};

describe('the judgement of a recorded session', () => {
  it('has an expectation for every transcript, and a transcript for every expectation', () => {
    assert.deepEqual(readdirSync(RECORDED).sort(), Object.keys(TABLE).sort());
  });

  for (const [folder, expected] of Object.entries(TABLE)) {
    it(`M11 M12 calls ${folder} ${expected[0]}, of the ${expected[1]}`, () => {
      const verdict = replay(folder);
      // None of the recorded sessions was told when a limit ends.
      assert.deepEqual([verdict.class, verdict.scope, verdict.retry, verdict.untilMs], [...expected, undefined]);
    });
  }

  it('is the same for the older version, which names less and leaves the status of an overload empty', () => {
    const older = (text: string, more: object = {}) =>
      judge(lines({ type: 'result', subtype: 'success', is_error: true, terminal_reason: 'completed', result: text, api_error_status: null, ...more }), {
        code: 1,
      }).class;
    assert.equal(older('API Error: Repeated 529 Overloaded errors'), 'overloaded');
    assert.equal(older('Unable to connect to API (ConnectionRefused)'), 'network');
    assert.equal(older("API Error: Claude's response exceeded the 64000 output token maximum."), 'max_output');
    assert.equal(older('Prompt is too long', { api_error_status: 400 }), 'prompt_too_long');
    assert.equal(older('Failed to authenticate. API Error: 403', { api_error_status: 403 }), 'auth');
    assert.equal(older('nobody has seen this before'), 'execution');
    assert.equal(older('nobody has seen this before', { api_error_status: 503 }), 'server');
  });

  it('says the cause first, in words that a person can act on', () => {
    assert.equal(replay('stream-401').words, 'authentication failed: Invalid API key · Fix external API key');
    assert.equal(replay('max-turns').words, 'out of turns: Reached maximum number of turns (2)');
    assert.match(replay('bad-mcp').words, /^claude could not start as it is set up: exit 1: Error: Invalid MCP configuration: \| MCP config file not found/);
    assert.match(replay('refusal').words, /^the model refused: API Error: Opus 5\.5's safeguards flagged this message/);
  });
});

describe('a success', () => {
  it('needs exit 0, a result that says so, and no complaint in the place of the last answer', () => {
    assert.equal(judge(lines(INIT, SAYS, success())).class, 'ok');
    assert.equal(judge(lines(success()), { code: 1 }).class, 'execution');
    assert.equal(judge(lines(success({ is_error: undefined }))).class, 'execution');
    assert.equal(judge(lines(success({ subtype: 'unheard_of' }))).class, 'execution');
    assert.equal(judge(lines(success({ terminal_reason: 'aborted_tools' }))).class, 'execution');
    const complaint = { type: 'assistant', error: 'authentication_failed', is_api_error_message: true, message: { model: '<synthetic>', content: [] } };
    assert.equal(judge(lines(INIT, SAYS, complaint, success())).class, 'auth');
    assert.equal(judge(lines(INIT, { ...complaint, error: undefined }, success())).class, 'execution');
    const said = { type: 'assistant', message: { model: '<synthetic>', content: [{ type: 'text', text: `Claude AI usage limit reached|${SOON_S}` }] } };
    assert.deepEqual([judge(lines(INIT, said, success())).class, judge(lines(INIT, said, success())).untilMs], ['quota', SOON_S * 1000]);
  });

  it('is not made a failure by a try that failed beside it, nor by a limit that was passed on paid usage', () => {
    assert.equal(judge(lines(INIT, SAYS, retry('overloaded', 529), success())).class, 'ok');
    assert.equal(judge(lines(INIT, limit({ status: 'rejected', isUsingOverage: true, overageStatus: 'allowed' }), SAYS, success())).class, 'ok');
  });

  it('cannot be spoken by the model: words about limits and keys in an answer change nothing', () => {
    assert.equal(judge(lines(INIT, SAYS, success({ result: `Claude AI usage limit reached|${SOON_S}\nInvalid API key` }))).class, 'ok');
  });

  it('P32 is summed up by its last five lines in at most 200 characters, or by its structured answer', () => {
    assert.equal(judge(lines(success({ result: '1\n2\n3\n4\n5\n6' }))).words, '2 | 3 | 4 | 5 | 6');
    assert.equal(judge(lines(success({ result: 'x'.repeat(500) }))).words.length, 200);
    assert.equal(judge(lines(success({ result: '', structured_output: { action: 'restart' } }))).words, '{"action":"restart"}');
  });

  it('in spite of a denied tool is one, with a note; where every call was denied it is a failure that no second try mends', () => {
    const denials = (...ids: readonly string[]) => ({ permission_denials: ids.map((id) => ({ tool_name: 'Bash', tool_use_id: id })) });
    const partly = judge(lines(INIT, calls('a'), calls('b'), success(denials('b'))));
    assert.deepEqual([partly.class, partly.words], ['ok', 'Done. [denied: Bash]']);
    const wholly = judge(lines(INIT, calls('a'), calls('b'), success(denials('a', 'b'))));
    assert.deepEqual(
      [wholly.class, wholly.scope, wholly.retry, wholly.words],
      ['denied', 'cadence', false, 'every tool it asked for was denied (Bash): Done.'],
    );
    const unseen = judgeSession(readSession(lines(calls('b'), success(denials('b'))), false), ending(), CONTEXT);
    assert.equal(unseen.class, 'ok', 'of what was cut off nobody knows');
    assert.equal(judge(lines(success({ ...denials('a'), num_turns: 5 }))).class, 'ok', 'four turns called tools, one was denied');
    assert.equal(judge(lines(success({ permission_denials: [{ tool_name: 'B'.repeat(900) }], result: 'x'.repeat(900) }))).words.length <= 200, true);
  });
});

describe('a session that ended without a result', () => {
  it('is a failure whatever its exit code: no result', () => {
    for (const [stdout, more] of [
      ['', {}],
      ['Done.\n', {}],
      [lines(INIT, SAYS), {}],
      [lines(INIT, SAYS), { code: 1 }],
      ['', { code: null }],
      ['{"type":"result"', {}],
      ['"type":"result"\n["result"]\nnull', {}],
      ['', { code: 127, stderrTail: 'sh: claude: not found' }],
      ['', { spawnError: 'EAGAIN' }],
    ] as const)
      assert.equal(judge(stdout, more).class, 'no_result', stdout);
    assert.equal(judge('warning: cut\n{"type":"assistant"}\n').words, 'no result: exit 0: warning: cut');
    assert.equal(judge('', { code: 3, stderrTail: 'a\nb\nc\nd\n' }).words, 'no result: exit 3: b | c | d');
  });

  it('M12 was killed where somebody asked it to end, and is charged to nobody; a KILL or a crash is its own', () => {
    for (const more of [{ code: 143 }, { code: 129 }, { code: null, signal: 'SIGTERM' }, { code: 130 }]) {
      assert.deepEqual([judge(lines(INIT), more).class, judge(lines(INIT), more).scope], ['killed', 'nobody']);
    }
    assert.deepEqual([judge('', { code: 137 }).class, judge('', { code: 137 }).scope], ['execution', 'cadence']);
    assert.match(judge('', { code: 137 }).words, /out of memory/);
  });

  it('is read from stderr and from the last words on stdout where claude was not told to stream', () => {
    assert.equal(judge('', { code: 1, stderrTail: 'OAuth token has expired · Please run /login' }).class, 'auth');
    assert.equal(judge('Error: Reached max turns (2)\n', { code: 1 }).class, 'max_turns');
    assert.equal(judge(`Claude AI usage limit reached|${SOON_S}\n`, { code: 1 }).untilMs, SOON_S * 1000);
    assert.equal(judge('', { code: 1, stderrTail: "error: unknown option '--no-edit'" }).class, 'config');
    assert.equal(judge('', { code: 1, stderrTail: '--dangerously-skip-permissions cannot be used with root/sudo privileges' }).class, 'config');
    assert.equal(judge('Invalid API key\nall done\n', { code: 1 }).class, 'no_result', 'only the last line counts: before it the model speaks');
  });
});

describe('a session that we stopped', () => {
  it('is judged by what it last complained of: a dead key looks like a hang', () => {
    for (const stoppedFor of ['timeout', 'idle', 'hung_start'] as const) {
      const verdict = judge(lines(INIT, retry('authentication_failed', 401)), { code: 143, stoppedFor });
      assert.deepEqual([verdict.class, verdict.scope], ['auth', 'account'], stoppedFor);
    }
    assert.match(judge(lines(INIT, retry('overloaded', 529)), { stoppedFor: 'timeout' }).words, /^the API is overloaded \(stopped after 1m 1s\)$/);
    assert.match(judge(lines(INIT, retry('overloaded', 529)), { stoppedFor: 'timeout', limitMs: 60_000 }).words, /\(stopped after 1m\)$/);
    assert.equal(judge(lines(INIT, retry('unknown', null)), { stoppedFor: 'idle' }).class, 'network', 'nobody answered');
    assert.equal(judge('', { stoppedFor: 'hung_start', stderrTail: 'Invalid API key' }).class, 'auth');
  });

  it('is a timeout where it had got over its complaint, or had none', () => {
    assert.equal(judge(lines(INIT, retry('overloaded', 529), SAYS), { stoppedFor: 'timeout' }).class, 'timeout');
    assert.equal(judge(lines(INIT, SAYS), { stoppedFor: 'idle' }).words, 'stopped: no output for its idle_timeout');
    const result = { type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: 'a' }] } };
    assert.equal(judge(lines(INIT, calls('a'), retry('overloaded', 529), result), { stoppedFor: 'idle' }).class, 'overloaded', 'a tool needs no account');
    assert.deepEqual(judge('', { stoppedFor: 'hung_start' }), {
      class: 'hung_start',
      scope: 'cadence',
      retry: true,
      untilMs: undefined,
      words: 'hung at its start: no word for 1m 1s',
    });
  });

  it('is never a success, though an older version calls it one, with exit 0', () => {
    for (const stoppedFor of ['timeout', 'idle', 'hung_start', 'cancel', 'halt', 'lost'] as const) {
      const verdict = judge(lines(INIT, SAYS, success()), { stoppedFor });
      assert.equal(verdict.class, stoppedFor === 'timeout' || stoppedFor === 'idle' ? 'timeout' : stoppedFor === 'hung_start' ? 'hung_start' : 'killed');
      assert.notEqual(outcomeOf(verdict, ending({ stoppedFor })).kind, 'ok');
    }
  });

  it('on purpose is not judged at all: it was cancelled, or interrupted', () => {
    const end = (stoppedFor: 'cancel' | 'halt' | 'lost') =>
      outcomeOf(judge(lines(INIT, retry('authentication_failed', 401)), { stoppedFor }), ending({ stoppedFor }));
    assert.equal(end('cancel').kind, 'cancelled');
    assert.deepEqual([end('halt').kind, end('lost').kind], ['interrupted', 'interrupted']);
  });
});

describe('a usage limit', () => {
  it('is rejected by the structured event alone where its status, or that of the paid usage in use, says so', () => {
    const ends = (info: object) => judge(lines(INIT, limit({ resetsAt: SOON_S, ...info }), failure('API Error: 429', { api_error_status: 429 })), { code: 1 });
    assert.deepEqual([ends({ status: 'rejected' }).class, ends({ status: 'rejected' }).untilMs], ['quota', SOON_S * 1000]);
    assert.equal(ends({ status: 'allowed', isUsingOverage: true, overageStatus: 'rejected' }).class, 'quota');
    assert.equal(ends({ status: 'allowed', overageStatus: 'rejected' }).class, 'rate_limit');
    assert.equal(ends({ status: 'allowed_warning', utilization: 0.9 }).class, 'rate_limit');
  });

  it('names its end in the event first, then in fields, then in words', () => {
    const text = "You've hit your limit · resets 1pm (Europe/Lisbon)";
    const until = (...events: readonly object[]) => judge(lines(INIT, ...events), { code: 1 }).untilMs;
    assert.equal(until(limit({ status: 'rejected', resetsAt: SOON_S }), failure(text, { resets_at: SOON_S + 60 })), SOON_S * 1000);
    assert.equal(until(failure(text, { resets_at: SOON_S + 60 })), (SOON_S + 60) * 1000);
    assert.equal(until(failure(text)), Date.UTC(2026, 10, 20, 13));
    assert.equal(until(limit({ status: 'rejected', resetsAt: SOON_S - 7200 }), failure("You've hit your limit")), undefined, 'an end that is over is none');
  });

  it('is told from a rate limit that is over in a minute by how far away its end is', () => {
    const limited = (seconds: number) =>
      judge(lines(failure('API Error: Request rejected (429)', { api_error_status: 429, headers: { 'retry-after': seconds } })), { code: 1 });
    assert.deepEqual([limited(20).class, limited(20).untilMs], ['rate_limit', undefined]);
    assert.deepEqual([limited(3600).class, limited(3600).untilMs], ['quota', ENDED_MS + 3_600_000]);
  });

  it('does not cover what really ended the session', () => {
    const rejected = limit({ status: 'rejected', resetsAt: SOON_S });
    assert.equal(judge(lines(INIT, rejected, failure('Invalid API key', { api_error_status: 401 })), { code: 1 }).class, 'auth');
    assert.equal(judge(lines(INIT, rejected, { type: 'result', subtype: 'error_max_turns', is_error: true }), { code: 1 }).class, 'max_turns');
    assert.equal(judge(lines(INIT, rejected, SAYS), { stoppedFor: 'timeout' }).class, 'timeout', 'the model went on');
  });
});

describe('a garbled session', () => {
  const recorded = readdirSync(RECORDED).flatMap((folder) => part(folder, 'stdout.txt').split('\n'));
  const line = fc.oneof(
    fc.constantFrom(...recorded),
    fc.constantFrom(...recorded).chain((text) => fc.nat(text.length).map((at) => text.slice(at))),
    fc.string(),
    fc.json(),
  );
  const odd = fc.dictionary(
    fc.constantFrom(
      'type',
      'subtype',
      'is_error',
      'result',
      'errors',
      'message',
      'permission_denials',
      'num_turns',
      'session_id',
      'error',
      'rate_limit_info',
      'headers',
      '__proto__',
    ),
    fc.oneof(fc.constantFrom('result', 'assistant', 'system', 'rate_limit_event', 'success', 'api_retry'), fc.jsonValue()),
  );
  const stop = fc.constantFrom(null, 'timeout', 'idle', 'hung_start', 'cancel', 'halt', 'lost');

  it('never throws, and is never a success without a result that says so and exit 0', () => {
    const stream = fc.array(
      fc.oneof(
        line,
        odd.map((event) => JSON.stringify(event)),
      ),
      { maxLength: 12, size: 'max' },
    );
    fc.assert(
      fc.property(stream, fc.boolean(), fc.constantFrom(0, 1, 124, 137, 143, null), stop, fc.string(), (texts, isWhole, code, stoppedFor, stderrTail) => {
        const end = ending({ code, stoppedFor, stderrTail });
        const session = readSession(texts.join('\n'), isWhole);
        const verdict = judgeSession(session, end, CONTEXT);
        const outcome = outcomeOf(verdict, end);
        const mayBeOk = code === 0 && stoppedFor === null && session.result?.subtype === 'success' && session.result.is_error === false;
        assert.ok(outcome.kind !== 'ok' || mayBeOk);
        assert.ok(verdict.untilMs === undefined || verdict.untilMs > ENDED_MS);
        assert.ok(!/[\u0000-\u0008\u001b]/.test(verdict.words));
      }),
      { numRuns: 2000 },
    );
  });

  it('of any subset of the lines of a failed session is never a success', () => {
    for (const folder of Object.keys(TABLE).filter((name) => TABLE[name]?.[0] !== 'ok')) {
      const all = part(folder, 'stdout.txt').split('\n');
      fc.assert(
        fc.property(fc.subarray(all), (kept) => {
          const isDenied = TABLE[folder]?.[0] === 'denied';
          assert.ok(isDenied || judgeSession(readSession(kept.join('\n'), true), endingOf(folder), CONTEXT).class !== 'ok');
        }),
        { numRuns: 50 },
      );
    }
  });

  it('shows an id as nothing but an id, for it stands in a command that people copy', () => {
    assert.equal(readSession(lines({ type: 'result', session_id: '$(rm -rf ~)' }), true).id, undefined);
    assert.equal(readSession(lines({ type: 'result', session_id: '--dangerous' }), true).id, undefined);
    assert.equal(readSession(lines(INIT), true).id, INIT.session_id);
  });

  it('in one array, as --verbose makes of the json format, is read like a stream', () => {
    assert.equal(judge(JSON.stringify([INIT, SAYS, success()])).class, 'ok');
  });
});

describe('the classes', () => {
  it('have a rule each, and a name that only looks like one has none', () => {
    assert.equal(Object.keys(SESSION_CLASSES).length, 23);
    assert.equal(ruleOf('constructor'), undefined);
    assert.equal(ruleOf('auth')?.scope, 'account');
  });
});
