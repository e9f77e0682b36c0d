import { dirname } from 'node:path';
import pino from 'pino';
import type { BusEvent } from '../core/event.ts';
import type { Closeable } from '../ports.ts';
import { makeFolders } from './folder-making.ts';

/** One file of the log for people. */
export interface BusLogFile extends Closeable {
  write(event: BusEvent): void;
}

/** Throws where the disk refuses. */
export function openBusLogFile(path: string): BusLogFile {
  makeFolders(dirname(path));
  const destination = pino.destination({ dest: path, append: true, sync: true, mode: 0o600 });
  // A full disk must not end the owner: the journal notices it, and says so.
  destination.on('error', () => destination.removeAllListeners('drain'));
  const logger = pino({ base: null, timestamp: false, formatters: { level: (label) => ({ level: label }) } }, destination);
  return {
    write: ({ level, stage, ts, ...rest }) => logger[level]({ ts, stage, ...rest }),
    close: () => destination.end(),
  };
}
