import type { Paths } from '../core/paths.ts';
import type { SlotLine } from '../core/slot/line.ts';
import { dayOf, parseIso } from '../core/time/instant.ts';
import type { Clock, Files, SlotLedger, SlotReading } from '../ports.ts';
import { createSegmentWriter } from './segment-writer.ts';
import { listDays } from './segments.ts';
import { cursorsPath, foldInto, formatCursors, loadCursors, type SlotCursors, slotLinesBackward } from './slot-cursors.ts';

export interface SlotLedgerDeps {
  readonly files: Files;
  readonly clock: Pick<Clock, 'nowMs' | 'breathe'>;
  readonly paths: Pick<Paths, 'slots'>;
}

/** A reader folds what lies behind the snapshot: 512 KiB are some 3,000 slots and a few milliseconds. */
const SNAPSHOT_EVERY_BYTES = 512 * 1024;

/** One writer, the owner. */
export function createSlotLedger({ files, clock, paths }: SlotLedgerDeps): SlotLedger {
  const dir = paths.slots;
  const writer = createSegmentWriter({ files, clock }, dir);
  const all = loadCursors(files, dir);
  all.through = writer.position();
  let addedBytes = 0;
  let snapshotChars = 0;
  let savedDay = all.through.day;

  function save(): void {
    const text = formatCursors({ ...all, through: writer.position() });
    files.write(cursorsPath(dir), text);
    snapshotChars = text.length;
    addedBytes = 0;
    savedDay = writer.position().day;
  }

  return {
    cursor: (cadence) => all.cursors.get(cadence),
    cadences: () => [...all.cursors.keys()],
    lifeBefore: { life: all.life, lastTs: all.lastTs },
    firedBefore: [...all.lastFired],
    append(lines) {
      if (lines.length === 0) return;
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      writer.write(() => text);
      for (const line of lines) foldInto(all, line);
      addedBytes += Buffer.byteLength(text);
    },
    async flush() {
      await writer.flush();
      // A snapshot never names a segment that retention may have taken away.
      if (addedBytes >= Math.max(SNAPSHOT_EVERY_BYTES, snapshotChars) || writer.position().day !== savedDay) save();
    },
    save,
    close: () => writer.close(),
    lines: (cadence, sinceMs) => cadenceLines({ files, paths }, cadence, sinceMs),
  };
}

export interface SlotReadingDeps {
  readonly files: Pick<Files, 'list' | 'info' | 'read' | 'readRange' | 'open'>;
  readonly paths: Pick<Paths, 'slots'>;
}

/** The same from the files alone. `isOfOneMoment`: what the ledger comes to is read once, for an answer about many cadences. */
export function createSlotReading({ files, paths }: SlotReadingDeps, { isOfOneMoment = false } = {}): SlotReading {
  const dir = paths.slots;
  let kept: SlotCursors | undefined;
  function all(): SlotCursors {
    const found = kept ?? loadCursors(files, dir);
    if (isOfOneMoment) kept = found;
    return found;
  }
  return {
    cursors: () => all().cursors,
    lastFired: () => all().lastFired,
    lastLife: () => all().life,
    beginMs: () => parseIso(listDays(files, dir)[0]) ?? 0,
    lines: (cadence, sinceMs) => cadenceLines({ files, paths }, cadence, sinceMs),
  };
}

function* cadenceLines({ files, paths }: SlotReadingDeps, cadence: string, sinceMs: number): Generator<SlotLine> {
  for (const line of slotLinesBackward(files, paths.slots, dayOf(sinceMs), `"cadence":${JSON.stringify(cadence)}`)) {
    if (!('cadence' in line) || line.cadence !== cadence) continue;
    yield line;
  }
}
