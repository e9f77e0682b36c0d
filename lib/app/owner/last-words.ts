import type { BusEvent } from '../../core/event.ts';
import { lastLines } from '../../core/text/excerpt.ts';
import type { Definitions, Files } from '../../ports.ts';
import { readTail } from '../../runners/capture.ts';
import type { Redacting } from '../redacting.ts';

const LINES = 20;
const TAIL_BYTES = 16 * 1024;

/** The last lines that a run said, for the log that people read: whoever looks there need not open two files more. */
export function createLastWords({
  files,
  definitions,
  redacting,
}: {
  readonly files: Files;
  readonly redacting: Redacting;
  readonly definitions: Pick<Definitions, 'get'>;
}): (event: BusEvent) => BusEvent {
  return (event) => {
    if (event.stage !== 'run_finished' && event.stage !== 'subsession_failed') return event;
    if (event.stdout_path === undefined && event.stderr_path === undefined) return event;
    const cadence = definitions.get(event.cadence ?? '')?.cadence;
    const redact = cadence === undefined ? redacting.ofOwner : redacting.ofCadence(cadence);
    const linesOf = (path: unknown): readonly string[] => (typeof path === 'string' ? lastLines(redact(readTail(files, path, TAIL_BYTES)), LINES) : []);
    const [out, err] = [linesOf(event.stdout_path), linesOf(event.stderr_path)];
    return { ...event, ...(out.length === 0 ? {} : { stdout_lines: out }), ...(err.length === 0 ? {} : { stderr_lines: err }) };
  };
}
