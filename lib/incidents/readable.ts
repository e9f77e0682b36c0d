import type { Incident } from '../core/incident/incident.ts';
import type { Paths } from '../core/paths.ts';
import { parseJson } from '../core/text/json-text.ts';
import type { Files } from '../ports.ts';

const MAX_BYTES = 1024 * 1024;

/** As far as it can be understood. The owner checks it whole; a reader is spared the loading of the schemas. */
export function readableIncident(files: Pick<Files, 'read'>, { incidents }: Pick<Paths, 'incidents'>, id: string): Incident | undefined {
  const found = files.read(`${incidents}/${id}/incident.json`, MAX_BYTES);
  if (found?.kind !== 'text') return undefined;
  const value = parseJson(found.text) as Partial<Incident> | null | undefined;
  const texts = [value?.fingerprint, value?.cadence, value?.detector, value?.title, value?.state, value?.first_at, value?.last_at];
  const lists = [value?.cadences, value?.run_ids, value?.episodes];
  const isWhole = value?.id === id && texts.every((text) => typeof text === 'string') && lists.every(Array.isArray) && typeof value.occurrences === 'number';
  return isWhole ? (value as Incident) : undefined;
}
