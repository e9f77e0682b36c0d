import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SlotLine } from '../../../lib/core/slot/line.ts';
import { timerLate } from '../../../lib/core/slot/line.ts';
import type { TimerState, TimerView } from '../../../lib/core/slot/timer.ts';
import { lateSlots } from '../../../lib/core/slot/timer-lateness.ts';
import { tellingOf, tellingUnkept, type WatchMemory } from '../../../lib/core/watch/memory.ts';
import { diskWorry, judgeMissing, type MissingInput, type OwnerSight, repairsOf, type Sight, type Worry, worriesOf } from '../../../lib/core/watch/watch.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 20, 7);

const timer = (name: string, state: TimerState, role: TimerView['role'] = 'timer'): TimerView => ({
  ...{ name, role, label: `bus.${name}`, path: `/units/${name}`, state, because: '', pid: null, runs: null, last_exit_code: null },
});
const owner = (state: OwnerSight['state'], isInstalled = true, stuck?: string): OwnerSight => ({ state, pid: 42, isInstalled, stuck });
const sight = (parts: Partial<Sight> = {}): Sight => ({ atMs: NOW, owner: owner('running'), timers: [], late: {}, missing: [], ...parts });
const kinds = (seen: Sight, reloads = {}): readonly string[] =>
  repairsOf(seen, reloads).map((repair) => (repair.kind === 'reload' ? `reload ${repair.label}` : repair.kind));

describe('P22 a run is missing', () => {
  const base: MissingInput = {
    ...{ cadence: 'backup', nowMs: NOW, lastRunMs: NOW - HOUR, sinceMs: NOW - HOUR, expectedMs: 26 * HOUR },
    ...{ missed: [], held: undefined, putOff: undefined, ignoredUntilMs: undefined },
  };

  it('when more time has passed than its schedule allows, and not before', () => {
    assert.equal(judgeMissing({ ...base, sinceMs: NOW - 26 * HOUR }), undefined);
    const late = judgeMissing({ ...base, lastRunMs: NOW - 27 * HOUR, sinceMs: NOW - 27 * HOUR });
    assert.deepEqual([late?.level, late?.because], ['none', 'it last ran 1d 3h ago, and 1d 2h is the most that its schedule allows']);
    assert.equal(judgeMissing({ ...base, sinceMs: NOW - 5 * 26 * HOUR })?.level, 'urgent');
  });

  it('when a slot was missed, however short ago that is, and says of which, why, and what holds it', () => {
    const missed = [
      { at: '2026-11-20T05:00:00Z', because: 'no owner was running' },
      { at: '2026-11-20T06:00:00Z', because: 'the machine slept' },
    ];
    const missing = judgeMissing({ ...base, missed, held: 'held: paused' });
    assert.deepEqual(missing?.slots, ['2026-11-20T05:00:00Z', '2026-11-20T06:00:00Z']);
    assert.match(missing?.because ?? '', /it last ran 1h ago; the slot of 2026-11-20T06:00:00Z was missed: the machine slept; held: paused/);
  });

  it('also when it has never run at all', () => {
    assert.match(judgeMissing({ ...base, lastRunMs: undefined, sinceMs: NOW - 60 * HOUR })?.because ?? '', /it has never run, and 1d 2h/);
  });
});

describe('P21 what the watchman repairs', () => {
  it('is the owner first, then what the manager has lost or given up, then what it holds and does not fire', () => {
    const seen = sight({
      owner: owner('died'),
      timers: [
        timer('owner', 'idle', 'owner'),
        timer('heartbeat', 'not_loaded', 'heartbeat'),
        timer('stale', 'idle'),
        timer('lost', 'failed'),
        timer('off', 'disabled'),
      ],
      late: { stale: { slots: 1, sinceMs: NOW - HOUR, expectedMs: 1.5 * HOUR } },
    });
    assert.deepEqual(kinds(seen), ['start_owner', 'reload bus.heartbeat', 'reload bus.lost', 'reload bus.off', 'reload bus.stale']);
  });

  it('is nothing where all is well, where nothing is installed, and where the manager says nothing that can be read', () => {
    assert.deepEqual(
      kinds(sight({ timers: [timer('owner', 'running', 'owner'), timer('a', 'idle'), timer('b', 'unknown'), timer('c', 'not_installed')] })),
      [],
    );
    for (const state of ['died', 'stopped', 'never_started', 'silent'] as const) assert.deepEqual(kinds(sight({ owner: owner(state, false) })), []);
  });

  it('ends an owner that does not answer through its manager, gives back a job that the manager lost, and wakes one that does not get on', () => {
    const jobs = (state: TimerState) => ({ timers: [timer('owner', state, 'owner')] });
    assert.deepEqual(kinds(sight({ owner: owner('silent'), ...jobs('running') })), ['reload bus.owner']);
    for (const state of ['not_loaded', 'failed', 'disabled'] as const)
      assert.deepEqual(kinds(sight({ owner: owner('died'), ...jobs(state) })), ['reload bus.owner']);
    assert.deepEqual(kinds(sight({ owner: owner('stopped'), ...jobs('unknown') })), ['start_owner']);
    assert.deepEqual(kinds(sight({ owner: owner('running', true, 'a tick is due for 20m') })), ['wake_owner']);
  });

  it('P29 a timer that is loaded and does not come is reloaded once in its interval, at most every two hours', () => {
    const late = (expectedMs: number): Sight => sight({ timers: [timer('job', 'idle')], late: { job: { slots: 3, sinceMs: NOW - 9 * HOUR, expectedMs } } });
    assert.deepEqual(kinds(late(0.25 * HOUR), { 'bus.job': NOW - 2 * HOUR + 1 }), []);
    assert.deepEqual(kinds(late(0.25 * HOUR), { 'bus.job': NOW - 2 * HOUR }), ['reload bus.job']);
    assert.deepEqual(kinds(late(26 * HOUR), { 'bus.job': NOW - 25 * HOUR }), []);
    assert.deepEqual(kinds(late(26 * HOUR), { 'bus.job': NOW - 26 * HOUR }), ['reload bus.job']);
    assert.deepEqual(kinds(late(26 * HOUR), { 'bus.job': NOW + HOUR }), ['reload bus.job'], 'the clock was set back');
    assert.deepEqual(kinds(late(0.25 * HOUR), { 'bus.other': NOW }), ['reload bus.job']);
  });
});

describe('P29 slots that a timer has let pass', () => {
  const fired = (slot: string, by: 'timer' | 'catchup' | 'schedule', because?: string): SlotLine => ({
    ...{ ts: slot, kind: 'fired', cadence: 'job', slot, due: slot, tick: 'x', by },
    ...(because === undefined ? {} : { because }),
  });
  const late = timerLate(90_000);

  it('are counted back to the last one that it asked for', () => {
    const lines = [
      fired('2026-11-20T07:00:00Z', 'catchup', late),
      fired('2026-11-20T06:00:00Z', 'catchup', 'the machine slept'),
      fired('2026-11-20T05:00:00Z', 'catchup', late),
      fired('2026-11-20T04:00:00Z', 'timer'),
      fired('2026-11-20T03:00:00Z', 'catchup', late),
    ];
    assert.deepEqual(lateSlots(lines), { slots: 2, sinceMs: Date.parse('2026-11-20T05:00:00Z') });
    assert.equal(lateSlots(lines.slice(3)), undefined);
    assert.equal(lateSlots([lines[1] as SlotLine]), undefined, 'who slept is not to blame');
  });
});

describe('what the watchman tells', () => {
  const missing = judgeMissing({
    ...{ cadence: 'job', nowMs: NOW, lastRunMs: undefined, sinceMs: NOW - 30 * HOUR, expectedMs: 3 * HOUR },
    ...{ missed: [], held: undefined, putOff: undefined, ignoredUntilMs: undefined },
  });
  assert.ok(missing !== undefined);
  const keys = (seen: Sight): readonly string[] => worriesOf(seen).map(({ key, level }) => `${key} ${level}`);

  it('is what is missing, an owner that died or should run, and timers that do not come; what is ignored is not told', () => {
    assert.deepEqual(keys(sight({ missing: [missing] })), ['cadence:job critical']);
    assert.deepEqual(keys(sight({ missing: [{ ...missing, ignoredUntilMs: NOW + HOUR }] })), []);
    assert.deepEqual(keys(sight({ owner: owner('stopped', false) })), [], 'somebody has stopped it, and nobody is to keep it alive');
    assert.deepEqual(keys(sight({ owner: owner('stopped') })), ['owner critical']);
    assert.deepEqual(keys(sight({ owner: owner('died', false) })), ['owner critical']);
    const timers = [timer('a', 'failed'), timer('b', 'idle'), timer('c', 'unknown')];
    assert.deepEqual(keys(sight({ timers, late: { b: { slots: 2, sinceMs: NOW, expectedMs: HOUR } } })), ['timer:a urgent', 'late:b warning']);
  });

  it('P23 is told once, again when its level changes or a day has passed, and once more when it is well', () => {
    const memory = (level: 'urgent' | 'critical', hoursAgo: number): WatchMemory => ({
      ...{ format: 1, at: '', ok: false, interval_ms: HOUR, enabled: true, because: '', reloads: {}, diagnosed: {} },
      told: { 'cadence:job': { level, at: new Date(NOW - hoursAgo * HOUR).toISOString() } },
    });
    const worries = worriesOf(sight({ missing: [missing] }));
    const due = (before: WatchMemory | undefined): number => tellingOf(before, worries, NOW).due.length;
    assert.deepEqual([due(undefined), due(memory('critical', 1)), due(memory('urgent', 1)), due(memory('critical', 24))], [1, 0, 1, 1]);
    assert.equal(tellingOf(memory('critical', 1), worries, NOW).told['cadence:job']?.at, new Date(NOW - HOUR).toISOString(), 'the day counts from the telling');
    assert.deepEqual(tellingOf(memory('critical', 1), [], NOW), { due: [], recovered: ['cadence:job'], told: {} });
  });

  it('is told once an hour where nobody can keep that it was told, and what is well again not at all', () => {
    const worries = [diskWorry('cannot write: ENOSPC')];
    const rounds = Array.from({ length: 24 }, (_none, n) => NOW + HOUR / 2 + (n * HOUR) / 12);
    const toldAt = rounds.filter((atMs) => tellingUnkept(undefined, worries, atMs, HOUR / 12).due.length > 0);
    assert.deepEqual(toldAt, [NOW + HOUR, NOW + 2 * HOUR]);
    assert.equal(tellingUnkept(undefined, worries, NOW + HOUR / 2, HOUR).due.length, 1, 'on each round where those are no oftener');
    const told = { 'cadence:job': { level: 'critical', at: '2026-11-20T06:00:00.000Z' } } as const;
    const memory = { format: 1, at: '', ok: false, interval_ms: HOUR, enabled: true, because: '', reloads: {}, diagnosed: {}, told } as const;
    assert.deepEqual(tellingUnkept(memory, worries, NOW, HOUR).recovered, []);
  });

  it('P24 dead timers are one set: told again after four hours, and at once when another one joins or one is well', () => {
    const dead = (...names: readonly string[]): readonly Worry[] => worriesOf(sight({ timers: names.map((name) => timer(name, 'failed')) }));
    const at = (hours: number): number => NOW + hours * HOUR;
    let memory: WatchMemory | undefined;
    const told = (hours: number, worries: readonly Worry[]): readonly string[] => {
      const telling = tellingOf(memory, worries, at(hours));
      const seen = { format: 1, at: '', ok: false, interval_ms: HOUR, enabled: true, because: '', reloads: {}, diagnosed: {} } as const;
      memory = { ...seen, told: telling.told };
      return [...telling.due.map(({ key }) => key), ...telling.recovered.map((key) => `${key} is well`)];
    };
    assert.deepEqual(told(0, dead('a')), ['timer:a']);
    assert.deepEqual([told(1, dead('a')), told(3.9, dead('a'))], [[], []], 'not every hour');
    assert.deepEqual(told(4, dead('a')), ['timer:a'], 'the cooldown is over');
    assert.deepEqual(told(5, dead('a', 'b')), ['timer:a', 'timer:b'], 'the set has changed');
    assert.deepEqual(told(8.9, dead('a', 'b')), [], 'four hours from the last telling');
    assert.deepEqual(told(9, dead('a', 'b')), ['timer:a', 'timer:b']);
    assert.deepEqual(told(10, dead('b')), ['timer:b', 'timer:a is well'], 'it is smaller');
    assert.deepEqual(told(11, [...dead('b'), ...worriesOf(sight({ missing: [missing] }))]), ['cadence:job'], 'what is missing is no timer');
    assert.deepEqual(told(12, []), ['timer:b is well', 'cadence:job is well']);
    assert.deepEqual(told(13, []), []);
  });
});
