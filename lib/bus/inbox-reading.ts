import type { Paths } from '../core/paths.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Clock, Files } from '../ports.ts';

/** What a name in a listing costs, where a clock of whole milliseconds has seen nothing: each claim out of the inbox is a hint too. */
const NAME_MS = 0.002;
/** One step of such a clock may be as good as nothing: then the names say what they cost, or now and then one would be dear. */
const STEP_MS: Ms = 1;

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
  return { count, costMs: seenMs > STEP_MS ? seenMs : Math.min(STEP_MS, count * NAME_MS) };
}
