import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { childOf, createYard, finalRecord, readIfThere, type Yard } from './owner-yard.ts';

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
    const hold = await eventually('no owner is needed to see why', async () => (await holdsOf(yard))[0]);
    assert.deepEqual([hold.key, hold.state], ['cadence:backup', 'broken']);
    assert.ok(hold.because.startsWith(`${where}  timeout: `), hold.because);
    await yard.start();
    const { stdout, stderr } = await yard.cli('status');
    assert.match(stdout, /‖ held +backup +never run +1 waiting/);
    assert.ok(stdout.includes(`cadence:backup  broken: ${where}`), stdout);
    assert.match(stderr, /^Next: cadence-bus check/m);
    const shown = await eventually('it is late', async () => {
      const found = await yard.json('show', tick);
      return found.status === 'held' ? found : undefined;
    });
    assert.equal(shown.retry_at, undefined, 'no time is told at which nothing will happen');
    assert.doesNotMatch((await yard.cli('show', tick)).stdout, /tries again/);
    assert.ok(String(shown.reason).startsWith(`its definition is broken: ${where}  timeout: `), JSON.stringify(shown));
    assert.ok(String((await yard.json('why', 'backup')).because).includes(`its definition is broken: ${where}`));
    yard.shell('backup', 'echo done');
    assert.equal((await finalRecord(yard, tick)).summary, 'done');
    assert.deepEqual(await holdsOf(yard), []);
  });

  it('is told of also where nothing waits, owner or not, for a slot that never fires is silence', async () => {
    const yard = createYard();
    yard.cadence('nightly', 'run: { comand: [./x.sh] }', 'schedule: daily 3:00');
    const where = `${yard.paths.cadences}/nightly.yaml:1:8`;
    for (const isOwned of [false, true]) {
      if (isOwned) await yard.start();
      assert.deepEqual(
        (await holdsOf(yard)).map(({ key, state, because }) => [
          key,
          state,
          because.startsWith(`${where}  run.comand: unknown key "comand". Did you mean "command"?`),
        ]),
        [['cadence:nightly', 'broken', true]],
      );
      assert.match((await yard.cli('status')).stderr, /^Next: cadence-bus check/m);
      const { stdout, stderr } = await yard.cli('why', 'nightly');
      assert.ok(stdout.startsWith(`nightly: its definition is broken: ${where}  run.comand: `), stdout);
      assert.doesNotMatch(stdout, /no schedule/);
      assert.match(stderr, /^Next: cadence-bus check/m);
    }
  });

  it('is not called so while the last good version goes on, however long it stands in line', async () => {
    const yard = createYard();
    yard.shell('backup', 'while [ ! -e "$CADENCE_ROOT/go" ]; do sleep 0.05; done; echo first', 'schedule: monthly 1 7:00');
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
    const why = await yard.cli('why', 'backup');
    assert.ok(why.stdout.startsWith(`backup: its file is broken, and its last good version goes on: ${edit}`), why.stdout);
    assert.match(why.stderr, /^Next: cadence-bus check backup/m);
    const next = await yard.cli('next', 'backup');
    assert.match(next.stdout, /backup *$/m);
    assert.match(next.stderr, /^! backup fires as its last good version says: its file is broken; see cadence-bus check backup$/m);
    yard.put('cadences/bus.yaml', 'lanes: 7\n');
    await eventually('so are broken settings', async () => /! bus\.yaml: .*bus\.yaml:1:8 {2}lanes: /.test((await yard.cli('status')).stdout));
    yard.put('cadences/bus.yaml', 'lanes: {}\n');
    assert.notEqual((await yard.json('show', other)).status, 'held');
    yard.put('go', '');
    assert.deepEqual([(await finalRecord(yard, one)).summary, (await finalRecord(yard, other)).summary], ['first', 'first']);
  });
});

describe('settings of the bus that were wrong before its owner began', () => {
  const spends = (yard: Yard): void => yard.shell('session', 'echo paid', 'budget: { run_usd: 1 }');

  it('let nothing run that may cost money, and say so everywhere; mended, it runs', async () => {
    const yard = createYard();
    yard.put('cadences/bus.yaml', 'budget: { day_usd: 5 }\nmin_fre: 1GB\n');
    spends(yard);
    yard.shell('free', 'echo done');
    const owner = await yard.start();
    const [paid, free] = [await yard.enqueue('session'), await yard.enqueue('free')];
    assert.equal((await finalRecord(yard, free)).summary, 'done');
    const where = `${yard.paths.cadences}/bus.yaml:2:1`;
    const [hold] = await holdsOf(yard);
    assert.equal(hold?.key, 'cadence:session');
    assert.ok(hold?.because.startsWith(`${where}  min_fre: the settings of the bus are wrong, so nobody knows what this may spend: `), hold?.because);
    assert.match(owner.stderr(), /bus\.yaml:2:1: unknown key "min_fre"\. No agent runs until it is mended, and nothing that has a budget/);
    assert.ok((await yard.cli('status')).stdout.includes(`! ${where}  min_fre: unknown key`));
    const [held] = (await yard.json('status', 'session')).cadences as readonly { readonly waits_because: string }[];
    assert.ok(held?.waits_because.startsWith(`${yard.paths.cadences}/bus.yaml is broken: the settings`), held?.waits_because);
    const why = await yard.cli('why');
    assert.ok(why.stdout.includes(`! ${where}`) && why.stdout.includes(`session: it waits until bus.yaml is mended: ${where}`), why.stdout);
    assert.equal(
      yard.records().some(({ tick }) => tick === paid),
      false,
    );
    yard.put('cadences/bus.yaml', 'budget: { day_usd: 5 }\nmin_free: 1MB\n');
    assert.equal((await finalRecord(yard, paid)).summary, 'paid');
    assert.deepEqual([await holdsOf(yard), (await yard.json('status')).settings_fault], [[], null]);
  });

  it('hold also a command that has told a cost under an earlier definition, and commands that never did go on', async () => {
    const yard = createYard();
    const agent = `run: { agent: { command: [sh, -c, 'cat >/dev/null; echo "{\\"cost_usd\\": 0.2}"'], output: json } }`;
    const page = yard.put('cadences/told.md', `---\n${agent}\n---\nWrite.\n`);
    assert.equal((await yard.json('run', 'told')).cost_usd, 0.2);
    rmSync(page);
    yard.shell('told', 'echo paid', 'schedule: daily 3:00');
    yard.shell('free', 'echo done');
    spends(yard);
    const file = yard.put('cadences/bus.yaml', 'budget: { day_usd: 5 }\nmin_fre: 1GB\n');
    const where = `${file}:2:1  min_fre: the settings of the bus are wrong, so nobody knows what this may spend: `;
    const waits = async (): Promise<void> => {
      const holds = await holdsOf(yard);
      assert.deepEqual(
        holds.map(({ key, state }) => `${key} ${state}`),
        ['cadence:session broken', 'cadence:told broken'],
      );
      assert.ok(
        holds.every(({ because }) => because.startsWith(where)),
        JSON.stringify(holds),
      );
      const facts = (await yard.json('why', 'told')).facts as readonly string[];
      assert.ok(facts[0]?.startsWith(`it waits until bus.yaml is mended: ${where}`), facts.join('\n'));
    };
    await waits();
    const check = await yard.cli('check');
    assert.equal(check.stdout.match(/bus\.yaml:2:1/g)?.length, 1, check.stdout);
    assert.match(check.stderr, /‖ While bus.yaml is wrong nobody knows what these may spend, and an owner that starts lets them wait: session, told\n/);
    assert.match((await yard.cli('check', 'told')).stdout, /bus\.yaml:2:1 .*nobody knows what this may spend/);
    assert.match((await yard.cli('doctor')).stdout, /min_fre: unknown key.*\n +While bus.yaml is wrong nobody knows what these may spend, .*: session, told\n/);
    const owner = await yard.start();
    const [paid, free] = [await yard.enqueue('told'), await yard.enqueue('free')];
    assert.equal((await finalRecord(yard, free)).summary, 'done');
    await eventually('it is told', () => owner.stderr().includes(`‖ told waits: ${file}:2:1`));
    assert.match(owner.stderr(), /and nothing that has a budget or has told a cost/);
    await waits();
    const held = await eventually('it is late', async () => {
      const shown = await yard.json('show', paid);
      return shown.status === 'held' ? shown : undefined;
    });
    assert.ok(String(held.reason).startsWith(`it waits until bus.yaml is mended: ${where}`), String(held.reason));
    yard.put('cadences/told.yaml', `${readIfThere(`${yard.paths.cadences}/told.yaml`)}description: it is right itself\n`);
    await eventually('the edit is taken', () => yard.events('config_changed').find(({ cadence }) => cadence === 'told'));
    await waits();
    assert.match(
      (await yard.cli('run', 'told', '--force', '--timeout', '1ms')).stderr,
      /‖ told waits: \S+bus\.yaml:2:1 {2}min_fre: the settings of the bus are wrong/,
    );
    assert.equal(yard.records().filter(({ cadence, ended_at }) => cadence === 'told' && ended_at !== null).length, 1);
    yard.put('cadences/bus.yaml', 'budget: { day_usd: 5 }\nmin_free: 1MB\n');
    assert.equal((await finalRecord(yard, paid)).summary, 'paid');
    await eventually('it is told', () => yard.events('budget_freed').find(({ cadence }) => cadence === 'told'));
    assert.deepEqual(await holdsOf(yard), []);
  });

  it('and that are broken later leave the last good ones in force, and nobody is called broken for them', async () => {
    const yard = createYard();
    yard.put('cadences/bus.yaml', 'budget: { day_usd: 5 }\n');
    spends(yard);
    const owner = await yard.start();
    yard.put('cadences/bus.yaml', 'budget: { day_usd: 5 }\nmin_fre: 1GB\n');
    await eventually('it is told', () => /bus\.yaml:2:1: .*The last good version goes on/.test(owner.stderr()));
    assert.deepEqual(await holdsOf(yard), []);
    assert.equal((await finalRecord(yard, await yard.enqueue('session'))).summary, 'paid');
    assert.match(String((await yard.json('status')).settings_fault), /bus\.yaml:2:1 {2}min_fre: unknown key/);
  });
});
