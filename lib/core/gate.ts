import { type Breaker, freeAtMs } from './breaker.ts';
import type { Ms } from './time/instant.ts';

/** Everything that may say no before a tick is claimed. A held tick costs nothing: nobody looks at it until `until`. */
export interface GateInput {
  /** An operator wants this tick run now: its age and its time, what its cadence has earned and a run of it under way do not hold it. */
  readonly isForced: boolean;
  readonly nowMs: Ms;
  readonly dueMs: Ms;
  /** When the tick was asked for, for `expires`. */
  readonly expiresMs: Ms | undefined;
  readonly halted: string | undefined;
  readonly paused: string | undefined;
  /** Why the definition cannot be used now: broken, disabled, an environment variable is missing. */
  readonly unfit: { readonly cause: 'broken' | 'disabled' | 'missing-env'; readonly because: string } | undefined;
  readonly breakers: readonly { readonly key: string; readonly breaker: Breaker }[];
  /** Its account has to be asked first whether it can be used. */
  readonly unasked?: { readonly key: string; readonly because: string } | undefined;
  readonly busy: boolean;
  readonly laneFull: string | undefined;
  readonly workspaceTaken: string | undefined;
  /** The disk is full or fails: nothing new is started. */
  readonly storage: string | undefined;
  /** It would spend more than a budget allows; or nobody knows what it allows, and then `untilMs` is undefined. */
  readonly shortage: { readonly because: string; readonly untilMs: Ms | undefined } | undefined;
}

export type HoldCause =
  | 'halt'
  | 'pause'
  | 'due'
  | 'backoff'
  | 'circuit-open'
  | 'probe'
  | 'isolated'
  | 'blocked'
  | 'broken'
  | 'disabled'
  | 'missing-env'
  | 'busy'
  | 'lane'
  | 'workspace'
  | 'storage'
  | 'budget';

export type Verdict =
  | { readonly kind: 'run' }
  /** `held`: by which rule it is held even now. */
  | { readonly kind: 'expired'; readonly held: string | undefined }
  /** `untilMs` is undefined where an event, not a time, ends the hold. `key`: of the breaker that holds it, which stands among the holds. */
  | { readonly kind: 'hold'; readonly cause: HoldCause; readonly untilMs: Ms | undefined; readonly because: string; readonly key?: string };

const hold = (cause: HoldCause, because: string, untilMs?: Ms): Verdict => ({ kind: 'hold', cause, because, untilMs });
const holdOf = (key: string, cause: HoldCause, because: string, untilMs?: Ms): Verdict => ({ kind: 'hold', cause, because, untilMs, key });

export function admit(input: GateInput): Verdict {
  const { nowMs } = input;
  if (input.halted !== undefined) return hold('halt', input.halted);
  if (input.paused !== undefined) return hold('pause', input.paused);
  if (input.isForced || input.expiresMs === undefined || input.expiresMs > nowMs) return admitFresh(input);
  const now = admitFresh(input);
  return { kind: 'expired', held: now.kind === 'hold' && now.cause !== 'due' && !isMomentary(now.cause) ? now.because : undefined };
}

/** What kept it, as far as anybody knows. */
export function expiry(held: string | undefined): string {
  return held === undefined ? 'it was not run before it expired' : `${held}, until it expired`;
}

function admitFresh(input: GateInput): Verdict {
  const { nowMs } = input;
  if (input.dueMs > nowMs) return hold('due', 'its time has not come', input.dueMs);
  if (input.unfit !== undefined) return hold(input.unfit.cause, input.unfit.because);
  for (const { key, breaker } of input.breakers) {
    const freeMs = freeAtMs(breaker);
    if (freeMs > nowMs) return heldBy(key, breaker, freeMs);
  }
  if (input.unasked !== undefined) return holdOf(input.unasked.key, 'probe', `${input.unasked.key}: ${input.unasked.because}`);
  if (input.busy && !input.isForced) return hold('busy', 'another run of it is under way');
  if (input.laneFull !== undefined) return hold('lane', `lane ${input.laneFull} is full`);
  if (input.workspaceTaken !== undefined) return hold('workspace', `${input.workspaceTaken} is in use`);
  if (input.storage !== undefined) return hold('storage', input.storage);
  if (input.shortage !== undefined) return hold('budget', input.shortage.because, input.shortage.untilMs);
  return { kind: 'run' };
}

/** Held for seconds or less by what runs now, not by a rule: such a tick stays where it lies. */
export function isMomentary(cause: HoldCause): boolean {
  return cause === 'busy' || cause === 'lane' || cause === 'workspace' || cause === 'storage' || cause === 'probe';
}

function heldBy(key: string, breaker: Breaker, freeMs: Ms): Verdict {
  const untilMs = Number.isFinite(freeMs) ? freeMs : undefined;
  const because = 'because' in breaker ? `${key}: ${breaker.because}` : key;
  switch (breaker.state) {
    case 'closed':
    case 'backing_off':
      return holdOf(key, 'backoff', because, untilMs);
    case 'open':
      return holdOf(key, 'circuit-open', because, untilMs);
    case 'half_open':
      return holdOf(key, 'probe', `${key}: its probe is under way`, untilMs);
    case 'isolated':
      return holdOf(key, 'isolated', because, untilMs);
    case 'blocked':
      return holdOf(key, 'blocked', because, untilMs);
  }
}
