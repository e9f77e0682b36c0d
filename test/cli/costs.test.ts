import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { RunRecord } from '../../lib/core/run.ts';
import { dayOf, toIso } from '../../lib/core/time/instant.ts';
import { createRunLog } from '../../lib/history/run-log.ts';
import { createClock } from '../../lib/platform/clock.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { Clock } from '../../lib/ports.ts';
import { createDesk, type Desk, errorOf } from '../support/cli.ts';
import { startCli } from '../support/owner-cli.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const ZONE = 'Europe/Vienna';
const model = (cost_usd: number) => ({ input: 10, output: 20, cache_read: 0, cache_write: 0, cost_usd });

/** A log whose owner counted the days of Vienna. */
function past(desk: Desk, ...runs: readonly (readonly [cadence: string, agoMs: number, more: Partial<RunRecord>])[]): void {
  pastOf(createClock(), desk, ...runs);
}

function pastOf(
  clock: Pick<Clock, 'nowMs' | 'breathe'>,
  desk: Desk,
  ...runs: readonly (readonly [cadence: string, agoMs: number, more: Partial<RunRecord>])[]
): void {
  const log = createRunLog({ files: createFiles(), clock, paths: desk.paths, zone: ZONE });
  for (const [n, [cadence, agoMs, more]] of runs.entries()) {
    const tick = `past${String(n).padStart(8, '0')}`;
    const at = toIso(Date.now() - agoMs);
    const about = { run_id: `${tick}-1`, cadence, tick, attempt: 1, status: 'succeeded', reason: '', summary: '', started_at: at, ended_at: at } as const;
    log.record({ ...about, duration_ms: 5, exit_code: 0, signal: null, cost_usd: null, stdout_path: null, stderr_path: null, ...more });
  }
  log.close();
}

describe('costs', () => {
  const desk = createDesk();
  desk.put('cadences/brief.md', '---\nbudget: {run_usd: 1, day_usd: 2, month_usd: 20}\n---\nSay hello.\n');
  desk.put('cadences/other.md', 'Say hello too.\n');
  desk.put('cadences/bus.yaml', 'budget: {day_usd: 10, day_runs: 50}\n');
  desk.shell('plain', 'true');
  past(
    desk,
    ['brief', 10 * DAY, { cost_usd: 9 }],
    ['brief', 2 * MINUTE, { cost_usd: 0.5, tokens: { haiku: model(0.1), opus: model(0.4) } }],
    ['brief', 2 * MINUTE, { cost_usd: 0.25, model: 'haiku', status: 'failed', cost_is_estimate: true }],
    ['other', MINUTE, { cost_usd: null, charged_usd: 1, status: 'interrupted' }],
    ['other', MINUTE, { cost_usd: null, prompt_path: '/p.md', status: 'skipped' }],
    ['plain', MINUTE, {}],
  );

  it('P15 tells the spending by cadence, with what of it is a guess, and leaves out what never costs', async () => {
    const { code, said } = await desk.ask('costs', '--since', '1d');
    assert.equal(code, 0);
    assert.deepEqual(said.costs, [
      { name: 'other', runs: 1, usd: 1, guessed_usd: 1 },
      { name: 'brief', runs: 2, usd: 0.75, guessed_usd: 0.25 },
    ]);
    assert.deepEqual(said.total, { runs: 3, usd: 1.75, guessed_usd: 1.25 });
    assert.deepEqual([said.by, said.zone, said.reserved], ['cadence', ZONE, []]);
  });

  it('tells it by model, from what the session told of each, and what is left as unknown', async () => {
    const { said } = await desk.ask('costs', '--since', '1d', '--by', 'model');
    assert.deepEqual(said.costs, [
      { name: 'unknown', runs: 1, usd: 1, guessed_usd: 1 },
      { name: 'opus', runs: 1, usd: 0.4, guessed_usd: 0 },
      { name: 'haiku', runs: 2, usd: 0.35, guessed_usd: 0.25 },
    ]);
  });

  it('tells it by day, of one cadence, as far back as it is asked', async () => {
    const { said } = await desk.ask('costs', 'brief', '--since', '30d', '--by', 'day');
    const days = said.costs as readonly { readonly name: string; readonly usd: number }[];
    assert.deepEqual([days[0]?.usd, days.reduce((sum, { usd }) => sum + usd, 0)], [9, 9.75]);
    const name = new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE }).format(Date.now() - 10 * DAY);
    assert.equal(days[0]?.name, name, 'a day of the owner');
  });

  it('has each budget beside it: of the bus with all money and the runs of those who may cost some, of a cadence with its own', async () => {
    const { said } = await desk.ask('costs');
    const budgets = said.budgets as readonly Readonly<Record<string, unknown>>[];
    assert.deepEqual(
      budgets.map(({ key, period, unit, most }) => [key, period, unit, most]),
      [
        ['bus', 'day', 'usd', 10],
        ['bus', 'day', 'runs', 50],
        ['cadence:brief', 'day', 'usd', 2],
        ['cadence:brief', 'month', 'usd', 20],
      ],
    );
    const { stdout } = await desk.tell('costs');
    assert.match(stdout, /cadence:brief {2}this month {2}\$\d+\.\d\d of \$20\.00/);
    assert.match(stdout, /of which \$1\.00 is a guess/);
  });

  it('has the runs and the budget of who mends a cadence among them', async () => {
    const healed = createDesk();
    healed.put('cadences/bus.yaml', 'budget: {day_runs: 5}\n');
    healed.shell('train', 'false', 'on_failure: [{ agent: { max_usd: 1, day_usd: 3 } }]');
    past(healed, ['bus-heal-train', 0, { cost_usd: 0.5, status: 'dead', blame: 'nobody', prompt_path: '/p.md' }], ['bus-notify-log', 0, {}]);
    const { said } = await healed.ask('costs');
    const budgets = said.budgets as readonly Readonly<Record<string, unknown>>[];
    assert.deepEqual(
      budgets.map(({ key, unit, most, spent }) => [key, unit, most, spent]),
      [
        ['bus', 'runs', 5, 1],
        ['cadence:bus-heal-train', 'usd', 3, 0.5],
      ],
    );
    assert.equal(((await healed.ask('costs', 'bus-heal-train')).said.budgets as readonly unknown[]).length, 2);
  });

  it('refuses a cadence that never was, and a group that there is none of', async () => {
    assert.deepEqual([errorOf(await desk.ask('costs', 'breif')).code, errorOf(await desk.ask('costs', '--by', 'modle')).code], [66, 64]);
    assert.match(errorOf(await desk.ask('costs', 'breif')).hint, /Did you mean brief\?/);
    assert.match(errorOf(await desk.ask('costs', '--by', 'modle')).hint, /Did you mean model\?/);
  });

  it('is short where nothing was ever spent', async () => {
    const empty = createDesk();
    empty.shell('plain', 'true');
    const { code, stdout } = await empty.tell('costs');
    assert.equal(code, 0);
    assert.match(stdout, /^Nothing has cost anything since /);
  });
});

describe('check and show', () => {
  it('P15 tell the most that a cadence may cost in a month', async () => {
    const desk = createDesk();
    desk.put('cadences/brief.md', '---\nbudget: {day_usd: 2}\n---\nSay hello.\n');
    desk.put('cadences/daily.md', '---\nschedule: "0 7 * * *"\nretry: {attempts: 1}\nrun: {claude: {max_usd: 0.1}}\n---\nSay hello.\n');
    desk.put('cadences/often.md', '---\nschedule: every 5m\nretry: {attempts: 1}\nbudget: {run_usd: 0.1}\n---\nSay hello.\n');
    desk.put('cadences/wild.md', 'Say hello.\n');
    desk.shell('plain', 'true');
    const { said } = await desk.ask('check');
    assert.deepEqual(said.monthly_costs, [
      { cadence: 'brief', most_usd: 62, because: '31 days of $2.00' },
      { cadence: 'daily', most_usd: 3.1, because: '31 fires, runs of at most $0.10' },
      { cadence: 'often', most_usd: 892.8, because: '8928 fires, runs of at most $0.10' },
      { cadence: 'wild', most_usd: null, because: 'no limit is set' },
    ]);
    assert.match((await desk.tell('check')).stdout, /wild: nothing limits what it costs: set budget/);
    assert.match((await desk.tell('show', 'daily')).stdout, /a month +at most \$3\.10 a month \(31 fires/);
    assert.equal((await desk.ask('show', 'plain')).said.monthly_cost, null);
    desk.put('cadences/bus.yaml', 'budget: {month_usd: 50}\n');
    const bounded = (await desk.ask('show', 'wild')).said.monthly_cost;
    assert.deepEqual(bounded, { cadence: 'wild', most_usd: 50, because: 'the budget of the whole bus' });
  });
});

it('costs, analyze and runs say what retention has taken of what they were asked for', async () => {
  const desk = createDesk();
  desk.put('cadences/brief.md', 'Say hello.\n');
  const before = { ...createClock(), nowMs: () => Date.now() - 5 * DAY };
  pastOf(before, desk, ['brief', 5 * DAY, { cost_usd: 9 }], ['seldom', 5 * DAY, {}]);
  past(desk, ['brief', MINUTE, { cost_usd: 1 }]);
  const goneOf = async (...words: readonly string[]): Promise<unknown> => (await desk.ask(...words)).said.gone_before;
  assert.deepEqual([await goneOf('costs', '--since', '9d'), await goneOf('analyze', '--since', '9d')], [undefined, undefined]);
  rmSync(`${desk.paths.runs}/${dayOf(before.nowMs())}.jsonl`);
  const [oldest] = readdirSync(desk.paths.runs).filter((file) => file.endsWith('.jsonl'));
  const day = oldest?.slice(0, 10);
  assert.deepEqual(
    [await goneOf('costs', '--since', '9d'), await goneOf('analyze', '--since', '9d'), await goneOf('costs', '--since', '1s')],
    [day, day, undefined],
  );
  assert.match((await desk.tell('runs', 'seldom')).stdout, /^What ran of seldom is on file no more \(retention\); the last one: succeeded at 20\S+Z\.\n$/);
});

it('costs counts as many runs as there are in little memory, for it forgets each once it is counted', async () => {
  const desk = createDesk();
  desk.put('cadences/brief.md', 'Say hello.\n');
  const count = 80_000;
  // As many as a call may have arguments, and more.
  const some = Array.from({ length: count / 16 }, () => ['brief', MINUTE, { cost_usd: 0.01, summary: 'Said hello.' }] as const);
  for (let n = 0; n < 16; n += 1) past(desk, ...some);
  const { ended } = startCli(['costs', '--since', '400d', '--json', '--root', desk.root], { env: { NODE_OPTIONS: '--max-old-space-size=48' } });
  const { code, stdout, stderr } = await ended;
  assert.equal(code, 0, stderr.slice(0, 400));
  assert.deepEqual([JSON.parse(stdout).total.runs, JSON.parse(stdout).total.usd], [count, count / 100]);
});
