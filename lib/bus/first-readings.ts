import type { FileInfo } from '../ports.ts';
import type { Judgement } from './judgement.ts';
import type { Entry } from './pending.ts';

/**
 * A foreign file is read when it is adopted, for its name says nothing, and it is claimed a moment later: what was read then
 * need not be read again where the file is still the same. Of a long backlog only the last ones are remembered.
 */
export interface FirstReadings {
  keep(entry: Entry, reading: Reading): void;
  /** Once; undefined where nothing is remembered, or the file is not what it was. */
  take(entry: Entry, now: () => FileInfo | undefined): Reading | undefined;
}

export type Reading = Extract<Judgement, { kind: 'tick' }>;

const MOST = 4_096;
/** What is larger takes more memory than its reading takes time. */
const MOST_BYTES = 1_024;

export function createFirstReadings(): FirstReadings {
  const readings = new Map<Entry, Reading>();

  return {
    keep(entry, reading) {
      if (reading.info.sizeBytes > MOST_BYTES) return;
      readings.set(entry, reading);
      const [oldest] = readings.keys();
      if (readings.size > MOST && oldest !== undefined) readings.delete(oldest);
    },
    take(entry, now) {
      const reading = readings.get(entry);
      if (reading === undefined) return undefined;
      readings.delete(entry);
      return isSame(reading.info, now()) ? reading : undefined;
    },
  };
}

function isSame(then: FileInfo, now: FileInfo | undefined): boolean {
  return now?.kind === 'file' && now.inode === then.inode && now.sizeBytes === then.sizeBytes && now.mtimeMs === then.mtimeMs;
}
