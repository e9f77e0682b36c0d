import { mkdirSync } from 'node:fs';
import pino from 'pino';
import type { BusEvent } from '../core/event.ts';
import { dayOf, type Ms } from '../core/instant.ts';

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
    destination?.end();
    day = today;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    destination = pino.destination({ dest: `${dir}/bus-${today}.log`, append: true, sync: true, mode: 0o600 });
    // A full disk must not end the owner: the journal notices it, and says so.
    destination.on('error', () => destination?.removeAllListeners('drain'));
    logger = pino({ base: null, timestamp: false, formatters: { level: (label) => ({ level: label }) } }, destination);
    return logger;
  }

  return {
    write(event) {
      if (EVERY_TICK.has(event.stage) || (event.stage === 'run_finished' && event.stdout_path === undefined && event.stderr_path === undefined)) return;
      const today = dayOf(nowMs());
      const { level, stage, ts, ...rest } = event;
      const into = logger !== undefined && day === today ? logger : open(today);
      into[level]({ ts, stage, ...rest });
    },
    close() {
      destination?.end();
      destination = undefined;
      logger = undefined;
    },
  };
}
