import type { Paths } from '../core/paths.ts';
import { type DeadName, FORCED_DUE_MS, isUnwritable, MAX_FILE_BYTES, parseDeadName, parseTickName, type TickName } from '../core/tick.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Clock, Files, Ids, QueueNews } from '../ports.ts';
import type { Batches } from './batches.ts';
import { type DeadLetters, nameOfStray } from './dead-letters.ts';
import { withReport } from './dead-report.ts';
import type { FirstReadings, Reading } from './first-readings.ts';
import { arrivedMs, type Fault, type Judgement, judge } from './judgement.ts';
import { keyedId } from './keyed-id.ts';
import type { LeftFiles } from './left-files.ts';
import type { Entry } from './pending.ts';
import type { Stillness } from './stillness.ts';

/**
 * What people and programs put into the drop zone becomes an entry of the queue, or is moved out of it.
 *
 * - A canonical name is believed without opening the file; it is opened when it is claimed.
 * - `X.reason.json` from the dlq is a revival: it keeps its id, and what it had spent is not counted again.
 * - Any other `*.json` is foreign: it is parsed once. It keeps its file name until it is claimed, so adoption costs no
 *   rename of its own. Its due time is the file's own, its id is its key's, its slot's or a fresh one.
 * - `*.ndjson` is many ticks (batches.ts).
 * - A file that is not whole is left until it has not changed for five seconds. What is no regular file is moved aside.
 */
export interface Intake {
  /** Takes in one file of the inbox. Answers when to look again at it, if it is still being written. */
  take(file: string): Ms | undefined;
  /** Moves to the dlq what will never be a tick. */
  condemn(file: string, reason: 'malformed' | 'rejected', because: string): void;
}

export interface IntakeDeps {
  readonly files: Files;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly paths: Paths;
  readonly deadLetters: DeadLetters;
  readonly stillness: Stillness;
  readonly left: LeftFiles;
  readonly readings: FirstReadings;
  readonly batches: () => Batches;
  readonly news: QueueNews;
  /** Puts an entry into the queue; false: its id is pending or running already. */
  admit(entry: Entry): boolean;
  isPending(entry: Entry): boolean;
}

export function createIntake(deps: IntakeDeps): Intake {
  const { files, clock, ids, paths, deadLetters, stillness, news } = deps;
  const pathOf = (file: string): string => `${paths.inbox}/${file}`;

  function condemn(file: string, reason: 'malformed' | 'rejected', because: string): void {
    stillness.forget(file);
    const wanted = { dueMs: clock.nowMs(), cadence: nameOfStray(file), id: ids.fresh(), attempts: 0, reason };
    const name = deadLetters.buryStray(pathOf(file), wanted, because);
    if (name !== undefined) news.dead(name, because);
  }

  /** Waits for what may still be growing. */
  function refuse(file: string, fault: Fault): Ms | undefined {
    const againMs = fault.isFinal || fault.info === undefined ? undefined : stillness.untilMs(file, fault.info);
    if (againMs === undefined) condemn(file, fault.reason, fault.because);
    return againMs;
  }

  function look(file: string): Judgement | undefined {
    const found = files.read(pathOf(file), MAX_FILE_BYTES);
    return found === undefined ? undefined : judge(found);
  }

  function admitRead(name: TickName, file: string, found: Reading, isFresh: boolean): boolean {
    // With room for its text from the first: what is added later takes an object of its own.
    const entry: Entry = { name, folder: 'inbox', file, gone: false, isFresh, kept: undefined };
    const isNew = deps.admit(entry);
    // It may have gone elsewhere, for want of room.
    if (isNew && deps.isPending(entry)) deps.readings.keep(entry, found);
    return isNew;
  }

  function adopt(file: string, found: Reading, given: { readonly id: string | undefined; readonly dueMs: Ms | undefined }): void {
    const { tick, info } = found;
    stillness.forget(file);
    const keyed = keyedId(ids, tick);
    const dueMs = tick.force === true ? FORCED_DUE_MS : (given.dueMs ?? arrivedMs(info, clock.nowMs()));
    const id = keyed ?? given.id;
    const name = { dueMs, cadence: tick.cadence, id: id ?? ids.fresh(), attempts: 0 };
    if (admitRead(name, file, found, id === undefined)) return;
    if (keyed === undefined) {
      admitRead({ ...name, id: ids.fresh() }, file, found, true);
    } else if (files.remove(pathOf(file))) {
      news.coalesced(keyed, tick.cadence, `its ${tick.key === undefined ? 'slot' : 'key'} is pending already`);
    }
  }

  function takeForeign(file: string): Ms | undefined {
    const judged = look(file);
    if (judged?.kind === 'fault') return refuse(file, judged);
    if (judged !== undefined) adopt(file, judged, judged);
    return undefined;
  }

  /** Its id is taken already: a second file for the same key, or a copy made by hand. */
  function takeTwin(file: string, name: TickName): Ms | undefined {
    const judged = look(file);
    if (judged?.kind === 'fault') return refuse(file, judged);
    if (judged === undefined) return undefined;
    if (judged.tick.cadence === name.cadence) adopt(file, judged, { id: undefined, dueMs: name.dueMs });
    else condemn(file, 'malformed', disagreement(name.cadence, judged.tick.cadence));
    return undefined;
  }

  /** A dead tick that was moved back by hand. A copy of one that is still dead is another tick, with an id of its own. */
  function revive(file: string, { reason, ...name }: DeadName): Ms | undefined {
    const judged = look(file);
    if (judged?.kind === 'fault') return refuse(file, judged);
    if (judged === undefined) return undefined;
    const { tick, text } = judged;
    if (tick.cadence !== name.cadence) {
      // What never was a tick got its name from us, so that name says nothing against what it has become.
      if (reason === 'malformed' || reason === 'rejected') adopt(file, judged, judged);
      else condemn(file, 'malformed', disagreement(name.cadence, tick.cadence));
      return undefined;
    }
    stillness.forget(file);
    const isCopy = files.info(`${paths.dlq}/${file}`) !== undefined;
    // Its age counts from here, or it would be too old again at once.
    const again = reason === 'expired' ? { ...name, dueMs: clock.nowMs() } : name;
    const revived = isCopy ? { ...again, id: ids.fresh(), attempts: 0 } : again;
    const isUnreported = tick.dead === undefined && (revived.attempts > 0 || reason === 'expired');
    if (isUnreported) files.write(pathOf(file), withReport(text, tick, { reason, attempts: revived.attempts }));
    if (deps.admit({ name: revived, folder: 'inbox', file, gone: false })) news.adopted(revived, file);
    else adopt(file, judged, { id: undefined, dueMs: name.dueMs });
    return undefined;
  }

  return {
    condemn,
    take(file) {
      if (file.startsWith('.')) return undefined;
      if (isUnwritable(file)) {
        deps.left.leave(pathOf(file), 'its name is not UTF-8');
        return undefined;
      }
      const name = parseTickName(file);
      if (name !== undefined) return deps.admit({ name, folder: 'inbox', file, gone: false }) ? undefined : takeTwin(file, name);
      const dead = parseDeadName(file);
      if (dead !== undefined) return revive(file, dead);
      if (file.endsWith('.ndjson')) {
        deps.batches().note(file);
        return undefined;
      }
      if (file.endsWith('.json')) return takeForeign(file);
      // Whoever writes a file whole has another name for it first, and a hint of that one may come when it is gone.
      if (files.info(pathOf(file)) !== undefined) deps.left.leave(pathOf(file), 'its name ends neither in .json nor in .ndjson');
      return undefined;
    },
  };
}

export function disagreement(name: string, text: string): string {
  return `its name says ${name}, its text ${text}`;
}
