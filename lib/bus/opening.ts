import type { Paths } from '../core/paths.ts';
import { type DeadName, formatTickName, MAX_FILE_BYTES, type Tick, type TickName } from '../core/tick.ts';
import type { Claim, Clock, Files, QueueNews } from '../ports.ts';
import type { DeadLetters } from './dead-letters.ts';
import { withReport } from './dead-report.ts';
import type { DropZone } from './drop-zone.ts';
import type { FirstReadings } from './first-readings.ts';
import { disagreement } from './intake.ts';
import { type Fault, type Judgement, judge } from './judgement.ts';
import type { LeftFiles } from './left-files.ts';
import type { Entry } from './pending.ts';
import { STILL_MS, type Stillness } from './stillness.ts';

/** What was just claimed is read for the first time, where its name alone was believed until now, or again, where it may have changed. */
export interface Opening {
  /** undefined: it was malformed and is dead now, or it lies in the inbox again. */
  open(entry: Entry, name: TickName): Claim | undefined;
}

export interface OpeningDeps {
  readonly files: Files;
  readonly clock: Clock;
  readonly paths: Paths;
  readonly news: QueueNews;
  readonly deadLetters: DeadLetters;
  readonly stillness: Stillness;
  readonly left: LeftFiles;
  readonly readings: FirstReadings;
  readonly dropZone: DropZone;
}

/** Counting ends where a name is full; what was spent before must stay well below, or nothing would ever be spent again. */
const MAX_SPENT = 900_000;

export function createOpening(deps: OpeningDeps): Opening {
  const { files, clock, paths, news, deadLetters, stillness } = deps;
  const pathOf = (name: TickName): string => `${paths.claimed}/${formatTickName(name)}`;

  function bury(entry: Entry, name: TickName, reason: 'malformed' | 'rejected', because: string): undefined {
    const wanted: DeadName = { ...name, attempts: entry.name.attempts, reason };
    stillness.forget(entry.file);
    const dead = deps.left.spare(pathOf(name), () => deadLetters.buryStray(pathOf(name), wanted, because));
    if (dead !== undefined) news.dead(dead, because);
  }

  /** Its first bytes came under a canonical name, and its last ones are still to come. */
  function isGrowing(entry: Entry, { info, isClosed, isFinal }: Fault): boolean {
    if (entry.folder !== 'inbox' || isClosed || isFinal || info === undefined) return false;
    const isOld = clock.nowMs() - info.mtimeMs >= STILL_MS && !stillness.isWatched(entry.file);
    const againMs = isOld ? undefined : stillness.untilMs(entry.file, info);
    if (againMs !== undefined) deps.dropZone.lookAgainAt(againMs);
    return againMs !== undefined;
  }

  /** false: somebody has put another file there meanwhile. */
  function putBack(entry: Entry, name: TickName): boolean {
    const path = `${paths.inbox}/${entry.file}`;
    return files.info(path) === undefined && files.rename(pathOf(name), path);
  }

  /** A foreign file that was written anew after it had been adopted is a tick of the cadence that it names now. */
  function adoptAnew(entry: Entry, name: TickName): undefined {
    files.rename(pathOf(name), `${paths.inbox}/${entry.name.id}.json`);
    deps.dropZone.hint();
  }

  /** What is said to be spent is never more than the name says, or a tick that claims to have died often enough would run for ever. */
  function checkSpent(entry: Entry, name: TickName, tick: Tick, text: string): Tick {
    const mostSpent = Math.min(entry.name.attempts, MAX_SPENT);
    if (tick.dead === undefined || tick.dead.attempts <= mostSpent) return tick;
    const dead = { ...tick.dead, attempts: mostSpent };
    files.write(pathOf(name), withReport(text, tick, dead));
    return { ...tick, dead };
  }

  function read(entry: Entry, path: string): Judgement | undefined {
    const reading = deps.readings.take(entry, () => files.info(path));
    if (reading !== undefined) return reading;
    const found = files.read(path, MAX_FILE_BYTES);
    return found === undefined ? undefined : judge(found);
  }

  return {
    open(entry, name) {
      const path = pathOf(name);
      const judged = deps.left.spare(path, () => read(entry, path));
      if (judged === undefined) return files.info(path) === undefined ? undefined : bury(entry, name, 'rejected', 'it cannot be opened');
      if (judged.kind === 'fault') {
        if (isGrowing(entry, judged) && putBack(entry, name)) return undefined;
        return bury(entry, name, judged.reason, judged.because);
      }
      const { tick, text } = judged;
      stillness.forget(entry.file);
      if (tick.cadence === name.cadence) return { name, tick: checkSpent(entry, name, tick, text) };
      const isForeign = entry.folder === 'inbox' && entry.file !== formatTickName(entry.name);
      return isForeign ? adoptAnew(entry, name) : bury(entry, name, 'malformed', disagreement(name.cadence, tick.cadence));
    },
  };
}
