import { CadenceError } from '../../core/error.ts';
import type { Files } from '../../ports.ts';
import type { Job } from '../../schedules/job.ts';
import type { Entry, Keeper } from '../../schedules/keeper.ts';
import { nameOfLabel } from '../../schedules/label.ts';
import type { PlannedChange } from '../definitions/file.ts';

/** The files that jobs need and that are not there yet, or say something else. */
export function writes(files: Files, keeper: Keeper, jobs: readonly Job[]): readonly PlannedChange[] {
  return jobs
    .flatMap((job) => keeper.filesOf(job))
    .map(({ path, text }) => ({ path, before: textOf(files, path), after: text }))
    .filter(({ before, after }) => before !== after);
}

export function removals(files: Files, keeper: Keeper, entries: readonly Entry[]): readonly PlannedChange[] {
  return entries
    .flatMap((entry) => keeper.fileNames(entry))
    .map((name) => ({ path: `${keeper.folder}/${name}`, before: textOf(files, `${keeper.folder}/${name}`), after: undefined }))
    .filter(({ before }) => before !== undefined);
}

function textOf(files: Files, path: string): string | undefined {
  const found = files.info(path) === undefined ? undefined : files.read(path);
  if (found === undefined) return undefined;
  if (found.kind === 'text') return found.text;
  throw new CadenceError('io', `${path} is in the way, and no file that may be written anew`, `Look at it, then: rm ${path}`);
}

/** Every entry of this root whose files lie where the keeper looks, whoever wrote them. */
export function entriesOnDisk(files: Files, keeper: Keeper, stem: string): readonly Entry[] {
  const labels = files.list(keeper.folder).map((name) => name.replace(/\.(plist|service|timer)$/, ''));
  return [...new Set(labels)].sort().flatMap((label) => {
    const named = nameOfLabel(stem, label);
    return named === undefined ? [] : [{ label, role: named.role }];
  });
}

/** What one who was killed in the middle of a write has left of this root's. Only who has the lock may know it for that. */
export function sweepHalfWritten(files: Files, keeper: Keeper, stem: string): void {
  for (const name of files.list(keeper.folder)) {
    const [, label] = /^(.+)\.(?:plist|service|timer)\.\d+$/.exec(name) ?? [];
    if (label !== undefined && nameOfLabel(stem, label) !== undefined) files.remove(`${keeper.folder}/${name}`);
  }
}

export function backwards({ path, before, after }: PlannedChange): PlannedChange {
  return { path, before: after, after: before };
}
