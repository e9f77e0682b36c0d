import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseFinding } from '../../../lib/core/incident/finding.ts';
import type { TimerState, TimerView } from '../../../lib/core/slot/timer.ts';
import { type Filed, type Filing, filingOf } from '../../../lib/core/watch/findings.ts';
import { judgeMissing, type Missing, type MissingInput, type Sight, worriesOf } from '../../../lib/core/watch/watch.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 20, 7);
const iso = (ms: number): string => new Date(ms).toISOString();

const timer = (name: string, state: TimerState): TimerView => ({
  ...{ name, role: 'timer', label: `bus.${name}`, path: `/units/${name}`, state, because: 'exit 78', pid: null, runs: null, last_exit_code: null },
});
const OWNED = { state: 'running', pid: 42, isInstalled: true, stuck: undefined } as const;
const sight = (parts: Partial<Sight> = {}): Sight => ({ atMs: NOW, owner: OWNED, timers: [], late: {}, missing: [], ...parts });
const missing = (more: Partial<MissingInput> = {}): Missing =>
  judgeMissing({
    ...{ cadence: 'job', nowMs: NOW, lastRunMs: undefined, sinceMs: NOW - 3 * HOUR, expectedMs: HOUR },
    ...{ missed: [], held: undefined, putOff: undefined, ignoredUntilMs: undefined },
    ...more,
  }) as Missing;
const file = (seen: Sight, before: Filed = {}, diagnosed: readonly string[] = []): Filing =>
  filingOf({ sight: seen, worries: worriesOf(seen), before, isDefined: (name) => name !== 'gone', isDiagnosed: (name) => diagnosed.includes(name) });
const SLOT = (at: string) => [{ at, because: 'no owner was running' }];

describe('P14 P22 what the watchman puts on file', () => {
  it('is a missed slot under the key that the owner would give it, a dead timer, and one that does not come', () => {
    const seen = sight({
      missing: [missing({ missed: SLOT('2026-11-20T06:00:00Z') })],
      timers: [timer('five', 'disabled'), timer('six', 'idle'), timer('gone', 'failed'), { ...timer('owner', 'failed'), role: 'owner' }],
      late: { six: { slots: 2, sinceMs: NOW - HOUR, expectedMs: HOUR } },
    });
    const { found, keys } = file(seen);
    assert.deepEqual(
      found.map(({ cadence, detector, key, slot, timer: state }) => ({ cadence, detector, key, slot, state })).toSorted((a, b) => (a.key < b.key ? -1 : 1)),
      [
        { cadence: 'six', detector: 'stale', key: `late:six:${iso(NOW)}`, slot: undefined, state: 'idle: exit 78' },
        { cadence: 'job', detector: 'missed', key: 'missed:job:2026-11-20T06:00:00Z', slot: '2026-11-20T06:00:00Z', state: undefined },
        { cadence: 'five', detector: 'disabled', key: `timer:five:${iso(NOW)}`, slot: undefined, state: 'disabled: exit 78' },
      ],
    );
    assert.deepEqual([...keys].sort(), ['cadence:job', 'late:six', 'timer:five']);
    for (const finding of found) assert.deepEqual(parseFinding(JSON.parse(JSON.stringify(finding))), finding, 'it comes out of its tick as it went in');
  });

  it('tells a slot once, the next one again, and a cadence that is held only where a slot of it was missed', () => {
    const at = (slot: string): Sight => sight({ missing: [missing({ missed: SLOT(slot) })] });
    const first = file(at('2026-11-20T06:00:00Z'));
    assert.equal(file(at('2026-11-20T06:00:00Z'), first.filed).found.length, 0);
    const second = file(at('2026-11-20T07:00:00Z'), first.filed);
    assert.deepEqual(
      second.found.map(({ key }) => key),
      ['missed:job:2026-11-20T07:00:00Z'],
    );
    assert.equal(second.filed['cadence:job']?.since, iso(NOW), 'it is one spell');
    assert.equal(file(sight({ missing: [missing({ held: 'held: the circuit is open' })] })).found.length, 0, 'what holds it is on file');
    assert.equal(file(sight({ missing: [missing()] })).found.length, 1);
    assert.equal(file(sight({ missing: [missing({ ignoredUntilMs: NOW + HOUR })] })).found.length, 0);
  });

  it('tells a dead timer again only where an agent is to mend it, and says when it is well', () => {
    const dead = sight({ timers: [timer('five', 'failed')] });
    const { filed } = file(dead);
    const later = { ...dead, atMs: NOW + HOUR };
    assert.deepEqual([file(later, filed).found.length, file(later, filed, ['five']).found.length], [0, 1]);
    const { well, filed: after } = file(sight({ timers: [timer('five', 'idle')] }), filed);
    assert.deepEqual([well, after], [[{ cadence: 'five', detector: 'disabled', since: iso(NOW) }], {}]);
    const ran = file(sight(), file(sight({ missing: [missing()] })).filed);
    assert.deepEqual([ran.well, ran.filed], [[], {}], 'a run proves what a run can prove');
  });

  it('fills no inbox that nobody empties: without an owner each worry is told once', () => {
    const none = { ...OWNED, state: 'died' } as const;
    const at = (slot: string): Sight => sight({ owner: none, missing: [missing({ missed: SLOT(slot) })], timers: [timer('five', 'failed')] });
    const first = file(at('2026-11-20T06:00:00Z'), {}, ['five']);
    assert.equal(first.found.length, 2);
    assert.equal(file({ ...at('2026-11-20T07:00:00Z'), atMs: NOW + HOUR }, first.filed, ['five']).found.length, 0);
  });

  it('a timer that was given back a moment ago is neither a worry nor well', () => {
    const late = sight({ timers: [timer('six', 'idle')], late: { six: { slots: 2, sinceMs: NOW, expectedMs: HOUR } } });
    const { filed } = file(late);
    const given = filingOf({ sight: late, worries: [], before: filed, isDefined: () => true, isDiagnosed: () => true });
    assert.deepEqual([given.found, given.well, given.filed], [[], [], filed]);
  });

  it('what is garbled in its tick is no finding', () => {
    const whole = { cadence: 'job', detector: 'missed', at: iso(NOW), words: 'x', key: 'k' };
    assert.deepEqual(parseFinding(whole), whole);
    for (const wrong of [{ cadence: '../x' }, { detector: 'exit' }, { at: 'soon' }, { key: '' }, { words: 7 }])
      assert.equal(parseFinding({ ...whole, ...wrong }), undefined, JSON.stringify(wrong));
    assert.deepEqual(
      [undefined, null, 'missed', []].map((value) => parseFinding(value)),
      [undefined, undefined, undefined, undefined],
    );
  });
});
