import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/eventually.ts';
import { childOf, createYard, finalRecord, type Yard } from './owner-yard.ts';

const ENQUEUE = fileURLToPath(new URL('../../bin/enqueue', import.meta.url));
const ENDLESS = 'while [ ! -e "$CADENCE_ROOT/go" ]; do sleep 0.05; done';

/** As a timer does it: the file bears a name of its maker's until an owner takes it in. */
function drop(yard: Yard, cadence: string): void {
  assert.equal(spawnSync(ENQUEUE, [cadence, '--root', yard.root]).status, 0);
}

const factsOf = async (yard: Yard, cadence: string): Promise<readonly string[]> => (await yard.json('why', cadence)).facts as readonly string[];

async function waitingOf(yard: Yard, name: string): Promise<number | undefined> {
  const { cadences } = (await yard.json('status')) as unknown as { readonly cadences: readonly { readonly name: string; readonly waiting: number }[] };
  return cadences.find((one) => one.name === name)?.waiting;
}

describe('why a tick waits', () => {
  it('counts what nobody has taken in yet, and says that nobody is there', async () => {
    const yard = createYard();
    yard.shell('backup', 'echo done');
    drop(yard, 'backup');
    drop(yard, 'backup');
    yard.put('state/cadence-bus/inbox/many.ndjson', '{"cadence":"backup"}\n{"cadence":"other"}\nno tick\n');
    assert.deepEqual(await factsOf(yard, 'backup'), [
      'it has no schedule and runs when it is asked to',
      'it has never run',
      '3 ticks wait',
      'no owner is running, so nothing starts',
    ]);
    assert.match((await yard.cli('why', 'backup')).stderr, /^Next: cadence-bus start /m);
    assert.deepEqual([await waitingOf(yard, 'backup'), await waitingOf(yard, 'other')], [3, 1]);
  });

  it('answers of a cadence that was removed while its first run was under way, and tells how that ended', async () => {
    const yard = createYard();
    yard.shell('brief', ENDLESS);
    await yard.start();
    const tick = await yard.enqueue('brief');
    await eventually('it runs', () => yard.ls('claimed').length > 0);
    assert.equal((await yard.cli('rm', 'brief', '--force', '--yes')).code, 0);
    const facts = await factsOf(yard, 'brief');
    assert.deepEqual([facts.includes('no file defines it'), facts.includes('it runs now')], [true, true], facts.join('; '));
    assert.match((await yard.cli('runs', 'brief')).stdout, /No run of brief has ended yet/);
    yard.put('go', '');
    await finalRecord(yard, tick);
    assert.match((await factsOf(yard, 'brief')).join('; '), /no file defines it; its last run succeeded/);
  });

  it('counts the lines of a long batch, and says of how many files it does not know whose they are', async () => {
    const yard = createYard();
    yard.shell('backup', 'echo done');
    yard.put('state/cadence-bus/inbox/long.ndjson', `{"cadence":"backup","payload":"${'x'.repeat(500)}"}\n`.repeat(10_000));
    assert.equal((await factsOf(yard, 'backup'))[2], '10000 ticks wait');
    for (let n = 0; n < 1_002; n += 1) yard.put(`state/cadence-bus/inbox/garbage-${n}.json`, 'no tick\n');
    assert.ok((await factsOf(yard, 'backup')).some((fact) => /^whose \d+ more files of the inbox are nobody has looked yet$/.test(fact)));
  });

  it('names who fills its lane, and who runs in its workspace', async () => {
    const yard = createYard();
    yard.put('cadences/bus.yaml', 'lanes: { solo: 1 }\n');
    yard.shell('first', ENDLESS, 'lane: solo', 'workspace: ./w');
    yard.shell('second', 'echo done', 'lane: solo');
    yard.shell('third', 'echo done', 'workspace: ./w');
    await yard.start();
    await yard.enqueue('first');
    await childOf(yard);
    for (const name of ['second', 'third']) drop(yard, name);
    assert.ok((await factsOf(yard, 'first')).includes('it runs now'));
    assert.deepEqual((await factsOf(yard, 'second')).slice(2), ['1 tick waits', 'its lane solo is full: first runs']);
    assert.deepEqual((await factsOf(yard, 'third')).slice(2), ['1 tick waits', `first runs in its workspace ${yard.root}/w`]);
    yard.put('go', '');
    await eventually('they have run', async () => (await factsOf(yard, 'third'))[1]?.startsWith('its last run succeeded'));
  });

  it('says of an opening whose time is over that the next tick is its probe', async () => {
    const yard = createYard();
    yard.shell('broken', 'exit 3', 'retry: { attempts: 1 }', 'breaker: { failures: 1, open: 1s }');
    drop(yard, 'broken');
    assert.equal((await yard.cli('start', '--drain')).code, 0);
    await eventually('its time is over', async () =>
      (await factsOf(yard, 'broken')).some((fact) => fact.startsWith('cadence:broken is half open, the next tick is its probe: exit 3')),
    );
  });

  it('names the account that is held, the definition that is switched off, and the owner that is asleep', async () => {
    const yard = createYard();
    yard.put('cadences/brief.md', 'Write the brief.\n');
    yard.shell('off', 'echo done', 'enabled: false');
    const owner = await yard.start();
    await yard.cli('pause', 'account:claude', '--because', 'the bill is due');
    for (const name of ['brief', 'off']) drop(yard, name);
    const held = await factsOf(yard, 'brief');
    assert.deepEqual(held.slice(2, 3), ['1 tick waits']);
    assert.ok(
      held.some((fact) => fact.startsWith('account:claude is paused: the bill is due')),
      held.join('\n'),
    );
    assert.ok((await factsOf(yard, 'off')).includes('its file says enabled: false'));
    process.kill(owner.pid, 'SIGSTOP');
    assert.ok((await factsOf(yard, 'off')).some((fact) => fact.startsWith('the owner does not answer')));
    process.kill(owner.pid, 'SIGCONT');
  });
});
