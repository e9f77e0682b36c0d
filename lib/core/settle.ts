import { delayAfter, retryDelayMs } from './backoff.ts';
import type { RetryPolicy } from './cadence.ts';
import type { Outcome } from './outcome.ts';
import type { RunStatus } from './run.ts';
import { attemptsSpent, type DeadName, type Tick, type TickName } from './tick.ts';
import type { Ms } from './time/instant.ts';

/** Where a claimed tick goes: one rename, or its removal. */
export type Transition =
  | { readonly to: 'finished'; readonly status: RunStatus; readonly because: string }
  | { readonly to: 'waiting'; readonly status: RunStatus; readonly name: TickName; readonly because: string }
  | { readonly to: 'dlq'; readonly status: RunStatus; readonly name: DeadName; readonly because: string };

const DEFER_MS: Ms = 60_000;
/** Who asks to be tried later is charged nothing, so without a delay it would be tried without end, as fast as the machine can. */
const LEAST_DEFER_MS: Ms = 1_000;

/** `name` is the claimed name: its attempts include the one that has just ended. `deferrals`: so often in a row, with this one, it asked to be tried later. */
export function settle(name: TickName, tick: Tick, outcome: Outcome, policy: RetryPolicy, nowMs: Ms, random: number, deferrals = 0): Transition {
  const spent = attemptsSpent(name, tick);
  const uncharged = { ...name, attempts: name.attempts - 1 };
  switch (outcome.kind) {
    case 'ok':
      return { to: 'finished', status: 'succeeded', because: outcome.summary };
    case 'unverified':
      return { to: 'finished', status: 'unverified', because: outcome.reason };
    case 'skip':
      return { to: 'finished', status: 'skipped', because: outcome.reason };
    case 'cancelled':
      return { to: 'finished', status: 'cancelled', because: outcome.reason };
    case 'defer':
      return {
        to: 'waiting',
        status: 'waiting',
        name: { ...uncharged, dueMs: nowMs + Math.max(LEAST_DEFER_MS, outcome.delayMs ?? delayAfter(policy, deferrals) ?? DEFER_MS) },
        because: outcome.reason,
      };
    case 'interrupted':
      if (outcome.by === 'operator') return { to: 'waiting', status: 'interrupted', name: { ...uncharged, dueMs: nowMs }, because: outcome.reason };
      if (spent >= policy.attempts) return { to: 'dlq', status: 'dead', name: { ...name, reason: 'owner-died' }, because: outcome.reason };
      return { to: 'waiting', status: 'interrupted', name: { ...name, dueMs: nowMs }, because: outcome.reason };
    case 'fail':
    case 'give_up':
      // What the account or the agent did is not the tick's fault: it is not charged, and their breakers say when it goes on, and with whom.
      if (outcome.blame === 'account' || outcome.blame === 'provider')
        return { to: 'waiting', status: 'failed', name: { ...uncharged, dueMs: nowMs }, because: outcome.reason };
      if (outcome.kind === 'give_up') return { to: 'dlq', status: 'dead', name: { ...name, reason: 'permanent' }, because: outcome.reason };
      if (spent >= policy.attempts) return { to: 'dlq', status: 'dead', name: { ...name, reason: 'exhausted' }, because: outcome.reason };
      return { to: 'waiting', status: 'failed', name: { ...name, dueMs: nowMs + retryDelayMs(policy, spent, random) }, because: outcome.reason };
  }
}
