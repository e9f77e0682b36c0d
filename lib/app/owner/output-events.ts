import { redactWords } from '../../core/text/redaction.ts';
import { readEvents } from '../../history/events.ts';
import type { OutputEvents } from '../../runners/phase.ts';
import type { Storage } from '../storage.ts';

/** Larger ones are counted, and stand in the log of their run. */
const MOST_EVENT_CHARS = 64 * 1024;
const NOTHING: ReadonlySet<string> = new Set();

/** Lines of a run become events of the journal, whose order is that of their numbers. */
export function createOutputEvents({ journal, files, paths, redacting }: Storage): OutputEvents {
  return {
    tell({ cadence, tickId, runId }, index, event) {
      const about = { level: 'info', stage: 'output', cadence: cadence.name, tick: tickId, run_id: runId, event_index: index } as const;
      if (event === undefined) journal.emit({ ...about, event: null, because: 'its further events stand in its log only' });
      else if (JSON.stringify(event).length > MOST_EVENT_CHARS) journal.emit({ ...about, event: null, because: 'it is larger than 64 KB; its log has it' });
      else journal.emit({ ...about, ...typeOf(event), event: redactWords(event, redacting.ofCadence(cadence), NOTHING) });
    },
    told({ runId }, sinceMs) {
      const [last] = readEvents({ files, paths }, { runId, stage: 'output', sinceMs, limit: 1 });
      return typeof last?.event_index === 'number' ? last.event_index + 1 : 0;
    },
  };
}

/** As most programs that print events name it. */
function typeOf(event: unknown): { readonly event_type?: string } {
  const { type, event: name } = event as { readonly type?: unknown; readonly event?: unknown };
  const found = [type, name].find((word) => typeof word === 'string');
  return typeof found === 'string' ? { event_type: found } : {};
}
