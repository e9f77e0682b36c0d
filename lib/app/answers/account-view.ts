import { accountAdvice, classOf, endOf } from '../../core/agent/account-advice.ts';
import { chooseSlot } from '../../core/agent/slot.ts';
import type { Breaker } from '../../core/breaker.ts';
import type { Cadence } from '../../core/cadence.ts';
import { accountKey, breakerOf, type Holds, keysOf } from '../../core/holds.ts';
import type { TickName } from '../../core/tick.ts';
import { type Ms, toIso } from '../../core/time/instant.ts';
import type { Reading } from '../reading.ts';

/** An account that may not be used now, or only by its probe: why, since which run, until when, who waits, and what to do. */
export interface AccountView {
  readonly account: string;
  /** `half_open`: its time is over, and one run goes first. */
  readonly state: Exclude<Breaker['state'], 'closed'>;
  readonly class: string | null;
  readonly because: string;
  readonly since: string | null;
  readonly since_run: string | null;
  /** null: until a person says so. */
  readonly until: string | null;
  readonly resumes_in_ms: number | null;
  readonly advice: string;
  readonly waiting_ticks: number;
  readonly waiting: readonly { readonly cadence: string; readonly ticks: number }[];
}

/**
 * The keys of account and agent that each cadence would wait for now; of one with several agents, those of the agent whose turn it is.
 * Definitions are read, and the schemas loaded, only where one of them is held: most readers are spared that.
 */
export type Accounts = ReadonlyMap<string, readonly string[]>;

export async function readAccounts(root: string, holds: Holds, nowMs: Ms): Promise<Accounts> {
  if (!Object.entries(holds.breakers).some(([key, { state }]) => /^(?:account|provider):/.test(key) && state !== 'closed')) return new Map();
  const { healersIn, loadDefinitions } = await import('../definitions/defined.ts');
  const loaded = loadDefinitions(root);
  return new Map(
    [...loaded.all(), ...healersIn(loaded)].flatMap(({ name, cadence }) => (cadence === undefined ? [] : [[name, sharedKeys(cadence, holds, nowMs)] as const])),
  );
}

/** What a cadence shares with others, and waits for with them. */
export function sharedKeys(cadence: Cadence, holds: Holds, nowMs: Ms): readonly string[] {
  const { account, provider } = chooseSlot(cadence, (key) => breakerOf(holds, key), nowMs);
  return keysOf({ name: cadence.name, account, provider }).slice(1);
}

export function accountViews(reading: Reading, accounts: Accounts, pending: readonly Pick<TickName, 'cadence'>[], nowMs: Ms): readonly AccountView[] {
  return Object.entries(reading.holds().breakers).flatMap(([key, breaker]) =>
    isHolding(key, breaker, nowMs) ? [viewOf(reading, key.slice('account:'.length), breaker, { accounts, pending, nowMs })] : [],
  );
}

type Holding = Exclude<Breaker, { state: 'closed' }>;

/** What was put off goes on when its time is over; what was open lets one run through first. */
function isHolding(key: string, breaker: Breaker, nowMs: Ms): breaker is Holding {
  if (!key.startsWith('account:') || breaker.state === 'closed') return false;
  return breaker.state !== 'backing_off' || (endOf(breaker) ?? 0) > nowMs;
}

interface Facts {
  readonly accounts: Accounts;
  readonly pending: readonly Pick<TickName, 'cadence'>[];
  readonly nowMs: Ms;
}

function viewOf(reading: Reading, account: string, breaker: Holding, { accounts, pending, nowMs }: Facts): AccountView {
  const untilMs = endOf(breaker);
  const runId = 'run_id' in breaker && breaker.run_id !== '' ? breaker.run_id : undefined;
  const since = breaker.state === 'isolated' ? breaker.since : runId === undefined ? undefined : reading.history.find(runId)?.ended_at;
  const counts = new Map<string, number>();
  for (const { cadence } of pending) if (accounts.get(cadence)?.includes(accountKey(account))) counts.set(cadence, (counts.get(cadence) ?? 0) + 1);
  const isOver = untilMs !== undefined && untilMs <= nowMs;
  return {
    account,
    state: isOver ? 'half_open' : breaker.state,
    class: classOf(breaker) ?? null,
    because: breaker.because,
    since: since ?? null,
    since_run: runId ?? null,
    until: untilMs === undefined ? null : toIso(untilMs),
    resumes_in_ms: untilMs === undefined ? null : Math.max(0, untilMs - nowMs),
    advice: accountAdvice(account, breaker),
    waiting_ticks: [...counts.values()].reduce((sum, ticks) => sum + ticks, 0),
    waiting: [...counts].sort(([a], [b]) => a.localeCompare(b)).map(([cadence, ticks]) => ({ cadence, ticks })),
  };
}
