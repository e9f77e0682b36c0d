import { CadenceError } from '../core/error.ts';
import type { BusEvent } from '../core/event.ts';
import { startOwner } from './owner/owner.ts';
import type { OwnerStats } from './owner/stats.ts';
import { requireRoot } from './root.ts';

/** What a program may tell its own consumer; all that concerns one cadence stands in that cadence's file. */
export interface ConsumerOptions {
  /** Ends an owner first that is stopped or asleep and does not answer. */
  readonly takeOver?: boolean;
  /** Hears every event as it is written to the journal. What it throws, or rejects with, ends nothing: it is told once, as `listener_failed`. */
  readonly onEvent?: (event: BusEvent) => void;
}

export interface ConsumerStats extends OwnerStats {
  readonly started_at: string;
  readonly running: readonly { readonly run_id: string; readonly cadence: string; readonly kind: string }[];
}

/** The one owner of a root, inside a program. */
export interface Consumer {
  getStats(): ConsumerStats;
  /** Resolves when inline runs have ended, what was open is on disk and the root is free. Commands and sessions go on; the next owner adopts them. */
  stop(because?: string): Promise<void>;
  /** Resolves with the reason when it has stopped, by whomever; rejects with the fault that ended it. */
  readonly ended: Promise<string>;
}

/** `ports` are for the tests. */
const KNOWN = new Set(['root', 'takeOver', 'onEvent', 'ports']);

/** An `agentRoot` that is passed over is an owner of another root: the nearest one. */
function requireKnown(options: ConsumerOptions): void {
  const unknown = Object.keys(options).find((name) => !KNOWN.has(name));
  if (unknown !== undefined) throw new CadenceError('bad_data', `there is no option "${unknown}" of startConsumer`, HINT);
  const { onEvent, takeOver } = options;
  if (onEvent !== undefined && typeof onEvent !== 'function') throw new CadenceError('bad_data', 'onEvent is no function', HINT);
  if (takeOver !== undefined && typeof takeOver !== 'boolean') throw new CadenceError('bad_data', 'takeOver is neither true nor false', HINT);
}

const HINT = "Its options are root, takeOver and onEvent; all that concerns one cadence stands in that cadence's file.";

export async function startConsumer(options: ConsumerOptions & { readonly root?: string }): Promise<Consumer> {
  requireKnown(options);
  const root = requireRoot(options.root, process.cwd(), process.env);
  const owner = await startOwner({ ...options, root });
  const { parts, info, ended } = owner;
  return {
    ended,
    getStats: () => ({
      started_at: info.started_at,
      ...parts.stats(),
      running: parts.jobs.running().map(({ runId, cadence, kind }) => ({ run_id: runId, cadence, kind })),
    }),
    stop: (because = 'its program stopped it') => owner.stop(because),
  };
}
