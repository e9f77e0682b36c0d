import assert from 'node:assert/strict';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { lookAround } from '../../lib/app/watch/sight.ts';
import { pathsOf } from '../../lib/core/paths.ts';
import type { Missing, Sight } from '../../lib/core/watch/watch.ts';
import type { OwnerState } from '../../lib/ports.ts';
import { createTimeYard, type TimeYard } from '../support/time-yard.ts';

const HOUR = 3_600_000;
const START = '2026-11-20T06:30:00Z';

/** What the watchman sees of it; an owner that was crashed is gone. */
function seen(yard: TimeYard, isOwned: boolean): Promise<Sight> {
  const state: OwnerState = isOwned ? { kind: 'answers', info: undefined, tookMs: 1 } : { kind: 'none', info: undefined };
  return lookAround({ root: yard.root, listTimers: async () => [], askOwner: async () => state, nowMs: yard.clock.nowMs });
}

/** Files know the time of the machine that the test runs on, and the story has another one. */
function date(yard: TimeYard, name: string, iso: string): void {
  utimesSync(`${yard.root}/cadences/${name}.yaml`, new Date(iso), new Date(iso));
}

function yardWith(name: string, ...lines: readonly string[]): TimeYard {
  const yard = createTimeYard({ startIso: START });
  yard.cadence(name, ...lines);
  date(yard, name, START);
  return yard;
}

const brief = (missing: readonly Missing[]): readonly string[] => missing.map(({ cadence, level, slots }) => `${cadence} ${level} ${slots.length}`);

describe('P22 what the watchman sees of runs', () => {
  it('is nothing as long as they come, and every slot of an owner that died, with levels by how long it lasts', async () => {
    const yard = yardWith('job', 'schedule: hourly :00', 'timezone: UTC');
    await yard.start();
    await yard.passUntil('2026-11-20T09:30:00Z');
    assert.deepEqual((await seen(yard, true)).missing, []);
    yard.crash();
    yard.clock.advance(40 * 60_000);
    const first = await seen(yard, false);
    assert.deepEqual(brief(first.missing), ['job none 1'], 'ten minutes after the slot');
    assert.match(first.missing[0]?.because ?? '', /last ran 1h 10m ago; the slot of 2026-11-20T10:00:00Z was missed: no owner is running/);
    yard.clock.advance(2 * HOUR);
    assert.deepEqual(brief((await seen(yard, false)).missing), ['job warning 3']);
    yard.clock.advance(13 * HOUR);
    assert.deepEqual(brief((await seen(yard, false)).missing), ['job critical 16']);
    await yard.start();
    assert.deepEqual((await seen(yard, true)).missing, [], 'the latest slot was made up for');
  });

  it('leaves a slot three minutes before it is called missed', async () => {
    const yard = yardWith('job', 'schedule: hourly :00', 'timezone: UTC');
    await yard.start();
    await yard.passUntil('2026-11-20T07:30:00Z');
    yard.crash();
    yard.clock.set(Date.parse('2026-11-20T08:02:00Z'));
    assert.deepEqual((await seen(yard, false)).missing, []);
    yard.clock.set(Date.parse('2026-11-20T08:03:00Z'));
    assert.equal((await seen(yard, false)).missing.length, 1);
  });

  it('with catchup: skip a night of sleep is no worry; that nothing runs at all is one', async () => {
    const yard = yardWith('job', 'schedule: hourly :00', 'timezone: UTC', 'catchup: skip');
    await yard.start();
    await yard.passUntil('2026-11-20T07:30:00Z');
    await yard.sleepUntil('2026-11-20T08:25:00Z');
    assert.deepEqual((await seen(yard, true)).missing, [], 'the slot of 8:00 was missed, as it was asked for');
    yard.crash();
    yard.clock.set(Date.parse('2026-11-20T09:30:00Z'));
    assert.deepEqual(brief((await seen(yard, false)).missing), ['job none 0']);
  });

  it('a file that is dated ahead of now, as out of an archive, hides nothing', async () => {
    const yard = yardWith('job', 'schedule: hourly :00', 'timezone: UTC');
    await yard.start();
    await yard.passUntil('2026-11-20T09:30:00Z');
    yard.crash();
    date(yard, 'job', '2030-01-01T00:00:00Z');
    assert.deepEqual((await seen(yard, false)).missing, []);
    yard.clock.advance(15 * HOUR);
    assert.deepEqual(brief((await seen(yard, false)).missing), ['job critical 15']);
  });

  it('an edit gives a cadence its time anew, and one that has never run is missing after that time, too', async () => {
    const yard = yardWith('job', 'schedule: weekly mon 7:00', 'timezone: UTC');
    yard.clock.set(Date.parse('2026-11-29T12:00:00Z'));
    assert.deepEqual(brief((await seen(yard, false)).missing), ['job none 0'], 'it has never run');
    yard.cadence('job', 'schedule: hourly :00', 'timezone: UTC');
    date(yard, 'job', '2026-11-29T12:00:00Z');
    assert.deepEqual((await seen(yard, false)).missing, []);
    yard.clock.advance(100 * 60_000);
    assert.deepEqual(brief((await seen(yard, false)).missing), ['job none 0']);
  });

  it('what a person has paused, switched off or asked to ignore is not waited for', async () => {
    const yard = yardWith('job', 'schedule: hourly :00', 'timezone: UTC');
    await yard.start();
    await yard.passUntil('2026-11-20T07:30:00Z');
    await yard.owner().scheduling.ignore('job', yard.clock.nowMs() + 48 * HOUR);
    yard.crash();
    yard.clock.advance(10 * HOUR);
    const [ignored] = (await seen(yard, false)).missing;
    assert.equal(ignored?.ignoredUntilMs, Date.parse('2026-11-22T07:30:00Z'));
    yard.clock.advance(39 * HOUR);
    assert.equal((await seen(yard, false)).missing[0]?.ignoredUntilMs, undefined, 'for 48 hours at most');
    yard.cadence('job', 'schedule: hourly :00', 'enabled: false');
    date(yard, 'job', START);
    assert.deepEqual((await seen(yard, false)).missing, []);
  });

  it('says what holds it', async () => {
    const yard = createTimeYard({ startIso: START, outcome: () => ({ kind: 'fail', fault: 'permanent', message: 'no such table' }) as never });
    yard.cadence('job', 'schedule: hourly :00', 'timezone: UTC', 'budget: { day_runs: 1 }');
    date(yard, 'job', START);
    await yard.start();
    await yard.passUntil('2026-11-20T12:30:00Z');
    const [missing] = (await seen(yard, true)).missing;
    assert.match(missing?.because ?? '', /held: over budget until/);
  });

  it('is a cadence that asks to be tried later for longer than its schedule allows, with the words that it says', async () => {
    const putOff = { kind: 'defer', delayMs: 60_000, reason: 'exit 75: the vpn is down' } as const;
    let isUp = true;
    const yard = createTimeYard({ startIso: START, outcome: () => (isUp ? { kind: 'ok', summary: '' } : putOff) });
    yard.cadence('job', 'schedule: hourly :00', 'timezone: UTC');
    date(yard, 'job', START);
    await yard.start();
    await yard.passUntil('2026-11-20T07:30:00Z');
    isUp = false;
    await yard.passUntil('2026-11-20T08:20:00Z');
    assert.deepEqual((await seen(yard, true)).missing, [], 'it is twenty minutes late');
    await yard.passUntil('2026-11-20T10:30:00Z');
    const [missing] = (await seen(yard, true)).missing;
    assert.match(missing?.because ?? '', /^it last ran 3h 30m ago, and 1h 30m is the most that its schedule allows; it was put off: exit 75: the vpn is down$/);
    isUp = true;
    await yard.pass(120_000);
    assert.deepEqual((await seen(yard, true)).missing, []);
  });

  it('says what holds a command that has told a cost, and calls no owner stuck for it, where bus.yaml is wrong', async () => {
    const yard = yardWith('job', 'schedule: hourly :00', 'timezone: UTC');
    const about = { run_id: 'x7k2p9qd4mzt-1', cadence: 'job', tick: 'x7k2p9qd4mzt', attempt: 1, status: 'succeeded', reason: '', summary: '' };
    const run = {
      ...about,
      started_at: START,
      ended_at: START,
      duration_ms: 1,
      exit_code: 0,
      signal: null,
      stdout_path: null,
      stderr_path: null,
      cost_usd: 0.2,
    };
    const { runs } = pathsOf(yard.root);
    mkdirSync(runs, { recursive: true });
    writeFileSync(`${runs}/2026-11-20.jsonl`, `${JSON.stringify({ ...run, prev: null })}\n`);
    writeFileSync(`${yard.root}/cadences/bus.yaml`, 'min_fre: 1GB\n');
    await yard.start();
    await yard.passUntil('2026-11-20T09:30:00Z');
    assert.deepEqual(yard.ran, []);
    const { owner, missing } = await seen(yard, true);
    assert.equal(owner.stuck, undefined);
    assert.match(missing[0]?.because ?? '', /held: broken: \S+bus\.yaml:1:1 {2}min_fre: /);
  });
});

describe('P29 P30 what the watchman sees of timers', () => {
  it('is who has let slots pass, and nobody any more once the timer has asked again', async () => {
    const yard = yardWith('job', 'schedule: hourly :00', 'timezone: UTC');
    writeFileSync(`${yard.root}/cadences/bus.yaml`, 'scheduler: launchd\n');
    await yard.start();
    await yard.passUntil('2026-11-20T09:30:00Z');
    assert.deepEqual((await seen(yard, true)).late, { job: { slots: 3, sinceMs: Date.parse('2026-11-20T07:00:00Z'), expectedMs: 1.5 * HOUR } });
    assert.deepEqual((await seen(yard, true)).missing, [], 'the owner has fired them itself');
    await yard.passUntil('2026-11-20T10:00:00Z');
    await yard.owner().scheduling.hint('job', yard.clock.nowMs());
    await yard.pass(60_000);
    assert.deepEqual((await seen(yard, true)).late, {});
  });
});
