import { type Check, fail, ok, warn } from './check.ts';
import { formatBytes, LOOK_AT_DISK, shellWord } from './wording.ts';

export interface FreeDiskDeps {
  readonly root: string;
  readonly isReadOnly: (folder: string) => boolean;
  readonly freeBytes: (path: string) => number;
  /** Below it nothing new is started. */
  readonly minFreeBytes: () => number;
}

export function createFreeDiskCheck({ root, isReadOnly, freeBytes, minFreeBytes }: FreeDiskDeps): Check {
  return {
    id: 'free-disk',
    title: 'Free disk',
    async inspect() {
      const [closed] = [`${root}/state`, `${root}/logs`, root].filter(isReadOnly);
      if (closed !== undefined) return fail(`${closed} lies on a disk that is read-only: nothing is dropped, run or recorded`, LOOK_AT_DISK);
      const [free, least] = [freeBytes(root), minFreeBytes()];
      const told = `${formatBytes(free)} free; nothing is started below ${formatBytes(least)}`;
      const look = `du -sh ${shellWord(`${root}/logs`)} ${shellWord(`${root}/state`)}`;
      if (free < least) return fail(told, look);
      return free < 2 * least ? warn(told, look) : ok(told);
    },
  };
}
