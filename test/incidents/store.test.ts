import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { incidentHealth } from '../../lib/app/answers/incident-reading.ts';
import { pathsOf } from '../../lib/core/paths.ts';
import type { RunRecord } from '../../lib/core/run.ts';
import { createIncidentsCheck } from '../../lib/doctor/incidents.ts';
import { createIncidents } from '../../lib/incidents/store.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createIds } from '../../lib/platform/ids.ts';
import { type TestClock, testClock } from '../support/bus.ts';
import { inFastFolder } from '../support/fast-folder.ts';
import { tempRoot } from '../support/temp-root.ts';

const START_MS = Date.UTC(2026, 10, 20, 7);
const DAY = 86_400_000;

/** A store whose evidence is one report; the words of a bug are the reason of its run. */
function yard() {
  const paths = pathsOf(inFastFolder(tempRoot));
  mkdirSync(paths.incidents, { recursive: true });
  const clock = testClock(START_MS);
  const broken: string[] = [];
  let runs = 0;
  const open = (files = createFiles()) =>
    createIncidents({
      ...{ files, clock, paths, print: createIds().keyed },
      onBroken: (path) => broken.push(path),
      gatherFound: ({ detector, words }) => ({ detector, title: words, words: [], files: () => [{ name: 'report.md', text: 'what was seen\n' }] }),
      gather: ({ reason }) => ({ detector: 'exit', title: reason, words: [reason], files: () => [{ name: 'report.md', text: 'the evidence\n' }] }),
    });
  const run = (reason: string, more: Partial<RunRecord> = {}): RunRecord => {
    runs += 1;
    const at = new Date(clock.nowMs()).toISOString();
    return {
      ...{ run_id: `run${String(runs).padStart(9, '0')}-1`, cadence: 'task', tick: 'run000000000', attempt: 1, status: 'dead', reason, summary: '' },
      ...{ started_at: at, ended_at: at, duration_ms: 0, exit_code: 1, signal: null, cost_usd: null, stdout_path: null, stderr_path: null, blame: 'cadence' },
      ...more,
    };
  };
  const well = (more: Partial<RunRecord> = {}) => run('', { status: 'succeeded', ...more });
  const folders = () => readdirSync(paths.incidents).filter((name) => name !== 'index.jsonl');
  return { paths, clock, broken, open, run, well, folders };
}

/** Evidence as an owner gathers it of a tick that has waited too long. */
function createOwnersStore(paths: ReturnType<typeof pathsOf>, clock: TestClock) {
  const gather = () => ({ detector: 'missed', title: '', words: [], files: () => [] });
  return createIncidents({ files: createFiles(), clock, paths, print: createIds().keyed, onBroken: () => undefined, gather, gatherFound: gather });
}

describe('the store of incidents', () => {
  it('P14 what the watchman finds missed is the incident that the owner makes of the same slot, counted once, whoever comes first', async () => {
    const { clock, open, run, well, folders, paths } = yard();
    const store = open();
    const slot = '2026-11-20T06:00:00Z';
    const at = (): string => new Date(clock.nowMs()).toISOString();
    const finding = { cadence: 'task', detector: 'missed', at: at(), words: 'task is missing', key: `missed:task:${slot}`, slot } as const;
    const expired = run('its time was over', { status: 'expired', slot: '2026-11-20T06:00:00.000Z' });
    const first = await store.find(finding);
    assert.deepEqual([first?.change, first?.incident.occurrences, first?.incident.title], ['opened', 1, 'task is missing']);
    const again = await open().find(finding);
    assert.deepEqual([again?.isRepeat, again?.change, again?.incident.occurrences], [true, 'opened', 1], 'after a death it is the same');
    const byOwner = await createOwnersStore(paths, clock).record(expired);
    assert.deepEqual([byOwner.incident.id, byOwner.incident.occurrences, byOwner.isRepeat], [first?.incident.id, 1, true]);
    const next = open();
    await next.prove(well());
    assert.equal(next.get(String(first?.incident.id))?.state, 'resolved', 'a run proves it');
    assert.equal(await next.find({ ...finding, key: 'missed:task:told by another' }), undefined, 'and this very slot is on file, though it is over');
    clock.advance(DAY);
    const later = await next.find({ ...finding, at: at(), key: 'missed:task:2026-11-21T06:00:00Z', slot: '2026-11-21T06:00:00Z' });
    assert.deepEqual([later?.change, later?.incident.id, later?.incident.occurrences], ['recurred', first?.incident.id, 2]);
    assert.equal(folders().length, 1);
    const lines = readFileSync(`${paths.incidents}/${first?.incident.id}/occurrences.jsonl`, 'utf8').trim().split('\n');
    assert.equal(lines.length, 3, 'the finding, the tick that waited too long, and the next one');
  });

  it('P14 what is wrong with a timer no run proves well, though the owner makes up for it; the watchman does', async () => {
    const { clock, open, well } = yard();
    const store = open();
    const at = (): string => new Date(clock.nowMs()).toISOString();
    const finding = { cadence: 'task', detector: 'disabled', at: at(), words: 'the timer of task is failed', key: 'timer:task:1', timer: 'failed' } as const;
    const id = String((await store.find(finding))?.incident.id);
    assert.deepEqual(await store.prove(well()), []);
    assert.deepEqual(store.heal('task', 'stale', at()), [], 'another thing is well');
    clock.advance(1_000);
    assert.deepEqual(
      store.heal('task', 'disabled', at()).map(({ change, incident }) => [change, incident.id, incident.resolved_by]),
      [['resolved', id, 'proof']],
    );
    assert.deepEqual(
      open()
        .heal('task', 'disabled', at())
        .map(({ isRepeat }) => isRepeat),
      [true],
      'told twice, it leads to the same',
    );
    clock.advance(1_000);
    const earlier = at();
    clock.advance(1_000);
    await store.find({ ...finding, at: at(), key: 'timer:task:2' });
    assert.deepEqual(store.heal('task', 'disabled', earlier), [], 'it has come back since');
  });

  it('A16 is found again by another owner, also where the index is lost, garbled or behind', async () => {
    const { paths, open, run, well } = yard();
    const first = open();
    const { incident } = await first.record(run('one'));
    await first.record(run('two'));
    await first.prove(well());
    const { incident: again } = await first.record(run('three'));
    const index = `${paths.incidents}/index.jsonl`;
    const whole = readFileSync(index, 'utf8');
    assert.deepEqual(Object.keys(JSON.parse(whole.split('\n')[0] ?? '')), ['id', 'fingerprint', 'cadence', 'detector', 'message', 'state']);
    for (const text of [whole, '', 'garbage\n{"id":1}\n', whole.slice(0, 40), `${whole.split('\n')[0]}\n`]) {
      writeFileSync(index, text);
      const next = open();
      assert.deepEqual(
        next.open().map(({ id }) => id),
        [again.id],
        text.slice(0, 20),
      );
      assert.equal(next.get(incident.id)?.state, 'resolved');
      const ids = readFileSync(index, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id);
      assert.equal(new Set(ids).size, 3);
    }
    rmSync(index);
    assert.equal(open().open().length, 1);
    assert.equal(readFileSync(index, 'utf8').trim().split('\n').length, 3);
  });

  it('sets a broken one aside and goes on; the doctor names it', async () => {
    const { paths, open, run, broken } = yard();
    const { incident } = await open().record(run('one'));
    const path = `${paths.incidents}/${incident.id}/incident.json`;
    for (const [n, text] of ['', '{', 'null', '[]', '{"format":2}', readFileSync(path, 'utf8').replace('"open"', '"odd"')].entries()) {
      writeFileSync(path, text);
      const check = createIncidentsCheck({ paths, incidents: () => incidentHealth({ files: createFiles(), paths }) });
      if (n < 5) assert.equal((await check.inspect()).level, 'warn', text);
      assert.deepEqual(open().open(), []);
      assert.equal(broken.length, n + 1);
      assert.ok(existsSync(broken[n] ?? ''), 'what it held is kept');
    }
    const { change } = await open().record(run('one'));
    assert.equal(change, 'opened');
  });

  it('sweeps away what a dead owner had begun to put together', () => {
    const { paths, open, folders } = yard();
    mkdirSync(`${paths.incidents}/.new-2026-11-20T07-00-00Z-task-exit/frames`, { recursive: true });
    mkdirSync(`${paths.incidents}/something-of-a-user`);
    open().open();
    assert.deepEqual(folders(), ['something-of-a-user']);
  });

  it('A15 numbers what opens in the same second, and is the account’s where the failure is', async () => {
    const { open, run, well } = yard();
    const store = open();
    for (const words of ['one', 'two', 'three']) await store.record(run(words));
    const ids = store.open().map(({ id }) => id);
    assert.deepEqual(ids, ['2026-11-20T07-00-00Z-task-exit', '2026-11-20T07-00-00Z-task-exit-0002', '2026-11-20T07-00-00Z-task-exit-0003']);
    const auth = { blame: 'account', account: 'work', class: 'auth' } as const;
    await store.record(run('auth', { ...auth, cadence: 'mail' }));
    const { incident, change } = await store.record(run('auth', { ...auth, cadence: 'news' }));
    assert.deepEqual([change, incident.account, incident.cadences, incident.occurrences], ['occurred', 'work', ['mail', 'news'], 2]);
    const proven = await store.prove(well({ cadence: 'other', account: 'work' }));
    assert.deepEqual(
      proven.map((one) => [one.incident.id, one.change, one.incident.resolved_by]),
      [[incident.id, 'resolved', 'proof']],
    );
    assert.equal(store.open().length, 3);
  });

  it('P17 is the agent’s where the failure is, and only a run of that agent resolves it', async () => {
    const { open, run, well } = yard();
    const store = open();
    const dead = { blame: 'provider', provider: 'codex' } as const;
    await store.record(run('no such file', { ...dead, cadence: 'mail' }));
    const { incident, change } = await store.record(run('no such file', { ...dead, cadence: 'news' }));
    assert.deepEqual([change, incident.provider, incident.cadences, incident.occurrences], ['occurred', 'codex', ['mail', 'news'], 2]);
    assert.deepEqual(await store.prove(well({ cadence: 'mail', provider: 'spare' })), [], 'it went on with another agent');
    const proven = await store.prove(well({ cadence: 'other', provider: 'codex' }));
    assert.deepEqual(
      proven.map((one) => one.incident.id),
      [incident.id],
    );
    assert.deepEqual(store.open(), []);
  });

  it('answers as before where the same run is recorded again', async () => {
    const { open, run, well } = yard();
    const store = open();
    const [one, two] = [run('x'), run('x')];
    const told = async (record: RunRecord) => {
      const { change, isRepeat, incident } = await store.record(record);
      return [change, isRepeat, incident.occurrences];
    };
    assert.deepEqual(
      [await told(one), await told(one), await told(two), await told(two)],
      [
        ['opened', false, 1],
        ['opened', true, 1],
        ['occurred', false, 2],
        ['occurred', true, 2],
      ],
    );
    const proof = well();
    const [first, second] = [await store.prove(proof), await store.prove(proof)];
    assert.deepEqual(
      [first, second].map((cases) => cases.map(({ change, isRepeat }) => [change, isRepeat])),
      [[['resolved', false]], [['resolved', true]]],
    );
    const back = run('x');
    assert.deepEqual(
      [await told(back), await told(back)],
      [
        ['recurred', false, 3],
        ['recurred', true, 3],
      ],
    );
  });

  it('keeps the two hundred that were resolved last, and nothing longer than runs are kept but what is open of a cadence that is there', async () => {
    const { clock, open, run, well, folders } = yard();
    const store = open();
    const { incident: old } = await store.record(run('never again', { cadence: 'gone' }));
    for (let n = 0; n < 210; n += 1) {
      clock.set(clock.nowMs() + 60_000);
      await store.record(run(`bug ${n}`));
      if (n % 10 === 9) await store.prove(well());
    }
    await store.record(run('still open'));
    const isDefined = (cadence: string): boolean => cadence !== 'gone';
    assert.equal(store.forget(90 * DAY, isDefined), 10);
    assert.equal(folders().length, 202);
    assert.ok(folders().includes(old.id));
    assert.equal(open().forget(90 * DAY, isDefined), 0, 'and the next owner finds no more');
    clock.set(clock.nowMs() + 91 * DAY);
    assert.equal(open().forget(90 * DAY, isDefined), 201);
    assert.deepEqual(
      open()
        .open()
        .map(({ title }) => title),
      ['still open'],
    );
    assert.equal(
      open().forget(90 * DAY, () => false),
      1,
    );
    assert.deepEqual(folders(), []);
  });

  it('opens no more than twenty bugs of one cadence at once: where every message is another, they are one', async () => {
    const { open, run, folders } = yard();
    const store = open();
    for (let n = 0; n < 60; n += 1) await store.record(run(`${'abcdefghijklmnopqrstuvwxyz'[n % 26]}${'!'.repeat(n)}`));
    assert.equal(folders().length, 21);
    assert.equal(
      store.open().reduce((sum, { occurrences }) => sum + occurrences, 0),
      60,
    );
  });
});
