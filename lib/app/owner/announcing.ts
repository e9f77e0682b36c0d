import type { DefinitionChange } from '../../config/definitions.ts';
import type { BusEvent } from '../../core/event.ts';
import { recordWithoutRun } from '../../core/record.ts';
import type { Redact } from '../../core/text/redaction.ts';
import type { Clock, Journal, QueueNews } from '../../ports.ts';
import type { Conclusion } from '../../services/conclusion.ts';

/** What the queue deals with by itself is recorded and told like all else. */
export function newsTo(journal: Journal, note: Conclusion['note'], clock: Clock, redact: Redact): QueueNews {
  return {
    dead(name, said) {
      const because = redact(said);
      note(recordWithoutRun(name, undefined, { to: 'dlq', status: 'dead', name, because }, clock.nowMs()));
      journal.emit({ level: 'error', stage: 'dead_lettered', cadence: name.cadence, tick: name.id, reason: name.reason, because });
    },
    coalesced: (id, cadence, because) => journal.emit({ level: 'info', stage: 'coalesced', cadence, tick: id, because }),
    adopted: (name, from) => journal.emit({ level: 'info', stage: 'adopted', cadence: name.cadence, tick: name.id, from }),
    left: (path, because) => journal.emit({ level: 'warn', stage: 'foreign_left', path, because }),
  };
}

/** An edit of a definition, as an event. `keeps`: the last good version goes on. */
export function definitionEvent({ kind, name, path, problems }: DefinitionChange, keeps: boolean): Omit<BusEvent, 'ts'> {
  const [first] = problems;
  if (kind !== 'broken') return { level: 'info', stage: kind === 'healed' ? 'config_healed' : 'config_changed', cadence: name, path, change: kind };
  const where = first === undefined ? path : `${first.path}:${first.line}:${first.column}`;
  return { level: 'error', stage: 'config_broken', cadence: name, where, because: first?.message ?? '', hint: first?.hint ?? '', keeps };
}
