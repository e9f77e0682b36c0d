import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toIso } from '../../lib/core/time/instant.ts';
import { eventually } from '../support/eventually.ts';
import type { CliOptions } from '../support/owner-cli.ts';
import { createYard, finalRecord, readIfThere, type Yard } from './owner-yard.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/claude/', import.meta.url));
const FAST_TIME = new URL('../support/fast-time.mjs', import.meta.url).href;
/** A minute is two seconds. */
const SPEED = 30;
const MINUTE = 60_000;
const SLOW = 60_000;

/**
 * A desk whose time runs fast, and a claude that is a shell script, for it must answer within a fraction of a second. `session`: the
 * folder that it replays; `login`: what it says of itself. Each is a file, and may change. Its usage limit ends five minutes after
 * its first session, however long this machine took to come to that; it writes down the instant.
 */
function createDesk() {
  const yard = createYard();
  const epochS = Math.floor(Date.now() / 1000);
  const epoch = epochS * 1000;
  const options: CliOptions = {
    env: { PATH: `${yard.root}/bin:${process.env.PATH}`, HOME: yard.root, FAST_TIME: `${epoch} ${SPEED}`, NODE_OPTIONS: `--import ${FAST_TIME}` },
  };
  yard.put(
    'bin/claude',
    `#!/bin/sh
case "$1" in
--help) exec cat '${FIXTURES}help-2.1.328.txt' ;;
--version) echo '2.1.328 (Claude Code)'; exit 0 ;;
auth) cat '${yard.root}/login'; echo asked >> '${yard.root}/asked'; exit 0 ;;
esac
cat > /dev/null
echo "$CADENCE_NAME" >> '${yard.root}/sessions'
[ -s '${yard.root}/reset' ] || echo "$((${epochS} + ($(date +%s) - ${epochS}) * ${SPEED} + 300))" > '${yard.root}/reset'
sed "s/RESETS_AT/$(cat '${yard.root}/reset')/" "$(cat '${yard.root}/session')/stdout.txt"
exit "$(cat "$(cat '${yard.root}/session')/exit_code")"
`,
    0o755,
  );
  const virtualMs = (): number => epoch + (Date.now() - epoch) * SPEED;
  const replay = (session: string): string => yard.put('session', session.startsWith('/') ? session : `${FIXTURES}2.1.328/${session}`);
  const login = (text: object): string => yard.put('login', JSON.stringify(text));
  replay('success-stream');
  login({ loggedIn: true, authMethod: 'oauth', email: 'old@example.com' });
  return { yard, options, virtualMs, replay, login, sessions: () => linesOf(yard, 'sessions'), asked: () => linesOf(yard, 'asked').length };
}

const linesOf = (yard: Yard, file: string): readonly string[] =>
  readIfThere(`${yard.root}/${file}`)
    .split('\n')
    .filter((line) => line !== '');

const NAMES = ['brief', 'digest', 'notes'];

function heldAccount(account: string, until: number, more: object = {}): string {
  const breaker = {
    state: 'open',
    failures: 1,
    until: toIso(until),
    open_ms: 60 * MINUTE,
    because: 'authentication failed',
    run_id: 'x7k2p9qd4mzt-1',
    class: 'auth',
    ...more,
  };
  return JSON.stringify({ format: 1, through: { day: '', bytes: 0 }, breakers: { [`account:${account}`]: breaker }, paused: {} });
}

describe('an account on a real owner, whose time runs fast', { concurrency: true }, () => {
  it('a login that changes while the owner runs is noticed within a minute: one run goes first, then all, and none was charged', async () => {
    const { yard, options, replay, login, sessions, asked } = createDesk();
    for (const name of NAMES) yard.put(`cadences/${name}.md`, `Write ${name}.\n`);
    replay('stream-401');
    await yard.start(options);
    const ticks = await Promise.all(NAMES.map((name) => yard.enqueue(name)));
    await eventually('the old login has been asked about', () => asked() > 0, SLOW);
    assert.equal(sessions().length, 1);
    replay('success-stream');
    login({ loggedIn: true, authMethod: 'oauth', email: 'new@example.com' });
    const records = await Promise.all(ticks.map((tick) => finalRecord(yard, tick, SLOW)));
    assert.deepEqual(
      records.map(({ status, attempt }) => [status, attempt]),
      NAMES.map(() => ['succeeded', 1]),
    );
    assert.equal(sessions().length, 1 + NAMES.length);
    const stages = yard
      .events()
      .filter(({ key }) => key === 'account:claude')
      .map(({ stage }) => stage);
    assert.deepEqual(stages, ['circuit_opened', 'account_changed', 'circuit_half_open', 'circuit_closed']);
    const [canary, ...rest] = yard
      .events('claimed')
      .filter(({ cadence }) => NAMES.includes(String(cadence)))
      .slice(1);
    const closed = yard.events('circuit_closed')[0];
    assert.ok(canary !== undefined && closed !== undefined && rest.every(({ ts }) => ts >= closed.ts), 'the others wait for the one that goes first');
    assert.deepEqual(yard.ls('dlq'), []);
  });

  it('without a login no run is risked when its time is over; it is asked again each minute, and a login lets one go', async () => {
    const { yard, options, virtualMs, login, sessions, asked } = createDesk();
    yard.put('cadences/brief.md', 'Write.\n');
    login({ loggedIn: false, authMethod: 'none' });
    const soon = virtualMs() + 90_000;
    yard.put('state/cadence-bus/holds.json', heldAccount('claude', soon));
    const tick = await yard.enqueue('brief');
    await yard.start(options);
    const untilOf = (): string => JSON.parse(readFileSync(yard.paths.holds, 'utf8')).breakers['account:claude']?.until ?? '';
    await eventually('its opening is longer than it was', () => untilOf() > toIso(soon + 10 * MINUTE), SLOW);
    assert.deepEqual([sessions().length, asked() > 0], [0, true]);
    login({ loggedIn: true, authMethod: 'oauth', email: 'new@example.com' });
    const record = await finalRecord(yard, tick, SLOW);
    assert.deepEqual([record.status, record.attempt, sessions().length], ['succeeded', 1, 1]);
  });

  it('an account of another program is asked as bus.yaml says, before its canary goes', async () => {
    const { yard, options, virtualMs } = createDesk();
    yard.put('cadences/bus.yaml', 'accounts: { codex: { probe: [codex, login, status] } }\n');
    yard.put('cadences/triage.md', '---\nrun: { agent: { command: [codex, exec, "-"], output: json } }\n---\nTriage.\n');
    yard.put(
      'bin/codex',
      `#!/bin/sh\nif [ "$1" = login ]; then echo asked >> '${yard.root}/asked'; [ -e '${yard.root}/in' ]; exit $?; fi\necho run >> '${yard.root}/sessions'\necho '{"ok":true,"summary":"triaged"}'\n`,
      0o755,
    );
    const soon = virtualMs() + 60_000;
    yard.put('state/cadence-bus/holds.json', heldAccount('codex', soon));
    const tick = await yard.enqueue('triage');
    await yard.start(options);
    await eventually('it has been asked, and is held for longer', () => readFileSync(yard.paths.holds, 'utf8').includes('"kind": "unfit"'), SLOW);
    assert.deepEqual(linesOf(yard, 'sessions'), []);
    yard.put('in', '');
    const record = await finalRecord(yard, tick, SLOW);
    assert.deepEqual([record.status, record.summary, record.attempt, linesOf(yard, 'sessions').length], ['succeeded', 'triaged', 1, 1]);
  });

  it('a usage limit that names its end counts down in status, charges nobody, and ends by itself', async () => {
    const { yard, options, replay, sessions } = createDesk();
    for (const name of NAMES) yard.put(`cadences/${name}.md`, `Write ${name}.\n`);
    const [init = ''] = readFileSync(`${FIXTURES}2.1.328/stream-429/stdout.txt`, 'utf8').split('\n');
    const limit = { type: 'rate_limit_event', rate_limit_info: { status: 'rejected', resetsAt: 'RESETS_AT', rateLimitType: 'five_hour' } };
    const result = {
      type: 'result',
      subtype: 'success',
      is_error: true,
      api_error_status: 429,
      result: "You've hit your limit · resets later",
      total_cost_usd: 0,
      num_turns: 1,
    };
    yard.put('limited/stdout.txt', `${[init, JSON.stringify(limit).replace('"RESETS_AT"', 'RESETS_AT'), JSON.stringify(result)].join('\n')}\n`);
    yard.put('limited/exit_code', '1');
    replay(`${yard.root}/limited`);
    await yard.start(options);
    const ticks = await Promise.all(NAMES.map((name) => yard.enqueue(name)));
    const look = async () => {
      const { stdout } = await yard.spawn(['status', '--json'], options).ended;
      return (JSON.parse(stdout) as { accounts: readonly { until: string; resumes_in_ms: number; waiting_ticks: number; class: string; state: string }[] })
        .accounts[0];
    };
    // The account is held before the tick whose session told of the limit has moved back.
    const isHeldForAll = async () => [await look()].find((view) => view?.waiting_ticks === NAMES.length);
    const first = await eventually('the account is held, and all wait for it', isHeldForAll, SLOW);
    const resetsAt = toIso(Number(readIfThere(`${yard.root}/reset`)) * 1000);
    assert.deepEqual([first.class, first.state, first.until], ['quota', 'blocked', resetsAt]);
    const second = await look();
    assert.ok(second === undefined || second.resumes_in_ms < first.resumes_in_ms, 'it counts down');
    assert.equal(sessions().length, 1);
    replay('success-stream');
    const records = await Promise.all(ticks.map((tick) => finalRecord(yard, tick, SLOW)));
    assert.deepEqual(
      records.map(({ status, attempt, started_at }) => [status, attempt, started_at >= resetsAt]),
      NAMES.map(() => ['succeeded', 1, true]),
    );
    assert.deepEqual([sessions().length, yard.ls('dlq')], [1 + NAMES.length, []]);
  });
});
