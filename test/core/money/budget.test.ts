import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  capOf,
  DEFAULT_RUN_USD,
  type EndOfRun,
  expectedCost,
  formatMicros,
  type Limit,
  limitsOf,
  reservationFor,
  shortageIn,
  toMicros,
  unknownCost,
} from '../../../lib/core/money/budget.ts';
import type { Blame, Ending } from '../../../lib/core/outcome.ts';

const DAY_END = Date.UTC(2026, 10, 28);
const MONTH_END = Date.UTC(2026, 11, 1);
const usd = toMicros;

describe('what is set aside for a run', () => {
  it('P15 is the cap while fewer than five paid runs tell more, and the default without a cap', () => {
    assert.equal(expectedCost([usd(0.1), usd(0.1), usd(0.1), usd(0.1)], usd(0.5)), usd(0.5));
    assert.equal(expectedCost([], undefined), usd(DEFAULT_RUN_USD));
  });

  it('is what 19 of 20 past runs did not exceed, and never more than the cap', () => {
    const costs = Array.from({ length: 20 }, (_none, n) => usd((n + 1) / 100));
    assert.equal(expectedCost(costs, undefined), usd(0.19));
    assert.equal(expectedCost(costs.toReversed(), usd(0.5)), usd(0.19));
    assert.equal(expectedCost(costs, usd(0.1)), usd(0.1));
    assert.equal(expectedCost([1, 1, 1, 1, usd(3)], undefined), usd(3));
  });

  it('knows the smaller one of two caps', () => {
    assert.equal(capOf(0.5, 2), usd(0.5));
    assert.equal(capOf(2, 0.5), usd(0.5));
    assert.equal(capOf(undefined, 0.3), usd(0.3));
    assert.equal(capOf(undefined, undefined), undefined);
  });

  it('is no more than the whole limit, or a small limit would never let anything run', () => {
    const limits = limitsOf('cadence', { ...NONE, dayUsd: 0.4, dayRuns: 1 }, USED, NOTHING, RESETS);
    assert.equal(reservationFor(usd(1), limits), usd(0.4));
    assert.equal(shortageIn(limits, reservationFor(usd(1), limits)), undefined);
  });
});

const NONE = { dayUsd: undefined, monthUsd: undefined, dayRuns: undefined, monthRuns: undefined };
const NOTHING = { micros: 0, runs: 0 };
const USED = { day: NOTHING, month: NOTHING };
const RESETS = { day: DAY_END, month: MONTH_END };

const limit = (more: Partial<Limit>): Limit => ({
  ...{ scope: 'cadence', period: 'day', unit: 'usd', most: usd(2), spent: 0, reserved: 0, resetsMs: DAY_END },
  ...more,
});

describe('a shortage', () => {
  it('is told with its figures, and ends when the window begins anew', () => {
    assert.deepEqual(shortageIn([limit({ spent: usd(1.52), reserved: usd(0.4) })], usd(0.3)), {
      scope: 'cadence',
      because: 'today $1.92 of $2.00 spent or reserved, a run needs about $0.30',
      untilMs: DAY_END,
    });
  });

  const texts: readonly (readonly [Partial<Limit>, string])[] = [
    [{ spent: usd(1.9) }, 'today $1.90 of $2.00 spent, a run needs about $0.30'],
    [{ reserved: usd(1.9) }, 'today $1.90 of $2.00 reserved, a run needs about $0.30'],
    [{ scope: 'bus', period: 'month', spent: usd(19.9), most: usd(20) }, 'the whole bus, this month $19.90 of $20.00 spent, a run needs about $0.30'],
    [{ unit: 'runs', most: 48, spent: 48 }, 'today 48 of 48 runs used'],
    [{ unit: 'runs', most: 48, spent: 47, reserved: 1 }, 'today 48 of 48 runs used or under way'],
  ];
  for (const [more, text] of texts) it(`says "${text}"`, () => assert.equal(shortageIn([limit(more)], usd(0.3))?.because, text));

  it('is none to the last millionth that fits', () => {
    assert.equal(shortageIn([limit({ spent: usd(1.2), reserved: usd(0.5) })], usd(0.3)), undefined);
    assert.ok(shortageIn([limit({ spent: usd(1.2) + 1, reserved: usd(0.5) })], usd(0.3)));
    assert.equal(shortageIn([limit({ unit: 'runs', most: 1 })], usd(9)), undefined);
  });

  it('lasts as long as the longest window that is used up', () => {
    const month = limit({ period: 'month', most: usd(2), spent: usd(2), resetsMs: MONTH_END });
    assert.equal(shortageIn([limit({ spent: usd(2) }), month], usd(0.1))?.untilMs, MONTH_END);
    assert.equal(shortageIn([month, limit({ spent: usd(2) })], usd(0.1))?.untilMs, MONTH_END);
  });

  it('sums a thousand cents to ten dollars', () => {
    const spent = Array.from({ length: 1000 }, () => usd(0.01)).reduce((sum, cost) => sum + cost, 0);
    assert.equal(spent, usd(10));
  });
});

describe('an amount in words', () => {
  for (const [micros, text] of [
    [0, '$0.00'],
    [4_200, '$0.0042'],
    [1, '$0.000001'],
    [10_000, '$0.01'],
    [10_600, '$0.0106'],
    [15_000, '$0.015'],
    [99_999, '$0.1'],
    [300_000, '$0.30'],
    [248_000_000, '$248.00'],
  ] as const)
    it(`${micros} millionths are ${text}`, () => assert.equal(formatMicros(micros), text));
});

const ending = (more: Partial<Ending> = {}): Ending => ({
  ...{ code: 1, signal: null, spawnError: null, stoppedFor: null, durationMs: 1, stdoutTail: '{"type":"system"}\n', stderrTail: '', droppedBytes: 0 },
  survivors: [],
  ...more,
});
const end = (more: Partial<EndOfRun> = {}): EndOfRun => ({
  ...{ kind: 'claude', outcome: { kind: 'fail', blame: 'cadence', reason: 'exit 1' }, ending: ending(), costUsd: undefined, hasRun: true },
  ...more,
});

const turnedAway = (blame: Blame, kind: string): EndOfRun =>
  end({ kind: 'agent', outcome: { kind: 'fail', blame, class: kind, reason: kind }, ending: ending({ stdoutTail: `{"class":"${kind}"}\n` }) });

/** Whether the whole reservation is charged. */
const CHARGES: readonly (readonly [title: string, end: EndOfRun, isCharged: boolean])[] = [
  ['a session that died in the middle', end(), true],
  ['a session that told its cost', end({ costUsd: 0.2 }), false],
  ['a session that told that it cost nothing', end({ costUsd: 0 }), false],
  ['a session that was killed after its first word', end({ ending: ending({ code: null, signal: 'SIGKILL', stoppedFor: 'timeout' }) }), true],
  ['a session that never said a word', end({ ending: ending({ stdoutTail: '' }) }), false],
  ['a session that ended well, and whose words a full disk lost', end({ ending: ending({ code: 0, stdoutTail: '' }) }), true],
  ['a session whose words were lost with its machine', end({ ending: ending({ code: null, stdoutTail: '', stoppedFor: 'lost' }) }), true],
  ['a program that could not be started', end({ kind: 'command', ending: ending({ spawnError: 'ENOENT', stdoutTail: '' }) }), false],
  ['an agent of another make, which tells no cost', end({ kind: 'command', ending: ending({ code: 0, stdoutTail: '' }) }), true],
  ['an agent that says of its account that it is fine', turnedAway('cadence', 'refusal'), true],
  ['an agent whose account is out of service, maybe in the middle of its work', turnedAway('account', 'overload'), true],
  ['an agent whose key is refused', turnedAway('account', 'auth'), false],
  ['an agent whose account has no money', turnedAway('account', 'billing'), false],
  ['a session that says so itself tells a cost', { ...turnedAway('account', 'auth'), kind: 'claude' }, true],
  ['a run whose guard failed', end({ hasRun: false }), false],
  ['a run whose guard found nothing to do', end({ hasRun: false, outcome: { kind: 'skip', reason: 'nothing' }, ending: ending({ code: 1 }) }), false],
  ['a child that no owner had started', end({ ending: undefined }), false],
  ['a handler that was interrupted', end({ kind: 'inline', ending: undefined, outcome: { kind: 'interrupted', by: 'owner-died', reason: '' } }), true],
  ['a handler that had nothing to do', end({ kind: 'inline', ending: undefined, outcome: { kind: 'skip', reason: 'nothing' } }), false],
];

describe('the charge where the cost is unknown', () => {
  for (const [title, one, isCharged] of CHARGES) {
    it(`is ${isCharged ? 'all that was set aside' : 'nothing'} for ${title}`, () => assert.equal(unknownCost(one, usd(0.3)), isCharged ? usd(0.3) : 0));
  }
});
