import type { Paths } from '../core/paths.ts';
import type { RunRecord } from '../core/run.ts';
import { type DeadName, formatDeadName, isCadenceName, parseDeadName, parseTickName, type Tick } from '../core/tick.ts';
import type { Clock, Files, Ids, QueueNews } from '../ports.ts';
import { MAX_FILE_BYTES, readTick } from '../wire/tick.ts';
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
  /** The same for what never was a tick, its record first. Its report waits until there is time for it: garbage must not delay anybody. */
  buryStray(from: string, name: DeadName, because: string): DeadName | undefined;
  /** Writes the report of this death into a dead file that has none yet, as an owner leaves it who dies in between. */
  complete(name: DeadName, because: string, attempts: readonly RunRecord[]): void;
  /** Writes some of the reports that wait; true: more are waiting. */
  catchUp(): boolean;
}

/** Each is flushed, and a round is not to be longer than a slice by much. */
const REPORTS_A_ROUND = 8;
/** In a flood the name and the journal must do: the file stays word for word what it was, and no disk is worn out by garbage. */
const MAX_UNREPORTED = 1_000;

export interface DeadLettersDeps {
  readonly files: Files;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly paths: Paths;
  readonly news: Pick<QueueNews, 'dying'>;
  readonly left: LeftFiles;
}

export function createDeadLetters(deps: DeadLettersDeps): DeadLetters {
  const { files, clock, ids, paths, news, left } = deps;
  const unreported = new Map<DeadName, string>();
  const pathOf = (name: DeadName): string => `${paths.dlq}/${formatDeadName(name)}`;

  /** A rename would replace another dead tick, fail on a folder, and do nothing between two names of one file. */
  function freeName(wanted: DeadName): DeadName {
    return files.info(pathOf(wanted)) === undefined ? wanted : { ...wanted, id: ids.fresh() };
  }

  /** A report names its file; one that was dead before and died again has the report of then, with the name of then. */
  function report(name: DeadName, tickOf: (text: string) => Tick | undefined, because: string, attempts: readonly RunRecord[]): void {
    const path = pathOf(name);
    const found = files.read(path, MAX_FILE_BYTES);
    if (found?.kind !== 'text' || found.text.includes(formatDeadName(name))) return;
    const tick = tickOf(found.text);
    const dead = deadReport(name, because, attempts, clock.nowMs(), paths);
    const text = tick === undefined ? withRaw(found.text, dead) : withReport(found.text, tick, dead);
    if (text !== undefined) files.write(path, text);
  }

  function reportLater(name: DeadName, because: string): void {
    if (name.reason === 'malformed' && unreported.size < MAX_UNREPORTED) unreported.set(name, because);
  }

  return {
    bury(from, wanted, tick, because, attempts) {
      const name = freeName(wanted);
      if (!files.rename(from, pathOf(name))) return undefined;
      report(name, () => tick, because, attempts);
      return name;
    },
    buryStray(from, wanted, because) {
      const name = freeName(wanted);
      // A file that has just gone has no death to tell.
      if (files.info(from) === undefined) return undefined;
      news.dying(name, because);
      if (!files.rename(from, pathOf(name))) return undefined;
      reportLater(name, because);
      return name;
    },
    complete(name, because, attempts) {
      if (name.reason === 'malformed') reportLater(name, because);
      else report(name, tickIn, because, attempts);
    },
    catchUp() {
      let count = 0;
      for (const [name, because] of unreported) {
        if (count === REPORTS_A_ROUND) return true;
        count += 1;
        unreported.delete(name);
        left.spare(pathOf(name), () => report(name, () => undefined, because, []));
      }
      return false;
    },
  };
}

function tickIn(text: string): Tick | undefined {
  const reading = readTick(text, '');
  return reading.kind === 'tick' ? reading.tick : undefined;
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
