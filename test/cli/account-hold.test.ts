import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatTickName } from '../../lib/core/tick.ts';
import { toIso } from '../../lib/core/time/instant.ts';
import { createYard, type Yard } from '../owner/owner-yard.ts';

const HOUR_MS = 3_600_000;
const RUN = 'x7k2p9qd4mzt-0';

/** No owner; an account that is held; two of three cadences use it. */
function heldYard(breaker: object): Yard {
  const yard = createYard();
  for (const name of ['brief', 'digest']) yard.put(`cadences/${name}.md`, 'Write.\n');
  yard.shell('backup', 'true');
  const due = Date.now() - 60_000;
  const put = (cadence: string, id: string): string =>
    yard.put(
      `state/cadence-bus/waiting/${formatTickName({ dueMs: due, cadence, id, attempts: 0 })}`,
      JSON.stringify({ cadence, source: 'test', enqueued_at: toIso(due) }),
    );
  for (const [cadence, id] of [
    ['brief', 'aaaaaaaaaaaa'],
    ['brief', 'bbbbbbbbbbbb'],
    ['digest', 'cccccccccccc'],
    ['backup', 'dddddddddddd'],
  ] as const)
    put(cadence, id);
  const holds = { format: 1, through: { day: '', bytes: 0 }, breakers: { 'account:claude': breaker }, paused: {} };
  yard.put('state/cadence-bus/holds.json', JSON.stringify(holds));
  return yard;
}

const dead = (until: number) => ({
  ...{ state: 'open', failures: 1, until: toIso(until), open_ms: 4 * HOUR_MS, because: 'authentication failed: Invalid API key', run_id: RUN, class: 'auth' },
});

describe('an account that is held', () => {
  it('M19 is one block of status: since which run, until when, who waits, what to do', async () => {
    const yard = heldYard(dead(Date.now() + 2 * HOUR_MS));
    const { accounts, cadences } = await yard.json('status');
    const [account] = accounts as readonly Readonly<Record<string, unknown>>[];
    assert.deepEqual(
      [account?.account, account?.state, account?.class, account?.since_run, account?.waiting_ticks, account?.waiting],
      [
        'claude',
        'open',
        'auth',
        RUN,
        3,
        [
          { cadence: 'brief', ticks: 2 },
          { cadence: 'digest', ticks: 1 },
        ],
      ],
    );
    const held = (cadences as readonly { readonly name: string; readonly status: string }[]).filter(({ status }) => status === 'held').map(({ name }) => name);
    assert.deepEqual(held, ['brief', 'digest']);
    const { stdout } = await yard.cli('status');
    assert.match(stdout, /account claude is open {2}authentication failed: Invalid API key \(since run x7k2p9qd4mzt-0\)/);
    assert.match(stdout, /resumes in (2 h|1 h 60 m) \(.*\d\d:\d\d\) · 3 ticks wait: brief \(2\), digest/);
    assert.match(stdout, /→ Log in again: claude setup-token/);
    assert.doesNotMatch(stdout, /^Held$/m, 'it is not told twice');
  });

  it('is named by whoever asks for a tick that waits for it, and by no other', async () => {
    const yard = heldYard(dead(Date.now() + HOUR_MS));
    const held = await yard.json('show', 'cccccccccccc');
    assert.equal(held.status, 'held');
    assert.match(String(held.reason), /^account:claude is open until .*: authentication failed: Invalid API key\. Log in again: claude setup-token/);
    assert.ok(String(held.retry_at) > toIso(Date.now()));
    assert.equal((await yard.json('show', 'dddddddddddd')).status, 'queued');
    const { stderr } = await yard.cli('run', 'digest', '--timeout', '1s');
    assert.match(stderr, /digest waits: account:claude is open until .*claude setup-token/);
    assert.match((await yard.cli('breaker', 'ls')).stdout, /account:claude {2}open.*\n {2}→ Log in again/);
  });

  it('lets one run through first once the end that it named has come, and is not called closed before that', async () => {
    const yard = heldYard({ state: 'blocked', failures: 0, until: toIso(Date.now() - 60_000), because: 'usage limit reached', run_id: RUN, class: 'quota' });
    const [hold] = (await yard.json('breaker', 'ls')).holds as readonly Readonly<Record<string, unknown>>[];
    assert.deepEqual([hold?.key, hold?.state], ['account:claude', 'half_open']);
    assert.match((await yard.cli('breaker', 'ls')).stdout, /account:claude {2}half open, the next tick is its probe: usage limit reached/);
    assert.equal((await yard.json('show', 'cccccccccccc')).status, 'queued');
  });

  it('is told to keep the agent, too, that is to mend another: in status, by its tick, and by why', async () => {
    const yard = heldYard(dead(Date.now() + HOUR_MS));
    yard.shell('train', 'false', 'on_failure: [{ agent: { max_usd: 1 } }]');
    const tick = { cadence: 'bus-heal-train', id: 'eeeeeeeeeeee', attempts: 0, dueMs: Date.now() - 60_000 };
    const text = { cadence: tick.cadence, source: 'test', enqueued_at: toIso(tick.dueMs) };
    yard.put(`state/cadence-bus/waiting/${formatTickName(tick)}`, JSON.stringify(text));
    const [account] = (await yard.json('status')).accounts as readonly { readonly waiting: readonly object[] }[];
    assert.deepEqual(account?.waiting[1], { cadence: 'bus-heal-train', ticks: 1 });
    assert.equal((await yard.json('show', 'eeeeeeeeeeee')).status, 'held');
    const why = await yard.json('why', 'bus-heal-train');
    assert.deepEqual([why.code, (why.holds as readonly { readonly key: string }[]).map(({ key }) => key)], [0, ['account:claude']]);
    assert.match(String(why.because), /^it has no schedule .* it has never run; 1 tick waits; account:claude is open until /);
    assert.equal((await yard.json('why', 'bus-heal-other')).code, 66);
  });

  it('is told to be tried by the next run once its time is over', async () => {
    const yard = heldYard(dead(Date.now() - HOUR_MS));
    assert.match((await yard.cli('status')).stdout, /account claude is half open .*\n {2}its next run is the probe · 3 ticks wait/);
    assert.equal((await yard.json('show', 'cccccccccccc')).status, 'queued');
  });
});
