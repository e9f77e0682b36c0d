import type { Paths } from '../core/paths.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Clock, Files, Ids, QueueNews } from '../ports.ts';
import { type BatchLines, createBatchLines } from './batch-lines.ts';
import { createBatchStore } from './batch-store.ts';
import { type Batches, createBatches } from './batches.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createDropZone, type DropZone } from './drop-zone.ts';
import { createEntryText } from './entry-text.ts';
import { createFirstReadings } from './first-readings.ts';
import { createIntake } from './intake.ts';
import { createLeftFiles } from './left-files.ts';
import { createOpening } from './opening.ts';
import { createOrphans } from './orphans.ts';
import { createOverflow } from './overflow.ts';
import type { Entry, Pending } from './pending.ts';
import { createStillness } from './stillness.ts';
import { createStranded } from './stranded.ts';
import { createUnfolding } from './unfolding.ts';

export interface QueueDeps {
  readonly files: Files;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly paths: Paths;
  readonly news: QueueNews;
  /** Names kept in memory at most, and those of one page of foreign files. */
  readonly budget?: number;
  readonly page?: number;
}

/** What the queue knows of its ticks. */
interface Memory {
  readonly pending: Pending;
  pathOf(entry: Entry): string;
  admit(entry: Entry): boolean;
  isTaken(id: string): boolean;
  isPending(file: string): boolean;
  pendingThere(): number;
  trim(isReading: boolean): Promise<void>;
}

/** Everything between a file in the inbox and an entry in memory. */
export function createQueueParts(deps: QueueDeps, memory: Memory) {
  const { pending, pathOf, admit, isTaken, isPending, trim } = memory;
  const left = createLeftFiles(deps.news);
  const { textOf, tickOf } = createEntryText({ ...deps, left, pending, pathOf });
  const stillness = createStillness(deps.clock);
  const deadLetters = createDeadLetters({ ...deps, left });
  const parts = { ...deps, left, stillness, deadLetters, readings: createFirstReadings() };
  const intake = createIntake({ ...parts, batches: () => batches, admit, isPending: (entry) => pending.byId(entry.name.id) === entry });
  const { condemn } = intake;
  const lookAgainAt = (atMs: Ms): void => dropZone.lookAgainAt(atMs);
  const store = createBatchStore({ ...parts, condemn, lookAgainAt, relook: () => void dropZone.hint() });
  const lines: BatchLines = createBatchLines({ pending, unfolding: createUnfolding(parts), onSettled: store.endIfOver });
  const batches: Batches = createBatches({ ...parts, store, lines, isTaken, textOf });
  const dropZone: DropZone = createDropZone({
    ...parts,
    intake,
    trim,
    pendingThere: memory.pendingThere,
    isKnown: (file) => isPending(file) || batches.isNoted(file) || pending.isFileBeyond(file),
  });
  const opening = createOpening({ ...parts, dropZone });
  const orphans = createOrphans({ ...parts, opening, store, lines });
  const overflow = createOverflow({ ...deps, left });
  const stranded = createStranded(deps.files, pathOf, admit);
  return { left, readings: parts.readings, overflow, stranded, tickOf, deadLetters, batches, lines, dropZone, opening, orphans };
}
