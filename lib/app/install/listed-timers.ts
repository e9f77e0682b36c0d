import { pathsOf } from '../../core/paths.ts';
import type { TimerView } from '../../core/slot/timer.ts';
import { createFiles } from '../../platform/files.ts';

/** What is installed, with its true states. Where nothing is, launchd and systemd are not even loaded as code. */
export async function listTimers(root: string): Promise<readonly TimerView[]> {
  if (createFiles().info(pathsOf(root).installed) === undefined) return [];
  const { composeTimers } = await import('./timers.ts');
  return composeTimers(root).list();
}
