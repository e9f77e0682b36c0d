import { type Ms, parseIso } from '../core/instant.ts';
import { formatProblem } from '../core/problem-text.ts';
import { readEvents } from '../history/events.ts';
import { probeOwner } from '../platform/control.ts';
import type { Reading } from './reading.ts';

export interface BrokenCadence {
  readonly name: string;
  /** `path:line:column  what is wrong`, the first of all. */
  readonly because: string;
}

/** An owner takes what is due within milliseconds. */
const LATE_MS: Ms = 1000;

/**
 * Cadences whose ticks wait because their definition is wrong and the owner knows no good version of it. Only where a tick of `among` is late the
 * definitions are parsed, for that costs more than all the rest.
 */
export async function brokenCadences(reading: Reading, among: (cadence: string) => boolean, atMs: Ms): Promise<readonly BrokenCadence[]> {
  const isLate = ({ dueMs, cadence }: { readonly dueMs: Ms; readonly cadence: string }): boolean => dueMs < atMs - LATE_MS && among(cadence);
  const late = new Set([...reading.names('inbox'), ...reading.names('waiting')].filter(isLate).map(({ cadence }) => cadence));
  if (late.size === 0) return [];
  const { readDefined } = await import('./defined.ts');
  const broken = readDefined(reading.paths.root).definitions.flatMap(({ name, problems: [first] }) =>
    first !== undefined && late.has(name) ? [{ name, because: formatProblem(first) }] : [],
  );
  if (broken.length === 0) return [];
  const kept = await keptByOwner(reading);
  return broken.filter(({ name }) => !kept.has(name));
}

/** Of these the owner has a last good version, which goes on. Whoever starts next has none. */
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
