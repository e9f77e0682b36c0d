import { formatDuration } from '../core/time/duration.ts';
import { type Ms, toIso } from '../core/time/instant.ts';
import type { Clock } from '../ports.ts';
import { type Check, type Finding, ok, warn } from './check.ts';

export interface WallClockDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  /** When the newest record, the newest event and the files of state were written, where there are any. */
  readonly newestMs: () => readonly Ms[];
  readonly platform: string;
  /** A TZ that names no time zone, and the zone that is gone by instead. */
  readonly lostZone: () => { readonly given: string; readonly used: string } | undefined;
}

const TOLERANCE_MS: Ms = 2 * 60_000;

export function createWallClockCheck({ clock, newestMs, platform, lostZone }: WallClockDeps): Check {
  return {
    id: 'wall-clock',
    title: 'Clock',
    async inspect() {
      const nowMs = clock.nowMs();
      const aheadMs = Math.max(0, ...newestMs()) - nowMs;
      if (aheadMs <= TOLERANCE_MS) return zoneOf(lostZone()) ?? ok(toIso(nowMs));
      const told = `the newest record or file is of ${toIso(nowMs + aheadMs)}, ${formatDuration(aheadMs)} from now`;
      return warn(
        `${told}: the clock was ahead then, or is behind now`,
        platform === 'darwin' ? 'sudo systemsetup -setusingnetworktime on' : 'sudo timedatectl set-ntp true',
      );
    },
  };
}

function zoneOf(lost: ReturnType<WallClockDeps['lostZone']>): Finding | undefined {
  if (lost === undefined) return undefined;
  return warn(`TZ=${lost.given} names no time zone, so schedules without timezone: go by ${lost.used}`, 'unset TZ');
}
