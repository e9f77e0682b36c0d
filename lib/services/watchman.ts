import { CadenceError } from '../core/error.ts';
import { LEVELS } from '../core/slot/lateness.ts';
import type { Timers } from '../core/slot/timer.ts';
import type { Ms } from '../core/time/instant.ts';
import { type Reloads, type Repair, repairsOf, type Sight, type Worry, worriesOf } from '../core/watch/watch.ts';
import type { Clock } from '../ports.ts';

/**
 * One round of the watchman: he looks, repairs, gives it a while, and looks again. What is wrong then is to be told. He
 * is no part of the owner and needs none: whatever happens to it, he comes by a timer of his own.
 */
export interface WatchmanDeps {
  readonly clock: Pick<Clock, 'nowMs' | 'after'>;
  readonly look: () => Promise<Sight>;
  readonly timers: Pick<Timers, 'reload' | 'startOwner'>;
  /** Has the owner look at its inbox. */
  readonly wakeOwner: () => Promise<void>;
  /** When jobs were given to the manager anew, on earlier rounds. */
  readonly reloads: Reloads;
  /** How long things have to come right. */
  readonly wakeDelayMs: Ms;
  /** Somebody may want to know that we wait. */
  readonly onWait: (ms: Ms) => void;
}

export interface Repaired {
  readonly repair: Repair;
  /** Why it could not be done; undefined: it was done, which does not say that it helped. */
  readonly fault: string | undefined;
}

export interface Round {
  readonly sight: Sight;
  readonly repaired: readonly Repaired[];
  /** Worst first. */
  readonly worries: readonly Worry[];
  readonly reloads: Reloads;
}

const LOOK_AGAIN_MS: Ms = 1_000;

export async function goRound(deps: WatchmanDeps): Promise<Round> {
  const first = await deps.look();
  const repaired: Repaired[] = [];
  for (const repair of repairsOf(first, deps.reloads)) repaired.push({ repair, fault: await carryOut(repair, deps) });
  const sight = await settled(first, repaired.length > 0, deps);
  return { sight, repaired, worries: openWorries(sight, repaired), reloads: reloadsAfter(deps.reloads, first, repaired) };
}

/** The fault of one repair must not keep the next one from being done. */
async function carryOut(repair: Repair, { timers, wakeOwner }: WatchmanDeps): Promise<string | undefined> {
  try {
    switch (repair.kind) {
      case 'start_owner':
        await timers.startOwner();
        break;
      case 'wake_owner':
        await wakeOwner();
        break;
      case 'reload':
        await timers.reload(repair.label);
        break;
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof CadenceError)) throw error;
    return error.message;
  }
}

/** After a repair it takes a moment; and where the machine has just woken, owner and timers are about to make up for it by themselves. */
async function settled(first: Sight, isRepaired: boolean, deps: WatchmanDeps): Promise<Sight> {
  const isWell = (sight: Sight): boolean => worriesOf(sight).every(({ key }) => key.startsWith('late:'));
  if (deps.wakeDelayMs === 0) return isRepaired ? deps.look() : first;
  if (!isRepaired && isWell(first)) return first;
  deps.onWait(deps.wakeDelayMs);
  const untilMs = deps.clock.nowMs() + deps.wakeDelayMs;
  let sight = first;
  // A clock that is set back must not keep us here.
  for (let left = Math.ceil(deps.wakeDelayMs / LOOK_AGAIN_MS); left > 0 && deps.clock.nowMs() < untilMs; left -= 1) {
    await new Promise<void>((resolve) => void deps.clock.after(Math.min(LOOK_AGAIN_MS, deps.wakeDelayMs), resolve));
    sight = await deps.look();
    if (isWell(sight)) break;
  }
  return sight;
}

/** A timer that has just been given back shows at its next slot whether it comes. */
function openWorries(sight: Sight, repaired: readonly Repaired[]): readonly Worry[] {
  const given = new Set(repaired.flatMap(({ repair, fault }) => (repair.kind === 'reload' && fault === undefined ? [`late:${repair.name}`] : [])));
  const rank = ({ level }: Worry): number => LEVELS.indexOf(level);
  return worriesOf(sight)
    .filter(({ key }) => !given.has(key))
    .toSorted((a, b) => rank(b) - rank(a));
}

/** Only what was done for want of slots has to cool down; what the manager has lost is given back each time. */
function reloadsAfter(before: Reloads, { late, atMs, timers }: Sight, repaired: readonly Repaired[]): Reloads {
  const known = new Set(timers.map(({ label }) => label));
  const kept = Object.entries(before).filter(([label]) => known.has(label));
  const done = repaired.flatMap(({ repair }) => (repair.kind === 'reload' && late[repair.name] !== undefined ? [[repair.label, atMs] as const] : []));
  return Object.fromEntries([...kept, ...done]);
}
