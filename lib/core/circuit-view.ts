import { accountAdvice, classOf } from './agent/account-advice.ts';
import type { Breaker } from './breaker.ts';
import type { Holds } from './holds.ts';
import { type Ms, parseIso, toIso } from './time/instant.ts';

/** `circuit-open.json`: the public face of the holds, in the format its readers know. */
export interface CircuitView {
  readonly generated: string;
  readonly open: Readonly<Record<string, CircuitEntry>>;
  readonly accounts: Readonly<Record<string, CircuitEntry>>;
  /** One of several agents, that is passed over; absent where there is none. */
  readonly providers?: Readonly<Record<string, CircuitEntry>> | undefined;
}

export interface CircuitEntry {
  readonly failures: number;
  /** Of an isolated one the last instant that can be written, for it ends when a human says so, and who reads this parses a time. */
  readonly open_until: string;
  readonly state: 'open' | 'half_open' | 'isolated';
  readonly reason: string;
  readonly run_id: string | null;
  /** Of an account: what kind of failure it was, and what a person can do. */
  readonly class?: string | undefined;
  readonly advice?: string | undefined;
}

const FOR_EVER = toIso(Number.MAX_SAFE_INTEGER);

/** undefined where nothing is open: then there is no file. */
export function circuitView(holds: Holds, nowMs: Ms): CircuitView | undefined {
  const open: Record<string, CircuitEntry> = {};
  const accounts: Record<string, CircuitEntry> = {};
  const providers: Record<string, CircuitEntry> = {};
  for (const [key, breaker] of Object.entries(holds.breakers)) {
    const entry = entryOf(breaker, nowMs);
    if (entry === undefined) continue;
    const [kind, name] = [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)];
    if (kind === 'account') accounts[name] = { ...entry, ...adviceOf(name, breaker) };
    else if (kind === 'provider') providers[name] = entry;
    else open[name] = entry;
  }
  const isPassedOver = Object.keys(providers).length > 0;
  if (!isPassedOver && Object.keys(open).length + Object.keys(accounts).length === 0) return undefined;
  return { generated: toIso(nowMs), open, accounts, ...(isPassedOver ? { providers } : {}) };
}

function adviceOf(account: string, breaker: Breaker): Pick<CircuitEntry, 'class' | 'advice'> {
  const kind = classOf(breaker);
  return { ...(kind === undefined ? {} : { class: kind }), advice: accountAdvice(account, breaker) };
}

/** The next instant at which the view changes by itself. */
export function nextViewChangeMs(holds: Holds, nowMs: Ms): Ms | undefined {
  const ends = Object.values(holds.breakers)
    .map((breaker) => (breaker.state === 'open' || breaker.state === 'blocked' ? (parseIso(breaker.until) ?? 0) : 0))
    .filter((until) => until > nowMs);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

function entryOf(breaker: Breaker, nowMs: Ms): CircuitEntry | undefined {
  switch (breaker.state) {
    case 'closed':
    case 'backing_off':
      return undefined;
    case 'open':
    case 'blocked':
      // The time is over and the next tick is the probe: open_until lies in the past and the state says so.
      return {
        failures: breaker.failures,
        open_until: breaker.until,
        state: (parseIso(breaker.until) ?? 0) > nowMs ? 'open' : 'half_open',
        reason: breaker.because,
        run_id: breaker.run_id,
      };
    case 'half_open':
      return { failures: breaker.failures, open_until: breaker.until, state: 'half_open', reason: breaker.because, run_id: breaker.probe_id };
    case 'isolated':
      return { failures: breaker.failures, open_until: FOR_EVER, state: 'isolated', reason: breaker.because, run_id: null };
  }
}
