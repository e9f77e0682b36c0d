import { CARE_CADENCE } from '../core/builtin.ts';
import { type CareRequest, careKey, careOf, foundKey, type IncidentChange } from '../core/incident/care.ts';
import type { Finding } from '../core/incident/finding.ts';
import { concerns } from '../core/incident/incident.ts';
import type { CareKind, FollowUp } from '../core/notice/follow-up.ts';
import { isProven, type RunRecord } from '../core/run.ts';
import { type Ms, toIso } from '../core/time/instant.ts';
import type { Clock, Definitions, Ids, Incidents, Queue } from '../ports.ts';
import { isDiskFault } from './storage-health.ts';

/** Which recorded ends need care, and their ticks. Planning happens at the end of every run, so it looks at memory only. */
export interface CarePlan {
  /** What care this end asks for. */
  of(run: RunRecord): readonly FollowUp[];
  /** Its tick, on disk when it returns; one that is there already, or has ended, is left. */
  put(run: RunRecord, kind: CareKind): void;
  /** The tick by which the ladder and the announcer hear what an operator did, now or when it is due. On disk when it returns. */
  order(incidentId: string, change: IncidentChange, key: string, dueMs?: Ms): void;
  /** What is wrong though no run failed: the same finding by somebody else is the same tick. On disk when it returns. */
  found(finding: Finding): void;
  /** A recorded end that an earlier owner planned. */
  seen(run: RunRecord): void;
}

export interface CarePlanDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly ids: Pick<Ids, 'keyed'>;
  readonly queue: Pick<Queue, 'put'>;
  readonly definitions: Pick<Definitions, 'get'>;
  readonly incidents: Pick<Incidents, 'open'>;
  readonly hasEnded: (tickId: string) => boolean;
}

export function createCarePlan({ clock, ids, queue, definitions, incidents, hasEnded }: CarePlanDeps): CarePlan {
  /** Cadences and accounts that have failed here, and were not proven since; what is written already is among the open incidents. */
  const failing = new Set<string>();
  const keysOf = ({ cadence, account, provider }: Pick<RunRecord, 'cadence' | 'account' | 'provider'>): readonly string[] => [
    cadence,
    ...(account === undefined ? [] : [`account:${account}`]),
    ...(provider === undefined ? [] : [`provider:${provider}`]),
  ];

  function isUnproven(run: RunRecord): boolean {
    if (failing.size > 0 && keysOf(run).some((key) => failing.has(key))) return true;
    try {
      return incidents.open().some((incident) => concerns(incident, run));
    } catch (error) {
      // A proof too many resolves nothing; one too few would leave an incident open.
      if (isDiskFault(error)) return true;
      throw error;
    }
  }

  function remember(run: RunRecord, followUps: readonly FollowUp[]): void {
    if (followUps.some((one) => 'care' in one && one.care === 'failure')) for (const key of keysOf(run)) failing.add(key);
    else if (failing.size > 0 && isProven(run)) for (const key of keysOf(run)) failing.delete(key);
  }

  function drop(payload: CareRequest, key: string, { parentRun, dueMs }: { readonly parentRun?: string; readonly dueMs?: Ms | undefined } = {}): void {
    const id = ids.keyed('key', CARE_CADENCE, key);
    if (hasEnded(id)) return;
    const nowMs = clock.nowMs();
    const parent = parentRun === undefined ? {} : { parent_run: parentRun };
    queue.put(
      { dueMs: dueMs ?? nowMs, cadence: CARE_CADENCE, id, attempts: 0 },
      { cadence: CARE_CADENCE, source: 'care', enqueued_at: toIso(nowMs), payload, key, ...parent },
    );
  }

  return {
    of(run) {
      const care = careOf(run, isProven(run) && isUnproven(run), definitions.get(run.cadence) !== undefined);
      const planned: readonly FollowUp[] = care === undefined ? [] : [{ care }];
      remember(run, planned);
      return planned;
    },
    put: (run, kind) => drop({ care: kind, run_id: run.run_id }, careKey(run.run_id, kind), { parentRun: run.run_id }),
    order: (incidentId, change, key, dueMs) => drop({ care: 'ordered', incident_id: incidentId, change }, key, { dueMs }),
    found: (finding) => drop({ care: 'found', finding }, foundKey(finding)),
    seen: (run) => remember(run, run.follow_ups ?? []),
  };
}
