import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { showIncident } from '../../lib/app/answers/incident-reading.ts';
import { readAnalysis } from '../../lib/app/answers/learned.ts';
import { parseAttempt } from '../../lib/core/heal/attempt.ts';
import { pathsOf } from '../../lib/core/paths.ts';
import type { RunEnd } from '../../lib/core/run-end.ts';
import { formatTickName } from '../../lib/core/tick.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { Job } from '../../lib/ports.ts';
import { testClock } from '../support/bus.ts';
import { cutFiles } from '../support/cut-files.ts';
import { runToRest, storyOwner } from '../support/story.ts';
import { tempRoot } from '../support/temp-root.ts';

/** A rule mends a cadence, and a proof keeps the fix and resolves the incident; days later the same failure is back, twice in a row. */
const START_MS = Date.UTC(2026, 10, 20, 7);
const DAY_MS = 86_400_000;
const CADENCE = `run: { command: [train], env: { BATCH: 8 } }
retry: { attempts: 4, delays: [1m], jitter: 0 }
breaker: { failures: 50 }
on_failure:
  - { when: any, restart_with_env: { BATCH: half } }
`;

function drop(root: string, id: string, dueMs: number): void {
  const tick = { cadence: 'train', source: 'story', enqueued_at: new Date(dueMs).toISOString() };
  writeFileSync(`${pathsOf(root).inbox}/${formatTickName({ dueMs, cadence: 'train', id, attempts: 0 })}`, JSON.stringify(tick));
}

/** An owner lives until nothing is left to do, or until it is killed; a run fails as long as its batch is larger than this, also where the next owner hears of it. */
async function live(
  root: string,
  clock: ReturnType<typeof testClock>,
  fits: number,
  dieAfter = 0,
  begun = new Map<string, number>(),
): Promise<readonly string[] | 'died'> {
  const files = cutFiles(createFiles(), dieAfter);
  const run = async ({ cadence, runId }: Job): Promise<RunEnd> => {
    const batch = begun.get(runId) ?? (cadence.run.kind === 'command' ? Number(cadence.run.env.values.BATCH) : 0);
    begun.set(runId, batch);
    const isTooMuch = batch > fits;
    const outcome = isTooMuch ? ({ kind: 'fail', blame: 'cadence', reason: 'exit 3: out of memory' } as const) : ({ kind: 'ok', summary: '' } as const);
    return { outcome, ending: undefined, stdoutPath: null, stderrPath: null };
  };
  return (await runToRest(storyOwner(root, files, clock, { run, adopt: run }), clock, files.died)) === 'died' ? 'died' : files.calls;
}

const rows = (root: string): readonly string[] =>
  readFileSync(pathsOf(root).attempts, 'utf8')
    .split('\n')
    .flatMap((line) => parseAttempt(line)?.status ?? []);

/** Its root after the first failure, whose fix was kept. */
async function mended(): Promise<string> {
  const root = tempRoot();
  mkdirSync(`${root}/cadences`, { recursive: true });
  mkdirSync(pathsOf(root).inbox, { recursive: true });
  writeFileSync(`${root}/cadences/train.yaml`, CADENCE);
  drop(root, 'train0000001', START_MS);
  await live(root, testClock(START_MS), 4);
  assert.deepEqual(rows(root), ['pending', 'kept']);
  return root;
}

function check(root: string, where: string, expected: readonly string[]): void {
  const [id = '', ...others] = readdirSync(pathsOf(root).incidents).filter((name) => !name.includes('.'));
  assert.deepEqual(others, [], where);
  const { tried, view, report } = showIncident(root, id);
  assert.deepEqual({ where, tried: tried.map(({ status }) => status), state: view.state }, { where, tried: expected, state: 'resolved' });
  assert.match(report, /^- recurred: it came back within 7 days after rule:restart_with_env \(fix 1\) was kept, 2026-11-20T07:0/m, where);
  const { totals, fixes } = readAnalysis(root, START_MS - DAY_MS);
  assert.deepEqual({ where, kept: totals.fixes_kept, recurred: totals.fixes_recurred }, { where, kept: 1, recurred: 1 });
  assert.deepEqual({ where, success: fixes[0]?.success }, { where, success: 1 / expected.length });
}

/** Six days later it fails again. */
function relapsed(mendedRoot: string): string {
  const root = tempRoot();
  cpSync(mendedRoot, root, { recursive: true });
  drop(root, 'train0000002', START_MS + 6 * DAY_MS);
  return root;
}

it('A23 A31 a kept fix whose failure is back within a week has recurred: one row, however often it is back', async () => {
  const root = relapsed(await mended());
  await live(root, testClock(START_MS + 6 * DAY_MS), 2);
  check(root, 'uncut', ['recurred', 'regressed', 'kept']);
  assert.deepEqual(rows(root), ['pending', 'kept', 'recurred', 'pending', 'regressed', 'pending', 'kept']);
});

it('A31 it has recurred wherever the owner is killed meanwhile', { timeout: 120_000 }, async () => {
  const before = await mended();
  const calls = await live(relapsed(before), testClock(START_MS + 6 * DAY_MS), 4);
  assert.ok(calls !== 'died');
  const answered = calls.findIndex((call) => /^append runs.*"cadence":"bus-care"/.test(call));
  assert.ok(answered > 20, `care has ended after call ${answered}`);
  for (let n = 1; n <= answered + 2; n += 1) {
    const root = relapsed(before);
    const clock = testClock(START_MS + 6 * DAY_MS);
    const begun = new Map<string, number>();
    assert.equal(await live(root, clock, 4, n, begun), 'died');
    await live(root, clock, 4, 0, begun);
    const where = `cut after call ${n}, ${calls[n - 1]}`;
    check(root, where, ['recurred', 'kept']);
    assert.ok(rows(root).filter((status) => status === 'recurred').length <= 2, where);
    rmSync(root, { recursive: true, force: true });
  }
});

it('A23 a kept fix whose failure is back after more than a week stays kept', async () => {
  const root = await mended();
  drop(root, 'train0000002', START_MS + 8 * DAY_MS);
  await live(root, testClock(START_MS + 8 * DAY_MS), 4);
  assert.deepEqual(rows(root), ['pending', 'kept', 'pending', 'kept']);
  assert.equal(readdirSync(pathsOf(root).incidents).filter((name) => !name.includes('.')).length, 2, 'it is another incident');
});
