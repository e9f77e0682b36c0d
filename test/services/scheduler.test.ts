import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { decidedSlots, nextSlotOf, nextSlots } from '../../lib/app/answers/next-slots.ts';
import { describeRoot } from '../../lib/app/answers/self-description.ts';
import { readStatus } from '../../lib/app/answers/status.ts';
import { explainWhy } from '../../lib/app/answers/why.ts';
import { requireCadence } from '../../lib/app/definitions/defined.ts';
import { createReading } from '../../lib/app/reading.ts';
import type { Cadence } from '../../lib/core/cadence.ts';
import { CadenceError } from '../../lib/core/error.ts';
import { pathsOf } from '../../lib/core/paths.ts';
import { createSlotReading } from '../../lib/history/slot-ledger.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createIds } from '../../lib/platform/ids.ts';
import type { Files } from '../../lib/ports.ts';
import { createTimeYard, type TimeYard } from '../support/time-yard.ts';

const HOUR = 3_600_000;

/** `07:00 ran` … */
function told(yard: TimeYard, cadence: string): readonly string[] {
  return yard.slots(cadence).map(({ at, end }) => `${at.slice(5, 16)} ${end}`);
}

async function begun(startIso: string, lines: readonly string[], options: { zone?: string; files?: () => Files } = {}): Promise<TimeYard> {
  const yard = createTimeYard({ startIso, ...options });
  yard.cadence('job', ...lines);
  await yard.start();
  return yard;
}

describe('P22 P26 P31 the slots of a schedule', () => {
  it('run at their time, each once', async () => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: hourly :00']);
    await yard.pass(3 * HOUR);
    assert.deepEqual(yard.ran, ['job 2026-11-20T07:00:00Z 1', 'job 2026-11-20T08:00:00Z 1', 'job 2026-11-20T09:00:00Z 1']);
    assert.deepEqual(told(yard, 'job'), ['11-20T07:00 ran', '11-20T08:00 ran', '11-20T09:00 ran']);
  });

  for (const [catchup, ran, ends] of [
    ['latest', ['T09:00', 'T10:00'], ['superseded', 'superseded', 'ran', 'ran']],
    ['all', ['T07:00', 'T08:00', 'T09:00', 'T10:00'], ['ran', 'ran', 'ran', 'ran']],
    ['skip', ['T10:00'], ['missed', 'missed', 'missed', 'ran']],
  ] as const) {
    it(`that passed in sleep: catchup ${catchup}`, async () => {
      const yard = await begun('2026-11-20T06:30:00Z', ['schedule: hourly :00', `catchup: ${catchup}`]);
      await yard.sleep(3 * HOUR);
      await yard.pass(HOUR);
      assert.deepEqual(
        yard.ran.map((run) => run.slice(14, 20)),
        ran,
      );
      assert.deepEqual(
        yard.slots('job').map(({ end }) => end),
        ends,
      );
      if (catchup !== 'all') assert.match(yard.slots('job')[0]?.because ?? '', /the machine slept for 3h, until 2026-11-20T09:30Z/);
    });
  }

  it('whose lines retention has taken are forgotten, and not missed', async () => {
    const yard = createTimeYard({ startIso: '2026-11-01T06:30:00Z' });
    writeFileSync(`${yard.root}/cadences/bus.yaml`, 'retention: { age: 3d }\n');
    yard.cadence('job', 'schedule: daily 7:00');
    await yard.start();
    for (let day = 0; day < 10; day += 1) await yard.pass(24 * HOUR);
    await yard.owner().upkeep.daily();
    const slots = yard.slots('job');
    assert.deepEqual(
      slots.map(({ end }) => end),
      [...Array(3).fill('forgotten'), ...Array(7).fill('ran')],
    );
    assert.equal(slots[0]?.because, 'what was before 2026-11-08 is on file no more (retention)');
  });

  it('that came later than their window are missed, and say why', async () => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: daily 7:00', 'window: 1h']);
    await yard.sleep(2 * HOUR);
    assert.deepEqual(yard.ran, []);
    assert.match(yard.slots('job')[0]?.because ?? '', /slept for 2h.*, and its window of 1h was over/);
  });

  it('that passed while the machine was off say so, and of a year off one run is made up for', async () => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: hourly :00']);
    await yard.pass(HOUR);
    await yard.off(365 * 24 * HOUR);
    await yard.start();
    const slots = yard.slots('job');
    assert.equal(slots.length, 1 + 365 * 24);
    assert.equal(yard.ran.length, 2);
    assert.match(slots[1]?.because ?? '', /took over: the machine was started at 2027-11-20T07:30Z and no owner ran before \(the last one died\)/);
    assert.deepEqual(new Set(slots.map(({ end }) => end)), new Set(['ran', 'superseded']));
  });

  it('that nobody has seen to say what the next owner does: one, each, or none whose window is over', async () => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: daily 7:00,8:00', 'catchup: all', 'window: 1h']);
    await yard.stop('ended by SIGTERM');
    await yard.pass(2 * HOUR);
    const [first, second] = yard.slots('job').map(({ because }) => because);
    assert.match(first ?? '', /; its window of 1h is over$/);
    assert.match(second ?? '', /; each of the latest 100 such slots is made up for when an owner starts within its window of 1h$/);
    await yard.start();
    assert.deepEqual(told(yard, 'job'), ['11-20T07:00 missed', '11-20T08:00 ran']);
  });

  it('that passed after an owner had stopped name its last word, also while nobody is there', async () => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: daily 7:00,8:00', 'catchup: skip']);
    await yard.stop('ended by SIGTERM');
    await yard.pass(HOUR);
    assert.match(yard.slots('job')[0]?.because ?? '', /no owner is running since 2026-11-20T06:30Z \(it stopped: ended by SIGTERM\); it is not made up for/);
    await yard.start();
    assert.match(yard.slots('job')[0]?.because ?? '', /no owner was running \(the last one stopped: ended by SIGTERM\); missed times are not made up for/);
    await yard.pass(HOUR);
    assert.deepEqual(told(yard, 'job'), ['11-20T07:00 missed', '11-20T08:00 ran']);
  });

  it('run no slot twice when the clock is set back, and none too few', async () => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: hourly :00']);
    await yard.pass(2 * HOUR);
    await yard.setClock('2026-11-20T06:15:00Z');
    await yard.pass(4 * HOUR);
    assert.deepEqual(
      yard.ran.map((run) => run.slice(14, 20)),
      ['T07:00', 'T08:00', 'T09:00', 'T10:00'],
    );
  });

  it('that were fired before the clock was set back are no answer to what comes next', async (t) => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: hourly :00']);
    await yard.pass(2 * HOUR);
    await yard.setClock('2026-11-20T06:15:00Z');
    await yard.stop();
    t.mock.timers.enable({ apis: ['Date'], now: Date.parse('2026-11-20T06:16:00Z') });
    const [reading, due] = [createReading(yard.root), '2026-11-20T09:00:00Z'];
    const job = requireCadence(yard.root, 'job').cadence as Cadence;
    const { slots } = await nextSlots(yard.root, 'job', 2);
    assert.deepEqual(
      slots.map(({ at }) => at),
      [due, '2026-11-20T10:00:00Z'],
    );
    assert.equal(nextSlotOf(job, decidedSlots(reading))?.at, due);
    assert.equal(describeRoot(yard.root).cadences[0]?.next_slot?.at, due);
    assert.equal((await readStatus(yard.root, undefined)).cadences[0]?.next, due);
    const why = await explainWhy(yard.root, 'job', { at: undefined, sinceMs: undefined });
    assert.deepEqual(
      why.slots.map(({ at, end }) => `${at} ${end}`),
      ['2026-11-20T07:00:00Z ran', '2026-11-20T08:00:00Z ran', `${due} due`],
    );
  });

  it('that were passed over when the clock was ahead are due again when it is set back, and those from before their plan are told', async () => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: hourly :00']);
    await yard.setClock('2026-11-20T12:30:00Z');
    await yard.setClock('2026-11-20T04:30:00Z');
    await yard.pass(HOUR);
    const at = (iso: string) => yard.slots('job', { untilMs: Date.parse('2026-11-20T23:00:00Z') }).find(({ at: slot }) => slot === iso);
    assert.equal(at('2026-11-20T05:00:00Z')?.end, 'ran');
    assert.match(at('2026-11-20T07:00:00Z')?.because ?? '', /^due in 1h 30m/);
    await yard.pass(2 * HOUR);
    assert.equal(at('2026-11-20T07:00:00Z')?.end, 'ran');
    assert.equal(at('2026-11-20T12:00:00Z')?.end, 'ran');
  });

  it('go on when the clock is set back though a later one, whose tick waits, gives way to them', async () => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: hourly :00']);
    const { halt } = pathsOf(yard.root);
    writeFileSync(halt, '');
    await yard.pass(45 * 60_000);
    rmSync(halt);
    await yard.setClock('2026-11-20T03:30:00Z');
    await yard.pass(3 * HOUR);
    assert.deepEqual(
      yard.ran.map((run) => run.slice(14, 20)),
      ['T04:00', 'T05:00', 'T06:00'],
    );
    assert.deepEqual(told(yard, 'job'), ['11-20T04:00 ran', '11-20T05:00 ran', '11-20T06:00 ran']);
    const later = yard.slots('job', { untilMs: Date.parse('2026-11-20T07:30:00Z') }).at(-1);
    assert.match(later?.because ?? '', /^the slot of 2026-11-20T04:00:00Z took over/);
  });

  it('go on when the clock is set back though the disk refuses to write it down at that moment', async () => {
    let isFull = false;
    const files = (): Files => {
      const real = createFiles();
      return {
        ...real,
        append(path) {
          const log = real.append(path);
          if (!path.includes('/slots/')) return log;
          return {
            get endBytes() {
              return log.endBytes;
            },
            write: (text) => log.write(text),
            flush: async () => (isFull ? Promise.reject(new CadenceError('io', `cannot flush ${path}: ENOSPC`, '')) : log.flush()),
            close: () => log.close(),
          };
        },
      };
    };
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: hourly :00'], { files });
    await yard.pass(HOUR);
    isFull = true;
    await yard.setClock('2026-11-20T02:30:00Z');
    isFull = false;
    await yard.pass(2 * HOUR);
    assert.deepEqual(
      yard.ran.map((run) => run.slice(14, 20)),
      ['T07:00', 'T03:00', 'T04:00'],
    );
  });

  it('a clock that was a year ahead for a while blocks nothing', async () => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: hourly :00']);
    await yard.setClock('2027-11-20T06:30:00Z');
    await yard.pass(HOUR);
    await yard.setClock('2026-11-20T07:30:00Z');
    await yard.pass(2 * HOUR);
    assert.deepEqual(
      yard.ran.map((run) => run.slice(4, 17)),
      ['2027-11-20T06', '2027-11-20T07', '2026-11-20T08', '2026-11-20T09'],
    );
    assert.ok(yard.owner().journal !== undefined);
  });

  it('forward by hours is explained as what it is', async () => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: hourly :00', 'catchup: skip']);
    await yard.setClock('2026-11-20T08:30:00Z');
    assert.match(yard.slots('job')[0]?.because ?? '', /the clock was set forward by 2h/);
  });

  it('in a zone with summer time: once in the hour that comes twice, after the gap in the one that is not there', async () => {
    const spring = await begun('2026-03-28T00:00:00Z', ['schedule: daily 2:30', 'timezone: Europe/Vienna']);
    await spring.pass(72 * HOUR);
    assert.deepEqual(told(spring, 'job'), ['03-28T01:30 ran', '03-29T01:00 ran', '03-30T00:30 ran']);
    const autumn = await begun('2026-10-24T00:00:00Z', ['schedule: daily 2:30', 'timezone: Europe/Vienna']);
    await autumn.pass(72 * HOUR);
    assert.deepEqual(told(autumn, 'job'), ['10-24T00:30 ran', '10-25T00:30 ran', '10-26T01:30 ran']);
  });

  it('follow the machine into another zone from then on', async () => {
    const yard = await begun('2026-11-20T00:00:00Z', ['schedule: daily 7:00'], { zone: 'Europe/Vienna' });
    await yard.pass(11 * HOUR);
    await yard.carryTo('America/New_York');
    await yard.pass(26 * HOUR);
    assert.deepEqual(told(yard, 'job'), ['11-20T06:00 ran', '11-20T12:00 ran', '11-21T12:00 ran']);
  });

  it('of an edited schedule: the old ones until the edit, the new ones from then on', async () => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: hourly :00']);
    await yard.pass(HOUR);
    yard.cadence('job', 'schedule: hourly :45');
    await yard.pass(HOUR);
    assert.deepEqual(told(yard, 'job'), ['11-20T07:00 ran', '11-20T07:45 ran']);
    yard.cadence('job', 'enabled: false', 'schedule: hourly :45');
    await yard.pass(HOUR);
    assert.match(yard.slots('job').at(-1)?.because ?? '', /says enabled: false/);
    yard.cadence('job');
    await yard.pass(2 * HOUR);
    assert.deepEqual(told(yard, 'job'), ['11-20T07:00 ran', '11-20T07:45 ran', '11-20T08:45 skipped']);
  });

  it('that are held wait, and give way to the next; the last one runs when the hold is over', async () => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: hourly :00']);
    const { book } = yard.owner();
    book.change({ ...book.holds(), paused: { 'cadence:job': { since: '2026-11-20T06:30:00Z', because: 'the disk is swapped' } } });
    await yard.pass(3 * HOUR);
    assert.deepEqual(yard.ran, []);
    assert.deepEqual(told(yard, 'job'), ['11-20T07:00 held', '11-20T08:00 held', '11-20T09:00 held']);
    assert.match(yard.slots('job')[0]?.because ?? '', /the disk is swapped, until the slot of 2026-11-20T08:00:00Z took over/);
    book.change({ ...book.holds(), paused: {} });
    yard.owner().consumer.reconsider();
    await yard.pass(60_000);
    assert.deepEqual(told(yard, 'job'), ['11-20T07:00 held', '11-20T08:00 held', '11-20T09:00 ran']);
  });

  it('that are held beyond their window end as held, and leave nothing in the dlq', async () => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: daily 7:00', 'window: 1h']);
    const { book, files, paths } = yard.owner();
    book.change({ ...book.holds(), paused: { bus: { since: '2026-11-20T06:30:00Z', because: 'a holiday' } } });
    await yard.pass(2 * HOUR);
    assert.deepEqual(yard.slots('job'), [{ at: '2026-11-20T07:00:00Z', end: 'held', because: 'a holiday, until its window was over', run_id: null }]);
    assert.deepEqual(files.list(paths.dlq), []);
  });

  it('that their cadence lets expire say what had kept them, though that is over by then', async () => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: daily 7:00', 'expires: 1h']);
    const { book, consumer } = yard.owner();
    book.change({ ...book.holds(), paused: { bus: { since: '2026-11-20T06:30:00Z', because: 'a holiday' } } });
    await yard.pass(2 * HOUR);
    book.change({ ...book.holds(), paused: {} });
    consumer.reconsider();
    await yard.pass(60_000);
    assert.deepEqual(
      yard.slots('job').map(({ end, because }) => `${end}: ${because}`),
      ['held: a holiday, until it expired'],
    );
    await yard.pass(24 * HOUR);
    assert.deepEqual(
      yard.slots('job').map(({ end }) => end),
      ['held', 'ran'],
    );
  });

  it('that their cadence lets expire while nobody runs them are missed, by their own word, and why says so', async () => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: daily 7:00', 'expires: 1h']);
    await yard.passUntil('2026-11-20T06:59:59Z');
    const { files, paths } = yard.owner();
    // The tick is put, and its owner dies before it comes to it.
    yard.clock.set(Date.parse('2026-11-20T07:00:00Z'));
    await yard.owner().scheduling.poll();
    yard.crash();
    await yard.off(3 * HOUR);
    await yard.start();
    await yard.pass(60_000);
    assert.deepEqual(
      yard.slots('job').map(({ end, because }) => `${end}: ${because}`),
      ['missed: it was not run before it expired'],
    );
    assert.deepEqual(yard.ran, []);
    assert.equal(files.list(paths.dlq).filter((file) => file.includes('.expired.')).length <= 1, true);
  });

  it('that a timer of the system asks for run once, whoever else asks', async () => {
    const yard = createTimeYard({ startIso: '2026-11-20T06:30:00Z' });
    writeFileSync(`${yard.root}/cadences/bus.yaml`, 'scheduler: launchd\n');
    yard.cadence('job', 'schedule: hourly :00');
    await yard.start();
    const ask = (): boolean => {
      const name = { dueMs: yard.clock.nowMs(), cadence: 'job', id: createIds().fresh(), attempts: 0 };
      return yard.owner().queue.put(name, { cadence: 'job', source: 'launchd', enqueued_at: new Date(name.dueMs).toISOString() });
    };
    ask(); // RunAtLoad
    await yard.passUntil('2026-11-20T07:00:02Z');
    assert.deepEqual(yard.ran, [], 'no slot has come yet');
    for (const _twice of [1, 2]) ask();
    await yard.passUntil('2026-11-20T07:30:00Z');
    assert.deepEqual(yard.ran, ['job 2026-11-20T07:00:00Z 1']);
    await yard.passUntil('2026-11-20T08:01:00Z');
    assert.match(yard.slots('job').at(-1)?.because ?? '', /launchd has not asked for it yet; the owner fires it 90s after its time/);
    await yard.passUntil('2026-11-20T08:02:00Z');
    ask();
    await yard.pass(HOUR / 2);
    assert.deepEqual(yard.ran.slice(1), ['job 2026-11-20T08:00:00Z 1'], 'a timer that is late asks in vain');
    const [line] = yard.owner().history.runs({ cadence: 'job', limit: 1, status: 'coalesced' });
    assert.match(line?.reason ?? '', /the slot of 2026-11-20T08:00:00Z that it stands for is decided already/);
    const last = (await readStatus(yard.root, 'job')).cadences[0];
    assert.deepEqual([last?.last_status, last?.last_summary], ['succeeded', 'done'], 'a hint is no run');
    const fired = [...createSlotReading(yard.owner()).lines('job', 0)].flatMap((one) => (one.kind === 'fired' ? [`${one.by} ${one.because ?? ''}`] : []));
    assert.deepEqual(fired, ['catchup no timer has asked for it within 90 s', 'timer ']);
  });

  it('whose tick an owner did not live to put end with their definition, where that is gone by then, and once', async () => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: daily 7:00']);
    yard.crash();
    const [slots, cadences] = [pathsOf(yard.root).slots, pathsOf(yard.root).cadences];
    const tick = createIds().keyed('slot', 'job', '2026-11-20T07:00:00Z');
    const fired = { kind: 'fired', cadence: 'job', slot: '2026-11-20T07:00:00Z', due: '2026-11-20T07:00:00.000Z', tick, by: 'schedule' };
    appendFileSync(`${slots}/2026-11-20.jsonl`, `${JSON.stringify({ ts: '2026-11-20T07:00:00.000Z', ...fired })}\n`);
    await yard.off(HOUR);
    rmSync(`${cadences}/job.yaml`);
    for (let lives = 0; lives < 2; lives += 1) {
      await yard.start();
      assert.deepEqual([yard.ran, yard.slots('job').map(({ end, because }) => `${end} ${because}`)], [[], ['skipped its definition is gone']]);
      await yard.stop();
    }
    assert.equal(readFileSync(`${slots}/2026-11-20.jsonl`, 'utf8').split('"kind":"end"').length, 2);
  });

  it('are known after retention has taken the older ledger away', async () => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: hourly :00']);
    await yard.pass(50 * HOUR);
    const { files, paths } = yard.owner();
    yard.crash();
    for (const day of ['2026-11-20', '2026-11-21']) files.remove(`${paths.slots}/${day}.jsonl`);
    await yard.start();
    await yard.pass(HOUR);
    assert.deepEqual(told(yard, 'job').slice(-2), ['11-22T08:00 ran', '11-22T09:00 ran']);
    assert.equal(new Set(yard.ran).size, yard.ran.length);
    assert.equal(yard.ran.length, 51);
  });

  it('spread by stagger start later, by the same time every day', async () => {
    const yard = await begun('2026-11-20T06:30:00Z', ['schedule: hourly :00', 'stagger: 30m']);
    await yard.pass(4 * HOUR);
    const due = yard
      .owner()
      .history.runs({ cadence: 'job', limit: 10 })
      .map(({ started_at }) => started_at.slice(14, 19));
    assert.equal(new Set(due).size, 1);
    assert.notEqual(due[0], '00:00');
  });
});
