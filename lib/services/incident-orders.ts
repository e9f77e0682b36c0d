import { type IncidentChange, orderedKey } from '../core/incident/care.ts';
import { approve, type Incident, ignore, isIncidentId, isOpen, resolve } from '../core/incident/incident.ts';
import type { Outcome } from '../core/outcome.ts';
import { type Ms, parseIso, toIso } from '../core/time/instant.ts';
import type { Clock, Incidents } from '../ports.ts';

/** Orders about an incident: approve, ignore, resolve, comment; whoever sends them, the CLI or a chat. */
export type IncidentOrders = (fields: Readonly<Record<string, unknown>>) => Promise<Outcome>;

export interface IncidentOrdersDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly incidents: Pick<Incidents, 'get' | 'update'>;
  /** The ladder and the announcer hear of it, now or when it is due. On disk when it returns. */
  readonly tell: (id: string, change: IncidentChange, key: string, dueMs?: Ms) => void;
  /** What somebody says of it is kept with it; on disk when it resolves. The same `message` again is the same comment. */
  readonly note: (id: string, comment: { readonly at: string; readonly by: string; readonly text: string; readonly message?: string }) => Promise<void>;
}

const LONGEST_MS: Ms = 30 * 86_400_000;
const DEFAULT_MS: Readonly<Record<'approve' | 'ignore', Ms>> = { approve: 86_400_000, ignore: 48 * 3_600_000 };

export function createIncidentOrders({ clock, incidents, tell, note }: IncidentOrdersDeps): IncidentOrders {
  const fail = (reason: string): Outcome => ({ kind: 'skip', reason });

  function until(fields: Readonly<Record<string, unknown>>, what: 'approve' | 'ignore'): string {
    const nowMs = clock.nowMs();
    return toIso(Math.min(Math.max(parseIso(fields.until) ?? nowMs + DEFAULT_MS[what], nowMs), nowMs + LONGEST_MS));
  }

  function changed(before: Incident, change: IncidentChange, now: Incident, words: string): Outcome {
    incidents.update(before.id, () => now);
    tell(before.id, change, orderedKey(now, change));
    return { kind: 'ok', summary: `${before.id} ${words}` };
  }

  return async (fields) => {
    const id = typeof fields.id === 'string' && isIncidentId(fields.id) ? fields.id : '';
    const incident = incidents.get(id);
    if (incident === undefined) return fail(`there is no incident ${String(fields.id).slice(0, 120)}`);
    const at = toIso(clock.nowMs());
    switch (fields.what) {
      case 'resolve':
        // A second time: an owner that died in the middle may not have told of it.
        return changed(incident, 'resolved', isOpen(incident) ? resolve(incident, 'operator', at) : incident, 'is resolved');
      case 'comment': {
        if (typeof fields.text !== 'string' || fields.text.trim() === '') return fail('there is no comment in it');
        const message = typeof fields.message === 'string' ? { message: fields.message.slice(0, 200) } : {};
        await note(id, { at, by: String(fields.by ?? 'operator').slice(0, 100), text: fields.text.slice(0, 2_000), ...message });
        return { kind: 'ok', summary: `${id} has a comment` };
      }
      case 'approve': {
        if (!isOpen(incident)) return fail(`${id} is resolved`);
        const end = until(fields, 'approve');
        return changed(incident, 'approved', approve(incident, end), `may be worked on until ${end}`);
      }
      case 'ignore': {
        if (!isOpen(incident)) return fail(`${id} is resolved`);
        const end = until(fields, 'ignore');
        // What never comes again would be ignored for ever.
        tell(id, 'heard_again', orderedKey(ignore(incident, end), 'heard_again'), parseIso(end));
        return changed(incident, 'ignored', ignore(incident, end), `is ignored until ${end}`);
      }
    }
    return fail(`"${String(fields.what)}" is nothing that can be done with an incident`);
  };
}
