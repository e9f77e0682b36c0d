import type { Ms } from '../core/instant.ts';
import type { Paths } from '../core/paths.ts';
import type { Clock, Files } from '../ports.ts';

/** What a name in a listing costs, where a clock of whole milliseconds has seen nothing: each claim out of the inbox is a hint too. */
const NAME_MS = 0.002;

export interface ReadingDeps {
  readonly files: Pick<Files, 'listParts'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly paths: Pick<Paths, 'inbox'>;
}

/** Shows every name in the inbox, part after part. Answers how many there were, and what the reading cost without what was done with them. */
export async function readParts(
  { files, clock, paths }: ReadingDeps,
  see: (names: readonly string[]) => Promise<void>,
): Promise<{ count: number; costMs: Ms }> {
  let count = 0;
  let seenMs = 0;
  let startMs = clock.nowMs();
  for (const names of files.listParts(paths.inbox)) {
    seenMs += clock.nowMs() - startMs;
    count += names.length;
    await see(names);
    startMs = clock.nowMs();
  }
  seenMs += clock.nowMs() - startMs;
  return { count, costMs: Math.max(seenMs, Math.min(1, count * NAME_MS)) };
}
