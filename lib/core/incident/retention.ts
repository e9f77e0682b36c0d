import { type Ms, parseIso } from '../time/instant.ts';
import { type Incident, isOpen } from './incident.ts';

const KEPT_RESOLVED = 200;

type Kept = Pick<Incident, 'id' | 'state'> & { readonly cadences?: readonly string[]; readonly last_at?: string; readonly resolved_at?: string };

/**
 * Which incidents may go: the oldest of those that are over, beyond two hundred; and what was not seen for as long as runs are
 * kept. Never one that is open while a cadence of it is there: it is not seen because its cadence comes seldom, or is held for it.
 */
export function forgettable(incidents: readonly Kept[], keptMs: Ms, nowMs: Ms, isDefined: (cadence: string) => boolean): readonly string[] {
  const resolved = incidents.filter((incident) => !isOpen(incident));
  const oldest = resolved.toSorted((a, b) => ((a.resolved_at ?? '') < (b.resolved_at ?? '') ? -1 : 1));
  const tooMany = oldest.slice(0, Math.max(0, resolved.length - KEPT_RESOLVED));
  const unseen = incidents.filter((incident) => {
    const seenMs = parseIso(incident.resolved_at ?? incident.last_at);
    if (isOpen(incident) && incident.cadences?.some(isDefined) === true) return false;
    return seenMs !== undefined && seenMs < nowMs - keptMs;
  });
  return [...new Set([...tooMany, ...unseen].map(({ id }) => id))];
}
