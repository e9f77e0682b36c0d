import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { SimulatedSlot, SimulationTally } from '../../lib/app/simulation/view.ts';
import { formatTickName } from '../../lib/core/tick.ts';
import { toIso } from '../../lib/core/time/instant.ts';
import { createRunLog } from '../../lib/history/run-log.ts';
import { createClock } from '../../lib/platform/clock.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createDesk, type Desk, errorOf } from '../support/cli.ts';

const DAY = ['--from', '2026-11-20T00:00:00Z', '--to', '2026-11-21T00:00:00Z'] as const;

interface Said {
  readonly cadences: readonly (SimulationTally & { cadence: string; estimate: unknown })[];
  readonly totals: SimulationTally;
  readonly slots: readonly SimulatedSlot[];
  readonly fresh: boolean;
  readonly held_at_start: readonly string[];
  readonly spent_at_start_usd: number;
  readonly waiting_at_start: number;
  readonly running_at_start: number;
}

async function simulated(
  desk: Desk,
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly said: Said; readonly of: (name: string) => SimulationTally }> {
  const { code, said } = await desk.ask('simulate', ...words);
  const view = said as unknown as Said;
  const of = (name: string): SimulationTally => {
    const found = view.cadences.find(({ cadence }) => cadence === name);
    assert.ok(found !== undefined, `${name} was not told of`);
    return found;
  };
  return { code, said: view, of };
}

/** Every file, with what is in it and when it was written. */
function everything(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const info = statSync(`${root}/${name}`);
      return `${name} ${info.mtimeMs} ${info.isFile() ? readFileSync(`${root}/${name}`, 'utf8') : ''}`;
    });
}

function past(desk: Desk, cadence: string, atMs: number, ...runs: readonly (readonly [durationMs: number, costUsd: number])[]): void {
  const log = createRunLog({ files: createFiles(), clock: createClock(), paths: desk.paths, zone: 'UTC' });
  for (const [n, [duration_ms, cost_usd]] of runs.entries()) {
    const tick = `past${String(n).padStart(8, '0')}`;
    const at = toIso(atMs);
    const about = { run_id: `${tick}-1`, cadence, tick, attempt: 1, status: 'succeeded', reason: '', summary: '', started_at: at, ended_at: at } as const;
    log.record({ ...about, duration_ms, cost_usd, exit_code: 0, signal: null, stdout_path: null, stderr_path: null });
  }
  log.close();
}

describe('A42 simulate', () => {
  it('fires every slot of a known schedule once, the one at the first instant too, that at the last not', async () => {
    const desk = createDesk();
    desk.shell('hour', 'exit 1', 'schedule: hourly :00', 'timezone: UTC');
    desk.shell('twice', 'exit 1', 'schedule: daily 7:00,19:00', 'timezone: UTC');
    desk.shell('off', 'exit 1', 'schedule: daily 7:00', 'timezone: UTC', 'enabled: false');
    desk.shell('plain', 'exit 1');
    const { code, said, of } = await simulated(desk, ...DAY);
    assert.deepEqual([of('hour').slots, of('hour').ran, of('twice').ran, of('off').skipped], [24, 24, 2, 1]);
    assert.equal(said.cadences.length, 3, 'who has no schedule is left out');
    assert.equal(said.slots[0]?.at, '2026-11-20T00:00:00Z');
    assert.deepEqual([said.totals.slots, said.totals.ran, said.totals.overlaps], [27, 26, 0]);
    assert.deepEqual([said.totals.unfinished, said.totals.busy_ms], [0, 0], 'a run of unknown length takes no time');
    assert.equal(code, 1, 'one slot does not run');
    desk.shell('off', 'exit 1');
    assert.equal((await simulated(desk, ...DAY)).code, 0);
  });

  it('tells what a run longer than its interval comes to, by the rule of overlap', async () => {
    const desk = createDesk();
    desk.put('cadences/bus.yaml', 'lanes: { wide: 3 }\n');
    for (const overlap of ['queue', 'skip', 'coalesce'])
      desk.shell(overlap, 'true', 'schedule: hourly :00', 'timezone: UTC', `overlap: ${overlap}`, 'timeout: 3h', 'lane: wide');
    const { said, of } = await simulated(desk, '--from', '2026-11-20T00:00:00Z', '--to', '2026-11-20T05:50:00Z', '--duration', '90m');
    const { ran, skipped, overlaps, unfinished } = of('skip');
    assert.deepEqual([ran, skipped, overlaps, unfinished], [3, 3, 3, 0], 'it runs at 0, 2 and 4 o’clock');
    const queue = of('queue');
    assert.deepEqual([queue.slots, queue.ran, queue.unfinished, queue.overlaps], [6, 3, 3, 4], 'at 3 o’clock a run has just ended');
    const late = said.slots.filter(({ cadence, end }) => cadence === 'queue' && end === 'ran').map(({ waited_ms }) => waited_ms);
    assert.deepEqual(late, [0, 30 * 60_000, 60 * 60_000]);
    assert.equal(of('coalesce').overlaps > 0, true);
  });

  it('does not take a run that ends when the next slot comes for an overlap', async () => {
    const desk = createDesk();
    desk.shell('job', 'true', 'schedule: hourly :00', 'timezone: UTC', 'timeout: 3h');
    const { of } = await simulated(desk, ...DAY, '--duration', '1h');
    assert.deepEqual([of('job').ran, of('job').unfinished, of('job').overlaps], [23, 1, 0]);
  });

  it('asks the real gate: a full lane delays, a budget of runs holds for the day', async () => {
    const desk = createDesk();
    desk.put('cadences/bus.yaml', 'lanes: { narrow: 1 }\n');
    desk.shell('first', 'true', 'schedule: daily 12:10', 'timezone: UTC', 'lane: narrow', 'timeout: 1h');
    desk.shell('second', 'true', 'schedule: daily 12:10', 'timezone: UTC', 'lane: narrow', 'timeout: 1h');
    desk.shell('tight', 'true', 'schedule: every 1m', 'timezone: UTC', 'budget: { day_runs: 2 }');
    const span = ['--from', '2026-11-20T12:05:00Z', '--to', '2026-11-20T12:27:00Z', '--duration', '10s'] as const;
    const { said, of } = await simulated(desk, ...span);
    assert.deepEqual(of('second').held_by, [{ cause: 'lane', slots: 1 }]);
    const starts = said.slots.filter(({ cadence }) => cadence !== 'tight').map(({ waited_ms }) => waited_ms);
    assert.deepEqual(starts.sort(), [0, 10_000]);
    const { ran, held, runs, held_by } = of('tight');
    assert.deepEqual([ran, runs], [2, 2]);
    assert.equal(held_by[0]?.cause, 'budget');
    assert.ok(held > 15, `${held} were held`);
  });

  it('says where runs would take longer than their timeout', async () => {
    const desk = createDesk();
    desk.shell('job', 'true', 'schedule: daily 7:00', 'timezone: UTC', 'timeout: 5m', 'retry: { attempts: 2, delays: [1m] }');
    const { code, of } = await simulated(desk, ...DAY, '--duration', '6m');
    const { ran, runs, failed, busy_ms } = of('job');
    assert.deepEqual([code, ran, runs, failed, busy_ms], [1, 1, 2, 2, 600_000]);
  });

  it('takes length and cost of a run from the median of its history', async () => {
    const desk = createDesk();
    desk.shell('job', 'true', 'schedule: daily 7:00,8:00', 'timezone: UTC');
    past(desk, 'job', Date.now() - 3_600_000, [1000, 0.1], [60_000, 0.25], [90_000, 9]);
    const { said, of } = await simulated(desk, ...DAY);
    assert.deepEqual(said.cadences[0]?.estimate, { duration_ms: 60_000, cost_usd: 0.25, from: 'history', runs: 3 });
    assert.deepEqual([of('job').busy_ms, of('job').cost_usd], [120_000, 0.5]);
  });

  it('with a timer of the system, too, fires at the time of the slot', async () => {
    const desk = createDesk();
    desk.put('cadences/bus.yaml', 'scheduler: launchd\n');
    desk.shell('job', 'true', 'schedule: daily 7:00', 'timezone: UTC');
    const { said } = await simulated(desk, ...DAY);
    assert.deepEqual(
      said.slots.map(({ end, waited_ms }) => [end, waited_ms]),
      [['ran', 0]],
    );
  });

  it('changes nothing on the disk, runs nothing, and calls no hook', async () => {
    const desk = createDesk();
    desk.shell('job', `touch ${desk.root}/ran`, 'schedule: every 5m', `on_success: "touch ${desk.root}/hooked"`);
    past(desk, 'job', Date.now() - 3_600_000, [1000, 0.1]);
    const before = everything(desk.root);
    const { code, said } = await simulated(desk, ...DAY, '--duration', '1m');
    assert.deepEqual([code, said.totals.ran], [0, 288]);
    assert.deepEqual(everything(desk.root), before);
  });

  it('takes the definitions of another folder, and says what is wrong with its words', async () => {
    const desk = createDesk();
    desk.shell('old', 'true', 'schedule: hourly :00');
    desk.put('drafts/new.yaml', 'run: { command: ["true"] }\nschedule: daily 7:00\ntimezone: UTC\n');
    const { said } = await simulated(desk, ...DAY, '--config', `${desk.root}/drafts`);
    assert.deepEqual(
      said.cadences.map(({ cadence, ran }) => `${cadence} ${ran}`),
      ['new 1'],
    );
    for (const [words, code, message] of [
      [['--config', `${desk.root}/nowhere`], 66, /there is no folder .*nowhere/],
      [['--from', 'soon'], 64, /--from soon is no time/],
      [['--from', '2026-11-20T00:00:00Z', '--to', '2026-11-19T00:00:00Z'], 64, /--to is not later than --from/],
      [['--to', '2036-01-01T00:00:00Z'], 64, /more than 10000 slots/],
    ] as const) {
      const answer = await desk.ask('simulate', ...words);
      assert.equal(answer.code, code, words.join(' '));
      assert.match(errorOf(answer).message, message);
    }
  });

  it('begins with what is held, paused and spent now, and with --fresh, or in the past, with nothing', async () => {
    const desk = createDesk();
    for (const name of ['open', 'paused', 'free']) desk.shell(name, 'true', 'schedule: every 1m', 'timezone: UTC');
    desk.shell('spent', 'true', 'schedule: every 1m', 'timezone: UTC', 'budget: { day_runs: 1 }');
    desk.put('cadences/asked.md', '---\nschedule: every 1m\ntimezone: UTC\n---\nWrite.\n');
    const nowMs = Date.now();
    const from = toIso(nowMs + 60_000);
    const blamed = { failures: 3, because: 'exit 1', run_id: 'aaaaaaaaaaaa-1' };
    desk.put(
      'state/cadence-bus/holds.json',
      JSON.stringify({
        format: 1,
        through: { day: '', bytes: 0 },
        breakers: {
          'cadence:open': { state: 'open', ...blamed, until: toIso(nowMs + 4 * 60_000), open_ms: 240_000 },
          'account:claude': { state: 'open', ...blamed, class: 'quota', until: toIso(nowMs + 4 * 60_000), open_ms: 240_000 },
        },
        paused: { 'cadence:paused': { since: toIso(nowMs), because: 'for now' } },
      }),
    );
    past(desk, 'spent', nowMs, [1000, 0.25]);
    const before = everything(desk.root);
    const span = ['--from', from, '--to', toIso(nowMs + 10 * 60_000)] as const;
    const { said, of } = await simulated(desk, ...span);
    assert.deepEqual([said.fresh, said.held_at_start.toSorted()], [false, ['account:claude', 'cadence:open', 'cadence:paused']]);
    const heldBy = (name: string) => of(name).held_by.map(({ cause }) => cause);
    assert.deepEqual([of('free').held_by, of('free').ran, of('paused').ran], [[], 9, 0]);
    assert.deepEqual([heldBy('open'), heldBy('asked'), heldBy('paused')], [['circuit-open'], ['circuit-open'], ['pause']]);
    assert.ok(of('open').ran > 0 && of('asked').ran > 0, 'they run when their time is over');
    const today = said.slots.filter(({ cadence, at }) => cadence === 'spent' && new Date(at).getDate() === new Date(nowMs).getDate());
    assert.deepEqual([...new Set(today.map(({ held_by }) => held_by.join()))], today.length === 0 ? [] : ['budget']);
    if (today.length > 0) assert.equal(said.spent_at_start_usd, 0.25);
    assert.deepEqual(everything(desk.root), before);
    const fresh = await simulated(desk, ...span, '--fresh');
    assert.deepEqual(
      [fresh.said.fresh, fresh.said.held_at_start, fresh.of('open').held_by, fresh.of('asked').held_by, fresh.of('paused').ran],
      [true, [], [], [], 9],
    );
    assert.equal(fresh.of('spent').ran, 1);
    assert.equal((await simulated(desk, '--from', '2020-01-01T00:00:00Z', '--to', '2020-01-01T00:10:00Z')).said.fresh, true, 'nobody knows what was held then');
    desk.put('state/cadence-bus/halt', '');
    assert.deepEqual(
      [(await simulated(desk, ...span)).of('free').held_by, (await simulated(desk, ...span, '--fresh')).of('free').ran],
      [[{ cause: 'halt', slots: 9 }], 9],
    );
    const told = await desk.tell('simulate', ...span);
    assert.match(told.stderr, /It begins as the bus is now: held: halt, cadence:paused, cadence:open, account:claude; .*--fresh begins with nothing/);
  });

  it('begins with what waits and runs now: it holds its lane until its usual end, and runs when it is due', async () => {
    const desk = createDesk();
    const nowMs = Date.now();
    const minutes = (n: number): number => nowMs + n * 60_000;
    desk.put('cadences/bus.yaml', 'lanes: { narrow: 1 }\n');
    desk.shell('slow', 'true', 'lane: narrow', 'timeout: 1h');
    desk.shell('next', 'true', 'schedule: every 1m', 'timezone: UTC', 'lane: narrow');
    for (const name of ['later', 'lines', 'foreign']) desk.shell(name, 'true', 'schedule: "0 0 1 1 *"', 'timezone: UTC');
    // It has been under way for 5 minutes, and usually takes 10.
    past(desk, 'slow', minutes(-60), [10 * 60_000, 0]);
    const put = (path: string, ...lines: readonly object[]): void =>
      void desk.put(`state/cadence-bus/${path}`, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const tick = (cadence: string, id: string, dueMs: number, attempts = 0): readonly [string, object] => [
      `${formatTickName({ cadence, id, dueMs, attempts })}`,
      { cadence, source: 'test', enqueued_at: toIso(nowMs) },
    ];
    const [claimed, text] = tick('slow', 'slow00000001', minutes(-5), 1);
    put(`claimed/${claimed}`, text);
    put('running/slow00000001-1/run.json', { started_at: toIso(minutes(-5)) });
    for (const [file, content] of [tick('later', 'later0000001', minutes(3)), tick('later', 'later0000002', minutes(600))]) put(`waiting/${file}`, content);
    put('inbox/foreign.json', { cadence: 'foreign' });
    put(
      'claimed/batch0000001.ndjson',
      { cadence: 'lines', id: 'lines0000001' },
      { cadence: 'lines', id: 'lines0000002' },
      { cadence: 'lines', id: 'lines0000003' },
    );
    put('claimed/batch0000001.ndjson.done', { begun: 0, id: 'lines0000001' }, { done: [[0, 0]] }, { begun: 1, id: 'lines0000002' });
    const [order] = tick('bus-control', 'order0000001', nowMs);
    put(`inbox/${order}`, { cadence: 'bus-control', payload: { order: 'pause', key: 'cadence:next', because: 'left out' } });
    const before = everything(desk.root);
    const fromMs = minutes(1);
    const span = ['--from', toIso(fromMs), '--to', toIso(minutes(9))] as const;
    const { said, of } = await simulated(desk, ...span);
    assert.deepEqual([said.waiting_at_start, said.running_at_start], [4, 2]);
    assert.deepEqual([of('later').runs, of('foreign').runs, of('lines').runs], [1, 1, 2]);
    assert.deepEqual(
      of('next').held_by.map(({ cause }) => cause),
      ['lane'],
    );
    const starts = said.slots.filter(({ cadence, end }) => cadence === 'next' && end === 'ran').map(({ at, waited_ms }) => Date.parse(at) + (waited_ms ?? 0));
    assert.ok(starts.length > 0 && Math.min(...starts) >= minutes(5) - 1000, `it began at ${toIso(Math.min(...starts))}`);
    assert.ok(Math.min(...starts) < minutes(6), 'the run under way has ended');
    assert.deepEqual(everything(desk.root), before);
    const { stderr } = await desk.tell('simulate', ...span);
    assert.match(stderr, /It begins as the bus is now: 4 ticks wait; 2 run\./);
    const fresh = await simulated(desk, ...span, '--fresh');
    assert.deepEqual([fresh.said.waiting_at_start, fresh.said.running_at_start, fresh.of('later').runs, fresh.of('lines').runs], [0, 0, 0, 0]);
    assert.deepEqual([fresh.of('next').held_by, fresh.of('next').ran], [[], 8]);
  });
});
