import { dayOf, type Ms, parseIso } from './time/instant.ts';

/** How long a key is remembered after its tick has ended: by the log of runs, which is kept for so long whatever else is. */
export const KEY_REMEMBERED_MS: Ms = 7 * 86_400_000;

/** What may be forgotten, and when. */
export interface RetentionPolicy {
  readonly retentionMs: Ms;
  readonly retentionBytes: number;
  /** Of so many runs the output is kept at most; undefined: of all. */
  readonly retentionRuns: number | undefined;
}

/** A segment of a log of ours. */
export interface KeptSegment {
  readonly log: 'runs' | 'journal' | 'slots';
  readonly day: string;
  readonly path: string;
  readonly sizeBytes: number;
  /** The snapshot of its log is folded on from here: without it the snapshot would be believed no more. */
  readonly isUnfolded?: boolean;
}

/** What a sub-session has said. */
export interface KeptOutput {
  readonly day: string;
  readonly path: string;
  readonly sizeBytes: number;
}

/**
 * Which of them to remove, in this order.
 *
 * By age: whatever belongs to a day that ended longer ago than `retentionMs`, receipts a week at least. By count: the output of the oldest runs, where
 * there are more than `retentionRuns`; their receipts stay. By size: as long as all together are too
 * much, output goes first, oldest first, for receipts are small and outlive what they stand for. Receipts and events
 * follow only if they alone are too much: no amount of output makes the bus forget what it has done.
 *
 * Never: what is of today or of a later day, and the newest segment of each log, which its writer has open even where
 * its day is long gone (nothing ran since, or the clock was set back); nor what a snapshot of its log has not folded yet.
 */
export function planRetention(segments: readonly KeptSegment[], outputs: readonly KeptOutput[], policy: RetentionPolicy, nowMs: Ms): readonly string[] {
  const today = dayOf(nowMs);
  const newest = { runs: newestDay(segments, 'runs'), journal: newestDay(segments, 'journal'), slots: newestDay(segments, 'slots') };
  const isPast = (kept: KeptOutput): boolean => kept.day < today;
  const removableOutputs = outputs.filter(isPast).sort(byDay);
  const removableSegments = segments.filter((segment) => isPast(segment) && segment.day !== newest[segment.log] && segment.isUnfolded !== true).sort(byDay);

  const receiptsMs = Math.max(policy.retentionMs, KEY_REMEMBERED_MS);
  const keptMs = ({ log }: KeptSegment): Ms => (log === 'runs' ? receiptsMs : policy.retentionMs);
  const removed = new Set<KeptOutput>([
    ...removableOutputs.filter((kept) => isOutdated(kept, policy.retentionMs, nowMs)),
    ...removableSegments.filter((kept) => isOutdated(kept, keptMs(kept), nowMs)),
  ]);
  for (const kept of beyondCount(outputs, removableOutputs, policy.retentionRuns)) removed.add(kept);
  const shrink = (all: readonly KeptOutput[], removable: readonly KeptOutput[]): void => {
    let bytes = all.reduce((sum, kept) => sum + (removed.has(kept) ? 0 : kept.sizeBytes), 0);
    for (const kept of removable) {
      if (bytes <= policy.retentionBytes) return;
      if (removed.has(kept)) continue;
      removed.add(kept);
      bytes -= kept.sizeBytes;
    }
  };
  shrink([...outputs, ...segments], removableOutputs);
  shrink(
    segments,
    (['journal', 'slots', 'runs'] as const).flatMap((which) => removableSegments.filter(({ log }) => log === which)),
  );
  return [...removed].map((kept) => kept.path);
}

const DAY_MS: Ms = 86_400_000;

function isOutdated(kept: KeptOutput, keptMs: Ms, nowMs: Ms): boolean {
  const begin = parseIso(kept.day);
  return begin !== undefined && begin + DAY_MS <= nowMs - keptMs;
}

/** The two files of a run are one. What is of today counts, and is never taken. */
function beyondCount(outputs: readonly KeptOutput[], removable: readonly KeptOutput[], most: number | undefined): readonly KeptOutput[] {
  if (most === undefined) return [];
  const runOf = ({ path }: KeptOutput): string => path.replace(/\.(?:stdout|stderr)\.log$/, '');
  const excess = new Set(outputs.map(runOf)).size - most;
  const oldest = new Set([...new Set(removable.map(runOf))].slice(0, Math.max(0, excess)));
  return removable.filter((kept) => oldest.has(runOf(kept)));
}

function newestDay(segments: readonly KeptSegment[], log: KeptSegment['log']): string {
  return segments.reduce((newest, segment) => (segment.log === log && segment.day > newest ? segment.day : newest), '');
}

function byDay(a: KeptOutput, b: KeptOutput): number {
  return a.day < b.day ? -1 : a.day > b.day ? 1 : 0;
}
