import { chooseSlot } from '../core/agent/slot.ts';
import type { Cadence } from '../core/cadence.ts';
import { CadenceError } from '../core/error.ts';
import { admit, type GateInput, type Verdict } from '../core/gate.ts';
import { breakerOf, cadenceKey, isEmpty, keysOf } from '../core/holds.ts';
import type { Paths } from '../core/paths.ts';
import type { TickName } from '../core/tick.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Clock, Definition, Definitions, Files, Journal, Ownership, Queue } from '../ports.ts';
import type { Capacity } from './capacity.ts';
import { createForcedLook } from './forced.ts';
import type { HoldsBook } from './holds-book.ts';
import type { Purse } from './purse.ts';
import { type StorageHealth, TRY_AGAIN_MS } from './storage-health.ts';

/** Gathers what the gate (`core/gate.ts`) decides on. */
export interface Gatekeeper {
  /**
   * Looks at what concerns every cadence: is the root still ours, did somebody touch the emergency stop, is the disk
   * well. True: something of that changed. Throws when the root is no longer ours.
   */
  lookAround(): boolean;
  /** When to look around again though nothing happens: the disk may be well by then. */
  lookAgainMs(): Ms | undefined;
  verdict(name: TickName, definition: Definition): Verdict;
  /** The definition as the agent runs it whose turn it is, where there are several. */
  choose(definition: Definition): Definition;
}

export interface GatekeeperDeps {
  readonly clock: Clock;
  readonly files: Files;
  readonly paths: Paths;
  readonly journal: Journal;
  readonly queue: Pick<Queue, 'peek'>;
  readonly definitions: Definitions;
  readonly capacity: Capacity;
  readonly health: StorageHealth;
  readonly book: HoldsBook;
  readonly purse: Pick<Purse, 'shortage'>;
  readonly ownership: Ownership;
  readonly missingEnv: (names: readonly string[]) => readonly string[];
  /** Why the account of a cadence must be asked before its canary goes. */
  readonly unasked: (cadence: Cadence) => GateInput['unasked'];
}

export function createGatekeeper(deps: GatekeeperDeps): Gatekeeper {
  const { clock, files, paths, journal, capacity, health, book } = deps;
  const askForced = createForcedLook(deps.queue);
  let halted: string | undefined;
  let wasWell = true;
  /** A tick was held for the disk, which may have been well again before anybody looked around. */
  let hasHeldForDisk = false;

  function lookAtRoom(): void {
    const freeBytes = files.freeBytes(paths.state);
    const { minFreeBytes } = deps.definitions.settings();
    if (freeBytes >= minFreeBytes) health.well('room');
    else health.failed('room', `only ${inMiB(freeBytes)} are free at ${paths.state}, less than the min_free of ${inMiB(minFreeBytes)}`);
  }

  function unfitness(definition: Definition): GateInput['unfit'] {
    const { cadence, path, problems } = definition;
    // What is wrong may stand in bus.yaml.
    const [wrong] = problems;
    if (cadence === undefined) return { cause: 'broken', because: `${wrong?.path ?? path} is broken: ${wrong?.message ?? 'see cadence-bus check'}` };
    if (!cadence.enabled) return { cause: 'disabled', because: `${path} says enabled: false` };
    const missing = deps.missingEnv(cadence.requiredEnv);
    return missing.length === 0 ? undefined : { cause: 'missing-env', because: `${missing.join(', ')} is not set in the owner's environment` };
  }

  /** Who is forced goes past the breaker of its cadence alone. */
  function breakersOf(name: string, cadence: Cadence | undefined, isForced: boolean): GateInput['breakers'] {
    const holds = book.holds();
    if (isEmpty(holds.breakers)) return [];
    const keys = keysFor(name, cadence).filter((key) => !isForced || key !== cadenceKey(name));
    return keys.map((key) => ({ key, breaker: breakerOf(holds, key) }));
  }

  /** Of the bus, its account and its agent; who is forced goes past the pause of its cadence alone. */
  function pauseOf(name: string, cadence: Cadence | undefined, isForced: boolean): string | undefined {
    const { paused } = book.holds();
    if (isEmpty(paused)) return undefined;
    const keys = ['bus', ...keysFor(name, cadence).filter((key) => !isForced || key !== cadenceKey(name))];
    return keys.map((key) => paused[key]?.because).find((because) => because !== undefined);
  }

  return {
    lookAround() {
      if (!deps.ownership.isHeld()) {
        throw new CadenceError(
          'held',
          `the owner's socket of ${paths.root} is gone, or another's`,
          'Somebody removed it or took the root over; this owner stops. See cadence-bus status.',
        );
      }
      const stop = files.info(paths.halt) === undefined ? undefined : `${paths.halt} exists`;
      if (stop !== halted)
        journal.emit(stop === undefined ? { level: 'info', stage: 'resumed', key: 'halt' } : { level: 'warn', stage: 'halted', path: paths.halt });
      lookAtRoom();
      const isWell = health.fault() === undefined;
      const isChanged = stop !== halted || isWell !== wasWell || (isWell && hasHeldForDisk);
      if (isWell) hasHeldForDisk = false;
      halted = stop;
      wasWell = isWell;
      return isChanged;
    },
    choose(definition) {
      const { cadence } = definition;
      if (cadence?.slots === undefined) return definition;
      return { ...definition, cadence: chooseSlot(cadence, (key) => breakerOf(book.holds(), key), clock.nowMs()) };
    },
    lookAgainMs: () => (health.fault() === undefined && !hasHeldForDisk ? undefined : clock.nowMs() + TRY_AGAIN_MS),
    verdict(name, definition) {
      const { cadence } = definition;
      const isForced = askForced(name);
      const storage = health.fault();
      hasHeldForDisk ||= storage !== undefined;
      return admit({
        isForced,
        nowMs: clock.nowMs(),
        dueMs: name.dueMs,
        expiresMs: cadence?.expiresMs === undefined || name.attempts > 0 ? undefined : name.dueMs + cadence.expiresMs,
        halted,
        paused: pauseOf(name.cadence, cadence, isForced),
        unfit: unfitness(definition),
        breakers: breakersOf(name.cadence, cadence, isForced),
        unasked: cadence && deps.unasked(cadence),
        busy: capacity.isBusy(name.cadence),
        laneFull: cadence && capacity.laneFull(cadence),
        workspaceTaken: cadence && capacity.workspaceTaken(cadence),
        storage,
        shortage: cadence && deps.purse.shortage(cadence),
      });
    },
  };
}

/** Also of a cadence whose file is broken. */
function keysFor(name: string, cadence: Cadence | undefined): readonly string[] {
  return keysOf(cadence ?? { name });
}

function inMiB(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
