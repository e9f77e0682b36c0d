import { mkdirSync } from 'node:fs';
import pino from 'pino';
import type { BusEvent } from '../core/event.ts';
import { dayOf, type Ms } from '../core/instant.ts';
import { busLogPath } from '../core/paths.ts';
import { errnoOf } from './fault.ts';

/**
 * The log for people, `bus-<day>.log`, one JSON object a line. Quiet is healthy: what is normal for every tick stays in
 * the journal; here are changes of state and failures. It is best effort: the truth is the journal.
 */
export interface BusLog {
  write(event: BusEvent): void;
  close(): void;
}

const EVERY_TICK: ReadonlySet<string> = new Set(['claimed', 'adopted', 'coalesced', 'skipped', 'output', 'order']);

export function createBusLog(dir: string, nowMs: () => Ms): BusLog {
  let day = '';
  let destination: ReturnType<typeof pino.destination> | undefined;
  let logger: pino.Logger | undefined;

  function open(today: string): pino.Logger {
    close();
    day = today;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    destination = pino.destination({ dest: busLogPath(dir, today), append: true, sync: true, mode: 0o600 });
    // A full disk must not end the owner: the journal notices it, and says so.
    destination.on('error', () => destination?.removeAllListeners('drain'));
    logger = pino({ base: null, timestamp: false, formatters: { level: (label) => ({ level: label }) } }, destination);
    return logger;
  }

  function close(): void {
    destination?.end();
    destination = undefined;
    logger = undefined;
  }

  /** undefined: the disk refuses. The next event tries again. */
  function openIfItCan(today: string): pino.Logger | undefined {
    try {
      return open(today);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return undefined;
    }
  }

  return {
    write(event) {
      if (EVERY_TICK.has(event.stage) || (event.stage === 'run_finished' && event.stdout_path === undefined && event.stderr_path === undefined)) return;
      const today = dayOf(nowMs());
      const { level, stage, ts, ...rest } = event;
      const into = logger !== undefined && day === today ? logger : openIfItCan(today);
      into?.[level]({ ts, stage, ...rest });
    },
    close,
  };
}
