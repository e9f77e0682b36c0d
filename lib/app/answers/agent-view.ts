import { chooseSlot, slotsOf } from '../../core/agent/slot.ts';
import { freeAtMs } from '../../core/breaker.ts';
import type { AgentSlot, Cadence } from '../../core/cadence.ts';
import { accountKey, breakerOf, type Holds, providerKey } from '../../core/holds.ts';
import { type Ms, toIso } from '../../core/time/instant.ts';
import { viewRun } from './cadence-view.ts';

/** One of the agents that may run a cadence, and whether it would be passed over now. */
export interface AgentView {
  readonly name: string;
  /** `next`: it runs the next tick. */
  readonly state: 'next' | 'free' | 'passed_over' | 'diagnosis_only';
  readonly account: string | null;
  readonly failures: number;
  readonly until: string | null;
  readonly because: string;
  readonly run: Readonly<Record<string, unknown>>;
}

/** In the order in which they are tried; nothing where there is no choice. */
export function viewAgents(cadence: Cadence, holds: Holds, nowMs: Ms): readonly AgentView[] {
  const next = chooseSlot(cadence, (key) => breakerOf(holds, key), nowMs).provider;
  const fitting = slotsOf(cadence);
  return (cadence.slots ?? []).map((slot) => {
    const held = holdOf(slot, holds, nowMs);
    const state = !fitting.includes(slot) ? 'diagnosis_only' : held.until !== 0 ? 'passed_over' : slot.name === next ? 'next' : 'free';
    return {
      name: slot.name,
      state,
      account: slot.account ?? null,
      failures: breakerOf(holds, providerKey(slot.name)).failures,
      until: held.until > 0 && Number.isFinite(held.until) ? toIso(held.until) : null,
      because: held.because,
      run: viewRun(slot.run),
    };
  });
}

/** What keeps it longest. */
function holdOf({ name, account }: AgentSlot, holds: Holds, nowMs: Ms): { readonly until: Ms; readonly because: string } {
  const found = [providerKey(name), ...(account === undefined ? [] : [accountKey(account)])].flatMap((key) => {
    const breaker = breakerOf(holds, key);
    const until = freeAtMs(breaker);
    return until > nowMs ? [{ until, because: `${key}: ${'because' in breaker ? breaker.because : breaker.state}` }] : [];
  });
  return found.toSorted((a, b) => b.until - a.until)[0] ?? { until: 0, because: '' };
}
