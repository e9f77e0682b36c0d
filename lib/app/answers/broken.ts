import { basename } from 'node:path';
import { SETTINGS_FILE } from '../../core/paths.ts';
import { formatProblem } from '../../core/text/problem-text.ts';
import { parseIso } from '../../core/time/instant.ts';
import { readEvents } from '../../history/events.ts';
import { probeOwner } from '../../platform/control.ts';
import type { Definition } from '../../ports.ts';
import type { Reading } from '../reading.ts';

export interface BrokenCadence {
  readonly name: string;
  /** `path:line:column  what is wrong`, the first of all. */
  readonly because: string;
}

/** Of these definitions the wrong ones, where no owner goes on with a good version: nothing of them runs. */
export async function brokenCadences(reading: Reading, definitions: readonly Definition[]): Promise<readonly BrokenCadence[]> {
  if (definitions.every(({ problems }) => problems.length === 0)) return [];
  const kept = await keptByOwner(reading);
  return definitions.flatMap(({ name, problems }) => {
    const [first] = kept.has(SETTINGS_FILE) ? problems.filter(({ path }) => basename(path) !== SETTINGS_FILE) : problems;
    return first === undefined || kept.has(name) ? [] : [{ name, because: formatProblem(first) }];
  });
}

/** Of these, `bus.yaml` among them, the owner has a last good version, which goes on. Whoever starts next has none. */
async function keptByOwner({ files, paths }: Reading): Promise<ReadonlySet<string>> {
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
