import type { BusEvent } from '../core/event.ts';
import { busLogPath } from '../core/paths.ts';
import { dayOf, type Ms } from '../core/time/instant.ts';
import type { Closeable } from '../ports.ts';
import { type BusLogFile, openBusLogFile } from './bus-log-file.ts';
import { errnoOf } from './fault.ts';

/**
 * The log for people, `bus-<day>.log`, one JSON object a line. Quiet is healthy: what is normal for every tick stays in
 * the journal; here are changes of state and failures. It is best effort: the truth is the journal. It is opened a moment after the
 * first event, so that an owner begins with its work; from then on each event is written as it comes.
 */
export interface BusLog extends Closeable {
  write(event: BusEvent): void;
}

const EVERY_TICK: ReadonlySet<string> = new Set(['claimed', 'adopted', 'coalesced', 'skipped', 'output', 'order']);
const SOON_MS: Ms = 100;
/** More is not waited for. */
const MANY = 100;

export function createBusLog(dir: string, nowMs: () => Ms, soonMs: Ms = SOON_MS): BusLog {
  let day = '';
  let file: BusLogFile | undefined;
  let early: BusEvent[] | undefined = [];
  const thisTurn: BusEvent[] = [];
  let timer: NodeJS.Timeout | undefined;

  function end(): void {
    file?.close();
    file = undefined;
  }

  /** undefined: the disk refuses. The next event tries again. */
  function openIfItCan(today: string): BusLogFile | undefined {
    end();
    day = today;
    try {
      file = openBusLogFile(busLogPath(dir, today));
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
    }
    return file;
  }

  function put(event: BusEvent): void {
    const today = dayOf(nowMs());
    const into = file !== undefined && day === today ? file : openIfItCan(today);
    into?.write(event);
  }

  function begin(): void {
    clearTimeout(timer);
    const events = early ?? [];
    early = undefined;
    for (const event of events) put(event);
  }

  /** What starts or ends a run need not wait for it: it is written when the turn of the event loop is over, like the journal. */
  function putSoon(event: BusEvent): void {
    if (thisTurn.push(event) === 1) setImmediate(putAll);
  }

  function putAll(): void {
    for (const event of thisTurn.splice(0)) put(event);
  }

  return {
    write(event) {
      if (EVERY_TICK.has(event.stage) || (event.stage === 'run_finished' && event.stdout_path === undefined && event.stderr_path === undefined)) return;
      if (early === undefined) return putSoon(event);
      timer ??= setTimeout(begin, soonMs);
      if (early.push(event) >= MANY) begin();
    },
    close() {
      begin();
      putAll();
      end();
    },
  };
}
