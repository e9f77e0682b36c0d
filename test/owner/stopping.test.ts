import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/eventually.ts';
import { isAlive } from '../support/owner-cli.ts';
import { childOf, createYard, finalRecord, list, type Yard } from './owner-yard.ts';

const CHILDREN = fileURLToPath(new URL('../fixtures/children', import.meta.url));
const command = (...argv: readonly string[]): string => `run: { command: ${JSON.stringify(argv)} }`;

function outputOf(yard: Yard): string {
  return list(yard.paths.subsessions)
    .map((file) => readFileSync(`${yard.paths.subsessions}/${file}`, 'utf8'))
    .join('');
}

describe('stopping a run', () => {
  it('D23 cancel ends a child that does not heed SIGTERM, with all that it started', async () => {
    const yard = createYard();
    yard.cadence('stubborn', command('sh', `${CHILDREN}/ignores-term.sh`), 'kill_grace: 200ms');
    await yard.start();
    const tick = await yard.enqueue('stubborn');
    await eventually('it is ready', () => outputOf(yard).includes('ready'));
    const cancelled = await yard.cli('cancel', tick);
    assert.equal(cancelled.code, 0, cancelled.stderr);
    const record = await finalRecord(yard, tick);
    assert.deepEqual([record.status, record.survivors], ['cancelled', undefined]);
    assert.deepEqual(yard.children(), []);
  });

  it('cancel finds a daemon that went to a session of its own', async () => {
    const yard = createYard();
    yard.cadence('daemonic', command(process.execPath, `${CHILDREN}/forks-daemon.mjs`, 'stay'), 'kill_grace: 200ms');
    await yard.start();
    const tick = await yard.enqueue('daemonic');
    const daemon = await eventually('the daemon runs', () => Number(/daemon (\d+)/.exec(outputOf(yard))?.[1]));
    assert.equal((await yard.cli('cancel', tick)).code, 0);
    assert.equal((await finalRecord(yard, tick)).status, 'cancelled');
    assert.ok(!isAlive(daemon));
    assert.deepEqual(yard.children(), []);
  });

  it('A20 abort of a chat stops what the cadence runs by now, and not the tick alone that failed', async () => {
    const yard = createYard();
    yard.shell('books', 'test ! -e fails || exit 3; echo begun; sleep 600', 'retry: { attempts: 1 }', 'breaker: { failures: 100 }', 'kill_grace: 200ms');
    yard.put('fails', '');
    await yard.start();
    const failed = await yard.enqueue('books');
    await finalRecord(yard, failed);
    rmSync(`${yard.root}/fails`);
    await yard.cli('breaker', 'reset', 'books');
    const under = await yard.enqueue('books');
    await eventually('the next one runs', () => outputOf(yard).includes('begun'));
    const order = await yard.enqueue('bus-control', { payload: { order: 'abort', cadence: 'books', id: failed } });
    assert.equal((await finalRecord(yard, under)).status, 'cancelled');
    assert.deepEqual(yard.children(), []);
    assert.equal((await finalRecord(yard, order)).summary, '1 run is being stopped');
  });

  it('halt --kill ends what runs, charges nothing, holds it, and resume runs it', async () => {
    const yard = createYard();
    yard.shell('slow', 'echo begun; test -e "$CADENCE_ROOT/go" || sleep 600', 'retry: { attempts: 1 }');
    await yard.start();
    const tick = await yard.enqueue('slow');
    const pid = await childOf(yard);
    const halted = await yard.cli('halt', '--kill');
    assert.equal(halted.code, 0, halted.stderr);
    const waiting = await eventually('it waits again', () => yard.ls('waiting').find((file) => file.includes(`.${tick}.`)));
    assert.match(waiting, /\.0\.json$/, 'nothing is charged');
    assert.ok(!isAlive(pid));
    assert.deepEqual(yard.children(), []);
    assert.equal(yard.records().find((run) => run.tick === tick)?.status, 'interrupted');
    yard.put('go', '');
    assert.equal((await yard.json('status')).code, 0);
    assert.equal(yard.records().filter((run) => run.tick === tick).length, 1, 'a halted bus runs nothing');
    assert.equal((await yard.cli('resume')).code, 0);
    const record = await finalRecord(yard, tick);
    assert.deepEqual([record.status, record.attempt], ['succeeded', 1]);
  });

  it('a timeout and an idle_timeout end a child, and the record says which', async () => {
    const yard = createYard();
    yard.shell('endless', 'while :; do echo on; sleep 0.1; done', 'timeout: 1s', 'kill_grace: 200ms', 'retry: { attempts: 1 }');
    yard.cadence('mute', command('sh', `${CHILDREN}/silent.sh`), 'idle_timeout: 1s', 'kill_grace: 200ms', 'retry: { attempts: 1 }');
    await yard.start();
    const [endless, mute] = [await yard.enqueue('endless'), await yard.enqueue('mute')];
    const [late, idle] = [await finalRecord(yard, endless), await finalRecord(yard, mute)];
    assert.deepEqual([late.exit_code, late.status], [124, 'dead']);
    assert.match(late.reason, /^timed out after /);
    assert.deepEqual([idle.exit_code, idle.status], [124, 'dead']);
    assert.match(idle.reason, /^stopped: no output/);
    assert.deepEqual(yard.children(), []);
  });
});
