import { formatDuration } from '../../core/time/duration.ts';
import { type Ms, parseIso } from '../../core/time/instant.ts';

/** A text with a time in it, and after how long it is another one; undefined: it stays. */
export interface Moving {
  readonly text: string;
  readonly movesInMs: Ms | undefined;
}

const SECOND_MS: Ms = 1_000;
const MINUTE_MS: Ms = 60_000;
const HOUR_MS: Ms = 3_600_000;

export function still(text: string): Moving {
  return { text, movesInMs: undefined };
}

/** How long something goes on: by the second, after an hour by the minute. */
export function lasting(fromIso: string, nowMs: Ms): Moving {
  return counting(fromIso, nowMs, HOUR_MS, (words) => words);
}

/** How long ago it was: by the second in the first minute, then by the minute. */
export function ago(iso: string, nowMs: Ms): Moving {
  return counting(iso, nowMs, MINUTE_MS, (words) => `${words} ago`);
}

function counting(iso: string, nowMs: Ms, fineMs: Ms, tell: (words: string) => string): Moving {
  const atMs = parseIso(iso);
  if (atMs === undefined) return still('');
  // A clock that was set back: it is not to come.
  const passedMs = Math.max(0, nowMs - atMs);
  const stepMs = passedMs < fineMs ? SECOND_MS : MINUTE_MS;
  const whole = Math.floor(passedMs / stepMs) * stepMs;
  return { text: tell(whole === 0 ? '0s' : formatDuration(whole)), movesInMs: stepMs - (passedMs % stepMs) };
}

/** How long until it comes, rounded up, by the second in the last minute; `tell` is asked for words once it has come. */
export function coming(iso: string, nowMs: Ms, tell: (left: string | undefined) => string): Moving {
  const leftMs = (parseIso(iso) ?? nowMs) - nowMs;
  if (leftMs <= 0) return still(tell(undefined));
  const stepMs = leftMs <= MINUTE_MS ? SECOND_MS : MINUTE_MS;
  const whole = Math.ceil(leftMs / stepMs) * stepMs;
  return { text: tell(formatDuration(whole)), movesInMs: leftMs - (whole - stepMs) };
}
