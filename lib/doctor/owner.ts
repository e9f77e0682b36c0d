import type { TickName } from '../core/tick.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Clock, OwnerState } from '../ports.ts';
import { type Check, type Finding, fail, ok, warn } from './check.ts';
import { counted, LOOK_AT_DISK } from './wording.ts';

export interface OwnerDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly owner: () => Promise<OwnerState>;
  /** What the disk of a living owner refuses. */
  readonly storage: () => Promise<string | undefined>;
  /** Ticks in inbox and waiting that bear canonical names. */
  readonly pending: () => readonly TickName[];
  /** Files of the inbox that will be ticks once an owner has read them. */
  readonly foreign: () => number;
}

export function createOwnerCheck({ clock, owner, storage, pending, foreign }: OwnerDeps): Check {
  return {
    id: 'owner',
    title: 'Owner',
    async inspect() {
      const state = await owner();
      const who = state.info === undefined ? 'a process that owner.json does not name' : `process ${state.info.pid}, since ${state.info.started_at}`;
      switch (state.kind) {
        case 'answers':
          return runningWith(who, await storage());
        case 'silent':
          return fail(`${who}, owns the root and does not answer: it is stopped, asleep or stuck`, 'cadence-bus start --takeover');
        case 'none':
          return unowned(state, waitingTicks(pending(), foreign(), clock.nowMs()));
      }
    },
  };
}

/** What it cannot write down it does not begin: its slots and ticks wait, and nothing on the disk tells why. */
function runningWith(who: string, storage: string | undefined): Finding {
  if (storage === undefined) return ok(`running: ${who}`);
  return fail(`running: ${who}; its disk refuses, and nothing new is started until it is well: ${storage}`, LOOK_AT_DISK);
}

interface Waiting {
  readonly due: number;
  readonly later: number;
}

function waitingTicks(names: readonly TickName[], foreign: number, nowMs: Ms): Waiting {
  const later = names.filter(({ dueMs }) => dueMs > nowMs).length;
  return { due: names.length - later + foreign, later };
}

/** What is due later is no failure yet: `start --drain` by a timer leaves it on purpose. */
function unowned({ info }: OwnerState, { due, later }: Waiting): Finding {
  const isDead = info?.state === 'running';
  const last =
    info === undefined
      ? 'none has run here yet'
      : isDead
        ? `the last one, process ${info.pid}, died${info.because === undefined ? '' : `: ${info.because}`}`
        : `the last one stopped: ${info.because ?? ''}`;
  if (due > 0) return fail(`${counted(due, 'tick')} ${due === 1 ? 'waits' : 'wait'} and nobody runs the bus (${last})`, 'cadence-bus start');
  const rest = later > 0 ? `${counted(later, 'tick')} due later` : 'nothing waits';
  return isDead ? warn(`${last}; ${rest}`, 'cadence-bus start') : ok(`nobody runs the bus; ${rest} (${last})`);
}
