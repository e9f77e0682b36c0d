import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { createReading } from '../../lib/app/reading.ts';
import { formatTickName } from '../../lib/core/tick.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { Runner } from '../../lib/ports.ts';
import { testClock } from '../support/bus.ts';
import { cutFiles } from '../support/cut-files.ts';
import { inFastFolder } from '../support/fast-folder.ts';
import { runToRest, storyOwner } from '../support/story.ts';
import { tempRoot } from '../support/temp-root.ts';

const START_MS = Date.UTC(2026, 10, 20, 7);
/** A thousand in a minute: test/notify/storm.test.ts. */
const [CADENCES, FAILURES] = [50, 4];

it('A15 a storm of failures in fifty cadences is fifty folders, each failure counted, at a bounded cost, behind the work of users', async () => {
  const root = inFastFolder(tempRoot);
  mkdirSync(`${root}/cadences`, { recursive: true });
  mkdirSync(`${root}/state/cadence-bus/inbox`, { recursive: true });
  const drop = (cadence: string, n: number): void => {
    const dueMs = START_MS + n * 3_000;
    const id = `${cadence.replace('-', '')}x${String(n).padStart(4, '0')}`.padStart(12, 'a');
    const tick = { cadence, source: 'storm', enqueued_at: new Date(START_MS).toISOString(), payload: n };
    writeFileSync(`${root}/state/cadence-bus/inbox/${formatTickName({ dueMs, cadence, id, attempts: 0 })}`, `${JSON.stringify(tick)}\n`);
  };
  for (let n = 0; n < CADENCES; n += 1) {
    writeFileSync(`${root}/cadences/storm-${n}.yaml`, 'run: { command: [x] }\nretry: { attempts: 1 }\nbreaker: { failures: 100 }\n');
    for (let time = 0; time < FAILURES; time += 1) drop(`storm-${n}`, time);
  }
  const run: Runner['run'] = async ({ tick }) => ({
    outcome: { kind: 'give_up', blame: 'cadence', reason: `exit 1: no route to host, request ${String(tick.payload)}` },
    ending: undefined,
    stdoutPath: null,
    stderrPath: null,
  });
  const clock = testClock(START_MS);
  const files = cutFiles(createFiles(), 0);
  await runToRest(storyOwner(root, files, clock, { run, adopt: run }), clock);
  const { history, paths } = createReading(root);
  const incidents = readdirSync(paths.incidents).filter((name) => name !== 'index.jsonl');
  assert.equal(incidents.length, CADENCES);
  const counts = incidents.map((id) => JSON.parse(readFileSync(`${paths.incidents}/${id}/incident.json`, 'utf8')).occurrences);
  assert.deepEqual(
    counts,
    Array.from({ length: CADENCES }, () => FAILURES),
  );
  const ofCare = files.calls.filter((call) => /incidents|storm-\d+-exit|bus-care/.test(call)).length;
  assert.ok(ofCare < 12 * CADENCES * FAILURES, `${ofCare} changing calls for ${CADENCES * FAILURES} failures`);
  // A failure is recorded and its cadence goes on before anybody cares for it.
  const ends = history
    .runs({ limit: 10_000 })
    .toReversed()
    .map(({ cadence }) => cadence);
  const lastOfUsers = ends.findLastIndex((cadence) => cadence.startsWith('storm-'));
  assert.ok(ends.slice(lastOfUsers).includes('bus-care'));
});
