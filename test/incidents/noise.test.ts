import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { readLearned } from '../../lib/app/answers/learned.ts';
import { formatTickName } from '../../lib/core/tick.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { Http, Runner } from '../../lib/ports.ts';
import { testClock } from '../support/bus.ts';
import { inFastFolder } from '../support/fast-folder.ts';
import { runToRest, storyOwner } from '../support/story.ts';
import { tempRoot } from '../support/temp-root.ts';

const HOUR = 3_600_000;
/** Forty hours ago by the clock on the wall, for `learn` looks at that one. */
const START_MS = Math.floor(Date.now() / HOUR) * HOUR - 40 * HOUR;

it('P27 after ten episodes that healed themselves the same noise is told to nobody, and it is told again where it does not heal', async () => {
  const root = inFastFolder(tempRoot);
  mkdirSync(`${root}/cadences`, { recursive: true });
  mkdirSync(`${root}/state/cadence-bus/inbox`, { recursive: true });
  const notify = 'notify: { after: 2, message: "{status}", webhook: { url: "https://one.example/hook" } }';
  writeFileSync(`${root}/cadences/sync.yaml`, `run: { command: [x] }\nretry: { attempts: 1 }\nbreaker: { failures: 90 }\n${notify}\n`);
  let n = 0;
  const drop = (words: string, atMs: number): void => {
    n += 1;
    const tick = { cadence: 'sync', source: 'story', enqueued_at: new Date(atMs).toISOString(), payload: words };
    const name = { dueMs: atMs, cadence: 'sync', id: `tick${String(n).padStart(8, '0')}`, attempts: 0 };
    writeFileSync(`${root}/state/cadence-bus/inbox/${formatTickName(name)}`, `${JSON.stringify(tick)}\n`);
  };
  // Every two hours it fails twice, then runs well; the last time it fails and fails.
  for (let episode = 0; episode < 13; episode += 1)
    for (const [minute, words] of [
      [0, 'no route'],
      [1, 'no route'],
      [2, 'well'],
    ] as const)
      drop(words, START_MS + episode * 2 * HOUR + minute * 60_000);
  const lastMs = START_MS + 26 * HOUR;
  for (let time = 0; time < 11; time += 1) drop('no route', lastMs + time * 60_000);
  const run: Runner['run'] = async ({ tick }) => ({
    outcome: tick.payload === 'well' ? { kind: 'ok', summary: '' } : { kind: 'give_up', blame: 'cadence', reason: `exit 1: ${tick.payload}` },
    ending: undefined,
    stdoutPath: null,
    stderrPath: null,
  });
  const clock = testClock(START_MS);
  const told: string[] = [];
  const http: Http = {
    async post({ body }) {
      told.push(`${Math.floor((clock.nowMs() - START_MS) / (2 * HOUR))} ${(JSON.parse(body) as { kind: string }).kind}`);
      return { kind: 'answer', status: 204, retryAfterMs: undefined, text: '' };
    },
  };
  await runToRest(storyOwner(root, createFiles(), clock, { run, adopt: run }, http), clock);
  const expected = Array.from({ length: 10 }, (_, episode) => [`${episode} failure`, `${episode} recovery`]).flat();
  assert.deepEqual(told.slice(0, expected.length), expected);
  const after = told.slice(expected.length);
  assert.deepEqual([...new Set(after)], ['13 failure'], 'three episodes of the same noise were told, or its change was not');
  const [learned] = readLearned(root, 'sync').cadences;
  assert.equal(learned?.episodes.length, 14);
  assert.equal(learned?.pattern, 'persistent');
});
