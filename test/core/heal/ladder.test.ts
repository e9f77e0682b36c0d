import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { afterWindow, onApproval, onFailure, onProof, onRecurrence, type Print, printFor, type Step, withoutFix } from '../../../lib/core/heal/book.ts';
import { healCadence } from '../../../lib/core/heal/cadence.ts';
import { applied, type Climb, climb, DIAGNOSIS, remembered } from '../../../lib/core/heal/ladder.ts';
import { type AgentRung, defaultEscalateAfter, type LadderPolicy, type Rung } from '../../../lib/core/heal/rung.ts';

const START = Date.UTC(2026, 10, 20, 7);
const HOUR = 3_600_000;
const AGENT: AgentRung = {
  ...{ promptPath: undefined, by: { kind: 'claude', args: [] }, cwd: '/', env: { names: [], values: {} }, timeoutMs: 180_000, maxUsd: 2 },
  ...{ dayUsd: undefined, verifyMs: 0, maySet: [], include: [], account: 'claude' },
};
const RESTART: Rung = { when: undefined, action: { kind: 'restart' } };
const HALVE: Rung = { when: { detector: 'oom' }, action: { kind: 'restart_with_env', set: { BATCH: { kind: 'half' } } } };
const ASK: Rung = { when: undefined, action: { kind: 'agent', ...AGENT } };
const TELL: Rung = { when: undefined, action: { kind: 'notify', sinks: ['slack'] } };

const policy = (rungs: readonly Rung[], attempts = 2): LadderPolicy => ({
  ...{ rungs, diagnose: undefined, escalateAfter: defaultEscalateAfter(attempts), onRegression: 'revert', perHour: 5, maxWallMs: 2 * HOUR, attempts },
});
const fresh = (): Print => printFor(undefined, 'train', 'i', START);
function state(rungs: readonly Rung[], more: Partial<Climb> = {}): Climb {
  return {
    ...{ policy: policy(rungs), print: { ...fresh(), failures: 1 }, hour: { began: [] }, fingerprint: 'f', detector: 'oom', message: 'exit 3: out of memory' },
    ...{ runId: 'x7k2p9qd4mzt-1', isShared: false, isFound: false, isFinal: false, counts: true, shortage: () => undefined, valueNow: () => '8', nowMs: START },
    ...more,
  };
}
const words = (step: Step): string =>
  step.kind === 'act' ? step.fix.description : step.kind === 'start' ? `start ${step.with}` : step.kind === 'hold' ? step.how : `${step.kind}: ${step.because}`;

describe('the ladder', () => {
  it('A21 takes the first rule that fits, by detector and by what was said', () => {
    const rungs: readonly Rung[] = [
      { when: { detector: 'stall' }, action: { kind: 'pause' } },
      { when: { detector: 'oom', message: 'disk' }, action: { kind: 'abort' } },
      { when: { message: '^exit 3: .*memory$' }, action: { kind: 'restart' } },
      HALVE,
    ];
    assert.equal(words(climb(state(rungs))), 'try again at once');
    assert.equal(words(climb(state(rungs, { message: 'x' }))), 'try again with BATCH=4');
    assert.equal(words(climb(state(rungs, { message: 'disk full' }))), 'abort');
    assert.equal(words(climb(state(rungs, { detector: 'stall', message: '' }))), 'pause');
    assert.match(words(climb(state(rungs, { detector: 'exit', message: '', isFinal: true }))), /^human: nothing is left/);
  });

  it('goes from retry to rule to agent to human, and passes a rule by once its fix did not hold', () => {
    const rungs = [HALVE, ASK, TELL];
    assert.match(words(climb(state([ASK]))), /^none: its tries are not used up/);
    assert.equal(words(climb(state(rungs))), 'try again with BATCH=4');
    assert.equal(words(climb(state(rungs, { print: { ...fresh(), failures: 2 } }))), 'start agent', 'A25: restarts without a proof');
    assert.equal(words(climb(state(rungs, { print: { ...fresh(), failures: 1, rule_regressed: true } }))), 'start agent');
    const asked = climb(state(rungs, { isFinal: true, print: { ...fresh(), failures: 2, agent_at: new Date(START - HOUR).toISOString() } }));
    assert.ok(asked.kind === 'human' && asked.sinks.join() === 'slack' && /an agent was asked 1h ago/.test(asked.because));
  });

  it('P14 what was found without a run that failed is for on_diagnose alone: no rule, no other agent, nobody where there is none', () => {
    const found = { detector: 'disabled', message: 'the timer of train is failed', isFound: true, isFinal: true };
    const diagnosed = { ...policy([RESTART, ASK, TELL]), diagnose: { ...AGENT, timeoutMs: 300_000 } };
    const step = climb(state([], { ...found, policy: diagnosed }));
    assert.ok(step.kind === 'start' && step.with === 'agent' && step.fix.rung === DIAGNOSIS && step.timeoutMs === 300_000);
    assert.match(words(climb(state([RESTART, ASK, TELL], found))), /^none: no agent is to find out why/);
    assert.match(words(climb(state([], { ...found, policy: diagnosed, print: { ...fresh(), fix: applied(step.fix, START) } }))), /^none: agent is under proof/);
    const rests = climb(state([], { ...found, policy: diagnosed, print: { ...fresh(), regressions: 1, agent_at: new Date(START - 11 * HOUR).toISOString() } }));
    assert.ok(rests.kind === 'human' && rests.sinks.join() === 'slack', 'P28 it rests, and meanwhile a person is needed');
  });

  it('A25 gives rules a fifth of the tries, and at least one', () => {
    assert.deepEqual([1, 2, 5, 9, 10, 50].map(defaultEscalateAfter), [1, 1, 1, 1, 2, 10]);
  });

  it('A59 A29 works with rules alone, and with none: what is left of the tries goes on', () => {
    assert.match(words(climb(state([]))), /^none/);
    const twice = state([HALVE], { print: { ...fresh(), failures: 2, rule_regressed: true }, isFinal: true });
    assert.equal(words(climb(twice)), 'try again with BATCH=4', 'with nobody above it the rule goes on');
    assert.match(words(climb({ ...twice, print: { ...twice.print, revived: 2 } })), /^human: it was restarted 2 times without a proof/);
    assert.match(words(climb({ ...twice, valueNow: () => '1' })), /^human: BATCH is "1", and there is no half/);
    assert.match(words(climb(state([HALVE, ASK], { valueNow: () => undefined }))), /^start agent/);
  });

  it('A32 asks another agent for each detector', () => {
    const agents = ['oom', 'stall'].map((detector): Rung => ({ when: { detector }, action: { kind: 'agent', ...AGENT } }));
    const rungFor = (detector: string): number | undefined => {
      const step = climb(state([...agents, ASK], { detector, isFinal: true }));
      return step.kind === 'start' ? step.fix.rung : undefined;
    };
    assert.deepEqual(['oom', 'stall', 'exit'].map(rungFor), [0, 1, 2]);
    const cadence = { name: 'train', ladder: policy([...agents, ASK]) };
    assert.deepEqual(
      [0, 1, 2].map((rung) => healCadence(cadence, rung)),
      ['bus-heal-train', 'bus-heal2-train', 'bus-heal3-train'],
      'each is a cadence of its own',
    );
  });

  it('leaves what is the account’s to its breaker', () => {
    assert.match(words(climb(state([RESTART, ASK], { isShared: true, isFinal: true }))), /^none: its account/);
  });

  it('A28 tries five fixes of a detector in an hour, and then none until it is approved', () => {
    const began = [1, 2, 3, 4, 5].map((minute) => new Date(START - minute * 60_000).toISOString());
    assert.match(words(climb(state([RESTART], { hour: { began }, isFinal: true }))), /^human: 5 fixes of oom/);
    assert.equal(words(climb(state([RESTART], { hour: { began: began.slice(1) } }))), 'try again at once');
    const capped = { began: [], capped_at: began[0] as string };
    assert.match(words(climb(state([RESTART, ASK], { hour: capped, isFinal: true }))), /^human: .*until it is approved/);
  });

  it('P28 lets an agent rest 6 h, doubled by every fix that did not hold, at most 168 h; after five it is chronic', () => {
    const asked = (regressions: number, hours: number): string => {
      const print = { ...fresh(), failures: 2, regressions, agent_at: new Date(START - hours * HOUR).toISOString() };
      return words(climb(state([ASK], { print, isFinal: true })));
    };
    const rests = [6, 12, 24, 48, 96];
    for (const [regressions, hours] of rests.entries()) {
      assert.match(asked(regressions, hours - 0.1), /^human: an agent was asked/, `${regressions}`);
      assert.equal(asked(regressions, hours), 'start agent', `${regressions}`);
    }
    assert.match(asked(0, -5), /^human: an agent was asked/);
    assert.equal(asked(0, -30 * 24), 'start agent', 'asked by a clock that was a month ahead');
    const chronic = climb(state([ASK], { print: { ...fresh(), failures: 2, regressions: 5 }, isFinal: true }));
    assert.ok(chronic.kind === 'human' && chronic.isChronic && chronic.because.startsWith('CHRONIC: 5 fixes'));
    assert.equal(words(climb(state([ASK], { print: onApproval({ ...fresh(), failures: 2, regressions: 5 }), isFinal: true }))), 'start agent');
  });

  it('A28 asks no agent that has no time or no money left', () => {
    const print = { ...fresh(), failures: 2, wall_ms: 2 * HOUR - 60_000 };
    assert.match(words(climb(state([ASK], { print, isFinal: true }))), /^human: agents and programs have worked on it for/);
    assert.match(words(climb(state([ASK], { isFinal: true, shortage: () => 'the day is spent' }))), /^human: no money for an agent: the day is spent/);
  });

  it('does nothing beside somebody who is at work', () => {
    const step = climb(state([ASK], { isFinal: true }));
    const print = remembered({ ...fresh(), failures: 2 }, step, 'r');
    assert.match(words(climb(state([RESTART, ASK], { print, isFinal: true }))), /^none: agent is at work/);
  });
});

it('A24 leaves a fix under proof where the run that failed began before it, and gives its tick the try that it was for', () => {
  const act = climb(state([RESTART]));
  const print = remembered({ ...fresh(), failures: 1 }, act, 'r');
  assert.match(words(climb(state([RESTART], { print }))), /^none: rule:restart is under proof/);
  const again = climb(state([RESTART], { print, isFinal: true }));
  assert.ok(again.kind === 'act' && again.revives && again.fix.n === 1);
  assert.match(words(climb(state([RESTART], { print: { ...print, revived: 2 }, isFinal: true }))), /^none/);
});

describe('what becomes of a fix', () => {
  const pending = (source: string, verifyMs = 0): Print => {
    const step = climb(state([RESTART]));
    const fix = step.kind === 'act' ? { ...step.fix, source, verify_ms: verifyMs } : assert.fail();
    return { ...fresh(), failures: 1, fixes: 1, fix: applied(fix, START) };
  };

  it('A24 it has regressed when the same failure comes back before the proof, but not by a run that began before it', () => {
    assert.equal(onFailure(pending('rule:restart'), START - 1, START + 5, true).ended, undefined);
    const rule = onFailure(pending('rule:restart'), START + 1, START + 5, true);
    assert.deepEqual([rule.ended?.status, rule.print.rule_regressed, rule.print.regressions, rule.print.fix], ['regressed', true, 0, undefined]);
    const agent = onFailure(pending('agent'), START + 1, START + 5, true);
    assert.deepEqual([agent.ended?.status, agent.print.rule_regressed, agent.print.regressions], ['regressed', undefined, 1]);
    assert.equal(onFailure(pending('agent'), START + 1, START + 5, false).ended, undefined, 'regression: ignore');
  });

  it('A23 it is kept by a proof, at once or when its window is over; in the window the same failure is its regression', () => {
    const kept = onProof(pending('agent'), START + 60_000);
    assert.deepEqual([kept.ended?.status, kept.print.failures, kept.print.fix, kept.print.kept_source], ['kept', 0, undefined, 'agent']);
    const open = onProof(pending('agent', 600_000), START + 60_000);
    assert.deepEqual([open.ended, open.waitsUntilMs], [undefined, START + 600_000]);
    assert.equal(onFailure(open.print, START + 70_000, START + 80_000, true).ended?.status, 'regressed');
    assert.equal(afterWindow(open.print, START + 599_999).ended, undefined);
    assert.equal(afterWindow(open.print, START + 600_000).ended?.status, 'kept');
  });

  it('P28 what breaks again within a day after its proof did not hold, which the next rest remembers', () => {
    const { print } = onProof(pending('agent'), START);
    assert.equal(onFailure(print, START + 23 * HOUR, START + 23 * HOUR, true).print.regressions, 1);
    assert.equal(onFailure(print, START + 25 * HOUR, START + 25 * HOUR, true).print.regressions, 0);
  });

  it('P28 one fix did not hold once, however often its failure comes and goes', () => {
    let { print } = onProof(pending('agent'), START);
    for (let minute = 1; minute <= 20; minute += 1) {
      const failed = onFailure(print, START + minute * 60_000, START + minute * 60_000, true).print;
      assert.equal(failed.regressions, 1);
      print = onProof(failed, START + minute * 60_000 + 1).print;
    }
  });
});

describe('A23 a fix that was kept', () => {
  const fixed = (verifyMs: number): Print => {
    const step = climb(state([RESTART]));
    const fix = step.kind === 'act' ? { ...step.fix, verify_ms: verifyMs } : assert.fail();
    return { ...fresh(), failures: 1, fixes: 1, fix: applied(fix, START) };
  };
  const kept = onProof(fixed(0), START).print;
  const DAY = 24 * HOUR;
  const cases: readonly (readonly [string, number, boolean])[] = [
    ['a second', 1000, true],
    ['6 d 23 h', 7 * DAY - HOUR, true],
    ['7 d', 7 * DAY, true],
    ['7 d 1 s', 7 * DAY + 1000, false],
    ['29 d', 29 * DAY, false],
  ];
  for (const [words, afterMs, isRecurred] of cases) {
    it(`${isRecurred ? 'has recurred' : 'stays kept'} when the same failure comes back after ${words}`, () => {
      const { print, recurred } = onRecurrence(kept, START + afterMs, START + afterMs);
      assert.deepEqual(
        [recurred?.status, recurred?.n, recurred?.began_at],
        isRecurred ? ['recurred', 1, new Date(START).toISOString()] : Array(3).fill(undefined),
      );
      assert.match(print.last_fix ?? '', isRecurred ? /^rule:restart \(recurred\): / : /^rule:restart \(kept\): /);
      assert.equal(onRecurrence(print, START + afterMs, START + afterMs).recurred, undefined, 'once');
    });
  }

  it('has not recurred by a run that began before it, nor before there is a proof, and has by the next run', () => {
    const early = onRecurrence(kept, START - 1, START + 5);
    assert.equal(early.recurred, undefined);
    assert.equal(onRecurrence(early.print, START + 1, START + 5).recurred?.status, 'recurred');
    assert.equal(onRecurrence(fixed(0), START + 1, START + 5).recurred, undefined);
    assert.equal(onRecurrence(onProof(fixed(HOUR), START + 1).print, START + 2, START + 5).recurred, undefined, 'in its window it regresses');
  });

  it('recurs in another incident of the same bug, too, and the fix after it recurs on its own', () => {
    const other = printFor(kept, 'train', 'another', START + DAY);
    const { print, recurred } = onRecurrence(other, START + DAY, START + DAY);
    assert.deepEqual([recurred?.incident_id, recurred?.status], ['i', 'recurred']);
    const step = climb(state([RESTART], { print: { ...print, failures: 1 }, nowMs: START + DAY }));
    const next = onProof(remembered(print, step, 'r2'), START + DAY).print;
    assert.equal(onRecurrence(next, START + 2 * DAY, START + 2 * DAY).recurred?.began_at, new Date(START + DAY).toISOString());
  });
});

it('nothing runs away: whatever fails and however often, fixes an hour, restarts without a proof and agents are bounded', () => {
  const event = fc.record({ waitMs: fc.nat({ max: 8 * HOUR }), isFinal: fc.boolean(), proof: fc.nat({ max: 9 }).map((n) => n === 0), answers: fc.boolean() });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 120, size: 'max' }), fc.subarray([RESTART, HALVE, ASK, TELL]), (events, rungs) => {
      let print = fresh();
      let nowMs = START;
      let began: number[] = [];
      const agents: number[] = [];
      for (const { waitMs, isFinal, proof, answers } of events) {
        nowMs += waitMs;
        if (proof) {
          print = onProof(print, nowMs).print;
          continue;
        }
        print = onFailure(print, nowMs, nowMs, true).print;
        began = began.filter((at) => nowMs - at < HOUR);
        const step = climb(state(rungs, { print, isFinal, nowMs, hour: { began: began.map((at) => new Date(at).toISOString()) } }));
        print = remembered(print, step, 'r');
        if (step.kind === 'act' || step.kind === 'start') began.push(nowMs);
        if (step.kind === 'start') {
          assert.ok(nowMs - (agents.at(-1) ?? Number.NEGATIVE_INFINITY) >= 6 * HOUR, 'an agent rests');
          agents.push(nowMs);
          print = answers ? { ...print, fix: applied(step.fix, nowMs) } : withoutFix(print, { ...step.fix, status: 'crashed' });
        }
        assert.ok(began.length <= 5 && print.revived <= 2 && print.regressions <= 6);
      }
    }),
  );
});
