import { parseJson } from '../../core/text/json-text.ts';
import { isSecretName } from '../../core/text/redaction.ts';
import type { Reading } from '../reading.ts';

/** What a fix has set for the next runs of a cadence, until one of them ends well or fails in the same way. */
export interface OverlayView {
  readonly cadence: string;
  readonly values: Readonly<Record<string, string>>;
  readonly since: string;
  readonly incident_id: string;
  readonly source: string;
}

const MAX_BYTES = 64 * 1024 * 1024;

/** From the file alone; one that cannot be read sets nothing: its owner puts it aside. */
export async function readOverlays({ files, paths }: Pick<Reading, 'files' | 'paths'>, only?: string): Promise<readonly OverlayView[]> {
  const found = files.read(paths.healing, MAX_BYTES);
  if (found?.kind !== 'text') return [];
  // Loaded where there is something to read: it takes longer than the whole answer does without it.
  const { parseHealBook } = await import('../../wire/healing.ts');
  const book = parseHealBook(parseJson(found.text));
  return Object.entries(book?.overlays ?? {})
    .filter(([cadence]) => only === undefined || cadence === only)
    .map(([cadence, { values, since, incident_id, source }]) => ({ cadence, values: shownValues(values), since, incident_id, source }));
}

export function describeOverlay({ values, source, incident_id }: OverlayView): string {
  const words = Object.entries(values).map(([name, value]) => `${name}=${value}`);
  return `${words.join(' ')}  set by ${source} until a run ends well (${incident_id})`;
}

function shownValues(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, isSecretName(name) ? '[redacted]' : value]));
}
