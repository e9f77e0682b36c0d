import { createLocalDays } from '../core/local-day.ts';
import type { Paths } from '../core/paths.ts';
import type { Clock, Files, RunLog } from '../ports.ts';
import { type Digest, digestPath, foldRun, formatDigest, loadDigest, saveDigest } from './digest.ts';
import { formatRecordLine } from './record-line.ts';
import { recordsForward } from './records.ts';
import { createSegmentWriter } from './segment-writer.ts';

export interface RunLogDeps {
  readonly files: Files;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly paths: Pick<Paths, 'runs'>;
  /** Whose days the spending is counted by. */
  readonly zone: string;
}

/**
 * The log of runs: one JSON line a record in `runs/<day>.jsonl`, each with a link to the record before it of the same
 * cadence, and a snapshot of the digest. The links make `runs <cadence>` as cheap as the records it shows.
 */
export function createRunLog({ files, clock, paths, zone }: RunLogDeps): RunLog {
  const dir = paths.runs;
  const writer = createSegmentWriter({ files, clock }, dir);
  const { digest, tailBytes, wasTrusted } = loadDigest(files, dir, zone);
  // Whoever has travelled counts by the days of where he is now; days that are over keep their names.
  if (digest.zone !== zone) Object.assign(digest, { zone, days: createLocalDays(zone) });
  digest.through = writer.position();
  const snapshots = createSnapshots(files, dir, digest, tailBytes);
  if (!wasTrusted) {
    // It speaks of another log. If it stayed, this log would grow until the snapshot seems to match it.
    files.removeTree(digestPath(dir));
    files.flushDir(dir);
  }

  return {
    record(run) {
      const line = formatRecordLine(run, digest.cadences.get(run.cadence)?.at ?? null);
      const at = writer.write(line);
      foldRun(digest, run, at, writer.position());
      snapshots.added(Buffer.byteLength(line));
    },
    async flush() {
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
      snapshots.takeIfNew()?.save();
      writer.close();
    },
  };
}

/** A reader folds what lies behind the snapshot: 1 MiB are some 2,300 records and some 15 ms of its first command. */
const SNAPSHOT_EVERY_BYTES = 1024 * 1024;

interface Snapshot {
  save(): void;
}

/** When to write `digest.json`: each 1 MiB, at a day's change and at the end. */
function createSnapshots(files: Pick<Files, 'write'>, dir: string, digest: Digest, tailBytes: number) {
  let addedBytes = tailBytes;
  let saved = { atBytes: 0, day: digest.through.day, chars: 0 };

  function take(): Snapshot {
    const text = formatDigest(digest);
    const taken = { atBytes: addedBytes, day: digest.through.day, chars: text.length };
    return {
      save() {
        if (saveDigest(files, dir, text)) saved = taken;
      },
    };
  }

  return {
    added(bytes: number): void {
      addedBytes += bytes;
    },
    takeIfNew: (): Snapshot | undefined => (addedBytes > saved.atBytes ? take() : undefined),
    takeIfDue(): Snapshot | undefined {
      const newBytes = addedBytes - saved.atBytes;
      // A digest of thousands of cadences is long itself: it is not written more often than as much has been logged.
      const isDue = newBytes >= Math.max(SNAPSHOT_EVERY_BYTES, saved.chars) || (newBytes > 0 && digest.through.day !== saved.day);
      return isDue ? take() : undefined;
    },
  };
}
