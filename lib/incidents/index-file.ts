import { type Incident, isIncidentId } from '../core/incident/incident.ts';
import type { Paths } from '../core/paths.ts';
import { parseJson } from '../core/text/json-text.ts';
import type { Files } from '../ports.ts';

/**
 * `incidents/index.jsonl`: a line whenever an incident opens or ends, the last one of an id holds. It is derived, and made
 * again from the folders where it does not fit them. It spares the reading of what is over: a line that says `resolved`
 * is written after the folder says so, one that says otherwise before it, so `resolved` may be believed.
 */
export interface IndexEntry {
  readonly id: string;
  readonly fingerprint: string;
  readonly cadence: string;
  readonly detector: string;
  readonly message: string;
  readonly state: Incident['state'];
  readonly resolved_at?: string;
}

const MAX_BYTES = 64 * 1024 * 1024;

export function indexPath({ incidents }: Pick<Paths, 'incidents'>): string {
  return `${incidents}/index.jsonl`;
}

export function entryOf({ id, fingerprint, cadence, detector, title, state, resolved_at }: Incident): IndexEntry {
  return { id, fingerprint, cadence, detector, message: title, state, ...(resolved_at === undefined ? {} : { resolved_at }) };
}

export function formatEntry(entry: IndexEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

export function readIndex(
  files: Pick<Files, 'read'>,
  paths: Pick<Paths, 'incidents'>,
): { readonly entries: ReadonlyMap<string, IndexEntry>; readonly isWhole: boolean } {
  const found = files.read(indexPath(paths), MAX_BYTES);
  const entries = new Map<string, IndexEntry>();
  if (found?.kind !== 'text') return { entries, isWhole: found === undefined };
  let isWhole = true;
  for (const line of found.text.split('\n')) {
    if (line === '') continue;
    const entry = parseEntry(line);
    if (entry === undefined) isWhole = false;
    else entries.set(entry.id, entry);
  }
  return { entries, isWhole };
}

function parseEntry(line: string): IndexEntry | undefined {
  const value = parseJson(line) as Partial<IndexEntry> | null | undefined;
  const isEntry = typeof value?.id === 'string' && isIncidentId(value.id) && typeof value.fingerprint === 'string' && typeof value.state === 'string';
  return isEntry ? (value as IndexEntry) : undefined;
}
