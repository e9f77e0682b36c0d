import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { isLeftover, leftoverFolders } from '../../lib/core/leftover.ts';
import { eventually } from '../support/eventually.ts';
import type { CliProcess } from '../support/owner-cli.ts';
import { claimedTick, createYard, list, seeded, type Yard } from './owner-yard.ts';

/** `FAULT_KILLS=500` is the long version, over 20,000 ticks; `FAULT_SEED` tells another story. */
const KILLS = Number(process.env.FAULT_KILLS ?? 25);
const SEED = Number(process.env.FAULT_SEED ?? 20_261_120);
const TICKS_A_KILL = KILLS > 100 ? 40 : 80;
/** Of eighty ticks so many are of each cadence: a child costs a hundred times what a handler costs. */
const SHARES: Readonly<Record<string, number>> = {
  'quick-a': 24,
  'quick-b': 24,
  words: 14,
  'child-a': 4,
  'child-b': 4,
  'child-c': 3,
  throws: 3,
  exits: 2,
  flaky: 1,
  held: 1,
};

/** Whatever fails is tried again after a millisecond; nothing is held for longer than a moment, or the test would wait for it. */
const FAILS = ['retry: { attempts: 2, delays: [1ms], jitter: 0 }', 'breaker: { failures: 1000, open: 20ms, max_open: 20ms }'];
/** Every run notes that it began, so that what ran twice is seen. */
const NOTES = "appendFileSync(context.root + '/effects', context.runId + '\\n');";

function furnish(yard: Yard): void {
  const handler = (name: string, body: string, ...lines: readonly string[]): void => {
    yard.put(`handlers/${name}.mjs`, `import { appendFileSync } from 'node:fs';\nexport default async (tick, context) => {\n  ${NOTES}\n  ${body}\n};\n`);
    yard.cadence(name, `run: { inline: handlers/${name}.mjs }`, ...lines);
  };
  const child = (name: string, script: string, ...lines: readonly string[]): void =>
    yard.shell(name, `echo "$CADENCE_RUN_ID" >>"$CADENCE_ROOT/effects"; ${script}`, ...lines);
  handler('quick-a', 'return "done";');
  handler('quick-b', 'return "done";');
  handler('words', 'context.log("words"); await new Promise((go) => setTimeout(go, 1)); return tick.payload.n;');
  for (const name of ['child-a', 'child-b', 'child-c']) child(name, 'echo said; exit 0');
  handler('throws', 'throw new Error("as it must");', ...FAILS);
  child('exits', 'echo no >&2; exit 3', ...FAILS);
  child('flaky', 'test "$CADENCE_ATTEMPT" -ge 2', ...FAILS);
  handler(
    'held',
    'throw new Error("opens the breaker");',
    'retry: { attempts: 2, delays: [1ms], jitter: 0 }',
    'breaker: { failures: 3, open: 60ms, max_open: 60ms }',
  );
}

const DECK: readonly string[] = Object.entries(SHARES).flatMap(([name, share]) => Array.from({ length: share }, () => name));

function drop(yard: Yard, random: () => number): Promise<readonly string[]> {
  const names = Array.from({ length: TICKS_A_KILL }, () => DECK[Math.floor(random() * DECK.length)] as string);
  return Promise.all(names.map((name, n) => yard.enqueue(name, { payload: { n: `tick ${n}` } })));
}

/** A while of work, counted in what the run log has grown by, then a moment more: so the kill comes at any instruction. */
async function work(yard: Yard, owner: CliProcess, random: () => number): Promise<void> {
  const logs = (): readonly string[] => list(yard.paths.runs).filter((file) => file.endsWith('.jsonl'));
  const size = (): number => logs().reduce((sum, file) => sum + statSync(join(yard.paths.runs, file)).size, 0);
  const kind = random();
  if (kind > 0.25) {
    const target = size() + Math.floor(random() * 16_000);
    await eventually('work is done', () => owner.hasEnded() || size() >= target || list(yard.paths.inbox).length + list(yard.paths.waiting).length === 0);
  }
  await pause(random() * (kind > 0.25 ? 20 : 250));
}

/** So many owners one after the other may find something that is only due a moment later. */
const MOST_DRAINS = 40;

async function drain(yard: Yard): Promise<void> {
  const pending = (): readonly string[] => [...yard.ls('inbox'), ...yard.ls('waiting'), ...yard.ls('claimed')];
  for (let n = 0; n < MOST_DRAINS; n += 1) {
    const drained = yard.spawn(['start', '--drain', '--json']);
    await eventually('the owner has drained', drained.hasEnded, 120_000 + KILLS * 2000);
    const { code, stderr } = await drained.ended;
    assert.equal(code, 0, stderr);
    if (pending().length === 0) return;
  }
  assert.deepEqual(pending(), [], `left after ${MOST_DRAINS} drains`);
}

/** One that was killed in the middle of a write, which it takes luck to hit. */
function leaveHalf(yard: Yard): void {
  const { file } = claimedTick('quick-a', 'half00000001', 0);
  yard.put(join('state/cadence-bus/waiting', `${file}.2033266587`), '{"cadence":"qui');
}

async function storm(yard: Yard): Promise<readonly string[]> {
  const random = seeded(SEED);
  const ticks: string[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const dropping = drop(yard, random);
    const owner = yard.spawn(['start']);
    await work(yard, owner, random);
    assert.ok(!owner.hasEnded(), `the owner ended by itself: ${owner.stderr()}`);
    owner.kill('SIGKILL');
    await owner.ended;
    ticks.push(...(await dropping));
  }
  return ticks;
}

/** What the log of runs says of these ticks, in words for the report. */
async function checkEnds(yard: Yard, ticks: readonly string[]): Promise<string> {
  const audit = await yard.json('audit');
  assert.deepEqual([audit.code, audit.missing, audit.doubled], [0, [], []]);
  const records = yard.records();
  const dead = new Set(yard.ls('dlq').map((file) => file.split('.')[2] as string));
  const done = new Set(records.filter((run) => run.status === 'succeeded').map((run) => run.tick));
  assert.deepEqual(
    ticks.filter((id) => !done.has(id) && !dead.has(id)),
    [],
    'ticks without an end',
  );
  assert.deepEqual(
    ticks.filter((id) => done.has(id) && dead.has(id)),
    [],
    'ticks with two ends',
  );
  const ended = records.filter((run) => run.status !== 'interrupted').map((run) => run.run_id);
  const recordedTwice = ended.length - new Set(ended).size;
  const begun = readFileSync(join(yard.root, 'effects'), 'utf8').trim().split('\n');
  const failed = new Set(records.filter((run) => run.status === 'failed').map((run) => run.tick));
  const repeated = ticks.filter((id) => done.has(id) && !failed.has(id) && begun.filter((run) => run.startsWith(id)).length > 1);
  const told = `${records.length} records, ${dead.size} dead, ${recordedTwice} runs recorded twice, ${repeated.length} ticks run again for a kill`;
  assert.ok(recordedTwice <= KILLS && repeated.length <= KILLS, `in ${KILLS} kills: ${told}`);
  return told;
}

function checkFiles(yard: Yard): void {
  for (const file of yard.ls('dlq')) JSON.parse(readFileSync(join(yard.paths.dlq, file), 'utf8'));
  JSON.parse(readFileSync(yard.paths.holds, 'utf8'));
  const half = leftoverFolders(yard.paths).flatMap(({ dir, place, isOwners }) => (isOwners ? list(dir).filter((file) => isLeftover(place, file)) : []));
  assert.deepEqual(half, [], 'half-written files');
  assert.deepEqual(yard.ls('running'), []);
  assert.deepEqual(yard.children(), [], 'children left behind');
}

describe('kill -9 of the real owner under load', () => {
  it(`loses none of ${KILLS * TICKS_A_KILL} ticks in ${KILLS} kills, and runs no more of them twice than it must`, async (test) => {
    const yard = createYard();
    furnish(yard);
    try {
      const ticks = await storm(yard);
      leaveHalf(yard);
      await drain(yard);
      test.diagnostic(await checkEnds(yard, ticks));
      checkFiles(yard);
    } catch (error) {
      yard.keep();
      test.diagnostic(`seed ${SEED}; the root is kept: ${yard.root}`);
      throw error;
    }
  });
});
