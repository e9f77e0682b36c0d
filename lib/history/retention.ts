import type { Paths } from '../core/paths.ts';
import { type KeptOutput, type KeptSegment, planRetention, type RetentionPolicy } from '../core/retention.ts';
import { dayOf } from '../core/time/instant.ts';
import type { Clock, Files } from '../ports.ts';
import { digestFoldedTo } from './digest.ts';
import { isDay } from './position.ts';
import { listDays, segmentBytes, segmentPath } from './segments.ts';
import { cursorsFoldedTo } from './slot-cursors.ts';

export interface RetentionDeps {
  readonly files: Pick<Files, 'list' | 'info' | 'read' | 'remove'>;
  readonly clock: Pick<Clock, 'nowMs' | 'breathe'>;
  readonly paths: Pick<Paths, 'runs' | 'journal' | 'slots' | 'subsessions' | 'running'>;
}

/** `<day>-<cadence>-<run_id>.stdout.log` and its twin; whatever else lies in the folder is not ours. */
const OUTPUT_NAME = /^(\d{4}-\d{2}-\d{2})-[a-z0-9][a-z0-9-]{0,48}[a-z0-9]-([a-z0-9]{12}-\d{1,6})\.(?:stdout|stderr)\.log$/;
const SLICE = 500;

/** Removes what the plan says. Nothing that changes is decided by it: a crash in between leaves some of it for the next time. */
export async function applyRetention(
  deps: RetentionDeps,
  policy: RetentionPolicy,
): Promise<{ readonly removed: readonly string[]; readonly freedBytes: number }> {
  const nowMs = deps.clock.nowMs();
  const segments = [
    ...segmentsOf(deps, 'runs', digestFoldedTo(deps.files, deps.paths.runs)),
    ...segmentsOf(deps, 'journal', undefined),
    ...segmentsOf(deps, 'slots', cursorsFoldedTo(deps.files, deps.paths.slots)),
  ];
  const outputs = await outputsOf(deps, dayOf(nowMs));
  const sizes = new Map([...segments, ...outputs].map(({ path, sizeBytes }) => [path, sizeBytes]));
  const removed: string[] = [];
  for (const [index, path] of planRetention(segments, outputs, policy, nowMs).entries()) {
    if (index % SLICE === SLICE - 1) await deps.clock.breathe();
    if (deps.files.remove(path)) removed.push(path);
  }
  return { removed, freedBytes: removed.reduce((sum, path) => sum + (sizes.get(path) ?? 0), 0) };
}

/** An owner that died may have begun a segment, or several, behind the one that its last snapshot names. */
function segmentsOf({ files, paths }: RetentionDeps, log: KeptSegment['log'], foldedTo: string | undefined): readonly KeptSegment[] {
  return listDays(files, paths[log]).flatMap((day) => {
    const sizeBytes = segmentBytes(files, paths[log], day);
    return sizeBytes === undefined ? [] : [{ log, day, path: segmentPath(paths[log], day), sizeBytes, isUnfolded: foldedTo !== undefined && day >= foldedTo }];
  });
}

/** The output of a live child is left alone, however long ago it began; so is what was written to within the time to keep. */
async function outputsOf({ files, clock, paths }: RetentionDeps, today: string): Promise<readonly KeptOutput[]> {
  const running = new Set(files.list(paths.running));
  const outputs: KeptOutput[] = [];
  for (const [index, name] of files.list(paths.subsessions).entries()) {
    if (index % SLICE === SLICE - 1) await clock.breathe();
    const found = OUTPUT_NAME.exec(name);
    if (found === null || !isDay(found[1] as string) || running.has(found[2] as string)) continue;
    const path = `${paths.subsessions}/${name}`;
    const info = files.info(path);
    if (info?.kind !== 'file') continue;
    const started = found[1] as string;
    const written = dayOf(info.mtimeMs);
    // A file of the future was touched by a wrong clock: its name is the better witness.
    outputs.push({ day: written > started && written <= today ? written : started, path, sizeBytes: info.sizeBytes });
  }
  return outputs;
}
