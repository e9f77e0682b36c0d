import { formatDuration } from '../core/time/duration.ts';
import { type Ms, toIso } from '../core/time/instant.ts';
import type { Clock, Uptime } from '../ports.ts';

/**
 * Notices, whenever it is asked, that the machine slept or that its clock was set. Three clocks tell it: the one on the
 * wall, one that goes on in sleep and takes no notice of being set, and one that stands still in sleep.
 */
export interface TimeGaps {
  /** What has happened since it was last asked. */
  look(): { readonly slept: Gap | undefined; readonly jumped: Gap | undefined };
  /** Nobody was there between these instants. */
  note(gap: Gap): void;
  /** Why nobody saw to what was due at this instant. */
  absence(atMs: Ms): string;
}

export interface Gap {
  readonly fromMs: Ms;
  readonly toMs: Ms;
  readonly because: string;
}

/** Clocks are slewed and timers are late; this much is neither sleep nor a jump. */
const NOTICED_MS: Ms = 10_000;
const REMEMBERED = 32;

export function createTimeGaps({ clock, uptime }: { readonly clock: Pick<Clock, 'nowMs'>; readonly uptime: Uptime }): TimeGaps {
  const gaps: Gap[] = [];
  const read = () => ({ wallMs: clock.nowMs(), bootMs: uptime.sinceBootMs(), awakeMs: uptime.awakeMs() });
  let last = read();

  function note(gap: Gap): void {
    gaps.push(gap);
    if (gaps.length > REMEMBERED) gaps.shift();
  }

  return {
    note,
    look() {
      const now = read();
      const passedMs = now.bootMs - last.bootMs;
      const sleptMs = passedMs - (now.awakeMs - last.awakeMs);
      const jumpMs = now.wallMs - last.wallMs - passedMs;
      const span = { fromMs: Math.min(last.wallMs, now.wallMs), toMs: now.wallMs };
      last = now;
      const slept =
        sleptMs < NOTICED_MS ? undefined : { ...span, because: `the machine slept for ${formatDuration(sleptMs)}, until ${toIso(now.wallMs).slice(0, 16)}Z` };
      const isJump = Math.abs(jumpMs) >= NOTICED_MS;
      const jumped = isJump ? { ...span, because: `the clock was set ${jumpMs > 0 ? 'forward' : 'back'} by ${formatDuration(Math.abs(jumpMs))}` } : undefined;
      if (slept !== undefined) note(slept);
      if (jumped !== undefined && jumpMs > 0) note(jumped);
      return { slept, jumped };
    },
    absence: (atMs) => gaps.findLast(({ fromMs, toMs }) => fromMs <= atMs && atMs <= toMs)?.because ?? 'the owner was busy, or stopped',
  };
}
