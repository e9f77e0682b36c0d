import type { Ms } from '../core/instant.ts';
import type { Paths } from '../core/paths.ts';
import type { Clock, Files } from '../ports.ts';
import { shrinkInbox } from './inbox-shrinking.ts';
import type { Intake } from './intake.ts';
import type { LeftFiles } from './left-files.ts';
import type { Stillness } from './stillness.ts';

/**
 * When the inbox is read, and in which order. A listing is complete where a hint is not, but it costs what the folder
 * holds, so it is made after a hint, and not again before twenty times its cost has passed. Canonical names and batches come
 * first, for they cost next to nothing; of the others only some are opened a round, so that a heap of garbage keeps no
 * tick waiting.
 */
export interface DropZone {
  hint(): void;
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
/** What a name in a listing costs, where a clock of whole milliseconds has seen nothing: each claim out of the inbox is a hint too. */
const NAME_MS = 0.002;
/** The first round is short, so that an owner with a long backlog begins with its work; each is twice as long as the one before. */
const FIRST_ROUND = 256;
const LONGEST_ROUND = 4_096;
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
  /** Drops what memory is not to hold, so that it does not grow with the folder. */
  trim(isReading: boolean): void;
}

export function createDropZone(deps: DropZoneDeps): DropZone {
  const { files, clock, paths, intake, stillness } = deps;
  let isHinted = true;
  let lookAgainMs: Ms | undefined;
  let restUntilMs: Ms = 0;
  let unopened: string[] = [];
  let round = FIRST_ROUND;
  let sliceEndMs: Ms = 0;
  let mostNames = 0;

  function lookAgainAt(atMs: Ms | undefined): void {
    if (atMs !== undefined) lookAgainMs = Math.min(lookAgainMs ?? atMs, atMs);
  }

  function take(file: string): void {
    const path = `${paths.inbox}/${file}`;
    deps.left.spare(path, () => {
      const info = stillness.isWatched(file) ? files.info(path) : undefined;
      const youngUntilMs = info === undefined ? undefined : stillness.unchangedUntilMs(file, info);
      lookAgainAt(youngUntilMs ?? intake.take(file));
    });
  }

  async function breathe(): Promise<void> {
    deps.trim(true);
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
    const startMs = clock.nowMs();
    const names = files.list(paths.inbox);
    const costMs = Math.max(clock.nowMs() - startMs, Math.min(1, names.length * NAME_MS));
    restUntilMs = clock.nowMs() + Math.min(MAX_REST_MS, Math.floor(REST_FACTOR * costMs));
    // While an earlier listing is not through, only what costs nothing is taken from a new one; the rest of it comes with the next.
    const isBusy = unopened.length > 0;
    isHinted = isBusy;
    if (!isBusy) lookAgainMs = undefined;
    stillness.keep(names);
    shrink(names.length);
    for (const file of names) {
      if (deps.isKnown(file)) continue;
      if (COSTS_NOTHING.test(file)) take(file);
      else if (!isBusy) unopened.push(file);
      if (clock.nowMs() >= sliceEndMs) await breathe();
    }
  }

  async function open(): Promise<void> {
    const count = Math.min(round, unopened.length);
    round = count < round ? FIRST_ROUND : Math.min(LONGEST_ROUND, round * 2);
    for (const file of unopened.splice(-count, count)) {
      take(file);
      if (clock.nowMs() >= sliceEndMs) await breathe();
    }
  }

  /** A clock that was set back must not make us deaf until it has caught up. */
  const isRested = (): boolean => clock.nowMs() >= restUntilMs || restUntilMs - clock.nowMs() > MAX_REST_MS;
  const isLookDue = (): boolean => lookAgainMs !== undefined && clock.nowMs() >= lookAgainMs;

  return {
    hint() {
      isHinted = true;
    },
    isDue: (isDry) => unopened.length > 0 || (isHinted && (isDry || isRested())) || isLookDue(),
    async scan(isWhole) {
      sliceEndMs = clock.nowMs() + SLICE_MS;
      if (isWhole) unopened = [];
      try {
        if (isWhole || isLookDue() || (isHinted && isRested()) || unopened.length === 0) await list();
        await open();
      } catch (error) {
        // What was not looked at must not be forgotten with the fault.
        unopened = [];
        isHinted = true;
        throw error;
      }
    },
    againMs() {
      const soonMs = unopened.length > 0 ? clock.nowMs() + SOON_MS : isHinted ? Math.max(restUntilMs, clock.nowMs()) : undefined;
      return soonMs === undefined || lookAgainMs === undefined ? (soonMs ?? lookAgainMs) : Math.min(soonMs, lookAgainMs);
    },
    lookAgainAt,
  };
}
