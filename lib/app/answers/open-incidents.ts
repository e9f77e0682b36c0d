import type { Reading } from '../reading.ts';
import type { IncidentView } from './incident-reading.ts';

/** What is not resolved. To load what reads an incident takes longer than most answers, and mostly there is none. */
export async function openIncidents(reading: Reading): Promise<readonly IncidentView[]> {
  if (reading.files.list(reading.paths.incidents).length === 0) return [];
  const { unresolved } = await import('./incident-reading.ts');
  return unresolved(reading);
}
