import { type Check, ok, warn } from './check.ts';
import { counted, formatBytes } from './wording.ts';

export interface RunLogDeps {
  readonly sizeBytes: () => number;
  /** Reads all of it. */
  readonly read: () => { readonly records: number; readonly garbage: number };
}

const MOST_BYTES = 64 * 1024 * 1024;

export function createRunLogCheck({ sizeBytes, read }: RunLogDeps): Check {
  return {
    id: 'run-log',
    title: 'Log of runs',
    async inspect() {
      const bytes = sizeBytes();
      if (bytes >= MOST_BYTES) return ok(`${formatBytes(bytes)}, too long to be read through here`);
      const { records, garbage } = read();
      if (garbage === 0) return ok(`${counted(records, 'record')}, ${formatBytes(bytes)}`);
      return warn(
        `${counted(garbage, 'line is', 'lines are')} no record (torn by a crash, or garbled) and passed over, of ${counted(records + garbage, 'line')}`,
        'cadence-bus audit',
      );
    },
  };
}
