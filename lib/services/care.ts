import { CadenceError } from '../core/error.ts';
import { type CareCase, parseCareRequest } from '../core/incident/care.ts';
import { type Finding, isOfTimer } from '../core/incident/finding.ts';
import { endOf, type Incident, isOpen, resolve, standing } from '../core/incident/incident.ts';
import type { Outcome } from '../core/outcome.ts';
import { isProven } from '../core/run.ts';
import { parseIso } from '../core/time/instant.ts';
import type { Announcer, Clock, History, Incidents, Journal, Ladder } from '../ports.ts';
import { isDiskFault } from './storage-health.ts';

/** The work of `bus-care`: evidence, then the ladder, then notices, in this order, and each so that it may be done twice. */
export interface Care {
  run(payload: unknown): Promise<Outcome>;
}

export interface CareDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly incidents: Incidents;
  readonly ladder: Ladder;
  readonly announcer: Announcer;
  readonly history: Pick<History, 'find' | 'runs'>;
  readonly journal: Pick<Journal, 'emit'>;
}

const DISK_AGAIN_MS = 5_000;
const RECENT_RUNS = 50;

export function createCare(deps: CareDeps): Care {
  const { clock, incidents, ladder, announcer, journal } = deps;

  /** It may have waited for an owner until a run had shown that it is over: then it is on file, and nothing is tried for it. */
  async function found(finding: Finding): Promise<readonly CareCase[] | string> {
    const care = await incidents.find(finding);
    if (care === undefined) return 'it is on file already';
    const proof = isOfTimer(finding.detector)
      ? undefined
      : deps.history
          .runs({ cadence: finding.cadence, limit: RECENT_RUNS, sinceMs: parseIso(finding.at) ?? 0 })
          .find((run) => isProven(run) && endOf(run) >= finding.at);
    if (proof === undefined || !isOpen(care.incident) || care.incident.last_at > endOf(proof)) return [care];
    const over = incidents.update(care.incident.id, (incident) => resolve(incident, 'proof', endOf(proof), proof.run_id));
    return over === undefined ? [care] : [{ ...care, incident: over, change: 'resolved', run: proof }];
  }

  /** It may have been heard again already, by a failure or by an operator, or be ignored for longer now. */
  function heardAgain(before: Incident): readonly CareCase[] | string {
    const incident = standing(before, clock.nowMs());
    if (!isOpen(incident) || incident.state === 'ignored' || incident.ignored_until === undefined) return `${incident.id} is ${incident.state}`;
    if (incident !== before) incidents.update(incident.id, () => incident);
    return [{ incident, change: 'heard_again', dir: incidents.dirOf(incident.id), run: undefined, isRepeat: false }];
  }

  async function casesOf(payload: unknown): Promise<readonly CareCase[] | string> {
    const request = parseCareRequest(payload);
    if (request === undefined) return 'its payload asks for nothing that care knows';
    if (request.care === 'ordered') {
      const incident = incidents.get(request.incident_id);
      if (incident === undefined) return `there is no incident ${request.incident_id.slice(0, 160)}`;
      if (request.change === 'heard_again') return heardAgain(incident);
      return [{ incident, change: request.change, dir: incidents.dirOf(incident.id), run: undefined, isRepeat: false }];
    }
    if (request.care === 'found') return found(request.finding);
    if (request.care === 'well') return incidents.heal(request.cadence, request.detector, request.at);
    const run = deps.history.find(request.run_id);
    if (run === undefined) return `there is no run ${request.run_id.slice(0, 40)} to care for`;
    return request.care === 'failure' ? [await incidents.record(run)] : await incidents.prove(run);
  }

  /** What one rung cannot do must not keep the next from being told; only a disk that refuses is waited for. */
  async function step(what: string, { incident }: CareCase, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (isDiskFault(error) || !(error instanceof CadenceError)) throw error;
      journal.emit({ level: 'error', stage: 'care_failed', cadence: incident.cadence, incident: incident.id, step: what, because: error.message });
    }
  }

  /** Quiet is healthy: that it came once more stands in the incident. */
  function tell({ incident, change, isRepeat }: CareCase): void {
    if (isRepeat || change === 'occurred') return;
    const level = change === 'opened' || change === 'recurred' ? 'error' : 'info';
    journal.emit({
      level,
      stage: 'incident',
      cadence: incident.cadence,
      incident: incident.id,
      change,
      because: incident.title,
    });
  }

  return {
    async run(payload) {
      try {
        const cases = await casesOf(payload);
        if (typeof cases === 'string') return { kind: 'skip', reason: cases };
        for (const care of cases) {
          tell(care);
          await step('ladder', care, () => ladder.climb(care));
          // The ladder may have changed it: who is told hears how it stands now.
          const now = { ...care, incident: incidents.get(care.incident.id) ?? care.incident };
          await step('notices', now, () => announcer.tell(now));
        }
        return { kind: 'ok', summary: cases.map(({ incident, change }) => `${incident.id} ${change}`).join(', ') };
      } catch (error) {
        if (!isDiskFault(error)) throw error;
        return { kind: 'defer', delayMs: DISK_AGAIN_MS, reason: error.message };
      }
    },
  };
}
