import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseIso } from '../../lib/core/time/instant.ts';
import { createYard, finalRecord, type Yard } from '../owner/owner-yard.ts';
import { eventually } from '../support/eventually.ts';
import { tempRoot } from '../support/temp-root.ts';
import { CHILDREN, SESSIONS } from './workbench.ts';

const SECRET = 'sk-ant-planted-0123456789abcdef';
const TWENTY = Array.from({ length: 20 }, (_none, n) => `brief-${String(n).padStart(2, '0')}`);

interface Scene {
  readonly yard: Yard;
  readonly env: Readonly<Record<string, string>>;
  /** Sessions go as this recorded one went, from now on. */
  play(session: string): void;
  /** Sessions wait at their start until they are let go. */
  hold(): void;
  letGo(): void;
  /** How many sessions were started. */
  spawns(): number;
  circuit(): { readonly accounts: Readonly<Record<string, { readonly state: string; readonly open_until: string }>> } | undefined;
}

/** A real owner over real children: a claude that replays, notes that it was started, and can be held. */
function scene(cadences: readonly string[], bus = ''): Scene {
  const yard = createYard();
  const aside = tempRoot();
  const [session, gate, log, claude] = ['session', 'gate', 'spawns', 'claude'].map((file) => join(aside, file)) as [string, string, string, string];
  const wait = `while [ -e '${gate}' ]; do sleep 0.05; done`;
  writeFileSync(
    claude,
    `#!/bin/sh\n[ "$1" = -p ] || exec '${process.execPath}' '${join(CHILDREN, 'fake-claude.mjs')}' "$@"\necho x >>'${log}'\n${wait}\nexec '${process.execPath}' '${join(CHILDREN, 'fake-claude.mjs')}' "$@"\n`,
  );
  chmodSync(claude, 0o755);
  writeFileSync(log, '');
  yard.put('cadences/bus.yaml', `claude: { path: ${claude} }\n${bus}`);
  for (const name of cadences) yard.put(`cadences/${name}.md`, 'Write the brief.\n');
  return {
    yard,
    env: { CLAUDE_FAKE_SESSION: session, ANTHROPIC_API_KEY: SECRET, OTHER_SECRET: SECRET, CLAUDECODE: '1' },
    play(name) {
      rmSync(session, { force: true });
      symlinkSync(join(SESSIONS, name), session);
    },
    hold: () => writeFileSync(gate, ''),
    letGo: () => rmSync(gate, { force: true }),
    spawns: () => readFileSync(log, 'utf8').split('\n').length - 1,
    circuit() {
      const text = readdirSync(yard.paths.state).includes('circuit-open.json') ? readFileSync(yard.paths.circuit, 'utf8') : undefined;
      return text === undefined ? undefined : JSON.parse(text);
    },
  };
}

/** The owner has looked at every cadence again: an order makes it do so, and the second one comes when it has. */
async function hasLooked(yard: Yard): Promise<void> {
  for (let n = 0; n < 2; n += 1) await finalRecord(yard, await yard.enqueue('bus-control', { payload: { order: 'resume', key: 'bus' } }));
}

describe('twenty cadences on one account', () => {
  it('M18 M20 cost one spawn on a dead key, no charge and no dead letter; after a reset one goes first, then all', async () => {
    const { yard, env, play, hold, letGo, spawns, circuit } = scene(TWENTY);
    play('stream-401');
    const ticks = await Promise.all(TWENTY.map((name) => yard.enqueue(name)));
    const owner = await yard.start({ env });
    await eventually('the account is open and all wait', () => yard.ls('waiting').length === 20 && circuit()?.accounts.claude !== undefined);
    // The bus's own look at the incident may have ended, too.
    const runs = yard.records().filter(({ cadence }) => cadence.startsWith('brief-'));
    const [dead] = runs;
    assert.deepEqual([spawns(), runs.length, yard.ls('dlq').length], [1, 1, 0]);
    assert.deepEqual([dead?.status, dead?.blame, dead?.class, dead?.account], ['failed', 'account', 'auth', 'claude']);
    assert.match(dead?.reason ?? '', /^authentication failed.*: Invalid API key · Fix external API key$/);
    assert.ok(yard.ls('waiting').every((file) => file.endsWith('.0.json')));
    const openMs = (parseIso(circuit()?.accounts.claude?.open_until) ?? 0) - Date.now();
    assert.ok(openMs > 3.9 * 3_600_000 && openMs <= 4 * 3_600_000);

    // Nothing but the account's probe may hold the nineteen: the lane is wide enough for all.
    yard.put('cadences/bus.yaml', `${readFileSync(join(yard.paths.cadences, 'bus.yaml'), 'utf8')}lanes: { agent: 20 }\n`);
    await eventually('the owner has read its settings', () => yard.events('config_changed').length > 0);
    play('success-stream');
    hold();
    assert.equal((await yard.cli('breaker', 'reset', 'account:claude')).code, 0);
    await eventually('the canary is under way', () => spawns() === 2);
    await hasLooked(yard);
    const running = yard.ls('claimed').filter((file) => file.includes('.brief-'));
    assert.deepEqual([spawns(), running.length, circuit()?.accounts.claude?.state], [2, 1, 'half_open']);
    letGo();
    const ends = await Promise.all(ticks.map((tick) => finalRecord(yard, tick)));
    assert.ok(ends.every(({ status, attempt }) => status === 'succeeded' && attempt === 1));
    assert.deepEqual([spawns(), circuit(), yard.ls('dlq')], [21, undefined, []]);
    owner.kill('SIGTERM');
    await owner.ended;
    assert.deepEqual(filesWith(yard.root, SECRET), []);
  });

  it('M18 go on by themselves once the login is another one: the next owner asks for nothing, lets one go, then all', async () => {
    const names = TWENTY.slice(0, 4);
    const { yard, env, play, spawns, circuit } = scene(names);
    play('stream-401');
    const ticks = await Promise.all(names.map((name) => yard.enqueue(name)));
    const baseline = (): string | undefined => JSON.parse(readFileSync(yard.paths.holds, 'utf8')).probes?.['account:claude']?.kind;
    const owner = await yard.start({ env });
    await eventually('the account is open, and was asked', () => circuit()?.accounts.claude !== undefined && baseline() === 'fit');
    owner.kill('SIGTERM');
    await owner.ended;
    const same = await yard.start({ env });
    await eventually('all wait', () => yard.ls('waiting').length === names.length);
    await hasLooked(yard);
    assert.equal(spawns(), 1, 'the same login is not tried again');
    same.kill('SIGTERM');
    await same.ended;
    play('success-stream');
    const next = await yard.start({ env: { ...env, ANTHROPIC_API_KEY: 'sk-ant-another-one-0123456789' } });
    const ends = await Promise.all(ticks.map((tick) => finalRecord(yard, tick)));
    assert.ok(ends.every(({ status, attempt }) => status === 'succeeded' && attempt === 1));
    assert.deepEqual([spawns(), circuit(), yard.events('account_changed').length], [names.length + 1, undefined, 1]);
    next.kill('SIGTERM');
    await next.ended;
  });

  it('stay held over a kill -9 of the owner, by the record alone', async () => {
    const { yard, env, play, spawns, circuit } = scene(TWENTY.slice(0, 3));
    play('credit-400');
    for (const name of TWENTY.slice(0, 3)) await yard.enqueue(name);
    const owner = await yard.start({ env });
    await eventually('the account is open', () => circuit()?.accounts.claude !== undefined);
    owner.kill('SIGKILL');
    await owner.ended;
    for (const file of ['holds.json', 'circuit-open.json']) rmSync(join(yard.paths.state, file));
    const next = await yard.start({ env });
    await eventually('all wait', () => yard.ls('waiting').length === 3);
    await hasLooked(yard);
    assert.equal(circuit()?.accounts.claude?.state, 'open');
    assert.deepEqual([spawns(), yard.ls('dlq')], [1, []]);
    next.kill('SIGTERM');
    await next.ended;
  });
});

describe('the record of a real run', () => {
  it('M11 M12 has the words, the cost, the turns and the session that can be resumed, and its environment is nowhere on disk', async () => {
    const { yard, env, play, hold, letGo, spawns } = scene(['brief']);
    play('stream-tool-allowed');
    hold();
    const tick = await yard.enqueue('brief', { payload: { to: 'all' } });
    const owner = await yard.start({ env });
    await eventually('the session is under way', () => spawns() === 1);
    assert.deepEqual(filesWith(yard.root, SECRET), [], 'while it runs');
    assert.ok(
      filesWith(yard.root, 'Write the brief').some((path) => path.includes('/running/')),
      'its folder is searched too',
    );
    letGo();
    const run = await finalRecord(yard, tick);
    assert.deepEqual([run.status, run.summary, run.cost_usd, run.turns], ['succeeded', 'Tool ran. ACTION: restart', 0.010599999999999998, 2]);
    assert.match(run.session_id ?? '', /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    owner.kill('SIGTERM');
    await owner.ended;
    assert.deepEqual(filesWith(yard.root, SECRET), []);
    assert.ok(filesWith(yard.root, run.run_id).length >= 3, 'the search itself finds what is there');
  });
});

/** Every file under a folder that holds these words; an owner at work may take one away before it is read. */
function filesWith(root: string, words: string): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      try {
        return readFileSync(path).includes(words);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
        throw error;
      }
    });
}
