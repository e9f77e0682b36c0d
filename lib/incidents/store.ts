import type { CareCase, IncidentChange } from '../core/care.ts';
import { concerns, endOf, formatIncidentId, type Incident, isOpen, openIncident, resolve, sharedBy, takesUp, withOccurrence } from '../core/incident.ts';
import { parseIso } from '../core/instant.ts';
import type { RunRecord } from '../core/run.ts';
import type { Incidents } from '../ports.ts';
import type { Evidence } from './evidence.ts';
import { createShelf, formatOccurrence, type ShelfDeps } from './shelf.ts';

export interface IncidentStoreDeps extends ShelfDeps {
  /** What is known of a failure, and the files that show it. */
  readonly gather: (run: RunRecord) => Evidence;
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

  async function open(run: RunRecord, fingerprint: string, evidence: Evidence): Promise<Incident> {
    const atMs = parseIso(endOf(run)) ?? 0;
    let n = 1;
    while (shelf.isTaken(formatIncidentId(atMs, run.cadence, evidence.detector, n))) n += 1;
    const id = formatIncidentId(atMs, run.cadence, evidence.detector, n);
    const { detector, title } = evidence;
    const incident = openIncident(run, { id, fingerprint, detector, title });
    await shelf.add(incident, [...evidence.files(), { name: 'occurrences.jsonl', text: formatOccurrence(run) }]);
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
    if (known === undefined || !takesUp(known, atMs)) return { incident: await open(run, fingerprint, evidence), change: 'opened', isRepeat: false };
    const incident = withOccurrence(known, run);
    shelf.replace(incident);
    await shelf.noteOccurrence(incident, run);
    return { incident, change: isOpen(known) ? 'occurred' : 'recurred', isRepeat: false };
  }

  return {
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
