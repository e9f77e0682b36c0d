import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { takeAudit } from '../../lib/app/answers/audit.ts';
import { reasonsToWait } from '../../lib/app/answers/holds.ts';
import type { BusEvent } from '../../lib/core/event.ts';
import { toMicros } from '../../lib/core/money/budget.ts';
import { spentBy, tallyOf } from '../../lib/core/money/spending.ts';
import type { Outcome } from '../../lib/core/outcome.ts';
import { FORCED_DUE_MS, formatTickName, parseTickName } from '../../lib/core/tick.ts';
import { createLocalDays } from '../../lib/core/time/local-day.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { readMachine } from '../../lib/platform/machine.ts';
import type { Files, Job, RunEnd, Runner } from '../../lib/ports.ts';
import { type TestClock, testClock } from '../support/bus.ts';
import { storyOwner } from '../support/story.ts';
import { tempRoot } from '../support/temp-root.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const DAYS = createLocalDays(readMachine().zone);
/** A day of 24 hours without a change of the month, wherever this is run. */
const DAY = DAYS.dayAt(Date.UTC(2026, 10, 18, 12));
const T0 = DAY.startMs + MINUTE;
const FAIL: Outcome = { kind: 'fail', blame: 'cadence', reason: 'exit 1' };
const FREE_OF_BREAKERS = 'overlap: queue\nretry: { attempts: 1 }\nbreaker: { failures: 1000, open: 1s, max_open: 1s }\n';

let count = 0;

type Handler = (job: Job) => Partial<RunEnd> | Promise<Partial<RunEnd>>;

/** An owner over real files, whose runs cost what the test says. */
async function night(cadences: Readonly<Record<string, string>>, handle: Handler, root = tempRoot(), clock: TestClock = testClock(T0)) {
  mkdirSync(`${root}/cadences`, { recursive: true });
  const put = (name: string, text: string): void => writeFileSync(`${root}/cadences/${name}`, `${text}\n`);
  for (const [name, text] of Object.entries(cadences)) put(name, text);
  const began: string[] = [];
  const run: Runner['run'] = async (job) => {
    began.push(job.cadence.name);
    return { outcome: { kind: 'ok', summary: '' }, ending: undefined, stdoutPath: null, stderrPath: null, ...(await handle(job)) };
  };
  const hints: (() => void)[] = [];
  const watch: Files['watch'] = (_dir, onChange) => {
    hints.push(onChange);
    return { close: () => undefined };
  };
  const { parts, fault } = storyOwner(root, { ...createFiles(), watch }, clock, { run, adopt: run });
  void fault.then((error) => {
    throw error;
  });
  const events: BusEvent[] = [];
  parts.journal.onEvent((event) => events.push(event));
  await parts.recover();
  parts.queue.onArrival(() => undefined);
  return {
    root,
    clock,
    parts,
    events,
    began,
    put,
    drop(cadence: string): string {
      const id = `tick${String(++count).padStart(8, '0')}`;
      const dueMs = clock.nowMs();
      const tick = { cadence, source: 'test', enqueued_at: new Date(dueMs).toISOString(), payload: count };
      writeFileSync(`${parts.paths.inbox}/${formatTickName({ dueMs, cadence, id, attempts: 0 })}`, `${JSON.stringify(tick)}\n`);
      return id;
    },
    /** Polls until nothing more happens at this instant; answers when the owner would wake by itself. */
    async settle(): Promise<number | undefined> {
      let nextMs: number | undefined;
      for (let [quiet, before] = [0, began.length]; quiet < 3; quiet = began.length === before ? quiet + 1 : 0) {
        before = began.length;
        for (const hint of hints) hint();
        nextMs = await parts.consumer.poll();
        // A session begins when the journal is on disk.
        await parts.journal.flush();
        await clock.breathe();
        await parts.conclusion.idle();
        await clock.breathe();
      }
      return nextMs;
    },
    spent: (day: string, cadence?: string): number => {
      const { bus, cadences: each } = parts.runLog.spending();
      return tallyOf(cadence === undefined ? bus : each.get(cadence), day).micros;
    },
    pending: () => [parts.paths.inbox, parts.paths.waiting].flatMap((dir) => readdirSync(dir)).flatMap((file) => parseTickName(file) ?? []),
    purse: () => JSON.parse(readFileSync(parts.paths.purse, 'utf8')),
    close() {
      parts.book.save();
      parts.runLog.close();
      parts.journal.close();
    },
  };
}

const session = (more: string): Readonly<Record<string, string>> => ({ 'brief.md': `---\n${FREE_OF_BREAKERS}${more}\n---\nDo it.` });

describe('a budget', () => {
  it('P15 A26 ends a night that would have cost $248 at the five dollars of its day, and goes on by itself when the next one begins', async () => {
    const bus = await night(session('budget: { day_usd: 5 }'), () => ({ outcome: FAIL, costUsd: 0.8612 }));
    for (let tick = 0; tick < 288; tick += 1) {
      bus.drop('brief');
      await bus.settle();
      bus.clock.set(Math.min(DAY.endMs - 1, T0 + (tick + 1) * 5 * MINUTE));
    }
    const spent = bus.spent(DAY.name);
    assert.ok(spent > toMicros(4) && spent <= toMicros(5), `$${spent / 1e6} were spent`);
    assert.equal(bus.began.length, 5);
    const held = bus.pending();
    assert.deepEqual([held.length, held.every(({ attempts }) => attempts === 0)], [283, true], 'nothing that waits is charged a try');
    const because = 'today $4.31 of $5.00 spent, a run needs about $0.86';
    assert.deepEqual(bus.purse().holds, { brief: { scope: 'cadence', until: new Date(DAY.endMs).toISOString(), because } });
    assert.deepEqual(
      bus.events.filter(({ stage }) => stage.startsWith('budget')).map(({ stage, cadence }) => [stage, cadence]),
      [['budget_held', 'brief']],
      'told once, not with every tick',
    );
    assert.equal(await bus.settle(), DAY.endMs, 'it wakes when the day ends');
    bus.clock.set(DAY.endMs);
    await bus.settle();
    assert.equal(bus.began.length, 6);
    for (let n = 0; n < 12; n += 1) {
      bus.clock.advance(5 * MINUTE);
      await bus.settle();
    }
    assert.equal(bus.began.length, 10);
    assert.ok(bus.spent(DAYS.dayAt(DAY.endMs).name) <= toMicros(5));
    assert.deepEqual([takeAudit(bus.root).missing, takeAudit(bus.root).doubled], [[], []]);
    bus.close();
  });

  it('is exceeded by one run at most, though its past made it look cheap', async () => {
    let runs = 0;
    const bus = await night(session('budget: { day_usd: 5 }'), () => ({ outcome: FAIL, costUsd: ++runs <= 10 ? 0.01 : 6 }));
    for (let tick = 0; tick < 50; tick += 1) {
      bus.drop('brief');
      await bus.settle();
      bus.clock.advance(5 * MINUTE);
    }
    assert.equal(bus.began.length, 11);
    assert.equal(bus.spent(DAY.name), toMicros(6.1));
    bus.close();
  });

  it('P15 lets one of two lanes have the last dollar, though both could start at once', async () => {
    const ends: (() => void)[] = [];
    const bus = await night(
      { 'bus.yaml': 'budget: { day_usd: 1.75 }\nlanes: { agent: 8 }', ...twins('budget: { run_usd: 1 }') },
      () => new Promise((resolve) => ends.push(() => resolve({ costUsd: 0.25 }))),
    );
    for (const name of ['one', 'two', 'three']) bus.drop(name);
    await bus.settle();
    assert.equal(bus.began.length, 1, 'a dollar is set aside, and three quarters are not enough for a second run');
    assert.equal(Object.keys(bus.purse().reserved).length, 1);
    assert.equal(Object.keys(bus.purse().holds).length, 2);
    // What is not spent is free again at once, and those who wait need not wait for midnight.
    ends.shift()?.();
    await bus.settle();
    assert.equal(bus.began.length, 2);
    ends.shift()?.();
    await bus.settle();
    assert.equal(bus.began.length, 3);
    ends.shift()?.();
    await bus.settle();
    assert.deepEqual([bus.spent(DAY.name), bus.purse().reserved, bus.purse().holds], [750_000, {}, {}]);
    bus.close();
  });

  it('frees its cadence at once when it is raised in the file', async () => {
    const bus = await night(session('budget: { run_usd: 1, day_usd: 1 }'), () => ({ costUsd: 1 }));
    for (let n = 0; n < 3; n += 1) bus.drop('brief');
    await bus.settle();
    assert.equal(bus.began.length, 1);
    const [, cadence] = [bus.root, bus.parts.definitions.get('brief')?.cadence];
    assert.ok(cadence !== undefined && reasonsToWait(bus.root, cadence).length === 0, 'for a reader the hold of this clock is long over');
    bus.put('brief.md', `---\n${FREE_OF_BREAKERS}budget: { run_usd: 1, day_usd: 2 }\n---\nDo it.`);
    bus.parts.announceDefinitions(bus.parts.definitions.reload());
    await bus.settle();
    assert.equal(bus.began.length, 2);
    bus.put('brief.md', `---\n${FREE_OF_BREAKERS}\n---\nDo it.`);
    bus.parts.announceDefinitions(bus.parts.definitions.reload());
    await bus.settle();
    assert.equal(bus.began.length, 3);
    assert.ok(!existsSync(bus.parts.paths.purse), 'where no budget is set there is no purse');
    bus.close();
  });

  it('sets money aside for what it adopts, and counts what was spent before it came', async () => {
    const root = tempRoot();
    const clock = testClock(T0);
    const first = await night(session('budget: { run_usd: 1, day_usd: 3 }'), () => ({ costUsd: 1 }), root, clock);
    first.drop('brief');
    await first.settle();
    first.close();
    // It dies while its second run is under way.
    const dying = await night({}, () => new Promise<RunEnd>(() => undefined), root, clock);
    dying.drop('brief');
    await dying.settle();
    mkdirSync(`${dying.parts.paths.running}/${dying.parts.jobs.running()[0]?.runId}`, { recursive: true });
    const ends: (() => void)[] = [];
    const next = await night({}, () => new Promise((resolve) => ends.push(() => resolve({ ending: lost(), outcome: FAIL }))), root, clock);
    assert.equal(next.parts.jobs.running().length, 1);
    await next.settle();
    assert.deepEqual(Object.values(next.purse().reserved), [{ cadence: 'brief', usd: 1 }]);
    ends.shift()?.();
    await next.settle();
    // What it cost nobody knows: it is charged all that was set aside.
    const charged = next.parts.history.runs({ cadence: 'brief', limit: 1 })[0];
    assert.deepEqual([charged?.cost_usd, charged?.charged_usd, charged && spentBy(charged)], [null, 1, toMicros(1)]);
    assert.equal(next.spent(DAY.name), toMicros(2));
    next.close();
  });

  it('counts runs for agents that do not tell what they cost', async () => {
    const bus = await night({ 'robot.yaml': `run: { command: [robot] }\n${FREE_OF_BREAKERS}budget: { day_runs: 3 }` }, () => ({}));
    for (let n = 0; n < 9; n += 1) bus.drop('robot');
    await bus.settle();
    assert.equal(bus.began.length, 3);
    assert.equal(bus.purse().holds.robot.because, 'today 3 of 3 runs used');
    bus.clock.set(DAY.endMs + 12 * HOUR);
    await bus.settle();
    assert.equal(bus.began.length, 6);
    bus.close();
  });

  it('D5 holds a forced tick like every other: a wish for now is no money', async () => {
    const bus = await night(session('budget: { run_usd: 1, day_usd: 1 }'), () => ({ costUsd: 1 }));
    bus.drop('brief');
    await bus.settle();
    const tick = { cadence: 'brief', source: 'cli', enqueued_at: new Date(bus.clock.nowMs()).toISOString(), force: true };
    const name = { dueMs: FORCED_DUE_MS, cadence: 'brief', id: 'forcedforced', attempts: 0 };
    writeFileSync(`${bus.parts.paths.inbox}/${formatTickName(name)}`, `${JSON.stringify(tick)}\n`);
    await bus.settle();
    assert.deepEqual([bus.began.length, bus.pending().map(({ id }) => id)], [1, ['forcedforced']]);
    bus.clock.set(DAY.endMs);
    await bus.settle();
    assert.deepEqual([bus.began.length, bus.pending().length], [2, 0], 'the next day has money, and it runs');
    assert.equal(bus.parts.history.find('forcedforced')?.force, true);
    bus.close();
  });

  it('of the bus does not hold what costs nothing', async () => {
    const bus = await night(
      { 'bus.yaml': 'budget: { day_usd: 1 }', 'free.yaml': `run: { command: [free] }\n${FREE_OF_BREAKERS}`, ...session('') },
      ({ cadence }) => (cadence.name === 'brief' ? { costUsd: 1 } : {}),
    );
    for (let n = 0; n < 3; n += 1) for (const name of ['brief', 'free']) bus.drop(name);
    await bus.settle();
    assert.deepEqual(bus.began.toSorted(), ['brief', 'free', 'free', 'free']);
    assert.equal(bus.purse().holds.brief.because, 'the whole bus, today $1.00 of $1.00 spent, a run needs about $1.00');
    bus.close();
  });
});

function twins(budget: string): Readonly<Record<string, string>> {
  return Object.fromEntries(['one', 'two', 'three'].map((name) => [`${name}.md`, `---\nworkspace: /tmp/${name}\n${FREE_OF_BREAKERS}${budget}\n---\nDo it.`]));
}

function lost() {
  const nothing = { code: null, signal: null, spawnError: null, stoppedFor: 'lost', durationMs: 1, stdoutTail: '', stderrTail: '' } as const;
  return { ...nothing, droppedBytes: 0, survivors: [] };
}
