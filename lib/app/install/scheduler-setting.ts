import { pathsOf, SETTINGS_FILE } from '../../core/paths.ts';
import type { SchedulerKind } from '../../core/time/schedule.ts';
import { createFiles } from '../../platform/files.ts';
import { readDefined } from '../definitions/defined.ts';
import { planEdit } from '../definitions/editing.ts';
import type { PlannedChange } from '../definitions/file.ts';

/** `scheduler:` of bus.yaml says who wakes up for the slots; where it says so already there is nothing to change. */
export function planScheduler(root: string, scheduler: SchedulerKind): readonly PlannedChange[] {
  const path = `${pathsOf(root).cadences}/${SETTINGS_FILE}`;
  if (readDefined(root).settings.scheduler === scheduler) return [];
  const found = createFiles().read(path);
  if (found === undefined) return [{ path, before: undefined, after: `scheduler: ${scheduler}\n` }];
  const text = found.kind === 'text' ? found.text : '';
  const planned = planEdit({ name: 'bus', path, text }, [{ path: ['scheduler'], value: scheduler === 'builtin' ? undefined : scheduler }]);
  // A file that says nothing any more was ours alone.
  return planned.map((change) => ((change.after ?? '').trim() === '' ? { ...change, after: undefined } : change));
}
