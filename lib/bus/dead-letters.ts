import type { Paths } from '../core/paths.ts';
import type { RunRecord } from '../core/run.ts';
import { type DeadName, formatDeadName, isCadenceName, MAX_FILE_BYTES, parseDeadName, parseTickName, type Tick } from '../core/tick.ts';
import type { Clock, Files, Ids } from '../ports.ts';
import { deadReport, withRaw, withReport } from './dead-report.ts';
import type { LeftFiles } from './left-files.ts';

/**
 * The dead-letter folder. Its listing tells cadence, attempts and reason; a file tells why in words. Dying is one rename;
 * the report is written into the file after it, whole or not at all, so a crash in between leaves a dead tick that says
 * less, never a lost one. What is no regular file is moved and never opened: writing through a link would leave the root.
 */
export interface DeadLetters {
  /** Answers the name it has here; another id where that name is taken. undefined: `from` was no longer there. */
  bury(from: string, name: DeadName, tick: Tick | undefined, because: string, attempts: readonly RunRecord[]): DeadName | undefined;
  /** The same for what never was a tick. Its report waits until there is time for it: garbage must not delay anybody. */
  buryStray(from: string, name: DeadName, because: string): DeadName | undefined;
  /** Writes the report into a dead file that has none yet. */
  report(name: DeadName, tick: Tick | undefined, because: string, attempts: readonly RunRecord[]): void;
  /** Writes some of the reports that wait; true: more are waiting. */
  catchUp(): boolean;
}

/** Each is flushed, and a round is not to be longer than a slice by much. */
const REPORTS_A_ROUND = 8;
/** In a flood the name and the journal must do: the file stays word for word what it was, and no disk is worn out by garbage. */
const MAX_UNREPORTED = 1_000;

export function createDeadLetters(deps: { files: Files; clock: Clock; ids: Ids; paths: Paths; left: LeftFiles }): DeadLetters {
  const { files, clock, ids, paths, left } = deps;
  const unreported = new Map<DeadName, string>();
  const pathOf = (name: DeadName): string => `${paths.dlq}/${formatDeadName(name)}`;

  /** A rename would replace another dead tick, fail on a folder, and do nothing between two names of one file. */
  function move(from: string, wanted: DeadName): DeadName | undefined {
    const name = files.info(pathOf(wanted)) === undefined ? wanted : { ...wanted, id: ids.fresh() };
    return files.rename(from, pathOf(name)) ? name : undefined;
  }

  function report(name: DeadName, tick: Tick | undefined, because: string, attempts: readonly RunRecord[]): void {
    const path = pathOf(name);
    const found = files.read(path, MAX_FILE_BYTES);
    if (found?.kind !== 'text') return;
    const dead = deadReport(name, because, attempts, clock.nowMs(), paths);
    const text = tick === undefined ? withRaw(found.text, dead) : withReport(found.text, tick, dead);
    if (text !== undefined) files.write(path, text);
  }

  return {
    bury(from, wanted, tick, because, attempts) {
      const name = move(from, wanted);
      if (name !== undefined) report(name, tick, because, attempts);
      return name;
    },
    buryStray(from, wanted, because) {
      const name = move(from, wanted);
      if (name !== undefined && name.reason === 'malformed' && unreported.size < MAX_UNREPORTED) unreported.set(name, because);
      return name;
    },
    report,
    catchUp() {
      let count = 0;
      for (const [name, because] of unreported) {
        if (count === REPORTS_A_ROUND) return true;
        count += 1;
        unreported.delete(name);
        left.spare(pathOf(name), () => report(name, undefined, because, []));
      }
      return false;
    },
  };
}

/** A cadence name made of any file name, for what has no better one. */
export function nameOfStray(file: string): string {
  const known = parseTickName(file) ?? parseDeadName(file);
  if (known !== undefined) return known.cadence;
  const cleaned = file
    .replace(/\.(ndjson|json)$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 48)
    .replace(/-+$/, '');
  return isCadenceName(cleaned) ? cleaned : 'unnamed';
}
