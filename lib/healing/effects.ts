import { CARE_CADENCE, LADDER_CADENCE } from '../core/builtin.ts';
import type { Paths } from '../core/paths.ts';
import type { RunRecord } from '../core/run.ts';
import { CONTROL_CADENCE, formatDeadName, parseDeadName } from '../core/tick.ts';
import { type Ms, toIso } from '../core/time/instant.ts';
import type { Clock, Files, Ids, Queue } from '../ports.ts';

/** What the ladder does to the bus: ticks, and dead ticks that get another try. Each may be done twice. */
export interface HealEffects {
  /** Another try for the tick of this run: at once, or when it is due. */
  revive(run: RunRecord, dueMs: Ms): void;
  /** What waits for another try of this cadence is due now. */
  hasten(cadence: string): Promise<void>;
  /** An order to the owner, once. */
  order(payload: Readonly<Record<string, unknown>>, key: string): void;
  /** Sets a cadence of the program's own to work, once. */
  start(cadence: string, payload: Readonly<Record<string, unknown>>, key: string, expiresMs: Ms): void;
  /** The ladder is asked again then. */
  wakeAt(payload: Readonly<Record<string, unknown>>, key: string, dueMs: Ms): void;
  /** Whoever should know is told how the incident stands. */
  tell(incidentId: string, key: string): void;
}

export interface HealEffectsDeps {
  readonly files: Pick<Files, 'rename' | 'makeDir' | 'flushDir'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly ids: Pick<Ids, 'keyed'>;
  readonly paths: Pick<Paths, 'dlq' | 'inbox'>;
  readonly queue: Pick<Queue, 'put' | 'expect' | 'hasten'>;
  readonly hasEnded: (tickId: string) => boolean;
  readonly wake: () => void;
  /** A cadence that has failed need not wait any longer; one whose circuit is open must. */
  readonly rush: (cadence: string) => void;
}

export function createHealEffects({ files, clock, ids, paths, queue, hasEnded, wake, rush }: HealEffectsDeps): HealEffects {
  function put(cadence: string, payload: unknown, key: string, dueMs: Ms, expiresMs?: Ms): void {
    const id = ids.keyed('key', cadence, key);
    if (hasEnded(id)) return;
    const expiry = expiresMs === undefined ? {} : { expires_at: toIso(expiresMs) };
    const more = payload === undefined ? {} : { payload };
    queue.put({ dueMs, cadence, id, attempts: 0 }, { cadence, source: 'ladder', enqueued_at: toIso(clock.nowMs()), key, ...more, ...expiry });
    wake();
  }

  return {
    revive(run, dueMs) {
      if (dueMs <= clock.nowMs()) rush(run.cadence);
      const dead = run.moves_to?.startsWith('dlq/') === true ? parseDeadName(run.moves_to.slice(4)) : undefined;
      if (dead === undefined) {
        // Nothing of it is left to revive: it ended unverified, or was a slot that passed.
        put(run.cadence, undefined, `heal:${run.run_id}`, dueMs);
        return;
      }
      files.makeDir(paths.inbox);
      // One that is gone by now was given back, or removed, by somebody else.
      if (!files.rename(`${paths.dlq}/${formatDeadName(dead)}`, `${paths.inbox}/${formatDeadName({ ...dead, dueMs })}`)) return;
      files.flushDir(paths.inbox);
      files.flushDir(paths.dlq);
      queue.expect();
      wake();
    },
    async hasten(cadence) {
      await queue.hasten(cadence);
      rush(cadence);
      wake();
    },
    order: (payload, key) => put(CONTROL_CADENCE, payload, key, clock.nowMs()),
    start: (cadence, payload, key, expiresMs) => put(cadence, payload, key, clock.nowMs(), expiresMs),
    wakeAt: (payload, key, dueMs) => put(LADDER_CADENCE, payload, key, dueMs),
    tell: (incidentId, key) => put(CARE_CADENCE, { care: 'ordered', incident_id: incidentId, change: 'asked' }, key, clock.nowMs()),
  };
}
