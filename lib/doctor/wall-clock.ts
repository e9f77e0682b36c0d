import { formatDuration } from '../core/time/duration.ts';
import { type Ms, toIso } from '../core/time/instant.ts';
import type { Clock } from '../ports.ts';
import { type Check, ok, warn } from './check.ts';

export interface WallClockDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  /** When the newest record, the newest event and the files of state were written, where there are any. */
  readonly newestMs: () => readonly Ms[];
  readonly platform: string;
}

const TOLERANCE_MS: Ms = 2 * 60_000;

export function createWallClockCheck({ clock, newestMs, platform }: WallClockDeps): Check {
  return {
    id: 'wall-clock',
    title: 'Clock',
    async inspect() {
      const nowMs = clock.nowMs();
      const aheadMs = Math.max(0, ...newestMs()) - nowMs;
      if (aheadMs <= TOLERANCE_MS) return ok(toIso(nowMs));
      const told = `the newest record or file is of ${toIso(nowMs + aheadMs)}, ${formatDuration(aheadMs)} from now`;
      return warn(
        `${told}: the clock was ahead then, or is behind now`,
        platform === 'darwin' ? 'sudo systemsetup -setusingnetworktime on' : 'sudo timedatectl set-ntp true',
      );
    },
  };
}
