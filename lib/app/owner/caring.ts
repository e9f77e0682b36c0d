import type { Finding } from '../../core/incident/finding.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { RunRecord } from '../../core/run.ts';
import { gatherEvidence, gatherFinding } from '../../incidents/evidence.ts';
import { createIncidents } from '../../incidents/store.ts';
import type { Incidents, Ladder, Runner } from '../../ports.ts';
import type { Announcing } from '../../services/announcer.ts';
import { createCare } from '../../services/care.ts';
import type { Storage } from '../storage.ts';

/** Care of an owner: its incidents, and who acts on them. */
export interface Caring {
  readonly incidents: Incidents;
  readonly announcing: Announcing;
  /** Of the cadence `bus-care`. */
  readonly runner: Runner;
}

export interface CaringParts {
  readonly ladder: Ladder;
  readonly announcer: (incidents: Incidents) => Announcing;
}

export function composeCaring(storage: Storage, parts: CaringParts): Caring {
  const { clock, files, paths, ids, journal, history, definitions, redacting } = storage;
  const onBroken = (path: string): void => journal.emit({ level: 'error', stage: 'state_broken', path, because: 'it could not be read and was set aside' });
  const cadenceOf = (name: string) => definitions.get(name)?.cadence;
  const redactOf = (cadence: ReturnType<typeof cadenceOf>) => (cadence === undefined ? redacting.ofOwner : redacting.ofCadence(cadence));
  const evidence = { files, paths, history, cadenceOf, redactOf };
  const gather = (run: RunRecord) => gatherEvidence(evidence, run);
  const gatherFound = (finding: Finding) => gatherFinding(evidence, finding);
  const incidents = createIncidents({ files, clock, paths, onBroken, gather, gatherFound, print: ids.keyed });
  const announcing = parts.announcer(incidents);
  const care = createCare({ clock, incidents, ladder: parts.ladder, announcer: announcing, history, journal });
  return { incidents, announcing, runner: createCareRunner((payload) => care.run(payload)) };
}

function createCareRunner(care: (payload: unknown) => Promise<Outcome>): Runner {
  const run: Runner['run'] = async (job) => ({ outcome: await care(job.tick.payload), ending: undefined, stdoutPath: null, stderrPath: null });
  return { run, adopt: run };
}
