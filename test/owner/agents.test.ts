import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/eventually.ts';
import { childOf, createYard, finalRecord, readIfThere, type Yard } from './owner-yard.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url));
const FAKE = `${FIXTURES}/children/fake-claude.mjs`;

/** A claude whose key is dead, and a program that does what it is asked to. */
function twoAgents(yard: Yard): Readonly<Record<string, string>> {
  yard.put('bin/claude', `#!/bin/sh\nexec '${process.execPath}' '${FAKE}' "$@"\n`, 0o755);
  yard.put(
    'bin/spare',
    `#!/bin/sh\ncat >/dev/null\n[ -e '${yard.root}/wait' ] && while [ ! -e '${yard.root}/go' ]; do sleep 0.05; done\necho '{"ok":true,"summary":"the spare did it"}'\n`,
    0o755,
  );
  yard.put('cadences/bus.yaml', 'agents:\n  - claude: {}\n  - agent: { command: [spare], output: json }\nlanes: { agent: 3 }\n');
  return {
    PATH: `${yard.root}/bin:${process.env.PATH}`,
    HOME: yard.root,
    CLAUDE_FAKE_SESSION: `${FIXTURES}/claude/2.1.328/stream-401`,
    CLAUDE_FAKE_CALLS: `${yard.root}/calls`,
  };
}

const callsOf = (yard: Yard): number =>
  readIfThere(`${yard.root}/calls`)
    .split('\n')
    .filter((line) => line !== '').length;

describe('several agents on a real owner', () => {
  it('P17 twenty cadences on a dead one cost one session, no try and no dead letter: the next one runs them all', async () => {
    const yard = createYard();
    const env = twoAgents(yard);
    const names = Array.from({ length: 20 }, (_, n) => `duty-${String(n).padStart(2, '0')}`);
    for (const name of names) yard.put(`cadences/${name}.md`, `Do ${name}.\n`);
    // The first finds the key dead while nothing else runs: how many sessions run side by side is not the question here.
    await yard.start({ env });
    const first = await finalRecord(yard, await yard.enqueue('duty-00'));
    const ticks = await Promise.all(names.slice(1).map((name) => yard.enqueue(name)));
    const records = [first, ...(await Promise.all(ticks.map((tick) => finalRecord(yard, tick))))];
    assert.deepEqual(
      [...new Set(records.map(({ status, provider, summary, attempt }) => [status, provider, summary, attempt].join(' ')))],
      ['succeeded spare the spare did it 1'],
    );
    assert.equal(callsOf(yard), 1);
    assert.deepEqual(yard.ls('dlq'), []);
    const failed = yard.records().filter(({ status }) => status === 'failed');
    assert.deepEqual(
      failed.map(({ cadence, provider, blame, class: kind, account }) => [cadence, provider, blame, kind, account]),
      [['duty-00', 'claude', 'account', 'auth', 'claude']],
    );
    assert.match((await yard.cli('breaker', 'ls')).stdout, /account:claude {2}open .*authentication failed/);
    const { stdout } = await yard.cli('show', 'duty-01');
    assert.match(stdout, /agents +claude: passed over until .*account:claude: authentication failed.*\n +spare: next; spare < /);
    const { cadences } = (await yard.json('status')) as unknown as { cadences: readonly { status: string; hold: unknown }[] };
    assert.ok(
      cadences.every(({ status, hold }) => status === 'healthy' && hold === null),
      'nobody waits',
    );
  });

  it('P17 an operator passes one over with breaker trip, and takes it back; what is wrong with an agent is told of it, not of the duty', async () => {
    const yard = createYard();
    const env = twoAgents(yard);
    yard.put('cadences/bus.yaml', 'agents:\n  - { name: main, agent: { command: [no-such-program] } }\n  - agent: { command: [spare], output: json }\n');
    yard.put('cadences/duty.md', 'Do it.\n');
    await yard.start({ env });
    const record = await finalRecord(yard, await yard.enqueue('duty'));
    assert.deepEqual([record.status, record.provider, record.attempt], ['succeeded', 'spare', 1]);
    const [failed] = yard.records();
    assert.deepEqual([failed?.status, failed?.provider, failed?.blame], ['failed', 'main', 'provider']);
    const { holds } = (await yard.json('breaker', 'ls')) as unknown as { holds: readonly { key: string; state: string; failures: number }[] };
    assert.deepEqual(
      holds.map(({ key, state, failures }) => [key, state, failures]),
      [['provider:main', 'backing_off', 1]],
    );
    assert.equal((await yard.cli('breaker', 'trip', 'provider:spare', '--because', 'too dear')).code, 0);
    const open = JSON.parse(readFileSync(yard.paths.circuit, 'utf8'));
    assert.equal(open.providers.spare.state, 'isolated');
    const tick = await yard.enqueue('duty');
    await eventually('the tick waits for the one that is free first', async () => {
      const held = await yard.json('show', tick);
      return held.status === 'held' && /^provider:main is backing off until .*: exit 127/.test(String(held.reason));
    });
    assert.match((await yard.cli('status')).stdout, /provider:spare {2}isolated: too dear/);
    assert.equal((await yard.cli('breaker', 'reset', 'provider:spare')).code, 0);
    assert.equal((await finalRecord(yard, tick)).provider, 'spare');
    assert.ok(!existsSync(yard.paths.circuit));
  });

  it('P17 a run of the second agent outlives its owner, and the next one judges it as what it is', async () => {
    const yard = createYard();
    const env = twoAgents(yard);
    yard.put('cadences/duty.md', 'Do it.\n');
    yard.put('wait', '');
    const owner = await yard.start({ env });
    const tick = await yard.enqueue('duty');
    await eventually('the spare is at work', () => yard.events('subsession_spawn').some(({ provider }) => provider === 'spare'));
    await childOf(yard);
    process.kill(owner.pid, 'SIGKILL');
    await owner.ended;
    await yard.start({ env });
    yard.put('go', '');
    const record = await finalRecord(yard, tick);
    assert.deepEqual([record.status, record.provider, record.summary], ['succeeded', 'spare', 'the spare did it']);
    assert.equal(callsOf(yard), 1);
  });

  it('P17 a run goes on to the spare, uncharged, when the program of the first is missing, by its name, by its path, or inside a shell', async () => {
    const yard = createYard();
    const env = twoAgents(yard);
    yard.put('cadences/bus.yaml', 'lanes: { agent: 3 }\n');
    const spare = '{ name: spare, agent: { command: [sh, -c, spare], output: json } }';
    const firsts = {
      'by-name': '[no-such-program, exec]',
      'by-path': '[./bin/no-such-program]',
      'by-shell': '[sh, -c, "no-such-program exec"]',
      'by-limit': '[sh, -c, "echo 429 rate limit exceeded, try again later >&2; exit 1"]',
    };
    for (const [name, command] of Object.entries(firsts))
      yard.put(
        `cadences/${name}.md`,
        `---\nretry: { attempts: 1 }\nagents:\n  - { name: ${name}, agent: { command: ${command} } }\n  - ${spare}\n---\nDo it.\n`,
      );
    await yard.start({ env });
    const records = [];
    for (const name of Object.keys(firsts)) records.push(await finalRecord(yard, await yard.enqueue(name)));
    assert.deepEqual(
      records.map(({ cadence, status, provider, attempt }) => [cadence, status, provider, attempt]),
      Object.keys(firsts).map((name) => [name, 'succeeded', 'spare', 1]),
    );
    assert.deepEqual(yard.ls('dlq'), []);
    const failed = yard.records().filter(({ status }) => status === 'failed');
    assert.deepEqual(
      failed.map(({ cadence, provider, blame, account }) => [cadence, provider, blame, account]),
      [
        ['by-name', 'by-name', 'provider', 'no-such-program'],
        ['by-path', 'by-path', 'provider', 'no-such-program'],
        ['by-shell', 'by-shell', 'provider', 'by-shell'],
        ['by-limit', 'by-limit', 'account', 'by-limit'],
      ],
    );
    const { stderr, code } = await yard.cli('check');
    assert.equal(code, 0);
    assert.match(stderr, /! .*cadences\/by-path\.md:4:\d+ {2}agents\[0\]\.agent\.command\[0\]: there is no program .*, so by-path is passed over for spare\./);
  });
});
