import { type Incident, isIncidentId } from '../core/incident/incident.ts';
import type { Paths } from '../core/paths.ts';
import { parseJson } from '../core/text/json-text.ts';
import type { Files } from '../ports.ts';
import { parseIncident } from '../wire/incident.ts';
import { type IndexEntry, readIndex } from './index-file.ts';

/** Incidents from their folders. Who only reads changes nothing; what cannot be read is passed over and named. */
export interface IncidentFolder {
  readonly ids: readonly string[];
  readonly index: ReadonlyMap<string, IndexEntry>;
  /** The index says of each folder what is true, or says that it must be read. */
  readonly isIndexWhole: boolean;
}

const MAX_BYTES = 1024 * 1024;

export function openFolder(files: Pick<Files, 'list' | 'read'>, paths: Pick<Paths, 'incidents'>): IncidentFolder {
  const ids = files.list(paths.incidents).filter(isIncidentId).sort();
  const { entries, isWhole } = readIndex(files, paths);
  const here = new Set(ids);
  const index = new Map([...entries].filter(([id]) => here.has(id)));
  return { ids, index, isIndexWhole: isWhole && index.size === entries.size && ids.every((id) => index.has(id)) };
}

/** `broken`: it is there and cannot be understood. undefined: there is none. */
export function readIncident(files: Pick<Files, 'read'>, paths: Pick<Paths, 'incidents'>, id: string): Incident | 'broken' | undefined {
  const found = files.read(incidentPath(paths, id), MAX_BYTES);
  if (found === undefined) return undefined;
  const incident = found.kind === 'text' ? parseIncident(parseJson(found.text)) : undefined;
  return incident === undefined || incident.id !== id ? 'broken' : incident;
}

export function incidentPath({ incidents }: Pick<Paths, 'incidents'>, id: string): string {
  return `${incidents}/${id}/incident.json`;
}
