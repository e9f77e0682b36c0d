import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { takeAudit } from '../../lib/app/answers/audit.ts';
import type { Incident } from '../../lib/core/incident/incident.ts';
import { formatTickName } from '../../lib/core/tick.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { Runner } from '../../lib/ports.ts';
import { parseIncident } from '../../lib/wire/incident.ts';
import { testClock } from '../support/bus.ts';
import { cutFiles } from '../support/cut-files.ts';
import { inFastFolder } from '../support/fast-folder.ts';
import { runToRest, storyOwner } from '../support/story.ts';
import { tempRoot } from '../support/temp-root.ts';

/**
 * The owner is killed after every changing call between failures, proofs and an order: no incident is half on disk, none is
 * there twice, each failure is counted once, and what was proven is over.
 */
const START_MS = Date.UTC(2026, 10, 20, 7);
const MINUTE = 60_000;
/** What each tick says is how its run ends; minutes since the start. */
const TICKS: readonly (readonly [minute: number, words: string])[] = [
  [0, 'no route to 10.0.0.7'],
  [1, 'no route to 10.0.0.8'],
  [2, 'disk full'],
  [60, 'well'],
  [120, 'no route to 10.0.0.9'],
];
const LOG = 'Traceback (most recent call last):\n  File "/x/site-packages/y.py", line 3, in call\n    z()\nOSError: no route\n';

function write(root: string): void {
  mkdirSync(`${root}/cadences`, { recursive: true });
  mkdirSync(`${root}/state/cadence-bus/inbox`, { recursive: true });
  writeFileSync(`${root}/cadences/task.yaml`, 'run: { command: [x] }\nretry: { attempts: 3, delays: [1s] }\nbreaker: { failures: 99 }\n');
  writeFileSync(`${root}/err.log`, LOG);
  for (const [n, [minute, words]] of TICKS.entries()) {
    const dueMs = START_MS + minute * MINUTE;
    const tick = { cadence: 'task', source: 'story', enqueued_at: new Date(dueMs).toISOString(), payload: words };
    writeFileSync(
      `${root}/state/cadence-bus/inbox/${formatTickName({ dueMs, cadence: 'task', id: `tick0000000${n}`, attempts: 0 })}`,
      `${JSON.stringify(tick)}\n`,
    );
  }
}

async function tell(root: string, dieAfter: number, nextDiesAfter = 0): Promise<{ readonly calls: readonly string[]; readonly deaths: number }> {
  write(root);
  const clock = testClock(START_MS);
  const run: Runner['run'] = async ({ tick }) => {
    const words = String(tick.payload);
    const about = { ending: undefined, stdoutPath: null, stderrPath: words.includes('route') ? `${root}/err.log` : null };
    return { outcome: words === 'well' ? { kind: 'ok', summary: '' } : { kind: 'give_up', blame: 'cadence', reason: `exit 1: ${words}` }, ...about };
  };
  const runner = { run, adopt: run };
  const first = cutFiles(createFiles(), dieAfter);
  let deaths = 0;
  if ((await runToRest(storyOwner(root, first, clock, runner), clock, first.died)) === 'died') {
    deaths += 1;
    const next = cutFiles(createFiles(), nextDiesAfter);
    if ((await runToRest(storyOwner(root, next, clock, runner), clock, next.died)) === 'died') {
      deaths += 1;
      await runToRest(storyOwner(root, createFiles(), clock, runner), clock);
    }
  }
  return { calls: first.calls, deaths };
}

function check(root: string, where: string): void {
  const { missing, doubled, waiting, running } = takeAudit(root);
  assert.deepEqual({ where, missing, doubled, waiting, running }, { where, missing: [], doubled: [], waiting: 0, running: 0 });
  const dir = `${root}/state/cadence-bus/incidents`;
  const folders = readdirSync(dir).filter((name) => name !== 'index.jsonl');
  assert.deepEqual({ where, drafts: folders.filter((name) => name.startsWith('.')) }, { where, drafts: [] });
  const all = folders.map((id): Incident => parseIncident(JSON.parse(readFileSync(`${dir}/${id}/incident.json`, 'utf8'))) as Incident);
  const told = all.map(({ detector, state, episodes, run_ids }) => `${detector} ${state} ${episodes.length} ${new Set(run_ids).size}`).sort();
  // A try whose owner died in the middle may have been made again, and then its second failure is one, too.
  assert.deepEqual({ where, told: told.map((one) => one.replace(/ \d+$/, '')) }, { where, told: ['exit resolved 1', 'traceback open 2'] });
  for (const { id, occurrences, run_ids, episodes } of all) {
    assert.equal(occurrences, new Set(run_ids).size, `${where}: ${id} counts a run twice`);
    assert.equal(
      episodes.reduce((sum, one) => sum + one.occurrences, 0),
      occurrences,
      where,
    );
    const lines = readFileSync(`${dir}/${id}/occurrences.jsonl`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).run_id);
    assert.deepEqual([...new Set(lines)].sort(), [...run_ids].sort(), `${where}: ${id}`);
    for (const name of ['report.md', 'state.json', 'configs/task.yaml']) assert.ok(existsSync(`${dir}/${id}/${name}`), `${where}: ${id} lacks ${name}`);
  }
  const index = new Map(
    readFileSync(`${dir}/index.jsonl`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => [JSON.parse(line).id, JSON.parse(line).state === 'resolved']),
  );
  for (const { id, state } of all) if (index.get(id) === true) assert.equal(state, 'resolved', `${where}: the index calls ${id} resolved`);
}

describe('a crash in the middle of care', () => {
  it('A15 leaves no incident half there or twice, counts each failure once, and ends what was proven', { timeout: 120_000 }, async () => {
    const whole = inFastFolder(tempRoot);
    const { calls } = await tell(whole, 0);
    check(whole, 'uncut');
    assert.ok(calls.length > 100, `${calls.length} calls`);
    // What else is written is cut in test/support/crash-loop.ts.
    const points = calls.flatMap((call, n) => (/incidents|\.new-|traceback|task-exit|bus-care/.test(call) ? [n + 1] : []));
    for (const n of points) {
      const root = inFastFolder(tempRoot);
      const told = await tell(root, n);
      check(root, `cut after call ${n}, ${told.calls.at(-1)}`);
      rmSync(root, { recursive: true, force: true });
    }
  });

  it('nor does a second death early in the next life', { timeout: 120_000 }, async () => {
    for (const first of [24, 33, 48, 70]) {
      for (let second = 2; second <= 14; second += 3) {
        const root = inFastFolder(tempRoot);
        await tell(root, first, second);
        check(root, `cut after call ${first}, and again after call ${second} of the next owner`);
        rmSync(root, { recursive: true, force: true });
      }
    }
  });
});
