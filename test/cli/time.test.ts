import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createReading } from '../../lib/app/reading.ts';
import { isIgnored } from '../../lib/core/slot/line.ts';
import { createSlotReading } from '../../lib/history/slot-ledger.ts';
import { createDesk, errorOf } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';

const HOUR = 3_600_000;

/** A ledger as an owner that died left it: the schedule was seen a day ago, and nobody has fired since `sinceMs`. */
function leaveLedger(root: string, cadence: string, sinceMs: number): void {
  const iso = (ms: number): string => new Date(ms).toISOString();
  const plan = { lines: ['every 1h'], zone: 'UTC', catchup: 'latest', window_ms: null, stagger_ms: 0, jitter_ms: 0, scheduler: 'builtin' };
  const lines = [
    { ts: iso(sinceMs), kind: 'started', because: '' },
    { ts: iso(sinceMs), kind: 'plan', cadence, from: iso(sinceMs), plan, was: null, because: 'the owner has seen its schedule for the first time' },
  ];
  mkdirSync(`${root}/state/cadence-bus/slots`, { recursive: true });
  const day = iso(sinceMs).slice(0, 10);
  writeFileSync(`${root}/state/cadence-bus/slots/${day}.jsonl`, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"ts":"torn`);
}

describe('P31 the verbs of time, without an owner', () => {
  const desk = createDesk();
  const { root } = desk;
  desk.shell('job', 'echo done', 'schedule: every 1h', 'timezone: UTC');
  desk.shell('plain', 'echo done');
  leaveLedger(root, 'job', Date.now() - 3 * HOUR);

  it('a timer’s hint that meets the owner of one run is a hint all the same', async () => {
    const desk = createDesk();
    desk.shell('job', 'echo done', 'schedule: hourly :00', 'timezone: UTC');
    const hint = await desk.enqueue('job', '--source', 'launchd');
    assert.equal((await desk.ask('run', 'job')).code, 0);
    const ends = desk.records().map(({ tick, status }) => `${tick === hint ? 'hint' : 'run'} ${status}`);
    assert.deepEqual(ends, ['hint coalesced', 'run succeeded']);
    assert.match(desk.records()[0]?.reason ?? '', /is decided by the next owner/);
    desk.shell('plain', 'echo done');
    const asked = await desk.enqueue('plain', '--source', 'launchd');
    await desk.ask('run', 'plain');
    assert.equal(desk.records().find(({ tick }) => tick === asked)?.status, 'succeeded', 'without a schedule it is a tick like any other');
  });

  it('why tells what was missed and what comes', async () => {
    const { code, said } = await desk.ask('why', 'job');
    const slots = said.slots as { end: string; because: string }[];
    assert.equal(code, 0);
    assert.deepEqual(
      slots.map(({ end }) => end),
      ['missed', 'missed', 'missed', 'due'],
    );
    assert.match(slots[0]?.because ?? '', /no owner is running \(the last one died\); the latest such slot is made up for/);
    assert.match(slots[3]?.because ?? '', /^due in /);
  });

  it('why answers for a cadence without a schedule, and names what is near where there is no slot', async () => {
    const plain = await desk.ask('why', 'plain');
    assert.match(String(plain.said.because), /it has no schedule .* it has never run; nothing of it waits; no owner is running/);
    const none = await desk.ask('why', 'job', '--at', '2020-01-01 07:30');
    assert.equal(none.code, 66);
    assert.equal((await desk.ask('why', 'jop')).code, 66);
    assert.equal((await desk.ask('why', 'job', '--at', 'noon')).code, 64);
  });

  it('why without a name tells who is not as he should be, and of his slots those that did not run', async () => {
    const { code, said } = await desk.ask('why');
    const cadences = said.cadences as { cadence: string; facts: string[]; slots: { end: string }[] }[];
    assert.equal(code, 0);
    assert.deepEqual([cadences.map(({ cadence }) => cadence), said.well], [['job'], ['plain']]);
    assert.deepEqual(
      cadences[0]?.slots.map(({ end }) => end),
      ['missed', 'missed', 'missed'],
      'what is due is nobody’s question yet',
    );
    const { stdout, stderr } = await desk.tell('why');
    assert.match(
      stdout,
      /^○ no owner {2}none has run here yet\n\njob: it has never run\n.*\n {2}no owner is running[\s\S]*missed[\s\S]*\n\n✓ 1 other cadence is as it should be\.\n$/,
    );
    assert.match(stderr, /Next: cadence-bus start {2}· {2}cadence-bus why job\n$/);
    assert.equal((await desk.ask('why', '--at', '07:00')).code, 64);
  });

  it('why tells what a night has left: a hold, an incident, what lies in the dlq; and nothing of who is well', async () => {
    const desk = createDesk();
    assert.match((await desk.tell('why')).stdout, /No cadence is defined yet\./);
    desk.shell('well', 'echo done');
    desk.shell('ill', 'echo no such table >&2; exit 3', 'retry: { attempts: 1 }', 'breaker: { failures: 1, open: 1h }');
    for (const name of ['well', 'ill']) await desk.enqueue(name);
    await desk.ask('start', '--drain');
    const { said } = await desk.ask('why');
    const [ill, ...more] = said.cadences as { cadence: string; facts: string[]; holds: { state: string }[] }[];
    assert.deepEqual([ill?.cadence, more, said.well, ill?.holds.map(({ state }) => state)], ['ill', [], ['well'], ['open']]);
    const facts = (ill?.facts ?? []).join('\n');
    for (const told of [/given up .*: exit 3: no such table/, /1 tick of it lies in the dlq/, /cadence:ill is open/, /incident .*-ill-exit is open/])
      assert.match(facts, told);
  });

  it('why calls nobody well whose tick waits while no owner is there', async () => {
    const desk = createDesk();
    desk.shell('well', 'echo done');
    desk.shell('waits', 'echo done');
    await desk.enqueue('waits');
    const { said } = await desk.ask('why');
    assert.deepEqual([(said.cadences as { cadence: string }[]).map(({ cadence }) => cadence), said.well], [['waits'], ['well']]);
  });

  it('why holds a slot by the account of its own cadence, and by no other', async () => {
    for (const [account, because] of [
      ['vendor', 'account:vendor is isolated: no contract'],
      ['bank', 'cadence:job is isolated: by hand'],
    ]) {
      const desk = createDesk();
      desk.shell('job', 'echo done', 'schedule: every 1h', 'timezone: UTC', `account: ${account}`);
      leaveLedger(desk.root, 'job', Date.now() - 3 * HOUR);
      await desk.ask('breaker', 'trip', 'account:vendor', '--because', 'no contract');
      await desk.ask('breaker', 'trip', 'job', '--because', 'by hand');
      await desk.own();
      const held = await eventually('its slot is held', async () =>
        ((await desk.ask('why', 'job')).said.slots as { end: string; because: string }[]).find(({ end }) => end === 'held'),
      );
      assert.equal(held.because, because);
    }
  });

  it('why names no instant from before its schedule was known, for there is nothing to ask of it', async () => {
    const early = new Date(Date.now() - 6 * HOUR);
    early.setUTCMinutes(0, 0, 0);
    const { hint } = errorOf(await desk.ask('why', 'job', '--at', early.toISOString()));
    const named = /^The slots around it are ([^ ]+)\.$/.exec(hint)?.[1];
    assert.ok(named !== undefined, hint);
    assert.equal((await desk.ask('why', 'job', '--at', named)).code, 0);
  });

  it('next lists what comes, soonest first', async () => {
    const { said } = await desk.ask('next', 'job', '--count', '3');
    const ats = (said.slots as { at: string }[]).map(({ at }) => Date.parse(at));
    assert.equal(ats.length, 3);
    assert.deepEqual(
      ats.map((at) => at - (ats[0] as number)),
      [0, HOUR, 2 * HOUR],
    );
  });

  it('check restates a schedule', async () => {
    const { said } = await desk.ask('check');
    const [schedule] = said.schedules as { cadence: string; sentence: string; next: string[] }[];
    assert.equal(schedule?.cadence, 'job');
    assert.equal(schedule?.sentence, 'every 1h in UTC; of missed times the latest is made up for');
    assert.equal(schedule?.next.length, 3);
  });

  it('ignore silences for 48 hours at most, and changes nothing in a dry run', async () => {
    const ignored = (): boolean => {
      const cursor = createSlotReading(createReading(root)).cursors().get('job');
      return cursor !== undefined && isIgnored(cursor, Date.now());
    };
    assert.equal((await desk.ask('ignore', 'job', '--dry-run')).code, 2);
    assert.equal(ignored(), false);
    assert.equal((await desk.ask('ignore', 'job', '--until', '3d')).code, 64);
    assert.equal((await desk.ask('ignore', 'job')).code, 0);
    assert.equal(ignored(), true);
  });

  it('run-now runs the slot that was missed, and not again', async () => {
    assert.equal((await desk.ask('run-now', 'job', '--dry-run')).code, 2);
    const first = await desk.ask('run-now', 'job');
    assert.equal(first.code, 0);
    assert.equal(first.said.executed, true);
    const again = await desk.ask('run-now', 'job');
    assert.equal(again.code, 0);
    assert.equal(again.said.executed, false);
    assert.match(String(again.said.because), /already ran: succeeded/);
    const runs = readFileSync(`${root}/state/cadence-bus/runs/${new Date().toISOString().slice(0, 10)}.jsonl`, 'utf8').split('\n');
    assert.equal(runs.filter((line) => line.includes('"cadence":"job"')).length, 1);
    assert.equal((await desk.ask('run-now', 'plain')).code, 66);
  });
});
