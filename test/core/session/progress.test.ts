import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { estimateUsd } from '../../../lib/core/session/price.ts';
import { advance, costSoFar, isInVain, NOT_BEGUN, type Progress, tokensSoFar } from '../../../lib/core/session/progress.ts';
import { type Fields, parseEvents } from '../../../lib/core/session/stream.ts';

const RECORDED = fileURLToPath(new URL('../../fixtures/claude/2.1.328/', import.meta.url));
const recorded = (folder: string): readonly Fields[] =>
  readFileSync(join(RECORDED, folder, 'stdout.txt'), 'utf8')
    .split('\n')
    .flatMap((line) => parseEvents(line) ?? []);
const fold = (events: readonly Fields[], from: Progress = NOT_BEGUN): Progress => events.reduce(advance, from);
const stopBefore = (events: readonly Fields[], type: string): readonly Fields[] =>
  events.slice(
    0,
    events.findIndex((event) => event.type === type),
  );

const INIT = { type: 'system', subtype: 'init', model: 'claude-sonnet-5', cwd: '/w', apiKeySource: 'ANTHROPIC_API_KEY' };
const says = (id: string, text: string, usage: object = {}, more: object = {}) => ({
  type: 'assistant',
  message: { id, model: 'claude-sonnet-5', content: [{ type: 'text', text }], usage },
  parent_tool_use_id: null,
  ...more,
});
const refused = (attempt: number, error = 'authentication_failed', status: number | null = 401) => ({
  type: 'system',
  subtype: 'api_retry',
  attempt,
  max_retries: 2,
  retry_delay_ms: 500,
  error,
  error_status: status,
});

describe('the progress of a recorded session', () => {
  it('goes from its start over tools to its end, with the figures of its result', () => {
    const events = recorded('stream-tool-allowed');
    const phases = events.map((_event, index) => fold(events.slice(0, index + 1)).phase);
    assert.deepEqual(phases, ['working', 'using_tool', 'working', 'working', 'ended']);
    const end = fold(events);
    assert.deepEqual([end.turns, end.tools, end.lastWords, end.model], [2, { Bash: 1 }, 'Tool ran. ACTION: restart', 'claude-opus-5-5']);
    assert.deepEqual(costSoFar(end), { usd: 0.010599999999999998, isEstimate: false });
    assert.equal(tokensSoFar(end)['claude-opus-5-5']?.output, 50);
  });

  it('knows before the result what went in, and estimates what came out by its length', () => {
    const before = fold(stopBefore(recorded('stream-max-turns'), 'result'));
    const { usd, isEstimate } = costSoFar(before);
    assert.equal(isEstimate, true);
    assert.deepEqual([before.turns, tokensSoFar(before)['claude-opus-5-5']?.input], [2, 100_000]);
    assert.ok(usd >= 0.4 && usd < 0.48, `${usd} is below what its 4000 tokens of output made of it, of which the stream shows a few`);
  });

  it('M14 ends with the cost and the tokens that each recorded result tells, whatever was estimated before', () => {
    for (const folder of readdirSync(RECORDED)) {
      const events = recorded(folder);
      const result = events.findLast((event) => event.type === 'result');
      if (result === undefined) continue;
      const end = fold(events);
      assert.deepEqual(costSoFar(end), { usd: result.total_cost_usd, isEstimate: false }, folder);
      assert.deepEqual(Object.keys(tokensSoFar(end)), Object.keys(result.modelUsage as object), folder);
    }
  });
});

describe('the cost so far', () => {
  it('counts what went in once for each message, however many parts it comes in', () => {
    const usage = { input_tokens: 1_000_000, cache_read_input_tokens: 1_000_000, output_tokens: 1 };
    const once = costSoFar(fold([INIT, says('m1', '', usage)])).usd;
    assert.equal(costSoFar(fold([INIT, says('m1', '', usage), says('m1', '', usage), says('m1', '', usage)])).usd, once);
    assert.ok(Math.abs(once - 3.3) < 0.001, `${once}`);
    assert.ok(costSoFar(fold([INIT, says('m1', '', usage), says('m2', '', usage)])).usd > 2 * once - 0.001);
  });

  it('counts subagents, whose messages are no turns of the session', () => {
    const sub = says('s1', 'a subagent', { input_tokens: 1_000_000 }, { parent_tool_use_id: 'toolu_1' });
    const progress = fold([INIT, says('m1', 'I ask a subagent'), sub]);
    assert.ok(costSoFar(progress).usd >= 3);
    assert.deepEqual([progress.turns, progress.lastWords], [1, 'I ask a subagent']);
  });

  it('does not believe a result of more than any run can cost, and reckons it from its tokens', () => {
    for (const absurd of [1e308, 100_001, -1]) {
      const modelUsage = { 'claude-sonnet-5': { inputTokens: 1_000_000, costUSD: absurd } };
      const result = { type: 'result', total_cost_usd: absurd, num_turns: 1, modelUsage };
      assert.deepEqual(costSoFar(fold([INIT, says('m1', 'x'), result])), { usd: 3, isEstimate: true }, `${absurd}`);
    }
    const usage = { input_tokens: 1e308, output_tokens: 1e300 };
    assert.ok(costSoFar(fold([INIT, says('m1', 'x', usage)])).usd < 1, 'so many tokens are none');
  });

  it('goes on from the last result where a session goes on by itself', () => {
    const result = { type: 'result', total_cost_usd: 2, num_turns: 1, modelUsage: { 'claude-sonnet-5': { inputTokens: 10, costUSD: 2 } } };
    const after = fold([INIT, says('m1', 'x', { input_tokens: 5 }), result, says('m2', 'y', { input_tokens: 1_000_000 })]);
    const { usd, isEstimate } = costSoFar(after);
    assert.ok(isEstimate && usd > 4.99 && usd < 5.01, `${usd}`);
  });

  it('never falls while the stream goes on, and stays finite whatever the stream says', () => {
    const number = fc.oneof(fc.nat(1_000_000), fc.constantFrom(-5, Number.NaN, null, '7', Number.MAX_VALUE / 1e12));
    const message = fc
      .tuple(fc.constantFrom('a', 'b', 'c', 'd', '__proto__', ...'efghijklm'), fc.string(), number, fc.constantFrom('haiku', '__proto__', 'x'))
      .map(([id, text, count, model]) => ({
        type: 'assistant',
        message: { id, model, content: [{ type: 'text', text }], usage: { input_tokens: count, output_tokens: count } },
      }));
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40, size: 'max' }), (events) => {
        let progress = NOT_BEGUN;
        let before = 0;
        for (const event of events) {
          progress = advance(progress, event);
          const { usd } = costSoFar(progress);
          assert.ok(Number.isFinite(usd) && usd >= before - before * 1e-12, `${before} then ${usd}`);
          before = usd;
        }
        assert.ok(progress.open.length <= 8);
      }),
    );
  });

  it('holds the known price of each family, and a dear one for a model that nobody knows', () => {
    const million = { input: 1_000_000, output: 1_000_000, cacheRead: 0, cacheWrite: 0, longCacheWrite: 0 };
    const prices: Readonly<Record<string, number>> = {
      'claude-opus-5-5': 24,
      'claude-opus-4-5-20251101': 30,
      'claude-opus-4-1-20250805': 90,
      'claude-opus-4-20250514': 90,
      'claude-sonnet-4-5': 18,
      'us.anthropic.claude-haiku-4-5': 6,
      'claude-3-5-haiku-latest': 4.8,
      'something-new': 30,
    };
    for (const [model, usd] of Object.entries(prices)) assert.ok(Math.abs(estimateUsd(model, million) - usd) < 1e-9, model);
    const cached = { input: 0, output: 0, cacheRead: 1_000_000, cacheWrite: 2_000_000, longCacheWrite: 1_000_000 };
    assert.ok(Math.abs(estimateUsd('sonnet', cached) - 3 * (0.1 + 1.25 + 2)) < 1e-9);
  });
});

describe('a try that cannot succeed', () => {
  it('is every one with a fixed key that is refused, and with an account that has no credit', () => {
    assert.equal(isInVain(fold(stopBefore(recorded('default-retries-auth'), 'assistant').slice(0, 2))), true);
    assert.equal(isInVain(fold([INIT, refused(1, 'billing_error', 402)])), true);
  });

  it('is the second one with a login that claude can renew', () => {
    const login = { ...INIT, apiKeySource: 'none' };
    assert.equal(isInVain(fold([login, refused(1)])), false);
    assert.equal(isInVain(fold([login, refused(1), refused(2)])), true);
    assert.equal(isInVain(fold([login, refused(1, 'oauth_org_not_allowed', 403)])), true);
  });

  it('is none that may pass: overload, a rate limit, a network that is away; and is over when the model is heard', () => {
    for (const [error, status] of [
      ['overloaded', 529],
      ['rate_limit', 429],
      ['server_error', 500],
      ['unknown', null],
    ] as const)
      assert.equal(isInVain(fold([INIT, refused(9, error, status)])), false, error);
    const over = fold([INIT, refused(1), says('m1', 'Here I am.')]);
    assert.deepEqual([isInVain(over), over.phase, over.retries], [false, 'working', 1]);
  });
});
