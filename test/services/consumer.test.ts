import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { takeAudit } from '../../lib/app/answers/audit.ts';
import { readStatus } from '../../lib/app/answers/status.ts';
import type { OwnerParts } from '../../lib/app/compose.ts';
import { createReading } from '../../lib/app/reading.ts';
import type { BusEvent } from '../../lib/core/event.ts';
import type { Outcome } from '../../lib/core/outcome.ts';
import { formatTickName } from '../../lib/core/tick.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { Job, Runner } from '../../lib/ports.ts';
import { type TestClock, testClock } from '../support/bus.ts';
import { type CutFiles, cutFiles } from '../support/cut-files.ts';
import { eventually } from '../support/eventually.ts';
import { storyOwner } from '../support/story.ts';
import { tempRoot } from '../support/temp-root.ts';

const T0 = Date.UTC(2026, 10, 20, 7);
const OK: Outcome = { kind: 'ok', summary: 'done' };
const FAIL: Outcome = { kind: 'fail', blame: 'cadence', reason: 'exit 1' };

interface Yard {
  readonly root: string;
  readonly clock: TestClock;
  readonly parts: OwnerParts;
  readonly files: CutFiles;
  readonly events: BusEvent[];
  /** Cadences in the order in which their runs began. */
  readonly began: string[];
  drop(cadence: string, more?: object, options?: { id?: string; dueMs?: number }): string;
  /** Polls until nothing more happens at this instant. */
  settle(): Promise<void>;
  ls(folder: string): readonly string[];
}

type Handler = (job: Job) => Outcome | Promise<Outcome>;

let counter = 0;

async function yard(cadences: Readonly<Record<string, string>>, handle: Handler, root = tempRoot(), clock = testClock(T0)): Promise<Yard> {
  mkdirSync(`${root}/cadences`, { recursive: true });
  for (const [name, text] of Object.entries(cadences)) writeFileSync(`${root}/cadences/${name}.yaml`, `${text}\n`);
  const began: string[] = [];
  const run: Runner['run'] = async (job, stop) => {
    began.push(job.cadence.name);
    const stopped = new Promise<Outcome>((resolve) =>
      stop.onStop((cause) =>
        resolve(cause === 'cancel' ? { kind: 'cancelled', reason: 'cancelled' } : { kind: 'interrupted', by: 'operator', reason: 'stopped' }),
      ),
    );
    return { outcome: await Promise.race([handle(job), stopped]), ending: undefined, stdoutPath: null, stderrPath: null, costUsd: 0.25 };
  };
  const hints: (() => void)[] = [];
  const cut = cutFiles(createFiles(), 0);
  const files: CutFiles = {
    ...cut,
    watch(_dir, onChange) {
      hints.push(onChange);
      return { close: () => undefined };
    },
  };
  const { parts, fault } = storyOwner(root, files, clock, { run, adopt: run });
  let broken: unknown;
  void fault.then((error) => {
    broken = error;
  });
  const events: BusEvent[] = [];
  parts.journal.onEvent((event) => events.push(event));
  await parts.recover();
  parts.queue.onArrival(() => undefined);
  return {
    root,
    clock,
    parts,
    files,
    events,
    began,
    drop(cadence, more = {}, { id = `tick${String(++counter).padStart(8, '0')}`, dueMs = clock.nowMs() - 1000 } = {}) {
      const tick = { cadence, source: 'test', enqueued_at: new Date(dueMs).toISOString(), ...more };
      writeFileSync(`${parts.paths.inbox}/${formatTickName({ dueMs, cadence, id, attempts: 0 })}`, `${JSON.stringify(tick)}\n`);
      return id;
    },
    async settle() {
      for (let round = 0; round < 4; round += 1) {
        for (const hint of hints) hint();
        await parts.consumer.poll();
        await parts.conclusion.idle();
        await clock.breathe();
        await clock.breathe();
        if (broken !== undefined) throw broken;
      }
      // Care of failures writes to the disk and takes its time.
      while (broken === undefined && parts.jobs.running().some(({ cadence }) => cadence.startsWith('bus-care'))) {
        await clock.breathe();
        if (parts.jobs.running().length === 0) await parts.consumer.poll();
      }
    },
    ls: (folder) => readdirSync(`${root}/state/cadence-bus/${folder}`),
  };
}

const command = (name: string, more = ''): string => `run: { command: [${name}] }\n${more}`;
const quick = 'retry: { attempts: 1, delays: [0], jitter: 0 }\nbreaker: { failures: 2, open: 1m, max_open: 4m }';

describe('the consumer', () => {
  it('M17 opens the breaker after so many failures in a row and starts nothing of that cadence any more', async () => {
    const bus = await yard({ flaky: command('flaky', quick) }, () => FAIL);
    for (let n = 0; n < 5; n += 1) bus.drop('flaky');
    await bus.settle();
    bus.clock.advance(10_000);
    await bus.settle();
    assert.equal(bus.began.length, 2);
    assert.equal(bus.ls('dlq').length, 2);
    assert.equal(bus.ls('waiting').length, 3);
    const view = JSON.parse(readFileSync(bus.parts.paths.circuit, 'utf8'));
    assert.equal(view.open.flaky.failures, 2);
    assert.equal(view.open.flaky.state, 'open');
  });

  it('M19 M24 writes circuit-open.json with a newline, tells each transition once, and removes the file when nothing is open', async () => {
    let outcome: Outcome = FAIL;
    const bus = await yard({ flaky: command('flaky', quick) }, () => outcome);
    for (let n = 0; n < 3; n += 1) bus.drop('flaky');
    await bus.settle();
    bus.clock.advance(1_000);
    await bus.settle();
    assert.match(readFileSync(bus.parts.paths.circuit, 'utf8'), /^\{\n {2}"generated": "2026-11-20T07:0\d:\d\d\.\d{3}Z",\n {2}"open": \{[\s\S]*\}\n$/);
    outcome = OK;
    bus.clock.advance(61_000);
    await bus.settle();
    assert.equal(bus.parts.files.info(bus.parts.paths.circuit), undefined);
    const told = bus.events.map(({ stage }) => stage).filter((stage) => stage.startsWith('circuit'));
    assert.deepEqual(told, ['circuit_opened', 'circuit_half_open', 'circuit_closed']);
  });

  it('M18 charges a held tick nothing, and claims it only when it may run', async () => {
    const bus = await yard({ flaky: command('flaky', quick) }, ({ attempt }) => (attempt === 1 ? FAIL : OK));
    bus.drop('flaky');
    bus.drop('flaky');
    const held = bus.drop('flaky');
    await bus.settle();
    bus.clock.advance(1_000);
    await bus.settle();
    const [file] = bus.ls('waiting');
    assert.match(file ?? '', new RegExp(`\\.flaky\\.${held}\\.0\\.json$`));
  });

  it('asks the gate before the claim: a held tick costs no call and no line, and 1,000 healthy ticks pass it', async () => {
    const bus = await yard({ sick: command('sick', quick), well: command('well') }, ({ cadence }) => (cadence.name === 'sick' ? FAIL : OK));
    for (let n = 0; n < 20; n += 1) bus.drop('sick');
    await bus.settle();
    bus.clock.advance(1_000);
    await bus.settle();
    const before = { calls: bus.files.calls.length, events: bus.events.length };
    for (let n = 0; n < 1_000; n += 1) bus.drop('well');
    await bus.settle();
    assert.equal(bus.began.filter((name) => name === 'well').length, 1_000);
    const onHeld = bus.files.calls.slice(before.calls).filter((call) => call.includes('.sick.'));
    assert.deepEqual(onHeld, []);
    assert.deepEqual(
      bus.events.slice(before.events).filter(({ cadence }) => cadence === 'sick'),
      [],
    );
    assert.equal(bus.ls('waiting').length, 18);
  });

  it('writes the end of a handler before the next one begins, so that a kill repeats none but the one under way', async () => {
    const root = tempRoot();
    writeFileSync(`${root}/well.mjs`, 'export default () => undefined;\n');
    const bus = await yard({ well: 'run: { inline: well.mjs }\noverlap: queue' }, () => OK, root);
    for (let n = 0; n < 100; n += 1) bus.drop('well');
    const before = bus.files.calls.length;
    await bus.settle();
    assert.equal(bus.began.length, 100);
    const calls = bus.files.calls.slice(before);
    const writes = calls.flatMap((call, n) => (call.startsWith('append runs/') ? [n] : []));
    const moves = calls.flatMap((call, n) => (call.startsWith('remove claimed/') ? [n] : []));
    assert.deepEqual([writes.length, moves.length], [100, 100]);
    assert.ok(Math.max(...writes) < Math.min(...moves));
    assert.equal(readFileSync(`${bus.parts.paths.runs}/2026-11-20.jsonl`, 'utf8').trimEnd().split('\n').length, 100);
  });

  it('keeps holds, backoff and half-open over a restart: a probe whose owner died is void, not stuck', async () => {
    const bus = await yard({ flaky: command('flaky', quick) }, () => FAIL);
    for (let n = 0; n < 3; n += 1) bus.drop('flaky');
    await bus.settle();
    bus.clock.advance(1_000);
    await bus.settle();
    bus.clock.advance(61_000);
    const hung = await yard({}, () => new Promise<Outcome>(() => undefined), bus.root, bus.clock);
    assert.equal(hung.parts.book.holds().breakers['cadence:flaky']?.state, 'open');
    await hung.settle();
    assert.equal(hung.parts.book.holds().breakers['cadence:flaky']?.state, 'half_open');
    const next = await yard({}, () => OK, bus.root, bus.clock);
    assert.equal(next.parts.book.holds().breakers['cadence:flaky']?.state, 'open');
    await next.settle();
    // The interrupted probe is charged, and it was the tick's only try.
    assert.equal(
      next.ls('dlq').some((file) => file.endsWith('.owner-died.json')),
      true,
    );
  });

  it('puts off for longer what asks for it again and again, over a restart too, and starts anew once it came to something else', async () => {
    const later = 'retry: { attempts: 2, delays: [30s, 2m, 10m], jitter: 0 }';
    const LATER: Outcome = { kind: 'defer', delayMs: undefined, reason: 'exit 75' };
    const pauses: (readonly [number, number | undefined])[] = [];
    let answer: Outcome = LATER;
    let bus = await yard({ night: command('night', later) }, () => answer);
    const again = async (outcome: Outcome): Promise<void> => {
      answer = outcome;
      await bus.settle();
      const [run] = bus.parts.history.runs({ cadence: 'night', limit: 1 });
      const restMs = Date.parse(run?.retry_at ?? '') - bus.clock.nowMs();
      pauses.push([restMs / 1000, run?.deferrals]);
      bus.clock.advance(restMs);
    };
    const id = bus.drop('night');
    await again(LATER);
    await again(LATER);
    bus = await yard({}, () => answer, bus.root, bus.clock);
    await again(LATER);
    await again(LATER);
    await again({ kind: 'defer', delayMs: 5_000, reason: 'in 5 s' });
    await again(LATER);
    await again(FAIL);
    await again(LATER);
    assert.deepEqual(pauses, [
      [30, 1],
      [120, 2],
      [600, 3],
      [600, 4],
      [5, undefined],
      [30, 1],
      [30, undefined],
      [30, 1],
    ]);
    assert.match(bus.ls('waiting')[0] ?? '', new RegExp(`\\.night\\.${id}\\.1\\.json$`));
  });

  it('M9 runs as many of a lane as it holds and defers the rest without a charge', async () => {
    const ends: (() => void)[] = [];
    const wait = (): Promise<Outcome> => new Promise((resolve) => ends.push(() => resolve(OK)));
    const agents = Object.fromEntries(['one', 'two', 'three'].map((name) => [name.padEnd(4, 'x'), `${command(name)}lane: agent`]));
    const bus = await yard(agents, wait);
    for (const name of Object.keys(agents)) bus.drop(name);
    await bus.settle();
    assert.equal(bus.began.length, 1);
    assert.equal(bus.ls('claimed').length, 1);
    assert.equal(bus.ls('inbox').length, 2);
    for (let n = 0; n < 3; n += 1) {
      ends.shift()?.();
      await bus.settle();
    }
    assert.equal(bus.began.length, 3);
  });

  it('D5 runs one tick of a cadence at a time, and one of a workspace', async () => {
    const ends: (() => void)[] = [];
    const bus = await yard(
      { left: command('left', 'workspace: /tmp/w'), right: command('right', 'workspace: /tmp/w') },
      () => new Promise((resolve) => ends.push(() => resolve(OK))),
    );
    bus.drop('left');
    bus.drop('left');
    bus.drop('right');
    await bus.settle();
    assert.deepEqual(bus.began, ['left']);
    ends.shift()?.();
    await bus.settle();
    assert.equal(bus.began.length, 2);
  });

  it('is not drained while what was passed over may run now, though nothing runs and nobody has looked again yet', async () => {
    const release: (() => void)[] = [];
    const bus = await yard({ one: command('one', 'workspace: /w'), two: command('two', 'workspace: /w') }, async () => {
      await new Promise<void>((resolve) => release.push(resolve));
      return OK;
    });
    const { consumer, jobs, conclusion } = bus.parts;
    const endRun = async (): Promise<void> => {
      release.shift()?.();
      await jobs.ended(['command']);
      await conclusion.idle();
    };
    bus.drop('one');
    bus.drop('two');
    await consumer.poll();
    assert.deepEqual(bus.began, ['one']);
    await endRun();
    assert.equal(consumer.isDrained(), false, 'the workspace is free, and two waits for it');
    await consumer.poll();
    assert.deepEqual(bus.began, ['one', 'two']);
    await endRun();
    await consumer.poll();
    await conclusion.idle();
    assert.equal(consumer.isDrained(), true);
  });

  it('is not drained while files of the drop zone are still to be opened, however late that is', async () => {
    const bus = await yard({}, () => OK);
    const { consumer } = bus.parts;
    for (let n = 0; n < 300; n += 1) writeFileSync(`${bus.parts.paths.inbox}/garbage ${n}.json`, '[]');
    bus.clock.advance(60_000);
    await consumer.poll();
    bus.clock.advance(60_000);
    assert.ok(bus.ls('inbox').length > 0);
    assert.equal(consumer.isDrained(), false);
    for (let n = 0; n < 100 && !consumer.isDrained(); n += 1) {
      bus.clock.advance(60_000);
      await consumer.poll();
      await bus.parts.conclusion.idle();
    }
    assert.deepEqual([bus.ls('inbox'), consumer.isDrained()], [[], true]);
  });

  it('M23 claims nothing while the halt file exists, and goes on when it is gone', async () => {
    const bus = await yard({ good: command('good') }, () => OK);
    writeFileSync(bus.parts.paths.halt, '');
    bus.drop('good');
    await bus.settle();
    assert.deepEqual(bus.began, []);
    rmSync(bus.parts.paths.halt);
    await bus.settle();
    assert.deepEqual(bus.began, ['good']);
  });

  it('carries out orders whatever is held or halted, one after the other', async () => {
    const bus = await yard({ good: command('good') }, () => OK);
    writeFileSync(bus.parts.paths.halt, '');
    bus.drop('bus-control', { payload: { order: 'pause', key: 'cadence:good' } });
    await bus.settle();
    assert.equal(bus.parts.book.holds().paused['cadence:good']?.because, 'paused by an operator');
    bus.drop('bus-control', { payload: { order: 'resume', key: 'bus' } });
    await bus.settle();
    assert.equal(bus.parts.files.info(bus.parts.paths.halt), undefined);
    assert.deepEqual(bus.parts.book.holds().paused, {});
  });

  it('does not let a retry wait for a year because the clock was set back', async () => {
    const bus = await yard({ flaky: command('flaky', 'retry: { attempts: 2, delays: [1s] }') }, ({ attempt }) => (attempt === 1 ? FAIL : OK));
    bus.drop('flaky');
    await bus.settle();
    bus.clock.set(T0 - 365 * 86_400_000);
    await bus.settle();
    // A pause between tries is no opening: neither the tick nor its cadence waits longer than the longest pause from now, a minute at least.
    bus.clock.advance(61_000);
    await bus.settle();
    assert.equal(bus.began.length, 2);
  });

  it('M6 dead-letters a tick of an unknown cadence at once, and runs one that has only a prompt', async () => {
    const bus = await yard({}, () => OK);
    writeFileSync(`${bus.root}/cadences/brief.md`, 'Write the brief.\n');
    bus.parts.definitions.reload();
    bus.drop('nobody');
    bus.drop('brief');
    // What may cost money is flushed to the journal before it starts, and that takes a turn of the disk.
    await eventually('the brief is written', async () => {
      await bus.settle();
      return bus.began.length > 0;
    });
    assert.deepEqual(bus.began, ['brief']);
    assert.match(bus.ls('dlq')[0] ?? '', /\.nobody\.tick\d+\.0\.unknown-cadence\.json$/);
  });

  it('holds the ticks of a broken definition, says where it is broken, and runs them when it heals', async () => {
    const bus = await yard({ good: 'run: { comand: [x] }' }, () => OK);
    bus.drop('good');
    await bus.settle();
    assert.deepEqual(bus.began, []);
    assert.equal(bus.ls('waiting').length, 1);
    writeFileSync(`${bus.root}/cadences/good.yaml`, `${command('good')}\n`);
    bus.parts.announceDefinitions(bus.parts.definitions.reload(`${bus.root}/cadences/good.yaml`));
    await bus.settle();
    assert.deepEqual(bus.began, ['good']);
    assert.deepEqual(
      bus.events.filter(({ stage }) => stage.startsWith('config')).map(({ stage }) => stage),
      ['config_healed'],
    );
  });

  it('overlap: skip ends what is asked for while a run is under way; coalesce lets one run serve all that came before it', async () => {
    const ends: (() => void)[] = [];
    const bus = await yard({ skips: command('skips', 'overlap: skip'), folds: command('folds', 'overlap: coalesce') }, ({ cadence }) =>
      cadence.name === 'skips' ? new Promise((resolve) => ends.push(() => resolve(OK))) : OK,
    );
    bus.drop('skips');
    await bus.settle();
    const late = bus.drop('skips');
    for (let n = 0; n < 3; n += 1) bus.drop('folds');
    await bus.settle();
    ends.shift()?.();
    await bus.settle();
    assert.deepEqual([...bus.began].sort(), ['folds', 'skips']);
    const { history } = createReading(bus.root);
    assert.equal(history.find(late)?.status, 'skipped');
    assert.equal(history.runs({ limit: 10, status: 'coalesced' }).length, 2);
  });

  it('queues explicit requests by default, however alike they are', async () => {
    const bus = await yard({ good: command('good') }, () => OK);
    for (let n = 0; n < 3; n += 1) bus.drop('good');
    await bus.settle();
    assert.equal(bus.began.length, 3);
  });

  it('moves out of the drop zone also what comes while its cadence is held already', async () => {
    const bus = await yard({ off: command('off', 'enabled: false'), good: command('good') }, () => OK);
    for (let n = 1; n <= 3; n += 1) {
      bus.drop('off');
      bus.drop('good');
      await bus.settle();
      assert.deepEqual([bus.ls('inbox').length, bus.ls('waiting').length, bus.began.length], [0, n, n]);
    }
  });

  it('runs one tick of a key, also when the first has ended long before the second comes', async () => {
    const bus = await yard({ good: command('good') }, () => OK);
    writeFileSync(`${bus.parts.paths.inbox}/a.json`, '{"cadence":"good","key":"invoice-7"}\n');
    await bus.settle();
    const next = await yard({}, () => OK, bus.root, bus.clock);
    writeFileSync(`${bus.parts.paths.inbox}/b.json`, '{"cadence":"good","key":"invoice-7"}\n');
    await next.settle();
    assert.deepEqual([bus.began.length, next.began.length], [1, 0]);
    assert.deepEqual(next.ls('inbox'), []);
    assert.deepEqual(takeAudit(bus.root).missing, []);
  });

  it('does not start what has expired: by its cadence, and by its own word', async () => {
    const bus = await yard({ good: command('good'), brief: command('brief', 'expires: 1h') }, () => OK);
    bus.drop('brief', {}, { dueMs: T0 - 7_200_000 });
    bus.drop('good', { expires_at: '2026-11-20T06:59:00Z' });
    await bus.settle();
    assert.deepEqual(bus.began, []);
    assert.equal(bus.ls('dlq').filter((file) => file.includes('.expired.')).length, 2);
  });

  it('ends what grows too old while it is held at its own time, and reads it once for that', async () => {
    const bus = await yard({ good: command('good', 'expires: 3h') }, () => OK);
    bus.drop('bus-control', { payload: { order: 'trip', key: 'cadence:good', because: 'not today' } });
    await bus.settle();
    const own = bus.drop('good', { expires_at: new Date(T0 + 60_000).toISOString() });
    const byCadence = bus.drop('good', {}, { dueMs: T0 - 500 });
    await bus.settle();
    assert.equal(bus.ls('waiting').length, 2);
    bus.clock.advance(61_000);
    await bus.settle();
    const { history } = createReading(bus.root);
    assert.deepEqual([history.find(own)?.status, history.find(own)?.reason], ['expired', 'cadence:good: not today, until it expired']);
    assert.equal(bus.ls('waiting').length, 1);
    bus.clock.advance(3 * 3_600_000);
    await bus.settle();
    assert.equal(history.find(byCadence)?.status, 'expired');
    assert.deepEqual([bus.began, bus.ls('waiting')], [[], []]);
  });

  it('runs what was too old once somebody gives it back: its age counts from there', async () => {
    const bus = await yard({ good: command('good'), brief: command('brief', 'expires: 1h') }, () => OK);
    const byCadence = bus.drop('brief', {}, { dueMs: T0 - 7_200_000 });
    const own = bus.drop('good', { expires_at: '2026-11-20T06:59:00Z' });
    await bus.settle();
    for (const file of bus.ls('dlq')) renameSync(`${bus.parts.paths.dlq}/${file}`, `${bus.parts.paths.inbox}/${file}`);
    bus.clock.advance(1_000);
    await bus.settle();
    const { history } = createReading(bus.root);
    assert.deepEqual(
      [byCadence, own].map((id) => history.find(id)?.status),
      ['succeeded', 'succeeded'],
    );
  });

  it('cancels what waits and what runs, by an order', async () => {
    const bus = await yard({ long: command('long'), later: command('later') }, () => new Promise<Outcome>(() => undefined));
    const running = bus.drop('long');
    const waiting = bus.drop('later', {}, { dueMs: T0 + 3_600_000 });
    await bus.settle();
    bus.drop('bus-control', { payload: { order: 'cancel', id: running } });
    bus.drop('bus-control', { payload: { order: 'cancel', id: waiting } });
    await bus.settle();
    const { history } = createReading(bus.root);
    assert.deepEqual([history.find(running)?.status, history.find(waiting)?.status], ['cancelled', 'cancelled']);
    assert.deepEqual([bus.ls('waiting'), bus.ls('claimed')], [[], []]);
  });

  it('M20 tries again at once after a reset: breaker closed, retries due', async () => {
    const bus = await yard({ flaky: command('flaky', 'retry: { attempts: 3, delays: [1h] }') }, ({ attempt }) => (attempt === 1 ? FAIL : OK));
    bus.drop('flaky');
    await bus.settle();
    assert.equal(bus.began.length, 1);
    bus.drop('bus-control', { payload: { order: 'reset', key: 'cadence:flaky' } });
    await bus.settle();
    assert.equal(bus.began.length, 2);
  });

  it('never holds longer than the longest hold when the clock was set back by a year', async () => {
    const bus = await yard({ flaky: command('flaky', quick) }, ({ attempt, tickId }) => (attempt === 1 && tickId.endsWith('x') ? FAIL : OK));
    bus.drop('flaky', {}, { id: 'aaaaaaaaaaax' });
    bus.drop('flaky', {}, { id: 'aaaaaaaaabbx' });
    await bus.settle();
    bus.clock.advance(1_000);
    await bus.settle();
    bus.drop('flaky', {}, { id: 'aaaaaaaaaccc', dueMs: T0 - 400 * 86_400_000 });
    bus.clock.set(T0 - 365 * 86_400_000);
    bus.parts.consumer.reconsider();
    await bus.settle();
    bus.clock.advance(4 * 60_000 + 1_000);
    bus.parts.consumer.reconsider();
    await bus.settle();
    assert.equal(bus.began.length, 3);
  });

  it('M21 runs one sub-session at a time while inline ticks drain freely', async () => {
    const ends: (() => void)[] = [];
    const bus = await yard({ small: 'run: { inline: cadences/small.mjs }' }, ({ cadence }) =>
      cadence.name === 'small' ? OK : new Promise((resolve) => ends.push(() => resolve(OK))),
    );
    writeFileSync(`${bus.root}/cadences/small.mjs`, 'export default () => undefined;\n');
    for (const name of ['brief', 'memo']) writeFileSync(`${bus.root}/cadences/${name}.md`, 'Write.\n');
    bus.parts.definitions.reload();
    for (const name of ['brief', 'memo']) bus.drop(name);
    for (let n = 0; n < 40; n += 1) bus.drop('small');
    await eventually('a session runs and all small ticks are done', async () => {
      await bus.settle();
      return bus.began.length >= 41;
    });
    assert.equal(bus.began.filter((name) => name !== 'small').length, 1);
    assert.equal(bus.ls('claimed').length, 1);
  });

  it('M22 settles at its start what a dead owner had claimed: charged, and run again', async () => {
    const dead = await yard({ good: command('good') }, () => new Promise<Outcome>(() => undefined));
    const id = dead.drop('good');
    await dead.settle();
    assert.equal(dead.ls('claimed').length, 1);
    const bus = await yard({}, () => OK, dead.root, dead.clock);
    await bus.settle();
    const attempts = createReading(bus.root).history.attempts('good', id);
    assert.deepEqual(
      attempts.map(({ attempt, status }) => [attempt, status]),
      [
        [1, 'interrupted'],
        [2, 'succeeded'],
      ],
    );
  });

  it('M22 runs no key again that a dead owner had just claimed once more, though the first try of its run had failed', async () => {
    const dead = await yard({ flaky: command('flaky', 'retry: { attempts: 2, delays: [1s] }') }, () => (dead.began.length === 1 ? FAIL : OK));
    const tick = { key: 'once' };
    const id = dead.drop('flaky', tick);
    await dead.settle();
    dead.clock.advance(2_000);
    await dead.settle();
    assert.deepEqual([dead.began, dead.ls('waiting'), dead.ls('claimed')], [['flaky', 'flaky'], [], []]);
    const again = formatTickName({ dueMs: dead.clock.nowMs(), cadence: 'flaky', id, attempts: 1 });
    writeFileSync(`${dead.root}/state/cadence-bus/claimed/${again}`, `${JSON.stringify({ cadence: 'flaky', source: 'test', ...tick })}\n`);
    const bus = await yard({}, () => OK, dead.root, dead.clock);
    for (let n = 0; n < 3; n += 1) {
      await bus.settle();
      bus.clock.advance(2_000);
    }
    assert.deepEqual([bus.began, bus.ls('claimed'), bus.ls('waiting'), bus.ls('dlq')], [[], [], [], []]);
    assert.equal(bus.events.find(({ stage }) => stage === 'coalesced')?.because, 'its key has run already');
  });

  it('M22 loses no keyed tick that was given up, where a power cut has undone its moves', async () => {
    const dead = await yard({ flaky: command('flaky', 'retry: { attempts: 2, delays: [1s] }') }, () => FAIL);
    const tick = { key: 'once' };
    const id = dead.drop('flaky', tick);
    await dead.settle();
    dead.clock.advance(2_000);
    await dead.settle();
    const [letter] = dead.ls('dlq');
    const first = formatTickName({ dueMs: dead.clock.nowMs(), cadence: 'flaky', id, attempts: 1 });
    renameSync(`${dead.root}/state/cadence-bus/dlq/${letter}`, `${dead.root}/state/cadence-bus/claimed/${first}`);
    writeFileSync(`${dead.root}/state/cadence-bus/claimed/${first}`, `${JSON.stringify({ cadence: 'flaky', source: 'test', ...tick })}\n`);
    const bus = await yard({}, () => FAIL, dead.root, dead.clock);
    for (let n = 0; n < 3; n += 1) {
      await bus.settle();
      bus.clock.advance(2_000);
    }
    assert.deepEqual([bus.ls('claimed'), bus.ls('waiting'), bus.ls('dlq').length], [[], [], 1]);
  });

  it('M25 M31 tells each listener what a run came to, with what is needed to find it again', async () => {
    const bus = await yard({ good: command('good') }, () => OK);
    const id = bus.drop('good');
    await bus.settle();
    const told = bus.events.find(({ stage }) => stage === 'run_finished');
    const { ts, duration_ms, ...rest } = told ?? { ts: '', duration_ms: -1 };
    assert.match(ts, /^2026-11-20T07:00:00/);
    assert.ok(Number(duration_ms) >= 0);
    assert.deepEqual(rest, {
      level: 'info',
      stage: 'run_finished',
      cadence: 'good',
      tick: id,
      run_id: `${id}-1`,
      status: 'succeeded',
      attempt: 1,
      exit_code: null,
      summary: 'done',
    });
  });

  it('M14 keeps the cost of a run in its record', async () => {
    const bus = await yard({ good: command('good') }, () => OK);
    const id = bus.drop('good');
    await bus.settle();
    const record = createReading(bus.root).history.find(id);
    assert.deepEqual([record?.cost_usd, record?.exit_code, typeof record?.duration_ms], [0.25, null, 'number']);
  });

  it('M26 counts what is, for whoever asks: running, waiting, dead, failures in a row', async () => {
    const bus = await yard({ flaky: command('flaky', quick), good: command('good') }, ({ cadence }) => (cadence.name === 'flaky' ? FAIL : OK));
    bus.drop('good');
    for (let n = 0; n < 3; n += 1) bus.drop('flaky');
    await bus.settle();
    bus.clock.advance(1_000);
    await bus.settle();
    // What follows a failure is a tick too, and takes its time on a real disk.
    await bus.settle();
    const status = await readStatus(bus.root, undefined);
    assert.deepEqual(status.counts, { inbox: 0, waiting: 1, claimed: 0, dlq: 2 });
    const flaky = status.cadences.find(({ name }) => name === 'flaky');
    assert.deepEqual([flaky?.consecutive_failures, flaky?.dead, flaky?.waiting], [2, 2, 1]);
    assert.equal(status.cadences.find(({ name }) => name === 'good')?.status, 'healthy');
  });

  it('M28 stops between two ticks when it is told to, and leaves the rest where it lies', async () => {
    const bus = await yard({ good: command('good') }, () => {
      bus.parts.consumer.close();
      return OK;
    });
    for (let n = 0; n < 10; n += 1) bus.drop('good');
    await bus.settle();
    assert.equal(bus.began.length, 1);
    assert.equal(bus.ls('inbox').length, 9);
    assert.deepEqual(bus.ls('claimed'), []);
  });
});
