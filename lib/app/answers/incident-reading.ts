import { CadenceError } from '../../core/error.ts';
import { type Attempt, readAttempts } from '../../core/heal/attempt.ts';
import { chooseIncident, type Incident, isOpen, standing } from '../../core/incident/incident.ts';
import { parseIso } from '../../core/time/instant.ts';
import { openFolder } from '../../incidents/folder.ts';
import { readableIncident } from '../../incidents/readable.ts';
import { createReading, type Reading } from '../reading.ts';
import { nowMs } from '../root.ts';

/** Incidents from the files alone: no owner is needed, and nothing is changed. */
export interface IncidentFilter {
  /** `all`, or one state; undefined: all that is not resolved. */
  readonly state: string | undefined;
  readonly cadence: string | undefined;
  /** What was seen last since then. */
  readonly sinceMs: number | undefined;
}

export interface IncidentView extends Incident {
  readonly path: string;
}

/** One of them with all that lies in its folder. */
export interface IncidentDetail {
  readonly view: IncidentView;
  readonly report: string;
  readonly files: readonly string[];
  /** What was tried for it, oldest first. */
  readonly tried: readonly Attempt[];
}

const MAX_LEDGER_BYTES = 64 * 1024 * 1024;
const MAX_REPORT_BYTES = 4 * 1024 * 1024;

/** What was seen last stands first. */
export function listIncidents(root: string, filter: IncidentFilter): { readonly shown: readonly IncidentView[]; readonly others: number } {
  const reading = createReading(root);
  const all = readAll(reading, filter.state !== undefined && filter.state !== 'open');
  const shown = all.filter(
    (incident) =>
      (filter.state === 'all' || (filter.state === undefined ? isOpen(incident) : incident.state === filter.state)) &&
      (filter.cadence === undefined || incident.cadences.includes(filter.cadence)) &&
      (filter.sinceMs === undefined || (parseIso(incident.last_at) ?? 0) >= filter.sinceMs),
  );
  const { ids } = openFolder(reading.files, reading.paths);
  return { shown: shown.toSorted((a, b) => (a.last_at < b.last_at ? 1 : -1)), others: ids.length - shown.length };
}

/** What is not resolved; cheap, for what is over is known from the index. */
export function unresolved(reading: Reading): readonly IncidentView[] {
  return readAll(reading, false).filter(isOpen);
}

export function findIncident(root: string, word: string): IncidentView {
  const found = chooseIncident(readAll(createReading(root), true), word);
  if (!Array.isArray(found)) return found as IncidentView;
  if (found.length === 0) throw new CadenceError('not_found', `there is no incident ${word.slice(0, 120)}`, 'See cadence-bus incidents ls --state all.');
  const names = found.slice(0, 5).map(({ id }) => id);
  throw new CadenceError('usage', `${word} may be any of ${found.length} incidents`, `Say which: ${names.join(', ')}${found.length > 5 ? ', …' : ''}.`);
}

export function showIncident(root: string, word: string): IncidentDetail {
  const view = findIncident(root, word);
  const reading = createReading(root);
  const { files } = reading;
  const report = files.read(`${view.path}/report.md`, MAX_REPORT_BYTES);
  const names = files
    .list(view.path)
    .flatMap((name) => (files.info(`${view.path}/${name}`)?.kind === 'folder' ? files.list(`${view.path}/${name}`).map((one) => `${name}/${one}`) : [name]));
  return {
    view,
    report: report?.kind === 'text' ? report.text : '',
    files: names.sort(),
    tried: attemptsOnFile(reading).filter(({ incident_id }) => incident_id === view.id),
  };
}

/** The incident in which this tick's failure is on file. */
export function incidentOfTick(reading: Reading, tickId: string): string | undefined {
  return readAll(reading, true).findLast(({ run_ids }) => run_ids.some((id) => id.startsWith(`${tickId}-`)))?.id;
}

/** All that are on file, resolved ones too. */
export function readIncidents(reading: Reading): readonly IncidentView[] {
  return readAll(reading, true);
}

function readAll({ files, paths }: Reading, withResolved: boolean): readonly IncidentView[] {
  const { ids, index } = openFolder(files, paths);
  return ids
    .filter((id) => withResolved || index.get(id)?.state !== 'resolved')
    .flatMap((id) => {
      const incident = readableIncident(files, paths, id);
      return incident === undefined ? [] : [{ ...standing(incident, nowMs()), path: `${paths.incidents}/${id}` }];
    });
}

/** Which incidents can be read. */
export function incidentHealth({ files, paths }: Pick<Reading, 'files' | 'paths'>): ReadonlyMap<string, 'whole' | 'broken'> {
  return new Map(openFolder(files, paths).ids.map((id) => [id, readableIncident(files, paths, id) === undefined ? 'broken' : 'whole']));
}

/** Broken lines are the owner's to set aside. */
export function attemptsOnFile({ files, paths }: Pick<Reading, 'files' | 'paths'>): readonly Attempt[] {
  const found = files.read(paths.attempts, MAX_LEDGER_BYTES);
  return found?.kind === 'text' ? readAttempts(found.text).attempts : [];
}
