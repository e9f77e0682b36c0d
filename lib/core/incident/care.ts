import { isBuiltin } from '../builtin.ts';
import type { CareKind } from '../notice/follow-up.ts';
import { isProven, type RunRecord } from '../run.ts';
import { type Finding, parseFinding } from './finding.ts';
import type { Incident } from './incident.ts';

/**
 * Care: what follows a failure, and the proof after it. A recorded end that needs care becomes one keyed tick of the
 * cadence `bus-care`, whose run does, for each in turn and each so that it may be done twice:
 *
 *     incidents   the evidence is on disk, complete                  (ports.ts Incidents)
 *     ladder      what may be tried is tried: rule, agent, human     (ports.ts Ladder)
 *     announcer   whoever should know is told, once                  (ports.ts Announcer)
 */
/**
 * `opened`: a new incident. `occurred`: once more. `recurred`: it was resolved, and is back. `asked`: what was at work on it
 * has come to nothing, and a person is needed. `heard_again`: it is ignored no more, for the time of that is over. The others by
 * proof or by an operator.
 */
export type IncidentChange = 'opened' | 'occurred' | 'recurred' | 'asked' | 'resolved' | 'approved' | 'ignored' | 'heard_again';

/** Changes that a tick of `bus-care` may order. */
const ORDERED: readonly unknown[] = ['asked', 'resolved', 'approved', 'ignored', 'heard_again'] satisfies IncidentChange[];

/** What the ladder and the announcer are handed. */
export interface CareCase {
  readonly incident: Incident;
  readonly change: IncidentChange;
  /** Its folder, absolute: `report.md` and all evidence lie in it. */
  readonly dir: string;
  /** The run that failed, or that proves; undefined: an operator's doing, or a finding without a run. */
  readonly run: RunRecord | undefined;
  /** An earlier owner died in the middle: some of it may have been done. */
  readonly isRepeat: boolean;
}

/** What a tick of `bus-care` asks for. */
export type CareRequest =
  | { readonly care: CareKind; readonly run_id: string }
  /** Something is wrong with a cadence, though no run of it failed. */
  | { readonly care: 'found'; readonly finding: Finding }
  /** What was found wrong with its timer is well again. */
  | { readonly care: 'well'; readonly cadence: string; readonly detector: string; readonly at: string }
  | { readonly care: 'ordered'; readonly incident_id: string; readonly change: IncidentChange };

export function careKey(runId: string, kind: CareKind): string {
  return `care:${runId}:${kind}`;
}

export const foundKey = ({ key }: Pick<Finding, 'key'>): string => `found:${key}`;

/** The same order given twice is one; given again later it is another. */
export function orderedKey({ id, resolved_at, approved_until, ignored_until }: Incident, change: IncidentChange): string {
  const at = change === 'heard_again' ? ignored_until : (resolved_at ?? approved_until ?? ignored_until);
  return `care:${id}:${change}:${at ?? ''}`;
}

/** undefined: this is no request. */
export function parseCareRequest(payload: unknown): CareRequest | undefined {
  const { care, run_id, incident_id, change, finding, cadence, detector, at } = (typeof payload === 'object' && payload !== null ? payload : {}) as Readonly<
    Record<string, unknown>
  >;
  if ((care === 'failure' || care === 'proof') && typeof run_id === 'string') return { care, run_id };
  if (care === 'found') {
    const found = parseFinding(finding);
    return found === undefined ? undefined : { care, finding: found };
  }
  if (care === 'well')
    return typeof cadence === 'string' && typeof detector === 'string' && typeof at === 'string' ? { care, cadence, detector, at } : undefined;
  if (care !== 'ordered' || typeof incident_id !== 'string') return undefined;
  return ORDERED.includes(change) ? { care, incident_id, change: change as IncidentChange } : undefined;
}

/**
 * Every failure is evidence, also that of a try which is followed by another. What somebody stopped, what was skipped or
 * held, and what never was a tick of a cadence of the user's is none.
 */
export function careOf(run: Pick<RunRecord, 'cadence' | 'status' | 'blame' | 'proof'>, isUnproven: boolean, isDefined: boolean): CareKind | undefined {
  if (isBuiltin(run.cadence)) return undefined;
  if (isProven(run)) return isUnproven ? 'proof' : undefined;
  if (run.blame === 'cadence' || run.blame === 'account' || run.blame === 'provider') return 'failure';
  const isOver = run.status === 'dead' || run.status === 'expired' || run.status === 'unverified';
  return isOver && isDefined ? 'failure' : undefined;
}
