import { CadenceError } from '../core/error.ts';
import type { Paths } from '../core/paths.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Clock, Files } from '../ports.ts';
import { readParts } from './inbox-reading.ts';
import { shrinkInbox } from './inbox-shrinking.ts';
import type { Intake } from './intake.ts';
import type { LeftFiles } from './left-files.ts';
import { createNamedFiles } from './named-files.ts';
import type { Stillness } from './stillness.ts';

/**
 * When the inbox is read, and in which order. A listing is complete where a hint is not, but it costs what the folder
 * holds, so it is made after a hint, and not again before twenty times its cost has passed, or less where most of what it showed has
 * left the folder since. Canonical names and batches come
 * first, for they cost next to nothing; of the others only some are opened a round, so that a heap of garbage keeps no
 * tick waiting. What a hint names is looked at before the listing that it asks for: the first tick of an idle owner waits for
 * nothing but itself. Nobody knows how many there are, so neither the names of the folder nor those to be opened ever stand in
 * memory all at once: of a long list of foreign names a page is kept, and the folder is read again for the next.
 */
export interface DropZone {
  /** `file`: which one, where the hint says it. False: there is nothing to look at, for each claim is a hint too, of a file that is gone. */
  hint(file?: string): boolean;
  /** Looks at what hints have named. True: there is something to run, and the listing may come when that has begun. */
  takeNamed(): boolean;
  isDue(isDry: boolean): boolean;
  /** `isWhole`: everything anew, as after the start. */
  scan(isWhole: boolean): Promise<void>;
  /** When there is something to do without another arrival. */
  againMs(): Ms | undefined;
  /** Somebody is writing there. */
  lookAgainAt(atMs: Ms): void;
}

/** Names that look canonical, and batches, which are only noted. Names of dead ticks end in a word and are opened. */
const COSTS_NOTHING = /^\d{8}T\d{9}Z\..*\d\.json$|\.ndjson$/s;
const SLICE_MS: Ms = 8;
const REST_FACTOR = 20;
const MAX_REST_MS: Ms = 5_000;
/** The first round is short, so that an owner with a long backlog begins with its work; each is twice as long as the one before. */
const FIRST_ROUND = 32;
const LONGEST_ROUND = 4_096;
/** Above it, it is not the names that make a listing dear: the folder was full once, or the disk is slow. */
const DEAR_NAME_MS = 0.02;
/** Foreign names that are kept to be opened. */
const PAGE = 32_768;
/** So many names in one listing bloat the folder. */
const MANY = 1_000;
/** A round that was cut short goes on after this, which is long enough to be seen as unfinished by whoever waits for the end. */
export const SOON_MS: Ms = 10;

export interface DropZoneDeps {
  readonly files: Files;
  readonly clock: Clock;
  readonly paths: Paths;
  readonly intake: Intake;
  readonly stillness: Stillness;
  readonly left: LeftFiles;
  /** It is pending, or a batch that is being unpacked. */
  isKnown(file: string): boolean;
  /** How many pending ticks lie in the inbox. */
  pendingThere(): number;
  /** Drops what memory is not to hold, so that it does not grow with the folder. */
  trim(isReading: boolean): Promise<void>;
  /** Names on a page. */
  readonly page?: number | undefined;
}

export function createDropZone(deps: DropZoneDeps): DropZone {
  const { clock, paths, intake, stillness, page = PAGE } = deps;
  let isHinted = true;
  const named = createNamedFiles();
  let lookAgainMs: Ms | undefined;
  let rest = { fromMs: 0, ms: 0, names: 0, known: 0 };
  let unopened: string[] = [];
  /** There were more foreign names than a page holds. */
  let isMore = false;
  /** What was looked at on an earlier page, and nothing could be done about yet. */
  const stayed = new Set<string>();
  let round = FIRST_ROUND;
  let sliceEndMs: Ms = 0;
  let mostNames = 0;

  function lookAgainAt(atMs: Ms | undefined): void {
    if (atMs !== undefined) lookAgainMs = Math.min(lookAgainMs ?? atMs, atMs);
  }

  function take(file: string): void {
    const path = `${paths.inbox}/${file}`;
    deps.left.spare(path, () => {
      const info = stillness.isWatched(file) ? deps.files.info(path) : undefined;
      const youngUntilMs = info === undefined ? undefined : stillness.unchangedUntilMs(file, info);
      lookAgainAt(youngUntilMs ?? intake.take(file));
    });
  }

  async function breathe(): Promise<void> {
    await deps.trim(true);
    await clock.breathe();
    sliceEndMs = clock.nowMs() + SLICE_MS;
  }

  /** Once a burst is over. Where the system forbids it, the folder stays as it is. */
  function shrink(names: number): void {
    mostNames = Math.max(mostNames, names);
    if (names > 0 || mostNames < MANY) return;
    mostNames = 0;
    deps.left.spare(paths.inbox, () => shrinkInbox(deps));
  }

  async function list(): Promise<void> {
    // While a page is not through, only what costs nothing is taken from a new listing; the rest of it comes with the next.
    const isBusy = unopened.length > 0;
    const isNextPage = isMore && !isBusy;
    // Before the reading, for what comes from now on may come behind it.
    isHinted = isBusy || (isNextPage && isHinted);
    named.onListing();
    isMore &&= isBusy;
    if (!isBusy && !isNextPage) beginPages();
    const still: string[] = [];
    let known = 0;
    const { count, costMs } = await readParts(deps, async (names) => {
      for (const file of names) {
        if (deps.isKnown(file)) known += 1;
        else if (COSTS_NOTHING.test(file)) take(file);
        else if (!isBusy && !stayed.has(file)) note(file);
        if (stillness.isWatched(file)) still.push(file);
        if (clock.nowMs() >= sliceEndMs) await breathe();
      }
    });
    // A folder that costs much more than its names do will go on to.
    const isBloated = costMs > 1 && costMs > count * DEAR_NAME_MS;
    rest = { fromMs: clock.nowMs(), ms: Math.min(MAX_REST_MS, REST_FACTOR * costMs), names: count, known: isBloated ? count : known };
    stillness.keep(still);
    shrink(count);
  }

  function beginPages(): void {
    lookAgainMs = undefined;
    stayed.clear();
  }

  function isThere(file: string): boolean {
    try {
      return deps.files.info(`${paths.inbox}/${file}`) !== undefined;
    } catch (error) {
      // The look at the whole folder says what is wrong.
      if (error instanceof CadenceError) return true;
      throw error;
    }
  }

  function note(file: string): void {
    if (file.startsWith('.')) stayed.add(file);
    else if (unopened.length < page) unopened.push(file);
    else isMore = true;
  }

  async function open(): Promise<void> {
    const count = Math.min(round, unopened.length);
    round = count < round ? FIRST_ROUND : Math.min(LONGEST_ROUND, round * 2);
    for (const file of unopened.splice(-count, count)) {
      take(file);
      if (stillness.isWatched(file) || deps.left.isLeft(`${paths.inbox}/${file}`)) stayed.add(file);
      if (clock.nowMs() >= sliceEndMs) await breathe();
    }
  }

  /** What is still there would be listed again for nothing; a burst that is moved away as it comes is looked at without delay. */
  function restUntilMs(): Ms {
    const { fromMs, ms, names, known } = rest;
    const there = isMore ? names : known + stayed.size + unopened.length + deps.pendingThere();
    return fromMs + Math.floor(ms * Math.min(1, there / Math.max(1, names)));
  }

  /** A clock that was set back must not make us deaf until it has caught up. */
  const isRested = (): boolean => clock.nowMs() >= restUntilMs() || rest.fromMs > clock.nowMs();
  const isLookDue = (): boolean => lookAgainMs !== undefined && clock.nowMs() >= lookAgainMs;

  return {
    hint(file) {
      if (file !== undefined) {
        if (!isHinted && !isThere(file)) return false;
        named.add(file);
      }
      isHinted = true;
      return true;
    },
    takeNamed() {
      // What waits to be opened may be among them, and what is being written is read no more often than the folder.
      const isNext = (file: string): boolean => !deps.isKnown(file) && !stayed.has(file) && (!stillness.isWatched(file) || isRested());
      const files = named.takeAll().filter((file) => unopened.length === 0 && !isMore && isNext(file));
      for (const file of files) take(file);
      return files.some(deps.isKnown) && named.putOffListing();
    },
    isDue: (isDry) => unopened.length > 0 || isMore || (isHinted && (isDry || isRested())) || isLookDue(),
    async scan(isWhole) {
      sliceEndMs = clock.nowMs() + SLICE_MS;
      if (isWhole) [unopened, isMore] = [[], false];
      try {
        if (isWhole || isLookDue() || (isHinted && isRested()) || unopened.length === 0) await list();
        await open();
      } catch (error) {
        // What was not looked at must not be forgotten with the fault.
        [unopened, isMore, isHinted] = [[], false, true];
        throw error;
      }
    },
    againMs() {
      const soonMs = unopened.length > 0 || isMore ? clock.nowMs() + SOON_MS : isHinted ? Math.max(restUntilMs(), clock.nowMs()) : undefined;
      return soonMs === undefined || lookAgainMs === undefined ? (soonMs ?? lookAgainMs) : Math.min(soonMs, lookAgainMs);
    },
    lookAgainAt,
  };
}
