import type { LogPosition } from '../core/holds.ts';
import { foldSpending } from '../core/money/spending.ts';
import type { Paths } from '../core/paths.ts';
import type { RunRecord } from '../core/run.ts';
import { createLocalDays } from '../core/time/local-day.ts';
import type { Clock, Files, RunLog } from '../ports.ts';
import { type Digest, digestPath, foldRecord, formatDigest, loadDigest, saveDigest } from './digest.ts';
import { formatRecordLine } from './record-line.ts';
import { recordsForward } from './records.ts';
import { createSegmentWriter } from './segment-writer.ts';

export interface RunLogDeps {
  readonly files: Files;
  readonly clock: Pick<Clock, 'nowMs' | 'breathe'>;
  readonly paths: Pick<Paths, 'runs'>;
  /** Whose days the spending is counted by. */
  readonly zone: string;
}

/**
 * The log of runs: one JSON line a record in `runs/<day>.jsonl`, each with a link to the record before it of the same
 * cadence, and a snapshot of the digest. The links make `runs <cadence>` as cheap as the records it shows. What is recorded
 * before a write shares it. Where the disk refuses, records wait in memory and `flush` says why.
 */
export function createRunLog({ files, clock, paths, zone }: RunLogDeps): RunLog {
  const dir = paths.runs;
  const writer = createSegmentWriter({ files, clock }, dir);
  const { digest, tailBytes, wasTrusted } = loadDigest(files, dir, zone);
  // Whoever has travelled counts by the days of where he is now; days that are over keep their names.
  if (digest.zone !== zone) Object.assign(digest, { zone, days: createLocalDays(zone) });
  digest.through = writer.position();
  const snapshots = createSnapshots({ files, clock }, dir, digest, tailBytes);
  if (!wasTrusted) {
    // It speaks of another log. If it stayed, this log would grow until the snapshot seems to match it.
    files.removeTree(digestPath(dir));
    files.flushDir(dir);
  }

  let pending: Recorded[] = [];

  function write(): void {
    if (pending.length === 0) return;
    let lines: readonly Line[] = [];
    writer.write((start) => {
      lines = linesFrom(start, pending, digest);
      return lines.map(({ text }) => text).join('');
    });
    pending = [];
    for (const { run, at, end, written } of lines) {
      foldRecord(digest, run, at, end);
      snapshots.added(end.bytes - at.bytes);
      written?.(end);
    }
  }

  return {
    record(run, written) {
      foldSpending(digest.spending, run, digest.days);
      pending.push({ run, written });
    },
    write,
    async flush() {
      write();
      // The snapshot is of what this flush covers: a power cut must not leave it ahead of the log.
      const snapshot = snapshots.takeIfDue();
      await writer.flush();
      snapshot?.save();
    },
    spending: () => digest.spending,
    position: () => writer.position(),
    *since(position) {
      for (const { run } of recordsForward(files, dir, position)) yield run;
    },
    close() {
      try {
        write();
        snapshots.takeIfNew()?.save();
      } finally {
        writer.close();
      }
    },
  };
}

interface Recorded {
  readonly run: RunRecord;
  readonly written: ((end: LogPosition) => void) | undefined;
}

interface Line extends Recorded {
  readonly text: string;
  readonly at: LogPosition;
  readonly end: LogPosition;
}

/** The lines of these records from there on, each linked to the one before it of its cadence, which may be among them. */
function linesFrom(start: LogPosition, records: readonly Recorded[], { cadences }: Digest): readonly Line[] {
  const [first] = records;
  if (first !== undefined && records.length === 1) return [lineAt(start, first, cadences.get(first.run.cadence)?.at)];
  const heads = new Map<string, LogPosition>();
  let at = start;
  return records.map((record) => {
    const { cadence } = record.run;
    const line = lineAt(at, record, heads.get(cadence) ?? cadences.get(cadence)?.at);
    heads.set(cadence, at);
    at = line.end;
    return line;
  });
}

function lineAt(at: LogPosition, { run, written }: Recorded, head: LogPosition | undefined): Line {
  const text = formatRecordLine(run, head ?? null);
  return { run, written, text, at, end: { day: at.day, bytes: at.bytes + Buffer.byteLength(text) } };
}

/** A reader folds what lies behind the snapshot: 128 KiB are some 300 records and some 4 ms of its first command. */
const SNAPSHOT_EVERY_BYTES = 128 * 1024;
/** Thousands of records a second make a reader's tail longer rather than the owner slower: of its time a fiftieth is enough. */
const SHARE_OF_TIME = 50;

interface Snapshot {
  save(): void;
}

/** When to write `digest.json`: each 128 KiB, at a day's change and at the end. */
function createSnapshots({ files, clock }: Pick<RunLogDeps, 'files' | 'clock'>, dir: string, digest: Digest, tailBytes: number) {
  let addedBytes = tailBytes;
  let saved = { atBytes: 0, day: digest.through.day, chars: 0 };
  let restUntilMs = Number.NEGATIVE_INFINITY;

  function take(): Snapshot {
    const text = formatDigest(digest);
    const taken = { atBytes: addedBytes, day: digest.through.day, chars: text.length };
    return {
      save() {
        const startedMs = clock.nowMs();
        if (saveDigest(files, dir, text)) saved = taken;
        const endedMs = clock.nowMs();
        restUntilMs = endedMs + SHARE_OF_TIME * Math.max(0, endedMs - startedMs);
      },
    };
  }

  /** Not for longer than a minute, whatever the clock does. */
  const isResting = (nowMs: number): boolean => nowMs < restUntilMs && restUntilMs - nowMs < 60_000;

  return {
    added(bytes: number): void {
      addedBytes += bytes;
    },
    takeIfNew: (): Snapshot | undefined => (addedBytes > saved.atBytes ? take() : undefined),
    takeIfDue(): Snapshot | undefined {
      const newBytes = addedBytes - saved.atBytes;
      // A digest of thousands of cadences is long itself: it is not written more often than as much has been logged.
      const isLong = newBytes >= Math.max(SNAPSHOT_EVERY_BYTES, saved.chars) && !isResting(clock.nowMs());
      const isDue = isLong || (newBytes > 0 && digest.through.day !== saved.day);
      return isDue ? take() : undefined;
    },
  };
}
