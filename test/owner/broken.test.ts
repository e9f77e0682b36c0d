import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { childOf, createYard, finalRecord, type Yard } from './owner-yard.ts';

interface Hold {
  readonly key: string;
  readonly state: string;
  readonly because: string;
}

const holdsOf = async (yard: Yard): Promise<readonly Hold[]> => (await yard.json('status')).holds as readonly Hold[];

describe('a tick whose definition is broken', () => {
  it('waits, and status, show and why say where it is broken; mended, it runs', async () => {
    const yard = createYard();
    yard.shell('backup', 'echo done', 'timeout: soon');
    const where = `${yard.paths.cadences}/backup.yaml:2:10`;
    const tick = await yard.enqueue('backup');
    const hold = await eventually('it is late, and no owner is needed to see why', async () => (await holdsOf(yard))[0]);
    assert.deepEqual([hold.key, hold.state], ['cadence:backup', 'broken']);
    assert.ok(hold.because.startsWith(`${where}  timeout: `), hold.because);
    await yard.start();
    const { stdout, stderr } = await yard.cli('status');
    assert.match(stdout, /‖ held +backup +never run +1 waiting/);
    assert.ok(stdout.includes(`cadence:backup  broken: ${where}`), stdout);
    assert.match(stderr, /^Next: cadence-bus check/m);
    const shown = await yard.json('show', tick);
    assert.equal(shown.status, 'held');
    assert.equal(shown.retry_at, undefined, 'no time is told at which nothing will happen');
    assert.doesNotMatch((await yard.cli('show', tick)).stdout, /tries again/);
    assert.ok(String(shown.reason).startsWith(`its definition is broken: ${where}  timeout: `), JSON.stringify(shown));
    assert.ok(String((await yard.json('why', 'backup')).because).includes(`its definition is broken: ${where}`));
    yard.shell('backup', 'echo done');
    assert.equal((await finalRecord(yard, tick)).summary, 'done');
    assert.deepEqual(await holdsOf(yard), []);
  });

  it('is not called so while the last good version goes on, however long it stands in line', async () => {
    const yard = createYard();
    yard.shell('backup', 'while [ ! -e "$CADENCE_ROOT/go" ]; do sleep 0.05; done; echo first');
    await yard.start();
    const one = await yard.enqueue('backup');
    await childOf(yard);
    assert.equal((await yard.cli('runs', 'backup')).stdout, 'No run of backup has ended yet.\n');
    const other = await yard.enqueue('backup');
    const enqueuedMs = Date.now();
    yard.shell('backup', 'echo second', 'timeout: soon');
    await eventually('it is told', () => yard.events('config_broken')[0]);
    await eventually('it is late', () => Date.now() - enqueuedMs > 1500);
    assert.deepEqual(await holdsOf(yard), []);
    const edit = `${yard.paths.cadences}/backup.yaml:2:10  timeout: `;
    const [told] = (await yard.json('status')).broken_edits as readonly { readonly name: string; readonly because: string }[];
    assert.ok(told?.name === 'backup' && told.because.startsWith(edit), JSON.stringify(told));
    const { stdout, stderr } = await yard.cli('status');
    assert.ok(stdout.includes(`Broken edits; the last good version goes on\n  ! backup: ${edit}`), stdout);
    assert.match(stderr, /^Next: cadence-bus check/m);
    yard.put('cadences/bus.yaml', 'lanes: 7\n');
    await eventually('so are broken settings', async () => /! bus\.yaml: .*bus\.yaml:1:8 {2}lanes: /.test((await yard.cli('status')).stdout));
    yard.put('cadences/bus.yaml', 'lanes: {}\n');
    assert.notEqual((await yard.json('show', other)).status, 'held');
    yard.put('go', '');
    assert.deepEqual([(await finalRecord(yard, one)).summary, (await finalRecord(yard, other)).summary], ['first', 'first']);
  });
});
