import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { isAlive, killQuietly } from '../support/owner-cli.ts';
import { childOf, claimedTick, createYard, finalRecord, list, readIfThere, type Yard } from './owner-yard.ts';

/** Says something, goes on when it may, says something again and ends with 7. */
const WAITS = 'echo begun; while [ ! -e "$CADENCE_ROOT/go" ]; do sleep 0.02; done; echo ended; exit 7';

async function killOwnerOf(yard: Yard): Promise<{ readonly tick: string; readonly pid: number }> {
  const owner = await yard.start();
  const tick = await yard.enqueue('slow');
  const pid = await childOf(yard);
  owner.kill('SIGKILL');
  await owner.ended;
  return { tick, pid };
}

async function checkSeven(yard: Yard, tick: string): Promise<void> {
  const record = await finalRecord(yard, tick);
  assert.deepEqual([record.status, record.exit_code, record.attempt], ['dead', 7, 1]);
  assert.equal(readFileSync(record.stdout_path as string, 'utf8'), 'begun\nended\n');
  assert.equal(yard.records().filter((run) => run.tick === tick).length, 1);
  await eventually('it lies in the dlq', () => yard.ls('dlq').find((file) => file.includes(`.${tick}.1.exhausted.json`)));
  await eventually('its folder is removed', () => yard.ls('running').length === 0);
}

describe('a child whose owner was killed', () => {
  it('goes on, is adopted, and its exit code, its output and its one attempt are recorded', async () => {
    const yard = createYard();
    yard.shell('slow', WAITS, 'retry: { attempts: 1 }');
    const { tick, pid } = await killOwnerOf(yard);
    assert.ok(isAlive(pid), 'the child goes on');
    await yard.start();
    const adopted = await eventually('it is adopted', () => yard.events('subsession_adopted')[0]);
    assert.deepEqual([adopted.tick, adopted.run_id], [tick, `${tick}-1`]);
    yard.put('go', '');
    await checkSeven(yard, tick);
  });

  for (const [title, change] of [
    ['names another place by now', (yard: Yard) => yard.shell('slow', WAITS, 'retry: { attempts: 1 }')],
    ['is gone', (yard: Yard) => rmSync(join(yard.paths.cadences, 'slow.yaml'))],
  ] as const) {
    it(`keeps the workspace that it was begun in, though its definition ${title}`, async () => {
      const yard = createYard();
      yard.shell('slow', WAITS, 'retry: { attempts: 1 }', 'workspace: ./shared');
      yard.shell('other', 'echo alone', 'workspace: ./shared');
      await killOwnerOf(yard);
      change(yard);
      const waits = await yard.enqueue('other');
      await yard.start();
      await eventually('it waits', async () => {
        const [view] = (await yard.json('status', 'other')).cadences as readonly { readonly waits_because: string | null }[];
        return /shared is in use$/.test(view?.waits_because ?? '');
      });
      yard.put('go', '');
      await finalRecord(yard, waits);
      // What has no definition any more is given up after its run, and somebody looks at what has failed.
      const ended = yard.records().map(({ cadence }) => cadence);
      assert.ok(ended.includes('slow') && ended.indexOf('slow') < ended.indexOf('other'), ended.join(', '));
    });
  }

  it('ends while nobody owns the root, and nothing of it is lost', async () => {
    const yard = createYard();
    yard.shell('slow', WAITS, 'retry: { attempts: 1 }');
    const { tick, pid } = await killOwnerOf(yard);
    yard.put('go', '');
    await eventually('the child has ended', () => !isAlive(pid) && yard.children().length === 0);
    await yard.start();
    await checkSeven(yard, tick);
    assert.equal(yard.events('subsession_adopted').length, 1);
  });

  for (const [title, isOver] of [
    ['is ended by the next owner', false],
    ['is cancelled, and not run again, though it ended by a signal meanwhile', true],
  ] as const) {
    it(`and that was being cancelled ${title}`, async () => {
      const yard = createYard();
      const script = `trap 'echo told; while [ ! -e "$CADENCE_ROOT/go" ]; do sleep 0.02; done; exit 143' TERM; echo ready; while :; do sleep 0.02; done`;
      yard.shell('slow', script, 'retry: { attempts: 3, delays: [0] }', 'kill_grace: 1m');
      const owner = await yard.start();
      const tick = await yard.enqueue('slow');
      const pid = await childOf(yard);
      const said = (word: string): boolean => list(yard.paths.subsessions).some((file) => readIfThere(join(yard.paths.subsessions, file)).includes(word));
      await eventually('it is ready', () => said('ready'));
      const cancel = yard.spawn(['cancel', tick]);
      await eventually('the order is over', () => yard.records().find((run) => run.cadence === 'bus-control'));
      await eventually('it was told', () => said('told'));
      cancel.kill('SIGKILL');
      owner.kill('SIGKILL');
      await Promise.all([owner.ended, cancel.ended]);
      assert.ok(isAlive(pid), 'it takes its time');
      if (isOver) {
        yard.put('go', '');
        await eventually('the child has ended', () => yard.children().length === 0);
      }
      await yard.start();
      await eventually('it is adopted', () => yard.events('subsession_adopted')[0]);
      yard.put('go', '');
      assert.equal((await finalRecord(yard, tick)).status, 'cancelled');
      assert.equal(yard.records().filter((run) => run.tick === tick).length, 1);
      await eventually('its folder is removed', () => yard.ls('running').length === 0);
    });
  }

  it('took as long as it was at work, however late an owner comes to record its end', async () => {
    const yard = createYard();
    yard.shell('slow', WAITS, 'retry: { attempts: 1 }');
    const { tick, pid } = await killOwnerOf(yard);
    yard.put('go', '');
    await eventually('the child has ended', () => !isAlive(pid) && yard.children().length === 0);
    const beganMs = Date.now() - 3_600_000;
    const at = (file: string, ms: number): void => utimesSync(join(yard.paths.running, `${tick}-1`, file), ms / 1000, ms / 1000);
    at('run.json', beganMs);
    at('exit', beganMs + 5000);
    await yard.start();
    const record = await finalRecord(yard, tick);
    assert.equal(record.duration_ms, 5000);
    assert.match((await yard.cli('show', tick)).stdout, /took +5s; its end was recorded .+ later, by the next owner/);
  });

  it('has run since its guard was asked, also where the guard still is', async () => {
    const yard = createYard();
    yard.shell('slow', 'echo done', 'guard: { shell: true, command: "until [ -e go ]; do sleep 0.02; done; exit 1" }');
    const owner = await yard.start();
    const tick = await yard.enqueue('slow');
    const guard = join(yard.paths.running, `${tick}-1.guard`);
    await eventually('the guard is asked', () => readIfThere(join(guard, 'pid')) !== '');
    owner.kill('SIGKILL');
    await owner.ended;
    const beganMs = Math.floor(Date.now() / 1000) * 1000 - 60_000;
    utimesSync(join(guard, 'run.json'), beganMs / 1000, beganMs / 1000);
    await yard.start();
    yard.put('go', '');
    const record = await finalRecord(yard, tick);
    assert.deepEqual([record.status, record.started_at], ['skipped', new Date(beganMs).toISOString()]);
    assert.ok(record.duration_ms >= 60_000);
  });

  it('is killed too: its run was interrupted, its attempt stays charged, and it is tried again', async () => {
    const yard = createYard();
    yard.shell('slow', WAITS, 'retry: { attempts: 2, delays: [1ms] }');
    const { tick } = await killOwnerOf(yard);
    // One may be gone with the one before it.
    for (const pid of yard.children()) killQuietly(pid);
    await eventually('nobody is left', () => yard.children().length === 0);
    yard.put('go', '');
    await yard.start();
    const last = await finalRecord(yard, tick);
    assert.deepEqual([last.attempt, last.exit_code, last.status], [2, 7, 'dead']);
    assert.deepEqual(
      yard
        .records()
        .filter((run) => run.tick === tick)
        .map((run) => run.status),
      ['interrupted', 'dead'],
    );
  });

  it('is ended by cancel, given to a new owner', async () => {
    const yard = createYard();
    yard.shell('slow', WAITS);
    const { tick } = await killOwnerOf(yard);
    await yard.start();
    await eventually('it is adopted', () => yard.events('subsession_adopted')[0]);
    assert.equal((await yard.cli('cancel', tick)).code, 0);
    assert.equal((await finalRecord(yard, tick)).status, 'cancelled');
    assert.deepEqual(yard.children(), []);
  });

  it('does not keep an order waiting that is given while nobody owns the root', async () => {
    const yard = createYard();
    yard.shell('slow', WAITS, 'retry: { attempts: 1 }');
    const { tick, pid } = await killOwnerOf(yard);
    const paused = await yard.cli('pause', 'slow');
    assert.equal(paused.code, 0, paused.stderr);
    assert.ok(isAlive(pid), 'the child goes on');
    const cancelled = await yard.cli('cancel', tick);
    assert.equal(cancelled.code, 0, cancelled.stderr);
    assert.ok(!isAlive(pid), 'the child is ended');
    assert.equal((await finalRecord(yard, tick)).status, 'cancelled');
  });

  it('is left and told where its tick is gone, and its folder goes when it has ended', async () => {
    const yard = createYard();
    yard.shell('slow', WAITS);
    const { pid } = await killOwnerOf(yard);
    for (const file of yard.ls('claimed')) rmSync(join(yard.paths.claimed, file));
    await yard.start();
    const left = await eventually('it is told', () => yard.events('foreign_left')[0]);
    const [folder] = yard.ls('running');
    assert.equal(left.path, `${yard.paths.running}/${folder}`);
    assert.ok(isAlive(pid), 'the child goes on');
    yard.put('go', '');
    await eventually('its folder is removed', () => yard.ls('running').length === 0);
    assert.ok(!isAlive(pid), 'only once it has ended');
  });
});

describe('a tick that was claimed when its owner was killed, before anything ran', () => {
  it('is charged for it, and tried again', async () => {
    const yard = createYard();
    yard.shell('quick', 'echo done', 'retry: { attempts: 2 }');
    const { file, text } = claimedTick('quick', 'claimed00001', 1);
    yard.put(`state/cadence-bus/claimed/${file}`, text);
    await yard.start();
    const record = await finalRecord(yard, 'claimed00001');
    assert.deepEqual([record.status, record.attempt], ['succeeded', 2]);
    const [first] = yard.records().filter((run) => run.tick === 'claimed00001');
    assert.deepEqual([first?.status, first?.attempt], ['interrupted', 1]);
  });

  it('is given up as owner-died when that was its last attempt', async () => {
    const yard = createYard();
    yard.shell('quick', 'echo done', 'retry: { attempts: 2 }');
    const { file, text } = claimedTick('quick', 'claimed00002', 2);
    yard.put(`state/cadence-bus/claimed/${file}`, text);
    await yard.start();
    await eventually('it lies in the dlq', () => yard.ls('dlq').find((dead) => dead.endsWith('.claimed00002.2.owner-died.json')));
  });
});

describe('the probe of an account whose owner was killed', () => {
  /** Two duties of one account, each in a lane and a workspace of its own, and what their agent says once it may. */
  function deskWithProbe(says: string): Yard {
    const yard = createYard();
    const waits =
      'cat > /dev/null; echo "$CADENCE_NAME" >> "$CADENCE_ROOT/sessions"; while [ ! -e "$CADENCE_ROOT/go" ]; do sleep 0.02; done; cat "$CADENCE_ROOT/says"';
    yard.put('cadences/bus.yaml', 'lanes: { agent: 2 }\n');
    yard.put('bin/helper', `#!/bin/sh\n${waits}\n`, 0o755);
    yard.put('says', `${says}\n`);
    for (const name of ['first', 'second']) {
      yard.put(`${name}/is-here`, '');
      yard.put(`cadences/${name}.md`, `---\nrun: { agent: { command: [${yard.root}/bin/helper], output: json, cwd: ./${name} } }\n---\nWrite.\n`);
    }
    yard.shell('other', 'true');
    const open = {
      state: 'open',
      failures: 1,
      until: '2026-01-01T00:00:00.000Z',
      open_ms: 60_000,
      because: 'refused',
      run_id: 'x7k2p9qd4mzt-1',
      class: 'auth',
    };
    yard.put('state/cadence-bus/holds.json', JSON.stringify({ format: 1, through: { day: '', bytes: 0 }, breakers: { 'account:helper': open }, paused: {} }));
    return yard;
  }

  const sessions = (yard: Yard): readonly string[] => readFileSync(`${yard.root}/sessions`, 'utf8').trimEnd().split('\n');

  async function secondOwnerBeside(yard: Yard): Promise<{ readonly tick: string; readonly next: string }> {
    const owner = await yard.start();
    const tick = await yard.enqueue('first');
    await eventually('it has begun', () => yard.events('circuit_half_open').length > 0 && yard.ls('running').length > 0);
    await childOf(yard);
    await eventually('its session has begun', () => existsSync(`${yard.root}/sessions`));
    owner.kill('SIGKILL');
    await owner.ended;
    const next = await yard.enqueue('second');
    await yard.start();
    await finalRecord(yard, await yard.enqueue('other'));
    return { tick, next };
  }

  it('is still the probe: no other session of a dead key begins beside it, and its end opens the account again', async () => {
    const yard = deskWithProbe('{"ok":false,"class":"auth","summary":"key refused"}');
    await secondOwnerBeside(yard);
    assert.deepEqual(sessions(yard), ['first']);
    yard.put('go', '');
    await eventually('the account is open again', () => yard.events('circuit_opened')[0]);
    assert.deepEqual(sessions(yard), ['first']);
  });

  it('closes the account when it ends well, and only then all others go', async () => {
    const yard = deskWithProbe('{"ok":true,"summary":"written"}');
    const { tick, next } = await secondOwnerBeside(yard);
    yard.put('go', '');
    const [first, second] = [await finalRecord(yard, tick), await finalRecord(yard, next)];
    assert.deepEqual([first.status, second.status, sessions(yard)], ['succeeded', 'succeeded', ['first', 'second']]);
    const [closed] = yard.events('circuit_closed');
    assert.ok(closed !== undefined && second.started_at >= closed.ts);
  });
});

describe('a session whose owner was killed, and whose definition is another one by then', () => {
  const RESULT = { type: 'result', subtype: 'success', is_error: false, result: 'Written.', num_turns: 1, total_cost_usd: 0.4, modelUsage: {} };
  const INIT = { type: 'system', subtype: 'init', session_id: 'b4e12c8e-7a1f-4bd0-9a43-0d7b6f2b1a01' };
  const WAIT = 'while [ ! -e "$CADENCE_ROOT/go" ]; do sleep 0.02; done';
  const LAST: Readonly<Record<string, string>> = { claude: JSON.stringify(RESULT), helper: '{"ok":true,"summary":"Written.","cost_usd":0.4}' };

  function desk(): Yard {
    const yard = createYard();
    yard.put('cadences/bus.yaml', 'lanes: { agent: 4 }\nbudget: { day_usd: 50 }\n');
    yard.put(
      'bin/claude',
      `#!/bin/sh\ncase "$1" in -p) ;; *) exit 0 ;; esac\ncat > /dev/null; echo '${JSON.stringify(INIT)}'; ${WAIT}\necho '${LAST.claude}'\n`,
      0o755,
    );
    yard.put('bin/helper', `#!/bin/sh\ncat > /dev/null; ${WAIT}\necho '${LAST.helper}'\n`, 0o755);
    for (const name of ['claude-gone', 'claude-broken', 'helper-gone', 'helper-other']) {
      yard.put(`at/${name}/is-here`, '');
      const run = name.startsWith('claude')
        ? `claude: { cwd: ./at/${name}, max_usd: 2 }`
        : `agent: { command: [${yard.root}/bin/helper], output: json, cwd: ./at/${name} }`;
      yard.put(`cadences/${name}.md`, `---\nrun: { ${run} }\n---\nWrite.\n`);
    }
    return yard;
  }

  it('is judged as what it was begun as, its cost is counted, and its account is its own', async () => {
    const yard = desk();
    const options = { env: { PATH: `${yard.root}/bin:${process.env.PATH}`, HOME: yard.root } };
    const owner = await yard.start(options);
    const names = ['claude-gone', 'claude-broken', 'helper-gone', 'helper-other'];
    const ticks = await Promise.all(names.map((name) => yard.enqueue(name)));
    await eventually('all have begun', () => yard.ls('running').filter((id) => existsSync(`${yard.paths.running}/${id}/pid`)).length === names.length);
    owner.kill('SIGKILL');
    await owner.ended;
    for (const name of ['claude-gone', 'helper-gone', 'helper-other']) rmSync(`${yard.root}/cadences/${name}.md`);
    yard.put('cadences/claude-broken.md', '---\nrun: { clau\n---\nWrite.\n');
    yard.shell('helper-other', 'true');
    await yard.start(options);
    yard.put('go', '');
    const records = await Promise.all(ticks.map((tick) => finalRecord(yard, tick)));
    assert.deepEqual(
      records.map(({ cadence, status, summary, cost_usd, account }) => [cadence, status, summary, cost_usd, account]),
      names.map((name) => [name, 'succeeded', 'Written.', 0.4, name.split('-')[0]]),
    );
    assert.equal(((await yard.json('costs')).total as { readonly usd: number }).usd, 1.6);
  });
});
