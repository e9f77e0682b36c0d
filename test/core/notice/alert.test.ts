import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Incident, openIncident, resolve, withOccurrence } from '../../../lib/core/incident/incident.ts';
import { type AlertCase, type AlertMemory, type AlertPolicy, decideAlert, episodeOf, nextAlertMs } from '../../../lib/core/notice/alert.ts';
import { remembered } from '../../../lib/core/notice/alert-book.ts';
import { alertPolicy } from '../../../lib/core/notice/policy.ts';
import { admitLine, STILL, type Storm, type StormLine, summaryDueMs, summaryText } from '../../../lib/core/notice/storm.ts';
import type { RunRecord } from '../../../lib/core/run.ts';
import { toIso } from '../../../lib/core/time/instant.ts';

const START_MS = Date.UTC(2026, 10, 20, 7);
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const POLICY: AlertPolicy = { after: 3, cooldownMs: 30 * MINUTE, remindMs: 6 * HOUR, tellsFailure: true, tellsRecovery: true };

function runAt(atMs: number, more: Partial<RunRecord> = {}): RunRecord {
  return {
    run_id: `x7k2p9qd4mzt-${atMs % 97}`,
    cadence: 'backup',
    tick: 'x7k2p9qd4mzt',
    attempt: 1,
    status: 'dead',
    reason: 'exit 1',
    summary: '',
    started_at: toIso(atMs),
    ended_at: toIso(atMs),
    duration_ms: 0,
    exit_code: 1,
    signal: null,
    cost_usd: null,
    stdout_path: null,
    stderr_path: null,
    blame: 'cadence',
    ...more,
  };
}
const askHuman = (incident: Incident): Incident => ({ ...incident, state: 'needs_human' });
const open = (atMs = START_MS, more: Partial<RunRecord> = {}, detector = 'exit'): Incident =>
  openIncident(runAt(atMs, more), { id: `2026-11-20T07-00-00Z-backup-${detector}`, fingerprint: 'f', detector, title: 'exit 1' });
const seen = (incident: Incident, failures: number, more: Partial<AlertCase> = {}): AlertCase => ({
  incident,
  failures,
  intervalMs: undefined,
  isSuppressed: false,
  ...more,
});

/** An incident over time: what was told, and when. */
function live(policy: AlertPolicy = POLICY) {
  let memory: AlertMemory | undefined;
  const told: string[] = [];
  return {
    told,
    ask(one: AlertCase, atMs: number): string {
      const decision = decideAlert(one, policy, memory, atMs);
      if (decision.tell === 'nothing') return decision.because;
      memory = remembered(one.incident, decision, memory, atMs);
      told.push(`${decision.tell} ${decision.level}${decision.asksHuman ? ' human' : ''}`);
      return told.at(-1) as string;
    },
    memory: () => memory as AlertMemory,
  };
}

describe('who is told of an incident', () => {
  it('P7 takes three failures in a row, or as many as its cadence says', () => {
    const person = live();
    assert.equal(person.ask(seen(open(), 1), START_MS), '1 of 3 ticks failed in a row');
    assert.equal(person.ask(seen(open(), 2), START_MS + 1), '2 of 3 ticks failed in a row');
    assert.equal(person.ask(seen(open(), 3), START_MS + 2), 'failure none');
    assert.equal(live({ ...POLICY, after: 1 }).ask(seen(open(), 1), START_MS), 'failure warning'.replace('warning', 'none'));
    const steady = live({ ...POLICY, after: 5 });
    for (const failures of [1, 2, 3, 4]) steady.ask(seen(open(), failures), START_MS + failures);
    assert.deepEqual(steady.told, []);
  });

  it('P7 P10 the defaults: three in a row; one where on is written and names failure; what a cadence says goes before the bus', () => {
    assert.deepEqual(alertPolicy(undefined, undefined), POLICY);
    assert.equal(alertPolicy({ on: ['failure'], sinks: [] }, undefined).after, 1);
    assert.equal(alertPolicy({ on: ['success'], sinks: [] }, undefined).tellsFailure, false);
    const own = { after: 5, cooldownMs: 0, remindMs: 0, sinks: [] };
    assert.deepEqual(alertPolicy({ on: ['failure', 'recovery'], after: 2, sinks: [] }, own), { ...POLICY, after: 5, cooldownMs: 0, remindMs: 0 });
    assert.equal(alertPolicy(undefined, 'none').tellsFailure, false);
  });

  it('P8 says nothing more for 30 minutes, and not of what fails, recovers and fails again either', () => {
    const person = live();
    person.ask(seen(open(), 3), START_MS);
    const back = withOccurrence(resolve(open(), 'proof', toIso(START_MS + MINUTE)), runAt(START_MS + 2 * MINUTE));
    assert.equal(person.ask(seen(back, 3), START_MS + 2 * MINUTE), 'it was told not long ago');
    assert.equal(person.ask(seen(resolve(back, 'proof', toIso(START_MS + 3 * MINUTE)), 0), START_MS + 3 * MINUTE), 'nobody was told of it');
    assert.equal(
      nextAlertMs(back, person.memory(), POLICY, START_MS + 3 * MINUTE),
      START_MS + 30 * MINUTE,
      'what a cooldown has kept back is looked at when it ends',
    );
    assert.equal(person.ask(seen(back, 4), START_MS + 31 * MINUTE), 'failure none');
  });

  it('P9 tells one recovery, and none where nobody was told or a person has ended it', () => {
    const person = live();
    person.ask(seen(open(), 3), START_MS);
    const over = resolve(open(), 'proof', toIso(START_MS + HOUR));
    assert.equal(person.ask(seen(over, 0), START_MS + HOUR), 'recovery none');
    assert.equal(person.ask(seen(over, 0), START_MS + HOUR + 1), 'nobody was told of it');
    assert.deepEqual(person.told, ['failure none', 'recovery none']);
    assert.equal(live().ask(seen(over, 0), START_MS), 'nobody was told of it');
    const other = live();
    other.ask(seen(open(), 3), START_MS);
    assert.equal(other.ask(seen(resolve(open(), 'operator', toIso(START_MS)), 0), START_MS), 'a person has ended it');
  });

  it('P23 tells again when it gets worse: 2, 5 and 10 times what its threshold or its schedule allows', () => {
    const person = live();
    for (const [failures, atMs] of [
      [3, 0],
      [5, 1 * HOUR],
      [6, 2 * HOUR],
      [7, 3 * HOUR],
      [15, 4 * HOUR],
      [30, 5 * HOUR],
      [31, 6 * HOUR],
    ] as const)
      person.ask(seen(open(), failures), START_MS + atMs);
    assert.deepEqual(person.told, ['failure none', 'failure warning', 'failure urgent', 'failure critical']);
    const daily = live();
    const late = (atMs: number): string => daily.ask(seen(open(), 3, { intervalMs: DAY }), START_MS + atMs);
    assert.deepEqual([late(0), late(2 * DAY), late(5 * DAY), late(10 * DAY)], ['failure none', 'failure warning', 'failure urgent', 'failure critical']);
  });

  it('reminds every 6 hours while it is open, or as often as said, or never', () => {
    const person = live();
    for (let atMs = 0; atMs <= DAY; atMs += HOUR) person.ask(seen(open(), 3), START_MS + atMs);
    assert.deepEqual(person.told, ['failure none', ...Array(4).fill('reminder none')]);
    const never = live({ ...POLICY, remindMs: 0 });
    for (let atMs = 0; atMs <= 3 * DAY; atMs += HOUR) never.ask(seen(open(), 3), START_MS + atMs);
    assert.deepEqual(never.told, ['failure none']);
    assert.equal(nextAlertMs(open(), never.memory(), { ...POLICY, remindMs: 0 }, START_MS), undefined);
  });

  it('reminds also where it was told by a clock that was a month ahead; one that is set right by minutes is no reason to', () => {
    const person = live();
    person.ask(seen(open(), 3), START_MS);
    const next = (nowMs: number): unknown => nextAlertMs(open(), person.memory(), POLICY, nowMs);
    assert.equal(next(START_MS - 5 * MINUTE), START_MS + 6 * HOUR);
    assert.ok(Number(next(START_MS - 30 * DAY)) <= START_MS - 30 * DAY);
    assert.equal(person.ask(seen(open(), 3), START_MS - 30 * DAY), 'reminder none');
  });

  it('P12 asks a person at once, and again a day later at the earliest', () => {
    const person = live({ ...POLICY, remindMs: 0 });
    const asked = askHuman(open());
    assert.equal(person.ask(seen(asked, 1), START_MS), 'failure none human');
    for (let atMs = HOUR; atMs < DAY; atMs += HOUR) person.ask(seen(asked, 1), START_MS + atMs);
    assert.equal(person.told.length, 1);
    assert.equal(person.ask(seen(asked, 1), START_MS + DAY), 'failure none human');
  });

  it('waits while something is at work on it, and is silent on what is ignored', () => {
    assert.equal(live().ask(seen({ ...open(), state: 'healing' }, 5), START_MS), 'something is at work on it');
    assert.equal(live().ask(seen({ ...open(), state: 'healing' }, 30), START_MS), 'failure critical');
    assert.equal(live().ask(seen({ ...open(), state: 'ignored' }, 99), START_MS), 'it is ignored');
    const asked = { at: toIso(START_MS), because: 'CHRONIC: 5 fixes did not hold', sinks: [], chronic: true } as const;
    const chronic = decideAlert(seen({ ...open(), state: 'ignored', asked }, 1), POLICY, undefined, START_MS);
    assert.deepEqual(chronic, { tell: 'failure', level: 'none', asksHuman: true }, 'P28 what is chronic is told all the same');
  });

  it('what is known to come and go is kept back, but never what is critical or needs a person', () => {
    const noise = { isSuppressed: true };
    assert.equal(live().ask(seen(open(), 20, noise), START_MS), 'it is known to come and go');
    assert.equal(live().ask(seen(open(), 30, noise), START_MS), 'failure critical');
    assert.equal(live().ask(seen(askHuman(open()), 1, noise), START_MS), 'failure none human');
  });

  it('an account that needs a person counts at once; one that goes on by itself when it has come often enough', () => {
    const account = { blame: 'account', account: 'claude', status: 'failed' } as const;
    assert.equal(live().ask(seen(open(START_MS, account, 'auth'), 0), START_MS), 'failure none');
    const busy = open(START_MS, account, 'rate_limit');
    assert.equal(live().ask(seen(busy, 0), START_MS), '0 of 3 ticks failed in a row');
    assert.equal(
      live().ask(seen(withOccurrence(withOccurrence(busy, runAt(START_MS + 1, account)), runAt(START_MS + 2, account)), 0), START_MS),
      'failure none',
    );
  });

  it('a clock that is set back silences nobody', () => {
    const person = live();
    person.ask(seen(open(), 3), START_MS);
    assert.equal(person.ask(seen(open(), 6), START_MS - HOUR), 'failure warning');
  });

  it('however it goes: no two notices of one level within a cooldown, one recovery an episode, and only of what was told', () => {
    const step = fc.record({
      passMs: fc.integer({ min: 0, max: 8 * HOUR }),
      failures: fc.integer({ min: 0, max: 40 }),
      what: fc.constantFrom('fails', 'proof', 'asks', 'looks'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
        let incident = open();
        let nowMs = START_MS;
        let memory: AlertMemory | undefined;
        const recovered: string[] = [];
        const toldOf: string[] = [];
        for (const { passMs, failures, what } of steps) {
          nowMs += passMs;
          if (what === 'fails') incident = withOccurrence(incident, runAt(nowMs));
          if (what === 'asks' && incident.state !== 'resolved') incident = askHuman(incident);
          if (what === 'proof' && incident.state !== 'resolved') incident = resolve(incident, 'proof', toIso(nowMs));
          const one = seen(incident, incident.state === 'resolved' ? 0 : failures);
          const decision = decideAlert(one, POLICY, memory, nowMs);
          if (decision.tell === 'nothing') continue;
          if (decision.tell === 'recovery') recovered.push(episodeOf(incident));
          else {
            const isSoon = memory !== undefined && nowMs - Date.parse(memory.told_at) < POLICY.cooldownMs;
            assert.ok(!isSoon || decision.asksHuman, 'a second notice within the cooldown');
            toldOf.push(episodeOf(incident));
          }
          memory = remembered(incident, decision, memory, nowMs);
          assert.notEqual(decideAlert(one, POLICY, memory, nowMs).tell, decision.tell, 'asked twice it is told once');
        }
        assert.equal(new Set(recovered).size, recovered.length);
        assert.ok(recovered.every((episode) => toldOf.includes(episode)));
      }),
    );
  });
});

describe('many incidents at once', () => {
  const line = (n: number, kind: StormLine['kind'] = 'failure'): StormLine => ({ kind, incident_id: `i${n}`, cadence: `c${n}`, title: 'x' });

  it('the first five are told one by one, the rest in one summary at the end of ten minutes', () => {
    let storm: Storm = STILL;
    const alone: number[] = [];
    for (let n = 1; n <= 50; n += 1) {
      const { next, isAlone } = admitLine(storm, line(n), START_MS + n);
      storm = next;
      if (isAlone) alone.push(n);
    }
    assert.deepEqual(alone, [1, 2, 3, 4, 5]);
    assert.equal(storm.held.length, 45);
    assert.equal(summaryDueMs(storm, START_MS + 1), START_MS + 1 + 10 * MINUTE);
    assert.equal(summaryDueMs(storm, START_MS - DAY), START_MS - DAY, 'a window of a clock that was set back is over');
    assert.match(summaryText(storm.held), /^45 cadences fail as well: c6, .*c15 and 35 more\. See cadence-bus incidents\.$/);
  });

  it('what recovers before the summary is in none; the same incident stands there once', () => {
    let storm: Storm = { ...STILL, window_at: toIso(START_MS), told: 5 };
    for (const one of [line(1), line(2), line(2, 'reminder')]) storm = admitLine(storm, one, START_MS + 1).next;
    const { next, isAlone } = admitLine(storm, line(1, 'recovery'), START_MS + 2);
    assert.equal(isAlone, false);
    assert.deepEqual(next.held, [line(2, 'reminder')]);
    assert.equal(summaryText([line(2)]), 'c2 fails as well. See cadence-bus incidents.');
  });

  it('a quiet time later each is told by itself again; nothing held is forgotten', () => {
    const storm: Storm = { window_at: toIso(START_MS), told: 5, held: [line(9)] };
    const later = admitLine(storm, line(10), START_MS + HOUR);
    assert.deepEqual([later.isAlone, later.next.held.length], [false, 2]);
    assert.equal(admitLine({ window_at: toIso(START_MS), told: 5, held: [] }, line(10), START_MS + HOUR).isAlone, true);
  });
});
