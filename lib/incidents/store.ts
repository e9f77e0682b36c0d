import type { CareCase, IncidentChange } from '../core/incident/care.ts';
import { type Finding, isOfTimer } from '../core/incident/finding.ts';
import {
  concerns,
  endOf,
  formatIncidentId,
  type Incident,
  isOpen,
  knowsSlot,
  openFound,
  openIncident,
  resolve,
  sharedBy,
  takesUp,
  withFinding,
  withOccurrence,
  withRun,
} from '../core/incident/incident.ts';
import type { RunRecord } from '../core/run.ts';
import { parseIso } from '../core/time/instant.ts';
import type { Incidents } from '../ports.ts';
import type { Evidence } from './evidence.ts';
import { createShelf, formatFinding, formatOccurrence, type ShelfDeps } from './shelf.ts';

export interface IncidentStoreDeps extends ShelfDeps {
  /** What is known of a failure, and the files that show it. */
  readonly gather: (run: RunRecord) => Evidence;
  /** The same of what was found without a run that failed. */
  readonly gatherFound: (finding: Finding) => Evidence;
  /** The same words, the same short text. */
  readonly print: (...words: readonly string[]) => string;
}

/** So many different bugs of one cadence at once; what comes beyond them is told apart by its kind only, for its words may be all chance. */
const MOST_OPEN = 20;
/** Which failure belongs to which incident, and what becomes of it. What lies where is the shelf's business. */
export function createIncidents(deps: IncidentStoreDeps): Incidents {
  const shelf = createShelf(deps);

  function fingerprintOf(run: RunRecord, evidence: Evidence): string {
    const { account, provider } = sharedBy(run);
    const owner = account !== undefined ? `account:${account}` : provider !== undefined ? `provider:${provider}` : run.cadence;
    const known = shelf.recent().filter((incident) => isOpen(incident) && incident.cadence === run.cadence);
    const fingerprint = deps.print('incident', owner, evidence.detector, ...evidence.words);
    if (known.length < MOST_OPEN || known.some((incident) => incident.fingerprint === fingerprint)) return fingerprint;
    return deps.print('incident', owner, evidence.detector);
  }

  /** The first name that is free. */
  function newId(at: string, cadence: string, detector: string): string {
    const atMs = parseIso(at) ?? 0;
    let n = 1;
    while (shelf.isTaken(formatIncidentId(atMs, cadence, detector, n))) n += 1;
    return formatIncidentId(atMs, cadence, detector, n);
  }

  async function open(incident: Incident, evidence: Evidence, occurrence: string): Promise<Incident> {
    await shelf.add(incident, [...evidence.files(), { name: 'occurrences.jsonl', text: occurrence }]);
    return incident;
  }

  async function recorded(run: RunRecord): Promise<{ readonly incident: Incident; readonly change: IncidentChange; readonly isRepeat: boolean }> {
    const atMs = parseIso(endOf(run)) ?? 0;
    const before = shelf.byRun(run);
    if (before !== undefined) {
      await shelf.noteOccurrence(before, run);
      return { incident: before, change: changeAt(before, run), isRepeat: true };
    }
    const evidence = deps.gather(run);
    const fingerprint = fingerprintOf(run, evidence);
    const known = shelf.newest(fingerprint);
    if (known === undefined || !takesUp(known, atMs)) {
      const { detector, title } = evidence;
      const incident = openIncident(run, { id: newId(endOf(run), run.cadence, detector), fingerprint, detector, title });
      return { incident: await open(incident, evidence, formatOccurrence(run)), change: 'opened', isRepeat: false };
    }
    // The watchman has seen that this slot would be missed before its tick had waited too long.
    if (evidence.detector === 'missed' && knowsSlot(known, run.slot)) {
      const incident = shelf.replace(withRun(known, run));
      await shelf.noteOccurrence(incident, run);
      return { incident, change: 'occurred', isRepeat: true };
    }
    const incident = withOccurrence(known, run);
    shelf.replace(incident);
    await shelf.noteOccurrence(incident, run);
    return { incident, change: isOpen(known) ? 'occurred' : 'recurred', isRepeat: false };
  }

  /** Its fingerprint is that of a run that shows the same: one bug, one incident. */
  async function found(finding: Finding): Promise<Omit<CareCase, 'dir' | 'run'> | undefined> {
    const { cadence, detector, at, key, slot } = finding;
    const fingerprint = deps.print('incident', cadence, detector);
    const known = shelf.newest(fingerprint);
    if (known?.found?.key === key) {
      await shelf.noteFinding(known, finding);
      return { incident: known, change: changeAtFinding(known), isRepeat: true };
    }
    if (known !== undefined && knowsSlot(known, slot)) return undefined;
    if (known !== undefined && takesUp(known, parseIso(at) ?? 0)) {
      const incident = shelf.replace(withFinding(known, finding));
      await shelf.noteFinding(incident, finding);
      return { incident, change: isOpen(known) ? 'occurred' : 'recurred', isRepeat: false };
    }
    const evidence = deps.gatherFound(finding);
    const incident = openFound(finding, { id: newId(at, cadence, detector), fingerprint, detector, title: evidence.title });
    return { incident: await open(incident, evidence, formatFinding(finding)), change: 'opened', isRepeat: false };
  }

  return {
    async find(finding) {
      const told = await found(finding);
      return told === undefined ? undefined : { ...told, dir: shelf.dirOf(told.incident.id), run: undefined };
    },
    heal(cadence, detector, at) {
      const mine = shelf.recent().filter((one) => isOfTimer(one.detector) && one.cadence === cadence && one.detector === detector);
      return mine.flatMap((incident): readonly CareCase[] => {
        const isRepeat = !isOpen(incident) && incident.resolved_at === at;
        // What came back since is another story.
        if (!isRepeat && (!isOpen(incident) || incident.last_at > at)) return [];
        const now = isRepeat ? incident : shelf.replace(resolve(incident, 'proof', at));
        return [{ incident: now, change: 'resolved', dir: shelf.dirOf(now.id), run: undefined, isRepeat }];
      });
    },
    async record(run) {
      const told = await recorded(run);
      return { ...told, dir: shelf.dirOf(told.incident.id), run };
    },
    async prove(run) {
      const mine = shelf.recent().filter((incident) => concerns(incident, run) && (isOpen(incident) || incident.proof_run_id === run.run_id));
      return mine.map((incident): CareCase => {
        const isRepeat = !isOpen(incident);
        const now = isRepeat ? incident : shelf.replace(resolve(incident, 'proof', endOf(run), run.run_id));
        return { incident: now, change: 'resolved', dir: shelf.dirOf(now.id), run, isRepeat };
      });
    },
    open: () => shelf.recent().filter(isOpen),
    since: shelf.since,
    get: shelf.get,
    update(id, change) {
      const before = shelf.get(id);
      return before === undefined ? undefined : shelf.replace(change(before));
    },
    forget: shelf.forget,
    dirOf: shelf.dirOf,
  };
}

/** What it was when this run was first recorded. */
function changeAt({ run_ids, occurrences, episodes }: Incident, run: RunRecord): IncidentChange {
  if (run_ids.at(-1) !== run.run_id || episodes.at(-1)?.occurrences !== 1) return 'occurred';
  return occurrences === 1 ? 'opened' : 'recurred';
}

function changeAtFinding({ occurrences, episodes }: Incident): IncidentChange {
  if (episodes.at(-1)?.occurrences !== 1) return 'occurred';
  return occurrences === 1 ? 'opened' : 'recurred';
}
