import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Incident } from '../../lib/core/incident/incident.ts';
import { formatTickName } from '../../lib/core/tick.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { Runner } from '../../lib/ports.ts';
import { testClock } from '../support/bus.ts';
import { runToRest, storyOwner } from '../support/story.ts';
import { tempRoot } from '../support/temp-root.ts';

const START_MS = Date.UTC(2026, 10, 20, 7);
const MINUTE = 60_000;

/** Keys that were refused once; they are good from then on, or their ticks would be tried for ever. */
const refused = new Set<string>();

/** What a tick says is how its run ends. */
const runner: Runner = {
  async run(job) {
    const reason = String(job.tick.payload);
    const ending = undefined;
    const isGoodNow = refused.has(reason);
    if (reason.startsWith('auth')) refused.add(reason);
    if (reason === 'well' || isGoodNow) return { outcome: { kind: 'ok', summary: '' }, ending, stdoutPath: null, stderrPath: null };
    return {
      outcome: { kind: 'give_up', blame: reason.startsWith('auth') ? 'account' : 'cadence', reason, ...(reason.startsWith('auth') ? { class: 'auth' } : {}) },
      ending,
      stdoutPath: null,
      stderrPath: null,
    };
  },
  adopt: async () => assert.fail('nothing is adopted here'),
};

function yard(cadences: Readonly<Record<string, string>> = { backup: 'run: { command: [x] }' }) {
  const root = tempRoot();
  mkdirSync(`${root}/cadences`, { recursive: true });
  mkdirSync(`${root}/state/cadence-bus/inbox`, { recursive: true });
  for (const [name, text] of Object.entries(cadences)) writeFileSync(`${root}/cadences/${name}.yaml`, `${text}\n`);
  const clock = testClock(START_MS);
  let n = 0;
  return {
    root,
    clock,
    drop(payload: string, minute: number, cadence = 'backup') {
      n += 1;
      const dueMs = START_MS + minute * MINUTE;
      const id = `tick${String(n).padStart(8, '0')}`;
      const tick = { cadence, source: 'story', enqueued_at: new Date(dueMs).toISOString(), payload };
      writeFileSync(`${root}/state/cadence-bus/inbox/${formatTickName({ dueMs, cadence, id, attempts: 0 })}`, `${JSON.stringify(tick)}\n`);
      return `${id}-1`;
    },
    rest: () => runToRest(storyOwner(root, createFiles(), clock, runner), clock),
    incidents: (): readonly Incident[] =>
      readdirSync(`${root}/state/cadence-bus/incidents`)
        .filter((file) => file.startsWith('2'))
        .sort()
        .map((id) => JSON.parse(readFileSync(`${root}/state/cadence-bus/incidents/${id}/incident.json`, 'utf8'))),
    read: (path: string) => readFileSync(`${root}/state/cadence-bus/incidents/${path}`, 'utf8'),
  };
}

describe('an incident', () => {
  it('A15 A49 is one folder for one bug, however often it comes, and is over when its cadence is proven', async () => {
    const { drop, rest, incidents, read } = yard();
    const first = drop('exit 3: no route to 10.0.0.7, request 8812', 0);
    const second = drop('exit 3: no route to 10.0.0.9, request 8813', 1);
    await rest();
    const [open, ...others] = incidents();
    assert.deepEqual(others, []);
    assert.deepEqual([open?.id, open?.state, open?.occurrences, open?.run_ids], ['2026-11-20T07-00-00Z-backup-exit', 'open', 2, [first, second]]);
    assert.match(read(`${open?.id}/report.md`), /^# exit 3: no route.*\n\n- whose: backup\n- state: open\n/);
    assert.equal(read(`${open?.id}/occurrences.jsonl`).trim().split('\n').length, 2);
    const proof = drop('well', 30);
    await rest();
    const [over] = incidents();
    assert.deepEqual([over?.state, over?.resolved_by, over?.proof_run_id], ['resolved', 'proof', proof]);
    assert.deepEqual(over?.episodes, [{ opened_at: open?.first_at, occurrences: 2, ended_at: over?.resolved_at, by: 'proof' }]);
    assert.match(read(`${over?.id}/report.md`), /- state: resolved, .*, by proof\n/);
  });

  it('opens again where the same comes back within seven days, and is another one after that', async () => {
    const { drop, rest, incidents } = yard();
    drop('exit 3: no route', 0);
    drop('well', 1);
    drop('exit 3: no route', 2 * 24 * 60);
    drop('well', 2 * 24 * 60 + 1);
    await rest();
    assert.deepEqual(
      incidents().map(({ state, occurrences, episodes }) => [state, occurrences, episodes.length]),
      [['resolved', 2, 2]],
    );
    drop('exit 3: no route', 12 * 24 * 60);
    await rest();
    assert.deepEqual(
      incidents().map(({ state, episodes }) => [state, episodes.length]),
      [
        ['resolved', 2],
        ['open', 1],
      ],
    );
  });

  it('of an account bears its name', async () => {
    const account = 'run: { command: [x] }\naccount: work\nbreaker: { failures: 99 }';
    const { drop, rest, incidents } = yard({ one: account, two: account });
    drop('auth: key revoked', 0, 'one');
    await rest();
    const [incident] = incidents();
    assert.deepEqual([incident?.account, incident?.detector, incident?.cadences], ['work', 'auth', ['one']]);
  });
});
