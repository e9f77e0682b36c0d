import { basename } from 'node:path';
import { SETTINGS_FILE } from '../../core/paths.ts';
import { formatProblem } from '../../core/text/problem-text.ts';
import { parseIso } from '../../core/time/instant.ts';
import { readEvents } from '../../history/events.ts';
import { probeOwner } from '../../platform/control.ts';
import type { Definition, Problem } from '../../ports.ts';
import type { Reading } from '../reading.ts';

export interface BrokenCadence {
  readonly name: string;
  /** `path:line:column  what is wrong`, the first of all. */
  readonly because: string;
  /** Its own file may be right. */
  readonly isForSettings: boolean;
}

/** In words that stand for themselves. */
export function describeBroken({ because, isForSettings }: BrokenCadence): string {
  return `${isForSettings ? 'it waits until bus.yaml is mended' : 'its definition is broken'}: ${because}`;
}

/** Of these definitions the wrong ones, where no owner goes on with a good version: nothing of them runs. */
export async function brokenCadences(
  reading: Reading,
  definitions: readonly Definition[],
  keptNow = (): Promise<ReadonlySet<string>> => keptByOwner(reading),
): Promise<readonly BrokenCadence[]> {
  if (definitions.every(({ problems }) => problems.length === 0)) return [];
  const kept = await keptNow();
  const isForSettings = ({ path }: Problem): boolean => basename(path) === SETTINGS_FILE;
  return definitions.flatMap(({ name, cadence, problems }) => {
    const [first] = kept.has(SETTINGS_FILE) ? problems.filter((problem) => !isForSettings(problem)) : problems;
    // A good version of a file that is right itself is no good where bus.yaml is wrong.
    const isKept = kept.has(name) && cadence === undefined;
    return first === undefined || isKept ? [] : [{ name, because: formatProblem(first), isForSettings: isForSettings(first) }];
  });
}

/** Of these, `bus.yaml` among them, the owner has a last good version, which goes on. Whoever starts next has none. */
export async function keptByOwner({ files, paths }: Reading): Promise<ReadonlySet<string>> {
  const { kind, info } = await probeOwner(paths.root);
  const kept = new Set<string>();
  if (kind === 'none') return kept;
  const sinceMs = parseIso(info?.started_at);
  for (const { stage, cadence, keeps } of readEvents({ files, paths }, sinceMs === undefined ? {} : { sinceMs })) {
    if (typeof cadence !== 'string' || !stage.startsWith('config_')) continue;
    if (stage === 'config_broken' && keeps !== true) kept.delete(cadence);
    else kept.add(cadence);
  }
  return kept;
}
