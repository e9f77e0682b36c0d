import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type BusSettings, type Cadence, DEFAULT_SETTINGS } from '../../lib/core/cadence.ts';
import { controlCadence } from '../../lib/core/control.ts';
import { toMicros } from '../../lib/core/money/budget.ts';
import { createSpending, foldSpending, tallyOf } from '../../lib/core/money/spending.ts';
import { pathsOf } from '../../lib/core/paths.ts';
import type { RunRecord } from '../../lib/core/run.ts';
import { toIso } from '../../lib/core/time/instant.ts';
import { createLocalDays } from '../../lib/core/time/local-day.ts';
import type { Definition } from '../../lib/ports.ts';
import { createPurse, type Purse } from '../../lib/services/purse.ts';
import type { PurseContent } from '../../lib/services/purse-show.ts';
import { testClock } from '../support/bus.ts';

const ZONE = 'Europe/Vienna';
const NONE: Record<'runUsd' | 'dayUsd' | 'monthUsd' | 'dayRuns' | 'monthRuns', number | undefined> = {
  runUsd: undefined,
  dayUsd: undefined,
  monthUsd: undefined,
  dayRuns: undefined,
  monthRuns: undefined,
};
const CLAUDE = { kind: 'claude', promptPath: '/p.md', args: [], cwd: '/', env: { names: [], values: {} } } as const;

function cadenceOf(name: string, budget: Partial<typeof NONE> | undefined, run: Cadence['run'] = CLAUDE): Cadence {
  return { ...controlCadence(pathsOf('/x')), name, run, budget: budget && { ...NONE, ...budget } };
}

/** A purse over a log that is only memory. */
function bank(cadences: readonly Cadence[], busBudget?: Partial<NonNullable<BusSettings['budget']>>, startMs = Date.UTC(2026, 10, 27, 12)) {
  const clock = testClock(startMs);
  const days = createLocalDays(ZONE);
  const log: RunRecord[] = [];
  let spending = createSpending();
  let definitions: readonly Definition[] = cadences.map((cadence) => ({ name: cadence.name, path: '/', cadence, problems: [] }));
  const settings = { ...DEFAULT_SETTINGS, budget: busBudget && { ...NONE, ...busBudget } };
  let shown: PurseContent | undefined;
  let [fault, waiting]: [string | undefined, readonly string[]] = [undefined, []];
  const show = {
    show(content: PurseContent | undefined, unsettled: Readonly<Record<string, string>>) {
      shown = content && { reserved: new Map(content.reserved), holds: content.holds };
      waiting = Object.entries(unsettled).map((entry) => entry.join(': '));
      return true;
    },
    isAnybodyHeld: () => Object.keys(shown?.holds ?? {}).length > 0,
  };
  const open = (): Purse =>
    createPurse({
      clock,
      days: createLocalDays(ZONE),
      runLog: { spending: () => spending },
      definitions: { get: (name) => definitions.find((one) => one.name === name), all: () => definitions, settings: () => settings, problems: () => [] },
      unsettled: () => fault,
      show,
    });
  return {
    clock,
    days,
    open,
    shown: () => shown,
    waiting: () => waiting,
    breakSettings: (because: string | undefined) => {
      fault = because;
    },
    define: (next: readonly Cadence[]) => {
      definitions = next.map((cadence) => ({ name: cadence.name, path: '/', cadence, problems: [] }));
    },
    /** The log is read again from its beginning, as after a death. */
    reread() {
      spending = createSpending();
      for (const run of log) foldSpending(spending, run, days);
    },
    record(run_id: string, cadence: string, cost: { cost_usd: number | null; charged_usd?: number }) {
      const at = toIso(clock.nowMs());
      const about = { run_id, cadence, tick: 'x', attempt: 1, status: 'failed', reason: '', summary: '', started_at: at, ended_at: at } as const;
      const run: RunRecord = { ...about, duration_ms: 1, exit_code: 1, signal: null, stdout_path: null, stderr_path: null, ...cost };
      log.push(run);
      foldSpending(spending, run, days);
    },
    spentOf: (period: 'day' | 'month', cadence?: string) => {
      const { name } = days.dayAt(clock.nowMs());
      return tallyOf(cadence === undefined ? spending.bus : spending.cadences.get(cadence), period === 'day' ? name : name.slice(0, 7)).micros;
    },
  };
}

const ENDING = {
  code: 1,
  signal: null,
  spawnError: null,
  stoppedFor: null,
  durationMs: 1,
  stdoutTail: 'words',
  stderrTail: '',
  droppedBytes: 0,
  survivors: [],
};
const END = { kind: 'claude', outcome: { kind: 'fail', blame: 'cadence', reason: '' }, ending: ENDING, costUsd: undefined, hasRun: true } as const;

type Act =
  | { readonly do: 'start'; readonly who: number }
  | { readonly do: 'end'; readonly which: number; readonly costUsd: number | null }
  | { readonly do: 'crash' }
  | { readonly do: 'later'; readonly hours: number };

const cost = fc.oneof(
  fc.integer({ min: 0, max: 150 }).map((cents) => cents / 100),
  fc.constant(null),
);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('start' as const), who: fc.nat(2) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('end' as const), which: fc.nat(5), costUsd: cost }) },
  { weight: 1, arbitrary: fc.constant<Act>({ do: 'crash' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('later' as const), hours: fc.integer({ min: 1, max: 30 }) }) },
);

/** What a limit bounds, and by how much it may be exceeded: by what runs under way were underestimated since the last one of them was let in. */
interface Scope {
  readonly cadence: string | undefined;
  readonly period: 'day' | 'month';
  readonly most: number;
  slack: number;
}

/** Plays the acts against a purse, keeps books of its own, and compares after every act. */
function play(acts: readonly Act[]): void {
  const cadences = [cadenceOf('one', { runUsd: 0.5, dayUsd: 2, monthUsd: 9 }), cadenceOf('two', { dayUsd: 2.5 }), cadenceOf('three', { dayRuns: 4 })];
  const world = bank(cadences, { dayUsd: 3 });
  const scopes: readonly Scope[] = [
    { cadence: 'one', period: 'day', most: toMicros(2), slack: 0 },
    { cadence: 'one', period: 'month', most: toMicros(9), slack: 0 },
    { cadence: 'two', period: 'day', most: toMicros(2.5), slack: 0 },
    { cadence: undefined, period: 'day', most: toMicros(3), slack: 0 },
  ];
  const running = new Map<string, { readonly cadence: Cadence; readonly setAside: number }>();
  let purse = world.open();
  let started = 0;
  const concerns = (scope: Scope, cadence: Cadence): boolean => scope.cadence === undefined || scope.cadence === cadence.name;
  const setAsideFor = (runId: string): number => {
    purse.tend();
    return world.shown()?.reserved.get(runId)?.micros ?? assert.fail(`nothing is set aside for ${runId}`);
  };
  const check = (what: string): void => {
    for (const scope of scopes) {
      const reserved = [...running.values()].filter(({ cadence }) => concerns(scope, cadence)).reduce((sum, { setAside }) => sum + setAside, 0);
      const used = world.spentOf(scope.period, scope.cadence) + reserved;
      assert.ok(used <= scope.most + scope.slack, `${what}: ${used} of ${scope.most} + ${scope.slack}, ${scope.cadence ?? 'bus'} ${scope.period}`);
    }
  };
  const loosen = (cadence: Cadence, micros: number): void => {
    for (const scope of scopes) if (concerns(scope, cadence)) scope.slack += Math.max(0, micros);
  };
  const start = (cadence: Cadence): void => {
    if (purse.shortage(cadence) !== undefined) return;
    const runId = `run-${++started}`;
    purse.reserve(runId, cadence);
    running.set(runId, { cadence, setAside: setAsideFor(runId) });
    for (const scope of scopes) if (concerns(scope, cadence)) scope.slack = 0;
  };
  const end = (runId: string, costUsd: number | null): void => {
    const { cadence, setAside } = running.get(runId) ?? assert.fail();
    const charged = purse.charge(cadence, { ...END, costUsd: costUsd ?? undefined }, runId);
    assert.equal(charged === undefined ? undefined : toMicros(charged), costUsd === null ? setAside : undefined);
    world.record(runId, cadence.name, { cost_usd: costUsd, ...(charged === undefined ? {} : { charged_usd: charged }) });
    purse.release(runId);
    running.delete(runId);
    loosen(cadence, toMicros(costUsd ?? 0) - setAside);
  };
  const crash = (): void => {
    world.reread();
    purse = world.open();
    for (const [runId, { cadence, setAside }] of running) {
      purse.reserve(runId, cadence);
      running.set(runId, { cadence, setAside: setAsideFor(runId) });
      // Its price may be estimated anew by now.
      loosen(cadence, setAsideFor(runId) - setAside);
    }
  };
  for (const one of acts) {
    const runId = one.do === 'end' ? [...running.keys()][one.which % Math.max(1, running.size)] : undefined;
    if (one.do === 'start') start(cadences[one.who] as Cadence);
    else if (one.do === 'crash') crash();
    else if (one.do === 'later') world.clock.advance(one.hours * 3_600_000);
    else if (runId !== undefined) end(runId, one.costUsd);
    check(JSON.stringify(one));
  }
  for (const runId of running.keys()) end(runId, 0);
  purse.tend();
  assert.equal(world.shown()?.reserved.size, 0, 'all is released');
}

type Live =
  | { readonly do: 'start'; readonly who: number }
  | { readonly do: 'step'; readonly which: number; readonly share: number }
  | { readonly do: 'end' | 'crash' | 'tomorrow'; readonly which: number };

const live: fc.Arbitrary<Live> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('start' as const), who: fc.nat(2) }) },
  { weight: 20, arbitrary: fc.record({ do: fc.constant('step' as const), which: fc.nat(7), share: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('end' as const), which: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'tomorrow' as const), which: fc.constant(0) }) },
);

/** At most eight runs at once, whose costs come in steps of an eighth of what was set aside for them, and do not end there. */
function spendLive(acts: readonly Live[]): void {
  const cadences = [cadenceOf('one', { dayUsd: 2 }), cadenceOf('two', { dayUsd: 2.5 }), cadenceOf('three', undefined)];
  const world = bank(cadences, { dayUsd: 4 });
  const limits = [[undefined, 4] as const, ['one', 2] as const, ['two', 2.5] as const];
  const running = new Map<string, { readonly cadence: Cadence; readonly setAside: number; spent: number }>();
  let purse = world.open();
  let started = 0;
  let largest = 0;
  const setAsideFor = (runId: string): number => {
    purse.tend();
    return world.shown()?.reserved.get(runId)?.micros ?? assert.fail(`nothing is set aside for ${runId}`);
  };
  const end = (runId: string): void => {
    const run = running.get(runId) ?? assert.fail();
    world.record(runId, run.cadence.name, { cost_usd: run.spent / 1e6 });
    purse.release(runId);
    running.delete(runId);
  };
  /** Whoever is told to end has spent what it has spent. */
  const spend = (runId: string, micros: number): void => {
    const run = running.get(runId) ?? assert.fail();
    run.spent += micros;
    const isOver = run.spent > setAsideFor(runId);
    if (!purse.meter(runId, run.spent / 1e6)) {
      assert.ok(isOver, 'a run that keeps to what was set aside for it is never ended');
      end(runId);
    }
  };
  for (const one of acts) {
    const runId = [...running.keys()][one.do === 'start' ? 0 : one.which % Math.max(1, running.size)];
    if (one.do === 'start') {
      const cadence = cadences[one.who] as Cadence;
      if (running.size === 8 || purse.shortage(cadence) !== undefined) continue;
      const fresh = `run-${++started}`;
      purse.reserve(fresh, cadence);
      running.set(fresh, { cadence, setAside: setAsideFor(fresh), spent: 0 });
      largest = Math.max(largest, setAsideFor(fresh));
    } else if (one.do === 'step' && runId !== undefined) {
      spend(runId, Math.floor(((running.get(runId)?.setAside ?? 0) * one.share) / 64));
    } else if (one.do === 'end' && runId !== undefined) end(runId);
    else if (one.do === 'tomorrow') {
      // What ran over midnight is spent today.
      for (const each of [...running.keys()]) end(each);
      world.clock.advance(24 * 3_600_000);
    } else if (one.do === 'crash') {
      world.reread();
      purse = world.open();
      for (const [each, { cadence }] of running) purse.reserve(each, cadence);
      for (const each of [...running.keys()]) spend(each, 0);
    }
    for (const [name, most] of limits) {
      const live = [...running.values()].filter(({ cadence }) => name === undefined || cadence.name === name).reduce((sum, { spent }) => sum + spent, 0);
      const spent = world.spentOf('day', name) + live;
      assert.ok(spent <= toMicros(most) + largest, `${JSON.stringify(one)}: ${spent} of ${most} for ${name ?? 'the bus'}, one run is ${largest}`);
    }
  }
}

describe('the purse', () => {
  it('P15 lets no limit be passed by more than one run’s money, however many runs at once cost more than was set aside for them', () => {
    fc.assert(fc.property(fc.array(live, { maxLength: 250, size: 'max' }), spendLive), { numRuns: 60 });
  });

  it('P15 exceeds no limit by more than what runs under way were underestimated, in any order of starts, ends, deaths and days', () => {
    fc.assert(fc.property(fc.array(act, { maxLength: 120, size: 'max' }), play), { numRuns: 80 });
  });

  it('lets one of two have the last dollar', () => {
    const [one, two] = [cadenceOf('one', { runUsd: 1 }), cadenceOf('two', { runUsd: 1 })];
    const purse = bank([one, two], { dayUsd: 1.5 }).open();
    assert.deepEqual([purse.shortage(one), purse.shortage(two)], [undefined, undefined]);
    purse.reserve('a', one);
    assert.equal(purse.shortage(two)?.because, 'the whole bus, today $1.00 of $1.50 reserved, a run needs about $1.00');
    purse.release('a');
    assert.equal(purse.shortage(two), undefined);
  });

  it('begins anew with the local day, also where that has 25 hours, and with the month', () => {
    const one = cadenceOf('one', { runUsd: 1, dayUsd: 1, monthUsd: 2 });
    const world = bank([one], undefined, Date.parse('2026-10-24T22:30:00Z'));
    const purse = world.open();
    world.record('a', 'one', { cost_usd: 1 });
    assert.equal(purse.shortage(one)?.untilMs, Date.parse('2026-10-25T23:00:00Z'));
    world.clock.set(Date.parse('2026-10-25T22:59:59.999Z'));
    assert.ok(purse.shortage(one));
    world.clock.set(Date.parse('2026-10-25T23:00:00Z'));
    assert.equal(purse.shortage(one), undefined);
    world.record('b', 'one', { cost_usd: 1 });
    assert.equal(purse.shortage(one)?.untilMs, Date.parse('2026-10-31T23:00:00Z'));
  });

  it('says when to look again, and that it has eased, when a day has begun or less is set aside', () => {
    const one = cadenceOf('one', { runUsd: 1, dayUsd: 1 });
    const world = bank([one]);
    const purse = world.open();
    assert.equal(purse.tend(), undefined);
    purse.reserve('a', one);
    assert.equal(purse.takeEasing(), false);
    world.record('a', 'one', { cost_usd: 0.5 });
    purse.release('a');
    assert.deepEqual([purse.takeEasing(), purse.takeEasing()], [true, false]);
    const midnight = Date.parse('2026-11-27T23:00:00Z');
    assert.equal(purse.tend(), midnight);
    assert.deepEqual(world.shown()?.holds, {
      one: { scope: 'cadence', until: '2026-11-27T23:00:00.000Z', because: 'today $0.50 of $1.00 spent, a run needs about $1.00' },
    });
    world.clock.set(midnight);
    assert.equal(purse.takeEasing(), true);
    assert.equal(purse.tend(), undefined);
    assert.deepEqual(world.shown()?.holds, {});
    // A clock that was wrong and is set back must not hold anybody for the time that it was ahead.
    world.clock.set(midnight - 1);
    assert.equal(purse.takeEasing(), true);
  });

  it('knows who may cost something: sessions, who has a budget, and who has told a cost', () => {
    const command = { kind: 'command', argv: ['x'], shell: false, cwd: '/', env: { names: [], values: {} }, okCodes: [0] } as const;
    const [plain, teller] = [cadenceOf('plain', undefined, command), cadenceOf('teller', undefined, command)];
    const world = bank([plain, teller, cadenceOf('session', undefined)], { dayUsd: 1 });
    const purse = world.open();
    world.record('a', 'session', { cost_usd: 1 });
    assert.deepEqual([purse.shortage(plain), purse.shortage(teller)], [undefined, undefined]);
    world.record('b', 'teller', { cost_usd: 0.1 });
    assert.deepEqual([purse.shortage(plain) === undefined, purse.shortage(teller) === undefined], [true, false]);
  });

  it('counts also the runs of those whom no file defines, if they have cost something: who mends another, and what was removed', () => {
    const session = cadenceOf('session', undefined);
    const healer = cadenceOf('bus-heal-session', { runUsd: 1 });
    const world = bank([session], { dayRuns: 2 });
    const purse = world.open();
    world.record('a', 'bus-notify-log', { cost_usd: null });
    world.record('b', 'bus-heal-session', { cost_usd: 0.3 });
    assert.equal(purse.shortage(session), undefined);
    world.record('c', 'removed', { cost_usd: null, charged_usd: 1 });
    for (const one of [session, healer]) assert.match(purse.shortage(one)?.because ?? '', /^the whole bus, today 2 of 2 runs used/);
  });

  it('holds who may cost something where nobody knows the budgets, also who tells its first cost then, and shows it', () => {
    const command = { kind: 'command', argv: ['x'], shell: false, cwd: '/', env: { names: [], values: {} }, okCodes: [0] } as const;
    const [plain, teller, late] = [cadenceOf('plain', undefined, command), cadenceOf('teller', undefined, command), cadenceOf('late', undefined, command)];
    const off = { ...cadenceOf('off', undefined, command), enabled: false };
    const world = bank([plain, teller, late, off, cadenceOf('session', undefined)]);
    for (const name of ['teller', 'off']) world.record(name, name, { cost_usd: 0.1 });
    world.record('p', 'plain', { cost_usd: null });
    const purse = world.open();
    const free = () => [plain, teller, late].filter((one) => purse.shortage(one) === undefined).map(({ name }) => name);
    purse.tend();
    assert.deepEqual([free(), world.waiting()], [['plain', 'teller', 'late'], []]);
    world.breakSettings('wrong');
    purse.touch();
    assert.equal(purse.tend(), undefined, 'no time ends it');
    assert.deepEqual([free(), world.waiting(), world.shown()], [['plain', 'late'], ['teller: wrong', 'session: wrong'], undefined]);
    assert.deepEqual(purse.shortage(teller), { because: 'wrong', untilMs: undefined });
    world.record('late', 'late', { cost_usd: 0.1 });
    purse.release('late');
    purse.tend();
    assert.deepEqual([free(), world.waiting().length], [['plain'], 3]);
    world.breakSettings(undefined);
    purse.touch();
    purse.tend();
    assert.deepEqual([free(), world.waiting()], [['plain', 'teller', 'late'], []]);
  });

  it('counts the runs of those who may cost something against the runs of the bus, and no others', () => {
    const command = { kind: 'command', argv: ['x'], shell: false, cwd: '/', env: { names: [], values: {} }, okCodes: [0] } as const;
    const [session, plain] = [cadenceOf('session', undefined), cadenceOf('plain', undefined, command)];
    const world = bank([session, plain], { dayRuns: 2 });
    const purse = world.open();
    for (let n = 0; n < 9; n += 1) world.record(`p${n}`, 'plain', { cost_usd: null });
    assert.equal(purse.shortage(session), undefined);
    world.record('s1', 'session', { cost_usd: null });
    purse.reserve('s2', session);
    assert.equal(purse.shortage(session)?.because, 'the whole bus, today 2 of 2 runs used or under way');
    assert.equal(purse.shortage(plain), undefined);
  });

  it('holds and charges nobody where no budget is set', () => {
    const one = cadenceOf('one', undefined);
    const world = bank([one]);
    const purse = world.open();
    for (let n = 0; n < 100; n += 1) world.record(`r${n}`, 'one', { cost_usd: 100 });
    purse.reserve('a', one);
    assert.deepEqual([purse.shortage(one), purse.charge(one, END, 'a'), purse.tend(), world.shown()], [undefined, undefined, undefined, undefined]);
  });

  it('ends a run whose definition was removed at the limits of the bus, too', () => {
    const one = cadenceOf('one', { runUsd: 1, dayUsd: 1 });
    const world = bank([one], { dayUsd: 2 });
    const purse = world.open();
    purse.reserve('a', one);
    world.define([]);
    assert.deepEqual([purse.meter('a', 2), purse.meter('a', 2.1)], [true, false]);
  });

  it('frees at once whoever gets a larger budget', () => {
    const world = bank([cadenceOf('one', { dayUsd: 1, runUsd: 1 })]);
    const purse = world.open();
    world.record('a', 'one', { cost_usd: 1 });
    purse.tend();
    assert.deepEqual(Object.keys(world.shown()?.holds ?? {}), ['one']);
    const richer = cadenceOf('one', { dayUsd: 2, runUsd: 1 });
    world.define([richer]);
    purse.touch();
    purse.tend();
    assert.deepEqual([world.shown()?.holds, purse.shortage(richer)], [{}, undefined]);
  });
});
